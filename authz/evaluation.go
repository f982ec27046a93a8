package authz

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// evaluation is the state of answering one request. It lives on the stack:
// answering allocates nothing.
type evaluation struct {
	engine  *Engine
	request Request
	known   *asker        // who asks, where the engine knows; or else
	other   policy.Caller // who asks
	who     subject

	asked  action
	action traits
	plan   *plan // nil the first time an action is asked about

	// strict takes what may hold as holding for Deny and as not holding for
	// Allow; otherwise it is the other way round. Where everything is known
	// the two agree.
	strict  bool
	plain   bool              // holes are no more than their names
	guesses bool              // something that is not known was asked for
	vague   bool              // a variable was asked for whose key is not known
	assume  [Service + 1]bool // kinds that are taken to allow, see Explanation.Change
	naming  bool              // the resource's policy is taken to allow by naming the caller itself

	by [2]ground // what decided
	n  uint8

	policy  *compiled           // whose statement is being matched
	trace   *recorder           // nil but for Explain
	said    []said              // by layer: what DecideAll has worked out already
	glob    *pattern.Pattern    // the resource, when it is a pattern
	large   map[string][]string // the context, when it is too large to search
	unknown map[string]bool     // the unknown keys, likewise
}

// caller is who asks.
func (e *evaluation) caller() *policy.Caller {
	if e.known != nil {
		return &e.known.Caller
	}
	return &e.other
}

// callerARN is the ARN of the caller as conditions see it.
func (e *evaluation) callerARN() string {
	if e.known != nil {
		return e.known.arn
	}
	return principalARN(&e.other)
}

// forget leaves what hangs on the request alone, not on what the engine was asked
// before.
func (e *evaluation) forget() {
	e.other, e.known, e.plan = *e.caller(), nil, nil
}

// values are those of one condition key. A single value needs no slice.
type values struct {
	one  string
	many []string
	n    int
}

func (v *values) len() int { return v.n }

func (v *values) at(i int) string {
	if v.many != nil {
		return v.many[i]
	}
	return v.one
}

func (v *values) all() []string {
	out := make([]string, v.n)
	for i := range out {
		out[i] = v.at(i)
	}
	return out
}

// isNullSet: a set that holds nothing but an empty string counts as empty.
func (v *values) isNullSet() bool { return v.n == 1 && v.at(0) == "" }

// sure turns a match into a truth: one that asked for the value of an unknown
// key may come out either way.
func (e *evaluation) sure(b bool) truth {
	if e.vague {
		e.guesses = true
		return maybe
	}
	return truthOf(b)
}

// stricter reports whether a rule that only ever denies is taken to hold.
func (e *evaluation) stricter(t truth) bool {
	e.guesses = e.guesses || t == maybe
	return e.counts(t, true)
}

// counts reports whether a match is good enough for a statement with an effect.
func (e *evaluation) counts(t truth, deny bool) bool {
	return t == yes || t == maybe && deny == e.strict
}

// lookup returns the values of a condition key in lower case; none for an absent
// key. known is false for a key that may hold anything.
func (e *evaluation) lookup(key string) (v values, known bool) {
	if list, ok := e.given(key); ok {
		return values{many: list, n: len(list)}, true
	}
	if e.isUnknown(key) {
		return values{}, false
	}
	if e.request.UnknownRest && e.isGuess(key) {
		return values{}, false
	}
	if text, ok := e.derived(key); ok {
		if text == "" {
			return values{}, true
		}
		return values{one: text, n: 1}, true
	}
	return values{}, !e.request.UnknownRest
}

func (e *evaluation) given(key string) ([]string, bool) {
	context := e.request.Context
	if len(context) > smallContext {
		values, ok := e.largeContext()[key]
		return values, ok
	}
	for i := range context {
		if equalFold(context[i].Key, key) {
			return context[i].Values, true
		}
	}
	return nil, false
}

func (e *evaluation) largeContext() map[string][]string {
	if e.large == nil {
		e.large = make(map[string][]string, len(e.request.Context))
		for _, entry := range e.request.Context {
			e.large[lower(entry.Key)] = entry.Values
		}
	}
	return e.large
}

// isUnknown reports whether the request lists a key as unknown.
func (e *evaluation) isUnknown(key string) bool {
	unknown := e.request.Unknown
	if len(unknown) <= smallContext {
		return slices.ContainsFunc(unknown, func(u string) bool { return equalFold(u, key) })
	}
	if e.unknown == nil {
		e.unknown = make(map[string]bool, len(unknown))
		for _, u := range unknown {
			e.unknown[lower(u)] = true
		}
	}
	return e.unknown[key]
}

// variable supplies the value of a policy variable: that of a key with one
// value, or else the default.
func (e *evaluation) variable(slot int) (string, bool) {
	v := &e.policy.variables[slot]
	given, known := e.lookup(v.Name)
	switch {
	case !known:
		e.vague = true
		e.hangsOn(v.Name)
	case given.len() == 1:
		return given.at(0), true
	case e.trace != nil:
		e.trace.asked(v.Name)
	}
	return v.Default, v.HasDefault
}

// pattern is the resource of a request that is known only as a pattern.
func (e *evaluation) pattern() *pattern.Pattern {
	if e.glob == nil {
		e.glob = resourcePattern(e.request.Resource)
	}
	return e.glob
}

// resourcePattern reads the pattern of a request's resource. That is an ARN, of
// which none of the first five parts holds a colon.
func resourcePattern(text string) *pattern.Pattern {
	if strings.Count(text, ":") < 5 {
		return pattern.Compile(text)
	}
	return arn.CompileCondition(pattern.Wild(text)).Pattern()
}

// hangsOn notes a key whose value is not known.
func (e *evaluation) hangsOn(key string) {
	e.guesses = true
	if e.trace != nil {
		e.trace.unknown(key)
	}
}

// denying returns the layers in which a statement may deny.
func (e *evaluation) denying() []int {
	if e.plan != nil {
		return e.plan.denying
	}
	return e.engine.every
}

// first returns the first statement of a layer with an effect that applies.
func (e *evaluation) first(layer int, denies bool) (by ground, ok bool) {
	l := &e.engine.layers[layer]
	if e.said != nil {
		return kindOnly(l.kind), e.said[layer]&effect(denies) != 0
	}
	if e.plan != nil {
		if g := e.plan.layers[layer].with(denies); g.index == nil {
			return g.first(e, l, denies)
		}
	}
	by = kindOnly(l.kind)
	e.each(layer, denies, func(policyAt int, s *statement, entry *arn.Resource) bool {
		at := l.refer(policyAt, s)
		if by.earlier(at) == by && ok {
			return false // later ones of this list come later still
		}
		if t, _ := s.applies(e, entry); !e.counts(t, denies) {
			return true
		}
		by, ok = at, true
		return false
	})
	return by, ok
}

// visitor is shown a statement of a policy, and the one resource of it to compare
// where an index has picked one. It returns false to end the list.
type visitor = func(policyAt int, s *statement, entry *arn.Resource) bool

// each visits the statements of a layer about the action that may match the
// resource, list by list.
func (e *evaluation) each(layer int, deny bool, visit visitor) {
	if e.plan != nil {
		e.plan.layers[layer].with(deny).each(&e.request, visit)
		return
	}
	for i, c := range e.engine.layers[layer].policies {
		c.each(&e.asked, deny, func(s *statement) bool { return visit(i, s, nil) })
	}
}
