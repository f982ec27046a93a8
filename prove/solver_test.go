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

// BenchmarkSolvers adds clauses one after the other and asks for a model each time,
// as a proof does.
func BenchmarkSolvers(b *testing.B) {
	const vars, rounds = 60, 100
	r := rand.New(rand.NewPCG(1, 2))
	clauses := make([][]int, 0, 2*rounds)
	for range cap(clauses) {
		var clause []int
		for range 3 {
			l := 1 + r.IntN(vars)
			if r.IntN(2) == 0 {
				l = -l
			}
			clause = append(clause, l)
		}
		clauses = append(clauses, clause)
	}
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			s := newCDCL()
			for range vars {
				s.newVar()
			}
			for i, c := range clauses {
				s.add(literal(c[0]), literal(c[1]), literal(c[2]))
				if i >= rounds {
					if ok, err := s.solve(b.Context()); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
			}
		}
	})
	b.Run("gophersat-appending", func(b *testing.B) {
		for b.Loop() {
			s := gophersat.New(gophersat.ParseSliceNb(clauses[:rounds], vars))
			for _, c := range clauses[rounds:] {
				s.AppendClause(gophersat.NewClause(gophersat.IntsToLits(int32(c[0]), int32(c[1]), int32(c[2]))))
				if s.Solve() != gophersat.Sat {
					b.Fatal("no model")
				}
			}
		}
	})
	b.Run("gophersat-anew", func(b *testing.B) {
		for b.Loop() {
			for i := range clauses[rounds:] {
				if gophersat.New(gophersat.ParseSliceNb(clauses[:rounds+i+1], vars)).Solve() != gophersat.Sat {
					b.Fatal("no model")
				}
			}
		}
	})
}
