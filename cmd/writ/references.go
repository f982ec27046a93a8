package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/render"
	"github.com/writ-iam/writ/source"
)

const codeNoReference = "NO_REFERENCE"

// What is known at deployment only is a hole in the texts of a role. People read
// ${NAME}; a template holds a reference.

// printHolesJSON prints holes inside the strings of a JSON text.
func printHolesJSON(text string) string {
	return hole.Replace(text, func(name string) string {
		quoted, err := json.Marshal("${" + name + "}")
		if err != nil {
			return "${}"
		}
		return strings.Trim(string(quoted), `"`)
	})
}

// resource is what is printed of a result.
func (r *result) resource() render.Resource {
	return render.Resource{Role: r.role, Policy: r.access, Template: r.template, Machine: r.machine}
}

// templateWriter prints results as a template.
func templateWriter(f render.Format) writer {
	return func(w io.Writer, _ *env, results []result) error {
		var list []render.Resource
		for i := range results {
			r := &results[i]
			if r.role == nil && r.access == nil {
				continue
			}
			if f == render.SAM && (r.access != nil || r.task) {
				return errors.New("--format sam is for the roles of state machines; use --format cfn")
			}
			list = append(list, r.resource())
		}
		return render.Write(w, f, list)
	}
}

// checkReferences reports what the role names and a template cannot. Then there
// is no role.
func (r *result) checkReferences(f render.Format) {
	if r.role == nil && r.access == nil {
		return
	}
	resource := r.resource()
	for _, name := range resource.LeftOut(f) {
		r.findings = append(r.findings, source.Finding{Code: codeNoReference, Severity: source.Warning, File: r.machine.File, Span: r.machine.Span, Path: r.machine.Pointer,
			Message: fmt.Sprintf("the name, path or permissions boundary that the template gives the role has %q, and --format %s has no reference for it: it is left out", "${"+name+"}", f),
			Hint:    "put it in by hand: with another name or path the role would be replaced"})
	}
	for _, name := range resource.Foreign(f) {
		r.findings = append(r.findings, source.Finding{Code: codeNoReference, Severity: source.Warning, File: r.machine.File, Span: r.machine.Span, Path: r.machine.Pointer,
			Message: fmt.Sprintf("%s stands in a module, and its role names %q, which another module has", r.machine.Name, "${"+name+"}"),
			Hint:    "write the variable by which the module gets it"})
	}
	for _, name := range resource.Unnamed(f) {
		r.findings = append(r.findings, source.Finding{Code: codeNoReference, Severity: source.Error, File: r.machine.File, Span: r.machine.Span, Path: r.machine.Pointer,
			Message: fmt.Sprintf("the role names %q, and --format %s has no reference for it", "${"+name+"}", f),
			Hint:    "give its value with --parameter, --account or --region, or take --format json and fill it in"})
		r.role, r.access = nil, nil
	}
}
