package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/writ-iam/writ/render"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

const (
	codeNotWritten = "NOT_WRITTEN"
	codeKept       = "NOT_REWRITTEN"
)

// writeTemplates puts the roles of machines into the template that they came
// from. Where one cannot be, a finding says why, and no file changes.
func (f *generateFlags) writeTemplates(e *env, input string, file *source.File, results []result) error {
	var insertion render.Insertion
	for i := range results {
		results[i].insert(&insertion)
	}
	if slices.ContainsFunc(results, func(r result) bool { return r.failed() || r.findings.HasErrors() }) {
		return nil
	}
	texts := insertion.Texts()
	if len(texts) == 0 {
		fmt.Fprintf(e.stderr, "%s needs no change\n", filepath.ToSlash(input))
		return nil
	}
	if err := f.verify(e, file, &insertion, texts); err != nil {
		return err
	}
	byName := func(a, b *source.File) int { return strings.Compare(a.Name, b.Name) }
	for _, changed := range slices.SortedFunc(maps.Keys(texts), byName) {
		name := changed.Name
		if changed.Name != file.Name {
			name = filepath.Join(filepath.Dir(file.Name), changed.Name)
		}
		if err := replaceFile(name, texts[changed]); err != nil {
			return err
		}
		fmt.Fprintf(e.stderr, "wrote %s\n", filepath.ToSlash(name))
	}
	return nil
}

func (r *result) insert(into *render.Insertion) {
	if r.role == nil {
		return
	}
	resource := r.resource()
	err := into.Add(&resource)
	if kept := resource.Kept(); err == nil && len(kept) > 0 {
		r.findings = append(r.findings, source.Finding{Code: codeKept, Severity: source.Suggestion, File: r.machine.File, Span: roleSpan(r.machine), Path: r.machine.Pointer,
			Message: fmt.Sprintf("of the role of %s this stays as it is: %s", r.machine.Name, strings.Join(kept, ", ")), Hint: "writ audit says what it lacks or allows too much"})
	}
	if err != nil {
		r.findings = append(r.findings, source.Finding{Code: codeNotWritten, Severity: source.Error, File: r.machine.File, Span: roleSpan(r.machine), Path: r.machine.Pointer,
			Message: fmt.Sprintf("the role of %s is not written: %v", r.machine.Name, err), Hint: "take the output of --format " + formatOf(r.template) + " and put it where it belongs"})
	}
}

// formatOf is the format that a role is printed in for a template.
func formatOf(t *template.Template) string {
	if t.Format == template.TerraformHCL || t.Format == template.TerraformPlan {
		return "hcl"
	}
	return "cfn"
}

// verify reads the template again as it will be.
func (f *generateFlags) verify(e *env, file *source.File, insertion *render.Insertion, texts map[*source.File]string) error {
	t, _, err := f.template.readWith(e, file, &f.opts, func(name string) (string, bool) {
		for changed, text := range texts {
			if changed.Name == name {
				return text, true
			}
		}
		return "", false
	})
	if err != nil {
		return err
	}
	if err := insertion.Verify(t); err != nil {
		return fmt.Errorf("%s: %w", file.Name, err)
	}
	return nil
}
