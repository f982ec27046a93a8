package jsonata

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenOperator
	tokenName
	tokenQuotedName
	tokenVariable
	tokenString
	tokenNumber
	tokenWord // true, false or null
	tokenRegex
)

type token struct {
	kind       tokenKind
	text       string // decoded; of an operator, the operator
	start, end int
}

type lexer struct {
	text string
	pos  int
}

func (l *lexer) fail(start, end int, format string, args ...any) *Error {
	end = min(end, len(l.text))
	return &Error{min(start, end), end, fmt.Sprintf(format, args...)}
}

const (
	operatorBytes = ".[]{}(),@#;:?+-*/%|=<>^&!~"
	blanks        = " \t\n\r\v"
)

// doubled are the operators of two bytes.
var doubled = map[string]bool{"..": true, ":=": true, "!=": true, ">=": true, "<=": true, "**": true, "~>": true, "?:": true, "??": true}

// next reads a token. Where an operand is due, a slash begins a regular
// expression.
func (l *lexer) next(operandDue bool) (token, *Error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	t := token{start: l.pos}
	var err *Error
	if l.pos >= len(l.text) {
		t.end = l.pos
		return t, nil
	}
	switch c := l.text[l.pos]; {
	case c == '/' && operandDue:
		t.kind = tokenRegex
		t.text, err = l.regex()
	case strings.IndexByte(operatorBytes, c) >= 0:
		t.kind = tokenOperator
		t.text = l.operator(operandDue)
	case c == '"' || c == '\'':
		t.kind = tokenString
		t.text, err = l.str(c)
	case c >= '0' && c <= '9':
		t.kind = tokenNumber
		t.text = l.number()
	case c == '`':
		t.kind = tokenQuotedName
		t.text, err = l.quotedName()
	default:
		l.word(&t)
	}
	t.end = l.pos
	return t, err
}

// skip passes over white space and comments.
func (l *lexer) skip() *Error {
	for l.pos < len(l.text) {
		switch {
		case strings.IndexByte(blanks, l.text[l.pos]) >= 0:
			l.pos++
		case strings.HasPrefix(l.text[l.pos:], "/*"):
			end := strings.Index(l.text[l.pos+2:], "*/")
			if end < 0 {
				return l.fail(l.pos, l.pos+2, "the comment is never closed")
			}
			l.pos += end + 4
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) operator(operandDue bool) string {
	if l.pos+1 < len(l.text) {
		if two := l.text[l.pos : l.pos+2]; doubled[two] && !(operandDue && two[0] == '?') {
			l.pos += 2
			return two
		}
	}
	l.pos++
	return l.text[l.pos-1 : l.pos]
}

// word reads a name, a variable or one of the words that are operators or
// values.
func (l *lexer) word(t *token) {
	start := l.pos
	for l.pos < len(l.text) && strings.IndexByte(operatorBytes+blanks+"\"'`", l.text[l.pos]) < 0 {
		_, size := utf8.DecodeRuneInString(l.text[l.pos:])
		l.pos += size
	}
	t.text = l.text[start:l.pos]
	switch {
	case t.text[0] == '$':
		t.kind, t.text = tokenVariable, t.text[1:]
	case t.text == "and" || t.text == "or" || t.text == "in":
		t.kind = tokenOperator
	case t.text == "true" || t.text == "false" || t.text == "null":
		t.kind = tokenWord
	default:
		t.kind = tokenName
	}
}

func (l *lexer) digits() {
	for l.pos < len(l.text) && l.text[l.pos] >= '0' && l.text[l.pos] <= '9' {
		l.pos++
	}
}

func (l *lexer) isDigit(at int) bool {
	return at < len(l.text) && l.text[at] >= '0' && l.text[at] <= '9'
}

func (l *lexer) number() string {
	start := l.pos
	l.digits()
	if l.pos < len(l.text) && l.text[l.pos] == '.' && l.isDigit(l.pos+1) {
		l.pos++
		l.digits()
	}
	if l.pos < len(l.text) && l.text[l.pos]|0x20 == 'e' {
		at := l.pos + 1
		if at < len(l.text) && (l.text[at] == '+' || l.text[at] == '-') {
			at++
		}
		if l.isDigit(at) {
			l.pos = at
			l.digits()
		}
	}
	return l.text[start:l.pos]
}

func (l *lexer) quotedName() (string, *Error) {
	end := strings.IndexByte(l.text[l.pos+1:], '`')
	if end < 0 {
		return "", l.fail(l.pos, l.pos+1, "the name in backquotes is never closed")
	}
	start := l.pos + 1
	l.pos = start + end + 1
	return l.text[start : start+end], nil
}

// regex reads /pattern/flags. Slashes in brackets or after a backslash belong
// to the pattern.
func (l *lexer) regex() (string, *Error) {
	start, depth := l.pos, 0
	for i := l.pos + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '\\':
			i++
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == '/' && depth <= 0:
			if i == start+1 {
				return "", l.fail(start, i+1, "the regular expression is empty")
			}
			for i++; i < len(l.text) && (l.text[i] == 'i' || l.text[i] == 'm'); i++ {
			}
			l.pos = i
			return l.text[start:i], nil
		}
	}
	return "", l.fail(start, start+1, "the regular expression is never closed")
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (l *lexer) str(quote byte) (string, *Error) {
	open := l.pos
	l.pos++
	var b strings.Builder
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; c {
		case quote:
			l.pos++
			return b.String(), nil
		case '\\':
			if err := l.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	return "", l.fail(open, open+1, "the string is never closed")
}

func (l *lexer) escape(b *strings.Builder) *Error {
	start := l.pos
	l.pos++
	if l.pos >= len(l.text) {
		return nil // str reports that the string is never closed
	}
	c := l.text[l.pos]
	if plain, ok := escapes[c]; ok {
		l.pos++
		b.WriteByte(plain)
		return nil
	}
	if c == 'u' {
		if r, ok := l.hex4(l.pos + 1); ok {
			l.pos += 5
			if low, ok := l.hex4(l.pos + 2); ok && utf16.IsSurrogate(r) && strings.HasPrefix(l.text[l.pos:], `\u`) {
				r = utf16.DecodeRune(r, low)
				l.pos += 6
			}
			b.WriteRune(r)
			return nil
		}
		return l.fail(start, start+6, `\u needs four hexadecimal digits`)
	}
	_, size := utf8.DecodeRuneInString(l.text[l.pos:])
	return l.fail(start, l.pos+size, "unknown escape %s in a string", strconv.Quote(l.text[start:l.pos+size]))
}

func (l *lexer) hex4(at int) (rune, bool) {
	if at+4 > len(l.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(l.text[at:at+4], 16, 16)
	return rune(n), err == nil
}
