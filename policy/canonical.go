package policy

import (
	"cmp"
	"slices"
	"strings"
)

// Canonical returns a copy of the document in a form that is equal for
// documents that differ in spelling only, for comparing and for small diffs:
//
//   - elements stand in the conventional order, Statement is a list;
//   - lists are sorted, equal values dropped, and a single value is a string;
//     actions are compared without letter case and keep the case of the first;
//   - condition operators have their conventional spelling and are sorted, as
//     are the keys below them (without letter case) and the keys of principals;
//   - numbers and booleans stand in quotes;
//   - condition blocks without keys, which are always true, are left out, unless
//     the shape of the document is broken.
//
// Statements keep their order, names of keys their spelling. What the tree has
// no place for, such as unknown elements, stays as it was written. The copy has
// no spans.
func Canonical(doc *Document) *Document {
	out := &Document{
		Version: doc.Version, ID: doc.ID, File: doc.File,
		Elements: kept(doc.Elements, doc.has), pointer: doc.pointer, problems: doc.problems, raw: doc.raw,
	}
	if doc.Statements != nil {
		out.Statements = make([]Statement, len(doc.Statements))
	}
	for i := range doc.Statements {
		out.Statements[i] = canonicalStatement(&doc.Statements[i], doc.problems.Empty())
	}
	return out
}

// kept returns the elements that the fields of the tree alone do not show: those
// without a place in it, and empty strings that are mistakes. Duplicates come
// last, so that the element that counts stays before them.
func kept(elements []Element, has func(name string) bool) []Element {
	var out []Element
	for _, e := range elements {
		emptyMistake := (e.Name == ElementVersion || e.Name == ElementEffect) && !has(e.Name)
		if e.raw != nil || emptyMistake {
			out = append(out, Element{Name: e.Name, raw: e.raw, duplicate: e.duplicate})
		}
	}
	slices.SortStableFunc(out, func(a, b Element) int {
		switch {
		case a.duplicate == b.duplicate:
			return 0
		case a.duplicate:
			return 1
		}
		return -1
	})
	return out
}

func canonicalStatement(s *Statement, dropEmpty bool) Statement {
	return Statement{
		Sid: s.Sid, Effect: s.Effect,
		Principal: canonicalPrincipal(s.Principal), NotPrincipal: canonicalPrincipal(s.NotPrincipal),
		Action: canonicalList(s.Action, foldedOrder), NotAction: canonicalList(s.NotAction, foldedOrder),
		Resource: canonicalList(s.Resource, strings.Compare), NotResource: canonicalList(s.NotResource, strings.Compare),
		Condition: canonicalCondition(s.Condition, dropEmpty),
		Elements:  kept(s.Elements, s.has), raw: s.raw,
	}
}

func canonicalList(l *List, order func(a, b string) int) *List {
	if l == nil {
		return nil
	}
	texts := l.Texts()
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(order(a, b), strings.Compare(a, b)) })
	return stringOrList(slices.CompactFunc(texts, func(a, b string) bool { return order(a, b) == 0 }))
}

// foldedOrder compares without the case of ASCII letters.
func foldedOrder(a, b string) int { return strings.Compare(lower(a), lower(b)) }

func canonicalPrincipal(p *Principal) *Principal {
	if p == nil {
		return nil
	}
	out := &Principal{Everyone: p.Everyone, Groups: make([]PrincipalGroup, len(p.Groups))}
	for i := range p.Groups {
		g := &p.Groups[i]
		out.Groups[i] = PrincipalGroup{Key: g.Key, Values: *canonicalList(&g.Values, strings.Compare)}
	}
	slices.SortStableFunc(out.Groups, func(a, b PrincipalGroup) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func canonicalCondition(c *Condition, dropEmpty bool) *Condition {
	if c == nil {
		return nil
	}
	out := new(Condition)
	spelled := map[string]int{}
	for i := range c.Blocks {
		if dropEmpty && len(c.Blocks[i].Keys) == 0 {
			continue
		}
		out.Blocks = append(out.Blocks, canonicalBlock(&c.Blocks[i]))
		spelled[conventional(c.Blocks[i].Operator)]++
	}
	for i := range out.Blocks {
		// With two spellings of one operator, one would become the other's duplicate.
		if name := conventional(out.Blocks[i].Operator); spelled[name] == 1 {
			out.Blocks[i].Operator = name
		}
	}
	if dropEmpty && len(out.Blocks) == 0 {
		return nil
	}
	slices.SortStableFunc(out.Blocks, func(a, b ConditionBlock) int { return strings.Compare(a.Operator, b.Operator) })
	return out
}

// conventional returns the conventional spelling of an operator.
func conventional(operator string) string {
	if op, err := ParseOperator(operator); err == nil {
		return op.String()
	}
	return operator
}

func canonicalBlock(b *ConditionBlock) ConditionBlock {
	out := ConditionBlock{Operator: b.Operator, Keys: make([]ConditionKey, len(b.Keys))}
	for i := range b.Keys {
		k := &b.Keys[i]
		out.Keys[i] = ConditionKey{Name: k.Name, Values: *canonicalList(&k.Values, strings.Compare)}
	}
	slices.SortStableFunc(out.Keys, func(a, b ConditionKey) int {
		return cmp.Or(foldedOrder(a.Name, b.Name), strings.Compare(a.Name, b.Name))
	})
	return out
}

// lower returns s with ASCII letters in lower case, the only ones that fold in
// IAM's names.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return lowerBytes(s)
		}
	}
	return s
}

func lowerBytes(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
