package jsonata

import (
	"fmt"
	"strings"
	"testing"
)

var kindNames = [...]string{
	"invalid", "string", "number", "bool", "null", "regex", "name", "var", "wild", "descendants", "parent", "path",
	"binary", "neg", "array", "object", "block", "if", "bind", "lambda", "call", "?", "filter", "sort", "term", "group",
	"transform", "focus", "position",
}

// show writes a tree as a list: (path (name a) (name b)).
func show(n *Node) string {
	var b strings.Builder
	b.WriteString("(" + kindNames[n.Kind])
	if n.Text != "" || n.Kind == String || n.Kind == Name {
		b.WriteString(" " + n.Text)
	}
	if n.Kind == Lambda {
		fmt.Fprintf(&b, " %v", n.Params)
	}
	for _, a := range n.Args {
		b.WriteString(" " + show(a))
	}
	b.WriteString(")")
	return b.String()
}

func TestParse(t *testing.T) {
	tests := []struct{ text, want string }{
		{"$states.input.id", "(path (var states) (name input) (name id))"},
		{"a.b[0].c", "(path (name a) (filter (name b) (number 0)) (name c))"},
		{"$", "(var)"},
		{"$$.x", "(path (var $) (name x))"},
		{"`odd name`.x", "(path (name odd name) (name x))"},
		{`a."odd name"`, "(path (name a) (string odd name))"},
		{"1 + 2 * 3", "(binary + (number 1) (binary * (number 2) (number 3)))"},
		{"1 - 2 - 3", "(binary - (binary - (number 1) (number 2)) (number 3))"},
		{"-a.b", "(neg (path (name a) (name b)))"},
		{"-1 + 2", "(binary + (neg (number 1)) (number 2))"},
		{"1.5e-3", "(number 1.5e-3)"},
		{"[1..3]", "(array (binary .. (number 1) (number 3)))"},
		{"'a' & \"b\\n\" & $string($x)", "(binary & (binary & (string a) (string b\n)) (call (var string) (var x)))"},
		{"a and b or c in d", "(binary or (binary and (name a) (name b)) (binary in (name c) (name d)))"},
		{"and.or.in", "(path (name and) (name or) (name in))"},
		{"a = 1 ? 'x' : b ? 'y'", "(if (binary = (name a) (number 1)) (string x) (if (name b) (string y)))"},
		{"a ?: b", "(binary ?: (name a) (name b))"},
		{"a ?? b", "(binary ?? (name a) (name b))"},
		{"{'a': 1, b: {}}", "(object (string a) (number 1) (name b) (object))"},
		{"($x := 1; $y := $x; $x + $y)", "(block (bind x (number 1)) (bind y (var x)) (binary + (var x) (var y)))"},
		{"($x := 1;)", "(block (bind x (number 1)))"},
		{"()", "(block)"},
		{"$f := function($a, $b) { $a + $b }", "(bind f (lambda [a b] (binary + (var a) (var b))))"},
		{"function($a)<s-:n> { $a }", "(lambda [a] (var a))"},
		{"λ($a){$a}", "(lambda [a] (var a))"},
		{"$map(items, function($v) {$v.id})", "(call (var map) (name items) (lambda [v] (path (var v) (name id))))"},
		{"$substring(?, 0, 5)", "(call (var substring) (?) (number 0) (number 5))"},
		{"a ~> $sum() ~> $string", "(binary ~> (binary ~> (name a) (call (var sum))) (var string))"},
		{"a[b > 1][]", "(filter (filter (name a) (binary > (name b) (number 1))))"},
		{"a^(>b, <c, d)", "(sort (name a) (term > (name b)) (term < (name c)) (term < (name d)))"},
		{"a{b: $sum(c)}", "(group (name a) (name b) (call (var sum) (name c)))"},
		{"a@$v#$i.b", "(path (position i (focus v (name a))) (name b))"},
		{"*.b.**.%", "(path (wild) (name b) (descendants) (parent))"},
		{"a * b % c", "(binary % (binary * (name a) (name b)) (name c))"},
		{"$match(a, /x[/]y\\/(z)/i)", `(call (var match) (name a) (regex /x[/]y\/(z)/i))`},
		{"a / b / c", "(binary / (binary / (name a) (name b)) (name c))"},
		{"$ ~> |a|{'b': 1}, 'c'|", "(binary ~> (var) (transform (name a) (object (string b) (number 1)) (string c)))"},
		{"/* note */ a /* * */ + b", "(binary + (name a) (name b))"},
		{"null = true", "(binary = (null) (bool true))"},
		{"é.日本", "(path (name é) (name 日本))"},
		{`'\u0041\uD83D\uDE00'`, "(string A😀)"},
		{"$states.result.count+$number($offset)", "(binary + (path (var states) (name result) (name count)) (call (var number) (var offset)))"},
		{"a != b <= c", "(binary <= (binary != (name a) (name b)) (name c))"},
		{"$f(a)(b)", "(call (call (var f) (name a)) (name b))"},
		{"a.(b; c)", "(path (name a) (block (name b) (name c)))"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			n, err := Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(n); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct{ text, at, message string }{
		{"", "", "the expression ends where a value should stand"},
		{"/* a", "/*", "comment is never closed"},
		{"a.", "", "ends where a value"},
		{"(a", "(", "never closed"},
		{"[1, 2", "[", "never closed"},
		{"{'a': 1", "{", "never closed"},
		{"{'a'}", "}", `where ":" should stand`},
		{"$f(a", "(", "never closed"},
		{"a)", ")", "after the end"},
		{"a b", "b", "after the end"},
		{"'a", "'", "string is never closed"},
		{`"a\x"`, `\x`, "unknown escape"},
		{`"\u12"`, `\u12"`, "hexadecimal"},
		{"`a", "`", "backquotes"},
		{"$match(a, /b)", "/", "regular expression is never closed"},
		{"//", "//", "empty"},
		{"1 := 2", "1", "only a variable"},
		{"a := 2", "a", "only a variable"},
		{"function(a) {a}", "a", "must be a variable"},
		{"function($a)", "", `where "{" should stand`},
		{"function($a)<s {$a}", "<", "signature"},
		{"a.1", "1", "cannot be a step"},
		{"a@b", "b", "a variable should stand"},
		{"[1,]", "]", "a value should stand"},
		{"$f(1,)", ")", "an argument should stand"},
		{"{'a':1,}", "}", "a name should stand"},
		{"a + ", "", "ends where a value"},
		{"? a", "?", "a value should stand"},
		{"$.a | b", "|", "after the end"},
		{strings.Repeat("(", 1000), "(", "deeper than 256"},
		{strings.Repeat("-", 1000), "-", "deeper than 256"},
		{strings.Repeat("a.", 3) + "!", "!", "a value should stand"},
		{strings.Repeat("a+", 100_000) + "a", "a", "more than 100000 operands"},
		{"a" + strings.Repeat("[]", 200_000), "[", "more than 100000 operands"},
	}
	for _, tt := range tests {
		t.Run(tt.text[:min(20, len(tt.text))], func(t *testing.T) {
			n, err := Parse(tt.text)
			if err == nil {
				t.Fatalf("no error, but %s", show(n))
			}
			if !strings.Contains(err.Msg, tt.message) {
				t.Errorf("message %q, wanted %q", err.Msg, tt.message)
			}
			if got := tt.text[err.Start:err.End]; got != tt.at {
				t.Errorf("points at %q, wanted %q", got, tt.at)
			}
		})
	}
}

// Every node spans the text that it was read from: parsed alone, that text
// gives the same node.
func TestSpans(t *testing.T) {
	text := "$x := {'a': [1, -b.c[0]], 'd': $f(e, 'g') & \"h\"}.i"
	root, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	root.Walk(func(n *Node) bool {
		again, err := Parse(text[n.Start:n.End])
		if err != nil || show(again) != show(n) {
			t.Errorf("%q spans %s, but reads as %v", text[n.Start:n.End], show(n), err)
		}
		return true
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"$states.input.a[b > 1]^(>c){d: e}", "($x := 1; function($a)<s> {$a}) ~> |a|{}|", "/* c */ 'a' & `b` ?: -1.5 .. $$", "$match(a, /b/i)@$c#$d",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			if err.Start < 0 || err.Start > err.End || err.End > len(text) {
				t.Fatalf("error at %d to %d of %d bytes", err.Start, err.End, len(text))
			}
			return
		}
		n.Walk(func(n *Node) bool {
			if n.Start < 0 || n.Start > n.End || n.End > len(text) || n.Kind == Invalid {
				t.Fatalf("node %s at %d to %d of %d bytes", show(n), n.Start, n.End, len(text))
			}
			return true
		})
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("$states.result.ResponseBody.count + $number($offset) > 10 ? 'a' & $x : {'b': [1, 2]}"); err != nil {
			b.Fatal(err)
		}
	}
}
