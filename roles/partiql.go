package roles

import "strings"

// PartiQL statements, as far as they tell which table they work on. Source:
// Amazon DynamoDB Developer Guide, ql-reference.

// tablesOf returns the table, or TABLE/index/INDEX, that a statement works on if
// it is of the kind of verb. In an open text "*" stands for any text.
func tablesOf(text string, open bool, verb string) []viewed {
	s := statementReader{rest: text, open: open}
	word := s.next()
	for word.text == "(" || word.is("EXISTS") { // a condition of a transaction reads
		word = s.next()
	}
	switch {
	case open && strings.Contains(word.text, "*"):
		if !overlaps(word.text, verb) {
			return nil
		}
		return []viewed{{"*", true}}
	case !word.is(verb):
		return nil
	}
	if before := map[string]string{"SELECT": "FROM", "INSERT": "INTO", "DELETE": "FROM"}[verb]; before != "" {
		for !word.is(before) {
			if word = s.next(); word.text == "" {
				return []viewed{{"*", true}} // no place to read the table from
			}
		}
	}
	table := s.next()
	if !table.name {
		return []viewed{{"*", true}}
	}
	if verb == "SELECT" && strings.HasPrefix(s.rest, ".") {
		s.rest = s.rest[1:]
		if index := s.next(); index.name {
			return []viewed{{table.text + "/index/" + index.text, open}}
		}
	}
	return []viewed{{table.text, open}}
}

// lexeme is a word, a name in quotes, or a mark.
type lexeme struct {
	text   string
	name   bool // it can name a table
	quoted bool
}

func (t lexeme) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

type statementReader struct {
	rest string
	open bool
}

// next returns the next token; one without text is the end.
func (s *statementReader) next() lexeme {
	s.skip()
	if s.rest == "" {
		return lexeme{}
	}
	switch s.rest[0] {
	case '"':
		return lexeme{text: s.quoted('"'), name: true, quoted: true}
	case '\'':
		s.quoted('\'')
		return lexeme{text: "'", quoted: true}
	}
	n := 0
	for n < len(s.rest) && s.inWord(s.rest[n]) {
		n++
	}
	if n == 0 {
		mark := s.rest[:1]
		s.rest = s.rest[1:]
		return lexeme{text: mark}
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	return lexeme{text: word, name: true}
}

func (s *statementReader) inWord(c byte) bool {
	switch {
	case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '_', c == '-', c == '$', c >= 0x80:
		return true
	}
	return c == '*' && s.open
}

// skip drops white space and comments.
func (s *statementReader) skip() {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n\f\v\u00a0")
		switch {
		case strings.HasPrefix(s.rest, "--"):
			_, s.rest, _ = strings.Cut(s.rest, "\n")
		case strings.HasPrefix(s.rest, "/*"):
			_, s.rest, _ = strings.Cut(s.rest[2:], "*/")
		default:
			return
		}
	}
}

// quoted reads a text in quotes; two of them are one.
func (s *statementReader) quoted(quote byte) string {
	var b strings.Builder
	i := 1
	for ; i < len(s.rest); i++ {
		if s.rest[i] == quote {
			if i+1 >= len(s.rest) || s.rest[i+1] != quote {
				break
			}
			i++
		}
		b.WriteByte(s.rest[i])
	}
	s.rest = s.rest[min(i+1, len(s.rest)):]
	return b.String()
}
