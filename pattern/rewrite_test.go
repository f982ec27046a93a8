package pattern

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRewriteText: a variable replaced by text matches as with that value, also
// when it is replaced step by step.
func TestRewriteText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(alphabet string, n int) string {
		var b strings.Builder
		for range r.IntN(n + 1) {
			b.WriteByte(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	for round := range 20000 {
		d := Dialect{Colons: r.IntN(3), OpenEnd: r.IntN(2) == 0, Fold: r.IntN(4) == 0}
		p := d.Compile(Wild(word("a*:?", 3)), Var(0, "v"), Wild(word("a*:?", 4)), Var(1, "w"), Wild(word("b*:", 2)))
		values := []string{word("a:b", 3), word("A:b", 2)}
		value := func(slot int) (string, bool) { return values[slot], true }
		half := p.Rewrite(func(slot int) Piece {
			if slot == 0 {
				return Literal(values[0])
			}
			return Var(slot, "w")
		})
		over := p.Rewrite(func(slot int) Piece {
			if slot == 0 {
				return Of(Compile(values[0][:len(values[0])/2] + "*"))
			}
			return Wild("*")
		})
		for range 10 {
			s := word("aAb:", 9)
			want := p.MatchVars(s, value)
			if got := half.MatchVars(s, value); got != want {
				t.Fatalf("round %d: %s with %q matches %q: %v, rewritten %s: %v", round, p, values, s, want, half, got)
			}
			if want && !over.Match(s) {
				t.Fatalf("round %d: %s with %q matches %q, but %s does not", round, p, values, s, over)
			}
		}
	}
}

func TestKey(t *testing.T) {
	patterns := []*Pattern{
		Compile("a*"), Compile("a**b"), Compile("a?"), Compile("a??"), Dialect{}.Compile(Literal("a*")), Dialect{Fold: true}.Compile(Wild("a*")),
		Dialect{Colons: 1}.Compile(Wild("a*")), Dialect{}.Compile(Wild("a"), Var(1, "x")), Dialect{}.Compile(Wild("a"), Var(11, "x")),
		Dialect{}.Compile(Wild("a"), Var(1, "x"), Literal("1")),
	}
	seen := map[string]*Pattern{}
	for _, p := range patterns {
		if q := seen[p.Key()]; q != nil {
			t.Errorf("%s and %s have the same key", p, q)
		}
		seen[p.Key()] = p
	}
	if Compile("a**").Key() != Compile("a*").Key() {
		t.Error("a** and a* have different keys")
	}
}
