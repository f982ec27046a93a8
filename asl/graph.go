package asl

import (
	"fmt"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// checkScopes checks the transitions of every scope, once all are read.
func (r *reader) checkScopes() {
	r.checkNames()
	for _, s := range r.scopes {
		c := scopeCheck{reader: r, scope: s, reached: make([]bool, len(s.States))}
		c.run()
	}
}

// checkNames warns of names that several scopes use: the language wants them
// unique in the whole machine.
func (r *reader) checkNames() {
	if len(r.scopes) < 2 {
		return
	}
	seen := make(map[string]*State)
	r.machine.Walk(func(s *State) bool {
		first := seen[s.Name]
		if first == nil {
			seen[s.Name] = s
		} else if first.Scope != s.Scope {
			line := r.machine.File.Position(first.NameSpan.Start).Line
			r.report("DUPLICATE_STATE_NAME", source.Warning, s.NameSpan, r.machine.Pointer(s.NameSpan),
				"names are to be unique in the whole state machine", "another state, on line %d, is named %q too", line, s.Name)
		}
		return true
	})
}

// scopeCheck follows the transitions of one scope.
type scopeCheck struct {
	*reader
	scope   *Scope
	reached []bool
	queue   []*State
	unsure  bool // a transition leads nowhere known: what is reachable cannot be told
}

func (c *scopeCheck) run() {
	c.follow(c.scope.StartAt, "StartAt")
	for len(c.queue) > 0 {
		next := c.queue[len(c.queue)-1]
		c.queue = c.queue[:len(c.queue)-1]
		c.unsure = c.unsure || next.Type == Invalid // it was not read
		next.transitions(c.follow)
	}
	ends := false
	unreached := c.unreached()
	for _, s := range unreached { // check their transitions all the same
		s.transitions(c.follow)
	}
	c.queue = nil
	for i := range c.scope.States {
		ends = ends || c.scope.States[i].terminal()
	}
	if c.unsure || len(c.scope.States) == 0 {
		return
	}
	for _, s := range unreached {
		c.report("UNREACHABLE_STATE", source.Warning, s.NameSpan, c.machine.Pointer(s.NameSpan),
			"lead to it, or remove it", "no transition leads to state %q", s.Name)
	}
	if !ends {
		first := &c.scope.States[0]
		c.report("NO_TERMINAL_STATE", source.Warning, first.NameSpan, jsontree.AppendToken(c.machine.Pointer(c.scope.Span), "States"),
			`give a state "End": true, or add a Succeed or Fail state`, "none of these states is the last one: they would run for ever")
	}
}

// unreached returns the states that nothing led to so far.
func (c *scopeCheck) unreached() []*State {
	var out []*State
	for i, ok := range c.reached {
		s := &c.scope.States[i]
		if !ok && s.written && c.scope.State(s.Name) == s {
			out = append(out, s)
		}
	}
	return out
}

// follow marks the state that a transition leads to; field is the one that
// says so.
func (c *scopeCheck) follow(t Target, field string) {
	if t.Span == (source.Span{}) || hasOpenPart(t.Name) {
		c.unsure = true
		return
	}
	next := c.scope.State(t.Name)
	if next == nil {
		c.unsure = true
		c.dangling(t, field)
		return
	}
	if !c.reached[next.index] {
		c.reached[next.index] = true
		c.queue = append(c.queue, next)
	}
}

// terminal reports whether a scope may end at this state: a Choice state always
// goes on, any other one where it has no Next.
func (s *State) terminal() bool {
	return s.Choice == nil && s.Next.Span == source.Span{}
}

// transitions calls visit for every state that may come next, with the field
// that says so.
func (s *State) transitions(visit func(t Target, field string)) {
	if s.Next.Span != (source.Span{}) {
		visit(s.Next, "Next")
	}
	for i := range s.Catch {
		visit(s.Catch[i].Next, "Next")
	}
	if s.Choice == nil {
		return
	}
	for i := range s.Choice.Rules {
		visit(s.Choice.Rules[i].Next, "Next")
	}
	if s.Choice.Default.Span != (source.Span{}) {
		visit(s.Choice.Default, "Default")
	}
}

func (c *scopeCheck) dangling(t Target, field string) {
	if other := c.elsewhere(t.Name); other != nil {
		line := c.machine.File.Position(other.NameSpan.Start).Line
		c.fail("DANGLING_TRANSITION", t.Span, "transitions stay among the states of one branch, item processor or state machine",
			"%s names state %q, which stands on line %d, but not in this scope", field, t.Name, line)
		return
	}
	c.fail("DANGLING_TRANSITION", t.Span, c.stateHint(t.Name), "%s names state %q, which does not exist", field, t.Name)
}

// elsewhere finds a state in any scope.
func (r *reader) elsewhere(name string) *State {
	if r.names == nil {
		r.names = make(map[string]*State)
		r.machine.Walk(func(s *State) bool { r.names[s.Name] = s; return true })
	}
	return r.names[name]
}

// stateHint lists the states of the scope that a mistaken name may have meant,
// or a few of those there are.
func (c *scopeCheck) stateHint(name string) string {
	if c.near.Spent() || len(c.scope.States) == 0 {
		return ""
	}
	names := make([]string, len(c.scope.States))
	for i := range names {
		names[i] = c.scope.States[i].Name
	}
	if closest := c.near.Names(name, names, 3); len(closest) > 0 {
		return "near names in this scope: " + near.QuoteAll(closest)
	}
	shown := names[:min(5, len(names))]
	hint := "states in this scope: " + near.QuoteAll(shown)
	if rest := len(names) - len(shown); rest > 0 {
		hint += fmt.Sprintf(" and %d more", rest)
	}
	return hint
}
