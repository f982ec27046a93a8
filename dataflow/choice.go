package dataflow

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/asl/jsonata"
)

// sight is what a Choice state knows on the way to one of its branches: its
// input, cut down to what passes the tests, and the variables.
type sight struct {
	input Value
	env   *environment
	dead  bool // no execution comes here
}

func joinSights(a, b sight) sight {
	switch {
	case a.dead:
		return b
	case b.dead:
		return a
	}
	return sight{join(a.input, b.input), joinEnvironments(a.env, b.env, exactly), false}
}

// narrow returns what is left of a sight where a comparison holds, and where it
// does not.
func (s *scene) narrow(c *asl.Comparison, at sight) (holds, fails sight) {
	if at.dead {
		return at, at
	}
	switch c.Operator {
	case "Not":
		if len(c.Operands) == 1 {
			fails, holds = s.narrow(&c.Operands[0], at)
			return holds, fails
		}
		return at, at
	case "And":
		fails = sight{dead: true}
		for i := range c.Operands {
			var failed sight
			at, failed = s.narrow(&c.Operands[i], at)
			fails = joinSights(fails, failed)
		}
		return at, fails
	case "Or":
		holds = sight{dead: true}
		for i := range c.Operands {
			var held sight
			held, at = s.narrow(&c.Operands[i], at)
			holds = joinSights(holds, held)
		}
		return holds, at
	}
	p := s.variable(c.Variable)
	if p == nil || !p.Single() || p.Root == asl.Context {
		return at, at
	}
	keep, remove := s.test(c)
	return at.refine(*p, keep, true), at.refine(*p, remove, false)
}

// variable is the path that a comparison looks at.
func (s *scene) variable(v asl.Value) *asl.Path {
	if v.HasPlaceholder() {
		return nil
	}
	if e := s.jsonpath(v.Expression()); e != nil && e.Kind == asl.PathExpr {
		return &e.Path
	}
	return nil
}

// test returns what cuts a value down to those for which a comparison holds, and
// to those for which it does not; nil where it says nothing that is followed
// here.
func (s *scene) test(c *asl.Comparison) (holds, fails func(Value) Value) {
	is, isBool := c.Operand.Bool()
	literal, isText := c.Operand.Literal()
	switch c.Operator {
	case "StringEquals":
		if isText {
			return s.among(Literal(literal)), without(literal)
		}
	case "StringMatches":
		if isText {
			return s.among(globText(literal)), nil
		}
	case "StringEqualsPath":
		if p := s.variable(c.Operand); p != nil {
			other := s.path(*p)
			return func(v Value) Value { return amongTexts(v, other) }, nil
		}
	case "BooleanEquals":
		if isBool {
			return keeping(ofBool(is).kinds), nil
		}
	case "IsPresent":
		if isBool && is {
			return keeping(everything), nil
		}
	case "IsNull", "IsString", "IsBoolean", "IsNumeric":
		if isBool && is {
			return keeping(map[string]kinds{"IsNull": null, "IsString": text, "IsBoolean": yes | no, "IsNumeric": number}[c.Operator]), nil
		}
	}
	return nil, nil
}

func keeping(k kinds) func(Value) Value { return func(v Value) Value { return v.only(k) } }

// among keeps the strings of a text.
func (s *scene) among(t Text) func(Value) Value {
	t.from = t.from.then(s.step("Choices"))
	return func(v Value) Value { return amongTexts(v, ofText(t)) }
}

// without removes one string.
func without(literal string) func(Value) Value {
	return func(v Value) Value {
		v.texts = slices.DeleteFunc(slices.Clone(v.texts), func(have Text) bool { s, ok := have.Literal(); return ok && s == literal })
		if len(v.texts) == 0 {
			v = v.only(v.kinds &^ text)
		}
		return v
	}
}

// amongTexts keeps the strings that another value may be as well. Of two
// patterns that cut each other the first stays whole.
func amongTexts(v, other Value) Value {
	var out []Text
	for _, t := range v.texts {
		for _, u := range other.texts {
			switch {
			case u.covers(t):
				out = addText(out, t)
			case t.covers(u):
				out = addText(out, u)
			case !apart(t, u):
				out = addText(out, t)
			}
		}
	}
	if len(out) == 0 {
		return Value{}
	}
	return Value{kinds: text, texts: out}
}

// apart reports whether two texts are known to have no string in common.
func apart(t, u Text) bool {
	if s, ok := t.Literal(); ok {
		return !u.Contains(s)
	}
	if s, ok := u.Literal(); ok {
		return !t.Contains(s)
	}
	a, b := t.first(), u.first()
	if !strings.HasPrefix(a, b) && !strings.HasPrefix(b, a) {
		return true
	}
	a, b = t.last(), u.last()
	return !strings.HasSuffix(a, b) && !strings.HasSuffix(b, a)
}

// globText reads the pattern of StringMatches: "*" is any text, and a backslash
// takes the next character as it is.
func globText(s string) Text {
	pieces := []string{""}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '*':
			pieces = append(pieces, "")
			continue
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '\\'):
			i++
		}
		pieces[len(pieces)-1] += s[i : i+1]
	}
	return newText(pieces, nil)
}

// refine cuts down what a path names. Where the test shows that there is such a
// place, what has none is left out.
func (at sight) refine(p asl.Path, cut func(Value) Value, there bool) sight {
	if cut == nil || at.dead {
		return at
	}
	root := &at.input
	v := at.input
	if p.Root == asl.Variable {
		v = at.env.get(p.Name)
	}
	v, ok := refine(v, p.Steps, cut, there)
	switch {
	case !ok:
		return sight{dead: true}
	case p.Root == asl.Variable:
		at.env = at.env.set(map[string]Value{p.Name: v})
	default:
		*root = v
	}
	return at
}

// refine returns v where what lies below has been cut down; ok is false where
// nothing is left, and so no execution comes there.
func refine(v Value, steps []asl.Step, cut func(Value) Value, there bool) (out Value, ok bool) {
	if len(steps) == 0 {
		out = cut(v)
		return out, out.kinds != 0
	}
	s := &steps[0]
	if s.Kind != asl.Child || len(s.Names) != 1 {
		return v, true
	}
	inner, ok := refine(v.only(object).Field(s.Names[0]), steps[1:], cut, there)
	if ok && v.kinds&object != 0 {
		out = v.only(object).with(s.Names[0], inner)
	}
	if !there {
		out = join(out, v.only(v.kinds&^object))
	}
	return out, out.kinds != 0
}

// narrowCondition is narrow for a condition in JSONata: what is compared with
// strings, joined by and, or and $not. Variables that the condition itself binds
// are in the frame.
func (s *scene) narrowCondition(n *jsonata.Node, at sight, f *frame) (holds, fails sight) {
	switch {
	case at.dead:
		return at, at
	case n.Kind == jsonata.Block && len(n.Args) == 1:
		return s.narrowCondition(n.Args[0], at, f)
	case n.Kind == jsonata.Call && len(n.Args) == 2 && s.builtin(n, f) == "not":
		fails, holds = s.narrowCondition(n.Args[1], at, f)
		return holds, fails
	case n.Kind != jsonata.Binary:
		return at, at
	}
	left, right := n.Args[0], n.Args[1]
	switch n.Text {
	case "and":
		first, failed := s.narrowCondition(left, at, f)
		both, second := s.narrowCondition(right, first, f)
		return both, joinSights(failed, second)
	case "or":
		held, first := s.narrowCondition(left, at, f)
		second, none := s.narrowCondition(right, first, f)
		return joinSights(held, second), none
	case "=", "!=":
		if left.Kind == jsonata.String {
			left, right = right, left
		}
		if right.Kind != jsonata.String {
			return at, at
		}
		different := s.narrowNode(left, at, f, without(right.Text), false)
		if n.Text == "!=" {
			return different, at // what is not there is not different either
		}
		return s.narrowNode(left, at, f, s.among(Literal(right.Text)), true), different
	case "in":
		if right.Kind == jsonata.Array && !slices.ContainsFunc(right.Args, func(a *jsonata.Node) bool { return a.Kind != jsonata.String }) {
			among := Value{}
			for _, a := range right.Args {
				among = join(among, ofText(Literal(a.Text)))
			}
			return s.narrowNode(left, at, f, func(v Value) Value { return amongTexts(v, among) }, true), at
		}
	}
	return at, at
}

// narrowNode cuts down a variable, or what names select from it or from the
// input as long as no array is on the way: JSONata looks into those.
func (s *scene) narrowNode(n *jsonata.Node, at sight, f *frame, cut func(Value) Value, there bool) sight {
	first, names := n, []*jsonata.Node(nil)
	if n.Kind == jsonata.Path {
		first, names = n.Args[0], n.Args[1:]
	}
	if _, local := f.get(first.Text); local || first.Kind != jsonata.Variable || first.Text == "" || first.Text == "$" {
		return at
	}
	path := asl.Path{Root: asl.Variable, Name: first.Text}
	for _, name := range names {
		if name.Kind != jsonata.Name {
			return at
		}
		path.Steps = append(path.Steps, asl.Step{Kind: asl.Child, Names: []string{name.Text}})
	}
	root := at.env.get(first.Text)
	if first.Text == "states" {
		if len(path.Steps) < 2 || path.Steps[0].Names[0] != "input" {
			return at
		}
		path.Root, path.Steps, root = asl.Input, path.Steps[1:], at.input
	}
	for i := range path.Steps {
		if root.kinds&array != 0 {
			return at
		}
		root = root.Field(path.Steps[i].Names[0])
	}
	return at.refine(path, cut, there)
}
