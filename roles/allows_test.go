package roles

import (
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// The sections "allows" and "denies" of an archive are written by hand, from
// what AWS authorizes when a machine runs: one request a line, with concrete
// values for whatever the definition leaves to run time.
//
//	STATE: ACTION RESOURCE KEY=VALUE...
//	STATE: nothing                       the call needs no permission
//	STATE (least): ...                   the templates of the console lack it
//
// "denies" holds for the least style only: it names neighbours of what is needed.

// apiRequest is one line of such a section.
type apiRequest struct {
	line, state      string
	leastOnly        bool
	action, resource string
	context          map[string]string
}

func (c *goldenCase) requests(t *testing.T, section string) []apiRequest {
	t.Helper()
	var out []apiRequest
	for line := range strings.Lines(c.section(section)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		state, call, ok := strings.Cut(line, ": ")
		fields := strings.Fields(call)
		if !ok || len(fields) == 0 || len(fields) == 1 && call != "nothing" {
			t.Fatalf("%s, %s: %q is not STATE: ACTION RESOURCE KEY=VALUE...", c.path, section, line)
		}
		r := apiRequest{line: line, action: fields[0], context: map[string]string{}}
		r.state, r.leastOnly = strings.CutSuffix(state, " (least)")
		if len(fields) > 1 {
			r.resource = fields[1]
			if holes, ok := c.opts.Holes.(testHoles); ok {
				for name := range holes {
					r.resource = strings.ReplaceAll(r.resource, "${"+name+"}", hole.Text(name))
				}
			}
			for _, pair := range fields[2:] {
				key, value, _ := strings.Cut(pair, "=")
				r.context[key] = value
			}
		}
		out = append(out, r)
	}
	return out
}

func TestGoldenRolesAllowWhatMachinesDo(t *testing.T) {
	for _, c := range goldenCases(t) {
		requests := c.requests(t, "allows")
		for _, style := range []Style{Least, Console} {
			role, _ := c.generate(style)
			if role == nil {
				continue
			}
			for _, r := range requests {
				if r.action == "nothing" || r.leastOnly && style == Console {
					continue
				}
				if !roleAllows(t, role, r) {
					t.Errorf("%s, %s: the role does not allow %q", c.name, style, r.line)
				}
			}
			assertStatesCovered(t, c, role, requests)
		}
	}
}

func TestGoldenLeastDeniesNeighbours(t *testing.T) {
	denied := 0
	for _, c := range goldenCases(t) {
		role, _ := c.generate(Least)
		if role == nil {
			continue
		}
		for _, r := range c.requests(t, "denies") {
			denied++
			if roleAllows(t, role, r) {
				t.Errorf("%s: least allows %q", c.name, r.line)
			}
		}
	}
	if denied == 0 {
		t.Error("no archive has a section denies")
	}
}

// assertStatesCovered: every state that calls something has a line, so that a
// call cannot be forgotten along with its grant.
func assertStatesCovered(t *testing.T, c *goldenCase, role *Role, requests []apiRequest) {
	t.Helper()
	if c.findingsOnly {
		return
	}
	covered := map[string]bool{}
	for _, r := range requests {
		covered[r.state] = true
		if r.action == "nothing" && slices.ContainsFunc(role.Grants, func(gr Grant) bool { return slices.Contains(gr.States, r.state) }) {
			t.Errorf("%s: %s is said to need nothing, and is granted something", c.name, r.state)
		}
	}
	c.machine.Walk(func(s *asl.State) bool {
		if calls := s.Task != nil || s.Map != nil && s.Map.Distributed; calls && !covered[s.Name] {
			t.Errorf("%s: section allows has no line for state %s", c.name, s.Name)
		}
		return true
	})
}

// roleAllows decides a request by the role's documents, with what package
// policy offers for matching and a few condition operators of its own.
func roleAllows(t *testing.T, role *Role, r apiRequest) bool {
	t.Helper()
	for _, p := range role.Policies {
		for i := range p.Document.Statements {
			if statementApplies(t, &p.Document.Statements[i], r) {
				return p.Document.Statements[i].Effect == policy.Allow
			}
		}
	}
	return false
}

func statementApplies(t *testing.T, s *policy.Statement, r apiRequest) bool {
	t.Helper()
	var variables policy.VariableTable
	actions := policy.CompileActions(s)
	resources := policy.CompileResources(s, &variables)
	if !actions.Match(r.action) || !resources.Match(r.resource, noValue) {
		return false
	}
	for _, condition := range conditionsOf(s) {
		value, given := r.context[condition.Key]
		if !given || !slices.ContainsFunc(condition.Values, func(want string) bool { return compareCondition(t, condition.Operator, want, value) }) {
			return false
		}
	}
	return true
}

// noValue: the roles made here have escapes such as ${*}, but no variables.
func noValue(int) (string, bool) { return "", false }

func compareCondition(t *testing.T, operator, want, value string) bool {
	t.Helper()
	var variables policy.VariableTable
	switch operator {
	case "StringEquals", "ForAnyValue:StringEquals":
		return new(pattern.Dialect).Compile(variables.Pieces(want, false)...).MatchVars(value, noValue)
	case "StringLike":
		return new(pattern.Dialect).Compile(variables.Pieces(want, true)...).MatchVars(value, noValue)
	case "ArnEquals", "ArnLike":
		return arn.CompileCondition(variables.Pieces(want, true)...).MatchVars(value, noValue)
	}
	t.Fatalf("the test does not know operator %s", operator)
	return false
}
