package pattern

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything: at all\n", true},
		{"**", "", true},
		{"?", "", false},
		{"?", "a", true},
		{"?", "ab", false},
		{"a", "A", false},
		{"abc", "abc", true},
		{"abc*", "abc", true},
		{"abc*", "ab", false},
		{"*abc", "abcabc", true},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"ab*bc", "abc", false},
		{"ab*bc", "abbc", true},
		{"*ab*ab*", "abab", true},
		{"*ab*ab*", "aba", false},
		{"a?c*e", "abcde", true},
		{"*?", "", false},
		{"?*", "x", true},
		{"*?b?*", "abc", true},
		{"*?b?*", "bbb", true},
		{"*?b?*", "bc", false},
		{"a.c", "abc", false},
		{"a[bc]", "ab", false},
		{`a\*`, "a*", false},
		{`a\*`, `a\*`, true},
		{"a**b", "a:b", true},

		// A ? is one code point, whatever its length in bytes.
		{"?", "é", true},
		{"?", "日", true},
		{"?", "🙂", true},
		{"??", "é", false},
		{"??", "日本", true},
		{"*??", "日", false},
		{"caf?", "café", true},
		{"caf?", "cafe\u0301", false}, // two code points, although one glyph
		{"*é?", "éé", true},
		{"*?", "🙂", true},

		// A byte outside UTF-8 counts as one character.
		{"?", "\xff", true},
		{"?", "\xc3", true},
		{"??", "\xe2\x82", true},
		{"?", "\xe2\x82", false},
		{"*\xa9", "é", false}, // the second byte of é is not a character
		{"\xc3*", "é", false}, // nor is the first
		{"*\xa9*", "é\xa9", true},
		{"\xc3?", "\xc3a", true},
		{"é", "é", true},
	}
	for _, tt := range tests {
		if got := Match(tt.pattern, tt.s); got != tt.want {
			t.Errorf("Match(%q, %q) = %v", tt.pattern, tt.s, got)
		}
		if got := Compile(tt.pattern).Match(tt.s); got != tt.want {
			t.Errorf("Compile(%q).Match(%q) = %v", tt.pattern, tt.s, got)
		}
		if got := refMatch(Dialect{}, tt.pattern, tt.s); got != tt.want {
			t.Errorf("the reference says Match(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

// TestCompileAll: compiled together is compiled alone.
func TestCompileAll(t *testing.T) {
	texts := []string{"", "a", "*", "**", "?", "a*", "*a", "ecs:Run*", "*:*", "a?b*c??d", "s3:**Get?*", "arn:*:s3:*", "?*", "plain:text"}
	for _, d := range []Dialect{{}, {Fold: true, Colons: 1}, {Colons: 5, OpenEnd: true}} {
		all := d.CompileAll(len(texts), func(i int) string { return texts[i] })
		for i, text := range texts {
			if alone := d.Compile(Wild(text)); !reflect.DeepEqual(&all[i], alone) {
				t.Errorf("%+v: %q is %+v together and %+v alone", d, text, all[i], *alone)
			}
		}
	}
}

func TestMatchFold(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"s3:getobject", "S3:GetObject", true},
		{"S3:GET*", "s3:GetObject", true},
		{"*:*TAG*", "ec2:CreateTags", true},
		{"s3:Get?bject", "S3:getObject", true},
		{"*OBJECT", "s3:GetObject", true},
		{"é", "É", false},      // ASCII only
		{"k", "\u212a", false}, // nor the Kelvin sign
		{"[", "{", false},
		{"@", "`", false},
	}
	for _, tt := range tests {
		if got := MatchFold(tt.pattern, tt.s); got != tt.want {
			t.Errorf("MatchFold(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

func TestDialect(t *testing.T) {
	var (
		action   = Dialect{Fold: true, Colons: 1}
		resource = Dialect{Colons: 5, OpenEnd: true}
		arnLike  = Dialect{Colons: 5}
	)
	tests := []struct {
		dialect    Dialect
		pattern, s string
		want       bool
	}{
		{action, "s3*:get*", "S3Express:GetObject", true},
		{action, "s*", "s3:GetObject", false},
		{action, "s?3:*", "s:3:x", false},
		{action, "*:*", "a:b", true},

		{resource, "a:b*:d", "a:b:c:d", true},
		{resource, "a:b*c:d", "a:bxc:d", true},
		{resource, "a:b*c:d", "a:b:c:d", false},
		{resource, "a:b?c:d", "a:b:c:d", false},
		{resource, "a:*", "a:b:c:d:e:f:g", true},
		{resource, "::::::*x*", ":::::::::xyz", true},
		{resource, "*:b*c:d", "x:y:bbc:bc:d", true},
		{resource, "*:b*c:d", "x:y:bbc:b:c:d", false},
		{resource, "*:b*c:d*", "x:bx:byc:dz", true},
		{resource, "a**:b", "a:x:b", true},

		{arnLike, "a:b*:d", "a:b:c:d", false},
		{arnLike, "a:b:c:d:e:f*", "a:b:c:d:e:f:g:h", true},
		{arnLike, "*:*:*:*:*:*", "a:b:c:d:e:f:g:h", true},
		{arnLike, "a*b*c:d", "axxbbc:d", true},
		{arnLike, "a*b*c:d", "axxb:c:d", false},
	}
	for _, tt := range tests {
		if got := tt.dialect.Match(tt.pattern, tt.s); got != tt.want {
			t.Errorf("%+v: Match(%q, %q) = %v", tt.dialect, tt.pattern, tt.s, got)
		}
		if got := refMatch(tt.dialect, tt.pattern, tt.s); got != tt.want {
			t.Errorf("the reference says %+v: Match(%q, %q) = %v", tt.dialect, tt.pattern, tt.s, got)
		}
	}
}

// dialects are those of the random tests.
var dialects = []Dialect{
	{},
	{Fold: true},
	{Colons: 1},
	{Colons: 2, OpenEnd: true},
	{Colons: 1, Fold: true},
	{Colons: 5, OpenEnd: true},
}

// checkMatch compares every way to match with the reference.
func checkMatch(t *testing.T, d Dialect, pattern, s string) {
	t.Helper()
	want := refMatch(d, pattern, s)
	if got := d.Match(pattern, s); got != want {
		t.Fatalf("%+v: Match(%q, %q) = %v", d, pattern, s, got)
	}
	p := d.Compile(Wild(pattern))
	if got := p.Match(s); got != want {
		t.Fatalf("%+v: Compile(%q).Match(%q) = %v", d, pattern, s, got)
	}
	if got := newAutomaton(tokens(p.parts, d.Fold, false), d.Fold).match(s); got != want {
		t.Fatalf("%+v: the automaton of %q says %v on %q", d, pattern, got, s)
	}
}

func randomText(r *rand.Rand, alphabet []string, n int) string {
	var b strings.Builder
	for range r.IntN(n + 1) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func TestMatchAgreesWithReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := []string{"a", "b", ":", "A", "é", "\xa9", "\xc3"}
	wilds := append([]string{"*", "*", "?", "**", ":"}, letters...)
	for range 300_000 {
		d := dialects[r.IntN(len(dialects))]
		n := 2 + r.IntN(len(letters)-1)
		checkMatch(t, d, randomText(r, wilds[:5+n], 9), randomText(r, letters[:n], 10))
	}
}

// Long blocks leave the plain search.
func TestMatchLong(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	letters := []string{"a", "a", "a", "a", "b", ":"}
	for range 2000 {
		d := dialects[r.IntN(len(dialects))]
		s := randomText(r, letters, 1000)
		pattern := []byte(s)
		for range 8 {
			if len(pattern) < 2 {
				break
			}
			at := r.IntN(len(pattern))
			switch r.IntN(3) {
			case 0:
				pattern[at] = '?'
			case 1:
				pattern[at] = '*'
			case 2:
				cut := at + r.IntN(min(len(pattern)-at, 200))
				pattern = append(pattern[:at:at], append([]byte("*"), pattern[cut:]...)...)
			}
		}
		checkMatch(t, d, string(pattern), s)
	}
}

func TestVars(t *testing.T) {
	values := map[int]string{0: "bob", 1: "*", 2: "", 3: "a:b:c", 4: "\xc3"}
	value := func(slot int) (string, bool) { v, ok := values[slot]; return v, ok }
	tests := []struct {
		name    string
		dialect Dialect
		pieces  []Piece
		s       string
		want    bool
	}{
		{"value", Dialect{}, []Piece{Wild("home/"), Var(0, "u"), Wild("/*")}, "home/bob/x", true},
		{"other value", Dialect{}, []Piece{Wild("home/"), Var(0, "u"), Wild("/*")}, "home/alice/x", false},
		{"wildcard in a value", Dialect{}, []Piece{Wild("home/"), Var(1, "u")}, "home/x", false},
		{"wildcard in a value, literally", Dialect{}, []Piece{Wild("home/"), Var(1, "u")}, "home/*", true},
		{"floating", Dialect{}, []Piece{Wild("*"), Var(0, "u"), Wild("-?*")}, "bo-bob-1", true},
		{"empty between stars", Dialect{}, []Piece{Wild("*"), Var(2, "u"), Wild("*")}, "", true},
		{"no value", Dialect{}, []Piece{Wild("*"), Var(9, "u"), Wild("*")}, "x", false},
		{"case", Dialect{Fold: true}, []Piece{Var(0, "u")}, "BOB", true},
		{"literal wildcards", Dialect{}, []Piece{Wild("a"), Literal("*"), Wild("?")}, "a*b", true},
		{"literal wildcards only", Dialect{}, []Piece{Wild("a"), Literal("*"), Wild("?")}, "abb", false},
		{"colons in a value end the confinement", Dialect{Colons: 2}, []Piece{Var(3, "u"), Wild("*")}, "a:b:cx:y", true},
		{"colons before them do not", Dialect{Colons: 2}, []Piece{Wild("*"), Var(3, "u")}, "x:a:b:c", false},
		{"two values make one character", Dialect{}, []Piece{Var(4, "u"), Literal("\xa9"), Wild("*")}, "é!", true},
		{"half a character", Dialect{}, []Piece{Var(4, "u"), Wild("*")}, "é!", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.dialect.Compile(tt.pieces...)
			if got := p.MatchVars(tt.s, value); got != tt.want {
				t.Errorf("MatchVars(%q) = %v", tt.s, got)
			}
			if p.HasVars() && p.Match(tt.s) {
				t.Errorf("Match(%q) = true", tt.s)
			}
			if tt.want && tt.name != "two values make one character" && !p.Widen().Match(tt.s) {
				t.Errorf("Widen().Match(%q) = false", tt.s)
			}
			bound, ok := p.Bind(value)
			if _, has := values[9]; !has && tt.name == "no value" {
				if ok {
					t.Error("Bind found a value")
				}
				return
			}
			if got := bound.Match(tt.s); got != tt.want {
				t.Errorf("Bind().Match(%q) = %v", tt.s, got)
			}
		})
	}
}

// Values longer than what is searched for place by place.
func TestLongVars(t *testing.T) {
	long := strings.Repeat("ab", 200)
	value := func(slot int) (string, bool) { return long[slot:], true }
	tests := []struct {
		pieces []Piece
		s      string
		want   bool
	}{
		{[]Piece{Wild("*x"), Var(0, "v"), Wild("*")}, "xax" + long + "!", true},
		{[]Piece{Wild("*x"), Var(0, "v"), Wild("*")}, "xa" + long + "!", false},
		{[]Piece{Wild("*x"), Var(0, "v"), Wild("?y*")}, "xax" + long + "éyz", true},
		{[]Piece{Wild("*x"), Var(0, "v"), Var(1, "v"), Wild("?y*")}, "x" + long + long[1:] + "éyz", true},
		{[]Piece{Wild("*x"), Var(0, "v"), Wild("?y*")}, "xax" + long + "yz", false},
	}
	for _, tt := range tests {
		p := Dialect{}.Compile(tt.pieces...)
		if got := p.MatchVars(tt.s, value); got != tt.want {
			t.Errorf("%s: %v", p, got)
		}
	}
}

func TestVarsAgreeWithReference(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	letters := []string{"a", "b", ":", "é", "a"}
	wilds := append([]string{"*", "?", "*"}, letters...)
	for range 100_000 {
		d := Dialect{Colons: r.IntN(3), Fold: r.IntN(4) == 0}
		values := []string{randomText(r, wilds, 3), randomText(r, letters, 2)}
		var pieces []Piece
		var want []refToken
		for range 1 + r.IntN(4) {
			switch slot := r.IntN(3); slot {
			case 2:
				text := randomText(r, wilds, 3)
				pieces = append(pieces, Wild(text))
				want = append(want, refTokens(Dialect{}, text)...)
			default:
				pieces = append(pieces, Var(slot, "v"))
				for _, c := range refChars(values[slot]) {
					want = append(want, refToken{char: c})
				}
			}
		}
		colons := 0
		for i := range want {
			want[i].confined = want[i].wild && colons < d.Colons
			if want[i].char == ":" {
				colons++
			}
		}
		value := func(slot int) (string, bool) { return values[slot], true }
		p := d.Compile(pieces...)
		s := randomText(r, letters, 8)
		match := refMatchTokens(want, d.Fold, s)
		if got := p.MatchVars(s, value); got != match {
			t.Fatalf("%+v: %v with %q on %q: %v", d, p, values, s, got)
		}
		if bound, _ := p.Bind(value); bound.Match(s) != match {
			t.Fatalf("%+v: %v bound to %q as %v on %q: %v", d, p, values, bound, s, !match)
		}
		if match && !p.Widen().Match(s) {
			t.Fatalf("%+v: %v with %q matches %q, but not widened", d, p, values, s)
		}
	}
}

func TestPattern(t *testing.T) {
	tests := []struct {
		p                *Pattern
		str, prefix      string
		isLiteral, isAny bool
	}{
		{Compile(""), "", "", true, false},
		{Compile("abc"), "abc", "abc", true, false},
		{Compile("*"), "*", "", false, true},
		{Compile("**"), "*", "", false, true},
		{Compile("ab*c?"), "ab*c?", "ab", false, false},
		{Dialect{Colons: 1}.Compile(Wild("*")), "*", "", false, false},
		{Dialect{}.Compile(Literal("*"), Wild("?"), Var(1, "aws:username")), "${*}?${aws:username}", "*", false, false},
		{Dialect{}.Compile(Literal("a"), Literal("${b}")), "a${$}{b}", "a${b}", true, false},
	}
	for _, tt := range tests {
		if got := tt.p.String(); got != tt.str {
			t.Errorf("String() = %q, want %q", got, tt.str)
		}
		if got := tt.p.Prefix(); got != tt.prefix {
			t.Errorf("%s: Prefix() = %q, want %q", tt.str, got, tt.prefix)
		}
		if _, got := tt.p.Literal(); got != tt.isLiteral {
			t.Errorf("%s: Literal() = %v", tt.str, got)
		}
		if got := tt.p.Any(); got != tt.isAny {
			t.Errorf("%s: Any() = %v", tt.str, got)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	arn := "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0"
	resource := Dialect{Colons: 5, OpenEnd: true}
	withVar := resource.Compile(Wild("arn:aws:ec2:us-*-1:*:*/"), Var(0, "id"), Wild("?*"))
	id := "i-0123"
	got := testing.AllocsPerRun(100, func() {
		ok := Match("arn:*:instance/i-*5?7*", arn) &&
			MatchFold("ARN:*:EC?:*", arn) &&
			resource.Match("arn:aws:ec2:us-*-1:*:instance/*", arn) &&
			withVar.MatchVars(arn, func(int) (string, bool) { return id, true })
		if !ok {
			t.Error("a pattern does not match")
		}
	})
	if got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(uint8(0), "a*b?c", "axxbyc")
	f.Add(uint8(1), "S3:*é?", "s3:Gété")
	f.Add(uint8(5), "arn:aws:*:us-*1:??*", "arn:aws:s3:us-x1::b")
	f.Add(uint8(3), "*:a*b:*", ":a:ab:")
	f.Add(uint8(0), "*\xa9*\xc3", "é\xa9\xc3")
	f.Fuzz(func(t *testing.T, dialect uint8, pattern, s string) {
		if len(pattern)*len(s) > 1<<14 {
			t.Skip("the reference is too slow")
		}
		checkMatch(t, dialects[int(dialect)%len(dialects)], pattern, s)
	})
}

func BenchmarkMatch(b *testing.B) {
	arn := "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0"
	for _, pattern := range []string{
		"*", arn, "arn:aws:ec2:us-east-1:*", "arn:aws:ec2:*:*:instance/*", "arn:*:instance/i-*5?7*",
	} {
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Match(pattern, arn)
			}
		})
		p := Compile(pattern)
		b.Run("compiled/"+pattern, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Match(arn)
			}
		})
	}
}

// BenchmarkCompileEscapes compiles a policy's worth of ${*}.
func BenchmarkCompileEscapes(b *testing.B) {
	pieces := make([]Piece, 32_000)
	for i := range pieces {
		pieces[i] = Literal("*")
	}
	for b.Loop() {
		Dialect{}.Compile(pieces...)
	}
}

func BenchmarkMatchFold(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		MatchFold("s3:get*tagging", "s3:GetObjectTagging")
	}
}

// BenchmarkHostile holds patterns that make simple matchers quadratic or worse.
// Each has to stay within milliseconds.
func BenchmarkHostile(b *testing.B) {
	as := strings.Repeat("a", 100_000)
	resource := Dialect{Colons: 5, OpenEnd: true}
	tests := []struct {
		name       string
		dialect    Dialect
		pattern, s string
	}{
		{"stars", Dialect{}, strings.Repeat("a*", 5000), as},
		{"stars-fail", Dialect{}, strings.Repeat("a*", 5000) + "b*c", as},
		{"suffix", Dialect{}, "*" + strings.Repeat("a", 5000) + "b", as},
		{"long", Dialect{}, "*" + strings.Repeat("a", 5000) + "b*", as},
		{"long-fold", Dialect{Fold: true}, "*" + strings.Repeat("a", 5000) + "b*", as},
		{"marks-suffix", Dialect{}, "*" + strings.Repeat("a?", 2500) + "b", as},
		{"marks", Dialect{}, "*" + strings.Repeat("a?", 2500) + "b*", as},
		{"marks-short", Dialect{}, "*" + strings.Repeat("a?", 40) + "b*", as},
		{"confined", resource, "*:a*b*c:d", ":" + as},
		{"confined-runs", resource, "*:a*b:::::" + strings.Repeat("?", 5000) + "c", strings.Repeat(":ab:::::", 12_500)},
		{"not-utf8", Dialect{}, "*" + strings.Repeat("\xc3\xa9", 2500) + "\xc3*b", strings.Repeat("\xc3\xa9", 50_000)},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tt.dialect.Match(tt.pattern, tt.s)
			}
		})
	}
}
