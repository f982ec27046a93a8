package main

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/writ-iam/writ/account"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/source"
)

// answer is the decision about one request, with what is needed to show it.
type answer struct {
	name    string // of the test case, if it is one
	request authz.Request
	set     authz.Set
	x       authz.Explanation
	// missing are attached policies without text: where there are some, the
	// decision takes them to allow everything, and Allowed becomes Undecided.
	missing  []account.Missing
	findings source.List // why there is no decision
}

// result is the decision in the end.
func (a *answer) result() authz.Result {
	r := a.x.Decision.Result
	if r == authz.Allowed && len(a.missing) > 0 && a.x.Decision.By()[0].Kind != authz.Service {
		return authz.Undecided
	}
	return r
}

// answersExit is the exit code for several answers: what cannot be read comes
// before denied, and denied before undecided.
func answersExit(answers []answer) error {
	code := exitOK
	for i := range answers {
		switch answers[i].result() {
		case authz.Invalid:
			return exit(exitUsage)
		case authz.Undecided:
			if code == exitOK {
				code = exitUndecided
			}
		case authz.ImplicitlyDenied, authz.ExplicitlyDenied:
			code = exitFindings
		}
	}
	if code == exitOK {
		return nil
	}
	return exit(code)
}

// The shape of an answer in JSON; docs/usage/simulate.md describes it.
type (
	answerJSON struct {
		FormatVersion string              `json:"format_version,omitempty"`
		Name          string              `json:"name,omitempty"`
		Request       requestJSON         `json:"request"`
		Decision      authz.Result        `json:"decision"`
		Error         string              `json:"error,omitempty"`
		DecidedBy     []referenceJSON     `json:"decidedBy"`
		Statements    []statementJSON     `json:"statements"`
		Nearest       *referenceJSON      `json:"nearest,omitempty"`
		Change        *changeJSON         `json:"change,omitempty"`
		MissingKeys   []string            `json:"missingContextKeys"`
		UnknownKeys   []string            `json:"unknownContextKeys,omitempty"`
		Holes         []string            `json:"holes,omitempty"` // of a template
		Derived       map[string][]string `json:"derivedContext,omitempty"`
		Missing       []missingJSON       `json:"missingPolicies,omitempty"`
		Notes         []string            `json:"notes,omitempty"`
		Findings      source.List         `json:"findings,omitempty"`
	}
	requestJSON struct {
		Principal string `json:"principal"`
		Action    string `json:"action"`
		Resource  string `json:"resource"`
	}
	referenceJSON struct {
		Kind      authz.Kind `json:"kind"`
		Level     *int       `json:"level,omitempty"`
		Policy    *int       `json:"policy,omitempty"`
		Statement *int       `json:"statement,omitempty"`
		Name      string     `json:"name,omitempty"`
		Sid       string     `json:"sid,omitempty"`
		File      string     `json:"file,omitempty"`
		Span      *spanJSON  `json:"span,omitempty"`
	}
	spanJSON struct {
		Start source.Position `json:"start"`
		End   source.Position `json:"end"`
	}
	statementJSON struct {
		referenceJSON
		Effect   string        `json:"effect"`
		Outcome  string        `json:"outcome"`
		Strength string        `json:"namesCaller,omitempty"`
		Lacks    []string      `json:"holdsWithout,omitempty"`
		Failures []failureJSON `json:"failures,omitempty"`
	}
	failureJSON struct {
		Element  string   `json:"element"`
		Operator string   `json:"operator,omitempty"`
		Key      string   `json:"key,omitempty"`
		Unknown  bool     `json:"unknown,omitempty"`
		Wanted   []string `json:"wanted"`
		Got      []string `json:"got"`

		Variables []variableJSON `json:"variables,omitempty"`
	}
	variableJSON struct {
		Key     string   `json:"key"`
		Values  []string `json:"values"`
		Default bool     `json:"default,omitempty"`
		Unknown bool     `json:"unknown,omitempty"`
	}
	changeJSON struct {
		Possible     bool         `json:"possible"`
		Kinds        []authz.Kind `json:"kinds"`
		NamingCaller bool         `json:"namingCaller,omitempty"`
		Action       string       `json:"action"`
		Resource     string       `json:"resource"`
	}
	missingJSON struct {
		Kind authz.Kind `json:"kind"`
		ARN  string     `json:"arn"`
	}
)

// json returns the answer as it is printed; all says to list every statement,
// and not only those that spoke.
func (a *answer) json(all bool) answerJSON {
	out := answerJSON{
		FormatVersion: "1.0", Name: a.name,
		Request:  requestJSON{a.request.Principal, a.request.Action, a.request.Resource},
		Decision: a.result(), DecidedBy: []referenceJSON{}, Statements: []statementJSON{},
		MissingKeys: nonNil(a.x.MissingKeys), UnknownKeys: a.x.UnknownKeys, Holes: a.x.Holes, Notes: a.x.Notes, Findings: a.findings,
	}
	if out.Decision == authz.Invalid {
		if a.x.Decision.Err != nil {
			out.Error = a.x.Decision.Err.Error()
		}
		return out
	}
	for _, ref := range a.x.Decision.By() {
		if out.Decision == a.x.Decision.Result {
			out.DecidedBy = append(out.DecidedBy, a.reference(ref))
		}
	}
	for i := range a.x.Statements {
		if s := &a.x.Statements[i]; all || spoke(s) || i == a.x.Nearest {
			out.Statements = append(out.Statements, a.statement(s))
		}
	}
	if a.x.Nearest >= 0 {
		ref := a.reference(a.x.Statements[a.x.Nearest].Reference)
		out.Nearest = &ref
	}
	if c := a.x.Change; denied(out.Decision) && c.Action != "" { // else it was not asked for
		out.Change = &changeJSON{c.Possible, c.Kinds, c.NamingCaller, c.Action, c.Resource}
		if c.Kinds == nil {
			out.Change.Kinds = []authz.Kind{}
		}
	}
	for _, e := range a.x.Derived {
		if out.Derived == nil {
			out.Derived = map[string][]string{}
		}
		out.Derived[e.Key] = e.Values
	}
	for _, m := range a.missing {
		out.Missing = append(out.Missing, missingJSON{m.Kind, m.ARN})
	}
	return out
}

func denied(r authz.Result) bool { return r == authz.ExplicitlyDenied || r == authz.ImplicitlyDenied }

// spoke reports whether a statement applies, or may.
func spoke(s *authz.StatementReport) bool {
	return s.Speaks && s.Outcome != authz.ImplicitlyDenied
}

func nonNil[S ~[]T, T any](list S) S {
	if list == nil {
		return S{}
	}
	return list
}

func (a *answer) reference(ref authz.Reference) referenceJSON {
	out := referenceJSON{Kind: ref.Kind, Level: index(ref.Level), Policy: index(ref.Policy), Statement: index(ref.Statement)}
	p, s := a.set.Statement(ref)
	if p != nil {
		out.Name = p.Name
	}
	if s == nil {
		return out
	}
	out.Sid = s.Sid
	if file := p.Document.File; file != nil {
		out.File = file.Name
		out.Span = &spanJSON{file.Position(s.Span.Start), file.Position(s.Span.End)}
	}
	return out
}

// index is nil for the -1 that stands for none.
func index(i int) *int {
	if i < 0 {
		return nil
	}
	return &i
}

func (a *answer) statement(s *authz.StatementReport) statementJSON {
	out := statementJSON{referenceJSON: a.reference(s.Reference), Effect: string(s.Effect), Outcome: outcome(s)}
	if s.Kind == authz.Resource || s.Kind == authz.Endpoint || s.Kind == authz.RCP {
		out.Strength = s.Strength.String()
	}
	if s.Outcome == authz.ExplicitlyDenied {
		out.Lacks = s.Lacks()
	}
	for _, f := range s.Failures() {
		out.Failures = append(out.Failures, failureOf(&f))
	}
	return out
}

func failureOf(f *authz.Failure) failureJSON {
	out := failureJSON{Element: f.Element, Operator: f.Operator, Key: f.Key, Unknown: f.Unknown, Wanted: nonNil(f.Wanted), Got: nonNil(f.Got)}
	for _, v := range f.Variables {
		out.Variables = append(out.Variables, variableJSON{v.Key, nonNil(v.Values), v.Default, v.Unknown})
	}
	return out
}

// outcome says what came of a statement: whether it applies.
func outcome(s *authz.StatementReport) string {
	switch {
	case !s.Speaks:
		return "does not concern the caller"
	case s.Outcome == authz.Undecided:
		return "may apply"
	case s.Outcome == authz.ImplicitlyDenied:
		return "does not apply"
	}
	return "applies"
}

// writeAnswersJSON prints one document per answer, on a line each or indented.
func writeAnswersJSON(w io.Writer, answers []answer, all, onLines bool) error {
	for i := range answers {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if !onLines {
			encoder.SetIndent("", "  ")
		}
		if err := encoder.Encode(answers[i].json(all)); err != nil {
			return err
		}
		if _, err := io.WriteString(w, printHolesJSON(out.String())); err != nil {
			return err
		}
	}
	return nil
}

// printList prints findings for people to standard error.
func printList(e *env, findings source.List) {
	var out bytes.Buffer
	for _, f := range findings {
		_ = f.WriteText(&out) // a buffer takes everything
	}
	_, _ = e.stderr.Write(out.Bytes()) // nothing is left to tell a failure to
}
