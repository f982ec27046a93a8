package authz

import (
	"slices"

	"github.com/writ-iam/writ/arn"
)

// Statements about an action are gathered when the action is first asked about,
// policy by policy (compiled.about). An engine that is asked again makes a plan:
// the statements of all its policies, by resource.

// fewPolicies is the number up to which a plan is not much faster than asking each
// policy: such engines, of which there may be thousands, plan the few actions
// that are asked about most and save the memory.
const fewPolicies = 8

// plan is what the layers of an engine have to say about one action.
type plan struct {
	action string
	traits traits
	denies bool         // some statement denies
	layers []candidates // as Engine.layers
}

func (p *plan) key() string { return p.action }

// candidates are the statements of one layer about one action.
type candidates struct{ deny, allow group }

func (c *candidates) with(deny bool) *group {
	if deny {
		return &c.deny
	}
	return &c.allow
}

// group is statements with one effect, by the resources that they may match.
type group struct {
	all      []found            // in order; small groups are tried one by one
	byPrefix map[string][]found // larger ones, resource by resource, by its literal beginning
	lengths  []int              // of those beginnings
}

// found is a statement in its place: a compiled policy may stand in many sets.
type found struct {
	*statement
	order  uint64 // policy and statement: the first is named
	policy int32
	entry  *arn.Resource // the one resource of the statement to compare; nil for all of them
}

// fewStatements is the size up to which trying every statement, and every
// resource in it, is cheapest.
const fewStatements = 8

func (g *group) add(list []found) {
	g.all = list
	size := 0
	for _, f := range list {
		size += max(1, len(f.resources.Entries))
	}
	if size <= fewStatements {
		return
	}
	g.byPrefix = map[string][]found{}
	for _, f := range list {
		if f.resources.Absent || f.resources.Not {
			g.byPrefix[""] = append(g.byPrefix[""], f)
			continue
		}
		for _, f.entry = range f.resources.Entries {
			prefix := f.entry.Pattern().Prefix()
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

// each visits the statements that may match the resource of a request, list by
// list; visit returns false to end its list.
func (g *group) each(r *Request, visit func(found) bool) {
	if g.byPrefix == nil || r.ResourcePattern {
		visitList(g.all, visit)
		return
	}
	for _, length := range g.lengths {
		if length > len(r.Resource) {
			return
		}
		if list := g.byPrefix[r.Resource[:length]]; list != nil {
			visitList(list, visit)
		}
	}
}

func visitList(list []found, visit func(found) bool) {
	for _, f := range list {
		if !visit(f) {
			return
		}
	}
}

// newPlan makes the plan for an action; nil the first time it is asked for, when
// looking into the policies themselves is cheaper than making one.
func (e *Engine) newPlan(a *action) *plan {
	if !e.plans.again(a) {
		return nil
	}
	p := &plan{action: a.text, traits: traitsOf(a.text), layers: make([]candidates, len(e.layers))}
	for i, l := range e.layers {
		denies := l.about(a, true)
		p.denies = p.denies || len(denies) > 0
		p.layers[i].deny.add(denies)
		p.layers[i].allow.add(l.about(a, false))
	}
	e.plans.put(a, p)
	return p
}

func (l *layer) about(a *action, deny bool) []found {
	var out []found
	for i, c := range l.policies {
		for _, s := range c.about(a).with(deny) {
			out = append(out, placed(s, i))
		}
	}
	return out
}

func placed(s *statement, policy int) found {
	return found{statement: s, order: uint64(policy)<<32 | uint64(s.index), policy: int32(policy)}
}
