package policy

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares got with a file, or writes it under -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// texts returns the files that match a pattern under testdata, by base name
// without extension.
func texts(t testing.TB, pattern string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files match %s (%v)", pattern, err)
	}
	out := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(path), ".json")] = string(data)
	}
	return out
}

func mustParse(t testing.TB, text string) *Document {
	t.Helper()
	doc, findings := ParseString("policy.json", text)
	if findings.HasErrors() {
		t.Fatalf("Parse(%s): %v", text, findings)
	}
	return doc
}

func TestParseOK(t *testing.T) {
	for name, text := range texts(t, "ok/*.json") {
		if _, findings := ParseString(name, text); len(findings) > 0 {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

func TestFindings(t *testing.T) {
	for name, text := range texts(t, "bad/*.json") {
		t.Run(name, func(t *testing.T) {
			_, findings := ParseString(name+".json", text)
			var b strings.Builder
			for _, f := range findings {
				if err := f.WriteText(&b); err != nil {
					t.Fatal(err)
				}
				b.WriteString("  path: " + f.Path + "\n")
				if warning := strings.HasPrefix(f.Code, "TYPE_MISMATCH_"); warning != (f.Severity == source.Warning) {
					t.Errorf("%s is of severity %s", f.Code, f.Severity)
				}
			}
			golden(t, filepath.Join("testdata", "bad", name+".txt"), b.String())
		})
	}
}

// ignorePlaces compares trees without what only a text has.
var ignorePlaces = cmp.Options{
	cmpopts.IgnoreTypes(source.Span{}, []Element(nil), &source.File{}, source.List(nil)),
	cmpopts.IgnoreUnexported(Document{}, Statement{}),
}

func TestParseTree(t *testing.T) {
	got := mustParse(t, `{
		"Version": "2012-10-17", "Id": "i",
		"Statement": [
			{"Sid": "A", "Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": ["a", "b"]},
			{"Effect": "Deny", "NotPrincipal": {"AWS": "1", "Service": ["x", "y"]}, "NotAction": [], "NotResource": "\u00e9",
			 "Condition": {"Bool": {"a:b": true, "c:d": [1.50, "x"]}, "Null": {}}}
		]
	}`)
	want := &Document{
		Version: Version2012, ID: "i",
		Statements: []Statement{
			{Sid: "A", Effect: Allow, Principal: Everyone(), Action: String("s3:Get*"), Resource: Strings("a", "b")},
			{
				Effect: Deny,
				NotPrincipal: &Principal{Groups: []PrincipalGroup{
					{Key: "AWS", Values: *String("1")}, {Key: "Service", Values: *Strings("x", "y")},
				}},
				NotAction: Strings(), NotResource: String("é"),
				Condition: &Condition{Blocks: []ConditionBlock{
					{Operator: "Bool", Keys: []ConditionKey{
						{Name: "a:b", Values: List{Values: []Value{{Text: "true", Literal: Boolean}}, Single: true}},
						{Name: "c:d", Values: List{Values: []Value{{Text: "1.50", Literal: Number}, {Text: "x"}}}},
					}},
					{Operator: "Null", Keys: []ConditionKey{}},
				}},
			},
		},
	}
	if diff := cmp.Diff(want, got, ignorePlaces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	single := mustParse(t, `{"Statement":{"Effect":"Allow","Action":"*"}}`)
	if !single.Single || len(single.Statements) != 1 {
		t.Errorf("a single statement is not kept: %+v", single)
	}
}

// TestTreeBesideFindings: what is readable of a broken document is in the tree.
func TestTreeBesideFindings(t *testing.T) {
	doc, findings := ParseString("p", `{"Version":1,"Statement":[5,{"Effect":"Allow","Action":["a:b",5],"Resource":"*","Foo":1}]}`)
	if !findings.HasErrors() || len(doc.Statements) != 2 {
		t.Fatalf("got %d statements and %v", len(doc.Statements), findings)
	}
	s := doc.Statements[1]
	want := []Value{{Text: "a:b"}, {Literal: Malformed}}
	if diff := cmp.Diff(want, s.Action.Values, ignorePlaces); diff != "" || s.Effect != Allow || s.Resource.Values[0].Text != "*" {
		t.Errorf("got %+v\n%s", s, diff)
	}
}

// TestSpans points at the text: the span of each node must cover its spelling.
func TestSpans(t *testing.T) {
	for name, text := range texts(t, "ok/*.json") {
		doc := mustParse(t, text)
		checkSpans(t, name, text, doc)
	}
}

func checkSpans(t *testing.T, name, text string, doc *Document) {
	t.Helper()
	root, _, err := jsontree.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	spells := func(span source.Span, want string) {
		t.Helper()
		got, _, err := jsontree.Parse(doc.File.Slice(span))
		if err != nil || got.Text != want {
			t.Errorf("%s: span %v covers %q, want the spelling of %q", name, span, doc.File.Slice(span), want)
		}
	}
	covers := func(span source.Span, open string) {
		t.Helper()
		if got := doc.File.Slice(span); !strings.HasPrefix(got, open) {
			t.Errorf("%s: span %v covers %q, want %s...", name, span, got, open)
		}
	}
	elements := func(list []Element) {
		t.Helper()
		for _, e := range list {
			spells(e.NameSpan, e.Name)
		}
	}
	Walk(doc, func(at Place, node any) bool {
		var span source.Span
		switch n := node.(type) {
		case *Document:
			span = n.Span
			covers(span, "{")
			elements(n.Elements)
		case *Statement:
			span = n.Span
			covers(span, "{")
			elements(n.Elements)
			spells(n.Element(ElementEffect).Span, string(n.Effect))
		case *Principal:
			span = n.Span
		case *PrincipalGroup:
			span = n.Values.Span
			spells(n.KeySpan, n.Key)
		case *Condition:
			span = n.Span
			covers(span, "{")
		case *ConditionBlock:
			span = n.Span
			covers(span, "{")
			spells(n.OperatorSpan, n.Operator)
		case *ConditionKey:
			span = n.Values.Span
			spells(n.NameSpan, n.Name)
		case *List:
			span = n.Span
			if !n.Single {
				covers(span, "[")
			}
		case *Value:
			span = n.Span
			spells(span, n.Text)
		default:
			t.Fatalf("Walk gave a %T", node)
		}
		if got, want := at.Pointer(), jsontree.Pointer(root, span); got != want {
			t.Errorf("%s: place of %T is %q, its span lies at %q", name, node, got, want)
		}
		return true
	})
}

func TestParseBrokenJSONHasNoTree(t *testing.T) {
	doc, findings := ParseString("p", `{"Version":`)
	if doc != nil || len(findings) != 1 || findings[0].Code != CodeSyntax || findings[0].Path != "" {
		t.Errorf("got %v, %v", doc, findings)
	}
}

func TestFromValue(t *testing.T) {
	text := `{"Role": {"a/b": [0, {"Version": "2012-10-17", "Statement": [{"Effect": "Alow", "Action": ["s3:*", "s3:${a}"],` +
		` "Resource": "x${", "Foo": 1, "Sid": "a", "Sid": "b"}]}]}, "Other": {"x": 1, "x": 2}}`
	root, _, err := jsontree.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	file := source.NewFile("template.json", text)
	doc, findings := FromValue(file, root, &root.Get("Role").Get("a/b").Items[1])
	const statement = "/Role/a~1b/1/Statement/0"
	want := []string{
		`INVALID_EFFECT ` + statement + `/Effect "Alow"`,
		`MISSING_BRACE_IN_VARIABLE ` + statement + `/Resource ${`,
		`INVALID_POLICY_ELEMENT ` + statement + `/Foo "Foo"`,
		`DUPLICATE_KEY ` + statement + `/Sid "Sid"`,
	}
	var got []string
	for _, f := range findings {
		got = append(got, f.Code+" "+f.Path+" "+f.File.Slice(f.Span))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if doc.File != file || doc.Statements[0].Sid != "a" {
		t.Errorf("got document %+v", doc)
	}
}

func TestUnmarshalJSON(t *testing.T) {
	var doc Document
	if err := doc.UnmarshalJSON([]byte(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)); err != nil || len(doc.Statements) != 1 {
		t.Errorf("got %v, %v", doc, err)
	}
	err := doc.UnmarshalJSON([]byte(`{"Statement":[{"Effect":"Allow"}]}`))
	if err == nil || !strings.Contains(err.Error(), CodeMissingAction) {
		t.Errorf("got error %v, want one with the code", err)
	}
}

// TestHostileDocuments holds documents that cost a careless reader quadratic
// time or its stack. Each takes well under a second; the limit leaves room for
// slow machines.
func TestHostileDocuments(t *testing.T) {
	allow := func(element string) string { return `{"Statement":[{"Effect":"Allow",` + element + `}]}` }
	many := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s, n), ",") }
	tests := map[string]string{
		"statements":         `{"Version":"2012-10-17","Statement":[` + many(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},`, 100_000) + `]}`,
		"empty statements":   `{"Statement":[` + many(`{},`, 100_000) + `]}`,
		"wrong statements":   `{"Statement":[` + many(`1,`, 100_000) + `]}`,
		"long string":        allow(`"Action":"` + strings.Repeat("x", 10<<20) + `"`),
		"long names":         `{"` + strings.Repeat("Statement", 1<<20) + `":1}`,
		"unknown elements":   `{` + many(`"Comment":1,`, 100_000) + `}`,
		"same element":       `{"Statement":[{` + many(`"Action":"a:b",`, 100_000) + `}]}`,
		"deep":               allow(`"Action":` + strings.Repeat("[", 100_000)),
		"deep enough":        allow(`"Comment":` + strings.Repeat("[", 500) + strings.Repeat("]", 500)),
		"operators":          allow(`"Condition":{` + many(`"Strange":{"a:b":"c"},`, 100_000) + `}`),
		"principal keys":     allow(`"Principal":{` + many(`"Strange":"a",`, 100_000) + `}`),
		"open variables":     `{"Version":"2012-10-17","Statement":{"Resource":"` + strings.Repeat("${", 1<<19) + `"}}`,
		"open defaults":      `{"Version":"2012-10-17","Statement":{"Resource":"` + strings.Repeat("${a,'", 1<<18) + `"}}`,
		"defaults, no brace": `{"Version":"2012-10-17","Statement":{"Resource":"` + strings.Repeat("${a,'b' ", 1<<18) + `"}}`,
		"unquoted defaults":  `{"Version":"2012-10-17","Statement":{"Resource":"` + strings.Repeat("${a, b}", 1<<17) + `"}}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			doc, _ := ParseString("p", text)
			if doc != nil {
				again, _ := ParseString("p", string(Print(doc, "")))
				Canonical(again)
			}
		})
	}
}

// What is said about a text stays small, however long the names in it and
// however many its mistakes.
func TestFindingsAreBounded(t *testing.T) {
	long := strings.Repeat("k", 200_000)
	list := func(s string) string { return "[" + strings.TrimSuffix(strings.Repeat(s+",", 20_000), ",") + "]" }
	condition := func(operator, values string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:b","Condition":{"` + operator + `":{"` + long + `":` + values + `}}}}`
	}
	for name, text := range map[string]string{
		"wrong types":      condition("StringEquals", list("{}")),
		"broken variables": condition("StringEquals", list(`"${"`)),
		"long operator":    condition(long, `"a"`) + strings.Repeat(" ", 10),
		"statements":       `{"Statement":` + list(`{"`+"Strange"+`":1}`) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			doc, findings := ParseString("p", text)
			out, err := json.Marshal(findings)
			if err != nil {
				t.Fatal(err)
			}
			if len(findings) > source.MaxFindings+1 || len(out) > 4<<20 || !findings.HasErrors() {
				t.Errorf("%d findings take %d bytes", len(findings), len(out))
			}
			if again := Validate(doc); len(again) != len(findings) {
				t.Errorf("%d findings, then %d", len(findings), len(again))
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, dir := range []string{"ok/*.json", "bad/*.json", "canonical/*.json"} {
		for _, text := range texts(f, dir) {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, findings := ParseString("p", text)
		for _, finding := range findings {
			if finding.Span.Start < 0 || finding.Span.Start > finding.Span.End || int(finding.Span.End) > len(text) {
				t.Fatalf("%s has span %v in a text of %d bytes", finding.Code, finding.Span, len(text))
			}
			if finding.Severity < source.Warning || finding.Message == "" {
				t.Fatalf("not a proper finding: %+v", finding)
			}
		}
		if doc == nil {
			if len(findings) == 0 {
				t.Fatal("neither tree nor finding")
			}
			return
		}
		if len(findings) == 0 {
			checkSpans(t, "text", text, doc)
		}
		if again := Validate(doc); len(again) != len(findings) && len(again.Sorted()) != len(findings) {
			t.Fatalf("Parse has %d findings, Validate %d", len(findings), len(again))
		}
	})
}

// benchmarkText is a policy of n statements of common shape.
func benchmarkText(n int) string {
	statement := `{"Sid":"S1","Effect":"Allow","Action":["ecs:RunTask","ecs:StopTask","iam:PassRole"],` +
		`"Resource":"arn:aws:ecs:us-east-1:123456789012:task-definition/web:*",` +
		`"Condition":{"StringEquals":{"aws:RequestTag/team":["a","b"]}}}`
	return `{"Version":"2012-10-17","Statement":[` + strings.Repeat(statement+",", n-1) + statement + `]}`
}

// TestParseKeepsValues: what a tree holds as it was written must stay when other
// policies are read, though most trees of JSON are built in the same memory.
func TestParseKeepsValues(t *testing.T) {
	const broken = `{"Version":["x",{"y":[1]}],"Extra":{"z":{"w":true}},"Statement":[["not","an","object"],{"Effect":"Allow","Action":{"a":["b"]}}]}`
	doc, findings := ParseString("broken", broken)
	if !findings.HasErrors() {
		t.Fatal("no errors")
	}
	for range 20 {
		ParseString("other", benchmarkText(5))
	}
	if got := doc.String(); got != broken {
		t.Errorf("got %s\nwant %s", got, broken)
	}
}

// BenchmarkParse reads policies; "encoding/json" shows, for comparison, what
// decoding into maps costs without building a tree.
func BenchmarkParse(b *testing.B) {
	b.Run("encoding-json", func(b *testing.B) {
		data := []byte(benchmarkText(1000))
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := json.Unmarshal(data, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, text := range map[string]string{"small": benchmarkText(3), "large": benchmarkText(1000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, findings := ParseString("p", text); len(findings) > 0 {
					b.Fatal(findings)
				}
			}
		})
	}
}
