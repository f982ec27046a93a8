package authz_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/writ-iam/writ/authz"
)

// requestsPerSet is how many requests are put to each random set: enough that
// actions come back and the engine takes all its ways to an answer.
const requestsPerSet = 25

// TestReference compares the engine with the reference.
func TestReference(t *testing.T) {
	pairs := 1_000_000
	switch {
	case testing.Short():
		pairs = 40_000
	case raceEnabled:
		pairs = 100_000
	}
	const shards = 8
	var mu sync.Mutex
	results := map[string]int{}
	t.Run("shards", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				seen := compareWithReference(t, uint64(shard), pairs/shards/requestsPerSet)
				mu.Lock()
				defer mu.Unlock()
				for k, n := range seen {
					results[k] += n
				}
			})
		}
	})
	// Agreement on answers that are all alike would show nothing.
	for _, k := range slices.Sorted(maps.Keys(results)) {
		t.Logf("%-30s %6.2f %%", k, 100*float64(results[k])/float64(pairs))
	}
	for _, want := range []struct {
		key     string
		atLeast float64
	}{
		{"Allowed identity", .05}, {"Allowed resource", .015}, {"Allowed identity+resource", .001}, {"Allowed group", .005},
		{"Allowed root", .01}, {"Allowed root+resource", .0003}, {"Allowed service", .005},
		{"ExplicitlyDenied identity", .01}, {"ExplicitlyDenied group", .002}, {"ExplicitlyDenied boundary", .0008},
		{"ExplicitlyDenied session", .002}, {"ExplicitlyDenied resource", .002}, {"ExplicitlyDenied scp", .004},
		{"ExplicitlyDenied rcp", .02}, {"ExplicitlyDenied endpoint", .002},
		{"ImplicitlyDenied identity", .05}, {"ImplicitlyDenied boundary", .02}, {"ImplicitlyDenied session", .02},
		{"ImplicitlyDenied resource", .1}, {"ImplicitlyDenied scp", .03}, {"ImplicitlyDenied endpoint", .03}, {"ImplicitlyDenied service", .001},
	} {
		if got := float64(results[want.key]) / float64(pairs); got < want.atLeast {
			t.Errorf("only %.3f %% of the answers are %q: the generator is one-sided", 100*got, want.key)
		}
	}
}

func compareWithReference(t *testing.T, shard uint64, sets int) map[string]int {
	seen := map[string]int{}
	for i := range sets {
		seed := shard<<32 | uint64(i)
		g := newGenerator(seed)
		set := g.set()
		engine := compile(t, set)
		for range requestsPerSet {
			r := g.request()
			want, by := refDecide(set, r)
			got := engine.Decide(*r)
			if got.Result != want || !slices.Equal(got.By(), by) {
				t.Fatalf("seed %d: %s", seed, disagreement(t, set, r))
			}
			seen[answerClass(want, by)]++
		}
	}
	return seen
}

func answerClass(result authz.Result, by []authz.Reference) string {
	s := result.String() + " " + by[0].Kind.String()
	if len(by) > 1 {
		s += "+" + by[1].Kind.String()
	}
	return s
}

// disagreement shrinks a set as long as engine and reference disagree, and
// prints what is left.
func disagreement(t *testing.T, set refSet, r *authz.Request) string {
	differs := func() bool {
		want, by := refDecide(set, r)
		got := compile(t, set).Decide(*r)
		return got.Result != want || !slices.Equal(got.By(), by)
	}
	for _, levels := range set {
		for _, list := range levels {
			for _, p := range list {
				for i := len(p.Statement) - 1; i >= 0 && len(p.Statement) > 1; i-- {
					whole := p.Statement
					p.Statement = slices.Delete(slices.Clone(whole), i, i+1)
					if !differs() {
						p.Statement = whole
					}
				}
			}
		}
	}
	for kind, levels := range maps.Clone(set) {
		delete(set, kind)
		if !differs() {
			set[kind] = levels
		}
	}
	want, by := refDecide(set, r)
	got := compile(t, set).Decide(*r)
	text, _ := json.MarshalIndent(r, "", " ")
	return fmt.Sprintf("%s\n%s\nengine:    %v %v %v\nreference: %v %v", printSet(set), text, got.Result, got.By(), got.Err, want, by)
}
