package authz_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// TestDecisions runs the archives of testdata; testdata/README.md has their
// format.
func TestDecisions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{t: t, file: file, policies: map[string]string{}}
			archive := txtar.Parse(data)
			for _, f := range archive.Files {
				s.policies[strings.TrimSuffix(f.Name, ".json")] = string(f.Data)
			}
			s.state.set = map[authz.Kind][][]string{}
			for i, line := range strings.Split(string(archive.Comment), "\n") {
				s.line = i + 1
				s.run(line)
			}
			s.ask()
			if s.asked == 0 {
				t.Error("the archive asks nothing")
			}
		})
	}
}

// script runs the lines of one archive.
type script struct {
	t        *testing.T
	file     string
	line     int
	policies map[string]string // texts by name
	defaults scriptState       // at the first ==
	inCases  bool              // a == was seen
	state    scriptState
	pending  *question
	asked    int
}

type scriptState struct {
	set     map[authz.Kind][][]string // names of policies by level
	request authz.Request
}

func (s scriptState) clone() scriptState {
	set := map[authz.Kind][][]string{}
	for kind, levels := range s.set {
		set[kind] = levels
	}
	s.set = set
	s.request.Context = slices.Clone(s.request.Context)
	s.request.Unknown = slices.Clone(s.request.Unknown)
	return s
}

// question is one ask line with the lines under it.
type question struct {
	line    int
	request authz.Request
	want    []string // result and what decided, or "error" and a part of it
	reasons [][]string
}

func (s *script) errorf(line int, format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%s:%d: %s", s.file, line, fmt.Sprintf(format, args...))
}

func (s *script) fatalf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s:%d: %s", s.file, s.line, fmt.Sprintf(format, args...))
}

var scriptKinds = map[string]authz.Kind{
	"identity": authz.Identity, "group": authz.Group, "boundary": authz.Boundary, "session": authz.Session,
	"resource": authz.Resource, "scp": authz.SCP, "rcp": authz.RCP, "endpoint": authz.Endpoint,
}

func (s *script) run(line string) {
	text := strings.TrimSpace(line)
	if text == "" || strings.HasPrefix(text, "#") {
		return
	}
	if line[0] == ' ' || line[0] == '\t' {
		s.below(text)
		return
	}
	s.ask()
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	if kind, ok := scriptKinds[word]; ok {
		s.attach(kind, rest)
		return
	}
	r := &s.state.request
	switch word {
	case "==":
		if !s.inCases {
			s.inCases, s.defaults = true, s.state
		}
		s.state = s.defaults.clone()
	case "policy":
		name, text, _ := strings.Cut(rest, " ")
		s.policies[name] = text
	case "when":
		s.policies["when"] = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": ` + rest + `}}`
		s.attach(authz.Identity, "when")
	case "unreadable":
		s.unreadable(rest)
	case "principal":
		r.Principal = rest
	case "resource-account":
		r.ResourceAccount = rest
	case "time":
		at, err := time.Parse(time.RFC3339, rest)
		if err != nil {
			s.fatalf("%v", err)
		}
		r.Time = at
	case "context":
		for _, pair := range s.words(rest) {
			s.pair(r, pair)
		}
	case "service-linked-role":
		r.ServiceLinkedRole = true
	case "principal-in-management-account":
		r.PrincipalInManagementAccount = true
	case "resource-in-management-account":
		r.ResourceInManagementAccount = true
	case "ask":
		s.begin(rest)
	default:
		s.fatalf("unknown word %q", word)
	}
}

// attach sets the policies of a kind: names by level, levels separated by bars.
// Without names the kind has none.
func (s *script) attach(kind authz.Kind, names string) {
	delete(s.state.set, kind)
	if names == "none" {
		return
	}
	levels := [][]string{}
	for _, level := range strings.Split(names, "|") {
		levels = append(levels, strings.Fields(level))
		for _, name := range strings.Fields(level) {
			if _, ok := s.policies[name]; !ok {
				s.fatalf("there is no policy %q", name)
			}
		}
	}
	s.state.set[kind] = levels
}

// words splits at spaces that do not stand between quotes.
func (s *script) words(text string) []string {
	var out []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if text[0] != '"' {
			word, rest, _ := strings.Cut(text, " ")
			out, text = append(out, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			s.fatalf("%s: %v", text, err)
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			s.fatalf("%s: %v", text, err)
		}
		out, text = append(out, word), text[len(quoted):]
	}
	return out
}

// pair reads key=value, key=[a,b], or ?key for an unknown one and ?* for all.
func (s *script) pair(r *authz.Request, pair string) {
	if pair == "?*" {
		r.UnknownRest = true
		return
	}
	if key, ok := strings.CutPrefix(pair, "?"); ok {
		r.Unknown = append(r.Unknown, key)
		return
	}
	key, value, ok := strings.Cut(pair, "=")
	if !ok {
		s.fatalf("%q is not key=value", pair)
	}
	values := []string{value}
	if list, ok := strings.CutPrefix(value, "["); ok && strings.HasSuffix(list, "]") {
		values = nil
		if list = strings.TrimSuffix(list, "]"); list != "" {
			values = strings.Split(list, ",")
		}
	}
	r.Context = append(withoutKey(r.Context, key), authz.Entry{Key: key, Values: values})
}

func (s *script) begin(rest string) {
	left, right, ok := strings.Cut(rest, " -> ")
	words := s.words(left)
	if !ok || len(words) < 2 {
		s.fatalf("want: ask ACTION RESOURCE [key=value ...] -> RESULT [BY ...]")
	}
	q := &question{line: s.line, request: s.state.clone().request, want: strings.Fields(right)}
	q.request.Action, q.request.Resource = words[0], words[1]
	if pattern, ok := strings.CutPrefix(words[1], "~"); ok {
		q.request.Resource, q.request.ResourcePattern = pattern, true
	}
	for _, pair := range words[2:] {
		s.pair(&q.request, pair)
	}
	s.pending = q
}

// below reads an indented line: a reason of a question, or a row under when.
func (s *script) below(text string) {
	if s.pending != nil {
		s.pending.reasons = append(s.pending.reasons, append([]string{strconv.Itoa(s.line)}, s.words(text)...))
		return
	}
	words := s.words(text)
	last := len(words) - 1
	q := &question{line: s.line, request: s.state.clone().request, want: []string{"ImplicitlyDenied", "identity"}}
	switch words[last] {
	case "yes":
		q.want = []string{"Allowed", "identity/when#0"}
	case "undecided":
		q.want = []string{"Undecided"}
	case "no":
	default:
		s.fatalf("a row ends in yes, no or undecided")
	}
	q.request.Action, q.request.Resource = "s3:GetObject", "arn:aws:s3:::bucket/key"
	for _, pair := range words[:last] {
		s.pair(&q.request, pair)
	}
	s.pending = q
	s.ask()
}

func (s *script) ask() {
	q := s.pending
	if q == nil {
		return
	}
	s.pending = nil
	s.asked++
	engine, findings := authz.Compile(s.compile())
	if engine == nil {
		s.errorf(q.line, "%v", findings)
		return
	}
	d := ask(s.t, engine, &q.request)
	if q.want[0] == "error" {
		if text := strings.Join(q.want[1:], " "); d.Result != authz.Invalid || d.Err == nil || !strings.Contains(d.Err.Error(), text) {
			s.errorf(q.line, "got %v, error %v; want an error with %q", d.Result, d.Err, text)
		}
		return
	}
	got := append([]string{d.Result.String()}, s.references(d.By())...)
	if d.Err != nil || !slices.Equal(got, q.want) {
		s.errorf(q.line, "got %v %v, want %v", got, d.Err, q.want)
	}
	s.askReference(q)
	s.explain(engine, q)
}

// askReference puts the same question to the reference evaluator.
func (s *script) askReference(q *question) {
	if q.request.UnknownRest || len(q.request.Unknown) > 0 || q.request.ResourcePattern {
		return
	}
	set := refSet{}
	for kind, levels := range s.state.set {
		set[kind] = [][]*refPolicy{}
		for l, names := range levels {
			set[kind] = append(set[kind], nil)
			for _, name := range names {
				p := new(refPolicy)
				if err := json.Unmarshal([]byte(s.policies[name]), p); err != nil {
					s.fatalf("%s: %v", name, err)
				}
				set[kind][l] = append(set[kind][l], p)
			}
		}
	}
	result, by := refDecide(set, &q.request)
	if got := append([]string{result.String()}, s.references(by)...); !slices.Equal(got, q.want) {
		s.errorf(q.line, "the reference evaluator says %v, want %v", got, q.want)
	}
}

func (s *script) compile() authz.Set {
	levels := func(kind authz.Kind) [][]authz.Policy {
		if s.state.set[kind] == nil {
			return nil
		}
		out := [][]authz.Policy{}
		for l, names := range s.state.set[kind] {
			out = append(out, nil)
			for _, name := range names {
				doc, findings := policy.ParseString(name, s.policies[name])
				if findings.HasErrors() {
					s.fatalf("%v", findings)
				}
				out[l] = append(out[l], authz.Policy{Name: name, Document: doc})
			}
		}
		return out
	}
	list := func(kind authz.Kind) []authz.Policy { return slices.Concat(levels(kind)...) }
	one := func(kind authz.Kind) *authz.Policy {
		for _, p := range list(kind) {
			return &p
		}
		return nil
	}
	return authz.Set{
		Identity: list(authz.Identity), Groups: list(authz.Group), Session: list(authz.Session),
		Boundary: one(authz.Boundary), Resource: one(authz.Resource), Endpoint: one(authz.Endpoint),
		SCPs: levels(authz.SCP), RCPs: levels(authz.RCP),
	}
}

// references prints references as archives write them.
func (s *script) references(refs []authz.Reference) []string {
	var out []string
	for _, r := range refs {
		text, level := r.Kind.String(), 0
		if r.Level >= 0 {
			level = r.Level
			text += fmt.Sprintf("[%d]", level)
		}
		if r.Statement >= 0 {
			text += fmt.Sprintf("/%s#%d", s.state.set[r.Kind][level][r.Policy], r.Statement)
		}
		out = append(out, text)
	}
	return out
}

// explain checks the lines under a question.
func (s *script) explain(engine *authz.Engine, q *question) {
	x := engine.Explain(q.request)
	if x.Decision.Result != engine.Decide(q.request).Result {
		s.errorf(q.line, "Explain says %v", x.Decision.Result)
	}
	for _, reason := range q.reasons {
		line, _ := strconv.Atoi(reason[0])
		var got []string
		want := reason[2:]
		switch reason[1] {
		case "nearest":
			if x.Nearest >= 0 {
				got = s.references([]authz.Reference{x.Statements[x.Nearest].Reference})
			}
		case "fails":
			got = append([]string{want[0]}, s.failures(&x, want[0])...)
		case "missing":
			got = x.MissingKeys
		case "hangs-on":
			got = x.UnknownKeys
		case "change":
			got = []string{"none"}
			if x.Change.Possible {
				got = nil
				for _, k := range x.Change.Kinds {
					got = append(got, k.String())
				}
				if x.Change.NamingCaller {
					got = append(got, "naming-caller")
				}
			}
		case "derived":
			for _, e := range x.Derived {
				got = append(got, e.Key+"="+strings.Join(e.Values, ","))
			}
		case "note":
			for _, n := range x.Notes {
				if strings.Contains(n, strings.Join(want, " ")) {
					got = want
				}
			}
		default:
			s.fatalf("unknown reason %q", reason[1])
		}
		if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
			s.errorf(line, "%s (-want +got):\n%s\nnotes: %q", reason[1], diff, x.Notes)
		}
	}
}

// failures prints why a statement does not apply.
func (s *script) failures(x *authz.Explanation, statement string) []string {
	for _, report := range x.Statements {
		if s.references([]authz.Reference{report.Reference})[0] != statement {
			continue
		}
		var out []string
		for _, f := range report.Failures() {
			text := f.Element
			if f.Key != "" {
				text += ":" + f.Operator + ":" + f.Key
			}
			if f.Unknown {
				text += "?"
			}
			for _, v := range f.Variables {
				text += "[" + variableText(v) + "]"
			}
			out = append(out, text)
		}
		return out
	}
	return []string{"no such statement"}
}

func variableText(v authz.VariableValue) string {
	switch {
	case v.Unknown:
		return v.Key + "?"
	case v.Default:
		return v.Key + "=" + v.Values[0] + "!"
	case len(v.Values) == 0:
		return v.Key
	}
	return v.Key + "=" + strings.Join(v.Values, ",")
}

// unreadable reads KIND CODE POLICY: a policy that must not compile, and why.
func (s *script) unreadable(rest string) {
	kindName, rest, _ := strings.Cut(rest, " ")
	code, text, _ := strings.Cut(rest, " ")
	doc, findings := policy.Parse(source.NewFile("unreadable", text))
	if doc != nil {
		p := authz.Policy{Name: "unreadable", Document: doc}
		var set authz.Set
		switch kind := scriptKinds[kindName]; kind {
		case authz.Identity:
			set.Identity = []authz.Policy{p}
		case authz.Resource:
			set.Resource = &p
		case authz.Endpoint:
			set.Endpoint = &p
		case authz.SCP:
			set.SCPs = [][]authz.Policy{{p}}
		case authz.RCP:
			set.RCPs = [][]authz.Policy{{p}}
		default:
			s.fatalf("unreadable policies of kind %q are not provided for", kindName)
		}
		var engine *authz.Engine
		if engine, findings = authz.Compile(set); engine != nil {
			s.errorf(s.line, "the policy compiles")
		}
	}
	s.asked++
	if !slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Code == code && f.Severity == source.Error }) {
		s.errorf(s.line, "findings are %v, want %s", findings, code)
	}
}
