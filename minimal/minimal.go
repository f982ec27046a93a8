// Package minimal makes a policy smaller that means the same.
//
// It drops what is redundant (entries of lists, conditions that always hold,
// statements that others cover, that match no request, or of which Deny statements
// leave nothing), merges statements, and puts wildcards in the place of actions
// where the catalogue shows that they take in no other one.
//
// What a policy means is two things: which requests its Deny statements match, and
// which its Allow statements match besides. Both stay, so the policy keeps its
// meaning beside others and as a policy of any kind. Package prove proves every
// step before it is taken, for all requests that it speaks of; a step about which
// it cannot decide is not taken, and is said.
//
// Who is named by a policy of a resource, and how (by name, by account, by *), counts
// in decisions across policies. So statements are compared only with those whose
// principals hold all of their own, as they are written, or with Deny statements for
// everyone.
package minimal

import (
	"context"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
	"github.com/writ-iam/writ/source"
)

// DefaultWork is the work that Minimize may do, in values of statements that proofs
// look at: some seconds.
const DefaultWork = 500_000

// Options bound and direct the work. The zero value is good for most ends.
type Options struct {
	// Catalog tells which actions there are. Nil is the one that is part of the
	// program.
	Catalog *catalog.Catalog
	// NoWildcards keeps actions as they are named. A wildcard takes in nothing that
	// AWS has today, but will match what AWS adds under such a name.
	NoWildcards bool
	// Work bounds the work; 0 is DefaultWork.
	Work int
}

// Result is the smaller policy.
type Result struct {
	Document *policy.Document
	Changes  []Change   // in the order in which they were made
	NotTaken []NotTaken // steps that could not be decided
}

// NotTaken is a step that was not taken, though it might have been right.
type NotTaken struct {
	Statement int // index in the document that was given; -1 for the document
	Reason    string
}

// Minimize returns a document that means the same and is never larger, see
// [policy.Size]. The one that was given is not changed. It has the same statements in
// the same order, where they have not changed; of merged ones the first stays, with
// its Sid. The error is a [prove.UnreadableError] when the document has errors.
//
// The result does not depend on time, unless the context ends: then what is proved
// by then is returned.
func Minimize(ctx context.Context, doc *policy.Document, options Options) (*Result, error) {
	if findings := policy.Validate(doc); findings.HasErrors() {
		return nil, &prove.UnreadableError{Findings: findings}
	}
	m := newMinimizer(ctx, doc, options)
	if m.mixed() {
		m.notTaken(-1, "some statements name principals and others do not: it cannot be told what kind of policy this is")
		return m.result(), nil
	}
	// Every change makes the document smaller, so this ends.
	for changed := true; changed; {
		before := len(m.changes)
		for _, rule := range rules {
			if err := rule(m); err != nil {
				return nil, err
			}
		}
		changed = len(m.changes) > before
	}
	m.sayUntried()
	return m.result(), nil
}

// rules are the kinds of steps, in their order: what is cheap and makes the rest
// cheaper comes first.
var rules = []func(m *minimizer) error{
	(*minimizer).tidyLists,
	(*minimizer).dropTwins,
	(*minimizer).mergeStatements,
	(*minimizer).dropStatements,
	(*minimizer).dropEntries,
	(*minimizer).dropConditions,
	(*minimizer).factorActions,
}

// statement is one on which Minimize works. What its fields point to is replaced
// and never changed.
type statement struct {
	policy.Statement
	at    int  // index in the document that was given
	fixed bool // it has NotPrincipal, whose meaning depends on the effect, or resources that are no ARNs
	gone  bool // it is merged into another one
}

type minimizer struct {
	proofs
	doc        *policy.Document
	options    Options
	statements []*statement
	changes    []Change
	left       []NotTaken
}

func newMinimizer(ctx context.Context, doc *policy.Document, options Options) *minimizer {
	if options.Catalog == nil {
		options.Catalog = catalog.Default()
	}
	if options.Work == 0 {
		options.Work = DefaultWork
	}
	m := &minimizer{doc: doc, options: options}
	for i := range doc.Statements {
		s := doc.Statements[i]
		short := shortResource(&s)
		m.statements = append(m.statements, &statement{Statement: s, at: i, fixed: s.NotPrincipal != nil || short})
		if short {
			m.notTaken(i, "it has resources that are no ARNs: a service may know what they are")
		}
	}
	m.proofs = proofs{
		ctx: ctx, version: doc.Version, work: options.Work,
		options: prove.Options{Catalog: options.Catalog, MaxStates: 1 << 14, MaxRounds: 500}, known: map[question]prove.Verdict{},
	}
	return m
}

// shortResource reports whether a statement has resources that are no ARNs, such as
// execute-api:/* in the policy of an API, for which the service puts ARNs.
func shortResource(s *policy.Statement) bool {
	for _, l := range []*policy.List{s.Resource, s.NotResource} {
		for i := range l.Len() {
			if !policy.MayBeARN(l.Values[i].Text) {
				return true
			}
		}
	}
	return false
}

// mixed reports whether some statements name principals and others do not.
func (m *minimizer) mixed() bool {
	named := prove.NamesPrincipals(m.doc)
	for _, s := range m.statements {
		if (s.Principal != nil || s.NotPrincipal != nil) != named {
			return true
		}
	}
	return false
}

func (m *minimizer) result() *Result {
	out := *m.doc
	out.Statements = make([]policy.Statement, len(m.statements))
	for i, s := range m.statements {
		out.Statements[i] = s.Statement
	}
	return &Result{Document: &out, Changes: m.changes, NotTaken: m.left}
}

func (m *minimizer) notTaken(statement int, reason string) {
	n := NotTaken{statement, reason}
	for _, old := range m.left {
		if old == n {
			return
		}
	}
	if len(m.left) < source.MaxFindings {
		m.left = append(m.left, n)
	}
}

// sayUntried notes what the bounds of the work left out.
func (m *minimizer) sayUntried() {
	switch {
	case m.ctx.Err() != nil:
		m.notTaken(-1, "the time limit was reached: not every step was tried")
	case m.short || m.work <= 0:
		m.notTaken(-1, "the work limit was reached: not every step was tried")
	}
}

// replace puts another statement in the place of one, if it is smaller and proved to
// mean the same.
func (m *minimizer) replace(s *statement, other policy.Statement, c Change) bool {
	now := &statement{Statement: other, at: s.at}
	if size(now) >= size(s) || !m.taken(s.at, m.equal([]*statement{s}, []*statement{now}, c.Kind == Wildcard)) {
		return false
	}
	c.Statement = s.at
	s.Statement = other
	m.changes = append(m.changes, c)
	return true
}

// taken reports whether a step is proved, and notes one that is undecided.
func (m *minimizer) taken(at int, v prove.Verdict) bool {
	if v == prove.Undecided && m.reason != "" {
		m.notTaken(at, m.reason)
	}
	return v == prove.Proved
}

// drop removes a statement, unless it is the last one: a policy needs one.
func (m *minimizer) drop(i int, c Change) bool {
	if len(m.statements) == 1 {
		m.notTaken(m.statements[i].at, "the statement has no effect, but a policy needs one")
		return false
	}
	c.Kind, c.Statement = DropStatement, m.statements[i].at
	m.statements = append(m.statements[:i:i], m.statements[i+1:]...)
	m.changes = append(m.changes, c)
	return true
}

// size is the number of characters of a statement in a policy.
func size(s *statement) int {
	doc := policy.Document{Statements: []policy.Statement{s.Statement}}
	return policy.Size(&doc)
}
