package check

import (
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// aboutPassing is about roles that can be handed to any service, or made for one.
var aboutPassing = &finder{statement: passing}

// grant is an action on roles that should name them, or the service.
type grant struct {
	action string
	code   string
	every  []string // patterns: an entry that matches all that one of them does names no role
	key    string   // the condition key that limits it to services
	open   func(value string, like bool) bool
	risk   string
	hint   string
	// witness is a request that shows it, with an account filled in.
	witness string
}

var grants = []grant{
	{
		action: "iam:PassRole", code: "PASS_ROLE_",
		every: []string{"arn:aws:iam::" + someAccount + ":role/*", "arn:aws-cn:iam::" + someAccount + ":role/*", "arn:aws-us-gov:iam::" + someAccount + ":role/*"},
		key:   "iam:passedtoservice", open: anyService,
		risk: "any role can be handed to any service", hint: "name the roles, or the service in iam:PassedToService",
		witness: "iam:PassRole on arn:aws:iam::" + someAccount + ":role/admin",
	},
	{
		action: "iam:CreateServiceLinkedRole", code: "CREATE_SLR_",
		every: []string{"arn:aws:iam::" + someAccount + ":role/aws-service-role/*"},
		key:   "iam:awsservicename", open: func(value string, like bool) bool { return like && hasWildcard(value) },
		risk: "roles for services that nobody thought of can be made", hint: "name the role, or the service in iam:AWSServiceName",
		witness: "iam:CreateServiceLinkedRole on arn:aws:iam::" + someAccount + ":role/aws-service-role/example.amazonaws.com/AWSServiceRoleForExample",
	},
}

const someAccount = "123456789012"

// anyService reports whether a value stands for every service.
func anyService(value string, like bool) bool {
	return like && hasWildcard(value) && pattern.Subset(glob("?*.amazonaws.com"), glob(value)) == pattern.Yes
}

func passing(r *run, s *statement) {
	if !s.allows() || !s.actions.present || !s.resources.present {
		return
	}
	for i := range grants {
		r.grant(s, &grants[i])
	}
}

func (r *run) grant(s *statement, g *grant) {
	if !s.patterns.Match(g.action) {
		return
	}
	at, how := s.actions.place(), "NOT_ACTION"
	if !s.actions.not {
		e := s.entryFor(g.action)
		at, how = e.place(), ""
		if !strings.EqualFold(e.text, g.action) {
			how = "STAR_IN_ACTION"
		}
	}
	code := grantCode(g.code, how, s.resources.not)
	if s.resources.not {
		if r.excludesAll(s, g) {
			return
		}
	} else if !r.namesNone(s, g) || s.limits(g) {
		return
	}
	if r.deniedEverywhere(g.action) {
		return
	}
	r.report(code, at, g.hint, "%s: the policy allows %s", g.risk, g.witness)
}

// grantCode puts a code together as Access Analyzer does.
func grantCode(prefix, how string, notResource bool) string {
	switch {
	case how == "NOT_ACTION" && notResource:
		return prefix + "WITH_NOT_ACTION_AND_NOT_RESOURCE"
	case how == "NOT_ACTION":
		return prefix + "WITH_STAR_IN_RESOURCE_AND_NOT_ACTION"
	case how == "STAR_IN_ACTION" && notResource:
		return prefix + "WITH_STAR_IN_ACTION_AND_NOT_RESOURCE"
	case how == "STAR_IN_ACTION":
		return prefix + "WITH_STAR_IN_ACTION_AND_RESOURCE"
	case notResource:
		return prefix + "WITH_NOT_RESOURCE"
	}
	return prefix + "WITH_STAR_IN_RESOURCE"
}

// entryFor returns the entry of Action that names an action: the one that spells
// it, or else the first that matches.
func (s *statement) entryFor(action string) *entry {
	var first *entry
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		if strings.EqualFold(e.text, action) {
			return e
		}
		if first == nil && s.patterns.Entries[i].Match(action) {
			first = e
		}
	}
	return first
}

// namesNone reports whether an entry of Resource leaves open which role it is.
func (r *run) namesNone(s *statement, g *grant) bool {
	for i := range s.resources.entries {
		if r.coversOne(s.resources.entries[i].text, g.every) {
			return true
		}
	}
	return false
}

func (r *run) coversOne(entry string, every []string) bool {
	if starred(entry) {
		return true
	}
	if !hasWildcard(entry) {
		return false
	}
	covering := r.resourcePattern(entry)
	if r.compared.spent() {
		r.undecided["PASS_ROLE_WITH_STAR_IN_RESOURCE"]++
	}
	for _, p := range every {
		if r.compared.subset(arn.CompileResource(pattern.Wild(p)).Pattern(), covering, len(entry)) {
			return true
		}
	}
	return false
}

// excludesAll reports whether NotResource leaves no role.
func (r *run) excludesAll(s *statement, g *grant) bool { return r.namesNone(s, g) }

// limits reports whether a condition allows the action for some services only.
func (s *statement) limits(g *grant) bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.lower != g.key || !c.known || c.op.Family != policy.FamilyString || c.op.Negated || len(c.entries) == 0 {
			continue
		}
		limited := true
		for j := range c.entries {
			limited = limited && !g.open(c.entries[j].text, c.op.Like)
		}
		if limited {
			return true
		}
	}
	return false
}

// deniedEverywhere reports whether a statement without conditions denies an action
// on everything.
func (r *run) deniedEverywhere(action string) bool {
	for i := range r.statements {
		s := &r.statements[i]
		if !s.denies() || len(s.conditions) > 0 || s.Condition != nil || s.principal != nil || s.resources.not || !s.patterns.Match(action) {
			continue
		}
		for j := range s.resources.entries {
			if starred(s.resources.entries[j].text) {
				return true
			}
		}
	}
	return false
}

// resourcePattern compiles an entry of Resource as IAM matches it. Entries share
// the numbers of their variables, so that patterns of different ones differ.
func (r *run) resourcePattern(entry string) *pattern.Pattern {
	var table *policy.VariableTable
	if r.doc.HasVariables() {
		table = &r.variables
	}
	return policy.CompileResource(entry, table).Pattern()
}
