package render

import (
	"encoding/json"
	"slices"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/template"
)

// Unnamed lists the holes for which a format has no reference: the resource
// cannot be written in it.
func (r *Resource) Unnamed(f Format) []string {
	var names []string
	for _, doc := range r.texts() {
		data, err := json.Marshal(doc)
		if err != nil {
			continue // writing it fails as well, and says so
		}
		root, _, bad := jsontree.Parse(string(data))
		if bad != nil {
			continue
		}
		eachString(root, func(text string) {
			if _, name := r.spell(f, text); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		})
	}
	return names
}

// texts is all in the resource that may hold holes.
func (r *Resource) texts() []any {
	if r.Policy != nil {
		return []any{r.Policy.Document}
	}
	all := []any{r.Role.Trust, r.Role.PermissionsBoundary, r.Role.ManagedPolicies}
	for _, p := range r.Role.Policies {
		all = append(all, p.Document)
	}
	return all
}

func eachString(v *jsontree.Value, f func(string)) {
	if v.Kind == jsontree.String {
		f(v.Text)
	}
	for i := range v.Items {
		eachString(&v.Items[i], f)
	}
	for i := range v.Members {
		eachString(&v.Members[i].Value, f)
	}
}

// spell says how a text is written in a format. It returns the hole that cannot
// be, if there is one. What is said of a resource cannot refer to it, so neither
// the machine is referred to nor what is in except.
func (r *Resource) spell(f Format, text string, except ...string) (parts []template.Part, unnamed string) {
	inTerraform := r.Template != nil && isTerraform(r.Template.Format)
	if f != Terraform && r.Template != nil && !inTerraform {
		parts, unnamed, _ = r.Template.Write(text, r.Machine.Stack, append(except, r.Machine.Name)...)
		return parts, unnamed
	}
	if f == Terraform && inTerraform {
		parts, _, _ = r.Template.Write(text, "", append(except, r.Machine.Name)...)
	} else {
		parts = asWritten(text)
	}
	for i := range parts {
		if parts[i].Ref == "" {
			continue
		}
		ref, ok := reference(f, parts[i].Ref)
		if !ok {
			return nil, parts[i].Ref
		}
		parts[i] = template.Part{Ref: ref}
	}
	return parts, ""
}

// asWritten takes holes for references of the same name.
func asWritten(text string) []template.Part {
	var parts []template.Part
	for _, p := range hole.Split(text) {
		if p.Hole {
			parts = append(parts, template.Part{Ref: p.Text})
		} else {
			parts = append(parts, template.Part{Literal: p.Text})
		}
	}
	return parts
}

// reference is what a format calls a hole of another format, or of none.
func reference(f Format, name string) (ref string, ok bool) {
	place, isPlace := terraformPlaces[name]
	switch {
	case f != Terraform:
		return name, isPlace
	case isPlace:
		return place, true
	}
	return name, terraformAddress().MatchString(name)
}

func isTerraform(f template.Format) bool {
	return f == template.TerraformPlan || f == template.TerraformHCL
}
