package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// statesService is who assumes the role. Trust policies of some tools name it with
// its Region, which means the same there.
const statesService = "states.amazonaws.com"

// statesServices are the names of the service to ask for: the usual one, and
// those with the machine's Region that the trust policy has.
func (a *auditor) statesServices() []string {
	out := []string{statesService}
	policy.Walk(a.held.Trust.Document, func(_ policy.Place, node any) bool {
		v, ok := node.(*policy.Value)
		if !ok {
			return true
		}
		region, found := strings.CutPrefix(v.Text, "states.")
		region, _ = strings.CutSuffix(region, ".cn")
		region, is := strings.CutSuffix(region, ".amazonaws.com")
		if found && is && arn.ValidRegion(region) && (a.opts.Region == "" || a.opts.Region == region) && !slices.Contains(out, v.Text) && len(out) < maxMentioned {
			out = append(out, v.Text)
		}
		return true
	})
	return out
}

// trust asks who may assume the role: Step Functions for this machine must, and
// for machines of other accounts must not. Source: IAM user guide, the confused
// deputy problem; Step Functions Developer Guide, procedure-create-iam-role.
func (a *auditor) trust() {
	if a.held.Trust == nil {
		a.findings = append(a.findings, source.Finding{Code: "TRUST_NOT_GIVEN", Severity: source.Suggestion,
			Message: "who may assume the role is not known: its trust policy was not given", Hint: "give it with another --role FILE"})
		return
	}
	engine, _ := authz.Compile(authz.Set{Resource: a.held.Trust})
	env := captures{{name: "partition", value: a.opts.partition()}, {name: "region", value: orStar(a.opts.Region)},
		{name: "account", value: orStar(a.opts.Account)}, {name: "machine", value: orStar(a.opts.Name)}}
	machine, _, _ := fill(ownMachine, env)
	v := a.askTrust(engine, machine, orStar(a.opts.Account))
	e := AuditEntry{Actions: []string{"sts:AssumeRole"}, Resources: []string{a.principal}}
	switch v.result {
	case authz.Allowed:
	case authz.Undecided:
		e.Code, e.Severity = "TRUST_UNDECIDED", source.Warning
		e.Why = fmt.Sprintf("whether Step Functions may assume the role for %s is not decided", machine)
		if keys := engine.Explain(v.asked).UnknownKeys; len(keys) > 0 {
			e.Why += ": it hangs on " + some(keys)
		}
		e.Hint = "say where the machine lives: --name, --account, --region"
		add(&a.audit.Undecided, a.atTrust(e, 0))
	default:
		e.Code, e.Severity = "TRUST_MISSING", source.Error
		e.Why = fmt.Sprintf("no execution starts: the trust policy does not let %s assume the role for %s", statesService, machine)
		e.Hint = "let the service assume the role, under the conditions that writ generate prints"
		add(&a.audit.Missing, a.atTrust(e, 0))
	}
	a.strangers(engine)
}

// askTrust asks whether the service may assume the role for a machine, by any of
// its names.
func (a *auditor) askTrust(engine *authz.Engine, machine, account string) verdict {
	var best verdict
	values := conditionValues{}
	values.collect(*a.held.Trust)
	for _, service := range a.statesServices() {
		base := authz.Request{Principal: service, Action: "sts:AssumeRole", UnknownRest: true}
		v := questionsOn(base, a.principal, []Condition{{"ArnLike", "aws:SourceArn", []string{machine}}, {"StringLike", "aws:SourceAccount", []string{account}}}, values).ask(engine)
		if best.result == authz.Invalid || v.result == authz.Allowed || v.result == authz.Undecided && best.result != authz.Allowed {
			best = v
		}
	}
	return best
}

// strangers reports who else may assume the role.
func (a *auditor) strangers(engine *authz.Engine) {
	machine := "arn:" + a.anyPartition() + ":states:us-east-1:" + a.foreign + ":stateMachine:stranger"
	if v := a.askTrust(engine, machine, a.foreign); v.result == authz.Allowed {
		e := AuditEntry{Code: "TRUST_WITHOUT_SOURCE_GUARD", Severity: source.SecurityWarning, Actions: []string{"sts:AssumeRole"}, Resources: []string{a.principal},
			Why:  "the trust policy lets " + statesService + " assume the role on behalf of any account: somebody else's state machine may use it",
			Hint: "add conditions: ArnLike aws:SourceArn and StringEquals aws:SourceAccount, as writ generate prints them"}
		add(&a.audit.Risks, a.atTrust(e, deciding(engine.Decide(v.asked))))
	}
	anybody := authz.Set{Identity: []authz.Policy{{Name: "stranger", Document: allowEverything()}}, Resource: a.held.Trust}
	open, findings := authz.Compile(anybody)
	if findings.HasErrors() {
		return
	}
	r := authz.Request{Principal: "arn:" + a.anyPartition() + ":iam::" + a.foreign + ":role/stranger", Action: "sts:AssumeRole", Resource: a.principal, UnknownRest: true}
	if d := open.Decide(r); d.Result == authz.Allowed {
		add(&a.audit.Risks, a.atTrust(AuditEntry{Code: "TRUST_OPEN", Severity: source.SecurityWarning, Actions: []string{"sts:AssumeRole"}, Resources: []string{a.principal},
			Why: "the trust policy lets principals of any account assume the role", Hint: "name who may, or ask for their organization with aws:PrincipalOrgID"}, deciding(d)))
	}
}

// deciding is the statement that answers a request.
func deciding(d authz.Decision) int {
	for _, by := range d.By() {
		if by.Kind == authz.Resource && by.Statement >= 0 {
			return by.Statement
		}
	}
	return 0
}

func allowEverything() *policy.Document {
	return &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{
		Effect: policy.Allow, Action: policy.String("*"), Resource: policy.String("*"),
	}}}
}

// atTrust gives an entry the place of a statement of the trust policy.
func (a *auditor) atTrust(e AuditEntry, statement int) AuditEntry {
	doc := a.held.Trust.Document
	e.File, e.Span = doc.File, doc.Span
	if statement < len(doc.Statements) {
		e.Span = doc.Statements[statement].Span
	}
	return e
}

// passRoles reports statements that let the role hand on any role, or to any
// service.
func (a *auditor) passRoles() {
	anyNeeded, bareNeeded := a.passNeeds()
	for i := range a.held.Policies {
		doc := a.held.Policies[i].Document
		for j := range doc.Statements {
			s := &doc.Statements[j]
			actions := policy.CompileActions(s)
			if s.Effect != policy.Allow || !actions.Match("iam:PassRole") {
				continue
			}
			e := AuditEntry{Severity: source.SecurityWarning, Actions: []string{"iam:PassRole"}, Resources: resourceTexts(s), File: doc.File, Span: s.Span}
			if !bareNeeded && a.passesToAny(doc, s) {
				e.Code = "PASS_ROLE_TO_ANY_SERVICE"
				e.Why = fmt.Sprintf("the role may pass %s to any service: the statement asks for no iam:PassedToService", some(e.Resources))
				e.Hint = a.passHint()
				add(&a.audit.Risks, e)
			}
			if !anyNeeded && a.passesAny(doc, s) {
				e.Code = "PASS_ROLE_ON_ANY_ROLE"
				e.Why = fmt.Sprintf("the role may pass every role of the account, and with it what that role may do: iam:PassRole on %s", some(e.Resources))
				e.Hint = a.passHint()
				add(&a.audit.Risks, e)
			}
		}
	}
}

// passNeeds reports whether the machine itself passes any role, and whether to a
// service that is not known: then nothing narrower can be granted.
func (a *auditor) passNeeds() (anyRole, bare bool) {
	for i := range a.needs {
		need := &a.needs[i]
		if need.Purpose != PassRole {
			continue
		}
		anyRole = anyRole || pattern.Match(need.Resource, a.strangeRole(a.account))
		bare = bare || !slices.ContainsFunc(need.Conditions, func(c Condition) bool { return c.Key == passedTo })
	}
	return anyRole, bare
}

const passedTo = "iam:PassedToService"

// strangeRole is a role of an account that no policy names.
func (a *auditor) strangeRole(account string) string {
	return "arn:" + a.anyPartition() + ":iam::" + account + ":role/" + strange
}

// passHint says what the machine's own calls pass.
func (a *auditor) passHint() string {
	var passed []string
	for i := range a.needs {
		if need := &a.needs[i]; need.Purpose == PassRole {
			passed = append(passed, strings.TrimPrefix(allowHint(&AuditEntry{Actions: []string{need.Action}, Resources: []string{need.Resource}, Conditions: need.Conditions}), "allow iam:PassRole on "))
		}
	}
	if passed == nil {
		return "no call of the machine is known to pass a role"
	}
	passed = distinct(passed)
	return "narrow it to what the calls pass: " + strings.Join(passed[:min(len(passed), maxNamed)], "; ")
}

// passesToAny asks a statement, its other conditions left out, whether a role
// may be passed to a service that nobody names.
func (a *auditor) passesToAny(doc *policy.Document, s *policy.Statement) bool {
	return a.aloneAllows(doc, s, func(key string) bool { return strings.EqualFold(key, passedTo) }, true)
}

// passesAny asks a statement, but for what it says of the service, whether a
// role that nobody names may be passed.
func (a *auditor) passesAny(doc *policy.Document, s *policy.Statement) bool {
	return a.aloneAllows(doc, s, func(key string) bool { return !strings.EqualFold(key, passedTo) }, false)
}

// aloneAllows decides iam:PassRole by one statement with some of its conditions.
func (a *auditor) aloneAllows(doc *policy.Document, s *policy.Statement, keep func(key string) bool, anyResource bool) bool {
	one := policy.Statement{Effect: policy.Allow, Action: policy.String("iam:PassRole"), Resource: s.Resource, NotResource: s.NotResource}
	if anyResource {
		one.Resource, one.NotResource = policy.String("*"), nil
	}
	if s.Condition != nil {
		for _, block := range s.Condition.Blocks {
			for _, key := range block.Keys {
				if !keep(key.Name) {
					continue
				}
				if one.Condition == nil {
					one.Condition = new(policy.Condition)
				}
				one.Condition.And(block.Operator, key.Name, key.Values.Texts()...)
			}
		}
	}
	alone := policy.Document{Version: doc.Version, Statements: []policy.Statement{one}}
	engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{{Name: "statement", Document: &alone}}, Resource: trustingOf(a.account)})
	if findings.HasErrors() {
		return false
	}
	r := authz.Request{Principal: a.principal, Action: "iam:PassRole", Unknown: a.unknownKeys(), UnknownRest: true}
	if anyResource {
		r.Context = authz.Context{{Key: passedTo, Values: []string{strange + ".amazonaws.com"}}}
	}
	accounts := []string{a.account}
	if a.opts.Account == "" || isReference(a.opts.Account) {
		accounts = append(accounts, a.mentioned...)
	}
	return slices.ContainsFunc(accounts, func(account string) bool {
		r.Resource = a.strangeRole(account)
		return engine.Decide(r).Result == authz.Allowed
	})
}

func resourceTexts(s *policy.Statement) []string {
	if s.Resource == nil {
		var out []string
		for _, text := range s.NotResource.Texts() {
			out = append(out, "all but "+text)
		}
		return out
	}
	return s.Resource.Texts()
}
