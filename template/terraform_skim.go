package template

import (
	"strings"
	"unicode/utf8"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// skimmer goes through a JSON text without making a tree of it: plans are large,
// and of most of their resources no more than the address matters. It checks the
// grammar of all that it passes over.
type skimmer struct {
	text string
	at   int
	err  string // why the text is no JSON, at the offset at
}

func (k *skimmer) fail(why string) bool {
	if k.err == "" {
		k.err = why
	}
	return false
}

func (k *skimmer) space() {
	for k.at < len(k.text) {
		switch k.text[k.at] {
		case ' ', '\t', '\n', '\r':
			k.at++
		default:
			return
		}
	}
}

// peek returns the next byte after white space, 0 at the end.
func (k *skimmer) peek() byte {
	k.space()
	if k.at >= len(k.text) {
		return 0
	}
	return k.text[k.at]
}

func (k *skimmer) take(c byte) bool {
	if k.peek() != c {
		return k.fail("unexpected " + k.found() + ", want '" + string(rune(c)) + "'")
	}
	k.at++
	return true
}

func (k *skimmer) found() string {
	if k.at >= len(k.text) {
		return "end of text"
	}
	r, _ := utf8.DecodeRuneInString(k.text[k.at:])
	return "character '" + source.Plain(string(r)) + "'"
}

// members calls visit for each member of an object, before its value; visit has
// to pass over the value.
func (k *skimmer) members(visit func(name string, nameSpan source.Span) bool) bool {
	if !k.take('{') {
		return false
	}
	for first := true; ; first = false {
		if k.peek() == '}' && first {
			k.at++
			return true
		}
		k.space()
		start := k.at
		name, ok := k.name()
		nameSpan := source.Span{Start: int32(start), End: int32(k.at)}
		if !ok || !k.take(':') {
			return false
		}
		k.space()
		if !visit(name, nameSpan) || k.err != "" {
			return false
		}
		switch k.peek() {
		case ',':
			k.at++
		case '}':
			k.at++
			return true
		default:
			return k.fail("unexpected " + k.found() + ", want ',' or '}'")
		}
	}
}

// items calls visit before each item of an array; visit has to pass over it.
func (k *skimmer) items(visit func() bool) bool {
	if !k.take('[') {
		return false
	}
	for first := true; ; first = false {
		if k.peek() == ']' && first {
			k.at++
			return true
		}
		k.space()
		if !visit() || k.err != "" {
			return false
		}
		switch k.peek() {
		case ',':
			k.at++
		case ']':
			k.at++
			return true
		default:
			return k.fail("unexpected " + k.found() + ", want ',' or ']'")
		}
	}
}

// name reads a string; without escapes it shares the memory of the text.
func (k *skimmer) name() (string, bool) {
	start := k.at
	if !k.skipString() {
		return "", false
	}
	raw := k.text[start+1 : k.at-1]
	if !strings.Contains(raw, `\`) && utf8.ValidString(raw) {
		return raw, true
	}
	v, _, err := jsontree.Parse(k.text[start:k.at])
	if err != nil {
		return "", k.fail(err.Msg)
	}
	return v.Text, true
}

// skip passes over a value and returns its span.
func (k *skimmer) skip(depth int) (source.Span, bool) {
	k.space()
	start := k.at
	ok := k.value(depth)
	return source.Span{Start: int32(start), End: int32(k.at)}, ok
}

func (k *skimmer) value(depth int) bool {
	if depth > jsontree.MaxDepth {
		return k.fail("nested too deeply")
	}
	switch c := k.peek(); c {
	case '{':
		return k.members(func(string, source.Span) bool { return k.value(depth + 1) })
	case '[':
		return k.items(func() bool { return k.value(depth + 1) })
	case '"':
		return k.skipString()
	case 't', 'f', 'n':
		for _, word := range []string{"true", "false", "null"} {
			if strings.HasPrefix(k.text[k.at:], word) {
				k.at += len(word)
				return true
			}
		}
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return k.number()
		}
	}
	return k.fail("unexpected " + k.found())
}

func (k *skimmer) number() bool {
	start := k.at
	for k.at < len(k.text) && strings.IndexByte("+-.eE0123456789", k.text[k.at]) >= 0 {
		k.at++
	}
	if whole := strings.Trim(k.text[start:k.at], "0123456789") == ""; whole && (k.text[start] != '0' || k.at == start+1) {
		return true
	}
	if _, _, err := jsontree.Parse(k.text[start:k.at]); err != nil {
		k.at = start
		return k.fail(err.Msg)
	}
	return true
}

func (k *skimmer) skipString() bool {
	if k.at >= len(k.text) || k.text[k.at] != '"' {
		return k.fail("unexpected " + k.found() + ", want a string")
	}
	for i := k.at + 1; i < len(k.text); i++ {
		switch c := k.text[i]; {
		case c == '"':
			k.at = i + 1
			return true
		case c == '\\':
			i++
		case c < ' ':
			k.at = i
			return k.fail("a control character in a string")
		}
	}
	k.at = len(k.text)
	return k.fail("a string without end")
}

// parsePart reads the tree of a part of a text, with the spans of the whole.
func parsePart(text string, span source.Span) (*jsontree.Value, []jsontree.Duplicate, *jsontree.Error) {
	root, duplicates, err := jsontree.Parse(text[span.Start:span.End])
	if err != nil {
		err.Span.Start += span.Start
		err.Span.End += span.Start
		return nil, nil, err
	}
	for i := range duplicates {
		duplicates[i].Second.Start += span.Start
		duplicates[i].Second.End += span.Start
	}
	moveSpans(root, spanThrough(func(offset int32) int32 { return offset + span.Start }))
	return root, duplicates, nil
}

// planMarkers are the members of a plan, or of a state, as Terraform shows it.
var planMarkers = []string{"planned_values", "resource_changes", "values"}

// looksLikePlan reports whether a text begins as a plan in JSON does. It stops
// at the first member that tells.
func looksLikePlan(file *source.File) bool {
	k := skimmer{text: file.Text}
	if k.peek() != '{' {
		return false
	}
	version, marker := false, false
	k.members(func(name string, _ source.Span) bool {
		version = version || name == "format_version"
		for _, m := range planMarkers {
			marker = marker || name == m
		}
		if version && marker || name == "Resources" || name == "artifacts" {
			return false
		}
		_, ok := k.skip(0)
		return ok
	})
	return version && marker
}

// MaxPlanSize is the largest plan of Terraform, in bytes, that Read reads. Other
// texts may have source.MaxSize: a plan repeats all resources and modules, and
// little of it is made a tree.
const MaxPlanSize = 512 << 20

// BeginsLikePlan reports whether a text, which may be the beginning of one,
// names the version of a plan's format where Terraform writes it.
func BeginsLikePlan(text string) bool {
	k := skimmer{text: text}
	return k.take('{') && k.peek() == '"' && k.skipString() && strings.HasSuffix(k.text[:k.at], `"format_version"`)
}
