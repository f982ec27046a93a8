package asl

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// element is an object of the language, its members sorted out by field.
type element struct {
	value    *jsontree.Value
	head     source.Span // what a finding about the whole points at
	place    place
	language QueryLanguage
	members  [fieldCount]*jsontree.Member
}

func (o *element) has(f field) bool { return o.members[f] != nil }

func (o *element) get(f field) *jsontree.Value {
	if m := o.members[f]; m != nil {
		return &m.Value
	}
	return nil
}

// text returns a string field as written, "" where there is none.
func (o *element) text(f field) string {
	if m := o.members[f]; m != nil && m.Value.Kind == jsontree.String {
		return m.Value.Text
	}
	return ""
}

func (o *element) target(f field) Target {
	if m := o.members[f]; m != nil && m.Value.Kind == jsontree.String {
		return Target{m.Value.Text, m.Value.Span}
	}
	return Target{}
}

// literal returns a field in which nothing is evaluated.
func (o *element) literal(f field) Value { return Value{node: o.get(f)} }

// evaluated returns a field that may hold expressions of the object's language.
func (o *element) evaluated(f field) Value {
	m := o.members[f]
	if m == nil {
		return Value{}
	}
	mode := specs[f].language
	if mode == 0 {
		mode = o.language
	}
	return Value{&m.Value, mode, asWritten}
}

// path returns a field whose string is a JSONPath; null stays null.
func (o *element) path(f field) Value {
	v := Value{node: o.get(f), mode: JSONPath}
	if v.node != nil && v.node.Kind == jsontree.String {
		v.expr = wholeExpr
	}
	return v
}

// either returns a field, or the one that gives its value by a path.
func (o *element) either(f, byPath field) Value {
	if o.has(byPath) && !o.has(f) {
		return o.path(byPath)
	}
	v := o.evaluated(f)
	if v.mode == JSONPath {
		v.mode = literal
	}
	return v
}

// arguments returns Arguments or Parameters, the one that fits the language
// first.
func (o *element) arguments() Value {
	first, second := fParameters, fArguments
	if o.language == JSONata {
		first, second = second, first
	}
	if o.has(first) {
		return o.evaluated(first)
	}
	return o.evaluated(second)
}

// open sorts out an object's members and checks each against the grammar. It
// returns false where the value is no object.
func (r *reader) open(o *element, v *jsontree.Value) bool {
	o.value = v
	if v.Kind != jsontree.Object {
		if isOpen(v) {
			r.needed(o.place.String(), v)
		} else {
			r.fail("BAD_FIELD_TYPE", v.Span, "", "%s must be an object, not %s", o.place, v.Kind)
		}
		return false
	}
	comparing := o.place&(inRule|inComparison) != 0
	for i := range v.Members {
		m := &v.Members[i]
		f, known := fieldByName(m.Name)
		switch {
		case known && specs[f].in&o.place != 0:
			o.members[f] = m
			r.checkField(o, f, m)
		case comparing && isOperator(m.Name):
			// readComparison looks at these
		default:
			r.unknownField(o, m)
		}
	}
	return true
}

func isOperator(name string) bool { _, ok := operators[name]; return ok }

func (r *reader) checkField(o *element, f field, m *jsontree.Member) {
	if l := specs[f].language; l != 0 && o.language != 0 && l != o.language {
		r.fail("QUERY_LANGUAGE_MISMATCH", m.NameSpan, languageHint(o, f),
			"%s belongs to %s, but this %s uses %s", m.Name, l, o.noun(), o.language)
		return
	}
	r.checkForm(o, f, &m.Value)
}

// noun is what a finding calls the object whose language matters.
func (o *element) noun() string {
	if o.place == inMachine {
		return "state machine"
	}
	return "state"
}

// counterparts says which field of the other language does the same.
var counterparts = map[field]string{
	fParameters: "Arguments", fArguments: "Parameters", fInputPath: "Arguments", fResultSelector: "Output",
	fResultPath: "Output or Assign", fOutputPath: "Output", fOutput: "ResultSelector, ResultPath or OutputPath",
	fItems: "ItemsPath", fItemsPath: "Items", fCondition: "Variable and a comparison", fVariable: "Condition",
	fAnd: "Condition", fOr: "Condition", fNot: "Condition", fResult: "Output",
}

func languageHint(o *element, f field) string {
	other := counterparts[f]
	if other == "" {
		other = strings.TrimSuffix(specs[f].name, "Path") + " with a {% ... %} expression"
	}
	if o.place == inPass && f == fParameters {
		other = "Output"
	}
	if o.language == JSONPath {
		return fmt.Sprintf(`use %s, or set "QueryLanguage": "JSONata"`, other)
	}
	return "use " + other
}
