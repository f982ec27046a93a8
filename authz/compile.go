package authz

import (
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
	services   services               // all that it speaks of
	denies     bool                   // some statement denies
	far        int                    // entries of the statements in anywhere
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
	c := &compiled{byService: map[string][]actionUse{}, actions: newCache[mentions]()}
	var vars policy.VariableTable
	all := make([]statement, len(p.Document.Statements))
	c.statements = make([]*statement, len(all))
	for i := range all {
		s := &all[i]
		compileStatement(s, p.Document, i, c, &vars)
		c.statements[i] = s
		c.denies = c.denies || s.deny
		c.index(s)
	}
	c.variables = vars.Variables()
	c.personal = c.looksAtCaller()
	return c, findings
}

func (c *compiled) index(s *statement) {
	if s.actions.Not {
		c.reachesFar(s)
		return
	}
	placed := false
	for rest := s.actions.Entries; len(rest) > 0; {
		service, ok, n := sameService(rest)
		switch {
		case ok:
			uses := slices.Grow(c.byService[service], n)
			for _, entry := range rest[:n] {
				uses = append(uses, actionUse{entry, s})
			}
			c.services |= serviceNamed(service)
			c.byService[service] = uses
		case !placed:
			placed = true
			c.reachesFar(s)
		}
		rest = rest[n:]
	}
}

// sameService returns the service of the first entry, and how many from there on
// are of it; ok is false for an entry that may be of several.
func sameService(entries []policy.ActionPattern) (service string, ok bool, n int) {
	service, ok = entries[0].Service()
	for n = 1; n < len(entries); n++ {
		if s, known := entries[n].Service(); known != ok || s != service {
			break
		}
	}
	return service, ok, n
}

// reachesFar notes a statement that may be about any service.
func (c *compiled) reachesFar(s *statement) {
	c.services = allServices
	c.far += len(s.actions.Entries)
	c.anywhere = append(c.anywhere, s)
}

// each visits the statements with an effect that speak of an action, in order;
// visit returns false to end it.
func (c *compiled) each(a *action, deny bool, visit func(*statement) bool) {
	if c.services&a.services == 0 || deny && !c.denies {
		return
	}
	uses := c.byService[a.service]
	if len(uses)+c.far <= fewUses {
		visitUses(uses, c.anywhere, a, deny, visit)
		return
	}
	for _, s := range c.about(a, uses).with(deny) {
		if !visit(s) {
			return
		}
	}
}

// fewUses is the number of entries of Action up to which comparing them is not
// much slower than finding out what was found before.
const fewUses = 16

// about returns the statements that speak of an action. Policies are shared by
// many sets, so what was found is kept with the policy.
func (c *compiled) about(a *action, uses []actionUse) *mentions {
	if m := c.actions.get(a); m != nil {
		return m
	}
	m := new(mentions)
	collect := func(list *[]*statement) func(*statement) bool {
		return func(s *statement) bool {
			*list = append(*list, s)
			return true
		}
	}
	visitUses(uses, c.anywhere, a, true, collect(&m.deny))
	visitUses(uses, c.anywhere, a, false, collect(&m.allow))
	return c.actions.put(a, m)
}

// visitUses merges two lists, each in the order of statements.
func visitUses(uses []actionUse, anywhere []*statement, a *action, deny bool, visit func(*statement) bool) {
	var last *statement
	for len(uses)+len(anywhere) > 0 {
		var s *statement
		var matches bool
		if len(anywhere) == 0 || len(uses) > 0 && uses[0].statement.index <= anywhere[0].index {
			s = uses[0].statement
			matches = s != last && s.deny == deny && uses[0].entry.Match(a.text)
			uses = uses[1:]
		} else {
			s = anywhere[0]
			matches = s != last && s.deny == deny && s.actions.Match(a.text)
			anywhere = anywhere[1:]
		}
		if !matches {
			continue
		}
		if last = s; !visit(s) {
			return
		}
	}
}

// mentions are the statements of a policy about one action, in their order.
type mentions struct{ deny, allow []*statement }

func (m *mentions) with(deny bool) []*statement {
	if deny {
		return m.deny
	}
	return m.allow
}

func (c *compiled) speaksOf(text string) bool {
	a := actionOf(text)
	speaks := false
	note := func(*statement) bool {
		speaks = true
		return false
	}
	c.each(&a, true, note)
	c.each(&a, false, note)
	return speaks
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
