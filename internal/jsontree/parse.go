package jsontree

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/writ-iam/writ/source"
)

// MaxDepth is how deeply arrays and objects may nest. AWS's own limits lie far
// below; a walk over the tree may therefore recurse.
const MaxDepth = 512

// Error says why a text is not JSON, and where.
type Error struct {
	Span source.Span
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("at byte %d: %s", e.Span.Start, e.Msg) }

// Duplicate is a member whose name its object has already used. Readers decide
// what that means for their language; none may pass over it in silence.
type Duplicate struct {
	Name          string
	First, Second source.Span // of the two names
}

// Parse reads one JSON text (RFC 8259, strictly: no comments, no trailing
// commas, no byte order mark, valid UTF-8). On an error the tree is nil.
func Parse(text string) (*Value, []Duplicate, *Error) {
	if len(text) > source.MaxSize {
		return nil, nil, &Error{Msg: fmt.Sprintf("text of %d bytes is larger than %d", len(text), source.MaxSize)}
	}
	p := parser{text: text}
	if strings.HasPrefix(text, "\ufeff") {
		return nil, nil, p.fail(0, 3, "text begins with a byte order mark; JSON has none")
	}
	root := new(Value)
	p.space()
	if err := p.value(root, 0); err != nil {
		return nil, nil, err
	}
	p.space()
	if p.pos < len(p.text) {
		return nil, nil, p.failHere("text goes on after the end of the JSON value")
	}
	return root, p.duplicates, nil
}

// parser reads recursively, bounded by MaxDepth. Children are gathered on two
// stacks and copied once, when their container closes, into a slice of exactly
// the right size.
type parser struct {
	text       string
	pos        int
	items      []Value
	members    []Member
	duplicates []Duplicate
}

func (p *parser) fail(start, end int, format string, args ...any) *Error {
	end = min(end, len(p.text))
	return &Error{source.Span{Start: int32(min(start, end)), End: int32(end)}, fmt.Sprintf(format, args...)}
}

// failHere points at the character at the current position.
func (p *parser) failHere(format string, args ...any) *Error {
	_, size := utf8.DecodeRuneInString(p.text[p.pos:])
	return p.fail(p.pos, p.pos+size, format, args...)
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end of the text.
func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) value(v *Value, depth int) *Error {
	start := p.pos
	v.Span.Start = int32(start)
	var err *Error
	switch c := p.peek(); {
	case c == '{' || c == '[':
		if depth >= MaxDepth {
			return p.fail(start, start+1, "nested deeper than %d levels", MaxDepth)
		}
		if c == '{' {
			err = p.object(v, depth)
		} else {
			err = p.array(v, depth)
		}
	case c == '"':
		v.Kind = String
		v.Text, err = p.str()
	case c == '-' || c >= '0' && c <= '9':
		err = p.number(v)
	default:
		err = p.word(v)
	}
	v.Span.End = int32(p.pos)
	return err
}

func (p *parser) object(v *Value, depth int) *Error {
	v.Kind = Object
	open, base := p.pos, len(p.members)
	p.pos++
	for p.space(); p.peek() != '}'; {
		m := Member{NameSpan: source.Span{Start: int32(p.pos)}}
		if p.peek() != '"' {
			return p.expected(open, "a member name in double quotes")
		}
		var err *Error
		if m.Name, err = p.str(); err != nil {
			return err
		}
		m.NameSpan.End = int32(p.pos)
		if p.space(); p.peek() != ':' {
			return p.expected(open, "':' after the member name")
		}
		p.pos++
		p.space()
		if err := p.value(&m.Value, depth+1); err != nil {
			return err
		}
		p.members = append(p.members, m)
		if more, err := p.separator(open, '}'); err != nil {
			return err
		} else if !more {
			break
		}
	}
	p.pos++
	v.Members = append(make([]Member, 0, len(p.members)-base), p.members[base:]...)
	p.members = p.members[:base]
	p.findDuplicates(v.Members)
	return nil
}

func (p *parser) array(v *Value, depth int) *Error {
	v.Kind = Array
	open, base := p.pos, len(p.items)
	p.pos++
	for p.space(); p.peek() != ']'; {
		var item Value
		if err := p.value(&item, depth+1); err != nil {
			return err
		}
		p.items = append(p.items, item)
		if more, err := p.separator(open, ']'); err != nil {
			return err
		} else if !more {
			break
		}
	}
	p.pos++
	v.Items = append(make([]Value, 0, len(p.items)-base), p.items[base:]...)
	p.items = p.items[:base]
	return nil
}

// separator reads what stands between two children; more says that another
// child follows. It stops before the closing bracket.
func (p *parser) separator(open int, closing byte) (more bool, err *Error) {
	p.space()
	switch p.peek() {
	case closing:
		return false, nil
	case ',':
		comma := p.pos
		p.pos++
		if p.space(); p.peek() == closing {
			return false, p.fail(comma, comma+1, "comma before the closing '%c'; JSON allows none there", closing)
		}
		return true, nil
	}
	return false, p.expected(open, fmt.Sprintf("',' or '%c'", closing))
}

// expected names what should stand at the current position; open is where the
// enclosing bracket stands.
func (p *parser) expected(open int, what string) *Error {
	if p.pos >= len(p.text) {
		return p.fail(open, open+1, "'%c' is never closed: the text ends where %s should stand", p.text[open], what)
	}
	return p.failHere("found %s where %s should stand", p.found(), what)
}

func (p *parser) found() string {
	r, size := utf8.DecodeRuneInString(p.text[p.pos:])
	if r == utf8.RuneError && size <= 1 {
		return fmt.Sprintf("byte 0x%02x (not UTF-8)", p.text[p.pos])
	}
	return strconv.QuoteRune(r)
}

// smallObject is the size up to which comparing every pair of names is cheaper
// than a map.
const smallObject = 12

func (p *parser) findDuplicates(members []Member) {
	if len(members) <= smallObject {
		for i := 1; i < len(members); i++ {
			for j := 0; j < i; j++ {
				if members[i].Name == members[j].Name {
					p.duplicates = append(p.duplicates, Duplicate{members[i].Name, members[j].NameSpan, members[i].NameSpan})
					break
				}
			}
		}
		return
	}
	first := make(map[string]int, len(members))
	for i := range members {
		if j, seen := first[members[i].Name]; seen {
			p.duplicates = append(p.duplicates, Duplicate{members[i].Name, members[j].NameSpan, members[i].NameSpan})
		} else {
			first[members[i].Name] = i
		}
	}
}

func (p *parser) word(v *Value) *Error {
	for _, w := range [...]struct {
		text string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if strings.HasPrefix(p.text[p.pos:], w.text) {
			v.Kind, v.Text = w.kind, w.text
			p.pos += len(w.text)
			return nil
		}
	}
	if p.pos >= len(p.text) {
		if strings.TrimSpace(p.text) == "" {
			return p.fail(0, 0, "text is empty")
		}
		return p.fail(p.pos, p.pos, "text ends where a value should stand")
	}
	return p.failHere("found %s where a value should stand", p.found())
}

func (p *parser) number(v *Value) *Error {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else if !p.digits() {
		return p.fail(start, p.pos+1, "a number needs a digit here")
	}
	if p.peek() == '.' {
		p.pos++
		if !p.digits() {
			return p.fail(start, p.pos+1, "a number needs a digit after the point")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return p.fail(start, p.pos+1, "a number needs a digit in its exponent")
		}
	}
	v.Kind, v.Text = Number, p.text[start:p.pos]
	return nil
}

func (p *parser) digits() bool {
	start := p.pos
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.pos++
	}
	return p.pos > start
}

// str reads a string. Text without escapes is a slice of the input.
func (p *parser) str() (string, *Error) {
	open := p.pos
	p.pos++
	start := p.pos
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return p.text[start : p.pos-1], nil
		case c == '\\':
			return p.escaped(open, start)
		case c < 0x20:
			return "", p.fail(p.pos, p.pos+1, "control character 0x%02x in a string; write it as an escape", c)
		case c < utf8.RuneSelf:
			p.pos++
		default:
			if err := p.multibyte(); err != nil {
				return "", err
			}
		}
	}
	return "", p.fail(open, open+1, "string is never closed")
}

func (p *parser) multibyte() *Error {
	r, size := utf8.DecodeRuneInString(p.text[p.pos:])
	if r == utf8.RuneError && size <= 1 {
		return p.fail(p.pos, p.pos+1, "byte 0x%02x is not valid UTF-8", p.text[p.pos])
	}
	p.pos += size
	return nil
}

// escaped goes on with a string at its first backslash.
func (p *parser) escaped(open, start int) (string, *Error) {
	buf := append(make([]byte, 0, 64), p.text[start:p.pos]...)
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '"':
			p.pos++
			return string(buf), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			buf = utf8.AppendRune(buf, r)
		case c < 0x20:
			return "", p.fail(p.pos, p.pos+1, "control character 0x%02x in a string; write it as an escape", c)
		case c < utf8.RuneSelf:
			p.pos++
			buf = append(buf, c)
		default:
			from := p.pos
			if err := p.multibyte(); err != nil {
				return "", err
			}
			buf = append(buf, p.text[from:p.pos]...)
		}
	}
	return "", p.fail(open, open+1, "string is never closed")
}

var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (p *parser) escape() (rune, *Error) {
	start := p.pos
	p.pos++
	c := p.peek()
	if simple := simpleEscapes[c]; simple != 0 {
		p.pos++
		return rune(simple), nil
	}
	if c != 'u' {
		return 0, p.fail(start, start+2, "unknown escape in a string")
	}
	p.pos++
	r, ok := p.hex4()
	if !ok {
		return 0, p.fail(start, start+6, "\\u needs four hexadecimal digits")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if strings.HasPrefix(p.text[p.pos:], `\u`) {
		p.pos += 2
		if low, ok := p.hex4(); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				return full, nil
			}
		}
	}
	return 0, p.fail(start, start+6, "half of a surrogate pair stands alone")
}

func (p *parser) hex4() (rune, bool) {
	if p.pos+4 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[p.pos:p.pos+4], 16, 16)
	if err != nil {
		return 0, false
	}
	p.pos += 4
	return rune(n), true
}
