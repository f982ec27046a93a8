package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// What a format holds is read back by package template to the role that was
// written, with and without a place that is filled in at deployment.
func TestFormatsReadBack(t *testing.T) {
	read := 0
	for _, c := range roleCases(t) {
		for _, open := range []bool{false, true} {
			opts := c.opts
			opts.Style = roles.Least
			if open {
				opts.Account, opts.Region, opts.Partition = "", "", ""
				opts.LeaveOpen()
			}
			role, _ := roles.Generate(c.machine, opts)
			if role == nil {
				continue
			}
			for format, name := range map[Format]string{CloudFormation: "role.yaml", SAM: "role.yaml", Terraform: "role.tf"} {
				read++
				var out bytes.Buffer
				if err := Write(&out, format, []Resource{{Role: role}}); err != nil {
					t.Errorf("%s, %s: %v", c.name, format, err)
					continue
				}
				readBack(t, c.name+", "+string(format), format, source.NewFile(name, out.String()), role)
			}
		}
	}
	if read < 100 {
		t.Errorf("only %d roles were read back", read)
	}
}

func readBack(t *testing.T, name string, format Format, file *source.File, role *roles.Role) {
	t.Helper()
	got, findings := template.Read(file, template.Options{})
	if got == nil || len(got.Roles) != 1 {
		t.Errorf("%s: no role was read: %v\n%s", name, findings, file.Text)
		return
	}
	made := &got.Roles[0]
	want, have := statementsOf((&Resource{Role: role}).documents()), statementsOf(documentsIn(got, made))
	if diff := cmp.Diff(printed(want), printed(have)); diff != "" {
		t.Errorf("%s: statements (-written +read):\n%s\n%s", name, diff, hole.Print(file.Text))
	}
	if format == SAM {
		return // SAM writes the trust policy
	}
	trust := statementsOf([]*policy.Document{role.Trust})
	if made.Trust < 0 {
		t.Errorf("%s: the trust policy was not read: %v", name, findings)
	} else if diff := cmp.Diff(printed(trust), printed(statementsOf([]*policy.Document{got.Policies[made.Trust].Document}))); diff != "" {
		t.Errorf("%s: trust (-written +read):\n%s", name, diff)
	}
	if role.PermissionsBoundary != made.Boundary.Text {
		t.Errorf("%s: boundary %s, want %s", name, made.Boundary.Text, role.PermissionsBoundary)
	}
}

func printed(list []string) []string {
	var out []string
	for _, text := range list {
		out = append(out, hole.Print(text))
	}
	return out
}

type roleCase struct {
	name    string
	machine *asl.StateMachine
	opts    roles.Options
}

// roleCases are the machines of package roles and those of the conformance
// suite, where it is there.
func roleCases(t *testing.T) []roleCase {
	t.Helper()
	var out []roleCase
	paths, err := filepath.Glob("../roles/testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no machines: %v", err)
	}
	add := func(name, file, text string, opts roles.Options) {
		m, findings := asl.Parse(source.NewFile(file, text), asl.Options{AllowPlaceholders: true})
		if m != nil && !findings.HasErrors() {
			out = append(out, roleCase{name, m, opts})
		}
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasPrefix(f.Name, "machine.") {
				add(filepath.Base(path), f.Name, string(f.Data), roles.Options{Name: "Machine", Region: "us-east-1", Account: "123456789012", Tracing: true,
					PermissionsBoundary: "arn:aws:iam::123456789012:policy/boundary"})
			}
		}
	}
	file, err := os.Open("../../shared/cases/roles.jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		return out
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var c struct {
			Name       string
			Definition json.RawMessage
			Context    struct {
				Region, AccountID, StateMachineName, Type, KMSKeyArn string
				Tracing, Logging                                     bool
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		add(c.Name, c.Name+".json", string(c.Definition), roles.Options{Name: c.Context.StateMachineName, Region: c.Context.Region, Account: c.Context.AccountID,
			Type: roles.MachineType(c.Context.Type), Tracing: c.Context.Tracing, Logging: c.Context.Logging, KMSKey: c.Context.KMSKeyArn})
	}
	return out
}

// documentsIn are the documents of all policies of a role that are not managed.
func documentsIn(t *template.Template, made *template.Role) []*policy.Document {
	var docs []*policy.Document
	for _, i := range made.Inline {
		docs = append(docs, t.Policies[i].Document)
	}
	return docs
}
