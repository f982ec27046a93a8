package render

import (
	"strings"
	"testing"

	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// What is inserted breaks its lines as the file does, in JSON as in YAML.
func TestInsertionKeepsLineBreaks(t *testing.T) {
	for name, text := range map[string]string{
		"t.json": `{"Resources": {
  "Role": {"Type": "AWS::IAM::Role", "Properties": {
    "AssumeRolePolicyDocument": {"Statement": {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}}
  }},
  "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
    "Definition": {"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:t"}, "End": true}}}
  }}
}}
`,
		"t.yaml": `Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: 'sts:AssumeRole'}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      Definition: {StartAt: S, States: {S: {Type: Task, Resource: 'arn:aws:states:::sns:publish', Parameters: {TopicArn: 'arn:aws:sns:eu-west-1:123456789012:t'}, End: true}}}
`,
	} {
		file := source.NewFile(name, strings.ReplaceAll(text, "\n", "\r\n"))
		made, findings := template.Read(file, template.Options{})
		if made == nil || len(made.Machines) != 1 {
			t.Fatalf("%s: %v", name, findings)
		}
		opts := roles.Options{Name: "Machine"}
		opts.LeaveOpen()
		role, _ := roles.Generate(made.Machines[0].Definition, opts)
		var insertion Insertion
		if err := insertion.Add(&Resource{Role: role, Template: made, Machine: &made.Machines[0]}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out := insertion.Texts()[file]
		if !strings.Contains(out, "sns:Publish") || strings.Count(out, "\n") != strings.Count(out, "\r\n") {
			t.Errorf("%s: %q", name, out)
		}
	}
}
