package prove

import (
	"strings"

	"github.com/writ-iam/writ/authz"
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
	rules        = []*rule{trustRule, keyRule, managedRule, providerRule, freeRule}
)

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
