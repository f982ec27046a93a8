package main

import (
	"slices"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// templateFile is a template while its policies are checked.
type templateFile struct {
	checker  *checker
	template *template.Template
	trees    map[*source.File]*jsontree.Value // for the paths of findings
}

// kindsOfTemplates are the kinds of policies as package check has them.
var kindsOfTemplates = map[template.Kind]check.Kind{
	template.Identity: check.Identity, template.Trust: check.Trust, template.Resource: check.Resource, template.Endpoint: check.Endpoint,
	template.SCP: check.SCP, template.RCP: check.RCP, template.Session: check.Session,
}

// policy checks a policy under every outcome of its conditions.
func (t *templateFile) policy(p *template.Policy, parsed source.List, options check.Options) (check.Result, error) {
	options.Kind, options.ResourceType = kindsOfTemplates[p.Kind], ""
	if p.Kind == template.Resource && slices.Contains(check.ResourceTypes(), p.Resource) {
		options.ResourceType = p.Resource
	}
	undecided := make(map[string]int)
	if p.Incomplete || p.Document == nil {
		undecided[""]++
	}
	// A document of another meaning has no rules, and the trust policy of a role
	// that SAM makes cannot be written otherwise.
	if p.Document == nil || options.Kind == check.Guess || p.Made && p.Kind == template.Trust {
		return check.Result{Kind: options.Kind, Findings: parsed, Undecided: undecided}, nil
	}
	worlds, all := p.Worlds()
	if !all {
		undecided[""]++
	}
	type key struct {
		code string
		span source.Span
	}
	var merged check.Result
	seen := make(map[key]bool)
	for i := range worlds {
		result, err := check.Run(worlds[i].Document, parsed, options)
		if err != nil {
			return result, err
		}
		kept := merged.Findings
		for _, f := range result.Findings {
			if k := (key{f.Code, f.Span}); !seen[k] || i == 0 {
				seen[k] = true
				f.Path = t.path(p, &f)
				kept = append(kept, f)
			}
		}
		for code, n := range result.Undecided {
			undecided[code] = max(undecided[code], n)
		}
		if i == 0 {
			merged = result
		}
		merged.Findings = kept
	}
	merged.Kind, merged.Undecided = options.Kind, undecided
	return merged, nil
}

// path returns the JSON pointer of a finding in its file, which conditions and
// functions around a statement make longer; in Terraform, the address of the
// resource and the pointer in the policy.
func (t *templateFile) path(p *template.Policy, f *source.Finding) string {
	if hasExtension(p.File.Name, ".tf") {
		return p.Pointer + f.Path
	}
	root, asked := t.trees[f.File]
	if !asked {
		parse := jsontree.Parse
		if hasExtension(f.File.Name, ".yaml", ".yml", ".template") {
			parse = yamltree.Parse
		}
		root, _, _ = parse(f.File.Text) // nil when it is in the other language
		t.trees[f.File] = root
	}
	if root == nil {
		return f.Path
	}
	return jsontree.Pointer(root, f.Span)
}

// others are the findings of a template that are not in its policies: errors,
// conditions that leave policies out and, where policies could be missing, all.
// Those about state machines are left out.
func (t *templateFile) others(list source.List) source.List {
	var kept source.List
	for _, f := range list {
		machine := slices.ContainsFunc(t.template.Machines, func(m template.Machine) bool { return partOf(f, &m) })
		if !machine && (f.Severity == source.Error || t.template.Incomplete || f.Code == template.ConditionByDefault) {
			kept = append(kept, f)
		}
	}
	return kept
}

// attachments are the managed policies that roles, users and groups of a template
// have.
func (t *templateFile) attachments() []check.Attachment {
	var list []check.Attachment
	add := func(p *template.Place, refs ...template.Reference) {
		for _, ref := range refs {
			if ref.ID == "" && ref.Text != "" {
				a := check.Attachment{Policy: ref.Text, File: p.File, Span: ref.Span}
				a.Path = t.path(&template.Policy{Place: *p}, &source.Finding{File: p.File, Span: ref.Span})
				list = append(list, a)
			}
		}
	}
	for i := range t.template.Roles {
		r := &t.template.Roles[i]
		add(&r.Place, append(slices.Clip(r.Managed), r.Boundary)...)
	}
	for i := range t.template.Principals {
		p := &t.template.Principals[i]
		add(&p.Place, append(slices.Clip(p.Managed), p.Boundary)...)
	}
	for i := range t.template.Attached {
		add(&t.template.Attached[i].Place, t.template.Attached[i].Policy)
	}
	return list
}
