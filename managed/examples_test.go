package managed

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
)

const anID = "0123456789abcdef0123456789abcdef"

// values are good ones for every parameter.
func values() map[string]string {
	return map[string]string{"region": "eu-west-1", "account": "123456789012", "cluster": "prod", "family": "web", "instance": anID, "task": anID}
}

func example(t *testing.T, name string, form Form, values map[string]string) *policy.Document {
	t.Helper()
	x, err := FindExample(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := x.Policy(form, values)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return doc
}

// The raw forms are what the guide prints: nine topics with thirteen policies.
func TestRawFormsAreThoseOfTheGuide(t *testing.T) {
	sections := guideSections(t, "Amazon ECS IAM Policy Examples")
	var want, got [][]any
	topics := map[string]bool{}
	for _, x := range Examples() {
		if !topics[x.Topic] {
			topics[x.Topic] = true
			for _, text := range guidePolicies(t, sections[x.Topic]) {
				want = append(want, statementsOf(t, text))
			}
		}
		got = append(got, statementsOf(t, example(t, x.Name, Raw, nil).String()))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-guide +here)\n%s", diff)
	}
	if len(topics) != 9 || len(sections) != 9 || len(got) != 13 {
		t.Errorf("%d of %d topics, %d policies", len(topics), len(sections), len(got))
	}
}

// The raw forms are those of the cases about checking, too.
func TestRawFormsAreThoseOfTheCases(t *testing.T) {
	text, err := os.ReadFile("../../shared/cases/check.jsonl")
	if err != nil {
		t.Skip("the cases are not here")
	}
	found := 0
	for line := range strings.Lines(string(text)) {
		var c struct {
			Name   string
			Policy json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil || !strings.HasPrefix(c.Name, "seed-003-") {
			continue
		}
		found++
		ok := false
		for _, x := range Examples() {
			ok = ok || cmp.Equal(statementsOf(t, string(c.Policy)), statementsOf(t, example(t, x.Name, Raw, nil).String()))
		}
		if !ok {
			t.Errorf("%s is no example", c.Name)
		}
	}
	if found == 0 {
		t.Error("no case is about the examples")
	}
}

// Corrected forms leave nothing open, name actions that exist, and resources
// and conditions that their actions have.
func TestCorrectedForms(t *testing.T) {
	for _, x := range Examples() {
		doc := example(t, x.Name, Corrected, values())
		text := doc.String()
		if findings := policy.Validate(doc); len(findings) > 0 || strings.ContainsAny(text, "<>") || strings.Contains(text, "{p") || strings.Contains(text, "-path}") {
			t.Errorf("%s: %v\n%s", x.Name, findings, text)
		}
		for i := range doc.Statements {
			checkStatement(t, x.Name, &doc.Statements[i])
		}
	}
}

func checkStatement(t *testing.T, name string, s *policy.Statement) {
	t.Helper()
	for _, entry := range s.Action.Texts() {
		found, err := catalog.Default().Expand(entry)
		if err != nil || len(found) == 0 {
			t.Errorf("%s: %s is no action", name, entry)
		}
		if strings.Contains(entry, "*") {
			continue
		}
		service, _ := catalog.Default().Service(found[0].Service)
		if s.Condition != nil {
			for _, block := range s.Condition.Blocks {
				for _, k := range block.Keys {
					if strings.HasPrefix(k.Name, "ecs:") && !hasKey(service, found[0], k.Name) {
						t.Errorf("%s: %s has no key %s", name, entry, k.Name)
					}
				}
			}
		}
		for _, r := range s.Resource.Texts() {
			if r == "*" || strings.HasPrefix(entry, "iam:") || strings.HasPrefix(entry, "ssm:") {
				continue
			}
			matches, err := catalog.Default().MatchARN(strings.ReplaceAll(strings.ReplaceAll(r, ":*", ":7"), "*", "x"))
			ok := false
			for _, m := range matches {
				for _, typ := range found[0].Types {
					ok = ok || typ.Name == m.Type.Name && !m.Old
				}
			}
			if err != nil || !ok {
				t.Errorf("%s: %s cannot be granted on %s", name, entry, r)
			}
		}
	}
}

func hasKey(s *catalog.Service, a *catalog.Action, key string) bool {
	for _, k := range s.KeysOf(a) {
		if k == key {
			return true
		}
	}
	return false
}

// What an example is for, its corrected form allows, and its neighbours not.
func TestCorrectedFormsDecide(t *testing.T) {
	const ecs = "arn:aws:ecs:eu-west-1:123456789012:"
	on := func(cluster string) authz.Context {
		return authz.Context{{Key: "ecs:cluster", Values: []string{ecs + "cluster/" + cluster}}}
	}
	const iamRole = "arn:aws:iam::123456789012:role/"
	running := func(family string) authz.Context {
		return authz.Context{{Key: "ecs:task-definition", Values: []string{ecs + "task-definition/" + family + ":1"}}}
	}
	passedTo := func(service string) authz.Context {
		return authz.Context{{Key: "iam:PassedToService", Values: []string{service}}}
	}
	for _, c := range []struct {
		example, action, resource string
		context                   authz.Context
		allowed                   bool
	}{
		{"create-clusters", "ecs:CreateCluster", ecs + "cluster/prod", nil, true},
		{"create-clusters", "ecs:CreateCluster", ecs + "cluster/test", nil, false},
		{"create-clusters", "ecs:ListClusters", "*", nil, true},
		{"describe-clusters", "ecs:DescribeClusters", ecs + "cluster/prod", nil, true},
		{"describe-clusters", "ecs:DeleteCluster", ecs + "cluster/test", nil, false},
		{"one-cluster", "ecs:RunTask", ecs + "task-definition/web:1", on("prod"), true},
		{"one-cluster", "ecs:RunTask", ecs + "task-definition/web:1", on("test"), false},
		{"list-instances", "ecs:ListContainerInstances", ecs + "cluster/prod", nil, true},
		{"describe-instances", "ecs:DescribeContainerInstances", ecs + "container-instance/prod/" + anID, on("prod"), true},
		{"describe-instances", "ecs:DescribeContainerInstances", ecs + "container-instance/test/" + anID, on("prod"), false},
		{"task-definitions", "ecs:RegisterTaskDefinition", ecs + "task-definition/web:8", nil, true},
		{"task-definitions", "ecs:DescribeTaskDefinition", "*", nil, true},
		{"run-tasks", "ecs:RunTask", ecs + "task-definition/web:8", on("prod"), true},
		{"run-tasks", "ecs:RunTask", ecs + "task-definition/api:8", on("prod"), false},
		{"start-tasks", "ecs:StartTask", ecs + "task-definition/web:8", append(on("prod"), authz.Entry{Key: "ecs:container-instances", Values: []string{ecs + "container-instance/prod/" + anID}}), true},
		{"start-tasks", "ecs:StartTask", ecs + "task-definition/web:8", on("prod"), false},
		{"list-tasks", "ecs:ListTasks", "*", on("prod"), true},
		{"list-tasks", "ecs:ListTasks", "*", on("test"), false},
		{"describe-tasks", "ecs:DescribeTasks", ecs + "task/prod/" + anID, on("prod"), true},
		{"create-services", "ecs:CreateService", ecs + "service/prod/web", nil, true},
		{"create-services", "iam:AttachRolePolicy", "arn:aws:iam::123456789012:role/any", nil, false},
		{"update-services", "ecs:UpdateService", ecs + "service/prod/web", nil, true},
		{"update-services", "ecs:UpdateService", ecs + "service/test/web", nil, false},
		{"first-run", "ecr:PutImage", "arn:aws:ecr:eu-west-1:123456789012:repository/web", nil, true},
		{"first-run", "codedeploy:CreateDeployment", "*", nil, true},
		{"first-run", "ecs:CreateCluster", ecs + "cluster/prod", nil, true},
		{"first-run", "ecs:CreateCluster", ecs + "cluster/test", nil, false},
		{"first-run", "ecs:RegisterTaskDefinition", ecs + "task-definition/web:1", nil, true},
		{"first-run", "ecs:CreateService", ecs + "service/prod/web", running("web"), true},
		{"first-run", "ecs:CreateService", ecs + "service/prod/web", running("api"), false},
		{"first-run", "ecs:CreateService", ecs + "service/test/web", running("web"), false},
		{"first-run", "ecs:TagResource", ecs + "service/prod/web", authz.Context{{Key: "ecs:CreateAction", Values: []string{"CreateService"}}}, true},
		{"first-run", "ecs:TagResource", ecs + "service/prod/web", nil, false},
		{"first-run", "ecs:ExecuteCommand", ecs + "task/prod/" + anID, on("prod"), false},
		{"first-run", "ecs:RunTask", ecs + "task-definition/web:1", on("prod"), false},
		{"first-run", "iam:PassRole", iamRole + "ecsTaskExecutionRole", passedTo("ecs-tasks.amazonaws.com"), true},
		{"first-run", "iam:PassRole", iamRole + "ecsTaskExecutionRoleOfAdmins", passedTo("ecs-tasks.amazonaws.com"), false},
		{"first-run", "iam:PassRole", iamRole + "ecsTaskExecutionRole", passedTo("lambda.amazonaws.com"), false},
		{"first-run", "iam:PassRole", iamRole + "ecsInstanceRole", passedTo("ec2.amazonaws.com"), false},
		{"first-run", "ec2:RunInstances", "arn:aws:ec2:eu-west-1:123456789012:instance/*", nil, false},
	} {
		engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{{Document: example(t, c.example, Corrected, values())}}})
		if findings.HasErrors() {
			t.Fatal(findings)
		}
		d := engine.Decide(authz.Request{Principal: "arn:aws:iam::123456789012:user/me", Action: c.action, Resource: c.resource, Context: c.context})
		if (d.Result == authz.Allowed) != c.allowed {
			t.Errorf("%s: %s on %s is %v", c.example, c.action, c.resource, d.Result)
		}
	}
}

// The corrected first run has all of AmazonECS_FullAccess but what is for
// instances and roles that the wizard does not use, and names what of ECS it
// does; it fits into one managed policy.
func TestFirstRunIsWhole(t *testing.T) {
	doc := example(t, "first-run", Corrected, values())
	have := actions(doc)
	left := []string{"ecs", "capacity", "instance-roles", "scaling-roles", "infrastructure-roles"}
	p := find(t, "AmazonECS_FullAccess")
	for _, perm := range p.Permissions(p.Newest()) {
		out := !slices.ContainsFunc(perm.Features, func(f string) bool { return !slices.Contains(left, f) })
		if !out && !slices.Contains(have, perm.Entry) {
			t.Errorf("%s of %s is missing", perm.Entry, p.Newest().ID)
		}
		if out && slices.Contains(have, perm.Entry) && perm.Entry != "iam:PassRole" {
			t.Errorf("%s for %v is granted", perm.Entry, perm.Features)
		}
	}
	for _, v := range p.Since(p.Newest()) {
		for _, c := range v.Changes {
			if !slices.Contains(have, c.Action) {
				t.Errorf("%s of %s is missing", c.Action, v.ID)
			}
		}
	}
	const quota = 6144 // characters of a managed policy
	if size := policy.Size(doc); size > quota-250 {
		t.Errorf("%d characters leave little room for longer names", size)
	}
}

func TestParameters(t *testing.T) {
	with := func(name, value string) map[string]string {
		v := values()
		v[name] = value
		return v
	}
	for _, c := range []struct {
		example string
		form    Form
		values  map[string]string
		wrong   string // the parameter that the error names
	}{
		{"run-tasks", Corrected, with("cluster", ""), "cluster"},
		{"run-tasks", Corrected, with("family", ""), ""},
		{"run-tasks", Corrected, with("task", ""), ""},
		{"run-tasks", Corrected, with("account", "1234"), "account"},
		{"run-tasks", Corrected, with("account", "*"), "account"},
		{"run-tasks", Corrected, with("region", "*"), "region"},
		{"run-tasks", Corrected, with("region", "<region>"), "region"},
		{"run-tasks", Corrected, with("cluster", `x","Effect":"Deny`), "cluster"},
		{"run-tasks", Corrected, with("cluster", "a/b"), "cluster"},
		{"run-tasks", Corrected, with("cluster", strings.Repeat("a", 256)), "cluster"},
		{"run-tasks", Corrected, with("cluster", "*"), ""},
		{"run-tasks", Corrected, with("family", "*"), ""},
		{"describe-tasks", Corrected, with("task", "7"), "task"},
		{"describe-tasks", Documented, with("task", "*"), ""},
		{"describe-instances", Corrected, with("instance", "01234567-89ab-cdef-0123-456789abcdef"), ""},
		{"describe-instances", Corrected, with("instance", "0123456789abcdef-0123-456789abcdef---"), "instance"},
		{"describe-instances", Documented, with("instance", ""), ""},
		{"describe-instances", Documented, with("cluster", ""), "cluster"},
		{"describe-instances", Raw, nil, ""},
		{"create-services", Documented, nil, ""},
		{"create-services", Corrected, nil, "region"},
	} {
		x, _ := FindExample(c.example)
		doc, err := x.Policy(c.form, c.values)
		var wrong *ParameterError
		if errors.As(err, &wrong); (wrong == nil) != (c.wrong == "") || wrong != nil && (wrong.Parameter.Name != c.wrong || !strings.Contains(err.Error(), wrong.Parameter.Format)) {
			t.Errorf("%s %v: %v, %v", c.example, c.values, doc, err)
		}
	}
	// Ids of old stand in ARNs without their cluster.
	for id, path := range map[string]string{anID: "prod/" + anID, "*": "prod/*", "01234567-89ab-cdef-0123-456789abcdef": "01234567-89ab-cdef-0123-456789abcdef"} {
		if doc := example(t, "describe-tasks", Corrected, with("task", id)); !strings.Contains(doc.String(), `:task/`+path+`"`) {
			t.Errorf("task %s: %s", id, doc)
		}
	}
	if doc := example(t, "run-tasks", Corrected, with("family", "")); !strings.Contains(doc.String(), `:task-definition/*:*"`) {
		t.Errorf("no family: %s", doc)
	}
	if doc := example(t, "run-tasks", Corrected, with("region", "cn-north-1")); !strings.Contains(doc.String(), "arn:aws-cn:ecs:cn-north-1:") {
		t.Errorf("%s", doc)
	}
}
