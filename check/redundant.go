package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// aboutRedundant is about entries that others of their list cover, and statements
// that stand there twice.
var aboutRedundant = &finder{document: twinStatements, statement: redundantEntries}

func redundantEntries(r *run, s *statement) {
	r.covered(&s.actions, "REDUNDANT_ACTION")
	if r.kind != Trust {
		r.covered(&s.resources, "REDUNDANT_RESOURCE")
	}
}

func (r *run) covered(list *element, code string) {
	for i, by := range coverage(list.items, &r.compared) {
		if e := &list.entries[i]; by >= 0 && e.kind == policy.Quoted {
			r.report(code, e.place(), "remove it", "%s is redundant: %s covers it", quote(e.text), quote(list.entries[by].text))
		}
	}
	if list.present && r.compared.spent() {
		r.undecided[code]++
	}
}

// item is an entry that others may cover.
type item struct {
	text   string // equal texts mean the same
	prefix string // what all that it matches begins with
	suffix string // and ends with
	all    bool
	fixed  bool // it matches one text

	compile  func(text string) *pattern.Pattern
	compiled *pattern.Pattern
}

// pattern compiles the entry, once it has to be compared.
func (it *item) pattern() *pattern.Pattern {
	if it.compiled == nil {
		it.compiled = it.compile(it.text)
	}
	return it.compiled
}

// findItems prepares the entries of a statement for being compared.
func (r *run) findItems(s *statement) {
	s.actions.items = r.room.items.take(len(s.actions.entries))
	for i := range s.actions.items {
		if a := s.actions.entries[i].action; a != nil {
			s.actions.items[i] = item{text: a.lower, prefix: a.lower, fixed: true, compile: compileAction}
		} else {
			s.actions.items[i] = actionItem(s.actions.entries[i].text)
		}
	}
	s.resources.items = r.room.items.take(len(s.resources.entries))
	for i := range s.resources.items {
		s.resources.items[i] = resourceItem(s.resources.entries[i].text, r.compile)
	}
}

func actionItem(text string) item { return newItem(strings.ToLower(text), compileAction) }

func compileAction(text string) *pattern.Pattern { return policy.CompileAction(text).Pattern() }

func resourceItem(text string, compile func(text string) *pattern.Pattern) item {
	it := newItem(text, compile)
	if strings.Contains(text, "${") { // what is plain in a value with variables the pattern knows
		it.fixed = false
		it.suffix = ""
		it.prefix = text[:strings.IndexAny(text, "*?$")]
	}
	return it
}

func newItem(text string, compile func(text string) *pattern.Pattern) item {
	it := item{text: text, all: starred(text), fixed: !hasWildcard(text), prefix: text, compile: compile}
	if !it.fixed {
		it.prefix = text[:strings.IndexAny(text, "*?")]
		it.suffix = text[strings.LastIndexAny(text, "*?")+1:]
	}
	return it
}

// coverage returns for each item the index of another one that matches all that
// it does, or -1. Of items that mean the same the first stays. The result is nil
// where that is plain for all of them.
//
// Who covers an item begins with a part of its beginning: candidates are looked
// up by that, so that a list of thousands takes no thousands squared.
func coverage(items []item, w *work) []int {
	if distinct(items) {
		return nil
	}
	by := make([]int, len(items))
	first := make(map[string]int, len(items))
	index := newCoverIndex()
	all := -1
	for i := range items {
		by[i] = -1
		if before, again := first[items[i].text]; again {
			by[i] = before
			continue
		}
		first[items[i].text] = i
		switch {
		case items[i].all && all < 0:
			all = i
		case items[i].all:
			by[i] = all
		case !items[i].fixed:
			index.add(i, &items[i])
		}
	}
	for i := range items {
		switch {
		case by[i] >= 0 || i == all:
		case all >= 0:
			by[i] = all
		default:
			by[i] = index.find(i, items, by, w)
		}
	}
	return by
}

// distinct reports whether a list is one of few entries none of which looks as if
// it covered another one, as most lists are.
func distinct(items []item) bool {
	const few = 16
	if len(items) > few {
		return false
	}
	for i := range items {
		for j := range items {
			if i != j && looksCovering(&items[i], &items[j]) {
				return false
			}
		}
	}
	return true
}

// coverIndex finds patterns by what they begin with.
type coverIndex struct {
	buckets map[string][]int
	lengths []int // of the keys of buckets, sorted
}

func newCoverIndex() *coverIndex { return &coverIndex{buckets: make(map[string][]int)} }

func (x *coverIndex) add(i int, it *item) {
	if _, known := x.buckets[it.prefix]; !known {
		n := len(it.prefix)
		if at, found := slices.BinarySearch(x.lengths, n); !found {
			x.lengths = slices.Insert(x.lengths, at, n)
		}
	}
	x.buckets[it.prefix] = append(x.buckets[it.prefix], i)
}

// find returns an item that covers item i, and is not itself covered by it.
func (x *coverIndex) find(i int, items []item, by []int, w *work) int {
	it := &items[i]
	for _, n := range x.lengths {
		if n > len(it.prefix) {
			break
		}
		for _, j := range x.buckets[it.prefix[:n]] {
			other := &items[j]
			if w.left--; w.spent() {
				return -1
			}
			if j == i || by[j] == i || !mayCover(other, it) {
				continue
			}
			if w.subset(it.pattern(), other.pattern(), len(it.text)+len(other.text)) {
				return j
			}
		}
	}
	return -1
}

// looksCovering rules out that an entry covers another one, without an index.
func looksCovering(other, it *item) bool {
	if other.fixed {
		return other.text == it.text
	}
	return strings.HasPrefix(it.prefix, other.prefix) && mayCover(other, it)
}

// mayCover rules out most candidates at a glance.
func mayCover(other, it *item) bool {
	if it.fixed {
		return strings.HasSuffix(it.text, other.suffix)
	}
	return strings.HasSuffix(it.suffix, other.suffix)
}

// twinStatements reports statements that differ in their Sid alone.
func twinStatements(r *run) {
	first := make(map[int]int)
	for i := range r.statements {
		s := &r.statements[i]
		if s.Broken() || len(s.actions.entries) == 0 {
			continue
		}
		before, again := first[s.sameAs]
		if !again {
			first[s.sameAs] = i
			continue
		}
		r.report("REDUNDANT_STATEMENT", s.place(), "remove one of them", "the statement says what statement %d says", before+1)
	}
}

// outline is what is equal at least for statements that say the same.
type outline struct {
	effect           policy.Effect
	action, resource string // the least of all
}

func outlineOf(s *statement) outline {
	return outline{s.Effect, least(s.actions.items), least(s.resources.items)}
}

func least(items []item) (text string) {
	for i := range items {
		if i == 0 || items[i].text < text {
			text = items[i].text
		}
	}
	return text
}

// findTwins finds out which statements say the same. Only those with the same
// outline are compared.
func (r *run) findTwins() {
	outlines := make(map[outline]int, len(r.statements))
	meanings := make(map[string]int)
	for i := range r.statements {
		s := &r.statements[i]
		s.sameAs = i
		first, again := outlines[outlineOf(s)]
		if !again {
			outlines[outlineOf(s)] = i
			continue
		}
		for _, j := range [...]int{first, i} {
			meaning := r.statements[j].meaningOf()
			if before, known := meanings[meaning]; known {
				r.statements[j].sameAs = before
			} else {
				meanings[meaning] = j
			}
		}
	}
}

// meaningOf writes a statement without its Sid, in a form that is equal for
// statements that say the same in another order.
func (s *statement) meaningOf() string {
	if s.meaning == "" {
		bare := *s.Statement
		bare.Sid, bare.Elements = "", nil
		one := policy.Document{Version: policy.Version2012, Statements: []policy.Statement{bare}}
		s.meaning = string(policy.Print(policy.Canonical(&one), ""))
	}
	return s.meaning
}
