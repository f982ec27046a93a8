// Package policy is the IAM JSON policy language: its tree, its reader and
// printer, and the matching of actions, resources and principals that every
// other package shares.
//
// [Parse] returns a tree and findings together. The tree holds what was
// written: the order of elements, whether a single value stood in a list, the
// spelling of names. Every node knows its span. A document may as well be built
// in Go:
//
//	doc := policy.Document{
//		Version: policy.Version2012,
//		Statements: []policy.Statement{{
//			Effect:   policy.Allow,
//			Action:   policy.Strings("ecs:RunTask", "ecs:StopTask"),
//			Resource: policy.String("*"),
//			Condition: policy.Where("ArnEquals", "ecs:cluster", "arn:aws:ecs:*:*:cluster/web"),
//		}},
//	}
//
// [Print] writes either kind. [Validate] says what makes a document unreadable:
// whoever decides on the ground of a document must refuse one with errors. What
// depends on the kind of policy (identity, resource, trust, ...) or on facts
// about services is the business of package check.
package policy

import (
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// The versions of the policy language. Only Version2012 has variables.
const (
	Version2008 = "2008-10-17"
	Version2012 = "2012-10-17"
)

// Effect says what a statement does. Other values than Allow and Deny occur in
// documents with mistakes.
type Effect string

const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Names of the elements of a document and of a statement. They are
// case-sensitive.
const (
	ElementVersion      = "Version"
	ElementID           = "Id"
	ElementStatement    = "Statement"
	ElementSid          = "Sid"
	ElementEffect       = "Effect"
	ElementPrincipal    = "Principal"
	ElementNotPrincipal = "NotPrincipal"
	ElementAction       = "Action"
	ElementNotAction    = "NotAction"
	ElementResource     = "Resource"
	ElementNotResource  = "NotResource"
	ElementCondition    = "Condition"
)

// The conventional order, in which elements that were not read from a text are
// printed.
var (
	documentElements  = []string{ElementVersion, ElementID, ElementStatement}
	statementElements = []string{
		ElementSid, ElementEffect, ElementPrincipal, ElementNotPrincipal, ElementAction, ElementNotAction,
		ElementResource, ElementNotResource, ElementCondition,
	}
)

// Document is one policy document.
type Document struct {
	Version    string // "" when absent
	ID         string // "" when absent
	Statements []Statement
	Single     bool // Statement is one object and not a list

	File     *source.File // what it was read from; nil for a document built in Go
	Span     source.Span
	Elements []Element // as written; nil for a document built in Go

	pointer  string           // JSON pointer of the document in its file
	problems source.Collector // what Parse found that no field can show
	raw      *jsontree.Value  // what stands in the document's place, if not an object
}

// HasVariables reports whether ${...} in the document is a variable and not
// plain text: only the newer version of the language has variables.
func (d *Document) HasVariables() bool { return d.Version == Version2012 }

// Element returns where an element stands in the text, or nil where the
// document was not read from a text or lacks it.
func (d *Document) Element(name string) *Element { return findElement(d.Elements, name) }

// Broken reports whether something else than an object stands in the place of
// the document. It then has no content.
func (d *Document) Broken() bool { return d.raw != nil }

// Statement is one statement. Elements that are absent are empty or nil; an
// element may also be present and hold nothing, such as "Action": [].
type Statement struct {
	Sid          string
	Effect       Effect
	Principal    *Principal
	NotPrincipal *Principal
	Action       *List
	NotAction    *List
	Resource     *List
	NotResource  *List
	Condition    *Condition

	Span     source.Span
	Elements []Element // as written; nil for a statement built in Go

	raw *jsontree.Value // what stands in the statement's place, if not an object
}

// Element returns where an element stands in the text, or nil where the
// statement was not read from a text or lacks it.
func (s *Statement) Element(name string) *Element { return findElement(s.Elements, name) }

// Broken reports whether something else than an object stands in the place of
// the statement. It then has no content.
func (s *Statement) Broken() bool { return s.raw != nil }

// Element is one member of the object that a document or a statement is. A
// string that is set to "" in Go is still printed where it has an Element; any
// other value that is set to nil is not.
type Element struct {
	Name     string      // decoded
	NameSpan source.Span // quotes included
	Span     source.Span // of the value

	raw       *jsontree.Value // the value, where the tree has no place for it
	duplicate bool            // an element of that name stands before it
}

// Broken reports whether the value, or a part of it, has a type that may not
// stand there, or the element is unknown or stands there twice.
func (e *Element) Broken() bool { return e.raw != nil }

func findElement(elements []Element, name string) *Element {
	for i := range elements {
		if elements[i].Name == name {
			return &elements[i]
		}
	}
	return nil
}

// List is the value of an element that takes one string or a list of strings.
type List struct {
	Values []Value
	Single bool        // one value, written without brackets
	Span   source.Span // of the value or of the whole list
}

// Strings returns a list that is printed in brackets.
func Strings(texts ...string) *List {
	list := &List{Values: make([]Value, len(texts))}
	for i, text := range texts {
		list.Values[i].Text = text
	}
	return list
}

// String returns a list of one value that is printed without brackets.
func String(text string) *List {
	one := &struct { // together, since policies have many of them
		list  List
		value [1]Value
	}{value: [1]Value{{Text: text}}}
	one.list = List{Values: one.value[:], Single: true}
	return &one.list
}

// stringOrList spells one value as a string, and others as a list.
func stringOrList(texts []string) *List {
	list := Strings(texts...)
	list.Single = len(texts) == 1
	return list
}

// Len returns the number of values; a nil list has none.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return len(l.Values)
}

// Texts returns the values as a new slice of strings.
func (l *List) Texts() []string {
	texts := make([]string, l.Len())
	for i := range texts {
		texts[i] = l.Values[i].Text
	}
	return texts
}

// Literal is how a value is spelled in JSON.
type Literal uint8

const (
	Quoted    Literal = iota // a string
	Number                   // digits without quotes, in a condition
	Boolean                  // true or false without quotes, in a condition
	Malformed                // a JSON type that may not stand here; the text is empty
)

// Value is one string of a policy, or one number or boolean of a condition,
// which mean the same as their text.
type Value struct {
	Text    string // decoded; a number or boolean as written
	Literal Literal
	Span    source.Span // quotes included
}

// The keys of a Principal element.
const (
	PrincipalAWS           = "AWS"
	PrincipalCanonicalUser = "CanonicalUser"
	PrincipalFederated     = "Federated"
	PrincipalService       = "Service"
)

var principalKeys = []string{PrincipalAWS, PrincipalCanonicalUser, PrincipalFederated, PrincipalService}

// Principal is the value of Principal or NotPrincipal.
type Principal struct {
	Everyone bool // written as "*"
	Groups   []PrincipalGroup
	Span     source.Span
}

// PrincipalGroup is one key of a Principal element and the principals under it.
type PrincipalGroup struct {
	Key     string // PrincipalAWS, ...; as written
	KeySpan source.Span
	Values  List
}

// Everyone returns the principal "*".
func Everyone() *Principal { return &Principal{Everyone: true} }

// PrincipalOf returns a principal with one key, such as PrincipalService. A
// single value is printed as a string.
func PrincipalOf(key string, values ...string) *Principal {
	return &Principal{Groups: []PrincipalGroup{{Key: key, Values: *stringOrList(values)}}}
}

// Condition is the value of a Condition element: all its blocks must hold.
type Condition struct {
	Blocks []ConditionBlock
	Span   source.Span
}

// ConditionBlock is one operator with its keys, all of which must hold.
type ConditionBlock struct {
	Operator     string // as written; see ParseOperator
	OperatorSpan source.Span
	Keys         []ConditionKey
	Span         source.Span // of the object with the keys
}

// ConditionKey is one key and the values that it is compared with.
type ConditionKey struct {
	Name     string // as written
	NameSpan source.Span
	Values   List
}

// Where returns a condition with one key. A single value is printed as a string.
func Where(operator, key string, values ...string) *Condition {
	return new(Condition).And(operator, key, values...)
}

// And adds a key to the condition, under its operator, and returns the condition.
func (c *Condition) And(operator, key string, values ...string) *Condition {
	added := ConditionKey{Name: key, Values: *stringOrList(values)}
	for i := range c.Blocks {
		if c.Blocks[i].Operator == operator {
			c.Blocks[i].Keys = append(c.Blocks[i].Keys, added)
			return c
		}
	}
	c.Blocks = append(c.Blocks, ConditionBlock{Operator: operator, Keys: []ConditionKey{added}})
	return c
}
