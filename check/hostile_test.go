package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/source"
)

// repeat writes n numbered texts with commas between them.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func policyWith(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":` + action + `,"Resource":` + resource + `}]}`
}

// Whatever a text holds, there is an answer, and soon. The limit is far above what
// any of them takes, and far below what squares of their sizes would take.
func TestHostile(t *testing.T) {
	const n = 4_000
	statements := func(format string) string {
		return `{"Version":"2012-10-17","Statement":[` + repeat(n/4, format) + `]}`
	}
	for name, text := range map[string]string{
		"brackets":            strings.Repeat("[", 100_000),
		"objects":             strings.Repeat(`{"a":`, 100_000),
		"UTF-16":              "\xff\xfe{\x00}\x00",
		"invalid UTF-8":       policyWith(`"s3:Get\xff"`, `"*"`),
		"stars":               policyWith(`"s3:`+strings.Repeat("a*", 5000)+`b"`, `"arn:aws:s3:::`+strings.Repeat("a*", 5000)+`b"`),
		"resources":           policyWith(`"s3:GetObject"`, `[`+repeat(n, `"arn:aws:s3:::bucket-%d/*"`)+`]`),
		"resources, stars":    policyWith(`"s3:GetObject"`, `[`+repeat(n, `"arn:aws:s3:::*a%d*b*"`)+`]`),
		"resources, alike":    policyWith(`"s3:GetObject"`, `[`+repeat(4*n, `"arn:aws:s3:::b*%d*/x"`)+`]`),
		"resources, ?":        policyWith(`"ec2:RunInstances"`, `[`+repeat(n, `"arn:aws:ec2:*:*:*a?%d*b*"`)+`]`),
		"actions, stars":      policyWith(`[`+repeat(n, `"s3:*a%d*b*"`)+`]`, `"*"`),
		"unknown actions":     policyWith(`[`+repeat(n, `"s3:GetObjekt%d"`)+`]`, `"*"`),
		"unknown services":    policyWith(`[`+repeat(n, `"s%d:GetObject"`)+`]`, `"*"`),
		"a long action":       policyWith(`"s3:`+strings.Repeat("x", 1<<20)+`"`, `"*"`),
		"a long resource":     policyWith(`"s3:GetObject"`, `"arn:aws:s3:::`+strings.Repeat("x", 1<<20)+`"`),
		"roles":               policyWith(`"iam:PassRole"`, `[`+repeat(n/4, `"arn:aws:iam::*:role/`+strings.Repeat("*a", 20)+`%d"`)+`]`),
		"statements":          statements(`{"Sid":"S%[1]d","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b%[1]d/*"}`),
		"statements, all":     statements(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/x%d":"1"}}}`),
		"statements, twins":   statements(`{"Sid":"S%d","Effect":"Deny","Action":"*","Resource":"*"}`),
		"condition keys":      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{` + repeat(n, `"ec2:Nope%d":"x"`) + `}}}]}`,
		"a key's values":      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalTag/a":[` + repeat(n, `"*%d*"`) + `]},"StringEquals":{"aws:PrincipalTag/a":[` + repeat(n, `"%d"`) + `]}}}]}`,
		"operators of a key":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{` + repeat(n, `"StringLike%d":{"aws:PrincipalTag/a":"*"}`) + `}}]}`,
		"principals, assumed": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":[` + repeat(n, `"arn:aws:sts::123456789012:assumed-role/r%d/s"`) + `]},"Action":"sts:AssumeRole"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []check.Kind{check.Guess, check.Resource} {
				if _, err := check.File(source.NewFile("policy.json", text), check.Options{Kind: kind}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Every text has an answer, whatever it is taken for.
func FuzzCheck(f *testing.F) {
	f.Add(policyWith(`["iam:*","s3:Get*"]`, `"arn:aws:s3:::b/${aws:username}/*"`), uint8(check.Identity), "")
	f.Add(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":["*"],"Federated":"a.b"},"NotAction":"s3:*","NotResource":["arn:*","*"],"Condition":{"ForAllValues:StringLike":{"aws:userid":["*:*",1]},"Null":{},"Bool":{"a":[]}}}}`, uint8(check.RCP), "AWS::S3::Bucket")
	f.Add(`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"token.actions.githubusercontent.com"},"Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*/a@?*"}}}]}`, uint8(check.Trust), "")
	for i, v := range readVariants(f) {
		if i%8 == 0 { // there are enough of them
			f.Add(string(v.Policy), uint8(i/8), v.AttachedTo)
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8, resourceType string) {
		o := check.Options{Kind: check.Kind(kind % (uint8(check.Endpoint) + 1)), ResourceType: resourceType}
		result, err := check.File(source.NewFile("policy.json", text), o)
		if err != nil {
			return // there is no such type of resources
		}
		for _, f := range result.Findings {
			if _, ok := check.FindRule(f.Code); !ok {
				t.Errorf("no rule %s", f.Code)
			}
			if f.Span.Start < 0 || int(f.Span.End) > len(text) || f.Span.Start > f.Span.End {
				t.Errorf("%s at %v of %d bytes", f.Code, f.Span, len(text))
			}
		}
	})
}
