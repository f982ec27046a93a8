package prove

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// A language is the set of values that the entries of one element, or the values
// of one condition, match: all of them together. Whether a value lies in it is
// one atom of a formula, however long the list.
type language struct {
	id   int
	all  bool // every value, of resources * too
	star bool // the resource *

	exact map[string]struct{}
	texts []string            // those of exact, sorted
	wild  []*pattern.Pattern  // what is not a plain text
	open  []*pattern.Pattern  // patterns with variables
	keys  map[string]struct{} // of wild, once they were asked for

	// The values of operators that compare no texts.
	family policy.Family
	order  policy.Order
	values []policy.Comparand
}

// textual reports whether the language is one of texts.
func (l *language) textual() bool {
	return l.family == policy.FamilyString || l.family == policy.FamilyARN || l.family == policy.FamilyBinary
}

func (l *language) empty() bool {
	return !l.all && !l.star && len(l.exact) == 0 && len(l.wild) == 0 && len(l.open) == 0 && len(l.values) == 0
}

// addText adds a single text.
func (l *language) addText(s string) {
	if l.exact == nil {
		l.exact = map[string]struct{}{}
	}
	if _, ok := l.exact[s]; !ok {
		l.exact[s] = struct{}{}
		l.texts = append(l.texts, s)
	}
}

// addPattern adds what a pattern matches. Letters match as the pattern says.
func (l *language) addPattern(p *pattern.Pattern, fold bool) {
	text, literal := p.Literal()
	switch {
	case p.HasVars():
		l.open = append(l.open, p)
	case literal && !(fold && hasLetters(text)):
		l.addText(text)
	case p.Any():
		l.all = true
	default:
		l.wild = append(l.wild, p)
	}
}

func hasLetters(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80 })
}

// lists reports whether a pattern with this key is one of the language's.
func (l *language) lists(key string) bool {
	const few = 8
	if len(l.wild) <= few {
		return slices.ContainsFunc(l.wild, func(p *pattern.Pattern) bool { return p.Key() == key })
	}
	if l.keys == nil {
		l.keys = make(map[string]struct{}, len(l.wild))
		for _, p := range l.wild {
			l.keys[p.Key()] = struct{}{}
		}
	}
	_, ok := l.keys[key]
	return ok
}

// has reports whether a text, as a request holds it, lies in the language, its
// variables aside. It compares as package authz does.
func (l *language) has(text string) bool {
	switch l.family {
	case policy.FamilyNumeric:
		n, ok := policy.ParseDecimal(text)
		return ok && l.anyValue(func(v *policy.Comparand) bool { return l.order.Holds(n.Compare(v.Number)) })
	case policy.FamilyDate:
		t, ok := policy.ParseInstant(text)
		return ok && l.anyValue(func(v *policy.Comparand) bool { return l.order.Holds(t.Compare(v.Instant)) })
	case policy.FamilyBool:
		b, ok := policy.ParseBool(text)
		return ok && l.anyValue(func(v *policy.Comparand) bool { return v.Boolean == b })
	case policy.FamilyIP:
		p, ok := policy.ParseNetwork(text)
		return ok && l.anyValue(func(v *policy.Comparand) bool { return policy.Within(v.Network, p) })
	}
	if l.all {
		return true
	}
	if _, ok := l.exact[text]; ok {
		return true
	}
	for _, p := range l.wild {
		if p.Match(text) {
			return true
		}
	}
	return false
}

func (l *language) anyValue(equal func(*policy.Comparand) bool) bool {
	for i := range l.values {
		if equal(&l.values[i]) {
			return true
		}
	}
	return false
}

// key is a text that languages share only when they are equal as written.
func (l *language) key() string {
	var b strings.Builder
	b.WriteByte(byte('0' + l.family))
	b.WriteByte(byte('0' + l.order))
	if l.all {
		b.WriteString("all")
		if l.textual() {
			return b.String()
		}
	}
	if l.star {
		b.WriteString("star")
	}
	var parts []string
	for _, p := range l.wild {
		parts = append(parts, "w"+p.Key())
	}
	for _, p := range l.open {
		parts = append(parts, "o"+p.Key())
	}
	for i := range l.values {
		parts = append(parts, "v"+l.values[i].Text)
	}
	for _, t := range l.texts {
		parts = append(parts, "t"+t)
	}
	slices.Sort(parts)
	for _, p := range slices.Compact(parts) {
		b.WriteString("\x01")
		b.WriteString(p)
	}
	return b.String()
}

// languages keeps each language once.
type languages struct {
	byKey map[string]*language
	list  []*language
}

func (ls *languages) intern(l *language) *language {
	slices.Sort(l.texts)
	key := l.key()
	if known, ok := ls.byKey[key]; ok {
		return known
	}
	if ls.byKey == nil {
		ls.byKey = map[string]*language{}
	}
	l.id = len(ls.list)
	ls.byKey[key] = l
	ls.list = append(ls.list, l)
	return l
}

// ofCondition is the language of the values of a condition.
func (p *problem) ofCondition(op policy.BaseOperator, list *policy.List, vars *policy.VariableTable) *language {
	l := &language{family: op.Family, order: op.Order}
	for i := range list.Values {
		v := policy.CompileComparand(op, list.Values[i].Text, vars)
		switch {
		case v.Broken:
		case op.Family == policy.FamilyString:
			if v.Pattern != nil {
				l.addPattern(p.opened(v.Pattern), op.Fold)
				continue
			}
			for _, text := range p.spelled(v.Text, op.Fold) {
				l.addPattern(p.opened(pattern.Dialect{Fold: op.Fold}.Compile(pattern.Literal(text))), op.Fold)
			}
		case op.Family == policy.FamilyARN:
			if compiled := p.opened(v.ARN.Pattern()); compiled.HasVars() || compiled.Colons() >= arnColons {
				l.addPattern(compiled, false)
			}
		case op.Family == policy.FamilyBinary:
			l.addText(canonicalBinary(v.Text))
		default:
			l.values = append(l.values, v)
		}
	}
	return p.languages.intern(l)
}

// spelled returns a text in all spellings of its letters beyond ASCII, if letter
// case does not count; patterns fold ASCII alone. (That U+212A and U+017F count as k
// and s too is left out: no value is taken to hold them.)
func (p *problem) spelled(text string, fold bool) []string {
	beyond := strings.IndexFunc(text, func(c rune) bool { return c >= utf8.RuneSelf })
	if !fold || beyond < 0 {
		return []string{text}
	}
	out := []string{text[:beyond]}
	for _, c := range text[beyond:] {
		spellings := []rune{c}
		if c >= utf8.RuneSelf {
			for d := unicode.SimpleFold(c); d != c; d = unicode.SimpleFold(d) {
				spellings = append(spellings, d)
			}
		}
		if len(out)*len(spellings) > maxSpellings {
			p.holes.open = "letter case beyond ASCII: too many spellings of a value"
			return []string{text}
		}
		var next []string
		for _, begun := range out {
			for _, d := range spellings {
				next = append(next, begun+string(d))
			}
		}
		out = next
	}
	return out
}

const maxSpellings = 256

// opened makes variables of the holes in a pattern.
func (p *problem) opened(compiled *pattern.Pattern) *pattern.Pattern {
	if len(p.holes.names) == 0 {
		return compiled
	}
	return compiled.Open(hole.Open, hole.Close, func(inside string) int {
		number, _ := hole.Whole(string(hole.Open) + inside + string(hole.Close))
		return p.slotOfHole(number)
	})
}

// arnColons is the number of colons that an ARN has at least. Texts and values
// with fewer match nothing under the operators for ARNs.
const arnColons = 5

// ofResources is the language of the entries of Resource or NotResource.
func (p *problem) ofResources(m *policy.ResourceMatcher) *language {
	l := &language{}
	for _, e := range m.Entries {
		if e.All() {
			l.all = true
		} else {
			l.addPattern(p.opened(e.Pattern()), false)
		}
	}
	return p.languages.intern(l)
}
