package prove

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// actionEntries are the entries of an Action or NotAction element, in small
// letters. Entries that no action can match are left out.
type actionEntries struct {
	not   bool
	all   bool
	exact map[string]string // to the spelling in the policy
	wild  []wildAction
}

type wildAction struct {
	pattern *pattern.Pattern
	service string // "" where it has wildcards itself
}

func readActions(s *policy.Statement) actionEntries {
	e := actionEntries{not: s.Action == nil && s.NotAction != nil, exact: map[string]string{}}
	list := s.Action
	if e.not {
		list = s.NotAction
	}
	seen := map[string]bool{}
	for i := range list.Len() {
		text := list.Values[i].Text
		folded := lower(text)
		entry := policy.CompileAction(folded)
		switch {
		case entry.All():
			e.all = true
		case !possibleAction(folded) || seen[folded]:
		case !strings.ContainsAny(folded, "*?"):
			e.exact[folded] = text
		default:
			e.wild = append(e.wild, wildActionOf(entry))
		}
		seen[folded] = true
	}
	return e
}

func wildActionOf(entry policy.ActionPattern) wildAction {
	service, ok := entry.Service()
	if !ok {
		service = ""
	}
	return wildAction{entry.Pattern(), service}
}

// possibleAction reports whether an entry can match an action at all: wildcards
// do not match the colon, and names have plain letters.
func possibleAction(entry string) bool {
	service, name, ok := strings.Cut(entry, ":")
	if !ok || service == "" || name == "" {
		return false
	}
	return !strings.ContainsFunc(service+name, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.*?", c))
	})
}

// matches reports whether the element is about an action in small letters.
func (e *actionEntries) matches(action string) bool { return e.mentions(action) != e.not }

func (e *actionEntries) mentions(action string) bool {
	if e.all {
		return true
	}
	if _, ok := e.exact[action]; ok {
		return true
	}
	return slices.ContainsFunc(e.wild, func(w wildAction) bool { return w.pattern.Match(action) })
}

// actionIndex finds the statements of a document about an action.
type actionIndex struct {
	exact     map[string][]int
	byService map[string][]int // that have wildcards in names of the service
	anywhere  []int            // whose entries may match actions of any service
}

func (x *actionIndex) add(i int, e *actionEntries) {
	if x.exact == nil {
		x.exact, x.byService = map[string][]int{}, map[string][]int{}
	}
	if e.not || e.all || slices.ContainsFunc(e.wild, func(w wildAction) bool { return w.service == "" }) {
		x.anywhere = append(x.anywhere, i)
		return
	}
	for action := range e.exact {
		x.exact[action] = append(x.exact[action], i)
	}
	for _, w := range e.wild {
		if list := x.byService[w.service]; len(list) == 0 || list[len(list)-1] != i {
			x.byService[w.service] = append(list, i)
		}
	}
}

// about returns the numbers of the statements about an action, sorted.
func (d *document) about(action string) []int {
	var out []int
	service, _, _ := strings.Cut(action, ":")
	out = append(out, d.index.exact[action]...)
	for _, list := range [][]int{d.index.byService[service], d.index.anywhere} {
		for _, i := range list {
			if d.statements[i].actions.matches(action) {
				out = append(out, i)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// near returns the numbers of statements that may be about actions that a seed
// matches, other than those named outright.
func (d *document) near(s seed) []int {
	if s.service == "" {
		all := make([]int, len(d.statements))
		for i := range all {
			all[i] = i
		}
		return all
	}
	out := append(slices.Clone(d.index.byService[s.service]), d.index.anywhere...)
	slices.Sort(out)
	return slices.Compact(out)
}

// A seed is a set of actions that a query is about: what an entry with wildcards
// matches, but for the actions that policies name outright.
type seed struct {
	pattern *pattern.Pattern
	service string
}

var anyAction = sync.OnceValue(func() seed { return seed{pattern: policy.CompileAction("*:*").Pattern()} })

// seeds returns the entries with wildcards of Allow statements, without those
// that others cover.
func seeds(documents []*document) []seed {
	byKey := map[string]seed{}
	for _, d := range documents {
		for _, s := range d.statements {
			switch {
			case s.deny:
			case s.actions.all != s.actions.not: // * or NotAction
				return []seed{anyAction()}
			case s.actions.not: // NotAction *
			default:
				for _, w := range s.actions.wild {
					byKey[w.pattern.Key()] = seed(w)
				}
			}
		}
	}
	wide := map[string][]seed{} // by service
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		wide[byKey[key].service] = append(wide[byKey[key].service], byKey[key])
	}
	var out []seed
	for _, service := range slices.Sorted(maps.Keys(wide)) {
		for _, s := range wide[service] {
			if !coveredByOther(s, wide[service]) && (service == "" || !coveredByOther(s, wide[""])) {
				out = append(out, s)
			}
		}
	}
	return out
}

func coveredByOther(s seed, list []seed) bool {
	return slices.ContainsFunc(list, func(other seed) bool {
		return other.pattern != s.pattern && coversAction(other.pattern, s.pattern) &&
			(!coversAction(s.pattern, other.pattern) || other.pattern.Key() < s.pattern.Key())
	})
}

// coversAction reports whether every action that q matches is matched by p.
func coversAction(p, q *pattern.Pattern) bool {
	return strings.HasPrefix(q.Prefix(), p.Prefix()) && !pattern.Apart(p, q) &&
		pattern.Search{All: []*pattern.Pattern{q}, None: []*pattern.Pattern{p}, Work: 1 << 14}.Says(pattern.No)
}

// action is the formula that says that a statement is about the action of the
// query, which a seed matches and no policy names.
func (p *problem) action(e *actionEntries, s seed) formula {
	l := &language{}
	if e.all {
		l.all = true
	}
	for _, w := range e.wild {
		switch {
		case l.all || w.service != "" && s.service != "" && w.service != s.service || pattern.Apart(w.pattern, s.pattern):
		case coversAction(w.pattern, s.pattern):
			l.all = true
		default:
			l.wild = append(l.wild, w.pattern)
		}
	}
	if l.all {
		l.wild = nil
	}
	f := p.in(actionSubject, p.languages.intern(l))
	if e.not {
		return p.fs.not(f)
	}
	return f
}
