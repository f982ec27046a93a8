package asl

import (
	"slices"
	"strconv"
	"strings"
)

// hintBudget bounds the comparisons of names spent on hints over a whole
// definition, so that a hostile one with ten thousand mistakes stays linear.
const hintBudget = 200_000

// didYouMean suggests the known name closest to a mistaken one, or nothing.
func (r *reader) didYouMean(name string, known []string) string {
	if best := r.nearest(name, known, 1); len(best) > 0 {
		return "did you mean " + strconv.Quote(best[0]) + "?"
	}
	return ""
}

// oneOf lists what is allowed, the closest first in mind.
func (r *reader) oneOf(name string, allowed []string) string {
	if s := r.didYouMean(name, allowed); s != "" {
		return s + " one of " + quoteList(allowed)
	}
	return "one of " + quoteList(allowed)
}

// nearest returns up to n known names close to name, the closest first.
func (r *reader) nearest(name string, known []string, n int) []string {
	type candidate struct {
		name     string
		distance int
	}
	var close []candidate
	limit := max(1, (len(name)+1)/3)
	for _, k := range known {
		if r.hints++; r.hints > hintBudget {
			break
		}
		d := distance(name, k, limit)
		if d > limit && (begins(name, k) || begins(k, name)) {
			d = limit
		}
		if d <= limit && d < len(name) {
			close = append(close, candidate{k, d})
		}
	}
	slices.SortStableFunc(close, func(a, b candidate) int { return a.distance - b.distance })
	out := make([]string, 0, n)
	for _, c := range close[:min(n, len(close))] {
		out = append(out, c.name)
	}
	return out
}

// begins reports whether a name begins with another one of some length.
func begins(name, with string) bool { return len(with) > 3 && strings.HasPrefix(name, with) }

// distance is the edit distance of two names, letter case aside. It gives up
// above limit and on long names.
func distance(a, b string, limit int) int {
	if len(a) > 100 || len(b) > 100 || len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// quoteList writes names for a message: "A", "B".
func quoteList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(n)
	}
	return strings.Join(quoted, ", ")
}
