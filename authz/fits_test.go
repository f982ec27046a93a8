package authz_test

import (
	"errors"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

func parsed(t *testing.T, text string) *authz.Policy {
	t.Helper()
	doc, findings := policy.Parse(source.NewFile("p.json", text))
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	return &authz.Policy{Document: doc}
}

// Statements that would speak to everybody, or of everything, for want of an
// element are refused.
func TestCompileRefusesWhatIsMissing(t *testing.T) {
	attached := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	named := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}`
	bare := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*"}}`
	exempting := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotPrincipal":"*","Action":"s3:*","Resource":"*"}}`
	for _, c := range []struct {
		name, code string
		set        authz.Set
	}{
		{"resource policy without principal", "MISSING_PRINCIPAL", authz.Set{Resource: parsed(t, attached)}},
		{"endpoint policy without principal", "MISSING_PRINCIPAL", authz.Set{Endpoint: parsed(t, attached)}},
		{"identity policy with principal", "UNSUPPORTED_PRINCIPAL", authz.Set{Identity: []authz.Policy{*parsed(t, named)}}},
		{"identity policy without resource", "MISSING_RESOURCE", authz.Set{Identity: []authz.Policy{*parsed(t, bare)}}},
		{"Allow with NotPrincipal", "ALLOW_WITH_NOT_PRINCIPAL", authz.Set{Resource: parsed(t, exempting)}},
	} {
		engine, findings := authz.Compile(c.set)
		if engine != nil || len(findings) == 0 || findings[0].Code != c.code {
			t.Errorf("%s: engine %v, findings %v; want %s", c.name, engine != nil, findings, c.code)
		}
	}
}

// A few policies do without resources, others do not, and an ARN's account is not
// talked away.
func TestRequestsThatCannotBeMeant(t *testing.T) {
	trust := parsed(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`)
	engine, findings := authz.Compile(authz.Set{Resource: trust})
	if engine == nil {
		t.Fatal(findings)
	}
	user := "arn:aws:iam::111111111111:user/u"
	for _, c := range []struct {
		name    string
		request authz.Request
		want    error
	}{
		{"trust policy", authz.Request{Principal: user, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/r"}, nil},
		{"repository policy", authz.Request{Principal: user, Action: "ECR:BatchGetImage", Resource: "arn:aws:ecr:eu-west-1:111111111111:repository/r"}, nil},
		{"public repository policy", authz.Request{Principal: user, Action: "ecr-public:PutImage", Resource: "arn:aws:ecr-public::111111111111:repository/r"}, nil},
		{"file system policy", authz.Request{Principal: user, Action: "elasticfilesystem:ClientMount", Resource: "arn:aws:elasticfilesystem:eu-west-1:111111111111:file-system/fs-1"}, nil},
		{"no repository", authz.Request{Principal: user, Action: "ecr:GetAuthorizationToken", Resource: "*"}, authz.ErrNoResources},
		{"bucket policy", authz.Request{Principal: user, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}, authz.ErrNoResources},
		{"two accounts", authz.Request{Principal: user, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/r", ResourceAccount: "222222222222"}, authz.ErrTwoAccounts},
	} {
		d := engine.Decide(c.request)
		if !errors.Is(d.Err, c.want) || (d.Result == authz.Invalid) != (c.want != nil) {
			t.Errorf("%s: %v, %v; want %v", c.name, d.Result, d.Err, c.want)
		}
		results, _ := engine.DecideAll([]authz.Principal{{ARN: user}}, []authz.Request{c.request})
		if len(results) != 1 || results[0] != d.Result {
			t.Errorf("%s: DecideAll says %v, Decide %v", c.name, results, d.Result)
		}
	}
}

// With everything else unknown, what is only guessed from a caller is unknown
// too.
func TestGuessesAreUnknown(t *testing.T) {
	for _, condition := range []string{
		`{"StringLike":{"aws:userid":"AROAX:*"}}`,
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/admin/*"}}`,
		`{"DateGreaterThan":{"aws:CurrentTime":"2000-01-01"}}`,
		`{"StringEquals":{"aws:ResourceAccount":"222222222222"}}`,
	} {
		engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{*parsed(t, `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"*","Resource":"*"},
			{"Effect":"Deny","Action":"*","Resource":"*","Condition":`+condition+`}]}`)}})
		if engine == nil {
			t.Fatal(findings)
		}
		request := authz.Request{Principal: "arn:aws:sts::111111111111:assumed-role/app/s", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", UnknownRest: true}
		if d := engine.Decide(request); d.Result != authz.Undecided {
			t.Errorf("%s: %v, want Undecided", condition, d.Result)
		}
	}
}
