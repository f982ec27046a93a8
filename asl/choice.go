package asl

import (
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

func (r *reader) readChoice(s *State, o *element) {
	s.Choice = &Choice{Default: o.target(fDefault)}
	list := o.get(fChoices)
	if list == nil {
		r.missing(o, "Choices", "", "a Choice state needs Choices")
		return
	}
	if list.Kind == jsontree.Array && len(list.Items) == 0 {
		r.fail("BAD_FIELD_VALUE", list.Span, "", "Choices holds no rule")
	}
	s.Choice.Rules = make([]Rule, len(list.Items))
	for i := range list.Items {
		r.readRule(&s.Choice.Rules[i], &list.Items[i], o.language)
	}
}

func (r *reader) readRule(rule *Rule, v *jsontree.Value, language QueryLanguage) {
	rule.Span = v.Span
	t := element{place: inRule, language: language, head: opening(v)}
	if !r.open(&t, v) {
		return
	}
	rule.Next = t.target(fNext)
	rule.Assign, rule.Output, rule.Condition = t.evaluated(fAssign), t.evaluated(fOutput), t.evaluated(fCondition)
	if !t.has(fNext) {
		r.missing(&t, "Next", "the state to go to", "a choice rule needs Next")
	}
	if language == JSONata {
		if !t.has(fCondition) {
			r.missing(&t, "Condition", "", "a choice rule in JSONata needs a Condition")
		}
		for i := range v.Members {
			if m := &v.Members[i]; isOperator(m.Name) {
				r.fail("QUERY_LANGUAGE_MISMATCH", m.NameSpan, "use Condition", "%s belongs to JSONPath, but this state uses JSONata", m.Name)
			}
		}
		return
	}
	r.readComparison(&rule.Test, &t)
}

// readComparison reads the test in a rule, or in And, Or or Not.
func (r *reader) readComparison(c *Comparison, t *element) {
	c.Span, c.Variable = t.value.Span, t.path(fVariable)
	var found []string
	for i := range t.value.Members {
		m := &t.value.Members[i]
		operand, ok := operators[m.Name]
		switch {
		case ok:
			c.Operand = Value{node: &m.Value, mode: literal}
			if operand == formPath && m.Value.Kind == jsontree.String {
				c.Operand = Value{&m.Value, JSONPath, wholeExpr}
			}
			r.checkOperand(operand, m)
		case m.Name == "And" || m.Name == "Or":
			if m.Value.Kind == jsontree.Array && len(m.Value.Items) == 0 {
				r.fail("BAD_FIELD_VALUE", m.Value.Span, "", "%s joins no rule", m.Name)
			}
			r.readOperands(c, m.Value.Items, t.language)
		case m.Name == "Not":
			r.readOperands(c, []jsontree.Value{m.Value}, t.language)
		default:
			continue
		}
		c.Operator = m.Name
		found = append(found, m.Name)
	}
	r.checkComparison(c, t, found)
}

func (r *reader) readOperands(c *Comparison, items []jsontree.Value, language QueryLanguage) {
	c.Operands = make([]Comparison, len(items))
	for i := range items {
		c.Operands[i].Span = items[i].Span
		t := element{place: inComparison, language: language, head: opening(&items[i])}
		if r.open(&t, &items[i]) {
			r.readComparison(&c.Operands[i], &t)
		}
	}
}

func (r *reader) checkComparison(c *Comparison, t *element, found []string) {
	switch {
	case len(found) == 0 && t.has(fCondition):
		// a mistaken query language, reported already
	case len(found) == 0:
		r.report("MISSING_FIELD", source.Error, t.head, r.machine.Pointer(t.head), "such as StringEquals, or And, Or, Not", "a choice rule needs a comparison")
	case len(found) > 1:
		r.report("CONFLICTING_FIELDS", source.Error, t.head, r.machine.Pointer(t.head), "split them into rules of their own, or join them with And",
			"a choice rule has one comparison, not %s", strings.Join(found, " and "))
	case c.Operands == nil && !t.has(fVariable):
		r.missing(t, "Variable", "a path, such as $.status", "%s needs a Variable to compare", c.Operator)
	}
}
