package asl

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/source"
)

func parseFile(t testing.TB, name string) *StateMachine {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := Parse(source.NewFile(name, string(text)), Options{})
	if m == nil {
		t.Fatalf("%s cannot be read", name)
	}
	return m
}

func TestTree(t *testing.T) {
	m := parseFile(t, "testdata/ok/jsonpath.asl.json")
	if m.Comment == "" || m.Version != "1.0" || m.QueryLanguage != JSONPath || m.StartAt.Name != "Prepare" || len(m.States) != 14 {
		t.Errorf("machine %+v", m)
	}
	call := m.State("Call")
	if call.Type != TypeTask || call.Next.Name != "Done" || len(call.Retry) != 2 || len(call.Catch) != 1 {
		t.Errorf("Call %+v", call)
	}
	if r := call.Retry[0]; r.ErrorEquals.Len() != 2 || r.JitterStrategy.Text() != "FULL" || r.BackoffRate.Text() != "1.5" {
		t.Errorf("Retry %+v", r)
	}
	if c := call.Catch[0]; c.Next.Name != "Give up" || c.ResultPath.Expression() != "$.error" || c.Assign.Len() != 1 {
		t.Errorf("Catch %+v", c)
	}
	if call.ResultPath.Kind() != Null || call.Task.TimeoutSeconds.Expression() != "$.timeout" || !call.Task.Credentials.Field("RoleArn").Dynamic() {
		t.Errorf("Task %+v", call.Task)
	}
	if rules := m.State("Pick").Choice.Rules; len(rules) != 3 || rules[0].Test.Operator != "StringEquals" || rules[1].Test.Operator != "And" ||
		rules[1].Test.Operands[1].Operands[0].Operand.Expression() != "$.limit" || rules[1].Test.Operands[2].Operator != "Or" {
		t.Errorf("rules %+v", rules)
	}
	if p := m.State("Fan out").Parallel; len(p.Branches) != 2 || p.Branches[1].State("Right").Parent() != m.State("Fan out") {
		t.Errorf("branches %+v", p)
	}
	files := m.State("Files").Map
	if !files.Distributed || files.ExecutionType.Text() != "EXPRESS" || files.Label.Text() != "files" || files.Items.Exists() {
		t.Errorf("Files %+v", files)
	}
	if r := files.ItemReader; !r.Arguments.Field("Bucket").Dynamic() || r.InputType.Text() != "CSV" || r.MaxItems.Expression() != "$.most" || r.CSVHeaders.Len() != 2 {
		t.Errorf("ItemReader %+v", r)
	}
	if b := files.ItemBatcher; b.MaxInputBytesPerBatch.Expression() != "$.bytes" || !b.BatchInput.Field("run").Dynamic() {
		t.Errorf("ItemBatcher %+v", b)
	}
	if w := files.ResultWriter; w.Transformation.Text() != "COMPACT" || w.OutputType.Text() != "JSONL" || w.Resource.Text() == "" {
		t.Errorf("ResultWriter %+v", w)
	}
	if old := m.State("Old items").Map; old.ItemSelector.Field("v").Expression() != "$$.Map.Item.Value" || old.Processor.State("Old each") == nil || old.Distributed {
		t.Errorf("Old items %+v", old)
	}
	if objects := m.State("Objects"); objects.QueryLanguage != JSONata || objects.Map.Items.Expression() != "$states.input.items[id > 3]" ||
		objects.Map.Processor.State("Each object").QueryLanguage != JSONPath {
		t.Errorf("Objects %+v", objects.Map)
	}
	if f := m.State("Give up").Fail; f.Error.Expression() != "$.error.Error" || f.Cause.Expression() != "States.JsonToString($.error)" {
		t.Errorf("Fail %+v", f)
	}
}

func TestWalk(t *testing.T) {
	m := parseFile(t, "testdata/ok/jsonpath.asl.json")
	var names []string
	last := int32(-1)
	m.Walk(func(s *State) bool {
		if s.NameSpan.Start <= last {
			t.Errorf("%s out of order", s.Name)
		}
		last = s.NameSpan.Start
		if p := s.Parent(); p != nil {
			names = append(names, p.Name+"/"+s.Name)
		} else {
			names = append(names, s.Name)
		}
		return s.Name != "Each"
	})
	want := "Prepare, Pause, Pause by path, Until, Until by path, Pick, Call, Fan out, Fan out/Left, Fan out/Right, Items, Items/Each"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Every span slices the text that its node was read from.
func TestSpans(t *testing.T) {
	files, _ := filepath.Glob("testdata/ok/*")
	for _, name := range files {
		m := parseFile(t, name)
		spells := func(span source.Span, name string) {
			if got := m.File.Slice(span); strings.Trim(got, `"`) != name {
				t.Errorf("%s: %q spans %q", m.File.Name, name, got)
			}
		}
		m.Walk(func(s *State) bool {
			spells(s.NameSpan, s.Name)
			spells(s.Next.Span, s.Next.Name)
			if got := m.File.Slice(s.Span); strings.HasSuffix(name, ".json") && !strings.Contains(got, s.Type.String()) {
				t.Errorf("%s: state %s spans %q", name, s.Name, got)
			}
			for _, c := range s.Catch {
				spells(c.Next.Span, c.Next.Name)
			}
			if s.Choice != nil {
				for _, rule := range s.Choice.Rules {
					spells(rule.Next.Span, rule.Next.Name)
				}
			}
			if s.Task != nil {
				spells(s.Task.Resource.Span(), s.Task.Resource.Text())
			}
			if strings.HasSuffix(name, ".json") {
				if want := jsontree.AppendToken("", s.Name); !strings.HasSuffix(m.Pointer(s.NameSpan), want) {
					t.Errorf("pointer of %s is %s", s.Name, m.Pointer(s.NameSpan))
				}
			}
			return true
		})
	}
}

// JSON is YAML too: both readers give the same tree, spans included.
func TestJSONAsYAML(t *testing.T) {
	files, _ := filepath.Glob("testdata/ok/*.json")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		a, _, errA := jsontree.Parse(string(text))
		b, _, errB := yamltree.Parse(string(text))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if x, y := fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b); x != y {
			t.Errorf("%s:\njson %s\nyaml %s", name, x, y)
		}
	}
}

func TestSyntaxByName(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		yaml       bool
	}{
		{"a.yaml", "{}", true}, {"a.yml", "", true}, {"a.json", "StartAt: A", false}, {"-", " \n{", false},
		{"-", "StartAt: A", true}, {"-", "", false}, {"-", " \n", false}, {"a.asl", "# c\nStartAt: A", true}, {"-", "\ufeff{", false},
	} {
		if got := isYAML(source.NewFile(tt.name, tt.text)); got != tt.yaml {
			t.Errorf("%s %q: yaml %v", tt.name, tt.text, got)
		}
	}
}

// Whatever is thrown at the parser, it answers soon and in order.
func TestHostile(t *testing.T) {
	task := `"Type":"Task","Resource":"r"`
	var dangling, duplicates, unknown strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&dangling, `"S%d":{%s,"Next":"T%d"},`, i, task, i)
		fmt.Fprintf(&duplicates, `"S":{%s,"End":true},`, task)
		fmt.Fprintf(&unknown, `"Reource%d":1,`, i)
	}
	nested := strings.Repeat(`{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"ItemProcessor":`, 100) + "{}" + strings.Repeat("}}}", 100)
	tests := map[string]string{
		"deep arrays":    strings.Repeat("[", 100_000),
		"deep objects":   strings.Repeat(`{"a":`, 100_000),
		"deep machines":  nested,
		"long string":    `{"StartAt":"` + strings.Repeat("x", 10<<20) + `","States":{}}`,
		"long path":      `{"StartAt":"A","States":{"A":{"Type":"Pass","InputPath":"$` + strings.Repeat(".a", 1<<20) + `[","End":true}}}`,
		"dangling":       `{"StartAt":"A","States":{` + strings.TrimSuffix(dangling.String(), ",") + `}}`,
		"duplicates":     `{"StartAt":"S","States":{` + strings.TrimSuffix(duplicates.String(), ",") + `}}`,
		"unknown fields": `{` + unknown.String() + `"States":{}}`,
		"not UTF-8":      "{\"StartAt\":\"\xff\"}",
		"byte order":     "\ufeff{}",
		"empty":          "",
		"many openings":  `{"a":${` + strings.Repeat("${", 500_000) + `}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			_, list := Parse(source.NewFile("hostile.json", text), Options{})
			if !list.HasErrors() {
				t.Error("no error")
			}
		})
	}
}

// What is said about a text stays small, however long the names in it and
// however many its mistakes.
func TestFindingsAreBounded(t *testing.T) {
	long := strings.Repeat("n", 200_000)
	machine := func(states string) string { return `{"StartAt":"A","States":{` + states + `}}` }
	tests := map[string]struct{ file, text string }{
		"fields of a long state": {"m.json", machine(`"` + long + `":{"Type":"Task",` + strings.Repeat(`"a":1,`, 20_000) + `"End":true}`)},
		"long field":             {"m.json", machine(`"A":{"Type":"Task","Resource":"r","Arguments":{"` + long + `":[` + strings.Repeat(`"{%",`, 20_000) + `1]},"QueryLanguage":"JSONata","End":true}`)},
		"long neighbours":        {"m.json", machine(`"` + long + `":{"Type":"Choice","Choices":[` + strings.Repeat(`{"Next":"nnnn"},`, 20_000) + `{}]}`)},
		"long values":            {"m.yaml", "a: &x " + long + "\nStartAt: A\nStates:\n" + strings.Repeat("  A:\n    Type: *x\n", 70)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, list := Parse(source.NewFile(tt.file, tt.text), Options{})
			out, err := json.Marshal(list)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) < 70 || len(list) > source.MaxFindings+1 || len(out) > 4<<20 {
				t.Errorf("%d findings take %d bytes", len(list), len(out))
			}
			if many := strings.Contains(string(out), source.CodeTooMany); many != (len(list) > source.MaxFindings) || !list.HasErrors() {
				t.Errorf("%d findings, of which one counts others: %v", len(list), many)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/ok/*")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(filepath.Ext(name), string(text))
	}
	f.Add("", `{"StartAt": "${A}", "States": {"A": {"Type": "Wait", "Seconds": ${B}}}}`)
	f.Add("", `{"QueryLanguage":"JSONata","States":{"A":{"Type":"Choice","Choices":[{"Condition":"{% $x( %}"}]}}}`)
	f.Fuzz(func(t *testing.T, extension, text string) {
		file := source.NewFile("fuzz"+extension, text)
		m, list := Parse(file, Options{Substitutions: map[string]string{"A": "x${A}", "B": `{"C":[1]}`}})
		inside := func(s source.Span) {
			if s.Start < 0 || s.Start > s.End || int(s.End) > len(text) {
				t.Fatalf("span %v of %d bytes", s, len(text))
			}
		}
		for i, finding := range list {
			inside(finding.Span)
			if finding.Code == "" || finding.Message == "" || finding.File != file {
				t.Fatalf("finding %+v", finding)
			}
			if i > 0 && finding.Span.Start < list[i-1].Span.Start {
				t.Fatal("findings out of order")
			}
		}
		if m == nil {
			if !list.HasErrors() {
				t.Fatal("no machine and no error")
			}
			return
		}
		m.Walk(func(s *State) bool {
			inside(s.Span)
			inside(s.NameSpan)
			m.Pointer(s.NameSpan)
			if s.Scope.State(s.Name) == nil {
				t.Fatalf("state %q is not in its scope", s.Name)
			}
			return true
		})
	})
}

// definition writes a machine of n states in a row.
func definition(n int) string {
	var b strings.Builder
	b.WriteString(`{"StartAt": "State 0", "States": {`)
	for i := range n {
		fmt.Fprintf(&b, `
  "State %d": {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "function-%d", "Payload.$": "$.detail"},
    "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}],
    "Next": "State %d"
  },`, i, i, i+1)
	}
	fmt.Fprintf(&b, "\n  \"State %d\": {\"Type\": \"Succeed\"}\n}}", n)
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{8, 1000, 10_000} { // 8 states are about 2 KB
		text := definition(n)
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if m, list := Parse(source.NewFile("m.json", text), Options{}); m == nil || len(list) > 0 {
					b.Fatal(list)
				}
			}
		})
	}
}

// BenchmarkTree is the share of BenchmarkParse that reading JSON takes.
func BenchmarkTree(b *testing.B) {
	text := definition(8)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := jsontree.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
