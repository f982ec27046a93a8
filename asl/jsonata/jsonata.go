// Package jsonata reads JSONata expressions, the query language of Step
// Functions, into a tree. It evaluates nothing.
//
// The grammar is that of the reference implementation as its documentation
// (https://docs.jsonata.org) describes it in November 2026, with its operator
// precedence.
package jsonata

import "fmt"

// Kind says what a Node is, and so what its Text and Args hold.
type Kind uint8

// The kinds of nodes.
const (
	Invalid     Kind = iota
	String           // Text is decoded
	Number           // Text is as written
	Bool             // Text is "true" or "false"
	Null             //
	Regex            // Text is the pattern and its flags, with the slashes
	Name             // a field of the context: Text
	Variable         // Text is the name: "" for $, "$" for $$
	Wildcard         // *
	Descendants      // **
	Parent           // %
	Path             // Args are the steps: two or more
	Binary           // Text is the operator, Args its two sides
	Negate           // Args[0]
	Array            // Args are the items; a range is a Binary ".."
	Object           // Args are names and values in turn
	Block            // (a; b): Args are the expressions
	Condition        // a ? b : c: Args are two or three
	Bind             // $v := a: Text is the variable, Args[0] the value
	Lambda           // function($v) {...}: Params, and Args[0] is the body
	Call             // Args[0] is the function, the others its arguments
	Placeholder      // the ? in a partial call
	Filter           // a[b]: Args are two, or one for a[]
	Sort             // a^(b, >c): Args[0], then one SortTerm each
	SortTerm         // Text is "<" or ">", Args[0] what is compared
	Group            // a{b: c}: Args[0], then names and values in turn
	Transform        // |a|b, c|: Args are two or three
	Focus            // a@$v: Args[0], Text is the variable
	Position         // a#$v: Args[0], Text is the variable
)

// Node is one part of an expression.
type Node struct {
	Kind       Kind
	Text       string
	Params     []string
	Args       []*Node
	Start, End int // byte offsets in the expression
}

// Error says why a text is no JSONata expression. Start and End are byte
// offsets in it.
type Error struct {
	Start, End int
	Msg        string
}

// Error gives the offset and the message.
func (e *Error) Error() string { return fmt.Sprintf("at byte %d: %s", e.Start, e.Msg) }

// maxDepth is how deeply expressions may nest.
const maxDepth = 256

// maxNodes bounds an expression's size: chains of operators make trees as deep
// as they are long.
const maxNodes = 100_000

// Parse reads one expression, as it stands between "{%" and "%}".
func Parse(text string) (*Node, *Error) {
	p := &parser{lexer: lexer{text: text}}
	if err := p.advance(true); err != nil {
		return nil, err
	}
	n, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenEnd {
		return nil, p.unexpected("after the end of the expression")
	}
	return n, nil
}

// Walk calls visit for a node and all inside it, outer ones first. It does not
// go into nodes for which visit returns false.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, a := range n.Args {
		a.Walk(visit)
	}
}
