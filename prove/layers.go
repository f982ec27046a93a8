package prove

import (
	"slices"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// side is one of the two sets of policies that a question compares, compiled.
type side struct {
	set    authz.Set
	levels map[authz.Kind][][]*document
	all    []*document
}

var kinds = []authz.Kind{
	authz.Identity, authz.Group, authz.Boundary, authz.Session, authz.Resource, authz.SCP, authz.RCP, authz.Endpoint,
}

// levelsOf returns the policies of a kind: one level for most.
func levelsOf(set *authz.Set, kind authz.Kind) [][]authz.Policy {
	one := func(p *authz.Policy) [][]authz.Policy {
		if p == nil {
			return nil
		}
		return [][]authz.Policy{{*p}}
	}
	some := func(list []authz.Policy) [][]authz.Policy {
		if len(list) == 0 {
			return nil
		}
		return [][]authz.Policy{list}
	}
	switch kind {
	case authz.Identity:
		return some(set.Identity)
	case authz.Group:
		return some(set.Groups)
	case authz.Boundary:
		return one(set.Boundary)
	case authz.Session:
		return some(set.Session)
	case authz.Resource:
		return one(set.Resource)
	case authz.Endpoint:
		return one(set.Endpoint)
	case authz.SCP:
		return set.SCPs
	}
	return set.RCPs
}

func documentsOf(set *authz.Set, visit func(*policy.Document)) {
	for _, kind := range kinds {
		for _, level := range levelsOf(set, kind) {
			for i := range level {
				visit(level[i].Document)
			}
		}
	}
}

func (p *problem) side(set authz.Set) *side {
	s := &side{set: set, levels: map[authz.Kind][][]*document{}}
	for _, kind := range kinds {
		for _, level := range levelsOf(&set, kind) {
			var list []*document
			for i := range level {
				list = append(list, p.compile(level[i].Document))
			}
			s.levels[kind] = append(s.levels[kind], list)
			s.all = append(s.all, list...)
		}
	}
	return s
}

// granting returns the documents in which an action must be allowed for the side
// to allow it.
func (s *side) granting() []*document {
	var out []*document
	for _, kind := range []authz.Kind{authz.Identity, authz.Group, authz.Resource} {
		for _, level := range s.levels[kind] {
			out = append(out, level...)
		}
	}
	if len(out) == 0 {
		return s.all
	}
	return out
}

// reading modes: what it means that a set of policies allows.
type meaning uint8

const (
	// attached: policies of a principal, asked about resources of its own
	// account. What rules a resource by itself is taken to trust the account.
	attached meaning = iota
	// alone: one policy of a resource, or of an endpoint, by itself: some
	// statement allows, and none denies.
	alone
	// complete: policies of a principal and of the resource together.
	complete
)

func meaningOf(sets ...*authz.Set) meaning {
	resource, others := false, false
	for _, set := range sets {
		for _, kind := range kinds {
			switch has := len(levelsOf(set, kind)) > 0; {
			case !has:
			case kind == authz.Resource || kind == authz.Endpoint || kind == authz.RCP:
				resource = true
			default:
				others = true
			}
		}
	}
	switch {
	case !resource:
		return attached
	case !others:
		return alone
	}
	for _, set := range sets {
		if set.Resource != nil {
			return complete
		}
	}
	return attached
}

// scene is who asks, and in which relation to the resource.
type scene struct {
	caller      policy.Caller
	meaning     meaning
	sameAccount bool
	account     string // of the resource, in a complete reading
	region      formula
}

// mention is a statement with the formula of its action in a query.
type mention struct {
	*statement
	action formula
}

// topic is the actions of a query.
type topic struct {
	action string // in small letters; "" for what a seed matches
	seed   seed
	// mentions returns the statements of a document that may be about them.
	mentions func(*document) []mention
	trust    formula // the rules of authz: whether the action is under them
	key      formula
	managed  formula
}

func (p *problem) about(action string) *topic {
	return &topic{
		action: action,
		mentions: func(d *document) []mention {
			var out []mention
			for _, i := range d.about(action) {
				out = append(out, mention{d.statements[i], verum})
			}
			return out
		},
		trust: truth(trustRule.about(action)), key: truth(keyRule.about(action)), managed: truth(managedRule.about(action)),
	}
}

func (p *problem) within(s seed) *topic {
	return &topic{
		seed: s,
		mentions: func(d *document) []mention {
			var out []mention
			for _, i := range d.near(s) {
				if f := p.action(&d.statements[i].actions, s); f != falsum {
					out = append(out, mention{d.statements[i], f})
				}
			}
			return out
		},
		// Actions that rules name outright are topics of their own.
		trust: p.action(&trustRule.actions, s), key: p.action(&keyRule.actions, s), managed: p.action(&managedRule.actions, s),
	}
}

// applies is the formula of the statements of some documents with an effect that
// name the caller strongly enough.
func (p *problem) applies(list []*document, t *topic, sc *scene, boundary, deny bool, enough func(policy.Strength) bool) formula {
	var out []formula
	for _, d := range list {
		for _, m := range t.mentions(d) {
			if m.deny == deny && enough(m.strength(&sc.caller, boundary)) {
				out = append(out, p.fs.and(m.action, m.rest))
			}
		}
	}
	return p.fs.or(out...)
}

// strength says how a statement names the caller, as package authz does.
func (s *statement) strength(c *policy.Caller, boundary bool) policy.Strength {
	switch {
	case s.principal == nil:
		return policy.Directly
	case !s.exempts:
		return s.principal.Match(c)
	case s.deny && boundary, !s.principal.Exempts(c):
		return policy.ByWildcard
	}
	return policy.NotNamed
}

func named(s policy.Strength) bool { return s != policy.NotNamed }

// allowed is the formula that says that a side allows the request. It is the
// order of evaluation of package authz, as a formula.
func (p *problem) allowed(s *side, t *topic, sc *scene) formula {
	fs := p.fs
	boundary := s.set.Boundary != nil
	layer := func(list []*document, deny bool) formula { return p.applies(list, t, sc, boundary, deny, named) }
	without := sc.caller.Kind == policy.CallerService || sc.caller.Kind == policy.CallerProvider || sc.caller.Kind == policy.CallerAnonymous
	root := sc.caller.Kind == policy.CallerRoot
	if sc.meaning == alone {
		allows := layer(s.all, false)
		if s.set.Resource == nil && s.set.Endpoint == nil && s.set.RCPs != nil {
			allows = verum // resource control policies only deny
		}
		return fs.and(allows, fs.not(layer(s.all, true)))
	}
	if t.action != "" && freeRule.about(t.action) && sc.caller.Kind != policy.CallerAnonymous {
		return verum
	}
	var must []formula
	for _, kind := range kinds {
		own := kind == authz.Identity || kind == authz.Group || kind == authz.Boundary || kind == authz.Session
		if own && (without || root) || kind == authz.SCP && without {
			continue
		}
		for _, level := range s.levels[kind] {
			must = append(must, fs.not(layer(level, true)))
			if kind == authz.SCP || kind == authz.Endpoint {
				must = append(must, layer(level, false))
			}
		}
	}
	must = append(must, fs.not(fs.and(t.managed, p.resourceIs(managedRule.resource))))
	identity := fs.or(layer(flat(s.levels[authz.Identity]), false), layer(flat(s.levels[authz.Group]), false))
	limits := verum
	if boundary {
		limits = fs.and(limits, layer(flat(s.levels[authz.Boundary]), false))
	}
	if len(s.set.Session) > 0 || sc.caller.Kind == policy.CallerFederatedUser {
		limits = fs.and(limits, layer(flat(s.levels[authz.Session]), false))
	}
	if sc.meaning == attached {
		return fs.and(append(must, identity, limits)...)
	}
	grants := func(enough func(policy.Strength) bool) formula {
		return p.applies(flat(s.levels[authz.Resource]), t, sc, boundary, false, enough)
	}
	itself := grants(func(s policy.Strength) bool { return s == policy.Directly || s == policy.ByWildcard })
	role := grants(func(s policy.Strength) bool { return s == policy.ByRole || s == policy.ByParent })
	account := grants(func(s policy.Strength) bool { return s == policy.ByAccount })
	special := p.special(t)
	own := fs.and(identity, limits)
	if root {
		own = verum
	}
	var core formula
	switch {
	case without:
		core = itself
	case sc.sameAccount:
		core = fs.or(itself, fs.and(truth(root), fs.not(special)), fs.and(role, limits), fs.and(fs.or(fs.not(special), account), own))
	default:
		core = fs.and(own, fs.or(itself, role, account))
	}
	return fs.and(append(must, core)...)
}

func flat(levels [][]*document) []*document { return slices.Concat(levels...) }

// special says that a role's trust policy or a KMS key policy rules the resource.
func (p *problem) special(t *topic) formula {
	return p.fs.or(
		p.fs.and(t.trust, p.resourceIs(trustRule.resource)),
		p.fs.and(t.key, p.resourceIs(keyRule.resource)),
	)
}

// resourceIs says that the resource is an ARN of a form. Wildcards before the
// fifth colon stay between colons.
func (p *problem) resourceIs(forms ...string) formula {
	l := &language{}
	for _, form := range forms {
		if form == "*" {
			l.star = true
			continue
		}
		l.addPattern(arnForm(form), false)
	}
	return p.in(resourceSubject, p.languages.intern(l))
}

func arnForm(text string) *pattern.Pattern {
	return pattern.Dialect{Colons: arnColons}.Compile(pattern.Wild(text))
}
