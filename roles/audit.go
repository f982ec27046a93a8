package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Held is the role that a machine has.
type Held struct {
	ARN      string         // "" where it is not known
	Policies []authz.Policy // inline and attached ones
	Boundary *authz.Policy  // nil for none
	Trust    *authz.Policy  // nil where it was not given
	Unread   []Unread       // policies that the role has and whose text was not given
	Context  authz.Context  // condition keys that the role itself gives, such as its tags

	// Fixed are the names of policies that come with the role whether one wants
	// them or not, as those that SAM attaches: what they allow too much is no
	// finding.
	Fixed []string

	// Pointer says where in a file of the role a span is, as a JSON pointer; it
	// may be nil.
	Pointer func(*source.File, source.Span) string
}

// Unread is a policy of a role whose text is not known.
type Unread struct {
	Kind authz.Kind // Identity or Boundary
	Name string     // ARN, or the name of an inline policy; "" where not even that is known
}

// Audit is what there is to say about a role and the machine that has it.
type Audit struct {
	Missing   []AuditEntry // what the machine cannot do, and which state fails for it
	Excess    []AuditEntry // what the role allows and no call needs
	Risks     []AuditEntry // what works until something goes wrong, or lets others in
	Undecided []AuditEntry // what hangs on something that is not known
}

// AuditEntry is one thing about a role.
type AuditEntry struct {
	Code     string
	Severity source.Severity

	Actions    []string    // the role lacks, or has
	Resources  []string    // for each of them
	Conditions []Condition // of what is missing
	States     []string    // that are concerned; empty for the machine as a whole
	Why        string      // lower case, no full stop
	Hint       string      // may have several lines

	Purpose Purpose // of what is missing; "" for what the role has
	Service string  // the integration
	Pattern string
	Source  string   // the page that says that it is needed
	Rule    string   // name of the managed EventBridge rule, in findings about the end of jobs
	Needed  []string // what would do in the place of what the role has

	File *source.File // the machine's for what is missing, else the role's; nil where there is no place
	Span source.Span
	Path string

	covered bool // a risk says the same
}

// AuditRole decides every call of a machine by the role that it has. With
// Options.Style Console, what AWS's templates give is no excess.
//
// The audit is nil when the machine, the role or the options have errors: the
// findings tell. Other findings are those of Generate, and what they leave open
// is not in the audit: see Undecided.
func AuditRole(m *asl.StateMachine, held Held, opts Options) (*Audit, source.List) {
	if findings := opts.check(); findings.HasErrors() {
		return nil, findings
	}
	if findings := opts.fromRole(&held); findings.HasErrors() {
		return nil, findings
	}
	style := opts.Style
	opts.Style = Least
	needs, findings := Needs(m, opts)
	if findings.HasErrors() {
		return nil, findings
	}
	a := &auditor{machine: m, held: &held, opts: opts, needs: needs, findings: findings, states: map[string]*asl.State{}, entries: map[string]int{}}
	m.Walk(func(s *asl.State) bool {
		if a.states[s.Name] == nil {
			a.states[s.Name] = s
		}
		a.order = append(a.order, s)
		return true
	})
	if !a.compile() {
		return nil, a.findings.Sorted()
	}
	a.unread()
	a.dropAlternatives()
	a.calls()
	a.trust()
	a.passRoles()
	opts.Style = style
	a.excess(opts)
	a.paths()
	return &a.audit, a.findings.Sorted()
}

// fromRole takes from the role what the options do not say.
func (o *Options) fromRole(held *Held) source.List { return o.fromRoleARN(held.ARN) }

// fromRoleARN takes the account and the partition from the ARN of a role that is
// used, which has to be one of its own account; any other text says nothing.
func (o *Options) fromRoleARN(text string) source.List {
	role, err := arn.Parse(text)
	if err != nil {
		return nil
	}
	other := func(path, what, place string) source.List {
		return source.List{{Code: codeOtherAccount, Severity: source.Error, Path: path,
			Message: fmt.Sprintf("the role %s is not one of %s %s", text, what, place), Hint: "a role can only be used in its own account and partition"}}
	}
	if o.Account != "" && !isReference(o.Account) && o.Account != role.Account {
		return other("/context/accountId", "account", o.Account)
	}
	if lives := o.partition(); (o.Partition != "" || o.Region != "") && !isReference(lives) && arn.ValidPartition(role.Partition) && role.Partition != lives {
		return other("/context/region", "partition", lives)
	}
	if o.Account == "" && arn.ValidAccount(role.Account) {
		o.Account = role.Account
	}
	if o.Partition == "" && o.Region == "" && arn.ValidPartition(role.Partition) {
		o.Partition = role.Partition
	}
	return nil
}

// auditor holds one role against one machine.
type auditor struct {
	machine  *asl.StateMachine
	held     *Held
	opts     Options
	needs    []Grant
	findings source.List
	states   map[string]*asl.State // the first of each name
	order    []*asl.State          // in the order of the text

	engine    *authz.Engine
	principal string
	values    conditionValues // of the role's policies
	guessed   bool            // the principal has a name that nobody gave
	account   string          // of the role; foreign where it is not known
	mentioned []string        // other accounts that the role's statements name
	foreign   string          // an account that nothing names

	audit Audit
	work  int  // comparisons of patterns so far
	gaps  bool // not all of the excess could be looked at

	entries map[string]int // resources of the role's statements by service, lower case; "" for all services
	asked   int            // of these, for resources that are not known
}

// maxEntries bounds what is said of one kind; the last entry counts the rest.
const maxEntries = 1000

// maxRoleSize bounds the policies of a role, in characters. IAM takes 10,240 of
// inline policies, and up to 20 managed policies and a boundary of 6,144 each;
// AWS managed policies may be larger. Source: IAM and STS quotas.
const maxRoleSize = 1 << 19

// tooLarge refuses a role that IAM would not have, before time goes into it.
func (a *auditor) tooLarge() bool {
	total := 0
	for i := range a.held.Policies {
		if doc := a.held.Policies[i].Document; doc != nil {
			total += policy.Size(doc)
			for j := range doc.Statements {
				a.count(&doc.Statements[j])
			}
		}
	}
	if total <= maxRoleSize {
		return false
	}
	a.findings = append(a.findings, source.Finding{Code: codeTooLarge, Severity: source.Error,
		Message: fmt.Sprintf("the policies of the role hold %d characters, more than any role has", total),
		Hint:    "IAM takes 10,240 characters of inline policies and 20 managed policies of 6,144; give the policies of one role only"})
	return true
}

// count notes how many resources a statement adds to the questions about a
// service.
func (a *auditor) count(s *policy.Statement) {
	n := s.Resource.Len() + s.NotResource.Len()
	seen := map[string]bool{}
	for _, action := range s.Action.Texts() {
		service, _, _ := strings.Cut(strings.ToLower(action), ":")
		if strings.ContainsAny(service, "*?") {
			service = ""
		}
		seen[service] = true
	}
	if s.Action == nil {
		seen[""] = true
	}
	for service := range seen {
		a.entries[service] += n
	}
}

// compile readies the role's policies for decisions.
func (a *auditor) compile() bool {
	if a.tooLarge() {
		return false
	}
	a.places()
	a.values = conditionValues{}
	a.values.collect(a.held.Policies...)
	if a.held.Boundary != nil {
		a.values.collect(*a.held.Boundary)
	}
	set := authz.Set{Identity: markedPolicies(a.held.Policies), Resource: trustingOf(a.account)}
	if a.held.Boundary != nil {
		set.Boundary = &markedPolicies([]authz.Policy{*a.held.Boundary})[0]
	}
	engine, findings := authz.Compile(set)
	if engine == nil {
		a.findings = append(a.findings, findings...)
		return false
	}
	a.engine = engine
	if a.held.Trust != nil {
		if _, findings := authz.Compile(authz.Set{Resource: a.held.Trust}); findings.HasErrors() {
			a.findings = append(a.findings, findings...)
			return false
		}
	}
	return true
}

// maxMentioned bounds the accounts that are tried for a resource whose account
// is not known.
const maxMentioned = 16

// places finds out the accounts that play a part.
func (a *auditor) places() {
	seen := map[string]bool{a.opts.Account: true}
	for i := range a.held.Policies {
		doc := a.held.Policies[i].Document
		if doc == nil {
			continue
		}
		for j := range doc.Statements {
			for _, entry := range doc.Statements[j].Resource.Texts() {
				r, err := arn.Parse(entry)
				if err != nil || !arn.ValidAccount(r.Account) || seen[r.Account] {
					continue
				}
				seen[r.Account] = true
				if len(a.mentioned) < maxMentioned {
					a.mentioned = append(a.mentioned, r.Account)
				}
			}
		}
	}
	for n := 0; a.foreign == "" || seen[a.foreign]; n++ {
		a.foreign = fmt.Sprintf("%012d", n)
	}
	if a.account = a.opts.Account; a.account == "" || isReference(a.account) {
		a.account = a.foreign
	}
	if a.principal = a.held.ARN; a.principal == "" || isReference(a.principal) {
		a.principal = "arn:" + a.anyPartition() + ":iam::" + a.account + ":role/" + RoleName(a.opts.Name)
		a.guessed = true
	}
}

// anyPartition is the machine's partition, or one in the place of one that is
// filled in.
func (a *auditor) anyPartition() string {
	if p := a.opts.partition(); !isReference(p) {
		return p
	}
	return "aws"
}

// trustingOf is a resource policy that leaves the decision to the role's own
// policies: audits are about these.
func trustingOf(account string) *authz.Policy {
	return &authz.Policy{Name: "trusting", Document: &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{
		Effect: policy.Allow, Principal: policy.PrincipalOf(policy.PrincipalAWS, account),
		Action: policy.String("*"), Resource: policy.String("*"),
	}}}}
}

// unread says which policies are not known.
func (a *auditor) unread() {
	for _, u := range a.held.Unread {
		what, may := "policy", "may allow more, or deny, than the policies that were given"
		if u.Kind == authz.Boundary {
			what, may = "permissions boundary", "may keep the role from what its policies allow"
		}
		why := fmt.Sprintf("the text of %s %s is not known, and %s", what, u.Name, may)
		if u.Name == "" {
			why = "not all policies of the role are known, and those that are not " + may
		}
		add(&a.audit.Undecided, AuditEntry{Code: "POLICY_NOT_GIVEN", Severity: source.Warning, Why: why, Hint: "give its text with another --role FILE"})
	}
}

// add adds an entry, up to the limit.
func add(list *[]AuditEntry, e AuditEntry) {
	e.Why, e.Hint = hole.Print(e.Why), hole.Print(e.Hint)
	switch n := len(*list); {
	case n < maxEntries:
		*list = append(*list, e)
	case n == maxEntries:
		*list = append(*list, AuditEntry{Code: source.CodeTooMany, Severity: e.Severity, Why: "there is more of this kind than is shown"})
	default:
		last := &(*list)[n-1]
		last.Severity = max(last.Severity, e.Severity)
	}
}

// atState gives an entry the place of the first of its states.
func (a *auditor) atState(e AuditEntry) AuditEntry {
	if len(e.States) == 0 {
		return e
	}
	if s := a.states[e.States[0]]; s != nil {
		e.File, e.Span = a.machine.File, s.NameSpan
		if s.Task != nil && s.Task.Resource.Exists() {
			e.Span = s.Task.Resource.Span()
		}
		e.Path = a.machine.Pointer(e.Span)
	}
	return e
}

// paths says where in the role's files the entries are.
func (a *auditor) paths() {
	if a.held.Pointer == nil {
		return
	}
	for _, list := range [][]AuditEntry{a.audit.Missing, a.audit.Excess, a.audit.Risks, a.audit.Undecided} {
		for i := range list {
			if e := &list[i]; e.File != nil && e.File != a.machine.File {
				e.Path = a.held.Pointer(e.File, e.Span)
			}
		}
	}
}

// Findings lists what an audit says, what is missing first. What a risk says is
// not said again as excess.
func (au *Audit) Findings() source.List {
	var out source.List
	for _, list := range [][]AuditEntry{au.Missing, au.Risks, au.Excess, au.Undecided} {
		for i := range list {
			if e := &list[i]; !e.covered {
				out = append(out, source.Finding{Code: e.Code, Severity: e.Severity, File: e.File, Span: e.Span, Path: e.Path, Message: e.Why, Hint: e.Hint})
			}
		}
	}
	return out
}

// some lists a few of many.
func some(list []string) string {
	if len(list) > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:maxNamed], ", "), len(list)-maxNamed)
	}
	return strings.Join(list, ", ")
}

// maxNamed is how many names stand in a message; the entries have them all.
const maxNamed = 4

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", source.Clip(hole.Print(n), 100))
	}
	return out
}

// stateWords is "state A" or "states A, B and 3 more"; "" for none.
func stateWords(names []string) string {
	switch len(names) {
	case 0:
		return "the machine"
	case 1:
		return "state " + quoted(names)[0]
	}
	return "states " + some(quoted(names))
}

// ofState picks a word by number.
func ofState(names []string, one, many string) string {
	if len(names) > 1 {
		return many
	}
	return one
}

// callText names an integration with its pattern.
func callText(service, pattern string) string {
	if i := slices.Index(patternNames[:], pattern); i > 0 {
		return service + patternSuffixes[i]
	}
	return service
}
