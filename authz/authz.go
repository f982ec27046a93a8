// Package authz decides requests against IAM policies of every kind, as AWS
// does, and says why.
//
// Compile turns a set of policies into an Engine, once. Decide answers one
// request without allocating; Explain answers the same request through the same
// code and keeps the reasons. The rules follow the IAM user guide, "Policy
// evaluation logic", and the pages of AWS Organizations on service and resource
// control policies; decide.go reads like them.
//
// An Engine never changes and may be used by several goroutines at once.
package authz

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Kind is a kind of policy, or what else can decide.
type Kind uint8

const (
	Identity Kind = iota // attached to the user or role
	Group                // attached to a group of the user
	Boundary             // permissions boundary of the user or role
	Session              // passed when the session was made
	Resource             // attached to the resource; also role trust and KMS key policies
	SCP                  // service control policy, of the principal's organization
	RCP                  // resource control policy, of the resource's organization
	Endpoint             // of the VPC endpoint that the call goes through
	Root                 // not a policy: the implicit right of an account's root user
	Service              // not a policy: a rule of the service itself
)

var kindNames = [...]string{"identity", "group", "boundary", "session", "resource", "scp", "rcp", "endpoint", "root", "service"}

func (k Kind) String() string { return kindNames[k] }

// MarshalText writes the name of the kind.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Policy is a document with a name for people. Prepare compiles one that is
// used in several sets.
type Policy struct {
	Name     string
	Document *policy.Document

	compiled *compiled
}

// Set is all the policies that speak when one principal makes a request. What
// is nil was not supplied.
type Set struct {
	Identity []Policy
	Groups   []Policy
	Boundary *Policy
	Session  []Policy
	Resource *Policy
	// SCPs and RCPs go by levels: the organization's root, its units, the
	// account. A level without policies allows nothing. RCPs need no policy
	// that allows: RCPFullAWSAccess is implied.
	SCPs     [][]Policy
	RCPs     [][]Policy
	Endpoint *Policy
}

// Result is the answer to a request.
type Result uint8

const (
	Invalid Result = iota // the request could not be read; see Decision.Err
	Allowed
	ExplicitlyDenied // some statement denies it
	ImplicitlyDenied // none does, but something that must allow it does not
	Undecided        // it hangs on something that is not known
)

var resultNames = [...]string{"Invalid", "Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Undecided"}

func (r Result) String() string { return resultNames[r] }

// MarshalText writes the name of the result.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Reference names what decided: a statement, or a kind of policy in which no
// statement allows.
type Reference struct {
	Kind      Kind
	Level     int // of SCP and RCP, from the root; -1 otherwise
	Policy    int // index within the kind, or level; -1 when no statement decided
	Statement int // index within the policy; -1 likewise
}

// Decision is an answer with its ground. It holds no pointers into the engine
// but for Err.
type Decision struct {
	Result Result
	Err    error // why Result is Invalid

	by [2]ground
	n  uint8
}

// ground is a Reference in little room: decisions are copied about.
type ground struct {
	policy, statement int32
	level             int16
	kind              Kind
}

// By returns what decided: one reference, or two for access across accounts
// that both sides allow.
func (d *Decision) By() []Reference {
	out := make([]Reference, d.n)
	for i, g := range d.by[:d.n] {
		out[i] = Reference{Kind: g.kind, Level: int(g.level), Policy: int(g.policy), Statement: int(g.statement)}
	}
	return out
}

func kindOnly(k Kind) ground { return ground{kind: k, level: -1, policy: -1, statement: -1} }

func (g ground) isStatement() bool { return g.statement >= 0 }

// earlier returns which of two statements of one layer, if they are any, comes
// first.
func (g ground) earlier(h ground) ground {
	switch {
	case !h.isStatement():
		return g
	case !g.isStatement(), h.policy < g.policy, h.policy == g.policy && h.statement < g.statement:
		return h
	}
	return g
}

// Engine decides requests against one set of policies.
type Engine struct {
	layers  []layer
	of      [Endpoint + 1]struct{ from, to int } // where the layers of a kind stand
	every   []int                                // all layers
	speaks  services                             // what the policies speak of
	plans   *cache[plan]                         // by action
	shared  *plans                               // those that several actions have in common
	first   *atomic.Pointer[asker]               // who asked first: mostly there is no other
	members *members                             // of the last matrices
	policies

	set     Set      // what was compiled
	bracket *bracket // of a set with holes; nil for all others
}

// policies says which kinds of policy were supplied.
type policies struct {
	boundary, session, resource, endpoint, scps bool
	// trustShape: the resource policy has a statement without resources, which
	// is a whole statement in policies of a few kinds only, see impliesResource.
	trustShape bool
	holes      bool // see bracket
}

func (e *Engine) hasBoundary() bool { return e.boundary }

// layer is the policies that together must allow: one kind, or one level of it.
type layer struct {
	kind     Kind
	level    int16 // -1 where there are none
	policies []*compiled
}

// refer names a statement of a policy of the layer.
func (l *layer) refer(policyAt int, s *statement) ground {
	return ground{kind: l.kind, level: l.level, policy: int32(policyAt), statement: s.index}
}

// denyOrder is the order in which explicit denies are named.
var denyOrder = [...]Kind{RCP, SCP, Endpoint, Resource, Identity, Group, Boundary, Session}

// Compile compiles a set. Findings of severity Error say why a policy cannot be
// read; the engine is nil then, for no answer would be right. Policies of
// templates may have holes, see package internal/hole: an answer that hangs on one
// is Undecided.
func Compile(set Set) (*Engine, source.List) {
	e, findings := compileSet(set)
	if e == nil {
		return nil, findings
	}
	var more source.List
	if e.bracket, more = newBracket(set); more.HasErrors() {
		return nil, append(findings, more...)
	}
	e.set, e.holes = set, e.bracket != nil
	return e, findings
}

// compileSet compiles a set without holes.
func compileSet(set Set) (*Engine, source.List) {
	e := &Engine{plans: newCache[plan](), shared: new(plans), members: new(members), first: new(atomic.Pointer[asker])}
	var findings source.List
	policies := 0
	for _, kind := range denyOrder {
		e.of[kind].from = len(e.layers)
		for level, list := range set.levels(kind) {
			l := layer{kind: kind, level: -1}
			if kind == SCP || kind == RCP {
				l.level = int16(level)
			}
			for i := range list {
				c, found := list[i].compile()
				findings = append(findings, found...)
				findings = append(findings, fits(kind, &list[i])...)
				l.policies = append(l.policies, c)
				if c != nil {
					e.speaks |= c.services
				}
			}
			policies += len(list)
			e.layers = append(e.layers, l)
		}
		e.of[kind].to = len(e.layers)
	}
	if policies > fewPolicies {
		e.plans.room = maxSeen
	}
	e.every = count(len(e.layers))
	e.boundary, e.session = set.Boundary != nil, len(set.Session) > 0
	e.trustShape = set.Resource != nil && namesNoResource(set.Resource)
	e.resource, e.endpoint, e.scps = set.Resource != nil, set.Endpoint != nil, set.SCPs != nil
	if findings.HasErrors() {
		return nil, findings
	}
	return e, findings
}

// count returns the numbers below n.
func count(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// levels returns the policies of a kind: one level for most, none where nothing
// was supplied.
func (s *Set) levels(kind Kind) [][]Policy {
	switch kind {
	case Identity:
		return some(s.Identity)
	case Group:
		return some(s.Groups)
	case Session:
		return some(s.Session)
	case Boundary:
		return one(s.Boundary)
	case Resource:
		return one(s.Resource)
	case Endpoint:
		return one(s.Endpoint)
	case SCP:
		return s.SCPs
	case RCP:
		return s.RCPs
	}
	return nil
}

// with returns the set with another policy in one place.
func (s Set) with(kind Kind, level, index int, p Policy) Set {
	replaced := func(list []Policy) []Policy {
		list = slices.Clone(list)
		list[index] = p
		return list
	}
	switch kind {
	case Identity:
		s.Identity = replaced(s.Identity)
	case Group:
		s.Groups = replaced(s.Groups)
	case Session:
		s.Session = replaced(s.Session)
	case Boundary:
		s.Boundary = &p
	case Resource:
		s.Resource = &p
	case Endpoint:
		s.Endpoint = &p
	case SCP:
		s.SCPs = slices.Clone(s.SCPs)
		s.SCPs[level] = replaced(s.SCPs[level])
	case RCP:
		s.RCPs = slices.Clone(s.RCPs)
		s.RCPs[level] = replaced(s.RCPs[level])
	}
	return s
}

// Statement returns the policy and the statement that a reference names; nil
// where it names only a kind.
func (s *Set) Statement(r Reference) (*Policy, *policy.Statement) {
	levels := s.levels(r.Kind)
	level := max(r.Level, 0)
	if level >= len(levels) || r.Policy < 0 || r.Policy >= len(levels[level]) {
		return nil, nil
	}
	p := &levels[level][r.Policy]
	if p.Document == nil || r.Statement < 0 || r.Statement >= len(p.Document.Statements) {
		return p, nil
	}
	return p, &p.Document.Statements[r.Statement]
}

func some(list []Policy) [][]Policy {
	if len(list) == 0 {
		return nil
	}
	return [][]Policy{list}
}

func one(p *Policy) [][]Policy {
	if p == nil {
		return nil
	}
	return [][]Policy{{*p}}
}

// Prepare compiles a policy once for use in several sets.
func Prepare(name string, doc *policy.Document) (Policy, source.List) {
	p := Policy{Name: name, Document: doc}
	c, findings := p.compile()
	p.compiled = c
	return p, findings
}

// Replace returns an engine in which one policy is another; the cost is about
// that of compiling the policy. Level is -1 for kinds that have none.
func (e *Engine) Replace(kind Kind, level, index int, p Policy) (*Engine, source.List) {
	at := e.of[kind].from + max(level, 0)
	if at >= e.of[kind].to || index < 0 || index >= len(e.layers[at].policies) {
		return nil, source.List{{Code: "NO_SUCH_POLICY", Severity: source.Error,
			Message: fmt.Sprintf("the set has no %s policy %d at level %d", kind, index, level)}}
	}
	c, findings := p.compile()
	findings = append(findings, fits(kind, &p)...)
	if findings.HasErrors() {
		return nil, findings
	}
	next := *e
	next.layers = append([]layer(nil), e.layers...)
	next.layers[at].policies = append([]*compiled(nil), e.layers[at].policies...)
	old := next.layers[at].policies[index]
	next.layers[at].policies[index] = c
	next.speaks |= c.services
	if kind == Resource {
		next.trustShape = namesNoResource(&p)
	}
	next.set = e.set.with(kind, level, index, p)
	if e.bracket != nil || hasHoles(p.Document) {
		var more source.List
		if next.bracket, more = newBracket(next.set); more.HasErrors() {
			return nil, append(findings, more...)
		}
		next.holes = next.bracket != nil
	}
	next.shared, next.members = new(plans), new(members)
	next.plans = e.plans.without(func(action string) bool { return old.speaksOf(action) || c.speaksOf(action) })
	return &next, findings
}
