package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// realistic are templates as people write them, out of the tests of package
// template, and what is said about where they are deployed.
var realistic = []struct {
	name, archive string
	prefix        string // of the files' names in the archive
	input         string
	flags         []string
}{
	{"sam", "sam_application.txtar", "", "template.yaml", []string{"--region", "eu-west-1", "--parameter", "Stage=prod"}},
	{"cdk", "cdk_assembly.txtar", "", ".", nil},
	{"terraform_module", "terraform/module.txtar", "orders/", ".", nil},
	{"terraform_plan", "terraform/plan.txtar", "orders/", "plan.json", nil}, // with mistakes
	{"terraform_update", "terraform/update.txtar", "update/", "plan.json", nil},
}

// What generate and audit say of realistic templates is what a person has read
// and found right; -update rewrites it.
func TestRealisticTemplates(t *testing.T) {
	golden, err := filepath.Abs("testdata/templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range realistic {
		t.Run(c.name, func(t *testing.T) {
			unpackTemplate(t, filepath.Join("../../template/testdata", c.archive), c.prefix)
			out := &txtar.Archive{Comment: []byte("What writ says of " + c.archive + ".\n\n")}
			for _, command := range [][]string{{"generate"}, {"generate", "--format", "cfn"}, {"generate", "--format", "hcl"}, {"audit"}} {
				args := append(append(append([]string{}, command...), c.flags...), c.input)
				code, stdout, stderr := invoke(t, "", args...)
				text := stdout + "-----\n" + stderr + fmt.Sprintf("exit %d\n", code)
				out.Files = append(out.Files, txtar.File{Name: strings.Join(command, " "), Data: []byte(text)})
			}
			path := filepath.Join(golden, c.name+".txtar")
			if *update {
				if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(txtar.Format(out))); diff != "" {
				t.Errorf("-want +got; -update rewrites it:\n%s", diff)
			}
		})
	}
}

// unpackTemplate writes files of an archive into a directory of their own and goes there.
func unpackTemplate(t *testing.T, archive, prefix string) {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, f := range a.Files {
		name, ok := strings.CutPrefix(f.Name, prefix)
		if !ok || name == "want" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
