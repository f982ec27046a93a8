package template

import (
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// prelude is the template around the values of TestValues.
const prelude = `
Transform: AWS::LanguageExtensions
Parameters:
  Env: {Type: String}
  Stage: {Type: String, AllowedValues: [dev, prod]}
  Name: {Type: String, Default: orders}
  Count: {Type: Number, Default: 3}
  Secret: {Type: String, NoEcho: true, Default: hidden}
  Ami: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /my/ami}
  Given: {Type: String, Default: no}
  List: {Type: CommaDelimitedList}
  Known: {Type: CommaDelimitedList, Default: 'a, b,c'}
  Ids: {Type: 'List<Number>', Default: '1,2'}
Mappings:
  ByRegion:
    eu-west-1: {Name: dublin, Zones: [a, b]}
    us-east-1: {Name: virginia, Zones: [c]}
  ByEnv:
    dev: {Name: small}
Conditions:
  Open: !Equals [!Ref Env, prod]
  NotOpen: !Not [!Condition Open]
  Yes: !Equals [!Ref Name, orders]
  No: !Equals [!Ref Name, other]
  Same: !Equals [!Ref Env, !Ref Env]
  Never: !Equals [!Ref Stage, test]
  AndYes: !And [!Condition Yes, !Condition Same]
  AndNo: !And [!Condition Open, !Condition No]
  OrYes: !Or [!Condition Open, !Condition Yes]
  OrOpen: !Or [!Condition Open, !Condition No]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Named: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'q-${Name}'}}
  Fifo: {Type: AWS::SQS::Queue, Properties: {QueueName: !If [Open, a.fifo, !Ref AWS::NoValue]}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Env}}
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}
  Table: {Type: AWS::DynamoDB::Table}
  Function: {Type: AWS::Lambda::Function, Properties: {FunctionName: work}}
  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Function}}
  Alias: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !GetAtt Function.Arn, FunctionVersion: 1, Name: live}}
  Elsewhere: {Type: AWS::Lambda::Alias, Properties: {FunctionName: 'arn:aws:lambda:eu-west-1:123456789012:function:f', FunctionVersion: 1, Name: live}}
  Role: {Type: AWS::IAM::Role, Properties: {Path: /app/, RoleName: runner, AssumeRolePolicyDocument: {Statement: {Effect: Deny, Action: '*', Resource: '*'}}}}
  User: {Type: AWS::IAM::User}
  Managed: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: mine, PolicyDocument: {Statement: {Effect: Deny, Action: '*', Resource: '*'}}}}
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: {Effect: Deny, Action: '*', Resource: '*'}}}}
  Stored: {Type: AWS::SecretsManager::Secret, Properties: {Name: db}}
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /a/b}}
  Rule: {Type: AWS::Events::Rule, Properties: {Name: r}}
  BusRule: {Type: AWS::Events::Rule, Properties: {Name: r, EventBusName: bus}}
  DefaultRule: {Type: AWS::Events::Rule, Properties: {Name: r, EventBusName: default}}
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: c}}
  Service: {Type: AWS::ECS::Service, Properties: {ServiceName: s, Cluster: !Ref Cluster}}
  ByArn: {Type: AWS::ECS::Service, Properties: {ServiceName: s, Cluster: !GetAtt Cluster.Arn}}
  Oidc: {Type: AWS::IAM::OIDCProvider, Properties: {Url: 'https://token.example.com/x'}}
  Machine: {Type: AWS::StepFunctions::Activity, Properties: {Name: act}}
  Vpc: {Type: AWS::EC2::VPC}
  Mine: {Type: 'Custom::Thing'}
  Probe:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          Effect: Allow
          Action: s3:GetObject
          Resource: `

const (
	arnQueue = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:"
	urlQueue = "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/"
	arnFunc  = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
	arnIAM   = "arn:${AWS::Partition}:iam::${AWS::AccountId}:"
)

// What the functions give, and which finding there is, if any.
func TestValues(t *testing.T) {
	tests := []struct{ value, want, code string }{
		// Ref: pseudo parameters
		{"!Ref AWS::AccountId", "${AWS::AccountId}", ""},
		{"!Ref AWS::Partition", "${AWS::Partition}", ""},
		{"!Ref AWS::Region", "${AWS::Region}", ""},
		{"!Ref AWS::URLSuffix", "${AWS::URLSuffix}", ""},
		{"!Ref AWS::StackName", "${AWS::StackName}", ""},
		{"!Ref AWS::StackId", "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${AWS::StackName}/${AWS::StackId}", ""},
		{"[a, !Ref AWS::NoValue, b]", "a b", ""},
		{"!Ref AWS::Nothing", "${AWS::Nothing}", "UNKNOWN_REFERENCE"},
		// Ref: parameters
		{"!Ref Env", "${Env}", ""},
		{"!Ref Name", "orders", ""},
		{"!Ref Count", "3", ""},
		{"!Ref Secret", "${Secret}", ""},
		{"!Ref Ami", "${Ami}", ""},
		{"!Ref Given", "yes", ""},
		{"!Ref List", "${List}", ""},
		{"!Ref Known", "a b c", ""},
		{"!Ref Ids", "1 2", ""},
		{"!Ref Missing", "${Missing}", "UNKNOWN_REFERENCE"},
		{"!Ref [a]", "", "BAD_FUNCTION"},
		// Ref and GetAtt: resources
		{"!Ref Queue", urlQueue + "${Queue.QueueName}", ""},
		{"!GetAtt Queue.Arn", arnQueue + "${Queue.QueueName}", ""},
		{"!GetAtt Queue.QueueName", "${Queue.QueueName}", ""},
		{"!GetAtt Queue.QueueUrl", urlQueue + "${Queue.QueueName}", ""},
		{"!GetAtt [Queue, Arn]", arnQueue + "${Queue.QueueName}", ""},
		{"{'Fn::GetAtt': Queue.Arn}", arnQueue + "${Queue.QueueName}", ""},
		{"!GetAtt [Queue, !Sub 'Arn']", arnQueue + "${Queue.QueueName}", ""},
		{"!Ref Named", urlQueue + "q-orders", ""},
		{"!GetAtt Named.Arn", arnQueue + "q-orders", ""},
		{"!GetAtt Fifo.Arn", arnQueue + "${If:Open}", ""},
		{"!Ref Topic", "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${Env}", ""},
		{"!GetAtt Topic.TopicName", "${Env}", ""},
		{"!Ref Bucket", "data", ""},
		{"!GetAtt Bucket.Arn", "arn:${AWS::Partition}:s3:::data", ""},
		{"!GetAtt Bucket.RegionalDomainName", "data.s3.${AWS::Region}.${AWS::URLSuffix}", ""},
		{"!GetAtt Bucket.WebsiteURL", "${Bucket.WebsiteURL}", ""},
		{"!Ref Table", "${Table.TableName}", ""},
		{"!GetAtt Table.StreamArn", "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Table.TableName}/stream/${Table.StreamLabel}", ""},
		{"!GetAtt Function.Arn", arnFunc + "work", ""},
		{"!Ref Version", arnFunc + "work:${Version.Version}", ""},
		{"!Ref Alias", arnFunc + "work:live", ""},
		{"!Ref Elsewhere", "${Elsewhere}", ""},
		{"!GetAtt Role.Arn", arnIAM + "role/app/runner", ""},
		{"!Ref Role", "runner", ""},
		{"!GetAtt Role.RoleId", "${Role.RoleId}", ""},
		{"!GetAtt User.Arn", arnIAM + "user/${User.UserName}", ""},
		{"!Ref Managed", arnIAM + "policy/mine", ""},
		{"!Ref Key", "${Key.KeyId}", ""},
		{"!GetAtt Key.Arn", "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key.KeyId}", ""},
		{"!Ref Stored", "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db-${Stored.Suffix}", ""},
		{"!GetAtt Logs.Arn", "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/a/b:*", ""},
		{"!GetAtt Rule.Arn", "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/r", ""},
		{"!GetAtt BusRule.Arn", "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/bus/r", ""},
		{"!GetAtt DefaultRule.Arn", "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/r", ""},
		{"!Ref Service", "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/c/s", ""},
		{"!Ref ByArn", "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/c/s", ""},
		{"!Ref Oidc", arnIAM + "oidc-provider/token.example.com/x", ""},
		{"!Ref Machine", "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:activity:act", ""},
		{"!Ref Vpc", "${Vpc.VpcId}", ""},
		{"!Ref Mine", "${Mine}", ""},
		{"!GetAtt Mine.Some.Thing", "${Mine.Some.Thing}", ""},
		{"!GetAtt Missing.Arn", "${Missing.Arn}", "UNKNOWN_REFERENCE"},
		{"!GetAtt Queue", "", "BAD_FUNCTION"},
		{"!GetAtt [Queue, Arn, x]", "", "BAD_FUNCTION"},
		// Sub
		{"!Sub 'a-${Name}-b'", "a-orders-b", ""},
		{"!Sub '${Name}${Env}'", "orders${Env}", ""},
		{"!Sub '${Queue.Arn}/x'", arnQueue + "${Queue.QueueName}/x", ""},
		{"!Sub 'arn:${AWS::Partition}:s3:::${Bucket}/*'", "arn:${AWS::Partition}:s3:::data/*", ""},
		{"!Sub ['${A}:${A}:${Name}', {A: !Ref Env}]", "${Env}:${Env}:orders", ""},
		{"!Sub ['${Name}', {Name: other}]", "other", ""},
		{"!Sub 'x/${!aws:username}/y'", "x/${aws:username}/y", ""},
		{"!Sub 'no variable'", "no variable", ""},
		{"!Sub 'open ${ brace'", "open ${ brace", ""},
		{"!Sub '${ Name }'", "orders", ""},
		{"!Sub '${aws:username}'", "${aws:username}", "UNKNOWN_REFERENCE"},
		{"!Sub '${Missing}'", "${Missing}", "UNKNOWN_REFERENCE"},
		{"!Sub '${}'", "${}", "BAD_FUNCTION"},
		{"!Sub [a, b]", "", "BAD_FUNCTION"},
		{"!Sub {a: b}", "", "BAD_FUNCTION"},
		// Join
		{"!Join ['-', [a, !Ref Name, b]]", "a-orders-b", ""},
		{"!Join [':', [arn, !Ref AWS::Partition, s3, '', '', !Ref Bucket]]", "arn:${AWS::Partition}:s3:::data", ""},
		{"!Join [',', !Ref Known]", "a,b,c", ""},
		{"!Join [',', !Ref List]", `${Join(",",List)}`, ""},
		{"!Join ['', [a, !Ref AWS::NoValue, b]]", "ab", ""},
		{"!Join ['/', !Split [':', 'a:b']]", "a/b", ""},
		{"!Join [',', a]", "", "BAD_FUNCTION"},
		{"!Join a", "", "BAD_FUNCTION"},
		{"!Join ['', [[a]]]", "", "BAD_FIELD_TYPE"},
		// Select and Split
		{"!Select [1, [a, b]]", "b", ""},
		{"!Select ['0', !Ref Known]", "a", ""},
		{"!Select [0, !Ref List]", "${Select(0,List)}", ""},
		{"!Select [5, !Split [':', !GetAtt Queue.Arn]]", "${Queue.QueueName}", ""},
		{"!Select [1, !Split ['/', !GetAtt Table.Arn]]", "${Table.TableName}", ""},
		{"!Select [0, !Split ['-', !Ref Env]]", `${Select(0,Split("-",${Env}))}`, ""},
		{"!Select [4, !Split [':', !Ref Topic]]", `${Select(4,Split(":",arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${Env}))}`, ""},
		{"!Select [2, [a, b]]", "", "BAD_FUNCTION"},
		{"!Select [x, [a, b]]", "", "BAD_FUNCTION"},
		{"!Select [!Ref Env, [a, b]]", `${Select(${Env},["a","b"])}`, ""},
		{"!Split [',', 'a,b']", "a b", ""},
		{"!Split ['', 'a']", "", "BAD_FUNCTION"},
		{"!Split [',']", "", "BAD_FUNCTION"},
		// If and conditions
		{"!If [Yes, a, b]", "a", ""},
		{"!If [No, a, b]", "b", ""},
		{"!If [Same, a, b]", "a", ""},
		{"!If [Never, a, b]", "b", ""},
		{"!If [AndYes, a, b]", "a", ""},
		{"!If [AndNo, a, b]", "b", ""},
		{"!If [OrYes, a, b]", "a", ""},
		{"!If [Open, a, b]", "${If:Open}", ""},
		{"!If [OrOpen, a, b]", "${If:OrOpen}", ""},
		{"!If [Open, a, a]", "a", ""},
		{"[!If [Open, a, b], !If [Open, a, b], !If [Open, a, c]]", "${If:Open} ${If:Open} ${If:Open#2}", ""},
		{"!If [Open, !If [Open, a, b], c]", "${If:Open#2}", ""},
		{"!If [Missing, a, b]", "${If:Missing}", "UNKNOWN_REFERENCE"},
		{"!If [Yes, a]", "", "BAD_FUNCTION"},
		// FindInMap
		{"!FindInMap [ByRegion, eu-west-1, Name]", "dublin", ""},
		{"!FindInMap [ByRegion, eu-west-1, Zones]", "a b", ""},
		{"!FindInMap [ByRegion, !Ref AWS::Region, Name]", "${FindInMap(ByRegion,${AWS::Region},Name)}", ""},
		{"!FindInMap [ByEnv, prod, Name]", "", "BAD_FUNCTION"},
		{"!FindInMap [ByEnv, prod, Name, {DefaultValue: big}]", "big", ""},
		{"!FindInMap [ByEnv]", "", "BAD_FUNCTION"},
		// others
		{"!ImportValue shared", "${Import:shared}", ""},
		{"!ImportValue {'Fn::Sub': '${Env}-shared'}", "${Import:${Env}-shared}", ""},
		{"{'Fn::GetStackOutput': {StackName: s, OutputName: o}}", "${StackOutput:s.o}", ""},
		{"!Base64 abc", "YWJj", ""},
		{"!Base64 {Ref: Env}", "${Base64(${Env})}", ""},
		{"!GetAZs ''", "${GetAZs()}", ""},
		{"!Select [0, !GetAZs {Ref: 'AWS::Region'}]", "${Select(0,GetAZs(${AWS::Region}))}", ""},
		{"!Select [0, !Cidr [10.0.0.0/16, 2, 8]]", `${Select(0,Cidr(["10.0.0.0/16",2,8]))}`, ""},
		{"!Sub ['${N}', {N: !Length [a, b]}]", "2", ""},
		{"!Sub ['${N}', {N: !Length {Ref: List}}]", "${Length(List)}", ""},
		{"!ToJsonString {a: [1, !Ref Env], b: 'x\"'}", `{"a":[1,"${Env}"],"b":"x\""}`, ""},
		{"!Transform {Name: Mine, Parameters: {}}", "", "TEMPLATE_UNREADABLE"},
		{"!Transform {Name: AWS::Include, Parameters: {Location: 's3://b/k'}}", "", "TEMPLATE_UNREADABLE"},
		{"{'Fn::Nothing': x}", "", "UNKNOWN_FUNCTION"},
		{"{'Fn::Equals': [a, b]}", "", "BAD_FUNCTION"},
		{"{'Fn::Sub': a, Ref: b}", "", "BAD_FUNCTION"},
		// dynamic references
		{"'{{resolve:ssm:/a/b}}'", "${resolve:ssm:/a/b}", ""},
		{"'x{{resolve:secretsmanager:s:SecretString:k}}y'", "x${resolve:secretsmanager:s:SecretString:k}y", ""},
		{"!Sub '{{resolve:ssm:/${Name}/b}}'", "${resolve:ssm:/orders/b}", ""},
		{"'{{resolve:ssm:/a'", "{{resolve:ssm:/a", ""},
	}
	for _, tt := range tests {
		text := prelude + tt.value + "\n"
		file := source.NewFile("t.yaml", text)
		got, list := Read(file, Options{Parameters: map[string]string{"Given": "yes"}})
		if got == nil {
			t.Errorf("%s: %v", tt.value, list)
			continue
		}
		code := ""
		for _, f := range list {
			if f.Code != "UNDECIDED_CONDITION" {
				code = f.Code
				if int(f.Span.Start) < len(prelude) && !strings.Contains(tt.value, "${") {
					t.Errorf("%s: %s points at %q", tt.value, f.Code, file.Slice(f.Span))
				}
			}
		}
		if code != tt.code {
			t.Errorf("%s: finding %q, want %q: %v", tt.value, code, tt.code, list)
		}
		p := got.Policies[len(got.Policies)-1]
		if p.Incomplete != (tt.code != "") {
			t.Errorf("%s: incomplete is %v", tt.value, p.Incomplete)
		}
		if tt.want == "" {
			continue
		}
		var texts []string
		if p.Document != nil && len(p.Document.Statements) == 1 && p.Document.Statements[0].Resource != nil {
			for _, v := range p.Document.Statements[0].Resource.Values {
				texts = append(texts, hole.Print(v.Text))
			}
		}
		if s := strings.Join(texts, " "); s != tt.want {
			t.Errorf("%s:\n  got  %s\n  want %s", tt.value, s, tt.want)
		}
	}
}
