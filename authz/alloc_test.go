package authz_test

import (
	"testing"

	"github.com/writ-iam/writ/authz"
)

// TestDecideAllocatesNothing holds what the documentation of Decide says.
func TestDecideAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const user, session = "arn:aws:iam::123456789012:user/alice", "arn:aws:sts::123456789012:assumed-role/app/s"
	everyone := &refPrincipal{everyone: true}
	account := &refPrincipal{groups: map[string]refList{"AWS": {"123456789012", "arn:aws:iam::123456789012:role/app"}}}
	allow := func(p *refPrincipal, action, resource string, c refCondition) *refPolicy {
		return &refPolicy{Version: "2012-10-17", Statement: []*refStatement{
			{Effect: "Deny", Principal: p, Action: &refList{"x:*"}, Resource: &refList{"*"}},
			{Effect: "Allow", Principal: p, Action: &refList{action}, Resource: &refList{resource}, Condition: c},
		}}
	}
	where := func(operator, key string, values ...string) refCondition {
		return refCondition{operator: {key: values}}
	}
	identity := func(p *refPolicy) refSet { return refSet{authz.Identity: {{p}}} }
	large := &refPolicy{Version: "2012-10-17"}
	for i := range 200 {
		large.Statement = append(large.Statement, allow(nil, "s3:Get*", "arn:aws:s3:::bucket"+string(rune('a'+i%26))+"/"+string(rune('a'+i/26))+"/*", nil).Statement...)
	}
	get := authz.Request{Principal: user, Action: "s3:GetObject", Resource: "arn:aws:s3:::bucketz/c/key"}
	with := func(r authz.Request, pairs ...string) authz.Request {
		for i := 0; i < len(pairs); i += 2 {
			r.Context = append(r.Context, authz.Entry{Key: pairs[i], Values: []string{pairs[i+1]}})
		}
		return r
	}
	by := func(r authz.Request, principal string) authz.Request {
		r.Principal = principal
		return r
	}
	for _, c := range []struct {
		name    string
		set     refSet
		request authz.Request
		want    authz.Result
	}{
		{"denied", identity(allow(nil, "ecs:*", "*", nil)), get, authz.ImplicitlyDenied},
		{"allowed", identity(allow(nil, "s3:*", "*", nil)), get, authz.Allowed},
		{"wildcards", identity(allow(nil, "s3:*Obj?ct", "arn:*:s3:::b*z/*/k?y", nil)), get, authz.Allowed},
		{"an index", identity(large), get, authz.Allowed},
		{"string condition", identity(allow(nil, "s3:*", "*", where("StringLike", "k", "a*"))), with(get, "K", "abc"), authz.Allowed},
		{"ARN condition", identity(allow(nil, "s3:*", "*", where("ArnLike", "k", "arn:aws:s3:::*"))), with(get, "k", "arn:aws:s3:::b"), authz.Allowed},
		{"numeric condition", identity(allow(nil, "s3:*", "*", where("NumericLessThan", "k", "10"))), with(get, "k", "9.5"), authz.Allowed},
		{"date condition", identity(allow(nil, "s3:*", "*", where("DateLessThan", "k", "2027"))), with(get, "k", "2026-01-01T00:00:00Z"), authz.Allowed},
		{"address condition", identity(allow(nil, "s3:*", "*", where("IpAddress", "k", "10.0.0.0/8"))), with(get, "k", "10.1.2.3"), authz.Allowed},
		{"Boolean condition", identity(allow(nil, "s3:*", "*", where("Bool", "k", "true"))), with(get, "k", "true"), authz.Allowed},
		{"set condition", identity(allow(nil, "s3:*", "*", where("ForAnyValue:StringEquals", "k", "a", "b"))), with(get, "k", "b"), authz.Allowed},
		{"ten keys", identity(allow(nil, "s3:*", "*", where("StringEquals", "k", "v"))),
			with(get, "a", "", "b", "", "c", "", "d", "", "e", "", "f", "", "g", "", "h", "", "i", "", "k", "v"), authz.Allowed},
		{"variable in a resource", identity(allow(nil, "s3:*", "arn:aws:s3:::bucketz/${k}/*", nil)), with(get, "k", "c"), authz.Allowed},
		{"variable in a condition", identity(allow(nil, "s3:*", "*", where("StringEquals", "k", "${aws:username}-x"))), with(get, "k", "alice-x"), authz.Allowed},
		{"derived keys", identity(allow(nil, "s3:*", "*", where("StringEquals", "aws:PrincipalAccount", "123456789012"))), get, authz.Allowed},
		{"the ARN of a user", identity(allow(nil, "s3:*", "*", where("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*"))), get, authz.Allowed},
		{"a role session", identity(allow(nil, "s3:*", "*", nil)), by(get, session), authz.Allowed},
		{"principals", refSet{authz.Resource: {{allow(account, "s3:*", "*", nil)}}}, by(get, session), authz.Allowed},
		{"anonymous", refSet{authz.Resource: {{allow(everyone, "s3:*", "*", nil)}}}, by(get, "anonymous"), authz.Allowed},
		{"all kinds", refSet{
			authz.Identity: {{allow(nil, "s3:*", "*", nil)}}, authz.Boundary: {{allow(nil, "s3:*", "*", nil)}}, authz.Session: {{allow(nil, "s3:*", "*", nil)}},
			authz.SCP: {{allow(nil, "s3:*", "*", nil)}, {allow(nil, "s3:*", "*", nil)}}, authz.Endpoint: {{allow(everyone, "s3:*", "*", nil)}},
			authz.Resource: {{allow(account, "ecs:*", "*", nil)}}, authz.RCP: {{allow(everyone, "*", "*", nil)}},
		}, by(get, session), authz.Allowed},
		{"the ARN of a session's role", identity(allow(nil, "s3:*", "*", where("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"))), by(get, session), authz.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := compile(t, c.set)
			if got := ask(t, engine, &c.request); got.Result != c.want {
				t.Fatalf("got %v, want %v", got.Result, c.want)
			}
			if n := testing.AllocsPerRun(100, func() { engine.Decide(c.request) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}
