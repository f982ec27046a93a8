package check

import (
	"strings"

	"github.com/writ-iam/writ/catalog"
)

// aboutActions is about actions that do not exist.
var aboutActions = &finder{statement: actionsOf}

func actionsOf(r *run, s *statement) {
	for i := range s.actions.entries {
		if e := &s.actions.entries[i]; e.kind == 0 {
			r.action(e)
		}
	}
}

func (r *run) action(e *entry) {
	if e.action != nil || starred(e.text) || strings.Contains(e.text, "${") {
		return
	}
	prefix, name, ok := strings.Cut(e.text, ":")
	switch {
	case !ok:
		r.report("INVALID_ACTION", e.place(), r.actionHint(e.text), "%s is no action: it has no service", quote(e.text))
	case hasWildcard(prefix):
		r.report("WILDCARD_IN_SERVICE_NAME", e.place(), "write one entry for each service",
			"the service of %s has a wildcard: services that are yet to come may match", quote(e.text))
	case !r.facts.isService(prefix):
		r.report("INVALID_SERVICE_IN_ACTION", e.place(), r.near.HintAmong(strings.ToLower(prefix), r.facts.serviceNames()), "there is no service %s", quote(prefix))
	case !hasWildcard(name):
		r.actionName(e, prefix, name)
	}
}

// actionName reports an action that its service does not have.
func (r *run) actionName(e *entry, prefix, name string) {
	service := r.facts.service(prefix)
	if service == nil || strings.TrimSpace(name) == "" {
		return
	}
	if _, ok := service.Action(strings.TrimSpace(name)); ok {
		return // white space around the name: a finding of our own
	}
	r.report("INVALID_ACTION", e.place(), r.missingAction(prefix, name), "service %s has no action %s", strings.ToLower(prefix), quote(name))
}

// missingAction asks what an unknown action may stand for: a call of an SDK that
// needs another action, or a name that is close.
func (r *run) missingAction(prefix, name string) string {
	if needed := r.facts.actionsOfCall(prefix, name); len(needed) > 0 {
		return name + " is a call of the API; what it needs is " + strings.Join(needed, ", ")
	}
	if r.near.Spent() {
		return ""
	}
	service := r.facts.service(prefix)
	return r.near.HintAmong(service.Prefix+":"+name, r.facts.actionNames(service))
}

// actionHint asks which service an action without one may belong to.
func (r *run) actionHint(name string) string {
	if strings.ContainsAny(name, "*?") || len(name) > longestName {
		return "write SERVICE:ACTION"
	}
	found := r.facts.expand("*:" + name)
	if len(found) == 0 || len(found) > 3 {
		return "write SERVICE:ACTION"
	}
	names := make([]string, len(found))
	for i, a := range found {
		names[i] = quote(a.FullName())
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}

// actionsOfCall returns the actions that a call of the SDK needs, if it is one of
// a service whose actions have that prefix.
func (f *facts) actionsOfCall(prefix, name string) []string {
	for _, sdk := range f.callers(strings.ToLower(prefix)) {
		op, ok := sdk.Operation(name)
		if !ok {
			continue
		}
		var needed []string
		for _, need := range op.Needs {
			if f.action(need.Action) != nil {
				needed = append(needed, need.Action)
			}
		}
		return needed
	}
	return nil
}

// callers are the services of the SDK whose calls need actions with a prefix.
func (f *facts) callers(prefix string) []*catalog.SDKService {
	list, asked := f.sdk[prefix]
	if !asked {
		names, err := f.catalog.SDKServicesOf(prefix)
		f.failed(err)
		for _, n := range names {
			if s, err := f.catalog.ServiceBySDKName(n); !f.failed(err) {
				list = append(list, s)
			}
		}
		f.sdk[prefix] = list
	}
	return list
}
