package template

import (
	"testing"

	"github.com/writ-iam/writ/source"
)

func TestDetect(t *testing.T) {
	tests := []struct {
		name, text string
		want       Format
	}{
		{"a.json", `{"Resources": {}}`, CloudFormation},
		{"a.yaml", "Resources: {}\n", CloudFormation},
		{"-", "AWSTemplateFormatVersion: '2010-09-09'\n", CloudFormation},
		{"a.yaml", "Transform: AWS::Serverless-2016-10-31\nResources: {}\n", SAM},
		{"a.yaml", "Transform: [Mine, AWS::Serverless-2016-10-31]\n", SAM},
		{"a.yaml", "Transform: [Mine]\nResources: {}\n", CloudFormation},
		{"manifest.json", `{"version": "36.0.0", "artifacts": {}}`, CDKAssembly},
		{"plan.json", `{"format_version": "1.2", "planned_values": {}}`, TerraformPlan},
		{"main.tf", `resource "aws_iam_role" "r" {}`, TerraformHCL},
		{"main.tf.json", `{"resource": {}}`, TerraformHCL},
		{"machine.json", `{"StartAt": "A", "States": {}}`, Unknown},
		{"policy.json", `{"Version": "2012-10-17", "Statement": []}`, Unknown},
		{"a.json", `[]`, Unknown},
		{"a.json", `{`, Unknown},
		{"", ``, Unknown},
	}
	for _, tt := range tests {
		if got := Detect(source.NewFile(tt.name, tt.text)); got != tt.want {
			t.Errorf("%s: %s: %s, want %s", tt.name, tt.text, got, tt.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	tests := []struct{ name, text, code, at string }{
		{"a.json", `{"Resources": `, "MALFORMED_JSON", ""},
		{"a.yaml", "a: [\n", "MALFORMED_YAML", ""},
		{"a.json", `{"StartAt": "A"}`, "NOT_A_TEMPLATE", "{"},
		{"a.json", `{"Resources": {}, "x": "a` + "\ue000" + `"}`, "RESERVED_CHARACTER", `"a` + "\ue000" + `"`},
		{"a.json", `{"Resources": {}, "x": "\ue001"}`, "RESERVED_CHARACTER", `"\ue001"`},
		{"a.json", `{"Resources": {}, "\ue000": 1}`, "RESERVED_CHARACTER", `"\ue000"`},
	}
	for _, tt := range tests {
		file := source.NewFile(tt.name, tt.text)
		got, list := Read(file, Options{})
		if got != nil || len(list) != 1 || list[0].Code != tt.code || list[0].Severity != source.Error {
			t.Errorf("%s: %v, %v", tt.text, got, list)
			continue
		}
		if at := file.Slice(list[0].Span); tt.at != "" && at != tt.at {
			t.Errorf("%s: points at %q", tt.text, at)
		}
	}
}
