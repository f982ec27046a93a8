package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// answerPrinter prints answers for people: the decision, who decided, and what
// would change it.
type answerPrinter struct {
	w     io.Writer
	color bool
	all   bool // every statement
	err   error
}

func (p *answerPrinter) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// line prints one branch: a word, and what it says.
func (p *answerPrinter) line(word, format string, args ...any) {
	p.printf("  %-10s  %s\n", word, fmt.Sprintf(format, args...))
}

// more prints what belongs to the branch above.
func (p *answerPrinter) more(format string, args ...any) {
	p.printf("              %s\n", fmt.Sprintf(format, args...))
}

func (p *answerPrinter) answer(a *answer) {
	if a.name != "" {
		p.printf("%s\n", plain(a.name))
	}
	r := a.result()
	p.printf("%s  %s on %s\n", p.paint(r), plain(a.request.Action), plain(a.request.Resource))
	p.line("principal", "%s", plain(a.request.Principal))
	if r == authz.Invalid {
		if err := a.x.Decision.Err; err != nil {
			p.line("error", "%v", err)
		} else {
			p.line("error", "the case cannot be read")
		}
		return
	}
	p.deciders(a, r)
	p.nearest(a)
	p.keys(a)
	p.change(a, r)
	for _, note := range a.x.Notes {
		p.line("note", "%s", note)
	}
	if p.all {
		p.statements(a)
	}
}

func (p *answerPrinter) paint(r authz.Result) string {
	color := map[authz.Result]string{authz.Allowed: "32"}[r]
	switch {
	case !p.color:
		return r.String()
	case denied(r):
		color = "31"
	case color == "":
		color = "33"
	}
	return "\x1b[1;" + color + "m" + r.String() + "\x1b[0m"
}

func (p *answerPrinter) deciders(a *answer, r authz.Result) {
	word := "decided by"
	if r != a.x.Decision.Result {
		for _, m := range a.missing {
			p.line("hangs on", "the text of %s policy %s", m.Kind, plain(m.ARN))
		}
		return
	}
	for _, ref := range a.x.Decision.By() {
		p.line(word, "%s", a.decider(ref, r))
		if keys := a.lacks(ref); r == authz.ExplicitlyDenied && len(keys) > 0 {
			p.more("which holds for a request without %s", plain(strings.Join(keys, ", ")))
		}
		word = "and by"
	}
	if r == authz.ExplicitlyDenied {
		p.otherDenies(a)
	}
	if r == authz.Undecided {
		for i := range a.x.Statements {
			if s := &a.x.Statements[i]; s.Speaks && s.Outcome == authz.Undecided {
				p.line("hangs on", "%s", a.place(s.Reference))
				p.failures(a, s)
			}
		}
	}
}

// mostDenies bounds the other statements shown that deny; --why shows them all.
const mostDenies = 3

// otherDenies names the statements that deny besides the one that decided: they
// must go, too.
func (p *answerPrinter) otherDenies(a *answer) {
	others := a.denies()
	others = others[min(len(others), 1):]
	for _, ref := range others[:min(len(others), mostDenies)] {
		p.line("also by", "%s", a.place(ref))
		if keys := a.lacks(ref); len(keys) > 0 {
			p.more("which holds for a request without %s", plain(strings.Join(keys, ", ")))
		}
	}
	if more := len(others) - mostDenies; more > 0 {
		p.more("and %d more, see --why", more)
	}
}

// denies are the statements that deny, the one that decided first.
func (a *answer) denies() []authz.Reference {
	out := a.x.Decision.By()
	for i := range a.x.Statements {
		if s := &a.x.Statements[i]; s.Speaks && s.Outcome == authz.ExplicitlyDenied && !slices.Contains(out, s.Reference) {
			out = append(out, s.Reference)
		}
	}
	return out
}

// lacks are the keys for whose absence from the request a statement denies.
func (a *answer) lacks(ref authz.Reference) []string {
	i := slices.IndexFunc(a.x.Statements, func(s authz.StatementReport) bool { return s.Reference == ref })
	if i < 0 {
		return nil
	}
	return a.x.Statements[i].Lacks()
}

// denyLacks are the keys that would, each with a fitting value, keep all
// statements that deny from it; none where one denies whatever keys there are.
func (a *answer) denyLacks() []string {
	var out []string
	for _, ref := range a.denies() {
		keys := a.lacks(ref)
		if len(keys) == 0 {
			return nil
		}
		for _, key := range keys {
			if !slices.ContainsFunc(out, func(k string) bool { return strings.EqualFold(k, key) }) {
				out = append(out, key)
			}
		}
	}
	return out
}

// contextFlags are the flags that would give keys.
func contextFlags(keys []string) string {
	return "--context " + strings.Join(keys, "=VALUE --context ") + "=VALUE"
}

// decider describes what decided.
func (a *answer) decider(ref authz.Reference, r authz.Result) string {
	if ref.Statement >= 0 {
		return a.place(ref)
	}
	switch ref.Kind {
	case authz.Root:
		return "the right of the account's root user"
	case authz.Service:
		return "a rule of the service"
	case authz.SCP, authz.RCP:
		return fmt.Sprintf("%s of level %d: no statement allows it", kindWords[ref.Kind], ref.Level+1)
	}
	words := kindWords[ref.Kind]
	if ref.Kind == authz.Resource {
		words = a.resourcePolicy()
	}
	if r == authz.Allowed {
		return words
	}
	return words + ": no statement allows it"
}

// resourcePolicy is what people call the policy of the resource.
func (a *answer) resourcePolicy() string {
	switch action, resource := a.request.Action, a.request.Resource; {
	case authz.TrustRule().Holds(action, resource):
		return "the role's trust policy"
	case authz.KeyRule().Holds(action, resource):
		return "the key policy"
	}
	return kindWords[authz.Resource]
}

// kindWords name kinds of policy in a sentence.
var kindWords = map[authz.Kind]string{
	authz.Identity: "identity policies", authz.Group: "group policies", authz.Boundary: "the permissions boundary",
	authz.Session: "session policies", authz.Resource: "the resource policy", authz.SCP: "service control policies",
	authz.RCP: "resource control policies", authz.Endpoint: "the VPC endpoint policy",
}

// place says where a statement stands: its policy, Sid and position. People count
// levels and statements from 1.
func (a *answer) place(ref authz.Reference) string {
	policy, s := a.set.Statement(ref)
	out := ref.Kind.String()
	if ref.Level >= 0 {
		out += fmt.Sprintf(" level %d", ref.Level+1)
	}
	if s == nil {
		return out
	}
	out += " " + plain(policy.Name)
	if s.Sid != "" {
		out += fmt.Sprintf(" %q", s.Sid)
	} else {
		out += fmt.Sprintf(" statement %d", ref.Statement+1)
	}
	if file := policy.Document.File; file != nil {
		at := file.Position(s.Span.Start)
		if policy.Name == file.Name {
			out = strings.Replace(out, " "+plain(policy.Name), "", 1)
		}
		out += fmt.Sprintf(" at %s:%d:%d", plain(file.Name), at.Line, at.Column)
	}
	return out
}

func (p *answerPrinter) nearest(a *answer) {
	if a.x.Nearest < 0 || a.x.Decision.Result == authz.Allowed || a.x.Decision.Result == authz.Undecided {
		return
	}
	s := &a.x.Statements[a.x.Nearest]
	p.line("nearest", "%s", a.place(s.Reference))
	p.failures(a, s)
}

func (p *answerPrinter) failures(a *answer, s *authz.StatementReport) {
	for _, f := range s.Failures() {
		p.more("%s", failureText(f))
	}
}

// failureText says what a statement wants and what the request has.
func failureText(f authz.Failure) string {
	what := f.Element
	if f.Key != "" {
		what = "Condition " + plain(f.Operator) + " " + plain(f.Key)
	}
	got := "the request has " + someOf(f.Got)
	switch {
	case f.Unknown && f.Key != "" && len(f.Got) == 0:
		got = "its value is not known"
	case f.Unknown && f.Key == "":
		got += ", which may be meant"
	case len(f.Got) == 0:
		got = "the request has no such key"
	case f.Key != "" && len(f.Got) > 1 && comparesOne(f.Operator):
		got += ": several values match under ForAnyValue: or ForAllValues: only"
	}
	return fmt.Sprintf("%s says %s%s; %s", what, someOf(f.Wanted), variablesText(f.Variables), got)
}

// comparesOne reports whether an operator is for keys with one value.
func comparesOne(operator string) bool {
	op, err := policy.ParseOperator(operator)
	return err == nil && op.Quantifier == policy.SingleValue
}

// variablesText says what the variables in the values of a statement stand for.
func variablesText(list []authz.VariableValue) string {
	var b strings.Builder
	word := ", where "
	for _, v := range list[:min(len(list), mostValues)] {
		b.WriteString(word + plain(v.Key) + " ")
		word = " and "
		switch {
		case v.Unknown:
			b.WriteString("is not known")
		case len(v.Values) == 0:
			b.WriteString("is absent")
		case len(v.Values) > 1:
			b.WriteString("has several values")
		case v.Default:
			b.WriteString("is " + someOf(v.Values) + " by default")
		default:
			b.WriteString("is " + someOf(v.Values))
		}
	}
	return b.String()
}

// mostValues bounds the values shown; the JSON has them all.
const mostValues = 3

func someOf(values []string) string {
	if len(values) == 0 {
		return "nothing"
	}
	var shown []string
	for _, v := range values[:min(len(values), mostValues)] {
		shown = append(shown, fmt.Sprintf("%q", clip(v)))
	}
	out := strings.Join(shown, ", ")
	if more := len(values) - mostValues; more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}

// clip cuts what would fill the screen.
func clip(s string) string {
	const most = 200
	s = hole.Print(s)
	if r := []rune(s[:min(len(s), 4*most)]); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}

func (p *answerPrinter) keys(a *answer) {
	if len(a.x.MissingKeys) > 0 {
		p.line("missing", "%s", plain(strings.Join(a.spelled(a.x.MissingKeys), ", ")))
	}
	if len(a.x.UnknownKeys) > 0 && a.x.Decision.Result == authz.Undecided {
		p.line("unknown", "%s", plain(strings.Join(a.spelled(a.x.UnknownKeys), ", ")))
	}
	if len(a.x.Holes) > 0 {
		p.line("hangs on", "${%s}", plain(strings.Join(a.x.Holes, "}, ${")))
	}
	if p.all {
		for _, e := range a.x.Derived {
			p.line("derived", "%s = %s", plain(e.Key), someOf(e.Values))
		}
	}
}

// change says what would allow a denied request.
func (p *answerPrinter) change(a *answer, r authz.Result) {
	if !denied(r) {
		return
	}
	c := a.x.Change
	if !c.Possible {
		lacks := a.denyLacks()
		switch {
		case r != authz.ExplicitlyDenied:
			p.line("to allow", "no grant helps")
		case len(lacks) > 0:
			p.line("to allow", "give what real requests have: %s", plain(contextFlags(lacks)))
			p.more("or else no grant helps: what denies must go, or except this request")
		case len(a.denies()) > 1:
			p.line("to allow", "no grant helps: all statements that deny must go, or except this request")
		default:
			p.line("to allow", "no grant helps: the statement that denies must go, or except this request")
		}
		return
	}
	var places []string
	for _, k := range c.Kinds {
		place := grantPlaces[k]
		if k == authz.Resource {
			place = a.resourcePolicy()
		}
		if c.NamingCaller {
			place += ", to the principal itself and not to its account"
		}
		places = append(places, place)
	}
	p.line("to allow", "Allow %s on %s in %s", plain(c.Action), plain(clip(c.Resource)), strings.Join(places, ", and in "))
	if keys := a.lackedKeys(); len(keys) > 0 {
		p.more("or send what the nearest statement asks for: %s (to try it: --context KEY=VALUE)", plain(strings.Join(keys, ", ")))
	}
}

// lackedKeys are the condition keys whose absence alone keeps the nearest
// statement from applying; none when something else does too.
func (a *answer) lackedKeys() []string {
	if a.x.Nearest < 0 {
		return nil
	}
	var keys []string
	for _, f := range a.x.Statements[a.x.Nearest].Failures() {
		lacks := lackedBy(&f)
		if lacks == nil {
			return nil
		}
		keys = append(keys, lacks...)
	}
	return keys
}

// lackedBy are the absent keys for which an element does not match: that of a
// condition, and those of its variables.
func lackedBy(f *authz.Failure) []string {
	if f.Unknown {
		return nil
	}
	var keys []string
	if f.Key != "" && len(f.Got) == 0 {
		keys = append(keys, f.Key)
	}
	for _, v := range f.Variables {
		if len(v.Values) == 0 {
			keys = append(keys, v.Key)
		}
	}
	return keys
}

var grantPlaces = map[authz.Kind]string{
	authz.Identity: "an identity policy", authz.Boundary: "the permissions boundary", authz.Session: "a session policy",
	authz.SCP: "a service control policy of every level that lacks it", authz.Endpoint: "the VPC endpoint policy",
}

func (p *answerPrinter) statements(a *answer) {
	if len(a.x.Statements) == 0 {
		p.line("statements", "none")
	}
	word := "statements"
	for i := range a.x.Statements {
		s := &a.x.Statements[i]
		p.line(word, "%s: %s, %s", a.place(s.Reference), s.Effect, outcome(s))
		p.failures(a, s)
		word = ""
	}
}

// plain keeps a hostile name from writing control sequences to a terminal.
func plain(s string) string { return source.Plain(hole.Print(s)) }
