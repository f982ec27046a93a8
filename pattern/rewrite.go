package pattern

import (
	"strconv"
	"strings"
)

// Of returns a piece that stands for what p matches, for [Pattern.Rewrite].
// Colons that p matches keep what confines its wildcards; the letter case is
// that of the pattern that the piece becomes part of.
func Of(p *Pattern) Piece { return Piece{kind: sub, parts: p.parts} }

// Rewrite returns p with its variables replaced by pieces: text, another
// variable, or the pattern of their values. Text that replaces a variable reads
// as a value does in [Pattern.MatchVars]. Where a pattern replaces one, the
// result matches at least what p matches with values of that pattern, and may
// match more, since such values may hold colons.
func (p *Pattern) Rewrite(piece func(slot int) Piece) *Pattern {
	if !p.vars {
		return p
	}
	var out []part
	extra, open := 0, false
	for _, t := range p.parts {
		if t.kind == variable {
			switch r := piece(t.count); r.kind {
			case literal:
				if r.text != "" {
					out = append(out, part{kind: literal, text: r.text})
				}
				extra += strings.Count(r.text, ":")
			case variable:
				out = append(out, part{kind: variable, count: r.slot, text: r.text})
			case sub:
				for _, s := range r.parts {
					open = open || s.kind != literal && !s.confined
					extra += strings.Count(s.text, ":")
					out = appendPart(out, s)
				}
			default:
				open = true
				out, _ = Dialect{}.appendWild(out, 0, r.text)
			}
			continue
		}
		if t.kind == one || t.kind == star {
			t.colons += extra
			t.confined = t.confined && t.colons < p.colons && !open
		}
		out = appendPart(out, t)
	}
	q := newPattern(joinLiterals(out), p.fold, p.colons)
	if open && !q.vars && q.shape == general {
		q.shape = mixed
	}
	return q
}

// Slots returns the slots of the variables of p, in their order, each once.
func (p *Pattern) Slots() []int {
	var out []int
next:
	for _, t := range p.parts {
		if t.kind != variable {
			continue
		}
		for _, s := range out {
			if s == t.count {
				continue next
			}
		}
		out = append(out, t.count)
	}
	return out
}

// Key returns a text that two patterns share only when they are written alike:
// they match the same strings, if slots mean the same in both.
func (p *Pattern) Key() string {
	var b strings.Builder
	if p.fold {
		b.WriteByte('~')
	}
	for _, t := range p.parts {
		switch t.kind {
		case literal:
			b.WriteString(strings.ReplaceAll(t.text, "\x00", "\x00\x00"))
		case one:
			b.WriteString("\x00?" + strings.Repeat("?", t.count))
		case star:
			b.WriteString("\x00*")
		case variable:
			b.WriteString("\x00$" + strconv.Itoa(t.count) + ";")
		}
		if t.confined {
			b.WriteString("\x00:")
		}
	}
	return b.String()
}

// Colons returns the number of literal colons of p.
func (p *Pattern) Colons() int {
	n := 0
	for _, t := range p.parts {
		if t.kind == literal {
			n += strings.Count(t.text, ":")
		}
	}
	return n
}

// Apart reports whether the literal beginnings or ends of two patterns show that
// no string matches both. It is a quick test: patterns that it does not tell
// apart may still have nothing in common, see [Overlaps].
func Apart(a, b *Pattern) bool { return apart(a, b) }

// Folds reports whether p takes letters without regard to case.
func (p *Pattern) Folds() bool { return p.fold }

// Says reports whether the answer to the question is v.
func (q Search) Says(v Verdict) bool {
	_, got := q.Run()
	return got == v
}

// Open returns p with names in its text made variables: what stands between the
// characters open and shut becomes a variable, whose slot the function says.
func (p *Pattern) Open(open, shut rune, slot func(name string) int) *Pattern {
	if !strings.ContainsRune(p.Key(), open) {
		return p
	}
	var out []part
	for _, t := range p.parts {
		for t.kind == literal {
			before, rest, found := strings.Cut(t.text, string(open))
			name, after, closed := strings.Cut(rest, string(shut))
			if !found || !closed {
				break
			}
			if before != "" {
				out = append(out, part{kind: literal, text: before})
			}
			out = append(out, part{kind: variable, count: slot(name), text: name})
			t.text = after
		}
		if t.kind != literal || t.text != "" {
			out = append(out, t)
		}
	}
	return newPattern(joinLiterals(out), p.fold, p.colons)
}
