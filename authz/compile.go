package authz

import (
	"fmt"
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
	c := &compiled{byService: map[string][]actionUse{}}
	var vars policy.VariableTable
	for i := range p.Document.Statements {
		s := compileStatement(p.Document, i, c, &vars)
		c.statements = append(c.statements, s)
		c.index(s)
	}
	c.variables = vars.Variables()
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

// about appends the statements that speak of an action, in their order.
func (c *compiled) about(action, service string, into []*statement) []*statement {
	from := len(into)
	for _, use := range c.byService[service] {
		if last := len(into) - 1; (last < from || into[last] != use.statement) && use.entry.Match(action) {
			into = append(into, use.statement)
		}
	}
	for _, s := range c.anywhere {
		if s.actions.Match(action) {
			into = append(into, s)
		}
	}
	return inOrder(into, from)
}

// inOrder sorts what was appended and drops statements that stand twice: one
// may be listed under its service and under anywhere.
func inOrder(list []*statement, from int) []*statement {
	added := list[from:]
	sortStatements(added)
	out := list[:from]
	for i, s := range added {
		if i == 0 || added[i-1] != s {
			out = append(out, s)
		}
	}
	return out
}

func (c *compiled) speaksOf(action string) bool {
	return len(c.about(action, serviceOf(action), nil)) > 0
}

// serviceOf returns the lower-case prefix of an action.
func serviceOf(action string) string {
	service, _, _ := strings.Cut(action, ":")
	return strings.ToLower(service)
}
