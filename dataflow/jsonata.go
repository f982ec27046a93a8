package dataflow

import (
	"maps"
	"strings"

	"github.com/writ-iam/writ/asl/jsonata"
)

// JSONata, as far as it moves data about: what is not here gives something
// unknown. A value that is not there is one like any other inside an expression
// ("absent"), and makes the state fail when it is all that an expression gives.

// maxExpression is how deeply expressions are followed.
const maxExpression = 500

// maxOperands is how many parts of one text are followed.
const maxOperands = 256

var anything = unknown.orAbsent()

// node evaluates a part of an expression.
func (s *scene) node(n *jsonata.Node) Value {
	if s.depth++; s.depth > maxExpression {
		s.depth--
		return anything
	}
	defer func() { s.depth-- }()
	switch n.Kind {
	case jsonata.String:
		return ofText(Literal(n.Text))
	case jsonata.Number:
		return ofNumber(n.Text)
	case jsonata.Bool:
		return ofBool(n.Text == "true")
	case jsonata.Null:
		return Value{kinds: null}
	case jsonata.Negate:
		return someInt.orAbsent()
	case jsonata.Variable:
		return s.name(n.Text)
	case jsonata.Path:
		return s.steps(n)
	case jsonata.Binary:
		return s.binary(n)
	case jsonata.Array:
		return s.arrayOf(n)
	case jsonata.Object:
		return s.objectOf(n)
	case jsonata.Block:
		return s.block(n)
	case jsonata.Bind:
		v := s.node(n.Args[0])
		s.bind(n.Text, v)
		return v
	case jsonata.Condition:
		return s.condition(n)
	case jsonata.Filter:
		return pick(s.node(n.Args[0]), n)
	case jsonata.Call:
		return s.call(n)
	}
	return anything
}

// name is the value of a variable.
func (s *scene) name(name string) Value {
	if v, ok := s.locals[name]; ok {
		return v
	}
	switch name {
	case "", "$":
		return anything
	case "states":
		return fieldsOf([]field{
			{"input", s.input}, {"context", s.context()}, {"result", orNothing(s.result)}, {"errorOutput", orNothing(s.errorOutput)},
		}, nothing)
	}
	return s.env.get(name)
}

func orNothing(v Value) Value {
	if v.kinds == 0 {
		return nothing
	}
	return v
}

func (s *scene) bind(name string, v Value) {
	s.locals = maps.Clone(s.locals)
	if s.locals == nil {
		s.locals = map[string]Value{}
	}
	s.locals[name] = v
}

// block evaluates expressions in turn; variables bound in it end with it.
func (s *scene) block(n *jsonata.Node) Value {
	outer := s.locals
	defer func() { s.locals = outer }()
	out := nothing
	for i, part := range n.Args {
		if i >= maxExpression {
			return anything
		}
		out = s.node(part)
	}
	return out
}

// steps follows a path of names.
func (s *scene) steps(n *jsonata.Node) Value {
	first := n.Args[0]
	if first.Kind == jsonata.Name || first.Kind == jsonata.String {
		return anything // a field of the context, of which nothing is known
	}
	v := s.node(first)
	for _, step := range n.Args[1:] {
		switch {
		case step.Kind == jsonata.Name || step.Kind == jsonata.String:
			v = lookup(v, step.Text)
		case step.Kind == jsonata.Filter && step.Args[0].Kind == jsonata.Name && v.kinds&array == 0:
			v = pick(lookup(v, step.Args[0].Text), step)
		default:
			return anything
		}
		if v.kinds&everything == 0 {
			return v
		}
	}
	return v
}

// lookup is a member, or those of all the items of an array: none, the only one,
// or an array of them.
func lookup(v Value, name string) Value {
	out := v.only(v.kinds &^ array).Field(name)
	if v.kinds&array == 0 {
		return out
	}
	if v.arr == nil {
		return anything
	}
	of := lookup(v.Elements(), name)
	each := join(of.only(of.kinds&^(array|absent)), of.Elements())
	return join(join(out, nothing), join(each, ofElems(each)))
}

// pick is v[...]: an index, a test of each item, or v[] for an array in any case.
func pick(v Value, n *jsonata.Node) Value {
	rest := v.only(v.kinds &^ array)
	if len(n.Args) == 2 && n.Args[1].Kind == jsonata.Number {
		out := nothing
		if v.kinds&array != 0 {
			if number := ofNumber(n.Args[1].Text); v.arr != nil && v.arr.exact && number.numbers != nil {
				out = join(out, getItem(v.only(array), number))
			} else {
				out = join(out, v.Elements())
			}
		}
		return join(out, rest)
	}
	each := join(rest.present(), v.Elements())
	return join(nothing, join(each, ofElems(each)))
}

// condition takes the side that a test leaves open.
func (s *scene) condition(n *jsonata.Node) Value {
	test := s.node(n.Args[0])
	otherwise := func() Value {
		if len(n.Args) < 3 {
			return nothing
		}
		return s.node(n.Args[2])
	}
	switch test.kinds {
	case yes:
		return s.node(n.Args[1])
	case no, absent, null, no | absent:
		return otherwise()
	}
	outer := *s
	holds, fails := s.narrowCondition(n.Args[0], sight{s.input, s.env, false})
	defer func() { s.input, s.env = outer.input, outer.env }()
	out := Value{}
	if !holds.dead {
		s.input, s.env = holds.input, holds.env
		out = s.node(n.Args[1])
	}
	s.locals = outer.locals
	if !fails.dead {
		s.input, s.env = fails.input, fails.env
		out = join(out, otherwise())
	}
	return out
}

func (s *scene) binary(n *jsonata.Node) Value {
	switch n.Text {
	case "&":
		return s.concatenation(n)
	case "=", "!=", "<", "<=", ">", ">=", "and", "or", "in":
		return someBool.orAbsent()
	case "+", "-", "*", "/", "%":
		return someInt.orAbsent()
	case "??", "?:":
		left := s.node(n.Args[0])
		if n.Text == "??" && left.kinds&absent == 0 {
			return left
		}
		return join(left.present(), s.node(n.Args[1]))
	}
	return anything
}

// concatenation joins the texts of a chain of &. The chain leans to the left, and
// may be long.
func (s *scene) concatenation(n *jsonata.Node) Value {
	var operands []*jsonata.Node
	for n.Kind == jsonata.Binary && n.Text == "&" {
		operands = append(operands, n.Args[1])
		n = n.Args[0]
	}
	texts := s.operand(n)
	for i := len(operands) - 1; i >= 0; i-- {
		if len(operands)-i > maxOperands {
			return Value{kinds: text, texts: cross(texts, []Text{anyText})}
		}
		texts = cross(texts, s.operand(operands[i]))
	}
	return Value{kinds: text, texts: texts}
}

// operand is an operand of &: what is not there is the empty text.
func (s *scene) operand(n *jsonata.Node) []Text {
	v := s.node(n)
	var texts []Text
	if v.kinds&everything != 0 {
		texts = v.present().asText()
	}
	if v.kinds&absent != 0 || v.kinds == 0 {
		texts = addText(texts, Literal(""))
	}
	return texts
}

// arrayOf makes an array: what is not there is left out, and the items of an
// array that is not written here are put in its place.
func (s *scene) arrayOf(n *jsonata.Node) Value {
	var items []Value
	exact := true
	all := Value{}
	for _, a := range n.Args {
		v := s.node(a)
		if a.Kind != jsonata.Array && v.kinds&array != 0 {
			exact = false
			v = join(v.only(v.kinds&^array), v.Elements())
		}
		exact = exact && v.kinds&absent == 0
		items = append(items, v)
		all = join(all, v)
	}
	if exact {
		return ofItems(items)
	}
	return ofElems(all)
}

// objectOf makes an object: members whose value is not there are left out.
func (s *scene) objectOf(n *jsonata.Node) Value {
	var members []field
	others := nothing
	for i := 0; i+1 < len(n.Args); i += 2 {
		name, v := s.node(n.Args[i]), s.node(n.Args[i+1])
		if v.kinds&everything == 0 {
			continue
		}
		literal, ok := name.literal()
		if !ok {
			others = join(others, v.orAbsent())
			continue
		}
		members = append(members, field{literal, v})
	}
	if others.Exists() {
		for i := range members {
			members[i].value = join(members[i].value, others)
		}
	}
	return fieldsOf(members, others)
}

// literal is the one string that a value is.
func (v Value) literal() (string, bool) {
	if v.kinds != text || len(v.texts) != 1 {
		return "", false
	}
	return v.texts[0].Literal()
}

// builtin is the name of the function that a call names, where no variable hides
// it.
func (s *scene) builtin(n *jsonata.Node) string {
	f := n.Args[0]
	if f.Kind != jsonata.Variable {
		return ""
	}
	if _, local := s.locals[f.Text]; local || !s.env.unset || s.env.values[f.Text].kinds != 0 {
		return ""
	}
	return f.Text
}

// call evaluates the functions that hand data on.
func (s *scene) call(n *jsonata.Node) Value {
	var args []Value
	for _, a := range n.Args[1:] {
		if a.Kind == jsonata.Placeholder {
			return anything
		}
		args = append(args, s.node(a))
	}
	name := s.builtin(n)
	arg := func(i int) Value {
		if i < len(args) {
			return args[i]
		}
		return anything
	}
	switch name {
	case "string":
		v := arg(0)
		if len(args) != 1 || v.kinds&everything == 0 {
			return someText.orAbsent()
		}
		return Value{kinds: text | v.kinds&absent, texts: v.present().asText()}
	case "uppercase", "lowercase":
		v := changeCase(arg(0), name == "uppercase")
		v.kinds |= arg(0).kinds & absent
		return v
	case "substring", "substringBefore", "substringAfter", "trim", "pad", "join", "replace", "base64encode", "base64decode",
		"now", "fromMillis", "formatNumber", "formatBase", "encodeUrl", "encodeUrlComponent", "decodeUrl", "decodeUrlComponent", "uuid", "hash":
		return someText.orAbsent()
	case "number", "count", "sum", "length", "abs", "floor", "ceil", "round", "power", "sqrt", "random", "millis", "toMillis", "average", "max", "min":
		return someInt.orAbsent()
	case "boolean", "not", "exists", "contains":
		return someBool.orAbsent()
	case "merge":
		return mergeAll(arg(0))
	case "lookup":
		if name, ok := arg(1).literal(); ok && len(args) == 2 {
			return lookup(args[0], name)
		}
	}
	return anything
}

// changeCase changes letters that every program changes alike.
func changeCase(v Value, upper bool) Value {
	return mapTexts(v.present(), func(t string) (string, bool) {
		for i := 0; i < len(t); i++ {
			if t[i] >= 0x80 {
				return "", false
			}
		}
		if upper {
			return strings.ToUpper(t), true
		}
		return strings.ToLower(t), true
	})
}

// mergeAll merges the objects of an array that is known item by item.
func mergeAll(v Value) Value {
	if v.kinds != array || v.arr == nil || !v.arr.exact || len(v.arr.items) == 0 {
		return anything
	}
	out := emptyObject
	for _, it := range v.arr.items {
		if it.kinds != object {
			return anything
		}
		out = merge(out, it)
	}
	return out
}
