package pattern

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxIntersection is the largest number of patterns that [Intersect] returns.
const MaxIntersection = 64

// The limits of the work of Intersect: visits of positions and lists while the
// intersection is built, and the work of one comparison of two results.
const (
	maxVisits   = 1 << 16
	maximalWork = 1 << 14
)

// Intersect returns patterns that together match exactly the strings that both
// a and b match; none when there is no such string. None of them matches only
// what another one matches, as far as that is decided. It gives up (ok is false)
// when more than [MaxIntersection] patterns are needed, or when the patterns are
// too long, have variables, are not UTF-8, or treat case differently. Where case
// does not matter the results are spelled in small letters.
func Intersect(a, b *Pattern) (patterns []*Pattern, ok bool) {
	if a.vars || b.vars || a.fold != b.fold || !a.utf8() || !b.utf8() {
		return nil, false
	}
	if apart(a, b) {
		return nil, true
	}
	x := &intersection{
		a: tokens(a.parts, a.fold, false), b: tokens(b.parts, b.fold, false),
		cells: map[[2]int][]*list{}, lists: map[list]*list{},
	}
	lists := x.from(0, 0)
	if x.gaveUp {
		return nil, false
	}
	for _, l := range lists {
		patterns = append(patterns, l.pattern(a.fold))
	}
	return maximal(patterns), true
}

// utf8 reports whether the literals of p are valid UTF-8.
func (p *Pattern) utf8() bool {
	for _, t := range p.parts {
		if !utf8.ValidString(t.text) {
			return false
		}
	}
	return true
}

// An intersection is the work of Intersect. from(i, j) is the intersection of
// what follows token i of a and token j of b.
type intersection struct {
	a, b   []token
	cells  map[[2]int][]*list
	lists  map[list]*list // equal lists are one
	visits int
	gaveUp bool
}

// A list is a sequence of tokens that shares its tail with others.
type list struct {
	head token
	tail *list // nil at the end, where head is the zero token
}

var end = &list{}

func (x *intersection) from(i, j int) []*list {
	if x.gaveUp {
		return nil
	}
	cell := [2]int{i, j}
	if out, ok := x.cells[cell]; ok {
		return out
	}
	x.visit(1)
	out := x.compute(i, j)
	x.visit(len(out))
	if x.gaveUp = x.gaveUp || len(out) > MaxIntersection; x.gaveUp {
		return nil
	}
	x.cells[cell] = out
	return out
}

func (x *intersection) visit(n int) {
	x.visits += n
	x.gaveUp = x.gaveUp || x.visits > maxVisits
}

func (x *intersection) compute(i, j int) []*list {
	aStar := i < len(x.a) && x.a[i].kind == star
	bStar := j < len(x.b) && x.b[j].kind == star
	switch {
	case aStar && bStar:
		// Both run together for a while; then one of them ends first.
		t := x.a[i]
		t.confined = t.confined || x.b[j].confined
		return union(x.cons(t, x.from(i+1, j)), x.cons(t, x.from(i, j+1)))
	case aStar:
		// The star ends here, or it takes the next token of b.
		return union(x.from(i+1, j), x.both(i, j, i, j+1))
	case bStar:
		return union(x.from(i, j+1), x.both(i, j, i+1, j))
	case i == len(x.a) && j == len(x.b):
		return []*list{end}
	}
	return x.both(i, j, i+1, j+1)
}

// both puts the character that tokens i and j share before what follows.
func (x *intersection) both(i, j, nextI, nextJ int) []*list {
	if i == len(x.a) || j == len(x.b) {
		return nil
	}
	t, ok := meet(x.a[i], x.b[j])
	if !ok {
		return nil
	}
	return x.cons(t, x.from(nextI, nextJ))
}

// meet returns the token for one character that both tokens read.
func meet(s, t token) (token, bool) {
	if t.kind == literal {
		s, t = t, s
	}
	confined := s.confined || t.confined
	switch {
	case s.kind == literal && t.kind == literal:
		return s, s.char == t.char
	case s.kind == literal:
		return s, !(confined && s.char == ':')
	}
	return token{kind: one, confined: confined}, true
}

// cons puts t before each of the lists. No list begins with a star where t is
// one: what follows a star in a and b is read on both sides.
func (x *intersection) cons(t token, lists []*list) []*list {
	out := make([]*list, 0, len(lists))
	for _, l := range lists {
		key := list{t, l}
		known, ok := x.lists[key]
		if !ok {
			known = &key
			x.lists[key] = known
		}
		if !slices.Contains(out, known) {
			out = append(out, known)
		}
	}
	return out
}

// union returns the lists of a and those of b that a lacks.
func union(a, b []*list) []*list {
	out := a[:len(a):len(a)]
	for _, l := range b {
		if !slices.Contains(a, l) {
			out = append(out, l)
		}
	}
	return out
}

func (l *list) pattern(fold bool) *Pattern {
	var parts []part
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, part{kind: literal, text: text.String()})
			text.Reset()
		}
	}
	confined, free := false, false
	for ; l.tail != nil; l = l.tail {
		t := l.head
		if t.kind == literal {
			writeChar(&text, t.char)
			continue
		}
		flush()
		confined = confined || t.confined
		free = free || !t.confined && t.kind == one
		parts = appendPart(parts, part{kind: t.kind, confined: t.confined, count: 1})
	}
	flush()
	p := newPattern(parts, fold, 0)
	if confined && free {
		p.shape = mixed
	}
	return p
}

// maximal drops patterns that match only what another one matches.
func maximal(patterns []*Pattern) []*Pattern {
	var out []*Pattern
next:
	for i, p := range patterns {
		for _, q := range out {
			if within(p, q) {
				continue next
			}
		}
		for _, q := range patterns[i+1:] {
			if within(p, q) {
				continue next
			}
		}
		out = append(out, p)
	}
	return out
}

func within(p, q *Pattern) bool {
	_, v := Search{All: []*Pattern{p}, None: []*Pattern{q}, Work: maximalWork}.Run()
	return v == No
}
