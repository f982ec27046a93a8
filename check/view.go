package check

import (
	"strings"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// statement is a statement with all that rules ask for again and again.
type statement struct {
	*policy.Statement
	at           policy.Place
	index        int
	actions      element    // Action or NotAction
	resources    element    // Resource or NotResource
	arns         []resource // the entries of resources, taken apart
	principal    *policy.Principal
	principalAt  policy.Place
	principalNot bool
	groups       []group
	conditions   []condition
	blocks       []block
	patterns     policy.ActionMatcher // of the actions
	meaning      string               // see meaningOf
	sameAs       int                  // the first statement with that meaning
}

// element is a list of entries, such as that of Action.
type element struct {
	present bool
	not     bool // NotAction, NotResource
	name    string
	at      policy.Place
	list    *policy.List
	entries []entry
	items   []item
}

// entry is one value of a list.
type entry struct {
	text string
	at   policy.Place
	span source.Span
	kind policy.Literal

	action *action // of an entry of Action that names one; nil for any other
}

func (e *entry) place() place { return place{at: e.at, span: e.span} }

// group is one key of a Principal, with its entries.
type group struct {
	key     string
	at      policy.Place
	span    source.Span // of the list
	entries []entry
}

// block is one operator of a condition.
type block struct {
	*policy.ConditionBlock
	at policy.Place
}

// condition is one condition key under its operator.
type condition struct {
	op        policy.Operator
	known     bool // the operator exists
	written   string
	key       string // as written
	lower     string
	at        policy.Place
	span      source.Span // of the name
	list      *policy.List
	entries   []entry
	variables bool // ${...} in the values is a variable
}

func (c *condition) place() place { return place{at: c.at, span: c.span} }

func (s *statement) place() place { return place{at: s.at, span: s.Span} }

// elementPlace is where an element of the statement stands, or the statement
// where it is missing.
func (s *statement) elementPlace(name string) place {
	if e := s.Element(name); e != nil {
		return place{at: s.at, element: name, span: e.Span}
	}
	return place{at: s.at, element: name, span: s.Span}
}

func (e *element) place() place { return place{at: e.at, span: e.list.Span} }

// allows and denies are about statements that can be understood.
func (s *statement) allows() bool { return s.Effect == policy.Allow }
func (s *statement) denies() bool { return s.Effect == policy.Deny }

// view walks the document once and prepares its statements.
func (r *run) view() {
	v := viewer{r: r}
	r.statements = r.room.statements.take(len(r.doc.Statements))[:0]
	policy.Walk(r.doc, v.visit)
	for i := range r.statements {
		s := &r.statements[i]
		r.compileActions(s)
		s.arns = r.room.resources.take(len(s.resources.entries))
		for j := range s.arns {
			s.arns[j] = parseResource(s.resources.entries[j].text)
		}
		r.findItems(s)
	}
	r.findTwins()
}

// compileActions finds the actions that entries name. Those of the catalogue are
// compiled already.
func (r *run) compileActions(s *statement) {
	s.patterns = policy.ActionMatcher{Not: s.actions.not, Entries: r.room.patterns.take(len(s.actions.entries))}
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		if e.action = r.facts.action(e.text); e.action != nil {
			s.patterns.Entries[i] = e.action.pattern
		} else {
			s.patterns.Entries[i] = policy.CompileAction(e.text)
		}
	}
}

type viewer struct{ r *run }

func (v *viewer) visit(at policy.Place, node any) bool {
	if at.Statement < 0 {
		v.r.root = at
		return true
	}
	if n, ok := node.(*policy.Statement); ok {
		v.r.statements = v.r.statements[:at.Statement+1]
		s := &v.r.statements[at.Statement]
		s.Statement, s.at, s.index = n, at, at.Statement
		return true
	}
	s := &v.r.statements[len(v.r.statements)-1]
	switch n := node.(type) {
	case *policy.List:
		e := &s.actions
		not := at.Element == policy.ElementNotAction || at.Element == policy.ElementNotResource
		if at.Element == policy.ElementResource || at.Element == policy.ElementNotResource {
			e = &s.resources
		}
		if e.present { // both elements stand there, which is reported; the first counts
			return false
		}
		*e = element{present: true, not: not, name: at.Element, at: at, list: n, entries: v.r.room.entries.take(len(n.Values))[:0]}
	case *policy.Principal:
		if s.principal != nil {
			return false
		}
		s.principal, s.principalAt, s.principalNot = n, at, at.Element == policy.ElementNotPrincipal
	case *policy.PrincipalGroup:
		s.groups = append(s.groups, group{key: n.Key, at: at, span: n.Values.Span})
	case *policy.ConditionBlock:
		s.blocks = append(s.blocks, block{n, at})
	case *policy.Condition:
		keys := 0
		for i := range n.Blocks {
			keys += len(n.Blocks[i].Keys)
		}
		s.conditions = v.r.room.conditions.take(keys)[:0]
	case *policy.ConditionKey:
		v.r.open.note(at, n.NameSpan, n.Name)
		s.conditions = append(s.conditions, v.condition(at, n))
	case *policy.Value:
		v.value(s, at, n)
	}
	return true
}

func (v *viewer) condition(at policy.Place, n *policy.ConditionKey) condition {
	op, err := policy.ParseOperator(at.Name)
	return condition{
		op: op, known: err == nil, written: at.Name, key: n.Name, lower: strings.ToLower(source.Clip(n.Name, 1024)), at: at, span: n.NameSpan, list: &n.Values,
		entries:   v.r.room.entries.take(len(n.Values.Values))[:0],
		variables: v.r.doc.HasVariables() && err == nil && op.HasVariables(),
	}
}

func (v *viewer) value(s *statement, at policy.Place, n *policy.Value) {
	e := entry{text: n.Text, at: at, span: n.Span, kind: n.Literal}
	v.r.open.note(at, n.Span, n.Text)
	switch at.Element {
	case policy.ElementAction, policy.ElementNotAction:
		s.actions.entries = append(s.actions.entries, e)
	case policy.ElementResource, policy.ElementNotResource:
		s.resources.entries = append(s.resources.entries, e)
	case policy.ElementPrincipal, policy.ElementNotPrincipal:
		last := &s.groups[len(s.groups)-1]
		last.entries = append(last.entries, e)
	case policy.ElementCondition:
		last := &s.conditions[len(s.conditions)-1]
		last.entries = append(last.entries, e)
	}
}

// has reports whether the statement has a condition on a key, under any operator
// that exists but Null.
func (s *statement) has(keys ...string) bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if !c.known || c.op.Family == policy.FamilyNull {
			continue
		}
		for _, k := range keys {
			if strings.EqualFold(c.key, k) {
				return true
			}
		}
	}
	return false
}
