package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// aboutCoveredStatements is about statements that others make useless.
var aboutCoveredStatements = &finder{document: coveredStatements}

// covering is what the statements of a document say, indexed by their entries.
type covering struct {
	r         *run
	actions   *entryIndex
	resources *entryIndex
}

// entryIndex finds the statements whose lists have an entry that covers another.
type entryIndex struct {
	items      []*item
	statements [][]int // by item: who has it, sorted
	known      map[string]int
	index      *coverIndex
	all        map[int]bool    // the statements with "*"
	patterns   map[int][]*item // by statement

	// starred has them by the first of their conditions, and those without one under
	// "". What covers a statement has none but its conditions.
	starred map[string][]int
}

func newEntryIndex() *entryIndex {
	return &entryIndex{known: make(map[string]int), index: newCoverIndex(), all: make(map[int]bool), patterns: make(map[int][]*item), starred: make(map[string][]int)}
}

func (x *entryIndex) add(it *item, statement int, condition string) {
	if it.all {
		x.starred[condition] = append(x.starred[condition], statement)
		x.all[statement] = true
		return
	}
	i, known := x.known[it.text]
	if !known {
		i = len(x.items)
		x.known[it.text] = i
		x.items = append(x.items, it)
		x.statements = append(x.statements, nil)
		if !it.fixed {
			x.index.add(i, it)
		}
	}
	x.statements[i] = append(x.statements[i], statement)
	if !it.fixed {
		x.patterns[statement] = append(x.patterns[statement], it)
	}
}

// having returns the statements that have an item.
func (x *entryIndex) having(it *item) []int {
	if i, known := x.known[it.text]; known && !it.all {
		return x.statements[i]
	}
	return nil
}

// over returns the statements with an entry that covers an item, as far as they
// have none but the conditions.
func (x *entryIndex) over(it *item, conditions []string, w *work) []int {
	found := append(slices.Clone(x.having(it)), x.starred[""]...)
	for _, c := range conditions {
		found = append(found, x.starred[c]...)
	}
	if !it.all {
		found = x.matching(found, it, w)
	}
	w.left -= 8 * len(found)
	slices.Sort(found)
	return slices.Compact(found)
}

// matching adds the statements with a pattern that covers an item.
func (x *entryIndex) matching(found []int, it *item, w *work) []int {
	for _, n := range x.index.lengths {
		if n > len(it.prefix) {
			break
		}
		for _, j := range x.index.buckets[it.prefix[:n]] {
			if w.left--; w.spent() {
				return found
			}
			other := x.items[j]
			if other.text == it.text || !mayCover(other, it) {
				continue
			}
			if w.subset(it.pattern(), other.pattern(), len(it.text)+len(other.text)) {
				found = append(found, x.statements[j]...)
			}
		}
	}
	return found
}

// rarest returns the item for which over finds fewest statements, and about how
// many that are. It is nil for an empty list.
func (x *entryIndex) rarest(items []item, conditions []string) (best *item, size int) {
	starred := len(x.starred[""])
	for _, c := range conditions {
		starred += len(x.starred[c])
	}
	for i := range items {
		n := starred + len(x.having(&items[i]))
		if best == nil || n < size {
			best, size = &items[i], n
		}
	}
	return best, size
}

// keep returns those of some statements that cover a list of items. Nothing is
// left where only the one is that has the items itself.
func (x *entryIndex) keep(statements []int, self int, items []item, w *work) []int {
	for i := range items {
		if w.spent() || len(statements) == 0 || len(statements) == 1 && statements[0] == self {
			return nil
		}
		having := x.having(&items[i])
		statements = slices.DeleteFunc(statements, func(j int) bool {
			_, found := slices.BinarySearch(having, j)
			return !found && !x.all[j] && !x.matches(j, &items[i], w)
		})
	}
	return statements
}

// matches reports whether a pattern of a statement covers an item.
func (x *entryIndex) matches(statement int, it *item, w *work) bool {
	w.left -= 8 + len(x.patterns[statement])
	return slices.ContainsFunc(x.patterns[statement], func(p *item) bool {
		return !w.spent() && looksCovering(p, it) && w.subset(it.pattern(), p.pattern(), len(it.text)+len(p.text))
	})
}

func coveredStatements(r *run) {
	suspects := r.suspects()
	if len(suspects) == 0 {
		return
	}
	c := &covering{r: r, actions: newEntryIndex(), resources: newEntryIndex()}
	w := newWork(int(r.doc.Span.End - r.doc.Span.Start))
	for i := range r.statements {
		s := &r.statements[i]
		if !s.comparable() {
			continue
		}
		condition := ""
		if len(s.conditions) > 0 {
			condition = s.conditions[0].text()
		}
		for j := range s.actions.items {
			c.actions.add(&s.actions.items[j], i, condition)
		}
		for j := range s.resources.items {
			c.resources.add(&s.resources.items[j], i, condition)
		}
	}
	for _, i := range suspects {
		c.judge(i, &r.statements[i], &w)
	}
	if w.spent() {
		r.undecided["WRIT_SHADOWED_STATEMENT"]++
	}
}

// suspects are the statements that look covered: each of their entries stands in
// another statement, or looks covered by a pattern.
func (r *run) suspects() []int {
	if len(r.statements) < 2 {
		return nil
	}
	actions, resources := &r.room.actions, &r.room.named
	for i := range r.statements {
		actions.add(i, r.statements[i].actions.items)
		resources.add(i, r.statements[i].resources.items)
	}
	var list []int
	for i := range r.statements {
		if s := &r.statements[i]; s.comparable() && actions.covers(s.actions.items) && resources.covers(s.resources.items) {
			list = append(list, i)
		}
	}
	return list
}

// glance tells what may be covered from what cannot be.
type glance struct {
	first    map[string]int // the first statement that has an entry
	several  map[string]bool
	patterns []*item
}

// reset makes room for another document. That of a large one is given up.
func (g *glance) reset() {
	const most = 1 << 12
	if max(len(g.first), len(g.patterns)) > most {
		*g = glance{}
	}
	clear(g.first)
	clear(g.several)
	clear(g.patterns)
	g.patterns = g.patterns[:0]
}

func (g *glance) add(statement int, items []item) {
	if g.first == nil {
		g.first, g.several = make(map[string]int), make(map[string]bool)
	}
	for i := range items {
		text := items[i].text
		if first, known := g.first[text]; !known {
			g.first[text] = statement
		} else if first != statement {
			g.several[text] = true
		}
		if !items[i].fixed {
			g.patterns = append(g.patterns, &items[i])
		}
	}
}

// covers reports whether other statements may cover all entries of one.
func (g *glance) covers(items []item) bool {
	const most = 64 // patterns, above which the index is faster
	for i := range items {
		it := &items[i]
		looks := func(p *item) bool { return p != it && looksCovering(p, it) }
		if !g.several[it.text] && len(g.patterns) <= most && !slices.ContainsFunc(g.patterns, looks) {
			return false
		}
	}
	return true
}

// comparable reports whether the statement names actions and resources, and is the
// first that says what it says: twins have a finding of their own.
func (s *statement) comparable() bool {
	return s.sameAs == s.index && (s.allows() || s.denies()) && s.actions.present && !s.actions.not && len(s.actions.entries) > 0 && !s.resources.not &&
		(len(s.resources.entries) > 0 || !s.resources.present) && !s.principalNot
}

// judge looks for a statement that covers all entries of another.
func (c *covering) judge(i int, s *statement, w *work) {
	for _, j := range c.candidates(s, w) {
		o := &c.r.statements[j]
		if j == i || w.spent() || !sameCallers(s, o) {
			continue
		}
		w.left -= len(s.conditions) + 1
		switch {
		case s.allows() && o.denies() && o.Condition == nil:
			c.r.report("WRIT_DENIED_STATEMENT", s.place(), "remove it, or narrow the Deny", "statement %d denies all that this one allows", j+1)
			return
		case s.Effect == o.Effect && narrower(s, o) && !(j > i && c.covers(i, s, o, w)):
			c.r.report("WRIT_SHADOWED_STATEMENT", s.place(), "remove it, or narrow the other one", "statement %d already says all that this one says", j+1)
			return
		}
	}
}

// covers reports whether a statement covers another one in turn. Of two that say the
// same in other words the first stays.
func (c *covering) covers(i int, s, o *statement, w *work) bool {
	return sameCallers(o, s) && narrower(o, s) && slices.Contains(c.candidates(o, w), i)
}

// candidates are the statements that cover every action and resource of one. The
// entry that fewest others have is looked at first.
func (c *covering) candidates(s *statement, w *work) []int {
	conditions := make([]string, len(s.conditions))
	for i := range s.conditions {
		conditions[i] = s.conditions[i].text()
	}
	action, n := c.actions.rarest(s.actions.items, conditions)
	resource, m := c.resources.rarest(s.resources.items, conditions)
	var left []int
	if resource == nil || n <= m {
		left = c.actions.over(action, conditions, w)
	} else {
		left = c.resources.over(resource, conditions, w)
	}
	left = c.actions.keep(left, s.index, s.actions.items, w)
	return c.resources.keep(left, s.index, s.resources.items, w)
}

// sameCallers reports whether a statement is about all callers that another one is
// about.
func sameCallers(s, o *statement) bool {
	switch {
	case s.principal == nil || o.principal == nil:
		return s.principal == nil && o.principal == nil
	case o.principal.Everyone || o.names(policy.PrincipalAWS, "*"):
		return true
	case s.principal.Everyone:
		return false
	}
	for i := range s.groups {
		for j := range s.groups[i].entries {
			if !o.names(s.groups[i].key, s.groups[i].entries[j].text) {
				return false
			}
		}
	}
	return true
}

// narrower reports whether a statement has every condition that another one has.
func narrower(s, o *statement) bool {
	if o.Condition == nil {
		return true
	}
	if s.Condition == nil || len(o.conditions) > len(s.conditions) {
		return false
	}
	has := make(map[string]bool, len(s.conditions))
	for i := range s.conditions {
		has[s.conditions[i].text()] = true
	}
	for i := range o.conditions {
		if !has[o.conditions[i].text()] {
			return false
		}
	}
	return true
}

// text writes a condition so that equal ones are equal.
func (c *condition) text() string {
	values := make([]string, len(c.entries))
	for i := range c.entries {
		values[i] = c.entries[i].text
	}
	slices.Sort(values)
	return strings.Join(append(values, strings.ToLower(c.written), c.lower), "\x00")
}

// aboutContradictions is about conditions that cannot hold together.
var aboutContradictions = &finder{statement: contradictions}

// contradictions compares the conditions of each key, all of which must hold. A
// key with several values may meet both, and a negated condition holds for a key
// that is absent: they are left alone.
func contradictions(r *run, s *statement) {
	byKey := make(map[string][]*condition)
	for i := range s.conditions {
		c := &s.conditions[i]
		if !c.known || c.op.Negated || c.op.IfExists || c.op.Quantifier != policy.SingleValue || len(c.entries) == 0 || r.facts.key(c.lower).multivalued() {
			continue
		}
		others := byKey[c.lower]
		const most = 8 // operators that a key may reasonably stand under
		for _, o := range others[:min(len(others), most)] {
			if o.written != c.written && r.contradict(c, o) {
				r.report("WRIT_DEAD_STATEMENT", c.place(), "correct one of them, or remove the statement", "this and %s cannot both hold for %s: the statement never applies", o.written, c.key)
				return
			}
		}
		byKey[c.lower] = append(others, c)
	}
}

func (r *run) contradict(a, b *condition) bool {
	const most = 16 // values that are compared with each other
	switch {
	case a.op.Family == policy.FamilyNull || b.op.Family == policy.FamilyNull:
		return a.op.Family != b.op.Family && (a.absent() || b.absent())
	case len(a.entries) > most || len(b.entries) > most || a.op.Family != b.op.Family:
		return false
	case a.op.Family == policy.FamilyString && !a.op.Fold && !b.op.Fold, a.op.Family == policy.FamilyARN:
		return r.disjoint(a, b)
	case a.op.Family == policy.FamilyBool:
		return len(a.entries) == 1 && len(b.entries) == 1 && !strings.EqualFold(a.entries[0].text, b.entries[0].text)
	case (a.op.Family == policy.FamilyNumeric || a.op.Family == policy.FamilyDate) && len(a.entries) == 1 && len(b.entries) == 1:
		return emptyRange(a, b) || emptyRange(b, a)
	}
	return false
}

// absent reports whether the condition wants the key to be absent.
func (c *condition) absent() bool {
	return c.op.Family == policy.FamilyNull && len(c.entries) == 1 && strings.EqualFold(c.entries[0].text, "true")
}

// disjoint reports whether no value that one condition takes is one that the other
// takes.
func (r *run) disjoint(a, b *condition) bool {
	for i := range a.entries {
		for j := range b.entries {
			x, y := a.value(i), b.value(j)
			if x == nil || y == nil || r.compared.spent() {
				return false
			}
			r.compared.left -= searchCost
			if _, v := (pattern.Search{All: []*pattern.Pattern{x, y}, Work: workAtOnce}).Run(); v != pattern.No {
				return false
			}
		}
	}
	return true
}

// value compiles a value as its operator reads it, or returns nil where it has
// variables.
func (c *condition) value(i int) *pattern.Pattern {
	text := c.entries[i].text
	if strings.Contains(text, "${") {
		return nil
	}
	if c.op.Family == policy.FamilyARN {
		return arn.CompileResource(pattern.Wild(text)).Pattern()
	}
	return pattern.Dialect{}.Compile(policy.PlainPiece(text, c.op.Like))
}

// emptyRange reports whether a wants less than b wants more than.
func emptyRange(a, b *condition) bool {
	order, ok := compared(a, b)
	if !ok {
		return false
	}
	less := a.op.Order == policy.Less || a.op.Order == policy.LessOrEqual
	more := b.op.Order == policy.Greater || b.op.Order == policy.GreaterOrEqual
	switch {
	case less && more:
		touching := a.op.Order == policy.LessOrEqual && b.op.Order == policy.GreaterOrEqual
		return order < 0 || order == 0 && !touching
	case a.op.Order == policy.Equal && b.op.Order == policy.Equal:
		return order != 0
	}
	return false
}

// compared compares the values of two conditions on numbers or dates.
func compared(a, b *condition) (order int, ok bool) {
	one, other := a.entries[0].text, b.entries[0].text
	if a.op.Family == policy.FamilyDate {
		x, ok := policy.ParseInstant(one)
		y, also := policy.ParseInstant(other)
		return x.Compare(y), ok && also
	}
	x, ok := policy.ParseDecimal(one)
	y, also := policy.ParseDecimal(other)
	if !ok || !also {
		return 0, false
	}
	return x.Compare(y), true
}
