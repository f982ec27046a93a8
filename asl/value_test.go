package asl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/writ-iam/writ/source"
)

// parameters parses a Task with this payload template.
func parameters(t *testing.T, language, template string) Value {
	t.Helper()
	field := map[string]string{"JSONPath": "Parameters", "JSONata": "Arguments"}[language]
	text := fmt.Sprintf(`{"QueryLanguage": %q, "StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "r", %q: %s, "End": true}}}`, language, field, template)
	m, list := Parse(source.NewFile("m.json", text), Options{AllowPlaceholders: true})
	if len(list) > 0 {
		t.Fatal(list)
	}
	return m.States[0].Task.Arguments
}

func TestValueInJSONPath(t *testing.T) {
	v := parameters(t, "JSONPath", `{"Lit": "x", "Path.$": "$.a", "Obj": {"In.$": "$$.Map"}, "List": ["a", {"c.$": "$.d"}],
		"N": 5, "B": true, "Nil": null, "Hole": "a-${x}", "Bare": ${y}, "Data": "see {% $a %}"}`)
	tests := []struct {
		value      Value
		kind       Kind
		dynamic    bool
		expression string
		literal    string
	}{
		{v, Object, false, "", ""},
		{v.Field("Lit"), String, false, "", "x"},
		{v.Field("Path"), Unknown, true, "$.a", ""},
		{v.Field("Path").Field("Deep").Field("er"), Unknown, true, "$.a", ""},
		{v.Field("Path.$"), String, false, "", "$.a"},
		{v.Field("Obj").Field("In"), Unknown, true, "$$.Map", ""},
		{v.Field("Lit").Field("x"), None, false, "", ""},
		{v.Field("Nope"), None, false, "", ""},
		{v.FieldFold("LIT"), String, false, "", "x"},
		{v.FieldFold("path"), Unknown, true, "$.a", ""},
		{v.FieldFold("Path").FieldFold("Deep"), Unknown, true, "$.a", ""},
		{v.FieldFold("Nope"), None, false, "", ""},
		{v.Field("N"), Number, false, "", ""},
		{v.Field("B"), Bool, false, "", ""},
		{v.Field("Nil"), Null, false, "", ""},
		{v.Field("Hole"), String, true, "", ""},
		{v.Field("Bare"), Unknown, true, "", ""},
		{v.Field("Data"), String, false, "", "see {% $a %}"},
		{Value{}, None, false, "", ""},
	}
	for i, tt := range tests {
		literal, _ := tt.value.Literal()
		if tt.value.Kind() != tt.kind || tt.value.Dynamic() != tt.dynamic || tt.value.Expression() != tt.expression || literal != tt.literal {
			t.Errorf("%d: %v, dynamic %v, expression %q, literal %q", i, tt.value.Kind(), tt.value.Dynamic(), tt.value.Expression(), literal)
		}
		if tt.value.Exists() != (tt.kind != None) {
			t.Errorf("%d: exists %v", i, tt.value.Exists())
		}
	}
	if n, ok := v.Field("N").Int(); n != 5 || !ok {
		t.Errorf("Int %v %v", n, ok)
	}
	if b, ok := v.Field("B").Bool(); !b || !ok {
		t.Errorf("Bool %v %v", b, ok)
	}
	if !v.Field("Path").Field("Deep").Part() || v.Field("Path").Part() {
		t.Error("Part")
	}
	if !v.HasPlaceholder() || v.Field("Obj").HasPlaceholder() || v.Field("Lit").HasPlaceholder() {
		t.Error("HasPlaceholder")
	}
}

// Of a member that a template gives twice, which is an error, the last is found.
func TestFieldGivenTwice(t *testing.T) {
	m, list := Parse(source.NewFile("m.json", `{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true,
		"Parameters": {"A": 1, "A.$": "$.late", "B.$": "$.early", "B": 2}}}}`), Options{})
	if len(list) != 2 || list[0].Code != "CONFLICTING_FIELDS" || list[1].Code != "CONFLICTING_FIELDS" {
		t.Error(list)
	}
	v := m.States[0].Pass.Arguments
	if got := v.Field("A").Expression(); got != "$.late" {
		t.Errorf("A is %q", got)
	}
	if n, ok := v.Field("B").Int(); n != 2 || !ok {
		t.Errorf("B is %d, %v", n, ok)
	}
}

func TestValueInJSONata(t *testing.T) {
	v := parameters(t, "JSONata", `{"Lit": "say {% not %} this", "Expr": "{% $states.input.x %}", "Name.$": "x", "List": ["{% 1 %}", "b"]}`)
	if text, ok := v.Field("Lit").Literal(); !ok || text != "say {% not %} this" {
		t.Errorf("literal %q %v", text, ok)
	}
	e := v.Field("Expr")
	if !e.Dynamic() || e.Kind() != Unknown || e.Expression() != "$states.input.x" || e.Language() != JSONata {
		t.Errorf("expression %q, kind %v", e.Expression(), e.Kind())
	}
	if in := e.Field("y"); !in.Dynamic() || !in.Part() || in.Expression() != "$states.input.x" {
		t.Errorf("field of an expression: %+v", in)
	}
	if v.Field("Name").Exists() {
		t.Error(`"Name.$" counted as Name`)
	}
	if text, ok := v.Field("Name.$").Literal(); !ok || text != "x" {
		t.Errorf(`"Name.$" is %q, literal %v`, text, ok)
	}
	var items []string
	for item := range v.Field("List").Items() {
		items = append(items, item.Text()+" "+item.Kind().String())
	}
	if got := strings.Join(items, ", "); got != "{% 1 %} a value known at run time, b a string" {
		t.Errorf("items: %s", got)
	}
	whole := parameters(t, "JSONata", `"{% $states.input %}"`)
	if !whole.Dynamic() || !whole.Field("Any").Dynamic() || whole.Len() != 0 {
		t.Error("a whole expression must be dynamic")
	}
}

func TestFields(t *testing.T) {
	v := parameters(t, "JSONPath", `{"a": 1, "b.$": "$.x", "c": {}}`)
	var got []string
	for name, field := range v.Fields() {
		got = append(got, fmt.Sprintf("%s %v", name, field.Dynamic()))
	}
	if want := "[a false b true c false]"; fmt.Sprint(got) != want {
		t.Errorf("got %v", got)
	}
	for name := range v.Field("b").Fields() {
		t.Errorf("a dynamic value has field %s", name)
	}
}

// A Pass state's Result and a Task's Resource are never evaluated.
func TestLiteralFields(t *testing.T) {
	m, list := Parse(source.NewFile("m.json", `{"StartAt": "A", "States": {
		"A": {"Type": "Pass", "Result": {"x.$": "$.y"}, "Next": "B"},
		"B": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": "{% $r %}", "TimeoutSeconds": "{% $states.input.t %}", "End": true}}}`), Options{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	result := m.State("A").Pass.Result
	if result.Field("x").Exists() || result.Field("x.$").Dynamic() {
		t.Error("Result was evaluated")
	}
	task := m.State("B").Task
	if _, ok := task.Resource.Literal(); !ok {
		t.Error("Resource was evaluated")
	}
	if task.TimeoutSeconds.Expression() != "$states.input.t" {
		t.Errorf("timeout %q", task.TimeoutSeconds.Expression())
	}
}

func TestLookupsDoNotAllocate(t *testing.T) {
	v := parameters(t, "JSONPath", `{"a": {"b.$": "$.x"}, "List": [1, "${p}"]}`)
	allocs := testing.AllocsPerRun(100, func() {
		f := v.Field("a").Field("b")
		if !f.Dynamic() || f.Expression() == "" || v.Field("nope").Exists() {
			t.Fatal("wrong")
		}
		for item := range v.Field("List").Items() {
			_ = item.HasPlaceholder()
		}
		for name := range v.Fields() {
			_ = name
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
