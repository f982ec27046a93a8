package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/report"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
	"github.com/writ-iam/writ/source"
)

// proofWords are how a command tells the answers to its question.
type proofWords struct {
	verdicts [3]string // undecided, proved, refuted, as JSON has them
	texts    [3]string // for people
	code     string    // of the finding for a refutation
	summary  string
	allows   string // what the witness shows
}

var compareWords = proofWords{
	verdicts: [3]string{"undecided", "no-new-access", "new-access"},
	texts:    [3]string{"undecided", "no new access", "new access"},
	code:     "NEW_ACCESS", summary: "The new policy allows a request that the old one does not", allows: "allows %s on %s, which the old policy does not",
}

// proofAnswer is the answer about one unit or pair.
type proofAnswer struct {
	name     string
	now, old *unit
	result   prove.Result
}

type proofAnswers struct {
	command string
	words   proofWords
	list    []proofAnswer
}

// verdict is that of all answers together: one refutation refutes.
func (as *proofAnswers) verdict() prove.Verdict {
	verdict := prove.Proved
	for i := range as.list {
		switch as.list[i].result.Verdict {
		case prove.Refuted:
			return prove.Refuted
		case prove.Undecided:
			verdict = prove.Undecided
		}
	}
	return verdict
}

func (as *proofAnswers) exit() error {
	switch as.verdict() {
	case prove.Refuted:
		return exit(exitFindings)
	case prove.Undecided:
		return exit(exitUndecided)
	}
	return nil
}

// proofError tells what kept a question from being asked.
func proofError(e *env, err error) error {
	var bad *prove.UnreadableError
	if errors.As(err, &bad) {
		printList(e, bad.Findings.Sorted())
		return exit(exitUsage)
	}
	return err
}

func (as *proofAnswers) write(e *env, format string) error {
	var err error
	switch format {
	case "text":
		err = as.writeText(e)
	case "json":
		err = report.Indented(e.stdout, as.json())
	default:
		err = report.Write(e.stdout, format, &report.Report{
			Tool:     report.Tool{Name: as.command, Version: versionText(), URI: "https://github.com/writ-iam/writ"},
			Title:    strings.TrimPrefix(as.command, "writ "),
			Rules:    []report.Rule{{Code: as.words.code, Severity: source.Error, Summary: as.words.summary}, {Code: codeUndecided, Severity: source.Warning, Summary: "A question about all requests could not be decided"}},
			Findings: as.findings(), FailLevel: source.Warning,
		})
	}
	if err != nil {
		return err
	}
	return as.exit()
}

const codeUndecided = "UNDECIDED"

// findings turns answers into findings at the statements that they are about.
func (as *proofAnswers) findings() source.List {
	var out source.List
	for i := range as.list {
		a := &as.list[i]
		f := source.Finding{Code: as.words.code, Severity: source.Error}
		if a.now != nil && len(a.now.files) > 0 {
			f.File = a.now.files[0]
		}
		switch a.result.Verdict {
		case prove.Proved:
			continue
		case prove.Undecided:
			f.Code, f.Severity, f.Message = codeUndecided, source.Warning, a.label()+a.result.Reason
			out = append(out, f)
			continue
		}
		w := a.result.Witness
		f.Message = a.label() + fmt.Sprintf(as.words.allows, w.Request.Action, w.Request.Resource)
		if context := contextText(w.Request.Context); context != "" {
			f.Message += ", with " + context
		}
		if w.By != nil && w.By.Policy.Document.File != nil {
			f.File, f.Span = w.By.Policy.Document.File, w.By.Statement.Span
		}
		if w.Nearest != nil {
			f.Hint = "nearest: " + placeOf(w.Nearest)
			for _, failure := range w.Failures {
				f.Hint += "; " + failureText(failure)
			}
		}
		if w.FutureAction {
			f.Hint = strings.TrimPrefix(f.Hint+"; "+futureText(w.Request.Action), "; ")
		}
		out = append(out, f)
	}
	return out
}

func (a *proofAnswer) label() string {
	if a.name == "" {
		return ""
	}
	return a.name + ": "
}

// The shape of answers in JSON; docs/usage/prove.md describes it.
type (
	proofJSON struct {
		FormatVersion string       `json:"format_version,omitempty"`
		Name          string       `json:"name,omitempty"`
		Verdict       string       `json:"verdict"`
		Witness       *witnessJSON `json:"witness,omitempty"`
		By            *proofByJSON `json:"by,omitempty"`
		Nearest       *proofByJSON `json:"nearest,omitempty"`
		Reason        string       `json:"reason,omitempty"`
		Pairs         []proofJSON  `json:"pairs,omitempty"`
	}
	witnessJSON struct {
		Principal       string              `json:"principal"`
		Action          string              `json:"action"`
		Resource        string              `json:"resource"`
		ResourceAccount string              `json:"resourceAccount,omitempty"`
		Context         map[string][]string `json:"context"`
		FutureAction    bool                `json:"futureAction,omitempty"`
		Holes           map[string]string   `json:"holes,omitempty"`
		Assumes         string              `json:"assumes,omitempty"`
	}
	proofByJSON struct {
		referenceJSON
		Effect   string        `json:"effect"`
		Failures []failureJSON `json:"failures,omitempty"`
	}
)

func (as *proofAnswers) json() proofJSON {
	if len(as.list) == 1 {
		out := as.one(&as.list[0])
		out.FormatVersion = "1.0"
		return out
	}
	out := proofJSON{FormatVersion: "1.0", Verdict: as.words.verdicts[as.verdict()]}
	for i := range as.list {
		pair := as.one(&as.list[i])
		out.Pairs = append(out.Pairs, pair)
		if as.list[i].result.Verdict == as.verdict() && out.Witness == nil && out.Reason == "" {
			out.Witness, out.By, out.Nearest, out.Reason = pair.Witness, pair.By, pair.Nearest, pair.Reason
		}
	}
	return out
}

func (as *proofAnswers) one(a *proofAnswer) proofJSON {
	out := proofJSON{Name: a.name, Verdict: as.words.verdicts[a.result.Verdict], Reason: a.result.Reason}
	w := a.result.Witness
	if w == nil {
		return out
	}
	r := &w.Request
	out.Witness = &witnessJSON{
		Principal: r.Principal, Action: r.Action, Resource: r.Resource, ResourceAccount: r.ResourceAccount,
		Context: map[string][]string{}, FutureAction: w.FutureAction, Holes: w.Holes, Assumes: w.Assumes,
	}
	for _, entry := range r.Context {
		out.Witness.Context[entry.Key] = nonNil(entry.Values)
	}
	out.By, out.Nearest = proofBy(w.By, nil), proofBy(w.Nearest, w.Failures)
	return out
}

func proofBy(s *prove.Statement, failures []authz.Failure) *proofByJSON {
	if s == nil {
		return nil
	}
	out := &proofByJSON{Effect: string(s.Statement.Effect), referenceJSON: referenceJSON{
		Kind: s.Kind, Level: index(s.Level), Policy: index(s.Reference.Policy), Statement: index(s.Reference.Statement), Name: s.Policy.Name, Sid: s.Statement.Sid,
	}}
	if file := s.Policy.Document.File; file != nil {
		out.File = file.Name
		out.Span = &spanJSON{file.Position(s.Statement.Span.Start), file.Position(s.Statement.Span.End)}
	}
	for _, f := range failures {
		out.Failures = append(out.Failures, failureOf(&f))
	}
	return out
}

func (as *proofAnswers) writeText(e *env) error {
	p := answerPrinter{w: e.stdout, color: e.terminal && e.getenv("NO_COLOR") == ""}
	for i := range as.list {
		a := &as.list[i]
		p.printf("%s%s\n", plain(a.label()), p.verdict(as.words.texts[a.result.Verdict], a.result.Verdict))
		if a.result.Reason != "" {
			p.line("because", "%s", plain(a.result.Reason))
		}
		if a.result.Witness != nil {
			p.witness(a.result.Witness)
		}
	}
	if len(as.list) == 0 {
		p.printf("%s\n", as.words.texts[prove.Proved])
	}
	return p.err
}

func (p *answerPrinter) verdict(text string, v prove.Verdict) string {
	if !p.color {
		return text
	}
	color := [...]string{prove.Undecided: "33", prove.Proved: "32", prove.Refuted: "31"}[v]
	return "\x1b[1;" + color + "m" + text + "\x1b[0m"
}

// witness prints a request that shows the access, and who is to blame.
func (p *answerPrinter) witness(w *prove.Witness) {
	r := &w.Request
	p.line("request", "%s on %s", plain(r.Action), plain(clip(r.Resource)))
	p.line("principal", "%s", plain(r.Principal))
	if r.ResourceAccount != "" {
		p.line("owner", "%s", plain(r.ResourceAccount))
	}
	for i, entry := range r.Context {
		word := ""
		if i == 0 {
			word = "context"
		}
		p.line(word, "%s", plain(entryText(entry)))
	}
	for _, name := range slices.Sorted(maps.Keys(w.Holes)) {
		p.line("where", "${%s} is %q", plain(name), w.Holes[name])
	}
	if w.By != nil {
		p.line("allowed by", "%s", placeOf(w.By))
	}
	if w.Nearest != nil {
		word := "nearest"
		if w.Nearest.Statement.Effect == policy.Deny {
			word = "denied by"
		}
		p.line(word, "%s", placeOf(w.Nearest))
		for _, f := range w.Failures {
			p.more("%s", failureText(f))
		}
	}
	if w.FutureAction {
		p.line("note", "%s", futureText(r.Action))
	}
	if w.Assumes != "" {
		p.line("note", "if %s", w.Assumes)
	}
}

// futureText says what a witness is whose action the catalogue does not have.
func futureText(action string) string {
	return fmt.Sprintf("%s is no action of today: one of that name may come, and a wildcard takes it in; --actions known asks about the actions of today only", plain(action))
}

func contextText(c authz.Context) string {
	var parts []string
	for _, entry := range c {
		parts = append(parts, entryText(entry))
	}
	return strings.Join(parts, ", ")
}

func entryText(e authz.Entry) string {
	if len(e.Values) == 0 {
		return e.Key + " absent"
	}
	return e.Key + " = " + someOf(e.Values)
}

// placeOf says where a statement stands: its file and Sid.
func placeOf(s *prove.Statement) string {
	out := fmt.Sprintf("statement %d", s.Reference.Statement+1)
	if s.Statement.Sid != "" {
		out = fmt.Sprintf("%q", s.Statement.Sid)
	}
	if file := s.Policy.Document.File; file != nil {
		at := file.Position(s.Statement.Span.Start)
		return fmt.Sprintf("%s at %s:%d:%d", out, plain(file.Name), at.Line, at.Column)
	}
	return out
}
