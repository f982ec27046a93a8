package dataflow

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/writ-iam/writ/pattern"
)

// randomText is a text of few letters, and a string that it holds.
func randomText(r *rand.Rand) (t Text, held string) {
	var pattern, s strings.Builder
	for range r.IntN(5) {
		if r.IntN(3) == 0 {
			pattern.WriteByte('*')
			s.WriteString([]string{"", "a", "ba", "é"}[r.IntN(4)])
			continue
		}
		c := []string{"a", "b", "aé", "è"}[r.IntN(4)]
		pattern.WriteString(c)
		s.WriteString(c)
	}
	return Pattern(pattern.String()), s.String()
}

// What a text holds stays held, whatever is joined, collapsed or put together.
func TestTextsLoseNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		var set []Text
		var held []string
		for range 1 + r.IntN(4) {
			u, s := randomText(r)
			if !u.Contains(s) {
				t.Fatalf("%q does not hold %q", u, s)
			}
			set, held = addText(set, u), append(held, s)
		}
		whole := collapse(set)
		for _, s := range held {
			if !holds(Value{kinds: text, texts: set}, s) || !whole.Contains(s) {
				t.Fatalf("%q, collapsed %q: lost %q", set, whole, s)
			}
			if both := concat(set[0], whole); !both.Contains(held[0]+s) && set[0].Contains(held[0]) {
				t.Fatalf("%q does not hold %q", both, held[0]+s)
			}
		}
	}
}

// covers says no more than package pattern, which is exact.
func TestTextCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	covered := 0
	for range 50_000 {
		a, _ := randomText(r)
		b, _ := randomText(r)
		want := pattern.Subset(b.compile(), a.compile()) == pattern.Yes
		if a.covers(b) != want {
			t.Fatalf("%q covers %q: %v", a, b, !want)
		}
		if want {
			covered++
		}
		if apart(a, b) && !a.covers(b) && !b.covers(a) {
			if s, v := pattern.Overlaps(a.compile(), b.compile()); v == pattern.Yes {
				t.Fatalf("%q and %q have %q in common", a, b, s)
			}
		}
	}
	if covered < 1000 {
		t.Errorf("only %d pairs are covered", covered)
	}
}

func TestLongAndStrangeTexts(t *testing.T) {
	long := strings.Repeat("é", 3000)
	for _, s := range []string{long, "a\xff", "\xffa", long + "\xff", "${*}", "", "\x00"} {
		u := Literal(s)
		if !u.Contains(s) {
			t.Errorf("%.20q is not held by %.40q", s, u.String())
		}
	}
	if got := Literal("a*b").String(); got != "a${*}b" {
		t.Error(got)
	}
	if Literal("a*b").Contains("axb") || !Pattern("a*b").Contains("axb") {
		t.Error("a star is only a character in a literal")
	}
}

var expressions = []string{
	"^arn:", "^a$", "^a|b$", "^(a|b)c$", "^a+b$", "^ab*", "^ab?c$", "^a{0,2}b$", "a", "^[a-c]x[]]$", `^a\.b$`, `^\d+-a$`, "^a(?:b|c)$", "^a$b",
	`^a\/b`, "^", "$", "", "^a.*b$", "^a(b", "^a)b", "^a[b", `^a\`, "^a{", "^a**", `^é+é$`, `^\(a\)$`, "^(?i)a$", "a^b", `^[^a]b\]`, `^(a[)])b$`,
}

// A text that is made of a regular expression holds all that this matches.
func TestRegexpText(t *testing.T) {
	for _, expr := range expressions {
		holdsMatches(t, expr)
	}
	for expr, want := range map[string]string{
		"^arn:aws:": "arn:aws:*", "^a$": "a", "^orders-[a-z]+$": "orders-*", `^a\.b(c|d)-x$`: "a.b*-x", "x": "*x*", "^a|b": "*", "^ab?$": "a*",
	} {
		if got := regexpText(expr).String(); got != want {
			t.Errorf("%s gives %q, wanted %q", expr, got, want)
		}
	}
}

func holdsMatches(t *testing.T, expr string) {
	t.Helper()
	re, err := regexp.Compile(expr)
	if err != nil || strings.ContainsAny(expr, "\n") {
		return
	}
	text := regexpText(expr)
	for _, s := range candidates {
		if re.MatchString(s) && !text.Contains(s) {
			t.Fatalf("%q matches %q, but gives %q", expr, s, text)
		}
	}
}

var candidates = func() []string {
	out := []string{"", "arn:aws:x", "a.b", "a/b", "12-a", "(a)", "éé", "A", "axb", "orders-x", "bx]", "cx]", "a)b", "a]b"}
	for _, a := range []string{"a", "b", "c", "d"} {
		for _, b := range []string{"", "a", "b", "c", "-"} {
			for _, c := range []string{"", "a", "b", "ab"} {
				out = append(out, a+b+c)
			}
		}
	}
	return out
}()

func FuzzRegexpText(f *testing.F) {
	for _, expr := range expressions {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if len(expr) < 100 {
			holdsMatches(t, expr)
		}
	})
}
