package main

import (
	"errors"
	"fmt"
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
	"github.com/writ-iam/writ/roles"
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
	template *templateFlags
	place    roles.Options // account and Region of templates
	findings source.List
	skipped  int // files of directories without policies
}

// passedOver tells how many files of directories were passed over.
func (r *unitReader) passedOver(command string) {
	if r.skipped > 0 {
		fmt.Fprintf(r.env.stderr, "%s: files without policies that were passed over: %d\n", command, r.skipped)
	}
}

func (r *unitReader) fail() error {
	printList(r.env, r.findings.Sorted())
	return exit(exitUsage)
}

// path reads a file, or the files of a directory that may hold policies. The units
// of a directory are named by their files.
func (r *unitReader) path(name string) ([]unit, error) {
	info, err := os.Stat(name)
	if name == "-" || err == nil && !info.IsDir() {
		return r.file(name, false)
	}
	if err != nil {
		return nil, err
	}
	files, err := walkFiles(name, nil, mayHoldPolicies)
	if err != nil {
		return nil, err
	}
	var out []unit
	for _, file := range oneOfModule(files) {
		inside, err := filepath.Rel(name, file)
		if err != nil {
			return nil, err
		}
		units, err := r.file(file, true)
		if err != nil {
			return nil, err
		}
		out = append(out, within(labelInside(filepath.ToSlash(inside)), units)...)
	}
	return out, nil
}

// file reads a file, or standard input. One that was found in a directory is
// passed over when there is no policy in it.
func (r *unitReader) file(name string, walked bool) ([]unit, error) {
	text, err := readInput(r.env, name)
	if err != nil {
		return nil, err
	}
	var opts template.Options
	if name != "-" {
		dir, err := beside(name, &opts)
		if err != nil {
			return nil, err
		}
		defer dir.Close()
	}
	return r.text(filepath.ToSlash(inputName(name)), text, opts, walked)
}

// mayHoldPolicies tells by its name whether a file of a directory is read.
func mayHoldPolicies(name string) bool {
	return slices.Contains([]string{".json", ".yaml", ".yml", ".tf"}, filepath.Ext(name))
}

// oneOfModule leaves one file of each module of Terraform, which is read with the
// others of its directory.
func oneOfModule(files []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, file := range files {
		if filepath.Ext(file) == ".tf" {
			if seen[filepath.Dir(file)] {
				continue
			}
			seen[filepath.Dir(file)] = true
		}
		out = append(out, file)
	}
	return out
}

// labelInside names the units of a file of a directory; those of a module do not
// depend on the names of its files.
func labelInside(file string) string {
	if path.Ext(file) == ".tf" {
		return path.Join(path.Dir(file), "*.tf")
	}
	return file
}

func within(file string, units []unit) []unit {
	for i := range units {
		units[i].name = strings.TrimSuffix(file+"#"+units[i].name, "#")
	}
	return units
}

// text reads a policy or a template.
func (r *unitReader) text(name, text string, opts template.Options, walked bool) ([]unit, error) {
	file := source.NewFile(name, text)
	if walked && !holdsPolicies(file) {
		r.skipped++
		return nil, nil
	}
	if template.Detect(file) != template.Unknown {
		var err error
		if opts.Parameters, err = r.template.values(r.env); err != nil {
			return nil, err
		}
		opts.Region, opts.Account, opts.StackName = r.place.Region, r.place.Account, r.template.stackName
		r.template.used = true
		t, findings := template.Read(file, opts)
		if t == nil || findings.HasErrors() {
			r.findings = append(r.findings, findings...)
			return nil, r.fail()
		}
		units := templateUnits(t)
		if t.Incomplete {
			units = append(units, unit{name: "(not read)", files: []*source.File{file}, open: "a part of the template was not read, and may hold more policies"})
		}
		if slices.ContainsFunc(units, func(u unit) bool { return u.open != "" }) {
			printList(r.env, findings.Sorted()) // they say what is not known
		}
		return units, nil
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

// revision reads what a path was at a revision of the git repository that holds it.
func (r *unitReader) revision(revision, name string) ([]unit, error) {
	if strings.HasPrefix(revision, "-") {
		return nil, fmt.Errorf("--git %q is no revision", revision)
	}
	info, err := os.Stat(name)
	isDir := err == nil && info.IsDir()
	dir := name
	if !isDir {
		dir = filepath.Dir(name)
	}
	if err := findRevision(revision, dir); err != nil {
		return nil, err
	}
	if isDir {
		list, err := git(name, "ls-tree", "-r", "-z", "--name-only", revision, "./")
		if err != nil {
			return nil, err
		}
		var files []string
		for _, file := range strings.Split(strings.TrimRight(list, "\x00"), "\x00") {
			inHidden := strings.Contains("/"+file[:strings.LastIndexByte(file, '/')+1], "/.")
			if mayHoldPolicies(file) && !inHidden {
				files = append(files, file)
			}
		}
		var out []unit
		for _, file := range oneOfModule(files) {
			units, err := r.blob(revision, name, file, true)
			if err != nil {
				return nil, err
			}
			out = append(out, within(labelInside(file), units)...)
		}
		return out, nil
	}
	return r.blob(revision, dir, filepath.Base(name), false)
}

// findRevision says why git cannot tell what a directory was at a revision.
func findRevision(revision, dir string) error {
	if _, err := git(dir, "rev-parse", "--git-dir"); errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("--git needs git: %w", err)
	} else if err != nil {
		return fmt.Errorf("--git %s: %s is not in a git repository", revision, dir)
	}
	if _, err := git(dir, "rev-parse", "--verify", "--quiet", revision+"^{commit}"); err != nil {
		return fmt.Errorf("%s is no revision of the repository of %s", revision, dir)
	}
	return nil
}

// blob reads one file of a revision, named from a directory; a file that it does
// not have says nothing.
func (r *unitReader) blob(revision, dir, file string, walked bool) ([]unit, error) {
	text, err := git(dir, "show", revision+":./"+file)
	if err != nil {
		return nil, nil
	}
	return r.text(revision+":"+file, text, template.Options{
		Open: func(name string) ([]byte, error) {
			text, err := git(dir, "show", revision+":./"+path.Join(path.Dir(file), name))
			return []byte(text), err
		},
		List: func(inside string) ([]string, error) {
			list, err := git(dir, "ls-tree", "-z", "--name-only", revision, "./"+path.Join(path.Dir(file), inside)+"/")
			if err != nil {
				return nil, err
			}
			var names []string
			for _, name := range strings.Split(strings.TrimRight(list, "\x00"), "\x00") {
				if name != path.Clean(file) { // it is read already, under another name
					names = append(names, path.Base(name))
				}
			}
			return names, nil
		},
	}, walked)
}

func git(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return string(out), nil
}
