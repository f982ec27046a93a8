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

	variables []policy.Variable   // of the policy whose statement is being matched
	trace     *recorder           // nil but for Explain
	batch     *batch              // nil but for DecideAll, which asks for no ground
	glob      *pattern.Pattern    // the resource, when it is a pattern
	large     map[string][]string // the context, when it is too large to search
	unknown   map[string]bool     // the unknown keys, likewise
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
	v := &e.variables[slot]
	given, known := e.lookup(v.Name)
	switch {
	case !known:
		e.vague = true
		e.hangsOn(v.Name)
	case given.len() == 1:
		return given.at(0), true
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

// first returns the first statement of a layer with an effect that applies.
func (e *evaluation) first(layer int, denies bool) (found, bool) {
	if e.batch != nil {
		effect := allow
		if denies {
			effect = deny
		}
		return found{statement: unnamed}, e.batch.first(e, &e.engine.layers[layer], effect)
	}
	var best found
	e.each(layer, denies, func(f found) bool {
		if best.statement != nil && f.order >= best.order {
			return false // later ones of this list come later still
		}
		if t, _ := f.applies(e, f.entry); e.counts(t, denies) {
			best = f
			return false
		}
		return true
	})
	return best, best.statement != nil
}

// each visits the statements of a layer about the action that may match the
// resource, list by list; visit returns false to end its list.
func (e *evaluation) each(layer int, deny bool, visit func(found) bool) {
	if e.plan != nil {
		e.plan.layers[layer].with(deny).each(&e.request, visit)
		return
	}
	for i, c := range e.engine.layers[layer].policies {
		for _, s := range c.about(&e.asked).with(deny) {
			if !visit(placed(s, i)) {
				break
			}
		}
	}
}
