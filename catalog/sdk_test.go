package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/catalog"
)

// describe writes what an operation needs, a line for each thing.
func describe(op *catalog.Operation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", op.Name, op.Certainty)
	if op.Method != "" {
		fmt.Fprintf(&b, "http %s %s\n", op.Method, op.Path)
	}
	if op.Without != "" {
		fmt.Fprintf(&b, "without %s\n", op.Without)
	}
	for _, n := range op.Needs {
		fmt.Fprintf(&b, "%s %s", n.Purpose, n.Action)
		for _, g := range n.When {
			switch {
			case g.Absent && g.Pattern != "":
				fmt.Fprintf(&b, " unless %s is %s", g.Member, g.Pattern)
			case g.Absent:
				fmt.Fprintf(&b, " unless %s", g.Member)
			case g.Pattern != "":
				fmt.Fprintf(&b, " if %s is %s", g.Member, g.Pattern)
			default:
				fmt.Fprintf(&b, " if %s", g.Member)
			}
		}
		b.WriteString("\n")
		for _, r := range n.Resources {
			name := r.Type
			if name == "" {
				name = r.Formats[0]
			}
			fmt.Fprintf(&b, "  on %s %s%s\n", name, r.Certainty, describeBindings(r.Bindings))
		}
	}
	for _, r := range op.Roles {
		fmt.Fprintf(&b, "role %s to %s %s\n", r.Member, r.Service, r.Certainty)
	}
	for _, p := range op.Conceals {
		fmt.Fprintf(&b, "%s conceals roles passed to %s\n", p.Member, p.Service)
	}
	for _, k := range op.Keys {
		fmt.Fprintf(&b, "key %s", k.Key)
		if k.Type != "" {
			fmt.Fprintf(&b, " of a %s", k.Type)
		}
		fmt.Fprintf(&b, " %s%s\n", k.Certainty, describeBindings(k.Bindings))
	}
	return b.String()
}

func describeBindings(list []catalog.Binding) string {
	var b strings.Builder
	for _, x := range list {
		switch {
		case x.Shape != "":
			fmt.Fprintf(&b, " %s like %s", x.Member, x.Shape)
		case x.Member == "":
			fmt.Fprintf(&b, " %s is %q", x.Placeholder, x.Default)
			continue
		case x.Placeholder != "":
			fmt.Fprintf(&b, " %s=%s", x.Placeholder, x.Member)
		default:
			fmt.Fprintf(&b, " %s", x.Member)
		}
		if x.Default != "" {
			fmt.Fprintf(&b, " or %q", x.Default)
		}
	}
	return b.String()
}

func TestOperation(t *testing.T) {
	tests := []struct{ service, operation, want string }{
		{"sqs", "sendMessageBatch", `SendMessageBatch reviewed
call sqs:SendMessage
  on queue reviewed QueueUrl like https://*/${Account}/${QueueName}
`},
		{"s3", "listBuckets", `ListBuckets reviewed
call s3:ListAllMyBuckets
  on arn:${Partition}:s3:::* reviewed
`},
		{"s3", "HeadBucket", `HeadBucket reviewed
call s3:ListBucket
  on accesspoint reviewed Bucket like arn:${Partition}:s3:${Region}:${Account}:accesspoint/${AccessPointName}
  on bucket reviewed BucketName=Bucket
`},
		{"dynamodb", "transactGetItems", `TransactGetItems reviewed
call dynamodb:GetItem
  on table reviewed TableName=TransactItems[].Get.TableName
key dynamodb:ReturnConsumedCapacity reviewed ReturnConsumedCapacity
`},
		{"dynamodb", "batchGetItem", `BatchGetItem reviewed
call dynamodb:BatchGetItem
  on table reviewed TableName=RequestItems{key}
key dynamodb:ReturnConsumedCapacity reviewed ReturnConsumedCapacity
`},
		{"kms", "reEncrypt", `ReEncrypt reviewed
call kms:ReEncryptFrom
  on key reviewed SourceKeyId like alias/* KeyId=SourceKeyId
call kms:ReEncryptTo
  on key reviewed DestinationKeyId like alias/* KeyId=DestinationKeyId
`},
		{"apigateway", "getMethod", `GetMethod derived
http GET /restapis/{restApiId}/resources/{resourceId}/methods/{httpMethod}
call apigateway:GET
  on arn:${Partition}:apigateway:${Region}::/restapis/${RestApiId}/resources/${ResourceId}/methods/${HttpMethod} reviewed RestApiId=RestApiId ResourceId=ResourceId HttpMethod=HttpMethod
`},
		{"scheduler", "createSchedule", `CreateSchedule reviewed
call scheduler:CreateSchedule
  on schedule reviewed GroupName=GroupName or "default" ScheduleName=Name
role Target.RoleArn to scheduler.amazonaws.com reviewed
`},
		{"rdsdata", "beginTransaction", `BeginTransaction reviewed
call rds-data:BeginTransaction
  on cluster reviewed ResourceArn
dependent secretsmanager:GetSecretValue
  on Secret reviewed SecretArn
`},
		{"sts", "getCallerIdentity", `GetCallerIdentity reviewed
without unsigned
`},
		{"ecs", "createGateway", `CreateGateway reviewed
without newer
`},
		{"amplify", "createApp", `CreateApp derived
call amplify:CreateApp
role IamServiceRoleArn to amplify.amazonaws.com derived
key aws:RequestTag/${TagKey} derived TagKey=Tags{key} Tags{}
key aws:TagKeys derived Tags{key}
`},
		{"connect", "describeContact", `DescribeContact derived
call connect:DescribeContact
  on contact derived InstanceId=InstanceId ContactId=ContactId
key connect:InstanceId derived InstanceId
`},
	}
	for _, test := range tests {
		t.Run(test.service+":"+test.operation, func(t *testing.T) {
			op, err := catalog.Default().Operation(test.service, test.operation)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, describe(op)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// everyOperation calls f for all operations of all SDK services.
func everyOperation(t *testing.T, f func(s *catalog.SDKService, op *catalog.Operation)) {
	t.Helper()
	c := catalog.Default()
	names, err := c.SDKServices()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		s, err := c.ServiceBySDKName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range s.Ops {
			f(s, op)
		}
	}
}

// mostUsed are the services that people are likeliest to call.
var mostUsed = strings.Fields(`s3 dynamodb lambda ec2 iam sts sqs sns ecs ecr eks kms secretsmanager ssm
	cloudwatchlogs cloudwatch cloudformation cloudfront apigateway apigatewayv2 sfn eventbridge scheduler kinesis
	firehose rds elasticache elasticloadbalancingv2 elasticloadbalancing autoscaling applicationautoscaling route53
	acm cloudtrail config athena glue emr redshift redshiftdata opensearch elasticsearch cognitoidentityprovider
	cognitoidentity sesv2 ses codebuild codepipeline batch sagemaker bedrock bedrockruntime appsync efs backup
	organizations wafv2 xray servicediscovery s3control mq kafka transfer docdb resourcegroupstaggingapi ssoadmin
	servicequotas`)

// TestCoverage counts the operations of which the actions are known. The rest
// has a reason each; operations that are newer than the service authorization
// reference are counted on their own, as nothing can be known of them yet.
func TestCoverage(t *testing.T) {
	used := map[string]bool{}
	for _, name := range mostUsed {
		used[name] = true
	}
	type count struct{ all, known, newer, without int }
	var all, most count
	add := func(c *count, op *catalog.Operation) {
		c.all++
		switch op.Without {
		case "":
			c.known++
		case catalog.Newer:
			c.newer++
		case catalog.Unsigned, catalog.OwnCredentials:
			c.without++
		}
	}
	reasons := map[catalog.Reason]int{}
	everyOperation(t, func(s *catalog.SDKService, op *catalog.Operation) {
		add(&all, op)
		if used[s.Name] {
			add(&most, op)
		}
		reasons[op.Without]++
	})
	t.Log(base(t))
	share := func(c count) float64 { return 100 * float64(c.known) / float64(c.all-c.newer-c.without) }
	t.Logf("all services: %d operations, %d with actions, %d newer than the reference, %d without IAM: %.2f %% of %d known; of all %.2f %%",
		all.all, all.known, all.newer, all.without, share(all), all.all-all.newer-all.without, 100*float64(all.known)/float64(all.all))
	t.Logf("%d most used: %d operations, %d with actions, %d newer, %d without IAM: %.2f %% known; of all %.2f %%",
		len(mostUsed), most.all, most.known, most.newer, most.without, share(most), 100*float64(most.known)/float64(most.all))
	t.Logf("reasons: %v", reasons)
	if share(all) < 99 || 100*float64(all.known) < 98*float64(all.all) {
		t.Errorf("actions are known for too few operations")
	}
	if share(most) < 99.5 {
		t.Errorf("actions are known for too few operations of the most used services")
	}
}

// base says which operations the coverage is counted over: those of the SDKs that
// the catalogue was made from.
func base(t *testing.T) string {
	t.Helper()
	sources, err := catalog.Default().Sources()
	if err != nil {
		t.Fatal(err)
	}
	clients := 0
	var names []string
	for _, s := range sources {
		switch {
		case strings.HasPrefix(s.Name, "@aws-sdk/client-"):
			clients++
		case !strings.Contains(s.Name, "iam-data"):
			names = append(names, s.Name)
		}
	}
	return fmt.Sprintf("operations of %s and %d packages @aws-sdk/client-*", strings.Join(names, ", "), clients)
}

// reviewed are the services of which every row was confirmed.
var reviewed = strings.Fields(`acm athena autoscaling batch bedrockruntime cloudformation cloudfront cloudwatch
	cloudwatchlogs codebuild codepipeline cognitoidentityprovider comprehend dynamodb ec2 ecr ecs eks elasticache
	elasticloadbalancingv2 emr emrserverless eventbridge firehose glue iam iotdataplane kinesis kms lambda organizations
	polly rds rdsdata redshiftdata rekognition route53 s3 scheduler secretsmanager sfn sns sqs ssm sts textract
	transcribe translate`)

func TestReviewedServices(t *testing.T) {
	for _, name := range reviewed {
		s, err := catalog.Default().ServiceBySDKName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range s.Ops {
			if op.Certainty != catalog.Reviewed {
				t.Errorf("%s:%s is %s", name, op.Name, op.Certainty)
			}
			for _, n := range op.Needs {
				for _, r := range n.Resources {
					if r.Certainty != catalog.Reviewed && n.Purpose == catalog.Call {
						t.Errorf("%s:%s: the resource %s is %s", name, op.Name, r.Type, r.Certainty)
					}
				}
			}
		}
	}
	t.Logf("%d services are reviewed", len(reviewed))
}

// TestNothingUnexplained holds the tables to what they may say.
func TestNothingUnexplained(t *testing.T) {
	c := catalog.Default()
	rows, keys := map[catalog.Certainty]int{}, map[catalog.Certainty]int{}
	everyOperation(t, func(s *catalog.SDKService, op *catalog.Operation) {
		name := s.Name + ":" + op.Name
		if (len(op.Needs) == 0) == (op.Without == "") {
			t.Errorf("%s has neither needs nor a reason, or both", name)
		}
		calls := 0
		for _, n := range op.Needs {
			if _, err := c.Action(n.Action); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if n.Purpose == catalog.Call {
				calls++
			}
			for _, r := range n.Resources {
				rows[r.Certainty]++
				if r.Certainty == catalog.Assumed && len(r.Bindings) > 0 {
					t.Errorf("%s: assumes what it has a binding for", name)
				}
				checkBindings(t, name, r.Formats, r.Bindings)
			}
		}
		if len(op.Needs) > 0 && calls == 0 {
			t.Errorf("%s needs nothing to be called", name)
		}
		for _, r := range op.Roles {
			if (r.Service == "") != (r.Certainty == catalog.Assumed) {
				t.Errorf("%s: role %s goes to %q, which is %s", name, r.Member, r.Service, r.Certainty)
			}
			if r.Service != "" && !strings.HasSuffix(r.Service, ".amazonaws.com") {
				t.Errorf("%s: role %s goes to %q", name, r.Member, r.Service)
			}
		}
		checkKeys(t, name, op)
		for _, k := range op.Keys {
			keys[k.Certainty]++
		}
	})
	t.Logf("resources of operations: %v; condition keys: %v", rows, keys)
}

// checkKeys finds keys that no action of an operation has.
func checkKeys(t *testing.T, name string, op *catalog.Operation) {
	t.Helper()
	listed := map[string]bool{}
	for _, n := range op.Needs {
		prefix, action, _ := strings.Cut(n.Action, ":")
		s, err := catalog.Default().Service(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if a, ok := s.Action(action); ok {
			for _, k := range s.KeysOf(a) {
				listed[k] = true
			}
		}
	}
	for _, k := range op.Keys {
		if !listed[k.Key] {
			t.Errorf("%s: none of its actions has the key %s", name, k.Key)
		}
		if k.Certainty == catalog.Assumed || len(k.Bindings) == 0 {
			t.Errorf("%s: nothing tells the value of %s", name, k.Key)
		}
	}
}

// Values of condition keys, from the pages on condition keys of each service.
func TestKeysOfRequests(t *testing.T) {
	tests := []struct{ service, operation, want string }{
		{"sns", "subscribe", "sns:Protocol reviewed Protocol"},
		{"sns", "createTopic", "aws:RequestTag/${TagKey} derived TagKey=Tags[].Key Tags[].Value"},
		{"sns", "createTopic", "aws:TagKeys derived Tags[].Key"},
		{"lambda", "createFunction", "aws:RequestTag/${TagKey} derived TagKey=Tags{key} Tags{}"},
		{"ec2", "runInstances", "aws:RequestTag/${TagKey} derived TagKey=TagSpecifications[].Tags[].Key TagSpecifications[].Tags[].Value"},
		{"ec2", "runInstances", `ec2:CreateAction derived  is "RunInstances"`},
		{"ec2", "runInstances", "ec2:MetadataHttpTokens reviewed MetadataOptions.HttpTokens"},
		{"ec2", "runInstances", "ec2:InstanceType reviewed InstanceType"},
		{"ec2", "modifyInstanceMetadataOptions", `ec2:Attribute/${AttributeName} reviewed AttributeName is "HttpTokens" HttpTokens`},
		{"ec2", "createVolume", "ec2:VolumeSize reviewed Size"},
		{"elasticache", "modifyReplicationGroup", "elasticache:CacheNodeType reviewed CacheNodeType"},
		{"codebuild", "startBuild", "codebuild:environment.image reviewed ImageOverride"},
		{"ecs", "stopServiceDeployment", "ecs:service of a service reviewed ServiceDeploymentArn like arn:${Partition}:ecs:${Region}:${Account}:service-deployment/${ClusterName}/${ServiceName}/*"},
		{"dynamodb", "untagResource", "aws:TagKeys derived TagKeys[]"},
		{"s3", "listObjectsV2", "s3:prefix reviewed Prefix"},
		{"s3", "putObject", "s3:x-amz-server-side-encryption-aws-kms-key-id reviewed SSEKMSKeyId"},
		{"s3", "getObject", "s3:versionid reviewed VersionId"},
		{"kms", "decrypt", "kms:EncryptionContext:${EncryptionContextKey} reviewed EncryptionContextKey=EncryptionContext{key} EncryptionContext{}"},
		{"kms", "createGrant", "kms:GrantOperations reviewed Operations[]"},
		{"kms", "generateDataKeyPair", "kms:DataKeyPairSpec reviewed KeyPairSpec"},
		{"iam", "attachRolePolicy", "iam:PolicyARN reviewed PolicyArn"},
		{"iam", "putRolePermissionsBoundary", "iam:PermissionsBoundary reviewed PermissionsBoundary"},
		{"sts", "assumeRole", "sts:SourceIdentity reviewed SourceIdentity"},
		{"lambda", "createFunction", "lambda:Layer reviewed Layers[]"},
		{"lambda", "createFunctionUrlConfig", "lambda:FunctionArn of a function reviewed FunctionName=FunctionName"},
		{"secretsmanager", "getSecretValue", "secretsmanager:VersionStage reviewed VersionStage"},
		{"ssm", "putParameter", "ssm:Overwrite reviewed Overwrite"},
		{"eventbridge", "putEvents", "events:detail-type reviewed Entries[].DetailType"},
		{"cloudformation", "createStack", "cloudformation:TemplateUrl reviewed TemplateURL"},
		{"rds", "createDBInstance", "rds:DatabaseClass reviewed DBInstanceClass"},
		{"sagemaker", "createTrainingJob", "sagemaker:InstanceTypes reviewed ResourceConfig.InstanceType"},
		{"cloudwatch", "putMetricData", "cloudwatch:namespace reviewed Namespace"},
		{"dynamodb", "query", "dynamodb:Select reviewed Select"},
	}
	for _, test := range tests {
		op, err := catalog.Default().Operation(test.service, test.operation)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(describe(op), "key "+test.want+"\n") {
			t.Errorf("%s:%s has no line %q:\n%s", test.service, test.operation, test.want, describe(op))
		}
	}

	for _, test := range []struct{ service, operation, key string }{
		{"kms", "generateDataKey", "kms:KeySpec"},                             // KeySpec is that of the data key
		{"ec2", "modifyVolume", "ec2:VolumeType"},                             // the key is about the volume as it is
		{"ec2", "modifyInstanceMetadataOptions", "ec2:MetadataHttpTokens"},    // the same
		{"sts", "assumeRole", "aws:TagKeys derived TransitiveTagKeys[]"},      // of the session
		{"ec2", "createLaunchTemplateVersion", "aws:TagKeys derived LaunchT"}, // of what will be made with it
	} {
		op, err := catalog.Default().Operation(test.service, test.operation)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(describe(op), "key "+test.key) {
			t.Errorf("%s:%s has the key %s:\n%s", test.service, test.operation, test.key, describe(op))
		}
	}
}

// checkBindings finds bindings for placeholders that no format has.
func checkBindings(t *testing.T, name string, formats []string, list []catalog.Binding) {
	t.Helper()
	all := strings.Join(formats, " ")
	for _, b := range list {
		if b.Placeholder != "" && !strings.Contains(all, "${"+b.Placeholder+"}") {
			t.Errorf("%s: no format has ${%s}: %s", name, b.Placeholder, all)
		}
		for rest := b.Shape; ; {
			_, after, ok := strings.Cut(rest, "${")
			if !ok {
				break
			}
			placeholder, next, _ := strings.Cut(after, "}")
			if !strings.Contains(all, "${"+placeholder+"}") {
				t.Errorf("%s: no format has ${%s} of the shape %s: %s", name, placeholder, b.Shape, all)
			}
			rest = next
		}
	}
}

// TestPassedRoles holds the operations against the dependent actions that AWS
// documents: where iam:PassRole is one, a member with a role should be known.
// It prints those of which none is; most take the role from something that
// exists already.
func TestPassedRoles(t *testing.T) {
	c := catalog.Default()
	documented, found := 0, 0
	var missing []string
	everyOperation(t, func(s *catalog.SDKService, op *catalog.Operation) {
		for _, n := range op.Needs {
			a, err := c.Action(n.Action)
			if err != nil || n.Purpose != catalog.Call || !slices.Contains(a.Dependents, "iam:PassRole") {
				continue
			}
			documented++
			if len(op.Roles) > 0 {
				found++
			} else {
				missing = append(missing, s.Name+":"+op.Name)
			}
			break
		}
	})
	t.Logf("%d operations pass roles by the documentation, of %d of these a member is known; not of %v", documented, found, missing)
	if found*100 < documented*75 {
		t.Error("members that pass roles are known for too few operations")
	}
}
