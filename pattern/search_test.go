package pattern

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestSubset(t *testing.T) {
	tests := []struct {
		a, b string
		want Verdict
	}{
		{"a", "a", Yes},
		{"a", "b", No},
		{"", "", Yes},
		{"", "*", Yes},
		{"*", "", No},
		{"*", "**", Yes},
		{"a*", "*", Yes},
		{"*", "a*", No},
		{"a?", "a*", Yes},
		{"a*", "a?", No},
		{"a*b*c", "a*c", Yes},
		{"a*c", "a*b*c", No},
		{"*?", "?*", Yes},
		{"?*", "*?", Yes},
		{"*??", "*?", Yes},
		{"*?", "*??", No},
		{"*a*", "*a", No},
		{"aa*", "*a*a*", Yes},
		{"ab*ab", "*ab", Yes},
		{"é", "?", Yes},
		{"??", "é", No},
		{"s3:Get*", "s3:*", Yes},
		{"s3:GetObject", "s3:Get*Object", Yes},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::*", Yes},
		{"x*", "?*", Yes}, // the usual fresh letter is taken
	}
	for _, tt := range tests {
		if got := Subset(Compile(tt.a), Compile(tt.b)); got != tt.want {
			t.Errorf("Subset(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestSubsetLong(t *testing.T) {
	a := Compile(strings.Repeat("a*", 5000))
	if got := Subset(a, a); got != Yes {
		t.Errorf("a pattern is in itself: %v", got)
	}
	b := Compile(strings.Repeat("a*", 4999) + "b*")
	if got := Subset(a, b); got != No {
		t.Errorf("a pattern without b is in one with it: %v", got)
	}
}

func TestSubsetDialects(t *testing.T) {
	var (
		plain    = Dialect{}
		fold     = Dialect{Fold: true}
		resource = Dialect{Colons: 5, OpenEnd: true}
		arnLike  = Dialect{Colons: 5}
	)
	tests := []struct {
		da   Dialect
		a    string
		db   Dialect
		b    string
		want Verdict
	}{
		{fold, "S3:GET*", fold, "s3:*", Yes},
		{plain, "S3:GET*", fold, "s3:*", Yes},
		{fold, "s3:get", plain, "s3:*", No},
		{fold, "3*", plain, "3*", Yes},
		{arnLike, "arn:aws:s3:*:*:b*", resource, "arn:aws:s3:*:*:b*", Yes},
		{resource, "arn:aws:s3:*:*:b*", arnLike, "arn:aws:s3:*:*:b*", No},
		{resource, "arn:aws:s3:*:*:b*", resource, "arn:aws:s3:*", Yes},
		{resource, "arn:aws:s3:*", resource, "arn:aws:s3:*:*:*", No}, // fewer colons
		{plain, "a*c", arnLike, "a*c", No},                           // a:c
		{plain, "a?c", arnLike, "a?c", No},
		{arnLike, "a?c", plain, "a?c", Yes},
	}
	for _, tt := range tests {
		a, b := tt.da.Compile(Wild(tt.a)), tt.db.Compile(Wild(tt.b))
		if got := Subset(a, b); got != tt.want {
			t.Errorf("Subset(%+v %q, %+v %q) = %v, want %v", tt.da, tt.a, tt.db, tt.b, got, tt.want)
		}
	}
}

func TestSubsetVars(t *testing.T) {
	user, other := Var(1, "aws:username"), Var(2, "aws:userid")
	like := Dialect{Colons: 5}
	tests := []struct {
		name string
		a, b *Pattern
		want Verdict
	}{
		{"same", Dialect{}.Compile(Wild("h/"), user, Wild("/*")), Dialect{}.Compile(Wild("h/"), user, Wild("/*")), Yes},
		{"wider", Dialect{}.Compile(Wild("h/"), user, Wild("/*")), Compile("h/*"), Yes},
		{"a question mark is not a value", Dialect{}.Compile(Wild("h/"), user), Compile("h/?"), Undecided},
		{"another variable", Dialect{}.Compile(Wild("h/"), user), Dialect{}.Compile(Wild("h/"), other), Undecided},
		{"elsewhere", Dialect{}.Compile(Wild("h/"), user), Compile("g/*"), Undecided},
		{"in b only", Compile("h/x"), Dialect{}.Compile(Wild("h/"), user), Undecided},
		{"in b beside a star", Compile("h/x*"), Dialect{}.Compile(Wild("h/*")), Yes},
		{"a value may hold colons", like.Compile(Wild("a:"), user), like.Compile(Wild("a:*")), Undecided},
		{"colons free what follows", like.Compile(user, Wild("*")), like.Compile(user, Wild("*")), Undecided},
	}
	for _, tt := range tests {
		if got := Subset(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: Subset(%s, %s) = %v, want %v", tt.name, tt.a, tt.b, got, tt.want)
		}
	}
}

func TestWitness(t *testing.T) {
	tests := []struct {
		all, none []string
		want      string
		verdict   Verdict
	}{
		{[]string{"*"}, nil, "", Yes},
		{[]string{"*"}, []string{"*"}, "", No},
		{[]string{"*"}, []string{""}, "x", Yes},
		{[]string{"*"}, []string{"", "?"}, "xx", Yes},
		{[]string{"*"}, []string{"", "?*"}, "", No},
		{[]string{"x*"}, []string{"x"}, "xy", Yes},
		{[]string{"ab*", "*bc"}, nil, "abc", Yes},
		{[]string{"ab*", "*bc"}, []string{"abc"}, "abbc", Yes},
		{[]string{"a*", "b*"}, nil, "", No},
		{[]string{"*a", "*b"}, nil, "", No},
		{[]string{"*a*", "*b*", "*c*"}, []string{"?b*", "??b"}, "bac", Yes},
		{[]string{"s3:*"}, []string{"s3:Get*", "s3:Put*"}, "s3:", Yes},
		{[]string{"*?"}, []string{"?", "*a", "*b"}, "xx", Yes},
		{[]string{"ab", "a?"}, []string{"?b"}, "", No},
		{nil, []string{"?*"}, "", Yes},
		{[]string{"\xc3*", "*\xa9"}, nil, "", Undecided}, // together they would be é
	}
	compile := func(ss []string) (out []*Pattern) {
		for _, s := range ss {
			out = append(out, Compile(s))
		}
		return out
	}
	for _, tt := range tests {
		got, v := Witness(compile(tt.all), compile(tt.none))
		if v != tt.verdict || len(got) != len(tt.want) {
			t.Errorf("Witness(%q, %q) = %q, %v, want %q, %v", tt.all, tt.none, got, v, tt.want, tt.verdict)
		}
	}
}

func TestWitnessSaysUndecided(t *testing.T) {
	a := []*Pattern{Compile(strings.Repeat("*a?", 20)), Compile(strings.Repeat("*?b", 20))}
	if w, v := (Search{All: a, Work: 100}).Run(); v != Undecided || w != "" {
		t.Errorf("with little work: %q, %v", w, v)
	}
	if _, v := (Search{All: a, Work: DefaultWork}).Run(); v != Yes {
		t.Errorf("with enough work: %v", v)
	}

	// Thirty patterns that can each be in two states after every character.
	var many []*Pattern
	for i := range 30 {
		many = append(many, Compile("*"+strings.Repeat("?", i)+"a*b"))
	}
	if _, v := Witness(many, []*Pattern{Compile("*b")}); v == Yes {
		t.Error("a string ends in b and does not")
	}
}

func TestFreshChar(t *testing.T) {
	used := map[rune]bool{}
	seen := map[rune]bool{}
	for range 300 {
		c := freshChar(used)
		if seen[c] || c == ':' || c == '*' || c == '?' {
			t.Fatalf("%q is not fresh", c)
		}
		seen[c], used[c] = true, true
	}
	if freshChar(map[rune]bool{'x': true}) != 'y' {
		t.Error("the second choice is not y")
	}
}

func TestIntersect(t *testing.T) {
	tests := []struct {
		a, b string
		want []string
	}{
		{"a", "a", []string{"a"}},
		{"a", "b", nil},
		{"*", "*", []string{"*"}},
		{"*", "a?c*", []string{"a?c*"}},
		{"a*", "*b", []string{"a*b"}},
		{"ab*", "*bc", []string{"abc", "ab*bc"}},
		{"a?", "?b", []string{"ab"}},
		{"*a*", "*b*", []string{"*a*b*", "*b*a*"}},
		{"a*c", "a?c", []string{"a?c"}},
		{"*a", "*b", nil},
	}
	for _, tt := range tests {
		got, ok := Intersect(Compile(tt.a), Compile(tt.b))
		if !ok {
			t.Errorf("Intersect(%q, %q) gave up", tt.a, tt.b)
		}
		var texts []string
		for _, p := range got {
			texts = append(texts, p.String())
		}
		if !sameSet(texts, tt.want) {
			t.Errorf("Intersect(%q, %q) = %q, want %q", tt.a, tt.b, texts, tt.want)
		}
	}
}

func sameSet(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	count := map[string]int{}
	for i := range a {
		count[a[i]]++
		count[b[i]]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestIntersectGivesUp(t *testing.T) {
	many := func(letters string) *Pattern {
		return Compile("*" + strings.Join(strings.Split(letters, ""), "*") + "*")
	}
	user := Dialect{}.Compile(Wild("a"), Var(0, "aws:username"))
	pairs := []struct {
		name string
		a, b *Pattern
	}{
		{"too many", many("abcdefgh"), many("ijklmnop")},
		{"too long", Compile(strings.Repeat("a*", 2000)), Compile(strings.Repeat("*b", 2000))},
		{"variables", user, Compile("a*")},
		{"case", Compile("a*"), Dialect{Fold: true}.Compile(Wild("*b"))},
		{"not UTF-8", Compile("\xc3*"), Compile("*\xa9")},
	}
	for _, tt := range pairs {
		if got, ok := Intersect(tt.a, tt.b); ok || got != nil {
			t.Errorf("%s: %d patterns, %v", tt.name, len(got), ok)
		}
	}
}

// words are all strings over a small alphabet up to a length, shortest first.
// It has the letters of the random patterns, a colon and one letter more.
var words = allWords("ab:x", 5)

func allWords(alphabet string, n int) []string {
	out := []string{""}
	for from := 0; n > 0; n-- {
		to := len(out)
		for _, w := range out[from:to] {
			for _, c := range alphabet {
				out = append(out, w+string(c))
			}
		}
		from = to
	}
	return out
}

// checkAlgebra compares the algebra on two patterns with brute force over words.
func checkAlgebra(t *testing.T, da, db Dialect, pa, pb string) {
	t.Helper()
	a, b := da.Compile(Wild(pa)), db.Compile(Wild(pb))
	ta, tb := refTokens(da, pa), refTokens(db, pb)
	inA := func(s string) bool { return refMatchTokens(ta, da.Fold, s) }
	inB := func(s string) bool { return refMatchTokens(tb, db.Fold, s) }

	checkWitness(t, []*Pattern{a}, []*Pattern{b}, func(s string) bool { return inA(s) && !inB(s) })
	checkWitness(t, []*Pattern{a, b}, nil, func(s string) bool { return inA(s) && inB(s) })
	checkWitness(t, nil, []*Pattern{a, b}, func(s string) bool { return !inA(s) && !inB(s) })

	both, ok := Intersect(a, b)
	if !ok {
		return
	}
	for _, s := range words {
		got := false
		for _, p := range both {
			got = got || p.Match(s)
		}
		if want := inA(s) && inB(s); got != want {
			t.Fatalf("Intersect(%+v %q, %+v %q) = %v: %q matches: %v, want %v", da, pa, db, pb, both, s, got, want)
		}
	}
}

func checkWitness(t *testing.T, all, none []*Pattern, in func(string) bool) {
	t.Helper()
	got, v := Search{All: all, None: none, Work: 1 << 18}.Run()
	switch v {
	case Undecided:
		return
	case Yes:
		if !in(got) {
			t.Fatalf("Witness(%v, %v) = %q, which is none", all, none, got)
		}
	}
	for _, s := range words {
		if v == Yes && len(s) >= len(got) {
			return
		}
		if in(s) {
			t.Fatalf("Witness(%v, %v) = %q, %v, but %q is a shorter one", all, none, got, v, s)
		}
	}
}

func TestAlgebraAgreesWithBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	signs := []string{"*", "*", "?", "a", "b", ":", "A", "a"}
	for range 4000 {
		da, db := dialects[r.IntN(len(dialects))], dialects[r.IntN(len(dialects))]
		n := 4 + r.IntN(len(signs)-3)
		checkAlgebra(t, da, db, randomText(r, signs[:n], 6), randomText(r, signs[:n], 6))
	}
}

// TestUndecidedIsRare holds the default budget against patterns as policies
// have them.
func TestUndecidedIsRare(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	signs := []string{"*", "*", "?", "a", "b", "ab", "abc", "/", ":"}
	for range 2000 {
		a := Compile("arn:aws:s3:::" + randomText(r, signs, 40))
		b := Compile("arn:aws:s3:::" + randomText(r, signs, 40))
		if v := Subset(a, b); v == Undecided {
			t.Errorf("Subset(%s, %s) is undecided", a, b)
		}
		if _, v := Overlaps(a, b); v == Undecided {
			t.Errorf("Overlaps(%s, %s) is undecided", a, b)
		}
	}
}

func FuzzAlgebra(f *testing.F) {
	f.Add(uint8(0), uint8(0), "a*b?", "*b*")
	f.Add(uint8(1), uint8(0), "A*", "a*")
	f.Add(uint8(3), uint8(2), "*x*:*a", "a:*")
	f.Add(uint8(5), uint8(5), "*x??*:*y", "*:?*")
	f.Fuzz(func(t *testing.T, da, db uint8, a, b string) {
		if len(a) > 12 || len(b) > 12 {
			t.Skip("too long for brute force")
		}
		checkAlgebra(t, dialects[int(da)%len(dialects)], dialects[int(db)%len(dialects)], a, b)
	})
}

func BenchmarkAlgebra(b *testing.B) {
	arnA := Compile("arn:aws:ec2:*:123456789012:instance/*")
	arnB := Compile("arn:aws:ec2:us-*:*:*/i-*")
	stars := Compile(strings.Repeat("a*", 5000))
	b.Run("subset", func(b *testing.B) {
		for b.Loop() {
			Subset(arnA, arnB)
		}
	})
	b.Run("overlaps", func(b *testing.B) {
		for b.Loop() {
			Overlaps(arnA, arnB)
		}
	})
	b.Run("intersect", func(b *testing.B) {
		for b.Loop() {
			Intersect(arnA, arnB)
		}
	})
	b.Run("subset-hostile", func(b *testing.B) {
		for b.Loop() {
			Subset(stars, stars)
		}
	})
	b.Run("overlaps-hostile", func(b *testing.B) {
		for b.Loop() {
			Overlaps(stars, Compile(strings.Repeat("*b", 5000)))
		}
	})
}
