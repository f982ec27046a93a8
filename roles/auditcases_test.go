package roles

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// auditCase is one case of testdata/audit/*.txt; README.md describes them.
type auditCase struct {
	name      string
	lines     []string // as written, without what is reported
	reported  string   // the golden part
	states    []string // JSON, in order
	opts      Options
	generated bool
	trust     string
	tweaks    []string // of the generated role, in order
	held      Held
}

func TestAuditCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/audit/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	total := 0
	codes := map[string]bool{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		intro, cases := readAuditCases(t, path, string(text))
		var out strings.Builder
		out.WriteString(intro)
		for _, c := range cases {
			total++
			var got string
			t.Run(filepath.Base(path)+"/"+c.name, func(t *testing.T) {
				got = c.run(t, codes)
				if diff := cmp.Diff(c.reported, got); diff != "" && !*update {
					t.Errorf("%s: %s (-want +got); -update rewrites it:\n%s", path, c.name, diff)
				}
			})
			fmt.Fprintf(&out, "\n== %s\n%s\nreports\n%s", c.name, strings.Join(c.lines, "\n"), got)
		}
		if *update {
			if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if total < 60 {
		t.Errorf("%d cases", total)
	}
	for _, c := range AuditCodes() {
		if !codes[c.Code] {
			t.Errorf("no case gives %s", c.Code)
		}
	}
}

func readAuditCases(t *testing.T, path, text string) (intro string, cases []*auditCase) {
	t.Helper()
	blocks := strings.Split("\n"+text, "\n== ")
	for _, block := range blocks[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		body, reported, _ := strings.Cut(rest, "\nreports\n")
		c := &auditCase{name: name, lines: strings.Split(strings.Trim(body, "\n"), "\n"), reported: strings.TrimRight(reported, "\n") + "\n",
			opts: Options{Name: "Machine", Region: "eu-west-1", Account: "123456789012", PassRoles: map[string][]string{}}}
		for _, line := range c.lines {
			if err := c.line(line); err != nil {
				t.Fatalf("%s: %s: %q: %v", path, name, line, err)
			}
		}
		cases = append(cases, c)
	}
	return strings.TrimLeft(strings.TrimRight(blocks[0], "\n")+"\n", "\n"), cases
}

func (c *auditCase) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "#", "":
	case "state":
		name, call, ok := strings.Cut(rest, " = ")
		resource, parameters, _ := strings.Cut(call, " ")
		if !ok {
			return fmt.Errorf("write: state NAME = CALL {PARAMETERS}")
		}
		if strings.HasPrefix(call, "{") { // the whole state
			c.states = append(c.states, fmt.Sprintf("%q: %s", name, call))
			return nil
		}
		if !strings.HasPrefix(resource, "arn:") {
			resource = "arn:aws:states:::" + resource
		}
		if parameters == "" {
			parameters = "{}"
		}
		c.states = append(c.states, fmt.Sprintf(`%q: {"Type": "Task", "Resource": %q, "Parameters": %s, "End": true}`, name, resource, parameters))
	case "option":
		return c.option(rest)
	case "generated":
		c.generated = true
		c.trust = "generated"
	case "trust":
		c.trust = rest
	case "without", "widen", "bare", "allow", "deny", "boundary":
		c.tweaks = append(c.tweaks, line)
	case "unread":
		c.held.Unread = append(c.held.Unread, Unread{authz.Identity, rest})
	case "unread-boundary":
		c.held.Unread = append(c.held.Unread, Unread{authz.Boundary, rest})
	case "arn":
		c.held.ARN = rest
	default:
		return fmt.Errorf("unknown word")
	}
	return nil
}

func (c *auditCase) option(text string) error {
	name, value, _ := strings.Cut(text, "=")
	switch name {
	case "name":
		c.opts.Name = value
	case "account":
		c.opts.Account = value
	case "region":
		c.opts.Region = value
	case "style":
		c.opts.Style, _ = ParseStyle(value)
	case "tracing":
		c.opts.Tracing = true
	case "logging":
		c.opts.Logging = true
	case "no-pass-role":
		c.opts.NoPassRole = true
	case "pass-role":
		service, role, _ := strings.Cut(value, "=")
		c.opts.PassRoles[ServicePrincipal(service)] = append(c.opts.PassRoles[ServicePrincipal(service)], role)
	default:
		return fmt.Errorf("unknown option")
	}
	return nil
}

// statementOf reads "ACTION,ACTION on RESOURCE,RESOURCE if OPERATOR KEY VALUE".
func statementOf(effect policy.Effect, text string) policy.Statement {
	text, conditions, _ := strings.Cut(text, " if ")
	actions, resources, _ := strings.Cut(text, " on ")
	s := policy.Statement{Effect: effect}
	if list, not := strings.CutPrefix(actions, "not "); not {
		s.NotAction = policy.Strings(strings.Split(list, ",")...)
	} else {
		s.Action = policy.Strings(strings.Split(actions, ",")...)
	}
	if list, not := strings.CutPrefix(resources, "not "); not {
		s.NotResource = policy.Strings(strings.Split(list, ",")...)
	} else {
		s.Resource = policy.Strings(strings.Split(resources, ",")...)
	}
	for condition := range strings.SplitSeq(conditions, " if ") {
		if parts := strings.SplitN(condition, " ", 3); len(parts) == 3 {
			if s.Condition == nil {
				s.Condition = new(policy.Condition)
			}
			s.Condition.And(parts[0], parts[1], parts[2])
		}
	}
	return s
}

// role makes the role: statements of the generated one, changed, and others.
func (c *auditCase) role(t *testing.T, m *asl.StateMachine) Held {
	t.Helper()
	var statements, bounds []policy.Statement
	opts := c.opts
	role, findings := Generate(m, opts)
	if role == nil && (c.generated || c.trust == "generated") {
		t.Fatalf("%s: no role: %v", c.name, findings)
	}
	if c.generated {
		for _, gr := range role.Grants {
			s := policy.Statement{Effect: policy.Allow, Action: policy.String(gr.Action), Resource: policy.String(gr.Resource)}
			for _, condition := range gr.Conditions {
				if s.Condition == nil {
					s.Condition = new(policy.Condition)
				}
				s.Condition.And(condition.Operator, condition.Key, condition.Values...)
			}
			statements = append(statements, s)
		}
	}
	for _, tweak := range c.tweaks {
		word, rest, _ := strings.Cut(tweak, " ")
		action, to, _ := strings.Cut(rest, " to ")
		found := 0
		is := func(s policy.Statement) bool {
			yes := s.Action != nil && slices.Contains(strings.Split(action, ","), s.Action.Values[0].Text)
			if yes {
				found++
			}
			return yes
		}
		switch word {
		case "allow":
			statements, found = append(statements, statementOf(policy.Allow, rest)), 1
		case "deny":
			statements, found = append(statements, statementOf(policy.Deny, rest)), 1
		case "boundary":
			bounds, found = append(bounds, statementOf(policy.Allow, rest)), 1
		case "without":
			statements = slices.DeleteFunc(statements, is)
		case "widen":
			for i := range statements {
				if is(statements[i]) {
					statements[i].Resource = policy.String(to)
				}
			}
		case "bare":
			for i := range statements {
				if is(statements[i]) {
					statements[i].Condition = nil
				}
			}
		}
		if found == 0 {
			t.Fatalf("%s: %q changes nothing", c.name, tweak)
		}
	}
	held := c.held
	if len(statements) > 0 {
		held.Policies = []authz.Policy{{Name: "role.json", Document: parsed(t, "role.json", statements)}}
	}
	if bounds != nil {
		held.Boundary = &authz.Policy{Name: "boundary.json", Document: parsed(t, "boundary.json", bounds)}
	}
	switch {
	case c.trust == "generated":
		held.Trust = &authz.Policy{Name: "trust", Document: role.Trust}
	case c.trust != "":
		doc, findings := policy.ParseString("trust.json", c.trust)
		if findings.HasErrors() {
			t.Fatal(findings)
		}
		held.Trust = &authz.Policy{Name: "trust", Document: doc}
	}
	return held
}

// parsed prints a document and reads it again, so that it has places.
func parsed(t *testing.T, name string, statements []policy.Statement) *policy.Document {
	t.Helper()
	text := policy.Print(&policy.Document{Version: policy.Version2012, Statements: statements}, "  ")
	doc, findings := policy.ParseString(name, string(text))
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	return doc
}

func (c *auditCase) run(t *testing.T, codes map[string]bool) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(c.states[0], `"`), `"`)
	text := fmt.Sprintf(`{"StartAt": %q, "States": {%s}}`, first, strings.Join(c.states, ", "))
	if len(c.states) > 1 { // side by side, so that all of them are reached
		var branches []string
		for _, s := range c.states {
			name, _, _ := strings.Cut(strings.TrimPrefix(s, `"`), `"`)
			branches = append(branches, fmt.Sprintf(`{"StartAt": %q, "States": {%s}}`, name, s))
		}
		text = fmt.Sprintf(`{"StartAt": "All", "States": {"All": {"Type": "Parallel", "End": true, "Branches": [%s]}}}`, strings.Join(branches, ", "))
	}
	m, findings := asl.Parse(source.NewFile("machine.json", text), asl.Options{AllowPlaceholders: true})
	if m == nil || findings.HasErrors() {
		t.Fatalf("%s: %v\n%s", c.name, findings, text)
	}
	audit, findings := AuditRole(m, c.role(t, m), c.opts)
	var b strings.Builder
	if audit != nil {
		for _, list := range []struct {
			word    string
			entries []AuditEntry
		}{{"missing", audit.Missing}, {"risk", audit.Risks}, {"excess", audit.Excess}, {"undecided", audit.Undecided}} {
			for _, e := range list.entries {
				codes[e.Code] = true
				fmt.Fprintf(&b, "  %s %s", list.word, e.Code)
				if e.Severity != usualSeverity(e.Code) {
					fmt.Fprintf(&b, " (%s)", e.Severity)
				}
				if len(e.Actions) > 0 {
					fmt.Fprintf(&b, " %s on %s", strings.Join(e.Actions, ","), strings.Join(e.Resources, ","))
				}
				if len(e.Needed) > 0 {
					fmt.Fprintf(&b, "; needed %s", strings.Join(e.Needed, ","))
				}
				if len(e.States) > 0 {
					fmt.Fprintf(&b, " [%s]", strings.Join(e.States, ", "))
				}
				b.WriteByte('\n')
			}
		}
	}
	for _, f := range findings {
		fmt.Fprintf(&b, "  finding %s %s\n", f.Severity, f.Code)
	}
	if b.Len() == 0 {
		return "  clean\n"
	}
	return b.String()
}

func usualSeverity(code string) source.Severity {
	for _, c := range auditCodes {
		if c.Code == code {
			return c.Severity
		}
	}
	return 0
}
