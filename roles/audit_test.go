package roles

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// heldOf is a role that was generated, as a role that a machine has.
func heldOf(role *Role) Held {
	h := Held{Trust: &authz.Policy{Name: "trust", Document: role.Trust}}
	for _, p := range role.Policies {
		h.Policies = append(h.Policies, authz.Policy{Name: p.Name, Document: p.Document})
	}
	return h
}

// The role that is generated for a machine lacks nothing and has nothing too
// much. Style by style, with everything known of the machine's place.
func assertClean(t *testing.T, name string, m *asl.StateMachine, opts Options) (ran bool) {
	t.Helper()
	role, _ := Generate(m, opts)
	if role == nil {
		return false
	}
	audit, findings := AuditRole(m, heldOf(role), opts)
	if audit == nil {
		t.Errorf("%s: no audit: %v", name, findings)
		return true
	}
	for _, f := range audit.Findings() {
		// Without an account there is nothing to guard with, and some want no guard.
		if f.Code == "TRUST_WITHOUT_SOURCE_GUARD" && (opts.Account == "" || opts.Trust == TrustPlain) {
			continue
		}
		t.Errorf("%s: %s %s: %s", name, f.Severity, f.Code, f.Message)
	}
	return true
}

func TestGeneratedRolesAuditClean(t *testing.T) {
	for _, c := range goldenCases(t) {
		assertClean(t, c.name, c.machine, c.withStyle(Least))
	}
}

// The machines that people wrote, where they are at hand.
func TestCorpusAuditsClean(t *testing.T) {
	paths, _ := filepath.Glob("../../shared/corpus/asl/*.json")
	if len(paths) == 0 {
		t.Skip("no corpus here")
	}
	ran := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, findings := asl.Parse(source.NewFile(filepath.Base(path), string(text)), asl.Options{AllowPlaceholders: true})
		if m == nil || findings.HasErrors() {
			continue
		}
		if assertClean(t, filepath.Base(path), m, Options{Name: "Machine", Region: "us-east-1", Account: "123456789012"}) {
			ran++
		}
	}
	if ran < len(paths)/2 {
		t.Errorf("%d of %d machines have a role", ran, len(paths))
	}
}

// conformanceCase is a line of cases/roles.jsonl as far as audits need it.
type conformanceCase struct {
	Name       string
	Kind       string
	Definition json.RawMessage
	Expected   json.RawMessage
	Context    struct {
		Partition, Region, AccountID, StateMachineName, Type, KMSKeyArn string
		Tracing, Logging                                                bool
		PassRoles                                                       map[string][]string
	}
}

// eachConformanceCase visits the machines of the conformance cases, where they
// are at hand.
func eachConformanceCase(t *testing.T, visit func(c *conformanceCase, m *asl.StateMachine, opts Options)) {
	t.Helper()
	text, err := os.ReadFile("../../shared/cases/roles.jsonl")
	if err != nil {
		t.Skip("no cases here")
	}
	for line := range strings.Lines(string(text)) {
		var c conformanceCase
		if err := json.Unmarshal([]byte(line), &c); err != nil || c.Definition == nil || c.Kind == "bad" {
			continue
		}
		m, findings := asl.Parse(source.NewFile(c.Name, string(c.Definition)), asl.Options{})
		if m == nil || findings.HasErrors() {
			continue
		}
		visit(&c, m, Options{Name: c.Context.StateMachineName, Region: c.Context.Region, Account: c.Context.AccountID, Partition: c.Context.Partition,
			Type: MachineType(c.Context.Type), Tracing: c.Context.Tracing, Logging: c.Context.Logging, KMSKey: c.Context.KMSKeyArn, PassRoles: c.Context.PassRoles})
	}
}

func TestConformanceCasesAuditClean(t *testing.T) {
	ran := 0
	eachConformanceCase(t, func(c *conformanceCase, m *asl.StateMachine, opts Options) {
		if assertClean(t, c.Name, m, opts) {
			ran++
		}
	})
	if ran < 100 {
		t.Errorf("%d cases have a role", ran)
	}
}

// AWS's own templates lack nothing and have nothing too much, in their style.
func TestPublishedTemplatesAuditClean(t *testing.T) {
	ran := 0
	eachConformanceCase(t, func(c *conformanceCase, m *asl.StateMachine, opts Options) {
		if !strings.HasSuffix(c.Kind, "template") || len(c.Expected) == 0 {
			return
		}
		doc, findings := policy.ParseString("role.json", string(c.Expected))
		if findings.HasErrors() {
			return
		}
		opts.Style, opts.NoPassRole = Console, true
		audit, findings := AuditRole(m, Held{Policies: []authz.Policy{{Name: "role", Document: doc}}}, opts)
		if audit == nil {
			t.Errorf("%s: %v", c.Name, findings)
			return
		}
		ran++
		for _, e := range slices.Concat(audit.Missing, audit.Excess, audit.Undecided) {
			t.Errorf("%s: %s: %s", c.Name, e.Code, e.Why)
		}
		for _, e := range audit.Risks {
			if e.Code != "PASS_ROLE_TO_ANY_SERVICE" { // some templates have no condition
				t.Errorf("%s: %s: %s", c.Name, e.Code, e.Why)
			}
		}
	})
	if ran < 50 {
		t.Errorf("%d templates", ran)
	}
}

// flat is a generated role with a statement for each grant.
func flat(role *Role) []policy.Statement {
	var out []policy.Statement
	for _, gr := range role.Grants {
		s := policy.Statement{Effect: policy.Allow, Action: policy.String(gr.Action), Resource: policy.String(gr.Resource)}
		for _, c := range gr.Conditions {
			if s.Condition == nil {
				s.Condition = new(policy.Condition)
			}
			s.Condition.And(c.Operator, c.Key, c.Values...)
		}
		out = append(out, s)
	}
	return out
}

func auditOf(t *testing.T, c *goldenCase, statements []policy.Statement) *Audit {
	t.Helper()
	var held Held
	if len(statements) > 0 {
		held.Policies = []authz.Policy{{Name: "role", Document: &policy.Document{Version: policy.Version2012, Statements: statements}}}
	}
	audit, findings := AuditRole(c.machine, held, c.withStyle(Least))
	if audit == nil {
		t.Fatalf("%s: %v", c.name, findings)
	}
	return audit
}

// A role that lacks any one of its grants is not clean, and the action is named.
func TestEveryGrantIsMissed(t *testing.T) {
	removed := 0
	for _, c := range goldenCases(t) {
		role, _ := Generate(c.machine, c.withStyle(Least))
		if role == nil || c.findingsOnly {
			continue
		}
		all := flat(role)
		for i, gr := range role.Grants {
			// The same may stand there for another purpose.
			rest := slices.DeleteFunc(slices.Clone(all), func(s policy.Statement) bool {
				return s.Action.Values[0].Text == gr.Action && covers(s.Resource.Values[0].Text, gr.Resource)
			})
			removed++
			audit := auditOf(t, c, rest)
			named := slices.ContainsFunc(slices.Concat(audit.Missing, audit.Risks, audit.Undecided), func(e AuditEntry) bool { return slices.Contains(e.Actions, gr.Action) })
			if !named {
				t.Errorf("%s: nothing is said without %s on %s (grant %d)", c.name, gr.Action, gr.Resource, i)
			}
		}
	}
	if removed < 300 {
		t.Errorf("%d grants removed", removed)
	}
}

// What is added to a role is too much, and what a resource is widened to.
func TestEveryAdditionIsExcess(t *testing.T) {
	for _, c := range goldenCases(t) {
		role, _ := Generate(c.machine, c.withStyle(Least))
		if role == nil || c.findingsOnly {
			continue
		}
		all := flat(role)
		extra := policy.Statement{Effect: policy.Allow, Action: policy.String("redshift:DeleteCluster"), Resource: policy.String("*")}
		audit := auditOf(t, c, append(slices.Clone(all), extra))
		said := func(lists ...[]AuditEntry) func(action string) bool {
			return func(action string) bool {
				return slices.ContainsFunc(slices.Concat(lists...), func(e AuditEntry) bool { return slices.Contains(e.Actions, action) })
			}
		}
		if !said(audit.Excess, audit.Undecided)("redshift:DeleteCluster") {
			t.Errorf("%s: redshift:DeleteCluster is not too much", c.name)
		}
		for i, gr := range role.Grants {
			if gr.Resource == "*" || slices.ContainsFunc(role.Grants, func(o Grant) bool { return o.Action == gr.Action && o.Resource == "*" }) {
				continue
			}
			wide := slices.Clone(all)
			wide[i].Resource = policy.String("*")
			wider := auditOf(t, c, wide)
			if !said(wider.Excess, wider.Undecided)(gr.Action) {
				t.Errorf("%s: %s on * is not too much, where %s is needed", c.name, gr.Action, gr.Resource)
			}
		}
	}
}

// Whatever the console's templates give is no excess in their style.
func TestConsoleRolesHaveNoExcessInTheirStyle(t *testing.T) {
	for _, c := range goldenCases(t) {
		role, _ := Generate(c.machine, c.withStyle(Console))
		if role == nil || len(role.Grants) == 0 {
			continue
		}
		audit, findings := AuditRole(c.machine, heldOf(role), c.withStyle(Console))
		if audit == nil {
			t.Fatalf("%s: %v", c.name, findings)
		}
		for _, e := range audit.Excess {
			if e.Severity > source.Suggestion {
				t.Errorf("%s: %s: %s", c.name, e.Code, e.Why)
			}
		}
	}
}

// Roles of any size get an answer in bounded time, and one that is not clean.
func TestHostileRoles(t *testing.T) {
	m := mustParse(t, `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn.$": "$.t"}, "End": true}}}`)
	many := func(n int, text func(i int) string) *policy.List {
		out := make([]string, n)
		for i := range out {
			out[i] = text(i)
		}
		return policy.Strings(out...)
	}
	any, publish := policy.String("*"), policy.String("sns:Publish")
	for _, c := range []struct {
		name              string
		actions, resource *policy.List
		refused           bool
	}{
		{"more than any role has", publish, many(50_000, func(i int) string { return fmt.Sprintf("arn:aws:sns:eu-west-1:123456789012:topic-%d", i) }), true},
		{"actions", many(20_000, func(i int) string { return fmt.Sprintf("sns:Do%d", i) }), any, false},
		{"wildcards for actions", many(20_000, func(i int) string { return fmt.Sprintf("s*:*%d*", i) }), any, false},
		{"patterns for resources", publish, many(2000, func(i int) string { return fmt.Sprintf("arn:aws:sns:eu-west-1:123456789012:*t%d*", i) }), false},
		{"long patterns", publish, many(2, func(i int) string { return "arn:aws:sns:eu-west-1:123456789012:" + strings.Repeat("*a?b", 30_000+i) }), false},
		{"both", many(3000, func(i int) string { return fmt.Sprintf("sns:P*%d", i%3) }), many(3000, func(i int) string { return fmt.Sprintf("*%d*", i) }), false},
	} {
		begin := time.Now()
		doc := policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{Effect: policy.Allow, Action: c.actions, Resource: c.resource}}}
		audit, findings := AuditRole(m, Held{Policies: []authz.Policy{{Name: c.name, Document: &doc}}}, Options{Account: "123456789012", Region: "eu-west-1", Name: "M"})
		switch {
		case c.refused:
			if audit != nil || !slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Code == codeTooLarge && f.Severity == source.Error }) {
				t.Errorf("%s: not refused: %v", c.name, findings)
			}
			continue
		case audit == nil:
			t.Errorf("%s: %v", c.name, findings)
			continue
		}
		if n := len(audit.Findings()); n == 0 || n > 4*(maxEntries+1) {
			t.Errorf("%s: %d findings", c.name, n)
		}
		t.Logf("%s: %d findings in %v", c.name, len(audit.Findings()), time.Since(begin))
	}
}

// A large machine with a role of many patterns ends as undecided, not never.
func TestHostileMachineAndRole(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"StartAt": "S0", "States": {`)
	const states = 2000
	for i := range states {
		fmt.Fprintf(&text, `"S%d": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn.$": "States.Format('arn:aws:sns:eu-west-1:123456789012:t%d{}', $.x)"}, "Next": "S%d"},`, i, i, i+1)
	}
	fmt.Fprintf(&text, `"S%d": {"Type": "Succeed"}}}`, states)
	m := mustParse(t, text.String())
	resources := make([]string, 3000)
	for i := range resources {
		resources[i] = fmt.Sprintf("arn:aws:sns:eu-west-1:123456789012:t%d-*x", i)
	}
	doc := policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{Effect: policy.Allow, Action: policy.String("sns:Publish"), Resource: policy.Strings(resources...)}}}
	begin := time.Now()
	audit, _ := AuditRole(m, Held{Policies: []authz.Policy{{Name: "role", Document: &doc}}}, Options{Account: "123456789012", Region: "eu-west-1", Name: "M"})
	if audit == nil || len(audit.Undecided) < maxEntries {
		t.Errorf("the audit: %v", audit)
	}
	t.Logf("%v", time.Since(begin))
}

func mustParse(t testing.TB, text string) *asl.StateMachine {
	t.Helper()
	m, findings := asl.Parse(source.NewFile("machine.json", text), asl.Options{})
	if m == nil || findings.HasErrors() {
		t.Fatal(findings)
	}
	return m
}

// BenchmarkAudit audits a thousand machines of twenty states, each with the role
// that was generated for it.
func BenchmarkAudit(b *testing.B) {
	const machines, states = 1000, 20
	opts := Options{Account: "123456789012", Region: "eu-west-1", Name: "M"}
	type pair struct {
		machine *asl.StateMachine
		held    Held
	}
	var pairs []pair
	for i := range machines {
		var text strings.Builder
		text.WriteString(`{"StartAt": "S0", "States": {`)
		for j := range states {
			next := fmt.Sprintf(`"Next": "S%d"`, j+1)
			if j == states-1 {
				next = `"End": true`
			}
			calls := []string{
				`"Resource": "arn:aws:states:::ecs:runTask.sync", "Parameters": {"TaskDefinition": "t%d:1", "Cluster": "c"}`,
				`"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f%d"}`,
				`"Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn.$": "$.t", "Message": "%d"}`,
				`"Resource": "arn:aws:states:::aws-sdk:s3:getObject", "Parameters": {"Bucket": "b%d", "Key": "k"}`,
			}
			fmt.Fprintf(&text, `"S%d": {"Type": "Task", `+calls[j%len(calls)]+`, %s},`, j, i*states+j, next)
		}
		m := mustParse(b, strings.TrimSuffix(text.String(), ",")+`}}`)
		role, findings := Generate(m, opts)
		if role == nil {
			b.Fatal(findings)
		}
		pairs = append(pairs, pair{m, heldOf(role)})
	}
	for b.Loop() {
		for i := range pairs {
			if audit, _ := AuditRole(pairs[i].machine, pairs[i].held, opts); audit == nil {
				b.Fatal("no audit")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*machines), "µs/machine")
}
