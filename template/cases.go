package template

import (
	"slices"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
)

// variant is a value as it is under some assumptions.
type variant struct {
	value jsontree.Value // evaluated; Invalid for no value
	when  When           // beyond those that held already
	whole bool           // all of it could be read
}

// variants evaluates a value. Where an undecided condition changes more than a
// text, the value is evaluated for both outcomes.
func (s *stack) variants(v *jsontree.Value) []variant {
	var out []variant
	var visit func(added When)
	visit = func(added When) {
		if len(out) > maxCases {
			return
		}
		var value jsontree.Value
		s.split = ""
		whole := s.whole(func() { value = s.eval(v) })
		name := s.split
		s.split = ""
		if name == "" {
			out = append(out, variant{value, slices.Clone(added), whole})
			return
		}
		for _, holds := range []bool{true, false} {
			a := Assumption{name, holds}
			s.assuming(a, func() { visit(append(slices.Clip(added), a)) })
		}
	}
	split := s.split
	visit(nil)
	s.split = split
	if len(out) > maxCases {
		s.unreadable(v.Span, "conditions make more than "+itoa(maxCases)+" cases of this")
		return []variant{{s.opaque("value", v.Span), nil, false}}
	}
	return out
}

// assuming runs a function under one more assumption.
func (s *stack) assuming(a Assumption, f func()) {
	before := s.assume
	s.assume = append(slices.Clip(s.assume), a)
	f()
	s.assume = before
}

// under runs a function under further assumptions.
func (s *stack) under(when When, f func()) {
	before := s.assume
	s.assume = append(slices.Clip(s.assume), when...)
	f()
	s.assume = before
}

// here returns all assumptions that hold now and those given.
func (s *stack) here(when When) When {
	return slices.Concat(s.outer, s.assume, when)
}

// decidedValue evaluates a value that no condition may change beyond a text.
func (s *stack) decidedValue(v *jsontree.Value) jsontree.Value {
	list := s.variants(v)
	if len(list) == 1 {
		return list[0].value
	}
	s.unreadable(v.Span, "a condition changes this value")
	return s.opaque("value", v.Span)
}

// optional evaluates a property that is a text or not there. Where conditions
// decide which, it is a hole with alternatives, of which "" says not there.
func (s *stack) optional(v *jsontree.Value) string {
	if v == nil {
		return ""
	}
	return s.merge(s.variants(v), func(value jsontree.Value) string { return s.textOf(value) })
}

// merge makes one text of variants that come from the conditions that were
// assumed one after the other.
func (s *stack) merge(list []variant, text func(jsontree.Value) string) string {
	if len(list) == 0 {
		return ""
	}
	if len(list) == 1 || len(list[0].when) == 0 {
		return text(list[0].value)
	}
	name := list[0].when[0].Condition
	var holds, not []variant
	for _, v := range list {
		rest := variant{v.value, v.when[1:], v.whole}
		if v.when[0].Holds {
			holds = append(holds, rest)
		} else {
			not = append(not, rest)
		}
	}
	return s.either(name, s.merge(holds, text), s.merge(not, text))
}

// element is an item of a list as it is written, with the conditions around it.
type element struct {
	node *jsontree.Value
	when When
}

// elements returns the items of a list without evaluating them, those of both
// branches where a condition is undecided. A value that is no list is its only
// item; what is not there has none. Lists that functions give are unknown here
// and stay one element.
func (s *stack) elements(v *jsontree.Value) []element {
	var out []element
	s.eachElement(v, nil, true, &out)
	return out
}

func (s *stack) eachElement(v *jsontree.Value, when When, list bool, out *[]element) {
	if v == nil || isNoValue(v) || !s.spend(v.Span, 1, 0) {
		return
	}
	if v.Kind == jsontree.Array && list {
		for i := range v.Items {
			s.eachElement(&v.Items[i], when, false, out)
		}
		return
	}
	if len(v.Members) != 1 || v.Members[0].Name != "Fn::If" {
		*out = append(*out, element{v, when})
		return
	}
	arg := &v.Members[0].Value
	if branch := s.decided(arg); branch != nil {
		s.leavesOut(arg.Items[0].Text)
		s.eachElement(branch, when, list, out)
		return
	}
	if arg.Kind != jsontree.Array || len(arg.Items) != 3 || arg.Items[0].Kind != jsontree.String {
		s.eval(v) // which says what is wrong
		return
	}
	for i, holds := range []bool{true, false} {
		a := Assumption{arg.Items[0].Text, holds}
		s.assuming(a, func() { s.eachElement(&arg.Items[1+i], append(slices.Clip(when), a), list, out) })
	}
}

// reference makes a Reference of a property, empty where it is not there.
func (s *stack) referenceOf(v *jsontree.Value) Reference {
	if v == nil {
		return Reference{}
	}
	text := s.optional(v)
	return Reference{Text: text, Span: v.Span, When: s.here(nil)}
}

// references reads a list of texts, each of which may be conditional.
func (s *stack) references(v *jsontree.Value) []Reference {
	var out []Reference
	for _, e := range s.elements(v) {
		s.under(e.when, func() {
			for _, c := range s.variants(e.node) {
				out = s.appendReferences(out, c.value, s.here(c.when))
			}
		})
	}
	return out
}

func (s *stack) appendReferences(out []Reference, v jsontree.Value, when When) []Reference {
	switch v.Kind {
	case jsontree.Invalid:
	case jsontree.Array: // what a function gives
		for _, item := range v.Items {
			out = s.appendReferences(out, item, when)
		}
	default:
		text := s.textOf(v)
		if name, unknown := hole.Whole(text); unknown && s.isList(name) {
			s.unreadable(v.Span, "the list "+name+" is not known")
			return out
		}
		out = append(out, Reference{Text: text, Span: v.Span, When: when})
	}
	return out
}

// isList reports whether a hole stands for a list.
func (s *stack) isList(name string) bool { return s.session.out.Holes[name].list }
