package main

import (
	"fmt"
	"slices"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/prove"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// templateUnits are the roles, principals and policies of a template: what is
// attached to one role allows together.
func templateUnits(t *template.Template) []unit {
	units := unitsOf{template: t, used: map[int]bool{}}
	for i := range t.Roles {
		role := &t.Roles[i]
		units.addPrincipal(&role.Place, role.Inline, role.Managed, role.Boundary)
	}
	for i := range t.Principals {
		p := &t.Principals[i]
		units.addPrincipal(&p.Place, p.Inline, p.Managed, p.Boundary)
	}
	for i := range t.Attached {
		a := &t.Attached[i]
		if a.Bounds {
			units.addPrincipal(&a.Place, nil, nil, a.Policy)
		} else {
			units.addPrincipal(&a.Place, nil, []template.Reference{a.Policy}, template.Reference{})
		}
	}
	units.addOthers()
	return units.list
}

// unitsOf gathers the units of a template.
type unitsOf struct {
	template *template.Template
	list     []unit
	used     map[int]bool // policies that are attached to a principal
}

// addPrincipal adds what is attached to one principal.
func (us *unitsOf) addPrincipal(place *template.Place, inline []int, managed []template.Reference, boundary template.Reference) {
	u := unit{name: place.ID(), files: []*source.File{place.File}, kind: "policy of a principal"}
	for _, i := range inline {
		us.used[i] = true
		u.attach(&us.template.Policies[i])
	}
	for _, ref := range managed {
		i := us.managed(ref)
		aws := awsPolicy(ref.Text)
		switch {
		case i >= 0:
			us.used[i] = true
			u.attach(&us.template.Policies[i])
		case aws != nil:
			u.set.Identity = append(u.set.Identity, *aws)
		default:
			u.open = "the text of the attached policy " + hole.Print(ref.Text) + " is not in the template"
			continue
		}
		if len(ref.When) > 0 {
			u.open = "whether the policy " + ref.ID + " is attached hangs on a condition of the template"
		}
	}
	if boundary.Text != "" || boundary.ID != "" {
		us.bound(&u, boundary)
	}
	if place.Incomplete {
		u.open = "a part of it could not be read"
	}
	if len(u.set.Identity) > 0 || u.open != "" {
		us.list = append(us.list, u)
	}
}

// managed finds a managed policy of the template, -1 where it is not there.
func (us *unitsOf) managed(ref template.Reference) int {
	return slices.IndexFunc(us.template.Policies, func(p template.Policy) bool { return ref.ID != "" && p.Managed && p.ID() == ref.ID })
}

// bound sets the permissions boundary of a unit. One of which a part is not known
// may allow more than what is.
func (us *unitsOf) bound(u *unit, ref template.Reference) {
	i := us.managed(ref)
	if i < 0 {
		u.open = "the text of the permissions boundary " + hole.Print(ref.Text) + " is not in the template"
		return
	}
	p := &us.template.Policies[i]
	if why := openPolicy(p); why != "" {
		u.open = why
	}
	if len(ref.When) > 0 {
		u.open = "whether the permissions boundary " + ref.ID + " is set hangs on a condition of the template"
	}
	if p.Document != nil {
		u.set.Boundary = &authz.Policy{Name: p.ID(), Document: p.Document}
	}
}

// addOthers adds the policies that are attached to no principal of the template.
func (us *unitsOf) addOthers() {
	names := map[string]int{}
	for i := range us.template.Policies {
		p := &us.template.Policies[i]
		if us.used[i] || p.Kind == template.OtherKind {
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
		us.list = append(us.list, u)
	}
}

// attach adds a policy of a template to those of a principal.
func (u *unit) attach(p *template.Policy) {
	if why := openPolicy(p); why != "" {
		u.open = why
	}
	if p.Document != nil {
		u.set.Identity = append(u.set.Identity, authz.Policy{Name: p.ID(), Document: p.Document})
	}
}

// openPolicy says why it is not known what a policy of a template allows, "" where
// it is.
func openPolicy(p *template.Policy) string {
	switch {
	case p.Document == nil || p.Incomplete:
		return "the policy " + p.ID() + " could not be read as a whole"
	case slices.ContainsFunc(p.Cases, func(w template.When) bool { return len(w) > 0 }) || len(p.When) > 0:
		return "whether the policy " + p.ID() + " counts hangs on a condition of the template"
	}
	return ""
}
