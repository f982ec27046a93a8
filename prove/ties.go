package prove

import (
	"cmp"
	"maps"
	"slices"

	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// Literals with variables are tied to the keys that the variables name. Three
// things are tried, in this order: to show that they exclude each other whatever
// the variables hold; to find values for the variables, after which the
// variables are plain text; and else to give up on the assignment.

// ties are the subjects whose literals have variables, and the keys of these.
type ties struct {
	*candidate
	p        *problem
	subjects []subject
	keys     []*key // with one value, by number
}

func (p *problem) examineOpen(c *candidate, solved solution) examined {
	t := &ties{candidate: c, p: p}
	for _, of := range slices.Compact(slices.Sorted(slices.Values(append(sortedKeys(c.values), sortedKeys(c.lists)...)))) {
		if p.hasOpen(c, of) {
			t.subjects = append(t.subjects, of)
		}
	}
	if len(t.subjects) == 0 {
		return examined{solution: solved}
	}
	for _, of := range t.subjects {
		for _, k := range t.keysOf(of) {
			if c.modes(k) == oneValue && !slices.Contains(t.keys, k) {
				t.keys = append(t.keys, k)
			}
		}
	}
	slices.SortFunc(t.keys, func(a, b *key) int { return cmp.Compare(a.id, b.id) })
	for _, of := range t.subjects {
		if conflict, o := t.excluded(of); o == none {
			return examined{conflict: t.withModes(of, conflict)}
		}
	}
	if t.assign(solved) {
		return examined{solution: solved}
	}
	var blocked []literal
	for _, of := range t.subjects {
		blocked = append(blocked, t.withModes(of, append(allValued(c.values[of]), allListed(c.lists[of])...))...)
	}
	for _, k := range t.keys {
		blocked = append(blocked, allValued(c.values[subject(k.id)])...)
	}
	return examined{unknown: reasonVariables, blocked: blocked}
}

// keysOf returns the keys that the variables in the literals of a subject name.
func (t *ties) keysOf(of subject) []*key {
	var out []*key
	note := func(l *language) {
		for _, pat := range l.open {
			for _, slot := range pat.Slots() {
				if k := t.p.keyOfSlot(slot); !slices.Contains(out, k) {
					out = append(out, k)
				}
			}
		}
	}
	for _, v := range t.values[of] {
		note(v.in)
	}
	for _, v := range t.lists[of] {
		note(v.in)
	}
	return out
}

// withModes adds what a conflict owes to the number of values of variables' keys
// and, for those with a value, to what is known of it.
func (t *ties) withModes(of subject, conflict []literal) []literal {
	out := slices.Clone(conflict)
	for _, k := range t.keysOf(of) {
		out = append(out, t.mode(k)...)
		if t.modes(k) == oneValue {
			for _, v := range t.values[subject(k.id)] {
				if !v.not && len(v.in.open) == 0 {
					out = append(out, v.literal)
				}
			}
		}
	}
	return out
}

// resolve returns a language whose variables are replaced. A variable of a key
// without a value is its default, or matches nothing; for others value says what
// stands in its place, and whether it does at all.
func (t *ties) resolve(l *language, value func(*key) (pattern.Piece, bool)) *language {
	if len(l.open) == 0 {
		return l
	}
	out := &language{all: l.all, star: l.star, exact: maps.Clone(l.exact), texts: slices.Clone(l.texts), wild: slices.Clone(l.wild), family: l.family}
next:
	for _, p := range l.open {
		for _, slot := range p.Slots() {
			v := t.p.slots.Variables()[slot]
			k := t.p.keyOfSlot(slot)
			if t.modes(k) != oneValue && !v.HasDefault {
				continue next
			}
			if t.modes(k) == oneValue {
				if _, ok := value(k); !ok {
					continue next
				}
			}
		}
		fixed := true
		q := p.Rewrite(func(slot int) pattern.Piece {
			k := t.p.keyOfSlot(slot)
			if t.modes(k) != oneValue {
				return pattern.Literal(t.p.slots.Variables()[slot].Default)
			}
			piece, _ := value(k)
			fixed = fixed && piece.Fixed()
			return piece
		})
		if l.family == policy.FamilyARN && fixed && q.Colons() < arnColons && !q.Any() {
			continue // else the text of the variable may have the colons that are missing
		}
		if q.Any() {
			out.wild = append(out.wild, q) // never the resource *
			continue
		}
		out.addPattern(q, q.Folds())
	}
	return out
}

// known is what literals say about the value of a variable's key: its only value,
// or a pattern, or nothing.
func (t *ties) known(k *key) (piece pattern.Piece, only bool) {
	if known, ok := t.p.pseudo(k); ok {
		return pattern.Of(known.form), false
	}
	piece = pattern.Wild("*")
	if k.kind != textValues {
		return piece, false
	}
	for _, v := range t.values[subject(k.id)] {
		switch {
		case v.not || len(v.in.open) > 0:
		case len(v.in.wild) == 0 && len(v.in.texts) == 1:
			return pattern.Literal(v.in.texts[0]), true
		case len(v.in.wild) == 1 && len(v.in.texts) == 0 && !v.in.wild[0].Folds():
			piece = pattern.Of(v.in.wild[0])
		}
	}
	return piece, false
}

// excluded looks for a conflict between the literals of a subject, whatever the
// values of variables.
func (t *ties) excluded(of subject) ([]literal, outcome) {
	wide := func(k *key) (pattern.Piece, bool) {
		piece, _ := t.known(k)
		return piece, true
	}
	narrow := func(k *key) (pattern.Piece, bool) {
		piece, only := t.known(k)
		return piece, only
	}
	if list := t.lists[of]; list != nil {
		var lits []everyLiteral
		for _, v := range list {
			lit := v.everyLiteral
			if lit.outside != lit.fails {
				lit.in = t.resolve(v.in, narrow)
			} else {
				lit.in = t.resolve(v.in, wide)
			}
			lits = append(lits, lit)
		}
		_, core, o := t.p.solveMany(t.p.keys.list[of], lits)
		if o != none {
			core, o = t.symbolicMany(list)
		}
		return pickListed(list, core), o
	}
	var lits []elementLiteral
	for _, v := range t.values[of] {
		lit := v.elementLiteral
		if lit.not {
			lit.in = t.resolve(v.in, narrow)
		} else {
			lit.in = t.resolve(v.in, wide)
		}
		lits = append(lits, lit)
	}
	_, core, o := t.p.solve(of, lits, t.p.extra[of]...)
	if o != none {
		core, o = t.symbolic(elements(t.values[of]))
	}
	return pickValued(t.values[of], core), o
}

// symbolic compares patterns whose variables stand for themselves: the same
// variable in both is the same text.
func (t *ties) symbolic(literals []elementLiteral) (core []int, o outcome) {
	self := func(k *key) (pattern.Piece, bool) { return pattern.Var(k.id, k.name), true }
	in := make([]*language, len(literals))
	for i, lit := range literals {
		in[i] = t.resolve(lit.in, self)
	}
	for i, lit := range literals {
		if lit.not || lit.in.all || lit.in.star {
			continue
		}
		core = []int{i}
		inside := func(p *pattern.Pattern) bool {
			for j, other := range literals {
				// Text with less than six components matches no value for ARNs.
				comparable := other.in.family != policy.FamilyARN || lit.in.family == policy.FamilyARN
				if other.not && comparable && slices.ContainsFunc(append(slices.Clip(in[j].open), in[j].wild...), func(q *pattern.Pattern) bool {
					if p.Folds() && !q.Folds() && q.HasVars() {
						return false // the text of a variable counts in any letter case here, and as it is there
					}
					return p.Key() == q.Key() || pattern.Search{All: []*pattern.Pattern{p}, None: []*pattern.Pattern{q}, Work: 1 << 14}.Says(pattern.No)
				}) {
					core = append(core, j)
					return true
				}
			}
			return false
		}
		excluded := true
		for _, p := range append(slices.Clip(in[i].open), in[i].wild...) {
			excluded = excluded && inside(p)
		}
		for _, text := range in[i].texts {
			j := slices.IndexFunc(literals, func(other elementLiteral) bool { return other.not && other.in.has(text) && len(other.in.open) == 0 })
			excluded = excluded && j >= 0
			core = append(core, max(j, 0))
		}
		if excluded {
			return core, none
		}
	}
	return nil, unknown
}

// symbolicMany is symbolic for lists: what is shared, and one literal that fails.
func (t *ties) symbolicMany(list []listValued) (core []int, o outcome) {
	var shared []elementLiteral
	var owners []int
	for i, v := range list {
		if !v.fails {
			shared, owners = append(shared, elementLiteral{v.in, v.outside}), append(owners, i)
		}
	}
	for i, v := range list {
		if !v.fails {
			continue
		}
		c, o := t.symbolic(append(slices.Clip(shared), elementLiteral{v.in, !v.outside}))
		if o != none {
			continue
		}
		for _, j := range c {
			if j < len(owners) {
				core = append(core, owners[j])
			} else {
				core = append(core, i)
			}
		}
		return core, none
	}
	return nil, unknown
}
