package asl

import (
	"fmt"
	"slices"
	"strings"
)

// ExprKind says what an Expr is.
type ExprKind uint8

// The kinds of expressions in JSONPath states.
const (
	PathExpr   ExprKind = iota // Path
	CallExpr                   // an intrinsic function: Text is its name, Args its arguments
	StringExpr                 // 'text': Text is decoded
	NumberExpr                 // Text is as written
	BoolExpr                   // Text is "true" or "false"
	NullExpr                   //
)

// Expr is what a field whose name ends in ".$" holds: a path or a call of an
// intrinsic function. Arguments of calls are literals, paths and further calls.
type Expr struct {
	Kind       ExprKind
	Text       string
	Path       Path
	Args       []Expr
	Start, End int // byte offsets in the expression

	raw string // of a string: what stands between the quotes
}

// Pieces splits a string argument at its {} placeholders, as States.Format
// does: one more piece than there are placeholders, escapes resolved.
func (e Expr) Pieces() []string {
	if strings.IndexByte(e.raw, '\\') < 0 {
		return strings.Split(e.raw, "{}")
	}
	var pieces []string
	var b strings.Builder
	for i := 0; i < len(e.raw); i++ {
		switch c := e.raw[i]; {
		case c == '\\' && i+1 < len(e.raw):
			i++
			b.WriteByte(e.raw[i])
		case c == '{' && i+1 < len(e.raw) && e.raw[i+1] == '}':
			i++
			pieces = append(pieces, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(pieces, b.String())
}

// intrinsics are the functions and how many arguments each takes; -1 for any
// number more. Source: the developer guide's page on intrinsic functions.
var intrinsics = map[string]struct{ least, most int }{
	"States.Format":         {1, -1},
	"States.StringToJson":   {1, 1},
	"States.JsonToString":   {1, 1},
	"States.Array":          {0, -1},
	"States.ArrayPartition": {2, 2},
	"States.ArrayContains":  {2, 2},
	"States.ArrayRange":     {3, 3},
	"States.ArrayGetItem":   {2, 2},
	"States.ArrayLength":    {1, 1},
	"States.ArrayUnique":    {1, 1},
	"States.Base64Encode":   {1, 1},
	"States.Base64Decode":   {1, 1},
	"States.Hash":           {2, 2},
	"States.JsonMerge":      {3, 3},
	"States.MathRandom":     {2, 3},
	"States.MathAdd":        {2, 2},
	"States.StringSplit":    {2, 2},
	"States.UUID":           {0, 0},
}

// maxNesting is how deeply intrinsic functions may nest.
const maxNesting = 10

// ParseExpression reads what a field whose name ends in ".$" holds.
func ParseExpression(text string) (Expr, *ExpressionError) {
	p := exprParser{pathParser{text: text}}
	if strings.HasPrefix(text, "$") {
		path, err := ParsePath(text)
		return Expr{Kind: PathExpr, Path: path, End: len(text)}, err
	}
	if !strings.HasPrefix(text, "States.") {
		err := p.fail(0, "an expression is a path or an intrinsic function, not %q", clip(text))
		err.End = len(text)
		err.Hint = `begin with $ or States., or drop ".$" from the field's name`
		return Expr{}, err
	}
	e, err := p.call(1)
	if err != nil {
		return Expr{}, err
	}
	if p.space(); p.pos < len(text) {
		return Expr{}, p.bad(p.pos, "found %s after the end of the function", p.found())
	}
	return e, nil
}

// clip shortens a text for a message.
func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "..."
	}
	return s
}

type exprParser struct{ pathParser }

func (p *exprParser) bad(start int, format string, args ...any) *ExpressionError {
	err := p.fail(start, format, args...)
	err.Code = "BAD_INTRINSIC"
	return err
}

// space skips what may stand between arguments.
func (p *exprParser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *exprParser) call(depth int) (Expr, *ExpressionError) {
	start := p.pos
	for p.pos < len(p.text) && isNameByte(p.text[p.pos]) {
		p.pos++
	}
	e := Expr{Kind: CallExpr, Text: p.text[start:p.pos], Start: start}
	arity, known := intrinsics[e.Text]
	switch {
	case !known:
		err := p.bad(start, "intrinsic function %q does not exist", e.Text)
		err.Hint = intrinsicHint(e.Text)
		return e, err
	case depth > maxNesting:
		return e, p.bad(start, "intrinsic functions nest at most %d deep", maxNesting)
	}
	if p.space(); !p.accept('(') {
		return e, p.bad(p.pos, "( must follow %s, not %s", e.Text, p.found())
	}
	if err := p.arguments(&e, depth); err != nil {
		return e, err
	}
	e.End = p.pos
	if n := len(e.Args); n < arity.least || arity.most >= 0 && n > arity.most {
		return e, p.bad(start, "%s takes %s, not %d", e.Text, arityText(arity.least, arity.most), n)
	}
	return e, nil
}

func arityText(least, most int) string {
	switch {
	case most < 0:
		return fmt.Sprintf("%d or more arguments", least)
	case least != most:
		return fmt.Sprintf("%d or %d arguments", least, most)
	case least == 0:
		return "no arguments"
	case least == 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", least)
}

func intrinsicHint(name string) string {
	var r reader
	names := make([]string, 0, len(intrinsics))
	for known := range intrinsics {
		names = append(names, strings.TrimPrefix(known, "States."))
	}
	slices.Sort(names)
	if near := r.near.Names(strings.TrimPrefix(name, "States."), names, 1); len(near) > 0 {
		return fmt.Sprintf("did you mean %q?", "States."+near[0])
	}
	return "one of States." + strings.Join(names, ", States.")
}

// arguments reads what follows the opening parenthesis, the closing one
// included.
func (p *exprParser) arguments(e *Expr, depth int) *ExpressionError {
	open := p.pos - 1
	if p.space(); p.accept(')') {
		return nil
	}
	for {
		p.space()
		arg, err := p.argument(depth)
		if err != nil {
			return err
		}
		e.Args = append(e.Args, arg)
		p.space()
		switch {
		case p.accept(','):
		case p.accept(')'):
			return nil
		case p.pos >= len(p.text):
			return p.bad(open, "the parenthesis is never closed")
		default:
			return p.bad(p.pos, "a comma or ) must follow an argument, not %s", p.found())
		}
	}
}

func (p *exprParser) argument(depth int) (Expr, *ExpressionError) {
	e := Expr{Start: p.pos}
	var err *ExpressionError
	switch c := p.peek(); {
	case c == '$':
		e.Path, err = p.path()
	case c == '\'':
		e.Kind = StringExpr
		err = p.str(&e)
	case c == '-' || c >= '0' && c <= '9':
		e.Kind = NumberExpr
		for p.pos < len(p.text) && strings.IndexByte("+-.0123456789eE", p.text[p.pos]) >= 0 {
			p.pos++
		}
		e.Text = p.text[e.Start:p.pos]
		if !isNumber(e.Text) {
			err = p.bad(e.Start, "%q is no number", e.Text)
		}
	case strings.HasPrefix(p.text[p.pos:], "States."):
		return p.call(depth + 1)
	default:
		err = p.word(&e)
	}
	e.End = p.pos
	return e, err
}

func (p *exprParser) word(e *Expr) *ExpressionError {
	for _, w := range [...]struct {
		text string
		kind ExprKind
	}{{"true", BoolExpr}, {"false", BoolExpr}, {"null", NullExpr}} {
		if strings.HasPrefix(p.text[p.pos:], w.text) {
			e.Kind, e.Text = w.kind, w.text
			p.pos += len(w.text)
			return nil
		}
	}
	err := p.bad(p.pos, "an argument cannot begin with %s", p.found())
	err.Hint = "arguments are paths, 'text' in single quotes, numbers, true, false, null and functions"
	return err
}

// str reads a string in single quotes. A backslash escapes a quote, a brace or
// a backslash.
func (p *exprParser) str(e *Expr) *ExpressionError {
	open := p.pos
	p.pos++
	var before strings.Builder // the text up to from, escapes resolved
	from := p.pos
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case '\'':
			e.raw, e.Text = p.text[open+1:p.pos], p.text[from:p.pos]
			if before.Len() > 0 {
				before.WriteString(e.Text)
				e.Text = before.String()
			}
			p.pos++
			return nil
		case '\\':
			before.WriteString(p.text[from:p.pos])
			p.pos++
			from = p.pos // what is escaped stands for itself
			if c := p.peek(); strings.IndexByte(`'{}\`, c) < 0 || p.pos >= len(p.text) {
				err := p.bad(p.pos-1, `a backslash escapes ', {, } or \ only, not %s`, p.found())
				return err
			}
			p.pos++
		default:
			p.pos++
		}
	}
	return p.bad(open, "the quote is never closed")
}
