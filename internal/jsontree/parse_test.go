package jsontree

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/source"
)

// show writes a tree on one line: kinds, decoded texts, and after each value
// the text its span covers.
func show(text string, v *Value) string {
	own := text[v.Span.Start:v.Span.End]
	switch v.Kind {
	case Array:
		var parts []string
		for i := range v.Items {
			parts = append(parts, show(text, &v.Items[i]))
		}
		return fmt.Sprintf("[%s]@%s", strings.Join(parts, " "), own)
	case Object:
		var parts []string
		for i := range v.Members {
			m := &v.Members[i]
			parts = append(parts, fmt.Sprintf("%q@%s=%s", m.Name, text[m.NameSpan.Start:m.NameSpan.End], show(text, &m.Value)))
		}
		return fmt.Sprintf("{%s}@%s", strings.Join(parts, " "), own)
	}
	return fmt.Sprintf("%s %q@%s", v.Kind, v.Text, own)
}

func TestParse(t *testing.T) {
	tests := []struct{ text, want string }{
		{`null`, `null "null"@null`},
		{` true `, `a boolean "true"@true`},
		{"\tfalse\r\n", `a boolean "false"@false`},
		{`0`, `a number "0"@0`},
		{`-0`, `a number "-0"@-0`},
		{`-12.50e+3`, `a number "-12.50e+3"@-12.50e+3`},
		{`1E400`, `a number "1E400"@1E400`},
		{`123456789012345678901234567890`, `a number "123456789012345678901234567890"@123456789012345678901234567890`},
		{`""`, `a string ""@""`},
		{`"a é 世 🙂"`, `a string "a é 世 🙂"@"a é 世 🙂"`},
		{`"\"\\\/\b\f\n\r\t"`, `a string "\"\\/\b\f\n\r\t"@"\"\\\/\b\f\n\r\t"`},
		{`"a\u00e9b\u4E16\ud83d\ude42é"`, `a string "aéb世🙂é"@"a\u00e9b\u4E16\ud83d\ude42é"`},
		{`"\u0000"`, `a string "\x00"@"\u0000"`},
		{`[]`, `[]@[]`},
		{`[ ]`, `[]@[ ]`},
		{`[1, [2]]`, `[a number "1"@1 [a number "2"@2]@[2]]@[1, [2]]`},
		{`{}`, `{}@{}`},
		{`{ }`, `{}@{ }`},
		{`{"a" : 1, "\u0062":{"c":[]}}`, `{"a"@"a"=a number "1"@1 "b"@"\u0062"={"c"@"c"=[]@[]}@{"c":[]}}@{"a" : 1, "\u0062":{"c":[]}}`},
		{`{"":""}`, `{""@""=a string ""@""}@{"":""}`},
	}
	for _, tt := range tests {
		v, duplicates, err := Parse(tt.text)
		if err != nil {
			t.Errorf("Parse(%s): %v", tt.text, err)
			continue
		}
		if got := show(tt.text, v); got != tt.want {
			t.Errorf("Parse(%s)\n got %s\nwant %s", tt.text, got, tt.want)
		}
		if len(duplicates) > 0 {
			t.Errorf("Parse(%s) found duplicates %v", tt.text, duplicates)
		}
	}
}

// TestParseErrors marks in each text, between « and », the exact span of the
// error.
func TestParseErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"«»", "text is empty"},
		{"«» \n\t ", "text is empty"},
		{"«\ufeff»{}", "text begins with a byte order mark; JSON has none"},
		{"«/»/ comment\n{}", "found '/' where a value should stand"},
		{"«n»ul", "found 'n' where a value should stand"},
		{"«T»rue", "found 'T' where a value should stand"},
		{"«}»", "found '}' where a value should stand"},
		{"{}«x»", "text goes on after the end of the JSON value"},
		{"{} «{»}", "text goes on after the end of the JSON value"},
		{"{«'»a':1}", `found '\'' where a member name in double quotes should stand`},
		{"{«“»a”:1}", `found '“' where a member name in double quotes should stand`},
		{"{«1»:1}", "found '1' where a member name in double quotes should stand"},
		{"«{»", "'{' is never closed: the text ends where a member name in double quotes should stand"},
		{`«{»"a"`, "'{' is never closed: the text ends where ':' after the member name should stand"},
		{`{"a" «"»b"}`, `found '"' where ':' after the member name should stand`},
		{`{"a":«»`, "text ends where a value should stand"},
		{`«{»"a":1`, "'{' is never closed: the text ends where ',' or '}' should stand"},
		{`{"a":1 «"»b":2}`, `found '"' where ',' or '}' should stand`},
		{`{"a":1«]»`, "found ']' where ',' or '}' should stand"},
		{`{"a":1«,»}`, "comma before the closing '}'; JSON allows none there"},
		{`{"a":«}»`, "found '}' where a value should stand"},
		{"[«»", "text ends where a value should stand"},
		{"«[»1", "'[' is never closed: the text ends where ',' or ']' should stand"},
		{"[1«,» ]", "comma before the closing ']'; JSON allows none there"},
		{"[1«}»", "found '}' where ',' or ']' should stand"},
		{"[«,»1]", "found ',' where a value should stand"},
		{"[1 «2»]", "found '2' where ',' or ']' should stand"},
		{"[«I»nfinity]", "found 'I' where a value should stand"},
		{"[«+»1]", "found '+' where a value should stand"},
		{"[«-]»", "a number needs a digit here"},
		{"[0«1»]", "found '1' where ',' or ']' should stand"},
		{"[«1.]»", "a number needs a digit after the point"},
		{"[«1ex»]", "a number needs a digit in its exponent"},
		{"[«1e+»", "a number needs a digit in its exponent"},
		{`{"a": «"»open`, "string is never closed"},
		{`«"»open\"`, "string is never closed"},
		{"\"a«\t»b\"", "control character 0x09 in a string; write it as an escape"},
		{"\"\\\\a«\n»b\"", "control character 0x0a in a string; write it as an escape"},
		{`"«\x»"`, "unknown escape in a string"},
		{`"ab«\»`, "unknown escape in a string"},
		{`"«\u12/"»`, "\\u needs four hexadecimal digits"},
		{`"«\ud83d»"`, "half of a surrogate pair stands alone"},
		{`"«\ude42»\ud83d"`, "half of a surrogate pair stands alone"},
		{`"«\ud83d»\u0041"`, "half of a surrogate pair stands alone"},
		{"\"«\xff»\"", "byte 0xff is not valid UTF-8"},
		{"\"\\n«\xc0»\xaf\"", "byte 0xc0 is not valid UTF-8"},
		{"\"«\xed»\xa0\x80\"", "byte 0xed is not valid UTF-8"},
		{"«\xff»\xfe{", "found byte 0xff (not UTF-8) where a value should stand"},
		{"[1«\x00»]", "found '\\x00' where ',' or ']' should stand"},
	}
	for _, tt := range tests {
		text, want := unmark(tt.text)
		v, _, err := Parse(text)
		if err == nil {
			t.Errorf("Parse(%q) gave no error", text)
			continue
		}
		if v != nil {
			t.Errorf("Parse(%q) gave a tree beside the error", text)
		}
		if err.Msg != tt.want || err.Span != want {
			t.Errorf("Parse(%q)\n got %v %s\nwant %v %s", text, err.Span, err.Msg, want, tt.want)
		}
	}
}

func unmark(marked string) (string, source.Span) {
	before, rest, _ := strings.Cut(marked, "«")
	inside, after, _ := strings.Cut(rest, "»")
	start := int32(len(before))
	return before + inside + after, source.Span{Start: start, End: start + int32(len(inside))}
}

func TestErrorNamesItsPlace(t *testing.T) {
	_, _, err := Parse("[1,]")
	if want := "at byte 2: comma before the closing ']'; JSON allows none there"; err.Error() != want {
		t.Errorf("Error() = %q, want %q", err.Error(), want)
	}
}

func TestDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, _, err := Parse(nested(MaxDepth)); err != nil {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
	_, _, err := Parse(nested(MaxDepth + 1))
	want := &Error{source.Span{Start: MaxDepth, End: MaxDepth + 1}, "nested deeper than 512 levels"}
	if diff := cmp.Diff(want, err); diff != "" {
		t.Errorf("%d levels (-want +got):\n%s", MaxDepth+1, diff)
	}
	if _, _, err := Parse(strings.Repeat(`{"a":`, 100_000)); err == nil || err.Msg != want.Msg {
		t.Errorf("100,000 objects: %v", err)
	}
}

// TestBorrow holds trees against those that are built in the same memory later:
// what is kept must not change, and what is not kept is room for the next.
func TestBorrow(t *testing.T) {
	type tree struct {
		text string
		root *Value
	}
	texts := []string{`{"a":[1,2,{"b":"c"}],"d":{}}`, `["x","y",{"z":[null]}]`, `{"d":{"e":{"f":"g"}},"e":[[[]]]}`, `0`}
	var kept []tree
	for i := range 40 {
		text := texts[i%len(texts)]
		if _, _, err := Parse(text + "]"); err == nil { // leaves children on the stacks
			t.Fatal("no error")
		}
		err := Borrow(text, func(root *Value, _ []Duplicate) bool {
			own, _, _ := Parse(text)
			if got, want := show(text, root), show(text, own); got != want {
				t.Errorf("borrowed %s, want %s", got, want)
			}
			if i%3 == 0 {
				return false
			}
			kept = append(kept, tree{text, root})
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range kept {
		own, _, _ := Parse(k.text)
		if got, want := show(k.text, k.root), show(k.text, own); got != want {
			t.Errorf("kept %s, want %s", got, want)
		}
	}
	if err := Borrow("[", func(*Value, []Duplicate) bool { t.Error("a tree of broken text"); return false }); err == nil {
		t.Error("no error for broken text")
	}
}

func TestSizeLimit(t *testing.T) {
	_, _, err := Parse(strings.Repeat(" ", source.MaxSize+1))
	if err == nil || !strings.Contains(err.Msg, "larger than") {
		t.Errorf("got error %v, want one about the size", err)
	}
}

func TestDuplicates(t *testing.T) {
	// Objects of up to smallObject members are searched without a map.
	var many []string
	for i := range 2 * smallObject {
		many = append(many, fmt.Sprintf(`"m%d":0`, i))
	}
	filler := strings.Join(many, ",")
	tests := []struct {
		text string
		want []string // name, then the text of both spans
	}{
		{`{"a":1,"b":2}`, nil},
		{`{"a":1,"A":2}`, nil},
		{`{"a":1,"a":2}`, []string{`a "a"@1 "a"@7`}},
		{`{"a":1,"\u0061":2}`, []string{`a "a"@1 "\u0061"@7`}},
		{`{"a":1,"a":2,"a":3}`, []string{`a "a"@1 "a"@7`, `a "a"@1 "a"@13`}},
		{`[{"a":{"b":1,"b":2}},{"a":1}]`, []string{`b "b"@7 "b"@13`}},
		{`{"x":{"x":{"x":1}}}`, nil},
		{`{` + filler + `}`, nil},
		{`{"a":1,` + filler + `,"a":2,"a":3}`, []string{
			fmt.Sprintf(`a "a"@1 "a"@%d`, 8+len(filler)),
			fmt.Sprintf(`a "a"@1 "a"@%d`, 14+len(filler)),
		}},
	}
	for _, tt := range tests {
		v, duplicates, err := Parse(tt.text)
		if err != nil {
			t.Errorf("Parse(%s): %v", tt.text, err)
			continue
		}
		if diff := cmp.Diff(duplicates, Duplicates(v)); diff != "" {
			t.Errorf("Duplicates of %s (-Parse +Duplicates):\n%s", tt.text, diff)
		}
		var got []string
		for _, d := range duplicates {
			got = append(got, fmt.Sprintf("%s %s@%d %s@%d", d.Name,
				tt.text[d.First.Start:d.First.End], d.First.Start, tt.text[d.Second.Start:d.Second.End], d.Second.Start))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%s) (-want +got):\n%s", tt.text, diff)
		}
	}
}

// TestHostileTexts holds texts that cost a careless reader quadratic time or a
// stack. Each takes well under a second; the limit leaves room for slow machines.
func TestHostileTexts(t *testing.T) {
	var names strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&names, `"name%d":0,`, i)
	}
	tests := map[string]string{
		"long string":     `"` + strings.Repeat("x", 10<<20) + `"`,
		"many escapes":    `"` + strings.Repeat(`\u00e9`, 1<<20) + `"`,
		"many members":    `{` + names.String() + `"last":0}`,
		"same member":     `{` + strings.Repeat(`"a":0,`, 300_000) + `"a":0}`,
		"many items":      `[` + strings.Repeat("0,", 1<<20) + `0]`,
		"many containers": `[` + strings.Repeat("[],{},", 500_000) + `0]`,
		"white space":     strings.Repeat(" \n", 5<<20) + `0`,
		"many digits":     strings.Repeat("9", 10<<20),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if _, _, err := Parse(text); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// stricter holds the messages of what encoding/json lets pass and Parse does
// not: bytes that are not UTF-8, half surrogates, deep nesting.
var stricter = []string{"not valid UTF-8", "surrogate pair", "nested deeper"}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["a:*"],"Resource":"*"}]}`,
		`[null,true,false,-0.5e-7,"\u00e9\ud83d\ude42\n",{}, [ ] ]`, `{"a":1,"a":{"a":[]}}`, `"\ud800"`, "\"\xff\"", "[1,]", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, _, err := Parse(text)
		if err != nil {
			if int(err.Span.End) > len(text) || err.Span.Start > err.Span.End || err.Span.Start < 0 {
				t.Fatalf("error span %v lies outside of %d bytes", err.Span, len(text))
			}
			if json.Valid([]byte(text)) && !containsAny(err.Msg, stricter) {
				t.Fatalf("refused valid JSON: %v", err)
			}
			return
		}
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if diff := cmp.Diff(want, plain(v)); diff != "" {
			t.Fatalf("values differ (-encoding/json +jsontree):\n%s", diff)
		}
		checkSpans(t, text, v, source.Span{Start: 0, End: int32(len(text))})
	})
}

func containsAny(s string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// plain converts to what encoding/json decodes into an any; as there, the last
// of equal names wins.
func plain(v *Value) any {
	switch v.Kind {
	case Bool:
		return v.Text == "true"
	case Number:
		return json.Number(v.Text)
	case String:
		return v.Text
	case Array:
		items := make([]any, len(v.Items))
		for i := range v.Items {
			items[i] = plain(&v.Items[i])
		}
		return items
	case Object:
		members := make(map[string]any, len(v.Members))
		for i := range v.Members {
			members[v.Members[i].Name] = plain(&v.Members[i].Value)
		}
		return members
	}
	return nil
}

// checkSpans asserts that spans nest, and that each covers JSON that parses to
// the same value again.
func checkSpans(t *testing.T, text string, v *Value, outer source.Span) {
	t.Helper()
	if !outer.Contains(v.Span) {
		t.Fatalf("span %v lies outside of %v", v.Span, outer)
	}
	if len(text) < 1000 {
		again, _, err := Parse(text[v.Span.Start:v.Span.End])
		if err != nil {
			t.Fatalf("span %v does not cover a value: %v", v.Span, err)
		}
		if diff := cmp.Diff(plain(v), plain(again)); diff != "" {
			t.Fatalf("span %v covers another value (-want +got):\n%s", v.Span, diff)
		}
	}
	for i := range v.Items {
		checkSpans(t, text, &v.Items[i], v.Span)
	}
	for i := range v.Members {
		m := &v.Members[i]
		if !v.Span.Contains(m.NameSpan) || m.NameSpan.End > m.Value.Span.Start {
			t.Fatalf("name span %v does not stand before its value %v", m.NameSpan, m.Value.Span)
		}
		checkSpans(t, text, &m.Value, v.Span)
	}
}

func BenchmarkParse(b *testing.B) {
	statement := `{"Sid":"S1","Effect":"Allow","Action":["ecs:RunTask","ecs:StopTask","iam:PassRole"],` +
		`"Resource":"arn:aws:ecs:us-east-1:123456789012:task-definition/web:*",` +
		`"Condition":{"StringEquals":{"aws:RequestTag/team":["a","b"]}}}`
	text := `{"Version":"2012-10-17","Statement":[` + strings.Repeat(statement+",", 999) + statement + `]}`
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
