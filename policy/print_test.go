package policy

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

func TestPrintBuiltDocument(t *testing.T) {
	doc := &Document{
		Version: Version2012,
		Statements: []Statement{
			{
				Sid: "Run", Effect: Allow,
				Action:   Strings("ecs:RunTask"),
				Resource: String("arn:aws:ecs:*:111122223333:task-definition/web:*"),
				Condition: Where("ArnEquals", "ecs:cluster", "arn:aws:ecs:*:111122223333:cluster/web").
					And("StringEquals", "aws:RequestTag/team", "a", "b").
					And("ArnEquals", "aws:SourceArn", "arn:aws:states:*"),
			},
			{Effect: Deny, Principal: Everyone(), NotAction: Strings(), NotResource: Strings("a", "b")},
			{Effect: Allow, Principal: PrincipalOf(PrincipalService, "states.amazonaws.com"), Action: String("sts:AssumeRole")},
		},
	}
	want := `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Run",
      "Effect": "Allow",
      "Action": [
        "ecs:RunTask"
      ],
      "Resource": "arn:aws:ecs:*:111122223333:task-definition/web:*",
      "Condition": {
        "ArnEquals": {
          "ecs:cluster": "arn:aws:ecs:*:111122223333:cluster/web",
          "aws:SourceArn": "arn:aws:states:*"
        },
        "StringEquals": {
          "aws:RequestTag/team": [
            "a",
            "b"
          ]
        }
      }
    },
    {
      "Effect": "Deny",
      "Principal": "*",
      "NotAction": [],
      "NotResource": [
        "a",
        "b"
      ]
    },
    {
      "Effect": "Allow",
      "Principal": {
        "Service": "states.amazonaws.com"
      },
      "Action": "sts:AssumeRole"
    }
  ]
}`
	if diff := cmp.Diff(want, string(Print(doc, "  "))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if findings := Validate(doc); len(findings) > 0 {
		t.Errorf("Validate: %v", findings)
	}
	compact, err := json.Marshal(doc)
	if err != nil || string(compact) != doc.String() || strings.ContainsAny(doc.String(), " \n") {
		t.Errorf("Marshal gave %s, %v", compact, err)
	}
	if doc := (&Document{Statements: []Statement{{}}, Single: true}); doc.String() != `{"Statement":{}}` {
		t.Errorf("a single statement is printed as %s", doc)
	}
}

// TestPrintKeepsWhatWasWritten: without its white space and escapes, the text
// comes back as it was, also where it is wrong.
func TestPrintKeepsWhatWasWritten(t *testing.T) {
	for _, dir := range []string{"ok/*.json", "bad/*.json", "canonical/*.json"} {
		for name, text := range texts(t, dir) {
			root, _, err := jsontree.Parse(text)
			if err != nil {
				continue // bad/syntax.json
			}
			doc, _ := ParseString(name, text)
			plain := printer{}
			plain.raw(root)
			if diff := cmp.Diff(string(plain.out), doc.String()); diff != "" {
				t.Errorf("%s (-written +printed):\n%s", name, diff)
			}
		}
	}
}

func TestPrintChangedDocument(t *testing.T) {
	doc := mustParse(t, `{"Statement":[{"Resource":"*","Condition":{},"Action":"a:b","Effect":"Allow"}],"Version":"2012-10-17"}`)
	s := &doc.Statements[0]
	s.Condition = nil
	s.Sid = "New"
	s.Principal = Everyone()
	s.Action.Values = append(s.Action.Values, Value{Text: "c:d"})
	doc.ID = "id"
	want := `{"Statement":[{"Sid":"New","Resource":"*","Action":["a:b","c:d"],"Effect":"Allow","Principal":"*"}],"Version":"2012-10-17","Id":"id"}`
	if diff := cmp.Diff(want, doc.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPrintStrings(t *testing.T) {
	for text, want := range map[string]string{
		"":               `""`,
		`a"b\c`:          `"a\"b\\c"`,
		"\n\r\t\x00\x1f": `"\n\r\t\u0000\u001f"`,
		"é世🙂<&>\u2028":   "\"é世🙂<&>\u2028\"",
		"a\xffb":         "\"a\uFFFDb\"",
		"\x7f":           "\"\x7f\"",
	} {
		p := printer{}
		p.string(text)
		if string(p.out) != want {
			t.Errorf("%q is printed as %s, want %s", text, p.out, want)
		}
		var back string
		if err := json.Unmarshal(p.out, &back); err != nil || back != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("%s reads as %q, %v", p.out, back, err)
		}
	}
}

// TestPrintLiterals: what is no number is never printed without quotes.
func TestPrintLiterals(t *testing.T) {
	for _, tt := range []struct {
		value Value
		want  string
	}{
		{Value{Text: "true", Literal: Boolean}, `true`},
		{Value{Text: "true"}, `"true"`},
		{Value{Text: "-1.50e3", Literal: Number}, `-1.50e3`},
		{Value{Text: "01", Literal: Number}, `"01"`},
		{Value{Text: " 1", Literal: Number}, `" 1"`},
		{Value{Text: `1,"x":2`, Literal: Number}, `"1,\"x\":2"`},
		{Value{Text: "null", Literal: Boolean}, `"null"`},
	} {
		p := printer{}
		p.value(&tt.value)
		if string(p.out) != tt.want {
			t.Errorf("%+v is printed as %s, want %s", tt.value, p.out, tt.want)
		}
	}
}

func TestCanonical(t *testing.T) {
	for name, text := range texts(t, "canonical/*.json") {
		doc, _ := ParseString(name, text)
		before := doc.String()
		got := string(Print(Canonical(doc), "  "))
		golden(t, filepath.Join("testdata", "canonical", name+".golden"), got+"\n")
		if doc.String() != before {
			t.Errorf("%s: Canonical changed its argument", name)
		}
	}
}

// TestCanonicalIgnoresSpelling: documents that differ in spelling only are equal.
func TestCanonicalIgnoresSpelling(t *testing.T) {
	one := mustParse(t, `{"Statement":{"Effect":"Allow","Action":["b:c","A:b","a:B"],"Resource":["*"],
		"Condition":{"StringLike":{"x:y":["2","1"]},"bool":{"a:b":true}, "Null":{}}}}`)
	two := mustParse(t, `{"Statement":[{"Condition":{"Bool":{"a:b":["true"]},"StringLike":{"x:y":["1","2","1"]}},
		"Resource":"*","Action":["A:b","b:c"],"Effect":"Allow"}]}`)
	if diff := cmp.Diff(Canonical(one).String(), Canonical(two).String()); diff != "" {
		t.Errorf("(-one +two):\n%s", diff)
	}
}

// TestCanonicalOperators: of two spellings of one operator none may become the
// duplicate of the other.
func TestCanonicalOperators(t *testing.T) {
	for condition, want := range map[string]string{
		`{"bool":{"a:b":"x"}}`:                     `{"Bool":{"a:b":"x"}}`,
		`{"bool":{"a:b":"x"},"Bool":{"a:b":"y"}}`:  `{"Bool":{"a:b":"y"},"bool":{"a:b":"x"}}`,
		`{"Bool":{},"bool":{"a:b":"x"},"Null":{}}`: `{"Bool":{"a:b":"x"}}`,
	} {
		doc := mustParse(t, `{"Statement":[{"Effect":"Deny","Action":"*","Condition":`+condition+`}]}`)
		want = `{"Statement":[{"Effect":"Deny","Action":"*","Condition":` + want + `}]}`
		if got := Canonical(doc).String(); got != want {
			t.Errorf("%s becomes %s, want %s", condition, got, want)
		}
	}
}

// FuzzParsePrint: printed text reads back as the same tree, in either layout,
// and the canonical form is its own canonical form.
func FuzzParsePrint(f *testing.F) {
	for _, dir := range []string{"ok/*.json", "bad/*.json", "canonical/*.json"} {
		for _, text := range texts(f, dir) {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, findings := ParseString("p", text)
		if doc == nil {
			return
		}
		compact := doc.String()
		for _, indent := range []string{"", "  ", "\t"} {
			printed := string(Print(doc, indent))
			again, findingsAgain := ParseString("p", printed)
			if again == nil {
				t.Fatalf("printed text is not JSON: %v\n%s", findingsAgain, printed)
			}
			if again.String() != compact {
				t.Fatalf("printed text reads as another document:\n%s\n%s", compact, again)
			}
			if diff := cmp.Diff(codes(findings), codes(findingsAgain)); diff != "" {
				t.Fatalf("printed text has other findings (-before +after):\n%s", diff)
			}
		}
		canonical := string(Print(Canonical(doc), "  "))
		again, findingsAgain := ParseString("p", canonical)
		if again == nil {
			t.Fatalf("canonical text is not JSON: %v\n%s", findingsAgain, canonical)
		}
		if got := string(Print(Canonical(again), "  ")); got != canonical {
			t.Fatalf("not stable:\n%s\n%s", canonical, got)
		}
		if len(findings) == 0 && len(findingsAgain) > 0 {
			t.Fatalf("the canonical form of a good document has findings: %v", findingsAgain)
		}
	})
}

// codes returns what was found where. It does not count: findings at one place
// merge when the spelling leaves them no spans of their own.
func codes(findings source.List) map[string]bool {
	found := map[string]bool{}
	for _, f := range findings {
		found[f.Code+" "+f.Path] = true
	}
	return found
}

func BenchmarkPrint(b *testing.B) {
	doc := mustParse(b, benchmarkText(1000))
	b.SetBytes(int64(len(Print(doc, ""))))
	b.ReportAllocs()
	for b.Loop() {
		Print(doc, "")
	}
}
