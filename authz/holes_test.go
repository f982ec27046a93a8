package authz_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
)

// filled puts holes into a text, written <NAME>.
func filled(text string) string {
	for {
		before, rest, ok := strings.Cut(text, "<")
		if !ok {
			return text
		}
		name, after, _ := strings.Cut(rest, ">")
		text = before + hole.Text(name) + after
	}
}

func TestHoles(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/r"
	allow := func(rest string) string {
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"` + rest + `}]}`
	}
	on := func(effect, resource string) string {
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "` + effect + `", "Action": "sqs:*", "Resource": "` + resource + `"}]}`
	}
	const orders = "arn:aws:sqs:eu-west-1:123456789012:orders"
	const queue = "arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:<Queue.QueueName>"
	tests := []struct {
		name      string
		identity  []string
		resource  string // a resource policy
		principal string
		of        string // the resource asked about
		context   authz.Context
		want      authz.Result
		holes     []string
	}{
		{name: "a resource that may be meant", identity: []string{on("Allow", "arn:aws:sqs:eu-west-1:123456789012:<Name>")}, of: orders, want: authz.Undecided, holes: []string{"Name"}},
		{name: "a resource that cannot be", identity: []string{on("Allow", "arn:aws:sqs:us-east-1:123456789012:<Name>")}, of: orders, want: authz.ImplicitlyDenied},
		{name: "one that is meant whatever the hole", identity: []string{on("Allow", "*"), on("Allow", "arn:aws:sqs:*:*:<Name>")}, of: orders, want: authz.Allowed},
		{name: "a denial that may be meant", identity: []string{on("Allow", "*"), on("Deny", "arn:aws:sqs:*:*:<Name>")}, of: orders, want: authz.Undecided, holes: []string{"Name"}},
		{name: "a denial whatever the hole", identity: []string{on("Allow", "<Name>"), on("Deny", "*")}, of: orders, want: authz.ExplicitlyDenied},
		{name: "the same hole on both sides", identity: []string{on("Allow", queue)}, of: queue, principal: "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/r", want: authz.Allowed},
		{name: "and a denial of another", identity: []string{on("Allow", queue), on("Deny", orders)}, of: queue, principal: "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/r", want: authz.Undecided,
			holes: []string{"AWS::Partition", "AWS::Region", "AWS::AccountId", "Queue.QueueName"}},
		{name: "a denial of another kind", identity: []string{on("Allow", queue), on("Deny", "arn:aws:s3:::*")}, of: queue, principal: "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/r", want: authz.Allowed},
		{name: "another hole", identity: []string{on("Allow", "arn:aws:sqs:eu-west-1:123456789012:<A>")}, of: "arn:aws:sqs:eu-west-1:123456789012:<B>", want: authz.Undecided, holes: []string{"A", "B"}},
		{name: "a request with a hole, policies without", identity: []string{on("Allow", "arn:aws:sqs:*:*:o*")}, of: "arn:aws:sqs:eu-west-1:123456789012:<B>", want: authz.Undecided, holes: []string{"B"}},
		{name: "which a prefix settles", identity: []string{on("Allow", "arn:aws:sqs:*:*:o*")}, of: "arn:aws:sqs:eu-west-1:123456789012:o-<B>", want: authz.Allowed},
		{name: "a whole ARN", identity: []string{on("Allow", "<Arn>")}, of: orders, want: authz.Undecided, holes: []string{"Arn"}},
		{name: "a whole ARN on both sides", identity: []string{on("Allow", "*")}, of: "<Arn>", want: authz.Allowed},
		{name: "an action", identity: []string{`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:<A>", "Resource": "*"}}`}, of: orders, want: authz.Undecided, holes: []string{"A"}},
		{name: "an action of another service", identity: []string{`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sns:<A>", "Resource": "*"}}`}, of: orders, want: authz.ImplicitlyDenied},
		{name: "NotAction", identity: []string{`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "sqs:<A>", "Resource": "*"}}`}, of: orders, want: authz.Undecided, holes: []string{"A"}},
		{name: "NotResource", identity: []string{`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::<A>"}}`}, of: orders, want: authz.Allowed},
		{name: "a condition", identity: []string{allow(`, "Condition": {"StringEquals": {"k": "<A>"}}`)}, of: orders, context: authz.Context{{Key: "k", Values: []string{"v"}}}, want: authz.Undecided, holes: []string{"A"}},
		{name: "a condition on a key that is not there", identity: []string{allow(`, "Condition": {"StringEquals": {"k": "<A>"}}`)}, of: orders, want: authz.Undecided, holes: []string{"A"}},
		{name: "another condition that fails", identity: []string{allow(`, "Condition": {"StringEquals": {"k": "<A>", "m": "v"}}`)}, of: orders, context: authz.Context{{Key: "k", Values: []string{"v"}}}, want: authz.ImplicitlyDenied},
		{name: "a condition on the same hole", identity: []string{allow(`, "Condition": {"StringEquals": {"k": "<A>"}}`)}, of: orders, context: authz.Context{{Key: "k", Values: []string{filled("<A>")}}}, want: authz.Allowed},
		{name: "a negated condition", identity: []string{allow(`, "Condition": {"StringNotEquals": {"k": "<A>"}}`)}, of: orders, context: authz.Context{{Key: "k", Values: []string{"v"}}}, want: authz.Undecided, holes: []string{"A"}},
		{name: "a negated condition on the same hole", identity: []string{allow(`, "Condition": {"StringNotEquals": {"k": "<A>"}}`)}, of: orders, context: authz.Context{{Key: "k", Values: []string{filled("<A>")}}}, want: authz.Undecided, holes: []string{"A"}},
		{name: "a number", identity: []string{allow(`, "Condition": {"NumericLessThan": {"k": "<A>"}}`)}, of: orders, context: authz.Context{{Key: "k", Values: []string{"1"}}}, want: authz.Undecided, holes: []string{"A"}},
		{name: "a principal", identity: []string{on("Allow", "*")}, resource: `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": {"AWS": "<P>"}, "Action": "*", "Resource": "*"}}`, of: orders, want: authz.Undecided, holes: []string{"P"}},
		{name: "an account", resource: `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::<AWS::AccountId>:role/r"}, "Action": "*", "Resource": "*"}}`,
			of: queue, principal: "arn:aws:iam::<AWS::AccountId>:role/r", want: authz.Allowed},
		{name: "an account that may be that of the resource", identity: []string{on("Allow", "*")}, of: orders, principal: "arn:aws:iam::<AWS::AccountId>:role/r", want: authz.Undecided, holes: []string{"AWS::AccountId"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var set authz.Set
			for _, text := range test.identity {
				set.Identity = append(set.Identity, document(t, filled(text)))
			}
			if test.resource != "" {
				p := document(t, filled(test.resource))
				set.Resource = &p
			}
			engine, findings := authz.Compile(set)
			if engine == nil {
				t.Fatal(findings)
			}
			r := authz.Request{Principal: role, Action: "sqs:SendMessage", Resource: filled(test.of), Context: test.context, Holes: true}
			if test.principal != "" {
				r.Principal = filled(test.principal)
			}
			x := engine.Explain(r)
			if x.Decision.Result != test.want || x.Decision.Err != nil {
				t.Errorf("got %v %v, want %v", x.Decision.Result, x.Decision.Err, test.want)
			}
			if d := engine.Decide(r); d.Result != x.Decision.Result {
				t.Errorf("decided %v, explained %v", d.Result, x.Decision.Result)
			}
			if diff := cmp.Diff(test.holes, x.Holes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHolesBracket holds the answers about sets with holes against the answers
// about the sets that they may become: what is decided is so for every value.
func TestHolesBracket(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	n := 20_000
	if testing.Short() || raceEnabled {
		n = 2_000
	}
	decided := 0
	for range n {
		resource := func() string {
			return pick("*", "arn:aws:sqs:r:123456789012:", "arn:aws:sqs:<A>:123456789012:", "arn:aws:sqs:*:<B>:") + pick("a", "b", "<A>", "<B>", "a<A>", "<A>*", "a?")
		}
		quoted := func(make func() string) string {
			list := []string{fmt.Sprintf("%q", make())}
			if rng.IntN(3) == 0 {
				list = append(list, fmt.Sprintf("%q", make()))
			}
			return "[" + strings.Join(list, ",") + "]"
		}
		var statements []string
		for range 1 + rng.IntN(3) {
			s := fmt.Sprintf(`{"Effect": %q, %q: %s, %q: %s`, pick("Allow", "Allow", "Deny"),
				pick("Action", "Action", "NotAction"), quoted(func() string { return pick("sqs:A", "sqs:B", "sqs:<A>", "*") }),
				pick("Resource", "Resource", "NotResource"), quoted(resource))
			if rng.IntN(2) == 0 {
				s += fmt.Sprintf(`, "Condition": {%q: {"k": %s}}`,
					pick("StringEquals", "StringNotEquals", "StringLike", "ForAnyValue:StringEquals", "ForAllValues:StringNotLike", "NumericLessThan", "StringEqualsIfExists"),
					quoted(func() string { return pick("a", "1", "<A>", "<B>", "a*") }))
			}
			statements = append(statements, s+"}")
		}
		text := filled(`{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ",") + "]}")
		r := authz.Request{Principal: "arn:aws:iam::123456789012:role/r", Action: pick("sqs:A", "sqs:B"), Resource: filled("arn:aws:sqs:r:123456789012:" + pick("a", "b", "<A>", "a<B>", "<B>")), Holes: true}
		if rng.IntN(3) > 0 {
			r.Context = authz.Context{{Key: "k", Values: []string{filled(pick("a", "1", "<A>"))}}}
		}
		got := attached(t, text).Decide(r)
		if got.Err != nil {
			t.Fatal(got.Err)
		}
		if got.Result == authz.Undecided {
			continue
		}
		decided++
		for range 6 {
			values := map[string]string{"A": pick("a", "b", "r", "A", "1"), "B": pick("123456789012", "a", "b", "B")}
			fill := func(s string) string { return hole.Replace(s, func(name string) string { return values[name] }) }
			one := r
			one.Resource, one.Holes = fill(r.Resource), false
			one.Context = slices.Clone(r.Context)
			for i := range one.Context {
				one.Context[i].Values = []string{fill(one.Context[i].Values[0])}
			}
			if d := attached(t, fill(text)).Decide(one); d.Result == authz.Allowed != (got.Result == authz.Allowed) {
				t.Fatalf("with holes %v, with %v %v\n%s\n%s %s %v", got.Result, values, d.Result, hole.Print(text), r.Action, hole.Print(r.Resource), r.Context)
			}
		}
	}
	t.Logf("%d of %d decided", decided, n)
	if decided < n/4 {
		t.Error("too few are decided")
	}
}

func TestHolesReplace(t *testing.T) {
	open := document(t, filled(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::<B>"}}`))
	closed := document(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	engine, _ := authz.Compile(authz.Set{Identity: []authz.Policy{open}})
	r := authz.Request{Principal: alice, Action: "s3:ListBucket", Resource: "arn:aws:s3:::b"}
	if d := engine.Decide(r); d.Result != authz.Undecided {
		t.Errorf("open: %v", d.Result)
	}
	engine, _ = engine.Replace(authz.Identity, -1, 0, closed)
	if d := engine.Decide(r); d.Result != authz.Allowed {
		t.Errorf("closed: %v", d.Result)
	}
	engine, _ = engine.Replace(authz.Identity, -1, 0, open)
	if d := engine.Decide(r); d.Result != authz.Undecided {
		t.Errorf("open again: %v", d.Result)
	}
	common, _ := authz.Compile(authz.Set{})
	got, findings := common.DecideAll([]authz.Principal{{ARN: alice, Identity: []authz.Policy{open}}, {ARN: alice, Identity: []authz.Policy{closed}}}, []authz.Request{r})
	if diff := cmp.Diff([]authz.Result{authz.Undecided, authz.Allowed}, got); diff != "" || len(findings) > 0 {
		t.Error(diff, findings)
	}
}
