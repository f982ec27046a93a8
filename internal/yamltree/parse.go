// Package yamltree reads YAML into the tree of package jsontree, so that
// readers of definitions and templates meet one kind of tree.
//
// The dialect is the one that JSON can express: mappings with scalar keys,
// sequences, and the scalars of YAML 1.2's core schema. What looks like a date,
// a yes or a no stays a string, and so does a number with leading zeros, which
// is an account id more often than not. The short forms of CloudFormation's
// functions (!Ref, !Sub, !GetAtt) become their long forms.
package yamltree

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// MaxSize is the largest text, in bytes, that Parse reads. A YAML document
// needs about a hundred times its size in memory; AWS takes one megabyte.
const MaxSize = 4 << 20

// maxExpanded bounds the values that aliases and merge keys add to a document,
// so that a few lines cannot grow into millions.
const maxExpanded = 200_000

// maxCopied bounds the text, in bytes, that aliases have read again: a long
// string is not to count a hundred thousand times.
const maxCopied = 4 * MaxSize

const byteOrderMark = "\ufeff"

// Parse reads a text that holds one YAML document. Spans are byte offsets in
// the text; what an alias or a merge key adds has the spans of the text that
// its anchor names. On an error the tree is nil.
func Parse(text string) (*jsontree.Value, []jsontree.Duplicate, *jsontree.Error) {
	if len(text) > MaxSize {
		return nil, nil, fail(source.Span{}, "text of %d bytes is larger than %d", len(text), MaxSize)
	}
	if i := invalidUTF8(text); i >= 0 {
		return nil, nil, fail(span(i, i+1), "byte 0x%02x is not valid UTF-8", text[i])
	}
	c := &converter{text: text, lines: lineStarts(text), strides: make(map[int][]int)}
	document, err := c.load()
	if err != nil {
		return nil, nil, err
	}
	root := new(jsontree.Value)
	if err := c.value(root, document.Content[0], 0); err != nil {
		return nil, nil, err
	}
	return root, c.duplicates, nil
}

func fail(s source.Span, format string, args ...any) *jsontree.Error {
	return &jsontree.Error{Span: s, Msg: fmt.Sprintf(format, args...)}
}

func span(start, end int) source.Span { return source.Span{Start: int32(start), End: int32(end)} }

func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

// load reads the document's nodes and makes sure that there is just one
// document.
func (c *converter) load() (*yaml.Node, *jsontree.Error) {
	loader, err := yaml.NewLoader(strings.NewReader(c.text), yaml.WithUniqueKeys(false))
	if err != nil {
		return nil, fail(source.Span{}, "%v", err)
	}
	var document, second yaml.Node
	if err := loader.Load(&document); err == io.EOF || err == nil && len(document.Content) == 0 {
		return nil, fail(source.Span{}, "text is empty")
	} else if err != nil {
		return nil, c.syntax(err)
	}
	switch err := loader.Load(&second); {
	case err == io.EOF:
		return &document, nil
	case err != nil:
		return nil, c.syntax(err)
	}
	at := c.offset(second.Line, second.Column)
	return nil, fail(span(at, min(at+3, len(c.text))), "a second document begins here; only one is read")
}

// syntax turns the library's error into one with a byte offset.
func (c *converter) syntax(err error) *jsontree.Error {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return fail(source.Span{}, "%v", err)
	}
	mark := load.Mark
	if mark.Line == 0 {
		mark = load.ContextMark
	}
	at := c.offset(mark.Line, mark.Column)
	end := at
	if end < len(c.text) {
		_, size := utf8.DecodeRuneInString(c.text[at:])
		end += size
	}
	message := load.Message
	if load.ContextMsg != "" {
		message += " " + load.ContextMsg
		if load.ContextMark.Line > 0 {
			message += fmt.Sprintf(" that begins on line %d", load.ContextMark.Line)
		}
	}
	return fail(span(at, end), "%s", message)
}

// lineStarts returns the offsets at which lines begin, where lines end as YAML
// ends them.
func lineStarts(s string) []int {
	starts := []int{len(s) - len(strings.TrimPrefix(s, byteOrderMark))}
	for i := starts[0]; i < len(s); {
		n := breakAt(s, i)
		if n == 0 {
			i++
			continue
		}
		i += n
		starts = append(starts, i)
	}
	return starts
}

// breakAt returns the length of the line break at an offset, 0 where there is
// none.
func breakAt(s string, i int) int {
	switch {
	case s[i] == '\n':
		return 1
	case s[i] == '\r':
		if i+1 < len(s) && s[i+1] == '\n' {
			return 2
		}
		return 1
	case s[i] == 0xc2 && i+1 < len(s) && s[i+1] == 0x85:
		return 2
	case s[i] == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && (s[i+2] == 0xa8 || s[i+2] == 0xa9):
		return 3
	}
	return 0
}

// stride is how many characters lie between two known offsets in a line.
const stride = 256

// offset converts a line and a column, both from 1 and in characters, to a
// byte offset. Offsets of every stride-th character are kept for the lines
// looked at, so that a document of one long line stays linear.
func (c *converter) offset(line, column int) int {
	if line < 1 {
		return 0
	}
	if line > len(c.lines) {
		return len(c.text)
	}
	known := c.strides[line]
	if known == nil {
		known = c.measure(line)
		c.strides[line] = known
	}
	i := min((column-1)/stride, len(known)-1)
	return skipRunes(c.text, known[i], column-1-i*stride)
}

// measure returns the offset of every stride-th character of a line.
func (c *converter) measure(line int) []int {
	at, end := c.lines[line-1], len(c.text)
	if line < len(c.lines) {
		end = c.lines[line]
	}
	known := []int{at}
	for {
		if at = skipRunes(c.text, at, stride); at >= end {
			return known
		}
		known = append(known, at)
	}
}

func skipRunes(s string, at, n int) int {
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}
