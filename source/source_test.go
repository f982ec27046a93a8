package source

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestPosition(t *testing.T) {
	const text = "one\r\n" + // offsets 0-4
		"zwei é 世界\n" + // 5-19: é is two bytes, 世 and 界 are three each
		"\n" + // 20
		"last"
	tests := []struct {
		offset int32
		want   Position
	}{
		{0, Position{Line: 1, Column: 1, Offset: 0}},
		{2, Position{Line: 1, Column: 3, Offset: 2}},
		{4, Position{Line: 1, Column: 5, Offset: 4}},
		{5, Position{Line: 2, Column: 1, Offset: 5}},
		{10, Position{Line: 2, Column: 6, Offset: 10}},
		{12, Position{Line: 2, Column: 7, Offset: 12}},
		{13, Position{Line: 2, Column: 8, Offset: 13}},
		{16, Position{Line: 2, Column: 9, Offset: 16}},
		{19, Position{Line: 2, Column: 10, Offset: 19}},
		{20, Position{Line: 3, Column: 1, Offset: 20}},
		{21, Position{Line: 4, Column: 1, Offset: 21}},
		{25, Position{Line: 4, Column: 5, Offset: 25}},
		{99, Position{Line: 4, Column: 5, Offset: 25}},
		{-1, Position{Line: 1, Column: 1, Offset: 0}},
	}
	file := NewFile("f", text)
	for _, tt := range tests {
		if got := file.Position(tt.offset); got != tt.want {
			t.Errorf("Position(%d) = %+v, want %+v", tt.offset, got, tt.want)
		}
	}
}

func TestPositionOfEmptyFile(t *testing.T) {
	var file File
	if got, want := file.Position(0), (Position{Line: 1, Column: 1}); got != want {
		t.Errorf("Position(0) = %+v, want %+v", got, want)
	}
	if got := file.Line(1); got != "" {
		t.Errorf("Line(1) = %q, want nothing", got)
	}
}

// TestPositionAgrees compares with counting from the start of the line, over
// a text long enough that counting starts from several marks.
func TestPositionAgrees(t *testing.T) {
	text := strings.Repeat(strings.Repeat("aé世🙂", 700)+"\n", 3)
	file := NewFile("f", text)
	for offset := range text {
		line := 1 + strings.Count(text[:offset], "\n")
		start := strings.LastIndexByte(text[:offset], '\n') + 1
		want := Position{Line: line, Column: 1 + utf8.RuneCountInString(text[start:offset]), Offset: offset}
		if got := file.Position(int32(offset)); got != want {
			t.Fatalf("Position(%d) = %+v, want %+v", offset, got, want)
		}
	}
}

// TestLongLineIsLinear asks for many positions and excerpts on one huge line,
// as a hostile one-line document with a finding at every other byte would.
func TestLongLineIsLinear(t *testing.T) {
	file := NewFile("f", strings.Repeat("é,", 2<<20))
	var b strings.Builder
	for i := int32(0); i < 20_000; i++ {
		at := int32(len(file.Text)) - 3*i - 3
		b.Reset()
		finding := Finding{Code: "X", File: file, Span: Span{0, at}, Message: "m"}
		finding.Span.Start = at
		if err := finding.WriteText(&b); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLine(t *testing.T) {
	file := NewFile("f", "one\r\ntwo\n\nfour\r")
	for n, want := range map[int]string{0: "", 1: "one", 2: "two", 3: "", 4: "four", 5: "", -1: ""} {
		if got := file.Line(n); got != want {
			t.Errorf("Line(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestSlice(t *testing.T) {
	file := NewFile("f", "abcdef")
	tests := []struct {
		span Span
		want string
	}{
		{Span{0, 6}, "abcdef"}, {Span{2, 4}, "cd"}, {Span{3, 3}, ""}, {Span{6, 6}, ""},
		{Span{4, 2}, ""}, {Span{-1, 2}, ""}, {Span{5, 7}, ""},
	}
	for _, tt := range tests {
		if got := file.Slice(tt.span); got != tt.want {
			t.Errorf("Slice(%v) = %q, want %q", tt.span, got, tt.want)
		}
	}
}

func TestSpanContains(t *testing.T) {
	outer := Span{3, 8}
	for inner, want := range map[Span]bool{
		{3, 8}: true, {4, 5}: true, {3, 3}: true, {8, 8}: true, {2, 5}: false, {7, 9}: false, {0, 20}: false,
	} {
		if got := outer.Contains(inner); got != want {
			t.Errorf("%v.Contains(%v) = %v, want %v", outer, inner, got, want)
		}
	}
}

func TestSeverity(t *testing.T) {
	for name, want := range map[string]Severity{
		"SUGGESTION": Suggestion, "warning": Warning, "security-warning": SecurityWarning,
		"Security_Warning": SecurityWarning, "error": Error,
	} {
		got, err := ParseSeverity(name)
		if err != nil || got != want {
			t.Errorf("ParseSeverity(%q) = %v, %v; want %v", name, got, err, want)
		}
	}
	_, err := ParseSeverity("fatal")
	if err == nil || !strings.Contains(err.Error(), "security_warning") {
		t.Errorf("ParseSeverity(\"fatal\") gave error %v, want one that lists the names", err)
	}
	out, err := json.Marshal([]Severity{Suggestion, Warning, SecurityWarning, Error})
	if want := `["SUGGESTION","WARNING","SECURITY_WARNING","ERROR"]`; err != nil || string(out) != want {
		t.Errorf("Marshal gave %s, %v; want %s", out, err, want)
	}
}

func TestListWorst(t *testing.T) {
	if _, ok := (List)(nil).Worst(); ok {
		t.Error("an empty list has a worst finding")
	}
	list := List{{Severity: Warning}, {Severity: SecurityWarning}, {Severity: Suggestion}}
	if worst, ok := list.Worst(); !ok || worst != SecurityWarning {
		t.Errorf("Worst() = %v, %v", worst, ok)
	}
	if list.HasErrors() {
		t.Error("HasErrors() of a list without errors")
	}
	if !append(list, Finding{Severity: Error}).HasErrors() {
		t.Error("HasErrors() does not see the error")
	}
}

func TestSorted(t *testing.T) {
	a, b := NewFile("a", "0123456789"), NewFile("b", "0123456789")
	at := func(file *File, start int32, severity Severity, code, path string) Finding {
		return Finding{Code: code, Severity: severity, File: file, Span: Span{start, start + 1}, Path: path}
	}
	want := List{
		{Code: "NO_FILE"},
		at(a, 1, Warning, "Z", ""),
		at(a, 3, Error, "Y", ""),
		at(a, 3, Warning, "A", "/a"),
		at(a, 3, Warning, "A", "/b"),
		at(a, 3, Warning, "B", ""),
		at(b, 0, Suggestion, "A", ""),
	}
	shuffled := List{want[6], want[3], want[5], want[0], want[4], want[2], want[3], want[1], want[2]}
	before := append(List(nil), shuffled...)
	got := shuffled.Sorted()
	if diff := cmp.Diff(summary(want), summary(got)); diff != "" {
		t.Errorf("wrong order (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(summary(before), summary(shuffled)); diff != "" {
		t.Errorf("Sorted changed its receiver:\n%s", diff)
	}
}

func summary(l List) (out []string) {
	for _, f := range l {
		out = append(out, strings.Join([]string{f.fileName(), string('0' + rune(f.Span.Start)), f.Severity.String(), f.Code, f.Path}, " "))
	}
	return out
}
