package managed

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
)

func find(t *testing.T, name string) *Policy {
	t.Helper()
	p, err := Default().Policy(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// documented are the policies whose text is part of the program, with the
// version that the guide prints.
var documented = map[string]string{
	"AmazonECS_FullAccess":                   "v16",
	"AmazonEC2ContainerServiceFullAccess":    "v4",
	"AmazonEC2ContainerServiceforEC2Role":    "v6",
	"AmazonECSTaskExecutionRolePolicy":       "v1",
	"AmazonEC2ContainerServiceRole":          "v2",
	"AmazonEC2ContainerServiceAutoscaleRole": "v2",
	"AmazonEC2ContainerServiceTaskRole":      "",
	"AmazonEC2ContainerServiceEventsRole":    "v2",
}

// The texts are those that the guide prints, statement by statement.
func TestTextsAreThoseOfTheGuide(t *testing.T) {
	sections := guideSections(t, "Amazon ECS Managed Policies and Trust Relationships")
	for name, version := range documented {
		p := find(t, name)
		v, err := p.Version(version)
		if err != nil || v.DeltaOnly() {
			t.Fatalf("%s %s: %v", name, version, err)
		}
		want := guidePolicies(t, sections[name])
		if len(want) != 1 {
			t.Fatalf("the guide has %d policies under %s", len(want), name)
		}
		if diff := cmp.Diff(statementsOf(t, want[0]), statementsOf(t, v.Document.String())); diff != "" {
			t.Errorf("%s %s (-guide +here):\n%s", name, version, diff)
		}
	}
	if len(sections) != len(documented) {
		t.Errorf("the guide has %d policies, %d are held against it", len(sections), len(documented))
	}
}

// guideSections returns the sections of the document of a title, without the
// escapes of its headings.
func guideSections(t *testing.T, title string) map[string]string {
	t.Helper()
	files, _ := filepath.Glob("../../shared/seeds/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(text), "# "+title) {
			continue
		}
		sections := map[string]string{}
		for _, s := range strings.Split(string(text), "\n## ")[1:] {
			name, _, _ := strings.Cut(s, "<a ")
			sections[strings.ReplaceAll(name, `\`, "")] = s
		}
		return sections
	}
	t.Skip("the documents are not here")
	return nil
}

// guidePolicies returns the policies in a section.
func guidePolicies(t *testing.T, section string) []string {
	t.Helper()
	var out []string
	for _, block := range regexp.MustCompile("(?ms)^```\\n(.*?)^```").FindAllStringSubmatch(section, -1) {
		if strings.HasPrefix(strings.TrimSpace(block[1]), "{") {
			out = append(out, block[1])
		}
	}
	return out
}

func statementsOf(t *testing.T, text string) []any {
	t.Helper()
	var doc struct {
		Version   string
		Statement []any
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return append([]any{doc.Version}, doc.Statement...)
}

// What a policy is documented to do, it does.
func TestPoliciesDecideAsDocumented(t *testing.T) {
	const me = "arn:aws:iam::123456789012:role/me"
	pass := func(service string) authz.Context {
		return authz.Context{{Key: "iam:PassedToService", Values: []string{service}}}
	}
	for _, c := range []struct {
		name, action, resource string
		context                authz.Context
		want                   authz.Result
	}{
		{"AmazonECS_FullAccess", "ecs:CreateCluster", "*", nil, authz.Allowed},
		{"AmazonECS_FullAccess", "ec2:DeleteRoute", "*", nil, authz.ImplicitlyDenied},
		{"AmazonECS_FullAccess", "ec2:DeleteRoute", "*", authz.Context{{Key: "ec2:ResourceTag/aws:cloudformation:stack-name", Values: []string{"EC2ContainerService-web"}}}, authz.Allowed},
		{"AmazonECS_FullAccess", "iam:PassRole", "arn:aws:iam::123456789012:role/any", pass("ecs-tasks.amazonaws.com"), authz.Allowed},
		{"AmazonECS_FullAccess", "iam:PassRole", "arn:aws:iam::123456789012:role/any", pass("ec2.amazonaws.com"), authz.ImplicitlyDenied},
		{"AmazonECS_FullAccess", "iam:PassRole", "arn:aws:iam::123456789012:role/ecsInstanceRole", pass("ec2.amazonaws.com"), authz.Allowed},
		{"AmazonECS_FullAccess", "ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/db", nil, authz.ImplicitlyDenied},
		{"AmazonECS_FullAccess", "iam:CreateServiceLinkedRole", "*", authz.Context{{Key: "iam:AWSServiceName", Values: []string{"autoscaling.amazonaws.com"}}}, authz.Allowed},
		{"AmazonEC2ContainerServiceFullAccess", "iam:PassRole", "arn:aws:iam::123456789012:role/Admin", pass("lambda.amazonaws.com"), authz.Allowed},
		{"AmazonEC2ContainerServiceforEC2Role", "ecs:SubmitTaskStateChange", "*", nil, authz.Allowed},
		{"AmazonEC2ContainerServiceforEC2Role", "ecs:RunTask", "*", nil, authz.ImplicitlyDenied},
		{"AmazonECSTaskExecutionRolePolicy", "logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/web:log-stream:1", nil, authz.Allowed},
		{"AmazonECSTaskExecutionRolePolicy", "logs:CreateLogGroup", "*", nil, authz.ImplicitlyDenied},
		{"AmazonECSTaskExecutionRolePolicy", "secretsmanager:GetSecretValue", "*", nil, authz.ImplicitlyDenied},
		{"AmazonEC2ContainerServiceRole", "elasticloadbalancing:RegisterTargets", "*", nil, authz.Allowed},
		{"AmazonEC2ContainerServiceAutoscaleRole", "ecs:UpdateService", "*", nil, authz.Allowed},
		{"AmazonEC2ContainerServiceAutoscaleRole", "ecs:DeleteService", "*", nil, authz.ImplicitlyDenied},
		{"AmazonEC2ContainerServiceEventsRole", "ecs:RunTask", "*", nil, authz.Allowed},
		{"AmazonEC2ContainerServiceEventsRole", "iam:PassRole", "arn:aws:iam::123456789012:role/task", pass("states.amazonaws.com"), authz.ImplicitlyDenied},
	} {
		engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{{Name: c.name, Document: find(t, c.name).Newest().Document}}})
		if findings.HasErrors() {
			t.Fatal(findings)
		}
		resource := c.resource
		d := engine.Decide(authz.Request{Principal: me, Action: c.action, Resource: resource, Context: c.context})
		if d.Result == authz.ImplicitlyDenied && c.want == authz.Allowed && strings.HasPrefix(c.action, "iam:PassRole") {
			t.Logf("%v", d.By())
		}
		if d.Result != c.want {
			t.Errorf("%s: %s on %s is %v, want %v", c.name, c.action, c.resource, d.Result, c.want)
		}
	}
}

// Every permission of every text is for some feature, every feature has a
// permission, and every action exists.
func TestEveryPermissionIsDescribed(t *testing.T) {
	for _, p := range Default().Policies() {
		used := map[string]bool{}
		for _, n := range p.needs {
			for _, f := range n.features {
				used[f] = true
			}
			for _, a := range n.actions {
				if found, err := catalog.Default().Expand(a); err != nil || len(found) == 0 {
					t.Errorf("%s: %s matches no action (%v)", p.Name, a, err)
				}
			}
		}
		for _, f := range p.Features {
			if !used[f.Name] {
				t.Errorf("%s: no permission is for %s", p.Name, f.Name)
			}
		}
		for _, v := range p.Versions {
			if p.Status == NoPolicy {
				continue
			}
			for _, c := range v.Changes {
				if _, err := catalog.Default().Action(c.Action); err != nil {
					t.Errorf("%s %s: %v", p.Name, v.ID, err)
				}
			}
			if v.DeltaOnly() {
				continue
			}
			for i := range v.Document.Statements {
				s := &v.Document.Statements[i]
				for _, a := range s.Action.Texts() {
					if len(p.needsOf(a, s)) == 0 {
						t.Errorf("%s %s, statement %d: %s is for nothing", p.Name, v.ID, i, a)
					}
				}
			}
		}
	}
}

func TestPolicyNames(t *testing.T) {
	for _, name := range []string{"AmazonECS_FullAccess", "amazonecs_fullaccess", "arn:aws:iam::aws:policy/AmazonECS_FullAccess", "arn:aws-cn:iam::aws:policy/AmazonECS_FullAccess"} {
		if p, err := Default().Policy(name); err != nil || p.Name != "AmazonECS_FullAccess" {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	for _, c := range []struct{ name, nearest string }{
		{"AmazonECS_FulAccess", "AmazonECS_FullAccess"},
		{"arn:aws:iam::aws:policy/service-role/AmazonECS_FullAccess", "arn:aws:iam::aws:policy/AmazonECS_FullAccess"}, // not its path
		{"arn:aws-cn:iam::aws:policy/amazonecs_fullaccess", "arn:aws-cn:iam::aws:policy/AmazonECS_FullAccess"},
		{"taskrole", "AmazonEC2ContainerServiceTaskRole"},
		{"nothing like it", ""},
	} {
		_, err := Default().Policy(c.name)
		var unknown *UnknownError
		if !errors.As(err, &unknown) || c.nearest != "" && (len(unknown.Nearest) == 0 || unknown.Nearest[0] != c.nearest) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Paths are not to be guessed from names: some of the newer ones have none.
	for name, path := range map[string]string{
		"AmazonECSInfrastructureRolePolicyForVolumes":    "/service-role/",
		"AmazonECSInfrastructureRolePolicyForVpcLattice": "/",
		"AmazonECSServiceRolePolicy":                     "/aws-service-role/",
	} {
		if want := "arn:aws:iam::aws:policy" + path + name; find(t, name).ARN("") != want {
			t.Errorf("%s has the ARN %s", name, find(t, name).ARN(""))
		}
	}
	if arn := find(t, "AmazonEC2ContainerServiceTaskRole").ARN(""); arn != "" {
		t.Errorf("a trust policy has the ARN %s", arn)
	}
}

func TestStatus(t *testing.T) {
	for name, want := range map[string]struct {
		status     Status
		attachable bool
		successor  string
	}{
		"AmazonECS_FullAccess":                   {Live, true, ""},
		"AmazonEC2ContainerServiceFullAccess":    {Gone, false, "AmazonECS_FullAccess"},
		"AmazonEC2ContainerServiceRole":          {Superseded, true, "AWSServiceRoleForECS"},
		"AmazonEC2ContainerServiceAutoscaleRole": {Superseded, true, "AWSServiceRoleForApplicationAutoScaling_ECSService"},
		"AmazonEC2ContainerServiceTaskRole":      {NoPolicy, false, ""},
	} {
		p := find(t, name)
		if p.Status != want.status || p.Status.Attachable() != want.attachable || p.Successor != want.successor {
			t.Errorf("%s: %s, attachable %v, successor %q", name, p.Status, p.Status.Attachable(), p.Successor)
		}
	}
}

// Versions are in order, exactly one is the default, and the texts show what
// the changes say.
func TestVersions(t *testing.T) {
	for _, p := range Default().Policies() {
		defaults := 0
		for i, v := range p.Versions {
			if v.Default {
				defaults++
			}
			if i > 0 && (compareIDs(p.Versions[i-1].ID, v.ID) >= 0 || p.Versions[i-1].Date > v.Date || !v.recorded()) {
				t.Errorf("%s %s is out of order, or says nothing", p.Name, v.ID)
			}
			for _, c := range v.Changes {
				if v.Document != nil && len(entriesFor(v.Document, c.Action)) == 0 {
					t.Errorf("%s %s adds %s and does not have it", p.Name, v.ID, c.Action)
				}
			}
		}
		if defaults != 1 {
			t.Errorf("%s has %d default versions", p.Name, defaults)
		}
	}
	p := find(t, "AmazonECS_FullAccess")
	for _, id := range []string{"v22", "16", "V1"} {
		if v, err := p.Version(id); err == nil {
			t.Errorf("%s is %v", id, v.ID)
		}
	}
	if v, err := p.Version(""); err != nil || v.ID != "v21" || !v.DeltaOnly() || p.Newest().ID != "v16" || len(p.Since(p.Newest())) != 5 {
		t.Errorf("default %v, %v; newest text %s", v, err, p.Newest().ID)
	}
}

func entriesFor(doc *policy.Document, action string) []string {
	var out []string
	for i := range doc.Statements {
		for _, e := range doc.Statements[i].Action.Texts() {
			if policy.MatchAction(e, action) {
				out = append(out, e)
			}
		}
	}
	return out
}

func TestDamagedFacts(t *testing.T) {
	for _, text := range []string{
		"nonsense\tx",
		"feature\ta\tcore\tb",
		"policy\tA\t/\tlive\t-\t-\tx\nstatement\t{}",
		"policy\tA\t/\tlively\t-\t-\tx",
		"policy\tA\t/",
		"policy\tA\t/\tlive\t-\t-\tx\nversion\tv1\t-\tnowhere\t-",
		"policy\tA\t/\tlive\t-\t-\tx\nneed\ta:b\t-\tc\td",
		"source\ts\td\tt\npolicy\tA\t/\tlive\t-\t-\tx\nversion\tv1\t-\ts\t-\nstatement\t{\"Effect\":1}",
	} {
		_, err := decodePolicies(&reader{file: "f", rest: text})
		var data *DataError
		if !errors.As(err, &data) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := decodeRoles(&reader{rest: "row\tx"}); err == nil {
		t.Error("a bad row of roles was read")
	}
}

// Text is that of the default version, and of no other.
func TestText(t *testing.T) {
	for _, tt := range []struct{ arn, name string }{
		{"arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess", "AWSXrayWriteOnlyAccess v2 (2018-08-28)"},
		{"arn:aws-cn:iam::aws:policy/AWSXRayDaemonWriteAccess", "AWSXRayDaemonWriteAccess v2 (2024-02-13)"},
		{"arn:aws:iam::123456789012:policy/AWSXrayWriteOnlyAccess", ""},
		{"arn:aws:iam::aws:policy/service-role/AWSXrayWriteOnlyAccess", ""},
		{"arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers", ""}, // its text is not part of the program
		{"", ""},
	} {
		doc, name := Default().Text(tt.arn)
		if name != tt.name || (doc != nil) != (name != "") {
			t.Errorf("%s: %q", tt.arn, name)
		}
	}
}
