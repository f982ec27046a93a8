package authz

import (
	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
)

// Decide answers a request. Where the request leaves something unknown, the
// answer is Undecided unless it is the same whatever the unknown turns out to
// be. Decide allocates nothing once an action has been asked about before, unless
// policies look at the time and the request leaves aws:CurrentTime to be derived.
func (e *Engine) Decide(r Request) Decision {
	ev := evaluation{engine: e, request: r}
	return ev.answer()
}

// answerOnly decides without regard to holes.
func (e *Engine) answerOnly(r Request) Decision {
	ev := evaluation{engine: e, request: r, plain: true}
	return ev.answer()
}

// answer decides as strictly as the unknown allows, and where that hangs on
// something unknown as leniently too: allowing is monotone in what allows and
// in what denies, so the two bound every answer between them.
func (e *evaluation) answer() Decision {
	if err := e.read(); err != nil {
		if err == errHoles {
			return e.engine.decideHoles(e.request)
		}
		return Decision{Result: Invalid, Err: err}
	}
	e.strict = true
	strict := e.decide()
	if !e.guesses {
		return e.decision(strict)
	}
	first := e.decision(strict)
	e.strict, e.n = false, 0
	lenient := e.decide()
	switch {
	case strict == lenient:
		return first
	case strict != Allowed && lenient != Allowed:
		return e.decision(lenient) // denied either way, and no surer than that
	}
	return Decision{Result: Undecided}
}

// decide follows the order of the documentation: what the service itself
// decides, explicit denies of every kind, the organization's and the network's
// limits, and then what the two sides of the access say.
func (e *evaluation) decide() Result {
	if e.callerIdentity() {
		return e.allowed(kindOnly(Service))
	}
	if e.explicitDeny() {
		return ExplicitlyDenied
	}
	if e.ownedByAWS() {
		return e.denied(kindOnly(Service))
	}
	if !e.organization() {
		return ImplicitlyDenied
	}
	if e.engine.endpoint && !e.allows(Endpoint) {
		return e.denied(kindOnly(Endpoint))
	}
	switch {
	case e.withoutAccount():
		return e.resourceOnly()
	case e.who.sameAccount:
		return e.withinAccount()
	}
	return e.acrossAccounts()
}

// callerIdentity: sts:GetCallerIdentity cannot be denied to whoever has signed
// the request.
func (e *evaluation) callerIdentity() bool {
	return e.action.is(getCallerIdentity) && e.caller().Kind != policy.CallerAnonymous
}

// ownedByAWS: AWS managed policies can be read and attached, never changed.
func (e *evaluation) ownedByAWS() bool {
	return e.stricter(e.who.awsOwned)
}

// explicitDeny looks for a Deny of any kind that can speak of this request.
func (e *evaluation) explicitDeny() bool {
	for _, layer := range e.denying() {
		if !e.speaks(e.engine.layers[layer].kind) {
			continue
		}
		if by, ok := e.first(layer, true); ok {
			e.ground(by)
			return true
		}
	}
	return false
}

// speaks reports whether a kind of policy concerns the caller and the resource
// at all.
func (e *evaluation) speaks(kind Kind) bool {
	switch kind {
	case SCP:
		return e.engine.scps && !e.request.ServiceLinkedRole && !e.request.PrincipalInManagementAccount && !e.withoutAccount()
	case RCP:
		return !e.request.ServiceLinkedRole && !e.request.ResourceInManagementAccount
	case Identity, Group, Boundary, Session:
		return !e.withoutAccount() && e.caller().Kind != policy.CallerRoot
	}
	return true
}

// withoutAccount: services, identity providers and anonymous callers have no
// policies of their own.
func (e *evaluation) withoutAccount() bool {
	switch e.caller().Kind {
	case policy.CallerService, policy.CallerProvider, policy.CallerAnonymous:
		return true
	}
	return false
}

// organization: every level of service control policies must allow.
func (e *evaluation) organization() bool {
	if !e.speaks(SCP) {
		return true
	}
	for i := e.engine.of[SCP].from; i < e.engine.of[SCP].to; i++ {
		if !e.layerAllows(i) {
			e.denied(ground{kind: SCP, level: e.engine.layers[i].level, policy: -1, statement: -1})
			return false
		}
	}
	return true
}

// resourceOnly: for callers without policies only the resource's policy counts,
// and it must name the caller itself or everybody.
func (e *evaluation) resourceOnly() Result {
	if g := e.grants(); g.itself.isStatement() {
		return e.allowed(g.itself)
	} else if e.assume[Resource] && e.samePartition() {
		return Allowed
	}
	return e.denied(kindOnly(Resource))
}

// withinAccount: principal and resource belong to one account.
func (e *evaluation) withinAccount() Result {
	g := noGrants
	if e.engine.resource {
		g = e.grants()
	}
	if g.itself.isStatement() {
		// Named itself, or as anybody: nothing else needs to allow.
		return e.allowed(g.itself)
	}
	if e.naming && e.caller().Kind != policy.CallerRole { // which acts through its sessions
		return Allowed
	}
	if e.caller().Kind == policy.CallerRoot && !e.stricter(e.who.special) {
		return e.allowed(kindOnly(Root))
	}
	if g.role.isStatement() {
		// Named by its role: the limits of the session still hold.
		if !e.limits() {
			return ImplicitlyDenied
		}
		return e.allowed(g.role)
	}
	return e.byIdentity(g.account.isStatement())
}

// byIdentity: the caller's own policies allow. For a resource ruled by its own
// policy that policy must trust the account as well.
func (e *evaluation) byIdentity(accountTrusted bool) Result {
	if e.stricter(e.who.special) && !accountTrusted && !e.assume[Resource] {
		return e.denied(kindOnly(Resource))
	}
	if e.caller().Kind == policy.CallerRoot {
		return e.allowed(kindOnly(Root))
	}
	by, ok := e.identityAllows()
	if !ok {
		return e.denied(kindOnly(Identity))
	}
	if !e.limits() {
		return ImplicitlyDenied
	}
	return e.allowed(by)
}

// acrossAccounts: both sides must allow, whatever the resource's policy names.
func (e *evaluation) acrossAccounts() Result {
	by := kindOnly(Root)
	if e.caller().Kind != policy.CallerRoot {
		var ok bool
		if by, ok = e.identityAllows(); !ok {
			return e.denied(kindOnly(Identity))
		}
		if !e.limits() {
			return ImplicitlyDenied
		}
	}
	g := e.grants()
	f := g.any()
	switch {
	case f.isStatement():
		e.ground(by)
		return e.allowed(f)
	case e.assume[Resource] && e.samePartition():
		return e.allowed(by)
	}
	return e.denied(kindOnly(Resource))
}

// limits: a permissions boundary and session policies allow nothing, but must
// not fail to allow.
func (e *evaluation) limits() bool {
	if e.engine.boundary && !e.allows(Boundary) {
		e.denied(kindOnly(Boundary))
		return false
	}
	needsSession := e.engine.session || e.caller().Kind == policy.CallerFederatedUser
	if needsSession && !e.allows(Session) {
		e.denied(kindOnly(Session))
		return false
	}
	return true
}

// identityAllows looks in the policies of the principal, then of its groups.
func (e *evaluation) identityAllows() (ground, bool) {
	for _, kind := range [...]Kind{Identity, Group} {
		for i := e.engine.of[kind].from; i < e.engine.of[kind].to; i++ {
			if by, ok := e.first(i, false); ok {
				return by, true
			}
		}
	}
	return kindOnly(Identity), e.assume[Identity]
}

// allows reports whether a statement of a kind allows.
func (e *evaluation) allows(kind Kind) bool {
	if e.assume[kind] {
		return true
	}
	for i := e.engine.of[kind].from; i < e.engine.of[kind].to; i++ {
		if e.layerAllows(i) {
			return true
		}
	}
	return false
}

func (e *evaluation) layerAllows(i int) bool {
	if e.assume[e.engine.layers[i].kind] {
		return true
	}
	_, ok := e.first(i, false)
	return ok
}

// resourceGrants are the first statements of the resource's policy that allow,
// by how they name the caller.
type resourceGrants struct {
	itself  ground // directly, or as everybody
	role    ground // by role, or by the user who made the session
	account ground
}

var noGrants = resourceGrants{kindOnly(Resource), kindOnly(Resource), kindOnly(Resource)}

// grants finds them. Access never crosses partitions.
func (e *evaluation) grants() resourceGrants {
	g := noGrants
	if !e.engine.resource || !e.samePartition() {
		return g
	}
	layer := e.engine.of[Resource].from
	e.each(layer, false, func(policyAt int, s *statement, entry *arn.Resource) bool {
		t, strength := s.applies(e, entry)
		if !e.counts(t, false) {
			return true
		}
		at := &g.account
		switch strength {
		case policy.Directly, policy.ByWildcard:
			at = &g.itself
		case policy.ByRole, policy.ByParent:
			at = &g.role
		}
		*at = at.earlier(e.engine.layers[layer].refer(policyAt, s))
		return true
	})
	return g
}

// any returns the first statement that allows, however it names the caller.
func (g *resourceGrants) any() ground { return g.itself.earlier(g.role).earlier(g.account) }

func (e *evaluation) samePartition() bool {
	caller, resource := e.caller().Partition, e.who.partition
	return caller == "" || resource == "" || caller == resource || hole.Has(caller)
}

// denied and allowed keep what decided.
func (e *evaluation) denied(by ground) Result {
	e.ground(by)
	return ImplicitlyDenied
}

func (e *evaluation) allowed(by ground) Result {
	e.ground(by)
	return Allowed
}

func (e *evaluation) ground(by ground) {
	e.by[e.n] = by
	e.n++
}

// decision is the answer with what decided.
func (e *evaluation) decision(r Result) Decision { return Decision{Result: r, by: e.by, n: e.n} }
