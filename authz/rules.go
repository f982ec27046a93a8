package authz

import (
	"slices"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/policy"
)

// Rule names actions, and the resources on which they are under a rule of
// their own, whatever policies say. Both are patterns: Actions as the Action
// element has them, Resource as ArnLike compares it.
type Rule struct {
	Actions  []string
	Resource string
}

// The rules of evaluation that single out actions; package prove needs them as
// data. IAM user guide, policy evaluation logic; KMS developer guide, key policies.
var (
	trustRule   = Rule{Resource: "arn:*:iam:*:*:role/*"}
	keyRule     = Rule{Actions: []string{"kms:*"}, Resource: "arn:*:kms:*:*:key/*"}
	managedRule = Rule{Resource: "arn:*:iam:*:aws:policy/*"}
)

// TrustRule: a role's trust policy must name who assumes it, or its account.
func TrustRule() Rule { return trustRule.with(ruledByTrust) }

// KeyRule: a KMS key policy must name who uses the key, or its account.
func KeyRule() Rule { return keyRule }

// ManagedRule: nobody changes AWS managed policies.
func ManagedRule() Rule { return managedRule.with(changesPolicy) }

// ProviderActions are those that only identity providers' users call.
func ProviderActions() []string { return Rule{}.with(byProvider).Actions }

// AlwaysAllowed is the action that cannot be denied to whoever signs a request.
const AlwaysAllowed = "sts:GetCallerIdentity"

// Holds reports whether an action on a resource is under the rule.
func (r Rule) Holds(action, resource string) bool {
	return arn.Like(r.Resource, resource) &&
		slices.ContainsFunc(r.Actions, func(entry string) bool { return policy.MatchAction(entry, action) })
}

func (r Rule) with(trait traits) Rule {
	for action, t := range actionTraits {
		if t.is(trait) {
			r.Actions = append(r.Actions, action)
		}
	}
	slices.Sort(r.Actions)
	return r
}

// Derives reports whether a condition key (letter case does not count) is worked
// out from the rest of the request where the context does not hold it. A context
// that holds it without values keeps it absent.
func Derives(key string) bool {
	e := evaluation{}
	_, ok := e.derived(lower(key))
	return ok
}
