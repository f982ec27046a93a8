package template

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/source"
)

// pureFunctions are those that are evaluated where their arguments are known
// only. They are Terraform's own; those whose result can be much larger than
// the arguments are not among them.
var pureFunctions = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc,
	"parseint": stdlib.ParseIntFunc, "signum": stdlib.SignumFunc, "range": stdlib.RangeFunc,
	"lower": stdlib.LowerFunc, "upper": stdlib.UpperFunc, "title": stdlib.TitleFunc, "strrev": stdlib.ReverseFunc, "substr": stdlib.SubstrFunc,
	"split": stdlib.SplitFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc,
	"regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc, "formatdate": stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc,
	"setintersection": stdlib.SetIntersectionFunc, "setsubtract": stdlib.SetSubtractFunc, "chunklist": stdlib.ChunklistFunc,
	"csvdecode": stdlib.CSVDecodeFunc,
}

// pure evaluates a function on arguments that are known.
func (s *scope) pure(name string, args []tfValue) (out tfValue, ok bool) {
	f, is := pureFunctions[name]
	if !is {
		return s.affix(name, args)
	}
	var list []cty.Value
	for i := range args {
		v, ok := toCty(&args[i])
		if !ok {
			return tfValue{}, false
		}
		list = append(list, v)
	}
	result, err := f.Call(list)
	if err != nil || !result.IsWhollyKnown() {
		return tfValue{}, false
	}
	return fromCty(result)
}

// affix evaluates startswith and endswith.
func (s *scope) affix(name string, args []tfValue) (tfValue, bool) {
	if len(args) != 2 || !args[0].known() || !args[1].known() || args[0].inner != nil {
		return tfValue{}, false
	}
	switch name {
	case "startswith":
		return boolean(strings.HasPrefix(args[0].text, args[1].text)), true
	case "endswith":
		return boolean(strings.HasSuffix(args[0].text, args[1].text)), true
	}
	return tfValue{}, false
}

// toCty makes a value of the library of a value that is known.
func toCty(v *tfValue) (cty.Value, bool) {
	if !v.known() || v.inner != nil || len(v.text) > maxText/16 {
		return cty.NilVal, false
	}
	switch v.kind {
	case jsontree.String:
		return cty.StringVal(v.text), true
	case jsontree.Bool:
		return cty.BoolVal(v.text == "true"), true
	case jsontree.Null:
		return cty.NullVal(cty.DynamicPseudoType), true
	case jsontree.Number:
		f, ok := numberOf(v)
		if !ok {
			return cty.NilVal, false
		}
		return cty.NumberVal(f), true
	case jsontree.Array:
		var items []cty.Value
		for i := range v.items {
			item, ok := toCty(&v.items[i])
			if !ok {
				return cty.NilVal, false
			}
			items = append(items, item)
		}
		if v.set && len(items) > 0 && cty.CanSetVal(items) {
			return cty.SetVal(items), true
		}
		return cty.TupleVal(items), true
	case jsontree.Object:
		members := map[string]cty.Value{}
		for i := range v.members {
			member, ok := toCty(&v.members[i].value)
			if !ok {
				return cty.NilVal, false
			}
			members[v.members[i].name] = member
		}
		return cty.ObjectVal(members), true
	}
	return cty.NilVal, false
}

// fromCty makes a value without a place.
func fromCty(v cty.Value) (tfValue, bool) {
	kind := v.Type()
	switch {
	case v.IsNull():
		return tfValue{kind: jsontree.Null, text: "null"}, true
	case kind == cty.String:
		return tfValue{kind: jsontree.String, text: v.AsString()}, hole.Reserved(v.AsString()) < 0
	case kind == cty.Bool:
		return boolean(v.True()), true
	case kind == cty.Number:
		text, ok := numberText(v.AsBigFloat())
		return tfValue{kind: jsontree.Number, text: text}, ok
	case !v.CanIterateElements():
		return tfValue{}, false
	}
	out := tfValue{kind: jsontree.Array, set: kind.IsSetType()}
	if kind.IsObjectType() || kind.IsMapType() {
		out.kind = jsontree.Object
	}
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		item, ok := fromCty(value)
		if !ok {
			return tfValue{}, false
		}
		if out.kind == jsontree.Object {
			out.members = append(out.members, tfMember{name: key.AsString(), value: item})
		} else {
			out.items = append(out.items, item)
		}
	}
	return out, true
}

// encodeJSON writes a tree as jsonencode does: members in the order of their
// names.
func encodeJSON(b *strings.Builder, v *jsontree.Value) bool {
	if b.Len() > maxText {
		return false
	}
	switch v.Kind {
	case jsontree.Object:
		names := make([]string, 0, len(v.Members))
		for i := range v.Members {
			names = append(names, v.Members[i].Name)
		}
		slices.Sort(names)
		b.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, name)
			b.WriteByte(':')
			if !encodeJSON(b, v.Get(name)) {
				return false
			}
		}
		b.WriteByte('}')
	case jsontree.Array:
		b.WriteByte('[')
		for i := range v.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			if !encodeJSON(b, &v.Items[i]) {
				return false
			}
		}
		b.WriteByte(']')
	case jsontree.String:
		writeString(b, v.Text)
	default:
		b.WriteString(v.Text)
	}
	return true
}

func fnYAMLDecode(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 || args[0].kind != jsontree.String || args[0].inner != nil || !s.m.t.spend(s.file, spanOf(e.NameRange), 1, len(args[0].text)) {
		return tfValue{}, false
	}
	if _, unknown := args[0].unknown(); unknown {
		return tfValue{}, false
	}
	return s.decode(&args[0], yamltree.Parse)
}

// opened opens the file that an expression names.
func (s *scope) opened(e *hclsyntax.FunctionCallExpr, args []tfValue) *source.File {
	t := s.m.t
	if len(args) == 0 || args[0].kind != jsontree.String || !args[0].known() {
		return nil
	}
	name := path.Clean(args[0].text)
	if f := t.opened[name]; f != nil {
		return f
	}
	text, full, ok := t.open(name, s.file, spanOf(e.Range()))
	if !ok {
		return nil
	}
	file := source.NewFile(full, text)
	if at := hole.Reserved(text); at >= 0 {
		t.wrong("RESERVED_CHARACTER", file, source.Span{Start: int32(at), End: int32(at) + 3}, "", "", "the private-use characters U+E000 and U+E001 stand for unknown values in Writ and cannot be read")
		return nil
	}
	t.reporter(file)
	t.opened[name] = file
	return file
}

func fnFile(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	file := s.opened(e, args)
	if file == nil {
		return tfValue{}, false
	}
	v := tfText(file.Text, file, source.Span{Start: 0, End: int32(len(file.Text))})
	return v.used(s.file, spanOf(e.Range())), true
}

// fnTemplateFile evaluates a template in a file of its own with the variables
// that are given.
func fnTemplateFile(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 2 || s.template || args[1].kind != jsontree.Object || args[1].rest != "" {
		return tfValue{}, false
	}
	file := s.opened(e, args)
	if file == nil {
		return tfValue{}, false
	}
	t := s.m.t
	parsed := t.templates[file]
	if parsed == nil {
		if !t.parseable(file, hclsyntax.LexTemplate) {
			return tfValue{}, false
		}
		var diagnostics hcl.Diagnostics
		if parsed, diagnostics = hclsyntax.ParseTemplate([]byte(file.Text), file.Name, hcl.InitialPos); t.malformed(file, diagnostics) {
			return tfValue{}, false
		}
		t.templates[file] = parsed
	}
	c := &scope{m: s.m, file: file, template: true, vars: map[string]tfValue{}, depth: s.depth, tag: " at " + near.Quote(spanText(s, e)) + s.tag}
	for _, m := range args[1].members {
		c.vars[m.name] = m.value
	}
	v := c.eval(parsed)
	return v.used(s.file, spanOf(e.Range())), true
}

// spanText tells the uses of one template apart: what is unknown in one is
// another value in the next.
func spanText(s *scope, e *hclsyntax.FunctionCallExpr) string {
	at := s.file.Position(int32(e.NameRange.Start.Byte))
	return s.m.path + s.file.Name + ":" + itoa(at.Line)
}
