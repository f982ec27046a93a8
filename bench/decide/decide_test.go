package main

import (
	"encoding/json"
	"errors"
	"testing"
)

// TestEnginesAgree asks every engine the small workloads: a benchmark of a wrong
// answer measures nothing.
func TestEnginesAgree(t *testing.T) {
	for _, name := range []string{"W1", "W2", "W3-100", "W3-1000", "W4-p10"} {
		t.Run(name, func(t *testing.T) {
			w, err := makeWorkload(name)
			if err != nil {
				t.Fatal(err)
			}
			step := max(1, w.size()/500)
			want := map[int]decision{}
			seen := map[decision]int{}
			for _, e := range engines {
				made, err := e.make(w)
				if errors.Is(err, errNotApplicable) {
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", e.name, err)
				}
				if err := made.load(); err != nil {
					t.Fatalf("%s: %v", e.name, err)
				}
				if b, ok := made.(batcher); ok {
					if err := b.decideAll(); err != nil {
						t.Fatalf("%s: %v", e.name, err)
					}
				}
				for i := 0; i < w.size(); i += step {
					got := made.decide(i)
					if e.name == "Writ" {
						want[i] = got
						seen[got]++
					} else if got != want[i] && !e.free {
						p, q := w.question(i)
						t.Fatalf("%s answers %d, Writ %d: %s %s %s", e.name, got, want[i], w.Principals[p].ID, q.Action, q.Resource)
					}
				}
			}
			if seen[allow] == 0 || seen[implicitDeny] == 0 {
				t.Errorf("the answers are one-sided: %v", seen)
			}
		})
	}
}

// TestWorkloadsRepeat: the same name is the same workload.
func TestWorkloadsRepeat(t *testing.T) {
	for _, name := range []string{"W1", "W2", "W3-100", "W4-p10"} {
		var texts [2]string
		for i := range texts {
			w, err := makeWorkload(name)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(w)
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = string(text)
		}
		if texts[0] != texts[1] {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

func BenchmarkWrit(b *testing.B) {
	for _, name := range []string{"W1", "W2", "W3-1000", "W3-10000", "W4-p100"} {
		b.Run(name, func(b *testing.B) {
			w, err := makeWorkload(name)
			if err != nil {
				b.Fatal(err)
			}
			e, err := newWrit(w)
			if err != nil {
				b.Fatal(err)
			}
			if err := e.load(); err != nil {
				b.Fatal(err)
			}
			for range 3 {
				for i := range w.size() {
					e.decide(i)
				}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				e.decide(i)
				if i++; i == w.size() {
					i = 0
				}
			}
		})
	}
}
