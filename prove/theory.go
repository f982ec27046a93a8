package prove

import (
	"maps"
	"slices"
)

// candidate is what the literals of an assignment ask of a request, by subject.
type candidate struct {
	values map[subject][]valued     // of the action, the resource and keys with one value
	lists  map[subject][]listValued // of keys with several values
	modes  func(*key) atomKind      // oneValue, manyValues, or plainAtom for an absent key
	mode   func(*key) []literal     // the literals that say so
}

type valued struct {
	elementLiteral
	literal literal
}

type listValued struct {
	everyLiteral
	literal literal
}

// solution is a value, or several, for every subject that literals speak of.
type solution map[subject][]string

// gather sorts literals by what they speak of. What they say about a key that the
// model takes to be absent, or to have another number of values, is idle.
func (p *problem) gather(literals []literal, model func(literal) bool) *candidate {
	c := &candidate{values: map[subject][]valued{}, lists: map[subject][]listValued{}}
	holds := func(a atom) bool {
		l, ok := p.atoms.index[a]
		return ok && model(l)
	}
	c.modes = func(k *key) atomKind {
		switch {
		case k.hole:
			return oneValue
		case holds(atom{kind: oneValue, of: subject(k.id)}):
			return oneValue
		case holds(atom{kind: manyValues, of: subject(k.id)}):
			return manyValues
		}
		return plainAtom
	}
	c.mode = func(k *key) []literal {
		if k.hole {
			return nil
		}
		l := p.atoms.literal(atom{kind: oneValue, of: subject(k.id)})
		if c.modes(k) != oneValue {
			l = -l
		}
		return []literal{l}
	}
	for _, l := range literals {
		a := &p.atoms.list[l.variable()]
		switch a.kind {
		case valueIn:
			if a.of < 0 || c.modes(p.keys.list[a.of]) == oneValue {
				c.values[a.of] = append(c.values[a.of], valued{elementLiteral{a.in, l < 0}, l})
			}
		case allIn:
			if c.modes(p.keys.list[a.of]) == manyValues {
				c.lists[a.of] = append(c.lists[a.of], listValued{everyLiteral{a.in, a.not, l < 0}, l})
			}
		}
	}
	return c
}

// verdictOf is what examining an assignment comes to: a solution, literals that
// cannot hold together, or a reason why neither was found.
type examined struct {
	solution solution
	conflict []literal
	unknown  string
	blocked  []literal // with unknown: the literals that could not be decided
}

const (
	reasonSearch    = "comparing patterns went over the limit of states"
	reasonVariables = "policy variables: no values for them were found, and none excluded"
	reasonMixed     = "operators of several types compare one condition key"
)

// examine looks for a request for which all literals hold.
func (p *problem) examine(literals []literal, model func(literal) bool) examined {
	c := p.gather(literals, model)
	solved := solution{}
	for _, of := range sortedKeys(c.values) {
		if p.hasOpen(c, of) {
			continue
		}
		lits := c.values[of]
		text, core, o := p.solve(of, elements(lits), p.extra[of]...)
		if o != found {
			return p.failure(of, o, pickValued(lits, core), allValued(lits))
		}
		solved[of] = []string{text}
	}
	for _, of := range sortedKeys(c.lists) {
		if p.hasOpen(c, of) {
			continue
		}
		lits := c.lists[of]
		values, core, o := p.solveMany(p.keys.list[of], everyLiterals(lits))
		if o != found {
			return p.failure(of, o, pickListed(lits, core), allListed(lits))
		}
		solved[of] = values
	}
	return p.examineOpen(c, solved)
}

func (p *problem) failure(of subject, o outcome, conflict, all []literal) examined {
	switch {
	case o == none:
		return examined{conflict: conflict}
	case of >= 0 && p.keys.list[of].kind == mixedValues:
		return examined{unknown: reasonMixed + " (" + p.keys.list[of].name + ")", blocked: all}
	}
	return examined{unknown: reasonSearch, blocked: all}
}

func sortedKeys[V any](m map[subject]V) []subject { return slices.Sorted(maps.Keys(m)) }

func elements(list []valued) []elementLiteral {
	out := make([]elementLiteral, len(list))
	for i, v := range list {
		out[i] = v.elementLiteral
	}
	return out
}

func everyLiterals(list []listValued) []everyLiteral {
	out := make([]everyLiteral, len(list))
	for i, v := range list {
		out[i] = v.everyLiteral
	}
	return out
}

func pickValued(list []valued, core []int) []literal {
	var out []literal
	for _, i := range core {
		out = append(out, list[i].literal)
	}
	return out
}

func allValued(list []valued) []literal {
	var out []literal
	for _, v := range list {
		out = append(out, v.literal)
	}
	return out
}

func pickListed(list []listValued, core []int) []literal {
	var out []literal
	for _, i := range core {
		out = append(out, list[i].literal)
	}
	return out
}

func allListed(list []listValued) []literal {
	var out []literal
	for _, v := range list {
		out = append(out, v.literal)
	}
	return out
}

// hasOpen reports whether literals about a subject have policy variables.
func (p *problem) hasOpen(c *candidate, of subject) bool {
	return slices.ContainsFunc(c.values[of], func(v valued) bool { return len(v.in.open) > 0 }) ||
		slices.ContainsFunc(c.lists[of], func(v listValued) bool { return len(v.in.open) > 0 })
}
