package pattern

import (
	"strings"
	"unicode/utf8"
)

// The matcher cuts a pattern at its stars into groups. The first group is
// anchored at the start of the string and the last one at its end; each group
// between them is taken where it ends first, which never spoils what follows.
//
// Inside a group, confined stars separate blocks. A block has a fixed number
// of characters. Within one run without colons the first occurrence of a block
// is again as good as any other, because of two facts about every dialect:
// a block that holds a literal colon can stand in one place of a run only, and
// a wildcard that matches colons comes after a confined star only when a
// literal colon stands between them.
//
// That is linear for ordinary input. Work is counted, and input that makes the
// matcher go over the same text again and again is left to the automaton.

// maxNaive is the largest block, in bytes and question marks, that is searched
// for by trying every place.
const maxNaive = 128

type matcher struct {
	s    string
	fold bool
	work int // steps left; negative when the automaton has to take over
}

func matchParts(parts []part, s string, fold bool) bool {
	m := matcher{s: s, fold: fold, work: 4096 + 32*len(s)}
	ok := m.run(parts)
	if m.work < 0 {
		return newAutomaton(tokens(parts, fold, false), fold).match(s)
	}
	return ok
}

func (m *matcher) run(parts []part) bool {
	group, rest, more := cut(parts, false)
	pos := m.chain(group, 0, !more)
	for more && pos >= 0 {
		group, rest, more = cut(rest, false)
		pos = m.float(group, pos, !more)
	}
	return pos >= 0
}

// cut splits parts at the first star, free or confined as asked for.
func cut(parts []part, confined bool) (before, after []part, found bool) {
	for i := range parts {
		if parts[i].kind == star && parts[i].confined == confined {
			return parts[:i], parts[i+1:], true
		}
	}
	return parts, nil, false
}

// chain matches a group that starts at pos and returns where it ends first, or
// -1. With toEnd the group has to reach the end of the string.
func (m *matcher) chain(group []part, pos int, toEnd bool) int {
	block, rest, more := cut(group, true)
	pos = m.at(block, pos)
	switch {
	case pos < 0:
		return -1
	case more:
		return m.gap(rest, pos, toEnd)
	case toEnd && pos != len(m.s):
		return -1
	}
	return pos
}

// float matches a group that starts at pos or later, like chain.
func (m *matcher) float(group []part, pos int, toEnd bool) int {
	block, rest, more := cut(group, true)
	if !more && toEnd {
		if m.back(block) < pos {
			return -1
		}
		return len(m.s)
	}
	for {
		start, end := m.find(block, pos, len(m.s))
		if start < 0 || !more {
			return end
		}
		if end = m.gap(rest, end, toEnd); end >= 0 || start == len(m.s) {
			return end
		}
		pos = start + width(m.s, start)
	}
}

// gap matches a confined star at pos and the rest of its group after it.
func (m *matcher) gap(rest []part, pos int, toEnd bool) int {
	for more := true; more && pos >= 0; {
		var block []part
		block, rest, more = cut(rest, true)
		limit := m.runEnd(pos)
		if !more && toEnd {
			if start := m.back(block); start < pos || start > limit {
				return -1
			}
			return len(m.s)
		}
		_, pos = m.find(block, pos, limit)
	}
	return pos
}

// runEnd returns where the next colon stands, or the end of the string.
func (m *matcher) runEnd(pos int) int {
	n := strings.IndexByte(m.s[pos:], ':')
	if n < 0 {
		n = len(m.s) - pos
	}
	m.spend(n)
	return pos + n
}

// find returns the first place of block that starts in [from, last], and where
// it ends there; -1 twice when there is none.
func (m *matcher) find(block []part, from, last int) (start, end int) {
	if len(block) == 0 {
		return from, from
	}
	if block[0].kind == literal && !m.fold {
		if n := size(block); len(block) > 1 && n > maxNaive {
			m.spend(n)
			block = joined(block)
		}
		if len(block) == 1 {
			start = m.findText(block[0].text, from, last)
			if start < 0 {
				return -1, -1
			}
			end = start + len(block[0].text)
			if !boundary(m.s, end) {
				m.work = -1 // text that is not UTF-8
				return -1, -1
			}
			return start, end
		}
	}
	if size(block) > maxNaive {
		m.work = -1
		return -1, -1
	}
	for pos := from; pos <= last && m.work >= 0; pos += width(m.s, pos) {
		if block[0].kind == literal && !m.fold {
			if pos = m.findText(block[0].text, pos, last); pos < 0 {
				break
			}
		}
		if end := m.at(block, pos); end >= 0 {
			return pos, end
		}
		if pos == len(m.s) {
			break
		}
	}
	return -1, -1
}

// findText returns the first place of text that starts in [from, last], or -1.
func (m *matcher) findText(text string, from, last int) int {
	limit := min(len(m.s), last+len(text))
	if limit < from {
		return -1
	}
	n := strings.Index(m.s[from:limit], text)
	if n < 0 {
		m.spend(limit - from)
		return -1
	}
	m.spend(n)
	if !boundary(m.s, from+n) {
		m.work = -1 // text that is not UTF-8
		return -1
	}
	return from + n
}

// at matches block at pos and returns where it ends, or -1.
func (m *matcher) at(block []part, pos int) int {
	for i := range block {
		t := &block[i]
		m.work--
		if t.kind == literal {
			if !hasPrefix(m.s[pos:], t.text, m.fold) {
				return -1
			}
			m.spend(len(t.text))
			pos += len(t.text)
			if (i+1 == len(block) || block[i+1].kind != literal) && !boundary(m.s, pos) {
				return -1
			}
			continue
		}
		m.work -= t.count
		for range t.count {
			if pos == len(m.s) || t.confined && m.s[pos] == ':' {
				return -1
			}
			pos += width(m.s, pos)
		}
	}
	return pos
}

// back matches block at the end of the string and returns where it starts, or -1.
func (m *matcher) back(block []part) int {
	pos := len(m.s)
	for i := len(block) - 1; i >= 0; i-- {
		t := &block[i]
		if t.kind == literal {
			if pos -= len(t.text); pos < 0 || !hasPrefix(m.s[pos:], t.text, m.fold) {
				return -1
			}
			if (i == 0 || block[i-1].kind != literal) && !boundary(m.s, pos) {
				return -1
			}
			continue
		}
		for range t.count {
			if pos == 0 || t.confined && m.s[pos-1] == ':' {
				return -1
			}
			_, w := utf8.DecodeLastRuneInString(m.s[:pos])
			pos -= w
		}
	}
	return pos
}

// spend counts the work of a fast loop over n bytes.
func (m *matcher) spend(n int) { m.work -= n/16 + 1 }

// size returns the number of bytes and question marks of a block.
func size(block []part) int {
	n := 0
	for i := range block {
		n += len(block[i].text)
		if block[i].kind == one {
			n += block[i].count
		}
	}
	return n
}

// joined returns the block as a single literal, or as it is when it holds a ?.
func joined(block []part) []part {
	if text, n := literalRun(block); n == len(block) {
		return []part{{kind: literal, text: text}}
	}
	return block
}

// width returns the number of bytes of the character at s[pos].
func width(s string, pos int) int {
	if pos >= len(s) || s[pos] < utf8.RuneSelf {
		return 1
	}
	_, w := utf8.DecodeRuneInString(s[pos:])
	return w
}

// boundary reports whether a character starts (or the string ends) at s[pos].
func boundary(s string, pos int) bool {
	if pos == 0 || pos == len(s) || utf8.RuneStart(s[pos]) {
		return true
	}
	for k := pos - 1; k >= 0 && k > pos-utf8.UTFMax; k-- {
		if utf8.RuneStart(s[k]) {
			_, w := utf8.DecodeRuneInString(s[k:])
			return k+w <= pos
		}
	}
	return true
}

// hasPrefix reports whether s begins with text, with or without regard to case.
func hasPrefix(s, text string, fold bool) bool {
	if len(s) < len(text) {
		return false
	}
	if !fold {
		return s[:len(text)] == text
	}
	for i := range len(text) {
		if s[i] != text[i] && lower(s[i]) != lower(text[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
