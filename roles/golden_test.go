package roles

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/dataflow"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

var update = flag.Bool("update", false, "rewrite the golden sections in testdata")

// goldenCase is one archive of testdata; testdata/README.md describes them.
type goldenCase struct {
	name    string // of the archive, without its extension
	path    string
	archive *txtar.Archive

	machine      *asl.StateMachine
	twin         *asl.StateMachine // the same machine in the other query language, or nil
	opts         Options           // all but the style
	deployment   Deployment        // in testdata/access
	findingsOnly bool              // the grants are too long to read
}

func TestGolden(t *testing.T) {
	for _, c := range goldenCases(t) {
		t.Run(c.name, func(t *testing.T) {
			for _, style := range []Style{Least, Console} {
				role, findings := c.generate(style)
				c.compare(t, style.String(), c.render(role, findings))
			}
			if *update {
				c.write(t)
			}
		})
	}
}

// A machine and its twin in the other query language need the same.
func TestGoldenTwins(t *testing.T) {
	twins := 0
	for _, c := range goldenCases(t) {
		if c.twin == nil {
			continue
		}
		twins++
		for _, style := range []Style{Least, Console} {
			want := mustGenerate(t, c.machine, c.withStyle(style))
			got := mustGenerate(t, c.twin, c.withStyle(style))
			if diff := cmp.Diff(want.Grants, got.Grants, ignoreWhat); diff != "" {
				t.Errorf("%s, %s: the twin's grants differ (-machine +twin):\n%s", c.name, style, diff)
			}
		}
	}
	if twins == 0 {
		t.Error("no archive holds a twin")
	}
}

// What the documents of a role say is what its grants say, no more and no less.
func TestGoldenStatementsAreTheGrants(t *testing.T) {
	for _, c := range goldenCases(t) {
		for _, style := range []Style{Least, Console} {
			role, _ := c.generate(style)
			if role == nil || len(role.Grants) == 0 {
				continue
			}
			if diff := cmp.Diff(grantTriples(role.Grants), statementTriples(t, role)); diff != "" {
				t.Errorf("%s, %s (-grants +statements):\n%s", c.name, style, diff)
			}
		}
	}
}

// See assertContained for what least may grant beyond console.
func TestGoldenLeastIsContainedInConsole(t *testing.T) {
	for _, c := range goldenCases(t) {
		small, _ := c.generate(Least)
		large, findings := c.generate(Console)
		if small == nil || large == nil {
			continue
		}
		// Where the console's role says that it lacks models, least may know them.
		lacks := func(state string) bool {
			return slices.ContainsFunc(findings, func(f source.Finding) bool {
				return f.Code == "MODEL_UNKNOWN" && strings.HasSuffix(f.Path, "/"+state+"/Resource")
			})
		}
		small.Grants = slices.DeleteFunc(small.Grants, func(gr Grant) bool { return slices.ContainsFunc(gr.States, lacks) })
		assertWithin(t, c.name, small, large)
	}
}

func grantTriples(grants []Grant) []string {
	var out []string
	for _, gr := range grants {
		out = append(out, strings.ToLower(gr.Action)+" on "+gr.Resource+" "+conditionLine(gr.Conditions))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func statementTriples(t *testing.T, role *Role) []string {
	t.Helper()
	var out []string
	for _, p := range role.Policies {
		if findings := policy.Validate(p.Document); len(findings) > 0 {
			t.Errorf("policy %s: %v", p.Name, findings)
		}
		for i := range p.Document.Statements {
			s := &p.Document.Statements[i]
			for _, action := range s.Action.Texts() {
				for _, resource := range s.Resource.Texts() {
					out = append(out, strings.ToLower(action)+" on "+resource+" "+conditionLine(conditionsOf(s)))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func conditionsOf(s *policy.Statement) []Condition {
	var out []Condition
	if s.Condition == nil {
		return nil
	}
	for _, block := range s.Condition.Blocks {
		for _, key := range block.Keys {
			out = append(out, Condition{Operator: block.Operator, Key: key.Name, Values: key.Values.Texts()})
		}
	}
	return out
}

// goldenCases reads all archives.
func goldenCases(t testing.TB) []*goldenCase {
	t.Helper()
	return append(readCases(t, "testdata/*.txtar"), readCases(t, "testdata/holes/*.txtar")...)
}

func readCases(t testing.TB, glob string) []*goldenCase {
	t.Helper()
	paths, err := filepath.Glob(glob)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	cases := make([]*goldenCase, len(paths))
	for i, path := range paths {
		cases[i] = readGolden(t, path)
	}
	return cases
}

func readGolden(t testing.TB, path string) *goldenCase {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &goldenCase{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, archive: archive}
	reading := c.readOptions(t)
	for _, f := range archive.Files {
		kind, _, _ := strings.Cut(f.Name, ".")
		if kind != "machine" && kind != "twin" {
			continue
		}
		m, findings := asl.Parse(source.NewFile(f.Name, string(f.Data)), reading)
		if findings.HasErrors() {
			t.Fatalf("%s: %s: %v", path, f.Name, findings)
		}
		if kind == "twin" {
			c.twin = m
		} else {
			c.machine = m
		}
	}
	if c.machine == nil {
		t.Fatalf("%s holds no machine", path)
	}
	return c
}

// readOptions reads the section "options": flags of writ generate, one a line,
// written --flag=value.
func (c *goldenCase) readOptions(t testing.TB) asl.Options {
	t.Helper()
	c.opts = Options{Name: "Machine", Region: "us-east-1", Account: "123456789012", PassRoles: map[string][]string{}}
	reading := asl.Options{Substitutions: map[string]string{}}
	flags := flag.NewFlagSet(c.path, flag.ContinueOnError)
	o := &c.opts
	for name, value := range map[string]*string{
		"name": &o.Name, "account": &o.Account, "region": &o.Region, "partition": &o.Partition,
		"execution-role": &c.deployment.ExecutionRole, "kms-key": &o.KMSKey, "path": &o.Path, "permissions-boundary": &o.PermissionsBoundary,
	} {
		flags.StringVar(value, name, *value, "")
	}
	for name, value := range map[string]*bool{
		"tracing": &o.Tracing, "logging": &o.Logging, "redrive": &o.Redrive, "no-pass-role": &o.NoPassRole, "any-account": &o.AnyAccount,
		"allow-placeholders": &reading.AllowPlaceholders, "findings-only": &c.findingsOnly,
	} {
		flags.BoolVar(value, name, false, "")
	}
	flags.Func("type", "", func(s string) error { o.Type = MachineType(s); return nil })
	flags.Func("deploy-also", "", func(s string) error { c.deployment.Also = strings.Split(s, ","); return nil })
	flags.Func("trust", "", func(s string) (err error) { o.Trust, err = ParseTrust(s); return err })
	flags.Func("substitution", "", func(s string) error {
		key, value, _ := strings.Cut(s, "=")
		reading.Substitutions[key] = value
		return nil
	})
	holes := testHoles{}
	flags.Func("hole", "", func(s string) error {
		key, about, _ := strings.Cut(s, "=")
		reading.Substitutions[key] = hole.Text(key)
		holes[key] = strings.Fields(about)
		o.Holes = holes
		return nil
	})
	flags.Func("pass-role", "", func(s string) error {
		service, role, _ := strings.Cut(s, "=")
		service = ServicePrincipal(service)
		o.PassRoles[service] = append(o.PassRoles[service], role)
		return nil
	})
	flags.Func("input", "", func(s string) error { return c.readInput(s, false) })
	flags.Func("exact-input", "", func(s string) error { return c.readInput(s, true) })
	flags.Func("pin", "", func(s string) error {
		place, pattern, _ := strings.Cut(s, "=")
		o.Pins = append(o.Pins, dataflow.Pin{Place: place, Pattern: pattern})
		return nil
	})
	flags.Func("task-definition", "", func(s string) error {
		text := c.section(s)
		td, findings := ecs.ParseTaskDefinition(source.NewFile(s, text))
		if findings.HasErrors() {
			return fmt.Errorf("%v", findings)
		}
		o.TaskDefinitions = append(o.TaskDefinitions, td)
		return nil
	})
	if err := flags.Parse(strings.Split(strings.TrimSpace(c.section("options")), "\n")); err != nil || flags.NArg() > 0 && flags.Arg(0) != "" {
		t.Fatalf("%s: options: %v %v", c.path, err, flags.Args())
	}
	return reading
}

// readInput reads the section that an option names.
func (c *goldenCase) readInput(name string, exact bool) error {
	in, findings := dataflow.ReadInput(source.NewFile(name, c.section(name)), exact)
	if findings.HasErrors() {
		return fmt.Errorf("%v", findings)
	}
	c.opts.Input = in
	return nil
}

func (c *goldenCase) section(name string) string {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func (c *goldenCase) withStyle(s Style) Options {
	o := c.opts
	o.Style = s
	return o
}

func (c *goldenCase) generate(s Style) (*Role, source.List) {
	return Generate(c.machine, c.withStyle(s))
}

// compare holds a golden section against what came out, or replaces it.
func (c *goldenCase) compare(t *testing.T, name, got string) {
	t.Helper()
	if !*update {
		if diff := cmp.Diff(c.section(name), got); diff != "" {
			t.Errorf("%s: section %s differs (-want +got); -update rewrites it:\n%s", c.path, name, diff)
		}
		return
	}
	for i := range c.archive.Files {
		if c.archive.Files[i].Name == name {
			c.archive.Files[i].Data = []byte(got)
			return
		}
	}
	c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(got)})
}

func (c *goldenCase) write(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// render prints a role and findings for people who review a change of them.
func (c *goldenCase) render(role *Role, findings source.List) string {
	var b strings.Builder
	switch {
	case role == nil:
		b.WriteString("no role\n")
	case c.findingsOnly:
	default:
		renderRole(&b, role)
	}
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s %s: %s\n", f.Severity, f.Code, f.Path, f.Message)
	}
	return hole.Print(b.String())
}

// testHoles are the holes of an archive: "plain", or what they can be.
type testHoles map[string][]string

func (h testHoles) Plain(name string) bool { return slices.Equal(h[name], []string{"plain"}) }

func (h testHoles) Alternatives(text string) ([]string, bool) {
	if name, whole := hole.Whole(text); whole && len(h[name]) > 1 {
		return h[name], true
	}
	return []string{text}, true
}

func renderRole(b *strings.Builder, role *Role) {
	if guard := conditionLine(conditionsOf(&role.Trust.Statements[0])); guard != usualGuard {
		fmt.Fprintf(b, "trust%s\n", guard)
	}
	if role.Path != "/" || role.PermissionsBoundary != "" {
		fmt.Fprintf(b, "path %s, boundary %q\n", role.Path, role.PermissionsBoundary)
	}
	for i := 0; i < len(role.Grants); {
		gr := role.Grants[i]
		actions := []string{gr.Action}
		for i++; i < len(role.Grants) && alike(gr, role.Grants[i]); i++ {
			actions = append(actions, role.Grants[i].Action)
		}
		renderGrant(b, strings.Join(actions, " "), gr)
	}
	if len(role.Grants) == 0 {
		for _, p := range role.Policies {
			fmt.Fprintf(b, "policy %s\n", p.Document)
		}
		if len(role.Policies) == 0 {
			b.WriteString("no policy\n")
		}
	}
}

// usualGuard is the trust guard of a role for the options that archives start from.
const usualGuard = " if ArnLike aws:SourceArn = arn:aws:states:us-east-1:123456789012:stateMachine:Machine" +
	" if StringEquals aws:SourceAccount = 123456789012"

func renderGrant(b *strings.Builder, actions string, gr Grant) {
	call := gr.Service
	if gr.Pattern != "" && gr.Pattern != "request" {
		call += "." + gr.Pattern
	}
	fmt.Fprintf(b, "%s on %s%s\n  %s by %s", actions, gr.Resource, conditionLine(gr.Conditions), gr.Purpose, call)
	if len(gr.States) > 0 {
		fmt.Fprintf(b, " in %s", strings.Join(gr.States, ", "))
	}
	if gr.AssumesAccount {
		b.WriteString("; assumes the account")
	}
	for _, way := range gr.From {
		b.WriteString("\n  " + way)
	}
	for _, what := range gr.Assumes {
		b.WriteString("\n  assumes that " + what)
	}
	b.WriteByte('\n')
}

// ignoreWhat leaves out what follows from the other fields of a Grant.
var ignoreWhat = cmpopts.IgnoreUnexported(Grant{})

// alike reports whether two grants differ in their action only.
func alike(a, b Grant) bool {
	b.Action = a.Action
	return cmp.Equal(a, b, ignoreWhat)
}

func conditionLine(conditions []Condition) string {
	var b strings.Builder
	for _, c := range conditions {
		fmt.Fprintf(&b, " if %s %s = %s", c.Operator, c.Key, strings.Join(c.Values, ", "))
	}
	return b.String()
}
