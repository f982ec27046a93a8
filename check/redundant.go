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
	if a := &s.actions; a.present {
		items := make([]item, len(a.entries))
		for i := range a.entries {
			items[i] = actionItem(a.entries[i].text)
		}
		r.covered(items, a.entries, "REDUNDANT_ACTION")
	}
	if e := &s.resources; e.present && r.kind != Trust {
		items := make([]item, len(e.entries))
		for i := range e.entries {
			items[i] = r.resourceItem(e.entries[i].text)
		}
		r.covered(items, e.entries, "REDUNDANT_RESOURCE")
	}
}

func (r *run) covered(items []item, entries []entry, code string) {
	for i, by := range coverage(items, &r.compared) {
		if by >= 0 && entries[i].kind == policy.Quoted {
			r.report(code, entries[i].place(), "remove it", "%s is redundant: %s covers it", quote(entries[i].text), quote(entries[by].text))
		}
	}
	if r.compared.spent() {
		r.undecided[code]++
	}
}

// item is an entry that others may cover.
type item struct {
	text    string // equal texts mean the same
	prefix  string // what all that it matches begins with
	suffix  string // and ends with
	all     bool
	fixed   bool // it matches one text
	pattern func() *pattern.Pattern
}

func actionItem(text string) item {
	it := newItem(strings.ToLower(text), starred(text))
	it.pattern = func() *pattern.Pattern { return policy.CompileAction(text).Pattern() }
	return it
}

func (r *run) resourceItem(text string) item {
	it := newItem(text, starred(text))
	it.pattern = func() *pattern.Pattern { return r.resourcePattern(text) }
	if strings.Contains(text, "${") { // what is plain in a value with variables the pattern knows
		it.fixed = false
		it.suffix = ""
		it.prefix = text[:strings.IndexAny(text, "*?$")]
	}
	return it
}

func newItem(text string, all bool) item {
	first := strings.IndexAny(text, "*?")
	it := item{text: text, all: all, fixed: first < 0, prefix: text}
	if first >= 0 {
		it.prefix = text[:first]
		it.suffix = text[strings.LastIndexAny(text, "*?")+1:]
	}
	return it
}

// coverage returns for each item the index of another one that matches all that
// it does, or -1. Of items that mean the same the first stays.
//
// Who covers an item begins with a part of its beginning: candidates are looked
// up by that, so that a list of thousands takes no thousands squared.
func coverage(items []item, w *work) []int {
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
	var own *pattern.Pattern
	for _, n := range x.lengths {
		if n > len(it.prefix) {
			break
		}
		for _, j := range x.buckets[it.prefix[:n]] {
			other := &items[j]
			w.left--
			if j == i || by[j] == i || w.spent() || !mayCover(other, it) {
				continue
			}
			if own == nil {
				own = it.pattern()
			}
			if w.subset(own, other.pattern(), len(it.text)+len(other.text)) {
				return j
			}
		}
	}
	return -1
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
	first := make(map[string]int)
	for i := range r.statements {
		s := &r.statements[i]
		if s.Broken() || len(s.actions.entries) == 0 {
			continue
		}
		text := s.meaningOf()
		before, again := first[text]
		if !again {
			first[text] = i
			continue
		}
		r.report("REDUNDANT_STATEMENT", s.place(), "remove one of them", "the statement says what statement %d says", before+1)
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
