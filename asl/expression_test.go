package asl

import (
	"fmt"
	"strings"
	"testing"
)

func showPath(p Path) string {
	var b strings.Builder
	b.WriteString([]string{"$", "$$", "$" + p.Name}[p.Root])
	for _, s := range p.Steps {
		b.WriteString(" ")
		if s.Deep {
			b.WriteString("..")
		}
		fmt.Fprintf(&b, "%s", [...]string{"child", "index", "slice", "wildcard", "filter", "function"}[s.Kind])
		if len(s.Names) > 0 {
			fmt.Fprintf(&b, "%q", s.Names)
		}
		if len(s.Indexes) > 0 {
			fmt.Fprint(&b, s.Indexes)
		}
		if s.Text != "" {
			fmt.Fprintf(&b, "(%s)", s.Text)
		}
	}
	return b.String()
}

func TestParsePath(t *testing.T) {
	tests := []struct {
		text, want string
		single     bool
	}{
		{"$", "$", true},
		{"$.a.b", `$ child["a"] child["b"]`, true},
		{"$.detail-type", `$ child["detail-type"]`, true},
		{"$.aws:x@y", `$ child["aws:x@y"]`, true},
		{"$['a b']['it\\'s']", `$ child["a b"] child["it's"]`, true},
		{`$["a"][0]`, `$ child["a"] index[0]`, true},
		{"$.a[-1]", `$ child["a"] index[-1]`, true},
		{"$.[0].x", `$ index[0] child["x"]`, true},
		{"$$.Execution.Input.id", `$$ child["Execution"] child["Input"] child["id"]`, true},
		{"$name", "$name", true},
		{"$my_var1[0].x", `$my_var1 index[0] child["x"]`, true},
		{"$[0,2]", "$ index[0 2]", false},
		{"$[1:3]", "$ slice(1:3)", false},
		{"$[:-1:2]", "$ slice(:-1:2)", false},
		{"$.a[*].b", `$ child["a"] wildcard child["b"]`, false},
		{"$.*", "$ wildcard", false},
		{"$..price", `$ ..child["price"]`, false},
		{"$..[0]", "$ ..index[0]", false},
		{"$.[*].['bucket', 'key']", `$ wildcard child["bucket" "key"]`, false},
		{"$.a[?(@.b == 'x)' && (@.c > 1))].d", `$ child["a"] filter(@.b == 'x)' && (@.c > 1)) child["d"]`, false},
		{"$.a.length()", `$ child["a"] function["length"]`, false},
		{"$.é.日", `$ child["é"] child["日"]`, true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			p, err := ParsePath(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := showPath(p); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if p.Single() != tt.single {
				t.Errorf("single %v", p.Single())
			}
		})
	}
}

func TestParsePathErrors(t *testing.T) {
	tests := []struct{ text, at, message string }{
		{"", "", "begins with $"},
		{"a.b", "a", "begins with $"},
		{"$.", ".", "must follow the dot"},
		{"$...a", "..", "must follow the dot"},
		{"$.a b", " ", "cannot go on"},
		{"$.a]", "]", "cannot go on"},
		{"$[a]", "[", "brackets hold"},
		{"$['a'", "['a'", "not closed"},
		{"$['a]", "'a]", "quote is never closed"},
		{"$['a', 1]", "1", "follow the comma"},
		{"$[1:2:3:4]", "1:2:3:4", "three parts"},
		{"$[--1]", "--1", "no index"},
		{"$[1-]", "1-", "no index"},
		{"$[99999999999999999999]", "99999999999999999999", "no index"},
		{"$[?@.x]", "@", "filter is written"},
		{"$[?(@.x]", "[?(@.x]", "filter is never closed"},
		{"$.a.min(1)", "1", "no arguments"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			_, err := ParsePath(tt.text)
			if err == nil {
				t.Fatal("no error")
			}
			if got := tt.text[err.Start:err.End]; got != tt.at || !strings.Contains(err.Msg, tt.message) {
				t.Errorf("at %q: %s", got, err.Msg)
			}
		})
	}
}

// isPlainPath may only accept what ParsePath reads as single steps by name.
func TestPlainPath(t *testing.T) {
	for text, want := range map[string]bool{
		"$": true, "$$": true, "$.a": true, "$$.a.b-c_1": true, "": false, "a": false, "$.": false, "$.a.": false,
		"$a": false, "$.a[0]": false, "$..a": false, "$.é": false, "$.a ": false,
	} {
		if got := isPlainPath(text); got != want {
			t.Errorf("isPlainPath(%q) = %v", text, got)
		}
		if _, err := ParsePath(text); want && err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func showExpr(e Expr) string {
	switch e.Kind {
	case PathExpr:
		return showPath(e.Path)
	case CallExpr:
		args := make([]string, len(e.Args))
		for i, a := range e.Args {
			args[i] = showExpr(a)
		}
		return e.Text + "(" + strings.Join(args, ", ") + ")"
	case StringExpr:
		return fmt.Sprintf("%q", e.Text)
	case NullExpr:
		return "null"
	}
	return e.Text
}

func TestParseExpression(t *testing.T) {
	tests := []struct{ text, want string }{
		{"$.a", `$ child["a"]`},
		{"States.UUID()", "States.UUID()"},
		{"States.Array()", "States.Array()"},
		{"States.Format('x-{}', $.a)", `States.Format("x-{}", $ child["a"])`},
		{`States.Format('it\'s \{\} \\', $)`, `States.Format("it's {} \\", $)`},
		{"States.Array( 1 , -2.5 ,true,false, null,'' )", `States.Array(1, -2.5, true, false, null, "")`},
		{"States.Format('{}', States.JsonToString($.a[0]))", `States.Format("{}", States.JsonToString($ child["a"] index[0]))`},
		{"States.MathAdd($.count, -1)", `States.MathAdd($ child["count"], -1)`},
		{"States.Array($)", "States.Array($)"},
		{"States.Array($name, $$.Task.Token)", `States.Array($name, $$ child["Task"] child["Token"])`},
		{"States.ArrayGetItem($['a,b'], 0)", `States.ArrayGetItem($ child["a,b"], 0)`},
		{"States.Format('\n', $.x)", `States.Format("\n", $ child["x"])`},
		{"States.StringSplit('a)b', ')')", `States.StringSplit("a)b", ")")`},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			e, err := ParseExpression(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := showExpr(e); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if e.Start != 0 || e.End != len(tt.text) {
				t.Errorf("spans %q", tt.text[e.Start:e.End])
			}
		})
	}
}

// Every function takes as many arguments as the guide says, and no other
// number.
func TestArity(t *testing.T) {
	if len(intrinsics) != 18 {
		t.Errorf("%d functions", len(intrinsics))
	}
	for name, arity := range intrinsics {
		for n := range 6 {
			text := name + "(" + strings.TrimSuffix(strings.Repeat("'a',", n), ",") + ")"
			_, err := ParseExpression(text)
			fits := n >= arity.least && (arity.most < 0 || n <= arity.most)
			if (err == nil) != fits {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

func TestNesting(t *testing.T) {
	nested := func(n int) string {
		return strings.Repeat("States.JsonToString(", n) + "$" + strings.Repeat(")", n)
	}
	if _, err := ParseExpression(nested(10)); err != nil {
		t.Error(err)
	}
	if _, err := ParseExpression(nested(11)); err == nil {
		t.Error("11 functions were accepted")
	}
	if _, err := ParseExpression(nested(100_000)); err == nil {
		t.Error("100000 functions were accepted")
	}
}

func TestPieces(t *testing.T) {
	for text, want := range map[string]string{
		`a`:               `["a"]`,
		`{}`:              `["" ""]`,
		`arn:{}:x/{}-\{}`: `["arn:" ":x/" "-{}"]`,
		`\\{}\'`:          `["\\" "'"]`,
	} {
		e, err := ParseExpression("States.Format('" + text + "')")
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%q", e.Args[0].Pieces()); got != want {
			t.Errorf("%s: got %s, wanted %s", text, got, want)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"$.a.b", "$$['x'][0,1]", "$v..*[?(@.a == 'b')]", "$[1:2:3].length()"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		checkOffsets(t, text, err)
		if isPlainPath(text) && (err != nil || !p.Single()) {
			t.Fatalf("%q is taken for a plain path: %v", text, err)
		}
	})
}

func FuzzIntrinsic(f *testing.F) {
	for _, seed := range []string{"States.Format('x-{}', $.a)", "States.Array(1, -2.5e3, true, null, $$.x[0])", `States.StringSplit('\'\{', States.UUID())`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseExpression(text)
		checkOffsets(t, text, err)
		if err == nil {
			checkExpr(t, text, e)
		}
	})
}

func checkOffsets(t *testing.T, text string, err *ExpressionError) {
	if err != nil && (err.Start < 0 || err.Start > err.End || err.End > len(text) || err.Msg == "" || err.Code == "") {
		t.Fatalf("error %+v in %q", err, text)
	}
}

// checkExpr checks that the parts of an expression lie inside it.
func checkExpr(t *testing.T, text string, e Expr) {
	if e.Start < 0 || e.Start > e.End || e.End > len(text) {
		t.Fatalf("%q: part from %d to %d", text, e.Start, e.End)
	}
	if e.Kind == StringExpr && strings.Join(e.Pieces(), "{}") == "" && e.Text != "" {
		t.Fatalf("%q: pieces of %q", text, e.Text)
	}
	for _, a := range e.Args {
		if a.Start < e.Start || a.End > e.End {
			t.Fatalf("%q: an argument from %d to %d", text, a.Start, a.End)
		}
		checkExpr(t, text, a)
	}
}
