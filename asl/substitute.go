package asl

import (
	"slices"
	"strings"

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

// isBare reports whether a value is a placeholder that stands without quotes.
func isBare(v *jsontree.Value) bool { return false }

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
}

// value fills one value; inPayload says that it belongs to what a state hands
// on, where a member named Comment is no comment.
func (f *filler) value(v *jsontree.Value, inPayload bool) {
	if v.Kind == jsontree.String {
		v.Text = f.text(v.Text, v.Span, true)
	}
	for i := range v.Items {
		f.value(&v.Items[i], inPayload)
	}
	for i := range v.Members {
		m := &v.Members[i]
		m.Name = f.text(m.Name, m.NameSpan, true)
		if m.Name == "Comment" && !inPayload {
			m.Value.Text = f.text(m.Value.Text, m.Value.Span, false)
			continue
		}
		f.value(&m.Value, inPayload || isPayload(m.Name))
	}
}

// isPayload reports whether a field holds data rather than parts of the
// language.
func isPayload(name string) bool {
	f, ok := fieldByName[name]
	return ok && (specs[f].form >= template || f == fResult)
}

func (f *filler) text(s string, span source.Span, matters bool) string {
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
			if matters && !f.options.AllowPlaceholders {
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
