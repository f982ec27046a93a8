package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"go.yaml.in/yaml/v4"
)

// The templates must give the documents that --format json gives, once their
// tool has filled in the references. The machines are those of package roles.

// document is a policy document, or a role of documents, as plain JSON values.
type document = any

// roleDocuments is what all formats are brought to.
type roleDocuments struct {
	Trust    document
	Policies map[string]document // by name
	Path     string
	Boundary string
}

// absorbed replaces each policy by what it allows. Where references stand in an
// ARN, nobody can tell before deployment that one resource covers another, so
// the template may name both.
func (r roleDocuments) absorbed(t *testing.T) roleDocuments {
	t.Helper()
	out := r
	out.Policies = map[string]document{}
	for name, policy := range r.Policies {
		out.Policies[name] = allowances(t, policy)
	}
	return out
}

// allowances returns, for each action and condition, the resources that no
// other one ending in "*" covers.
func allowances(t *testing.T, policy document) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, s := range policy.(map[string]any)["Statement"].([]any) {
		statement := s.(map[string]any)
		condition, err := json.Marshal(statement["Condition"])
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range texts(statement["Action"]) {
			key := fmt.Sprintf("%s %s %s", statement["Effect"], action, condition)
			all[key] = append(all[key], texts(statement["Resource"])...)
		}
	}
	for key, resources := range all {
		var kept []string
		for _, r := range resources {
			if !slices.ContainsFunc(resources, func(wide string) bool {
				before, star := strings.CutSuffix(wide, "*")
				return star && wide != r && strings.HasPrefix(r, before)
			}) {
				kept = append(kept, r)
			}
		}
		slices.Sort(kept)
		all[key] = slices.Compact(kept)
	}
	return all
}

// texts reads what may be one string or a list of them.
func texts(v any) []string {
	if text, ok := v.(string); ok {
		return []string{text}
	}
	var out []string
	for _, item := range v.([]any) {
		out = append(out, item.(string))
	}
	return out
}

func TestCloudFormationRoundTrip(t *testing.T) {
	eachMachine(t, func(t *testing.T, m machineFile) {
		want := m.fromJSON(t)
		got := readCFN(t, m.generate(t, "cfn", m.flags...), m.place)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("with everything given (-json +cfn):\n%s", diff)
		}
		got = readCFN(t, m.generate(t, "cfn", m.openFlags...), m.place)
		if diff := cmp.Diff(want.absorbed(t), got.absorbed(t)); diff != "" {
			t.Errorf("with references (-json +cfn):\n%s", diff)
		}
	})
}

func TestTerraformRoundTrip(t *testing.T) {
	eachMachine(t, func(t *testing.T, m machineFile) {
		want := m.fromJSON(t)
		got := readHCL(t, m.generate(t, "hcl", m.flags...), m.place)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("with everything given (-json +hcl):\n%s", diff)
		}
		got = readHCL(t, m.generate(t, "hcl", m.openFlags...), m.place)
		if diff := cmp.Diff(want.absorbed(t), got.absorbed(t)); diff != "" {
			t.Errorf("with references (-json +hcl):\n%s", diff)
		}
	})
}

// place is where a machine lives.
type place struct{ partition, region, account string }

type machineFile struct {
	path      string
	place     place
	flags     []string
	openFlags []string // the same, with the place left to the template
}

// eachMachine visits the machines of package roles' archives that have a role.
func eachMachine(t *testing.T, visit func(*testing.T, machineFile)) {
	t.Helper()
	paths, err := filepath.Glob("../../roles/testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m, ok := unpack(t, archive); ok {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { visit(t, m) })
		}
	}
}

// unpack writes an archive to files. ok is false when it has no role, or none
// of a known place.
func unpack(t *testing.T, archive *txtar.Archive) (m machineFile, ok bool) {
	t.Helper()
	dir := t.TempDir()
	options := []string{"--name=Machine"}
	m.place = place{"aws", "us-east-1", "123456789012"}
	for _, f := range archive.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(f.Name, "machine."):
			m.path = filepath.Join(dir, f.Name)
		case f.Name == "least" && strings.HasPrefix(string(f.Data), "no role"):
			return m, false
		case f.Name == "options":
			options = append(options, strings.Fields(string(f.Data))...)
		}
	}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		switch name {
		case "--findings-only":
		case "--account", "--region":
			if value == "" {
				return m, false
			}
			m.place.region = value // no archive names another account
			m.place.partition = map[string]string{"cn": "aws-cn", "us-gov": "aws-us-gov"}[strings.TrimSuffix(value, "-west-1")]
			if strings.HasPrefix(value, "cn-") {
				m.place.partition = "aws-cn"
			}
		case "--task-definition", "--input":
			m.openFlags = append(m.openFlags, name+"="+filepath.Join(dir, value))
		default:
			m.openFlags = append(m.openFlags, o)
		}
	}
	m.flags = append([]string{"--account=" + m.place.account, "--region=" + m.place.region}, m.openFlags...)
	return m, true
}

func (m machineFile) generate(t *testing.T, format string, flags ...string) string {
	t.Helper()
	code, stdout, stderr := invoke(t, "", append([]string{"generate", "--format", format, m.path}, flags...)...)
	if code != exitOK && code != exitUndecided {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return stdout
}

func (m machineFile) fromJSON(t *testing.T) roleDocuments {
	t.Helper()
	var out struct {
		Role struct {
			Path                     string
			PermissionsBoundary      string
			AssumeRolePolicyDocument document
			Policies                 []struct {
				Name     string
				Document document
			}
		}
	}
	mustParse(t, m.generate(t, "json", m.flags...), &out)
	r := roleDocuments{Trust: out.Role.AssumeRolePolicyDocument, Policies: map[string]document{}, Path: out.Role.Path, Boundary: out.Role.PermissionsBoundary}
	for _, p := range out.Role.Policies {
		r.Policies[p.Name] = p.Document
	}
	return r
}

func mustParse(t testing.TB, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// readCFN resolves a template as CloudFormation would: !Sub fills pseudo
// parameters and turns "${!" into "${".
func readCFN(t *testing.T, text string, p place) roleDocuments {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	resolveSubs(t, &root, p)
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				AssumeRolePolicyDocument document `yaml:"AssumeRolePolicyDocument"`
				Path                     string   `yaml:"Path"`
				PermissionsBoundary      string   `yaml:"PermissionsBoundary"`
				Policies                 []struct {
					PolicyName     string   `yaml:"PolicyName"`
					PolicyDocument document `yaml:"PolicyDocument"`
				} `yaml:"Policies"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := root.Decode(&template); err != nil {
		t.Fatal(err)
	}
	r := roleDocuments{Policies: map[string]document{}, Path: "/"}
	for _, resource := range template.Resources {
		if resource.Type != "AWS::IAM::Role" {
			t.Errorf("resource of type %s", resource.Type)
		}
		r.Trust, r.Boundary = resource.Properties.AssumeRolePolicyDocument, resource.Properties.PermissionsBoundary
		if resource.Properties.Path != "" {
			r.Path = resource.Properties.Path
		}
		for _, policy := range resource.Properties.Policies {
			r.Policies[policy.PolicyName] = policy.PolicyDocument
		}
	}
	return r
}

var substitution = regexp.MustCompile(`\$\{[^}]*\}`)

func resolveSubs(t *testing.T, n *yaml.Node, p place) {
	t.Helper()
	for _, child := range n.Content {
		resolveSubs(t, child, p)
	}
	if n.Tag != "!Sub" {
		return
	}
	n.Tag = "!!str"
	n.Value = substitution.ReplaceAllStringFunc(n.Value, func(ref string) string {
		switch ref {
		case "${AWS::Partition}":
			return p.partition
		case "${AWS::Region}":
			return p.region
		case "${AWS::AccountId}":
			return p.account
		}
		if literal, ok := strings.CutPrefix(ref, "${!"); ok {
			return "${" + literal
		}
		t.Errorf("!Sub refers to %s", ref)
		return ref
	})
}

// readHCL evaluates a Terraform file with data sources of the given place.
func readHCL(t *testing.T, text string, p place) roleDocuments {
	t.Helper()
	if formatted := string(hclwrite.Format([]byte(text))); formatted != text {
		t.Errorf("terraform fmt would change it (-writ +fmt):\n%s", cmp.Diff(text, formatted))
	}
	file, problems := hclparse.NewParser().ParseHCL([]byte(text), "role.tf")
	if problems.HasErrors() {
		t.Fatalf("%v in %s", problems, text)
	}
	context := terraformContext(p)
	r := roleDocuments{Policies: map[string]document{}, Path: "/"}
	declared := map[string]bool{}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		if block.Type == "data" {
			declared[block.Labels[0]] = true
			continue
		}
		values := map[string]string{}
		for name, attribute := range block.Body.Attributes {
			if name == "role" {
				continue // refers to the role's own resource
			}
			value, problems := attribute.Expr.Value(context)
			if problems.HasErrors() {
				t.Fatalf("%s: %v", name, problems)
			}
			values[name] = value.AsString()
		}
		switch block.Labels[0] {
		case "aws_iam_role":
			mustParse(t, values["assume_role_policy"], &r.Trust)
			r.Boundary = values["permissions_boundary"]
			if values["path"] != "" {
				r.Path = values["path"]
			}
		case "aws_iam_role_policy":
			var policy document
			mustParse(t, values["policy"], &policy)
			r.Policies[values["name"]] = policy
		}
	}
	for _, match := range regexp.MustCompile(`data\.([a-z_]+)\.current`).FindAllStringSubmatch(text, -1) {
		if !declared[match[1]] {
			t.Errorf("data source %s is used and not declared", match[1])
		}
	}
	return r
}

func terraformContext(p place) *hcl.EvalContext {
	current := func(attribute, value string) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{"current": cty.ObjectVal(map[string]cty.Value{attribute: cty.StringVal(value)})})
	}
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{"data": cty.ObjectVal(map[string]cty.Value{
			"aws_partition":       current("partition", p.partition),
			"aws_region":          current("region", p.region),
			"aws_caller_identity": current("account_id", p.account),
		})},
		Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc},
	}
}

// Names that YAML would read as something else, and text that templates treat
// in ways of their own.
func TestTemplatesOfOddText(t *testing.T) {
	for _, name := range []string{"123", "1e3", "yes", "null", "0x1F", "2026-11-21", "-", "a_b-c", strings.Repeat("n", 80)} {
		for _, key := range []string{"plain.json", "a*b?.json", "%{ if x }", "50%", "$${ x}", "${ x", "{{x}}", `q"u\o'te`, "tab\tand\nline", "\u00e9\u4e16", "# no comment", ": x", "!Sub x"} {
			m := oddMachine(t, name, key)
			want := m.fromJSON(t)
			for _, flags := range [][]string{m.flags, m.openFlags} {
				if diff := cmp.Diff(want, readCFN(t, m.generate(t, "cfn", flags...), m.place)); diff != "" {
					t.Errorf("name %q, key %q (-json +cfn):\n%s", name, key, diff)
				}
				if diff := cmp.Diff(want, readHCL(t, m.generate(t, "hcl", flags...), m.place)); diff != "" {
					t.Errorf("name %q, key %q (-json +hcl):\n%s", name, key, diff)
				}
			}
		}
	}
}

// oddMachine reads one object.
func oddMachine(t *testing.T, name, key string) machineFile {
	t.Helper()
	quoted, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "machine.asl.json")
	definition := fmt.Sprintf(`{"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true,
		"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": %s}},
		"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}}}}`, quoted)
	if err := os.WriteFile(path, []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	m := machineFile{path: path, place: place{"aws", "us-east-1", "123456789012"}, openFlags: []string{"--name=" + name}}
	m.flags = append([]string{"--account=123456789012", "--region=us-east-1"}, m.openFlags...)
	return m
}
