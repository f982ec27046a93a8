package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/cases"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// A unit is what a question is asked about: a policy, or all that a template says
// of one role. Units of the same name are compared with each other.
type unit struct {
	name  string // within what was read; "" for the only one of a file
	set   authz.Set
	files []*source.File
	open  string // why the question cannot be answered; "" where it can
	kind  string // what it is, for people and to tell apart what cannot be compared
}

// unitReader reads units from files, directories, templates and revisions.
type unitReader struct {
	env      *env
	findings source.List
}

func (r *unitReader) fail() error {
	printList(r.env, r.findings.Sorted())
	return exit(exitUsage)
}

// path reads a file, or the files of a directory whose names end in .json. The
// units of a directory are named by their files.
func (r *unitReader) path(name string) ([]unit, error) {
	info, err := os.Stat(name)
	if name == "-" || err == nil && !info.IsDir() {
		text, err := readInput(r.env, name)
		if err != nil {
			return nil, err
		}
		return r.text(filepath.ToSlash(inputName(name)), text, opener(name))
	}
	if err != nil {
		return nil, err
	}
	files, err := walkPolicies(name, nil)
	if err != nil {
		return nil, err
	}
	var out []unit
	for _, file := range files {
		text, err := readInput(r.env, file)
		if err != nil {
			return nil, err
		}
		inside, err := filepath.Rel(name, file)
		if err != nil {
			return nil, err
		}
		units, err := r.text(filepath.ToSlash(file), text, opener(file))
		if err != nil {
			return nil, err
		}
		out = append(out, within(filepath.ToSlash(inside), units)...)
	}
	return out, nil
}

func within(file string, units []unit) []unit {
	for i := range units {
		units[i].name = strings.TrimSuffix(file+"#"+units[i].name, "#")
	}
	return units
}

// opener opens the files that a template names, beside it.
func opener(name string) func(string) ([]byte, error) {
	root := filepath.Dir(name)
	return func(inside string) ([]byte, error) { return fs.ReadFile(os.DirFS(root), path.Clean(inside)) }
}

// text reads a policy or a template.
func (r *unitReader) text(name, text string, open func(string) ([]byte, error)) ([]unit, error) {
	file := source.NewFile(name, text)
	if template.Detect(file) != template.Unknown {
		t, findings := template.Read(file, template.Options{Open: open})
		r.findings = append(r.findings, findings...)
		if t == nil || findings.HasErrors() {
			return nil, r.fail()
		}
		return templateUnits(t), nil
	}
	doc, findings := cases.ParsePolicy(file)
	if findings.HasErrors() && !prove.IsEmpty(doc) {
		r.findings = append(r.findings, findings...)
		return nil, r.fail()
	}
	return []unit{{set: prove.Alone(name, doc), files: []*source.File{file}, kind: kindOfDocument(doc)}}, nil
}

func kindOfDocument(doc *policy.Document) string {
	switch {
	case len(doc.Statements) == 0:
		return ""
	case !prove.NamesPrincipals(doc):
		return "policy of a principal"
	}
	return "policy of a resource"
}

// templateUnits are the roles, principals and policies of a template: what is
// attached to one role allows together.
func templateUnits(t *template.Template) []unit {
	var out []unit
	used := map[int]bool{}
	add := func(u unit) { out = append(out, u) }
	attached := func(place *template.Place, inline []int, managed []template.Reference, boundary template.Reference) {
		u := unit{name: place.ID(), files: []*source.File{place.File}, kind: "policy of a principal"}
		for _, i := range inline {
			used[i] = true
			u.attach(&t.Policies[i])
		}
		for _, ref := range managed {
			i := slices.IndexFunc(t.Policies, func(p template.Policy) bool { return ref.ID != "" && p.Managed && p.ID() == ref.ID })
			if i < 0 {
				u.open = "the text of the attached policy " + ref.Text + " is not in the template"
				continue
			}
			used[i] = true
			u.attach(&t.Policies[i])
		}
		if boundary.Text != "" || boundary.ID != "" {
			i := slices.IndexFunc(t.Policies, func(p template.Policy) bool { return boundary.ID != "" && p.Managed && p.ID() == boundary.ID })
			if i >= 0 && t.Policies[i].Document != nil {
				u.set.Boundary = &authz.Policy{Name: t.Policies[i].ID(), Document: t.Policies[i].Document}
			} else {
				u.open = "the text of the permissions boundary " + boundary.Text + " is not in the template"
			}
		}
		if place.Incomplete {
			u.open = "a part of it could not be read"
		}
		if len(u.set.Identity) > 0 || u.open != "" {
			add(u)
		}
	}
	for i := range t.Roles {
		role := &t.Roles[i]
		attached(&role.Place, role.Inline, role.Managed, role.Boundary)
	}
	for i := range t.Principals {
		p := &t.Principals[i]
		attached(&p.Place, p.Inline, p.Managed, p.Boundary)
	}
	names := map[string]int{}
	for i := range t.Policies {
		p := &t.Policies[i]
		if used[i] || p.Kind == template.OtherKind {
			continue
		}
		u := unit{name: p.ID() + " (" + p.Kind.String() + ")", files: []*source.File{p.File}, kind: p.Kind.String()}
		if names[u.name]++; names[u.name] > 1 {
			u.name += fmt.Sprintf(" %d", names[u.name])
		}
		u.attach(p)
		if p.Document != nil {
			u.set = prove.Alone(p.ID(), p.Document)
		}
		add(u)
	}
	return out
}

// attach adds a policy of a template to those of a principal.
func (u *unit) attach(p *template.Policy) {
	switch {
	case p.Document == nil || p.Incomplete:
		u.open = "the policy " + p.ID() + " could not be read as a whole"
	case slices.ContainsFunc(p.Cases, func(w template.When) bool { return len(w) > 0 }) || len(p.When) > 0:
		u.open = "whether the policy " + p.ID() + " counts hangs on a condition of the template"
	}
	if p.Document != nil {
		u.set.Identity = append(u.set.Identity, authz.Policy{Name: p.ID(), Document: p.Document})
	}
}

// revision reads what a path was at a revision of the git repository that holds it.
func (r *unitReader) revision(revision, name string) ([]unit, error) {
	if strings.HasPrefix(revision, "-") {
		return nil, fmt.Errorf("--git %q is no revision", revision)
	}
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		list, err := git(name, "ls-tree", "-r", "-z", "--name-only", revision, "./")
		if err != nil {
			return nil, err
		}
		var out []unit
		for _, file := range strings.Split(strings.TrimRight(list, "\x00"), "\x00") {
			if !strings.HasSuffix(file, ".json") || strings.HasPrefix(file, ".") || strings.Contains(file, "/.") {
				continue
			}
			units, err := r.blob(revision, name, file)
			if err != nil {
				return nil, err
			}
			out = append(out, within(file, units)...)
		}
		return out, nil
	}
	return r.blob(revision, filepath.Dir(name), filepath.Base(name))
}

// blob reads one file of a revision; a file that it does not have says nothing.
func (r *unitReader) blob(revision, dir, file string) ([]unit, error) {
	if _, err := git(dir, "rev-parse", "--verify", "--quiet", revision+"^{commit}"); err != nil {
		return nil, fmt.Errorf("%s is no revision of the repository of %s", revision, dir)
	}
	text, err := git(dir, "show", revision+":./"+file)
	if err != nil {
		return nil, nil
	}
	return r.text(revision+":"+file, text, func(inside string) ([]byte, error) {
		text, err := git(dir, "show", revision+":./"+path.Clean(inside))
		return []byte(text), err
	})
}

func git(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return string(out), nil
}
