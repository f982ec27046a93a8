package prove

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

var (
	// actionDomain: a service, a colon and a name. The letters are seen to
	// where entries are read.
	actionDomain = policy.CompileAction("?*:?*").Pattern()
	// resourceDomain: six components, of which the partition, the service and
	// the resource are not empty. The resource * is a value of its own.
	resourceDomain = arnForm("arn:?*:?*:*:*:?*")
	notEmpty       = pattern.Compile("?*")
)

// solve looks for a value of a subject for which all literals hold. The
// languages have no variables any more. The core has the indexes of literals
// that exclude each other.
func (p *problem) solve(of subject, literals []elementLiteral, within ...*pattern.Pattern) (text string, core []int, o outcome) {
	switch of {
	case actionSubject:
		return p.solveAction(literals, within)
	case resourceSubject:
		return p.solveResource(literals, within)
	}
	k := p.keys.list[of]
	if k.sets {
		within = append(within, notEmpty) // one empty string is how an empty set is written
	}
	return p.solveValue(k, literals, within)
}

// solveAction leaves out the actions that have queries of their own.
func (p *problem) solveAction(literals []elementLiteral, within []*pattern.Pattern) (string, []int, outcome) {
	all := literals
	if p.excluded != nil {
		all = append(slices.Clip(literals), elementLiteral{p.excluded, true})
	}
	s := textSearch{literals: all, within: append(slices.Clip(within), actionDomain), work: p.work(), fold: true}
	text, core, o := s.run()
	return text, slices.DeleteFunc(core, func(i int) bool { return i >= len(literals) }), o
}

func (p *problem) solveResource(literals []elementLiteral, within []*pattern.Pattern) (text string, core []int, o outcome) {
	culprit := slices.IndexFunc(literals, func(lit elementLiteral) bool { return (lit.in.all || lit.in.star) == lit.not })
	if culprit < 0 && len(within) == 0 {
		return "*", nil, found
	}
	s := textSearch{literals: literals, within: append(slices.Clip(within), resourceDomain), work: p.work()}
	text, core, o = s.run()
	if o == none && culprit >= 0 && !slices.Contains(core, culprit) {
		core = append(core, culprit)
	}
	return text, core, o
}

// solveValue is solve for one value of a condition key.
func (p *problem) solveValue(k *key, literals []elementLiteral, within []*pattern.Pattern) (text string, core []int, o outcome) {
	switch k.kind {
	case numberValues:
		return ordered(solveOn(numbers, literals))
	case dateValues:
		return ordered(solveOn(dates, literals))
	case addressValues:
		return ordered(solveOn(addresses, literals))
	case boolValues:
		return oneOf([]string{"true", "false"}, literals)
	case mixedValues:
		return p.solveMixed(k, literals, within)
	}
	return p.solveText(k, literals, within)
}

func ordered(text string, core []int, ok bool) (string, []int, outcome) {
	if ok {
		return text, nil, found
	}
	return "", core, none
}

// oneOf tries the only values that there are.
func oneOf(candidates []string, literals []elementLiteral) (string, []int, outcome) {
	var core []int
	for _, text := range candidates {
		i := slices.IndexFunc(literals, func(lit elementLiteral) bool { return lit.in.has(text) == lit.not })
		if i < 0 {
			return text, nil, found
		}
		if !slices.Contains(core, i) {
			core = append(core, i)
		}
	}
	return "", core, none
}

// solveText: keys of binary operators hold base64, so the bytes that policies
// name are no values themselves.
func (p *problem) solveText(k *key, literals []elementLiteral, within []*pattern.Pattern) (string, []int, outcome) {
	all := literals
	if len(k.raw) > 0 {
		raw := &language{}
		for _, text := range k.raw {
			if text != canonicalBinary(policy.BinaryText(text)) {
				raw.addText(text)
			}
		}
		all = append(slices.Clip(literals), elementLiteral{raw, true})
	}
	s := textSearch{literals: all, within: within, work: p.work()}
	text, core, o := s.run()
	core = slices.DeleteFunc(core, func(i int) bool { return i >= len(literals) })
	return text, core, o
}

// solveMixed: operators of several types compare the key. Each type alone may
// exclude a value; one that suits all is looked for among those that suit one.
func (p *problem) solveMixed(k *key, literals []elementLiteral, within []*pattern.Pattern) (string, []int, outcome) {
	for i, lit := range literals {
		if !lit.not && lit.in.textual() && !lit.in.all && len(lit.in.wild) == 0 { // there are only these
			texts := slices.DeleteFunc(slices.Clone(lit.in.texts), func(text string) bool { return !matchesAll(within, text) })
			text, core, o := oneOf(texts, literals)
			if o == none && !slices.Contains(core, i) {
				core = append(core, i)
			}
			return text, core, o
		}
	}
	candidates := []string{"true", "false", "0", "1", "x"}
	families := map[policy.Family][]int{}
	for i, lit := range literals {
		f := lit.in.family
		if lit.in.textual() {
			f = policy.FamilyString
		}
		families[f] = append(families[f], i)
		candidates = append(candidates, lit.in.texts...)
		for j := range lit.in.values {
			candidates = append(candidates, lit.in.values[j].Text)
		}
	}
	for f := policy.FamilyString; f <= policy.FamilyNull; f++ {
		indexes := families[f]
		if len(indexes) == 0 || !slices.ContainsFunc(indexes, func(i int) bool { return !literals[i].not }) {
			continue // a value of another type satisfies what is negative
		}
		var of []elementLiteral
		for _, i := range indexes {
			of = append(of, literals[i])
		}
		text, core, o := p.solveValue(&key{kind: kindOfFamily(f), raw: k.raw}, of, within)
		if o == none {
			for i := range core {
				core[i] = indexes[core[i]]
			}
			return "", core, none
		}
		candidates = append(candidates, text)
	}
	for _, text := range append(candidates, spellings(candidates)...) {
		if matchesAll(within, text) && !slices.ContainsFunc(literals, func(lit elementLiteral) bool { return lit.in.has(text) == lit.not }) {
			return text, nil, found
		}
	}
	return "", nil, unknown
}

// spellings are other ways to write numbers.
func spellings(texts []string) []string {
	var out []string
	for _, text := range texts {
		if _, number := policy.ParseDecimal(text); !number {
			continue
		}
		more := text + ".0"
		if strings.ContainsAny(text, ".eE") {
			more = text + "0"
		}
		if _, number := policy.ParseDecimal(more); number {
			out = append(out, more)
		}
		if unsigned := strings.TrimLeft(text, "+-"); unsigned == text {
			out = append(out, "0"+text)
		}
	}
	return out
}

func kindOfFamily(f policy.Family) valueKind {
	switch f {
	case policy.FamilyNumeric:
		return numberValues
	case policy.FamilyDate:
		return dateValues
	case policy.FamilyBool:
		return boolValues
	case policy.FamilyIP:
		return addressValues
	}
	return textValues
}

// everyLiteral says that each of several values lies in a language, or outside
// of it (outside); with fails, that some value does not.
type everyLiteral struct {
	in      *language
	outside bool
	fails   bool
}

// solveMany looks for several values. What holds for each of them is shared;
// each literal that fails needs one value, and they do not get into each other's
// way: so a list as long as the failing literals is always enough.
func (p *problem) solveMany(k *key, literals []everyLiteral) (values []string, core []int, o outcome) {
	var shared []elementLiteral
	var owners []int
	for i, lit := range literals {
		if !lit.fails {
			shared, owners = append(shared, elementLiteral{lit.in, lit.outside}), append(owners, i)
		}
	}
	add := func(more []elementLiteral, owner int) outcome {
		text, c, o := p.solveValue(k, append(slices.Clip(shared), more...), nil)
		switch {
		case o == none:
			core = nil
			for _, i := range c {
				if i < len(owners) {
					core = append(core, owners[i])
				} else {
					core = append(core, owner)
				}
			}
		case o == found && !slices.Contains(values, text):
			values = append(values, text)
		}
		return o
	}
	for i, lit := range literals {
		if lit.fails {
			if o := add([]elementLiteral{{lit.in, !lit.outside}}, i); o != found {
				return nil, core, o
			}
		}
	}
	if len(values) == 0 {
		if o := add(nil, 0); o != found {
			return nil, core, o
		}
	}
	if len(values) == 1 {
		values = append(values, p.another(k, shared, values[0]))
	}
	return values, nil, found
}

// another is a second value beside the first: a different one if there is one.
func (p *problem) another(k *key, shared []elementLiteral, first string) string {
	if k.kind == textValues {
		not := &language{}
		not.addText(first)
		if text, _, o := p.solveValue(k, append(slices.Clip(shared), elementLiteral{not, true}), []*pattern.Pattern{notEmpty}); o == found {
			return text
		}
	}
	return first
}
