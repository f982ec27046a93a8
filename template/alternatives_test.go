package template

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

func TestAlternatives(t *testing.T) {
	text := `
Parameters: {Env: {Type: String}, Size: {Type: String, AllowedValues: [s, l]}}
Conditions: {A: !Equals [!Ref Env, a], B: !Equals [!Ref Env, b]}
Resources:
  R: {Type: AWS::IAM::Role, Properties: {RoleName: !If [A, one, two], AssumeRolePolicyDocument: {Statement: {Effect: Deny, Principal: '*', Action: '*'}}}}
  S: {Type: AWS::IAM::Role, Properties: {RoleName: s, AssumeRolePolicyDocument: {Statement: {Effect: Deny, Principal: '*', Action: '*'}}}}
  M: {Type: AWS::StepFunctions::StateMachine, Properties: {RoleArn: !If [B, !GetAtt R.Arn, !GetAtt S.Arn], Definition: {StartAt: A, States: {A: {Type: Succeed}}}}}
  N: {Type: AWS::StepFunctions::StateMachine, Properties: {RoleArn: !If [B, !GetAtt S.Arn, !Ref Env], Definition: {StartAt: A, States: {A: {Type: Succeed}}}}}
  K: {Type: AWS::StepFunctions::StateMachine, Properties: {EncryptionConfiguration: {KmsKeyId: !If [A, !Ref Size, !Ref 'AWS::NoValue']}, Definition: {StartAt: A, States: {A: {Type: Succeed}}}}}
`
	got, list := Read(source.NewFile("t.yaml", text), Options{Account: "123456789012", Partition: "aws"})
	if got == nil || list.HasErrors() {
		t.Fatal(list)
	}
	texts := func(text string) string {
		all, _ := got.Alternatives(text)
		for i := range all {
			all[i] = hole.Print(all[i])
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	for text, want := range map[string]string{
		got.Roles[0].ARN:          "arn:aws:iam::123456789012:role/one arn:aws:iam::123456789012:role/two",
		got.Machines[0].Role.Text: "arn:aws:iam::123456789012:role/one arn:aws:iam::123456789012:role/s arn:aws:iam::123456789012:role/two",
		got.Machines[2].KMSKey:    " l s",
		"plain":                   "plain",
	} {
		if have := texts(text); have != want {
			t.Errorf("%s: %q, want %q", hole.Print(text), have, want)
		}
	}
	names := func(ref Reference) string {
		roles, all := got.RolesOf(ref)
		out := ""
		for _, r := range roles {
			if !strings.Contains(out, r.Name) {
				out += r.Name
			}
		}
		if !all {
			out += "?"
		}
		return out
	}
	if have := names(got.Machines[0].Role); !strings.Contains("RS SR", have) || len(have) != 2 {
		t.Errorf("roles of M: %s", have)
	}
	if have := names(got.Machines[1].Role); have != "S?" {
		t.Errorf("roles of N: %s", have)
	}
	many := strings.Repeat(got.Roles[0].Physical+got.Machines[2].KMSKey, 1)
	if _, ok := got.Alternatives(many); !ok {
		t.Error("six alternatives are too many")
	}
}

// What is known of the place of the stack is filled in.
func TestPlace(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1": "aws eu-west-1 amazonaws.com", "cn-north-1": "aws-cn cn-north-1 amazonaws.com.cn", "us-gov-west-1": "aws-us-gov us-gov-west-1 amazonaws.com",
		"us-iso-east-1": "aws-iso us-iso-east-1 c2s.ic.gov", "us-isob-east-1": "aws-iso-b us-isob-east-1 sc2s.sgov.gov", "": "${AWS::Partition} ${AWS::Region} ${AWS::URLSuffix}",
	} {
		text := inPolicy("!Sub '${AWS::Partition} ${AWS::Region} ${AWS::URLSuffix}'", "")
		got, list := Read(source.NewFile("t.yaml", text), Options{Region: region})
		if len(list) > 0 {
			t.Fatal(list)
		}
		if have := hole.Print(got.Policies[0].Document.Statements[0].Resource.Values[0].Text); have != want {
			t.Errorf("%s: %s, want %s", region, have, want)
		}
	}
}

// A value for a parameter that is not there is worth a word, and one with
// characters of holes is refused.
func TestGivenParameters(t *testing.T) {
	file := source.NewFile("t.yaml", "Parameters: {Name: {Type: String}}\nResources: {}\n")
	if _, list := Read(file, Options{Parameters: map[string]string{"Nam": "x"}}); len(list) != 1 || list[0].Code != "UNKNOWN_PARAMETER" || !strings.Contains(list[0].Hint, "Name") {
		t.Errorf("%v", list)
	}
	if got, list := Read(file, Options{Parameters: map[string]string{"Name": "\ue000"}}); got != nil || len(list) != 1 || list[0].Code != "RESERVED_CHARACTER" {
		t.Errorf("%v", list)
	}
}

func TestReadParameters(t *testing.T) {
	want := map[string]string{"A": "x", "B": "1,2"}
	for name, text := range map[string]string{
		"cli.json":      `[{"ParameterKey": "A", "ParameterValue": "x"}, {"ParameterKey": "B", "ParameterValue": "1,2"}, {"ParameterKey": "C", "UsePreviousValue": true}]`,
		"deploy.json":   `["A=x", "B=1,2"]`,
		"pipeline.json": `{"Parameters": {"A": "x", "B": "1,2"}, "Tags": {"t": "u"}}`,
		"plain.yaml":    "A: x\nB: [1, 2]\n",
	} {
		got, list := ReadParameters(source.NewFile(name, text))
		if !maps.Equal(got, want) || len(list) > 0 {
			t.Errorf("%s: %v %v", name, got, list)
		}
	}
	for text, code := range map[string]string{
		"{": "MALFORMED_JSON", `"x"`: "BAD_PARAMETER", `["A"]`: "BAD_PARAMETER", `{"A": {}}`: "BAD_PARAMETER", `{"A": [[]]}`: "BAD_PARAMETER", `["\ue000=x"]`: "RESERVED_CHARACTER",
	} {
		if _, list := ReadParameters(source.NewFile("p.json", text)); len(list) != 1 || list[0].Code != code {
			t.Errorf("%s: %v", text, list)
		}
	}
}
