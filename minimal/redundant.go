package minimal

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// maxNeighbours is how many statements a proof compares with one.
const maxNeighbours = 64

// neighbours finds the statements that may say something about what another one is
// about.
type neighbours struct {
	exact    map[string][]*statement // by action, in small letters
	service  map[string][]*statement // that name actions of a service, with wildcards or without
	wild     map[string][]*statement // that name them with wildcards
	anywhere []*statement            // that may match actions of any service
}

// newNeighbours sorts the statements with an effect.
func (m *minimizer) newNeighbours(effect policy.Effect) *neighbours {
	n := &neighbours{map[string][]*statement{}, map[string][]*statement{}, map[string][]*statement{}, nil}
	for _, s := range m.statements {
		if s.Effect == effect && !s.fixed {
			n.add(s)
		}
	}
	return n
}

func (n *neighbours) add(s *statement) {
	entries := actionsOf(s)
	if slices.ContainsFunc(entries, func(a action) bool { return a.service == "" }) {
		n.anywhere = append(n.anywhere, s)
		return
	}
	put := func(index map[string][]*statement, key string) {
		if list := index[key]; len(list) == 0 || list[len(list)-1] != s {
			index[key] = append(list, s)
		}
	}
	for _, a := range entries {
		put(n.service, a.service)
		if a.wild {
			put(n.wild, a.service)
		} else {
			put(n.exact, a.text)
		}
	}
}

// action is an entry as the index sees it.
type action struct {
	text    string // in small letters
	service string // "" where it may be any
	wild    bool
}

func actionsOf(s *statement) []action {
	if s.Action == nil {
		return []action{{wild: true}}
	}
	out := make([]action, 0, len(s.Action.Values))
	for _, v := range s.Action.Values {
		a := action{text: folded(v.Text), wild: strings.ContainsAny(v.Text, "*?")}
		a.service, _, _ = strings.Cut(a.text, ":")
		if strings.ContainsAny(a.service, "*?") {
			a.service = ""
		}
		out = append(out, a)
	}
	return out
}

// of returns the statements, other than except, that may be about actions of s and
// its resources; in their order, and not too many.
func (n *neighbours) of(s, except *statement, work *int) []*statement {
	seen := map[*statement]bool{except: true}
	var out []*statement
	take := func(list []*statement) {
		for _, t := range list {
			if len(out) == maxNeighbours || seen[t] {
				continue
			}
			seen[t] = true
			if *work--; *work > 0 && mayMeet(s.Resource, t.Resource) && namesAllOf(t.Principal, s.Principal) {
				out = append(out, t)
			}
		}
	}
	take(n.anywhere)
	for _, a := range actionsOf(s) {
		switch {
		case a.service == "": // only those that match any service cover it
		case a.wild:
			take(n.service[a.service])
		default:
			take(n.exact[a.text])
			take(n.wild[a.service])
		}
	}
	slices.SortFunc(out, func(a, b *statement) int { return a.at - b.at })
	return out
}

// mayMeet rules out resources whose beginnings differ. Where a list is long it does
// not look.
func mayMeet(a, b *policy.List) bool {
	if a == nil || b == nil || len(a.Values)*len(b.Values) > 256 {
		return true
	}
	for _, v := range a.Values {
		for _, w := range b.Values {
			x, y := plainBeginning(v.Text), plainBeginning(w.Text)
			if strings.HasPrefix(x, y) || strings.HasPrefix(y, x) {
				return true
			}
		}
	}
	return false
}

func plainBeginning(s string) string {
	if i := strings.IndexAny(s, "*?$"); i >= 0 {
		return s[:i]
	}
	return s
}

// namesAllOf reports whether the principals of a statement hold all of another's, as
// they are written: who is named in another way has other rights.
func namesAllOf(outer, inner *policy.Principal) bool {
	if outer == nil || inner == nil {
		return outer == inner
	}
	if outer.Everyone || inner.Everyone {
		return outer.Everyone == inner.Everyone
	}
	for i := range inner.Groups {
		have := principalsUnder(outer, inner.Groups[i].Key)
		for _, v := range inner.Groups[i].Values.Values {
			if !slices.ContainsFunc(have, func(w policy.Value) bool { return w.Text == v.Text }) {
				return false
			}
		}
	}
	return true
}

// idle asks why a statement, or a part of one, has no effect.
func (m *minimizer) idle(part, whole *statement, same, denies *neighbours) (Change, bool) {
	if m.taken(whole.at, m.dead(part)) {
		return Change{Reason: Dead}, true
	}
	if others := same.of(part, whole, &m.work); len(others) > 0 && m.taken(whole.at, m.within([]*statement{part}, others)) {
		return Change{Reason: Covered, Others: m.needed(part, others)}, true
	}
	if part.Effect != policy.Allow {
		return Change{}, false
	}
	if against := denies.against(part, &m.work); len(against) > 0 && m.taken(whole.at, m.shadowed(part, against)) {
		return Change{Reason: Shadowed}, true
	}
	return Change{}, false
}

// needed narrows down which statements cover a part.
func (m *minimizer) needed(part *statement, others []*statement) []int {
	for _, t := range others {
		if len(others) > 1 && m.within([]*statement{part}, []*statement{t}) == prove.Proved {
			return []int{t.at}
		}
	}
	var out []int
	for _, t := range others {
		out = append(out, t.at)
	}
	return out
}

// against returns the Deny statements that may be about actions of s and its
// resources, and are for everyone whom s names.
func (n *neighbours) against(s *statement, work *int) []*statement {
	var out []*statement
	seen := map[*statement]bool{}
	for _, list := range [][]*statement{n.anywhere, n.byActions(s)} {
		for _, t := range list {
			everyone := t.Principal != nil && t.Principal.Everyone
			if *work--; *work > 0 && len(out) < maxNeighbours && !seen[t] && mayMeet(s.Resource, t.Resource) && (everyone || namesAllOf(t.Principal, s.Principal)) {
				seen[t] = true
				out = append(out, t)
			}
		}
	}
	return out
}

func (n *neighbours) byActions(s *statement) []*statement {
	var out []*statement
	for _, a := range actionsOf(s) {
		if a.wild {
			out = append(out, n.service[a.service]...)
			continue
		}
		out = append(out, n.exact[a.text]...)
		out = append(out, n.wild[a.service]...)
	}
	return out
}

// dropStatements drops statements without effect, the last first.
func (m *minimizer) dropStatements() error {
	for _, effect := range []policy.Effect{policy.Allow, policy.Deny} {
		same, denies := m.newNeighbours(effect), m.newNeighbours(policy.Deny)
		for i := len(m.statements) - 1; i >= 0; i-- {
			s := m.statements[i]
			if s.Effect != effect || s.fixed {
				continue
			}
			if c, ok := m.idle(s, s, same, denies); ok && m.drop(i, c) {
				same, denies = same.without(s), denies.without(s)
			}
		}
	}
	return nil
}

// without leaves a statement out of the index.
func (n *neighbours) without(s *statement) *neighbours {
	drop := func(list []*statement) []*statement {
		return slices.DeleteFunc(list, func(t *statement) bool { return t == s })
	}
	n.anywhere = drop(n.anywhere)
	for _, a := range actionsOf(s) {
		for _, index := range []map[string][]*statement{n.exact, n.service, n.wild} {
			for _, key := range []string{a.text, a.service} {
				if list, ok := index[key]; ok {
					index[key] = drop(list)
				}
			}
		}
	}
	return n
}

// dropEntries drops actions and resources of which the same can be said: without
// them the policy says the same.
func (m *minimizer) dropEntries() error {
	for _, effect := range []policy.Effect{policy.Allow, policy.Deny} {
		same, denies := m.newNeighbours(effect), m.newNeighbours(policy.Deny)
		for _, s := range m.statements {
			if s.Effect != effect || s.fixed {
				continue
			}
			for _, p := range []place{elementPlaces[0], elementPlaces[2]} {
				m.dropIdle(s, p, same, denies)
			}
		}
	}
	return nil
}

func (m *minimizer) dropIdle(s *statement, p place, same, denies *neighbours) {
	list := p.list(&s.Statement)
	for i := list.Len() - 1; i >= 0 && list.Len() > 1 && m.work > 0; i-- {
		part := &statement{Statement: s.Statement, at: s.at}
		p.set(&part.Statement, with(list.Values[i:i+1]))
		c, ok := m.idle(part, s, same, denies)
		if !ok {
			continue
		}
		c.Kind, c.Statement, c.Element, c.Others, c.Removed = DropEntry, s.at, p.element, nil, []string{list.Values[i].Text}
		p.set(&s.Statement, with(slices.Delete(slices.Clone(list.Values), i, i+1)))
		list = p.list(&s.Statement)
		m.changes = append(m.changes, c)
	}
}

// dropConditions drops keys of conditions that always hold.
func (m *minimizer) dropConditions() error {
	for _, s := range m.statements {
		for again := !s.fixed; again; {
			again = m.dropCondition(s)
		}
	}
	return nil
}

// dropCondition drops one key.
func (m *minimizer) dropCondition(s *statement) bool {
	if s.Condition == nil {
		return false
	}
	for i := range s.Condition.Blocks {
		for j := range s.Condition.Blocks[i].Keys {
			other := s.Statement
			other.Condition = withoutKey(s.Condition, i, j)
			c := Change{Kind: DropCondition, Element: policy.ElementCondition, Key: conditionPlace(&s.Statement, i, j).key, Reason: Always}
			if m.replace(s, other, c) {
				return true
			}
		}
	}
	return false
}

// withoutKey is a condition without a key; nil where it had no other.
func withoutKey(c *policy.Condition, i, j int) *policy.Condition {
	out := copyCondition(c)
	b := &out.Blocks[i]
	b.Keys = slices.Delete(b.Keys, j, j+1)
	if len(b.Keys) == 0 {
		out.Blocks = slices.Delete(out.Blocks, i, i+1)
	}
	if len(out.Blocks) == 0 {
		return nil
	}
	return out
}
