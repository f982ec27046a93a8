package roles

import (
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
)

func ask(can ...string) Ask {
	return Ask{Can: can, Options: Options{Region: "eu-west-1", Account: "123456789012"}, Cluster: "prod", Family: "web"}
}

// What is granted is allowed, and its neighbours are not.
func TestGrantECS(t *testing.T) {
	const (
		ecs  = "arn:aws:ecs:eu-west-1:123456789012:"
		role = "arn:aws:iam::123456789012:role/webTask"
	)
	on := func(cluster string) authz.Context {
		return authz.Context{{Key: "ecs:cluster", Values: []string{ecs + "cluster/" + cluster}}}
	}
	to := func(service string) authz.Context {
		return authz.Context{{Key: "iam:PassedToService", Values: []string{service}}}
	}
	started := func(instance string) authz.Context {
		return append(on("prod"), authz.Entry{Key: "ecs:container-instances", Values: []string{ecs + "container-instance/prod/" + instance}})
	}
	running := func(family string) authz.Context {
		return authz.Context{{Key: "ecs:task-definition", Values: []string{ecs + "task-definition/" + family + ":3"}}}
	}
	const instance = "0123456789abcdef0123456789abcdef"
	onInstance := func(a Ask) Ask { a.Instance, a.NoPassRole = instance, true; return a }
	withRole := func(a Ask) Ask { a.Roles = []string{role}; return a }
	for _, c := range []struct {
		ask              Ask
		action, resource string
		context          authz.Context
		allowed          bool
	}{
		{withRole(ask("run-tasks")), "ecs:RunTask", ecs + "task-definition/web:3", on("prod"), true},
		{withRole(ask("run-tasks")), "ecs:RunTask", ecs + "task-definition/web:3", on("test"), false},
		{withRole(ask("run-tasks")), "ecs:RunTask", ecs + "task-definition/web:3", nil, false},
		{withRole(ask("run-tasks")), "ecs:RunTask", ecs + "task-definition/api:3", on("prod"), false},
		{withRole(ask("run-tasks")), "iam:PassRole", role, to("ecs-tasks.amazonaws.com"), true},
		{withRole(ask("run-tasks")), "iam:PassRole", role, to("ec2.amazonaws.com"), false},
		{withRole(ask("run-tasks")), "iam:PassRole", role + "2", to("ecs-tasks.amazonaws.com"), false},
		{withRole(ask("stop-tasks")), "iam:PassRole", role, to("ecs-tasks.amazonaws.com"), false},
		{onInstance(ask("start-tasks")), "ecs:StartTask", ecs + "task-definition/web:3", started(instance), true},
		{onInstance(ask("start-tasks")), "ecs:StartTask", ecs + "task-definition/web:3", started("f" + instance[1:]), false},
		{onInstance(ask("start-tasks")), "ecs:StartTask", ecs + "task-definition/web:3", on("prod"), false},
		{onInstance(ask("run-tasks")), "ecs:RunTask", ecs + "task-definition/web:3", on("prod"), true},
		{ask("stop-tasks"), "ecs:StopTask", ecs + "task/prod/1a2b", nil, true},
		{ask("stop-tasks"), "ecs:StopTask", ecs + "task/test/1a2b", nil, false},
		{ask("describe"), "ecs:DescribeTasks", ecs + "task/prod/1a2b", nil, true},
		{ask("describe"), "ecs:DescribeTaskDefinition", "*", nil, true},
		{ask("describe"), "ecs:DescribeClusters", ecs + "cluster/test", nil, false},
		{ask("describe"), "ecs:GetTaskProtection", ecs + "task/prod/1a2b", nil, true},
		{ask("describe"), "ecs:ListTasks", "*", on("prod"), false},
		{ask("list"), "ecs:ListTasks", "*", on("prod"), true},
		{ask("list"), "ecs:ListTasks", "*", on("test"), false},
		{ask("list"), "ecs:ListServices", "*", on("prod"), true},
		{ask("list"), "ecs:ListServices", "*", on("test"), false},
		{ask("list"), "ecs:ListClusters", "*", nil, true},
		{ask("execute-commands"), "ecs:ExecuteCommand", ecs + "task/prod/1a2b", nil, true},
		{ask("execute-commands"), "ecs:ExecuteCommand", ecs + "cluster/prod", nil, true},
		{ask("execute-commands"), "ecs:ExecuteCommand", ecs + "task/test/1a2b", nil, false},
		{withRole(ask("register-task-definitions")), "ecs:RegisterTaskDefinition", ecs + "task-definition/web:9", nil, true},
		{withRole(ask("create-services")), "ecs:CreateService", ecs + "service/prod/web", running("web"), true},
		{withRole(ask("create-services")), "ecs:CreateService", ecs + "service/prod/web", running("api"), false},
		{withRole(ask("update-services")), "ecs:UpdateService", ecs + "service/prod/web", nil, true},
		{withRole(ask("update-services")), "ecs:UpdateService", ecs + "service/prod/web", running("web"), true},
		{withRole(ask("update-services")), "ecs:UpdateService", ecs + "service/prod/web", running("api"), false},
		{withRole(ask("update-services")), "ecs:UpdateService", ecs + "service/test/web", nil, false},
		{ask("ecs:DeleteCluster"), "ecs:DeleteCluster", ecs + "cluster/prod", nil, true},
		{ask("manage-instances"), "ecs:UpdateContainerInstancesState", ecs + "container-instance/prod/1a2b", nil, true},
		{ask("tag"), "ecs:TagResource", ecs + "service/prod/web", nil, true},
		{ask("tag"), "ecs:TagResource", ecs + "service/test/web", nil, false},
	} {
		access, findings := GrantECS(c.ask)
		if access == nil {
			t.Fatalf("%v: %v", c.ask.Can, findings)
		}
		engine, _ := authz.Compile(authz.Set{Identity: []authz.Policy{{Document: access.Document}}})
		got := engine.Decide(authz.Request{Principal: "arn:aws:iam::123456789012:user/me", Action: c.action, Resource: c.resource, Context: c.context}).Result == authz.Allowed
		if got != c.allowed {
			t.Errorf("%v: %s on %s %v is allowed: %v\n%s", c.ask.Can, c.action, c.resource, c.context, got, access.Document)
		}
	}
}

// Every ability stands for actions that exist, and is granted.
func TestAbilities(t *testing.T) {
	for _, a := range Abilities() {
		for pattern := range words(a.Actions) {
			if actions, err := catalog.Default().Expand(pattern); err != nil || len(actions) == 0 {
				t.Errorf("%s: %s matches nothing", a.Name, pattern)
			}
		}
		request := ask(a.Name)
		request.NoPassRole = true
		if access, findings := GrantECS(request); access == nil || len(findings) > 0 || a.What == "" {
			t.Errorf("%s: %v", a.Name, findings)
		}
	}
}

func TestGrantECSFinds(t *testing.T) {
	with := func(f func(*Ask)) Ask {
		a := ask("run-tasks")
		a.Roles = []string{"arn:aws:iam::123456789012:role/x"}
		f(&a)
		return a
	}
	for _, c := range []struct {
		name  string
		ask   Ask
		codes []string
		none  bool // there is no policy
	}{
		{"all known", with(func(*Ask) {}), nil, false},
		{"roles", with(func(a *Ask) { a.Roles = nil }), []string{"PASS_ROLE_UNKNOWN"}, false},
		{"no roles wanted", with(func(a *Ask) { a.Roles, a.NoPassRole = nil, true }), nil, false},
		{"an action that passes", Ask{Can: []string{"ecs:Run*"}, Options: ask().Options}, []string{"PASS_ROLE_UNKNOWN"}, false},
		{"no place", with(func(a *Ask) { a.Account, a.Region = "", "" }), []string{"CONTEXT_UNKNOWN"}, false},
		{"nothing", with(func(a *Ask) { a.Can = nil }), []string{"BAD_CONTEXT"}, true},
		{"an empty ability", with(func(a *Ask) { a.Can = []string{"run-tasks", ""} }), []string{"BAD_CONTEXT"}, true},
		{"unknown ability", with(func(a *Ask) { a.Can = []string{"fly"} }), []string{"BAD_CONTEXT"}, true},
		{"other service", with(func(a *Ask) { a.Can = []string{"s3:GetObject"} }), []string{"BAD_CONTEXT"}, true},
		{"account", with(func(a *Ask) { a.Account = "1" }), []string{"BAD_CONTEXT"}, true},
		{"cluster", with(func(a *Ask) { a.Cluster = "a/b" }), []string{"BAD_CONTEXT"}, true},
		{"cluster pattern", with(func(a *Ask) { a.Cluster = "prod*" }), []string{"BAD_CONTEXT"}, true},
		{"service", with(func(a *Ask) { a.Service = "${x}" }), []string{"BAD_CONTEXT"}, true},
		{"task", with(func(a *Ask) { a.Task = "x" }), []string{"BAD_CONTEXT"}, true},
		{"role", with(func(a *Ask) { a.Roles = []string{"arn:aws:iam::123456789012:role/*"} }), []string{"BAD_CONTEXT"}, true},
	} {
		access, findings := GrantECS(c.ask)
		var codes []string
		for _, f := range findings {
			codes = append(codes, f.Code)
		}
		if !slices.Equal(codes, c.codes) || (access == nil) != c.none {
			t.Errorf("%s: %v, policy %v", c.name, findings, access != nil)
		}
	}
	any := ask("stop-tasks")
	any.Cluster = ""
	if access, _ := GrantECS(any); !strings.Contains(access.Document.String(), `:task/*/*"`) {
		t.Errorf("%s", access.Document)
	}
}
