package main

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/writ-iam/writ/account"
	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// checkInput is a file to check. One that was found in a directory is passed over
// when there is no policy in it.
type checkInput struct {
	name   string
	walked bool
}

// checker checks the policies in files, one after the other.
type checker struct {
	flags   *checkFlags
	env     *env
	options check.Options
	accept  *acceptance
	level   source.Severity
	all     checked

	modules map[string]bool // directories whose Terraform has been read
	read    map[string]bool // files that another file has brought
}

// file checks what is in a file.
func (c *checker) file(in checkInput) error {
	name := filepath.ToSlash(inputName(in.name))
	if in.walked {
		name = path.Clean(name)
	}
	if in.walked && c.read[name] {
		return nil
	}
	text, err := readInput(c.env, in.name)
	if err != nil {
		return err
	}
	file := source.NewFile(name, text)
	switch kind := c.contents(file, in.walked); kind {
	case "template":
		return c.template(file, in.walked)
	case "account":
		return c.account(file)
	case "policy":
		result, err := check.File(file, c.options)
		if err != nil {
			return err
		}
		c.add(name, "", &result)
		return nil
	default:
		if in.walked {
			c.all.skipped++
			return nil
		}
		return fmt.Errorf("%s is %s", name, kind)
	}
}

// contents tells what is in a file: "template", "account", "policy", or what else
// it is, for people.
func (c *checker) contents(file *source.File, walked bool) string {
	if isTemplate(file) {
		return "template"
	}
	if hasExtension(file.Name, ".yaml", ".yml", ".tf", ".hcl") {
		if _, _, err := yamltree.Parse(file.Text); err != nil && strings.Contains(file.Text, "Resources:") {
			return "template" // one that is broken, which is said
		}
		return "no template: policies are JSON"
	}
	root, _, err := jsontree.Parse(file.Text)
	switch {
	case err != nil && walked && !strings.Contains(file.Text, policy.ElementStatement):
		return "no JSON"
	case err != nil:
		return "policy" // a broken one
	case isAccount(root):
		return "account"
	case c.options.Kind != check.Guess || c.options.ResourceType != "" || isPolicy(root, walked):
		return "policy"
	}
	return "neither a policy (with a Statement), nor a template, nor account authorization details"
}

// holdsPolicies reports whether a file that was found in a directory is a template
// or a policy, in JSON or YAML.
func holdsPolicies(file *source.File) bool {
	if template.Detect(file) != template.Unknown {
		return true
	}
	parse := jsontree.Parse
	if hasExtension(file.Name, ".yaml", ".yml") {
		parse = yamltree.Parse
	}
	root, _, err := parse(file.Text)
	if err != nil {
		return strings.Contains(file.Text, policy.ElementStatement) // a broken one, which is said
	}
	return !isAccount(root) && isPolicy(root, true)
}

func hasExtension(name string, list ...string) bool {
	for _, ext := range list {
		if strings.HasSuffix(name, ext) {
			return true
		}
	}
	return false
}

// isAccount tells account authorization details by their lists.
func isAccount(root *jsontree.Value) bool {
	for _, list := range []string{"UserDetailList", "GroupDetailList", "RoleDetailList"} {
		if root.Get(list) != nil {
			return true
		}
	}
	return root.Get("Policies").Is(jsontree.Array) && root.Get(policy.ElementStatement) == nil
}

// isPolicy tells a policy, however wrong, from other JSON. One that was found in a
// directory must have a Statement or a Version of the language.
func isPolicy(root *jsontree.Value, walked bool) bool {
	if !root.Is(jsontree.Object) {
		return !walked
	}
	for i := range root.Members {
		if strings.EqualFold(root.Members[i].Name, policy.ElementStatement) {
			return true
		}
	}
	version := root.Get(policy.ElementVersion)
	if version != nil && (!walked || version.Text == policy.Version2012 || version.Text == policy.Version2008) {
		return true
	}
	return !walked && (len(root.Members) == 0 || root.Get(policy.ElementID) != nil)
}

// add takes a result into account. The path tells policies of one file apart.
func (c *checker) add(name, path string, r *check.Result) {
	c.accept.filter(name, r)
	c.all.files = append(c.all.files, checkedFile{name: name, path: path, result: *r})
	c.all.findings = append(c.all.findings, r.Findings...)
	c.all.undecided += r.UndecidedAt(source.Suggestion)
	c.all.deciding += r.UndecidedAt(c.level)
}

// noteFile notes that a file was read as part of a template.
func (c *checker) noteFile(file *source.File) {
	c.read[file.Name] = true
	if hasExtension(file.Name, ".tf", ".tf.json") {
		c.modules[path.Dir(file.Name)] = true
	}
	c.comments(file)
}

// divideAt takes the findings at a place out of a list.
func divideAt(findings source.List, at *template.Place) (inside, others source.List) {
	for _, f := range findings {
		if f.File == at.File && at.Span.Contains(f.Span) {
			inside = append(inside, f)
		} else {
			others = append(others, f)
		}
	}
	return inside, others
}

// template checks the policies in a template.
func (c *checker) template(file *source.File, walked bool) error {
	dir := path.Dir(file.Name)
	if hasExtension(file.Name, ".tf", ".tf.json") {
		if c.modules[dir] {
			return nil
		}
		c.modules[dir] = true
	}
	t, findings, err := c.flags.template.read(c.env, file, &roles.Options{Region: c.flags.region, Account: c.flags.account})
	if err != nil {
		return err
	}
	renameFiles(file, t, findings)
	tf := &templateFile{checker: c, template: t, trees: make(map[*source.File]*jsontree.Value)}
	c.all.templates = true
	if t == nil && walked {
		c.addRest(file.Name, &check.Result{Findings: findings})
		return nil
	}
	if t == nil {
		return fmt.Errorf("%s:\n%w", file.Name, unreadable(findings))
	}
	first := len(c.all.findings)
	rest := check.Result{Findings: findings, Undecided: make(map[string]int)}
	options := c.options
	options.Hole = t.Bound
	for i := range t.Policies {
		p := &t.Policies[i]
		c.noteFile(p.File)
		var parsed source.List
		parsed, rest.Findings = divideAt(rest.Findings, &p.Place)
		result, err := tf.policy(p, parsed, options)
		if err != nil {
			return err
		}
		c.add(file.Name, p.Pointer, &result)
	}
	c.comments(file)
	rest.Findings = tf.others(rest.Findings)
	if t.Incomplete {
		rest.Undecided[""]++
	}
	attached := check.Attached(tf.attachments(), managed.Default())
	rest.Findings = append(rest.Findings, attached.Findings...)
	for code, n := range attached.Undecided {
		rest.Undecided[code] += n
	}
	c.addRest(file.Name, &rest)
	c.sort(first)
	return nil
}

// renameFiles gives the files that a template has brought names from where the
// command runs, as the template itself has one.
func renameFiles(first *source.File, t *template.Template, findings source.List) {
	done := map[*source.File]bool{first: true, nil: true}
	rename := func(f *source.File) {
		if !done[f] {
			done[f] = true
			f.Name = path.Join(path.Dir(first.Name), f.Name)
		}
	}
	for i := range findings {
		rename(findings[i].File)
	}
	if t == nil {
		return
	}
	for i := range t.Policies {
		rename(t.Policies[i].File)
	}
	for i := range t.Roles {
		rename(t.Roles[i].File)
	}
	for i := range t.Principals {
		rename(t.Principals[i].File)
	}
	for i := range t.Attached {
		rename(t.Attached[i].File)
	}
}

// addRest adds what is to be said about a file beside its policies.
func (c *checker) addRest(name string, r *check.Result) {
	c.accept.filter(name, r)
	c.all.findings = append(c.all.findings, r.Findings...)
	c.all.undecided += r.UndecidedAt(source.Suggestion)
	c.all.deciding += r.UndecidedAt(c.level)
}

// distinct drops findings that were made twice, because a file was reached by two
// ways.
func (c *checker) distinct() {
	type key struct {
		code, file string
		span       source.Span
	}
	seen := make(map[key]bool)
	c.all.findings = slices.DeleteFunc(c.all.findings, func(f source.Finding) bool {
		if f.File == nil {
			return false
		}
		k := key{f.Code, f.File.Name, f.Span}
		again := seen[k]
		seen[k] = true
		return again
	})
}

// sort puts the findings from an index on into the order of the text.
func (c *checker) sort(first int) {
	sorted := append(source.List(nil), c.all.findings[first:]...).Sorted()
	c.all.findings = append(c.all.findings[:first], sorted...)
}

// comments reads the suppressions in the comments of a file, once.
func (c *checker) comments(file *source.File) {
	if !c.accept.commented[file] && hasExtension(file.Name, ".yaml", ".yml", ".tf") {
		c.accept.commented[file] = true
		list, err := check.ReadComments(file)
		if err != nil && c.accept.err == nil {
			c.accept.err = err
		}
		c.accept.suppressor.Add(list)
	}
}

// account checks the policies of an account.
func (c *checker) account(file *source.File) error {
	a, findings := account.ParseDetails(file)
	if a == nil {
		return fmt.Errorf("%s:\n%w", file.Name, unreadable(findings))
	}
	root, _, err := jsontree.Parse(file.Text)
	if err != nil {
		return fmt.Errorf("%s: %s", file.Name, err.Msg)
	}
	first := len(c.all.findings)
	for _, d := range a.Documents() {
		if d.Document == nil {
			continue // the reader's findings say why
		}
		options := c.options
		options.ResourceType, options.Kind = "", check.Identity
		if d.Trust {
			options.Kind = check.Trust
		}
		var parsed, rest source.List
		for _, f := range findings {
			if f.File == d.Document.File && d.Document.Span.Contains(f.Span) {
				parsed = append(parsed, f)
			} else {
				rest = append(rest, f)
			}
		}
		findings = rest
		result, err := check.Run(d.Document, parsed, options)
		if err != nil {
			return err
		}
		c.add(file.Name, d.Owner, &result)
	}
	var attached []check.Attachment
	for _, x := range a.Attachments() {
		attached = append(attached, check.Attachment{Policy: x.Policy, File: file, Span: x.Span, Path: jsontree.Pointer(root, x.Span)})
	}
	rest := check.Attached(attached, managed.Default())
	rest.Findings = append(rest.Findings, findings...)
	c.addRest(file.Name, &rest)
	c.sort(first)
	return nil
}
