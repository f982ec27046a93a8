package prove_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// withHoles makes some letters of a policy's resources and values holes.
func (g generator) withHoles(p testPolicy) testPolicy {
	var out testPolicy
	text, _ := json.Marshal(p)
	_ = json.Unmarshal(text, &out) // a copy
	some := func(list []string, after string) {
		for i, text := range list {
			if rest, ok := strings.CutPrefix(text, after); ok && !strings.Contains(rest, "${") && g.chance(40) {
				list[i] = after + strings.Replace(rest, pick(g, []string{"a", "b"}), hole.Text(pick(g, []string{"H", "H", "G"})), 1)
			}
		}
	}
	for i := range out.Statement {
		s := &out.Statement[i]
		some(s.Resource, "arn:aws:s3:::")
		some(s.NotResource, "arn:aws:s3:::")
		for op, keys := range s.Condition {
			if strings.Contains(op, "String") || strings.Contains(op, "Arn") {
				for _, values := range keys {
					some(values, "")
				}
			}
		}
	}
	return out
}

func (p testPolicy) filled(t testing.TB, values map[string]string) *policy.Document {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, hole.Replace(string(text), func(name string) string { return values[name] }))
}

// TestHolesAgainstEngine gives holes values after a proof: whatever they are, no
// request may refute it.
func TestHolesAgainstEngine(t *testing.T) {
	pairs, requests := 1500, 100
	if testing.Short() || raceEnabled {
		pairs = 150
	}
	counts := map[prove.Verdict]int{}
	for seed := range uint64(pairs) {
		g := newGenerator(seed + 1<<36)
		first := g.withHoles(g.policy())
		second := g.near(first)
		if g.chance(50) {
			second = g.withHoles(second)
		}
		result, err := prove.Compare(t.Context(), prove.Identity(first.document(t)), prove.Identity(second.document(t)), prove.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, text(t, first.document(t)), text(t, second.document(t)))
		}
		counts[result.Verdict]++
		if result.Verdict != prove.Proved {
			continue
		}
		for range 4 {
			values := map[string]string{"H": pick(g, []string{"a", "b", "x", "ab"}), "G": pick(g, []string{"a", "b", "x", "ab"})}
			a, b := first.filled(t, values), second.filled(t, values)
			engineA, engineB := engine(t, a), engine(t, b)
			for range requests / 4 {
				r := g.request()
				if !holdsEmptySet(&r, first, second) && engineA.Decide(r).Result == authz.Allowed && engineB.Decide(r).Result != authz.Allowed {
					t.Fatalf("seed %d: proved, but with %v the engine allows %v by the first alone\n%s\n%s", seed, values, r, text(t, a), text(t, b))
				}
			}
		}
	}
	t.Logf("%d pairs, %d requests each: %v", pairs, requests, counts)
	if counts[prove.Undecided] > pairs/20 {
		t.Error("too many pairs are undecided")
	}
}
