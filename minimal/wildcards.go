package minimal

import (
	"errors"
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// factorActions puts wildcards in the place of actions that are all that there are
// with a beginning. Beginnings end where a word ends: ecs:Describe*. It takes the
// longest one, which will take in the fewest actions of the future.
func (m *minimizer) factorActions() error {
	if m.options.NoWildcards {
		return nil
	}
	for _, s := range m.statements {
		for _, p := range elementPlaces[:2] {
			if s.fixed || p.list(&s.Statement).Len() < 2 {
				continue
			}
			for _, service := range servicesIn(p.list(&s.Statement)) {
				if err := m.factorService(s, p, service); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// servicesIn returns the services of which a list names several actions.
func servicesIn(list *policy.List) []string {
	count := map[string]int{}
	var out []string
	for _, v := range list.Values {
		service, _, found := strings.Cut(folded(v.Text), ":")
		if !found || strings.ContainsAny(service, "*?") {
			continue
		}
		if count[service]++; count[service] == 2 {
			out = append(out, service)
		}
	}
	return out
}

func (m *minimizer) factorService(s *statement, p place, prefix string) error {
	service, err := m.options.Catalog.Service(prefix)
	if errors.Is(err, catalog.ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	list := p.list(&s.Statement)
	cost := len(service.Actions) * list.Len() / 64
	if cost > m.work {
		m.short = true
		return nil
	}
	m.work -= cost
	for _, wildcard := range wildcardsFor(service, list) {
		m.putWildcard(s, p, wildcard)
	}
	return nil
}

// putWildcard puts a wildcard where the first of those stands that it covers.
func (m *minimizer) putWildcard(s *statement, p place, wildcard string) {
	whole := policy.CompileAction(wildcard).Pattern()
	var values []policy.Value
	var removed []string
	for _, v := range p.list(&s.Statement).Values {
		entry := policy.CompileAction(v.Text)
		if entry.All() || pattern.Subset(entry.Pattern(), whole) != pattern.Yes {
			values = append(values, v)
			continue
		}
		if folded(v.Text) == folded(wildcard) {
			return // it stands there already, and what it covers is dropped
		}
		if removed = append(removed, v.Text); len(removed) == 1 {
			values = append(values, policy.Value{Text: wildcard})
		}
	}
	if len(removed) < 2 {
		return
	}
	other := s.Statement
	p.set(&other, with(values))
	m.replace(s, other, Change{Kind: Wildcard, Element: p.element, Removed: removed, Added: wildcard})
}

// wildcardsFor returns the wildcards that stand for actions of a service of which a
// list has all.
func wildcardsFor(service *catalog.Service, list *policy.List) []string {
	listed := make([]policy.ActionPattern, 0, list.Len())
	names := map[string]bool{}
	for _, v := range list.Values {
		switch {
		case !strings.HasPrefix(folded(v.Text), service.Prefix+":"):
		case strings.ContainsAny(v.Text, "*?"):
			listed = append(listed, policy.CompileAction(v.Text))
		default:
			names[folded(v.Text)] = true
		}
	}
	f := factoring{service: service.Prefix}
	for _, a := range service.Actions {
		full := a.FullName()
		covered := names[folded(full)] || slices.ContainsFunc(listed, func(p policy.ActionPattern) bool { return p.Match(full) })
		f.actions = append(f.actions, known{a.Name, covered})
	}
	slices.SortFunc(f.actions, func(a, b known) int { return strings.Compare(a.name, b.name) })
	f.node(0, f.actions)
	return f.out
}

type known struct {
	name    string
	covered bool
}

// factoring walks through the names of actions, word by word.
type factoring struct {
	service string
	actions []known
	out     []string
}

// node looks at the actions that begin alike for n bytes.
func (f *factoring) node(n int, actions []known) {
	if len(actions) < 2 || !slices.ContainsFunc(actions, func(k known) bool { return k.covered }) {
		return
	}
	// As long as all go on with the same word, it is part of the beginning.
	for {
		end := wordEnd(actions[0].name, n)
		if end == n || slices.ContainsFunc(actions, func(k known) bool { return !sameWord(k.name, actions[0].name, n, end) }) {
			break
		}
		n = end
	}
	beginning := actions[0].name[:n]
	if f.all(beginning) {
		f.out = append(f.out, f.service+":"+beginning+"*")
		return
	}
	for len(actions) > 0 {
		end := wordEnd(actions[0].name, n)
		same := 1
		for same < len(actions) && end > n && sameWord(actions[same].name, actions[0].name, n, end) {
			same++
		}
		if end > n {
			f.node(end, actions[:same])
		}
		actions = actions[same:]
	}
}

// all reports whether every action with a beginning, in any letter case, is covered.
func (f *factoring) all(beginning string) bool {
	for _, k := range f.actions {
		if !k.covered && len(k.name) >= len(beginning) && strings.EqualFold(k.name[:len(beginning)], beginning) {
			return false
		}
	}
	return true
}

// sameWord reports whether a name has the word name[n:end] at the same place.
func sameWord(name, model string, n, end int) bool {
	return len(name) >= end && name[:end] == model[:end] && wordEnd(name, n) == end
}

// wordEnd returns where the word ends that begins at n: before a capital that follows
// a small letter or digit, or that begins a word after capitals (DB|Instance).
func wordEnd(name string, n int) int {
	for i := n + 1; i < len(name); i++ {
		if !isCapital(name[i]) {
			continue
		}
		if !isCapital(name[i-1]) || i+1 < len(name) && !isCapital(name[i+1]) {
			return i
		}
	}
	return len(name)
}

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }
