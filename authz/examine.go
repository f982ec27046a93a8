package authz

import (
	"cmp"
	"slices"

	"github.com/writ-iam/writ/policy"
)

// examine looks at every statement by the same tree that decides.
func (e *evaluation) examine(x *Explanation) {
	n := 0
	for i := range e.engine.layers {
		for _, c := range e.engine.layers[i].policies {
			n += len(c.statements)
		}
	}
	e.asked.readService()
	x.Statements = make([]StatementReport, n)
	at := 0
	for i := range e.engine.layers {
		l := &e.engine.layers[i]
		speaks := e.speaks(l.kind)
		for j, c := range l.policies {
			e.matchActions(c)
			for _, s := range c.statements {
				report := &x.Statements[at]
				*report = StatementReport{
					Reference: Reference{Kind: l.kind, Level: int(l.level), Policy: j, Statement: int(s.index)},
					Sid:       s.source.Sid, Effect: s.source.Effect, Speaks: speaks,
					statement: s, about: e.trace.matching[s.index], asked: e,
				}
				look := examination{evaluation: e, report: report}
				look.at(s)
				at++
			}
		}
	}
}

// matchActions finds the statements of a policy that speak of the action.
func (e *evaluation) matchActions(c *compiled) {
	m := slices.Grow(e.trace.matching[:0], len(c.statements))[:len(c.statements)]
	clear(m)
	note := func(s *statement) bool {
		m[s.index] = true
		return true
	}
	c.each(&e.asked, true, note)
	c.each(&e.asked, false, note)
	e.trace.matching = m
}

// Weights of the elements in how near a statement comes: the right action on the
// wrong resource is nearer than the reverse.
const (
	actionWeight    = 8
	resourceWeight  = 4
	principalWeight = 2
	conditionWeight = 1
)

// Failures says why a statement does not apply, or what is not known, in the order
// of its elements. It is worked out when it is asked for.
func (r *StatementReport) Failures() []Failure {
	if r.failed == 0 {
		return nil
	}
	e, again := *r.asked, *r // several may ask at once
	e.trace = new(recorder)
	look := examination{evaluation: &e, report: &again, tell: true}
	look.at(r.statement)
	return look.failures
}

// examination is the looking at one statement, element by element.
type examination struct {
	*evaluation
	report   *StatementReport
	result   truth // of the elements so far
	last     truth // of the element that was looked at last
	tell     bool  // how the elements fail is asked for
	failures []Failure
}

func (x *examination) at(s *statement) {
	r := x.report
	x.policy, x.result, r.score, r.failed = s.of, yes, 0, 0
	r.Strength = s.names(x.evaluation)
	if x.fails(truthOf(r.Strength != policy.NotNamed), principalWeight) {
		x.because(element(s.named == notNamed, "Principal"), principals(s), x.request.Principal)
	}
	if x.fails(truthOf(r.about), actionWeight) {
		x.because(element(s.actions.Not, "Action"), texts(s.source.Action, s.source.NotAction), x.request.Action)
	}
	x.trace.quiet = x.result == no
	if x.fails(s.touches(x.evaluation, nil), resourceWeight) {
		x.because(element(s.resources.Not, "Resource"), texts(s.source.Resource, s.source.NotResource), x.request.Resource)
	}
	x.variables(cmp.Or(s.source.Resource, s.source.NotResource))
	x.trace.quiet = x.result == no
	for i := range s.conditions {
		c := &s.conditions[i]
		x.trace.asked(c.key)
		if x.fails(c.holds(x.evaluation), conditionWeight) {
			given, _ := x.lookup(c.key)
			block := &s.source.Condition.Blocks[c.block]
			key := &block.Keys[c.line]
			x.because("Condition", key.Values.Texts(), given.all()...)
			f := &x.failures[len(x.failures)-1]
			f.Operator, f.Key = block.Operator, key.Name
		}
		if c.operator.HasVariables() {
			x.variables(&s.source.Condition.Blocks[c.block].Keys[c.line].Values)
		}
	}
	x.trace.quiet = true
	r.Outcome = outcome(x.result, s.deny)
}

// fails notes how an element came out, and reports whether to tell why.
func (x *examination) fails(t truth, weight int) bool {
	x.last, x.result = t, x.result.and(t)
	if t == yes {
		x.report.score += weight
		return false
	}
	x.report.failed++
	return x.tell
}

// because says why the last element fails.
func (x *examination) because(element string, wanted []string, got ...string) {
	x.failures = append(x.failures, Failure{Element: element, Unknown: x.last == maybe, Wanted: wanted, Got: got})
}

// variables says what the variables in values of the last element stand for, where
// it fails. The keys that it looks for and does not find are noted all the same.
func (x *examination) variables(wanted *policy.List) {
	if x.last == yes || len(x.policy.variables) == 0 {
		return
	}
	var out []VariableValue
	for i := range wanted.Len() {
		pieces, _ := policy.ParseVariables(wanted.Values[i].Text)
		for _, p := range pieces {
			known := func(v VariableValue) bool { return v.Key == p.Variable.Name }
			if p.Kind == policy.PieceVariable && !slices.ContainsFunc(out, known) {
				out = append(out, x.valueOf(&p.Variable))
			}
		}
	}
	if x.tell {
		x.failures[len(x.failures)-1].Variables = out
	}
}

func (e *evaluation) valueOf(v *policy.Variable) VariableValue {
	key := lower(v.Name)
	given, known := e.lookup(key)
	e.trace.asked(key)
	out := VariableValue{Key: v.Name, Values: given.all(), Unknown: !known}
	if known && given.len() != 1 && v.HasDefault {
		out.Values, out.Default = []string{v.Default}, true
	}
	return out
}

func outcome(t truth, deny bool) Result {
	switch {
	case t == maybe:
		return Undecided
	case t == no:
		return ImplicitlyDenied
	case deny:
		return ExplicitlyDenied
	}
	return Allowed
}

func element(not bool, name string) string {
	if not {
		return "Not" + name
	}
	return name
}

func principals(s *statement) []string {
	p := s.source.Principal
	if p == nil {
		p = s.source.NotPrincipal
	}
	if p == nil {
		return nil
	}
	if p.Everyone {
		return []string{"*"}
	}
	var out []string
	for i := range p.Groups {
		out = append(out, p.Groups[i].Values.Texts()...)
	}
	return out
}

func texts(lists ...*policy.List) []string {
	for _, l := range lists {
		if l != nil {
			return l.Texts()
		}
	}
	return nil
}
