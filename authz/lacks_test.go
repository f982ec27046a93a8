package authz_test

import (
	"slices"
	"testing"

	"github.com/writ-iam/writ/authz"
)

func TestLacks(t *testing.T) {
	for _, tt := range []struct {
		name, rest string // of a Deny
		want       []string
	}{
		{"negated", `"Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}`, []string{"aws:RequestedRegion"}},
		{"if exists", `"Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}`, []string{"aws:MultiFactorAuthPresent"}},
		{"null", `"Resource": "*", "Condition": {"Null": {"aws:SourceVpc": "true"}}`, []string{"aws:SourceVpc"}},
		{"null with a quantifier looks at no key", `"Resource": "*", "Condition": {"ForAllValues:Null": {"aws:SourceVpc": "true"}}`, nil},
		{"all of none", `"Resource": "*", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}`, []string{"aws:TagKeys"}},
		{"given", `"Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": "eu-west-1"}}`, nil},
		{"derived", `"Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "210987654321"}}`, nil},
		{"a user has none", `"Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalServiceName": "x"}}`, nil},
		{"variable", `"NotResource": "arn:aws:s3:::b/${aws:PrincipalTag/Team}/*"`, []string{"aws:PrincipalTag/Team"}},
		{"variable with a default", `"NotResource": "arn:aws:s3:::b/${aws:PrincipalTag/Team, 'x'}/*"`, nil},
		{"variable of a negated condition", `"Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": "${aws:PrincipalTag/Account}"}}`, []string{"aws:PrincipalTag/Account"}},
		{"one that does not apply", `"Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parsed(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", `+tt.rest+`}]}`)
			engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{*p}})
			if engine == nil {
				t.Fatal(findings)
			}
			x := engine.Explain(authz.Request{Principal: "arn:aws:iam::123456789012:user/ana", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k",
				Context: authz.Context{{Key: "aws:SourceAccount", Values: []string{"123456789012"}}}})
			if got := x.Statements[0].Lacks(); !slices.Equal(got, tt.want) {
				t.Errorf("lacks %v, want %v", got, tt.want)
			}
		})
	}
}
