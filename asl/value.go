package asl

import (
	"iter"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// Kind is the JSON type of a Value.
type Kind uint8

// The kinds of values.
const (
	None    Kind = iota // there is nothing here
	Unknown             // worked out when the machine runs
	Null
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"nothing", "a value known at run time", "null", "a boolean", "a number", "a string", "an array", "an object"}

// String returns the kind with its article, ready for a message: "a string".
func (k Kind) String() string { return kindNames[k] }

// Value is a place in a payload template: Parameters, Arguments, Credentials
// and whatever else a state hands on. It is two words, copied freely; lookups
// allocate nothing. The zero Value says that the field is not there.
//
// What makes a value dynamic depends on the query language of its state. In
// JSONPath a name that ends in ".$" does, and Field("Key") finds "Key.$". In
// JSONata a string that is wholly "{% ... %}" does, and ".$" means nothing.
// A string that holds an unresolved ${placeholder} is dynamic in both.
type Value struct {
	node *jsontree.Value
	mode QueryLanguage // literal: no expressions here at all
	expr exprUse
}

// exprUse says what the text of a Value's node has to do with its value.
type exprUse uint8

const (
	asWritten exprUse = iota // look at the text itself
	wholeExpr                // the text is the expression that gives this value
	partOf                   // the text is the expression of a value around this one
)

// literal marks values in which nothing is evaluated, such as a Pass state's
// Result or a Task's Resource.
const literal QueryLanguage = 0

// Exists reports whether the field was written.
func (v Value) Exists() bool { return v.node != nil }

// Kind returns the type of the value: None when it was not written, Unknown
// when an expression gives it.
func (v Value) Kind() Kind {
	switch {
	case v.node == nil:
		return None
	case v.hasExpression(), v.bare():
		return Unknown
	}
	return kinds[v.node.Kind]
}

var kinds = [...]Kind{
	jsontree.Invalid: None, jsontree.Null: Null, jsontree.Bool: Bool, jsontree.Number: Number,
	jsontree.String: String, jsontree.Array: Array, jsontree.Object: Object,
}

// Span returns where the value stands; for a part of a dynamic value, where
// the expression stands.
func (v Value) Span() source.Span {
	if v.node == nil {
		return source.Span{}
	}
	return v.node.Span
}

// Dynamic reports whether the whole value is known only at run time: an
// expression gives it or a value around it, or it holds a placeholder.
func (v Value) Dynamic() bool {
	return v.node != nil && (v.hasExpression() || v.node.Kind == jsontree.String && hasPlaceholder(v.node.Text))
}

func (v Value) hasExpression() bool {
	return v.expr != asWritten || v.mode == JSONata && v.node.Kind == jsontree.String && isJSONata(v.node.Text)
}

// Expression returns the expression that gives the value: a JSONPath or an
// intrinsic function in JSONPath, the text between "{%" and "%}" in JSONata.
// For a part of a dynamic value it is the expression of the whole (see Part).
// It is "" for everything else.
func (v Value) Expression() string {
	if v.node == nil || !v.hasExpression() {
		return ""
	}
	if v.mode == JSONata {
		return jsonataBody(v.node.Text)
	}
	return v.node.Text
}

// Part reports whether the value is only a part of what Expression gives.
func (v Value) Part() bool { return v.expr == partOf }

// Language returns the query language that Expression is written in; 0 where
// nothing is evaluated.
func (v Value) Language() QueryLanguage { return v.mode }

// HasPlaceholder reports whether a ${name} that no substitution filled stands
// in the value or anywhere inside it, names of members included.
func (v Value) HasPlaceholder() bool { return v.node != nil && treeHasPlaceholder(v.node) }

// Literal returns the text of a string that is known now; ok is false for
// everything else.
func (v Value) Literal() (text string, ok bool) {
	if v.node == nil || v.node.Kind != jsontree.String || v.Dynamic() {
		return "", false
	}
	return v.node.Text, true
}

// Text returns the text of a string, and a number, boolean or null as written,
// placeholders and expressions included. It is "" for the others.
func (v Value) Text() string {
	if v.node == nil {
		return ""
	}
	return v.node.Text
}

// Int returns a whole number that is known now.
func (v Value) Int() (n int64, ok bool) {
	if v.Kind() != Number {
		return 0, false
	}
	n, err := strconv.ParseInt(v.node.Text, 10, 64)
	return n, err == nil
}

// Bool returns a boolean that is known now.
func (v Value) Bool() (value, ok bool) {
	if v.Kind() != Bool {
		return false, false
	}
	return v.node.Text == "true", true
}

// Len returns the number of items or members written.
func (v Value) Len() int {
	if v.node == nil {
		return 0
	}
	return len(v.node.Items) + len(v.node.Members)
}

// Field returns the member of that name. In JSONPath "NAME.$" counts as NAME
// and is dynamic. A field of a dynamic value exists and is dynamic; a field of
// anything else but an object does not exist.
func (v Value) Field(name string) Value {
	if v.node == nil {
		return Value{}
	}
	if v.Dynamic() {
		return Value{v.node, v.mode, partOf}
	}
	for i := len(v.node.Members) - 1; i >= 0; i-- {
		m := &v.node.Members[i]
		if m.Name == name {
			return Value{&m.Value, v.mode, asWritten}
		}
		if v.mode == JSONPath && len(m.Name) == len(name)+2 && m.Name[:len(name)] == name && m.Name[len(name):] == ".$" {
			return Value{&m.Value, v.mode, wholeExpr}
		}
	}
	return Value{}
}

// FieldFold is Field without regard to the case of letters. A member of the very
// name counts before others, and of those the last.
func (v Value) FieldFold(name string) Value {
	if exact := v.Field(name); exact.Exists() {
		return exact
	}
	var found Value
	for written, member := range v.Fields() {
		if strings.EqualFold(written, name) {
			found = member
		}
	}
	return found
}

// Fields goes through the members of an object in the order written; names
// come without ".$" where that marks an expression. A dynamic value yields
// nothing: its fields are not known.
func (v Value) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.node == nil || v.Dynamic() {
			return
		}
		for i := range v.node.Members {
			m := &v.node.Members[i]
			name, use := m.Name, asWritten
			if v.mode == JSONPath && strings.HasSuffix(name, ".$") {
				name, use = name[:len(name)-2], wholeExpr
			}
			if !yield(name, Value{&m.Value, v.mode, use}) {
				return
			}
		}
	}
}

// Items goes through an array. A dynamic value yields nothing.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.node == nil || v.Dynamic() {
			return
		}
		for i := range v.node.Items {
			if !yield(Value{&v.node.Items[i], v.mode, asWritten}) {
				return
			}
		}
	}
}

// bare reports whether the value is a placeholder that stands without quotes,
// which may become a value of any kind.
func (v Value) bare() bool { return isBare(v.node) }

// isJSONata reports whether a string is one whole JSONata expression.
func isJSONata(text string) bool {
	return len(text) >= 4 && strings.HasPrefix(text, "{%") && strings.HasSuffix(text, "%}")
}

func jsonataBody(text string) string {
	if !isJSONata(text) {
		return ""
	}
	return strings.TrimSpace(text[2 : len(text)-2])
}
