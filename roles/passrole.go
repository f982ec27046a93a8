package roles

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/source"
)

// passRole grants iam:PassRole for a role that the definition names, or for the
// roles that the user named where the definition's is known at run time only.
func (g *generator) passRole(c call, r *rule, rd reading) {
	g.passed[r.service] = true
	conditions := g.conditions(c, r, rd)
	if given := g.opts.PassRoles[r.service]; len(given) > 0 && r.guessed {
		for _, role := range given {
			g.grant(c, r, resource{text: role}, conditions, false)
		}
		return
	}
	if !rd.dynamic {
		text, _, _ := fill(r.resource, rd.captures)
		g.grant(c, r, resource{text: text, from: rd.captures.origins()}, conditions, false)
		return
	}
	if given := g.opts.PassRoles[r.service]; len(given) > 0 {
		for _, role := range given {
			g.grant(c, r, resource{text: role}, conditions, false)
		}
		return
	}
	rd.elsewhere = false // a role cannot be passed to a service of another account
	for _, on := range g.resources(r, rd) {
		g.grant(c, r, on, conditions, true)
	}
	at := g.lookup(c, firstWord(r.reads)).at.Span()
	g.report("PASS_ROLE_DYNAMIC", source.Warning, at,
		fmt.Sprintf("the role passed to %s is known at run time only, so any role of the account may be passed to it", r.service),
		"name the roles with --pass-role "+r.service+"=ARN")
}

// concealedRoles deals with roles that a call passes and the definition does
// not show, such as those in an ECS task definition.
func (g *generator) concealedRoles(c call) {
	if c.row.conceals != "" {
		g.conceals(c, c.row.conceals)
	}
}

// concealer is what holds roles that a call passes to a service.
type concealer struct {
	as     shape  // how calls name it
	holds  string // what may be in it
	reveal string // what to give besides --pass-role
}

var concealers = map[string]concealer{
	"ecs-tasks.amazonaws.com": {taskDefinitionShape, "the task definition may name a task role and an execution role", "--task-definition FILE or "},
	"ec2.amazonaws.com":       {nil, "the launch template may name an instance profile with a role", ""},
}

// conceals grants the roles that a call passes to a service by the name of what
// holds them.
func (g *generator) conceals(c call, service string) {
	g.passed[service] = true
	given := g.opts.PassRoles[service]
	found, all := g.fromTaskDefinitions(c)
	given = append(slices.Clip(given), found...)
	r := passes("", service)
	r.note = "passed by " + c.row.name + "; not shown in the definition"
	for _, role := range given {
		g.grant(c, &r, resource{text: role}, g.conditions(c, &r, reading{}), false)
	}
	if all || len(g.opts.PassRoles[service]) > 0 || g.opts.NoPassRole || g.revealed(c) {
		return
	}
	name := g.lookup(c, firstWord(c.row.needs))
	text, known := name.single()
	if known && g.concealed[text] {
		return
	}
	g.concealed[text] = known
	at := c.span
	if name.exists() {
		at = name.at.Span()
	}
	g.report("PASS_ROLE_UNKNOWN", source.Warning, at,
		fmt.Sprintf("%s, which this role must be allowed to pass to %s", concealers[service].holds, service),
		"give "+concealers[service].reveal+"--pass-role "+service+"=ARN, or say --no-pass-role")
}

// revealed reports whether the definition shows all roles that could be concealed.
func (g *generator) revealed(c call) bool {
	for path := range words(c.row.reveals) {
		if k := g.lookup(c, path); !k.exists() || k.part || k.maybe {
			return false
		}
	}
	return c.row.reveals != ""
}

// fromTaskDefinitions returns the roles in the task definitions that a call can
// run; all says that the one it runs was among those given.
func (g *generator) fromTaskDefinitions(c call) (roles []string, all bool) {
	if len(g.opts.TaskDefinitions) == 0 || c.row.param(firstWord(c.row.needs)).as == nil {
		return nil, false
	}
	text, known := g.lookup(c, firstWord(c.row.needs)).single()
	_, captured, _ := c.row.param(firstWord(c.row.needs)).as.read(text, nil, false)
	family, _ := captured.get("family")
	for _, td := range g.opts.TaskDefinitions {
		if known && td.Family != family.value {
			continue
		}
		all = known
		roles = append(roles, g.rolesOf(td)...)
	}
	return roles, all
}

// rolesOf returns the ARNs of a task definition's roles, which it may name in
// short.
func (g *generator) rolesOf(td ecs.TaskDefinition) []string {
	var roles []string
	for _, role := range []string{td.TaskRole, td.ExecutionRole} {
		if name, rest, leads := leadingHole(role); leads && rest == "" && !g.opts.holes().Plain(name) {
			roles = append(roles, role) // a role passed as a parameter goes by its ARN
		} else if _, got, ok := roleNameShape.read(role, nil, false); ok {
			arn, _, _ := fill("arn:{partition}:iam::{account}:role/{role}", append(got, g.env...))
			roles = append(roles, arn)
		}
	}
	return roles
}

// unusedPassRoles reports roles given for services that are passed none.
func (g *generator) unusedPassRoles() {
	var unused []string
	for service := range g.opts.PassRoles {
		if !g.passed[service] {
			unused = append(unused, service)
		}
	}
	slices.Sort(unused)
	for _, service := range unused {
		g.say("UNUSED_PASS_ROLE", source.Warning, fmt.Sprintf("no call of this machine passes a role to %s", service),
			"services that it passes roles to: "+orNone(g.passed))
	}
}

func orNone(set map[string]bool) string {
	if len(set) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

// assumptions says once what the role rests on.
func (g *generator) assumptions() {
	if slices.ContainsFunc(g.grants, func(gr Grant) bool { return gr.AssumesAccount }) {
		g.say("ASSUMES_ACCOUNT", source.Suggestion,
			"values known at run time are taken to name resources of the machine's own account and Region",
			"--any-account lifts the account; grants that rest on this are marked")
	}
	if g.anywhere {
		g.say("ASSUMES_REGION", source.Suggestion,
			"values known at run time are taken to name resources of the machine's own Region, in any account", "")
	}
	if !g.open {
		return
	}
	var missing []string
	for _, option := range []struct{ flag, value string }{{"--account", g.opts.Account}, {"--region", g.opts.Region}, {"--name", g.opts.Name}} {
		if option.value == "" {
			missing = append(missing, option.flag)
		}
	}
	where := "ARNs and the trust policy hold"
	if g.untrusting {
		where = "ARNs hold"
	}
	g.say("CONTEXT_UNKNOWN", source.Suggestion,
		"where the machine lives is not known, so "+where+" '*' in its place",
		"give "+strings.Join(missing, ", "))
}
