package prove

import (
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/pattern"
)

// An outcome is what a search for a value comes to.
type outcome uint8

const (
	none    outcome = iota // there is no such value
	found                  // the text is one
	unknown                // a limit was reached
)

// textSearch looks for a text that lies in some languages and not in others.
type textSearch struct {
	literals []elementLiteral
	within   []*pattern.Pattern // what the text must match besides
	work     int                // for one search through automata, see pattern.DefaultWork
	fold     bool               // letter case does not count: actions

	core []bool
}

// run returns a shortest text, or the literals that exclude each other.
func (s *textSearch) run() (text string, core []int, o outcome) {
	s.core = make([]bool, len(s.literals))
	base := -1
	for i, lit := range s.literals {
		switch {
		case lit.not && lit.in.all, !lit.not && lit.in.empty():
			return "", []int{i}, none
		case !lit.not && !lit.in.all && (base < 0 || simpler(lit.in, s.literals[base].in)):
			base = i
		}
	}
	o = none
	switch {
	case base < 0:
		text, o = s.among([]*pattern.Pattern{anyText()}, -1)
	default:
		s.core[base] = true
		for _, t := range s.literals[base].in.texts {
			if s.accepts(t) {
				return t, nil, found
			}
		}
		for _, p := range s.literals[base].in.wild {
			if text, o = s.choose([]*pattern.Pattern{p}, base, 0); o != none {
				break
			}
		}
	}
	for i, in := range s.core {
		if in {
			core = append(core, i)
		}
	}
	return text, core, o
}

var anyText = sync.OnceValue(func() *pattern.Pattern { return pattern.Compile("*") })

// simpler orders languages by what it costs to try all that is in them.
func simpler(a, b *language) bool {
	if len(a.wild) != len(b.wild) {
		return len(a.wild) < len(b.wild)
	}
	return len(a.texts) < len(b.texts)
}

// accepts reports whether a text of the base satisfies all literals, and notes
// one that it does not.
func (s *textSearch) accepts(text string) bool {
	for _, p := range s.within {
		if !p.Match(text) {
			return false
		}
	}
	culprit := -1
	for i, lit := range s.literals {
		if lit.in.has(text) == lit.not {
			if s.core[i] {
				return false // it is blamed already
			}
			if culprit < 0 {
				culprit = i
			}
		}
	}
	if culprit >= 0 {
		s.core[culprit] = true
	}
	return culprit < 0
}

// choose takes an entry of each of the other positive literals, from a number on,
// to go with those chosen so far.
func (s *textSearch) choose(chosen []*pattern.Pattern, base, from int) (string, outcome) {
	for i := from; i < len(s.literals); i++ {
		lit := s.literals[i]
		if lit.not || lit.in.all || i == base {
			continue
		}
		s.core[i] = true
		for _, t := range lit.in.texts {
			if matchesAll(chosen, t) && s.accepts(t) {
				return t, found
			}
		}
		for _, p := range lit.in.wild {
			if slices.ContainsFunc(chosen, func(q *pattern.Pattern) bool { return pattern.Apart(p, q) }) {
				continue
			}
			if text, o := s.choose(append(slices.Clip(chosen), p), base, i+1); o != none {
				return text, o
			}
		}
		return "", none
	}
	return s.among(chosen, base)
}

func matchesAll(patterns []*pattern.Pattern, text string) bool {
	for _, p := range patterns {
		if !p.Match(text) {
			return false
		}
	}
	return true
}

// among looks for a text that matches the chosen patterns and lies in no
// negative literal.
func (s *textSearch) among(chosen []*pattern.Pattern, base int) (string, outcome) {
	if s.covered(chosen[len(chosen)-1]) || len(chosen) > 1 && s.covered(chosen[0]) {
		return "", none
	}
	all := append(slices.Clip(chosen), s.within...)
	var against []*pattern.Pattern
	var owners []int
	for i, lit := range s.literals {
		if !lit.not {
			continue
		}
		for _, p := range lit.in.wild {
			if !slices.ContainsFunc(all, func(q *pattern.Pattern) bool { return pattern.Apart(p, q) }) {
				against, owners = append(against, p), append(owners, i)
			}
		}
	}
	text, o := s.avoiding(all, against)
	if o == none {
		s.blame(all, against, owners)
	}
	return text, o
}

// covered reports whether one pattern of a negative literal matches all that p
// matches, and notes the literal.
func (s *textSearch) covered(p *pattern.Pattern) bool {
	culprit := -1
	key := p.Key()
	for i, lit := range s.literals { // the same pattern is found at once
		if lit.not && lit.in.lists(key) {
			if s.core[i] {
				return true
			}
			culprit = i
		}
	}
	if culprit >= 0 {
		s.core[culprit] = true
		return true
	}
	for i, lit := range s.literals {
		if !lit.not || culprit >= 0 && !s.core[i] {
			continue
		}
		for _, q := range lit.in.wild {
			if !pattern.Apart(p, q) && s.subset(p, q) {
				culprit = i
				break
			}
		}
		if culprit == i && s.core[i] {
			return true
		}
	}
	if culprit >= 0 {
		s.core[culprit] = true
	}
	return culprit >= 0
}

func (s *textSearch) subset(p, q *pattern.Pattern) bool {
	if p == q {
		return true
	}
	if !strings.HasPrefix(p.Prefix(), q.Prefix()) && !q.Folds() {
		return false // a wildcard of p stands where q has letters
	}
	_, v := pattern.Search{All: []*pattern.Pattern{p}, None: []*pattern.Pattern{q}, Work: min(s.work, 1<<16)}.Run()
	return v == pattern.No
}

// avoiding searches, and puts the single texts of negative literals in the way
// only where a search finds them.
func (s *textSearch) avoiding(all, against []*pattern.Pattern) (string, outcome) {
	const patience = 16
	for try := 0; ; try++ {
		text, v := pattern.Search{All: all, None: against, Work: s.work}.Run()
		switch v {
		case pattern.No:
			return "", none
		case pattern.Undecided:
			return "", unknown
		}
		hit := s.excluding(text)
		if hit < 0 {
			return text, found
		}
		against = append(slices.Clip(against), s.exactly(text))
		s.core[hit] = true
		if try >= patience {
			against = s.allTexts(all, against)
		}
	}
}

// excluding is the negative literal that names a text, or -1.
func (s *textSearch) excluding(text string) int {
	for i, lit := range s.literals {
		if lit.not {
			if _, ok := lit.in.exact[text]; ok {
				return i
			}
		}
	}
	return -1
}

func (s *textSearch) allTexts(all, against []*pattern.Pattern) []*pattern.Pattern {
	for i, lit := range s.literals {
		if !lit.not {
			continue
		}
		for _, t := range lit.in.texts {
			if matchesAll(all, t) {
				against = append(against, s.exactly(t))
				s.core[i] = true
			}
		}
	}
	return against
}

func (s *textSearch) exactly(text string) *pattern.Pattern {
	return pattern.Dialect{Fold: s.fold}.Compile(pattern.Literal(text))
}

// blame notes literals that leave no text together.
func (s *textSearch) blame(all, against []*pattern.Pattern, owners []int) {
	distinct := slices.Compact(slices.Clone(owners))
	needed := smallestOf(distinct, func(kept []int) bool {
		var some []*pattern.Pattern
		for i, p := range against {
			if slices.Contains(kept, owners[i]) {
				some = append(some, p)
			}
		}
		_, o := s.avoiding(all, some)
		return o == none
	})
	for _, i := range needed {
		s.core[i] = true
	}
}

func smallestOf(list []int, conflicts func([]int) bool) []int {
	kept := smallest(len(list), func(indexes []int) bool {
		some := make([]int, len(indexes))
		for i, k := range indexes {
			some[i] = list[k]
		}
		return conflicts(some)
	})
	out := make([]int, len(kept))
	for i, k := range kept {
		out[i] = list[k]
	}
	return out
}
