package dataflow

import (
	"github.com/writ-iam/writ/asl"
)

// JSONPath, in the dialect of Step Functions. A path that finds nothing makes
// the state fail, so what is not there is left out of the answer.

// followPath returns what a path may select.
func followPath(v Value, steps []asl.Step) Value {
	for i := range steps {
		s := &steps[i]
		if s.Deep || s.Kind == asl.Function {
			return unknown
		}
		switch {
		case s.Kind == asl.Child && len(s.Names) == 1:
			v = child(v, s.Names[0])
		case s.Kind == asl.Index && len(s.Indexes) == 1:
			v = index(v, s.Indexes[0])
		case s.Kind == asl.Child:
			return unknown
		default:
			return followAll(v, s, steps[i+1:])
		}
		if v.kinds == 0 || v.Unknown() {
			return v
		}
	}
	return v
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

// followAll goes through all that a wildcard, a filter, a slice or a list of
// indexes selects: the answer is an array, and what lacks the rest of the path
// is not in it.
func followAll(v Value, s *asl.Step, rest []asl.Step) Value {
	if s.Kind == asl.Wildcard && v.kinds&object != 0 || v.kinds&array == 0 {
		return anyArray
	}
	elem := v.Elements()
	for i := range rest {
		r := &rest[i]
		if r.Deep || r.Kind == asl.Function {
			return unknown
		}
		switch {
		case r.Kind == asl.Child && len(r.Names) == 1:
			elem = child(elem, r.Names[0])
		case r.Kind == asl.Index || r.Kind == asl.Slice || r.Kind == asl.Filter || r.Kind == asl.Wildcard:
			if r.Kind == asl.Wildcard && elem.kinds&object != 0 {
				return anyArray
			}
			elem = elem.Elements()
		default:
			return unknown
		}
	}
	return ofElems(elem)
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
