package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/policy"
)

// action is an action that AWS has, with what rules ask about it again and again.
type action struct {
	*catalog.Action
	lower   string // full name in lower case
	pattern policy.ActionPattern
	steps   steps  // see ways
	risks   []risk // of allowing it on all resources

	formats *[]*format // of the resources that it is about; nil until asked for
	keys    *[]string  // that requests for it carry; nil until asked for
}

// action returns the action that an entry names in any letter case, or nil.
func (f *facts) action(name string) *action {
	a, asked := f.actions[name]
	if asked {
		return a
	}
	prefix, short, _ := strings.Cut(name, ":")
	s := f.service(prefix)
	if s == nil {
		return nil
	}
	found, ok := s.Action(short)
	if !ok {
		return nil
	}
	a = f.about(found)
	f.actions[name] = a
	return a
}

// about returns what is known about an action of the catalogue.
func (f *facts) about(a *catalog.Action) *action {
	known := f.known[a]
	if known == nil {
		full := a.FullName()
		known = &action{Action: a, lower: strings.ToLower(full), pattern: policy.CompileAction(full), steps: stepsOfWays().of[full]}
		known.risks = risksOf(known)
		f.known[a] = known
	}
	return known
}

// maxExpanded bounds the lists of actions that are kept: a hostile text names the
// same hundreds of actions in thousands of ways.
const maxExpanded = 1 << 18

// expand returns the actions that an entry with wildcards matches.
func (f *facts) expand(entry string) []*action {
	list, asked := f.expanded[entry]
	if asked {
		return list
	}
	found, err := f.catalog.Expand(entry)
	f.failed(err)
	for _, a := range found {
		list = append(list, f.about(a))
	}
	if f.kept += 1 + len(list); f.kept > maxExpanded {
		clear(f.expanded)
		f.kept = 1 + len(list)
	}
	f.expanded[entry] = list
	return list
}

// formatsOfAction returns the formats of the resources that an action is about.
func (f *facts) formatsOfAction(a *action) []*format {
	if a.formats == nil {
		var list []*format
		for _, needed := range []bool{true, false} {
			for _, g := range f.formatsOf(a.Service) {
				if slices.ContainsFunc(a.Types, func(t catalog.TypeOfAction) bool { return t.Name == g.typ && t.Required == needed }) {
					list = append(list, g)
				}
			}
		}
		for i := range unlisted {
			if u := &unlisted[i]; strings.EqualFold(u.action, a.FullName()) {
				list = appendFormats(list, u.service, u.resourceType())
			}
		}
		a.formats = &list
	}
	return *a.formats
}

// carries reports whether requests for an action can carry a key that is not
// global, given by the name that the catalogue has for it. What the catalogue does
// not know about, it may.
func (f *facts) carries(a *action, name string) bool {
	if a.keys == nil {
		var list []string
		if s := f.service(a.Service); s != nil {
			list = s.KeysOf(a.Action)
		}
		a.keys = &list
	}
	return slices.ContainsFunc(*a.keys, func(k string) bool { return strings.EqualFold(k, name) })
}

// isSent reports whether the catalogue knows of any action that sends a key. Some keys
// it has among those of a service and with none of its actions: with which ones they are
// sent is not known then.
func (f *facts) isSent(key keyFact, lower string) bool {
	prefix := key.prefix
	if key.origin == keyOfProvider {
		prefix = tokenService
	}
	s := f.service(prefix)
	return s == nil || slices.ContainsFunc(s.Actions, func(a *catalog.Action) bool {
		known := f.about(a)
		return f.carries(known, key.name) || f.carries(known, lower)
	})
}

// actionNames are the full names of a service's actions, for hints.
func (f *facts) actionNames(s *catalog.Service) near.Names {
	names, asked := f.names[s.Prefix]
	if !asked {
		list := make([]string, len(s.Actions))
		for i, a := range s.Actions {
			list[i] = a.FullName()
		}
		names = near.Prepare(list)
		f.names[s.Prefix] = names
	}
	return names
}
