package pattern

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A Verdict answers a question about all strings.
type Verdict uint8

const (
	// Undecided means that the allowed work ran out, or that the answer
	// depends on the values of variables. It is neither yes nor no.
	Undecided Verdict = iota
	No
	Yes
)

// String returns undecided, no or yes.
func (v Verdict) String() string {
	return [...]string{"undecided", "no", "yes"}[v]
}

// DefaultWork is the work that [Subset], [Overlaps] and [Witness] may do. One
// unit is about one machine word looked at. All of it takes some 50 ms and
// 50 MB; patterns as policies have them need a thousandth of it.
const DefaultWork = 1 << 22

// Subset reports whether every string that a matches is matched by b too.
// With variables the answer is Yes when it holds for all their values.
func Subset(a, b *Pattern) Verdict {
	_, v := Witness([]*Pattern{a}, []*Pattern{b})
	switch v {
	case Yes:
		return No
	case No:
		return Yes
	}
	return Undecided
}

// Overlaps reports whether some string matches both a and b. With Yes comes
// the shortest such string.
func Overlaps(a, b *Pattern) (witness string, v Verdict) {
	return Witness([]*Pattern{a, b}, nil)
}

// Witness looks for a string that matches all of the patterns in all and none
// of those in none. With Yes comes a shortest such string; where any character
// would do it holds one that the patterns do not mention, if possible x.
// No means that there is no such string.
func Witness(all, none []*Pattern) (witness string, v Verdict) {
	return Search{All: all, None: none, Work: DefaultWork}.Run()
}

// A Search is the question that [Witness] answers, with its allowed work.
type Search struct {
	All, None []*Pattern
	Work      int // see [DefaultWork]
}

// Run answers the question.
//
// It walks through the strings by length, keeping for each the states in which
// the patterns are: one state for every pattern of All (all the ways to match
// are walked), and a set of states for every pattern of None. Of two strings
// with equal states in All, the one with more states in None is dropped.
//
// Few characters need trying. A character that no pattern of All asks for at
// this point is read by wildcards there; then a fresh one, which no pattern
// mentions, leaves the fewest states in None. Only the colon differs, when None
// has wildcards that do not match it.
func (q Search) Run() (witness string, v Verdict) {
	if len(q.All) == 0 {
		q.All = []*Pattern{Compile("*")}
	}
	none, possible := q.relevant()
	if !possible {
		return "", No
	}
	vars := false
	for _, p := range append(q.All[:len(q.All):len(q.All)], none...) {
		vars = vars || p.vars
	}
	s := newWalk(q.All, none, q.Work)
	last, decided := s.run()
	switch {
	case !decided:
		return "", Undecided
	case last >= 0 && vars:
		return "", Undecided
	case last >= 0:
		witness = s.word(last)
		if v = confirmed(witness, q.All, none); v != Yes {
			witness = ""
		}
		return witness, v
	case vars && len(q.All) > 1:
		// Different variables may have equal values; the letters that stand
		// for them here cannot.
		return "", Undecided
	}
	return "", No
}

// confirmed matches the witness once more. It differs only for patterns that are
// not UTF-8, where bytes that are characters of their own in the patterns may
// join to another character.
func confirmed(witness string, all, none []*Pattern) Verdict {
	for _, p := range all {
		if !p.Match(witness) {
			return Undecided
		}
	}
	for _, p := range none {
		if p.Match(witness) {
			return Undecided
		}
	}
	return Yes
}

// relevant returns the patterns of None that the walk needs: not those that
// match nothing that All match, judged by their literal beginnings and ends.
// It is not possible to find a string when these ends already exclude all.
func (q Search) relevant() (none []*Pattern, possible bool) {
	for i, p := range q.All {
		for _, r := range q.All[:i] {
			if apart(p, r) {
				return nil, false
			}
		}
	}
next:
	for _, n := range q.None {
		for _, p := range q.All {
			if covers(n, p) {
				return nil, false
			}
			if apart(p, n) {
				continue next
			}
		}
		none = append(none, n)
	}
	return none, true
}

// apart reports whether the literal beginnings or ends of two patterns differ.
func apart(a, b *Pattern) bool {
	fold := a.fold || b.fold
	x, y := a.text, b.text
	if len(x) > len(y) {
		x, y = y, x
	}
	if !hasPrefix(y, x, fold) {
		return true
	}
	if x, y = a.tail(), b.tail(); len(x) > len(y) {
		x, y = y, x
	}
	return !hasPrefix(y[len(y)-len(x):], x, fold)
}

// tail returns the literal text at the end of p.
func (p *Pattern) tail() string {
	if n := len(p.parts); n > 0 && p.parts[n-1].kind == literal {
		return p.parts[n-1].text
	}
	return ""
}

// covers reports whether n is * or text*, and its text begins every string that
// p matches.
func covers(n, p *Pattern) bool {
	switch n.shape {
	case always:
		return true
	case prefix:
		return (n.fold || !p.fold) && hasPrefix(p.text, n.text, n.fold) && boundary(p.text, len(n.text))
	}
	return false
}

// A walk is the state of a search. Nodes are strings, by number; what is known
// of them lies in parallel slices.
type walk struct {
	all  []positive
	none []*automaton

	fresh  rune
	colon  bool // also try a colon where any character will do
	cases  bool // also try capital letters
	nwords int  // words in the sets of a node

	parent []int32
	char   []rune
	states []int32 // len(all) for each node
	sets   bitset  // nwords for each node
	next   []int32 // the next node with the same hash, or -1
	byHash map[uint64]int32

	work int
}

// A positive is a pattern of Search.All.
type positive struct {
	tokens []token
	fold   bool
}

func newWalk(all, none []*Pattern, work int) *walk {
	w := &walk{work: work, byHash: map[uint64]int32{}}
	used := map[rune]bool{':': true}
	folded := 0
	note := func(tokens []token, fold bool) {
		for _, t := range tokens {
			used[foldChar(t.char, true)] = true
		}
		if fold {
			folded++
		}
	}
	for _, p := range all {
		t := tokens(p.parts, p.fold, true)
		note(t, p.fold)
		w.all = append(w.all, positive{t, p.fold})
	}
	for _, p := range none {
		t := tokens(p.parts, p.fold, false)
		note(t, p.fold)
		a := newAutomaton(t, p.fold)
		w.none = append(w.none, a)
		w.nwords += a.words
		w.work -= len(t)
		for _, t := range t {
			w.colon = w.colon || t.confined
		}
	}
	w.fresh = freshChar(used)
	w.cases = folded > 0 && folded < len(all)+len(none)
	return w
}

// freshChar returns a character that is not used: a small letter or a digit if
// possible, since people read it.
func freshChar(used map[rune]bool) rune {
	for _, c := range "xyzwvutsrqponmlkjihgfedcba0123456789-_.,=+@!#%&;/ " {
		if !used[c] {
			return c
		}
	}
	for c := rune(0xa1); ; c++ {
		if !used[c] && utf8.ValidRune(c) {
			return c
		}
	}
}

// run returns the node of a string that answers the search, or -1. It is
// undecided when the work ran out.
func (w *walk) run() (node int, decided bool) {
	root := make(bitset, w.nwords)
	w.each(root, func(a *automaton, set bitset) { a.start(set) })
	if w.hopeless(root) {
		return -1, true
	}
	w.add(-1, 0, make([]int32, len(w.all)), root)
	if w.accepts(0) {
		return 0, true
	}
	set := make(bitset, w.nwords)
	states := make([]int32, len(w.all))
	var chars []rune
	for n := 0; n < len(w.parent); n++ {
		chars = w.chars(chars[:0], n)
		for _, c := range chars {
			if w.work < 0 {
				return -1, false
			}
			if !w.canRead(n, c) {
				continue
			}
			w.step(set, n, c)
			if w.hopeless(set) {
				continue
			}
			if found := w.read(states, 0, n, c, set); found >= 0 {
				return found, true
			}
		}
	}
	return -1, w.work >= 0
}

// each calls f with every automaton of None and its part of set.
func (w *walk) each(set bitset, f func(*automaton, bitset)) {
	for _, a := range w.none {
		f(a, set[:a.words])
		set = set[a.words:]
	}
}

func (w *walk) setOf(n int) bitset     { return w.sets[n*w.nwords : (n+1)*w.nwords] }
func (w *walk) statesOf(n int) []int32 { return w.states[n*len(w.all) : (n+1)*len(w.all)] }

// hopeless reports whether a pattern of None matches whatever follows.
func (w *walk) hopeless(set bitset) bool {
	for _, a := range w.none {
		if a.forever && set.has(a.final-1) {
			return true
		}
		set = set[a.words:]
	}
	return false
}

// step sets set to the sets of node n after c.
func (w *walk) step(set bitset, n int, c rune) {
	src := w.setOf(n)
	w.work -= w.nwords
	for _, a := range w.none {
		a.step(set[:a.words], src[:a.words], c)
		set, src = set[a.words:], src[a.words:]
	}
}

// chars appends the characters worth trying after node n. Of several shortest
// strings people like the one whose stars hold letters and no delimiters, so the
// fresh character comes first.
func (w *walk) chars(dst []rune, n int) []rune {
	add := func(c rune) {
		if !slices.Contains(dst, c) {
			dst = append(dst, c)
		}
	}
	add(w.fresh)
	states := w.statesOf(n)
	for i, p := range w.all {
		at := int(states[i])
		if at < len(p.tokens) && p.tokens[at].kind == star {
			at++
		}
		if at == len(p.tokens) || p.tokens[at].kind != literal {
			continue
		}
		c := p.tokens[at].char
		add(c)
		if w.cases && p.fold && 'a' <= c && c <= 'z' {
			add(c - ('a' - 'A'))
		}
	}
	if w.colon {
		add(':')
	}
	return dst
}

// reads reports whether the pattern's token at i reads c.
func (p positive) reads(i int, c rune) bool {
	if i >= len(p.tokens) {
		return false
	}
	t := p.tokens[i]
	switch {
	case t.kind == literal:
		return t.char == foldChar(c, p.fold)
	case c >= firstVar:
		return t.kind == star && !t.confined
	}
	return !t.confined || c != ':'
}

// after returns the states in which the pattern can be after c in state at, the
// one that is further on first: at most two, -1 stands for none.
func (p positive) after(at int, c rune) [2]int32 {
	if at >= len(p.tokens) || p.tokens[at].kind != star {
		if p.reads(at, c) {
			return [2]int32{int32(at + 1), -1}
		}
		return [2]int32{-1, -1}
	}
	out := [2]int32{-1, -1}
	if p.reads(at+1, c) {
		out[0] = int32(at + 2)
	}
	if p.reads(at, c) {
		out[1] = int32(at)
	}
	return out
}

func (w *walk) canRead(n int, c rune) bool {
	for i, at := range w.statesOf(n) {
		if w.all[i].after(int(at), c) == [2]int32{-1, -1} {
			return false
		}
	}
	return true
}

// read adds the strings that continue node n with c, choosing the state of the
// i-th pattern and those after it, and returns one that answers the search or -1.
func (w *walk) read(states []int32, i, n int, c rune, set bitset) int {
	if i == len(w.all) {
		if m := w.add(n, c, states, set); m >= 0 && w.accepts(m) {
			return m
		}
		return -1
	}
	for _, at := range w.all[i].after(int(w.statesOf(n)[i]), c) {
		if at < 0 || w.work < 0 {
			continue
		}
		states[i] = at
		if m := w.read(states, i+1, n, c, set); m >= 0 {
			return m
		}
	}
	return -1
}

// add makes a node, unless one that is as good exists; then it returns -1.
func (w *walk) add(parent int, c rune, states []int32, set bitset) int {
	hash := uint64(len(states))
	for _, at := range states {
		hash = (hash ^ uint64(at)) * 0x9e3779b97f4a7c15
		hash ^= hash >> 29
	}
	first, ok := w.byHash[hash]
	if !ok {
		first = -1
	}
	for m := first; m >= 0; m = w.next[m] {
		w.work -= 1 + w.nwords
		if slices.Equal(w.statesOf(int(m)), states) && w.setOf(int(m)).subsetOf(set) {
			return -1
		}
	}
	n := len(w.parent)
	w.work -= 16 + w.nwords + len(states)
	w.parent = append(w.parent, int32(parent))
	w.char = append(w.char, c)
	w.states = append(w.states, states...)
	w.sets = append(w.sets, set...)
	w.next = append(w.next, first)
	w.byHash[hash] = int32(n)
	return n
}

// accepts reports whether the string of node n answers the search.
func (w *walk) accepts(n int) bool {
	for i, at := range w.statesOf(n) {
		t := w.all[i].tokens
		end := len(t)
		if int(at) != end && !(int(at) == end-1 && t[at].kind == star) {
			return false
		}
	}
	ok := true
	w.each(w.setOf(n), func(a *automaton, set bitset) { ok = ok && !a.accepts(set) })
	return ok
}

// word returns the string of node n.
func (w *walk) word(n int) string {
	var chars []rune
	for ; w.parent[n] >= 0; n = int(w.parent[n]) {
		chars = append(chars, w.char[n])
	}
	var b strings.Builder
	for i := len(chars) - 1; i >= 0; i-- {
		writeChar(&b, chars[i])
	}
	return b.String()
}

// writeChar undoes char.
func writeChar(b *strings.Builder, c rune) {
	if c >= badByte {
		b.WriteByte(byte(c - badByte))
		return
	}
	b.WriteRune(c)
}
