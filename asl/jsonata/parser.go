package jsonata

import (
	"strconv"
)

// parser is a Pratt parser: each operator has a binding power, and expression
// reads on while operators bind tighter than what stands before it.
type parser struct {
	lexer
	token token
	depth int
	nodes int
}

// powers are the binding powers of operators between or after operands.
var powers = map[string]int{
	"[": 80, "(": 80, "@": 80, "#": 80, ".": 75, "{": 70,
	"*": 60, "/": 60, "%": 60, "+": 50, "-": 50, "&": 50,
	"=": 40, "!=": 40, "<": 40, "<=": 40, ">": 40, ">=": 40, "in": 40, "^": 40, "~>": 40, "?:": 40, "??": 40,
	"and": 30, "or": 25, "?": 20, "..": 20, ":=": 10,
}

// negation is how tightly a minus sign before an operand binds.
const negation = 70

func (p *parser) advance(operandDue bool) *Error {
	t, err := p.next(operandDue)
	p.token = t
	return err
}

func (p *parser) at(operator string) bool {
	return p.token.kind == tokenOperator && p.token.text == operator
}

// expect passes over an operator that has to stand here; open is the offset of
// the bracket that it closes, -1 for none.
func (p *parser) expect(operator string, operandDue bool, open int) *Error {
	if p.at(operator) {
		return p.advance(operandDue)
	}
	if p.token.kind == tokenEnd && open >= 0 {
		return p.fail(open, open+1, "%q is never closed", p.text[open:open+1])
	}
	return p.unexpected("where " + strconv.Quote(operator) + " should stand")
}

func (p *parser) unexpected(where string) *Error {
	if p.token.kind == tokenEnd {
		return p.fail(len(p.text), len(p.text), "the expression ends %s", where)
	}
	return p.fail(p.token.start, p.token.end, "found %s %s", strconv.Quote(p.text[p.token.start:p.token.end]), where)
}

func (p *parser) expression(power int) (*Node, *Error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.token.start, p.token.end, "nested deeper than %d levels", maxDepth)
	}
	defer func() { p.depth-- }()
	left, err := p.operand()
	for err == nil && p.token.kind == tokenOperator && powers[p.token.text] > power {
		left, err = p.operation(left)
	}
	if err != nil {
		return nil, err
	}
	return left, nil
}

func (p *parser) count() *Error {
	if p.nodes++; p.nodes > maxNodes {
		return p.fail(p.token.start, p.token.end, "more than %d operands and operators", maxNodes)
	}
	return nil
}

// operand reads what can begin an expression.
func (p *parser) operand() (*Node, *Error) {
	t := p.token
	if err := p.count(); err != nil {
		return nil, err
	}
	n := &Node{Text: t.text, Start: t.start, End: t.end}
	switch t.kind {
	case tokenName, tokenQuotedName:
		n.Kind = Name
	case tokenVariable:
		n.Kind = Variable
	case tokenString:
		n.Kind = String
	case tokenNumber:
		n.Kind = Number
	case tokenRegex:
		n.Kind = Regex
	case tokenWord:
		n.Kind = Bool
		if t.text == "null" {
			n.Kind, n.Text = Null, ""
		}
	case tokenOperator:
		return p.prefix(n)
	default:
		return nil, p.unexpected("where a value should stand")
	}
	return n, p.advance(false)
}

// prefix reads an operand that begins with an operator.
func (p *parser) prefix(n *Node) (*Node, *Error) {
	operator := n.Text
	if operator == "and" || operator == "or" || operator == "in" {
		n.Kind = Name
		return n, p.advance(false)
	}
	n.Text = ""
	switch operator {
	case "*":
		n.Kind = Wildcard
		return n, p.advance(false)
	case "**":
		n.Kind = Descendants
		return n, p.advance(false)
	case "%":
		n.Kind = Parent
		return n, p.advance(false)
	case "-":
		n.Kind = Negate
		return n, p.addNext(n, negation)
	case "(":
		n.Kind = Block
		return n, p.list(n, ";", ")")
	case "[":
		n.Kind = Array
		return n, p.list(n, ",", "]")
	case "{":
		n.Kind = Object
		return n, p.pairs(n)
	case "|":
		n.Kind = Transform
		return n, p.transform(n)
	}
	return nil, p.unexpected("where a value should stand")
}

// add reads an expression and makes it the last argument of n.
func (p *parser) add(n *Node, power int) *Error {
	arg, err := p.expression(power)
	if err != nil {
		return err
	}
	n.Args = append(n.Args, arg)
	n.End = arg.End
	return nil
}

// addNext passes over the current token and adds the expression after it.
func (p *parser) addNext(n *Node, power int) *Error {
	if err := p.advance(true); err != nil {
		return err
	}
	return p.add(n, power)
}

// close ends n with the bracket that closes the one at the offset open.
func (p *parser) close(n *Node, bracket string, open int) *Error {
	n.End = p.token.end
	return p.expect(bracket, false, open)
}

// list reads expressions up to the closing bracket; the current token is the
// opening one. A block may end with its separator.
func (p *parser) list(n *Node, separator, closing string) *Error {
	open := p.token.start
	if err := p.advance(true); err != nil {
		return err
	}
	for !p.at(closing) {
		if err := p.add(n, 0); err != nil {
			return err
		}
		if !p.at(separator) {
			break
		}
		if err := p.advance(true); err != nil {
			return err
		}
		if p.at(closing) && separator == "," {
			return p.unexpected("where a value should stand")
		}
	}
	return p.close(n, closing, open)
}

// pairs reads {name: value, ...}.
func (p *parser) pairs(n *Node) *Error {
	open := p.token.start
	if err := p.advance(true); err != nil {
		return err
	}
	for !p.at("}") {
		if err := p.add(n, 0); err != nil {
			return err
		}
		if err := p.expect(":", true, open); err != nil {
			return err
		}
		if err := p.add(n, 0); err != nil {
			return err
		}
		if !p.at(",") {
			break
		}
		if err := p.advance(true); err != nil {
			return err
		}
		if p.at("}") {
			return p.unexpected("where a name should stand")
		}
	}
	return p.close(n, "}", open)
}

// transform reads |what|update| or |what|update, remove|.
func (p *parser) transform(n *Node) *Error {
	open := p.token.start
	if err := p.addNext(n, 0); err != nil {
		return err
	}
	if err := p.expect("|", true, open); err != nil {
		return err
	}
	if err := p.add(n, 0); err != nil {
		return err
	}
	if p.at(",") {
		if err := p.addNext(n, 0); err != nil {
			return err
		}
	}
	return p.close(n, "|", open)
}

// operation reads an operator after its left side, and what belongs to it.
func (p *parser) operation(left *Node) (*Node, *Error) {
	if err := p.count(); err != nil {
		return nil, err
	}
	operator := p.token
	n := &Node{Kind: Binary, Text: operator.text, Args: []*Node{left}, Start: left.Start, End: operator.end}
	switch operator.text {
	case "(":
		return p.call(n)
	case "[":
		n.Kind, n.Text = Filter, ""
		return n, p.filter(n)
	case "{":
		n.Kind, n.Text = Group, ""
		return n, p.pairs(n)
	case "^":
		n.Kind, n.Text = Sort, ""
		return n, p.sort(n)
	case "?":
		n.Kind, n.Text = Condition, ""
		return n, p.condition(n)
	case ":=":
		return p.bind(n)
	case "@", "#":
		n.Kind = Focus
		if operator.text == "#" {
			n.Kind = Position
		}
		return n, p.bound(n)
	}
	if err := p.advance(true); err != nil {
		return nil, err
	}
	power := powers[operator.text]
	if operator.text == "?:" || operator.text == "??" {
		power = 0
	}
	if err := p.add(n, power); err != nil {
		return nil, err
	}
	if operator.text == "." {
		return p.path(n)
	}
	return n, nil
}

// path turns the two sides of a dot into the steps of one path.
func (p *parser) path(n *Node) (*Node, *Error) {
	left, right := n.Args[0], n.Args[1]
	switch right.Kind {
	case Number, Bool, Null:
		return nil, p.fail(right.Start, right.End, "%s cannot be a step of a path", p.text[right.Start:right.End])
	}
	if left.Kind == Path {
		left.Args = append(left.Args, right)
		left.End = right.End
		return left, nil
	}
	n.Kind, n.Text = Path, ""
	return n, nil
}

func (p *parser) filter(n *Node) *Error {
	open := p.token.start
	if err := p.advance(true); err != nil {
		return err
	}
	if !p.at("]") {
		if err := p.add(n, 0); err != nil {
			return err
		}
	}
	return p.close(n, "]", open)
}

func (p *parser) sort(n *Node) *Error {
	if err := p.advance(true); err != nil {
		return err
	}
	open := p.token.start
	if err := p.expect("(", true, -1); err != nil {
		return err
	}
	for {
		term := &Node{Kind: SortTerm, Text: "<", Start: p.token.start}
		if p.at("<") || p.at(">") {
			term.Text = p.token.text
			if err := p.advance(true); err != nil {
				return err
			}
		}
		if err := p.add(term, 0); err != nil {
			return err
		}
		n.Args = append(n.Args, term)
		if !p.at(",") {
			break
		}
		if err := p.advance(true); err != nil {
			return err
		}
	}
	return p.close(n, ")", open)
}

func (p *parser) condition(n *Node) *Error {
	if err := p.addNext(n, 0); err != nil {
		return err
	}
	if !p.at(":") {
		return nil
	}
	return p.addNext(n, 0)
}

func (p *parser) bind(n *Node) (*Node, *Error) {
	variable := n.Args[0]
	if variable.Kind != Variable {
		return nil, p.fail(variable.Start, variable.End, "only a variable can stand before :=")
	}
	n.Kind, n.Text, n.Args = Bind, variable.Text, nil
	return n, p.addNext(n, powers[":="]-1)
}

// bound reads the variable after @ or #.
func (p *parser) bound(n *Node) *Error {
	if err := p.advance(true); err != nil {
		return err
	}
	if p.token.kind != tokenVariable {
		return p.unexpected("where a variable should stand")
	}
	n.Text, n.End = p.token.text, p.token.end
	return p.advance(false)
}

// call reads the arguments of a function, or a function's definition.
func (p *parser) call(n *Node) (*Node, *Error) {
	function := n.Args[0]
	n.Kind, n.Text = Call, ""
	open := p.token.start
	if err := p.advance(true); err != nil {
		return nil, err
	}
	for !p.at(")") {
		if p.at("?") {
			n.Args = append(n.Args, &Node{Kind: Placeholder, Start: p.token.start, End: p.token.end})
			if err := p.advance(false); err != nil {
				return nil, err
			}
		} else if err := p.add(n, 0); err != nil {
			return nil, err
		}
		if !p.at(",") {
			break
		}
		if err := p.advance(true); err != nil {
			return nil, err
		}
		if p.at(")") {
			return nil, p.unexpected("where an argument should stand")
		}
	}
	if err := p.close(n, ")", open); err != nil {
		return nil, err
	}
	if function.Kind == Name && (function.Text == "function" || function.Text == "λ") {
		return p.lambda(n)
	}
	return n, nil
}

// lambda reads a function's signature and body after its parameters.
func (p *parser) lambda(call *Node) (*Node, *Error) {
	n := &Node{Kind: Lambda, Start: call.Start}
	for _, a := range call.Args[1:] {
		if a.Kind != Variable {
			return nil, p.fail(a.Start, a.End, "a parameter must be a variable")
		}
		n.Params = append(n.Params, a.Text)
	}
	if p.at("<") {
		if err := p.signature(); err != nil {
			return nil, err
		}
	}
	open := p.token.start
	if err := p.expect("{", true, -1); err != nil {
		return nil, err
	}
	if err := p.add(n, 0); err != nil {
		return nil, err
	}
	n.End = p.token.end
	return n, p.expect("}", false, open)
}

// signature passes over the types of a function, such as <s-:n>.
func (p *parser) signature() *Error {
	open, depth := p.token.start, 0
	for p.token.kind != tokenEnd {
		switch {
		case p.at("<"):
			depth++
		case p.at(">"):
			depth--
		}
		if err := p.advance(false); err != nil {
			return err
		}
		if depth == 0 {
			return nil
		}
	}
	return p.fail(open, open+1, "the signature is never closed")
}
