package policy

import (
	"strings"

	"github.com/writ-iam/writ/source"
)

// Variable is a policy variable such as ${aws:PrincipalTag/team, 'none'}.
type Variable struct {
	Name       string // a condition key, as written; letter case does not matter
	Default    string
	HasDefault bool
}

// String returns the variable as it stands in a policy.
func (v Variable) String() string {
	if v.HasDefault {
		return "${" + v.Name + ", '" + v.Default + "'}"
	}
	return "${" + v.Name + "}"
}

// PieceKind says what a piece of a value is.
type PieceKind uint8

const (
	PieceText     PieceKind = iota // text in which * and ? may be wildcards
	PieceEscape                    // ${*}, ${?} or ${$}: one literal character
	PieceVariable                  // the value of a key of the request
)

// Piece is a part of a value with variables.
type Piece struct {
	Kind       PieceKind
	Text       string   // text; of an escape the character
	Variable   Variable // of a PieceVariable
	Start, End int      // byte offsets in the value's decoded text
}

// VariableProblem is a mistake in the notation of a variable.
type VariableProblem struct {
	Code       string // CodeMissingBrace, ...
	Start, End int    // byte offsets in the value's decoded text
	Message    string
	Hint       string
}

// span converts the offsets of a problem to a span in the file. They agree only
// when the value was written without escapes; otherwise the span is the value's.
func (p VariableProblem) span(v *Value) source.Span {
	if int(v.Span.End-v.Span.Start) != len(v.Text)+len(`""`) {
		return v.Span
	}
	start := v.Span.Start + 1
	return source.Span{Start: start + int32(p.Start), End: start + int32(p.End)}
}

// ParseVariables cuts a value of a document with [Document.HasVariables] into
// text, escapes and variables (IAM user guide, "IAM policy elements: Variables
// and tags"). What is wrongly written stays in the pieces as text.
func ParseVariables(s string) ([]Piece, []VariableProblem) {
	p := variableParser{text: s}
	for p.pos < len(s) {
		open := strings.Index(s[p.pos:], "${")
		if open < 0 {
			break
		}
		p.pos += open
		p.variable()
	}
	p.flush(len(s))
	return p.pieces, p.problems
}

type variableParser struct {
	text     string
	pos      int // from where to read
	flushed  int // up to where pieces exist
	pieces   []Piece
	problems []VariableProblem
}

// flush makes a piece of the plain text up to end.
func (p *variableParser) flush(end int) {
	if end > p.flushed {
		p.pieces = append(p.pieces, Piece{Text: p.text[p.flushed:end], Start: p.flushed, End: end})
	}
	p.flushed = end
}

func (p *variableParser) add(piece Piece, start, end int) {
	p.flush(start)
	piece.Start, piece.End = start, end
	p.pieces = append(p.pieces, piece)
	p.flushed, p.pos = end, end
}

func (p *variableParser) problem(code string, start, end int, message, hint string) {
	p.problems = append(p.problems, VariableProblem{Code: code, Start: start, End: end, Message: message, Hint: hint})
	p.pos = end
}

// variable reads what begins with "${" at the current position.
func (p *variableParser) variable() {
	start, inner := p.pos, p.pos+len("${")
	rest := p.text[inner:]
	if len(rest) >= 2 && strings.IndexByte("*?$", rest[0]) >= 0 && rest[1] == '}' {
		p.add(Piece{Kind: PieceEscape, Text: rest[:1]}, start, inner+2)
		return
	}
	name, _, _ := strings.Cut(rest, "${") // the next variable ends this one at the latest
	end := strings.IndexAny(name, ",}")
	if end < 0 {
		p.problem(CodeMissingBrace, start, inner+len(name), "variable has no closing brace", "write ${key}")
		return
	}
	v := Variable{Name: rest[:end]}
	after := inner + end + 1
	if rest[end] == ',' {
		var ok bool
		if v.Default, after, ok = p.defaultValue(start, after); !ok {
			return
		}
		v.HasDefault = true
	}
	switch {
	case strings.TrimSpace(v.Name) == "":
		p.problem(CodeEmptyVariable, start, after, "variable has no name", "write a condition key between the braces: ${aws:username}")
	case strings.ContainsAny(v.Name, " \t\r\n"):
		p.problem(CodeSpaceInVariable, start, after, "name of variable "+quote(v.Name)+" holds a space", "remove the space")
	default:
		p.add(Piece{Kind: PieceVariable, Variable: v}, start, after)
	}
}

// defaultValue reads " 'text'}" from pos on and returns the text and the
// position after the brace. Where that does not stand there it reports the
// variable that begins at start.
func (p *variableParser) defaultValue(start, pos int) (text string, after int, ok bool) {
	const hint = "write ${key, 'default'}"
	rest := strings.TrimLeft(p.text[pos:], " ")
	from := len(p.text) - len(rest)
	if inside, found := strings.CutPrefix(rest, "'"); found {
		if text, tail, closed := strings.Cut(inside, "'"); closed {
			if tail = strings.TrimLeft(tail, " "); strings.HasPrefix(tail, "}") {
				return text, len(p.text) - len(tail) + 1, true
			}
			if tail == "" {
				p.problem(CodeMissingBrace, start, len(p.text), "variable has no closing brace", hint)
				return "", 0, false
			}
		}
	}
	end := len(p.text)
	if brace := strings.IndexByte(p.text[from:], '}'); brace >= 0 {
		end = from + brace + 1
	}
	p.problem(CodeMissingQuote, start, end, "default value of a variable must stand between single quotes", hint)
	return "", 0, false
}
