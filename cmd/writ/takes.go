package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/source"
)

// doesNotFit returns a warning of a resource that an action is not about: AWS never
// asks so. It is nil for one that fits, and for what the catalogue does not know.
func doesNotFit(action, resource string) *source.Finding {
	known, err := catalog.Default().Action(action)
	if err != nil {
		return nil
	}
	takes, formats, err := catalog.Default().TakesARN(known, resource)
	if err != nil || takes {
		return nil
	}
	hint := `it takes no resource: ask about "*"`
	if len(formats) > 0 {
		hint = "its resources are " + strings.Join(formats, ", ")
	}
	return &source.Finding{Code: "RESOURCE_DOES_NOT_FIT", Severity: source.Warning,
		Message: fmt.Sprintf("%s is never asked for on %q", action, plain(resource)), Hint: hint}
}

// warnOfResource says when a resource does not fit an action. It is decided all the
// same: AWS has new resources before the catalogue does.
func warnOfResource(e *env, action, resource string) {
	if f := doesNotFit(action, resource); f != nil {
		printList(e, source.List{*f})
	}
}

// question is an action on a resource.
type question struct{ action, resource string }

// questions are all actions on all resources, but for those that only a pattern of
// actions brings and that are never asked for on such a resource. Where that leaves
// nothing, all are asked.
func (f *simulateFlags) questions(e *env, actions []string) []question {
	var all, out []question
	for _, action := range actions {
		named := slices.ContainsFunc(f.actions, func(given string) bool { return strings.EqualFold(given, action) })
		for _, resource := range f.resources {
			q := question{action, resource}
			all = append(all, q)
			if named || f.request.ResourcePattern || doesNotFit(action, resource) == nil {
				out = append(out, q)
			}
		}
	}
	if len(out) == 0 {
		return all
	}
	if n := len(all) - len(out); n > 0 {
		fmt.Fprintf(e.stderr, "writ simulate: left out, for they are never asked for on such a resource: %s\n", counted(n, "action"))
	}
	return out
}
