package policy

import (
	"strconv"

	"github.com/writ-iam/writ/internal/jsontree"
)

// Place says where in a document a node stands. Its fields narrow from the
// left; what does not apply is empty or -1.
type Place struct {
	Statement int    // index; -1 for the elements of the document
	Element   string // ElementAction, ...
	Name      string // key of a principal or operator of a condition, as written
	Key       string // condition key, as written
	Index     int    // in a list; -1 for a value without brackets, and for what is no value

	doc   *Document
	depth uint8 // of Element, Name and Key, how many apply: names may be empty
}

func documentPlace(doc *Document) Place { return Place{Statement: -1, Index: -1, doc: doc} }

func (p Place) statement(i int) Place {
	p.Statement = i
	return p
}

func (p Place) element(name string) Place {
	p.Element, p.depth = name, 1
	return p
}

func (p Place) name(name string) Place {
	p.Name, p.depth = name, 2
	return p
}

func (p Place) key(key string) Place {
	p.Key, p.depth = key, 3
	return p
}

func (p Place) value(l *List, i int) Place {
	if !l.Single {
		p.Index = i
	}
	return p
}

// Pointer returns the place as a JSON pointer (RFC 6901) into the file that the
// document was read from, or into the document where there is no file. One of
// more than 1024 bytes is cut and then ends in an ellipsis.
func (p Place) Pointer() string {
	pointer := p.doc.pointer
	if p.Statement >= 0 {
		pointer = jsontree.AppendToken(pointer, ElementStatement)
		if !p.doc.Single {
			pointer = jsontree.AppendToken(pointer, strconv.Itoa(p.Statement))
		}
	}
	for _, token := range []string{p.Element, p.Name, p.Key}[:p.depth] {
		pointer = jsontree.AppendToken(pointer, token)
	}
	if p.Index >= 0 {
		pointer = jsontree.AppendToken(pointer, strconv.Itoa(p.Index))
	}
	return pointer
}

// Walk calls visit for the document and every node in it, parents first and in
// the order of the tree. A node is a *Document, *Statement, *Principal,
// *PrincipalGroup, *Condition, *ConditionBlock, *ConditionKey, *List or *Value;
// the values of a group or a condition key follow it without their list. Where
// visit returns false, Walk leaves out what is below the node.
func Walk(doc *Document, visit func(at Place, node any) bool) {
	at := documentPlace(doc)
	if !visit(at, doc) {
		return
	}
	w := walker{visit}
	for i := range doc.Statements {
		w.statement(&doc.Statements[i], at.statement(i))
	}
}

type walker struct {
	visit func(at Place, node any) bool
}

func (w walker) statement(s *Statement, at Place) {
	if !w.visit(at, s) {
		return
	}
	w.principal(s.Principal, at.element(ElementPrincipal))
	w.principal(s.NotPrincipal, at.element(ElementNotPrincipal))
	w.list(s.Action, at.element(ElementAction))
	w.list(s.NotAction, at.element(ElementNotAction))
	w.list(s.Resource, at.element(ElementResource))
	w.list(s.NotResource, at.element(ElementNotResource))
	w.condition(s.Condition, at.element(ElementCondition))
}

func (w walker) list(l *List, at Place) {
	if l != nil && w.visit(at, l) {
		w.values(l, at)
	}
}

func (w walker) values(l *List, at Place) {
	for i := range l.Values {
		w.visit(at.value(l, i), &l.Values[i])
	}
}

func (w walker) principal(p *Principal, at Place) {
	if p == nil || !w.visit(at, p) {
		return
	}
	for i := range p.Groups {
		g := &p.Groups[i]
		if at := at.name(g.Key); w.visit(at, g) {
			w.values(&g.Values, at)
		}
	}
}

func (w walker) condition(c *Condition, at Place) {
	if c == nil || !w.visit(at, c) {
		return
	}
	for i := range c.Blocks {
		w.block(&c.Blocks[i], at.name(c.Blocks[i].Operator))
	}
}

func (w walker) block(b *ConditionBlock, at Place) {
	if !w.visit(at, b) {
		return
	}
	for i := range b.Keys {
		k := &b.Keys[i]
		if at := at.key(k.Name); w.visit(at, k) {
			w.values(&k.Values, at)
		}
	}
}
