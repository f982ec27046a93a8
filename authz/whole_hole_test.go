package authz

import (
	"testing"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
)

// A hole that stands for a whole ARN equals itself, and nothing else for sure.
func TestWholeARNs(t *testing.T) {
	topic, other := hole.Text("TopicArn"), hole.Text("OtherArn")
	set := Set{
		Identity: []Policy{{Name: "p", Document: &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{
			{Effect: policy.Allow, Action: policy.String("sns:Publish"), Resource: policy.String(topic)},
			{Effect: policy.Allow, Action: policy.String("lambda:InvokeFunction"), Resource: policy.String(topic + ":*")},
		}}}},
	}
	e, findings := Compile(set)
	if e == nil {
		t.Fatal(findings)
	}
	for _, tt := range []struct {
		action, resource string
		want             Result
	}{
		{"sns:Publish", topic, Allowed},
		{"sns:Publish", other, Undecided},
		{"sns:Publish", "arn:aws:sns:eu-west-1:123456789012:a", Undecided},
		{"sns:Subscribe", topic, ImplicitlyDenied},
		{"lambda:InvokeFunction", topic + ":live", Allowed},
		{"lambda:InvokeFunction", topic, Undecided},
	} {
		r := Request{Principal: "arn:aws:iam::123456789012:role/r", Action: tt.action, Resource: tt.resource, ResourceAccount: "123456789012"}
		if got := e.Decide(r).Result; got != tt.want {
			t.Errorf("%s on %s: %v, want %v", tt.action, hole.Print(tt.resource), got, tt.want)
		}
	}
}
