package roles

import (
	"testing"

	"github.com/writ-iam/writ/policy"
)

// A role that lacks one of its grants is never printed.
func TestVerifyFindsWhatIsMissing(t *testing.T) {
	whole := []Grant{
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/a${*}b"},
		{Action: "kms:Decrypt", Resource: "arn:aws:kms:us-east-1:123456789012:key/1", Conditions: []Condition{{"StringLike", "kms:ViaService", []string{"s3.*"}}}},
		{Action: "sts:AssumeRole", Resource: "arn:aws:iam::999988887777:role/*"},
		{Action: "sqs:SendMessage", Resource: "arn:aws-cn:sqs:cn-north-1:123456789012:q"},
		{Action: "ec2:DescribeSubnets", Resource: "*"},
	}
	for lacking := -1; lacking < len(whole); lacking++ {
		var granted []Grant
		for i, gr := range whole {
			whole[i].what = gr.Action
			if i != lacking {
				gr.what = gr.Action
				granted = append(granted, gr)
			}
		}
		g := generator{grants: whole}
		g.verify(&Role{Policies: []Policy{newPolicy("p", granted)}})
		switch {
		case lacking < 0 && len(g.findings) > 0:
			t.Errorf("the whole role: %v", g.findings)
		case lacking >= 0 && (len(g.findings) != 1 || g.findings[0].Code != "ROLE_INCOMPLETE"):
			t.Errorf("without %s: %v", whole[lacking].Action, g.findings)
		}
	}
}

func TestVerifyRefusesWhatItCannotRead(t *testing.T) {
	g := generator{grants: []Grant{{Action: "s3:GetObject", Resource: "*"}}}
	broken := &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{Effect: "allow"}}}
	g.verify(&Role{Policies: []Policy{{Document: broken}}})
	if !g.findings.HasErrors() {
		t.Error("a document that cannot be read passed")
	}
}
