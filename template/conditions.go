package template

import (
	"slices"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// outcome is what a condition comes to.
type outcome uint8

const (
	undecided outcome = iota
	yes
	no
)

func outcomeOf(holds bool) outcome {
	if holds {
		return yes
	}
	return no
}

func (o outcome) not() outcome { return [...]outcome{undecided, no, yes}[o] }

// condition is a condition of the template.
type condition struct {
	node  *jsontree.Value
	open  bool // being evaluated
	known bool
	value outcome

	defaults []string // parameters whose default it was worked out with
	unread   bool     // something that says who may do what was left out by it
}

// conditionNamed evaluates a condition by its name. What is assumed goes before
// what the condition says; without assumptions, the outcome is kept.
func (s *stack) conditionNamed(name string, at source.Span) outcome {
	for _, a := range s.assume {
		if a.Condition == name {
			return outcomeOf(a.Holds)
		}
	}
	c := s.conditions[name]
	if c == nil {
		s.wrong("UNKNOWN_REFERENCE", at, s.near.Hint(name, s.conditionNames()), "the template has no condition %s", near.Quote(name))
		return undecided
	}
	if c.known {
		if c.value != undecided || len(s.assume) == 0 {
			s.defaults.add(c.defaults...)
			return c.value
		}
	}
	if c.open {
		s.wrong("REFERENCE_CYCLE", at, "", "condition %s refers to itself", near.Quote(name))
		return undecided
	}
	if s.chain >= maxChain {
		s.tooDeep(at)
		return undecided
	}
	if !s.spend(at, 1, 0) {
		return undecided
	}
	c.open = true
	s.chain++
	var value outcome
	used := s.defaults.during(func() { value = s.condition(c.node) })
	s.chain--
	c.open = false
	if len(s.assume) == 0 {
		c.known, c.value, c.defaults = true, value, used
	}
	return value
}

// leavesOut notes that a condition decides what is read of a resource, so that
// with other values than the defaults something else would be.
func (s *stack) leavesOut(name string) {
	if c := s.conditions[name]; c != nil && s.chain == 0 {
		c.unread = true
	}
}

func (s *stack) tooDeep(at source.Span) {
	s.wrong("REFERENCE_TOO_DEEP", at, "", "references lead to references more than %d times", maxChain)
}

func (s *stack) conditionNames() []string {
	if s.near.Spent() {
		return nil
	}
	names := make([]string, 0, len(s.conditions))
	for name := range s.conditions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// condition evaluates the value of a condition. Source: CloudFormation template
// reference, "Condition functions".
func (s *stack) condition(v *jsontree.Value) outcome {
	if v.Kind != jsontree.Object || len(v.Members) != 1 {
		s.wrong("BAD_FUNCTION", v.Span, "", "a condition is an object with one function")
		return undecided
	}
	m := &v.Members[0]
	arg := &m.Value
	switch m.Name {
	case "Condition":
		if arg.Kind == jsontree.String {
			return s.conditionNamed(arg.Text, arg.Span)
		}
	case "Fn::Equals":
		if arg.Kind == jsontree.Array && len(arg.Items) == 2 {
			return s.equals(arg)
		}
	case "Fn::Not":
		if arg.Kind == jsontree.Array && len(arg.Items) == 1 {
			return s.condition(&arg.Items[0]).not()
		}
	case "Fn::And":
		if arg.Kind == jsontree.Array && len(arg.Items) > 0 {
			return s.all(arg.Items, no)
		}
	case "Fn::Or":
		if arg.Kind == jsontree.Array && len(arg.Items) > 0 {
			return s.all(arg.Items, yes)
		}
	default:
		s.wrong("UNKNOWN_FUNCTION", m.NameSpan, "one of Condition, Fn::And, Fn::Equals, Fn::Not, Fn::Or", "%s is no function of conditions", near.Quote(m.Name))
		return undecided
	}
	s.wrong("BAD_FUNCTION", arg.Span, "", "%s has the wrong argument", m.Name)
	return undecided
}

// all joins conditions with And or Or: one that is decisive decides.
func (s *stack) all(items []jsontree.Value, decisive outcome) outcome {
	result := decisive.not()
	for i := range items {
		switch s.condition(&items[i]) {
		case decisive:
			result = decisive
		case undecided:
			if result != decisive {
				result = undecided
			}
		}
	}
	return result
}

// equals evaluates Fn::Equals. A value in it that depends on another condition
// in a way that no text can hold leaves it undecided.
func (s *stack) equals(arg *jsontree.Value) outcome {
	before := s.split
	s.split = ""
	a, b := s.eval(&arg.Items[0]), s.eval(&arg.Items[1])
	depends := s.split != ""
	s.split = before
	if depends {
		return undecided
	}
	return s.equal(a, b)
}

// equal compares two values. Equal texts are equal whatever their holes are;
// others may be when a hole can make them so.
func (s *stack) equal(a, b jsontree.Value) outcome {
	if a.Kind == jsontree.Array && b.Kind == jsontree.Array {
		return s.equalLists(a, b)
	}
	if !isText(a) || !isText(b) {
		if a.Kind == jsontree.Invalid || b.Kind == jsontree.Invalid {
			return undecided
		}
		_, unknownA := isUnknown(a)
		_, unknownB := isUnknown(b)
		if unknownA || unknownB {
			return undecided
		}
		s.wrong("BAD_FUNCTION", a.Span, "", "Fn::Equals compares texts")
		return undecided
	}
	switch {
	case a.Text == b.Text:
		return yes
	case !hole.Has(a.Text) && !hole.Has(b.Text):
		return no
	case s.cannotBe(a.Text, b.Text), s.cannotBe(b.Text, a.Text):
		return no
	}
	return undecided
}

func (s *stack) equalLists(a, b jsontree.Value) outcome {
	if len(a.Items) != len(b.Items) {
		return undecided
	}
	result := yes
	for i := range a.Items {
		switch s.equal(a.Items[i], b.Items[i]) {
		case no:
			return no
		case undecided:
			result = undecided
		}
	}
	return result
}

// cannotBe reports whether the first text is one hole with alternatives, none
// of which is the second, a known text.
func (s *stack) cannotBe(text, known string) bool {
	name, whole := hole.Whole(text)
	if !whole || hole.Has(known) {
		return false
	}
	h := s.session.out.Holes[name]
	for _, a := range h.Alternatives {
		if a == known || hole.Has(a) {
			return false
		}
	}
	return len(h.Alternatives) > 0
}
