package check

import (
	"strings"

	"github.com/writ-iam/writ/policy"
)

// aboutRCPs is about resource control policies.
var aboutRCPs = &finder{statement: rcpStatement}

func rcpStatement(r *run, s *statement) {
	everyone := s.principal != nil && s.principal.Everyone && !s.principalNot
	if s.principal != nil && !everyone {
		r.report("RCP_SYNTAX_ERROR_PRINCIPAL", place{at: s.principalAt, span: s.principal.Span}, `write "Principal": "*" and test aws:PrincipalArn in a condition`,
			`a resource control policy is about everyone: it takes the Principal "*" alone`)
	}
	if s.allows() && (s.resources.not || !s.onEverything() || s.Condition != nil || s.principal != nil && !everyone) {
		r.report("RCP_SYNTAX_ERROR_ALLOW", s.place(), "deny what is not allowed", "a resource control policy that allows must be about everyone and everything, without conditions")
	}
	if s.actions.not {
		r.report("RCP_SYNTAX_ERROR_NOTACTION", s.actions.place(), "name the actions in Action", "a resource control policy has no NotAction")
		return
	}
	r.rcpActions(s)
	if s.denies() {
		r.rcpConditions(s)
	}
}

// onEverything reports whether Resource is "*".
func (s *statement) onEverything() bool {
	for i := range s.resources.entries {
		if starred(s.resources.entries[i].text) {
			return true
		}
	}
	return false
}

func (r *run) rcpActions(s *statement) {
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		if starred(e.text) && s.allows() {
			continue
		}
		service, _, ok := strings.Cut(strings.ToLower(e.text), ":")
		if !starred(e.text) && (!ok || !hasWildcard(service) && !r.facts.isService(service) && !rcpServices[service]) {
			continue // no action at all
		}
		if !rcpServices[service] {
			r.report("RCP_SYNTAX_ERROR_ACTION", e.place(), `name actions of services such as "s3:*"`, "resource control policies cannot be about %s", quote(e.text))
		}
	}
}

const principalIsService = "aws:principalisawsservice"

// rcpConditions reports conditions that catch whom they should not: services have
// no organization, and people have no source.
func (r *run) rcpConditions(s *statement) {
	excluded, included := s.isService("false"), s.isService("true")
	for i := range s.conditions {
		c := &s.conditions[i]
		if !c.known || c.op.Family == policy.FamilyNull {
			continue
		}
		if isPrincipalKey(c.lower) && !excluded {
			r.report("RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY", c.place(), `add "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}`,
				"this also catches services that act for you, which have no %s", c.key)
		}
		if !isSourceKey(c.lower) {
			continue
		}
		if !included {
			r.report("RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY", c.place(), `add "BoolIfExists": {"aws:PrincipalIsAWSService": "true"}`,
				"this also catches users and roles, which have no %s", c.key)
		}
		if !s.sourcePresent() {
			r.report("RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK", c.place(), `add "Null": {"aws:SourceAccount": "false"}`,
				"this also catches calls of services that do not send %s", c.key)
		}
	}
}

// isService reports whether the statement is about services, or about others.
func (s *statement) isService(value string) bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.lower == principalIsService && c.known && c.op.Family == policy.FamilyBool && len(c.entries) == 1 && strings.EqualFold(c.entries[0].text, value) {
			return true
		}
	}
	return false
}

func (s *statement) sourcePresent() bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if (c.lower == "aws:sourceaccount" || c.lower == "aws:sourcearn") && c.known && c.op.Family == policy.FamilyNull &&
			len(c.entries) == 1 && strings.EqualFold(c.entries[0].text, "false") {
			return true
		}
	}
	return false
}

func isPrincipalKey(key string) bool {
	switch key {
	case principalIsService, "aws:principalservicename", "aws:principalservicenameslist":
		return false
	}
	return strings.HasPrefix(key, "aws:principal")
}

func isSourceKey(key string) bool {
	for _, k := range sourceKeys {
		if strings.EqualFold(k, key) {
			return true
		}
	}
	return false
}
