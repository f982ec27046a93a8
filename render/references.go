package render

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/template"
)

// Unnamed lists the holes for which a format has no reference: the resource
// cannot be written in it.
func (r *Resource) Unnamed(f Format) []string {
	var names []string
	r.eachText(func(text string) {
		if _, name := r.spell(f, text); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	return names
}

// eachText goes through the texts in the resource.
func (r *Resource) eachText(f func(text string)) {
	for _, doc := range r.texts() {
		data, err := json.Marshal(doc)
		if err != nil {
			continue // writing it fails as well, and says so
		}
		if root, _, bad := jsontree.Parse(string(data)); bad == nil {
			eachString(root, f)
		}
	}
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
	module := r.module()
	if f == Terraform && inTerraform && module == "" {
		parts, _, _ = r.Template.Write(text, "", append(except, r.Machine.Name)...)
	} else {
		parts = asWritten(text)
	}
	for i := range parts {
		if parts[i].Ref == "" {
			continue
		}
		ref, ok := reference(f, strings.TrimPrefix(parts[i].Ref, module))
		if !ok {
			return nil, parts[i].Ref
		}
		parts[i] = template.Part{Ref: ref}
	}
	return parts, ""
}

// module is what the address of a machine in a module of Terraform begins with,
// such as "module.orders."; "" in the root module. A role is written for the module
// that its machine stands in.
func (r *Resource) module() string {
	if r.Template == nil || r.Machine == nil || !isTerraform(r.Template.Format) {
		return ""
	}
	before, _, _ := strings.Cut(r.Machine.Name, r.Machine.Type+".")
	return before
}

// Foreign lists what a role in a module of Terraform refers to that other modules
// have: the module gets it in variables, whose names the text does not tell.
func (r *Resource) Foreign(f Format) []string {
	module := r.module()
	if f != Terraform || module == "" {
		return nil
	}
	var names []string
	r.eachText(func(text string) {
		for _, name := range hole.Names(text) {
			if _, isPlace := terraformPlaces[name]; !isPlace && !strings.HasPrefix(name, module) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	})
	return names
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
