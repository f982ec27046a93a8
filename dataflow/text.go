package dataflow

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
)

// Text is a set of strings: a literal, or literals with any text between them.
// Literals are kept apart from wildcards, so a "*" in one is only a character.
// The zero Text is the empty string.
type Text struct {
	// pieces are the literals around the wildcards: one more than there are
	// wildcards, and none but the first and the last empty. nil is one empty
	// literal.
	pieces []string
	from   *trail
	// held is the text with the holes of a template in it (see package hole),
	// where it is known but for those: each is a wildcard among the pieces, and
	// one value of which no more is known than its name. "" for other texts.
	held string
}

// anyText is every string.
var anyText = Text{pieces: []string{"", ""}}

// Literal returns the text that is exactly s. Holes in it are unknown, but the
// same in all executions.
func Literal(s string) Text { return holding(newText([]string{s}, nil), s) }

// holding notes that a text is exactly s, where s has holes.
func holding(t Text, s string) Text {
	if hole.Has(s) && len(s) <= maxHeld {
		t.held = s
	}
	return t
}

// Known returns the text that stands there in every execution: a literal, or one
// with holes.
func (t Text) Known() (s string, ok bool) {
	if t.held != "" {
		return t.held, true
	}
	return t.Literal()
}

// Pattern reads a text in which "*" stands for any text. It has no escapes:
// other characters stand for themselves.
func Pattern(s string) Text { return newText(strings.Split(s, "*"), nil) }

// maxText is how many bytes the literals of a Text may hold. Names of resources
// are shorter; what is longer keeps its beginning.
const maxText = 2048

// maxHeld is the same for texts with holes, whose names take more bytes.
const maxHeld = 4 * maxText

// newText joins wildcards that stand side by side, and cuts what is too long.
func newText(pieces []string, from *trail) Text {
	pieces = aroundHoles(pieces)
	if len(pieces) > 2 {
		last := len(pieces) - 1
		kept := pieces[:1:1]
		for _, p := range pieces[1:last] {
			if p != "" {
				kept = append(kept, p)
			}
		}
		pieces = append(kept, pieces[last])
	}
	total := 0
	for i, p := range pieces {
		if total += len(p); total > maxText || !utf8.ValidString(p) {
			head := ""
			if i == 0 {
				head = validPrefix(p, maxText)
			}
			pieces = append(slices.Clone(pieces[:i]), head, "")
			return newText(pieces, from)
		}
	}
	return Text{pieces: pieces, from: from}
}

// aroundHoles puts wildcards in the place of holes.
func aroundHoles(pieces []string) []string {
	if !slices.ContainsFunc(pieces, hole.Has) {
		return pieces
	}
	var out []string
	for _, p := range pieces {
		before, _, after, ok := hole.Next(p)
		for ; ok; before, _, after, ok = hole.Next(after) {
			out = append(out, before)
		}
		out = append(out, before)
	}
	return out
}

// validPrefix returns at most n bytes of s that are whole characters.
func validPrefix(s string, n int) string {
	end := 0
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		if r == utf8.RuneError && size <= 1 || end+size > n {
			break
		}
		end += size
	}
	return s[:end]
}

// Literal returns the one string that the text is.
func (t Text) Literal() (s string, ok bool) {
	switch len(t.pieces) {
	case 0:
		return "", true
	case 1:
		return t.pieces[0], true
	}
	return "", false
}

// Any reports whether the text may be every string.
func (t Text) Any() bool {
	return t.held == "" && len(t.pieces) == 2 && t.pieces[0] == "" && t.pieces[1] == ""
}

// Pieces returns the literals around the wildcards, one more than there are
// wildcards. The slice is not to be changed.
func (t Text) Pieces() []string {
	if t.pieces == nil {
		return []string{""}
	}
	return t.pieces
}

// String writes the text as a pattern; a "*" that is only a character is
// written "${*}", as in policies.
func (t Text) String() string {
	escaped := make([]string, len(t.pieces))
	for i, p := range t.pieces {
		escaped[i] = strings.ReplaceAll(p, "*", "${*}")
	}
	return strings.Join(escaped, "*")
}

// Contains reports whether s is one of the strings.
func (t Text) Contains(s string) bool {
	if literal, ok := t.Literal(); ok {
		return literal == s
	}
	last := len(t.pieces) - 1
	if !strings.HasPrefix(s, t.pieces[0]) {
		return false
	}
	s = s[len(t.pieces[0]):]
	for _, p := range t.pieces[1:last] {
		at := strings.Index(s, p)
		if at < 0 {
			return false
		}
		s = s[at+len(p):]
	}
	return strings.HasSuffix(s, t.pieces[last])
}

func (t Text) first() string { return t.Pieces()[0] }
func (t Text) last() string  { p := t.Pieces(); return p[len(p)-1] }

func (t Text) equal(u Text) bool { return slices.Equal(t.Pieces(), u.Pieces()) }

// covers reports whether every string of u is one of t.
func (t Text) covers(u Text) bool {
	if t.held != "" {
		return t.held == u.held
	}
	if s, ok := u.Literal(); ok {
		return t.Contains(s)
	}
	if _, ok := t.Literal(); ok {
		return false
	}
	switch {
	case t.Any() || t.equal(u):
		return true
	case !strings.HasPrefix(u.first(), t.first()) || !strings.HasSuffix(u.last(), t.last()):
		return false
	case len(t.pieces) == 2:
		return true // what u begins and ends with is all that t asks for
	}
	return pattern.Subset(u.compile(), t.compile()) == pattern.Yes
}

func (t Text) compile() *pattern.Pattern {
	var parts []pattern.Piece
	for i, p := range t.Pieces() {
		if i > 0 {
			parts = append(parts, pattern.Wild("*"))
		}
		parts = append(parts, pattern.Literal(p))
	}
	return pattern.Dialect{}.Compile(parts...)
}

// concat returns the strings of t followed by those of u. The way that a value
// took is that of the more telling part.
func concat(t, u Text) Text {
	a, b := t.Pieces(), u.Pieces()
	pieces := make([]string, 0, len(a)+len(b)-1)
	pieces = append(pieces, a[:len(a)-1]...)
	pieces = append(pieces, a[len(a)-1]+b[0])
	pieces = append(pieces, b[1:]...)
	from := t.from
	if from == nil || t.Any() {
		from = u.from
	}
	out := newText(pieces, from)
	if t.held != "" || u.held != "" {
		before, known := t.Known()
		after, alsoKnown := u.Known()
		if known && alsoKnown {
			return holding(out, before+after)
		}
	}
	return out
}

// maxTexts is how many texts one place may hold.
const maxTexts = 32

// addText adds a text to a set; the slice given is not changed.
func addText(set []Text, t Text) []Text {
	for _, have := range set {
		if have.covers(t) {
			return set
		}
	}
	out := make([]Text, 0, len(set)+1)
	for _, have := range set {
		if !t.covers(have) {
			out = append(out, have)
		}
	}
	if out = append(out, t); len(out) > maxTexts {
		return []Text{collapse(out)}
	}
	return out
}

func joinTexts(a, b []Text) []Text {
	if len(a) == 0 {
		return b
	}
	for _, t := range b {
		a = addText(a, t)
	}
	return a
}

// collapse returns one text for a set: what all begin with, and what all end
// with.
func collapse(set []Text) Text {
	prefix, suffix := set[0].first(), set[0].last()
	shortest := -1 // of the literals, in which the two must not overlap
	for _, t := range set {
		prefix = prefix[:commonPrefix(prefix, t.first())]
		suffix = suffix[len(suffix)-commonSuffix(suffix, t.last()):]
		if s, ok := t.Literal(); ok && (shortest < 0 || len(s) < shortest) {
			shortest = len(s)
		}
	}
	prefix = validPrefix(prefix, len(prefix))
	if shortest >= 0 && len(prefix)+len(suffix) > shortest {
		suffix = suffix[len(prefix)+len(suffix)-shortest:]
	}
	for suffix != "" && !utf8.RuneStart(suffix[0]) {
		suffix = suffix[1:]
	}
	return newText([]string{prefix, suffix}, set[0].from)
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
