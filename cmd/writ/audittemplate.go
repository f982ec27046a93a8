package main

import (
	"fmt"
	"slices"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// auditTemplate audits the machines of a template with the roles that they have
// in it, or with the one that --role tells of.
func (f *auditFlags) auditTemplate(e *env, input string, file *source.File) ([]*auditResult, error) {
	t, machines, findings, err := f.readMachines(e, file)
	if err != nil {
		return nil, err
	}
	if len(machines) == 0 {
		return []*auditResult{{input: inputName(input), findings: findings}}, nil
	}
	if len(machines) > 1 && len(f.roleFiles) > 0 {
		return nil, fmt.Errorf("--role is the role of one machine, and %s has %d; pick one with --machine", file.Name, len(machines))
	}
	of := divideRoles(findings, machines, t)
	var results []*auditResult
	for i, m := range machines {
		r := &auditResult{input: inputName(input), machine: m.ID(), findings: of[i], undecided: i == 0 && t.Incomplete}
		if err := f.auditMachine(e, r, t, m); err != nil {
			return nil, err
		}
		r.findings = r.findings.Sorted()
		results = append(results, r)
		r.place(m)
	}
	shareRoles(results)
	return results, nil
}

// place gives the machine's place to what has none.
func (r *auditResult) place(m *template.Machine) {
	if r.audit == nil {
		return
	}
	for _, list := range auditLists(r.audit) {
		for i := range *list {
			if entry := &(*list)[i]; entry.File == nil {
				entry.File, entry.Span, entry.Path = m.File, m.Span, m.Pointer
			}
		}
	}
}

// shareRoles leaves of the excess of a role that several machines have what none
// of them needs. One whose needs are not known may need all of it.
func shareRoles(results []*auditResult) {
	type excess struct {
		file *source.File
		span source.Span
	}
	counts := map[string]int{} // machines of a role
	spare := map[string]map[excess]int{}
	for _, r := range results {
		for _, name := range r.held {
			counts[name]++
			seen := map[excess]bool{}
			if spare[name] == nil {
				spare[name] = map[excess]int{}
			}
			for i := 0; r.audit != nil && i < len(r.audit.Excess); i++ {
				entry := &r.audit.Excess[i]
				if at := (excess{entry.File, entry.Span}); !seen[at] {
					seen[at] = true
					spare[name][at]++
				}
			}
		}
	}
	for _, r := range results {
		if r.audit == nil {
			continue
		}
		r.audit.Excess = slices.DeleteFunc(r.audit.Excess, func(entry roles.AuditEntry) bool {
			return slices.ContainsFunc(r.held, func(name string) bool {
				return spare[name][excess{entry.File, entry.Span}] < counts[name]
			})
		})
	}
}

// divideRoles gives each machine the findings about it and its role. The first
// one has those about the rest that are errors, or all where something may be
// missing.
func divideRoles(findings source.List, machines []*template.Machine, t *template.Template) []source.List {
	out := make([]source.List, len(machines))
	for _, finding := range findings {
		at := slices.IndexFunc(machines, func(m *template.Machine) bool {
			made, _ := t.RolesOf(m.Role)
			return partOf(finding, m) || slices.ContainsFunc(made, func(r *template.Role) bool { return inRole(t, finding, r) })
		})
		if at < 0 && (finding.Severity == source.Error || t.Incomplete) {
			at = 0
		}
		if at >= 0 {
			out[at] = append(out[at], finding)
		}
	}
	return out
}

// inRole reports whether a finding is about a role or one of its policies.
func inRole(t *template.Template, f source.Finding, r *template.Role) bool {
	within := func(p *template.Place) bool {
		return f.File == p.File && f.Span.Start >= p.Span.Start && f.Span.End <= p.Span.End
	}
	return f.File != nil && (within(&r.Place) || slices.ContainsFunc(r.Inline, func(i int) bool { return within(&t.Policies[i].Place) }))
}

// auditMachine audits one machine, for each outcome of open conditions.
func (f *auditFlags) auditMachine(e *env, r *auditResult, t *template.Template, m *template.Machine) error {
	made, all := t.RolesOf(m.Role)
	for _, role := range made {
		r.held = append(r.held, role.ID())
	}
	if m.Definition == nil || slices.ContainsFunc(r.findings, func(finding source.Finding) bool { return finding.Severity == source.Error && partOf(finding, m) }) {
		if !r.findings.HasErrors() {
			r.findings = append(r.findings, unreadableMachine(m))
		}
		return nil
	}
	opts, more := machineOf(t, m, f.opts, f.cmd.Flags().Changed)
	r.findings = append(r.findings, more...)
	r.undecided = r.undecided || m.Incomplete
	if len(f.roleFiles) > 0 {
		held, err := f.readRole(e, r)
		if err != nil || r.usage {
			return err
		}
		return r.examine(m, held, opts, scenario{})
	}
	if len(made) == 0 {
		r.findings = append(r.findings, source.Finding{Code: "ROLE_NOT_IN_TEMPLATE", Severity: source.Error, File: m.File, Span: roleSpan(m), Path: m.Pointer,
			Message: fmt.Sprintf("the role of %s is not in this template", m.Name), Hint: "tell of it with --role"})
		return nil
	}
	list, sure := scenarios(t, m, made)
	r.undecided = r.undecided || !sure
	var merged merger
	for _, o := range list {
		one := &auditResult{}
		role := o.role(t, m)
		if role == nil {
			if all {
				continue // an outcome in which the machine has no role
			}
			r.undecided = true
			r.findings = append(r.findings, source.Finding{Code: "ROLE_NOT_IN_TEMPLATE", Severity: source.Warning, File: m.File, Span: roleSpan(m), Path: m.Pointer,
				Message: fmt.Sprintf("the role of %s is not in this template when %s", m.Name, o), Hint: "tell of it with --role"})
			continue
		}
		own := opts
		own.Holes = holesOf{t, o}
		held, open := o.held(t, role)
		r.undecided = r.undecided || open
		if err := one.examine(m, held, own, o); err != nil {
			return err
		}
		r.roles = appendNew(r.roles, role.Name)
		merged.add(one, o)
	}
	merged.into(r, len(list))
	return nil
}

func appendNew(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

func roleSpan(m *template.Machine) source.Span {
	if m.Role.Span.End > m.Role.Span.Start {
		return m.Role.Span
	}
	return m.Span
}

func unreadableMachine(m *template.Machine) source.Finding {
	return source.Finding{Code: "MACHINE_UNREADABLE", Severity: source.Error, File: m.File, Span: m.Span, Path: m.Pointer,
		Message: fmt.Sprintf("the definition of %s cannot be read", m.Name)}
}

// examine audits the machine with a role.
func (r *auditResult) examine(m *template.Machine, held roles.Held, opts roles.Options, o scenario) error {
	audit, findings := roles.AuditRole(m.Definition, held, opts)
	r.audit = audit
	r.findings = append(r.findings, slices.DeleteFunc(findings, func(f source.Finding) bool { return f.Code == "CONTEXT_UNKNOWN" })...)
	r.usage = audit == nil && !slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Severity == source.Error && f.File == m.Definition.File })
	return nil
}

// role returns the role that a machine has; nil where the template has it not.
func (o scenario) role(t *template.Template, m *template.Machine) *template.Role {
	ref := m.Role
	ref.Text = o.text(t, ref.Text)
	made, _ := t.RolesOf(ref)
	for _, r := range made {
		if holds, sure := o.holds(r.Stack, r.When); holds || !sure {
			return r
		}
	}
	return nil
}

// held puts together what the template says of a role. open reports that it does
// not say all.
func (o scenario) held(t *template.Template, r *template.Role) (held roles.Held, open bool) {
	held.ARN = r.ARN
	open = r.Incomplete
	read := func(p *template.Policy) *authz.Policy {
		holds, sure := o.holds(p.Stack, p.When)
		open = open || !sure || p.Incomplete
		if !holds {
			return nil
		}
		if p.Document == nil {
			held.Unread = append(held.Unread, roles.Unread{Kind: authz.Identity, Name: hole.Print(p.Physical)})
			return nil
		}
		doc, unsure := o.document(t, p)
		open = open || unsure
		out := policyOf(doc, p)
		return &out
	}
	for _, i := range r.Inline {
		if p := read(&t.Policies[i]); p != nil {
			held.Policies = append(held.Policies, *p)
		}
	}
	for _, ref := range r.Managed {
		if holds, sure := o.holds(r.Stack, ref.When); !holds {
			open = open || !sure
			continue
		}
		if aws := awsPolicy(o.text(t, ref.Text)); aws != nil {
			held.Policies = append(held.Policies, *aws)
			if r.Implied {
				held.Fixed = append(held.Fixed, aws.Name)
			}
		} else if p := managedIn(t, ref); p == nil {
			held.Unread = append(held.Unread, roles.Unread{Kind: authz.Identity, Name: hole.Print(o.text(t, ref.Text))})
		} else if p := read(p); p != nil {
			held.Policies = append(held.Policies, *p)
		}
	}
	if r.Boundary.Text != "" {
		if p := managedIn(t, r.Boundary); p != nil {
			held.Boundary = read(p)
		}
		if held.Boundary == nil {
			held.Unread = append(held.Unread, roles.Unread{Kind: authz.Boundary, Name: hole.Print(o.text(t, r.Boundary.Text))})
		}
	}
	if r.Trust >= 0 {
		held.Trust = read(&t.Policies[r.Trust])
	}
	if r.Incomplete {
		held.Unread = append(held.Unread, roles.Unread{Kind: authz.Identity})
	}
	return held, open
}

// managedIn returns the policy of the template that a reference names.
func managedIn(t *template.Template, ref template.Reference) *template.Policy {
	for i := range t.Policies {
		if p := &t.Policies[i]; p.Managed && ref.ID != "" && p.ID() == ref.ID {
			return p
		}
	}
	return nil
}

// merger joins the audits of several outcomes: what all say is said once, the
// rest with the outcomes in which it is so.
type merger struct {
	lists    [4][]roles.AuditEntry
	when     [4][][]scenario
	findings source.List
	some     bool
	usage    bool
	outcomes int
}

func auditLists(a *roles.Audit) []*[]roles.AuditEntry {
	return []*[]roles.AuditEntry{&a.Missing, &a.Excess, &a.Risks, &a.Undecided}
}

func (g *merger) add(r *auditResult, o scenario) {
	g.outcomes++
	for _, f := range r.findings {
		if !slices.ContainsFunc(g.findings, func(have source.Finding) bool {
			return have.Code == f.Code && have.Message == f.Message && have.Span == f.Span
		}) {
			g.findings = append(g.findings, f)
		}
	}
	if g.usage = g.usage || r.usage; r.audit == nil {
		return
	}
	g.some = true
	for i, list := range auditLists(r.audit) {
		for _, entry := range *list {
			at := slices.IndexFunc(g.lists[i], func(have roles.AuditEntry) bool {
				return have.Code == entry.Code && have.Why == entry.Why && have.Span == entry.Span && have.File == entry.File
			})
			if at < 0 {
				at = len(g.lists[i])
				g.lists[i] = append(g.lists[i], entry)
				g.when[i] = append(g.when[i], nil)
			}
			g.when[i][at] = append(g.when[i][at], o)
		}
	}
}

func (g *merger) into(r *auditResult, _ int) {
	r.findings = append(r.findings, g.findings...)
	r.usage = g.usage
	if !g.some {
		return
	}
	r.audit = &roles.Audit{}
	for i, into := range auditLists(r.audit) {
		for j, entry := range g.lists[i] {
			if when := g.when[i][j]; len(when) < g.outcomes {
				entry.Why += " (when " + shared(when).String() + ")"
			}
			*into = append(*into, entry)
		}
	}
}

// shared is what several outcomes have in common.
func shared(list []scenario) scenario {
	out := scenario{}
	for key, holds := range list[0] {
		if !slices.ContainsFunc(list, func(o scenario) bool { return o[key] != holds }) {
			out[key] = holds
		}
	}
	if len(out) == 0 {
		return list[0]
	}
	return out
}
