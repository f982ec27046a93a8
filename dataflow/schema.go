package dataflow

import (
	"regexp"
	"slices"
	"strings"

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
}

func (r *schemaReader) fail(span source.Span, code, hint, format string, args ...any) {
	r.findings.Addf(source.Finding{
		Code: code, Severity: source.Error, File: r.file, Span: span, Path: jsontree.Pointer(r.root, span), Hint: hint,
	}, format, args...)
}

// The codes of findings about schemas.
const (
	BadSchema       = "BAD_SCHEMA"
	RecursiveSchema = "RECURSIVE_SCHEMA"
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
	out := unknown.only(r.types(v.Get("type")))
	if p := r.need(v, "pattern", jsontree.String); p != nil && out.kinds&text != 0 {
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
	if ref := r.need(v, "$ref", jsontree.String); ref != nil {
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

// reference follows a $ref inside the file.
func (r *schemaReader) reference(ref *jsontree.Value) Value {
	pointer, ok := strings.CutPrefix(ref.Text, "#")
	if !ok || pointer != "" && pointer[0] != '/' {
		r.fail(ref.Span, BadSchema, `such as "#/$defs/name"`, "%q does not refer to a place in this file", source.Clip(ref.Text, 80))
		return unknown
	}
	at := r.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		if at = at.Get(token); at == nil {
			r.fail(ref.Span, BadSchema, "", "%q names no place in this file", source.Clip(ref.Text, 80))
			return unknown
		}
	}
	return r.schema(at)
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

// regexpText returns a text that covers what a regular expression matches: its
// literal characters stay, all else is any text. An alternative outside of
// parentheses says nothing.
func regexpText(expr string) Text {
	if flags.MatchString(expr) {
		return anyText
	}
	pieces := []string{""}
	wild := func() { pieces = append(pieces, "") }
	if !strings.HasPrefix(expr, "^") {
		wild()
	}
	expr = strings.TrimPrefix(expr, "^")
	for expr != "" {
		if expr == "$" {
			return newText(pieces, nil)
		}
		literal, size := regexpAtom(expr)
		if size == 0 {
			return anyText
		}
		expr = expr[size:]
		if n := quantifier(expr); n > 0 {
			expr, literal = expr[n:], ""
		}
		if literal == "" {
			wild()
		} else {
			pieces[len(pieces)-1] += literal
		}
	}
	wild()
	return newText(pieces, nil)
}

// flags are those inside an expression, which change what its letters mean; and
// classes that begin with their closing bracket, which not all dialects read
// alike.
var flags = regexp.MustCompile(`\(\?[^:=!<P]|\[\^?\]`)

// regexpAtom returns the literal that an expression begins with, "" for what is
// none, and its length; 0 where it cannot be told.
func regexpAtom(expr string) (literal string, size int) {
	switch c := expr[0]; c {
	case '|', ')', '$', '^', '*', '+', '?', '{':
		return "", 0
	case '.':
		return "", 1
	case '[':
		for i := 2; i < len(expr); i++ {
			if expr[i] == '\\' {
				i++
			} else if expr[i] == ']' {
				return "", i + 1
			}
		}
		return "", 0
	case '(':
		return "", group(expr)
	case '\\':
		if len(expr) < 2 {
			return "", 0
		}
		if e := expr[1]; strings.IndexByte(`.-/:\*+?()[]{}|^$_"'#,=!<>@&%~`, e) >= 0 {
			return expr[1:2], 2
		} else if strings.IndexByte("dDwWsSbB", e) >= 0 {
			return "", 2
		}
		return "", 0
	default:
		for i := range expr {
			if i > 0 {
				return expr[:i], i
			}
		}
		return expr, len(expr)
	}
}

// group is the length of the parentheses that an expression begins with.
func group(expr string) int {
	depth, class := 0, false
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// quantifier is the length of the quantifier that an expression begins with.
func quantifier(expr string) int {
	if expr == "" {
		return 0
	}
	n := 0
	switch expr[0] {
	case '*', '+', '?':
		n = 1
	case '{':
		if n = strings.IndexByte(expr, '}') + 1; n == 0 {
			return 0
		}
	default:
		return 0
	}
	if n < len(expr) && (expr[n] == '?' || expr[n] == '+') {
		n++
	}
	return n
}
