package pattern

import "unicode/utf8"

// A token is one step of a pattern seen as a nondeterministic automaton: state
// i means that the first i tokens are used up.
type token struct {
	kind     kind // literal, one, star
	confined bool
	char     rune
}

// Characters beyond Unicode stand for what is not a code point.
const (
	badByte  rune = utf8.MaxRune + 1 // + b: a byte that is not part of valid UTF-8
	firstVar rune = badByte + 256    // + slot: the unknown value of a variable
)

// tokens flattens parts. Variables become letters of their own. With widen,
// wildcards after a variable are not confined, because the value may hold
// colons: the tokens then match at least what the pattern matches.
func tokens(parts []part, fold, widen bool) []token {
	var out []token
	afterVar := false
	for i := 0; i < len(parts); i++ {
		switch t := parts[i]; t.kind {
		case literal:
			text, n := literalRun(parts[i:])
			i += n - 1
			for text != "" {
				c, w := char(text)
				out = append(out, token{kind: literal, char: foldChar(c, fold)})
				text = text[w:]
			}
		case variable:
			afterVar = true
			out = append(out, token{kind: literal, char: firstVar + rune(t.count)})
		default:
			confined := t.confined && !(widen && afterVar)
			n := max(1, t.count)
			for range n {
				out = append(out, token{kind: t.kind, confined: confined})
			}
		}
	}
	return out
}

// char decodes the first character of s, which is not empty.
func char(s string) (rune, int) {
	c, w := utf8.DecodeRuneInString(s)
	if c == utf8.RuneError && w <= 1 {
		return badByte + rune(s[0]), 1
	}
	return c, w
}

func foldChar(c rune, fold bool) rune {
	if fold && 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// A bitset is a set of states, 64 to the word.
type bitset []uint64

func (b bitset) add(i int) { b[i>>6] |= 1 << (i & 63) }
func (b bitset) addAll(list []int32) {
	for _, i := range list {
		b.add(int(i))
	}
}

func (b bitset) removeAll(list []int32) {
	for _, i := range list {
		b[i>>6] &^= 1 << (i & 63)
	}
}

func (b bitset) has(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

// subsetOf reports whether every element of b is in c.
func (b bitset) subsetOf(c bitset) bool {
	for i, w := range b {
		if w&^c[i] != 0 {
			return false
		}
	}
	return true
}

// An automaton runs all the ways to match a pattern at once, 64 states to the
// word (the method known as Shift-And).
type automaton struct {
	fold    bool
	final   int // number of tokens, the accepting state
	words   int
	forever bool // the last token is a free star

	stars, freeStars bitset // states before a star
	ones, freeOnes   bitset // states before a ?

	// The states before a letter: a set for letters that are in the pattern
	// often, a list for the others. Sets for all would take quadratic space.
	sets    map[rune]bitset
	lists   map[rune][]int32
	none    bitset
	scratch bitset
}

func newAutomaton(tokens []token, fold bool) *automaton {
	n := len(tokens)
	words := n/64 + 1
	flat := make(bitset, 6*words)
	a := &automaton{
		fold: fold, final: n, words: words,
		stars: flat[:words], freeStars: flat[words : 2*words],
		ones: flat[2*words : 3*words], freeOnes: flat[3*words : 4*words],
		none: flat[4*words : 5*words], scratch: flat[5*words:],
		sets: map[rune]bitset{}, lists: map[rune][]int32{},
	}
	a.forever = n > 0 && tokens[n-1].kind == star && !tokens[n-1].confined
	for i, t := range tokens {
		switch t.kind {
		case star:
			a.stars.add(i)
			if !t.confined {
				a.freeStars.add(i)
			}
		case one:
			a.ones.add(i)
			if !t.confined {
				a.freeOnes.add(i)
			}
		default:
			a.lists[t.char] = append(a.lists[t.char], int32(i))
		}
	}
	frequent := 0
	for _, list := range a.lists {
		if len(list) >= words {
			frequent++
		}
	}
	flat = make(bitset, frequent*words)
	for c, list := range a.lists {
		if len(list) >= words {
			a.sets[c], flat = flat[:words], flat[words:]
			a.sets[c].addAll(list)
			delete(a.lists, c)
		}
	}
	return a
}

// start sets dst to the states before the first character.
func (a *automaton) start(dst bitset) {
	clear(dst)
	dst.add(0)
	if a.stars.has(0) {
		dst.add(1)
	}
}

// step sets dst to the states after src has read c. They must not overlap.
func (a *automaton) step(dst, src bitset, c rune) {
	c = foldChar(c, a.fold)
	letters := a.none
	if set, ok := a.sets[c]; ok {
		letters = set
	} else if list := a.lists[c]; len(list) > 0 {
		letters = a.scratch
		letters.addAll(list)
		defer letters.removeAll(list)
	}
	ones, stars := a.ones, a.stars
	switch {
	case c == ':':
		ones, stars = a.freeOnes, a.freeStars
	case c >= firstVar:
		ones, stars = a.none, a.freeStars
	}
	var carry, skip uint64
	for i, w := range src {
		move := w & (letters[i] | ones[i])
		next := move<<1 | carry | w&stars[i]
		carry = move >> 63
		// A star may also match nothing. Two stars never stand together, so
		// one round closes the set.
		at := next & a.stars[i]
		dst[i] = next | at<<1 | skip
		skip = at >> 63
	}
}

// accepts reports whether set contains the accepting state.
func (a *automaton) accepts(set bitset) bool { return set.has(a.final) }

// match reports whether the whole of s matches.
func (a *automaton) match(s string) bool {
	set, next := make(bitset, a.words), make(bitset, a.words)
	a.start(set)
	for s != "" {
		c, w := char(s)
		a.step(next, set, c)
		set, next = next, set
		s = s[w:]
	}
	return a.accepts(set)
}
