package dataflow

import (
	"maps"

	"github.com/writ-iam/writ/asl/jsonata"
)

// frame holds the variables that an expression in JSONata has bound so far. It
// never changes: evaluating a part gives the frame that comes after it, so what
// is evaluated on one way only can be joined with the other way. Blocks and
// functions keep what they bind to themselves; everything else binds in the
// frame around it.
type frame struct {
	values map[string]Value
	// loose are variables that are bound at a time that is not known: in a part
	// that runs beside others, or later.
	loose map[string]bool
	lost  bool // too many were bound: any name may hold anything
	// plain says that the expression binds nothing at all.
	plain bool
}

// newFrame is the frame that an expression begins with. A transform runs where
// it is called, which may be anywhere, and binds in the frame where it is
// written.
func newFrame(root *jsonata.Node) *frame {
	f := &frame{plain: true}
	var transforms []*jsonata.Node
	root.Walk(func(n *jsonata.Node) bool {
		switch n.Kind {
		case jsonata.Bind:
			f.plain = false
		case jsonata.Transform:
			transforms = append(transforms, n)
			f.loose = map[string]bool{}
		}
		return true
	})
	if !f.plain {
		for _, t := range transforms {
			walkBinds(t, true, func(name string) { f.loose[name] = true })
		}
	}
	return f
}

// get returns what a variable has been bound to.
func (f *frame) get(name string) (v Value, bound bool) {
	if f.lost {
		return anything, true
	}
	v, bound = f.values[name]
	return v, bound
}

// bind returns the frame with one more variable.
func (f *frame) bind(name string, v Value) *frame {
	return f.with(map[string]Value{name: v})
}

func (f *frame) with(bound map[string]Value) *frame {
	if f.lost || len(bound) == 0 {
		return f
	}
	if len(f.values)+len(bound) > maxVariables {
		return &frame{lost: true}
	}
	values := make(map[string]Value, len(f.values)+len(bound))
	maps.Copy(values, f.values)
	for name, v := range bound {
		if f.loose[name] {
			v = anything
		}
		values[name] = v
	}
	return &frame{values: values, loose: f.loose}
}

// forget returns the frame after a part of which it is not known whether it has
// run: what it binds may hold anything.
func (f *frame) forget(n *jsonata.Node) *frame { return f.unknowing(n, false) }

// hide is forget for what is bound inside blocks as well.
func (f *frame) hide(n *jsonata.Node) *frame { return f.unknowing(n, true) }

func (f *frame) unknowing(n *jsonata.Node, deep bool) *frame {
	if f.plain || f.lost {
		return f
	}
	bound := map[string]Value{}
	walkBinds(n, deep, func(name string) { bound[name] = anything })
	return f.with(bound)
}

// loosen returns the frame for a part that may run several times, or beside
// others in the same node: what it binds is not known while it runs either.
func (f *frame) loosen(n *jsonata.Node) *frame {
	out := f.forget(n)
	if out == f || out.lost {
		return out
	}
	loose := maps.Clone(f.loose)
	if loose == nil {
		loose = map[string]bool{}
	}
	walkBinds(n, false, func(name string) { loose[name] = true })
	return &frame{values: out.values, loose: loose}
}

// walkBinds calls visit with the names that a part binds in the frame around it,
// or, deep, in those of its own blocks and functions as well.
func walkBinds(n *jsonata.Node, deep bool, visit func(name string)) {
	n.Walk(func(n *jsonata.Node) bool {
		if n.Kind == jsonata.Bind {
			visit(n.Text)
		}
		return deep || n.Kind != jsonata.Block && n.Kind != jsonata.Lambda
	})
}

// joinFrames returns the frame after one of two ways.
func (s *scene) joinFrames(a, b *frame) *frame {
	switch {
	case a == b || a.lost:
		return a
	case b.lost:
		return b
	}
	values := make(map[string]Value, len(a.values))
	for name := range a.values {
		values[name] = join(a.values[name], s.name(name, b))
	}
	for name := range b.values {
		if _, both := a.values[name]; !both {
			values[name] = join(s.name(name, a), b.values[name])
		}
	}
	return (&frame{loose: a.loose}).with(values)
}
