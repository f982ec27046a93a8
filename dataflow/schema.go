package dataflow

import (
	"slices"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// schemaReader makes values of JSON Schemas. Keywords that would cut values down
// further (lengths, formats, not, if) are left out: what they exclude stays
// possible.
type schemaReader struct {
	file     *source.File
	root     *jsontree.Value
	findings source.Collector
	done     map[*jsontree.Value]Value
	open     map[*jsontree.Value]bool
	draft    draft
}

func (r *schemaReader) fail(span source.Span, code, hint, format string, args ...any) {
	r.findings.Addf(source.Finding{
		Code: code, Severity: source.Error, File: r.file, Span: span, Path: jsontree.Pointer(r.root, span), Hint: hint,
	}, format, args...)
}

// The codes of findings about schemas.
const (
	BadSchema          = "BAD_SCHEMA"
	RecursiveSchema    = "RECURSIVE_SCHEMA"
	SchemaDraftUnknown = "SCHEMA_DRAFT_UNKNOWN"
)

// schema returns the values that fit a schema. Each schema is read once, however
// many refer to it.
func (r *schemaReader) schema(v *jsontree.Value) Value {
	if r.done == nil {
		r.done, r.open = map[*jsontree.Value]Value{}, map[*jsontree.Value]bool{}
	}
	if out, ok := r.done[v]; ok {
		return out
	}
	if r.open[v] {
		r.fail(v.Span, RecursiveSchema, "write out the levels that matter; {} is any value", "this schema refers to itself")
		return unknown
	}
	r.open[v] = true
	out := unknown
	switch {
	case v.Is(jsontree.Bool):
		if v.Text == "false" {
			out = Value{}
		}
	case v.Is(jsontree.Object):
		out = r.keywords(v)
	default:
		r.fail(v.Span, BadSchema, "", "a schema is an object, true or false, not %s", v.Kind)
	}
	delete(r.open, v)
	r.done[v] = out
	return out
}

func (r *schemaReader) keywords(v *jsontree.Value) Value {
	ref := r.need(v, "$ref", jsontree.String)
	if ref != nil && !r.countsBeside(v, ref) {
		return r.reference(ref)
	}
	out := unknown.only(r.types(v.Get("type")))
	if p := r.need(v, "pattern", jsontree.String); p != nil && out.kinds&text != 0 {
		r.checkPattern(p)
		t := regexpText(p.Text)
		t.from = t.from.then(r.step(p))
		out.texts = []Text{t}
	}
	if out.kinds&object != 0 {
		out.obj = r.members(v)
	}
	if out.kinds&array != 0 {
		out.arr = r.items(v)
	}
	if c := v.Get("const"); c != nil {
		out = meet(out, fromTree(c, r.literalOf(c)))
	}
	if list := r.need(v, "enum", jsontree.Array); list != nil {
		among := Value{}
		for i := range list.Items {
			among = join(among, fromTree(&list.Items[i], r.literalOf(list)))
		}
		out = meet(out, among)
	}
	if ref != nil {
		out = meet(out, r.reference(ref))
	}
	for _, sub := range r.list(v, "allOf") {
		out = meet(out, r.schema(sub))
	}
	for _, name := range []string{"anyOf", "oneOf"} {
		if subs := r.list(v, name); subs != nil {
			some := Value{}
			for _, sub := range subs {
				some = join(some, r.schema(sub))
			}
			out = meet(out, some)
		}
	}
	return out
}

// need returns a keyword, and reports one of the wrong type.
func (r *schemaReader) need(v *jsontree.Value, name string, kind jsontree.Kind) *jsontree.Value {
	k := v.Get(name)
	if k != nil && k.Kind != kind {
		r.fail(k.Span, BadSchema, "", "%s must be %s, not %s", name, kind, k.Kind)
		return nil
	}
	return k
}

// list returns the schemas of a keyword that holds some.
func (r *schemaReader) list(v *jsontree.Value, name string) []*jsontree.Value {
	k := r.need(v, name, jsontree.Array)
	if k == nil {
		return nil
	}
	if len(k.Items) == 0 {
		r.fail(k.Span, BadSchema, "", "%s holds no schema", name)
	}
	var out []*jsontree.Value
	for i := range k.Items {
		out = append(out, &k.Items[i])
	}
	return out
}

var typeKinds = map[string]kinds{
	"null": null, "boolean": yes | no, "number": number, "integer": number, "string": text, "array": array, "object": object,
}

func (r *schemaReader) types(v *jsontree.Value) kinds {
	if v == nil {
		return everything
	}
	names := []jsontree.Value{*v}
	if v.Kind == jsontree.Array {
		names = v.Items
	}
	var out kinds
	for i := range names {
		k, ok := typeKinds[names[i].Text]
		if !ok || names[i].Kind != jsontree.String {
			r.fail(names[i].Span, BadSchema, "one of null, boolean, number, integer, string, array, object", "this is no type of JSON Schema")
			return everything
		}
		out |= k
	}
	return out
}

// members reads what a schema says of objects; nil where it says nothing.
func (r *schemaReader) members(v *jsontree.Value) *objectPart {
	properties := r.need(v, "properties", jsontree.Object)
	required := r.need(v, "required", jsontree.Array)
	r.need(v, "patternProperties", jsontree.Object)
	others := unknown.orAbsent()
	if extra := v.Get("additionalProperties"); extra != nil {
		if others = r.schema(extra).orAbsent(); v.Get("patternProperties") != nil {
			others = unknown.orAbsent()
		}
	}
	isRequired := map[string]bool{}
	for i := range items(required) {
		if required.Items[i].Kind != jsontree.String {
			r.fail(required.Items[i].Span, BadSchema, "", "required lists names")
		}
		isRequired[required.Items[i].Text] = true
	}
	var out []field
	if properties != nil {
		for i := range properties.Members {
			m := &properties.Members[i]
			value := r.schema(&m.Value)
			if !isRequired[m.Name] || value.kinds == 0 {
				value = value.orAbsent()
			}
			out = append(out, field{m.Name, value})
		}
	}
	return fieldsOf(out, others).obj
}

func items(v *jsontree.Value) []jsontree.Value {
	if v == nil {
		return nil
	}
	return v.Items
}

// items reads what a schema says of arrays; nil where it says nothing.
func (r *schemaReader) items(v *jsontree.Value) *arrayPart {
	rest, first := v.Get("items"), r.need(v, "prefixItems", jsontree.Array)
	if rest.Is(jsontree.Array) { // as older drafts write it
		rest, first = v.Get("additionalItems"), rest
	}
	elem := unknown
	if rest != nil {
		elem = r.schema(rest)
	}
	for i := range items(first) {
		elem = join(elem, r.schema(&first.Items[i]))
	}
	return ofElems(elem).arr
}

// meet returns a value that covers what both have in common.
func meet(a, b Value) Value {
	switch {
	case a.Unknown() && a.kinds&absent == 0:
		return b.present()
	case b.Unknown() && b.kinds&absent == 0:
		return a.present()
	}
	out := a.only(a.kinds & b.kinds)
	if out.kinds&text != 0 {
		if out.texts = amongTexts(a, b).texts; len(out.texts) == 0 {
			out = out.only(out.kinds &^ text)
		}
	}
	if out.kinds&number != 0 {
		switch {
		case a.numbers == nil:
			out.numbers = b.numbers
		case b.numbers != nil:
			out.numbers = slices.DeleteFunc(slices.Clone(a.numbers), func(n string) bool { return !slices.Contains(b.numbers, n) })
			if len(out.numbers) == 0 {
				out = out.only(out.kinds &^ number)
			}
		}
	}
	if out.kinds&array != 0 && a.arr == nil {
		out.arr = b.arr
	} else if out.kinds&array != 0 && b.arr != nil && !a.arr.exact && !b.arr.exact {
		out.arr = ofElems(meet(a.arr.elem, b.arr.elem)).arr
	}
	if out.kinds&object != 0 {
		out.obj = meetObjects(a.obj, b.obj)
	}
	return out
}

func meetObjects(a, b *objectPart) *objectPart {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	var out []field
	both := func(name string) {
		first, second := a.field(name), b.field(name)
		v := meet(first, second)
		v.kinds |= first.kinds & second.kinds & absent
		if v.kinds == 0 {
			v = first // no object fits; this one covers none
		}
		out = append(out, field{name, v})
	}
	for _, f := range a.fields {
		both(f.name)
	}
	for _, f := range b.fields {
		if _, done := a.find(f.name); !done {
			both(f.name)
		}
	}
	others := meet(a.others, b.others).orAbsent()
	return fieldsOf(out, others).obj
}
