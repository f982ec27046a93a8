package roles

import (
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// heldTaskRole is a generated role as its account has it.
func heldTaskRole(r TaskRoleFor) Held {
	held := Held{ARN: "arn:aws:iam::123456789012:role/" + r.Name, Trust: &authz.Policy{Name: "trust", Document: r.Trust}}
	for _, p := range r.Policies {
		held.Policies = append(held.Policies, authz.Policy{Name: p.Name, Document: p.Document})
	}
	for _, arn := range r.ManagedPolicies {
		held.Unread = append(held.Unread, Unread{Kind: authz.Identity, Name: arn})
	}
	return held
}

// A generated role lacks nothing and has nothing too much; without any of its
// statements it lacks something.
func TestGeneratedTaskRolesAuditClean(t *testing.T) {
	audited, cut := 0, 0
	forTaskArchives(t, func(t *testing.T, path string, _ *txtar.Archive, cases []*taskCase) {
		for _, c := range cases {
			if strings.HasPrefix(c.opts.Region, "cn-") || strings.HasPrefix(c.opts.Region, "us-gov-") || c.opts.Trust == TrustPlain || c.opts.Account == "" {
				continue // the role would have another ARN, or is not guarded
			}
			made, _ := c.generate()
			for _, r := range made {
				audited++
				held := heldTaskRole(r)
				audit, findings := AuditTaskRole(&c.td, c.svc, r.Kind, held, c.opts, c.more)
				if audit == nil {
					t.Errorf("%s %s: %v", c.name, r.Kind, findings)
					continue
				}
				sameKind := len(slices.DeleteFunc(slices.Clone(made), func(o TaskRoleFor) bool { return o.Kind != r.Kind })) > 1
				if n := len(audit.Missing) + len(audit.Excess) + len(audit.Risks); n > 0 && !sameKind {
					t.Errorf("%s %s: %+v", c.name, r.Kind, audit.Findings())
				}
				if len(r.ManagedPolicies) == 0 {
					cut += cutTaskRole(t, c, r, held)
				}
			}
		}
	})
	if audited < 80 || cut < 80 {
		t.Errorf("%d roles were audited, %d without a statement", audited, cut)
	}
}

// cutTaskRole audits a role without each of its statements.
func cutTaskRole(t *testing.T, c *taskCase, r TaskRoleFor, held Held) (n int) {
	t.Helper()
	for i, p := range held.Policies {
		for j := range p.Document.Statements {
			rest := *p.Document
			rest.Statements = slices.Delete(slices.Clone(rest.Statements), j, j+1)
			less := held
			less.Policies = slices.Clone(held.Policies)
			less.Policies[i] = authz.Policy{Name: p.Name}
			if less.Policies[i].Document = &rest; len(rest.Statements) == 0 {
				less.Policies = slices.Delete(less.Policies, i, i+1)
			}
			audit, findings := AuditTaskRole(&c.td, c.svc, r.Kind, less, c.opts, c.more)
			if audit == nil || len(audit.Missing) == 0 || audit.Missing[0].Severity != source.Error {
				t.Errorf("%s %s without statement %d: %v", c.name, r.Kind, j, findings)
			}
			n++
		}
	}
	return n
}

func TestAuditTaskRole(t *testing.T) {
	td, findings := ecs.ParseTaskDefinition(source.NewFile("td.json", `{"family": "web", "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "exec", "taskRoleArn": "task",
		"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "A", "valueFrom": "/a"}]}]}`))
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	doc := func(text string) *policy.Document {
		d, findings := policy.ParseString("role.json", `{"Version": "2012-10-17", "Statement": [`+text+`]}`)
		if findings.HasErrors() {
			t.Fatal(findings)
		}
		return d
	}
	const (
		good  = `{"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:eu-west-1:123456789012:parameter/a"}`
		trust = `{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}`
		open  = `{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}`
		other = `{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}`
	)
	for _, c := range []struct {
		name, policy, trust string
		kind                TaskRoleKind
		want                []string
	}{
		{"good", good, trust, ExecutionRole, nil},
		{"missing", `{"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:eu-west-1:123456789012:parameter/b"}`, trust, ExecutionRole, []string{"MISSING_PERMISSION", "EXCESS_ACTION"}},
		{"denied", good + `, {"Effect": "Deny", "Action": "ssm:*", "Resource": "*"}`, trust, ExecutionRole, []string{"DENIED_PERMISSION"}},
		{"excess", good + `, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`, trust, ExecutionRole, []string{"EXCESS_ACTION"}},
		{"a task role has its own", `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`, trust, TaskRole, nil},
		{"open trust", good, open, ExecutionRole, []string{"TRUST_WITHOUT_SOURCE_GUARD"}},
		{"other trust", good, other, ExecutionRole, []string{"TRUST_MISSING"}},
	} {
		held := Held{ARN: "arn:aws:iam::123456789012:role/exec", Policies: []authz.Policy{{Name: "p", Document: doc(c.policy)}}, Trust: &authz.Policy{Name: "trust", Document: doc(c.trust)}}
		audit, findings := AuditTaskRole(&td, nil, c.kind, held, Options{Region: "eu-west-1"}, TaskOptions{})
		if audit == nil {
			t.Fatalf("%s: %v", c.name, findings)
		}
		var codes []string
		for _, f := range audit.Findings() {
			codes = append(codes, f.Code)
		}
		if !slices.Equal(codes, c.want) {
			t.Errorf("%s: %v", c.name, audit.Findings())
		}
	}
	for role, want := range map[string]TaskRoleKind{"": ExecutionRole, "arn:aws:iam::123456789012:role/task": TaskRole, "arn:aws:iam::123456789012:role/exec": ExecutionRole} {
		if got := KindOfTaskRole(&td, role); got != want {
			t.Errorf("%q is %s", role, got)
		}
	}
	held := Held{ARN: "arn:aws:iam::210987654321:role/exec"}
	if audit, findings := AuditTaskRole(&td, nil, ExecutionRole, held, Options{Account: "123456789012"}, TaskOptions{}); audit != nil || !findings.HasErrors() {
		t.Errorf("a role of another account: %v", findings)
	}
}

// A role may spell a resource in any of the ways that the generated role has
// together.
func TestAuditTaskRoleTakesSpellings(t *testing.T) {
	td, findings := ecs.ParseTaskDefinition(source.NewFile("td.json", `{"family": "web", "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "exec", "containerDefinitions": [{"name": "app", "image": "nginx",
		"secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-master"}],
		"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "ecs", "awslogs-create-group": "true"}}}]}`))
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	const group = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/web"
	for _, c := range []struct {
		name, secret, group string
		missing             int
	}{
		{"with what AWS adds", "db-master-??????", group + ":*", 0},
		{"a word that AWS added", "db-master", group, 0},
		{"another secret", "db-slaves", group, 2},
		{"another group", "db-master*", group + "2", 2},
	} {
		doc, findings := policy.ParseString("role.json", `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:`+c.secret+`"},
			{"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "`+c.group+`"},
			{"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "`+group+`:log-stream:ecs/app/*"}]}`)
		if findings.HasErrors() {
			t.Fatal(findings)
		}
		audit, _ := AuditTaskRole(&td, nil, ExecutionRole, Held{Policies: []authz.Policy{{Name: "p", Document: doc}}}, Options{Region: "eu-west-1", Account: "123456789012"}, TaskOptions{})
		if audit == nil || len(audit.Missing) != c.missing {
			t.Errorf("%s: %+v", c.name, audit)
		}
	}
}
