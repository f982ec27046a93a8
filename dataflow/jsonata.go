package dataflow

import (
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

// node evaluates a part of an expression, with the variables that are bound
// before it, and returns those that are bound after it.
func (s *scene) node(n *jsonata.Node, f *frame) (Value, *frame) {
	if s.depth++; s.depth > maxExpression {
		s.depth--
		return anything, f.forget(n)
	}
	defer func() { s.depth-- }()
	switch n.Kind {
	case jsonata.Binary:
		return s.binary(n, f)
	case jsonata.Block:
		return s.block(n, f), f // variables bound in it end with it
	case jsonata.Bind:
		v, f := s.node(n.Args[0], f)
		return v, f.bind(n.Text, v)
	case jsonata.Condition:
		return s.condition(n, f)
	case jsonata.Call:
		return s.call(n, f)
	case jsonata.Negate:
		_, f := s.node(n.Args[0], f)
		return someNumber.orAbsent(), f
	case jsonata.Path, jsonata.Filter, jsonata.Array, jsonata.Object:
		// Their parts are evaluated in no order that is laid down, and any number of
		// times.
		return s.unordered(n, f.loosen(n)), f.forget(n)
	}
	return s.simple(n, f), f.forget(n)
}

// simple evaluates what has no parts that count.
func (s *scene) simple(n *jsonata.Node, f *frame) Value {
	switch n.Kind {
	case jsonata.String:
		return ofText(Literal(n.Text))
	case jsonata.Number:
		return ofNumber(n.Text)
	case jsonata.Bool:
		return ofBool(n.Text == "true")
	case jsonata.Null:
		return Value{kinds: null}
	case jsonata.Variable:
		return s.name(n.Text, f)
	}
	return anything
}

// unordered evaluates a node whose parts do not see what each other bind.
func (s *scene) unordered(n *jsonata.Node, f *frame) Value {
	switch n.Kind {
	case jsonata.Path:
		return s.steps(n, f)
	case jsonata.Array:
		return s.arrayOf(n, f)
	case jsonata.Object:
		return s.objectOf(n, f)
	}
	return pick(s.value(n.Args[0], f), n)
}

// value evaluates a part of a node whose other parts do not see what it binds.
func (s *scene) value(n *jsonata.Node, f *frame) Value {
	v, _ := s.node(n, f)
	return v
}

// name is the value of a variable.
func (s *scene) name(name string, f *frame) Value {
	if v, ok := f.get(name); ok {
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

// block evaluates expressions in turn.
func (s *scene) block(n *jsonata.Node, f *frame) Value {
	out := nothing
	for i, part := range n.Args {
		if i >= maxExpression {
			return anything
		}
		out, f = s.node(part, f)
	}
	return out
}

// steps follows a path of names.
func (s *scene) steps(n *jsonata.Node, f *frame) Value {
	first := n.Args[0]
	if first.Kind == jsonata.Name || first.Kind == jsonata.String {
		return anything // a field of the context, of which nothing is known
	}
	v := s.value(first, f)
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
func (s *scene) condition(n *jsonata.Node, f *frame) (Value, *frame) {
	test, f := s.node(n.Args[0], f)
	otherwise := func() (Value, *frame) {
		if len(n.Args) < 3 {
			return nothing, f
		}
		return s.node(n.Args[2], f)
	}
	switch test.kinds {
	case yes:
		return s.node(n.Args[1], f)
	case no, absent, null, no | absent:
		return otherwise()
	}
	outer := *s
	holds, fails := s.narrowCondition(n.Args[0], sight{s.input, s.env, false}, f.hide(n.Args[0]))
	out := Value{}
	var after []*frame
	if !holds.dead {
		s.input, s.env = holds.input, holds.env
		v, then := s.node(n.Args[1], f)
		out, after = v, append(after, then)
	}
	if !fails.dead {
		s.input, s.env = fails.input, fails.env
		v, then := otherwise()
		out, after = join(out, v), append(after, then)
	}
	s.input, s.env = outer.input, outer.env
	switch len(after) {
	case 2:
		f = s.joinFrames(after[0], after[1])
	case 1:
		f = after[0]
	}
	return out, f
}

func (s *scene) binary(n *jsonata.Node, f *frame) (Value, *frame) {
	switch n.Text {
	case "&":
		return s.concatenation(n, f)
	case "??", "?:":
		return s.either(n, f)
	}
	_, f = s.node(n.Args[0], f)
	_, after := s.node(n.Args[1], f)
	switch n.Text {
	case "and", "or": // the right side may be left out
		return someBool.orAbsent(), s.joinFrames(f, after)
	case "=", "!=", "<", "<=", ">", ">=", "in":
		return someBool.orAbsent(), after
	case "+", "-", "*", "/", "%":
		return someNumber.orAbsent(), after
	}
	return anything, after
}

// either is the left side, or the right one where the left is not there (??) or
// not true (?:). The left side is evaluated once to test it and once to use it.
func (s *scene) either(n *jsonata.Node, f *frame) (Value, *frame) {
	left := s.value(n.Args[0], f.loosen(n.Args[0]))
	f = f.forget(n.Args[0])
	if n.Text == "??" && left.kinds&absent == 0 && !s.hidden("exists", f) { // it calls $exists by name
		return left, f
	}
	right, after := s.node(n.Args[1], f)
	return join(left.present(), right), s.joinFrames(f, after)
}

// concatenation joins the texts of a chain of &. The chain leans to the left, and
// may be long.
func (s *scene) concatenation(n *jsonata.Node, f *frame) (Value, *frame) {
	var operands []*jsonata.Node
	whole := n
	for n.Kind == jsonata.Binary && n.Text == "&" {
		operands = append(operands, n.Args[1])
		n = n.Args[0]
	}
	texts, f := s.operand(n, f)
	for i := len(operands) - 1; i >= 0; i-- {
		if len(operands)-i > maxOperands {
			return Value{kinds: text, texts: cross(texts, []Text{anyText})}, f.forget(whole)
		}
		var more []Text
		more, f = s.operand(operands[i], f)
		texts = cross(texts, more)
	}
	return Value{kinds: text, texts: texts}, f
}

// operand is an operand of &: what is not there is the empty text.
func (s *scene) operand(n *jsonata.Node, f *frame) ([]Text, *frame) {
	v, f := s.node(n, f)
	var texts []Text
	if v.kinds&everything != 0 {
		texts = v.present().asText()
	}
	if v.kinds&absent != 0 || v.kinds == 0 {
		texts = addText(texts, Literal(""))
	}
	return texts, f
}

// arrayOf makes an array: what is not there is left out, and the items of an
// array that is not written here are put in its place.
func (s *scene) arrayOf(n *jsonata.Node, f *frame) Value {
	var items []Value
	exact := true
	all := Value{}
	for _, a := range n.Args {
		v := s.value(a, f)
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
func (s *scene) objectOf(n *jsonata.Node, f *frame) Value {
	var members []field
	others := nothing
	for i := 0; i+1 < len(n.Args); i += 2 {
		name, v := s.value(n.Args[i], f), s.value(n.Args[i+1], f)
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
func (s *scene) builtin(n *jsonata.Node, f *frame) string {
	called := n.Args[0]
	if called.Kind != jsonata.Variable || s.hidden(called.Text, f) {
		return ""
	}
	return called.Text
}

// hidden reports whether a variable may hide the function of its name.
func (s *scene) hidden(name string, f *frame) bool {
	_, local := f.get(name)
	return local || !s.env.unset || s.env.values[name].kinds != 0
}

// call evaluates the functions that hand data on.
func (s *scene) call(n *jsonata.Node, f *frame) (Value, *frame) {
	if n.Args[0].Kind != jsonata.Variable {
		_, f = s.node(n.Args[0], f)
	}
	name := s.builtin(n, f)
	var args []Value
	for _, a := range n.Args[1:] {
		if a.Kind == jsonata.Placeholder {
			name = ""
		}
		var v Value
		v, f = s.node(a, f)
		args = append(args, v)
	}
	return apply(name, args), f
}

// apply is what a function gives; "" is one that is not known.
func apply(name string, args []Value) Value {
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
		return someNumber.orAbsent()
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
