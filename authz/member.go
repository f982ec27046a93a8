package authz

import (
	"fmt"
	"slices"
	"sync"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// member is a principal of a matrix, with the engine of its own policies and of
// what it has in common with the others.
type member struct {
	engine *Engine
	caller *asker
}

// members keeps some of them from one matrix to the next, with the plans that their
// engines have made.
type members struct {
	mu    sync.Mutex
	byARN map[string]member
	plans int // about how many there are
}

const (
	maxMembers     = 1 << 12
	maxMemberPlans = 1 << 16
)

// settle counts the plans that a matrix has made its members make. Where they have
// become many, all members go: what stays of a matrix must not grow with the next.
func (m *members) settle(rows []row) {
	made := 0
	for i := range rows {
		made += rows[i].engine.plans.size() - rows[i].plans
	}
	if made == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.plans += made; m.plans > maxMemberPlans {
		clear(m.byARN)
		m.plans = 0
	}
}

// member makes the engine of a principal, or finds the one that was made of the
// same policies.
func (e *Engine) member(p *Principal) (member, source.List) {
	e.members.mu.Lock()
	defer e.members.mu.Unlock()
	if m, ok := e.members.byARN[p.ARN]; ok {
		if m.engine.isOf(p) {
			return m, nil
		}
		delete(e.members.byARN, p.ARN) // whose policies have changed
	}
	own, findings := Compile(Set{Identity: p.Identity, Groups: p.Groups, Boundary: p.Boundary, Session: p.Session})
	caller, err := policy.ParseCaller(p.ARN)
	if err != nil {
		findings = append(findings, source.Finding{Code: "BAD_PRINCIPAL", Severity: source.Error, Message: fmt.Sprintf("principal %q: %v", p.ARN, err)})
	}
	if findings.HasErrors() {
		return member{}, findings
	}
	own.join(e)
	m := member{own, &asker{caller, principalARN(&caller)}}
	if e.members.byARN == nil {
		e.members.byARN = map[string]member{}
	}
	if len(e.members.byARN) < maxMembers {
		e.members.byARN[p.ARN] = m
	}
	return m, findings
}

// isOf reports whether the layers that are a principal's own are made of its
// policies, which must have been prepared.
func (e *Engine) isOf(p *Principal) bool {
	s := Set{Identity: p.Identity, Groups: p.Groups, Boundary: p.Boundary, Session: p.Session}
	for _, kind := range ownKinds {
		levels, layers := s.levels(kind), e.layers[e.of[kind].from:e.of[kind].to]
		same := slices.EqualFunc(levels, layers, func(list []Policy, l layer) bool {
			return slices.EqualFunc(list, l.policies, func(p Policy, c *compiled) bool { return p.compiled == c })
		})
		if !same {
			return false
		}
	}
	return true
}

// join adds the layers of an engine that holds what is common.
func (e *Engine) join(common *Engine) {
	var layers []layer
	for _, kind := range denyOrder {
		from := common
		if ownKind(kind) {
			from = e
		}
		start := len(layers)
		layers = append(layers, from.layers[from.of[kind].from:from.of[kind].to]...)
		e.of[kind].from, e.of[kind].to = start, len(layers)
	}
	e.layers, e.every, e.speaks = layers, count(len(layers)), e.speaks|common.speaks
	e.resource, e.endpoint, e.scps, e.trustShape = common.resource, common.endpoint, common.scps, common.trustShape
}
