package source

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// find returns a finding on the first place where target stands in text.
func find(text, target string) Finding {
	start := int32(strings.Index(text, target))
	return Finding{
		Code: "SOME_CODE", Severity: Error, File: NewFile("policy.json", text),
		Span: Span{start, start + int32(len(target))}, Message: "this is wrong",
	}
}

func TestWriteText(t *testing.T) {
	long := strings.Repeat("a", 200) + "BAD" + strings.Repeat("z", 200)
	tests := []struct {
		name, text, target string
		want               []string
	}{
		{"carets under the span", "{\n  \"Effect\": \"allow\"\n}", `"allow"`, []string{
			"policy.json:2:13: error: this is wrong [SOME_CODE]",
			`      "Effect": "allow"`,
			`                ^~~~~~~`,
		}},
		{"one character", "ab", "b", []string{
			"policy.json:1:2: error: this is wrong [SOME_CODE]",
			"    ab",
			"     ^",
		}},
		{"empty span still gets a caret", "ab", "", []string{
			"policy.json:1:1: error: this is wrong [SOME_CODE]",
			"    ab",
			"    ^",
		}},
		{"tabs become one space", "\t\t\"x\"", `"x"`, []string{
			"policy.json:1:3: error: this is wrong [SOME_CODE]",
			`      "x"`,
			`      ^~~`,
		}},
		{"wide characters take two columns", "世界é x", "x", []string{
			"policy.json:1:5: error: this is wrong [SOME_CODE]",
			"    世界é x",
			"          ^",
		}},
		{"a span over lines stops at the end of the first", "[\n  {\n  }\n]", "{\n  }", []string{
			"policy.json:2:3: error: this is wrong [SOME_CODE]",
			"      {",
			"      ^",
		}},
		{"carriage returns are not shown", "[\r\n{}\r\n]", "{}", []string{
			"policy.json:2:1: error: this is wrong [SOME_CODE]",
			"    {}",
			"    ^~",
		}},
		{"control sequences are not written", "\x1b[31mred\x9d", "red", []string{
			"policy.json:1:6: error: this is wrong [SOME_CODE]",
			"    \uFFFD[31mred\uFFFD",
			"         ^~~",
		}},
		{"a long line is cut on both sides", long, "BAD", []string{
			"policy.json:1:201: error: this is wrong [SOME_CODE]",
			"    " + strings.Repeat("a", 32) + "BAD" + strings.Repeat("z", 61),
			"    " + strings.Repeat(" ", 32) + "^~~",
		}},
		{"a long line is cut on the left only at its end", strings.Repeat("a", 200) + "BAD", "BAD", []string{
			"policy.json:1:201: error: this is wrong [SOME_CODE]",
			"    " + strings.Repeat("a", 93) + "BAD",
			"    " + strings.Repeat(" ", 93) + "^~~",
		}},
		{"a long line is cut on the right only at its start", "BAD" + strings.Repeat("z", 200), "BAD", []string{
			"policy.json:1:1: error: this is wrong [SOME_CODE]",
			"    BAD" + strings.Repeat("z", 93),
			"    ^~~",
		}},
		{"a long span stops with the excerpt", strings.Repeat("世", 300), strings.Repeat("世", 300), []string{
			"policy.json:1:1: error: this is wrong [SOME_CODE]",
			"    " + strings.Repeat("世", 96),
			"    ^" + strings.Repeat("~", 95),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := find(tt.text, tt.target).WriteText(&b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteTextHintAndNoFile(t *testing.T) {
	finding := Finding{Code: "BAD_FLAG", Severity: SecurityWarning, Message: "no such thing", Hint: "try the other"}
	var b strings.Builder
	if err := finding.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if want := "security warning: no such thing [BAD_FLAG]\n  hint: try the other\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestWriteTextPassesErrorsOn(t *testing.T) {
	want := errors.New("disk full")
	if got := find("x", "x").WriteText(failing{want}); got != want {
		t.Errorf("WriteText gave error %v, want %v", got, want)
	}
}

type failing struct{ err error }

func (w failing) Write([]byte) (int, error) { return 0, w.err }

func TestMarshalFinding(t *testing.T) {
	finding := find("{\n \"é\": \"x\"}", `"x"`)
	finding.Path, finding.Hint = "/é", "say y"
	got, err := json.Marshal(finding)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"code":"SOME_CODE","severity":"ERROR","path":"/é","file":"policy.json",` +
		`"span":{"start":{"line":2,"column":7,"offset":9},"end":{"line":2,"column":10,"offset":12}},` +
		`"message":"this is wrong","hint":"say y"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	got, err = json.Marshal(Finding{Code: "C", Message: "m"})
	if want := `{"code":"C","severity":"SUGGESTION","path":"","message":"m"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
