package template

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// tfFunction is a function of Terraform's language that is evaluated on values
// that are not known as a whole. ok is false where the result is not known.
type tfFunction func(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (v tfValue, ok bool)

// functionNamed returns a function, nil for those that need values which are
// known (see pureFunctions) and those that are not evaluated. Source: Terraform
// documentation, "Built-in functions".
func functionNamed(name string) tfFunction {
	switch name {
	case "jsonencode":
		return fnJSONEncode
	case "jsondecode":
		return fnJSONDecode
	case "yamldecode":
		return fnYAMLDecode
	case "file":
		return fnFile
	case "templatefile":
		return fnTemplateFile
	case "concat":
		return fnConcat
	case "merge":
		return fnMerge
	case "join":
		return fnJoin
	case "format":
		return fnFormat
	case "formatlist":
		return fnFormatList
	case "tolist", "toset", "tomap", "tostring", "tonumber", "tobool", "sensitive", "nonsensitive", "ephemeralasnull":
		return fnConvert
	case "flatten":
		return fnFlatten
	case "compact":
		return fnCompact
	case "distinct", "setunion":
		return fnDistinct
	case "lookup":
		return fnLookup
	case "element":
		return fnElement
	case "keys", "values":
		return fnMembers
	case "length":
		return fnLength
	case "contains":
		return fnContains
	case "coalesce":
		return fnCoalesce
	case "coalescelist":
		return fnCoalesceList
	case "one":
		return fnOne
	case "zipmap":
		return fnZipMap
	case "slice", "reverse", "sort":
		return fnReorder
	case "replace":
		return fnReplace
	case "trimspace", "chomp":
		return fnTrim
	}
	return nil
}

// call evaluates the call of a function.
func (s *scope) call(e *hclsyntax.FunctionCallExpr) tfValue {
	name := strings.TrimPrefix(e.Name, "core::")
	if name == "try" || name == "can" {
		return s.try(e, name)
	}
	var args []tfValue
	for i, a := range e.Args {
		v := s.eval(a)
		if e.ExpandFinal && i == len(e.Args)-1 {
			if v.kind != jsontree.Array || !v.shaped() {
				return s.unknown(e, "result of "+e.Name)
			}
			args = append(args, v.items...)
			continue
		}
		args = append(args, v)
	}
	if f := functionNamed(name); f != nil {
		if v, ok := f(s, e, args); ok {
			if v.file == nil {
				v.file, v.span = s.file, spanOf(e.Range())
			}
			return v
		}
		return s.unknown(e, "result of "+e.Name)
	}
	if v, ok := s.pure(name, args); ok {
		return v.used(s.file, spanOf(e.Range()))
	}
	return s.unknown(e, "result of "+e.Name)
}

// try returns the first argument where that is known. Whether one that is not
// known fails, so that the next counts, cannot be told; nor whether it can.
func (s *scope) try(e *hclsyntax.FunctionCallExpr, name string) tfValue {
	if name == "try" && len(e.Args) > 0 {
		v := s.eval(e.Args[0])
		if _, unknown := v.unknown(); v.kind != jsontree.Invalid && (!unknown || v.inner != nil || len(e.Args) == 1) {
			return v
		}
	}
	return s.unknown(e, "result of "+e.Name)
}

func fnJSONEncode(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 {
		return tfValue{}, false
	}
	v := args[0]
	if name, unknown := v.unknown(); unknown && v.inner == nil {
		return tfText(s.m.t.hole(Hole{Name: "jsonencode(" + name + ")", Why: "JSON"}), s.file, spanOf(e.Range())), true
	}
	out := s.m.t.encoded(&v, func() tfValue { return s.unknown(e, "JSON") })
	out.file, out.span = s.file, spanOf(e.Range())
	if v.file != nil && v.file != s.file { // the tree is where its parts were written
		out.file, out.span = v.file, v.span
		out = out.used(s.file, spanOf(e.Range()))
	}
	return out, true
}

// encoded is the text of a value in JSON, which readers of JSON take the value
// from. Where it has no text, since conditions or unknown items are in it, it is
// a hole.
func (t *terraform) encoded(v *tfValue, otherwise func() tfValue) tfValue {
	ok := true
	tree := v.tree(v.file, v.span, func(source.Span, string) { ok = false })
	var b strings.Builder
	out := tfValue{kind: jsontree.String}
	if ok && encodeJSON(&b, &tree) && t.spend(t.main, source.Span{}, 1, b.Len()) {
		out.text = b.String()
	} else {
		out = otherwise()
	}
	out.inner, out.parts = v, nil
	return out
}

func fnJSONDecode(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 || args[0].kind != jsontree.String {
		return tfValue{}, false
	}
	v := &args[0]
	if v.inner != nil {
		return *v.inner, true
	}
	if _, unknown := v.unknown(); unknown || !s.m.t.spend(s.file, spanOf(e.NameRange), 1, len(v.text)) {
		return tfValue{}, false
	}
	return s.decode(v, jsontree.Parse)
}

// decode reads a text; positions in the result are those of the text's parts.
func (s *scope) decode(v *tfValue, parse func(string) (*jsontree.Value, []jsontree.Duplicate, *jsontree.Error)) (tfValue, bool) {
	root, _, err := parse(v.text)
	if err != nil {
		return tfValue{}, false
	}
	moveSpans(root, spanThrough(newOrigin(v, v.file, v.span).at))
	out := fromTree(v.file, root)
	out.using = v.using
	return out, true
}

func fnConcat(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	out := tfValue{kind: jsontree.Array}
	for i := range args {
		v := &args[i]
		if name, unknown := v.unknown(); unknown {
			out.rest = name
			continue
		}
		if v.kind != jsontree.Array {
			return tfValue{}, false
		}
		if v.rest != "" {
			out.rest = v.rest
		}
		for _, item := range v.items {
			item.using = joinUses(item.using, v.using)
			out.items = append(out.items, item)
		}
	}
	return out, s.m.t.spend(s.file, spanOf(e.NameRange), len(out.items), 0)
}

func fnMerge(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	out := tfValue{kind: jsontree.Object}
	index := map[string]int{}
	for i := range args {
		v := &args[i]
		if !v.exists() {
			continue
		}
		if name, unknown := v.unknown(); unknown { // it may change any member before it
			out = tfValue{kind: jsontree.Object, rest: name}
			index = map[string]int{}
			continue
		}
		if v.kind != jsontree.Object || v.res != nil {
			return tfValue{}, false
		}
		if v.rest != "" {
			out = tfValue{kind: jsontree.Object, rest: v.rest}
			index = map[string]int{}
		}
		if !s.m.t.spend(s.file, spanOf(e.NameRange), len(v.members), 0) {
			return tfValue{}, false
		}
		for _, m := range v.members {
			if at, known := index[m.name]; known {
				out.members[at] = m
				continue
			}
			index[m.name] = len(out.members)
			out.members = append(out.members, m)
		}
	}
	return out, true
}

func fnJoin(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) < 2 || !isTextKind(args[0].kind) {
		return tfValue{}, false
	}
	var j joiner
	first := true
	for i := range args[1:] {
		list := &args[1+i]
		if list.kind != jsontree.Array || !list.shaped() {
			return tfValue{}, false
		}
		for _, item := range list.items {
			if !isTextKind(item.kind) || j.text.Len()+len(item.text)+len(args[0].text) > maxText || !s.m.t.spend(s.file, spanOf(e.NameRange), 1, len(item.text)+len(args[0].text)) {
				return tfValue{}, false
			}
			if !first {
				j.add(args[0], false)
			}
			first = false
			j.add(item, false)
		}
	}
	return textOfParts(&j), true
}

func textOfParts(j *joiner) tfValue {
	return tfValue{kind: jsontree.String, text: j.text.String(), parts: j.parts}
}

// fnFormat evaluates the verbs that put a value into a text as it is.
func fnFormat(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) == 0 || args[0].kind != jsontree.String || hole.Has(args[0].text) {
		return tfValue{}, false
	}
	text, ok := s.formatted(e, args[0].text, args[1:])
	return tfValue{kind: jsontree.String, text: text}, ok
}

func (s *scope) formatted(e *hclsyntax.FunctionCallExpr, format string, args []tfValue) (string, bool) {
	var b strings.Builder
	next := 0
	for {
		before, rest, found := strings.Cut(format, "%")
		b.WriteString(before)
		if !found {
			return b.String(), next == len(args)
		}
		if rest == "" {
			return "", false
		}
		verb := rest[0]
		format = rest[1:]
		if verb == '%' {
			b.WriteByte('%')
			continue
		}
		if next >= len(args) || strings.IndexByte("svd", verb) < 0 || !isTextKind(args[next].kind) || args[next].inner != nil {
			return "", false
		}
		if b.Len()+len(args[next].text) > maxText || !s.m.t.spend(s.file, spanOf(e.NameRange), 1, len(args[next].text)) {
			return "", false
		}
		b.WriteString(args[next].text)
		next++
	}
}

// fnFormatList is format for each item of the lists among the arguments.
func fnFormatList(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) == 0 || args[0].kind != jsontree.String || hole.Has(args[0].text) {
		return tfValue{}, false
	}
	n := -1
	for i := range args[1:] {
		if a := &args[1+i]; a.kind == jsontree.Array {
			if !a.shaped() || n >= 0 && len(a.items) != n {
				return tfValue{}, false
			}
			n = len(a.items)
		}
	}
	out := tfValue{kind: jsontree.Array}
	for i := range max(n, 0) {
		var one []tfValue
		for _, a := range args[1:] {
			if a.kind == jsontree.Array {
				a = a.items[i]
			}
			one = append(one, a)
		}
		text, ok := s.formatted(e, args[0].text, one)
		if !ok {
			return tfValue{}, false
		}
		out.items = append(out.items, tfText(text, s.file, spanOf(e.Range())))
	}
	return out, true
}

// fnReplace replaces a part of a text. A hole may hold that part too, so that
// of a text with holes only those replacements are known that a hole cannot
// contain.
func fnReplace(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 3 || !args[0].known() || !args[1].known() || !isTextKind(args[0].kind) || !isTextKind(args[2].kind) {
		return tfValue{}, false
	}
	text, old, with := args[0].text, args[1].text, args[2].text
	if len(old) > 1 && strings.HasPrefix(old, "/") && strings.HasSuffix(old, "/") || args[0].inner != nil || args[2].inner != nil {
		return tfValue{}, false // a regular expression
	}
	if (strings.Count(text, old)+1)*(len(with)+1)+len(text) > maxText {
		return tfValue{}, false
	}
	return tfValue{kind: jsontree.String, text: strings.ReplaceAll(text, old, with)}, true
}

// fnTrim removes white space around a text; what is unknown must not stand at
// its ends.
func fnTrim(_ *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 || args[0].kind != jsontree.String {
		return tfValue{}, false
	}
	v := args[0]
	pieces := hole.Split(v.text)
	if v.inner == nil && len(pieces) > 0 && (pieces[0].Hole && e.Name == "trimspace" || pieces[len(pieces)-1].Hole) {
		return tfValue{}, false
	}
	text := strings.TrimRight(v.text, "\r\n")
	if e.Name == "trimspace" {
		text = strings.TrimSpace(v.text)
	}
	if v.inner == nil && text != v.text { // the parts would stand elsewhere
		v.parts = trimParts(v.parts, strings.Index(v.text, text), len(text))
		v.text = text
	}
	return v, true
}

// trimParts cuts parts to those that hold n bytes of the text from an offset
// on. The first of them may lose its place.
func trimParts(parts []tfPart, from, n int) []tfPart {
	var out []tfPart
	at := 0
	for _, p := range parts {
		start, end := max(from, at), min(from+n, at+len(p.text))
		if start < end {
			cut := p
			cut.text = p.text[start-at : end-at]
			cut.raw = p.raw && start == at
			out = append(out, cut)
		}
		at += len(p.text)
	}
	return out
}
