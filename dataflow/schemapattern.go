package dataflow

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// checkPattern reports a regular expression that no dialect takes.
func (r *schemaReader) checkPattern(p *jsontree.Value) {
	if flags().MatchString(p.Text) {
		return // dialects differ in what these mean
	}
	// Schemas are in the dialect of JavaScript, which can look around.
	_, err := syntax.Parse(lookarounds.Replace(p.Text), syntax.Perl)
	var problem *syntax.Error
	if !errors.As(err, &problem) {
		return
	}
	switch problem.Code {
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen, syntax.ErrMissingBracket, syntax.ErrTrailingBackslash, syntax.ErrMissingRepeatArgument:
		r.fail(p.Span, BadSchema, "", "%q is no regular expression: %s", source.Clip(p.Text, 80), problem.Code)
	}
}

var lookarounds = strings.NewReplacer("(?=", "(?:", "(?!", "(?:", "(?<=", "(?:", "(?<!", "(?:")

// regexpText returns a text that covers what a regular expression matches: its
// literal characters stay, all else is any text. An alternative outside of
// parentheses says nothing.
func regexpText(expr string) Text {
	if flags().MatchString(expr) {
		return anyText
	}
	pieces := []string{""}
	wild := func() { pieces = append(pieces, "") }
	if !strings.HasPrefix(expr, "^") {
		wild()
	}
	expr = strings.TrimPrefix(expr, "^")
	for expr != "" {
		if expr == "$" {
			return newText(pieces, nil)
		}
		literal, size := regexpAtom(expr)
		if size == 0 {
			return anyText
		}
		expr = expr[size:]
		if n := quantifier(expr); n > 0 {
			expr, literal = expr[n:], ""
		}
		if literal == "" {
			wild()
		} else {
			pieces[len(pieces)-1] += literal
		}
	}
	wild()
	return newText(pieces, nil)
}

// flags are those inside an expression, which change what its letters mean; and
// classes that begin with their closing bracket, which not all dialects read
// alike.
var flags = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\(\?[^:=!<P]|\[\^?\]`) })

// regexpAtom returns the literal that an expression begins with, "" for what is
// none, and its length; 0 where it cannot be told.
func regexpAtom(expr string) (literal string, size int) {
	switch c := expr[0]; c {
	case '|', ')', '$', '^', '*', '+', '?', '{':
		return "", 0
	case '.':
		return "", 1
	case '[':
		for i := 2; i < len(expr); i++ {
			if expr[i] == '\\' {
				i++
			} else if expr[i] == ']' {
				return "", i + 1
			}
		}
		return "", 0
	case '(':
		return "", group(expr)
	case '\\':
		if len(expr) < 2 {
			return "", 0
		}
		if e := expr[1]; strings.IndexByte(`.-/:\*+?()[]{}|^$_"'#,=!<>@&%~`, e) >= 0 {
			return expr[1:2], 2
		} else if strings.IndexByte("dDwWsSbB", e) >= 0 {
			return "", 2
		}
		return "", 0
	default:
		for i := range expr {
			if i > 0 {
				return expr[:i], i
			}
		}
		return expr, len(expr)
	}
}

// group is the length of the parentheses that an expression begins with.
func group(expr string) int {
	depth, class := 0, false
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// quantifier is the length of the quantifier that an expression begins with.
func quantifier(expr string) int {
	if expr == "" {
		return 0
	}
	n := 0
	switch expr[0] {
	case '*', '+', '?':
		n = 1
	case '{':
		if n = strings.IndexByte(expr, '}') + 1; n == 0 {
			return 0
		}
	default:
		return 0
	}
	if n < len(expr) && (expr[n] == '?' || expr[n] == '+') {
		n++
	}
	return n
}
