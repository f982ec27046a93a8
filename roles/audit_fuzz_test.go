package roles

import (
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

// Whatever a role says, an audit ends, and every entry of it can be shown.
func FuzzAuditRole(f *testing.F) {
	m := mustParse(f, `{"StartAt": "A", "States": {
		"A": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "Parameters": {"TaskDefinition.$": "$.t", "Cluster": "c"}, "Next": "B"},
		"B": {"Type": "Task", "Resource": "arn:aws:states:::eks:createCluster", "Parameters": {"Name": "n", "RoleArn.$": "$.r", "ResourcesVpcConfig": {}}, "Next": "C"},
		"C": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "Parameters": {"Bucket": "b", "Key.$": "$.k"}, "End": true}}}`)
	for _, seed := range []struct{ role, trust string }{
		{`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`, `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*"}}`},
		{`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": ["ec?:*"], "NotResource": "arn:aws:s3:::${aws:username}/*"}, {"Effect": "Deny", "Action": "iam:Pass*", "Resource": "arn:*", "Condition": {"StringLike": {"iam:PassedToService": "*"}}}]}`,
			`{"Statement": {"Effect": "Allow", "Principal": {"Service": "states.eu-west-1.amazonaws.com"}, "Action": "sts:*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:*:*:*:1*:*"}}}}`},
	} {
		f.Add(seed.role, seed.trust, "eu-west-1", "123456789012")
	}
	f.Fuzz(func(t *testing.T, roleText, trustText, region, account string) {
		role, findings := policy.ParseString("role.json", roleText)
		trust, more := policy.ParseString("trust.json", trustText)
		if role == nil || trust == nil || findings.HasErrors() || more.HasErrors() {
			return
		}
		held := Held{Policies: []authz.Policy{{Name: "role", Document: role}}, Trust: &authz.Policy{Name: "trust", Document: trust}}
		audit, notes := AuditRole(m, held, Options{Region: region, Account: account, Name: "M"})
		if (audit == nil) != notes.HasErrors() {
			t.Fatalf("audit %v with %v", audit, notes)
		}
		if audit == nil {
			return
		}
		for _, found := range audit.Findings() {
			if found.Code == "" || found.Message == "" || found.File != nil && int(found.Span.End) > len(found.File.Text) {
				t.Errorf("%+v", found)
			}
		}
	})
}
