package prove_test

import (
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/prove"
)

// Of all requests that show a difference, a witness is one that a person can
// picture: an action that exists, and a name without stray delimiters.
func TestWitnessIsReadable(t *testing.T) {
	for _, tt := range []struct{ name, now, old, action, resource string }{
		{"a known action before one that may come",
			`{"Effect":"Allow","Action":["ecs:DescribeService","ecs:UpdateService"],"Resource":"arn:aws:ecs:*:*:service/*"}`,
			`{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"arn:aws:ecs:*:*:service/prod/*"}`,
			"ecs:UpdateService", "arn:aws:ecs:us-east-1:123456789012:service/x/x"},
		{"an unknown action where nothing else shows it",
			`{"Effect":"Allow","Action":"ecs:DescribeService","Resource":"arn:aws:ecs:*:*:service/prod/x"}`,
			`{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"*"}`,
			"ecs:DescribeService", "arn:aws:ecs:us-east-1:123456789012:service/prod/x"},
		{"an action that may come, as the wildcard spells it, on what its likes act on",
			`{"Effect":"Allow","Action":["ecs:UpdateService", "ecs:DescribeService*"],"Resource":"*"}`,
			`{"Effect":"Allow","Action":["ecs:UpdateService","ecs:DescribeServices","ecs:DescribeServiceDeployments","ecs:DescribeServiceRevisions"],"Resource":"*"}`,
			"ecs:DescribeService", "arn:aws:ecs:us-east-1:123456789012:service/x/x"},
		{"the action's own form of ARN, with the colon that it needs",
			`{"Effect":"Allow","Action":"ecs:RunTask","Resource":"*"}`,
			`{"Effect":"Allow","Action":"ecs:StopTask","Resource":"*"}`,
			"ecs:RunTask", "arn:aws:ecs:us-east-1:123456789012:task-definition/x:x"},
		{"letters where a wildcard meets a delimiter",
			`{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"arn:aws:ecs:eu-west-1:123456789012:service/prod*/*"}`,
			`{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"arn:aws:ecs:eu-west-1:123456789012:service/prod/*"}`,
			"ecs:UpdateService", "arn:aws:ecs:eu-west-1:123456789012:service/prodx/x"},
	} {
		set := func(statement string) authz.Set {
			return authz.Set{Identity: []authz.Policy{{Document: parse(t, `{"Version":"2012-10-17","Statement":[`+statement+`]}`)}}}
		}
		got, err := prove.Compare(t.Context(), set(tt.now), set(tt.old), prove.Options{})
		switch {
		case err != nil || got.Witness == nil:
			t.Errorf("%s: %v, %v", tt.name, got, err)
		case got.Witness.Request.Action != tt.action || got.Witness.Request.Resource != tt.resource:
			t.Errorf("%s: %s on %s, want %s on %s", tt.name, got.Witness.Request.Action, got.Witness.Request.Resource, tt.action, tt.resource)
		}
	}
}
