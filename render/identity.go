package render

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
)

// identity is what a role has beside its documents. A role that the template of
// its machine has already keeps it: with another name or path, a deployment
// would replace the role.
type identity struct {
	name     string // "" where it is made up at deployment
	prefix   string // Terraform: what a name that is made up begins with
	path     string
	boundary string

	unnamed []string // the holes of what is left out, for want of references
}

// identity is the role's own, and what it does not say, that of the template.
func (r *Resource) identity(f Format) identity {
	id := identity{path: r.Role.Path, boundary: r.Role.PermissionsBoundary}
	if r.Template == nil || r.Machine == nil {
		return id
	}
	made := r.Template.OwnRoleOf(r.Machine)
	if made == nil {
		return id
	}
	keep := func(into *string, text string) {
		_, unnamed := r.spell(f, text, made.Name)
		for _, name := range hole.Names(text) {
			if strings.HasPrefix(name, made.Name+".") { // a plan shows no expressions
				unnamed = name
			}
		}
		if unnamed != "" {
			id.unnamed = append(id.unnamed, unnamed)
		} else if text != "" {
			*into = text
		}
	}
	if made.Named {
		keep(&id.name, made.Physical)
	}
	if f == Terraform {
		keep(&id.prefix, made.Prefix)
	}
	if id.path == "/" {
		keep(&id.path, made.Path)
	}
	if id.boundary == "" {
		keep(&id.boundary, made.Boundary.Text)
	}
	return id
}

// isNew reports whether a role is in no template yet, so that Writ names it.
func (r *Resource) isNew() bool {
	return r.Template == nil || r.Machine == nil || r.Template.OwnRoleOf(r.Machine) == nil
}

// LeftOut lists the holes in the name, the path and the permissions boundary that
// the template gives the role, for which a format has no reference: the role is
// written without them.
func (r *Resource) LeftOut(f Format) []string {
	if r.Role == nil {
		return nil
	}
	names := r.identity(f).unnamed
	slices.Sort(names)
	return slices.Compact(names)
}

// policyName writes the name of a policy, which is made of the machine's: with
// references, or where there are none with the names of what is not known.
func (r *Resource) policyName(f Format, name string) string {
	if _, unnamed := r.spell(f, name); unnamed == "" {
		return name
	}
	return withoutHoles(name)
}

// withoutHoles puts the names of holes in their place.
func withoutHoles(text string) string {
	return hole.Replace(text, func(name string) string { return name })
}
