package dataflow

import (
	"container/heap"

	"github.com/writ-iam/writ/asl"
)

// analysis follows the data of one machine. Every state has an entry, which
// knows what comes in; a Parallel or Map state has an exit as well, which waits
// for what its inner states give. Nodes are worked on in an order in which what
// leads to them comes first, so a machine without loops is gone through once.
// Loops go round until nothing changes, and what keeps changing becomes coarser.
type analysis struct {
	options Options
	machine *asl.StateMachine

	entries map[*asl.State]*node
	exits   map[*asl.State]*node
	ends    map[*asl.Scope]*end
	opaque  bool // a transition is not known: any state may come from anywhere
	queue   nodeQueue
	paths   map[string]*asl.Expr
	queries map[string]query
	pins    map[*asl.State][]pin
}

// node is a state at its beginning or, of one with states inside, at its end.
type node struct {
	state  *asl.State
	exit   bool
	order  int
	input  Value
	env    *environment // nil: no execution is known to come here
	worked int          // how often it was worked on
	queued bool
}

// end is what a set of states gives when it has come to its end.
type end struct {
	output  Value
	changed int
}

// How often a node is worked on before what comes to it is made coarser, and
// before it is given up.
const (
	roundsExact    = 6
	roundsCollapse = 12
	roundsForget   = 20
)

func (n *node) widening() widening { return wideningAfter(n.worked) }

func wideningAfter(rounds int) widening {
	switch {
	case rounds < roundsExact:
		return exactly
	case rounds < roundsCollapse:
		return collapsing
	}
	return forgetting
}

func (a *analysis) run() {
	a.order()
	if a.opaque {
		return
	}
	start := a.machine.Scope.State(a.machine.StartAt.Name)
	a.arrive(a.entries[start], a.options.Input.value(), &environment{unset: true})
	for a.queue.Len() > 0 {
		n := heap.Pop(&a.queue).(*node)
		n.queued = false
		n.worked++
		if n.exit {
			a.leave(n)
		} else {
			a.enter(n)
		}
	}
}

// arrive joins data to what comes to a node, and has it worked on where that is
// new.
func (a *analysis) arrive(n *node, input Value, env *environment) {
	if n == nil || input.kinds == 0 {
		return
	}
	if n.env != nil {
		w := n.widening()
		input, env = widen(n.input, input, w), joinEnvironments(n.env, env, w)
		if equal(n.input, input) && equalEnvironments(n.env, env) {
			return
		}
		if n.worked >= roundsForget {
			input, env = unknown, &environment{}
		}
	}
	n.input, n.env = input, env
	a.enqueue(n)
}

func (a *analysis) enqueue(n *node) {
	if !n.queued {
		n.queued = true
		heap.Push(&a.queue, n)
	}
}

// endScope ends a set of states.
func (a *analysis) endScope(scope *asl.Scope, output Value) {
	if scope.Parent == nil || output.kinds == 0 {
		return
	}
	e := a.ends[scope]
	next := widen(e.output, output, wideningAfter(e.changed-len(scope.States)))
	if equal(next, e.output) {
		return
	}
	if e.changed++; e.changed-len(scope.States) >= roundsForget {
		next = unknown
	}
	e.output = next
	if exit := a.exits[scope.Parent]; exit.env != nil {
		a.enqueue(exit)
	}
}

// order makes the nodes, and numbers them so that those before others in every
// way without loops have the smaller numbers.
func (a *analysis) order() {
	a.machine.Walk(func(s *asl.State) bool {
		a.entries[s] = &node{state: s}
		if s.Parallel != nil || s.Map != nil {
			a.exits[s] = &node{state: s, exit: true}
			for scope := range inner(s) {
				a.ends[scope] = &end{}
			}
		}
		return true
	})
	if a.opaque = a.machine.State(a.machine.StartAt.Name) == nil; a.opaque {
		return
	}
	a.number(a.entries[a.machine.State(a.machine.StartAt.Name)])
}

// number walks the graph in depth, without recursion: machines may be long.
func (a *analysis) number(start *node) {
	type visit struct {
		node *node
		next []*node
	}
	seen := map[*node]bool{start: true}
	stack := []visit{{start, a.after(start)}}
	count := 0
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.next) == 0 {
			count--
			top.node.order = count
			stack = stack[:len(stack)-1]
			continue
		}
		n := top.next[len(top.next)-1]
		top.next = top.next[:len(top.next)-1]
		if !seen[n] {
			seen[n] = true
			stack = append(stack, visit{n, a.after(n)})
		}
	}
}

// after lists the nodes that a node leads to.
func (a *analysis) after(n *node) []*node {
	var out []*node
	s := n.state
	if s.Type == asl.Invalid {
		a.opaque = true
	}
	to := func(scope *asl.Scope, t asl.Target) {
		next := scope.State(t.Name)
		if next == nil {
			a.opaque = true
			return
		}
		out = append(out, a.entries[next])
	}
	if exit := a.exits[s]; exit != nil && !n.exit {
		for scope := range inner(s) {
			to(scope, scope.StartAt)
		}
		// What the inner states lead to has to come before the exit, and it does:
		// they end there.
		out = append(out, exit)
		for i := range s.Catch {
			to(s.Scope, s.Catch[i].Next)
		}
		return out
	}
	for i := range s.Catch {
		to(s.Scope, s.Catch[i].Next)
	}
	if s.Choice != nil {
		for i := range s.Choice.Rules {
			to(s.Scope, s.Choice.Rules[i].Next)
		}
		if s.Choice.Default.Name != "" {
			to(s.Scope, s.Choice.Default)
		}
		return out
	}
	if s.Next.Name != "" {
		to(s.Scope, s.Next)
	} else if parent := s.Parent(); parent != nil && s.Type != asl.TypeFail {
		out = append(out, a.exits[parent])
	}
	return out
}

// inner goes through the sets of states inside a state.
func inner(s *asl.State) func(yield func(*asl.Scope) bool) {
	return func(yield func(*asl.Scope) bool) {
		if s.Map != nil {
			yield(&s.Map.Processor)
		}
		if s.Parallel == nil {
			return
		}
		for i := range s.Parallel.Branches {
			if !yield(&s.Parallel.Branches[i]) {
				return
			}
		}
	}
}

// nodeQueue holds the nodes to work on, the first in order on top.
type nodeQueue []*node

func (q nodeQueue) Len() int           { return len(q) }
func (q nodeQueue) Less(i, j int) bool { return q[i].order < q[j].order }
func (q nodeQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *nodeQueue) Push(x any)        { *q = append(*q, x.(*node)) }
func (q *nodeQueue) Pop() any {
	last := len(*q) - 1
	n := (*q)[last]
	*q = (*q)[:last]
	return n
}
