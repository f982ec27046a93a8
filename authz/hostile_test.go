package authz_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

const alice = "arn:aws:iam::123456789012:user/alice"

// document reads a policy that is written to be hostile but correct.
func document(t testing.TB, text string) authz.Policy {
	t.Helper()
	doc, findings := policy.ParseString("hostile", text)
	if findings.HasErrors() {
		t.Fatal(findings[0])
	}
	return authz.Policy{Document: doc}
}

func attached(t testing.TB, text string) *authz.Engine {
	t.Helper()
	engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{document(t, text)}})
	if engine == nil {
		t.Fatal(findings[0])
	}
	return engine
}

func TestDuplicateKeys(t *testing.T) {
	engine := attached(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	for _, more := range []int{0, 10, 100} { // small contexts are searched, large ones are not
		context := authz.Context{{Key: "aws:RequestTag/Team", Values: []string{"a"}}}
		for i := range more {
			context = append(context, authz.Entry{Key: fmt.Sprint("k:", i), Values: []string{"v"}})
		}
		r := authz.Request{Principal: alice, Action: "s3:GetObject", Resource: "*", Context: context}
		if d := engine.Decide(r); d.Result != authz.Allowed {
			t.Errorf("%d keys more: %v %v", more, d.Result, d.Err)
		}
		r.Context = append(r.Context, authz.Entry{Key: "AWS:requesttag/TEAM", Values: []string{"b"}})
		d := engine.Decide(r)
		if d.Result != authz.Invalid || !errors.Is(d.Err, authz.ErrDuplicateKey) {
			t.Errorf("%d keys more: %v %v, want an error", more, d.Result, d.Err)
		}
		if x := engine.Explain(r); x.Decision.Result != authz.Invalid || !errors.Is(x.Decision.Err, authz.ErrDuplicateKey) {
			t.Errorf("%d keys more: explained as %v", more, x.Decision.Result)
		}
	}
}

// TestKeysBeyondASCII: a key is the same key in contexts of every size.
func TestKeysBeyondASCII(t *testing.T) {
	for _, c := range []struct{ policy, request string }{
		{"k:key", "\u212a:key"}, // the Kelvin sign, whose small letter is k
		{"\u212a:key", "k:key"},
		{"\u212a:key", "\u212a:key"},
		{"k:straße", "k:STRASSE"},
		{"k:ſ", "k:s"},
		{"k:É", "k:é"},
	} {
		engine := attached(t, fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
			"Condition": {"StringEquals": {%q: "v"}}}}`, c.policy))
		r := authz.Request{Principal: alice, Action: "s3:GetObject", Resource: "*", Context: authz.Context{{Key: c.request, Values: []string{"v"}}}}
		small := engine.Decide(r).Result
		for i := range 100 {
			r.Context = append(r.Context, authz.Entry{Key: fmt.Sprint("more:", i)})
		}
		if large := engine.Decide(r).Result; large != small {
			t.Errorf("%q under %q: %v in a small context, %v in a large one", c.request, c.policy, small, large)
		}
	}
}

// growing is work that somebody hostile may cause, in a size.
type growing struct {
	name string
	size int
	make func(t testing.TB, n int) func()
}

// growth is how many times larger the larger input of a pair is: what takes
// quadratic time takes 64 times as long.
const growth = 8

func TestHostile(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) { c.make(t, growth*c.size)() })
	}
}

// BenchmarkHostile shows how the time grows with the input.
func BenchmarkHostile(b *testing.B) {
	for _, c := range hostile {
		for _, n := range []int{c.size, growth * c.size} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				work := c.make(b, n)
				for b.Loop() {
					work()
				}
			})
		}
	}
}

// statements writes a policy of n statements.
func statements(n int, statement func(i int) string) string {
	var b strings.Builder
	b.WriteString(`{"Version": "2012-10-17", "Statement": [`)
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(statement(i))
	}
	b.WriteString("]}")
	return b.String()
}

func quotedList(n int, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf("%q", item(i))
	}
	return "[" + strings.Join(items, ",") + "]"
}

func deciding(t testing.TB, text string, r authz.Request, want authz.Result) func() {
	engine := attached(t, text)
	return func() {
		for range 3 { // without a plan, making one, with it
			if got := engine.Decide(r); got.Result != want {
				t.Fatalf("got %v %v, want %v", got.Result, got.Err, want)
			}
		}
	}
}

var get = authz.Request{Principal: alice, Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/key"}

var hostile = []growing{
	{"statements about one action", 1000, func(t testing.TB, n int) func() {
		p := document(t, statements(n, func(i int) string {
			return fmt.Sprintf(`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b%d/*"}`, i)
		}))
		return func() {
			engine, _ := authz.Compile(authz.Set{Identity: []authz.Policy{p}})
			for range 3 {
				if got := engine.Decide(get); got.Result != authz.ImplicitlyDenied {
					t.Fatal(got)
				}
			}
		}
	}},
	{"statements that all begin with a wildcard", 1000, func(t testing.TB, n int) func() {
		return deciding(t, statements(n, func(i int) string {
			return fmt.Sprintf(`{"Effect": "Allow", "Action": "*:*", "Resource": "*:%d"}`, i)
		}), get, authz.ImplicitlyDenied)
	}},
	{"resources of one statement", 1000, func(t testing.TB, n int) func() {
		p := document(t, fmt.Sprintf(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": %s}}`,
			quotedList(n, func(i int) string { return fmt.Sprintf("arn:aws:s3:::b%d/*", i) })))
		return func() {
			engine, _ := authz.Compile(authz.Set{Identity: []authz.Policy{p}})
			for range 3 {
				if got := engine.Decide(get); got.Result != authz.ImplicitlyDenied {
					t.Fatal(got)
				}
			}
		}
	}},
	{"actions of one statement", 1000, func(t testing.TB, n int) func() {
		return deciding(t, fmt.Sprintf(`{"Statement": {"Effect": "Allow", "Action": %s, "Resource": "*"}}`,
			quotedList(n, func(i int) string { return fmt.Sprintf("s3:Get%d*", i) })), get, authz.ImplicitlyDenied)
	}},
	{"keys of one condition", 2000, func(t testing.TB, n int) func() {
		var b strings.Builder
		r := get
		for i := range n {
			fmt.Fprintf(&b, `"k:%d": "v",`, i)
			r.Context = append(r.Context, authz.Entry{Key: fmt.Sprint("K:", i), Values: []string{"v"}})
		}
		return deciding(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {`+
			strings.TrimSuffix(b.String(), ",")+`}}}}`, r, authz.Allowed)
	}},
	{"keys of a context", 4000, func(t testing.TB, n int) func() {
		r := get
		for i := range n {
			r.Context = append(r.Context, authz.Entry{Key: fmt.Sprint("k:", i), Values: []string{"v"}})
		}
		return deciding(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"k:7": "v"}}}}`, r, authz.Allowed)
	}},
	{"unknown keys", 1000, func(t testing.TB, n int) func() {
		r := get
		for i := range n {
			r.Unknown = append(r.Unknown, fmt.Sprint("u:", i))
		}
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"v:%d": "v",`, i)
		}
		return deciding(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {`+
			strings.TrimSuffix(b.String(), ",")+`}}}}`, r, authz.Allowed)
	}},
	{"values of a key against values of a policy", 1000, func(t testing.TB, n int) func() {
		r := get
		r.Context = authz.Context{{Key: "k", Values: slices.Repeat([]string{"v0"}, n)}}
		return deciding(t, fmt.Sprintf(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ForAllValues:StringNotEquals": {"k": %s}}}}`,
			quotedList(n, func(i int) string { return fmt.Sprint("w", i) })), r, authz.Allowed)
	}},
	{"a long value against many wildcards", 1000, func(t testing.TB, n int) func() {
		r := get
		r.Context = authz.Context{{Key: "k", Values: []string{strings.Repeat("ab", n)}}}
		return deciding(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"k": "`+
			strings.Repeat("*a?", 30)+`*c"}}}}`, r, authz.ImplicitlyDenied)
	}},
	{"explaining many statements", 1000, func(t testing.TB, n int) func() {
		engine := attached(t, statements(n, func(i int) string {
			return fmt.Sprintf(`{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"k:%d": "v", "aws:CurrentTime": "x"}}}`, i)
		}))
		return func() {
			x := engine.Explain(get)
			if len(x.MissingKeys) != n || len(x.Statements) != n {
				t.Fatalf("%d keys, %d statements", len(x.MissingKeys), len(x.Statements))
			}
		}
	}},
	{"explaining what many unknown keys hold up", 1000, func(t testing.TB, n int) func() {
		engine := attached(t, statements(n, func(i int) string {
			return fmt.Sprintf(`{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"k:%d": "v"}}}`, i)
		}))
		r := get
		r.UnknownRest = true
		return func() {
			if x := engine.Explain(r); len(x.UnknownKeys) != n || x.Decision.Result != authz.Undecided {
				t.Fatalf("%v hangs on %d keys", x.Decision.Result, len(x.UnknownKeys))
			}
		}
	}},
}

// TestLargeInput: a megabyte here, a hundred thousand there.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	const many, megabyte = 100_000, 1 << 20
	long := strings.Repeat("x", megabyte)
	context := make(authz.Context, many)
	for i := range context {
		context[i] = authz.Entry{Key: fmt.Sprint("k:", i), Values: []string{"v"}}
	}
	where := func(condition string) string {
		return `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": ` + condition + `}}`
	}
	value := func(r authz.Request, v ...string) authz.Request {
		r.Context = authz.Context{{Key: "k", Values: v}}
		return r
	}
	resource := func(s string) authz.Request {
		r := get
		r.Resource = s
		return r
	}
	everything := `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	for _, c := range []struct {
		name    string
		policy  string
		request authz.Request
		want    authz.Result
	}{
		{"statements", statements(many, func(i int) string {
			return fmt.Sprintf(`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b%d/*"}`, i)
		}), resource("arn:aws:s3:::b99999/key"), authz.Allowed},
		{"context keys", where(`{"StringEquals": {"K:99999": "v"}}`), authz.Request{Principal: alice, Action: "s3:GetObject", Resource: "*", Context: context}, authz.Allowed},
		{"a duplicate among them", everything, authz.Request{Principal: alice, Action: "s3:GetObject", Resource: "*",
			Context: append(slices.Clone(context), authz.Entry{Key: "K:5"})}, authz.Invalid},
		{"value", where(`{"StringLike": {"k": "*x*x*x*x*x*y"}}`), value(get, long), authz.ImplicitlyDenied},
		{"value of an ARN", where(`{"ArnLike": {"k": "arn:*:*:*:*:*x*y"}}`), value(get, "arn:aws:s3:::"+long), authz.ImplicitlyDenied},
		{"colons", where(`{"ArnLike": {"k": "arn:*:*:*:*:*:*:y"}}`), value(get, strings.Repeat(":", megabyte)), authz.ImplicitlyDenied},
		{"number", where(`{"NumericLessThan": {"k": "1"}}`), value(get, strings.Repeat("9", megabyte)), authz.ImplicitlyDenied},
		{"exponent", where(`{"NumericGreaterThan": {"k": "1"}}`), value(get, "1e999999999"), authz.ImplicitlyDenied},
		{"date", where(`{"DateLessThan": {"k": "2026"}}`), value(get, strings.Repeat("2026-", megabyte/5)), authz.ImplicitlyDenied},
		{"address", where(`{"IpAddress": {"k": "::/0"}}`), value(get, strings.Repeat("0:", megabyte/2)), authz.ImplicitlyDenied},
		{"bytes", where(`{"BinaryEquals": {"k": "QUJD"}}`), value(get, strings.Repeat("QUJD", megabyte/4)), authz.ImplicitlyDenied},
		{"values", where(`{"ForAllValues:StringLike": {"k": "x*"}}`), value(get, slices.Repeat([]string{"xyz"}, many)...), authz.Allowed},
		{"resource", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::*x*x*x*y"}}`, resource("arn:aws:s3:::" + long), authz.ImplicitlyDenied},
		{"broken resource", everything, resource(long), authz.Invalid},
		{"broken principal", everything, authz.Request{Principal: "arn:aws:iam::" + long, Action: "s3:GetObject", Resource: "*"}, authz.Invalid},
		{"action", `{"Statement": {"Effect": "Allow", "Action": "s3:*x*x*x*y", "Resource": "*"}}`,
			authz.Request{Principal: alice, Action: "s3:" + long, Resource: "*"}, authz.ImplicitlyDenied},
		{"pattern", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::` + strings.Repeat("*a", 10_000) + `"}}`,
			resource("arn:aws:s3:::" + strings.Repeat("a", 20_000) + "b"), authz.ImplicitlyDenied},
		{"question marks", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::*` + strings.Repeat("?", 10_000) + `b"}}`,
			resource("arn:aws:s3:::" + strings.Repeat("a", 20_000)), authz.ImplicitlyDenied},
		{"variables", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::` + strings.Repeat("*${k}", 200) + `b"}}`,
			value(resource("arn:aws:s3:::"+strings.Repeat("a", 20_000)), "a"), authz.ImplicitlyDenied},
		{"no action", everything, authz.Request{Principal: alice, Resource: "*"}, authz.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := attached(t, c.policy)
			for range 3 {
				if got := engine.Decide(c.request); got.Result != c.want || (got.Err != nil) != (c.want == authz.Invalid) {
					t.Fatalf("got %v %.100v, want %v", got.Result, got.Err, c.want)
				}
			}
			if x := engine.Explain(c.request); x.Decision.Result != c.want {
				t.Errorf("explained as %v, want %v", x.Decision.Result, c.want)
			}
		})
	}
}

// TestManyActions: asking about ever new actions must not fill memory.
func TestManyActions(t *testing.T) {
	n := 300_000
	if testing.Short() || raceEnabled {
		n = 30_000
	}
	engine := attached(t, `{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range n {
		r := get
		r.Action = fmt.Sprintf("s3:Action%d", i)
		for range 2 {
			if d := engine.Decide(r); d.Result != authz.Allowed {
				t.Fatal(d)
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	const allowed = 64 << 20
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > allowed {
		t.Errorf("the engine holds %d MB after %d actions", grown>>20, n)
	}
	runtime.KeepAlive(engine)
}
