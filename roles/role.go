package roles

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// FactsDate is when the tables of this package were last held against the
// documentation.
const FactsDate = "2026-11-21"

// IntegrationCount is the number of optimized integrations in the tables.
func IntegrationCount() int { return len(optimizedByName()) }

// role makes the role out of the grants.
func (g *generator) role() *Role {
	grants := absorb(g.grants, g.broad)
	role := &Role{
		Name:                g.opts.RoleName,
		Path:                g.opts.Path,
		PermissionsBoundary: g.opts.PermissionsBoundary,
		Trust:               g.trustPolicy(),
		Grants:              grants,
	}
	if role.Name == "" {
		role.Name = RoleName(g.opts.Name)
	}
	if role.Path == "" {
		role.Path = "/"
	}
	if len(grants) == 0 && g.opts.Style == Console && !g.leftOut {
		role.Policies = []Policy{denyAll(role.Name)}
	}
	if len(grants) > 0 {
		role.Policies = []Policy{newPolicy(policyName(g.opts.Name, ""), grants)}
	}
	g.sizes(role)
	return role
}

// newPolicy prints grants as the statements of one policy.
func newPolicy(name string, grants []Grant) Policy {
	list := statements(grants)
	p := Policy{
		Name:     name,
		Document: &policy.Document{Version: policy.Version2012, Statements: make([]policy.Statement, len(list))},
		Reasons:  make([][]Grant, len(list)),
	}
	for i := range list {
		p.Document.Statements[i], p.Reasons[i] = list[i].policy(), list[i].reasons
	}
	return p
}

func (s *statement) policy() policy.Statement {
	out := policy.Statement{Effect: policy.Allow, Action: stringOrList(s.actions), Resource: stringOrList(s.resources)}
	for _, c := range s.conditions {
		if out.Condition == nil {
			out.Condition = new(policy.Condition)
		}
		out.Condition.And(c.Operator, c.Key, c.Values...)
	}
	return out
}

func stringOrList(texts []string) *policy.List {
	if len(texts) == 1 {
		return policy.String(texts[0])
	}
	return policy.Strings(texts...)
}

// denyAll is what the console attaches to a role that needs nothing. Source:
// activities-iam.
func denyAll(name string) Policy {
	return Policy{
		Name: name,
		Document: &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{
			Effect: policy.Deny, Action: policy.String("*"), Resource: policy.String("*"),
		}}},
		Reasons: [][]Grant{{{
			Action: "*", Resource: "*", Purpose: Nothing, Source: guide + "activities-iam",
			Note: "the machine needs nothing, and the console gives such a role this policy",
		}}},
	}
}

// Names of roles and policies may hold letters, digits and some marks, up to
// 64 and 128 characters. Source: IAM API reference, CreateRole, PutRolePolicy.
const (
	maxRoleName   = 64
	maxPolicyName = 128
)

// RoleName is the name given to the role of a state machine.
func RoleName(machine string) string {
	if machine == "" {
		return "StepFunctionsRole"
	}
	return cut(plainName(machine), maxRoleName-len("Role")) + "Role"
}

// policyName is the name given to a policy of a state machine. It keeps the holes
// of the machine's name: what is written for a deployment has references there.
func policyName(machine, suffix string) string {
	if machine == "" {
		machine = "StepFunctions"
	}
	if hole.Has(machine) && len(hole.Print(machine))+len(suffix) <= maxPolicyName {
		return legalName(machine) + suffix
	}
	return cut(plainName(machine), maxPolicyName-len(suffix)) + suffix
}

// plainName is a legal name without holes.
func plainName(name string) string {
	return legalName(hole.Replace(name, func(name string) string { return name }))
}

// legalName replaces the characters that IAM does not take, outside of holes.
func legalName(name string) string {
	var b strings.Builder
	for _, p := range hole.Split(name) {
		if p.Hole {
			b.WriteString(hole.Text(p.Text))
		} else {
			b.WriteString(legalPart(p.Text))
		}
	}
	return b.String()
}

func legalPart(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("+=,.@_-", r):
			return r
		}
		return '-'
	}, text)
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

// roleQuota is how many characters the inline policies of a role may hold in
// all, white space not counted. Source: IAM and STS quotas.
const roleQuota = 10240

const codeTooLarge = "ROLE_TOO_LARGE"

// sizes warns about a role that IAM would not take.
func (g *generator) sizes(role *Role) {
	if roughSize(role) < roleQuota/2 {
		return // no need to print the policies to measure them
	}
	total := 0
	for _, p := range role.Policies {
		total += policy.Size(p.Document)
	}
	if total > roleQuota {
		g.say(codeTooLarge, source.Warning,
			fmt.Sprintf("the inline policies hold %d characters; IAM takes %d for one role", total, roleQuota),
			"split the statements over customer managed policies of up to 6,144 characters, or split the machine")
	}
}

// roughSize is more than the policies of a role can take, quotes and names of
// elements included, as long as their values need no escapes.
func roughSize(role *Role) int {
	const perValue, perStatement = 4, 80
	total := perStatement
	for _, p := range role.Policies {
		for i := range p.Document.Statements {
			s := &p.Document.Statements[i]
			total += perStatement
			for _, list := range [...]*policy.List{s.Action, s.Resource} {
				for j := range list.Values {
					total += len(list.Values[j].Text) + perValue
				}
			}
			if s.Condition != nil {
				total += len(conditionText(p.Reasons[i][0].Conditions)) * 2
			}
		}
	}
	return total
}

// ServicePrincipal completes the short name of a service: "ecs-tasks" is
// "ecs-tasks.amazonaws.com".
func ServicePrincipal(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return name + ".amazonaws.com"
}

// LeaveOpen fills what the options do not say of the place with holes that the
// deploying tool fills, called as CloudFormation calls them: AWS::Partition,
// AWS::Region and AWS::AccountId.
func (o *Options) LeaveOpen() {
	if o.Partition == "" && o.Region == "" {
		o.Partition = hole.Text("AWS::Partition")
	}
	if o.Region == "" {
		o.Region = hole.Text("AWS::Region")
	}
	if o.Account == "" {
		o.Account = hole.Text("AWS::AccountId")
	}
}
