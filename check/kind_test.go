package check_test

import (
	"testing"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/source"
)

// Who is named and what is allowed tell what a policy is.
func TestGuess(t *testing.T) {
	for _, c := range []struct {
		statement string
		want      check.Kind
	}{
		{`"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"`, check.Identity},
		{`"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"`, check.Trust},
		{`"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole*", "Resource": "*"`, check.Trust},
		{`"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "s3:GetObject"], "Resource": "*"`, check.Resource},
		{`"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"`, check.Resource},          // of a VPC endpoint
		{`"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Resource": "*"`, check.Resource}, // of a VPC endpoint
		{`"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"`, check.Resource},           // an RCP
	} {
		result, err := check.File(source.NewFile("policy.json", `{"Version": "2012-10-17", "Statement": {`+c.statement+`}}`), check.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if result.Kind != c.want || !result.Guessed {
			t.Errorf("%s: %s, want %s", c.statement, result.Kind, c.want)
		}
	}
}

// Where an error leaves open what is denied, ways to more rights are a question.
func TestErrorInDeny(t *testing.T) {
	text := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": "*"},
		{"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"StringEqual": {"aws:PrincipalTag/team": "a"}}}]}`
	result, err := check.File(source.NewFile("policy.json", text), check.Options{Kind: check.Identity})
	if err != nil {
		t.Fatal(err)
	}
	if n := result.Undecided["WRIT_PRIVILEGE_ESCALATION"]; n != 1 {
		t.Errorf("%d questions, want 1: %v", n, result.Findings)
	}
}
