package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// TaskOptions say what neither a task definition nor a service does.
type TaskOptions struct {
	Cluster        string       // name of the cluster; "" or "*" is any
	Configuration  *ecs.Cluster // the cluster itself; nil when it is not known
	Scheduled      bool         // rules of EventBridge run the task
	PropagateTags  bool         // these rules tag it
	ExecuteCommand bool         // tasks are run with ECS Exec enabled
	PullThrough    []string     // what names of repositories begin with that are pull through caches; "ROOT" is all
}

// check finds what cannot be meant.
func (o *TaskOptions) check(td *ecs.TaskDefinition) source.List {
	for _, p := range managed.Parameters() {
		if p.Name != "cluster" {
			continue
		}
		if err := p.Check(o.Cluster); err != nil {
			return source.List{{Code: badContext, Severity: source.Error, Message: err.Error()}}
		}
	}
	if o.PropagateTags && !o.Scheduled {
		return source.List{{Code: badContext, Severity: source.Error, Message: "tags are propagated by rules, and no rule runs the task", Hint: "give --scheduled as well"}}
	}
	for _, prefix := range o.PullThrough {
		if prefix != everyRepository && !ecs.ValidRepository(prefix) {
			return source.List{{Code: badContext, Severity: source.Error, Message: fmt.Sprintf("%q is not what names of repositories begin with", source.Clip(prefix, 200))}}
		}
	}
	if len(td.Containers) == 0 {
		return source.List{{Code: "BAD_TASK_DEFINITION", Severity: source.Error, File: td.File, Span: td.Span, Message: "the task definition has no containers"}}
	}
	return nil
}

// TaskRoleFor is one of the roles that a task or service needs.
type TaskRoleFor struct {
	Kind TaskRoleKind
	*Role
}

// GenerateTask returns the roles that a task definition needs, and with a
// service (which may be nil) those that the service does: the execution role,
// the task role, and where they are needed infrastructure, hook, CodeDeploy and
// events roles. In the grants the names of containers stand in the place of
// states. On an Error finding there are no roles.
func GenerateTask(td *ecs.TaskDefinition, svc *ecs.Service, opts Options, more TaskOptions) ([]TaskRoleFor, source.List) {
	if findings := opts.check(); findings.HasErrors() {
		return nil, findings
	}
	if findings := more.check(td); findings.HasErrors() {
		return nil, findings
	}
	for _, role := range []string{td.ExecutionRole, td.TaskRole} {
		if findings := opts.fromRoleARN(role); findings.HasErrors() {
			return nil, findings
		}
	}
	t := newTaskGenerator(td, svc, opts, more)
	for i := range td.Containers {
		t.container(&td.Containers[i])
	}
	t.volumes()
	t.service()
	t.execute()
	t.keys()
	t.given()
	t.scheduled()
	t.advice()
	if t.HasErrors() {
		return nil, slices.DeleteFunc(bounded(t.List), func(f source.Finding) bool { return f.File == nil && f.Severity != source.Error }) // they are about roles that there are not
	}
	slices.SortStableFunc(t.roles, func(a, b *taskRole) int {
		return slices.Index(taskRoleOrder, a.kind) - slices.Index(taskRoleOrder, b.kind)
	})
	var out []TaskRoleFor
	for _, r := range t.roles {
		out = append(out, TaskRoleFor{r.kind, t.role(r)})
	}
	if opts.hasReferences() {
		// What stands for a reference is no account yet: the same roles with an
		// account in its place are decided instead.
		twin, findings := GenerateTask(td, svc, opts.resolved(), more)
		if twin == nil && findings.HasErrors() {
			return nil, findings
		}
	} else if t.verify(out); t.HasErrors() {
		return nil, bounded(t.List)
	}
	return out, bounded(t.List)
}

// bounded keeps as many findings as a text may have, those first that decide
// the exit code.
func bounded(list source.List) source.List {
	var kept source.Collector
	decides := func(f source.Finding) bool {
		return f.Severity == source.Error || slices.Contains(undecidedCodes, f.Code)
	}
	for _, first := range []bool{true, false} {
		for _, f := range list {
			if decides(f) == first {
				kept.Add(f)
			}
		}
	}
	return kept.List().Sorted()
}

// taskGenerator gathers the grants of all roles.
type taskGenerator struct {
	source.List
	td   *ecs.TaskDefinition
	svc  *ecs.Service
	opts Options
	more TaskOptions
	env  captures

	roles     []*taskRole
	encrypted captures // services behind which a key may stand, with their Region
	open      bool     // some ARN holds a "*" for what is not given
}

// taskRole is a role in the making.
type taskRole struct {
	kind    TaskRoleKind
	name    string // name or ARN in the definition; "" when it names none
	grants  []Grant
	index   map[grantKey]int
	managed []string // names of managed policies
}

func newTaskGenerator(td *ecs.TaskDefinition, svc *ecs.Service, opts Options, more TaskOptions) *taskGenerator {
	t := &taskGenerator{td: td, svc: svc, opts: opts, more: more}
	cluster := more.Cluster
	if cluster == "" && more.Configuration != nil {
		cluster = more.Configuration.Name
	}
	if cluster == "*" {
		cluster = ""
	} else if svc != nil && cluster == "" {
		cluster = svc.Cluster.Value[strings.LastIndexByte(svc.Cluster.Value, '/')+1:]
		if cluster == "" {
			cluster = "default"
		}
	}
	suffix := capture{}
	if strings.HasPrefix(opts.Region, "cn-") {
		suffix = capture{name: "suffix", value: "*"} // the guide does not say whether .cn ends it
	}
	t.env = captures{
		{name: "partition", value: opts.partition()},
		{name: "region", value: orStar(opts.Region)},
		{name: "account", value: orStar(opts.Account)},
		{name: "cluster", value: orStar(literal(cluster))},
		{name: "family", value: literal(td.Family)},
		{name: "key", value: opts.KMSKey},
		suffix,
	}
	return t
}

// roleOf returns the role of a kind, made when it is first asked for. The name
// tells apart roles of one kind.
func (t *taskGenerator) roleOf(kind TaskRoleKind, name string) *taskRole {
	for _, r := range t.roles {
		if r.kind == kind && (kind != InfrastructureRole && kind != HookRole || r.name == name) {
			return r
		}
	}
	r := &taskRole{kind: kind, name: name, index: map[grantKey]int{}}
	t.roles = append(t.roles, r)
	return r
}

// nameIn is what the task definition calls the role of a kind.
func (t *taskGenerator) nameIn(kind TaskRoleKind) string {
	switch kind {
	case ExecutionRole:
		return t.td.ExecutionRole
	case TaskRole:
		return t.td.TaskRole
	}
	return ""
}

// need grants what the rows of a feature say. The name tells which role of the
// kind is meant, for those that the definition names.
func (t *taskGenerator) need(feature, who, name string, values ...capture) {
	env := append(slices.Clone(values), t.env...)
	for i := range taskNeeds {
		n := &taskNeeds[i]
		if n.feature != feature {
			continue
		}
		if name == "" {
			name = t.nameIn(n.role)
		}
		r := t.roleOf(n.role, name)
		conditions := fillConditions(n.conditions, env)
		var first []string // of several spellings
		for template := range words(n.resources) {
			text, _, _ := fill(template, env)
			if text == "" {
				continue // a spelling that this resource does not have
			}
			t.open = t.open || strings.Contains(template, "{region}") && hasStar(env, "region") || strings.Contains(template, "{account}") && hasStar(env, "account")
			if n.either && first == nil {
				first = []string{text}
			}
			for action := range words(n.actions) {
				r.grant(Grant{
					Action: action, Resource: text, Conditions: conditions, Purpose: n.purpose,
					States: whoIs(who), Service: feature, Source: n.source, Note: n.note, either: first,
				})
			}
		}
	}
}

func whoIs(who string) []string {
	if who == "" {
		return nil
	}
	return []string{who}
}

func hasStar(env captures, name string) bool {
	c, _ := env.get(name)
	return c.value == "*"
}

// fillConditions leaves out a condition whose value is not known.
func fillConditions(rules []conditionRule, env captures) []Condition {
	var out []Condition
	for _, rule := range rules {
		text, _, complete := fill(rule.values, env)
		if !complete {
			continue
		}
		operator := rule.operator
		if operator == "StringLike" && !strings.ContainsAny(text, "*?") {
			operator = "StringEquals"
		}
		out = append(out, Condition{operator, rule.key, []string{text}})
	}
	return out
}

func (r *taskRole) grant(g Grant) {
	if g.what = g.Action; len(g.Conditions) > 0 {
		g.what += "\x00" + conditionText(g.Conditions)
	}
	if at, seen := r.index[g.key()]; seen {
		r.grants[at].States = append(r.grants[at].States, g.States...) // absorb drops what stands twice
		return
	}
	r.index[g.key()] = len(r.grants)
	r.grants = append(r.grants, g)
}

// report says something about a text of the task definition or service.
func (t *taskGenerator) report(code string, severity source.Severity, file *source.File, at ecs.Text, message, hint string) {
	t.List = append(t.List, source.Finding{Code: code, Severity: severity, File: file, Span: at.Span, Path: at.Path, Message: message, Hint: hint})
}

func (t *taskGenerator) bad(file *source.File, at ecs.Text, what, hint string) {
	t.report("BAD_PARAMETER", source.Error, file, at, fmt.Sprintf("%q is not %s", source.Clip(at.Value, 200), what), hint)
}

// role makes a role out of its grants.
func (t *taskGenerator) role(r *taskRole) *Role {
	role := &Role{Name: t.roleName(r), Path: t.opts.Path, PermissionsBoundary: t.opts.PermissionsBoundary, Trust: t.trust(r.kind)}
	if role.Path == "" {
		role.Path = "/"
	}
	role.Grants = absorb(r.grants, nil)
	if len(role.Grants) > 0 {
		role.Policies = []Policy{newPolicy(cut(plainName(t.td.Family), maxPolicyName-len(r.kind))+taskRoleSuffix[r.kind], role.Grants)}
	}
	for _, name := range r.managed {
		p, err := managed.Default().Policy(name)
		if err != nil {
			t.report("ROLE_INCOMPLETE", source.Error, nil, ecs.Text{}, err.Error(), "this is a mistake in Writ: please report it")
			continue
		}
		role.ManagedPolicies = append(role.ManagedPolicies, p.ARN(t.opts.partition()))
	}
	g := generator{}
	g.sizes(role)
	t.List = append(t.List, g.findings...)
	return role
}

var taskRoleOrder = []TaskRoleKind{ExecutionRole, TaskRole, InfrastructureRole, HookRole, CodeDeployRole, EventsRole}

// taskRoleSuffix is what the names of roles and policies end with.
var taskRoleSuffix = map[TaskRoleKind]string{
	ExecutionRole: "Execution", TaskRole: "Task", InfrastructureRole: "Infrastructure", HookRole: "Hook", CodeDeployRole: "CodeDeploy", EventsRole: "Events",
}

// roleName is the name that the definition has for the role, else one made from
// the family.
func (t *taskGenerator) roleName(r *taskRole) string {
	if r.name != "" && (r.kind != TaskRole || t.td.TaskRole != t.td.ExecutionRole) {
		return r.name[strings.LastIndexByte(r.name, '/')+1:]
	}
	suffix := taskRoleSuffix[r.kind] + "Role"
	return cut(plainName(t.td.Family), maxRoleName-len(suffix)) + suffix
}

func (t *taskGenerator) trust(kind TaskRoleKind) *policy.Document {
	r, err := managed.FindTrustRole(kind.trustedAs())
	if err != nil {
		t.report("ROLE_INCOMPLETE", source.Error, nil, ecs.Text{}, err.Error(), "this is a mistake in Writ: please report it")
		return &policy.Document{Version: policy.Version2012}
	}
	at := managed.Place{Partition: t.opts.partition(), Region: t.opts.Region, Account: t.opts.Account}
	if t.opts.Trust == TrustPlain {
		at.Account = ""
	}
	doc, guarded := r.Trust(at)
	if r.SourceARN != "" && !guarded && t.opts.Trust != TrustPlain {
		t.open = true
	}
	return doc
}

// verify decides every grant against the role that was made of it.
func (t *taskGenerator) verify(roles []TaskRoleFor) {
	for i, r := range t.roles {
		g := generator{grants: r.grants}
		g.verify(roles[i].Role)
		t.List = append(t.List, g.findings...)
	}
}
