package pattern

import "strings"

// A part is what the matcher works on: a literal, a run of ?, a * or a variable.
type part struct {
	kind     kind
	confined bool   // a wildcard that does not match a colon
	count    int    // one: number of characters; variable: slot
	colons   int    // wildcard: literal colons before it
	text     string // literal: the text; variable: its name
}

type kind uint8

const (
	wild     kind = iota // only in a Piece: text not yet split
	literal              // text
	one                  // count times ?
	star                 // *
	variable             // text supplied later
	sub                  // only in a Piece: the parts of another pattern
)

// appendLiteral and appendWild take and return the number of colons of the
// pattern so far. (Passing slices along, instead of keeping them in a struct,
// lets them stay on the stack.)

func (d Dialect) appendLiteral(parts []part, colons int, text string) ([]part, int) {
	if text == "" {
		return parts, colons
	}
	if d.Colons > 0 {
		colons += strings.Count(text, ":")
	}
	return append(parts, part{kind: literal, text: text}), colons
}

func (d Dialect) appendWild(parts []part, colons int, text string) ([]part, int) {
	for {
		i := strings.IndexAny(text, "*?")
		if i < 0 {
			return d.appendLiteral(parts, colons, text)
		}
		parts, colons = d.appendLiteral(parts, colons, text[:i])
		t := part{kind: star, confined: colons < d.Colons, colons: colons}
		if text[i] == '?' {
			t.kind, t.count = one, 1
		}
		parts = appendPart(parts, t)
		text = text[i+1:]
	}
}

// openEnds applies Dialect.OpenEnd to all the parts of a pattern.
func (d Dialect) openEnds(parts []part) {
	if !d.OpenEnd {
		return
	}
	for i := range parts {
		last := i+1 == len(parts)
		if parts[i].kind == star && (last || parts[i+1].kind == literal && parts[i+1].text[0] == ':') {
			parts[i].confined = false
		}
	}
}

// appendPart appends t, merging it with an equal wildcard before it.
// Two stars never stand next to each other: ** means *.
func appendPart(parts []part, t part) []part {
	if n := len(parts); n > 0 && parts[n-1].kind == t.kind {
		last := &parts[n-1]
		switch {
		case t.kind == star:
			last.confined = last.confined && t.confined
			return parts
		case t.kind == one && last.confined == t.confined:
			last.count += t.count
			return parts
		}
	}
	return append(parts, t)
}

// substitute appends the parts to dst with every variable replaced by its
// value. Colons in a value count like colons of the pattern: wildcards after
// the last of the dialect's colons are no longer confined.
func substitute(dst, parts []part, colons int, value func(int) (string, bool)) ([]part, bool) {
	extra := 0
	for _, t := range parts {
		switch t.kind {
		case variable:
			text, ok := value(t.count)
			if !ok {
				return nil, false
			}
			if text == "" {
				continue
			}
			if colons > 0 {
				extra += strings.Count(text, ":")
			}
			t = part{kind: literal, text: text}
		case one, star:
			t.confined = t.confined && t.colons+extra < colons
		}
		dst = appendPart(dst, t)
	}
	return dst, true
}

// joinLiterals joins neighbouring literals in place.
func joinLiterals(parts []part) []part {
	out := parts[:0]
	for len(parts) > 0 {
		text, n := literalRun(parts)
		if n == 0 {
			out, parts = append(out, parts[0]), parts[1:]
			continue
		}
		out, parts = append(out, part{kind: literal, text: text}), parts[n:]
	}
	return out
}

// literalRun returns the joined text of the literals at the head of parts, and
// their number.
func literalRun(parts []part) (text string, n int) {
	for n < len(parts) && parts[n].kind == literal {
		n++
	}
	if n == 1 {
		return parts[0].text, 1
	}
	var b strings.Builder
	for _, t := range parts[:n] {
		b.WriteString(t.text)
	}
	return b.String(), n
}
