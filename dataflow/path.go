package dataflow

import (
	"github.com/writ-iam/writ/asl"
)

// JSONPath, in the dialect of Step Functions. A path that finds nothing makes
// the state fail, so what is not there is left out of the answer.

// followPath returns what a path may select. Once a step may select several
// places the answer is an array of them all, and what lacks the rest of the path
// is not in it.
func followPath(v Value, steps []asl.Step) Value {
	several := false
	for i := range steps {
		selected, each, ok := follow(v, &steps[i])
		if !ok {
			return unknown
		}
		v, several = selected, several || each
	}
	if several {
		return ofElems(v)
	}
	return v
}

// follow returns what one step selects, and whether that may be several places,
// of which the value then covers each; ok is false for steps that are not
// modelled. Source: the implementation that the dialect is that of, where a
// filter tests an object itself and of an array the items.
func follow(v Value, s *asl.Step) (out Value, several, ok bool) {
	switch {
	case s.Deep:
		return unknown, true, false
	case s.Kind == asl.Child && len(s.Names) == 1:
		return child(v, s.Names[0]), false, true
	case s.Kind == asl.Index && len(s.Indexes) == 1:
		return index(v, s.Indexes[0]), false, true
	case s.Kind == asl.Index || s.Kind == asl.Slice:
		return v.Elements(), true, true
	case s.Kind == asl.Wildcard:
		return join(v.Elements(), v.eachMember()), true, true
	case s.Kind == asl.Filter:
		return join(v.Elements(), v.only(object)), true, true
	}
	return unknown, true, false
}

// child is a member that is there. A name finds nothing in an array.
func child(v Value, name string) Value { return v.only(object).Field(name).present() }

func index(v Value, i int) Value {
	if v.kinds&array == 0 {
		return Value{}
	}
	if v.arr == nil || !v.arr.exact {
		return v.Elements()
	}
	if i < 0 {
		i += len(v.arr.items)
	}
	if i < 0 || i >= len(v.arr.items) {
		return Value{}
	}
	return v.arr.items[i]
}

// insert returns v with a value in the place that a reference path names, where
// objects that are not there come into being.
func insert(v Value, steps []asl.Step, in Value) Value {
	if len(steps) == 0 {
		return in
	}
	s := &steps[0]
	if s.Deep || s.Kind != asl.Child || len(s.Names) != 1 || v.kinds&array != 0 && v.kinds&object == 0 {
		return unknown
	}
	name := s.Names[0]
	out := Value{}
	if v.kinds&object != 0 {
		out = v.with(name, insert(v.only(object).Field(name), steps[1:], in))
	}
	if v.kinds&^object != 0 || v.kinds == 0 {
		// It would fail on what is no object; should it not, this is what comes.
		out = join(out, emptyObject.with(name, insert(nothing, steps[1:], in)))
	}
	return out
}
