package asl

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Root is what a JSONPath starts from.
type Root uint8

// The roots of paths.
const (
	Input    Root = iota // $: the state's input, or the result where a field filters that
	Context              // $$: the context object
	Variable             // $name: a variable that Assign has set
)

// Path is a JSONPath.
type Path struct {
	Root  Root
	Name  string // of a Variable
	Steps []Step
}

// StepKind says how a step of a path selects.
type StepKind uint8

// The kinds of steps.
const (
	Child    StepKind = iota // .name or ['name'] or ['a', 'b']: Names
	Index                    // [0] or [-1] or [0, 2]: Indexes
	Slice                    // [1:3]: Text
	Wildcard                 // .* or [*]
	Filter                   // [?(...)]: Text is what stands in the parentheses
	Function                 // .length(): Names has the name
)

// Step is one step of a path.
type Step struct {
	Kind    StepKind
	Deep    bool // after "..": at any depth
	Names   []string
	Indexes []int
	Text    string
}

// Single reports whether the path can select one place only: a Reference Path
// of the language.
func (p Path) Single() bool {
	for _, s := range p.Steps {
		if s.Deep || s.Kind > Index || len(s.Names)+len(s.Indexes) > 1 {
			return false
		}
	}
	return true
}

// ExpressionError says why a text is no expression. Start and End are byte
// offsets in that text.
type ExpressionError struct {
	Code       string // BAD_PATH, BAD_INTRINSIC
	Start, End int
	Msg, Hint  string
}

// Error gives the offset and the message.
func (e *ExpressionError) Error() string { return fmt.Sprintf("at byte %d: %s", e.Start, e.Msg) }

// ParsePath reads a JSONPath in the dialect of Step Functions: that of the Java
// implementation of Jayway, with the context object and variables as further
// roots.
func ParsePath(text string) (Path, *ExpressionError) {
	p := pathParser{text: text}
	path, err := p.path()
	if err == nil && p.pos < len(text) {
		err = p.fail(p.pos, "a path cannot go on with %s", p.found())
	}
	if err != nil {
		return Path{}, err
	}
	return path, nil
}

// pathParser reads a path from a position on and stops where it ends, so that
// paths may be arguments of intrinsic functions.
type pathParser struct {
	text string
	pos  int
}

func (p *pathParser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *pathParser) accept(c byte) bool {
	if p.peek() != c || p.pos >= len(p.text) {
		return false
	}
	p.pos++
	return true
}

func (p *pathParser) space() {
	for p.peek() == ' ' {
		p.pos++
	}
}

func (p *pathParser) fail(start int, format string, args ...any) *ExpressionError {
	return &ExpressionError{Code: "BAD_PATH", Start: min(start, len(p.text)), End: min(max(p.pos, start+1), len(p.text)), Msg: fmt.Sprintf(format, args...)}
}

// found names what stands at the current position.
func (p *pathParser) found() string {
	if p.pos >= len(p.text) {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return strconv.QuoteRune(r)
}

func (p *pathParser) path() (Path, *ExpressionError) {
	var path Path
	if !p.accept('$') {
		err := p.fail(p.pos, "a path begins with $, not with %s", p.found())
		err.Hint = "such as $.name, $$.Execution.Id or $variable"
		return path, err
	}
	if p.accept('$') {
		path.Root = Context
	} else if name := identifier(p.text[p.pos:]); name != "" {
		path.Root, path.Name = Variable, name
		p.pos += len(name)
	}
	for {
		step, more, err := p.step()
		if err != nil || !more {
			return path, err
		}
		path.Steps = append(path.Steps, step)
	}
}

// identifier returns the variable name that a text begins with.
func identifier(s string) string {
	end := 0
	for end < len(s) {
		c := s[end]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf || end > 0 && c >= '0' && c <= '9') {
			break
		}
		end++
	}
	return s[:end]
}

func (p *pathParser) step() (step Step, more bool, err *ExpressionError) {
	switch p.peek() {
	case '[':
		err = p.bracket(&step)
	case '.':
		start := p.pos
		p.pos++
		step.Deep = p.accept('.')
		switch {
		case p.peek() == '[':
			err = p.bracket(&step)
		case p.accept('*'):
			step.Kind = Wildcard
		default:
			err = p.dotName(&step, start)
		}
	default:
		return step, false, nil
	}
	return step, true, err
}

// endsName reports whether a byte ends a name after a dot.
func endsName(c byte) bool {
	return c <= ' ' || strings.IndexByte(".[](),'\"", c) >= 0
}

func (p *pathParser) dotName(step *Step, dot int) *ExpressionError {
	start := p.pos
	for p.pos < len(p.text) && !endsName(p.text[p.pos]) {
		p.pos++
	}
	if p.pos == start {
		return p.fail(dot, "a name, a * or a [ must follow the dot, not %s", p.found())
	}
	step.Names = []string{p.text[start:p.pos]}
	if p.accept('(') {
		step.Kind = Function
		if !p.accept(')') {
			return p.fail(p.pos, "functions in paths take no arguments here")
		}
	}
	return nil
}

func (p *pathParser) bracket(step *Step) *ExpressionError {
	open := p.pos
	p.pos++
	p.space()
	var err *ExpressionError
	switch c := p.peek(); {
	case c == '*':
		p.pos++
		step.Kind = Wildcard
	case c == '?':
		err = p.filter(step, open)
	case c == '\'' || c == '"':
		err = p.names(step)
	case c == '-' || c == ':' || c >= '0' && c <= '9':
		err = p.indexes(step)
	default:
		return p.fail(open, "brackets hold a name in quotes, an index, a slice, * or ?(...), not %s", p.found())
	}
	if err != nil {
		return err
	}
	if p.space(); !p.accept(']') {
		return p.fail(open, "the bracket is not closed: found %s", p.found())
	}
	return nil
}

func (p *pathParser) names(step *Step) *ExpressionError {
	for {
		name, err := p.quoted()
		if err != nil {
			return err
		}
		step.Names = append(step.Names, name)
		p.space()
		if !p.accept(',') {
			return nil
		}
		p.space()
		if c := p.peek(); c != '\'' && c != '"' {
			return p.fail(p.pos, "a name in quotes must follow the comma, not %s", p.found())
		}
	}
}

// quoted reads a name in quotes; a backslash takes the next character as it is.
func (p *pathParser) quoted() (string, *ExpressionError) {
	open := p.pos
	quote := p.text[open]
	p.pos++
	var b strings.Builder
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		switch {
		case c == quote:
			return b.String(), nil
		case c == '\\' && p.pos < len(p.text):
			b.WriteByte(p.text[p.pos])
			p.pos++
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail(open, "the quote is never closed")
}

// indexes reads an index, a list of them or a slice.
func (p *pathParser) indexes(step *Step) *ExpressionError {
	start := p.pos
	for p.pos < len(p.text) && strings.IndexByte("-0123456789:, ", p.text[p.pos]) >= 0 {
		p.pos++
	}
	body := strings.TrimSpace(p.text[start:p.pos])
	if strings.Contains(body, ":") {
		step.Kind, step.Text = Slice, body
		parts := strings.Split(body, ":")
		if len(parts) > 3 {
			return p.fail(start, "a slice has at most three parts")
		}
		for _, part := range parts {
			if part = strings.TrimSpace(part); part != "" && !isInteger(part) {
				return p.fail(start, "%q is no index", part)
			}
		}
		return nil
	}
	step.Kind = Index
	for part := range strings.SplitSeq(body, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return p.fail(start, "%q is no index", part)
		}
		step.Indexes = append(step.Indexes, n)
	}
	return nil
}

func isInteger(s string) bool { _, err := strconv.Atoi(s); return err == nil }

// filter reads ?(...). What stands inside is kept as text: its brackets and
// quotes must be closed.
func (p *pathParser) filter(step *Step, open int) *ExpressionError {
	p.pos++
	p.space()
	if !p.accept('(') {
		return p.fail(p.pos, "a filter is written [?(...)]: found %s", p.found())
	}
	start, depth := p.pos, 1
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case '\'', '"':
			if _, err := p.quoted(); err != nil {
				return err
			}
			continue
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				step.Kind, step.Text = Filter, p.text[start:p.pos]
				p.pos++
				return nil
			}
		}
		p.pos++
	}
	return p.fail(open, "the filter is never closed")
}

// isPlainPath recognises the paths that most states use, such as $.detail.id
// or $$.Execution.Id, without building anything.
func isPlainPath(s string) bool {
	if s == "" || s[0] != '$' {
		return false
	}
	i := 1
	if i < len(s) && s[i] == '$' {
		i++
	}
	for i < len(s) {
		if s[i] != '.' {
			return false
		}
		start := i + 1
		for i = start; i < len(s) && (s[i] == '_' || s[i] == '-' || s[i] >= '0' && s[i] <= '9' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z'); i++ {
		}
		if i == start {
			return false
		}
	}
	return true
}
