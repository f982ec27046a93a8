package minimal

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// A place is a list of values in a statement.
type place struct {
	element string
	key     string // of a condition: operator and key
	list    func(s *policy.Statement) *policy.List
	set     func(s *policy.Statement, l *policy.List) // on a copy of the statement
}

var elementPlaces = []place{
	{element: policy.ElementAction, list: func(s *policy.Statement) *policy.List { return s.Action }, set: func(s *policy.Statement, l *policy.List) { s.Action = l }},
	{element: policy.ElementNotAction, list: func(s *policy.Statement) *policy.List { return s.NotAction }, set: func(s *policy.Statement, l *policy.List) { s.NotAction = l }},
	{element: policy.ElementResource, list: func(s *policy.Statement) *policy.List { return s.Resource }, set: func(s *policy.Statement, l *policy.List) { s.Resource = l }},
	{element: policy.ElementNotResource, list: func(s *policy.Statement) *policy.List { return s.NotResource }, set: func(s *policy.Statement, l *policy.List) { s.NotResource = l }},
}

// places are the lists of a statement.
func places(s *policy.Statement) []place {
	var out []place
	for _, p := range elementPlaces {
		if p.list(s) != nil {
			out = append(out, p)
		}
	}
	if s.Principal != nil {
		for i := range s.Principal.Groups {
			out = append(out, place{
				element: policy.ElementPrincipal, key: s.Principal.Groups[i].Key,
				list: func(s *policy.Statement) *policy.List { return &s.Principal.Groups[i].Values },
				set: func(s *policy.Statement, l *policy.List) {
					s.Principal = copyPrincipal(s.Principal)
					s.Principal.Groups[i].Values = *l
				},
			})
		}
	}
	if s.Condition != nil {
		for i := range s.Condition.Blocks {
			for j := range s.Condition.Blocks[i].Keys {
				out = append(out, conditionPlace(s, i, j))
			}
		}
	}
	return out
}

func conditionPlace(s *policy.Statement, i, j int) place {
	b := &s.Condition.Blocks[i]
	return place{
		element: policy.ElementCondition, key: b.Operator + " " + b.Keys[j].Name,
		list: func(s *policy.Statement) *policy.List { return &s.Condition.Blocks[i].Keys[j].Values },
		set: func(s *policy.Statement, l *policy.List) {
			s.Condition = copyCondition(s.Condition)
			s.Condition.Blocks[i].Keys[j].Values = *l
		},
	}
}

func copyPrincipal(p *policy.Principal) *policy.Principal {
	out := *p
	out.Groups = slices.Clone(p.Groups)
	return &out
}

func copyCondition(c *policy.Condition) *policy.Condition {
	out := *c
	out.Blocks = slices.Clone(c.Blocks)
	for i := range out.Blocks {
		out.Blocks[i].Keys = slices.Clone(c.Blocks[i].Keys)
	}
	return &out
}

// with returns a list with other values, spelled as shortly as it can be.
func with(values []policy.Value) *policy.List {
	return &policy.List{Values: values, Single: len(values) == 1}
}

// tidyLists drops values that others of their list cover, and the brackets around
// single ones.
func (m *minimizer) tidyLists() error {
	for _, s := range m.statements {
		if s.fixed {
			continue
		}
		for _, p := range places(&s.Statement) {
			m.dropCovered(s, p)
			if l := p.list(&s.Statement); len(l.Values) == 1 && !l.Single {
				p.set(&s.Statement, with(l.Values)) // the tree reads both alike
				m.changes = append(m.changes, Change{Kind: Unwrap, Statement: s.at, Element: p.element, Key: p.key})
			}
		}
	}
	return nil
}

// dropCovered drops values that others cover: all at once if that is proved, or else
// one by one. Which they are is a guess by their texts; the proof decides.
func (m *minimizer) dropCovered(s *statement, p place) {
	fold := p.element == policy.ElementAction || p.element == policy.ElementNotAction
	drop, reason := guessCovered(p.list(&s.Statement), fold, p.element != policy.ElementPrincipal, &m.work)
	if len(drop) == 0 || m.dropValues(s, p, drop, reason) || len(drop) == 1 {
		return
	}
	for i := len(drop) - 1; i >= 0; i-- { // the last first: the indexes of the others stay
		m.dropValues(s, p, drop[i:i+1], reason)
	}
}

// dropValues drops values from a list, given by their sorted indexes.
func (m *minimizer) dropValues(s *statement, p place, drop []int, reason Reason) bool {
	old := p.list(&s.Statement)
	var kept []policy.Value
	var removed []string
	for i, v := range old.Values {
		if _, found := slices.BinarySearch(drop, i); found {
			removed = append(removed, v.Text)
		} else {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return false
	}
	other := s.Statement
	p.set(&other, with(kept))
	return m.replace(s, other, Change{Kind: DropEntry, Element: p.element, Key: p.key, Removed: removed, Reason: reason})
}

// guessCovered returns the indexes of values that stand in a list before, or that
// another value with wildcards seems to cover.
func guessCovered(list *policy.List, fold, wild bool, work *int) (drop []int, reason Reason) {
	x := newCoverIndex(fold)
	first := map[string]bool{}
	twice := make([]bool, len(list.Values))
	for i, v := range list.Values {
		text := x.text(v.Text)
		twice[i] = first[text]
		if !twice[i] && wild && strings.ContainsAny(text, "*?") {
			x.add(i, text)
		}
		first[text] = true
	}
	reason = Same
	for i, v := range list.Values {
		switch {
		case twice[i]:
			drop = append(drop, i)
		case x.covers(i, x.text(v.Text), work):
			drop, reason = append(drop, i), Covered
		}
	}
	return drop, reason
}
