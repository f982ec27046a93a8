// Package near finds the names that a mistaken one may have been meant to be,
// for the hints of findings.
package near

import (
	"math/bits"
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

// Names are known names, prepared for being compared with many mistaken ones.
type Names struct{ list []known }

type known struct {
	name    string
	lower   string
	letters letters // of lower
}

// Prepare prepares names. The order in which they are given decides between
// names that are equally close.
func Prepare(names []string) Names {
	list := make([]known, len(names))
	for i, n := range names {
		lower := strings.ToLower(n)
		list[i] = known{n, lower, lettersOf(lower)}
	}
	return Names{list}
}

// Names returns up to n known names close to name, the closest first. Letter
// case does not count.
func (f *Finder) Names(name string, known []string, n int) []string {
	if f.Spent() { // preparing names costs as much as comparing them
		return nil
	}
	return f.Among(name, Prepare(known), n)
}

// Among is Names for names that are prepared.
func (f *Finder) Among(name string, known Names, n int) []string {
	list := f.allowed(known.list)
	lower := strings.ToLower(name)
	q := query{name: name, lower: lower, letters: lettersOf(lower), limit: max(1, (len(name)+1)/3)}
	// What differs little is found before all is compared thoroughly.
	for bound := 1; bound < q.limit; bound *= 2 {
		if found := q.closest(list, n, bound); len(found) == n {
			return found
		}
	}
	return q.closest(list, n, q.limit)
}

// Misspelt returns the known name that a name is but for a slip of the keyboard: one
// difference, or two in a long name; "" where there is none. It is for names that may
// well exist and be missing among the known ones. Short names are too close to each other.
func (f *Finder) Misspelt(name string, known Names) string {
	const short, long = 4, 8
	bound := 1
	switch {
	case len(name) < short:
		return ""
	case len(name) >= long:
		bound = 2
	}
	lower := strings.ToLower(name)
	q := query{name: name, lower: lower, letters: lettersOf(lower), limit: bound + 1}
	if found := q.closest(f.allowed(known.list), 1, bound); len(found) > 0 {
		return found[0]
	}
	return ""
}

// allowed returns the names that may still be compared, and counts them.
func (f *Finder) allowed(list []known) []known {
	if left := max(maxCompared-f.compared, 0); len(list) > left {
		f.compared = maxCompared + 1
		return list[:left]
	}
	f.compared += len(list)
	return list
}

// query is a name that may stand for a known one.
type query struct {
	name    string
	lower   string
	letters letters
	limit   int // differences above which a name is another one
}

// closest returns up to n names that are no further away than a bound.
func (q *query) closest(list []known, n, bound int) []string {
	found := make([]string, 0, n)
	distances := make([]int, 0, n)
	for i := range list {
		d, ok := q.distance(&list[i], bound)
		at := len(found)
		for at > 0 && distances[at-1] > d {
			at--
		}
		if !ok || at == n {
			continue
		}
		if len(found) == n {
			found, distances = found[:n-1], distances[:n-1]
		}
		found, distances = slices.Insert(found, at, list[i].name), slices.Insert(distances, at, d)
		if len(found) == n {
			bound = min(bound, distances[n-1]-1) // only what is closer counts
		}
	}
	return found
}

// distance returns how far a known name is away, and whether that is within the
// bound. Names that begin alike come behind all others.
func (q *query) distance(k *known, bound int) (int, bool) {
	if q.letters.near(k.letters, bound) {
		if d := distance(q.lower, k.lower, bound); d <= bound && d < len(q.name) {
			return d, true
		}
	}
	return q.limit + 1, bound == q.limit && (begins(q.name, k.name) || begins(k.name, q.name))
}

// Hint asks whether the closest known name was meant; it is "" where none is
// close.
func (f *Finder) Hint(name string, known []string) string {
	return hint(f.Names(name, known, 1))
}

// HintAmong is Hint for names that are prepared.
func (f *Finder) HintAmong(name string, known Names) string {
	return hint(f.Among(name, known, 1))
}

func hint(closest []string) string {
	if len(closest) == 0 {
		return ""
	}
	return "did you mean " + Quote(closest[0]) + "?"
}

// Hint is for a single mistake, see [Finder.Hint].
func Hint(name string, known []string) string { return new(Finder).Hint(name, known) }

// Typo reports whether two names differ as by a slip of the fingers: one letter is
// another, missing or too many, or two are swapped. Letter case does not count.
func Typo(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if distance(a, b, 1) <= 1 {
		return true
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i+1 < len(a) && len(a) == len(b) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

// begins reports whether a name begins with another one of some length.
func begins(name, with string) bool { return len(with) > 3 && strings.HasPrefix(name, with) }

// letters are the characters of a name, a bit for each.
type letters uint64

func lettersOf(name string) (l letters) {
	for i := range len(name) {
		l |= 1 << (name[i] % 64)
	}
	return l
}

// near rules out most names that are further apart than a bound: an insertion,
// a removal or a replacement changes one letter on each side.
func (l letters) near(other letters, bound int) bool {
	return bits.OnesCount64(uint64(l&^other)) <= bound && bits.OnesCount64(uint64(other&^l)) <= bound
}

// distance counts the bytes to insert, drop or replace to get from a to b. It
// gives up above limit and on long names.
func distance(a, b string, limit int) int {
	if len(a) > maxLength || len(b) > maxLength {
		return limit + 1
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var row [maxLength + 1]int
	for j := range len(b) {
		row[j+1] = j + 1
	}
	for i := range len(a) {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, cost)
			least = min(least, row[j+1])
		}
		if least > limit {
			return limit + 1
		}
	}
	return row[len(b)]
}

// Quote writes a name in double quotes and cuts what would flood a terminal.
func Quote(name string) string {
	const most = 80 // as long as the name of a state may be
	if cut := name[:min(len(name), utf8.UTFMax*(most+1))]; utf8.RuneCountInString(cut) > most {
		name = string([]rune(cut)[:most]) + "..."
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
