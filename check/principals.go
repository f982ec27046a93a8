package check

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/policy"
)

// aboutPrincipalValues is about principals that match nobody, or more than they
// should.
var aboutPrincipalValues = &finder{statement: principalValues}

// uniqueID is the identifier that IAM gives to a role or user, as principals show
// it once they are deleted.
//
// Source: IAM user guide, IAM identifiers, "Understanding unique ID prefixes".
var uniqueID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(AROA|AIDA)[A-Z0-9]{12,}$`)
})

func principalValues(r *run, s *statement) {
	if s.principal == nil {
		return
	}
	if s.principalNot && s.allows() {
		r.report("ALLOW_WITH_NOT_PRINCIPAL", place{at: s.principalAt, span: s.principal.Span}, "name those who are allowed in Principal",
			"this allows everyone but those named, anonymous callers too")
	}
	for i := range s.groups {
		g := &s.groups[i]
		for j := range g.entries {
			if e := &g.entries[j]; e.kind == policy.Quoted {
				r.principalValue(g, e)
			}
		}
	}
}

func (r *run) principalValue(g *group, e *entry) {
	if hasWildcard(e.text) && (g.key != policy.PrincipalAWS || e.text != "*") && open(e.text) == "wildcard" {
		r.report("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", e.place(), "name the principals; patterns belong into a condition on aws:PrincipalArn",
			"%s does not work as a pattern among principals of kind %s", quote(e.text), g.key)
		return
	}
	if g.key == policy.PrincipalAWS && uniqueID().MatchString(e.text) {
		code, what := "INVALID_ROLE_REFERENCE", "role"
		if strings.HasPrefix(e.text, "AIDA") {
			code, what = "INVALID_USER_REFERENCE", "user"
		}
		r.report(code, e.place(), "write the ARN of the "+what, "%s is the identifier of one %s: it fits no other, also none of the same name", quote(e.text), what)
	}
	if g.key == policy.PrincipalFederated {
		r.report("FEDERATED_PRINCIPAL_NOT_SUPPORTED", e.place(), "let a role's trust policy name it", "identity providers stand in trust policies only")
	}
}

// aboutServicePrincipals is about services that act for others.
var aboutServicePrincipals = &finder{statement: servicePrincipals}

func servicePrincipals(r *run, s *statement) {
	if !s.allows() || s.principalNot {
		return
	}
	for i := range s.groups {
		g := &s.groups[i]
		if g.key != policy.PrincipalService || len(g.entries) == 0 {
			continue
		}
		r.memberKeys(s)
		r.confusedDeputy(s, g)
		return
	}
}

// memberKeys reports conditions that no request of a service meets.
func (r *run) memberKeys(s *statement) {
	for i := range s.conditions {
		c := &s.conditions[i]
		if memberKeys[c.lower] && c.known && c.op.Family != policy.FamilyNull && !c.op.IfExists && !c.op.Negated && c.op.Quantifier != policy.ForAllValues {
			r.report("UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", c.place(), "test aws:SourceOrgID for what the service calls for",
				"requests that a service makes for itself never have %s", c.key)
		}
	}
}

func (r *run) confusedDeputy(s *statement, g *group) {
	if s.restrictsSource() {
		return
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.known && c.op.Family != policy.FamilyNull && slices.ContainsFunc(weakSourceKeys, func(k string) bool { return strings.EqualFold(k, c.key) }) {
			r.report("RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", c.place(), "test aws:SourceArn or aws:SourceAccount",
				"%s does not say safely for whom %s calls", c.key, g.entries[0].text)
			return
		}
	}
	for i := range g.entries {
		if e := &g.entries[i]; e.kind == policy.Quoted && e.text != "" {
			r.report("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", e.place(), "add a condition on "+strings.Join(sourceKeys, ", "),
				"%s may do this for anyone's account", quote(e.text))
		}
	}
}

// restrictsSource reports whether a condition limits for whom a service calls. A
// pattern that everything matches limits nothing.
func (s *statement) restrictsSource() bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if !c.known || c.op.Negated || c.op.Family == policy.FamilyNull {
			continue
		}
		if isSourceKey(c.lower) && !(c.op.Like && slices.ContainsFunc(c.entries, func(e entry) bool { return starred(e.text) })) {
			return true
		}
	}
	return false
}
