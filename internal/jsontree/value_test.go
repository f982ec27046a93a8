package jsontree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/writ-iam/writ/source"
)

func mustParse(t testing.TB, text string) *Value {
	t.Helper()
	v, _, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return v
}

func TestGet(t *testing.T) {
	v := mustParse(t, `{"a":1,"b":{"c":"x"},"a":2}`)
	if got := v.Get("a"); !got.Is(Number) || got.Text != "2" {
		t.Errorf("Get(a) = %v, want the last member of that name", got)
	}
	if got := v.Get("b").Get("c"); !got.Is(String) || got.Text != "x" {
		t.Errorf("Get(b).Get(c) = %v", got)
	}
	if got := v.Get("A"); got != nil {
		t.Errorf("Get(A) = %v, want nil: names are case-sensitive", got)
	}
	if got := v.Get("a").Get("x").Get("y"); got != nil {
		t.Errorf("Get on a number, then on nil = %v", got)
	}
	if m := v.Member("b"); m == nil || m.Name != "b" || !m.Value.Is(Object) {
		t.Errorf("Member(b) = %v", m)
	}
	var none *Value
	if none.Is(Invalid) || none.Member("a") != nil {
		t.Error("a nil value is there")
	}
	if !new(Value).Is(Invalid) {
		t.Error("the zero value is not Invalid")
	}
}

func TestKindNames(t *testing.T) {
	want := "nothing, null, a boolean, a number, a string, an array, an object"
	var got []string
	for k := Invalid; k <= Object; k++ {
		got = append(got, k.String())
	}
	if strings.Join(got, ", ") != want {
		t.Errorf("kinds are %q, want %q", got, want)
	}
}

func TestEscapeToken(t *testing.T) {
	for name, want := range map[string]string{"": "", "a b": "a b", "a/b": "a~1b", "a~b": "a~0b", "~1": "~01", "//~~": "~1~1~0~0"} {
		if got := escapeToken(name); got != want {
			t.Errorf("escapeToken(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestPointer(t *testing.T) {
	const text = ` {"Version": "v", "Statement": [ {"Effect": "Allow", "a/b~": [1, [22, 3]]}, {} ], "": {"x": 5}} `
	root := mustParse(t, text)
	tests := []struct{ target, want string }{
		{strings.TrimSpace(text), ""},
		{`"Version"`, "/Version"},
		{`"v"`, "/Version"},
		{`v`, "/Version"},
		{`"Version": "v"`, "/Version"},
		{`"Version": "v", "Statement"`, ""},
		{`"Statement"`, "/Statement"},
		{`{"Effect": "Allow", "a/b~": [1, [22, 3]]}`, "/Statement/0"},
		{`"Effect"`, "/Statement/0/Effect"},
		{`"Allow"`, "/Statement/0/Effect"},
		{`"a/b~"`, "/Statement/0/a~1b~0"},
		{`[1, [22, 3]]`, "/Statement/0/a~1b~0"},
		{`1`, "/Statement/0/a~1b~0/0"},
		{`22`, "/Statement/0/a~1b~0/1/0"},
		{`{}`, "/Statement/1"},
		{`{"x": 5}`, "/"},
		{`5`, "//x"},
	}
	for _, tt := range tests {
		start := int32(strings.Index(text, tt.target))
		if got := Pointer(root, source.Span{Start: start, End: start + int32(len(tt.target))}); got != tt.want {
			t.Errorf("Pointer(%s) = %q, want %q", tt.target, got, tt.want)
		}
	}
	if got := Pointer(nil, source.Span{}); got != "" {
		t.Errorf("Pointer(nil) = %q", got)
	}
}

// TestPointerFindsEveryValue asks for the pointer of each value by its span,
// and expects the path that a walk builds.
func TestPointerFindsEveryValue(t *testing.T) {
	root := mustParse(t, `{"a":[[],[{"b":{}}],"c"],"d":{"":[1,2,{"a/~":null}]},"e":""}`)
	var walk func(v *Value, path string)
	walk = func(v *Value, path string) {
		if got := Pointer(root, v.Span); got != path {
			t.Errorf("Pointer(%v) = %q, want %q", v.Span, got, path)
		}
		for i := range v.Items {
			walk(&v.Items[i], fmt.Sprintf("%s/%d", path, i))
		}
		for i := range v.Members {
			m := &v.Members[i]
			inner := path + "/" + escapeToken(m.Name)
			if got := Pointer(root, m.NameSpan); got != inner {
				t.Errorf("Pointer(name %q) = %q, want %q", m.Name, got, inner)
			}
			walk(&m.Value, inner)
		}
	}
	walk(root, "")
}

func TestAppendToken(t *testing.T) {
	room := strings.Repeat("a", maxPointer-1)
	tests := []struct{ pointer, token, want string }{
		{"", "a~/b", "/a~0~1b"},
		{"/a", "", "/a/"},
		{"", room, "/" + room},
		{"", room + "b", "/" + room + "…"},
		{"", room[1:] + "é", "/" + room[1:] + "…"},
		{"/" + room, "b", "/" + room + "…"},
		{"/" + room + "…", "b", "/" + room + "…"},
		{"/" + room[3:] + "…", "b", "/" + room[3:] + "…"},
	}
	for _, tt := range tests {
		if got := AppendToken(tt.pointer, tt.token); got != tt.want {
			t.Errorf("AppendToken(%.10q, %.10q) = ...%q, want ...%q", tt.pointer, tt.token, got[max(0, len(got)-10):], tt.want[max(0, len(tt.want)-10):])
		}
	}
}

// The way to a value is cut where names on it are long, wherever they stand.
func TestLongPointer(t *testing.T) {
	long := strings.Repeat("n", 1<<20)
	for _, text := range []string{`{"` + long + `":{"a":[1]}}`, `{"a":{"` + long + `":[1]}}`, `{"a":[{"` + long + `":1}]}`} {
		root, _, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		at := int32(strings.LastIndexByte(text, '1'))
		got := Pointer(root, source.Span{Start: at, End: at + 1})
		if len(got) > maxPointer+len("…") || !strings.HasSuffix(got, "n…") {
			t.Errorf("%d bytes, ending in %q", len(got), got[max(0, len(got)-10):])
		}
	}
}
