// Package pattern implements the wildcards of IAM policies and the questions
// that can be asked about them.
//
// A pattern is text in which * stands for any run of characters, also an empty
// one, and ? for exactly one character. Everything else is literal. A character
// is one UTF-8 code point; a byte that is not part of a valid code point counts
// as one character. Case matters unless the [Dialect] says otherwise.
//
// Actions, resources and ARN conditions read the same wildcards with different
// rules for colons. A [Dialect] names such a set of rules.
//
// The simplest use is [Match]. A program that matches often compiles a
// [Pattern] once. [Subset], [Overlaps], [Witness] and [Intersect] compare
// patterns with each other.
package pattern

import (
	"slices"
	"strings"
)

// A Dialect is a set of rules for reading a pattern. The zero Dialect is that
// of the StringLike operator: case matters, and colons are ordinary characters.
type Dialect struct {
	// Fold makes ASCII letters match without regard to case.
	Fold bool

	// Colons confines wildcards: one that stands before that many colons of
	// the pattern have passed does not match a colon. With 5 the wildcards in
	// the first five components of an ARN stay inside their component.
	Colons int

	// OpenEnd exempts a * that is the last character of its component
	// (a colon or the end of the pattern follows) from Colons.
	OpenEnd bool
}

// Match reports whether the whole of s matches pattern, with the rules of
// StringLike: * and ? match any character, and case matters.
func Match(pattern, s string) bool {
	return Dialect{}.Match(pattern, s)
}

// MatchFold is like [Match] but ignores the case of ASCII letters.
func MatchFold(pattern, s string) bool {
	return Dialect{Fold: true}.Match(pattern, s)
}

// Match reports whether the whole of s matches pattern under the rules of d.
// It does not allocate for patterns of ordinary size, and its time grows with
// the length of s and, divided by 64, with their product at worst.
func (d Dialect) Match(pattern, s string) bool {
	var buf [16]part
	parts, _ := d.appendWild(buf[:0], 0, pattern)
	d.openEnds(parts)
	return matchParts(parts, s, d.Fold)
}

// Compile makes the pattern that consists of the pieces in their order.
func (d Dialect) Compile(pieces ...Piece) *Pattern {
	var buf [8]part
	parts, colons := buf[:0], 0
	for _, p := range pieces {
		switch p.kind {
		case literal:
			parts, colons = d.appendLiteral(parts, colons, p.text)
		case variable:
			parts = append(parts, part{kind: variable, count: p.slot, text: p.text})
		case sub:
			for _, t := range p.parts {
				parts = appendPart(parts, t)
			}
		default:
			parts, colons = d.appendWild(parts, colons, p.text)
		}
	}
	parts = joinLiterals(parts)
	d.openEnds(parts)
	return newPattern(parts, d.Fold, d.Colons)
}

// CompileAll compiles texts as Compile does a Wild piece each, together in few
// allocations: text returns the one with a number below n.
func (d Dialect) CompileAll(n int, text func(i int) string) []Pattern {
	most := 0
	for i := range n {
		most += maxParts(text(i))
	}
	all, patterns := make([]part, 0, most), make([]Pattern, n)
	for i := range patterns {
		parts, _ := d.appendWild(all[len(all):], 0, text(i))
		d.openEnds(parts)
		patterns[i].init(parts[:len(parts):len(parts)], d.Fold, d.Colons)
		all = all[:len(all)+len(parts)]
	}
	return patterns
}

// maxParts is how many parts a text has at most.
func maxParts(text string) int {
	wildcards := strings.Count(text, "*") + strings.Count(text, "?")
	if text != "" && strings.IndexByte("*?", text[len(text)-1]) < 0 {
		return 2*wildcards + 1
	}
	return 2 * wildcards
}

// Compile returns the compiled form of pattern under the rules of [Match].
func Compile(pattern string) *Pattern {
	return Dialect{}.Compile(Wild(pattern))
}

// A Piece is a part of a pattern that is built with [Dialect.Compile].
// The zero Piece is empty.
type Piece struct {
	kind  kind
	text  string
	slot  int
	parts []part // of a piece made by Of
}

// Literal returns a piece that matches exactly text; * and ? in it are
// ordinary characters. It stands for ${*}, ${?} and ${$} among others.
func Literal(text string) Piece { return Piece{kind: literal, text: text} }

// Wild returns a piece of pattern text, in which * and ? are wildcards.
func Wild(text string) Piece { return Piece{kind: wild, text: text} }

// Var returns a piece whose text is supplied when a string is matched: see
// [Pattern.MatchVars]. The slot identifies the variable to the supplier, and
// in comparisons of patterns equal slots mean the same variable. The name is
// for [Pattern.String] only.
func Var(slot int, name string) Piece { return Piece{kind: variable, text: name, slot: slot} }

// Fixed reports whether a piece matches one text alone: it is a Literal.
func (p Piece) Fixed() bool { return p.kind == literal }

// A Pattern is a compiled pattern. It never changes and may be used by several
// goroutines at once.
type Pattern struct {
	parts  []part
	shape  shape
	fold   bool
	vars   bool
	colons int    // Dialect.Colons, for variables whose values hold colons
	text   string // the literal text before the first wildcard or variable
}

// A shape is a form of pattern that is matched in a way of its own.
type shape uint8

const (
	general shape = iota
	exact         // text
	prefix        // text*
	always        // *
	mixed         // an intersection that the plain matcher does not take
)

// newPattern makes a pattern of a copy of the parts. Most have two at most, which
// then lie beside it.
func newPattern(parts []part, fold bool, colons int) *Pattern {
	var p *Pattern
	if len(parts) <= 2 {
		small := new(struct {
			pattern Pattern
			parts   [2]part
		})
		p, parts = &small.pattern, small.parts[:copy(small.parts[:], parts)]
	} else {
		p, parts = new(Pattern), slices.Clone(parts)
	}
	p.init(parts, fold, colons)
	return p
}

func (p *Pattern) init(parts []part, fold bool, colons int) {
	p.parts, p.fold, p.colons = parts, fold, colons
	for _, t := range parts {
		p.vars = p.vars || t.kind == variable
	}
	rest := parts
	if len(rest) > 0 && rest[0].kind == literal {
		p.text, rest = rest[0].text, rest[1:]
	}
	switch {
	case len(rest) == 0:
		p.shape = exact
	case len(rest) == 1 && rest[0].kind == star && !rest[0].confined && p.text == "":
		p.shape = always
	case len(rest) == 1 && rest[0].kind == star && !rest[0].confined:
		p.shape = prefix
	}
}

// Match reports whether the whole of s matches p. A pattern with variables
// matches nothing here; see [Pattern.MatchVars].
func (p *Pattern) Match(s string) bool {
	switch p.shape {
	case always:
		return true
	case exact:
		return len(s) == len(p.text) && hasPrefix(s, p.text, p.fold)
	case prefix:
		return hasPrefix(s, p.text, p.fold) && boundary(s, len(p.text))
	case mixed:
		return newAutomaton(tokens(p.parts, p.fold, false), p.fold).match(s)
	}
	return !p.vars && matchParts(p.parts, s, p.fold)
}

// MatchVars is like [Pattern.Match] for a pattern with variables. It asks value
// for the text of each variable, which is matched literally: wildcards in it
// are ordinary characters. When value reports that a variable has no value,
// the pattern matches nothing.
func (p *Pattern) MatchVars(s string, value func(slot int) (text string, ok bool)) bool {
	if !p.vars {
		return p.Match(s)
	}
	if len(p.text) > 0 && !hasPrefix(s, p.text, p.fold) {
		return false
	}
	var buf [16]part
	parts, ok := substitute(buf[:0], p.parts, p.colons, value)
	return ok && matchParts(parts, s, p.fold)
}

// Bind returns p with its variables replaced by their values, as
// [Pattern.MatchVars] reads them. It reports false when one has no value.
func (p *Pattern) Bind(value func(slot int) (text string, ok bool)) (*Pattern, bool) {
	parts, ok := substitute(nil, p.parts, p.colons, value)
	if !ok {
		return nil, false
	}
	return newPattern(joinLiterals(parts), p.fold, p.colons), true
}

// Widen returns a pattern without variables that matches every string that p
// matches with any values of its variables, as long as these are valid UTF-8.
func (p *Pattern) Widen() *Pattern {
	if !p.vars {
		return p
	}
	var out []part
	open := false // a value with colons may have ended the confinement
	for _, t := range p.parts {
		if t.kind == variable {
			open = true
			t = part{kind: star}
		}
		t.confined = t.confined && !open
		out = appendPart(out, t)
	}
	return newPattern(out, p.fold, p.colons)
}

// HasVars reports whether p contains variables.
func (p *Pattern) HasVars() bool { return p.vars }

// Any reports whether p is *, which matches every string.
func (p *Pattern) Any() bool { return p.shape == always }

// Literal returns the one string that p matches (up to case, where the dialect
// folds it), and false when p has wildcards or variables.
func (p *Pattern) Literal() (string, bool) {
	if p.shape != exact {
		return "", false
	}
	return p.text, true
}

// Prefix returns the literal text before the first wildcard or variable.
func (p *Pattern) Prefix() string { return p.text }

// Begins returns the text with which exactly the strings begin that p matches (up
// to case, where the dialect folds it), and false when p asks for more.
func (p *Pattern) Begins() (string, bool) {
	if p.shape != prefix {
		return "", false
	}
	return p.text, true
}

// String returns the pattern as a policy of version 2012-10-17 spells it:
// literal wildcards are written ${*} and ${?}, variables ${name}.
func (p *Pattern) String() string {
	var b strings.Builder
	for _, t := range p.parts {
		switch t.kind {
		case literal:
			escaper.WriteString(&b, t.text)
		case one:
			b.WriteString(strings.Repeat("?", t.count))
		case star:
			b.WriteByte('*')
		case variable:
			b.WriteString("${" + t.text + "}")
		}
	}
	return b.String()
}

var escaper = strings.NewReplacer("*", "${*}", "?", "${?}", "${", "${$}{")
