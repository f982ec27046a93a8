package authz

import (
	"slices"

	"github.com/writ-iam/writ/policy"
)

// Explanation is a decision with all its reasons.
type Explanation struct {
	Decision Decision

	Statements []StatementReport // of every policy in the set, in the order of the set
	Nearest    int               // index of the statement that comes nearest to allowing; -1 when none is near
	Change     Change            // the least that would allow a denied request

	MissingKeys []string // condition keys that policies ask for and the request lacks, lower case
	UnknownKeys []string // condition keys that an undecided answer hangs on, lower case
	Holes       []string // names of holes that an undecided answer hangs on
	Derived     Context  // keys that the request does not give and its other parts show
	Notes       []string // what the rules themselves decided, and policies that were not supplied
}

// StatementReport says what one statement has to say about a request.
type StatementReport struct {
	Reference
	Sid    string
	Effect policy.Effect
	// Speaks is false for policies that cannot concern the caller, such as
	// service control policies for the management account.
	Speaks bool
	// Outcome is Allowed or ExplicitlyDenied when the statement applies,
	// ImplicitlyDenied when it does not, Undecided when that is not known.
	Outcome Result
	// Strength is how the statement names the caller.
	Strength policy.Strength
	Failures []Failure // why it does not apply, or what is not known; in the order of the elements

	score int // how near it comes to applying
}

// Failure is an element of a statement that does not match.
type Failure struct {
	Element string   // "Principal", "Action", "Resource", "Condition"
	Unknown bool     // it may match: something is not known
	Wanted  []string // what the statement says
	Got     []string // what the request has; empty for a condition key that is absent

	Operator, Key string // of a condition, as written
}

// Change is what would turn a denied request into an allowed one.
type Change struct {
	Possible bool // no grant helps against an explicit deny or a rule of the service
	// Kinds of policy that would each have to allow the action on the resource.
	// One is a single grant.
	Kinds []Kind
	// NamingCaller: the one grant, in the resource's policy, must name the caller
	// itself; naming its account is not enough.
	NamingCaller bool
	Action       string
	Resource     string
}

// Explain answers a request as Decide does, and says why.
func (e *Engine) Explain(r Request) Explanation {
	x := e.explainOnly(r)
	if e.bracket != nil || r.Holes {
		e.explainHoles(r, &x)
	}
	return x
}

// explainOnly explains without regard to holes.
func (e *Engine) explainOnly(r Request) Explanation {
	ev := evaluation{engine: e, request: r, plain: true, trace: new(recorder)}
	x := Explanation{Decision: ev.answer(), Nearest: -1}
	if x.Decision.Result == Invalid {
		return x
	}
	x.UnknownKeys = ev.trace.unknownKeys.list
	ev.examine(&x)
	x.MissingKeys = ev.trace.missing(&ev)
	x.Derived = ev.trace.derivedKeys
	x.Notes = ev.notes(&x)
	if x.Decision.Result != Allowed {
		x.Nearest = nearest(x.Statements)
		x.Change = ev.change(x.Decision)
	}
	return x
}

// recorder gathers what the evaluation came across.
type recorder struct {
	unknownKeys distinct
	derivedKeys Context
	askedFor    distinct
}

// distinct is a list of strings without duplicates.
type distinct struct {
	list []string
	seen map[string]bool
}

func (d *distinct) add(s string) {
	if d.seen[s] {
		return
	}
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	d.seen[s] = true
	d.list = append(d.list, s)
}

func (r *recorder) unknown(key string) { r.unknownKeys.add(key) }

func (r *recorder) derived(key, value string) {
	if !slices.ContainsFunc(r.derivedKeys, func(e Entry) bool { return e.Key == key }) {
		r.derivedKeys = append(r.derivedKeys, Entry{key, []string{value}})
	}
}

func (r *recorder) asked(key string) { r.askedFor.add(key) }

// missing lists the keys that were asked for and are absent.
func (r *recorder) missing(e *evaluation) []string {
	var out []string
	for _, key := range r.askedFor.list {
		if given, known := e.lookup(key); known && given.len() == 0 {
			out = append(out, key)
		}
	}
	return out
}

// examine looks at every statement by the same tree that decides.
func (e *evaluation) examine(x *Explanation) {
	n := 0
	for i := range e.engine.layers {
		for _, c := range e.engine.layers[i].policies {
			n += len(c.statements)
		}
	}
	x.Statements = make([]StatementReport, 0, n)
	for i := range e.engine.layers {
		l := &e.engine.layers[i]
		for j, c := range l.policies {
			for _, s := range c.statements {
				report := e.report(s)
				report.Reference = Reference{Kind: l.kind, Level: int(l.level), Policy: j, Statement: int(s.index)}
				report.Speaks = e.speaks(l.kind)
				x.Statements = append(x.Statements, report)
			}
		}
	}
}

// Weights of the elements in how near a statement comes: the right action on the
// wrong resource is nearer than the reverse.
const (
	actionWeight    = 8
	resourceWeight  = 4
	principalWeight = 2
	conditionWeight = 1
)

func (e *evaluation) report(s *statement) StatementReport {
	report := StatementReport{Sid: s.source.Sid, Effect: s.source.Effect}
	e.policy = s.of
	check := func(t truth, weight int, failure func() Failure) truth {
		if t == yes {
			report.score += weight
			return t
		}
		f := failure()
		f.Unknown = t == maybe
		report.Failures = append(report.Failures, f)
		return t
	}
	report.Strength = s.names(e)
	result := check(truthOf(report.Strength != policy.NotNamed), principalWeight, func() Failure {
		return Failure{Element: s.principalElement(), Wanted: principals(s), Got: []string{e.request.Principal}}
	})
	result = result.and(check(truthOf(s.actions.Match(e.request.Action)), actionWeight, func() Failure {
		return Failure{Element: element(s.actions.Not, "Action"), Wanted: texts(s.source.Action, s.source.NotAction), Got: []string{e.request.Action}}
	}))
	result = result.and(check(s.touches(e, nil), resourceWeight, func() Failure {
		return Failure{Element: element(s.resources.Not, "Resource"), Wanted: texts(s.source.Resource, s.source.NotResource), Got: []string{e.request.Resource}}
	}))
	relevant := result != no
	for i := range s.conditions {
		c := &s.conditions[i]
		if relevant {
			e.trace.asked(c.key)
		}
		result = result.and(check(c.holds(e), conditionWeight, func() Failure {
			given, _ := e.lookup(c.key)
			block := &s.source.Condition.Blocks[c.block]
			key := &block.Keys[c.line]
			return Failure{Element: "Condition", Operator: block.Operator, Key: key.Name, Wanted: key.Values.Texts(), Got: given.all()}
		}))
	}
	report.Outcome = outcome(result, s.deny)
	return report
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

func (s *statement) principalElement() string { return element(s.named == notNamed, "Principal") }

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

// nearest finds the Allow statement with the right action that comes nearest.
func nearest(reports []StatementReport) int {
	best, at := 0, -1
	for i := range reports {
		r := &reports[i]
		near := r.Effect == policy.Allow && r.Outcome != Allowed && r.Speaks && r.score >= actionWeight
		if near && r.score-len(r.Failures) > best {
			best, at = r.score-len(r.Failures), i
		}
	}
	return at
}

// grantKinds are the kinds of policy in which a grant can be missing, in the
// order in which one would rather add it.
var grantKinds = [...]Kind{Identity, Resource, Boundary, Session, SCP, Endpoint}

// change finds the fewest kinds of policy that would have to allow, by deciding
// again with them taken to allow.
func (e *evaluation) change(d Decision) Change {
	c := Change{Action: e.request.Action, Resource: e.request.Resource}
	if d.Result != ImplicitlyDenied {
		return c
	}
	for size := 1; size <= len(grantKinds); size++ {
		if kinds := e.tryKinds(nil, 0, size); kinds != nil {
			c.Possible, c.Kinds = true, kinds
			return c
		}
		if size == 1 && e.tryNaming() {
			c.Possible, c.Kinds, c.NamingCaller = true, []Kind{Resource}, true
			return c
		}
	}
	return c
}

func (e *evaluation) tryKinds(chosen []Kind, from, left int) []Kind {
	if left == 0 {
		e.assume = [len(e.assume)]bool{}
		for _, k := range chosen {
			e.assume[k] = true
		}
		e.strict, e.n = true, 0
		ok := e.decide() == Allowed
		e.assume = [len(e.assume)]bool{}
		if ok {
			return slices.Clone(chosen)
		}
		return nil
	}
	for i := from; i < len(grantKinds); i++ {
		if kinds := e.tryKinds(append(chosen, grantKinds[i]), i+1, left-1); kinds != nil {
			return kinds
		}
	}
	return nil
}

// tryNaming decides again with a resource's policy that names the caller itself,
// where there is such a policy for sure.
func (e *evaluation) tryNaming() bool {
	if !e.engine.resource && e.who.special != yes {
		return false
	}
	e.naming, e.strict, e.n = true, true, 0
	ok := e.decide() == Allowed
	e.naming = false
	return ok
}

// notes says what no statement shows.
func (e *evaluation) notes(x *Explanation) []string {
	var out []string
	by := x.Decision.By()
	switch {
	case len(by) > 0 && by[0].Kind == Service && x.Decision.Result == Allowed:
		out = append(out, "sts:GetCallerIdentity is allowed to every authenticated caller")
	case len(by) > 0 && by[0].Kind == Service:
		out = append(out, "AWS managed policies cannot be changed by their users")
	case len(by) > 0 && by[0].Kind == Root:
		out = append(out, "the root user of an account has every permission that its resources and organization leave it")
	}
	if e.who.special != no && !e.engine.resource {
		out = append(out, e.specialPolicy()+" was not supplied; without it nobody has access, whatever other policies say")
	}
	if !e.who.sameAccount && !e.withoutAccount() && !e.engine.resource {
		out = append(out, "the resource belongs to another account, and no resource policy was supplied")
	}
	if e.caller().Kind == policy.CallerFederatedUser && !e.engine.session {
		out = append(out, "a federated user has no permissions without a session policy")
	}
	return out
}

func (e *evaluation) specialPolicy() string {
	if e.action.is(ruledByTrust) {
		return "the role's trust policy"
	}
	return "the key policy"
}
