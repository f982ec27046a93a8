package authz

import (
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
		return strict
	}
	e.strict = false
	lenient := e.decide()
	switch {
	case strict.Result == lenient.Result:
		return strict
	case strict.Result != Allowed && lenient.Result != Allowed:
		return lenient // denied either way, and no surer than that
	}
	return decided(Undecided)
}

// decide follows the order of the documentation: what the service itself
// decides, explicit denies of every kind, the organization's and the network's
// limits, and then what the two sides of the access say.
func (e *evaluation) decide() Decision {
	if e.callerIdentity() {
		return decided(Allowed, kindOnly(Service))
	}
	if d, ok := e.explicitDeny(); ok {
		return d
	}
	if e.ownedByAWS() {
		return denied(kindOnly(Service))
	}
	if d, ok := e.organization(); !ok {
		return d
	}
	if e.engine.endpoint && !e.allows(Endpoint) {
		return denied(kindOnly(Endpoint))
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
	return e.action.is(getCallerIdentity) && e.who.caller.Kind != policy.CallerAnonymous
}

// ownedByAWS: AWS managed policies can be read and attached, never changed.
func (e *evaluation) ownedByAWS() bool {
	return e.stricter(e.who.awsOwned)
}

// explicitDeny looks for a Deny of any kind that can speak of this request.
func (e *evaluation) explicitDeny() (Decision, bool) {
	if e.plan != nil && !e.plan.denies {
		return Decision{}, false
	}
	for _, kind := range denyOrder {
		if e.engine.of[kind].from == e.engine.of[kind].to || !e.speaks(kind) {
			continue
		}
		for i := e.engine.of[kind].from; i < e.engine.of[kind].to; i++ {
			if f, ok := e.first(i, true); ok {
				return decided(ExplicitlyDenied, e.engine.refer(i, f)), true
			}
		}
	}
	return Decision{}, false
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
		return !e.withoutAccount() && e.who.caller.Kind != policy.CallerRoot
	}
	return true
}

// withoutAccount: services, identity providers and anonymous callers have no
// policies of their own.
func (e *evaluation) withoutAccount() bool {
	switch e.who.caller.Kind {
	case policy.CallerService, policy.CallerProvider, policy.CallerAnonymous:
		return true
	}
	return false
}

// organization: every level of service control policies must allow.
func (e *evaluation) organization() (Decision, bool) {
	if !e.speaks(SCP) {
		return Decision{}, true
	}
	for i := e.engine.of[SCP].from; i < e.engine.of[SCP].to; i++ {
		if !e.layerAllows(i) {
			return denied(ground{kind: SCP, level: e.engine.layers[i].level, policy: -1, statement: -1}), false
		}
	}
	return Decision{}, true
}

// resourceOnly: for callers without policies only the resource's policy counts,
// and it must name the caller itself or everybody.
func (e *evaluation) resourceOnly() Decision {
	if g := e.grants(); g.itself.statement != nil {
		return decided(Allowed, e.resourceReference(g.itself))
	} else if e.assume[Resource] && e.samePartition() {
		return decided(Allowed)
	}
	return denied(kindOnly(Resource))
}

// withinAccount: principal and resource belong to one account.
func (e *evaluation) withinAccount() Decision {
	var g resourceGrants
	if e.engine.resource {
		g = e.grants()
	}
	if g.itself.statement != nil {
		// Named itself, or as anybody: nothing else needs to allow.
		return decided(Allowed, e.resourceReference(g.itself))
	}
	if e.naming && e.who.caller.Kind != policy.CallerRole { // which acts through its sessions
		return decided(Allowed)
	}
	if e.who.caller.Kind == policy.CallerRoot && !e.stricter(e.who.special) {
		return decided(Allowed, kindOnly(Root))
	}
	if g.role.statement != nil {
		// Named by its role: the limits of the session still hold.
		if d, ok := e.limits(); !ok {
			return d
		}
		return decided(Allowed, e.resourceReference(g.role))
	}
	return e.byIdentity(g.account.statement != nil)
}

// byIdentity: the caller's own policies allow. For a resource ruled by its own
// policy that policy must trust the account as well.
func (e *evaluation) byIdentity(accountTrusted bool) Decision {
	if e.stricter(e.who.special) && !accountTrusted && !e.assume[Resource] {
		return denied(kindOnly(Resource))
	}
	if e.who.caller.Kind == policy.CallerRoot {
		return decided(Allowed, kindOnly(Root))
	}
	by, ok := e.identityAllows()
	if !ok {
		return denied(kindOnly(Identity))
	}
	if d, ok := e.limits(); !ok {
		return d
	}
	return decided(Allowed, by)
}

// acrossAccounts: both sides must allow, whatever the resource's policy names.
func (e *evaluation) acrossAccounts() Decision {
	by := kindOnly(Root)
	if e.who.caller.Kind != policy.CallerRoot {
		var ok bool
		if by, ok = e.identityAllows(); !ok {
			return denied(kindOnly(Identity))
		}
		if d, ok := e.limits(); !ok {
			return d
		}
	}
	g := e.grants()
	f, ok := g.any()
	switch {
	case ok:
		return decided(Allowed, by, e.resourceReference(f))
	case e.assume[Resource] && e.samePartition():
		return decided(Allowed, by)
	}
	return denied(kindOnly(Resource))
}

// limits: a permissions boundary and session policies allow nothing, but must
// not fail to allow.
func (e *evaluation) limits() (Decision, bool) {
	if e.engine.boundary && !e.allows(Boundary) {
		return denied(kindOnly(Boundary)), false
	}
	needsSession := e.engine.session || e.who.caller.Kind == policy.CallerFederatedUser
	if needsSession && !e.allows(Session) {
		return denied(kindOnly(Session)), false
	}
	return Decision{}, true
}

// identityAllows looks in the policies of the principal, then of its groups.
func (e *evaluation) identityAllows() (ground, bool) {
	for _, kind := range [...]Kind{Identity, Group} {
		for i := e.engine.of[kind].from; i < e.engine.of[kind].to; i++ {
			if f, ok := e.first(i, false); ok {
				return e.engine.refer(i, f), true
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
	itself  found // directly, or as everybody
	role    found // by role, or by the user who made the session
	account found
}

// grants finds them. Access never crosses partitions.
func (e *evaluation) grants() resourceGrants {
	var g resourceGrants
	if !e.engine.resource || !e.samePartition() {
		return g
	}
	e.each(e.engine.of[Resource].from, false, func(f found) bool {
		t, strength := f.applies(e, f.entry)
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
		if at.statement == nil || f.order < at.order {
			*at = f
		}
		return true
	})
	return g
}

// any returns the first statement that allows, however it names the caller.
func (g *resourceGrants) any() (found, bool) {
	var best found
	for _, f := range [...]found{g.itself, g.role, g.account} {
		if f.statement != nil && (best.statement == nil || f.order < best.order) {
			best = f
		}
	}
	return best, best.statement != nil
}

func (e *evaluation) samePartition() bool {
	caller, resource := e.who.caller.Partition, e.who.partition
	return caller == "" || resource == "" || caller == resource || hole.Has(caller)
}

func (e *Engine) refer(layer int, f found) ground {
	l := &e.layers[layer]
	return ground{kind: l.kind, level: l.level, policy: f.policy, statement: f.index}
}

func (e *evaluation) resourceReference(f found) ground {
	return e.engine.refer(e.engine.of[Resource].from, f)
}

func denied(by ground) Decision { return decided(ImplicitlyDenied, by) }

func kindOnly(k Kind) ground { return ground{kind: k, level: -1, policy: -1, statement: -1} }
