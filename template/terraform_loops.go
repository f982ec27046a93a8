package template

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// pair is one pass of a loop.
type pair struct {
	key, value tfValue
	when       When
}

// pairs returns what a loop goes through: the items of a list by number, those
// of a set by themselves, the members of an object by name. rest names items
// that are not known; ok is false where nothing is known of them.
func (s *scope) pairs(v *tfValue) (list []pair, rest string, ok bool) {
	if name, unknown := v.unknown(); unknown {
		return nil, name, false
	}
	if v.res != nil && v.res.several {
		keys := s.m.keysOf(v.res)
		return []pair{{key: keys.key, value: *v}}, "instances of " + v.res.address, true
	}
	switch v.kind {
	case jsontree.Array:
		for i := range v.items {
			item := v.items[i]
			p := pair{key: tfValue{kind: jsontree.Number, text: itoa(i), file: item.file, span: item.span}, value: item, when: item.when}
			if p.value.when = nil; v.set {
				p.key = p.value
			}
			list = append(list, p)
		}
		return list, v.rest, true
	case jsontree.Object:
		for i := range v.members {
			m := &v.members[i]
			key := tfText(m.name, m.value.file, m.nameSpan)
			list = append(list, pair{key: key, value: m.value, when: nil})
		}
		return list, v.rest, true
	}
	return nil, "", false
}

// passCost is what one pass of a loop costs, in values: it has a scope of its
// own.
const passCost = 16

// loop evaluates a for expression.
func (s *scope) loop(e *hclsyntax.ForExpr) tfValue {
	collection := s.eval(e.CollExpr)
	list, rest, ok := s.pairs(&collection)
	if !ok {
		return s.unknown(e, "loop")
	}
	out := tfValue{kind: jsontree.Array, file: s.file, span: spanOf(e.SrcRange), rest: rest}
	if e.KeyExpr != nil {
		out.kind = jsontree.Object
	}
	groups := map[string]int{}
	for i := range list {
		p := &list[i]
		if !s.m.t.spend(s.file, spanOf(e.OpenRange), passCost, 0) {
			return s.unknown(e, "loop")
		}
		vars := map[string]tfValue{e.ValVar: p.value}
		if e.KeyVar != "" {
			vars[e.KeyVar] = p.key
		}
		c := s.inner("["+hole.Print(source.Clip(p.key.text, 80))+"]", vars)
		if e.CondExpr != nil {
			v := c.eval(e.CondExpr)
			holds, decided := truth(&v)
			switch {
			case !decided && out.kind == jsontree.Array:
				p.when = append(p.when[:len(p.when):len(p.when)], Assumption{c.conditionName(e.CondExpr), true})
			case !decided:
				out.rest = c.nameOf(c.unknown(e.CondExpr, "condition"))
				continue
			case !holds:
				continue
			}
		}
		value := c.eval(e.ValExpr)
		if out.kind == jsontree.Array {
			value.when = append(p.when[:len(p.when):len(p.when)], value.when...)
			out.items = append(out.items, value)
			continue
		}
		key := c.eval(e.KeyExpr)
		if !isTextKind(key.kind) || len(p.when) > 0 {
			out.rest = c.nameOf(c.unknown(e.KeyExpr, "key"))
			continue
		}
		at, known := groups[key.text]
		if !known {
			at = len(out.members)
			groups[key.text] = at
			out.members = append(out.members, tfMember{key.text, key.place(s.file, out.span), value})
			if e.Group {
				out.members[at].value = tfList(s.file, out.span)
			}
		}
		if e.Group {
			out.members[at].value.items = append(out.members[at].value.items, value)
		} else {
			out.members[at].value = value
		}
	}
	return out
}

// splat evaluates x[*].y and x.*.y: a value that is no list is its only item.
func (s *scope) splat(e *hclsyntax.SplatExpr) tfValue {
	v := s.eval(e.Source)
	if _, unknown := v.unknown(); unknown {
		return s.unknown(e, "list")
	}
	out := tfValue{kind: jsontree.Array, file: s.file, span: spanOf(e.SrcRange), rest: v.rest}
	items := v.items
	switch {
	case v.res != nil && v.res.several:
		items, out.rest = []tfValue{v}, "instances of "+v.res.address
	case !v.exists():
		items = nil
	case v.kind != jsontree.Array:
		v.rest = ""
		items = []tfValue{v}
	}
	for i := range items {
		if !s.m.t.spend(s.file, spanOf(e.MarkerRange), passCost, 0) {
			return s.unknown(e, "list")
		}
		c := s.inner("["+itoa(i)+"]", nil)
		item := items[i]
		when := item.when
		item.when = nil
		c.item = &item
		value := c.eval(e.Each)
		value.when = append(when[:len(when):len(when)], value.when...)
		out.items = append(out.items, value)
	}
	return out
}

// index evaluates x[y].
func (s *scope) index(v, key tfValue, e hclsyntax.Expression) tfValue {
	if key.kind == jsontree.Number || key.kind == jsontree.String && !hole.Has(key.text) {
		if out, ok := s.at(&v, key.text); ok {
			return out
		}
	}
	if v.res != nil && v.res.several {
		return v // of instances whose number is not known, one stands for all
	}
	return s.unknown(e, "expression")
}

// at returns an item or a member of a value.
func (s *scope) at(v *tfValue, key string) (tfValue, bool) {
	if v.kind == jsontree.Object {
		if member := v.get(key); member != nil {
			return *member, true
		}
		return tfValue{}, false
	}
	if v.kind != jsontree.Array || strings.Trim(key, "0123456789") != "" || len(key) > 6 {
		return tfValue{}, false
	}
	n := 0
	for _, c := range key {
		n = 10*n + int(c-'0')
	}
	if n >= len(v.items) || v.items[n].res == nil && !v.shaped() {
		return tfValue{}, false
	}
	return v.items[n], true
}
