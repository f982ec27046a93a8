package prove

import (
	"cmp"
	"maps"
	"slices"

	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
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
		q := p.Rewrite(func(slot int) pattern.Piece {
			k := t.p.keyOfSlot(slot)
			if t.modes(k) != oneValue {
				return pattern.Literal(t.p.slots.Variables()[slot].Default)
			}
			piece, _ := value(k)
			return piece
		})
		if l.family == policy.FamilyARN && !q.HasVars() && q.Colons() < arnColons && !q.Any() {
			continue
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

// maxTries bounds how many combinations of values of variables are tried.
const maxTries = 256

// assign tries values for the variables' keys, and then solves for the subjects
// with these values in place.
func (t *ties) assign(solved solution) bool {
	choices := make([][]string, len(t.keys))
	for i, k := range t.keys {
		if choices[i] = t.choices(k); len(choices[i]) == 0 {
			return false
		}
	}
	pick := make([]int, len(t.keys))
	for range maxTries {
		values := map[*key]string{}
		for i, k := range t.keys {
			values[k] = choices[i][pick[i]]
		}
		if t.with(values, solved) {
			return true
		}
		i := 0
		for ; i < len(pick); i++ {
			if pick[i]++; pick[i] < len(choices[i]) {
				break
			}
			pick[i] = 0
		}
		if i == len(pick) {
			return false
		}
	}
	return false
}

// with solves for all tied subjects with the variables' keys at given values.
func (t *ties) with(values map[*key]string, solved solution) bool {
	bound := func(k *key) (pattern.Piece, bool) { return pattern.Literal(values[k]), true }
	for k, text := range values {
		for _, v := range t.values[subject(k.id)] {
			if t.resolve(v.in, bound).has(text) == v.not {
				return false
			}
		}
	}
	for _, of := range t.subjects {
		if of >= 0 {
			if _, ok := values[t.p.keys.list[of]]; ok {
				continue
			}
		}
		if list := t.lists[of]; list != nil {
			lits := everyLiterals(list)
			for i := range lits {
				lits[i].in = t.resolve(lits[i].in, bound)
			}
			texts, _, o := t.p.solveMany(t.p.keys.list[of], lits)
			if o != found {
				return false
			}
			solved[of] = texts
			continue
		}
		lits := elements(t.values[of])
		for i := range lits {
			lits[i].in = t.resolve(lits[i].in, bound)
		}
		text, _, o := t.p.solve(of, lits, t.p.extra[of]...)
		if o != found {
			return false
		}
		solved[of] = []string{text}
	}
	for k, text := range values {
		solved[subject(k.id)] = []string{text}
	}
	return true
}

// choices are values of a variable's key worth trying: short ones that its own
// literals allow, and pieces of what the tied subjects may hold.
func (t *ties) choices(k *key) []string {
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	var plain []elementLiteral
	for _, v := range t.values[subject(k.id)] {
		if len(v.in.open) == 0 {
			plain = append(plain, v.elementLiteral)
		}
	}
	if known, ok := t.p.pseudo(k); ok {
		add(known.likely)
		for _, form := range []*pattern.Pattern{known.form, pattern.Dialect{}.Compile(pattern.Literal("aws-cn"))} {
			if text, _, o := t.p.solve(subject(k.id), plain, form, known.form); o == found {
				add(text)
			}
		}
		return out
	}
	if text, _, o := t.p.solve(subject(k.id), plain, notEmpty); o == found {
		add(text)
		if k.kind == textValues {
			other := &language{}
			other.addText(text)
			if text, _, o := t.p.solve(subject(k.id), append(slices.Clip(plain), elementLiteral{other, true}), longer); o == found {
				add(text)
			}
		}
	}
	for _, text := range t.pieces(k) {
		add(text)
	}
	if text, _, o := t.p.solve(subject(k.id), plain); o == found {
		add(text)
	}
	return out
}

var longer = pattern.Compile("??*")

// maxPieces and maxCut bound what is cut out of texts.
const maxPieces, maxCut = 24, 64

// pieces cuts values for a key out of texts that tied subjects may hold, its
// variable being free there.
func (t *ties) pieces(k *key) []string {
	var out []string
	wide := func(k *key) (pattern.Piece, bool) {
		piece, _ := t.known(k)
		return piece, true
	}
	for _, of := range t.subjects {
		lits := elements(t.values[of])
		if t.lists[of] != nil {
			for _, v := range t.lists[of] {
				lits = append(lits, elementLiteral{v.in, v.outside})
			}
		}
		for i := range lits {
			if lits[i].not {
				lits[i].in = &language{}
			} else {
				lits[i].in = t.resolve(lits[i].in, wide)
			}
		}
		text, _, o := t.p.solve(of, lits, t.p.extra[of]...)
		if o != found || len(text) > maxCut {
			continue
		}
		for _, v := range t.values[of] {
			for _, p := range v.in.open {
				out = append(out, t.cuts(p, k, text)...)
			}
			out = append(out, text)
		}
	}
	return out[:min(len(out), maxPieces)]
}

// cuts returns pieces of a text with which a pattern, the key's variable being
// the piece, matches the text.
func (t *ties) cuts(p *pattern.Pattern, k *key, text string) []string {
	var out []string
	for from := range len(text) {
		for to := from + 1; to <= len(text); to++ {
			q, ok := p.Bind(func(slot int) (string, bool) {
				if t.p.keyOfSlot(slot) == k {
					return text[from:to], true
				}
				return "", false
			})
			if !ok {
				return nil // other variables are in it
			}
			if q.Match(text) {
				out = append(out, text[from:to])
			}
		}
	}
	return out
}
