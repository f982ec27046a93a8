package main

import (
	"fmt"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// writEngine is one authz.Engine for each principal; their policies are shared.
type writEngine struct {
	w        *workload
	requests []authz.Request // by question or, in a matrix, by pair
	engines  []*authz.Engine
	explain  bool
}

func newWrit(w *workload) (engine, error) { return &writEngine{w: w, requests: writRequests(w)}, nil }
func newWritExplain(w *workload) (engine, error) {
	return &writEngine{w, writRequests(w), nil, true}, nil
}

func writRequests(w *workload) []authz.Request {
	questions := w.Requests
	if w.Matrix != nil {
		questions = w.Matrix.Pairs
	}
	out := make([]authz.Request, len(questions))
	for i, q := range questions {
		out[i] = authz.Request{Principal: w.Principals[q.Principal].ARN, Action: q.Action, Resource: q.Resource}
		for _, key := range sortedKeys(q.Context) {
			out[i].Context = append(out[i].Context, authz.Entry{Key: key, Values: q.Context[key]})
		}
	}
	return out
}

func writPolicies(w *workload) ([]authz.Policy, error) {
	out := make([]authz.Policy, len(w.Policies))
	for i, p := range w.Policies {
		doc, findings := policy.Parse(source.NewFile(p.Name, string(p.Document)))
		if findings.HasErrors() {
			return nil, fmt.Errorf("%s: %v", p.Name, findings)
		}
		if out[i], findings = authz.Prepare(p.Name, doc); findings.HasErrors() {
			return nil, fmt.Errorf("%s: %v", p.Name, findings)
		}
	}
	return out, nil
}

func picked(policies []authz.Policy, which []int) []authz.Policy {
	out := make([]authz.Policy, len(which))
	for i, j := range which {
		out[i] = policies[j]
	}
	return out
}

func (e *writEngine) load() error {
	policies, err := writPolicies(e.w)
	if err != nil {
		return err
	}
	for _, p := range e.w.Principals {
		set := authz.Set{Identity: picked(policies, p.Identity)}
		if p.Boundary != nil {
			set.Boundary = &policies[*p.Boundary]
		}
		for _, level := range p.SCPs {
			set.SCPs = append(set.SCPs, picked(policies, level))
		}
		compiled, findings := authz.Compile(set)
		if compiled == nil {
			return fmt.Errorf("%s: %v", p.ID, findings)
		}
		e.engines = append(e.engines, compiled)
	}
	return nil
}

func (e *writEngine) decide(i int) decision {
	p, _ := e.w.question(i)
	r := &e.requests[i%len(e.requests)]
	if e.w.Matrix != nil {
		r.Principal = e.w.Principals[p].ARN
	}
	if e.explain {
		x := e.engines[p].Explain(*r)
		return writDecision(x.Decision.Result)
	}
	d := e.engines[p].Decide(*r)
	return writDecision(d.Result)
}

func writDecision(r authz.Result) decision {
	switch r {
	case authz.Allowed:
		return allow
	case authz.ExplicitlyDenied:
		return explicitDeny
	case authz.ImplicitlyDenied:
		return implicitDeny
	}
	panic("no decision: " + r.String())
}

// writBatch answers all questions at once.
type writBatch struct {
	w          *workload
	requests   []authz.Request
	common     *authz.Engine
	principals []authz.Principal
	answers    []authz.Result
}

func newWritBatch(w *workload) (engine, error) {
	if len(w.Principals[0].SCPs) > 0 {
		return nil, errNotApplicable // all principals of a batch have their account's policies in common
	}
	return &writBatch{w: w, requests: writRequests(w)}, nil
}

func (b *writBatch) load() error {
	policies, err := writPolicies(b.w)
	if err != nil {
		return err
	}
	for _, p := range b.w.Principals {
		b.principals = append(b.principals, authz.Principal{ARN: p.ARN, Identity: picked(policies, p.Identity)})
	}
	b.common, _ = authz.Compile(authz.Set{})
	return nil
}

func (b *writBatch) decideAll() error {
	answers, findings := b.common.DecideAll(b.principals, b.requests)
	if answers == nil {
		return fmt.Errorf("%v", findings)
	}
	b.answers = answers
	return nil
}

func (b *writBatch) decide(i int) decision { return writDecision(b.answers[i]) }
