// Package check finds what is wrong with a policy before AWS does: the findings
// of IAM Access Analyzer's policy validation under the same codes, and some of
// its own, whose codes begin with WRIT_.
//
// [Rules] lists every code with its severity, the kinds of policy that it is
// about and its meaning. One walk over a document drives all rules; what a rule
// needs to know about AWS comes from package catalog and from the fact tables
// here. A finding about access is decided, not read off the spelling: patterns
// are compared as patterns, conditions and Deny statements count.
package check

import (
	"errors"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Options say what a policy is for.
type Options struct {
	Kind         Kind   // Guess to read it off the document
	ResourceType string // what a resource policy is attached to, as in "AWS::S3::Bucket"; may be empty

	// Enable has the codes of findings that are only made on request.
	Enable []string

	// Hole returns a pattern of what a hole in a text may become (see package
	// template), and "" for one that is a name without the characters that delimit
	// the parts of ARNs. Nil stands for "*" for each.
	Hole func(name string) string

	// Catalog is where facts about services come from; nil is the one that is
	// part of the program.
	Catalog *catalog.Catalog

	// Memory keeps what was asked of the catalogue for the next policy, which is
	// checked much faster then. Nil for a single policy.
	Memory *Memory
}

// Memory keeps what rules have asked of a catalogue. It grows with the different
// names that policies have, and must not be used by several goroutines at once.
type Memory struct {
	catalog *catalog.Catalog
	facts   facts
}

// facts returns the memory's, unless they are of another catalogue.
func (o *Options) facts() *facts {
	c := o.Catalog
	if c == nil {
		c = catalog.Default()
	}
	if o.Memory == nil {
		fresh := newFacts(c)
		return &fresh
	}
	if o.Memory.catalog != c {
		o.Memory.catalog, o.Memory.facts = c, newFacts(c)
	}
	return &o.Memory.facts
}

// Result is what is to be said about one policy.
type Result struct {
	Kind     Kind        // what the policy was checked as
	Guessed  bool        // the kind was read off the document
	Findings source.List // in the order of the text

	// Undecided counts, by code, the questions that a rule could not answer: its
	// bounded work ran out, or the answer hangs on values that are holes. Nothing is
	// said about them. Under "" stands what could not be read.
	Undecided map[string]int

	doc *policy.Document // nil when it could not be read
}

// UndecidedAt counts the undecided questions whose answer would be a finding of
// that severity, or a worse one.
func (r *Result) UndecidedAt(level source.Severity) int {
	n := 0
	for code, count := range r.Undecided {
		if rule, ok := FindRule(code); code == "" || ok && rule.Severity >= level {
			n += count
		}
	}
	return n
}

// File reads a policy from a file and checks it.
func File(file *source.File, o Options) (Result, error) {
	doc, findings := policy.Parse(file)
	return Run(doc, findings, o)
}

// Run checks a policy that was read from any file. The findings are those with
// which the reader came back; they become part of the result, under the codes of
// Access Analyzer. A nil document, which could not be read, has no others. The
// error is about the catalogue's data or the resource type, never about the
// policy.
func Run(doc *policy.Document, parsed source.List, o Options) (Result, error) {
	attached, err := findAttachment(o.ResourceType)
	if err != nil {
		return Result{}, err
	}
	result := Result{Kind: o.Kind, doc: doc}
	if attached != nil && attached.trust {
		result.Kind = Trust
	}
	if result.Kind == Guess {
		result.Kind, result.Guessed = guess(doc, attached), true
	}
	r := newRun(doc, result.Kind, o.facts())
	r.attached, r.enabled = attached, set(o.Enable...)
	if r.kind == Trust {
		r.attached = trustAttachment
	}
	r.adopt(parsed)
	if doc != nil {
		r.look()
	}
	result.Findings, result.Undecided = r.list(), r.undecided
	if r.open.values != nil && r.facts.err == nil {
		err = r.weigh(&result, o)
	}
	r.room.reset()
	r.facts.room = r.room
	return result, errors.Join(r.facts.err, err)
}

// look applies all rules.
func (r *run) look() {
	r.view()
	for _, f := range finders()[r.kind] {
		r.apply(f)
	}
}

// apply calls the functions of a finder with the nodes that they look at.
func (r *run) apply(f *finder) {
	if f.document != nil {
		f.document(r)
	}
	for i := range r.statements {
		s := &r.statements[i]
		if f.statement != nil {
			f.statement(r, s)
		}
		if f.condition != nil {
			for j := range s.conditions {
				f.condition(r, s, &s.conditions[j])
			}
		}
	}
}
