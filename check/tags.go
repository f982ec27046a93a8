package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// aboutTags is about conditions on tags of resources for actions that never send
// them.
var aboutTags = &finder{condition: resourceTags}

const (
	resourceTagPrefix = "aws:resourcetag/"
	resourceTagKey    = "aws:ResourceTag/${TagKey}"
)

// resourceTags looks at operators that do not hold without the key: with the
// others the statement does apply to those actions.
func resourceTags(r *run, s *statement, c *condition) {
	if !strings.HasPrefix(c.lower, resourceTagPrefix) || c.lower == resourceTagPrefix || !c.known || c.op.IfExists || c.op.Negated || c.op.Family == policy.FamilyNull ||
		c.op.Quantifier == policy.ForAllValues || !s.actions.present {
		return
	}
	effect, says := "", ""
	switch {
	case s.allows():
		effect, says = "ALLOW_", "does not allow"
	case s.denies():
		effect, says = "DENY_", "does not deny"
	default:
		return
	}
	const hint = "move them to a statement without this key"
	if s.actions.not {
		r.report(effect+"NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", place{at: s.actions.at, span: s.actions.list.Span}, "name the actions in Action",
			"some actions never send %s: the statement %s them", c.key, says)
		return
	}
	if without := r.withoutTags(s); len(without) > 0 {
		r.report(effect+"WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", c.place(), hint, "%s never send %s: the statement %s them", few(without), c.key, says)
	}
}

// withoutTags returns the entries of Action none of whose actions sends tags of
// resources.
func (r *run) withoutTags(s *statement) []string {
	var without []string
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		text := e.text
		service, _, _ := strings.Cut(text, ":")
		if starred(text) || hasWildcard(service) || r.facts.service(service) == nil {
			continue
		}
		if !r.tagged(e) {
			without = append(without, text)
		}
	}
	slices.Sort(without)
	return slices.Compact(without)
}

// tagged reports whether one of the actions of an entry sends tags of resources.
// Nothing is known of entries without actions.
func (r *run) tagged(e *entry) bool {
	if !hasWildcard(e.text) {
		return e.action == nil || r.facts.carries(e.action, resourceTagKey)
	}
	list := r.facts.expand(e.text)
	for _, a := range list {
		if r.facts.carries(a, resourceTagKey) {
			return true
		}
	}
	return len(list) == 0
}
