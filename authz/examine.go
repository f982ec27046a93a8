package authz

import (
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
	r := &e.request
	e.trace.got = got{[]string{r.Principal}, []string{r.Action}, []string{r.Resource}}
	e.trace.failures = make([]Failure, 0, 2*n)
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
				}
				e.report(s, report)
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

// report says what a statement has to say, element by element.
func (e *evaluation) report(s *statement, report *StatementReport) {
	e.policy = s.of
	x := examination{evaluation: e, report: report, result: yes, from: len(e.trace.failures)}
	report.Strength = s.names(e)
	if x.check(truthOf(report.Strength != policy.NotNamed), principalWeight) {
		x.fails(Failure{Element: element(s.named == notNamed, "Principal"), Wanted: s.wants().principals, Got: e.trace.got.principal})
	}
	if x.check(truthOf(e.trace.matching[s.index]), actionWeight) {
		x.fails(Failure{Element: element(s.actions.Not, "Action"), Wanted: s.wants().actions, Got: e.trace.got.action})
	}
	if x.check(s.touches(e, nil), resourceWeight) {
		x.fails(Failure{Element: element(s.resources.Not, "Resource"), Wanted: s.wants().resources, Got: e.trace.got.resource})
	}
	relevant := x.result != no
	for i := range s.conditions {
		c := &s.conditions[i]
		if relevant {
			e.trace.asked(c.key)
		}
		if x.check(c.holds(e), conditionWeight) {
			given, _ := e.lookup(c.key)
			block := &s.source.Condition.Blocks[c.block]
			x.fails(Failure{Element: "Condition", Operator: block.Operator, Key: block.Keys[c.line].Name, Wanted: s.wants().conditions[i], Got: given.all()})
		}
	}
	if all := e.trace.failures; len(all) > x.from {
		report.Failures = all[x.from:len(all):len(all)]
	}
	report.Outcome = outcome(x.result, s.deny)
}

// examination is the looking at one statement.
type examination struct {
	*evaluation
	report  *StatementReport
	result  truth // of the elements so far
	element truth // that was looked at last
	from    int   // where its failures begin
}

// check notes how an element came out, and reports whether there is something to
// say about it.
func (x *examination) check(t truth, weight int) bool {
	x.element, x.result = t, x.result.and(t)
	if t == yes {
		x.report.score += weight
	}
	return t != yes
}

func (x *examination) fails(f Failure) {
	f.Unknown = x.element == maybe
	x.trace.failures = append(x.trace.failures, f)
}

// got is what a request has, as failures tell it.
type got struct{ principal, action, resource []string }

// wanted is what the elements of a statement say, as failures tell it.
type wanted struct {
	principals, actions, resources []string
	conditions                     [][]string
}

// wants works it out when a statement is first explained.
func (s *statement) wants() *wanted {
	if w := s.wanted.Load(); w != nil {
		return w
	}
	w := &wanted{
		principals: principals(s),
		actions:    texts(s.source.Action, s.source.NotAction),
		resources:  texts(s.source.Resource, s.source.NotResource),
		conditions: make([][]string, len(s.conditions)),
	}
	for i, c := range s.conditions {
		w.conditions[i] = s.source.Condition.Blocks[c.block].Keys[c.line].Values.Texts()
	}
	s.wanted.Store(w)
	return w
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
