package prove

import (
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// rule is a rule of authz about some actions on some resources.
type rule struct {
	actions  actionEntries
	resource string
}

// The rules that single out actions, and the actions that only users of identity
// providers call.
var (
	trustRule    = readRule(authz.TrustRule())
	keyRule      = readRule(authz.KeyRule())
	managedRule  = readRule(authz.ManagedRule())
	providerRule = readRule(authz.Rule{Actions: authz.ProviderActions()})
	freeRule     = readRule(authz.Rule{Actions: []string{authz.AlwaysAllowed}})
	ownRules     = readRules(authz.OwnRules())
	wholeRules   = append([]*rule{trustRule}, ownRules...) // a statement without Resource may be about their actions
	rules        = append([]*rule{trustRule, keyRule, managedRule, providerRule, freeRule}, ownRules...)
)

func readRules(list []authz.Rule) []*rule {
	out := make([]*rule, len(list))
	for i := range list {
		out[i] = readRule(list[i])
	}
	return out
}

// wholeRule finds the rule by which a statement without Resource is about an
// action, if there is one.
func wholeRule(action string) *rule {
	for _, r := range wholeRules {
		if r.about(action) {
			return r
		}
	}
	return nil
}

// aboutWhole reports whether an entry of Action matches an action of which a
// statement without Resource can speak.
func aboutWhole(entry string) bool {
	action := policy.CompileAction(entry)
	if action.All() {
		return true
	}
	for _, r := range wholeRules {
		for name := range r.actions.exact {
			if action.Match(name) {
				return true
			}
		}
		for _, w := range r.actions.wild {
			if _, v := pattern.Overlaps(action.Pattern(), w.pattern); v != pattern.No {
				return true
			}
		}
	}
	return false
}

// ownSeeds are the parts of seeds about the services of ownRules. ok is false
// where they cannot be told.
func ownSeeds(list []seed) (out []seed, ok bool) {
	for _, s := range list {
		for _, r := range ownRules {
			for _, w := range r.actions.wild {
				parts, ok := pattern.Intersect(s.pattern, w.pattern)
				if !ok {
					return nil, false
				}
				for _, p := range parts {
					out = append(out, seed{p, w.service})
				}
			}
		}
	}
	return out, true
}

func readRule(r authz.Rule) *rule {
	return &rule{actions: readActions(&policy.Statement{Action: policy.Strings(r.Actions...)}), resource: r.Resource}
}

// about says whether an action in small letters is under the rule.
func (r *rule) about(action string) bool { return r.actions.matches(action) }

// ruleOf tells actions apart that authz has rules for.
func ruleOf(action string) string {
	var b strings.Builder
	for _, r := range rules {
		if r.about(action) {
			b.WriteByte('1')
		} else {
			b.WriteByte('0')
		}
	}
	return b.String()
}
