package prove_test

import (
	"testing"

	"github.com/writ-iam/writ/prove"
)

// What a variable stands for is compared as the operator around it compares.
func TestVariablesUnderOperators(t *testing.T) {
	statement := func(condition string) string {
		return `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {` + condition + `}}}`
	}
	for _, c := range []struct {
		name, now, old string
		want           prove.Verdict
	}{
		{"letter case counts in the old policy alone",
			`"StringEqualsIgnoreCase": {"k": "${aws:username}"}`, `"StringEquals": {"k": "${aws:username}"}`, prove.Refuted},
		{"letter case counts in the new policy alone",
			`"StringEquals": {"k": "${aws:username}"}`, `"StringEqualsIgnoreCase": {"k": "${aws:username}"}`, prove.Proved},
		{"a negation without letter case says less is left",
			`"StringNotEqualsIgnoreCase": {"k": "${v}"}`, `"StringNotEquals": {"k": "${v}"}`, prove.Proved},
		{"a negation with letter case leaves more",
			`"StringNotEquals": {"k": "${v}"}, "Null": {"v": "false"}`, `"StringNotEqualsIgnoreCase": {"k": "${v}"}`, prove.Refuted},
		{"letter case in some of several values",
			`"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": "${v}"}`, `"ForAnyValue:StringEquals": {"aws:TagKeys": "${v}"}`, prove.Refuted},
		{"letter case in all of several values",
			`"ForAllValues:StringEqualsIgnoreCase": {"aws:TagKeys": "${v}"}`, `"ForAllValues:StringEquals": {"aws:TagKeys": "${v}"}`, prove.Refuted},
		{"a star takes the variable in any case",
			`"StringEqualsIgnoreCase": {"k": "x${v}"}`, `"StringLike": {"k": ["x*", "X*"]}`, prove.Proved},
		{"the colons of an ARN may be in the variable: that is not excluded",
			`"ArnLike": {"k": "arn:aws:${v}"}`, `"Null": {"w": "true"}`, prove.Undecided},
		{"the variable's only value has too few colons",
			`"ArnLike": {"k": "arn:aws:${v}"}, "StringEquals": {"v": "s3"}`, `"Null": {"w": "true"}`, prove.Proved},
		{"a variable of a key with a set operator is no empty set",
			`"ForAnyValue:StringNotEquals": {"m": "b"}, "StringEquals": {"k": "${m}"}, "StringLike": {"v": "${w}"}`, `"StringLike": {"k": "?"}`, prove.Refuted},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, old := parse(t, statement(c.now)), parse(t, statement(c.old))
			got, err := prove.Compare(t.Context(), prove.Identity(now), prove.Identity(old), prove.Options{})
			if err != nil || got.Verdict != c.want {
				t.Errorf("%v (%s) %v, want %v\n%s\n%s", got.Verdict, got.Reason, err, c.want, c.now, c.old)
			}
		})
	}
}

// Which conditions keep out the public.
func TestPublicConditions(t *testing.T) {
	for _, c := range []struct {
		name, condition string
		want            prove.Verdict
	}{
		{"nothing", ``, prove.Refuted},
		{"the organization", `"StringEquals": {"aws:PrincipalOrgID": "o-1"}`, prove.Proved},
		{"if there is one", `"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}`, prove.Refuted},
		{"other organizations", `"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}`, prove.Refuted},
		{"all of none", `"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}`, prove.Refuted},
		{"a key equals itself", `"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}`, prove.Refuted},
		{"a key that the caller chooses", `"StringEquals": {"aws:SourceVpc": "${aws:RequestTag/vpc}"}`, prove.Refuted},
		{"a path with the organization", `"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/*"}`, prove.Proved},
		{"a path of any organization", `"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-1/*"}`, prove.Refuted},
		{"an ARN with an account", `"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}`, prove.Proved},
		{"an ARN of any account", `"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:alarms"}`, prove.Refuted},
		{"all addresses in two halves", `"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}`, prove.Refuted},
		{"a network", `"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, prove.Proved},
		{"all but a network", `"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, prove.Refuted},
		{"a tag", `"StringEquals": {"aws:PrincipalTag/team": "a"}`, prove.Refuted},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := parse(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", "Condition": {`+c.condition+`}}}`)
			got, err := prove.Public(t.Context(), prove.Alone("", doc), prove.Zone{}, prove.Options{})
			if err != nil || got.Verdict != c.want {
				t.Errorf("%v (%s) %v, want %v", got.Verdict, got.Reason, err, c.want)
			}
		})
	}
}
