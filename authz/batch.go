package authz

import (
	"fmt"
	"slices"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Principal is a row of an access matrix: a caller with the policies that are
// its own. Policies made by Prepare are shared by all principals that have them.
type Principal struct {
	ARN      string
	Identity []Policy
	Groups   []Policy
	Boundary *Policy
	Session  []Policy

	ServiceLinkedRole   bool
	InManagementAccount bool
}

// DecideAll answers every request for every principal: the answer for principal
// i and request j is at i*len(requests)+j. The engine holds what is common to
// all of them: resource, service control, resource control and endpoint
// policies. The principals named in the requests do not count.
//
// What a policy says of a request is worked out once, whoever it is attached to,
// unless the policy itself looks at the caller.
func (e *Engine) DecideAll(principals []Principal, requests []Request) ([]Result, source.List) {
	b := newBatch(e)
	var findings source.List
	for i := range principals {
		findings = append(findings, b.add(&principals[i])...)
	}
	if findings.HasErrors() {
		return nil, findings
	}
	results := make([]Result, len(principals)*len(requests))
	if hasBracket(e, b.rows, requests) {
		return results, decideEach(e, principals, requests, results)
	}
	c := column{batch: b, own: make([]said, len(b.rows)), shared: make([]said, len(e.layers))}
	for j := range requests {
		c.decide(requests[j], results[j:], len(requests))
	}
	return results, findings
}

func hasBracket(common *Engine, rows []row, requests []Request) bool {
	return common.bracket != nil || slices.ContainsFunc(rows, func(r row) bool { return r.engine.bracket != nil }) ||
		slices.ContainsFunc(requests, func(r Request) bool { return r.Holes })
}

// decideEach answers one by one, as holes want it.
func decideEach(common *Engine, principals []Principal, requests []Request, results []Result) source.List {
	for i := range principals {
		p := &principals[i]
		set := common.set
		set.Identity, set.Groups, set.Boundary, set.Session = p.Identity, p.Groups, p.Boundary, p.Session
		engine, findings := Compile(set)
		if engine == nil {
			return findings
		}
		for j, r := range requests {
			r.Principal, r.ServiceLinkedRole, r.PrincipalInManagementAccount = p.ARN, p.ServiceLinkedRole, p.InManagementAccount
			results[i*len(requests)+j] = engine.Decide(r).Result
		}
	}
	return nil
}

// batch is the rows of a matrix and their policies.
type batch struct {
	common   *Engine
	personal bool // what the common policies say depends on who asks
	rows     []row
	classes  []class
	classOf  map[classKey]int32

	policies  []*compiled
	ids       map[*compiled]int32
	holders   [][]holder         // by policy
	byService map[string][]int32 // the policies that name actions of a service
	anywhere  []int32            // those that may speak of any action
}

// row is a principal ready to be asked.
type row struct {
	engine    *Engine
	principal *Principal
	caller    *asker
	class     int32
}

// holder is a row that has a policy, in one of the layers that are its own.
type holder struct {
	row   int32
	layer uint8
}

// ownKinds are the kinds of policy that belong to the principal; there is one layer
// of each at most.
func ownKind(k Kind) bool { return k == Identity || k == Group || k == Boundary || k == Session }

func newBatch(common *Engine) *batch {
	b := &batch{common: common, classOf: map[classKey]int32{}, ids: map[*compiled]int32{}, byService: map[string][]int32{}}
	for i := range common.layers {
		l := &common.layers[i]
		b.personal = b.personal || !ownKind(l.kind) && slices.ContainsFunc(l.policies, func(c *compiled) bool { return c.personal })
	}
	return b
}

// add makes the row of a principal.
func (b *batch) add(p *Principal) source.List {
	own, findings := Compile(Set{Identity: p.Identity, Groups: p.Groups, Boundary: p.Boundary, Session: p.Session})
	caller, err := policy.ParseCaller(p.ARN)
	if err != nil {
		findings = append(findings, source.Finding{Code: "BAD_PRINCIPAL", Severity: source.Error, Message: fmt.Sprintf("principal %q: %v", p.ARN, err)})
	}
	if findings.HasErrors() {
		return findings
	}
	for layer := range own.layers {
		for _, c := range own.layers[layer].policies {
			id := b.id(c)
			b.holders[id] = append(b.holders[id], holder{int32(len(b.rows)), uint8(layer)})
		}
	}
	own.join(b.common)
	r := row{engine: own, principal: p, caller: &asker{caller, principalARN(&caller)}}
	r.class = b.class(&r)
	b.rows = append(b.rows, r)
	return findings
}

// id numbers a policy and notes what it is about.
func (b *batch) id(c *compiled) int32 {
	id, ok := b.ids[c]
	if ok {
		return id
	}
	id = int32(len(b.policies))
	b.ids[c], b.policies, b.holders = id, append(b.policies, c), append(b.holders, nil)
	for service := range c.byService {
		b.byService[service] = append(b.byService[service], id)
	}
	if len(c.anywhere) > 0 {
		b.anywhere = append(b.anywhere, id)
	}
	return id
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

// class is rows that differ in what their policies say, and in nothing else that
// a decision looks at.
type class struct {
	row    *row    // one of them
	layers []int   // of its engine: the row's own, or ^i for the common layer i
	known  []known // by what the own policies say
}

type classKey struct {
	kind                                   policy.CallerKind
	partition, account                     string
	group, identity, boundary, session     bool
	serviceLinkedRole, inManagementAccount bool
}

func (b *batch) class(r *row) int32 {
	has := func(k Kind) bool { return r.engine.of[k].from < r.engine.of[k].to }
	key := classKey{r.caller.Kind, r.caller.Partition, r.caller.Account, has(Group), has(Identity), has(Boundary), has(Session),
		r.principal.ServiceLinkedRole, r.principal.InManagementAccount}
	id, ok := b.classOf[key]
	if ok {
		return id
	}
	c := class{row: r}
	own, common := 0, 0
	for i := range r.engine.layers {
		if ownKind(r.engine.layers[i].kind) {
			c.layers = append(c.layers, own)
			own++
			continue
		}
		for ownKind(b.common.layers[common].kind) {
			common++
		}
		c.layers = append(c.layers, ^common)
		common++
	}
	c.known = make([]known, 1<<(bitsSaid*own))
	id = int32(len(b.classes))
	b.classOf[key], b.classes = id, append(b.classes, c)
	return id
}

// ask puts a principal in the place of the one in a request.
func (r *row) ask(request *Request) {
	request.Principal = r.principal.ARN
	request.ServiceLinkedRole = r.principal.ServiceLinkedRole
	request.PrincipalInManagementAccount = r.principal.InManagementAccount
}
