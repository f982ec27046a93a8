package cases

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/source"
)

// Result is what running a case gave.
type Result struct {
	Case  *Case
	Cells []CellResult // as Case.Cells; empty for a case that cannot run
}

// Passed reports whether the case ran and gave what it expects.
func (r *Result) Passed() bool {
	for i := range r.Cells {
		if r.Cells[i].Failure != "" {
			return false
		}
	}
	return len(r.Cells) > 0
}

// CellResult is the answer to one request.
type CellResult struct {
	Cell     *Cell
	Decision authz.Decision
	Failure  string // what differs from the expectation; "" where nothing does
	// Explanation says why; nil unless there is a failure.
	Explanation *authz.Explanation
}

// Compile compiles the policies of a case. A case with errors has no engine. That
// a policy is none of its kind is seen here, and makes the case a broken one.
func (c *Case) Compile() (*authz.Engine, source.List) {
	if c.Broken() {
		return nil, c.Findings
	}
	engine, findings := authz.Compile(c.Policies)
	if engine == nil {
		c.Findings = append(c.Findings, findings...)
	}
	return engine, findings
}

// Run decides the requests of a case and compares. A request of which nothing is
// expected fails: a test that cannot fail is none.
func (c *Case) Run() Result {
	result := Result{Case: c}
	engine, _ := c.Compile()
	if engine == nil {
		return result
	}
	for i := range c.Cells {
		cell := &c.Cells[i]
		answer := CellResult{Cell: cell, Decision: engine.Decide(cell.Request)}
		answer.Failure = c.compare(cell, &answer.Decision)
		if answer.Failure != "" {
			x := engine.Explain(cell.Request)
			answer.Explanation = &x
		}
		result.Cells = append(result.Cells, answer)
	}
	return result
}

// compare says in words how a decision differs from what is expected.
func (c *Case) compare(cell *Cell, d *authz.Decision) string {
	switch {
	case d.Result == authz.Invalid:
		return fmt.Sprintf("the request cannot be read: %v", d.Err)
	case cell.Expected == "" && c.DecidedBy == nil:
		return fmt.Sprintf("the case expects nothing; the decision is %v", d.Result)
	case cell.Expected != "" && !cell.Expected.Met(d.Result):
		return fmt.Sprintf("%v, expected %s", d.Result, cell.Expected)
	case c.DecidedBy != nil && !c.decidedAsExpected(d):
		return fmt.Sprintf("%v as expected, but decided by %s; expected %s", d.Result, c.references(d.By()), c.expectedBy())
	}
	return ""
}

// decidedAsExpected reports whether each reference meets an expectation of its
// own. There are two at most, so both orders are tried.
func (c *Case) decidedAsExpected(d *authz.Decision) bool {
	by, want := d.By(), c.DecidedBy
	switch {
	case len(by) != len(want):
		return false
	case len(by) == 1:
		return want[0].meets(&c.Policies, by[0])
	case len(by) == 2:
		return want[0].meets(&c.Policies, by[0]) && want[1].meets(&c.Policies, by[1]) ||
			want[0].meets(&c.Policies, by[1]) && want[1].meets(&c.Policies, by[0])
	}
	return true
}

func (c *Case) expectedBy() string {
	var parts []string
	for _, b := range c.DecidedBy {
		parts = append(parts, b.String())
	}
	return strings.Join(parts, " and ")
}

func (c *Case) references(refs []authz.Reference) string {
	var parts []string
	for _, ref := range refs {
		b := By{Kind: ref.Kind}
		for _, part := range []struct {
			dst   **int
			value int
		}{{&b.Level, ref.Level}, {&b.Policy, ref.Policy}, {&b.Statement, ref.Statement}} {
			if part.value >= 0 {
				*part.dst = &part.value
			}
		}
		if _, s := c.Policies.Statement(ref); s != nil && s.Sid != "" {
			b.Sid = &s.Sid
		}
		parts = append(parts, b.String())
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, " and ")
}
