// Package cases reads and runs unit tests of policies: a request, the policies
// that speak when it is made, and the decision that is expected.
//
// A test file is YAML or JSON lines. Each of its documents is one case, or a
// suite: an object with "cases", whose "policies" and "request" hold for each
// of them. docs/testing.md describes the format, docs/schema/test-case.json is
// its JSON Schema.
//
// [Parse] returns cases and findings together, as every reader of Writ does. A
// case with errors is among them, so that whoever answers case by case can say
// which one has no answer; it does not run.
package cases

import (
	"fmt"
	"path"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// Case is one test: one request, or a table of actions and resources.
type Case struct {
	Name   string
	Source string // where the expectation comes from; free text
	Notes  string // free text

	File *source.File
	Span source.Span // of the case in its file

	Policies authz.Set
	// Cells are the requests: action by action, each with all resources.
	Cells []Cell
	// DecidedBy is what is expected to decide every cell; nil where that is
	// not tested.
	DecidedBy []By

	Findings source.List // about this case; with errors it cannot run
}

// Broken reports whether the case has errors.
func (c *Case) Broken() bool { return c.Findings.HasErrors() }

// Cell is one request of a case.
type Cell struct {
	Request  authz.Request
	Expected Expectation // "" where nothing is expected
}

// Open returns the text of a file. Names have slashes, and begin with the
// directory of the test file that mentions them.
type Open func(name string) (string, error)

// The codes of findings about test files. Those about the policies in them are
// the codes of package policy.
const (
	codeJSON        = "MALFORMED_JSON"
	codeYAML        = "MALFORMED_YAML"
	codeDuplicate   = "DUPLICATE_KEY"
	codeName        = "DUPLICATE_NAME"
	codeUnknown     = "UNKNOWN_FIELD"
	codeMissing     = "MISSING_FIELD"
	codeType        = "BAD_FIELD_TYPE"
	codeValue       = "BAD_FIELD_VALUE"
	codeConflict    = "CONFLICTING_FIELDS"
	codeRequest     = "BAD_REQUEST"
	codeExpectation = "MISSING_EXPECTATION"
	codeFile        = "UNREADABLE_FILE"
	codeNoCases     = "NO_CASES"
	codeTooMany     = "TOO_MANY_REQUESTS"
)

// maxCells bounds the requests of one file: a table of a few lines can ask for
// millions.
const maxCells = 1_000_000

// Parse reads a test file. Its name says which syntax it has: .yaml or .yml, or
// .jsonl for one JSON document on each line; under any other name JSON is told
// by the brace that it begins with. Findings are sorted by position.
func Parse(file *source.File, open Open) ([]Case, source.List) {
	return ParseWith(file, open, nil)
}

// RoleOf returns the identity policies of a role in a template. Names of files
// are those of [Open]; parameters may be nil. The error says why the role
// cannot be tested.
type RoleOf func(file, role string, parameters map[string]string) ([]authz.Policy, error)

// ParseWith reads test files that may name roles of templates.
func ParseWith(file *source.File, open Open, roleOf RoleOf) ([]Case, source.List) {
	r := &reader{file: file, open: open, roleOf: roleOf, parsed: map[source.Span]parsed{}, files: map[string]parsed{}}
	r.anybody, _ = authz.Compile(authz.Set{})
	documents, findings := split(file)
	for i := range documents {
		r.document(documents[i])
	}
	if len(r.cases) == 0 && !findings.HasErrors() && !r.findings.HasErrors() {
		findings = append(findings, source.Finding{Code: codeNoCases, Severity: source.Error, File: file, Message: "the file holds no test case"})
	}
	findings = append(findings, r.findings...)
	for i := range r.cases {
		findings = append(findings, r.cases[i].Findings...)
	}
	findings = append(findings, r.sameNames()...)
	return r.cases, findings.Sorted()
}

// sameNames warns of cases that cannot be told apart.
func (r *reader) sameNames() source.List {
	var out source.List
	first := map[string]*Case{}
	for i := range r.cases {
		c := &r.cases[i]
		before := first[c.Name]
		if before == nil {
			first[c.Name] = c
			continue
		}
		if c.Name != "" {
			at := r.file.Position(before.Span.Start)
			out = append(out, source.Finding{Code: codeName, Severity: source.Warning, File: r.file, Span: firstLine(r.file, c.Span),
				Message: fmt.Sprintf("two cases are named %s", near.Quote(c.Name)), Hint: fmt.Sprintf("the first one stands at line %d", at.Line)})
		}
	}
	return out
}

// firstLine cuts a span where its first line ends, so that a finding about a
// whole case shows where it begins.
func firstLine(file *source.File, s source.Span) source.Span {
	if i := strings.IndexByte(file.Slice(s), '\n'); i >= 0 {
		s.End = s.Start + int32(i)
	}
	return s
}

// reader builds cases from the documents of one file.
type reader struct {
	file     *source.File
	open     Open
	roleOf   RoleOf
	anybody  *authz.Engine          // without policies, to ask whether a request can be read
	parsed   map[source.Span]parsed // inline policies: those of a suite are read once
	files    map[string]parsed      // policies in other files
	cases    []Case
	cells    int
	near     near.Finder
	findings source.List // about the file, not about one case

	root *jsontree.Value // the document being read
	list *source.List    // where its findings go
}

func (r *reader) document(root *jsontree.Value) {
	r.root, r.list = root, &r.findings
	if root.Get("cases") != nil {
		r.suite(root)
		return
	}
	r.caseOf(root, root.Span)
}

// caseOf reads one case. Its span is given, for the members may come from
// several places.
func (r *reader) caseOf(v *jsontree.Value, span source.Span) {
	d := draft{Case: Case{File: r.file, Span: span}}
	r.list = &d.Findings
	if readObject(r, &d, v, "a case", caseFields) {
		d.finish(r, v)
	}
	r.cases = append(r.cases, d.Case)
}

func (r *reader) report(code string, span source.Span, hint, format string, args ...any) {
	*r.list = append(*r.list, source.Finding{
		Code: code, Severity: source.Error, File: r.file, Span: span,
		Path: jsontree.Pointer(r.root, span), Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

func (r *reader) wrongType(v *jsontree.Value, name, want string) {
	r.report(codeType, v.Span, "", "%s is %s; it should be %s", name, v.Kind, want)
}

// resolve returns the name of a file that the test file mentions.
func (r *reader) resolve(name string) string { return path.Join(path.Dir(r.file.Name), name) }
