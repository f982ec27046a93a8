package minimal

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// mergeBlock is how many statements are merged at once: proofs take longer the more
// statements they compare.
const mergeBlock = 64

// dropTwins drops statements that differ from an earlier one in their Sid alone.
func (m *minimizer) dropTwins() error {
	first := map[string]int{}
	for i := 0; i < len(m.statements); i++ {
		s := m.statements[i]
		meaning := spelled(s.Statement, "")
		before, again := first[meaning]
		if !again {
			first[meaning] = s.at
			continue
		}
		if m.drop(i, Change{Others: []int{before}, Reason: Same}) {
			i--
		}
	}
	return nil
}

// spelled writes a statement without its Sid, in a form that is equal for those that
// differ in spelling only.
func spelled(s policy.Statement, mark string) string {
	s.Sid, s.Elements = "", nil
	s.Action, s.NotAction = lower(s.Action), lower(s.NotAction)
	doc := policy.Document{Version: policy.Version2012, Statements: []policy.Statement{s}}
	return mark + string(policy.Print(policy.Canonical(&doc), ""))
}

// lower is a list in small letters.
func lower(l *policy.List) *policy.List {
	if l == nil {
		return nil
	}
	out := *l
	out.Values = slices.Clone(l.Values)
	for i := range out.Values {
		out.Values[i].Text = folded(out.Values[i].Text)
	}
	return &out
}

// folded is a text with ASCII letters in lower case, the only ones that fold in IAM's
// names.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// mergeStatements merges statements that differ in one list of what they match.
func (m *minimizer) mergeStatements() error {
	for _, find := range []func(s *policy.Statement) []place{actionPlace, resourcePlace, principalPlace, valuePlaces} {
		m.mergeAlong(find)
	}
	return nil
}

func actionPlace(s *policy.Statement) []place   { return elementPlace(s, 0) }
func resourcePlace(s *policy.Statement) []place { return elementPlace(s, 2) }

func elementPlace(s *policy.Statement, i int) []place {
	if p := elementPlaces[i]; p.list(s) != nil {
		return []place{p}
	}
	return nil
}

// principalPlace is the Principal as a whole.
func principalPlace(s *policy.Statement) []place {
	if s.Principal == nil || s.Principal.Everyone {
		return nil
	}
	return []place{{element: policy.ElementPrincipal}}
}

// valuePlaces are the values of conditions of which one is enough. AWS takes no list of
// booleans.
func valuePlaces(s *policy.Statement) []place {
	if s.Condition == nil {
		return nil
	}
	var out []place
	for i := range s.Condition.Blocks {
		op, err := policy.ParseOperator(s.Condition.Blocks[i].Operator)
		if err != nil || op.Negated || op.Quantifier == policy.ForAllValues || op.Family == policy.FamilyNull || op.Family == policy.FamilyBool {
			continue
		}
		for j := range s.Condition.Blocks[i].Keys {
			out = append(out, conditionPlace(s, i, j))
		}
	}
	return out
}

// member is a statement that may be merged with others along one of its places.
type member struct {
	s *statement
	p place
}

// mergeAlong groups statements that are equal but for one place. A statement may be
// in several groups; the first one that is merged has it.
func (m *minimizer) mergeAlong(find func(s *policy.Statement) []place) {
	var order []string
	groups := map[string][]member{}
	for _, s := range m.statements {
		if s.fixed {
			continue
		}
		for _, p := range find(&s.Statement) {
			key := without(s.Statement, p)
			if len(groups[key]) == 1 {
				order = append(order, key)
			}
			groups[key] = append(groups[key], member{s, p})
		}
	}
	merged := map[*statement]bool{}
	for _, key := range order {
		group := slices.DeleteFunc(groups[key], func(g member) bool { return merged[g.s] })
		for len(group) > 1 {
			next := m.mergeRound(group, merged)
			if len(next) == len(group) {
				break
			}
			group = next
		}
	}
	m.statements = slices.DeleteFunc(m.statements, func(s *statement) bool { return s.gone })
}

// without spells a statement without the values of a place.
func without(s policy.Statement, p place) string {
	if p.list == nil {
		s.Principal = nil
	} else {
		p.set(&s, &policy.List{})
	}
	return spelled(s, p.element+" "+folded(p.key)+" ")
}

// mergeRound merges a group block by block and returns what is left of it.
func (m *minimizer) mergeRound(group []member, merged map[*statement]bool) []member {
	var next []member
	for block := range slices.Chunk(group, mergeBlock) {
		if m.merge(block, merged) {
			next = append(next, block[0])
			continue
		}
		if len(block) == 2 {
			next = append(next, block...)
			continue
		}
		for _, g := range block { // one by one: some of them may go together
			if last := len(next) - 1; last < 0 || !m.merge([]member{next[last], g}, merged) {
				next = append(next, g)
			}
		}
	}
	return next
}

// merge makes one statement of several, in the place of the first.
func (m *minimizer) merge(block []member, merged map[*statement]bool) bool {
	if len(block) == 1 {
		return true
	}
	first := block[0].s
	old := make([]*statement, len(block))
	c := Change{Kind: Merge, Statement: first.at, Element: block[0].p.element, Key: block[0].p.key}
	total := 0
	for i, g := range block {
		old[i] = g.s
		total += size(g.s)
		if i > 0 {
			c.Others = append(c.Others, g.s.at)
		}
	}
	union := &statement{Statement: unite(block), at: first.at}
	if size(union) >= total || !m.taken(first.at, m.equal(old, []*statement{union}, false)) {
		return false
	}
	first.Statement = union.Statement
	for i, g := range block {
		merged[g.s] = true
		g.s.gone = i > 0
	}
	m.changes = append(m.changes, c)
	return true
}

// unite is the first statement with what the others have in their place, and the
// first Sid that there is.
func unite(block []member) policy.Statement {
	out := block[0].s.Statement
	for _, g := range block[1:] {
		if out.Sid == "" {
			out.Sid = g.s.Sid
		}
	}
	p := block[0].p
	if p.list == nil {
		out.Principal = unitePrincipals(block)
		return out
	}
	fold := p.element == policy.ElementAction
	p.set(&out, with(uniteValues(block, fold, func(g member) []policy.Value { return g.p.list(&g.s.Statement).Values })))
	return out
}

func uniteValues(block []member, fold bool, values func(g member) []policy.Value) []policy.Value {
	var out []policy.Value
	seen := map[string]bool{}
	for _, g := range block {
		for _, v := range values(g) {
			key := v.Text
			if fold {
				key = folded(key)
			}
			if !seen[key] {
				seen[key] = true
				out = append(out, v)
			}
		}
	}
	return out
}

func unitePrincipals(block []member) *policy.Principal {
	out := &policy.Principal{}
	for _, g := range block {
		for i := range g.s.Principal.Groups {
			key := g.s.Principal.Groups[i].Key
			if slices.ContainsFunc(out.Groups, func(have policy.PrincipalGroup) bool { return have.Key == key }) {
				continue
			}
			values := uniteValues(block, false, func(g member) []policy.Value { return principalsUnder(g.s.Principal, key) })
			out.Groups = append(out.Groups, policy.PrincipalGroup{Key: key, Values: *with(values)})
		}
	}
	return out
}

func principalsUnder(p *policy.Principal, key string) []policy.Value {
	for i := range p.Groups {
		if p.Groups[i].Key == key {
			return p.Groups[i].Values.Values
		}
	}
	return nil
}
