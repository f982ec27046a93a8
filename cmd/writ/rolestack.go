package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// stackReader reads the role of a template, or a policy for others, with all
// that the template attaches to it.
type stackReader struct {
	t    *template.Template
	ids  []string      // logical ids that a template may give to what is looked for
	when template.When // under which what was found exists
	out  roleFile
	bad  source.List
}

// readStack reads a template for a comparison.
func (f *generateFlags) readStack(e *env, file *source.File, ids []string) (*roleFile, error) {
	t, findings, err := f.template.read(e, file, &f.opts)
	if err != nil {
		return nil, err
	}
	findings = slices.DeleteFunc(findings, func(f source.Finding) bool { return t != nil && lacksDefinition(t, f) })
	if t == nil || findings.HasErrors() {
		return nil, unreadable(slices.DeleteFunc(findings, func(f source.Finding) bool { return f.Severity != source.Error }))
	}
	r := stackReader{t: t, ids: ids, out: roleFile{file: file, template: true, undecided: t.Incomplete}}
	r.out.terraform = t.Format == template.TerraformHCL || t.Format == template.TerraformPlan
	if r.out.undecided {
		r.out.findings = findings
	}
	if f.audience == forExecution {
		r.role()
	} else {
		r.policyAlone()
	}
	if r.bad != nil {
		return nil, unreadable(append(r.bad, findings...))
	}
	return &r.out, nil
}

// lacksDefinition reports whether a finding says that a machine has no definition,
// as in what --format sam prints. Its role is there all the same.
func lacksDefinition(t *template.Template, f source.Finding) bool {
	return f.Code == "MISSING_FIELD" && slices.ContainsFunc(t.Machines, func(m template.Machine) bool {
		return m.Definition == nil && m.File == f.File && m.Pointer == f.Path
	})
}

func (r *stackReader) wrong(at *template.Place, hint, format string, args ...any) {
	f := source.Finding{Code: badRoleFile, Severity: source.Error, File: r.t.File, Message: fmt.Sprintf(format, args...), Hint: hint}
	if at != nil {
		f.File, f.Span, f.Path = at.File, at.Span, at.Pointer
	}
	r.bad = append(r.bad, f)
}

// pick finds the one place that is meant among several: by its logical id, or
// because there is no other that is written.
func (r *stackReader) pick(places []*template.Place, kind string, written func(i int) bool) int {
	var named, own []int
	for i, p := range places {
		if slices.Contains(r.ids, label(p.Name)) {
			named = append(named, i)
		}
		if written(i) {
			own = append(own, i)
		}
	}
	switch {
	case len(places) == 0:
		r.wrong(nil, "", "the template has no resource of type %s", kind)
		return -1
	case len(places) == 1:
		return 0
	case len(named) == 1:
		return named[0]
	case len(named) == 0 && len(own) == 1:
		return own[0]
	}
	r.wrong(places[0], "the one to compare is known by its logical id: "+strings.Join(r.ids, " or "), "the template has %d resources of type %s", len(places), kind)
	return -1
}

// role reads a role: what stands in it, and the policies that name it.
func (r *stackReader) role() {
	var places []*template.Place
	for i := range r.t.Roles {
		places = append(places, &r.t.Roles[i].Place)
	}
	at := r.pick(places, "AWS::IAM::Role", func(i int) bool { return !r.t.Roles[i].Implied })
	if at < 0 {
		return
	}
	role := &r.t.Roles[at]
	r.when, r.out.isRole = role.When, true
	r.whole(&role.Place)
	if role.Trust >= 0 && !role.Implied { // SAM writes that of a role that it makes
		r.out.trust = r.document(&r.t.Policies[role.Trust])
	}
	for _, i := range role.Inline {
		r.policy(&r.t.Policies[i])
	}
	for _, ref := range role.Managed {
		r.always(&role.Place, ref.When)
		if p := managedIn(r.t, ref); p != nil {
			r.policy(p)
		} else {
			r.out.attached = append(r.out.attached, hole.Print(ref.Text))
		}
	}
	r.out.path, r.out.boundary = role.Path, role.Boundary.Text
}

// policyAlone reads a policy that is a resource of its own.
func (r *stackReader) policyAlone() {
	var places []*template.Place
	var policies []*template.Policy
	for i := range r.t.Policies {
		p := &r.t.Policies[i]
		standsAlone := p.Type == "AWS::IAM::ManagedPolicy" || p.Type == "AWS::IAM::Policy" || p.Type == "aws_iam_policy"
		if standsAlone && !slices.ContainsFunc(places, func(have *template.Place) bool { return have.ID() == p.ID() }) {
			places, policies = append(places, &p.Place), append(policies, p)
		}
	}
	if at := r.pick(places, "AWS::IAM::ManagedPolicy or AWS::IAM::Policy", func(int) bool { return true }); at >= 0 {
		r.when = policies[at].When
		r.policy(policies[at])
	}
}

func (r *stackReader) policy(p *template.Policy) {
	if doc := r.document(p); doc != nil {
		r.out.policies = append(r.out.policies, doc)
	}
}

// document returns a document all of which counts whenever the role exists.
func (r *stackReader) document(p *template.Policy) *policy.Document {
	r.whole(&p.Place)
	r.always(&p.Place, p.When)
	for _, when := range p.Cases {
		r.always(&p.Place, when)
	}
	if p.Document == nil && !p.Incomplete {
		r.wrong(&p.Place, "", "the policy cannot be read")
	}
	return p.Document
}

func (r *stackReader) whole(p *template.Place) {
	if p.Incomplete {
		r.wrong(p, "write out the values, or give them with --parameter", "not all of %s is known", p.Name)
	}
}

// always refuses what is there under some conditions only.
func (r *stackReader) always(p *template.Place, when template.When) {
	for _, a := range when {
		if !slices.Contains(r.when, a) {
			r.wrong(p, "give --parameter with the values that decide it", "a part of %s is there only when %s", p.Name, template.When{a})
			return
		}
	}
}
