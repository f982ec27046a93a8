package check

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/pattern"
)

// The index finds a covering entry exactly where comparing all with all does.
func TestCoverageAgainstPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	for range 400 {
		items := make([]item, 2+random.IntN(7))
		for i := range items {
			var b strings.Builder
			b.WriteString("s:")
			for range random.IntN(6) {
				b.WriteByte("ab*?*"[random.IntN(5)])
			}
			items[i] = actionItem(b.String())
		}
		w := newWork(1 << 20)
		got := coverage(items, &w)
		if got == nil {
			got = slices.Repeat([]int{-1}, len(items))
		}
		for i := range items {
			want := false
			for j := range items {
				want = want || i != j && covers(&items[j], &items[i])
			}
			// Of entries that cover each other one stays.
			if got[i] >= 0 && !covers(&items[got[i]], &items[i]) {
				t.Errorf("%s is not covered by %s", items[i].text, items[got[i]].text)
			}
			if want && got[i] < 0 && !survives(i, items, got) {
				t.Errorf("%s is covered, and not found to be, among %s", items[i].text, texts(items))
			}
		}
	}
}

func covers(a, b *item) bool { return pattern.Subset(b.pattern(), a.pattern()) == pattern.Yes }

// survives reports whether all that cover an item are covered by it in turn.
func survives(i int, items []item, by []int) bool {
	for j := range items {
		if j != i && covers(&items[j], &items[i]) && !(covers(&items[i], &items[j]) && by[j] >= 0) {
			return false
		}
	}
	return true
}

func texts(items []item) (out []string) {
	for i := range items {
		out = append(out, items[i].text)
	}
	return out
}

// Time grows with the number of entries, whatever they have in common.
func BenchmarkCoverage(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		items := make([]item, n)
		for i := range items {
			items[i] = newItem(fmt.Sprintf("arn:aws:s3:::bucket-%d-*/logs/*", i), glob)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				w := newWork(40 * n)
				coverage(items, &w)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/entry")
		})
	}
}
