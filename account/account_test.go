package account

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

func details(t testing.TB) *Account {
	t.Helper()
	text, err := os.ReadFile("testdata/details.json")
	if err != nil {
		t.Fatal(err)
	}
	a, findings := ParseDetails(source.NewFile("details.json", string(text)))
	if a == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
	return a
}

func codes(findings source.List) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Code)
	}
	return out
}

func TestParseDetails(t *testing.T) {
	a := details(t)
	if len(a.Users) != 2 || len(a.Groups) != 1 || len(a.Roles) != 1 || len(a.Policies) != 3 {
		t.Fatalf("%d users, %d groups, %d roles, %d policies", len(a.Users), len(a.Groups), len(a.Roles), len(a.Policies))
	}
	u := a.Users[0]
	if u.Name != "alice" || u.ID != "AIDAEXAMPLEALICE" || u.Path != "/" || !slices.Equal(u.Groups, []string{"developers"}) ||
		!slices.Equal(u.Tags, []Tag{{"team", "web"}}) || !slices.Equal(u.Attached, []string{"arn:aws:iam::123456789012:policy/runner"}) {
		t.Errorf("user: %+v", u)
	}
	r := a.Roles[0]
	if r.Path != "/service/" || r.Trust.Document == nil || !slices.Equal(r.InstanceProfiles, []string{"arn:aws:iam::123456789012:instance-profile/app"}) {
		t.Errorf("role: %+v", r)
	}
	if d := a.Policies[0].Default(); d == nil || d.Statements[0].Sid != "Run" {
		t.Errorf("default version: %v", d)
	}
	if a.Policies[2].Default() != nil {
		t.Error("a policy without text has a default document")
	}
}

// describe names the policies of a set.
func describe(set authz.Set) map[string][]string {
	out := map[string][]string{}
	for _, p := range set.Identity {
		out["identity"] = append(out["identity"], p.Name)
	}
	for _, p := range set.Groups {
		out["groups"] = append(out["groups"], p.Name)
	}
	if set.Boundary != nil {
		out["boundary"] = []string{set.Boundary.Name}
	}
	return out
}

func TestSetFor(t *testing.T) {
	const runner, boundary = "arn:aws:iam::123456789012:policy/runner", "arn:aws:iam::123456789012:policy/boundary"
	alice := map[string][]string{"identity": {"inline", runner}, "groups": {"logs"}, "boundary": {boundary}}
	app := map[string][]string{"identity": {runner}}
	for _, c := range []struct {
		principal string
		want      map[string][]string
		missing   []Missing
		context   authz.Context
		codes     []string
	}{
		{"arn:aws:iam::123456789012:user/alice", alice, nil, authz.Context{
			{Key: "aws:PrincipalTag/team", Values: []string{"web"}}, {Key: "aws:userid", Values: []string{"AIDAEXAMPLEALICE"}}}, nil},
		{"arn:aws:sts::123456789012:federated-user/alice", alice, nil, authz.Context{{Key: "aws:PrincipalTag/team", Values: []string{"web"}}}, nil},
		{"arn:aws:iam::123456789012:user/ops/bob", map[string][]string{},
			[]Missing{{authz.Identity, "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {authz.Group, "arn:aws:iam::123456789012:group/gone"}},
			authz.Context{{Key: "aws:userid", Values: []string{"AIDAEXAMPLEBOB"}}}, []string{codePolicyMissing, codeGroupMissing}},
		{"arn:aws:iam::123456789012:role/service/app", app, nil, authz.Context{{Key: "aws:PrincipalTag/env", Values: []string{""}}}, nil},
		{"arn:aws:sts::123456789012:assumed-role/app/session-1", app, nil, authz.Context{
			{Key: "aws:PrincipalTag/env", Values: []string{""}},
			{Key: "aws:PrincipalArn", Values: []string{"arn:aws:iam::123456789012:role/service/app"}},
			{Key: "aws:userid", Values: []string{"AROAEXAMPLEAPP:session-1"}}}, nil},
		{"arn:aws:iam::123456789012:root", map[string][]string{}, nil, nil, nil},
		{"ecs-tasks.amazonaws.com", map[string][]string{}, nil, nil, nil},
		{"anonymous", map[string][]string{}, nil, nil, nil},
		{"arn:aws:iam::123456789012:user/bob", map[string][]string{}, nil, nil, []string{codeNoPrincipal}},
		{"arn:aws:iam::999999999999:user/alice", map[string][]string{}, nil, nil, []string{codeNoPrincipal}},
		{"arn:aws:iam::123456789012:group/developers", map[string][]string{}, nil, nil, []string{codeNoPrincipal}},
		{"alice", map[string][]string{}, nil, nil, []string{codeNoPrincipal}},
	} {
		got, findings := details(t).SetFor(c.principal)
		if diff := cmp.Diff(c.want, describe(got.Set)); diff != "" {
			t.Errorf("%s: policies (-want +got):\n%s", c.principal, diff)
		}
		if !slices.Equal(got.Missing, c.missing) {
			t.Errorf("%s: missing %v, want %v", c.principal, got.Missing, c.missing)
		}
		if diff := cmp.Diff(c.context, got.Context); diff != "" {
			t.Errorf("%s: context (-want +got):\n%s", c.principal, diff)
		}
		if !slices.Equal(codes(findings), c.codes) {
			t.Errorf("%s: findings %v", c.principal, findings)
		}
	}
}

// The path of a role shows that it is linked to a service, for its sessions too,
// whose ARNs do not.
func TestServiceLinked(t *testing.T) {
	const linked = "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
	roles := `{"RoleName":"AWSServiceRoleForECS","Path":"/aws-service-role/ecs.amazonaws.com/","Arn":"` + linked + `","AssumeRolePolicyDocument":` + okDoc + `},` +
		`{"RoleName":"r","Arn":"` + role + `","AssumeRolePolicyDocument":` + okDoc + `}`
	a, findings := ParseDetails(source.NewFile("x.json", `{"RoleDetailList":[`+roles+`]}`))
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	for principal, want := range map[string]bool{linked: true, "arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForECS/x": true, role: false} {
		if at, findings := a.SetFor(principal); at.ServiceLinked != want || findings.HasErrors() {
			t.Errorf("%s: linked %v, want %v; %v", principal, at.ServiceLinked, want, findings)
		}
	}
}

func TestSimilarPrincipal(t *testing.T) {
	_, findings := details(t).SetFor("arn:aws:iam::123456789012:user/Bob")
	if len(findings) != 1 || findings[0].Hint != `did you mean "arn:aws:iam::123456789012:user/ops/bob"?` {
		t.Errorf("%+v", findings)
	}
}

func decide(t *testing.T, set authz.Set, principal, action string) authz.Result {
	t.Helper()
	engine, findings := authz.Compile(set)
	if engine == nil {
		t.Fatal(findings)
	}
	d := engine.Decide(authz.Request{Principal: principal, Action: action, Resource: "*"})
	return d.Result
}

// The set decides as the account would; what a missing policy says is open.
func TestDecisions(t *testing.T) {
	const alice, bob = "arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/ops/bob"
	at, _ := details(t).SetFor(alice)
	for action, want := range map[string]authz.Result{
		"ecs:DescribeTasks": authz.Allowed, "ecs:RunTask": authz.Allowed, "logs:GetLogEvents": authz.Allowed, "s3:GetObject": authz.ImplicitlyDenied,
	} {
		if got := decide(t, at.Set, alice, action); got != want {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
	at, _ = details(t).SetFor(bob)
	if strict, lenient := decide(t, at.Set, bob, "s3:GetObject"), decide(t, at.Lenient(), bob, "s3:GetObject"); strict != authz.ImplicitlyDenied || lenient != authz.Allowed {
		t.Errorf("without the missing policy %v, with anything in its place %v", strict, lenient)
	}
}

func TestLenientBoundary(t *testing.T) {
	at := Attached{Missing: []Missing{{authz.Boundary, "arn:aws:iam::aws:policy/x"}}}
	if set := at.Lenient(); set.Boundary == nil || len(set.Identity) > 0 || at.Set.Boundary != nil {
		t.Errorf("%+v", set)
	}
}

func TestTrustOf(t *testing.T) {
	a := details(t)
	if p := a.TrustOf("arn:aws:iam::123456789012:role/service/app"); p == nil || p.Document == nil {
		t.Error("no trust policy")
	}
	for _, other := range []string{"arn:aws:iam::123456789012:role/app", "arn:aws:iam::123456789012:user/alice", "arn:aws:s3:::b", "*"} {
		if a.TrustOf(other) != nil {
			t.Errorf("%s has a trust policy", other)
		}
	}
}

const (
	okDoc = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	role  = "arn:aws:iam::123456789012:role/r"
)

func roleWith(fields string) string {
	return `{"RoleDetailList":[{"RoleName":"r","Arn":"` + role + `","AssumeRolePolicyDocument":` + okDoc + fields + `}]}`
}

// What cannot be read is a finding, and nothing is decided about whoever it
// concerns.
func TestBadDetails(t *testing.T) {
	for _, c := range []struct {
		name, text string
		codes      []string
		noAccount  bool
	}{
		{"not JSON", `{"Users`, []string{codeJSON}, true},
		{"other JSON", `{"Users": []}`, []string{codeNoDetails}, true},
		{"no object", `[]`, []string{codeNoDetails}, true},
		{"a key twice", `{"RoleDetailList":[],"RoleDetailList":[]}`, []string{codeDuplicate}, true},
		{"a list that is none", `{"RoleDetailList":{}}`, []string{codeType}, false},
		{"an item that is none", `{"RoleDetailList":[1]}`, []string{codeType}, false},
		{"a boundary that is a string", roleWith(`,"PermissionsBoundary":"arn"`), []string{codeType}, false},
		{"a boundary without an ARN", roleWith(`,"PermissionsBoundary":{}`), []string{codeMissing}, false},
		{"an attachment without an ARN", roleWith(`,"AttachedManagedPolicies":[{"PolicyName":"x"}]`), []string{codeMissing}, false},
		{"an inline policy without text", roleWith(`,"RolePolicyList":[{"PolicyName":"x"}]`), []string{codeMissing}, false},
		{"a policy that is no policy", roleWith(`,"RolePolicyList":[{"PolicyName":"x","PolicyDocument":{"Statement":[{"Effect":"Maybe","Action":"*"}]}}]`),
			[]string{policy.CodeEffect}, false},
		{"an escape that is none", roleWith(`,"RolePolicyList":[{"PolicyName":"x","PolicyDocument":"%7B%ZZ"}]`), []string{codeEncoding}, false},
		{"encoded text that is no JSON", roleWith(`,"RolePolicyList":[{"PolicyName":"x","PolicyDocument":"%7Boops"}]`), []string{policy.CodeSyntax}, false},
		{"tags that are none", roleWith(`,"Tags":[{"Value":"x"}]`), []string{codeMissing}, false},
	} {
		a, findings := ParseDetails(source.NewFile("x.json", c.text))
		if !slices.Equal(codes(findings), c.codes) {
			t.Errorf("%s: %v, want %v", c.name, findings, c.codes)
		}
		if (a == nil) != c.noAccount {
			t.Errorf("%s: account %v", c.name, a)
		}
		if a == nil {
			continue
		}
		at, findings := a.SetFor(role)
		engine, _ := authz.Compile(at.Set)
		if !findings.HasErrors() && engine != nil {
			t.Errorf("%s: can be decided about", c.name)
		}
	}
}

func TestDuplicateEntry(t *testing.T) {
	one := `{"RoleName":"r","Arn":"` + role + `","AssumeRolePolicyDocument":` + okDoc + `}`
	a, findings := ParseDetails(source.NewFile("x.json", `{"RoleDetailList":[`+one+`,`+one+`]}`))
	if !slices.Equal(codes(findings), []string{codeTwice}) {
		t.Fatal(findings)
	}
	if _, findings := a.SetFor(role); !findings.HasErrors() {
		t.Error("one of two entries was chosen in silence")
	}
}

func TestTruncated(t *testing.T) {
	_, findings := ParseDetails(source.NewFile("x.json", `{"UserDetailList":[],"IsTruncated":true}`))
	if !slices.Equal(codes(findings), []string{codeTruncated}) {
		t.Error(findings)
	}
}

// A finding in a string of encoded JSON says where that string stands.
func TestEncodedFinding(t *testing.T) {
	_, findings := ParseDetails(source.NewFile("x.json", roleWith(`,"RolePolicyList":[{"PolicyName":"x","PolicyDocument":"%7Boops"}]`)))
	if want := "x.json#/RoleDetailList/0/RolePolicyList/0/PolicyDocument"; findings[0].File.Name != want {
		t.Errorf("file %q, want %q", findings[0].File.Name, want)
	}
}

func FuzzParseDetails(f *testing.F) {
	text, err := os.ReadFile("testdata/details.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), "arn:aws:iam::123456789012:user/alice")
	f.Add(roleWith(`,"PermissionsBoundary":{"PermissionsBoundaryArn":"x"}`), role)
	f.Fuzz(func(t *testing.T, text, principal string) {
		a, findings := ParseDetails(source.NewFile("x.json", text))
		if a == nil {
			if !findings.HasErrors() {
				t.Error("neither an account nor an error")
			}
			return
		}
		arns := []string{principal}
		for i := range a.Users {
			arns = append(arns, a.Users[i].ARN)
		}
		for i := range a.Roles {
			arns = append(arns, a.Roles[i].ARN)
		}
		for _, arn := range arns[:min(len(arns), 20)] {
			at, _ := a.SetFor(arn)
			authz.Compile(at.Set)
			authz.Compile(at.Lenient())
		}
	})
}

func ExampleAccount_SetFor() {
	text, err := os.ReadFile("testdata/details.json")
	if err != nil {
		panic(err)
	}
	account, _ := ParseDetails(source.NewFile("details.json", string(text)))
	attached, _ := account.SetFor("arn:aws:iam::123456789012:user/alice")
	engine, _ := authz.Compile(attached.Set)
	decision := engine.Decide(authz.Request{Principal: "arn:aws:iam::123456789012:user/alice", Action: "ecs:RunTask", Resource: "*"})
	fmt.Println(decision.Result)
	// Output: Allowed
}
