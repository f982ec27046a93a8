package asl

import (
	"fmt"

	"github.com/writ-iam/writ/source"
)

// checkScope checks the transitions between the states of one scope.
func (r *reader) checkScope(s *Scope, o *thing) {
	reached := make([]bool, len(s.States))
	queue := make([]int, 0, len(s.States))
	reach := func(t Target, what string) {
		switch next := s.State(t.Name); {
		case t.Span == source.Span{} || hasPlaceholder(t.Name):
		case next == nil:
			r.dangling(s, t, what)
		default:
			if i := next.index; !reached[i] {
				reached[i] = true
				queue = append(queue, i)
			}
		}
	}
	reach(s.StartAt, "StartAt")
	known := len(queue) > 0
	for i := 0; i < len(queue); i++ {
		s.States[queue[i]].transitions(reach)
	}
	r.checkReached(s, reached, known, reach)
}

// checkReached reports states that nothing leads to. Their own transitions are
// checked all the same.
func (r *reader) checkReached(s *Scope, reached []bool, known bool, reach func(Target, string)) {
	open := false // a transition that cannot be followed: anything may be reached
	ends := false
	for i := range s.States {
		state := &s.States[i]
		ends = ends || state.terminal()
		state.transitions(func(t Target, _ string) { open = open || hasPlaceholder(t.Name) })
	}
	unreached := make([]int, 0)
	for i, ok := range reached {
		if !ok {
			unreached = append(unreached, i)
		}
	}
	for _, i := range unreached {
		state := &s.States[i]
		if known && !open && state.written && s.State(state.Name) == state {
			r.report("UNREACHABLE_STATE", source.Warning, state.NameSpan, r.machine.Pointer(state.NameSpan),
				"lead to it, or remove it", "no transition leads to state %q", state.Name)
		}
		state.transitions(reach)
	}
	if !ends && !open && len(s.States) > 0 && len(r.findings) == 0 {
		r.report("NO_TERMINAL_STATE", source.Warning, s.States[0].NameSpan, r.machine.Pointer(s.Span),
			`give a state "End": true, or add a Succeed or Fail state`, "no state ends these states")
	}
}

// terminal reports whether the scope may end at this state.
func (s *State) terminal() bool {
	return s.End || s.Type == TypeSucceed || s.Type == TypeFail || s.Type == Invalid
}

// transitions calls visit for every state that may come next, with the field
// that says so.
func (s *State) transitions(visit func(t Target, field string)) {
	if s.Next.Name != "" {
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
	visit(s.Choice.Default, "Default")
}

func (r *reader) dangling(s *Scope, t Target, field string) {
	r.fail("DANGLING_TRANSITION", t.Span, r.stateHint(s, t.Name), "%s names state %q, which does not exist here", field, t.Name)
}

// stateHint lists the states of a scope that a mistaken name may have meant,
// or a few of those there are.
func (r *reader) stateHint(s *Scope, name string) string {
	names := make([]string, 0, min(len(s.States), hintBudget))
	if r.hints <= hintBudget {
		for i := range s.States {
			names = append(names, s.States[i].Name)
		}
	}
	if near := r.nearest(name, names, 3); len(near) > 0 {
		return "near names in this scope: " + quoteList(near)
	}
	if len(names) == 0 {
		return ""
	}
	shown := names[:min(5, len(names))]
	hint := "states in this scope: " + quoteList(shown)
	if rest := len(names) - len(shown); rest > 0 {
		hint += fmt.Sprintf(" and %d more", rest)
	}
	return hint
}
