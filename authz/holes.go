package authz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// bracket decides for all values of the holes of a set at once: a request is
// allowed when the least that may be allowed allows it and the most that may be
// denied does not deny it, and denied when it is so the other way round.
type bracket struct {
	allows, denies [sure + 1]*Engine // by reading; those that deny allow all else
	set            Set
}

// newBracket returns nil for a set without holes.
func newBracket(set Set) (*bracket, source.List) {
	if !set.hasHoles() {
		return nil, nil
	}
	return bracketOf(set, false)
}

func bracketOf(set Set, anybody bool) (*bracket, source.List) {
	b := &bracket{set: set}
	for r := narrow; r <= sure; r++ {
		var findings source.List
		if b.allows[r], findings = compileSet(set.read(part{policy.Allow, r, anybody})); b.allows[r] == nil {
			return nil, findings
		}
		if b.denies[r], findings = compileSet(set.read(part{policy.Deny, r, anybody})); b.denies[r] == nil {
			return nil, findings
		}
	}
	return b, nil
}

func (s *Set) hasHoles() bool {
	for _, kind := range denyOrder {
		for _, level := range s.levels(kind) {
			if slices.ContainsFunc(level, func(p Policy) bool { return hasHoles(p.Document) }) {
				return true
			}
		}
	}
	return false
}

// read returns the set as one part of it is read. To ask about denials alone,
// the caller must have been allowed something.
func (s *Set) read(p part) Set {
	list := func(policies []Policy) []Policy {
		if policies == nil {
			return nil
		}
		out := make([]Policy, len(policies))
		for i := range policies {
			out[i] = p.policy(&policies[i])
		}
		return out
	}
	levels := func(all [][]Policy) [][]Policy {
		if all == nil {
			return nil
		}
		out := make([][]Policy, len(all))
		for i := range all {
			out[i] = list(all[i])
		}
		return out
	}
	one := func(policy *Policy) *Policy {
		if policy == nil {
			return nil
		}
		out := p.policy(policy)
		return &out
	}
	return Set{
		Identity: list(s.Identity), Groups: list(s.Groups), Session: list(s.Session),
		Boundary: one(s.Boundary), Resource: one(s.Resource), Endpoint: one(s.Endpoint),
		SCPs: levels(s.SCPs), RCPs: levels(s.RCPs),
	}
}

// decideHoles decides a request of which, or about a set of which, texts have
// holes. An account that is a hole may be the one that owns the resource.
func (e *Engine) decideHoles(r Request) Decision {
	b, err := e.bracketed(&r)
	if err != nil {
		return Decision{Result: Invalid, Err: err}
	}
	apart := b.decide(r)
	together, ok := inOneAccount(r)
	if !ok || apart.Result == Invalid {
		return apart
	}
	if d := b.decide(together); d.Result == apart.Result {
		return d
	}
	return Decision{Result: Undecided}
}

// inOneAccount returns a request in which the caller's account, a hole, is the
// one of the resource; ok is false where it is so already, or no hole.
func inOneAccount(r Request) (Request, bool) {
	caller, err := policy.ParseCaller(r.Principal)
	if err != nil || !hole.Has(caller.Account) {
		return r, false
	}
	owner := r.ResourceAccount
	if a, err := arn.Parse(r.Resource); owner == "" && err == nil {
		owner = a.Account
	}
	if owner == "" || owner == caller.Account {
		return r, false
	}
	r.Principal = strings.ReplaceAll(r.Principal, caller.Account, owner)
	r.Resource = strings.ReplaceAll(r.Resource, caller.Account, owner)
	context := slices.Clone(r.Context)
	for i := range context {
		context[i].Values = slices.Clone(context[i].Values)
		for j, v := range context[i].Values {
			context[i].Values[j] = strings.ReplaceAll(v, caller.Account, owner)
		}
	}
	r.Context = context
	return r, true
}

// bracketed returns the bracket for a request. One for a caller with holes, or
// for a set without, is made for the request alone: both are rare.
func (e *Engine) bracketed(r *Request) (*bracket, error) {
	anybody := hole.Has(r.Principal)
	if e.bracket != nil && !anybody {
		return e.bracket, nil
	}
	b, findings := bracketOf(e.set, anybody)
	if b == nil {
		return nil, fmt.Errorf("the policies cannot be read with holes: %v", findings[0].Message)
	}
	return b, nil
}

// decide brackets the answer. A request with holes is asked about as the pattern
// of all that it may become, and as it is written, where a hole equals itself.
func (b *bracket) decide(r Request) Decision {
	open := openRequest(r)
	if d := b.allows[narrow].answerOnly(open); d.Result == Invalid {
		return d
	}
	switch {
	case b.surely(&b.denies, ExplicitlyDenied, r, open):
		return Decision{Result: ExplicitlyDenied}
	case denies(b.allows[wide].answerOnly(open)):
		return Decision{Result: ImplicitlyDenied}
	case b.surely(&b.allows, Allowed, r, open) && b.denies[wide].answerOnly(open).Result == Allowed:
		return Decision{Result: Allowed}
	}
	return Decision{Result: Undecided}
}

func (b *bracket) surely(engines *[sure + 1]*Engine, result Result, written, open Request) bool {
	return engines[narrow].answerOnly(open).Result == result || engines[sure].answerOnly(inOneForm(written)).Result == result
}

// inOneForm gives a resource the form that those of policies have.
func inOneForm(r Request) Request {
	r.Resource = inARN(r.Resource)
	return r
}

func denies(d Decision) bool {
	return d.Result == ImplicitlyDenied || d.Result == ExplicitlyDenied
}

// explainHoles puts what is sure for all values of the holes into an explanation
// that takes a hole for its own name.
func (e *Engine) explainHoles(r Request, x *Explanation) {
	d := e.decideHoles(r)
	if d.Result == x.Decision.Result || d.Result == Invalid {
		return
	}
	x.Decision = d
	if d.Result != Undecided {
		return
	}
	x.Change, x.Nearest = Change{}, -1
	if b, err := e.bracketed(&r); err == nil {
		x.Holes = b.holesThatDecide(r)
	}
}

// openRequest leaves open what the holes of a request leave open.
func openRequest(r Request) Request {
	if hole.Has(r.Principal) {
		r.Unknown = append(slices.Clip(r.Unknown), "aws:PrincipalAccount", "aws:PrincipalArn", "aws:userid", "aws:username")
	}
	if hole.Has(r.Resource) {
		r.Unknown = append(slices.Clip(r.Unknown), "aws:ResourceAccount")
		r.Resource, r.ResourcePattern = anyResource(r.Resource), true
	}
	var context Context
	for i, entry := range r.Context {
		if !slices.ContainsFunc(entry.Values, hole.Has) {
			context = append(context, entry)
			continue
		}
		r.Unknown = append(slices.Clip(r.Unknown), r.Context[i].Key)
	}
	r.Context = context
	return r
}

// anyResource is a pattern, in the form of an ARN, of the resources that a text
// may become.
func anyResource(text string) string {
	p := anything(text)
	if !strings.HasPrefix(p, "arn:") {
		p = "arn:*"
	}
	return p + strings.Repeat(":*", max(0, 5-strings.Count(p, ":")))
}

// holesThatDecide lists the holes on which an answer hangs: those of statements
// that may or may not apply, and those of the request.
func (b *bracket) holesThatDecide(r Request) []string {
	var names distinct
	open := openRequest(r)
	b.differences(b.allows[narrow].explainOnly(open), b.allows[wide].explainOnly(open), &names)
	b.differences(b.denies[narrow].explainOnly(open), b.denies[wide].explainOnly(open), &names)
	for _, text := range append([]string{r.Principal, r.Resource}, contextTexts(r.Context)...) {
		for _, name := range hole.Names(text) {
			names.add(name)
		}
	}
	return names.list
}

func contextTexts(c Context) []string {
	var out []string
	for _, entry := range c {
		out = append(out, entry.Values...)
	}
	return out
}

// differences adds the holes of the statements of which two explanations do not
// say the same.
func (b *bracket) differences(least, most Explanation, names *distinct) {
	for i := range most.Statements {
		s := &most.Statements[i]
		if i < len(least.Statements) && least.Statements[i].Reference == s.Reference && least.Statements[i].Outcome == s.Outcome {
			continue
		}
		if _, statement := b.set.Statement(s.Reference); statement != nil {
			for _, name := range holesOf(statement) {
				names.add(name)
			}
		}
	}
}
