package authz

import (
	"slices"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/policy"
)

// statement is a compiled statement. It never changes.
type statement struct {
	of         *compiled
	index      int32 // within its policy
	deny       bool
	named      naming
	principal  *policy.PrincipalMatcher
	actions    policy.ActionMatcher
	resources  policy.ResourceMatcher
	conditions []condition
	source     *policy.Statement
}

// naming is how a statement speaks of principals.
type naming uint8

const (
	everybody naming = iota // no principal element: the policy is attached to somebody
	named                   // Principal
	notNamed                // NotPrincipal
)

func compileStatement(s *statement, doc *policy.Document, i int, of *compiled, vars *policy.VariableTable) {
	src := &doc.Statements[i]
	if !doc.HasVariables() {
		vars = nil
	}
	s.of, s.index, s.source = of, int32(i), src
	s.deny = src.Effect == policy.Deny
	s.actions = policy.CompileActions(src)
	s.resources = policy.CompileResources(src, vars)
	s.conditions = compileConditions(src.Condition, vars)
	switch {
	case src.Principal != nil:
		s.named, s.principal = named, policy.CompilePrincipal(src.Principal)
	case src.NotPrincipal != nil:
		s.named, s.principal = notNamed, policy.CompilePrincipal(src.NotPrincipal)
	}
}

// applies reports whether the statement speaks of the request, its action
// aside, and how strongly it names the caller. With an entry only that resource
// of the statement is compared.
func (s *statement) applies(e *evaluation, entry *arn.Resource) (truth, policy.Strength) {
	e.policy = s.of
	strength := s.names(e)
	if strength == policy.NotNamed {
		return no, strength
	}
	t := s.touches(e, entry)
	for i := range s.conditions {
		if t == no {
			return no, strength
		}
		t = t.and(s.conditions[i].holds(e))
	}
	return t, strength
}

// always reports whether the statement applies whatever the request, its action
// aside.
func (s *statement) always() bool {
	r := &s.resources
	anything := r.Absent || !r.Not && slices.ContainsFunc(r.Entries, (*arn.Resource).All)
	return s.named == everybody && anything && len(s.conditions) == 0
}

// names says how strongly the statement names the caller. Statements of
// policies that are attached to the caller name it directly.
func (s *statement) names(e *evaluation) policy.Strength {
	switch s.named {
	case everybody:
		return policy.Directly
	case named:
		return s.principal.Match(e.caller())
	}
	// NotPrincipal. Nobody with a permissions boundary is exempt from a Deny.
	if s.deny && e.engine.hasBoundary() || !s.principal.Exempts(e.caller()) {
		return policy.ByWildcard
	}
	return policy.NotNamed
}

// touches compares resources: all of the statement, or the one entry that an
// index has picked. One that surely matches outweighs those that may.
func (s *statement) touches(e *evaluation, entry *arn.Resource) truth {
	switch {
	case s.resources.Absent:
		return yes
	case entry != nil:
		return e.touches(entry)
	}
	result := no
	for _, entry := range s.resources.Entries {
		if result = max(result, e.touches(entry)); result == yes {
			break
		}
	}
	if s.resources.Not {
		return result.not()
	}
	return result
}

func (e *evaluation) touches(entry *arn.Resource) truth {
	if !e.request.ResourcePattern {
		e.vague = false
		return e.sure(entry.MatchVars(e.request.Resource, func(slot int) (string, bool) { return e.variable(slot) }))
	}
	if entry.All() {
		return yes
	}
	t := coversPattern(entry.Pattern(), e.pattern())
	e.guesses = e.guesses || t == maybe
	return t
}
