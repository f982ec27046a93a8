package authz_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/writ-iam/writ/authz"
)

// TestReplaceWhileDeciding decides on eight goroutines while another replaces
// policies. Every answer must be that of one of the two policies.
func TestReplaceWhileDeciding(t *testing.T) {
	g := newGenerator(1)
	var set refSet
	for set[authz.Identity] == nil || set[authz.Resource] == nil {
		set = g.set()
	}
	before, after := set[authz.Identity][0][0], g.policy(authz.Identity)
	texts := [...]authz.Policy{toPolicy(t, "before", before), toPolicy(t, "after", after)}
	requests := make([]*authz.Request, 200)
	wants := make([][2]authz.Result, len(requests))
	for i := range requests {
		requests[i] = g.request()
		for j, p := range [...]*refPolicy{before, after} {
			set[authz.Identity][0][0] = p
			wants[i][j], _ = refDecide(set, requests[i])
		}
	}
	set[authz.Identity][0][0] = before
	var current atomic.Pointer[authz.Engine]
	current.Store(compile(t, set))

	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	var deciders sync.WaitGroup
	var done atomic.Bool
	var asked atomic.Int64
	for worker := range 8 {
		deciders.Go(func() {
			for n := worker; !done.Load() || n < len(requests); n++ {
				i := n % len(requests)
				engine := current.Load()
				d := engine.Decide(*requests[i])
				got := d.Result
				if n%16 == 0 {
					got = engine.Explain(*requests[i]).Decision.Result
				}
				if got != wants[i][0] && got != wants[i][1] {
					t.Errorf("got %v (%v), want %v or %v: %s", got, d.Err, wants[i][0], wants[i][1], printRequest(requests[i]))
					return
				}
				asked.Add(1)
			}
		})
	}
	for round := range rounds {
		next, findings := current.Load().Replace(authz.Identity, -1, 0, texts[(round+1)%2])
		if next == nil {
			t.Error(findings)
			break
		}
		current.Store(next)
	}
	done.Store(true)
	deciders.Wait()
	if asked.Load() == 0 {
		t.Error("nothing was asked")
	}
}

// TestMatricesAtOnce answers matrices, explains and replaces on several goroutines,
// with one engine and its policies among them. Every answer must be that of an
// engine that was asked alone.
func TestMatricesAtOnce(t *testing.T) {
	for seed := range uint64(4) {
		g := newGenerator(100 + seed)
		set := g.set()
		for set[authz.Identity] == nil || set[authz.Resource] == nil {
			set = g.set()
		}
		var requests []authz.Request
		for range 40 {
			requests = append(requests, *g.request())
		}
		var principals []authz.Principal
		for range 6 {
			own := []authz.Policy{toPolicy(t, "one", g.policy(authz.Identity)), toPolicy(t, "two", g.policy(authz.Identity))}
			principals = append(principals, authz.Principal{ARN: pick(g, callers), Identity: prepared(t, own)})
		}
		alone := compile(t, set)
		matrix, findings := alone.DecideAll(principals, requests)
		if matrix == nil {
			t.Fatal(findings)
		}
		same := toPolicy(t, "same", set[authz.Identity][0][0])
		shared := compile(t, set)
		var workers sync.WaitGroup
		for worker := range 6 {
			workers.Go(func() {
				engine := shared
				if worker%3 == 0 {
					engine, _ = engine.Replace(authz.Identity, -1, 0, same)
				}
				if got, _ := engine.DecideAll(principals, requests); !slices.Equal(got, matrix) {
					t.Errorf("DecideAll says %v, want %v", got, matrix)
				}
				for _, r := range requests {
					x := engine.Explain(r)
					if want := alone.Decide(r).Result; x.Decision.Result != want {
						t.Errorf("got %v, want %v: %s", x.Decision.Result, want, printRequest(&r))
					}
					for i := range x.Statements {
						x.Statements[i].Failures()
					}
				}
			})
		}
		workers.Wait()
	}
}

func TestReplaceRefuses(t *testing.T) {
	all := toPolicy(t, "all", &refPolicy{Statement: []*refStatement{{Effect: "Allow", Action: &refList{"*"}, Resource: &refList{"*"}}}})
	trust := toPolicy(t, "trust", &refPolicy{Statement: []*refStatement{{
		Effect: "Allow", Action: &refList{"*"}, Principal: &refPrincipal{everyone: true}, Resource: &refList{"*"}}}})
	engine, _ := authz.Compile(authz.Set{Identity: []authz.Policy{all}, SCPs: [][]authz.Policy{{all}, {all}}})
	for _, c := range []struct {
		name         string
		kind         authz.Kind
		level, index int
		policy       authz.Policy
	}{
		{"no such index", authz.Identity, -1, 1, all},
		{"negative index", authz.Identity, -1, -1, all},
		{"no such kind", authz.Boundary, -1, 0, all},
		{"no such level", authz.SCP, 2, 0, all},
		{"no document", authz.Identity, -1, 0, authz.Policy{Name: "empty"}},
		{"not of the kind", authz.Identity, -1, 0, trust},
	} {
		t.Run(c.name, func(t *testing.T) {
			if next, findings := engine.Replace(c.kind, c.level, c.index, c.policy); next != nil || !findings.HasErrors() {
				t.Errorf("got %v and %v, want an error", next, findings)
			}
		})
	}
	if next, findings := engine.Replace(authz.SCP, 1, 0, all); next == nil {
		t.Error(findings)
	}
}
