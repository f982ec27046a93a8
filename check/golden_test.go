package check_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

var update = flag.Bool("update", false, "rewrite testdata and docs/findings")

// example is a directory of testdata: a policy with the finding, and one without.
type example struct {
	code, args, bad, good, want string
	options                     check.Options
	suppressions                map[string]string // YAML, by name of the policy
}

func readExample(t *testing.T, code string) example {
	t.Helper()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("testdata", code, name))
		if err != nil && !(*update && name == "want.txt") {
			t.Fatal(err)
		}
		return string(b)
	}
	e := example{code: code, args: strings.TrimSpace(read("args")), bad: read("bad.json"), good: read("good.json"), want: read("want.txt")}
	e.suppressions = make(map[string]string)
	for _, name := range []string{"bad", "good"} {
		if b, err := os.ReadFile(filepath.Join("testdata", code, name+".yaml")); err == nil {
			e.suppressions[name+".json"] = string(b)
		}
	}
	words := strings.Fields(e.args)
	for i := 0; i+1 < len(words); i += 2 {
		switch words[i] {
		case "--type":
			kind, err := check.ParseKind(words[i+1])
			if err != nil {
				t.Fatal(err)
			}
			e.options.Kind = kind
		case "--enable":
			e.options.Enable = []string{words[i+1]}
		case "--resource-type":
			e.options.ResourceType = words[i+1]
		default:
			t.Fatalf("args: %s", e.args)
		}
	}
	return e
}

func (e *example) findings(t *testing.T, name, text string) source.List {
	t.Helper()
	if ofAttachments[e.code] {
		return attachedIn(t, name, text)
	}
	result, err := check.File(source.NewFile(name, text), e.options)
	if err != nil {
		t.Fatal(err)
	}
	yaml := e.suppressions[name]
	if yaml == "" {
		return result.Findings
	}
	file := source.NewFile(".writ.yaml", yaml)
	root, _, bad := yamltree.Parse(yaml)
	if bad != nil {
		t.Fatal(bad)
	}
	list, err := check.ReadSuppressions(file, root)
	if err != nil {
		t.Fatal(err)
	}
	s := check.NewSuppressor(list, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	s.Filter(name, &result)
	return append(result.Findings, s.Findings()...)
}

// ofAttachments are the codes about what is attached.
var ofAttachments = map[string]bool{"WRIT_DEPRECATED_POLICY": true, "WRIT_WRONG_POLICY_ARN": true}

// attachedIn checks what is attached to the roles of a template.
func attachedIn(t *testing.T, name, text string) source.List {
	t.Helper()
	file := source.NewFile(name, text)
	read, findings := template.Read(file, template.Options{})
	if read == nil {
		t.Fatal(findings)
	}
	var list []check.Attachment
	for _, role := range read.Roles {
		for _, ref := range role.Managed {
			list = append(list, check.Attachment{Policy: ref.Text, File: file, Span: ref.Span, Path: role.Pointer + "/Properties/ManagedPolicyArns"})
		}
	}
	result := check.Attached(list, managed.Default())
	return result.Findings
}

// Every code has a policy that gives it, and one as close as possible that does
// not.
func TestExamples(t *testing.T) {
	for _, rule := range check.Rules() {
		t.Run(rule.Code, func(t *testing.T) {
			e := readExample(t, rule.Code)
			found := e.findings(t, "bad.json", e.bad)
			got := listed(found)
			if *update {
				e.want = got
				if err := os.WriteFile(filepath.Join("testdata", rule.Code, "want.txt"), []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(e.want, got); diff != "" {
				t.Errorf("bad.json (-want +got):\n%s", diff)
			}
			if !slices.ContainsFunc(found, func(f source.Finding) bool { return f.Code == rule.Code }) {
				t.Errorf("bad.json has no %s", rule.Code)
			}
			for _, f := range e.findings(t, "good.json", e.good) {
				if f.Code == rule.Code {
					t.Errorf("good.json: %s at %s: %s", f.Code, f.Path, f.Message)
				}
			}
		})
	}
}

// listed writes findings one a line, as far as tests look at them.
func listed(l source.List) string {
	const most = 20
	var b strings.Builder
	for i, f := range l {
		if i == most {
			fmt.Fprintf(&b, "and %d more\n", len(l)-most)
			break
		}
		fmt.Fprintf(&b, "%s %s %s: %s\n", f.Severity, f.Code, f.Path, f.Message)
	}
	return b.String()
}

const pages = "../docs/findings"

// Every code has a page, made of its rule and its example.
func TestPages(t *testing.T) {
	known := make(map[string]bool)
	for _, rule := range check.Rules() {
		e := readExample(t, rule.Code)
		name := filepath.Join(pages, rule.Code+".md")
		known[rule.Code+".md"] = true
		sync(t, name, page(t, rule, &e))
	}
	known["README.md"] = true
	sync(t, filepath.Join(pages, "README.md"), contents())
	entries, err := os.ReadDir(pages)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !known[entry.Name()] {
			t.Errorf("%s is the page of no code", entry.Name())
		}
	}
}

func sync(t *testing.T, name, want string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not current; run go test ./check -update (-want +got):\n%s", name, diff)
	}
}

func page(t *testing.T, rule check.Rule, e *example) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", rule.Code, rule.Doc)
	origin := "IAM Access Analyzer reports it under the same code."
	if rule.Own() {
		origin = "The code is Writ's own; AWS does not report it."
	}
	if ofAttachments[rule.Code] {
		origin += " It is found where policies are attached: in templates and in account authorization details."
	}
	if rule.OnRequest() {
		origin += " It is made on request: `--enable " + rule.Code + "`."
	}
	fmt.Fprintf(&b, "Severity: %s. In policies of type %s. %s\n\n", strings.ToLower(strings.ReplaceAll(rule.Severity.String(), "_", " ")),
		strings.Join(rule.KindNames(), ", "), origin)
	fmt.Fprintf(&b, "## With the finding\n\n```json\n%s```\n\n%s", shortened(e.bad), suppressionBlock(e.suppressions["bad.json"]))
	fmt.Fprintf(&b, "`writ check bad.json %s` says, among what else it may find:\n\n```\n", e.args)
	shown := 0
	for _, f := range e.findings(t, "bad.json", e.bad) {
		if f.Code == rule.Code && shown < 2 {
			var text bytes.Buffer
			if err := f.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			b.Write(text.Bytes())
			shown++
		}
	}
	fmt.Fprintf(&b, "```\n\n## Without it\n\n```json\n%s```\n", shortened(e.good))
	if yaml := suppressionBlock(e.suppressions["good.json"]); yaml != "" {
		b.WriteString("\n" + strings.TrimSuffix(yaml, "\n"))
	}
	return b.String()
}

// suppressionBlock shows suppressions as they stand in the configuration.
func suppressionBlock(yaml string) string {
	if yaml == "" {
		return ""
	}
	return "```yaml\nsuppress:\n  " + strings.TrimRight(strings.ReplaceAll(yaml, "\n", "\n  "), " ") + "```\n\n"
}

// shortened leaves out the middle of a long policy.
func shortened(text string) string {
	const most, head = 40, 12
	lines := strings.SplitAfter(text, "\n")
	if len(lines) <= most {
		return text
	}
	return strings.Join(lines[:head], "") + fmt.Sprintf("      ... %d lines ...\n", len(lines)-2*head) + strings.Join(lines[len(lines)-head:], "")
}

func contents() string {
	var b strings.Builder
	b.WriteString("# Findings of writ check\n\nEach page is made of the rule and of the example that is its test.\n")
	for _, own := range []bool{false, true} {
		if own {
			b.WriteString("\n## Writ's own\n\n")
		} else {
			b.WriteString("\n## Those of IAM Access Analyzer\n\n")
		}
		b.WriteString("| code | severity | what is wrong |\n|---|---|---|\n")
		for _, r := range check.Rules() {
			if r.Own() == own {
				fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", r.Code, r.Code, strings.ToLower(strings.ReplaceAll(r.Severity.String(), "_", " ")), r.Doc)
			}
		}
	}
	return b.String()
}
