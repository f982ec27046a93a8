package authz

import (
	"strings"
	"sync"

	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// evaluation is the state of answering one request. It is taken from a pool, so
// that answering allocates nothing.
type evaluation struct {
	engine  *Engine
	request *Request
	who     subject
	plan    *plan

	// strict takes what may hold as holding for Deny and as not holding for
	// Allow; otherwise it is the other way round. Where everything is known
	// the two agree.
	strict  bool
	assume  [Service + 1]bool // kinds that are taken to allow; for "what would change the answer"
	guesses bool              // something that is not known was asked for
	trace   *recorder         // nil but for Explain

	variables []policy.Variable // of the policy whose statement is being matched
	variable  func(slot int) (string, bool)
	vague     bool // a variable was asked for whose key is not known
	glob      *pattern.Pattern

	derivedValues [maxDerived][1]string // what derived keys gave

	large map[string][]string // the context, when it is too large to search
}

var pool = sync.Pool{New: func() any {
	e := new(evaluation)
	e.variable = e.variableValue
	return e
}}

func newEvaluation(engine *Engine, r *Request) *evaluation {
	e := pool.Get().(*evaluation)
	e.engine, e.request = engine, r
	return e
}

func (e *evaluation) release() {
	variable := e.variable
	*e = evaluation{variable: variable}
	pool.Put(e)
}

// sure turns a match into a truth: one that asked for the value of an unknown
// key may come out either way.
func (e *evaluation) sure(b bool) truth {
	if e.vague {
		e.guesses = true
		return maybe
	}
	return truthOf(b)
}

// counts reports whether a match is good enough for a statement with an effect.
func (e *evaluation) counts(t truth, deny bool) bool {
	return t == yes || t == maybe && deny == e.strict
}

// lookup returns the values of a condition key in lower case; none for an absent
// key. known is false for a key that may hold anything.
func (e *evaluation) lookup(key string) (values []string, known bool) {
	if values, ok := e.given(key); ok {
		return values, true
	}
	for _, u := range e.request.Unknown {
		if strings.EqualFold(u, key) {
			return nil, false
		}
	}
	if v, ok := e.derived(key); ok {
		return v, true
	}
	return nil, !e.request.UnknownRest
}

func (e *evaluation) given(key string) ([]string, bool) {
	context := e.request.Context
	if len(context) > smallContext {
		values, ok := e.largeContext()[key]
		return values, ok
	}
	for i := range context {
		if len(context[i].Key) == len(key) && strings.EqualFold(context[i].Key, key) {
			return context[i].Values, true
		}
	}
	return nil, false
}

func (e *evaluation) largeContext() map[string][]string {
	if e.large == nil {
		e.large = make(map[string][]string, len(e.request.Context))
		for _, entry := range e.request.Context {
			e.large[strings.ToLower(entry.Key)] = entry.Values
		}
	}
	return e.large
}

// variableValue supplies the value of a policy variable: that of a key with one
// value, or else the default.
func (e *evaluation) variableValue(slot int) (string, bool) {
	v := &e.variables[slot]
	values, known := e.lookup(v.Name)
	switch {
	case !known:
		e.vague = true
		e.hangsOn(v.Name)
	case len(values) == 1:
		return values[0], true
	}
	return v.Default, v.HasDefault
}

// pattern is the resource of a request that is known only as a pattern.
func (e *evaluation) pattern() *pattern.Pattern {
	if e.glob == nil {
		e.glob = pattern.Compile(e.request.Resource)
	}
	return e.glob
}

// hangsOn notes a key whose value is not known.
func (e *evaluation) hangsOn(key string) {
	e.guesses = true
	if e.trace != nil {
		e.trace.unknown(key)
	}
}

// first returns the first statement of a group that applies.
func (e *evaluation) first(g *group, deny bool) (found, bool) {
	var best found
	e.each(g, func(f found) bool {
		if best.statement != nil && f.order >= best.order {
			return false // later ones of this list come later still
		}
		if t, _ := f.applies(e); e.counts(t, deny) {
			best = f
			return false
		}
		return true
	})
	return best, best.statement != nil
}

// each visits the statements that may match the resource, list by list; visit
// returns false to end its list.
func (e *evaluation) each(g *group, visit func(found) bool) {
	if g.byPrefix == nil {
		visitList(g.few, visit)
		return
	}
	resource := e.request.Resource
	if e.request.ResourcePattern {
		for _, list := range g.byPrefix {
			visitList(list, visit)
		}
		return
	}
	for _, length := range g.lengths {
		if length > len(resource) {
			return
		}
		if list := g.byPrefix[resource[:length]]; list != nil {
			visitList(list, visit)
		}
	}
}

func visitList(list []found, visit func(found) bool) {
	for _, f := range list {
		if !visit(f) {
			return
		}
	}
}
