package roles

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// chain is a machine of n Task states, one after another.
func chain(t testing.TB, n int, task func(i int) string) *asl.StateMachine {
	t.Helper()
	var b strings.Builder
	b.WriteString(`{"StartAt": "S0", "States": {`)
	for i := range n {
		next := fmt.Sprintf(`"Next": "S%d"`, i+1)
		if i == n-1 {
			next = `"End": true`
		}
		fmt.Fprintf(&b, `"S%d": {"Type": "Task", %s, %s},`, i, task(i), next)
	}
	m, findings := asl.Parse(source.NewFile("m.json", strings.TrimSuffix(b.String(), ",")+"}}"), asl.Options{})
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	return m
}

const many = 10_000

func TestManyStatesOfOneResource(t *testing.T) {
	m := chain(t, many, func(int) string {
		return `"Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:news", "Message": "x"}`
	})
	role := mustGenerate(t, m, here)
	if len(role.Grants) != 1 || len(role.Grants[0].States) != many {
		t.Errorf("%d grants, the first of %d states", len(role.Grants), len(role.Grants[0].States))
	}
}

func TestManyResources(t *testing.T) {
	m := chain(t, many, func(i int) string {
		return fmt.Sprintf(`"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f%d"}`, i)
	})
	role, findings := Generate(m, here)
	if len(role.Grants) != many {
		t.Errorf("%d grants, want %d", len(role.Grants), many)
	}
	if n := len(role.Policies[0].Document.Statements); n != 1 {
		t.Errorf("%d statements for one action", n)
	}
	if !slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Code == "ROLE_TOO_LARGE" }) {
		t.Errorf("no finding about the size of the role: %v", findings)
	}
}

// Every resource but one disappears in the one that is known at run time only.
func TestManyResourcesAbsorbed(t *testing.T) {
	m := chain(t, many, func(i int) string {
		if i == many/2 {
			return `"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "$.f"}`
		}
		return fmt.Sprintf(`"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f%d"}`, i)
	})
	role := mustGenerate(t, m, here)
	if len(role.Grants) != 1 || len(role.Grants[0].States) != many {
		t.Errorf("%d grants, the first of %d states", len(role.Grants), len(role.Grants[0].States))
	}
}

// Conditions that differ keep statements apart.
func TestManyConditions(t *testing.T) {
	const n = many / 5
	m := chain(t, n, func(i int) string {
		return fmt.Sprintf(`"Resource": "arn:aws:states:::http:invoke", "Parameters": {"ApiEndpoint": "https://h%d.example.com/", "Method": "GET", "InvocationConfig": {"ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/c/1"}}`, i)
	})
	role := mustGenerate(t, m, here)
	calls := 0
	for _, gr := range role.Grants {
		if gr.Action == "states:InvokeHTTPEndpoint" {
			calls++
		}
	}
	if calls != n {
		t.Errorf("%d grants with conditions, want %d", calls, n)
	}
}

func TestLongListsOfParameters(t *testing.T) {
	var entries []string
	for i := range many {
		entries = append(entries, fmt.Sprintf(`{"EventBusName": "bus%d"}`, i), `{"EventBusName.$": "$.bus"}`, `{}`)
	}
	m := chain(t, 1, func(int) string {
		return `"Resource": "arn:aws:states:::events:putEvents", "Parameters": {"Entries": [` + strings.Join(entries, ",") + `]}`
	})
	role := mustGenerate(t, m, here)
	if len(role.Grants) != 1 || role.Grants[0].Resource != "arn:aws:events:us-east-1:123456789012:event-bus/*" {
		t.Errorf("%d grants, the first on %s", len(role.Grants), role.Grants[0].Resource)
	}
}

func TestLongNames(t *testing.T) {
	long := strings.Repeat("*/", 100_000)
	m := chain(t, 1, func(int) string {
		return `"Resource": "arn:aws:states:::bedrock:invokeModel", "Parameters": {"ModelId": "m", "Input": {"S3Uri": "s3://b/` + long + `"}}`
	})
	role := mustGenerate(t, m, here)
	want := "arn:aws:s3:::b/" + strings.Repeat("${*}/", 100_000)
	if !slices.ContainsFunc(role.Grants, func(gr Grant) bool { return gr.Resource == want }) {
		t.Errorf("no grant on the %d stars as text", 100_000)
	}
}

// The same definition gives the same bytes, whatever the order of maps.
func TestGenerateIsDeterministic(t *testing.T) {
	for _, c := range goldenCases(t) {
		for _, style := range []Style{Least, Console} {
			first := printed(t, c, style)
			for range 20 {
				if diff := cmp.Diff(first, printed(t, c, style)); diff != "" {
					t.Fatalf("%s, %s: two runs differ:\n%s", c.name, style, diff)
				}
			}
		}
	}
}

func printed(t *testing.T, c *goldenCase, style Style) string {
	t.Helper()
	role, findings := c.generate(style)
	out := struct {
		Role     *Role
		Why      []Grant
		Findings source.List
	}{Role: role, Findings: findings}
	if role != nil {
		out.Why = role.Grants
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzGenerate: whatever asl.Parse returns, Generate gives a role or an error
// and does not panic; the role is a policy that IAM could read; and least grants
// nothing that console does not, where both read the definition alike.
func FuzzGenerate(f *testing.F) {
	for _, c := range goldenCases(f) {
		for _, file := range c.archive.Files {
			if strings.HasPrefix(file.Name, "machine.") || strings.HasPrefix(file.Name, "twin.") {
				f.Add(string(file.Data), byte(0))
				f.Add(string(file.Data), byte(0xff))
			}
		}
	}
	f.Fuzz(func(t *testing.T, definition string, switches byte) {
		m, _ := asl.Parse(source.NewFile("m.asl", definition), asl.Options{AllowPlaceholders: switches&1 != 0})
		if m == nil {
			return
		}
		opts := fuzzOptions(switches)
		opts.Style = Least
		small, told := Generate(m, opts)
		opts.Style = Console
		large, toldLarge := Generate(m, opts)
		checkFuzzed(t, small, told)
		checkFuzzed(t, large, toldLarge)
		if small != nil && large != nil && cmp.Equal(codesOf(told), codesOf(toldLarge)) {
			assertWithin(t, "fuzz", small, large)
		}
	})
}

func fuzzOptions(switches byte) Options {
	o := Options{
		Tracing: switches&2 != 0, Logging: switches&2 != 0, Redrive: switches&4 != 0,
		AnyAccount: switches&8 != 0, NoPassRole: switches&16 != 0,
	}
	if switches&32 != 0 {
		o.Name, o.Region, o.Account = "Machine", "us-east-1", "123456789012"
	}
	if switches&64 != 0 {
		o.Type = Express
	}
	if switches&128 != 0 {
		o.PassRoles = map[string][]string{"ecs-tasks.amazonaws.com": {"arn:aws:iam::123456789012:role/r"}}
	}
	return o
}

func checkFuzzed(t *testing.T, role *Role, findings source.List) {
	t.Helper()
	if (role == nil) != findings.HasErrors() {
		t.Errorf("role %v beside findings %v", role != nil, findings)
	}
	if slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Code == "ROLE_INCOMPLETE" }) {
		t.Errorf("the role does not allow what it is for: %v", findings)
	}
	if role == nil {
		return
	}
	for _, p := range role.Policies {
		if broken := policy.Validate(p.Document); len(broken) > 0 {
			t.Errorf("the role's policy cannot be read: %v\n%s", broken, p.Document)
		}
	}
}

// codesOf leaves out what is about the size of the role and about one style only.
func codesOf(findings source.List) []string {
	var out []string
	for _, f := range findings {
		if f.Code != "ROLE_TOO_LARGE" && f.Code != "ASSUMES_ACCOUNT" {
			out = append(out, f.Code+f.Path)
		}
	}
	return out
}
