package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/source"
)

// TaskRoleKinds are the kinds of roles that GenerateTask knows, as a new slice.
func TaskRoleKinds() []TaskRoleKind { return slices.Clone(taskRoleOrder) }

// KindOfTaskRole says which of a task's roles an ARN or name is: what the task
// definition calls so, else the execution role.
func KindOfTaskRole(td *ecs.TaskDefinition, role string) TaskRoleKind {
	name := func(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
	if role != "" && name(role) == name(td.TaskRole) && name(role) != name(td.ExecutionRole) {
		return TaskRole
	}
	return ExecutionRole
}

// AuditTaskRole holds one of the roles of a task definition, and of a service
// (which may be nil), against what they need. What containers call is not known,
// so nothing in a task role is called excess. The audit is nil when the task
// definition, the role or the options have errors.
func AuditTaskRole(td *ecs.TaskDefinition, svc *ecs.Service, kind TaskRoleKind, held Held, opts Options, more TaskOptions) (*Audit, source.List) {
	if findings := opts.fromRole(&held); findings.HasErrors() {
		return nil, findings
	}
	more.Scheduled = more.Scheduled || kind == EventsRole
	made, findings := GenerateTask(td, svc, opts, more)
	if findings.HasErrors() {
		return nil, findings
	}
	a := &auditor{machine: &asl.StateMachine{File: td.File}, held: &held, opts: opts, states: map[string]*asl.State{}, entries: map[string]int{}}
	a.findings = slices.DeleteFunc(findings, func(f source.Finding) bool { return f.Code == "TASK_CALLS_UNKNOWN" })
	at := slices.IndexFunc(made, func(r TaskRoleFor) bool { return r.Kind == kind })
	if at >= 0 {
		a.needs = made[at].Grants
	}
	if !a.compile() {
		return nil, a.findings.Sorted()
	}
	a.dropAlternatives()
	a.unread()
	a.calls()
	for _, list := range [][]AuditEntry{a.audit.Missing, a.audit.Undecided} {
		for i := range list {
			a.aboutContainer(td, &list[i])
		}
	}
	if at >= 0 {
		a.attached(made[at].ManagedPolicies)
	}
	a.taskTrust(kind)
	a.passRoles()
	if kind != TaskRole && (at < 0 || len(made[at].ManagedPolicies) == 0) {
		a.excess(opts)
	}
	a.paths()
	return &a.audit, a.findings.Sorted()
}

// aboutContainer tells of a need in the words of task definitions. Without its
// permissions a task does not start, those for logs included.
func (a *auditor) aboutContainer(td *ecs.TaskDefinition, e *AuditEntry) {
	if e.Service == "" {
		return
	}
	who := "the task"
	if len(e.States) > 0 {
		who = "container " + some(quoted(e.States))
	}
	switch e.Code {
	case "MISSING_PERMISSION", "DENIED_PERMISSION":
		verb := "does not allow"
		if e.Code == "DENIED_PERMISSION" {
			verb = "denies"
		}
		e.Severity = source.Error
		e.Why = fmt.Sprintf("%s lacks what %s needs: the role %s %s on %s", who, e.Service, verb, some(e.Actions), e.Resources[0])
	case "PERMISSION_UNDECIDED":
		e.Why = strings.Replace(e.Why, stateWords(e.States)+" may", "the role allows "+who+" to", 1)
	}
	for i := range td.Containers {
		if c := &td.Containers[i]; len(e.States) > 0 && c.Name == e.States[0] {
			e.File, e.Span, e.Path = td.File, c.Span, c.Path
			return
		}
	}
}

// attached reports managed policies that AWS has made for the role and the role
// lacks. Whether other policies of its own allow the same is not known without
// their text.
func (a *auditor) attached(policies []string) {
	for _, want := range policies {
		name := want[strings.LastIndexByte(want, '/')+1:]
		has := func(text string) bool { return text[strings.LastIndexByte(text, '/')+1:] == name }
		if slices.ContainsFunc(a.held.Policies, func(p authz.Policy) bool { return has(p.Name) }) || slices.ContainsFunc(a.held.Unread, func(u Unread) bool { return has(u.Name) }) {
			continue
		}
		add(&a.audit.Undecided, AuditEntry{Code: "POLICY_NOT_GIVEN", Severity: source.Warning,
			Why: fmt.Sprintf("%s is not among the policies of the role, and Writ does not know its text to compare with", name), Hint: "attach " + want})
	}
}

// taskTrust asks whether the service may assume the role for this account, and
// whether it may for others.
func (a *auditor) taskTrust(kind TaskRoleKind) {
	name := kind.trustedAs()
	role, err := managed.FindTrustRole(name)
	if err != nil || a.held.Trust == nil {
		a.findings = append(a.findings, source.Finding{Code: "TRUST_NOT_GIVEN", Severity: source.Suggestion,
			Message: "who may assume the role is not known: its trust policy was not given", Hint: "give it with another --role FILE"})
		return
	}
	engine, _ := authz.Compile(authz.Set{Resource: a.held.Trust})
	values := conditionValues{}
	values.collect(*a.held.Trust)
	ask := func(account string) verdict {
		base := authz.Request{Principal: role.ServiceIn(a.opts.partition()), Action: "sts:AssumeRole", UnknownRest: true}
		var conditions []Condition
		if role.SourceARN != "" {
			from := managed.Place{Partition: a.opts.partition(), Region: a.opts.Region, Account: account}.Fill(role.SourceARN)
			conditions = []Condition{{"ArnLike", "aws:SourceArn", []string{from}}, {"StringLike", "aws:SourceAccount", []string{account}}}
		}
		return questionsOn(base, a.principal, conditions, values).ask(engine)
	}
	e := AuditEntry{Actions: []string{"sts:AssumeRole"}, Resources: []string{a.principal}}
	switch v := ask(orStar(a.opts.Account)); v.result {
	case authz.Allowed:
	case authz.Undecided:
		e.Code, e.Severity = "TRUST_UNDECIDED", source.Warning
		e.Why, e.Hint = fmt.Sprintf("whether %s may assume the role is not decided", role.Service), "say where the task runs: --account, --region"
		add(&a.audit.Undecided, a.atTrust(e, 0))
	default:
		e.Code, e.Severity = "TRUST_MISSING", source.Error
		e.Why, e.Hint = fmt.Sprintf("the trust policy does not let %s assume the role", role.Service), "let the service assume the role, under the conditions that writ managed trust "+name+" prints"
		add(&a.audit.Missing, a.atTrust(e, 0))
	}
	if v := ask(a.foreign); role.SourceARN != "" && arn.ValidAccount(a.foreign) && v.result == authz.Allowed {
		e.Code, e.Severity = "TRUST_WITHOUT_SOURCE_GUARD", source.SecurityWarning
		e.Why = fmt.Sprintf("the trust policy lets %s assume the role on behalf of any account", role.Service)
		e.Hint = "add conditions: ArnLike aws:SourceArn and StringEquals aws:SourceAccount, as writ managed trust " + name + " prints them"
		add(&a.audit.Risks, a.atTrust(e, deciding(engine.Decide(v.asked))))
	}
}
