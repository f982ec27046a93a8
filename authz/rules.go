package authz

import (
	"slices"
	"sync"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/pattern"
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

// ownRules are about services whose resources' policies may leave out Resource:
// it is then the one that they are attached to. Amazon ECR and ECR Public user
// guides, repository policy examples; Amazon EFS user guide, file system policies
// (2026-09).
var ownRules = []*compiledRule{
	{Rule: Rule{Actions: []string{"ecr:*"}, Resource: "arn:*:ecr:*:*:repository/*"}},
	{Rule: Rule{Actions: []string{"ecr-public:*"}, Resource: "arn:*:ecr-public:*:*:repository/*"}},
	{Rule: Rule{Actions: []string{"elasticfilesystem:*"}, Resource: "arn:*:elasticfilesystem:*:*:file-system/*"}},
}

// OwnRules: a statement of the resource's policy without Resource is about the
// resource that has the policy. Besides these, such statements stand in roles'
// trust policies only.
func OwnRules() []Rule {
	out := make([]Rule, len(ownRules))
	for i, r := range ownRules {
		out[i] = r.Rule
	}
	return out
}

// impliesResource reports whether the policy of a request's resource may leave
// out Resource.
func (r *Request) impliesResource(action traits) bool {
	return action.is(ruledByTrust) || slices.ContainsFunc(ownRules, func(o *compiledRule) bool { return o.holds(r) })
}

// compiledRule is a Rule that has been asked about before.
type compiledRule struct {
	Rule
	once     sync.Once
	actions  policy.ActionMatcher
	resource *arn.Condition
}

func (r *compiledRule) holds(q *Request) bool {
	r.once.Do(func() {
		r.actions = policy.CompileActions(&policy.Statement{Action: policy.Strings(r.Actions...)})
		r.resource = arn.CompileCondition(pattern.Wild(r.Resource))
	})
	return r.actions.Match(q.Action) && r.resource.Match(q.Resource)
}

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
