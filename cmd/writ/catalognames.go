package main

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// names are the names of one kind that the catalogue has, by service. Nothing
// is read before it is asked for.
type names struct {
	kind         string // of one of them, for messages
	services     func() ([]string, error)
	of           func(service string) ([]string, error)
	likeServices func(service string) []string // what an unknown service may stand for
}

func serviceNames() *names {
	return &names{kind: "service", services: catalog.Default().Services}
}

func actionNames() *names {
	return iamNames("action", func(s *catalog.Service) []string {
		return namesOf(s.Actions, func(a *catalog.Action) string { return a.Name })
	})
}

func typeNames() *names {
	return iamNames("resource type", func(s *catalog.Service) []string {
		return namesOf(s.Types, func(t *catalog.ResourceType) string { return t.Name })
	})
}

func iamNames(kind string, of func(*catalog.Service) []string) *names {
	c := catalog.Default()
	return &names{
		kind:     kind,
		services: c.Services,
		of: func(service string) ([]string, error) {
			s, err := c.Service(service)
			if err != nil {
				return nil, err
			}
			return of(s), nil
		},
		likeServices: func(service string) []string {
			_, err := c.Service(service)
			return nearestOf(err)
		},
	}
}

func operationNames() *names {
	c := catalog.Default()
	return &names{
		kind:     "operation",
		services: c.SDKServices,
		of: func(service string) ([]string, error) {
			s, err := c.ServiceBySDKName(service)
			if err != nil {
				return nil, err
			}
			return namesOf(s.Ops, func(op *catalog.Operation) string { return lowerFirst(op.Name) }), nil
		},
		likeServices: func(service string) []string {
			_, err := c.ServiceBySDKName(service)
			return nearestOf(err)
		},
	}
}

// keyNames takes the text before the colon of a key for its service: keys such
// as aws:SourceIp and saml:aud belong to no IAM service, or to another one.
func keyNames() *names {
	return &names{
		kind: "condition key",
		services: func() ([]string, error) {
			index, err := keyIndex()
			return index.prefixes, err
		},
		of: func(service string) ([]string, error) {
			index, err := keyIndex()
			return index.names[service], err
		},
		likeServices: func(service string) []string {
			index, err := keyIndex()
			if err != nil {
				return nil
			}
			return new(near.Finder).Names(service, index.prefixes, 3)
		},
	}
}

// keys are all condition keys.
type keys struct {
	prefixes []string
	names    map[string][]string    // by prefix, sorted
	types    map[string]catalog.Key // by full name
	global   map[string]bool        // by full name
	services map[string][]string    // by full name: the IAM services that list it
}

// keyIndex reads every service: a service lists keys of others besides its own.
var keyIndex = sync.OnceValues(func() (keys, error) {
	index := keys{
		names:    map[string][]string{},
		types:    map[string]catalog.Key{},
		global:   map[string]bool{},
		services: map[string][]string{},
	}
	c := catalog.Default()
	global, err := c.GlobalKeys()
	if err != nil {
		return index, err
	}
	for _, k := range global {
		index.add(k)
		index.global[k.Name] = true
	}
	all, err := c.Services()
	if err != nil {
		return index, err
	}
	for _, prefix := range all {
		s, err := c.Service(prefix)
		if err != nil {
			return index, err
		}
		for _, k := range s.Keys {
			index.add(k)
			index.services[k.Name] = append(index.services[k.Name], prefix)
		}
	}
	for prefix, list := range index.names {
		index.prefixes = append(index.prefixes, prefix)
		slices.Sort(list)
	}
	slices.Sort(index.prefixes)
	return index, nil
})

func (k *keys) add(key catalog.Key) {
	if _, ok := k.types[key.Name]; ok {
		return
	}
	k.types[key.Name] = key
	prefix, name, _ := strings.Cut(key.Name, ":")
	k.names[prefix] = append(k.names[prefix], name)
}

func namesOf[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = name(x)
	}
	return out
}

// lowerFirst spells an operation as Step Functions does: startExecution.
func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

func nearestOf(err error) []string {
	var unknown *catalog.UnknownError
	if errors.As(err, &unknown) {
		return unknown.Nearest
	}
	return nil
}

// completeName offers services first, and names in a service behind its colon.
func completeName(n *names, start string) ([]string, cobra.ShellCompDirective) {
	service, name, inService := strings.Cut(start, ":")
	all, err := n.services()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var out []string
	if !inService {
		for _, s := range all {
			switch {
			case !beginsFold(s, service):
			case n.of == nil: // services are all that there is
				out = append(out, s)
			default:
				out = append(out, s+":")
			}
		}
		if n.of == nil {
			return out, cobra.ShellCompDirectiveNoFileComp
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	i := slices.IndexFunc(all, func(s string) bool { return strings.EqualFold(s, service) })
	if i < 0 || n.of == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, err := n.of(all[i])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	for _, full := range list {
		if beginsFold(full, name) {
			// Shells drop what does not begin with the word as it was typed.
			out = append(out, start+full[len(name):])
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func beginsFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// completeActions completes the last action of a list with commas.
func completeActions(_ *cobra.Command, _ []string, start string) ([]string, cobra.ShellCompDirective) {
	comma := strings.LastIndex(start, ",") + 1
	out, directive := completeName(actionNames(), start[comma:])
	for i := range out {
		out[i] = start[:comma] + out[i]
	}
	return out, directive
}

// expandActions puts the actions that exist in the place of patterns. Actions
// without wildcards stay as they are.
func expandActions(given []string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for _, action := range given {
		if !hasWildcard(action) {
			seen[strings.ToLower(action)] = true
		}
	}
	for _, action := range given {
		if !hasWildcard(action) {
			out = append(out, action)
			continue
		}
		found, err := catalog.Default().Expand(action)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			_, _, err := actionNames().find(action)
			if err == nil {
				err = &catalog.UnknownError{Kind: "action", Name: action}
			}
			return nil, err
		}
		for _, a := range found {
			if name := a.FullName(); !seen[strings.ToLower(name)] {
				seen[strings.ToLower(name)] = true
				out = append(out, name)
			}
		}
	}
	return out, nil
}

// warnOfUnknownActions says which actions the catalogue does not have. They are
// decided all the same: AWS has new actions before the catalogue does.
func warnOfUnknownActions(e *env, actions []string) {
	for _, action := range actions {
		if _, err := catalog.Default().Action(action); err != nil {
			printList(e, source.List{{Code: "ACTION_NOT_IN_CATALOGUE", Severity: source.Warning, Message: err.Error()}})
		}
	}
}
