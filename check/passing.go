package check

import (
	"slices"
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
	roles  string // the path and name of all roles that it is about, as a pattern
	role   string // the path of a role in a request that shows it
	key    string // the condition key that limits it to services, in lower case
	open   func(value string, like bool) bool
	risk   string
	hint   string
}

var grants = []grant{
	{
		action: "iam:PassRole", code: "PASS_ROLE_",
		roles: "?*", role: "", key: "iam:passedtoservice", open: anyService,
		risk: "any role can be handed to any service", hint: "name the roles, or the service in iam:PassedToService",
	},
	{
		action: "iam:CreateServiceLinkedRole", code: "CREATE_SLR_",
		roles: "aws-service-role/?*", role: "aws-service-role/example.amazonaws.com/", key: "iam:awsservicename",
		open: func(value string, like bool) bool { return like && hasWildcard(value) },
		risk: "roles for services that nobody thought of can be made", hint: "name the role, or the service in iam:AWSServiceName",
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
	if s.resources.not == (r.covering(s, g) >= 0) || s.limits(g) || r.deniedToOthers(g) {
		return
	}
	r.report(grantCode(g.code, how, s.resources.not), at, g.hint, "%s: the policy allows %s on %s", g.risk, g.action, r.roleFor(s, g))
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

// covering returns the index of an entry of Resource or NotResource that leaves open
// which role it is, as far as an account can: it matches all that there are. It is -1
// where there is none.
func (r *run) covering(s *statement, g *grant) int {
	for i := range s.resources.entries {
		if r.coversRoles(s.resources.entries[i].text, &s.arns[i], g) {
			return i
		}
	}
	return -1
}

func (r *run) coversRoles(entry string, p *resource, g *grant) bool {
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
	for _, place := range rolePlaces(p) {
		if r.compared.subset(arn.CompileResource(pattern.Wild(place+g.roles)).Pattern(), covering, len(entry)) {
			return true
		}
	}
	return false
}

// rolePlaces are the beginnings of ARNs of roles, in the partition and the account that
// an entry names.
func rolePlaces(p *resource) []string {
	partitions, account := []string{"aws", "aws-cn", "aws-us-gov"}, someAccount
	if arn.ValidPartition(p.partition) {
		partitions = []string{p.partition}
	}
	if arn.ValidAccount(p.account) {
		account = p.account
	}
	places := make([]string, len(partitions))
	for i, partition := range partitions {
		places[i] = "arn:" + partition + ":iam::" + account + ":role/"
	}
	return places
}

// roleFor returns a role in a request that shows what a statement allows: one that
// NotResource does not name.
func (r *run) roleFor(s *statement, g *grant) string {
	if !s.resources.not {
		return rolePlaces(&s.arns[r.covering(s, g)])[0] + g.role + "admin"
	}
	role := ""
	for _, name := range []string{"admin", "example", "another-role"} {
		role = rolePlaces(&resource{})[0] + g.role + name
		excluded := slices.ContainsFunc(s.resources.entries, func(e entry) bool { return r.resourcePattern(e.text).Match(role) })
		if !excluded {
			break
		}
	}
	return role
}

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

// deniedToOthers reports whether a statement denies the action on all roles, or all but
// those that it names, for services that nobody has named. What it does then hangs on
// the key alone that says which service it is.
func (r *run) deniedToOthers(g *grant) bool {
	for i := range r.statements {
		s := &r.statements[i]
		if s.deniesAll(g.action) && s.holdsForOthers(g) && s.resources.present && s.resources.not == (r.covering(s, g) < 0) {
			return true
		}
	}
	return false
}

// deniesAll reports whether the statement denies an action to whoever has the policy.
func (s *statement) deniesAll(action string) bool {
	return s.denies() && s.principal == nil && s.patterns.Match(action)
}

// holdsForOthers reports whether the conditions hold for a service that none of them
// names.
func (s *statement) holdsForOthers(g *grant) bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.lower != g.key || !c.known || c.op.Family != policy.FamilyString || len(c.entries) == 0 {
			return false
		}
		named := !slices.ContainsFunc(c.entries, func(e entry) bool { return g.open(e.text, c.op.Like) })
		if named != c.op.Negated {
			return false
		}
	}
	return s.Condition == nil || len(s.conditions) > 0
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
