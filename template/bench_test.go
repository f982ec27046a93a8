package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/writ-iam/writ/source"
)

// BenchmarkRead reads a template with 400 roles, machines and queues, about as
// large as CloudFormation takes.
func BenchmarkRead(b *testing.B) {
	var t strings.Builder
	t.WriteString(`{"Parameters": {"Env": {"Type": "String"}}, "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}}, "Resources": {"Last": {"Type": "AWS::SQS::Queue"}`)
	for i := range 400 {
		fmt.Fprintf(&t, `,
  "Q%[1]d": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "q%[1]d-${Env}"}}},
  "R%[1]d": {"Type": "AWS::IAM::Role", "Properties": {
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
    "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"], "Resource": [{"Fn::GetAtt": ["Q%[1]d", "Arn"]}, {"Fn::GetAtt": ["Last", "Arn"]}]},
      {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::If": ["Prod", {"Fn::Sub": "arn:${AWS::Partition}:s3:::b/${Env}/*"}, "*"]}},
      {"Fn::If": ["Prod", {"Effect": "Deny", "Action": "*", "Resource": "*"}, {"Ref": "AWS::NoValue"}]}]}}]}},
  "M%[1]d": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": {"Fn::GetAtt": ["R%[1]d", "Arn"]},
    "DefinitionString": {"Fn::Join": ["", ["{\"StartAt\":\"A\",\"States\":{\"A\":{\"End\":true,\"Type\":\"Task\",\"Resource\":\"arn:", {"Ref": "AWS::Partition"},
      ":states:::sqs:sendMessage\",\"Parameters\":{\"QueueUrl\":\"", {"Ref": "Q%[1]d"}, "\",\"MessageBody.$\":\"$\"}}}}"]]}}}`, i)
	}
	t.WriteString("}}\n")
	file := source.NewFile("t.json", t.String())
	got, list := Read(file, Options{})
	if len(got.Machines) != 400 || list.HasErrors() {
		b.Fatal(len(got.Machines), list)
	}
	b.SetBytes(int64(len(file.Text)))
	for b.Loop() {
		Read(file, Options{})
	}
}
