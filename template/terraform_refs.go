package template

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// step is one step of a reference: a name after a dot, or a key in brackets.
type step struct {
	name  string
	index bool
}

// stepsOf turns the steps of a traversal into names; false where one has no
// name.
func stepsOf(t hcl.Traversal) ([]step, bool) {
	var out []step
	for _, s := range t {
		switch s := s.(type) {
		case hcl.TraverseRoot:
			out = append(out, step{s.Name, false})
		case hcl.TraverseAttr:
			out = append(out, step{s.Name, false})
		case hcl.TraverseIndex:
			if s.Key.Type() == cty.String {
				out = append(out, step{s.Key.AsString(), true})
			} else if text, ok := numberText(s.Key.AsBigFloat()); ok {
				out = append(out, step{text, true})
			} else {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return out, true
}

// traversal evaluates a reference.
func (s *scope) traversal(e *hclsyntax.ScopeTraversalExpr) tfValue {
	list, ok := stepsOf(e.Traversal)
	if !ok {
		return s.unknown(e, "expression")
	}
	span := spanOf(e.SrcRange)
	v, used, ok := s.root(list, e)
	if !ok {
		return s.unknown(e, "expression")
	}
	v = v.used(s.file, span)
	return s.follow(v, list[used:], e)
}

// steps follows a traversal from a value.
func (s *scope) steps(v tfValue, t hcl.Traversal, e hclsyntax.Expression) tfValue {
	list, ok := stepsOf(t)
	if !ok {
		return s.unknown(e, "expression")
	}
	return s.follow(v, list, e)
}

// follow takes steps from a value.
func (s *scope) follow(v tfValue, list []step, e hclsyntax.Expression) tfValue {
	span := spanOf(e.Range())
	for _, st := range list {
		if v.res != nil {
			if v.res.several && st.index {
				continue
			}
			v = s.m.t.attributeValue(v.res, st.name).used(s.file, span)
			continue
		}
		inner, ok := s.at(&v, st.name)
		if !ok {
			if name, unknown := v.unknown(); unknown {
				return s.part(name, st, span)
			}
			return s.unknown(e, "expression")
		}
		if !inner.exists() {
			return inner
		}
		inner.using = joinUses(inner.using, v.using)
		v = inner
	}
	return v
}

// part is the hole of a part of what is not known.
func (s *scope) part(name string, st step, span source.Span) tfValue {
	known := s.m.t.out.Holes[name]
	text := name + "." + st.name
	if st.index {
		text = name + "[" + near.Quote(st.name) + "]"
	}
	return tfText(s.m.t.hole(Hole{Name: text, Why: "part of a " + known.Why, Secret: known.Secret}), s.file, span)
}

// root evaluates the beginning of a reference and says how many of its steps
// that takes.
func (s *scope) root(list []step, e *hclsyntax.ScopeTraversalExpr) (v tfValue, used int, ok bool) {
	span := spanOf(e.SrcRange)
	name := list[0].name
	if v, is := s.vars[name]; is {
		return v, 1, true
	}
	if s.template {
		s.m.t.warnOnce("UNKNOWN_REFERENCE", s.file, span, "give it to templatefile", "the template has no variable "+near.Quote(name))
		return tfValue{}, 0, false
	}
	second := ""
	if len(list) > 1 {
		second = list[1].name
	}
	switch name {
	case "var":
		return s.m.variable(second, s.file, span), 2, second != ""
	case "local":
		return s.m.local(second, s.file, span), 2, second != ""
	case "each", "count":
		return s.key2(name, second)
	case "path":
		switch second {
		case "module":
			return tfText(path.Clean(s.m.dir), s.file, span), 2, true
		case "root":
			return tfText(".", s.file, span), 2, true
		}
		return tfValue{}, 0, false
	case "module":
		return s.m.calledModule(second, s.file, span), 2, second != ""
	case "data":
		if len(list) < 3 {
			return tfValue{}, 0, false
		}
		return s.m.resourceValue("data."+second+"."+list[2].name, s.file, span), 3, true
	case "terraform", "self":
		return tfValue{}, 0, false
	}
	if second == "" || list[1].index {
		return tfValue{}, 0, false
	}
	return s.m.resourceValue(name+"."+second, s.file, span), 2, true
}

// key2 evaluates each.key, each.value and count.index.
func (s *scope) key2(name, second string) (tfValue, int, bool) {
	if s.keys == nil {
		return tfValue{}, 0, false
	}
	var v tfValue
	switch name + "." + second {
	case "each.key":
		v = s.keys.key
	case "each.value":
		v = s.keys.value
	case "count.index":
		v = s.keys.index
	}
	return v, 2, v.kind != jsontree.Invalid
}

// attributeValue returns an attribute of a resource as a value.
func (t *terraform) attributeValue(r *tfResource, name string) tfValue {
	if v, set := r.attr(name); set && v.exists() {
		return v
	}
	return tfText(t.attribute(r, name), nil, source.Span{}) // it stands where it is used
}

// warnOnce adds a warning that does not make anything incomplete: a hole stands
// for what is missing.
func (t *terraform) warnOnce(code string, file *source.File, span source.Span, hint, message string) {
	t.say(code, source.Warning, file, span, "", hint, "%s", message)
}

// resourceValue returns what a reference to a resource means: an instance, or
// all of them where it has several.
func (m *module) resourceValue(address string, file *source.File, span source.Span) tfValue {
	b := m.blocks[address]
	if b == nil {
		return tfValue{kind: jsontree.Object, res: m.undeclared(address, file, span), file: file, span: span}
	}
	list := m.instancesOf(b)
	switch {
	case b.count == nil && b.forEach == nil, len(list) == 1 && list[0].r.several:
		if len(list) == 0 {
			return tfValue{kind: jsontree.Null, text: "null"}
		}
		return tfValue{kind: jsontree.Object, res: list[0].r, file: list[0].r.file, span: list[0].r.span}
	case b.count != nil:
		out := tfList(b.file, b.span)
		for _, i := range list {
			out.items = append(out.items, tfValue{kind: jsontree.Object, res: i.r, file: i.r.file, span: i.r.span, when: i.own})
		}
		return out
	}
	out := tfValue{kind: jsontree.Object, file: b.file, span: b.span}
	for _, i := range list {
		out.members = append(out.members, tfMember{i.keys.key.text, i.r.nameSpan, tfValue{kind: jsontree.Object, res: i.r, file: i.r.file, span: i.r.span}})
	}
	return out
}

// undeclared stands for a resource that the files which were read do not have.
func (m *module) undeclared(address string, file *source.File, span source.Span) *tfResource {
	if r := m.t.resources[m.path+address]; r != nil {
		return r
	}
	kind := strings.TrimPrefix(address, "data.")
	data := kind != address
	kind, _, _ = strings.Cut(kind, ".")
	r := &tfResource{address: m.path + address, kind: kind, data: data, file: file, span: span, nameSpan: span}
	r.attr = func(string) (tfValue, bool) { return tfValue{}, false }
	m.t.resources[m.path+address] = r
	if !m.outside {
		var known []string
		for name := range m.blocks {
			known = append(known, name)
		}
		slices.Sort(known)
		m.t.warnOnce("UNKNOWN_REFERENCE", file, span, m.t.files[m.t.main].near.Hint(address, known), "no resource "+near.Quote(address)+" in the files that were read")
	}
	return r
}
