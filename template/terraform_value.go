package template

import (
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// tfValue is a value of Terraform, as far as it is known. What is not known at
// all is a string that is a hole. Values know where they were written, which
// may be another file than the one that they are used in.
type tfValue struct {
	kind    jsontree.Kind // Invalid for no value at all
	text    string        // of strings, numbers and booleans
	items   []tfValue
	members []tfMember // of objects, maps and blocks; names are unique

	file  *source.File
	span  source.Span
	using *tfUse
	inner *tfValue    // what a string says as JSON
	parts []tfPart    // what a string was joined of
	when  When        // of an item of a list: what has to be so for it to be there
	rest  string      // hole of further items or members that are not known; ""
	set   bool        // a list whose order and repetitions mean nothing
	res   *tfResource // the resource that an object is; it has no members then
}

// tfMember is a member of an object.
type tfMember struct {
	name     string
	nameSpan source.Span
	value    tfValue
}

// tfUse is a place that refers to a value.
type tfUse struct {
	file *source.File
	span source.Span
	next *tfUse
}

// tfPart is a part of a joined text and the place where it was written.
type tfPart struct {
	text string
	at   tfValue // its file, span and uses
	raw  bool    // the span holds the text as it is written in its file
}

func (v *tfValue) is(k jsontree.Kind) bool { return v != nil && v.kind == k }

// exists reports whether there is a value: neither nothing nor null.
func (v *tfValue) exists() bool {
	return v != nil && v.kind != jsontree.Invalid && v.kind != jsontree.Null
}

// get returns a member of an object, nil where there is none.
func (v *tfValue) get(name string) *tfValue {
	if v == nil {
		return nil
	}
	for i := range v.members {
		if v.members[i].name == name {
			return &v.members[i].value
		}
	}
	return nil
}

// put sets a member of an object.
func (v *tfValue) put(m tfMember) {
	if old := v.get(m.name); old != nil {
		*old = m.value
		return
	}
	v.members = append(v.members, m)
}

// unknown reports whether nothing is known of a value, and names it.
func (v *tfValue) unknown() (string, bool) {
	if v == nil || v.kind != jsontree.String {
		return "", false
	}
	return hole.Whole(v.text)
}

// known reports whether all of a value is known: no holes, no conditions, no
// unknown rest.
func (v *tfValue) known() bool {
	if v.rest != "" || len(v.when) > 0 || v.res != nil || hole.Has(v.text) {
		return false
	}
	for i := range v.items {
		if !v.items[i].known() {
			return false
		}
	}
	for i := range v.members {
		if !v.members[i].value.known() {
			return false
		}
	}
	return true
}

// shaped reports whether it is known which items or members a value has.
func (v *tfValue) shaped() bool {
	if _, unknown := v.unknown(); unknown || v.rest != "" {
		return false
	}
	for i := range v.items {
		if len(v.items[i].when) > 0 {
			return false
		}
	}
	return true
}

// used returns a value as it stands at a place that refers to it.
func (v tfValue) used(file *source.File, span source.Span) tfValue {
	if v.file == nil {
		v.file, v.span = file, span
		return v
	}
	v.using = &tfUse{file, span, v.using}
	return v
}

// maxUses bounds how far the way from a use of a value to its text is followed.
const maxUses = 64

// place returns where a value stands in a file: its own place, or that of the
// use of it; otherwise the span given.
func (v *tfValue) place(file *source.File, otherwise source.Span) source.Span {
	if v.file == file {
		return v.span
	}
	n := 0
	for u := v.using; u != nil && n < maxUses; u = u.next {
		if u.file == file {
			return u.span
		}
		n++
	}
	return otherwise
}

func tfText(text string, file *source.File, span source.Span) tfValue {
	return tfValue{kind: jsontree.String, text: text, file: file, span: span}
}

func tfList(file *source.File, span source.Span, items ...tfValue) tfValue {
	return tfValue{kind: jsontree.Array, items: items, file: file, span: span}
}

// tree makes a tree of a value with the positions that it has in a file. With
// lost it says what cannot be told in a tree: items that are there under a
// condition, and items that are not known.
func (v *tfValue) tree(file *source.File, otherwise source.Span, lost func(span source.Span, what string)) jsontree.Value {
	span := v.place(file, otherwise)
	out := jsontree.Value{Kind: v.kind, Span: span}
	switch v.kind {
	case jsontree.String, jsontree.Number, jsontree.Bool, jsontree.Null:
		out.Text = v.text
		return out
	case jsontree.Invalid:
		out.Kind, out.Text = jsontree.Null, "null"
		return out
	}
	if v.res != nil {
		lost(span, "a resource as a whole stands here, "+v.res.address)
	}
	if v.rest != "" {
		lost(span, "what else stands here, "+v.rest+", is not known")
	}
	for i := range v.items {
		if len(v.items[i].when) > 0 {
			lost(v.items[i].place(file, span), "whether this stands here is not known: "+v.items[i].when.String())
			continue
		}
		out.Items = append(out.Items, v.items[i].tree(file, span, lost))
	}
	for i := range v.members {
		m := &v.members[i]
		nameSpan := m.nameSpan
		if m.value.file != file {
			nameSpan = m.value.place(file, span)
		}
		out.Members = append(out.Members, jsontree.Member{Name: m.name, NameSpan: nameSpan, Value: m.value.tree(file, span, lost)})
	}
	return out
}

// fromTree makes a value of a tree of a file.
func fromTree(file *source.File, v *jsontree.Value) tfValue {
	out := tfValue{kind: v.Kind, text: v.Text, file: file, span: v.Span}
	for i := range v.Items {
		out.items = append(out.items, fromTree(file, &v.Items[i]))
	}
	for i := range v.Members {
		m := &v.Members[i]
		out.put(tfMember{m.Name, m.NameSpan, fromTree(file, &m.Value)})
	}
	return out
}

// tfOrigin tells where in a file the parts of a joined text were written.
type tfOrigin struct {
	file      *source.File
	otherwise source.Span
	parts     []tfPart
	starts    []int
	offsets   map[int][]int32 // by part
}

func newOrigin(v *tfValue, file *source.File, otherwise source.Span) *tfOrigin {
	o := &tfOrigin{file: file, otherwise: otherwise, parts: v.parts, offsets: map[int][]int32{}}
	if o.parts == nil {
		o.parts = []tfPart{{text: v.text, at: *v, raw: true}}
	}
	n := 0
	for i := range o.parts {
		o.starts = append(o.starts, n)
		n += len(o.parts[i].text)
	}
	return o
}

// at returns the offset in the file of an offset in the text.
func (o *tfOrigin) at(offset int32) int32 {
	i, end := 0, len(o.starts)
	for i < end { // the last part that begins at or before the offset
		if mid := (i + end) / 2; o.starts[mid] <= int(offset) {
			i = mid + 1
		} else {
			end = mid
		}
	}
	if i--; i < 0 {
		return o.otherwise.Start
	}
	p := &o.parts[i]
	span := p.at.place(o.file, o.otherwise)
	if !p.raw || p.at.file != o.file {
		if int(offset) > o.starts[i] {
			return span.End
		}
		return span.Start
	}
	offsets, known := o.offsets[i]
	if !known {
		offsets = writtenOffsets(o.file.Slice(span), p.text)
		o.offsets[i] = offsets
	}
	if at := int(offset) - o.starts[i]; at < len(offsets) {
		return span.Start + offsets[at]
	}
	return span.Start
}

// writtenOffsets returns for each byte of a text, and for its end, the offset of
// what stands for it in the text as it is written: a string of JSON, or a part
// of a template of Terraform, without quotes. It is nil where the two do not fit
// together.
func writtenOffsets(written, text string) []int32 {
	if strings.HasPrefix(written, `"`) && strings.HasSuffix(written, `"`) && len(written) >= 2 && len(written) != len(text) {
		if offsets := scalarOffsets(written, text); offsets != nil {
			return offsets
		}
	}
	offsets := make([]int32, 0, len(text)+1)
	in := 0
	if strings.HasSuffix(written, text) { // as it is, or a line of a heredoc without its indentation
		for in = len(written) - len(text); in <= len(written); in++ {
			offsets = append(offsets, int32(in))
		}
		return offsets
	}
	for len(offsets) < len(text) {
		rest := text[len(offsets):]
		if in >= len(written) {
			return nil
		}
		raw, size := 1, 1
		switch c := written[in]; {
		case strings.HasPrefix(written[in:], "$${") || strings.HasPrefix(written[in:], "%%{"):
			raw, size = 3, 2
		case c == '\\' && len(written) > len(text):
			raw, size = escape(written[in:])
		case c == rest[0]:
		case isSpace(c): // the indentation of a heredoc
			in++
			continue
		default:
			return nil
		}
		for range min(size, len(rest)) {
			offsets = append(offsets, int32(in))
		}
		in += raw
	}
	return append(offsets, int32(in))
}
