package prove

import (
	"encoding/binary"
	"slices"
)

// A formula is a node of a graph in which equal formulas are one. Negation
// stands at the leaves alone: not of a formula is made by De Morgan's laws.
type formula int32

const (
	falsum formula = iota
	verum
)

type nodeKind uint8

const (
	constantNode nodeKind = iota
	leafNode              // a variable or its negation
	andNode
	orNode
)

type node struct {
	kind nodeKind
	lit  literal   // of a leaf
	kids []formula // of and, or
	neg  formula   // its negation, once it was asked for; or else 0
}

// A literal is a variable, or with a minus its negation. Variables count from 1.
type literal int32

func (l literal) variable() int { return int(max(l, -l)) }

// formulas makes formulas.
type formulas struct {
	nodes []node
	index map[string]formula
	key   []byte
	marks map[formula]struct{}
}

func newFormulas() *formulas {
	return &formulas{nodes: make([]node, 2), index: map[string]formula{}, marks: map[formula]struct{}{}}
}

func truth(b bool) formula {
	if b {
		return verum
	}
	return falsum
}

func (fs *formulas) leaf(l literal) formula {
	return fs.intern(node{kind: leafNode, lit: l})
}

func (fs *formulas) intern(n node) formula {
	key := append(fs.key[:0], byte(n.kind))
	key = binary.LittleEndian.AppendUint32(key, uint32(n.lit))
	for _, k := range n.kids {
		key = binary.LittleEndian.AppendUint32(key, uint32(k))
	}
	fs.key = key
	if f, ok := fs.index[string(key)]; ok {
		return f
	}
	f := formula(len(fs.nodes))
	n.kids = slices.Clone(n.kids)
	fs.nodes = append(fs.nodes, n)
	fs.index[string(key)] = f
	return f
}

func (fs *formulas) and(kids ...formula) formula { return fs.join(andNode, kids, verum, falsum) }
func (fs *formulas) or(kids ...formula) formula  { return fs.join(orNode, kids, falsum, verum) }

// join makes a conjunction or disjunction: flat, sorted, without duplicates;
// unit is its value without kids, and zero decides it.
func (fs *formulas) join(kind nodeKind, kids []formula, unit, zero formula) formula {
	var flat []formula
	for _, k := range kids {
		switch {
		case k == zero:
			return zero
		case k == unit:
		case fs.nodes[k].kind == kind:
			flat = append(flat, fs.nodes[k].kids...)
		default:
			flat = append(flat, k)
		}
	}
	slices.Sort(flat)
	flat = slices.Compact(flat)
	switch len(flat) {
	case 0:
		return unit
	case 1:
		return flat[0]
	}
	if fs.contradictory(flat) {
		return zero
	}
	return fs.intern(node{kind: kind, kids: flat})
}

// contradictory reports whether a formula stands in the list with its negation.
func (fs *formulas) contradictory(list []formula) bool {
	clear(fs.marks)
	for _, f := range list {
		fs.marks[f] = struct{}{}
	}
	for _, f := range list {
		if n := fs.nodes[f].neg; n != 0 {
			if _, ok := fs.marks[n]; ok {
				return true
			}
		}
	}
	return false
}

func (fs *formulas) not(f formula) formula {
	switch f {
	case verum:
		return falsum
	case falsum:
		return verum
	}
	n := fs.nodes[f]
	if n.neg != 0 {
		return n.neg
	}
	var out formula
	switch n.kind {
	case leafNode:
		out = fs.leaf(-n.lit)
	default:
		kids := make([]formula, len(n.kids))
		for i, k := range n.kids {
			kids[i] = fs.not(k)
		}
		if n.kind == andNode {
			out = fs.or(kids...)
		} else {
			out = fs.and(kids...)
		}
	}
	if out > verum {
		fs.nodes[f].neg, fs.nodes[out].neg = out, f
	}
	return out
}

// imply is not a or b.
func (fs *formulas) imply(a, b formula) formula { return fs.or(fs.not(a), b) }

// clauses writes f as clauses that are satisfiable together exactly when f is.
// Every inner node becomes a variable that implies it (Plaisted and
// Greenbaum): negation stands at the leaves, so one direction is enough. Atom
// names the literals of leaves, and fresh makes variables, for the solver.
func (fs *formulas) clauses(f formula, atom func(literal) literal, fresh func() literal, add func(...literal)) {
	names := map[formula]literal{}
	var name func(formula) literal
	name = func(f formula) literal {
		n := &fs.nodes[f]
		if n.kind == leafNode {
			return atom(n.lit)
		}
		if l, ok := names[f]; ok {
			return l
		}
		l := fresh()
		names[f] = l
		if n.kind == andNode {
			for _, k := range fs.nodes[f].kids {
				add(-l, name(k))
			}
			return l
		}
		clause := []literal{-l}
		for _, k := range fs.nodes[f].kids {
			clause = append(clause, name(k))
		}
		add(clause...)
		return l
	}
	switch f {
	case verum:
	case falsum:
		add()
	default:
		n := fs.nodes[f]
		if n.kind != andNode {
			add(name(f))
			return
		}
		for _, k := range n.kids {
			add(name(k))
		}
	}
}

// A reading evaluates formulas under an assignment. It is kept for many
// assignments of one formula.
type reading struct {
	fs      *formulas
	round   int32
	value   []int32 // by formula: round*2 + truth
	done    []int32 // by formula: round
	picked  []int32 // by slot of a literal: round
	reasons []literal
	later   []formula
}

// reason picks literals of the assignment that make f true by themselves, few if
// that is easy: one kid of every disjunction, preferring those already picked.
func (r *reading) reason(f formula, variables int, holds func(literal) bool) []literal {
	r.round++
	r.value = grown(r.value, len(r.fs.nodes))
	r.done = grown(r.done, len(r.fs.nodes))
	r.picked = grown(r.picked, 2*variables+2)
	r.reasons, r.later = r.reasons[:0], r.later[:0]
	r.need(f, holds)
	for i := 0; i < len(r.later); i++ {
		r.need(r.best(r.later[i], holds), holds)
	}
	return r.reasons
}

func grown(list []int32, n int) []int32 {
	if len(list) < n {
		list = append(list, make([]int32, n-len(list))...)
	}
	return list
}

func (r *reading) eval(f formula, holds func(literal) bool) bool {
	n := &r.fs.nodes[f]
	switch {
	case f <= verum:
		return f == verum
	case n.kind == leafNode:
		return holds(n.lit)
	case r.value[f]>>1 == r.round:
		return r.value[f]&1 == 1
	}
	v := n.kind == andNode
	for _, k := range n.kids {
		if r.eval(k, holds) != v {
			v = !v
			break
		}
	}
	r.value[f] = r.round << 1
	if v {
		r.value[f]++
	}
	return v
}

func (r *reading) need(f formula, holds func(literal) bool) {
	if f <= verum || r.done[f] == r.round {
		return
	}
	r.done[f] = r.round
	switch n := &r.fs.nodes[f]; n.kind {
	case leafNode:
		if i := slot(n.lit); r.picked[i] != r.round {
			r.picked[i] = r.round
			r.reasons = append(r.reasons, n.lit)
		}
	case andNode:
		for _, k := range n.kids {
			r.need(k, holds)
		}
	case orNode:
		r.later = append(r.later, f) // when more has been picked
	}
}

// best is the kid of a disjunction that holds and costs least.
func (r *reading) best(f formula, holds func(literal) bool) formula {
	best := formula(-1)
	for _, k := range r.fs.nodes[f].kids {
		switch {
		case !r.eval(k, holds):
		case r.done[k] == r.round:
			return k
		case best < 0 || r.fs.nodes[k].kind == leafNode && r.fs.nodes[best].kind != leafNode:
			best = k
		}
	}
	return best
}
