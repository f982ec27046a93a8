package prove

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

// CanAllow asks whether a set never allows any of the actions on any of the
// resources; both are patterns, as Action and Resource elements have them. A
// witness is a request that is allowed.
func CanAllow(ctx context.Context, set authz.Set, actions, resources []string, options Options) (Result, error) {
	asked := &policy.Document{Version: policy.Version2008, Statements: []policy.Statement{{
		Effect: policy.Allow, Action: policy.Strings(actions...), Resource: policy.Strings(resources...),
	}}}
	if findings := policy.Validate(asked); findings.HasErrors() {
		return Result{}, &UnreadableError{findings}
	}
	c, err := newComparison(set, authz.Set{}, options)
	if err != nil {
		return Result{}, err
	}
	c.only = c.compile(asked)
	return c.run(ctx)
}

// Zone says who may have access without that being public.
type Zone struct {
	// Accounts are those that are trusted. Nil trusts every account that the policy
	// names.
	Accounts []string
	// Keys are the condition keys that tell trusted requests from others, where a
	// policy compares them with fixed values. Nil is TrustedKeys.
	Keys []string
}

// TrustedKeys are the condition keys of a Zone by default: those that Amazon S3
// names in its meaning of "public", and those of the organization and the network
// that AWS added since. (Amazon S3 user guide, "Blocking public access"; IAM user
// guide, "AWS global condition context keys", data perimeters.)
func TrustedKeys() []string {
	return []string{
		"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceAccount", "aws:SourceArn",
		"aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn",
		"aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths", "aws:userid", "kms:CallerAccount", "lambda:FunctionUrlAuthType",
		"s3:DataAccessPointAccount", "s3:DataAccessPointArn", "sts:ExternalId",
	}
}

// Public asks whether the policy of a resource keeps out the public: an anonymous
// caller, or one of an account outside of the zone, whose request has none of the
// fixed values with which the policy compares trusted keys. A value is fixed when
// it has no wildcard and no variable; an ARN, when its account has none; a path in
// an organization, when the organization has none; a network, when it is no larger
// than a /8 (IPv6: a /32). Each value counts alone: a list of all 256 networks /8
// is a list of fixed values. Services and users of identity providers, who come by
// conditions of their own, are not the public.
// A witness is a request that the public can make.
func Public(ctx context.Context, set authz.Set, zone Zone, options Options) (Result, error) {
	c, err := newComparison(set, authz.Set{}, options)
	if err != nil {
		return Result{}, err
	}
	c.public = &zone
	if zone.Keys == nil {
		zone.Keys = TrustedKeys()
	}
	for _, name := range zone.Keys {
		if k := c.keys.index[lower(name)]; k != nil {
			c.always = c.fs.and(c.always, c.untrusted(k, &set))
		}
	}
	return c.run(ctx)
}

// untrusted says that a key is absent or has no value that policies fix.
func (c *comparison) untrusted(k *key, set *authz.Set) formula {
	out := verum
	for _, fixed := range c.fixedValues(k, set) {
		one := c.fs.imply(c.one(k), c.fs.not(c.in(subject(k.id), fixed)))
		many := c.fs.imply(c.several(k), c.every(k, fixed, true))
		out = c.fs.and(out, one, many)
	}
	return out
}

// fixedValues are the languages of the fixed values that a key is compared with,
// operator by operator.
func (c *comparison) fixedValues(k *key, set *authz.Set) []*language {
	var out []*language
	documentsOf(set, func(doc *policy.Document) {
		vars := &c.slots
		if !doc.HasVariables() {
			vars = nil
		}
		for i := range doc.Statements {
			if doc.Statements[i].Condition == nil {
				continue
			}
			for _, block := range doc.Statements[i].Condition.Blocks {
				op, err := policy.ParseOperator(block.Operator)
				if err != nil || op.Family == policy.FamilyNull {
					continue
				}
				for j := range block.Keys {
					if c.keys.key(block.Keys[j].Name) != k {
						continue
					}
					values := &policy.List{}
					for _, v := range block.Keys[j].Values.Values {
						if isFixed(k, &op.BaseOperator, v.Text, doc.HasVariables()) {
							values.Values = append(values.Values, v)
						}
					}
					base := op.BaseOperator
					base.Negated = false
					out = append(out, c.ofCondition(base, values, vars))
				}
			}
		}
	})
	return out
}

// The largest networks that count as fixed, by the length of their prefix.
const fixedIPv4, fixedIPv6 = 8, 32

func isFixed(k *key, op *policy.BaseOperator, text string, variables bool) bool {
	if op.Family == policy.FamilyIP {
		p, ok := policy.ParseNetwork(text)
		return ok && (p.Addr().Is4() && p.Bits() >= fixedIPv4 || p.Addr().Is6() && p.Bits() >= fixedIPv6 || isPrivate(p))
	}
	if a, err := arn.Parse(text); err == nil && op.Like {
		return arn.ValidAccount(a.Account)
	}
	if strings.HasSuffix(lower(k.name), "orgpaths") { // o-id/r-id/ou-id/...
		text, _, _ = strings.Cut(text, "/")
	}
	return !(op.Like && strings.ContainsAny(text, "*?")) && !(variables && strings.Contains(text, "${"))
}

func isPrivate(p netip.Prefix) bool { return p.Addr().IsPrivate() }

// Flaw is why a statement has no effect.
type Flaw uint8

const (
	Dead      Flaw = iota // no request can match it: its elements contradict each other
	Shadowed              // an Allow of which Deny statements leave nothing
	Redundant             // without it the policy allows the same
)

var flawNames = [...]string{"dead", "shadowed", "redundant"}

func (f Flaw) String() string { return flawNames[f] }

// Idle is a statement without effect.
type Idle struct {
	Index int // in the document
	Flaw  Flaw
}

// IdleStatements finds the statements of a document that have no effect. Of
// statements that make each other redundant only the later ones are listed: all
// that are listed can be removed at once. The number of statements about which
// that could not be decided is returned too.
func IdleStatements(ctx context.Context, doc *policy.Document, options Options) (list []Idle, undecided int, err error) {
	kept := make([]bool, len(doc.Statements))
	for i := range kept {
		kept[i] = true
	}
	without := func(keep func(int) bool) authz.Set {
		out := *doc
		out.Elements = nil
		out.Statements = []policy.Statement{}
		for i := range doc.Statements {
			if keep(i) {
				out.Statements = append(out.Statements, doc.Statements[i])
			}
		}
		return Alone("", &out)
	}
	nothing := authz.Set{}
	for i := len(doc.Statements) - 1; i >= 0; i-- {
		deny := doc.Statements[i].Effect == policy.Deny
		alone := *doc
		alone.Elements = nil
		alone.Statements = []policy.Statement{doc.Statements[i]}
		alone.Statements[0].Effect = policy.Allow
		questions := []struct {
			flaw     Flaw
			now, old authz.Set
			ask      bool
		}{
			{Dead, Alone("", &alone), nothing, doc.Statements[i].NotPrincipal == nil},
			{Shadowed, without(func(j int) bool { return j == i || doc.Statements[j].Effect == policy.Deny }), nothing, !deny},
			{Redundant, without(func(j int) bool { return kept[j] }), without(func(j int) bool { return kept[j] && j != i }), true},
		}
		unknown := false
		for _, q := range questions {
			if !q.ask {
				continue
			}
			now, old := q.now, q.old
			if q.flaw == Redundant && deny {
				now, old = old, now
			}
			result, err := Compare(ctx, now, old, options)
			if err != nil {
				return list, undecided, err
			}
			unknown = unknown || result.Verdict == Undecided
			if result.Verdict == Proved {
				list, kept[i], unknown = append(list, Idle{i, q.flaw}), false, false
				break
			}
		}
		if unknown {
			undecided++
		}
	}
	slices.Reverse(list)
	return list, undecided, nil
}
