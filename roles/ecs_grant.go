package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Ability is something that people do with Amazon ECS.
type Ability struct {
	Name    string // "run-tasks"
	What    string
	Actions string // patterns of actions, separated by spaces
	passes  bool   // the tasks' roles are passed
}

// Abilities returns what can be granted, as a new slice. The actions that their
// patterns match come from the catalogue.
func Abilities() []Ability {
	return []Ability{
		{Name: "list", What: "listing clusters, services, tasks and all else", Actions: "ecs:List*"},
		{Name: "describe", What: "looking at clusters, services, tasks and all else", Actions: "ecs:Describe* ecs:Get*"},
		{Name: "run-tasks", What: "running tasks", Actions: "ecs:RunTask", passes: true},
		{Name: "start-tasks", What: "starting tasks on instances of one's choice", Actions: "ecs:StartTask", passes: true},
		{Name: "stop-tasks", What: "stopping tasks", Actions: "ecs:StopTask"},
		{Name: "protect-tasks", What: "keeping tasks from being scaled in", Actions: "ecs:UpdateTaskProtection ecs:GetTaskProtection"},
		{Name: "execute-commands", What: "a shell in containers", Actions: "ecs:ExecuteCommand"},
		{Name: "register-task-definitions", What: "registering task definitions", Actions: "ecs:RegisterTaskDefinition", passes: true},
		{Name: "delete-task-definitions", What: "deregistering and deleting task definitions", Actions: "ecs:DeregisterTaskDefinition ecs:DeleteTaskDefinitions"},
		{Name: "create-services", What: "creating services", Actions: "ecs:CreateService", passes: true},
		{Name: "update-services", What: "deploying and scaling services", Actions: "ecs:UpdateService", passes: true},
		{Name: "stop-deployments", What: "stopping and continuing deployments", Actions: "ecs:StopServiceDeployment ecs:ContinueServiceDeployment"},
		{Name: "delete-services", What: "deleting services", Actions: "ecs:DeleteService"},
		{Name: "create-clusters", What: "creating clusters", Actions: "ecs:CreateCluster"},
		{Name: "update-clusters", What: "changing clusters", Actions: "ecs:UpdateCluster ecs:UpdateClusterSettings ecs:PutClusterCapacityProviders"},
		{Name: "delete-clusters", What: "deleting clusters", Actions: "ecs:DeleteCluster"},
		{Name: "manage-instances", What: "draining, updating and deregistering container instances",
			Actions: "ecs:UpdateContainerInstancesState ecs:UpdateContainerAgent ecs:DeregisterContainerInstance ecs:PutAttributes ecs:DeleteAttributes"},
		{Name: "tag", What: "setting and removing tags", Actions: "ecs:TagResource ecs:UntagResource"},
	}
}

// starOnly are actions whose requests need not name a resource of the type that
// the catalogue has for them; the cluster is a condition then. Source: ECS
// developer guide, "Amazon ECS IAM Policy Examples", List and Describe Tasks.
var starOnly = []string{"ecs:ListTasks"}

// mayKeepTaskDefinition are actions whose requests need not name the task
// definition that the action can be limited to. Source: ECS API reference,
// UpdateService, UpdateExpressGatewayService.
var mayKeepTaskDefinition = []string{"ecs:UpdateService", "ecs:UpdateExpressGatewayService"}

// Ask says what a user of Amazon ECS is to be able to do, and where.
type Ask struct {
	Can     []string // names of abilities, or actions such as ecs:RunTask
	Options          // Partition, Region, Account, NoPassRole

	Cluster, Family, Service, Task, Instance string   // "" is any
	Roles                                    []string // ARNs of the roles of the tasks
}

// GrantECS returns the policy for a user of Amazon ECS. Each action gets the
// resources that it takes, and the condition ecs:cluster where these do not name
// the cluster. Roles of tasks may be passed to ECS tasks alone.
func GrantECS(ask Ask) (*Access, source.List) {
	findings := ask.check()
	findings = append(findings, ask.Options.check()...)
	if findings.HasErrors() {
		return nil, findings.Sorted()
	}
	g := ecsGrants{ask: &ask, r: &taskRole{index: map[grantKey]int{}}}
	g.env = captures{
		{name: "partition", value: ask.partition()},
		{name: "region", value: orStar(ask.Region)},
		{name: "account", value: orStar(ask.Account)},
	}
	passes := false
	for _, name := range ask.Can {
		a := ability(name)
		passes = passes || a.passes
		for pattern := range words(a.Actions) {
			g.add(name, pattern)
		}
	}
	if passes {
		g.passRoles()
	}
	if ask.Account == "" || ask.Region == "" {
		g.say("CONTEXT_UNKNOWN", source.Suggestion, "where the cluster is is not known, so ARNs hold '*' in its place", "give --account, --region")
	}
	if g.HasErrors() {
		return nil, g.Sorted()
	}
	grants := absorb(g.r.grants, nil)
	out := &Access{Policy: joinECS(newPolicy("ECS", grants)), Grants: grants}
	v := generator{grants: g.r.grants}
	v.verify(&Role{Policies: []Policy{out.Policy}})
	if size := policy.Size(out.Document); size > policyQuota {
		g.say("POLICY_TOO_LARGE", source.Warning, fmt.Sprintf("the policy holds %d characters; IAM takes %d for one managed policy", size, policyQuota), "split it")
	}
	if g.List = append(g.List, v.findings...); g.HasErrors() {
		return nil, g.Sorted()
	}
	return out, g.Sorted()
}

// joinECS joins statements about actions of ECS that name resources and have the
// same conditions. An action is only ever asked for on resources of its own
// types, so that the resources of another action beside them allow it nothing.
func joinECS(p Policy) Policy {
	out := Policy{Name: p.Name, Document: &policy.Document{Version: p.Document.Version}}
	at := map[string]int{}
	for i, s := range p.Document.Statements {
		key := ""
		if strings.HasPrefix(s.Action.Values[0].Text, "ecs:") && s.Resource.Values[0].Text != "*" {
			key = "with" + conditionText(p.Reasons[i][0].Conditions)
		}
		j, seen := at[key]
		if !seen || key == "" {
			at[key] = len(out.Document.Statements)
			out.Document.Statements = append(out.Document.Statements, s)
			out.Reasons = append(out.Reasons, p.Reasons[i])
			continue
		}
		joined := &out.Document.Statements[j]
		joined.Action = stringOrList(distinct(append(joined.Action.Texts(), s.Action.Texts()...)))
		joined.Resource = stringOrList(distinct(append(joined.Resource.Texts(), s.Resource.Texts()...)))
		out.Reasons[j] = append(out.Reasons[j], p.Reasons[i]...)
	}
	return out
}

// ability returns the ability of a name; that of an action allows it alone.
func ability(name string) Ability {
	for _, a := range Abilities() {
		if a.Name == name {
			return a
		}
	}
	a := Ability{Name: name, Actions: name}
	for _, known := range Abilities() {
		for pattern := range words(known.Actions) {
			a.passes = a.passes || known.passes && policy.MatchAction(name, pattern)
		}
	}
	return a
}

func (a *Ask) check() source.List {
	var list source.List
	bad := func(message, hint string) {
		list = append(list, source.Finding{Code: badContext, Severity: source.Error, Message: message, Hint: hint})
	}
	for _, p := range managed.Parameters() {
		value := map[string]string{"cluster": a.Cluster, "family": a.Family, "task": a.Task, "instance": a.Instance}[p.Name]
		if err := p.Check(value); err != nil {
			bad(err.Error(), "")
		}
		if p.Name == "cluster" && p.Check(a.Service) != nil { // services are called like clusters
			bad(fmt.Sprintf("service %q is not %s", source.Clip(a.Service, 100), strings.Replace(p.Format, "clusters", "services", 1)), "")
		}
	}
	for _, role := range a.Roles {
		if r, err := arn.Parse(role); err != nil || r.Service != "iam" || !strings.HasPrefix(r.Resource, "role/") || !arn.ValidAccount(r.Account) || strings.ContainsAny(role, "*?$") {
			bad(fmt.Sprintf("%q is not the ARN of a role", source.Clip(role, 200)), "")
		}
	}
	if len(a.Can) == 0 || slices.Contains(a.Can, "") {
		bad("nothing is asked for", "say what the user can do")
	}
	return list
}

// ecsGrants gathers the grants of one Ask.
type ecsGrants struct {
	source.List
	ask *Ask
	env captures
	r   *taskRole
}

func (g *ecsGrants) say(code string, severity source.Severity, message, hint string) {
	g.List = append(g.List, source.Finding{Code: code, Severity: severity, Message: message, Hint: hint})
}

// add grants the actions of ECS that a pattern matches.
func (g *ecsGrants) add(who, pattern string) {
	actions, err := catalog.Default().Expand(pattern)
	if err == nil {
		actions = slices.DeleteFunc(actions, func(a *catalog.Action) bool { return a.Service != "ecs" })
	}
	if err != nil || len(actions) == 0 {
		g.unknownAbility(who)
		return
	}
	service, err := catalog.Default().Service("ecs")
	if err != nil {
		g.say("CATALOGUE_DAMAGED", source.Error, err.Error(), "")
		return
	}
	for _, a := range actions {
		limits := append(g.onInstance(service, a), g.ofFamily(service, a)...)
		for _, on := range g.resources(service, a) {
			grant := Grant{Action: a.FullName(), Resource: on.text, Purpose: Call, Service: who, Source: "Service authorization reference, Amazon Elastic Container Service"}
			if on.byCluster && g.ask.Cluster != "" && g.ask.Cluster != "*" {
				cluster, _, _ := fill("arn:{partition}:ecs:{region}:{account}:cluster/"+g.ask.Cluster, g.env)
				grant.Conditions = []Condition{{"ArnEquals", "ecs:cluster", []string{cluster}}}
			}
			grant.Conditions = append(grant.Conditions, limits...)
			g.r.grant(grant)
		}
	}
}

func (g *ecsGrants) unknownAbility(name string) {
	var names []string
	for _, a := range Abilities() {
		names = append(names, a.Name)
	}
	hint := "an ability is an action, such as ecs:RunTask, or one of " + strings.Join(names, ", ")
	if meant := near.Hint(name, names); meant != "" {
		hint = meant + " " + hint
	}
	g.say(badContext, source.Error, fmt.Sprintf("nothing that one can do with ECS is called %q", source.Clip(name, 100)), hint)
}

// onInstance limits an action that places tasks on container instances to the
// one that was asked for, which none of its resources names.
func (g *ecsGrants) onInstance(s *catalog.Service, a *catalog.Action) []Condition {
	const key = "ecs:container-instances"
	typ, ok := s.ResourceType("container-instance")
	if !ok || g.ask.Instance == "" || g.ask.Instance == "*" || !slices.Contains(s.KeysOf(a), key) {
		return nil
	}
	return []Condition{{"ArnEquals", key, []string{g.place(typ.Formats[0])}}}
}

// ofFamily limits an action that names the task definition of a service, which
// is none of its resources, to the family that was asked for.
func (g *ecsGrants) ofFamily(s *catalog.Service, a *catalog.Action) []Condition {
	const key = "ecs:task-definition"
	typ, ok := s.ResourceType("task-definition")
	if !ok || g.ask.Family == "" || g.ask.Family == "*" || !slices.Contains(s.KeysOf(a), key) {
		return nil
	}
	operator := "ArnEquals"
	if slices.Contains(mayKeepTaskDefinition, a.FullName()) {
		operator += "IfExists"
	}
	return []Condition{{operator, key, []string{g.place(typ.Formats[0])}}}
}

// grantedOn is a resource of an action. With byCluster it does not name its
// cluster, and the condition ecs:cluster does.
type grantedOn struct {
	text      string
	byCluster bool
}

func (g *ecsGrants) resources(s *catalog.Service, a *catalog.Action) []grantedOn {
	const key = "ecs:cluster"
	if len(a.Types) == 0 || slices.Contains(starOnly, a.FullName()) {
		return []grantedOn{{"*", slices.Contains(s.KeysOf(a), key)}}
	}
	var out []grantedOn
	for _, t := range a.Types {
		typ, ok := s.ResourceType(t.Name)
		if !ok {
			continue
		}
		has := slices.Contains(a.Keys, key) || slices.Contains(t.Keys, key) || slices.Contains(typ.Keys, key)
		for _, format := range typ.Formats {
			out = append(out, grantedOn{g.place(format), has && !strings.Contains(format, "${ClusterName}")})
		}
	}
	return out
}

// place fills the format of an ARN with what was asked for. What the format
// names and nobody said is any.
func (g *ecsGrants) place(format string) string {
	return fillFormat(format, map[string]string{
		"Partition": g.ask.partition(), "Region": g.ask.Region, "Account": g.ask.Account,
		"ClusterName": g.ask.Cluster, "ServiceName": g.ask.Service, "TaskId": g.ask.Task, "ContainerInstanceId": g.ask.Instance,
		"TaskDefinitionFamilyName": g.ask.Family,
	})
}

// passRoles lets the user hand the tasks their roles.
func (g *ecsGrants) passRoles() {
	if g.ask.NoPassRole {
		return
	}
	if len(g.ask.Roles) == 0 {
		g.say("PASS_ROLE_UNKNOWN", source.Warning, "the tasks may have a task role and an execution role, which the user must be allowed to pass to ecs-tasks.amazonaws.com",
			"give --role ARN or --task-definition FILE, or say --no-pass-role")
	}
	for _, role := range g.ask.Roles {
		g.r.grant(Grant{
			Action: "iam:PassRole", Resource: role, Purpose: PassRole, Service: "roles of tasks", Source: ecsGuide + "Amazon ECS task IAM role",
			Conditions: []Condition{{"StringEquals", "iam:PassedToService", []string{"ecs-tasks.amazonaws.com"}}},
		})
	}
}
