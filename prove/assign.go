package prove

import (
	"slices"
	"sync"

	"github.com/writ-iam/writ/pattern"
)

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
		emptySet := text == "" && k.sets
		if !emptySet && !slices.Contains(out, text) {
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
			if text, _, o := t.p.solve(subject(k.id), append(slices.Clip(plain), elementLiteral{other, true}), longer()); o == found {
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

var longer = sync.OnceValue(func() *pattern.Pattern { return pattern.Compile("??*") })

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
