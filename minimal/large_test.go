package minimal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/writ-iam/writ/minimal"
	"github.com/writ-iam/writ/policy"
)

// largePolicies are policies of about a megabyte, or a part of it, that are redundant
// in one way each.
func largePolicies(part int) map[string]string {
	list := func(n int, format string) string {
		var b strings.Builder
		for i := range n / part {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	statement := func(action, resource, more string) string {
		return `{"Effect": "Allow", "Action": [` + action + `], "Resource": [` + resource + `]` + more + `}`
	}
	const get, bucket = `"s3:GetObject"`, `"arn:aws:s3:::bucket-#/*"`
	return map[string]string{
		"resources of one action":   list(9000, statement(get, bucket, "")),
		"actions on one resource":   list(9000, statement(`"s3:Action#"`, `"arn:aws:s3:::bucket/*"`, "")),
		"one statement, resources":  statement(get, list(35000, bucket), ""),
		"one statement, wildcards":  statement(get, list(25000, `"arn:aws:s3:::*/a#/*/b#*"`), ""),
		"one statement, actions":    statement(list(40000, `"ec2:Describe#x*"`), `"*"`, ""),
		"conditions that differ":    list(6000, statement(get, bucket, `, "Condition": {"StringLike": {"aws:PrincipalTag/t#": "a*#"}}`)),
		"conditions, one resource":  list(6000, statement(`"s3:*"`, `"*"`, `, "Condition": {"StringLike": {"aws:PrincipalTag/t#": "a*#"}}`)),
		"values of conditions":      statement(get, `"*"`, `, "Condition": {"StringLike": {"aws:PrincipalTag/t": [`+list(50000, `"a*#*b"`)+`]}}`),
		"the same over and over":    list(9000, statement(get, `"arn:aws:s3:::bucket/*"`, "")),
		"half of it denied":         list(5000, statement(get, bucket, "")) + "," + list(5000, strings.Replace(statement(`"s3:Get*"`, bucket, ""), "Allow", "Deny", 1)),
		"variables in all of them":  list(7000, statement(get, `"arn:aws:s3:::${aws:PrincipalTag/t#}/*"`, "")),
		"many wildcards in a value": statement(get, `"arn:aws:s3:::`+strings.Repeat("a*", 2000)+`", "arn:aws:s3:::`+strings.Repeat("*a", 2000)+`"`, ""),
	}
}

// TestLargePolicies ends: the work is bounded, and what it leaves out is said.
func TestLargePolicies(t *testing.T) {
	if raceEnabled {
		t.Skip("slow under the race detector")
	}
	part := 4
	if testing.Short() {
		part = 16
	}
	for name, statements := range largePolicies(part) {
		t.Run(name, func(t *testing.T) {
			doc := parse(t, `{"Version": "2012-10-17", "Statement": [`+statements+`]}`)
			start := time.Now()
			result := minimize(t, doc, minimal.Options{Work: minimal.DefaultWork / part})
			t.Logf("%d characters became %d in %v; %d changes, not taken: %v", policy.Size(doc), policy.Size(result.Document), time.Since(start), len(result.Changes), result.NotTaken)
			if policy.Size(result.Document) > policy.Size(doc) {
				t.Error("it has grown")
			}
		})
	}
}
