package authz

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/writ-iam/writ/arn"
)

// Statements about an action are gathered when the action is first asked about,
// policy by policy (compiled.each). An engine that is asked again makes a plan:
// the statements of all its policies, by resource.

// fewPolicies is the number up to which a plan is not much faster than asking each
// policy: such engines, of which there may be thousands, plan the few actions
// that are asked about most and save the memory.
const fewPolicies = 8

// plan is what the layers of an engine have to say about an action, and about all
// others of its service of which they say the same.
type plan struct {
	service string // the action is of
	traits  traits
	head    atomic.Pointer[head] // of the resource that was asked about first
	denying []int                // layers in which some statement denies
	layers  []candidates         // as Engine.layers
}

// candidates are the statements of one layer about one action.
type candidates struct{ deny, allow group }

func (c *candidates) with(deny bool) *group {
	if deny {
		return &c.deny
	}
	return &c.allow
}

// group is statements with one effect.
type group struct {
	all   []found // in order; small groups are tried one by one
	index *index  // of larger ones
}

// found is a statement in its place: a compiled policy may stand in many sets.
type found struct {
	*statement
	policy, at int32 // and the statement within it
	always     bool  // it applies whatever the request, its action aside
}

// prepare makes the index of a group that is large enough to need one.
func (g *group) prepare() {
	size := 0
	for i := range g.all {
		size += max(1, len(g.all[i].resources.Entries))
	}
	if size > fewStatements {
		g.index = newIndex(g.all, size)
	}
}

// first returns the first statement that applies, trying one by one.
func (g *group) first(e *evaluation, l *layer, denies bool) (ground, bool) {
	for i := range g.all {
		f := &g.all[i]
		if !f.always {
			if t, _ := f.applies(e, nil); !e.counts(t, denies) {
				continue
			}
		}
		return ground{kind: l.kind, level: l.level, policy: f.policy, statement: f.at}, true
	}
	return ground{}, false
}

// each visits the statements that may match the resource of a request, list by
// list.
func (g *group) each(r *Request, visit visitor) {
	if g.index != nil && !r.ResourcePattern {
		g.index.each(g.all, r.Resource, visit)
		return
	}
	for i := range g.all {
		if !visit(int(g.all[i].policy), g.all[i].statement, nil) {
			return
		}
	}
}

// fewStatements is the size up to which trying every statement, and every
// resource in it, is cheapest.
const fewStatements = 8

// index finds statements by the literal beginning of their resources.
type index struct {
	lengths []int     // of those beginnings
	table   []int32   // by hash, a power of two: where a list begins in places; 0 for none
	places  []posting // from 1 on
}

// posting is one resource of a statement; those with one hash make a list, in
// order.
type posting struct {
	entry    *arn.Resource // nil where the statement must be compared as a whole
	at, next int32         // of the statement; in places
	hash     uint32
}

func newIndex(list []found, size int) *index {
	x := &index{places: make([]posting, 1, size+1)}
	hashes := make([]uint64, 1, size+1)
	add := func(at int, entry *arn.Resource, prefix string) {
		hash := hashOf(prefix)
		x.places, hashes = append(x.places, posting{entry: entry, at: int32(at), hash: uint32(hash >> 32)}), append(hashes, hash)
		if i, known := slices.BinarySearch(x.lengths, len(prefix)); !known {
			x.lengths = slices.Insert(x.lengths, i, len(prefix))
		}
	}
	for i := range list {
		if r := &list[i].resources; r.Absent || r.Not {
			add(i, nil, "")
		} else {
			for _, entry := range r.Entries {
				add(i, entry, entry.Pattern().Prefix())
			}
		}
	}
	buckets := 1
	for buckets < len(x.places) {
		buckets *= 2
	}
	x.table = make([]int32, buckets)
	for i := len(x.places) - 1; i > 0; i-- {
		bucket := &x.table[hashes[i]%uint64(buckets)]
		x.places[i].next, *bucket = *bucket, int32(i)
	}
	return x
}

// each looks up every beginning of the resource that some statement has. What an
// equal hash brings up by chance is compared for nothing, no more.
func (x *index) each(all []found, resource string, visit visitor) {
	for _, length := range x.lengths {
		if length > len(resource) {
			return
		}
		hash := hashOf(resource[:length])
		for i := x.table[hash%uint64(len(x.table))]; i != 0; i = x.places[i].next {
			p := &x.places[i]
			if p.hash == uint32(hash>>32) && !visit(int(all[p.at].policy), all[p.at].statement, p.entry) {
				break
			}
		}
	}
}

// newPlan makes the plan for an action; nil the first time it is asked for, when
// looking into the policies themselves is cheaper than making one.
func (e *Engine) newPlan(a *action) *plan {
	if e.speaks&a.services == 0 || !e.plans.again(a) {
		return nil
	}
	p := &plan{service: a.service, traits: traitsOf(a.text), layers: make([]candidates, len(e.layers))}
	for i := range e.layers {
		l, c := &e.layers[i], &p.layers[i]
		c.deny.all, c.allow.all = l.about(a, true), l.about(a, false)
		if len(c.deny.all) > 0 {
			p.denying = append(p.denying, i)
		}
	}
	return e.plans.put(a, e.shared.intern(p))
}

// about collects the statements of a layer about an action. What comes after one
// that always applies is never the first.
func (l *layer) about(a *action, deny bool) []found {
	var out []found
	for i, c := range l.policies {
		c.each(a, deny, func(s *statement) bool {
			out = append(out, found{s, int32(i), s.index, s.always()})
			return !out[len(out)-1].always
		})
		if len(out) > 0 && out[len(out)-1].always {
			break
		}
	}
	return slices.Clip(out)
}

// plans are all plans of an engine. Policies say the same of most actions of a
// service.
type plans struct {
	mu     sync.Mutex
	byHash map[uint64][]*plan
}

// intern returns the plan that is equal to p, which is p itself when it is the
// first.
func (s *plans) intern(p *plan) *plan {
	hash := p.hash()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, known := range s.byHash[hash] {
		if known.equal(p) {
			return known
		}
	}
	for i := range p.layers {
		p.layers[i].deny.prepare()
		p.layers[i].allow.prepare()
	}
	if s.byHash == nil {
		s.byHash = map[uint64][]*plan{}
	}
	if len(s.byHash) < maxActions {
		s.byHash[hash] = append(s.byHash[hash], p)
	}
	return p
}

func (p *plan) hash() uint64 {
	const prime = 0x100000001b3
	hash := hashOf(p.service)
	for i := range p.layers {
		for _, g := range [...]*group{&p.layers[i].deny, &p.layers[i].allow} {
			hash = (hash ^ uint64(len(g.all))) * prime
			for _, f := range g.all {
				hash = (hash ^ (uint64(f.policy)<<32 | uint64(f.at))) * prime
			}
		}
	}
	return hash
}

func (p *plan) equal(q *plan) bool {
	return p.service == q.service && p.traits == q.traits && slices.EqualFunc(p.layers, q.layers, func(a, b candidates) bool {
		return slices.Equal(a.deny.all, b.deny.all) && slices.Equal(a.allow.all, b.allow.all)
	})
}
