package check

import (
	"slices"
	"sync"

	"github.com/writ-iam/writ/source"
)

// Rule is one code and what it means.
type Rule struct {
	Code     string
	Severity source.Severity
	Kinds    kinds  // of policies that it is about
	Doc      string // what is wrong, in a sentence without a full stop

	// finder is what looks for it. Rules that are about the same part of a
	// policy share one. Nil where the reader of policies reports it, or the
	// suppressions do.
	finder *finder
}

// finder looks for what several rules are about. The engine calls its functions
// with each node of its kind; any of them may be nil.
type finder struct {
	document  func(r *run)
	statement func(r *run, s *statement)
	condition func(r *run, s *statement, c *condition)
}

// Own reports whether the code is one of Writ's, which AWS does not have.
func (r Rule) Own() bool { return len(r.Code) > len(ownPrefix) && r.Code[:len(ownPrefix)] == ownPrefix }

// KindNames returns the names of the kinds of policies that the rule is about.
func (r Rule) KindNames() []string {
	var names []string
	for k := Identity; k < kindCount; k++ {
		if r.Kinds.has(k) {
			names = append(names, k.String())
		}
	}
	return names
}

const (
	ownPrefix = "WRIT_"

	// CodeTooMany stands for findings that are not listed one by one.
	CodeTooMany = "WRIT_TOO_MANY_FINDINGS"
)

// Rules returns all rules as a new slice, Access Analyzer's before Writ's, each
// in the order of their codes.
func Rules() []Rule { return slices.Concat(analyzerRules, ownRules) }

var ruleIndex = func() map[string]*Rule {
	index := make(map[string]*Rule, len(analyzerRules)+len(ownRules))
	for _, list := range [][]Rule{analyzerRules, ownRules} {
		for i := range list {
			index[list[i].Code] = &list[i]
		}
	}
	return index
}()

// FindRule returns the rule of a code.
func FindRule(code string) (Rule, bool) {
	if r := ruleIndex[code]; r != nil {
		return *r, true
	}
	return Rule{}, false
}

// finders returns the finders of the rules for each kind of policy, each once.
var finders = sync.OnceValue(func() (all [kindCount][]*finder) {
	for k := range all {
		for _, r := range Rules() {
			if r.finder != nil && r.Kinds.has(Kind(k)) && !slices.Contains(all[k], r.finder) {
				all[k] = append(all[k], r.finder)
			}
		}
	}
	return all
})
