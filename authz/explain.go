package authz

import (
	"slices"
	"strings"

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

	score     int  // how near it comes to applying
	failed    int  // elements that do not match, or may not
	about     bool // it speaks of the action
	statement *statement
	asked     *evaluation // for Failures
}

// Failure is an element of a statement that does not match.
type Failure struct {
	Element string   // "Principal", "Action", "Resource", "Condition"
	Unknown bool     // it may match: something is not known
	Wanted  []string // what the statement says
	Got     []string // what the request has; empty for a condition key that is absent

	Operator, Key string // of a condition, as written

	Variables []VariableValue // what the variables in Wanted stand for
}

// VariableValue is what a policy variable stands for in a request.
type VariableValue struct {
	Key     string   // as written
	Values  []string // of the key, or the default; a variable stands for one value only
	Default bool     // the request has not one value for the key
	Unknown bool     // the value is not known
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
	ev := evaluation{engine: e, request: r, plain: true, trace: &recorder{quiet: true}}
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
	ev.forget()
	return x
}

// recorder gathers what the evaluation came across.
type recorder struct {
	unknownKeys distinct
	derivedKeys Context
	askedFor    distinct
	quiet       bool   // keys that are asked for now have no bearing on the request
	matching    []bool // statements of the policy at hand that speak of the action
}

// distinct is a list of strings without duplicates.
type distinct struct {
	list []string
	seen map[string]bool
}

func (d *distinct) add(s string) {
	if d.seen[s] || d.seen == nil && slices.Contains(d.list, s) {
		return
	}
	d.list = append(d.list, s)
	if d.seen == nil && len(d.list) > smallContext {
		d.seen = map[string]bool{}
		for _, known := range d.list {
			d.seen[known] = true
		}
	} else if d.seen != nil {
		d.seen[s] = true
	}
}

func (r *recorder) unknown(key string) { r.unknownKeys.add(key) }

func (r *recorder) derived(key, value string) {
	if !slices.ContainsFunc(r.derivedKeys, func(e Entry) bool { return e.Key == key }) {
		r.derivedKeys = append(r.derivedKeys, Entry{key, []string{value}})
	}
}

func (r *recorder) asked(key string) {
	if !r.quiet {
		r.askedFor.add(key)
	}
}

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

// nearest finds the Allow statement with the right action that comes nearest.
func nearest(reports []StatementReport) int {
	best, at := 0, -1
	for i := range reports {
		r := &reports[i]
		near := r.Effect == policy.Allow && r.Outcome != Allowed && r.Speaks && r.score >= actionWeight
		if near && r.score-r.failed > best {
			best, at = r.score-r.failed, i
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
	if e.gatewayMatters(x) {
		out = append(out, "the VPC endpoint is taken to be an interface endpoint; the policy of a gateway endpoint names nobody but the root user of an account, "+
			`and others by "Principal": "*" and a condition on aws:PrincipalArn`)
	}
	if e.caller().Kind == policy.CallerFederatedUser && !e.engine.session {
		out = append(out, "a federated user has no permissions without a session policy")
	}
	return out
}

// gatewayServices are those that have gateway endpoints besides interface ones.
// AWS PrivateLink guide, "Principals for gateway endpoints" (2026-09).
var gatewayServices = []string{"s3", "dynamodb"}

// gatewayMatters reports whether a statement of an endpoint's policy allows that
// would not if the endpoint were a gateway.
func (e *evaluation) gatewayMatters(x *Explanation) bool {
	service, _, _ := strings.Cut(lower(e.request.Action), ":")
	return slices.Contains(gatewayServices, service) && e.caller().Kind != policy.CallerRoot &&
		slices.ContainsFunc(x.Statements, func(s StatementReport) bool {
			return s.Kind == Endpoint && s.Outcome == Allowed && s.Strength != policy.ByWildcard
		})
}

func (e *evaluation) specialPolicy() string {
	if e.action.is(ruledByTrust) {
		return "the role's trust policy"
	}
	return "the key policy"
}
