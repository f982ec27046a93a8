package prove

import (
	"context"
	"slices"

	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// problem is one question: what all its queries share.
type problem struct {
	options   Options
	fs        *formulas
	languages languages
	atoms     atoms
	keys      keyTable
	slots     policy.VariableTable
	slotKeys  []*key
	holes     holes
	reading   reading

	// What a query adds: patterns that the value of a subject must match, and
	// actions that it is not about.
	extra    map[subject][]*pattern.Pattern
	excluded *language

	lemmas   [][]literal          // conflicts that hold in every query
	answered map[formula]struct{} // formulas without a solution, the action aside
	gaps     []string             // why something was left undecided
}

func newProblem(options Options) *problem {
	p := &problem{options: options, fs: newFormulas(), extra: map[subject][]*pattern.Pattern{}, answered: map[formula]struct{}{}}
	p.reading.fs = p.fs
	return p
}

// work is the limit of one search, in units of package pattern.
func (p *problem) work() int {
	const perState = 16
	return p.options.maxStates() * perState
}

// keyOfSlot returns the key that a variable names.
func (p *problem) keyOfSlot(slot int) *key {
	for len(p.slotKeys) <= slot {
		p.slotKeys = append(p.slotKeys, p.keys.key(p.slots.Variables()[len(p.slotKeys)].Name))
	}
	return p.slotKeys[slot]
}

// statement is a statement of a policy, the action and the principal aside.
type statement struct {
	deny      bool
	actions   actionEntries
	principal *policy.PrincipalMatcher
	exempts   bool // the principals are those of NotPrincipal
	rest      formula
}

// document is a compiled policy.
type document struct {
	statements []*statement
	index      actionIndex
}

func (p *problem) compile(doc *policy.Document) *document {
	d := &document{}
	vars := &p.slots
	if !doc.HasVariables() {
		vars = nil
	}
	for i := range doc.Statements {
		src := &doc.Statements[i]
		s := &statement{deny: src.Effect == policy.Deny, actions: readActions(src)}
		switch {
		case src.Principal != nil:
			s.principal = policy.CompilePrincipal(src.Principal)
		case src.NotPrincipal != nil:
			s.principal, s.exempts = policy.CompilePrincipal(src.NotPrincipal), true
		}
		s.rest = p.fs.and(p.resources(src, vars), p.conditions(src.Condition, vars))
		d.statements = append(d.statements, s)
		d.index.add(i, &s.actions)
	}
	return d
}

func (p *problem) resources(src *policy.Statement, vars *policy.VariableTable) formula {
	m := policy.CompileResources(src, vars)
	if m.Absent {
		return verum
	}
	f := p.in(resourceSubject, p.ofResources(&m))
	if m.Not {
		return p.fs.not(f)
	}
	return f
}

// answer is what came of a query.
type answer struct {
	outcome  outcome
	solution solution
	literals *candidate // of the solution
	used     []literal
}

// search looks for a request for which a formula holds.
func (p *problem) search(ctx context.Context, f formula) (answer, error) {
	if f == falsum {
		return answer{outcome: none}, nil
	}
	q := newQuery(p, f)
	gap := ""
	for round := 0; ; round++ {
		if err := ctx.Err(); err != nil {
			return answer{}, err
		}
		if round > p.options.maxRounds() {
			return answer{outcome: unknown}, p.gap("more combinations of conditions than the limit")
		}
		ok, err := q.solver.solve(ctx)
		if err != nil {
			return answer{}, err
		}
		if !ok {
			if gap != "" {
				return answer{outcome: unknown}, p.gap(gap)
			}
			return answer{outcome: none}, nil
		}
		literals := slices.Clone(p.reading.reason(f, len(p.atoms.list), q.holds))
		x := p.examine(literals, q.holds)
		switch {
		case x.solution != nil:
			return answer{outcome: found, solution: x.solution, literals: p.gather(literals, q.holds), used: literals}, nil
		case x.conflict != nil || x.unknown == "":
			p.remember(x.conflict)
			q.exclude(x.conflict)
		default:
			gap = x.unknown
			q.exclude(x.blocked)
		}
	}
}

// gap notes why something was left undecided.
func (p *problem) gap(reason string) error {
	if !slices.Contains(p.gaps, reason) {
		p.gaps = append(p.gaps, reason)
	}
	return nil
}

// remember keeps a conflict for the queries to come, unless it hangs on the
// actions that this one is about.
func (p *problem) remember(conflict []literal) {
	for _, l := range conflict {
		if p.atoms.list[l.variable()].of == actionSubject {
			return
		}
	}
	p.lemmas = append(p.lemmas, conflict)
}

// query is one formula in a solver.
type query struct {
	p      *problem
	solver solver
	names  []literal // by atom: its variable in the solver, or 0
}

func newQuery(p *problem, f formula) *query {
	q := &query{p: p, solver: newCDCL()}
	p.fs.clauses(f, q.name, q.solver.newVar, q.solver.add)
	for _, lemma := range p.lemmas {
		if q.knows(lemma) {
			q.exclude(lemma)
		}
	}
	return q
}

// name returns the solver's literal for one of formulas. A key that may hold
// several values holds either one or several.
func (q *query) name(l literal) literal {
	v := l.variable()
	for len(q.names) <= v {
		q.names = append(q.names, 0)
	}
	if q.names[v] == 0 {
		q.names[v] = q.solver.newVar()
		a := q.p.atoms.list[v]
		if a.kind == manyValues || a.kind == oneValue && q.p.keys.list[a.of].many {
			one := q.name(q.p.atoms.literal(atom{kind: oneValue, of: a.of}))
			many := q.name(q.p.atoms.literal(atom{kind: manyValues, of: a.of}))
			if a.kind == manyValues {
				q.solver.add(-one, -many)
			}
		}
	}
	if l < 0 {
		return -q.names[v]
	}
	return q.names[v]
}

func (q *query) holds(l literal) bool {
	if v := l.variable(); v >= len(q.names) || q.names[v] == 0 {
		return l < 0
	}
	return q.solver.value(q.name(l))
}

func (q *query) knows(lemma []literal) bool {
	for _, l := range lemma {
		if v := l.variable(); v >= len(q.names) || q.names[v] == 0 {
			return false
		}
	}
	return true
}

// exclude says that literals do not hold together.
func (q *query) exclude(literals []literal) {
	clause := make([]literal, len(literals))
	for i, l := range literals {
		clause[i] = -q.name(l)
	}
	q.solver.add(clause...)
}
