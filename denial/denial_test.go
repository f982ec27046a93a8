package denial

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

const (
	alice = "arn:aws:iam::123456789012:user/alice"
	task  = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3"
	start = "User: " + alice + " is not authorized to perform: ecs:RunTask on resource: " + task + " "
	scp   = "arn:aws:organizations::123456789012:policy/o-x/service_control_policy/p-y"
)

func run(d Denial) Denial {
	d.Principal, d.Action, d.Resource = alice, "ecs:RunTask", task
	return d
}

// forms are the texts of the IAM user guide, one for every kind of denial.
var forms = []struct {
	denial Denial
	text   string
}{
	{run(Denial{Kind: Identity}), start + "because no identity-based policy allows the ecs:RunTask action"},
	{run(Denial{Kind: Identity, Explicit: true}), start + "with an explicit deny in an identity-based policy"},
	{run(Denial{Kind: Resource}), start + "because no resource-based policy allows the ecs:RunTask action"},
	{run(Denial{Kind: Resource, Explicit: true}), start + "with an explicit deny in a resource-based policy"},
	{run(Denial{Kind: Boundary}), start + "because no permissions boundary allows the ecs:RunTask action"},
	{run(Denial{Kind: Boundary, Explicit: true}), start + "with an explicit deny in a permissions boundary"},
	{run(Denial{Kind: Session}), start + "because no session policy allows the ecs:RunTask action"},
	{run(Denial{Kind: Session, Explicit: true}), start + "with an explicit deny in a session policy"},
	{run(Denial{Kind: Endpoint}), start + "because no VPC endpoint policy allows the ecs:RunTask action"},
	{run(Denial{Kind: Endpoint, Explicit: true}), start + "with an explicit deny in a VPC endpoint policy"},
	{run(Denial{Kind: SCP}), start + "because no service control policy allows the ecs:RunTask action"},
	{run(Denial{Kind: SCP, Explicit: true}), start + "with an explicit deny in a service control policy"},
	{run(Denial{Kind: SCP, Explicit: true, PolicyARN: scp}), start + "with an explicit deny in a service control policy: " + scp},
	{run(Denial{Kind: RCP, Explicit: true}), start + "with an explicit deny in a resource control policy"},
	{run(Denial{Kind: EndpointThroughSCP, Explicit: true}), start + "with an explicit deny in a VPC endpoint policy transitively through a service control policy"},
	{run(Denial{Explicit: true}), start + "with an explicit deny"},
	{run(Denial{}), strings.TrimSpace(start)},
	{Denial{Principal: alice, Action: "sts:AssumeRole", Resource: "arn:aws:iam::123456789012:role/r", Kind: Trust},
		"User: " + alice + " is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/r because no role trust policy allows the sts:AssumeRole action"},
	{Denial{Principal: alice, Action: "sts:AssumeRole", Resource: "arn:aws:iam::123456789012:role/r", Kind: Trust, Explicit: true},
		"User: " + alice + " is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/r with an explicit deny in the role trust policy"},
	{Denial{Principal: alice, Action: "ec2:RunInstances", Kind: Identity},
		"User: " + alice + " is not authorized to perform: ec2:RunInstances because no identity-based policy allows the ec2:RunInstances action"},
	{Denial{Principal: alice, Action: "ec2:RunInstances"}, "User: " + alice + " is not authorized to perform: ec2:RunInstances"},
	{Denial{Principal: alice, Action: "ec2:RunInstances", Resource: "arn:aws:ec2:eu-west-1:123456789012:instance/*", Kind: Identity, Encoded: "AAbb-_9="},
		"You are not authorized to perform this operation. User: " + alice + " is not authorized to perform: ec2:RunInstances on resource: " +
			"arn:aws:ec2:eu-west-1:123456789012:instance/* because no identity-based policy allows the ec2:RunInstances action. Encoded authorization failure message: AAbb-_9="},
	{Denial{Encoded: "AAbb"}, "You are not authorized to perform this operation. Encoded authorization failure message: AAbb"},
}

func TestForms(t *testing.T) {
	for _, f := range forms {
		if got := f.denial.String(); got != f.text {
			t.Errorf("text:\n got %s\nwant %s", got, f.text)
		}
		got, err := Parse(f.text)
		if err != nil {
			t.Errorf("%s: %v", f.text, err)
		}
		if diff := cmp.Diff(f.denial, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.text, diff)
		}
	}
}

// What tools put around a message changes nothing but the code and operation.
func TestNoise(t *testing.T) {
	for _, c := range []struct{ before, after, code, operation string }{
		{"An error occurred (AccessDeniedException) when calling the RunTask operation: ", "", "AccessDeniedException", "RunTask"},
		{"\nAn error occurred (AccessDenied) when calling the RunTask operation: ", "\n", "AccessDenied", "RunTask"},
		{"operation error ECS: RunTask, https response error StatusCode: 400, RequestID: 1-2, AccessDeniedException: ", "", "AccessDeniedException", "RunTask"},
		{"", " (Service: AmazonECS; Status Code: 400; Error Code: AccessDeniedException; Request ID: 1-2; Proxy: null)", "AccessDeniedException", ""},
		{"botocore.exceptions.ClientError: An error occurred (AccessDeniedException) when calling the RunTask operation: ", "", "AccessDeniedException", "RunTask"},
		{"AccessDeniedException: ", "\n    at throwDefaultError", "AccessDeniedException", ""},
		{`{"__type":"AccessDeniedException","Message":"`, `"}`, "AccessDeniedException", ""},
		{`<ErrorResponse><Error><Code>AccessDenied</Code><Message>`, `</Message></Error></ErrorResponse>`, "AccessDenied", ""},
		{"AccessDeniedException: ", "\n\tstatus code: 400, request id: 1-2", "AccessDeniedException", ""},
		{"2026-03-01T09:00:00Z ERROR deploy failed: ", ".", "", ""},
	} {
		for _, f := range forms {
			if f.denial.Encoded != "" && c.after != "" || strings.HasSuffix(f.text, "/*") {
				continue
			}
			text := c.before + f.text + c.after
			if strings.Contains(c.after, "at throw") && f.denial.Kind == Unnamed && !f.denial.Explicit {
				continue // nothing tells where the resource ends
			}
			want := f.denial
			want.Code, want.Operation = c.code, c.operation
			got, err := Parse(text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", text, diff)
			}
		}
	}
}

func TestParseOddForms(t *testing.T) {
	for _, c := range []struct {
		text string
		want Denial
	}{
		{"User: " + alice + " is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/a key because no one\" because no identity-based policy allows the s3:GetObject action",
			Denial{Principal: alice, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/a key because no one", Kind: Identity}},
		{start + "with an explicit deny in a sessions policy", run(Denial{Kind: Session, Explicit: true})},
		{"Not authorized to perform sts:AssumeRoleWithWebIdentity", Denial{Action: "sts:AssumeRoleWithWebIdentity"}},
		{"An error occurred (AccessDenied) when calling the AssumeRoleWithSAML operation: Not authorized to perform sts:AssumeRoleWithSAML",
			Denial{Action: "sts:AssumeRoleWithSAML", Code: "AccessDenied", Operation: "AssumeRoleWithSAML"}},
		{"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-west-1:********9012:a/b/GET/",
			Denial{Principal: "anonymous", Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:eu-west-1:********9012:a/b/GET/"}},
		{"User: " + alice + " is not authorized\n   to perform: ecs:RunTask on resource: " + task + "\n because no identity-based\npolicy allows the ecs:RunTask action", run(Denial{Kind: Identity})},
		{start + "because no moon policy allows the ecs:RunTask action", run(Denial{Other: "because no moon policy allows the ecs:RunTask action"})},
		{"User: " + alice + " is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::a because b\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access",
			Denial{Principal: alice, Action: "s3:PutBucketPolicy", Resource: "arn:aws:s3:::a because b",
				Other: "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"}},
		{"User: " + alice + " is not authorized to perform: kms:GenerateDataKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
			Denial{Principal: alice, Action: "kms:GenerateDataKey",
				Other: "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"}},
		{"User: " + alice + " is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action",
			Denial{Principal: alice, Action: "kms:Decrypt", Kind: Identity}},
		{"User " + alice + " is not authorized to perform ecs:RunTask", Denial{Principal: alice, Action: "ecs:RunTask"}},
	} {
		got, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestParseNothing(t *testing.T) {
	for _, text := range []string{"", "hello", "is not authorized to perform:", "User: x is not authorized to perform: nothing", "User: x is not authorized to access this resource"} {
		if d, err := Parse(text); err != ErrNoDenial {
			t.Errorf("%q: %+v, %v", text, d, err)
		}
	}
	if _, err := Parse(strings.Repeat("x", maxText+1)); err != ErrTooLong {
		t.Error(err)
	}
}

func compile(t testing.TB, set map[authz.Kind]string) *authz.Engine {
	t.Helper()
	parse := func(k authz.Kind) *authz.Policy {
		if set[k] == "" {
			return nil
		}
		doc, findings := policy.ParseString("x", set[k])
		if findings.HasErrors() {
			t.Fatal(findings)
		}
		return &authz.Policy{Document: doc}
	}
	list := func(k authz.Kind) []authz.Policy {
		if p := parse(k); p != nil {
			return []authz.Policy{*p}
		}
		return nil
	}
	s := authz.Set{Identity: list(authz.Identity), Groups: list(authz.Group), Session: list(authz.Session),
		Boundary: parse(authz.Boundary), Resource: parse(authz.Resource), Endpoint: parse(authz.Endpoint)}
	if p := list(authz.SCP); p != nil {
		s.SCPs = [][]authz.Policy{p}
	}
	if p := list(authz.RCP); p != nil {
		s.RCPs = [][]authz.Policy{p}
	}
	engine, findings := authz.Compile(s)
	if engine == nil {
		t.Fatal(findings)
	}
	return engine
}

const (
	allow   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	deny    = `{"Version":"2012-10-17","Statement":{"Sid":"No","Effect":"Deny","Action":"*","Resource":"*"}}`
	other   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	denyAll = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}`
)

// Every kind of decision has its message.
func TestOf(t *testing.T) {
	for _, c := range []struct {
		name string
		set  map[authz.Kind]string
		kind Kind
		deny bool
	}{
		{"nothing allows", nil, Identity, false},
		{"identity denies", map[authz.Kind]string{authz.Identity: deny}, Identity, true},
		{"group denies", map[authz.Kind]string{authz.Group: deny}, Identity, true},
		{"boundary", map[authz.Kind]string{authz.Identity: allow, authz.Boundary: other}, Boundary, false},
		{"boundary denies", map[authz.Kind]string{authz.Boundary: deny}, Boundary, true},
		{"session", map[authz.Kind]string{authz.Identity: allow, authz.Session: other}, Session, false},
		{"session denies", map[authz.Kind]string{authz.Session: deny}, Session, true},
		{"scp", map[authz.Kind]string{authz.Identity: allow, authz.SCP: other}, SCP, false},
		{"scp denies", map[authz.Kind]string{authz.SCP: deny}, SCP, true},
		{"rcp denies", map[authz.Kind]string{authz.RCP: denyAll}, RCP, true},
		{"endpoint", map[authz.Kind]string{authz.Identity: allow, authz.Endpoint: strings.Replace(denyAll, "Deny", "Allow", 1)}, Unnamed, false},
		{"endpoint denies", map[authz.Kind]string{authz.Endpoint: denyAll}, Endpoint, true},
		{"resource denies", map[authz.Kind]string{authz.Resource: denyAll}, Resource, true},
	} {
		r := authz.Request{Principal: alice, Action: "ecs:RunTask", Resource: task}
		d := compile(t, c.set).Decide(r)
		got, ok := Of(&r, &d)
		if c.kind == Unnamed {
			if ok || Message(&r, &d) != "" {
				t.Errorf("%s: an allowed request has the message %q", c.name, Message(&r, &d))
			}
			continue
		}
		if diff := cmp.Diff(run(Denial{Kind: c.kind, Explicit: c.deny}), got); diff != "" || !ok {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, ok, diff)
		}
		if Message(&r, &d) != got.String() {
			t.Errorf("%s: Message and Of differ", c.name)
		}
	}
}

func TestOfTrust(t *testing.T) {
	r := authz.Request{Principal: alice, Action: "sts:assumerole", Resource: "arn:aws:iam::123456789012:role/r"}
	d := compile(t, map[authz.Kind]string{authz.Identity: allow}).Decide(r)
	if got, _ := Of(&r, &d); got.Kind != Trust {
		t.Errorf("kind %v, want trust", got.Kind)
	}
	r = authz.Request{Principal: alice, Action: "kms:Decrypt", Resource: "arn:aws:kms:eu-west-1:123456789012:key/k"}
	d = compile(t, map[authz.Kind]string{authz.Identity: allow}).Decide(r)
	if got, _ := Of(&r, &d); got.Kind != Resource {
		t.Errorf("kind %v, want resource", got.Kind)
	}
}

// Kinds have a name, a phrase for what can happen, and policies to look into.
func TestKinds(t *testing.T) {
	for k := Unnamed; k <= EndpointThroughSCP; k++ {
		if k.String() == "" || k != Unnamed && (phrases[k].explicit == "" || len(k.PolicyKinds()) == 0) {
			t.Errorf("kind %d is not complete", k)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, form := range forms {
		f.Add(form.text)
	}
	f.Add("Not authorized to perform sts:AssumeRoleWithSAML")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		if d.Action == "" && d.Encoded == "" {
			t.Fatalf("read nothing: %+v", d)
		}
		// What was read, written and read again is the same, where it is of the
		// characters that names have.
		if d.Principal == "" || !named(d.Principal+d.Action+d.Resource+d.PolicyARN) {
			return
		}
		d.Code, d.Operation = "", ""
		again, err := Parse(d.String())
		again.Code, again.Operation = "", ""
		if diff := cmp.Diff(d, again); diff != "" || err != nil {
			t.Errorf("%q: %v (-first +again):\n%s", d.String(), err, diff)
		}
	})
}

// named reports whether a text has only characters that ARNs commonly have.
func named(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/-_*") == ""
}
