package authz

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// Statements about an action are gathered when the action is first asked about,
// and kept. The next request for it starts from there.

// plan is what the layers of an engine have to say about one action.
type plan struct {
	action string
	layers []candidates // as Engine.layers
}

// candidates are the statements of one layer about one action.
type candidates struct{ deny, allow group }

// group is statements with one effect, by the resources that they may match.
type group struct {
	few      []found            // small groups are tried in order
	byPrefix map[string][]found // larger ones by the literal beginning of their resources
	lengths  []int              // of those beginnings
}

// found is a statement in its place: a compiled policy may stand in many sets.
type found struct {
	*statement
	order  uint64 // policy and statement: the first is named
	policy int32
}

// fewStatements is the size up to which trying every statement is cheapest.
const fewStatements = 8

func (g *group) add(list []found) {
	if len(list) <= fewStatements {
		g.few = list
		return
	}
	g.byPrefix = map[string][]found{}
	for _, f := range list {
		for _, prefix := range f.prefixes() {
			g.byPrefix[prefix] = append(g.byPrefix[prefix], f)
		}
	}
	for prefix := range g.byPrefix {
		if !slices.Contains(g.lengths, len(prefix)) {
			g.lengths = append(g.lengths, len(prefix))
		}
	}
	slices.Sort(g.lengths)
}

// prefixes returns the literal beginnings of a statement's resources; "" where
// any resource may match.
func (s *statement) prefixes() []string {
	if s.resources.Absent || s.resources.Not {
		return []string{""}
	}
	var out []string
	for _, entry := range s.resources.Entries {
		if p := entry.Pattern().Prefix(); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// plan returns what the engine's layers say about an action.
func (e *Engine) plan(action string) *plan {
	if p := e.actions.get(action); p != nil {
		return p
	}
	p := &plan{action: action, layers: make([]candidates, len(e.layers))}
	service := serviceOf(action)
	for i, l := range e.layers {
		var deny, allow []found
		var list []*statement
		for j, c := range l.policies {
			list = c.about(action, service, list[:0])
			for _, s := range list {
				f := found{s, uint64(j)<<32 | uint64(s.index), int32(j)}
				if s.deny {
					deny = append(deny, f)
				} else {
					allow = append(allow, f)
				}
			}
		}
		p.layers[i].deny.add(deny)
		p.layers[i].allow.add(allow)
	}
	e.actions.put(p)
	return p
}

func sortStatements(list []*statement) {
	slices.SortFunc(list, func(a, b *statement) int { return cmp.Compare(a.index, b.index) })
}

// actionCache maps actions to plans. Reading takes no lock; it is bounded, so
// that made-up actions cannot fill memory.
type actionCache struct {
	seed  maphash.Seed
	table atomic.Pointer[[]atomic.Pointer[plan]] // open addressing, a power of two, at most half full
	mu    sync.Mutex
	used  int
}

const (
	minActions = 64
	maxActions = 1 << 15
)

func newActionCache() *actionCache {
	c := &actionCache{seed: maphash.MakeSeed()}
	table := make([]atomic.Pointer[plan], minActions)
	c.table.Store(&table)
	return c
}

func (c *actionCache) get(action string) *plan {
	table := *c.table.Load()
	mask := uint64(len(table) - 1)
	for i := maphash.String(c.seed, action) & mask; ; i = (i + 1) & mask {
		p := table[i].Load()
		if p == nil || p.action == action {
			return p
		}
	}
}

func (c *actionCache) put(p *plan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used >= maxActions || c.get(p.action) != nil {
		return
	}
	table := *c.table.Load()
	if c.used*2 >= len(table) {
		larger := make([]atomic.Pointer[plan], len(table)*2)
		for i := range table {
			if old := table[i].Load(); old != nil {
				c.place(larger, old)
			}
		}
		c.table.Store(&larger)
		table = larger
	}
	c.place(table, p)
	c.used++
}

func (c *actionCache) place(table []atomic.Pointer[plan], p *plan) {
	mask := uint64(len(table) - 1)
	i := maphash.String(c.seed, p.action) & mask
	for table[i].Load() != nil {
		i = (i + 1) & mask
	}
	table[i].Store(p)
}

// without returns a copy that lacks the plans of some actions.
func (c *actionCache) without(drop func(action string) bool) *actionCache {
	next := newActionCache()
	table := *c.table.Load()
	for i := range table {
		if p := table[i].Load(); p != nil && !drop(p.action) {
			next.put(p)
		}
	}
	return next
}
