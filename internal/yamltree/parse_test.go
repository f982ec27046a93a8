package yamltree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// dump writes a tree as compact JSON.
func dump(v *jsontree.Value) string {
	var b strings.Builder
	write(&b, v)
	return b.String()
}

func write(b *strings.Builder, v *jsontree.Value) {
	switch v.Kind {
	case jsontree.String:
		fmt.Fprintf(b, "%q", v.Text)
	case jsontree.Array:
		b.WriteString("[")
		for i := range v.Items {
			if i > 0 {
				b.WriteString(",")
			}
			write(b, &v.Items[i])
		}
		b.WriteString("]")
	case jsontree.Object:
		b.WriteString("{")
		for i := range v.Members {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(b, "%q:", v.Members[i].Name)
			write(b, &v.Members[i].Value)
		}
		b.WriteString("}")
	default:
		b.WriteString(v.Text)
	}
}

func TestParse(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"block", "a: 1\nb:\n  - x\n  - y: z\n", `{"a":1,"b":["x",{"y":"z"}]}`},
		{"flow", "{a: [1, 'two', \"three\"], b: {}}", `{"a":[1,"two","three"],"b":{}}`},
		{"json", `{"a": ["b", true, null, -1.5e3]}`, `{"a":["b",true,null,-1.5e3]}`},
		{"booleans", "[true, False, TRUE, yes, no, on, y]", `[true,false,true,"yes","no","on","y"]`},
		{"null", "{a: , b: ~, c: Null, d: ''}", `{"a":null,"b":null,"c":null,"d":""}`},
		{"numbers", "[0, -7, +7, 1.50, .5, 5., 1e3, 0x1F, 0o17]", `[0,-7,7,1.50,0.5,5,1e3,31,15]`},
		{"no numbers", "[012345678901, 1_000, 1.2.3, .inf, .nan, 0b1, 1e, 0x, 190:20]", `["012345678901","1_000","1.2.3",".inf",".nan","0b1","1e","0x","190:20"]`},
		{"dates", "[2012-10-17, 2001-12-14t21:59:43.10-05:00]", `["2012-10-17","2001-12-14t21:59:43.10-05:00"]`},
		{"explicit tags", "[!!str 1, !!int 2, !!bool true, !!null ~, ! 3, !!str true]", `["1",2,true,null,"3","true"]`},
		{"quotes", `['it''s', "a\tb\u00e9", "", '']`, `["it's","a\tbé","",""]`},
		{"literal", "a: |\n  one\n  two\nb: >-\n  three\n  four\n", `{"a":"one\ntwo\n","b":"three four"}`},
		{"plain over lines", "a: one\n  two\n\n  three\nb: 4\n", `{"a":"one two\nthree","b":4}`},
		{"alias", "a: &x [1, 2]\nb: *x\n", `{"a":[1,2],"b":[1,2]}`},
		{"merge", "a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n", `{"a":{"p":1,"q":2},"b":{"p":1,"q":3}}`},
		{"merge many", "- &x {p: 1}\n- &y {p: 2, q: 2}\n- {<<: [*x, *y], r: 3}\n", `[{"p":1},{"p":2,"q":2},{"p":1,"q":2,"r":3}]`},
		{"merge inline", "{<<: {a: 1}, b: 2}", `{"a":1,"b":2}`},
		{"quoted merge key", `{"<<": 1}`, `{"<<":1}`},
		{"keys", "200: a\ntrue: b\n1.0: c\nnull: d\n2012-10-17: e\n", `{"200":"a","true":"b","1.0":"c","null":"d","2012-10-17":"e"}`},
		{"alias key", "a: &k b\n*k : c\n", `{"a":"b","b":"c"}`},
		{"ref", "!Ref Topic", `{"Ref":"Topic"}`},
		{"sub", "a: !Sub 'x-${A}'\nb: !Sub [a, {A: 1}]\n", `{"a":{"Fn::Sub":"x-${A}"},"b":{"Fn::Sub":["a",{"A":1}]}}`},
		{"getatt", "[!GetAtt A.Arn, !GetAtt A.Outputs.B, !GetAtt [A, Arn], !GetAtt A]", `[{"Fn::GetAtt":["A","Arn"]},{"Fn::GetAtt":["A","Outputs.B"]},{"Fn::GetAtt":["A","Arn"]},{"Fn::GetAtt":"A"}]`},
		{"condition", "!And [!Condition A, !Not [!Equals [a, b]]]", `{"Fn::And":[{"Condition":"A"},{"Fn::Not":[{"Fn::Equals":["a","b"]}]}]}`},
		{"function of a number", "!Ref 123", `{"Ref":"123"}`},
		{"nested functions", "!Join\n  - ':'\n  - - a\n    - !Ref B\n", `{"Fn::Join":[":",["a",{"Ref":"B"}]]}`},
		{"byte order mark", "\ufeffa: 1", `{"a":1}`},
		{"one document with markers", "---\na: 1\n...\n", `{"a":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, duplicates, err := Parse(tt.yaml)
			if err != nil {
				t.Fatal(err)
			}
			if got := dump(v); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if len(duplicates) > 0 {
				t.Errorf("duplicates %v", duplicates)
			}
		})
	}
}

// Each want lists, in the order of the tree, the text that a name or a value
// spans.
func TestSpans(t *testing.T) {
	tests := []struct {
		name, yaml string
		want       []string
	}{
		{"flow", `{a: [1, 'it''s', "q\"q" ] , b: }`, []string{`{a: [1, 'it''s', "q\"q" ] , b: }`, "a", `[1, 'it''s', "q\"q" ]`, "1", `'it''s'`, `"q\"q"`, "b", ""}},
		{"flow with comment", "[a, # ]\n]", []string{"[a, # ]\n]", "a"}},
		{"block", "x: y # note\nlist:\n- é: ü\n- z\n", []string{"x: y # note\nlist:\n- é: ü\n- z", "x", "y", "list", "- é: ü\n- z", "é: ü", "é", "ü", "z"}},
		{"anchor and tag", "a: &n !!str one\nb: *n\n", []string{"a: &n !!str one\nb: *n", "a", "one", "b", "one"}},
		{"anchored block", "a: &n\n  x: 1\nb: 2\n", []string{"a: &n\n  x: 1\nb: 2", "a", "x: 1", "x", "1", "b", "2"}},
		{"literal", "a: |\n  one\n   two\n\nb: 1", []string{"a: |\n  one\n   two\n\nb: 1", "a", "|\n  one\n   two", "b", "1"}},
		{"folded at the end", "- >-\n  one\n  two\n", []string{"- >-\n  one\n  two", ">-\n  one\n  two"}},
		{"empty literal", "- |\n\n - x: 5\n - y", []string{"- |\n\n - x: 5\n - y", "|\n\n - x: 5\n - y"}},
		{"empty literal in a list", "- - |\n\n  - x: 5\n  - y", []string{"- - |\n\n  - x: 5\n  - y", "- |\n\n  - x: 5\n  - y", "|", "x: 5", "x", "5", "y"}},
		{"empty literal in a mapping", "a:\n  b: |-\n\n  c: 1\n", []string{"a:\n  b: |-\n\n  c: 1", "a", "b: |-\n\n  c: 1", "b", "|-", "c", "1"}},
		{"literal of blank lines", "- |+\n\n   \n- x", []string{"- |+\n\n   \n- x", "|+", "x"}},
		{"indicator", "- |1\n\n   one\n  two\n- x", []string{"- |1\n\n   one\n  two\n- x", "|1\n\n   one\n  two", "x"}},
		{"comment after a literal", "- |\n   one\n  # two\n- x", []string{"- |\n   one\n  # two\n- x", "|\n   one", "x"}},
		{"document of a literal", "--- >\none\ntwo\n\n...\n", []string{">\none\ntwo"}},
		{"literal with carriage returns", "- |\r\n  one\r\n- x\r\n", []string{"- |\r\n  one\r\n- x", "|\r\n  one", "x"}},
		{"plain over lines", "a: one\n  two\nb: 1\n", []string{"a: one\n  two\nb: 1", "a", "one\n  two", "b", "1"}},
		{"wide characters", "{日本: [語, '𝒳'], b: c}", []string{"{日本: [語, '𝒳'], b: c}", "日本", "[語, '𝒳']", "語", "'𝒳'", "b", "c"}},
		{"carriage returns", "a: b\r\nc: d\r\n", []string{"a: b\r\nc: d", "a", "b", "c", "d"}},
		{"function", "a: !Sub \"x\"\nb: !GetAtt r.a\n", []string{"a: !Sub \"x\"\nb: !GetAtt r.a", "a", "!Sub \"x\"", "!Sub", "\"x\"", "b", "!GetAtt r.a", "!GetAtt", "r.a", "r.a", "r.a"}},
		{"empty function", "a: !Ref\nb: 1\n", []string{"a: !Ref\nb: 1", "a", "!Ref", "!Ref", "", "b", "1"}},
		{"byte order mark", "\ufeffa: b\nc: d", []string{"a: b\nc: d", "a", "b", "c", "d"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := Parse(tt.yaml)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			walk(v, func(start, end int32) { got = append(got, tt.yaml[start:end]) })
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func walk(v *jsontree.Value, visit func(start, end int32)) {
	visit(v.Span.Start, v.Span.End)
	for i := range v.Items {
		walk(&v.Items[i], visit)
	}
	for i := range v.Members {
		visit(v.Members[i].NameSpan.Start, v.Members[i].NameSpan.End)
		walk(&v.Members[i].Value, visit)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct{ name, yaml, at, message string }{
		{"empty", "", "", "empty"},
		{"only a comment", "# nothing\n", "", "empty"},
		{"unclosed", "a: [1, 2\nb: 3\n", "", "did not find expected"},
		{"unclosed quote", "a: \"b\n", "", "found unexpected end of stream"},
		{"tab", "a:\n\t- b\n", "\t", "cannot start any token"},
		{"second document", "a: 1\n---\nb: 2\n", "---", "second document"},
		{"unknown tag", "a: !Nope x\n", "!Nope", "tag !Nope means nothing"},
		{"binary", "a: !!binary aGk=\n", "!!binary", "means nothing"},
		{"wrong tag", "a: !!int x\n", "x", "does not fit"},
		{"unknown anchor", "a: *x\n", "*", "unknown anchor"},
		{"alias in itself", "a: &x [*x]\n", "*x", "inside what it names"},
		{"merge in itself", "a: &x {<<: *x}\n", "*x", "inside what it names"},
		{"merge of a scalar", "<<: 1\n", "1", "merge key"},
		{"key is a sequence", "[a]: 1\n", "[", "must be a scalar"},
		{"key is a function", "!Ref a: 1\n", "!Ref", "must be a scalar"},
		{"no key", ": 1\n", "", "key is missing"},
		{"not UTF-8", "a: \xff\n", "\xff", "0xff"},
		{"too deep", strings.Repeat("[", 600) + strings.Repeat("]", 600), "[", "deeper than 512"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := Parse(tt.yaml)
			if err == nil {
				t.Fatalf("no error, but %s", dump(v))
			}
			if !strings.Contains(err.Msg, tt.message) {
				t.Errorf("message %q, wanted %q", err.Msg, tt.message)
			}
			if got := tt.yaml[err.Span.Start:err.Span.End]; tt.at != "" && got != tt.at {
				t.Errorf("points at %q, wanted %q", got, tt.at)
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	text := "a: 1\nb: {c: 1, c: 2}\na: 3\n"
	_, duplicates, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range duplicates {
		got = append(got, fmt.Sprintf("%s %d %d", d.Name, d.First.Start, d.Second.Start))
	}
	if want := "[c 9 15 a 0 21]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, wanted %s", got, want)
	}
}

// Pointers are found in spite of aliases and merge keys, whose values stand
// elsewhere in the text.
func TestPointer(t *testing.T) {
	text := "a: &x {p: 1, q: 2}\nb:\n  r: *x\n  <<: *x\n  s: 3\n"
	v, _, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]string{"2": "/a/q", "r": "/b/r", "3": "/b/s", "b": "/b"} {
		start := int32(strings.Index(text, part))
		if got := jsontree.Pointer(v, source.Span{Start: start, End: start + 1}); got != want {
			t.Errorf("%q is at %s, not %s", part, got, want)
		}
	}
}

// A few lines of aliases must not become gigabytes, nor a hostile text take
// long.
func TestHostile(t *testing.T) {
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	merges := "m0: &m0 {k: x}\n"
	for i := 1; i < 40; i++ {
		merges += fmt.Sprintf("m%d: &m%d {a%d: [*m%d, *m%d]}\n", i, i, i, i-1, i-1)
	}
	for name, text := range map[string]string{
		"laughs":        laughs,
		"merges":        merges,
		"deep brackets": strings.Repeat("[", 100_000),
		"deep braces":   strings.Repeat("{a: ", 100_000),
		"deep block":    strings.Repeat("- ", 100_000) + "x",
		"too large":     strings.Repeat("a", MaxSize+1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := Parse(text); err == nil {
				t.Error("no error")
			}
		})
	}
}

// Blocks without text, of which the next line says nothing, are read in linear
// time, however their lines end.
func TestManyBlocks(t *testing.T) {
	for name, unit := range map[string]string{
		"empty":           "- |\n",
		"blank lines":     "- >\n\n\n",
		"carriage return": "- |\r  a\r",
		"separators":      "- |\u2028  a\u2028",
	} {
		t.Run(name, func(t *testing.T) {
			n := 800_000 / len(unit)
			v, _, err := Parse(strings.Repeat(unit, n))
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Items) != n {
				t.Errorf("%d items, not %d", len(v.Items), n)
			}
		})
	}
}

// A long text that many aliases name is not read for each of them.
func TestManyAliases(t *testing.T) {
	long := strings.Repeat("a b ", 200_000)
	values := "b: [" + strings.Repeat("*x, ", 100_000) + "]\n"
	for name, text := range map[string]string{
		"quoted":  `a: &x "` + long + `"` + "\n" + values,
		"plain":   "a: &x " + long + "\n" + values,
		"folded":  "a: &x " + strings.ReplaceAll(long, "b", "\n b") + "\n" + values,
		"comment": "a: &x [ 1\n # " + long + "\n ]\n" + values,
		"space":   "a: &x " + strings.Repeat(" ", 800_000) + "a\n" + values,
		"list":    `a: &x ["` + long + `"]` + "\n" + values,
		"tag":     `a: &x !Sub "` + long + `"` + "\n" + values,
		"key":     `? &x "` + long + `"` + "\n: [" + strings.Repeat("{*x : 1}, ", 100_000) + "]\n",
		"merge":   `a: &x {k: "` + long + `"}` + "\nb: [" + strings.Repeat("{<<: *x}, ", 100_000) + "]\n",
		"merges":  `a: &x [{}, {k: "` + long + `"}]` + "\nb: [" + strings.Repeat("{<<: *x}, ", 100_000) + "]\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := Parse(text); err == nil || !strings.Contains(err.Msg, "aliases expand to more than") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// One long line of wide characters and aliases is read in linear time.
func TestLongLine(t *testing.T) {
	text := "[&a é, " + strings.Repeat("é, *a, ", 40_000) + "z]"
	v, _, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if last := v.Items[len(v.Items)-1].Span; text[last.Start:last.End] != "z" {
		t.Errorf("last item spans %q", text[last.Start:last.End])
	}
}

func FuzzYAML(f *testing.F) {
	for _, seed := range []string{
		"a: 1\nb: [x, 'y', \"z\"]\n", "a: &x {p: 1}\nb: {<<: *x}\n", "a: |\n  t\nb: >-\n  u\n", "!Sub [a, {b: !Ref c}]",
		"? a\n: b\n", "a: !!str 1 # c\n", "\ufeffé: ü\r\n", "- - - x\n", "{a: , b}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, _, err := Parse(text)
		if err != nil {
			if int(err.Span.End) > len(text) || err.Span.Start > err.Span.End {
				t.Fatalf("error at %v of %d bytes", err.Span, len(text))
			}
			return
		}
		walk(v, func(start, end int32) {
			if start < 0 || start > end || int(end) > len(text) {
				t.Fatalf("span %d to %d of %d bytes", start, end, len(text))
			}
		})
	})
}

func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("StartAt: S0\nStates:\n")
	for i := range 20 {
		fmt.Fprintf(&text, "  S%d:\n    Type: Task\n    Resource: arn:aws:states:::lambda:invoke\n    Parameters:\n      FunctionName: f%d\n      Payload.$: $.x\n    Next: S%d\n", i, i, i+1)
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Parse(text.String()); err != nil {
			b.Fatal(err)
		}
	}
}
