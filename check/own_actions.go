package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// aboutDeadActions is about entries of Action that match nothing.
var aboutDeadActions = &finder{statement: deadActions}

func deadActions(r *run, s *statement) {
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		prefix, name, ok := strings.Cut(e.text, ":")
		if !ok || e.action != nil || e.kind != policy.Quoted || strings.Contains(e.text, "${") || hasWildcard(prefix) {
			continue
		}
		service := r.facts.service(strings.TrimSpace(prefix))
		switch {
		case service == nil:
		case name == "":
			r.report("WRIT_ACTION_EMPTY_NAME", e.place(), `for all actions write "`+service.Prefix+`:*"`, "%s matches no action", quote(e.text))
		case strings.ContainsAny(e.text, " \t\r\n"):
			r.report("WRIT_ACTION_HAS_WHITESPACE", e.place(), "remove the white space", "%s matches no action: white space counts", quote(e.text))
		case hasWildcard(name) && len(r.facts.expand(e.text)) == 0:
			r.report("WRIT_ACTION_MATCHES_NOTHING", e.place(), "", "service %s has no action that %s matches", service.Prefix, quote(e.text))
		}
	}
}

// aboutUnsentKeys is about keys that none of the actions sends, as far as Access
// Analyzer does not report it.
var aboutUnsentKeys = &finder{condition: unsentKeys}

func unsentKeys(r *run, s *statement, c *condition) {
	fact := r.facts.key(c.lower)
	if !c.known || fact.origin != keyOfService || s.actions.not || len(s.actions.entries) == 0 {
		return
	}
	optional := c.op.IfExists || c.op.Family == policy.FamilyNull
	for i := range s.actions.entries {
		text := s.actions.entries[i].text
		if !optional && !hasWildcard(text) {
			return // which Access Analyzer looks at
		}
		list := r.facts.expand(text)
		if len(list) == 0 || slices.ContainsFunc(list, func(a *action) bool { return r.facts.carries(a, fact.name) || r.facts.carries(a, c.lower) }) {
			return
		}
	}
	if !r.facts.isSent(fact, c.lower) {
		return
	}
	r.report("WRIT_UNKNOWN_CONDITION_FOR_ACTION", c.place(), "", "requests for these actions never have the key %s", c.key)
}

// aboutMFA is about conditions on a key that requests with access keys do not
// have at all.
var aboutMFA = &finder{condition: multiFactor}

// multiFactor looks at aws:MultiFactorAuthPresent, which is absent from requests
// with long-term credentials (IAM user guide, AWS global condition context keys).
func multiFactor(r *run, s *statement, c *condition) {
	if c.lower != "aws:multifactorauthpresent" || !c.known || c.op.Family != policy.FamilyBool || len(c.entries) != 1 {
		return
	}
	wanted, ok := policy.ParseBool(c.entries[0].text)
	if !ok {
		return
	}
	switch {
	case s.denies() && !wanted && !c.op.IfExists:
		r.report("WRIT_BAD_PATTERN_FOR_MFA", c.place(), "write BoolIfExists", "requests with access keys do not have the key, so this does not deny them")
	case s.allows() && wanted && c.op.IfExists:
		r.report("WRIT_BAD_PATTERN_FOR_MFA", c.place(), "write Bool", "requests with access keys do not have the key, so this allows them")
	}
}
