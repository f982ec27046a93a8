package arn

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/writ-iam/writ/pattern"
)

func TestMatch(t *testing.T) {
	const (
		role     = "arn:aws:iam::123456789012:role/app/worker"
		instance = "arn:aws:ec2:us-east-1:123456789012:instance/i-1"
		stream   = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app:log-stream:ecs/app/1"
		queue    = "arn:aws:sqs:us-east-1:123456789012:q"
	)
	tests := []struct {
		entry, arn string
		want       bool
	}{
		{"*", role, true},
		{"*", "*", true},
		{"**", "*", true},
		{"?", "*", false},
		{"arn:*", "*", false},
		{role, "*", false},
		{role, role, true},
		{strings.ToUpper(role), role, false},
		{"arn:aws:iam::123456789012:role/App/worker", role, false},

		// In the resource part everything matches, / and : included.
		{"arn:aws:iam::123456789012:role/*", role, true},
		{"arn:aws:iam::123456789012:role/*worker", role, true},
		{"arn:aws:iam::123456789012:role?app?worker", role, true},
		{"arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app:*", stream, true},
		{"arn:aws:logs:us-east-1:123456789012:log-group:*:log-stream:*", stream, true},
		{"arn:aws:logs:us-east-1:123456789012:log*1", stream, true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/line\nbreak", true},

		// A * that ends its component runs over colons.
		{"arn:aws:iam::*", role, true},
		{"arn:aws:iam:*", role, true},
		{"arn:*", role, true},
		{"arn:aws:ec2:*:instance/i-1", instance, true},
		{"arn:aws:ec2:us-*:instance/i-1", instance, true},
		{"arn:*:ec2:us-east-1:123456789012:instance/*", instance, true},
		{"arn:*:instance/*", instance, true},
		{"arn:aws:iam::*:role/*", "arn:aws:iam::aws:role/x", true},
		{"arn:aws:iam:*:role/app/worker", role, true},

		// Other wildcards in the first five components do not.
		{"arn:aws:sqs:us-*1:123456789012:q", queue, true},
		{"arn:aws:sqs:us-*2:q", queue, false},
		{"arn:aws:sqs:us-*2:123456789012:q", queue, false},
		{"arn:aws:sqs:*1:123456789012:q", queue, true},
		{"arn:aws:sqs:*12:q", queue, false},
		{"arn:aws:sqs:us?east?1:123456789012:q", queue, true},
		{"arn:aws:sqs?us-east-1:123456789012:q", queue, false},
		{"arn:aws:s?s:*:q", queue, true},
		{"*q", queue, false},
		{"arn*q", queue, false},

		// Written text is not a pattern.
		{"arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q", queue, false},
		{"arn:aws:s3:::b[1]", "arn:aws:s3:::b1", false},
		{"", "", true},
		{"", role, false},
	}
	for _, tt := range tests {
		if got := Match(tt.entry, tt.arn); got != tt.want {
			t.Errorf("Match(%q, %q) = %v", tt.entry, tt.arn, got)
		}
		r := CompileResource(pattern.Wild(tt.entry))
		if got := r.Match(tt.arn); got != tt.want {
			t.Errorf("CompileResource(%q).Match(%q) = %v", tt.entry, tt.arn, got)
		}
		if r.All() != (tt.entry == "*" || tt.entry == "**") {
			t.Errorf("CompileResource(%q).All() = %v", tt.entry, r.All())
		}
	}
}

func TestLike(t *testing.T) {
	const topic = "arn:aws:sns:us-east-1:123456789012:app:sub"
	tests := []struct {
		value, s string
		want     bool
	}{
		{topic, topic, true},
		{"arn:aws:sns:*:*:*", topic, true},
		{"arn:aws:sns:*:123456789012:app*", topic, true},
		{"arn:*:*:*:*:*:sub", topic, true},
		{"*:*:*:*:*:*", topic, true},
		{"arn:aws:sns:us-*-1:1?3456789012:*", topic, true},
		{"arn:aws:sns:*", topic, false}, // fewer than six components
		{"*", topic, false},
		{"arn:*:app:sub", topic, false},
		{"arn:aws:sns:us-east-1:*:sub", topic, false},
		{"arn:aws:SNS:*:*:*", topic, false},
		{"*:*:*:*:*:*", "a:b:c:d:e", false},
		{"a:b:c:d:e", "a:b:c:d:e", false},
		{"*", "*", false},
		{"", "", false},
		{"arn:aws:s3:::*", "arn:aws:s3:::a:b\nc", true},
		{"arn:aws:s3:?::b", "arn:aws:s3:::b", false},
		{":::::", ":::::", true},
	}
	for _, tt := range tests {
		if got := Like(tt.value, tt.s); got != tt.want {
			t.Errorf("Like(%q, %q) = %v", tt.value, tt.s, got)
		}
		if got := CompileCondition(pattern.Wild(tt.value)).Match(tt.s); got != tt.want {
			t.Errorf("CompileCondition(%q).Match(%q) = %v", tt.value, tt.s, got)
		}
		if got := refLike(tt.value, tt.s); got != tt.want {
			t.Errorf("the reference says Like(%q, %q) = %v", tt.value, tt.s, got)
		}
	}
}

func TestMatchVars(t *testing.T) {
	values := []string{"alice", "*", "arn:aws:sns:us-east-1:123456789012:t", "a:b"}
	value := func(slot int) (string, bool) {
		if slot >= len(values) {
			return "", false
		}
		return values[slot], true
	}
	v := func(slot int) pattern.Piece { return pattern.Var(slot, "v") }
	w := pattern.Wild

	resources := []struct {
		pieces []pattern.Piece
		arn    string
		want   bool
	}{
		{[]pattern.Piece{w("arn:aws:s3:::b/"), v(0), w("/*")}, "arn:aws:s3:::b/alice/x", true},
		{[]pattern.Piece{w("arn:aws:s3:::b/"), v(0), w("/*")}, "arn:aws:s3:::b/bob/x", false},
		{[]pattern.Piece{w("arn:aws:s3:::b/"), v(1)}, "arn:aws:s3:::b/x", false},
		{[]pattern.Piece{w("arn:aws:s3:::b/"), v(1)}, "arn:aws:s3:::b/*", true},
		{[]pattern.Piece{w("arn:aws:s3:::b/*"), v(9)}, "arn:aws:s3:::b/x", false},
		{[]pattern.Piece{w("arn:aws:s3:::b/*"), v(0)}, "*", false},
		{[]pattern.Piece{pattern.Literal("*")}, "*", false}, // an escaped star is not the entry *
		{[]pattern.Piece{w("*")}, "*", true},
	}
	for _, tt := range resources {
		r := CompileResource(tt.pieces...)
		if got := r.MatchVars(tt.arn, value); got != tt.want {
			t.Errorf("resource %s, %q: %v", r.Pattern(), tt.arn, got)
		}
	}

	conditions := []struct {
		pieces []pattern.Piece
		s      string
		want   bool
	}{
		{[]pattern.Piece{w("arn:aws:sns:*:*:"), v(0), w("-?")}, "arn:aws:sns:r:1:alice-1", true},
		{[]pattern.Piece{v(2)}, "arn:aws:sns:us-east-1:123456789012:t", true},
		{[]pattern.Piece{v(2), w("*")}, "arn:aws:sns:us-east-1:123456789012:t:u", true},
		{[]pattern.Piece{w("arn:aws:iam::1:user/"), v(1)}, "arn:aws:iam::1:user/x", false},
		{[]pattern.Piece{v(3), w(":*:*:*:*")}, "a:b:c:d:e:f:g", true},
		{[]pattern.Piece{v(3), w(":*:*:*")}, "a:b:c:d:e:f", false},
		{[]pattern.Piece{w("*:*:*:*:*:"), v(9)}, "a:b:c:d:e:f", false},
	}
	for _, tt := range conditions {
		c := CompileCondition(tt.pieces...)
		if got := c.MatchVars(tt.s, value); got != tt.want {
			t.Errorf("condition %s, %q: %v", c.Pattern(), tt.s, got)
		}
	}
}

// The patterns behind the compiled forms answer questions about all ARNs.
func TestPattern(t *testing.T) {
	bucket := CompileResource(pattern.Wild("arn:aws:s3:::logs/*")).Pattern()
	all := CompileResource(pattern.Wild("arn:aws:s3:*")).Pattern()
	like := CompileCondition(pattern.Wild("arn:aws:s3:*:*:logs*")).Pattern()
	if got := pattern.Subset(bucket, all); got != pattern.Yes {
		t.Errorf("%s in %s: %v", bucket, all, got)
	}
	if got := pattern.Subset(bucket, like); got != pattern.Yes {
		t.Errorf("%s in %s: %v", bucket, like, got)
	}
	if got := pattern.Subset(all, like); got != pattern.No {
		t.Errorf("%s in %s: %v", all, like, got)
	}
}

// refMatch is Match written as a search over both texts, straight from its
// description. Two indexes and no memory: for short texts only.
func refMatch(entry, arn string) bool {
	if star := entry != "" && strings.Count(entry, "*") == len(entry); star || arn == "*" {
		return star
	}
	var match func(i, j int) bool
	match = func(i, j int) bool {
		if i == len(entry) {
			return j == len(arn)
		}
		inside := strings.Count(entry[:i], ":") < 5
		stops := inside && j < len(arn) && arn[j] == ':'
		switch entry[i] {
		case '*':
			if last := i+1 == len(entry) || entry[i+1] == ':'; last {
				stops = false
			}
			return match(i+1, j) || j < len(arn) && !stops && match(i, j+1)
		case '?':
			return j < len(arn) && !stops && match(i+1, j+1)
		}
		return j < len(arn) && entry[i] == arn[j] && match(i+1, j+1)
	}
	return match(0, 0)
}

// refLike is Like written with six comparisons.
func refLike(value, s string) bool {
	v, c := strings.SplitN(value, ":", 6), strings.SplitN(s, ":", 6)
	if len(v) < 6 || len(c) < 6 {
		return false
	}
	for i := range v {
		if !pattern.Match(v[i], c[i]) {
			return false
		}
	}
	return true
}

func checkMatch(t *testing.T, entry, s string) {
	t.Helper()
	want := refMatch(entry, s)
	if got := Match(entry, s); got != want {
		t.Fatalf("Match(%q, %q) = %v", entry, s, got)
	}
	if got := CompileResource(pattern.Wild(entry)).Match(s); got != want {
		t.Fatalf("CompileResource(%q).Match(%q) = %v", entry, s, got)
	}
}

func checkLike(t *testing.T, value, s string) {
	t.Helper()
	want := refLike(value, s)
	if got := Like(value, s); got != want {
		t.Fatalf("Like(%q, %q) = %v", value, s, got)
	}
	if got := CompileCondition(pattern.Wild(value)).Match(s); got != want {
		t.Fatalf("CompileCondition(%q).Match(%q) = %v", value, s, got)
	}
}

func TestMatchAgreesWithReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func(signs string, n int) string {
		b := make([]byte, r.IntN(n+1))
		for i := range b {
			b[i] = signs[r.IntN(len(signs))]
		}
		return string(b)
	}
	for range 200_000 {
		entry, s := text("*?::ab*:", 12), text("ab::", 12)
		checkMatch(t, entry, s)
		checkLike(t, entry, s)
	}
}

// ascii keeps the byte-wise reference comparable.
func ascii(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c > 127 }) < 0
}

func FuzzMatch(f *testing.F) {
	f.Add("arn:aws:ec2:*:instance/i-1", "arn:aws:ec2:us-east-1:1:instance/i-1")
	f.Add("arn:aws:sqs:us-*2:q", "arn:aws:sqs:us-east-1:2:q")
	f.Add("*:a*b*:?", "x:y:abb:c")
	f.Fuzz(func(t *testing.T, entry, s string) {
		if !ascii(entry) || !ascii(s) || strings.Count(entry, "*") > 3 || len(s) > 40 {
			t.Skip("not for the reference")
		}
		checkMatch(t, entry, s)
	})
}

func FuzzLike(f *testing.F) {
	f.Add("arn:aws:sns:*:*:a?", "arn:aws:sns:r:1:ab")
	f.Add("*:*:*:*:*:*", ":::::é:")
	f.Fuzz(func(t *testing.T, value, s string) { checkLike(t, value, s) })
}

func TestMatchDoesNotAllocate(t *testing.T) {
	const arn = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0"
	user := "i-0123"
	value := func(int) (string, bool) { return user, true }
	r := CompileResource(pattern.Wild("arn:aws:ec2:us-*-1:*:instance/"), pattern.Var(0, "u"), pattern.Wild("*"))
	c := CompileCondition(pattern.Wild("arn:*:ec?:us-*:*:instance/"), pattern.Var(0, "u"), pattern.Wild("*"))
	n := testing.AllocsPerRun(100, func() {
		ok := r.MatchVars(arn, value) && c.MatchVars(arn, value) &&
			Match("arn:*:instance/*", arn) && Like("arn:*:ec2:*:*:*", arn)
		if !ok {
			t.Error("no match")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	const arn = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0"
	for _, entry := range []string{"*", arn, "arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:us-*-1:123456789012:*"} {
		r := CompileResource(pattern.Wild(entry))
		b.Run("resource/"+entry, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Match(arn)
			}
		})
	}
	c := CompileCondition(pattern.Wild("arn:*:ec2:us-*-1:*:instance/*"))
	b.Run("condition", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Match(arn)
		}
	})
	user := "i-0123"
	v := CompileResource(pattern.Wild("arn:aws:ec2:*:*:instance/"), pattern.Var(0, "u"), pattern.Wild("*"))
	b.Run("variable", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v.MatchVars(arn, func(int) (string, bool) { return user, true })
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Parse("arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0")
	}
}

// BenchmarkHostile holds entries that would make a search with backtracking
// quadratic or worse; each has to stay within milliseconds.
func BenchmarkHostile(b *testing.B) {
	tests := []struct{ name, entry, arn string }{
		{"colons", "arn:*:*:*:*:" + strings.Repeat("a*", 5000) + "b", strings.Repeat("arn:", 25_000)},
		{"inside", "arn:*:a" + strings.Repeat("*a", 5000) + "b:c", "arn:" + strings.Repeat(":"+strings.Repeat("a", 99), 1000)},
		{"one-run", "*:a*b*c:*", ":" + strings.Repeat("a", 100_000)},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			for b.Loop() {
				Match(tt.entry, tt.arn)
			}
		})
	}
}
