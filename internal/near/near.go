// Package near finds the names that a mistaken one may have been meant to be,
// for the hints of findings.
package near

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Finder compares names, up to a bound: a hostile text with ten thousand
// mistakes stays linear. The zero Finder is ready; use one for each text.
type Finder struct{ compared int }

// Bounds on the comparisons of one Finder, and on the bytes of names compared.
const (
	maxCompared = 200_000
	maxLength   = 100
)

// Spent reports whether the bound is reached, after which there are no hints.
func (f *Finder) Spent() bool { return f.compared > maxCompared }

// Names returns up to n known names close to name, the closest first. Letter
// case does not count.
func (f *Finder) Names(name string, known []string, n int) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	limit := max(1, (len(name)+1)/3)
	for _, k := range known {
		if f.compared++; f.Spent() {
			break
		}
		switch d := distance(name, k, limit); {
		case d <= limit && d < len(name):
			found = append(found, candidate{k, d})
		case begins(name, k) || begins(k, name):
			found = append(found, candidate{k, limit + 1})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	out := make([]string, 0, n)
	for _, c := range found[:min(n, len(found))] {
		out = append(out, c.name)
	}
	return out
}

// Hint asks whether the closest known name was meant; it is "" where none is
// close.
func (f *Finder) Hint(name string, known []string) string {
	if best := f.Names(name, known, 1); len(best) > 0 {
		return "did you mean " + Quote(best[0]) + "?"
	}
	return ""
}

// Hint is for a single mistake, see [Finder.Hint].
func Hint(name string, known []string) string { return new(Finder).Hint(name, known) }

// begins reports whether a name begins with another one of some length.
func begins(name, with string) bool { return len(with) > 3 && strings.HasPrefix(name, with) }

// distance counts the bytes to insert, drop or replace to get from a to b,
// letter case aside. It gives up above limit and on long names.
func distance(a, b string, limit int) int {
	if len(a) > maxLength || len(b) > maxLength || len(a)-len(b) > limit || len(b)-len(a) > limit {
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
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, cost)
		}
	}
	return row[len(b)]
}

// Quote writes a name in double quotes and cuts what would flood a terminal.
func Quote(name string) string {
	const most = 80 // as long as the name of a state may be
	if r := []rune(name[:min(len(name), utf8.UTFMax*(most+1))]); len(r) > most {
		name = string(r[:most]) + "..."
	}
	return strconv.Quote(name)
}

// QuoteAll writes names for a message: "A", "B".
func QuoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = Quote(n)
	}
	return strings.Join(quoted, ", ")
}
