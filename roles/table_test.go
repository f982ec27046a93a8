package roles

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

// These tests hold for every row of the tables, whatever is added to them.

var here = Options{Name: "Machine", Partition: "aws", Region: "us-east-1", Account: "123456789012", NoPassRole: true}

func allIntegrations() []integration {
	return slices.Concat(computeIntegrations, dataIntegrations, messagingIntegrations)
}

// sample writes a value that fits one way of a shape.
func sample(way string) string {
	_, text := cutVariant(way)
	for _, name := range captureNames(text) {
		value := map[string]string{"partition": "aws", "region": "us-east-1", "account": "123456789012", "revision": "7"}[name]
		if value == "" {
			value = "my-" + name
		}
		text = strings.NewReplacer("{"+name+"}", value, "{"+name+"...}", value).Replace(text)
	}
	return text
}

// put stores a value under a path of names joined by '.', where "[]" is a list.
func put(into map[string]any, path string, value any, dynamic bool) {
	name, rest, deeper := strings.Cut(path, ".")
	name, list := strings.CutSuffix(name, "[]")
	switch {
	case deeper:
		inner := map[string]any{}
		if old, ok := into[name].(map[string]any); ok {
			inner = old
		}
		put(inner, rest, value, dynamic)
		if into[name] = inner; list {
			into[name] = []any{inner}
		}
	case dynamic:
		into[name+".$"] = "$.x"
	case list:
		into[name] = []any{value}
	default:
		into[name] = value
	}
}

// machineFor is a machine of one Task that calls an integration, with every
// parameter of its row: written in the given way, or dynamic.
func machineFor(t testing.TB, in *integration, p Pattern, way int, dynamic bool) *asl.StateMachine {
	t.Helper()
	args := map[string]any{}
	for _, prm := range in.params {
		if prm.path == "Authentication.ConnectionArn" {
			continue // the older spelling of InvocationConfig
		}
		value := "my-" + prm.name()
		if len(prm.as) > 0 {
			value = sample(prm.as[way%len(prm.as)])
		}
		put(args, prm.path, value, dynamic)
	}
	if in.name == "apigateway:invoke" {
		args["AuthType"] = "IAM_ROLE"
	}
	definition, err := json.Marshal(map[string]any{"StartAt": "S", "States": map[string]any{"S": map[string]any{
		"Type": "Task", "Resource": "arn:aws:states:::" + in.name + p.Suffix(), "Parameters": args, "End": true,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	m, findings := asl.Parse(source.NewFile("m.json", string(definition)), asl.Options{})
	if findings.HasErrors() {
		t.Fatalf("%s: %v", definition, findings)
	}
	return m
}

// eachCall visits every integration with every pattern that it supports, with
// its parameters written in each of their ways.
func eachCall(visit func(in *integration, p Pattern, way int)) {
	rows := allIntegrations()
	for i := range rows {
		ways := 1
		for _, p := range rows[i].params {
			ways = max(ways, len(p.as))
		}
		for p := Request; p <= Callback; p++ {
			for way := 0; rows[i].patterns.has(p) && way < ways; way++ {
				visit(&rows[i], p, way)
			}
		}
	}
}

func mustGenerate(t testing.TB, m *asl.StateMachine, opts Options) *Role {
	t.Helper()
	role, findings := Generate(m, opts)
	if role == nil {
		t.Fatalf("no role: %v", findings)
	}
	return role
}

func withStyle(s Style) Options {
	o := here
	o.Style = s
	return o
}

func TestEveryCallGivesWholeGrants(t *testing.T) {
	eachCall(func(in *integration, p Pattern, way int) {
		for _, style := range []Style{Least, Console} {
			for _, dynamic := range []bool{false, true} {
				name := fmt.Sprintf("%s%s way %d, %s, dynamic %v", in.name, p.Suffix(), way, style, dynamic)
				role := mustGenerate(t, machineFor(t, in, p, way, dynamic), withStyle(style))
				if len(role.Grants) == 0 && len(in.rules) > 0 {
					t.Errorf("%s: no grant", name)
				}
				for _, gr := range role.Grants {
					checkGrant(t, name, gr)
				}
			}
		}
	})
}

func checkGrant(t *testing.T, name string, gr Grant) {
	t.Helper()
	if strings.ContainsAny(strings.NewReplacer("${*}", "", "${?}", "", "${$}", "").Replace(gr.Resource), "{}[]") {
		t.Errorf("%s: %s: unfilled template %q", name, gr.Action, gr.Resource)
	}
	if _, err := arn.Parse(gr.Resource); gr.Resource != "*" && err != nil {
		t.Errorf("%s: %s: %q: %v", name, gr.Action, gr.Resource, err)
	}
	if service, action, ok := strings.Cut(gr.Action, ":"); !ok || service == "" || action == "" {
		t.Errorf("%s: action %q", name, gr.Action)
	}
	if gr.Purpose == "" || gr.Source == "" || gr.Service == "" || !slices.Equal(gr.States, []string{"S"}) {
		t.Errorf("%s: incomplete reason %+v", name, gr)
	}
	for _, c := range gr.Conditions {
		if len(c.Values) == 0 || slices.Contains(c.Values, "") {
			t.Errorf("%s: %s: condition without a value: %+v", name, gr.Action, c)
		}
	}
	if gr.Action == "iam:PassRole" && gr.Purpose != PassRole {
		t.Errorf("%s: iam:PassRole for purpose %s", name, gr.Purpose)
	}
}

// least never grants what console does not, but for roles, tags and
// dependencies, where the templates are known to be incomplete, and for task
// definitions without a revision.
func TestLeastIsContainedInConsole(t *testing.T) {
	eachCall(func(in *integration, p Pattern, way int) {
		for _, dynamic := range []bool{false, true} {
			m := machineFor(t, in, p, way, dynamic)
			assertContained(t, fmt.Sprintf("%s%s way %d, dynamic %v", in.name, p.Suffix(), way, dynamic), m)
		}
	})
}

func assertContained(t *testing.T, name string, m *asl.StateMachine) {
	t.Helper()
	assertWithin(t, name, mustGenerate(t, m, withStyle(Least)), mustGenerate(t, m, withStyle(Console)))
}

func assertWithin(t testing.TB, name string, small, large *Role) {
	t.Helper()
	for _, gr := range small.Grants {
		switch {
		case gr.Purpose == PassRole, gr.Purpose == Tag, gr.Purpose == Dependent:
			continue
		case strings.HasPrefix(gr.Service, "aws-sdk:"):
			continue // the console has no templates for these
		case strings.Contains(gr.Resource, ":task-definition/") && strings.HasSuffix(gr.Resource, ":*"):
			continue
		}
		if !slices.ContainsFunc(large.Grants, func(wide Grant) bool { return contains1(wide, gr) }) {
			t.Errorf("%s: least grants %s on %s, console does not", name, gr.Action, gr.Resource)
		}
	}
}

// contains1 reports whether one grant allows all that another does.
func contains1(wide, narrow Grant) bool {
	if !strings.EqualFold(wide.Action, narrow.Action) || wide.Resource != narrow.Resource && !covers(wide.Resource, narrow.Resource) {
		return false
	}
	for _, c := range wide.Conditions {
		if !slices.ContainsFunc(narrow.Conditions, func(n Condition) bool {
			return n.Operator == c.Operator && n.Key == c.Key && slices.EqualFunc(c.Values, n.Values, func(w, v string) bool { return w == v || covers(w, v) })
		}) {
			return false
		}
	}
	return true
}

// What a definition that names its resources needs is allowed by the role of
// the same definition with every value left to run time.
func TestDynamicAllowsStatic(t *testing.T) {
	eachCall(func(in *integration, p Pattern, way int) {
		for _, style := range []Style{Least, Console} {
			static := mustGenerate(t, machineFor(t, in, p, way, false), withStyle(style))
			dynamic := mustGenerate(t, machineFor(t, in, p, way, true), withStyle(style))
			for _, gr := range static.Grants {
				if gr.Purpose == Dependent && style == Least || slices.ContainsFunc(in.cautions, func(c caution) bool { return c.code == "MODEL_UNKNOWN" }) {
					continue // told by a finding
				}
				unconditioned := func(wide Grant) bool {
					return contains1(Grant{Action: wide.Action, Resource: wide.Resource, Conditions: wide.Conditions}, gr)
				}
				if !slices.ContainsFunc(dynamic.Grants, unconditioned) {
					t.Errorf("%s%s way %d, %s: static grant %s on %s is not in the dynamic role", in.name, p.Suffix(), way, style, gr.Action, gr.Resource)
				}
			}
		}
	})
}

// PassRole without iam:PassedToService hands a role to any service.
func TestLeastPassRoleIsConditioned(t *testing.T) {
	eachCall(func(in *integration, p Pattern, way int) {
		for _, dynamic := range []bool{false, true} {
			role := mustGenerate(t, machineFor(t, in, p, way, dynamic), withStyle(Least))
			for _, gr := range role.Grants {
				if gr.Action == "iam:PassRole" && !slices.ContainsFunc(gr.Conditions, func(c Condition) bool { return c.Key == "iam:PassedToService" }) {
					t.Errorf("%s: iam:PassRole on %s without iam:PassedToService", in.name, gr.Resource)
				}
			}
		}
	})
}

func TestUnsupportedPatternsAreErrors(t *testing.T) {
	rows := allIntegrations()
	for i := range rows {
		for p := Request; p <= Callback; p++ {
			if rows[i].patterns.has(p) {
				continue
			}
			m := machineFor(t, &rows[i], p, 0, false)
			role, findings := Generate(m, here)
			doubted := rows[i].doubted.has(p) || p == Sync2 && rows[i].patterns.has(Sync)
			if (role == nil) == doubted || !slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Code == "UNSUPPORTED_PATTERN" }) {
				t.Errorf("%s%s: role %v, findings %v", rows[i].name, p.Suffix(), role != nil, findings)
			}
		}
	}
}

// Rows can be wrong in ways that no machine shows: names of parameters that do
// not match, tests that name no parameter.
func TestRowsAreConsistent(t *testing.T) {
	rows := slices.Concat(allIntegrations(), directForms, itemReaders, resultWriters, []integration{distributedMap, redriven, credentials, tracing, logging, customerKey})
	seen := map[string]bool{}
	for _, in := range rows {
		if !strings.HasPrefix(in.source, guide) {
			t.Errorf("%s names no page of the guide", in.name)
		}
		for _, r := range in.rules {
			for read := range words(r.reads) {
				path, variant, _ := strings.Cut(read, "/")
				p := in.param(path)
				if p == nil {
					t.Errorf("%s: rule %q reads %q, which is no parameter of the row", in.name, r.actions, path)
					continue
				}
				if variant != "" && !slices.ContainsFunc(p.as, func(way string) bool { name, _ := cutVariant(way); return name == variant }) {
					t.Errorf("%s: rule %q reads %q, which has no such variant", in.name, r.actions, read)
				}
			}
			for test := range words(r.when) {
				if _, predicate, ok := strings.Cut(test, "~"); ok && predicates[predicate] == nil {
					t.Errorf("%s: no predicate %q", in.name, predicate)
				}
			}
		}
		if in.patterns != 0 && seen[in.name] {
			t.Errorf("%s stands twice", in.name)
		}
		seen[in.name] = true
	}
}
