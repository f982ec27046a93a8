package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/source"
)

// verdict is what the role says about one need.
type verdict struct {
	result authz.Result
	asked  authz.Request // the request that was not allowed
}

// calls decides every need.
func (a *auditor) calls() {
	jobs := jobTable{}
	var missing, undecided needGroups
	for i := range a.needs {
		need := &a.needs[i]
		v := a.decide(need)
		isJob := slices.Contains([]Purpose{Poll, Listen, Cancel}, need.Purpose) && len(need.States) > 0
		switch {
		case isJob:
			jobs.add(need, v)
		case a.denies(v):
			missing.add(need, v)
		}
		if v.result != authz.Allowed && !a.denies(v) {
			undecided.add(need, v)
		}
	}
	for _, group := range missing.groups {
		add(&a.audit.Missing, a.missing(group))
	}
	a.jobs(jobs)
	for _, group := range undecided.groups {
		add(&a.audit.Undecided, a.undecided(group))
	}
}

// denies reports whether a call is denied for certain: a policy without text may
// still allow what the others do not, but lifts no Deny.
func (a *auditor) denies(v verdict) bool {
	return v.result == authz.ExplicitlyDenied || v.result == authz.ImplicitlyDenied && !a.mayBeUnread()
}

// mayBeUnread reports whether some policy without text could allow what the
// others do not.
func (a *auditor) mayBeUnread() bool {
	return slices.ContainsFunc(a.held.Unread, func(u Unread) bool { return u.Kind == authz.Identity })
}

// needGroup is needs that differ in their action only, with one verdict.
type needGroup struct {
	needs   []*Grant
	verdict verdict
}

// needGroups puts needs into groups, in the order of the needs.
type needGroups struct {
	groups []*needGroup
	index  map[string]*needGroup
}

func (g *needGroups) add(need *Grant, v verdict) {
	key := strings.Join([]string{need.Resource, conditionText(need.Conditions), string(need.Purpose), need.Service, need.Pattern,
		v.result.String(), strings.Join(need.States, "\x00")}, "\x00\x00")
	group := g.index[key]
	if group == nil {
		if g.index == nil {
			g.index = map[string]*needGroup{}
		}
		group = &needGroup{verdict: v}
		g.index[key] = group
		g.groups = append(g.groups, group)
	}
	group.needs = append(group.needs, need)
}

// entry is an entry about a group of needs.
func (g *needGroup) entry() AuditEntry {
	first := g.needs[0]
	e := AuditEntry{Resources: []string{first.Resource}, Conditions: first.Conditions, States: first.States,
		Purpose: first.Purpose, Service: first.Service, Pattern: first.Pattern, Source: first.Source}
	for _, need := range g.needs {
		e.Actions = append(e.Actions, need.Action)
	}
	return e
}

// cosmetic are purposes without which no state fails. Of the actions for logs,
// pages of different years list different ones.
var cosmetic = []Purpose{Trace, Log}

func (a *auditor) missing(g *needGroup) AuditEntry {
	e := g.entry()
	e.Code, e.Severity = "MISSING_PERMISSION", source.Error
	who := stateWords(e.States)
	call := callText(e.Service, e.Pattern)
	fails := fmt.Sprintf("%s %s at %s", who, ofState(e.States, "fails", "fail"), call)
	switch {
	case slices.Contains(cosmetic, e.Purpose):
		e.Severity = source.Warning
		fails = call + " does not work"
	case len(e.States) == 0:
		fails = call + " does not work"
	}
	e.Why = fmt.Sprintf("%s: the role does not allow %s on %s", fails, some(e.Actions), e.Resources[0])
	e.Hint = allowHint(&e)
	if len(a.audit.Missing) < maxExplained {
		a.explain(&e, g.verdict)
	}
	if note := g.needs[0].Note; note != "" {
		e.Hint += "\n" + note
	}
	return a.atState(e)
}

// maxExplained bounds the needs for which the nearest statement is looked for.
const maxExplained = 100

// explain adds what the role's statements say about a request that is denied.
func (a *auditor) explain(e *AuditEntry, v verdict) {
	x := a.engine.Explain(v.asked)
	if v.result == authz.ExplicitlyDenied {
		e.Code = "DENIED_PERMISSION"
		e.Why = strings.Replace(e.Why, "the role does not allow", "the role denies", 1)
		e.Hint = "no Allow helps against a Deny"
		for _, by := range x.Decision.By() {
			if place := a.statementPlace(by); place != "" {
				e.Hint += ": change " + place
			}
		}
		return
	}
	if by := x.Decision.By(); len(by) > 0 && by[0].Kind == authz.Boundary {
		e.Hint += "; the permissions boundary must allow it too"
	}
	if x.Nearest < 0 {
		return
	}
	near := &x.Statements[x.Nearest]
	place := a.statementPlace(near.Reference)
	failures := near.Failures()
	if place == "" || len(failures) == 0 {
		return
	}
	f := failures[0]
	what := f.Element
	if f.Key != "" {
		what += " " + f.Operator + " " + f.Key
	}
	e.Hint += fmt.Sprintf("\n%s comes nearest: its %s says %s", place, what, some(quoted(unmarked(f.Wanted))))
}

// statementPlace names a statement of the role's policies; "" where there is none.
func (a *auditor) statementPlace(r authz.Reference) string {
	var p *authz.Policy
	switch {
	case r.Kind == authz.Identity && r.Policy >= 0 && r.Policy < len(a.held.Policies):
		p = &a.held.Policies[r.Policy]
	case r.Kind == authz.Boundary:
		p = a.held.Boundary
	}
	if p == nil || p.Document == nil || r.Statement < 0 {
		return ""
	}
	s := &p.Document.Statements[r.Statement]
	name := fmt.Sprintf("statement %d of %s", r.Statement+1, p.Name)
	if s.Sid != "" {
		name = fmt.Sprintf("statement %q of %s", s.Sid, p.Name)
	}
	if file := p.Document.File; file != nil {
		at := file.Position(s.Span.Start)
		name += fmt.Sprintf(" (%s:%d:%d)", file.Name, at.Line, at.Column)
	}
	return name
}

// allowHint says what to allow.
func allowHint(e *AuditEntry) string {
	hint := fmt.Sprintf("allow %s on %s", some(e.Actions), strings.Join(e.Resources, ", "))
	for i, c := range e.Conditions {
		word := " and "
		if i == 0 {
			word = " if "
		}
		hint += word + c.Operator + " " + c.Key + " " + strings.Join(c.Values, ", ")
	}
	return hint
}

func (a *auditor) undecided(g *needGroup) AuditEntry {
	e := g.entry()
	e.Code, e.Severity = "PERMISSION_UNDECIDED", source.Warning
	e.Why = fmt.Sprintf("whether %s may %s on %s at %s is not decided", stateWords(e.States), some(e.Actions), e.Resources[0], callText(e.Service, e.Pattern))
	var keys []string
	if len(a.audit.Undecided) < maxExplained && a.asked <= maxAsked {
		keys = a.engine.Explain(g.verdict.asked).UnknownKeys
	}
	switch {
	case a.asked > maxAsked && g.verdict.result == authz.Undecided && len(keys) == 0:
		e.Why += ": the machine and the role are too large to compare in full, or the role allows it on some of these resources only"
	case g.verdict.result == authz.ImplicitlyDenied:
		e.Why += ": no policy that was given allows it, and a policy without text may"
		e.Hint = "give the text of the policies that the role has, with --role"
	case len(keys) > 0:
		e.Why += ": it hangs on " + some(keys)
		e.Hint = "conditions of the role look at what the definition does not show"
	default:
		e.Why += ": the role allows it on some of these resources only"
		e.Hint = allowHint(&e) + a.placeHint(e.Resources[0])
	}
	return a.atState(e)
}

// placeHint names the flags that would tell more about a resource.
func (a *auditor) placeHint(resource string) string {
	var flags []string
	parts := strings.SplitN(resource, ":", 6)
	for _, f := range []struct{ flag, value string }{{"--account", a.opts.Account}, {"--region", a.opts.Region}, {"--name", a.opts.Name}} {
		if f.value == "" && len(parts) == 6 && (f.flag != "--name" || parts[2] == "states") {
			flags = append(flags, f.flag)
		}
	}
	if flags == nil {
		return ", or name in the definition which one is meant"
	}
	return ", or say where the machine lives: " + strings.Join(flags, ", ")
}

// decide asks for a need. What is not known before run time is asked for as a
// whole: allowed is only what is allowed whatever it turns out to be.
func (a *auditor) decide(need *Grant) verdict {
	v := a.ask(a.requests(need, need.Resource))
	parts := strings.SplitN(need.Resource, ":", 6)
	if len(parts) != 6 {
		return a.unlessTyped(need, v)
	}
	anywhere := strings.ContainsAny(parts[4], "*?")
	if !anywhere && (!need.AssumesAccount || v.result != authz.ImplicitlyDenied) {
		return v
	}
	others := a.mentioned
	if anywhere {
		others = append(slices.Clip(others), a.foreign)
	}
	for _, account := range others {
		parts[4] = account
		if need.AssumesAccount && parts[3] != "" {
			parts[3] = "*" // the Region is assumed with the account
		}
		if other := a.ask(a.requests(need, strings.Join(parts, ":"))); other.result != v.result {
			if v.result == authz.Allowed {
				v.asked = other.asked
			}
			v.result = authz.Undecided
		}
	}
	return v
}

// unlessTyped looks again at an action that is needed on "*" and that resources
// can be named for: a role that names some may be enough.
func (a *auditor) unlessTyped(need *Grant, v verdict) verdict {
	if need.Resource != "*" || v.result != authz.ImplicitlyDenied {
		return v
	}
	action, err := catalog.Default().Action(need.Action)
	if err != nil || len(action.Types) == 0 {
		return v
	}
	service, err := catalog.Default().Service(action.Service)
	if err != nil {
		return v
	}
	for _, t := range action.Types {
		kind, ok := service.ResourceType(t.Name)
		if !ok {
			continue
		}
		for _, format := range kind.Formats {
			if other := a.ask(a.requests(need, a.openFormat(format))); other.result != authz.ImplicitlyDenied {
				v.result = authz.Undecided
				return v
			}
		}
	}
	return v
}

// openFormat writes "*" for what a format leaves open, and the machine's place.
func (a *auditor) openFormat(format string) string {
	return fillFormat(format, map[string]string{"Partition": a.opts.partition(), "Region": a.opts.Region, "Account": a.account})
}

// fillFormat fills the format of an ARN. What is not known is any.
func fillFormat(format string, known map[string]string) string {
	return arn.Fill(format, func(name string) string { return orStar(known[name]) })
}

// maxAsked bounds the comparisons of resources that are not known with those of
// the role, which take up to some 50 microseconds each.
const maxAsked = 1 << 17

// questions are requests that must all be allowed. Sure ones cover all that a
// need can be: where they are undecided, the examples may tell.
type questions struct {
	sure     []authz.Request
	examples []authz.Request
}

// ask decides questions: allowed are those of which every request is, denied
// those of which none is.
func (a *auditor) ask(q questions) verdict {
	if q.sure[0].ResourcePattern {
		service, _, _ := strings.Cut(strings.ToLower(q.sure[0].Action), ":")
		if a.asked += a.entries[service] + a.entries[""]; a.asked > maxAsked {
			return verdict{authz.Undecided, q.sure[0]}
		}
	}
	return q.ask(a.engine)
}

// ask decides questions without a bound.
func (q questions) ask(engine *authz.Engine) verdict {
	v := askOf(engine, q.sure)
	if v.result != authz.Undecided || len(q.examples) == 0 {
		return v
	}
	if examples := askOf(engine, q.examples); examples.result == authz.Allowed {
		return examples
	}
	return v
}

func askOf(engine *authz.Engine, requests []authz.Request) verdict {
	v := verdict{result: authz.Invalid}
	for _, r := range requests {
		d := engine.Decide(r)
		got := d.Result
		if got == authz.Invalid {
			got = authz.Undecided // a request that cannot be read is not allowed
		}
		switch {
		case v.result == authz.Invalid:
			v = verdict{got, r}
		case got == v.result:
		case v.result != authz.Allowed && got != authz.Allowed && v.result != authz.Undecided && got != authz.Undecided:
			v.result = authz.ExplicitlyDenied // some are denied, others not allowed
		default:
			if v.result == authz.Allowed {
				v.asked = r
			}
			v.result = authz.Undecided
		}
	}
	return v
}

// requests makes the requests for a need on a resource.
func (a *auditor) requests(need *Grant, on string) questions {
	base := authz.Request{Principal: a.principal, Action: need.Action, Context: a.context(need.Action, on), UnknownRest: true}
	base.Unknown = a.unknownKeys()
	if _, _, leads := leadingHole(on); leads {
		base.ResourceAccount = a.account // audits are about the role's own policies, whosever the resource is
	}
	return questionsOn(base, on, need.Conditions, a.values)
}

// unknownKeys are those that follow from the role and its account, as far as
// these are not known.
func (a *auditor) unknownKeys() []string {
	switch {
	case a.opts.Account == "" || isReference(a.opts.Account):
		return []string{"aws:PrincipalAccount", "aws:PrincipalArn", "aws:ResourceAccount"}
	case a.guessed:
		return []string{"aws:PrincipalArn"}
	}
	return nil
}

// context holds the keys that calls of Step Functions carry whatever they are
// for. Source: IAM user guide, AWS global condition context keys; calls of AWS
// services go over TLS.
func (a *auditor) context(action, resource string) authz.Context {
	out := append(authz.Context{{Key: "aws:SecureTransport", Values: []string{"true"}}}, a.held.Context...)
	if region := a.requestedRegion(action, resource); region != "" {
		out = append(out, authz.Entry{Key: "aws:RequestedRegion", Values: []string{region}})
	}
	return out
}

// exampleLengths are how many characters stand for a wildcard in examples. A
// pattern that matches the example with none and the one with many, as it must
// match those between, has a wildcard in the same place: there are few patterns
// for which more lengths would tell more.
var exampleLengths = [...]int{0, 1, 2, 3, 40}

// maxRequests bounds the combinations of values of one need.
const maxRequests = 64

// questionsOn asks for a resource under conditions, of which each key holds one
// of its values. A value with wildcards is not known: it is left out, and
// examples of it are asked for too, among them those that the policies name.
func questionsOn(base authz.Request, on string, conditions []Condition, values conditionValues) questions {
	base.Resource, base.ResourcePattern = marked(on), isOpen(on)
	sure, guess := []authz.Request{base}, false
	for _, c := range conditions {
		var next []authz.Request
		for _, r := range sure {
			for _, value := range c.Values {
				r := r
				if isOpen(value) {
					guess = true
				} else {
					r.Context = append(slices.Clip(r.Context), authz.Entry{Key: c.Key, Values: []string{example(value, 1)}})
				}
				next = append(next, r)
			}
		}
		if len(next) <= maxRequests {
			sure = next
		}
	}
	q := questions{sure: sure}
	if !guess {
		return q
	}
	if named, ok := values.named(base, conditions); ok {
		q.examples = named
		for _, n := range exampleLengths {
			q.examples = append(q.examples, examples(base, conditions, n)...)
		}
	}
	return q
}

// examples are the questions with n characters for every wildcard that a
// condition holds.
func examples(base authz.Request, conditions []Condition, n int) []authz.Request {
	out := []authz.Request{base}
	for _, c := range conditions {
		var next []authz.Request
		for _, r := range out {
			for _, value := range c.Values {
				r := r
				r.Context = append(slices.Clip(r.Context), authz.Entry{Key: c.Key, Values: []string{example(value, n)}})
				next = append(next, r)
			}
		}
		if len(next) <= maxRequests {
			out = next
		}
	}
	return out
}

// isOpen reports whether a text of a policy has wildcards, escapes aside.
func isOpen(text string) bool {
	return strings.ContainsAny(strings.NewReplacer("${*}", "", "${?}", "", "${$}", "").Replace(text), "*?")
}

// strange is a character that no policy writes.
const strange = "\uE0FF"

// example writes n strange characters for every "*" and one for every "?";
// ${*}, ${?} and ${$} are the characters.
func example(text string, n int) string {
	if !strings.ContainsAny(text, "*?$") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "${") && i+3 < len(text) && text[i+3] == '}':
			b.WriteByte(text[i+2])
			i += 3
		case text[i] == '*':
			b.WriteString(strings.Repeat(strange, n))
		case text[i] == '?':
			b.WriteString(strange)
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
