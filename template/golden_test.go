package template

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// dump prints all that was read, with holes as ${NAME}.
func dump(t *Template, list source.List) string {
	var b strings.Builder
	if t != nil {
		fmt.Fprintf(&b, "format %s%s\n", t.Format, mark(t.Incomplete))
		for i := range t.Machines {
			dumpMachine(&b, &t.Machines[i])
		}
		for i := range t.Tasks {
			d := &t.Tasks[i]
			dumpPlace(&b, "task", &d.Place)
			fmt.Fprintf(&b, "  family %s\n", hole.Print(d.Family))
			dumpReference(&b, "task role", d.Task)
			dumpReference(&b, "execution role", d.Execution)
		}
		for i := range t.Roles {
			dumpRole(&b, &t.Roles[i])
		}
		for i := range t.Principals {
			p := &t.Principals[i]
			dumpPlace(&b, "principal", &p.Place)
			fmt.Fprintf(&b, "  arn %s\n", hole.Print(p.ARN))
			for _, g := range p.Groups {
				dumpReference(&b, "group", g)
			}
			dumpAttached(&b, p.Inline, p.Managed, p.Boundary)
		}
		for i := range t.Attached {
			a := &t.Attached[i]
			dumpPlace(&b, "attachment", &a.Place)
			dumpReference(&b, "target", a.Target)
			dumpReference(&b, "policy", a.Policy)
		}
		for i := range t.Policies {
			dumpPolicy(&b, i, &t.Policies[i])
		}
		for _, name := range slices.Sorted(maps.Keys(t.Holes)) {
			h := t.Holes[name]
			fmt.Fprintf(&b, "hole %s: %s", name, h.Why)
			if h.Alternatives != nil {
				fmt.Fprintf(&b, " of %q", each(h.Alternatives, hole.Print))
			}
			if h.Pattern != "" {
				fmt.Fprintf(&b, " like %s", h.Pattern)
			}
			b.WriteString(map[bool]string{true: " secret\n", false: "\n"}[h.Secret])
		}
	}
	for _, f := range list {
		where, at := "", ""
		if f.File != nil {
			p := f.File.Position(f.Span.Start)
			where, at = fmt.Sprintf("%s:%d:%d: ", f.File.Name, p.Line, p.Column), f.File.Slice(f.Span)
		}
		if first, _, cut := strings.Cut(at, "\n"); cut {
			at = first + "..."
		}
		fmt.Fprintf(&b, "%s%s %s %s\n  at %s\n  %s\n", where, f.Severity, f.Code, f.Path, hole.Print(at), hole.Print(f.Message))
		if f.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", f.Hint)
		}
	}
	return b.String()
}

func mark(incomplete bool) string {
	if incomplete {
		return " INCOMPLETE"
	}
	return ""
}

func each(list []string, f func(string) string) []string {
	var out []string
	for _, s := range list {
		out = append(out, f(s))
	}
	return out
}

func dumpPlace(b *strings.Builder, what string, p *Place) {
	at := p.File.Position(p.Span.Start)
	fmt.Fprintf(b, "%s %s %s %s:%d:%d", what, p.ID(), p.Type, p.File.Name, at.Line, at.Column)
	if len(p.When) > 0 {
		fmt.Fprintf(b, " when %s", p.When)
	}
	b.WriteString(mark(p.Incomplete) + "\n")
}

func dumpReference(b *strings.Builder, what string, r Reference) {
	if r.Text == "" {
		return
	}
	fmt.Fprintf(b, "  %s %s", what, hole.Print(r.Text))
	if r.ID != "" {
		fmt.Fprintf(b, " = %s", r.ID)
	}
	if len(r.When) > 0 {
		fmt.Fprintf(b, " when %s", r.When)
	}
	b.WriteString("\n")
}

func dumpMachine(b *strings.Builder, m *Machine) {
	dumpPlace(b, "machine", &m.Place)
	fmt.Fprintf(b, "  arn %s\n  name %s\n  kind %s\n", hole.Print(m.ARN), hole.Print(m.Physical), hole.Print(m.Kind))
	dumpReference(b, "role", m.Role)
	if m.Tracing != Off || m.Logging != Off || m.KMSKey != "" {
		fmt.Fprintf(b, "  tracing %s, logging %s, key %s\n", m.Tracing, m.Logging, hole.Print(m.KMSKey))
	}
	if m.Definition == nil {
		b.WriteString("  no definition\n")
		return
	}
	fmt.Fprintf(b, "  definition in %s\n", m.Definition.File.Name)
	m.Definition.Walk(func(s *asl.State) bool {
		fmt.Fprintf(b, "    %s %s", hole.Print(s.Name), s.Type)
		if s.Task != nil {
			fmt.Fprintf(b, " %s", hole.Print(s.Task.Resource.Text()))
			var args []string
			for name, v := range s.Task.Arguments.Fields() {
				args = append(args, name+"="+hole.Print(v.Text()))
			}
			fmt.Fprintf(b, " {%s}", strings.Join(args, ", "))
		}
		b.WriteString("\n")
		return true
	})
}

func dumpRole(b *strings.Builder, r *Role) {
	dumpPlace(b, "role", &r.Place)
	if r.Implied {
		b.WriteString("  implied\n")
	}
	fmt.Fprintf(b, "  arn %s\n  name %s\n", hole.Print(r.ARN), hole.Print(r.Physical))
	if r.Path != "/" {
		fmt.Fprintf(b, "  path %s\n", hole.Print(r.Path))
	}
	if r.Trust >= 0 {
		fmt.Fprintf(b, "  trust #%d\n", r.Trust)
	}
	dumpAttached(b, r.Inline, r.Managed, r.Boundary)
}

func dumpAttached(b *strings.Builder, inline []int, managed []Reference, boundary Reference) {
	for _, i := range inline {
		fmt.Fprintf(b, "  inline #%d\n", i)
	}
	for _, m := range managed {
		dumpReference(b, "managed", m)
	}
	dumpReference(b, "boundary", boundary)
}

func dumpPolicy(b *strings.Builder, i int, p *Policy) {
	dumpPlace(b, fmt.Sprintf("policy #%d %s", i, p.Kind), &p.Place)
	if p.Resource != "" {
		fmt.Fprintf(b, "  on %s\n", p.Resource)
	}
	for _, t := range p.Targets {
		dumpReference(b, "target", t)
	}
	if p.Physical != "" {
		fmt.Fprintf(b, "  name %s\n", hole.Print(p.Physical))
	}
	if p.Document == nil {
		b.WriteString("  no document\n")
		return
	}
	fmt.Fprintf(b, "  version %s\n", p.Document.Version)
	for j := range p.Document.Statements {
		one := *p.Document
		one.Statements, one.Elements, one.Single, one.Version = one.Statements[j:j+1], nil, true, ""
		text := strings.TrimSuffix(strings.TrimPrefix(string(policy.Print(&one, "")), `{"Statement":`), "}")
		when := ""
		if len(p.Cases) != len(p.Document.Statements) {
			when = " CASES LOST"
		} else if len(p.Cases[j]) > 0 {
			when = " when " + p.Cases[j].String()
		}
		fmt.Fprintf(b, "  - %s%s\n", hole.Print(text), when)
	}
}

// Each archive in testdata holds a template, the files that it names, and what
// has to be read of it. A comment line "option NAME=VALUE" gives a parameter, or
// with -region, -account, -partition, -stack what these are.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { testArchive(t, name) })
	}
}

// goldenTemplate is the template of an archive, read.
type goldenTemplate struct {
	name     string
	template *Template
}

func goldenTemplates(t *testing.T) []goldenTemplate {
	t.Helper()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var out []goldenTemplate
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range archive.Files {
			files[f.Name] = f.Data
		}
		first := archive.Files[0]
		got, _ := Read(source.NewFile(first.Name, string(first.Data)), options(string(archive.Comment), files))
		if got != nil {
			out = append(out, goldenTemplate{name, got})
		}
	}
	return out
}

func testArchive(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	want := -1
	for i, f := range archive.Files {
		if f.Name == "want" {
			want = i
			continue
		}
		files[f.Name] = f.Data
	}
	first := archive.Files[0]
	got := dump(Read(source.NewFile(first.Name, string(first.Data)), options(string(archive.Comment), files)))
	if want < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: "want"})
		want = len(archive.Files) - 1
	}
	if diff := cmp.Diff(string(archive.Files[want].Data), got); diff != "" && !*update {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if *update {
		archive.Files[want].Data = []byte(got)
		if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func options(comment string, files map[string][]byte) Options {
	opts := Options{Parameters: map[string]string{}, Open: func(name string) ([]byte, error) {
		if data, ok := files[name]; ok {
			return data, nil
		}
		return nil, os.ErrNotExist
	}}
	for line := range strings.Lines(comment) {
		option, ok := strings.CutPrefix(strings.TrimSpace(line), "option ")
		if !ok {
			continue
		}
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "-region":
			opts.Region = value
		case "-account":
			opts.Account = value
		case "-partition":
			opts.Partition = value
		case "-stack":
			opts.StackName = value
		default:
			opts.Parameters[key] = value
		}
	}
	return opts
}
