package asl

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// nextPlaceholder finds the first ${name} in a text: the offsets of the whole
// and of the name. Names hold letters, digits and _ . : -
func nextPlaceholder(s string) (start, end int, name string) {
	for at := 0; ; {
		i := strings.Index(s[at:], "${")
		if i < 0 {
			return -1, -1, ""
		}
		start = at + i
		end = start + 2
		for end < len(s) && isNameByte(s[end]) {
			end++
		}
		if end > start+2 && end < len(s) && s[end] == '}' {
			return start, end + 1, s[start+2 : end]
		}
		at = start + 2
	}
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == ':' || c == '-'
}

// OpenPlaceholders returns a text with "*" in place of every ${name}, as a
// pattern of what the text may become. All else stays, "${" without a name or a
// closing brace included.
func OpenPlaceholders(text string) string {
	start, end, _ := nextPlaceholder(text)
	if start < 0 {
		return text
	}
	var b strings.Builder
	for ; start >= 0; start, end, _ = nextPlaceholder(text) {
		b.WriteString(text[:start] + "*")
		text = text[end:]
	}
	b.WriteString(text)
	return b.String()
}

// hasOpenPart reports whether a part of a text is known only when the
// definition is deployed, so that its form cannot be checked: a ${name}, or a
// hole that a template left (package internal/hole).
func hasOpenPart(s string) bool { return hasPlaceholder(s) || hole.Has(s) }

func hasPlaceholder(s string) bool {
	if strings.IndexByte(s, '$') < 0 {
		return false
	}
	start, _, _ := nextPlaceholder(s)
	return start >= 0
}

func treeHasPlaceholder(v *jsontree.Value) bool {
	if v.Kind == jsontree.String && hasPlaceholder(v.Text) {
		return true
	}
	for i := range v.Items {
		if treeHasPlaceholder(&v.Items[i]) {
			return true
		}
	}
	for i := range v.Members {
		if hasPlaceholder(v.Members[i].Name) || treeHasPlaceholder(&v.Members[i].Value) {
			return true
		}
	}
	return false
}

// isBare reports whether a value is a placeholder that stands without quotes,
// as in "MaxConcurrency": ${Max}: what fills it may be of any kind. A string in
// quotes spans more than its text.
func isBare(v *jsontree.Value) bool {
	if v == nil || v.Kind != jsontree.String || !strings.HasPrefix(v.Text, "${") || int(v.Span.End-v.Span.Start) != len(v.Text) {
		return false
	}
	start, end, _ := nextPlaceholder(v.Text)
	return start == 0 && end == len(v.Text)
}

// isOpen reports whether what a value becomes may be of any kind: it is a
// placeholder without quotes, or a hole, for which a function of a template
// stands.
func isOpen(v *jsontree.Value) bool {
	if v == nil || v.Kind != jsontree.String {
		return false
	}
	_, whole := hole.Whole(v.Text)
	return whole || isBare(v)
}

// quoteBare makes JSON of a text in which placeholders stand without quotes:
// the dollar sign and the closing brace become quotes, so that every offset
// stays. The filler puts their text back; changed is false where there are none.
func quoteBare(text string) (quoted string, changed bool) {
	var out []byte
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			i = stringEnd(text, i)
		case text[i] == '$':
			start, end, _ := nextPlaceholder(text[i:min(len(text), i+maxBare)])
			if start != 0 || namesMember(text[i+end:]) {
				continue
			}
			if out == nil {
				out = []byte(text)
			}
			out[i], out[i+end-1] = '"', '"'
			i += end - 1
		}
	}
	return string(out), out != nil
}

// namesMember reports whether a text goes on with the colon after a name, for
// which no placeholder without quotes can stand.
func namesMember(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), ":")
}

// maxBare bounds the length of a placeholder without quotes.
const maxBare = 256

// stringEnd returns the offset of the quote that closes a JSON string.
func stringEnd(text string, open int) int {
	for i := open + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

// substitute fills the placeholders of the whole tree and reports those that
// stay.
func (r *reader) substitute(root *jsontree.Value, opts Options) {
	if !strings.Contains(r.machine.File.Text, "${") && len(opts.Substitutions) == 0 {
		return
	}
	f := &filler{reader: r, options: opts, used: make(map[string]bool)}
	f.value(root, false)
	var unused []string
	for name := range opts.Substitutions {
		if !f.used[name] {
			unused = append(unused, name)
		}
	}
	slices.Sort(unused)
	for _, name := range unused {
		r.report("UNUSED_SUBSTITUTION", source.Suggestion, opening(root), "", "", "substitution %q fills nothing in this definition", name)
	}
}

type filler struct {
	reader  *reader
	options Options
	used    map[string]bool
	quiet   bool // inside a Comment, where a placeholder does not matter
}

// value fills one value; inPayload says that it belongs to what a state hands
// on, where a member named Comment is no comment.
func (f *filler) value(v *jsontree.Value, inPayload bool) {
	if v.Kind == jsontree.String {
		f.str(v)
		return
	}
	for i := range v.Items {
		f.value(&v.Items[i], inPayload)
	}
	for i := range v.Members {
		m := &v.Members[i]
		m.Name = f.text(m.Name, m.NameSpan)
		f.quiet = m.Name == "Comment" && !inPayload
		f.value(&m.Value, inPayload || isPayload(m.Name))
		f.quiet = false
	}
}

func (f *filler) str(v *jsontree.Value) {
	written := f.reader.machine.File.Slice(v.Span)
	bare := strings.HasPrefix(written, "${")
	if bare {
		v.Text = written
	}
	v.Text = f.text(v.Text, v.Span)
	if bare && v.Text != written {
		f.graft(v)
	}
}

// graft makes a value of what fills a placeholder without quotes.
func (f *filler) graft(v *jsontree.Value) {
	value, duplicates, err := jsontree.Parse(v.Text)
	if _, unknown := hole.Whole(v.Text); unknown {
		return
	}
	if err == nil {
		for _, d := range duplicates {
			f.reader.fail("DUPLICATE_KEY", v.Span, "", "%q is twice a name in what fills this placeholder", d.Name)
		}
		setSpans(value, v.Span)
		*v = *value
		return
	}
	if !f.reader.yaml {
		f.reader.fail("BAD_SUBSTITUTION", v.Span, "put the placeholder in quotes, or give a number, true, false, null, an array or an object",
			"what fills this placeholder is no JSON, and it stands without quotes")
	}
}

func setSpans(v *jsontree.Value, span source.Span) {
	v.Span = span
	for i := range v.Items {
		setSpans(&v.Items[i], span)
	}
	for i := range v.Members {
		v.Members[i].NameSpan = span
		setSpans(&v.Members[i].Value, span)
	}
}

// isPayload reports whether a field holds data rather than parts of the
// language.
func isPayload(name string) bool {
	f, ok := fieldByName(name)
	return ok && (specs[f].form >= formTemplate || f == fResult)
}

func (f *filler) text(s string, span source.Span) string {
	start, end, name := nextPlaceholder(s)
	if start < 0 {
		return s
	}
	var b strings.Builder
	for ; start >= 0; start, end, name = nextPlaceholder(s) {
		b.WriteString(s[:start])
		if value, ok := f.options.Substitutions[name]; ok {
			f.used[name] = true
			b.WriteString(value)
		} else {
			b.WriteString(s[start:end])
			if !f.quiet && !f.options.AllowPlaceholders {
				f.unresolved(name, span)
			}
		}
		s = s[end:]
	}
	b.WriteString(s)
	return b.String()
}

func (f *filler) unresolved(name string, span source.Span) {
	f.reader.fail("UNRESOLVED_PLACEHOLDER", span, "give it with --substitution "+name+"=VALUE, or go on without it by --allow-placeholders",
		"nothing fills the placeholder ${%s}", name)
}

// AroundPlaceholders returns the texts around the placeholders of a text: one
// more than there are placeholders.
func AroundPlaceholders(text string) []string {
	var around []string
	start, end, _ := nextPlaceholder(text)
	for ; start >= 0; start, end, _ = nextPlaceholder(text) {
		around = append(around, text[:start])
		text = text[end:]
	}
	return append(around, text)
}
