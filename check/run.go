package check

import (
	"fmt"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// run is one check of one document.
type run struct {
	doc        *policy.Document
	kind       Kind
	enabled    map[string]bool // codes that were asked for
	attached   *attachment     // nil when it is not known
	root       policy.Place
	statements []statement
	rules      map[string]*Rule
	facts      *facts
	near       near.Finder // hints, bounded for the whole document
	variables  policy.VariableTable
	room       *scratch
	formats    []*format // room for the lists that fitting returns
	compile    func(resource string) *pattern.Pattern
	compared   work           // comparisons of patterns, bounded for the whole document
	undecided  map[string]int // by code

	open    openParts           // where the holes are
	adopted map[findingKey]bool // findings of the reader
	filled  bool                // holes of the document are filled, see weigh

	authz    *authz.Engine // see engine
	compiled bool

	denyUnknown bool // errors leave open what the document denies

	found map[string]*source.Collector // by code, so that a thousand of one do not hide another
	codes []string                     // the keys of found, in the order of their first finding
}

func newRun(doc *policy.Document, kind Kind, known *facts) *run {
	r := &run{doc: doc, kind: kind, rules: ruleIndex, found: make(map[string]*source.Collector), facts: known, undecided: make(map[string]int)}
	r.compile = r.resourcePattern
	if r.room, known.room = known.room, nil; r.room == nil {
		r.room = new(scratch)
	}
	if doc != nil {
		r.compared = newWork(int(doc.Span.End - doc.Span.Start))
	}
	return r
}

// place is where a finding stands: a pointer, made only when it is needed, and
// a span.
type place struct {
	at      policy.Place
	element string // name of an element of a statement or document, appended to at
	span    source.Span
}

func (p place) pointer() string {
	pointer := p.at.Pointer()
	if p.element != "" {
		pointer = jsontree.AppendToken(pointer, p.element)
	}
	return pointer
}

// report adds a finding, if its rule is about this kind of policy.
func (r *run) report(code string, p place, hint, format string, args ...any) {
	rule, ok := r.rules[code]
	if !ok {
		panic("check: no rule " + code)
	}
	if !rule.Kinds.has(r.kind) || onRequest[code] && !r.enabled[code] {
		return
	}
	if hidden, question := r.open.hides(code, p); hidden {
		if question {
			r.undecided[code]++
		}
		return
	}
	r.add(source.Finding{
		Code: code, Severity: rule.Severity, File: r.doc.File, Span: p.span, Path: p.pointer(),
		Message: hole.Print(fmt.Sprintf(format, clipped(args)...)), Hint: hole.Print(hint),
	})
}

// clipped shortens texts before they are put into a message: a value of a
// megabyte is not copied for each finding about it.
func clipped(args []any) []any {
	const longest = 300
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = source.Clip(s, longest)
		}
	}
	return args
}

func (r *run) add(f source.Finding) {
	c := r.found[f.Code]
	if c == nil {
		c = new(source.Collector)
		r.found[f.Code] = c
		r.codes = append(r.codes, f.Code)
	}
	c.Add(f)
}

// renamed are codes of package policy for which Access Analyzer has another.
var renamed = map[string]string{
	policy.CodeDuplicateKey: policy.CodeSyntax,
	source.CodeTooMany:      CodeTooMany,
}

// adopt takes over what the reader of the policy has found.
func (r *run) adopt(parsed source.List) {
	for _, f := range parsed {
		if code, ok := renamed[f.Code]; ok {
			f.Code = code
		}
		rule, ok := r.rules[f.Code]
		if !ok {
			r.add(f) // of a template or another language around the policy
			continue
		}
		if f.Code != CodeTooMany {
			f.Severity = rule.Severity
		}
		if rule.Kinds.has(r.kind) {
			if r.adopted == nil {
				r.adopted = make(map[findingKey]bool)
			}
			r.adopted[findingKey{f.Code, f.Span}] = true
			r.add(f)
		}
	}
}

// list returns all findings in the order of the text.
func (r *run) list() source.List {
	var all source.List
	for _, code := range r.codes {
		for _, f := range r.found[code].List() {
			if f.Code == source.CodeTooMany {
				f.Code = CodeTooMany
				f.Message = code + ": " + f.Message
			}
			all = append(all, f)
		}
	}
	return all.Sorted()
}
