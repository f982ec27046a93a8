package dataflow

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

// states joins states into a machine that begins with the first.
func machineOf(states []string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(states[0], `"`), `"`)
	return fmt.Sprintf(`{"StartAt": %q, "States": {%s}}`, first, strings.Join(states, ",\n"))
}

// straight is a chain of states that each add to the data.
func straight(n int) string {
	var states []string
	for i := range n {
		states = append(states, fmt.Sprintf(`"S%d": {"Type": "Pass", "Parameters": {"a.$": "$.a", "n%d.$": "States.Format('{}-%d', $.a)"}, "ResultPath": "$.r%d", "Next": "S%d"}`, i, i, i, i, i+1))
	}
	return machineOf(append(states, fmt.Sprintf(`"S%d": {"Type": "Task", "Resource": "x", "End": true}`, n)))
}

// branching is a chain of choices with two ways each, which set a variable.
func branching(n int) string {
	var states []string
	for i := range n {
		states = append(states,
			fmt.Sprintf(`"C%d": {"Type": "Choice", "Choices": [{"Variable": "$.k", "StringEquals": "v%d", "Next": "A%d"}], "Default": "B%d"}`, i, i, i, i),
			fmt.Sprintf(`"A%d": {"Type": "Pass", "Assign": {"v.$": "States.Format('x{}', $.k)"}, "Next": "C%d"}`, i, i+1),
			fmt.Sprintf(`"B%d": {"Type": "Pass", "Assign": {"w%d": "b"}, "Result": {"a": "t%d"}, "ResultPath": "$.o", "Next": "C%d"}`, i, i, i, i+1))
	}
	return machineOf(append(states, fmt.Sprintf(`"C%d": {"Type": "Task", "Resource": "x", "End": true}`, n)))
}

// loops leads from every state back to every tenth one before it.
func loops(n int) string {
	var states []string
	for i := range n {
		var rules []string
		for j := i % 10; j <= i; j += 10 {
			rules = append(rules, fmt.Sprintf(`{"Variable": "$.k%d", "StringEquals": "x", "Next": "P%d"}`, j, j))
		}
		states = append(states,
			fmt.Sprintf(`"P%d": {"Type": "Pass", "Parameters": {"all.$": "$", "s.$": "States.Format('{}-%d', $.s)"}, "Assign": {"v%d.$": "$"}, "Next": "C%d"}`, i, i, i%200, i),
			fmt.Sprintf(`"C%d": {"Type": "Choice", "Choices": [%s], "Default": "P%d"}`, i, strings.Join(rules, ","), i+1))
	}
	return machineOf(append(states, fmt.Sprintf(`"P%d": {"Type": "Task", "Resource": "x", "End": true}`, n)))
}

func read(t testing.TB, text string) *asl.StateMachine {
	t.Helper()
	m, findings := asl.Parse(source.NewFile("m.json", text), asl.Options{})
	if findings.HasErrors() {
		t.Fatal(findings[0])
	}
	return m
}

func analyzeAll(m *asl.StateMachine) *Flow {
	f, _ := Analyze(m, Options{})
	if f != nil {
		m.Walk(func(s *asl.State) bool {
			if s.Task != nil {
				f.At(s, s.Task.Arguments)
			}
			return true
		})
	}
	return f
}

// No definition takes long, however its data grow.
func TestHostile(t *testing.T) {
	nested := `"x"`
	for range 200 {
		nested = fmt.Sprintf(`{"a": %s, "b": "c"}`, nested)
	}
	var inner string
	for i := range 30 {
		open := fmt.Sprintf(`"D%d": {"Type": "Map", "ItemSelector": {"a.$": "$", "b.$": "$$.Map.Item.Value"}, "ItemProcessor": {"StartAt": "D%d", "States": {`, i, i+1)
		inner += open
	}
	deep := inner + `"D30": {"Type": "Task", "Resource": "x", "End": true}` + strings.Repeat(`}}, "End": true}`, 30)
	format := "States.Format('" + strings.Repeat("{}", 2000) + "'" + strings.Repeat(", $.a", 2000) + ")"
	query := strings.Repeat("($states.input.a = 'x' or ", 60) + "true" + strings.Repeat(")", 60)
	fields := make([]string, 20_000)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d": "v%d"`, i, i)
	}
	rules := make([]string, 5000)
	for i := range rules {
		rules[i] = fmt.Sprintf(`{"Variable": "$.k", "StringEquals": "k%d", "Next": "T"}`, i)
	}
	tests := map[string]string{
		"a deep value":   machineOf([]string{`"P": {"Type": "Pass", "Result": ` + nested + `, "Next": "T"}`, `"T": {"Type": "Task", "Resource": "x", "Parameters": {"a.$": "$.a"}, "End": true}`}),
		"a wide value":   machineOf([]string{`"P": {"Type": "Pass", "Result": {` + strings.Join(fields, ",") + `}, "Next": "T"}`, `"T": {"Type": "Task", "Resource": "x", "End": true}`}),
		"deep scopes":    machineOf([]string{deep}),
		"a long format":  machineOf([]string{`"T": {"Type": "Task", "Resource": "x", "Parameters": {"a.$": "` + format + `"}, "End": true}`}),
		"long conjunct":  machineOf([]string{`"T": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": "x", "Arguments": "{% ` + query + ` ? 'a' : 'b' %}", "End": true}`}),
		"a long sum":     machineOf([]string{`"T": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": "x", "Arguments": {"a": "{% ` + strings.Repeat("$states.input.a & ", 15_000) + `'x' %}"}, "End": true}`}),
		"doubling":       machineOf([]string{`"P": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$", "c": {"d.$": "$"}}, "Next": "C"}`, `"C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "P"}], "Default": "T"}`, `"T": {"Type": "Task", "Resource": "x", "End": true}`}),
		"many rules":     machineOf([]string{`"C": {"Type": "Choice", "Choices": [` + strings.Join(rules, ",") + `]}`, `"T": {"Type": "Task", "Resource": "x", "Parameters": {"a.$": "States.Format('{}{}{}', $.k, $.k, $.k)"}, "End": true}`}),
		"straight":       straight(3000),
		"branching":      branching(1000),
		"loops in loops": loops(200),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			m := read(t, text)
			start := time.Now()
			if analyzeAll(m) == nil {
				t.Error("no flow")
			}
			t.Log(time.Since(start))
		})
	}
}

// A schema whose definitions refer to each other twice each is read once.
func TestHostileSchemas(t *testing.T) {
	defs := map[string]any{}
	for i := range 60 {
		next := map[string]any{"$ref": fmt.Sprintf("#/$defs/d%d", i+1)}
		defs[fmt.Sprint("d", i)] = map[string]any{"properties": map[string]any{"a": next, "b": next}, "anyOf": []any{next, next}}
	}
	defs["d60"] = map[string]any{"enum": []any{"x"}}
	text, _ := json.Marshal(map[string]any{"$schema": "x", "$defs": defs, "$ref": "#/$defs/d0"})
	if in, findings := ReadInput(source.NewFile("s.json", string(text)), false); in == nil {
		t.Error(findings)
	}
}

func BenchmarkAnalyze(b *testing.B) {
	for name, machine := range map[string]func(int) string{"straight": straight, "branching": branching} {
		for _, n := range []int{100, 1000, 10_000} {
			m := read(b, machine(n))
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					analyzeAll(m)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/state")
			})
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, text := range []string{straight(3), branching(3), loops(12), ordersMachine} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, _ := asl.Parse(source.NewFile("m.json", text), asl.Options{AllowPlaceholders: true})
		if m != nil {
			analyzeAll(m)
		}
	})
}

func FuzzReadInput(f *testing.F) {
	f.Add(`{"$schema": "x", "properties": {"a": {"enum": ["x"], "type": ["string", "null"]}}, "anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"items": {"pattern": "^a[b-c]+\\.d$"}}}}`)
	f.Add(`{"a": [1, "x", {"b": null}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, exact := range []bool{false, true} {
			in, findings := ReadInput(source.NewFile("s.json", text), exact)
			if (in == nil) != findings.HasErrors() {
				t.Fatalf("input %v, findings %v", in, findings)
			}
		}
	})
}
