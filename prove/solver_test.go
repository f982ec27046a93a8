package prove

import (
	"math/rand/v2"
	"testing"

	gophersat "github.com/crillab/gophersat/solver"
)

// TestSolverAgrees holds the solver against another one on random clauses, which
// come bit by bit, as those of a proof do.
func TestSolverAgrees(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 1))
		vars := 3 + r.IntN(30)
		s := newCDCL()
		for range vars {
			s.newVar()
		}
		var clauses [][]int
		var mine [][]literal
		for range 6 {
			for range vars {
				var clause []literal
				var theirs []int
				for range 1 + r.IntN(4) {
					l := literal(1 + r.IntN(vars))
					if r.IntN(2) == 0 {
						l = -l
					}
					clause, theirs = append(clause, l), append(theirs, int(l))
				}
				s.add(clause...)
				mine, clauses = append(mine, clause), append(clauses, theirs)
			}
			got, err := s.solve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := gophersat.New(gophersat.ParseSliceNb(clauses, vars)).Solve() == gophersat.Sat
			if got != want {
				t.Fatalf("round %d: satisfiable is %v, want %v: %v", round, got, want, clauses)
			}
			if !got {
				break
			}
			for _, clause := range mine {
				ok := false
				for _, l := range clause {
					ok = ok || s.value(l)
				}
				if !ok {
					t.Fatalf("round %d: the model does not satisfy %v", round, clause)
				}
			}
		}
	}
}
