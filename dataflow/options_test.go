package dataflow

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

// What is wrong with an input is said, with its place.
func TestReadInputErrors(t *testing.T) {
	tests := []struct{ name, text, code, at, message string }{
		{"no JSON", `{"a": }`, "MALFORMED_JSON", "}", ""},
		{"a name twice", `{"a": 1, "a": 2}`, "DUPLICATE_KEY", `"a"`, "already a name"},
		{"type is no type", `{"$schema": "x", "type": "text"}`, BadSchema, `"text"`, "no type of JSON Schema"},
		{"type is a number", `{"$schema": "x", "type": 5}`, BadSchema, `5`, "no type of JSON Schema"},
		{"properties is a list", `{"$schema": "x", "properties": []}`, BadSchema, `[]`, "must be an object, not an array"},
		{"a property is a text", `{"type": "object", "properties": {"a": "string"}}`, BadSchema, `"string"`, "a schema is an object"},
		{"enum is an object", `{"$schema": "x", "enum": {}}`, BadSchema, `{}`, "must be an array"},
		{"required is a text", `{"$schema": "x", "required": "a"}`, BadSchema, `"a"`, "must be an array"},
		{"required lists a number", `{"$schema": "x", "required": [1]}`, BadSchema, `1`, "required lists names"},
		{"anyOf is empty", `{"$schema": "x", "anyOf": []}`, BadSchema, `[]`, "holds no schema"},
		{"pattern is a number", `{"$schema": "x", "properties": {"a": {"pattern": 1}}}`, BadSchema, `1`, "must be a string"},
		{"a reference elsewhere", `{"$schema": "x", "$ref": "https://example.com/x"}`, BadSchema, `"https://example.com/x"`, "does not refer to a place in this file"},
		{"a reference to nothing", `{"$schema": "x", "$ref": "#/$defs/a"}`, BadSchema, `"#/$defs/a"`, "names no place"},
		{"a reference to no item", `{"$schema": "x", "$ref": "#/l/1", "l": [true]}`, BadSchema, `"#/l/1"`, "names no place"},
		{"a reference with half an escape", `{"$schema": "x", "$ref": "#/%2"}`, BadSchema, `"#/%2"`, "does not refer to a place"},
		{"a parenthesis is left open", `{"$schema": "x", "properties": {"a": {"pattern": "^a(?=b)("}}}`, BadSchema, `"^a(?=b)("`, "missing closing )"},
		{"a class is left open", `{"$schema": "x", "properties": {"a": {"pattern": "[a"}}}`, BadSchema, `"[a"`, "is no regular expression"},
		{"nothing to repeat", `{"$schema": "x", "properties": {"a": {"pattern": "*a"}}}`, BadSchema, `"*a"`, "is no regular expression"},
		{"a reference to itself", `{"$schema": "x", "$ref": "#"}`, RecursiveSchema, `{"$schema": "x", "$ref": "#"}`, "refers to itself"},
		{"a circle", `{"$schema": "x", "$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}`, RecursiveSchema, `{"$ref": "#/$defs/b"}`, "refers to itself"},
		{"a tree", `{"$schema": "x", "$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}}`, RecursiveSchema, `{"items": {"$ref": "#/$defs/a"}}`, "refers to itself"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := source.NewFile("input.json", tt.text)
			in, findings := ReadInput(file, false)
			if in != nil || !findings.HasErrors() {
				t.Fatalf("it was read: %v", findings)
			}
			f := findings[0]
			if f.Code != tt.code || file.Slice(f.Span) != tt.at || !strings.Contains(f.Message, tt.message) {
				t.Errorf("%s at %s: %s", f.Code, file.Slice(f.Span), f.Message)
			}
		})
	}
}

const ordersMachine = `{"StartAt": "A", "States": {
	"A": {"Type": "Task", "Resource": "x", "Parameters": {"TopicArn.$": "$.topic", "Message": "hi", "List.$": "$.l[0].name"}, "ResultPath": "$.r", "Next": "C"},
	"C": {"Type": "Choice", "Choices": [{"Variable": "$.kind", "IsPresent": true, "Next": "B"}], "Default": "D"},
	"B": {"Type": "Task", "Resource": "x", "Parameters": {"Kind.$": "$.kind"}, "Next": "D"},
	"D": {"Type": "Succeed"}}}`

func TestBadOptions(t *testing.T) {
	m, findings := asl.Parse(source.NewFile("m.json", ordersMachine), asl.Options{})
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	tests := []struct {
		name, input string
		pins        []string
		want        []string // parts of the messages
	}{
		{name: "the input fits", input: `{"topic": "t", "l": [{"name": "n"}], "kind": "k"}`},
		{name: "what is tested for may be missing", input: `{"topic": "t", "l": [{"name": "n"}]}`},
		{name: "a member is missing", input: `{"l": [{"name": "n"}]}`, want: []string{`state "A" reads what the input in input.json does not have`}},
		{name: "another shape", input: `["t"]`, want: []string{`state "A" reads`, `state "A" reads`}},
		{name: "an array is an object", input: `{"topic": "t", "l": {"name": "n"}}`, want: []string{`state "A" reads`}},
		{name: "a schema that forbids it", input: `{"$schema": "x", "properties": {"l": {}}, "additionalProperties": false}`, want: []string{`state "A" reads`}},
		{name: "pins that fit", pins: []string{"A/Parameters/TopicArn=a*", "A/Parameters/List.$=b", "A/Result/x/y=c", "B/Parameters/Kind=d"}},
		{name: "no such state", pins: []string{"X/Parameters/a=b"}, want: []string{"the machine has no state of that name"}},
		{name: "the whole of an object", pins: []string{"A/Parameters=b"}, want: []string{"this holds several values; name one of them"}},
		{name: "no such field", pins: []string{"A/Nothing/a=b"}, want: []string{`state "A" has no Nothing`}},
		{name: "a field that is not written", pins: []string{"A/Assign/a=b"}, want: []string{`state "A" has no Assign`}},
		{name: "the other language", pins: []string{"A/Arguments/a=b"}, want: []string{`state "A" has no Arguments`}},
		{name: "no such place", pins: []string{"A/Parameters/Topic=b"}, want: []string{"there is no such place"}},
		{name: "below a text", pins: []string{"A/Parameters/Message/a=b"}, want: []string{"there is no such place"}},
		{name: "known already", pins: []string{"A/Parameters/Message=b"}, want: []string{`says already that this is "hi"`}},
		{name: "only the state", pins: []string{"A=b"}, want: []string{"no state of that name"}},
		{name: "a result of what gives none", pins: []string{"C/Result/a=b"}, want: []string{`has no Result`}},
		{name: "an empty pattern", pins: []string{"A/Parameters/TopicArn="}, want: []string{"empty"}},
		{name: "a question mark", pins: []string{"A/Parameters/TopicArn=a?"}, want: []string{"no wildcard but *"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var opts Options
			if tt.input != "" {
				in, findings := ReadInput(source.NewFile("input.json", tt.input), false)
				if findings.HasErrors() {
					t.Fatal(findings)
				}
				opts.Input = in
			}
			for _, p := range tt.pins {
				place, pattern, _ := strings.Cut(p, "=")
				opts.Pins = append(opts.Pins, Pin{Place: place, Pattern: pattern})
			}
			flow, findings := Analyze(m, opts)
			if (flow == nil) != (len(tt.want) > 0) || len(findings) != len(tt.want) {
				t.Fatalf("findings %v", findings)
			}
			for i, want := range tt.want {
				if !strings.Contains(findings[i].Message, want) {
					t.Errorf("%q, wanted %q", findings[i].Message, want)
				}
			}
		})
	}
}

// Up to draft-07 what stands beside a $ref does not count. Where a schema does not
// say its draft it does not either, and that is told.
func TestBesideReferences(t *testing.T) {
	tests := []struct{ name, schema, beside, want, code string }{
		{"2020-12", `"$schema": "https://json-schema.org/draft/2020-12/schema", `, `, "enum": ["a"]`, `"a"`, ""},
		{"2019-09", `"$schema": "https://json-schema.org/draft/2019-09/schema#", `, `, "enum": ["a"]`, `"a"`, ""},
		{"draft-07", `"$schema": "http://json-schema.org/draft-07/schema#", `, `, "enum": ["a"]`, `"*"`, ""},
		{"draft-04", `"$schema": "http://json-schema.org/draft-04/schema#", `, `, "enum": ["a"]`, `"*"`, ""},
		{"another one", `"$schema": "x", `, `, "enum": ["a"]`, `"*"`, SchemaDraftUnknown},
		{"none", ``, `, "enum": ["a"]`, `"*"`, SchemaDraftUnknown},
		{"none, and only words beside it", ``, `, "title": "the name"`, `"*"`, ""},
	}
	m, _ := asl.Parse(source.NewFile("m.json", ordersMachine), asl.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := `{` + tt.schema + `"type": "object", "properties": {"topic": {"$ref": "#/$defs/s"` + tt.beside + `}}, "$defs": {"s": {"type": "string"}}}`
			in, findings := ReadInput(source.NewFile("input.json", text), false)
			if in == nil {
				t.Fatal(findings)
			}
			code := ""
			_, all := Analyze(m, Options{Input: in})
			for _, f := range all {
				code += f.Code
				if f.Severity != source.Warning || f.File.Name != "input.json" || f.File.Slice(f.Span) != `"#/$defs/s"` {
					t.Errorf("%v", f)
				}
			}
			if got := show(in.values.Field("topic").present()); got != tt.want || code != tt.code || len(findings) != len(all) {
				t.Errorf("%s %s, wanted %s %s", got, code, tt.want, tt.code)
			}
		})
	}
}

// A file of pins may name states of other machines; that is a warning.
func TestPinsOfOtherMachines(t *testing.T) {
	m, _ := asl.Parse(source.NewFile("m.json", ordersMachine), asl.Options{})
	file := source.NewFile(".writ.yaml", "pins: {X/Parameters/a: b}")
	flow, findings := Analyze(m, Options{Pins: []Pin{{Place: "X/Parameters/a", Pattern: "b", File: file}}})
	if flow == nil || len(findings) != 1 || findings[0].Severity != source.Warning || findings[0].Code != BadPin {
		t.Errorf("%v", findings)
	}
}

func TestWay(t *testing.T) {
	text := `{"StartAt": "Config", "States": {
		"Config": {"Type": "Pass", "Result": {"name": "orders"}, "Assign": {"n.$": "$.name"}, "Next": "Build"},
		"Build": {"Type": "Pass", "Parameters": {"arn.$": "States.Format('arn:{}', $n)"}, "Next": "Send"},
		"Send": {"Type": "Task", "Resource": "x", "Parameters": {"TopicArn.$": "$.arn", "Plain": "p"}, "End": true}}}`
	m, _ := asl.Parse(source.NewFile("m.json", text), asl.Options{})
	f, _ := Analyze(m, Options{})
	s := m.State("Send")
	texts, _ := f.At(s, s.Task.Arguments).Field("TopicArn").Texts()
	want := []Step{
		{InState, "Config", asl.TypePass, "Result.name"}, {InState, "Config", asl.TypePass, "Assign.n"},
		{InState, "Build", asl.TypePass, "Parameters.arn"}, {InState, "Send", asl.TypeTask, "Parameters.TopicArn"},
	}
	if diff := cmp.Diff(want, texts[0].Way()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Names without regard to case: of a value that is one of several objects, whatever
// may be called so counts.
func TestFieldFold(t *testing.T) {
	literalText := func(s string) Value { return Value{kinds: text, texts: []Text{Literal(s)}} }
	nothing := Value{kinds: absent}
	lower := Value{kinds: object, obj: &objectPart{fields: []field{{"name", literalText("a")}}, others: nothing}}
	upper := Value{kinds: object, obj: &objectPart{fields: []field{{"Name", literalText("b")}}, others: nothing}}
	open := Value{kinds: object, obj: &objectPart{fields: []field{{"name", literalText("a")}}, others: unknown.orAbsent()}}
	for _, tt := range []struct {
		value Value
		want  string
	}{
		{lower, show(literalText("a"))},
		{upper, show(literalText("b"))},
		{join(lower, upper), show(join(literalText("a"), literalText("b")).orAbsent())},
		{open, show(join(unknown.orAbsent(), literalText("a")))},
		{Value{kinds: text}, show(nothing)},
	} {
		if got := show(tt.value.FieldFold("Name")); got != tt.want {
			t.Errorf("%s: %s, not %s", show(tt.value), got, tt.want)
		}
	}
}
