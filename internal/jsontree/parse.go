package jsontree

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
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
	p := parsers.Get().(*parser)
	defer p.release()
	root, err := p.parse(text)
	if err != nil {
		return nil, nil, err
	}
	p.letGo()
	return &root, p.duplicates, nil
}

// Borrow is [Parse] for whoever needs the tree only for a while: it hands it to
// use, and builds other trees in the same memory later on. Where a node is kept,
// use returns true, and the memory is left to it.
func Borrow(text string, use func(root *Value, duplicates []Duplicate) (kept bool)) *Error {
	p := parsers.Get().(*parser)
	defer p.release()
	root, err := p.parse(text)
	if err != nil {
		return err
	}
	if use(&root, p.duplicates) {
		p.letGo()
	}
	return nil
}

// parser reads recursively, bounded by MaxDepth.
type parser struct {
	text       string
	pos        int
	items      nursery[Value]
	members    nursery[Member]
	duplicates []Duplicate
}

// parsers keeps the memory of parsers for the next text: most of a small text's
// time is otherwise spent on making room for its tree.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// release gives the memory back, without anything of the text in it.
func (p *parser) release() {
	p.items.empty()
	p.members.empty()
	p.text, p.pos, p.duplicates = "", 0, nil
	parsers.Put(p)
}

// letGo leaves the memory of the tree to the tree.
func (p *parser) letGo() {
	p.items.letGo()
	p.members.letGo()
}

// blockSize grows with the text, so that a small one makes a small tree.
func (p *parser) blockSize() int { return min(4+len(p.text)/64, 256) }

func (p *parser) parse(text string) (root Value, err *Error) {
	if len(text) > source.MaxSize {
		return root, &Error{Msg: fmt.Sprintf("text of %d bytes is larger than %d", len(text), source.MaxSize)}
	}
	p.text = text
	if strings.HasPrefix(text, "\ufeff") {
		return root, p.fail(0, 3, "text begins with a byte order mark; JSON has none")
	}
	p.space()
	if err := p.value(&root, 0); err != nil {
		return root, err
	}
	p.space()
	if p.pos < len(p.text) {
		return root, p.failHere("text goes on after the end of the JSON value")
	}
	return root, nil
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
	i, text := p.pos, p.text
	for i < len(text) && isSpace[text[i]] {
		i++
	}
	p.pos = i
}

var isSpace = [256]bool{' ': true, '\t': true, '\n': true, '\r': true}

// peek returns the next byte, or 0 at the end of the text.
func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

// value reads into v, which is on no stack: those move while it is read.
func (p *parser) value(v *Value, depth int) (err *Error) {
	start := p.pos
	switch c := p.peek(); {
	case c == '"':
		v.Kind = String
		v.Text, err = p.str()
	case c == '{' || c == '[':
		if depth >= MaxDepth {
			return p.fail(start, start+1, "nested deeper than %d levels", MaxDepth)
		}
		if c == '{' {
			v.Kind = Object
			v.Members, err = p.object(depth)
		} else {
			v.Kind = Array
			v.Items, err = p.array(depth)
		}
	case c == '-' || c >= '0' && c <= '9':
		v.Kind = Number
		v.Text, err = p.number()
	default:
		v.Kind, v.Text, err = p.word()
	}
	v.Span = source.Span{Start: int32(start), End: int32(p.pos)}
	return err
}

func (p *parser) object(depth int) ([]Member, *Error) {
	open, base := p.pos, len(p.members.open)
	p.pos++
	for p.space(); p.peek() != '}'; {
		if err := p.member(open, depth); err != nil {
			return nil, err
		}
		if more, err := p.separator(open, '}'); err != nil {
			return nil, err
		} else if !more {
			break
		}
	}
	p.pos++
	members := p.members.keep(base, p.blockSize())
	p.duplicates = appendDuplicates(p.duplicates, members)
	return members, nil
}

// member reads a member on to the stack. What its value contains has come and
// gone from there by then.
func (p *parser) member(open, depth int) *Error {
	if p.peek() != '"' {
		return p.expected(open, "a member name in double quotes")
	}
	m := Member{NameSpan: source.Span{Start: int32(p.pos)}}
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
	p.members.open = append(p.members.open, m)
	return nil
}

func (p *parser) array(depth int) ([]Value, *Error) {
	open, base := p.pos, len(p.items.open)
	p.pos++
	for p.space(); p.peek() != ']'; {
		var item Value
		if err := p.value(&item, depth+1); err != nil {
			return nil, err
		}
		p.items.open = append(p.items.open, item)
		if more, err := p.separator(open, ']'); err != nil {
			return nil, err
		} else if !more {
			break
		}
	}
	p.pos++
	return p.items.keep(base, (p.blockSize()+2)/3), nil
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

// Duplicates returns the members of v, and of what it contains, whose names
// their objects have already used. [Parse] returns those of its whole text.
func Duplicates(v *Value) []Duplicate { return appendAllDuplicates(nil, v) }

func appendAllDuplicates(found []Duplicate, v *Value) []Duplicate {
	for i := range v.Items {
		found = appendAllDuplicates(found, &v.Items[i])
	}
	for i := range v.Members {
		found = appendAllDuplicates(found, &v.Members[i].Value)
	}
	return appendDuplicates(found, v.Members)
}

func appendDuplicates(found []Duplicate, members []Member) []Duplicate {
	if len(members) > smallObject {
		return appendDuplicatesOfMany(found, members)
	}
	for i := 1; i < len(members); i++ {
		for j := 0; j < i; j++ {
			if members[i].Name == members[j].Name {
				found = append(found, Duplicate{members[i].Name, members[j].NameSpan, members[i].NameSpan})
				break
			}
		}
	}
	return found
}

func appendDuplicatesOfMany(found []Duplicate, members []Member) []Duplicate {
	first := make(map[string]int, len(members))
	for i := range members {
		if j, seen := first[members[i].Name]; seen {
			found = append(found, Duplicate{members[i].Name, members[j].NameSpan, members[i].NameSpan})
		} else {
			first[members[i].Name] = i
		}
	}
	return found
}

func (p *parser) word() (Kind, string, *Error) {
	for _, w := range [...]struct {
		text string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if strings.HasPrefix(p.text[p.pos:], w.text) {
			p.pos += len(w.text)
			return w.kind, w.text, nil
		}
	}
	if p.pos >= len(p.text) {
		if strings.TrimSpace(p.text) == "" {
			return Invalid, "", p.fail(0, 0, "text is empty")
		}
		return Invalid, "", p.fail(p.pos, p.pos, "text ends where a value should stand")
	}
	return Invalid, "", p.failHere("found %s where a value should stand", p.found())
}

func (p *parser) number() (string, *Error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else if !p.digits() {
		return "", p.fail(start, p.pos+1, "a number needs a digit here")
	}
	if p.peek() == '.' {
		p.pos++
		if !p.digits() {
			return "", p.fail(start, p.pos+1, "a number needs a digit after the point")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return "", p.fail(start, p.pos+1, "a number needs a digit in its exponent")
		}
	}
	return p.text[start:p.pos], nil
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
	for p.skipPlain(); p.pos < len(p.text); p.skipPlain() {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return p.text[start : p.pos-1], nil
		case c == '\\':
			return p.escaped(open, start)
		case c < 0x20:
			return "", p.fail(p.pos, p.pos+1, "control character 0x%02x in a string; write it as an escape", c)
		default:
			if err := p.multibyte(); err != nil {
				return "", err
			}
		}
	}
	return "", p.fail(open, open+1, "string is never closed")
}

// isPlain marks the bytes that stand for themselves in a string: printable
// ASCII but for the quote and the backslash.
var isPlain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

func (p *parser) skipPlain() {
	i, text := p.pos, p.text
	for i < len(text) && isPlain[text[i]] {
		i++
	}
	p.pos = i
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
