package authz

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// compiled is one policy, ready to be asked.
type compiled struct {
	statements []*statement
	variables  []policy.Variable      // by slot
	byService  map[string][]actionUse // statements that name actions of one service
	anywhere   []*statement           // statements whose actions are of any service, or given by exclusion
	actions    *cache[mentions]
	personal   bool // what it says depends on who asks
}

// actionUse is one entry of a statement's Action.
type actionUse struct {
	entry     policy.ActionPattern
	statement *statement
}

// compile compiles a policy, or returns what Prepare compiled.
func (p *Policy) compile() (*compiled, source.List) {
	if p.compiled != nil {
		return p.compiled, nil
	}
	if p.Document == nil {
		return nil, source.List{{Code: "NO_DOCUMENT", Severity: source.Error, Message: fmt.Sprintf("policy %q has no document", p.Name)}}
	}
	findings := policy.Validate(p.Document)
	if findings.HasErrors() {
		return nil, findings
	}
	c := &compiled{byService: map[string][]actionUse{}, actions: newCache((*mentions).key)}
	var vars policy.VariableTable
	for i := range p.Document.Statements {
		s := compileStatement(p.Document, i, c, &vars)
		c.statements = append(c.statements, s)
		c.index(s)
	}
	c.variables = vars.Variables()
	c.personal = c.looksAtCaller()
	return c, findings
}

func (c *compiled) index(s *statement) {
	if s.actions.Not {
		c.anywhere = append(c.anywhere, s)
		return
	}
	placed := false
	for _, entry := range s.actions.Entries {
		service, ok := entry.Service()
		switch {
		case ok:
			c.byService[service] = append(c.byService[service], actionUse{entry, s})
		case !placed:
			placed = true
			c.anywhere = append(c.anywhere, s)
		}
	}
}

// about returns the statements that speak of an action. Policies are shared by
// many sets, so what was found is kept with the policy.
func (c *compiled) about(a *action) *mentions {
	if m := c.actions.get(a); m != nil {
		return m
	}
	var list []*statement
	for _, use := range c.byService[a.service] {
		if use.entry.Match(a.text) {
			list = append(list, use.statement)
		}
	}
	for _, s := range c.anywhere {
		if s.actions.Match(a.text) {
			list = append(list, s)
		}
	}
	if len(list) == 0 && len(c.statements) <= fewStatements {
		return noMentions // cheaper to find again than to keep
	}
	m := &mentions{action: a.text}
	slices.SortFunc(list, func(a, b *statement) int { return cmp.Compare(a.index, b.index) })
	for _, s := range slices.Compact(list) {
		if s.deny {
			m.deny = append(m.deny, s)
		} else {
			m.allow = append(m.allow, s)
		}
	}
	c.actions.put(a, m)
	return m
}

// mentions are the statements of a policy about one action, in their order.
type mentions struct {
	action      string
	deny, allow []*statement
}

var noMentions = new(mentions)

func (m *mentions) key() string { return m.action }

func (m *mentions) with(deny bool) []*statement {
	if deny {
		return m.deny
	}
	return m.allow
}

func (c *compiled) speaksOf(text string) bool {
	a := actionOf(text)
	m := c.about(&a)
	return len(m.deny)+len(m.allow) > 0
}

// looksAtCaller reports whether a statement names principals or compares a key
// that is derived from the caller.
func (c *compiled) looksAtCaller() bool {
	return slices.ContainsFunc(c.variables, func(v policy.Variable) bool { return aboutCaller(v.Name) }) ||
		slices.ContainsFunc(c.statements, func(s *statement) bool {
			return s.named != everybody || slices.ContainsFunc(s.conditions, func(c condition) bool { return aboutCaller(c.key) })
		})
}

// aboutCaller reports whether a key, in lower case, may be derived from the
// caller or, for the owner of a resource without account, through it.
func aboutCaller(key string) bool {
	return strings.HasPrefix(key, "aws:principal") || key == "aws:username" || key == "aws:userid" || key == "aws:resourceaccount"
}

// serviceOf returns the lower-case prefix of an action.
func serviceOf(action string) string {
	service, _, _ := strings.Cut(action, ":")
	return lower(service)
}
