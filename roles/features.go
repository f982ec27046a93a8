package roles

// What a machine needs beyond the integrations of its Tasks. Sources as in
// integrations_compute.go.

const (
	ownMachine    = "arn:{partition}:states:{region}:{account}:stateMachine:{machine}"
	ownExecutions = "arn:{partition}:states:{region}:{account}:execution:{machine}:*"
)

// distributedMap: such a map runs its items in child executions of the same
// machine. Older and newer versions of the page differ on StopExecution, which
// stopping the children needs.
var distributedMap = integration{
	name: "Distributed Map", source: guide + "iam-policies-eg-dist-map",
	params: []param{{path: "Label", as: shape{"{label}"}}},
	rules: []rule{
		{purpose: Children, actions: "states:StartExecution", resource: ownMachine, note: "items run in child executions of this state machine"},
		{purpose: Children, actions: "states:DescribeExecution states:StopExecution", resource: ownExecutions},
	},
}

// redriven is added to distributedMap for machines whose executions are redriven.
var redriven = integration{
	name: "Distributed Map", source: guide + "iam-policies-eg-dist-map",
	params: []param{{path: "Label", as: shape{"{label}"}}},
	rules: []rule{
		{purpose: Children, actions: "states:RedriveExecution", reads: "Label", when: "Label", resource: "arn:{partition}:states:{region}:{account}:execution:{machine}/{label}:*", dynamic: "fill", note: "redriving an execution redrives its map runs"},
		{purpose: Children, actions: "states:RedriveExecution", when: "!Label", resource: "arn:{partition}:states:{region}:{account}:execution:{machine}/*:*", note: "redriving an execution redrives its map runs; a map without Label is given one at random"},
	},
}

var itemReaders = []integration{
	{
		name: "s3:getObject", source: guide + "iam-policies-eg-dist-map",
		needs:  "Bucket Key",
		params: []param{{path: "Bucket", as: shape{"{bucket}"}}, {path: "Key", as: shape{"inventory = {inventory...}/{date}/{manifest}", "object = {key...}"}}},
		rules: []rule{
			{purpose: ReadItems, actions: "s3:GetObject", reads: "Bucket Key", resource: "arn:{partition}:s3:::{bucket}/{Key}"},
			{purpose: ReadItems, actions: "s3:GetObjectVersion", reads: "Bucket Key", when: "VersionId", resource: "arn:{partition}:s3:::{bucket}/{Key}", source: "Amazon S3 API Reference, GetObject", note: "a named version of an object is an action of its own"},
			{purpose: ReadItems, actions: "s3:GetObject", reads: "Bucket Key/inventory", when: "ReaderConfig.InputType=MANIFEST !ReaderConfig.ManifestType=ATHENA_DATA", resource: "arn:{partition}:s3:::{bucket}/{inventory}/data/*", note: "an S3 inventory keeps its lists beside the manifest"},
			{purpose: ReadItems, actions: "s3:GetObject", reads: "Bucket Key/object", when: "ReaderConfig.InputType=MANIFEST !ReaderConfig.ManifestType=ATHENA_DATA", resource: "arn:{partition}:s3:::{bucket}/*", note: "the key does not show where the lists of the inventory lie"},
			{purpose: ReadItems, actions: "s3:GetObject", reads: "Bucket", when: "ReaderConfig.InputType=MANIFEST ReaderConfig.ManifestType=ATHENA_DATA", resource: "arn:{partition}:s3:::{bucket}/*", note: "an Athena manifest names data files, taken to lie in the same bucket"},
		},
	},
	{
		name: "s3:listObjectsV2", source: guide + "iam-policies-eg-dist-map",
		needs:  "Bucket",
		params: []param{{path: "Bucket", as: shape{"{bucket}"}}, {path: "Prefix", as: shape{"{prefix...}"}, extra: true}},
		rules: []rule{
			{purpose: ReadItems, actions: "s3:ListBucket", reads: "Bucket", resource: "arn:{partition}:s3:::{bucket}",
				conditions: []conditionRule{{operator: "StringLike", key: "s3:prefix", values: "{Prefix}"}}},
			{purpose: ReadItems, actions: "s3:GetObject", reads: "Bucket Prefix", resource: "arn:{partition}:s3:::{bucket}/[{prefix}]*"},
		},
	},
}

var resultWriters = []integration{
	{
		name: "s3:putObject", source: guide + "iam-policies-eg-dist-map",
		needs:  "Bucket",
		params: []param{{path: "Bucket", as: shape{"{bucket}"}}, {path: "Prefix", as: shape{"{prefix...}/", "{prefix...}"}, extra: true}},
		rules: []rule{
			{purpose: Results, actions: "s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload", reads: "Bucket Prefix", resource: "arn:{partition}:s3:::{bucket}/[{prefix}/]*"},
		},
	},
}

// credentials: a Task with Credentials works under the named role; whatever it
// calls must be allowed to that role, not to this one.
var credentials = integration{
	name: "Credentials", source: guide + "concepts-access-cross-acct-resources",
	needs:  "RoleArn",
	params: []param{{path: "RoleArn", as: roleShape, abroad: true}},
	rules: []rule{
		{purpose: Assume, actions: "sts:AssumeRole", reads: "RoleArn", resource: "arn:{partition}:iam::{account}:role/{role}",
			note: "the assumed role holds the permissions of the call; its trust policy should ask for sts:ExternalId equal to the ARN of this state machine"},
	},
}

var tracing = integration{
	name: "X-Ray tracing", source: guide + "xray-iam",
	rules: []rule{
		{purpose: Trace, actions: "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets", resource: "*", note: "the actions have no resource type"},
	},
}

// logging: ten actions on the current page; the archive of 2022 lacks CreateLogStream.
var logging = integration{
	name: "CloudWatch Logs", source: guide + "cw-logs",
	rules: []rule{
		{purpose: Log, actions: "logs:CreateLogDelivery logs:CreateLogStream logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutLogEvents logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups", resource: "*",
			note: "log delivery is set up by actions that have no resource type"},
	},
}

var customerKey = integration{
	name: "customer managed key", source: guide + "encryption-at-rest",
	rules: []rule{
		{purpose: Encrypt, actions: "kms:Decrypt kms:GenerateDataKey", resource: "{key}",
			conditions: []conditionRule{{operator: "StringEquals", key: "kms:EncryptionContext:aws:states:stateMachineArn", values: ownMachine}}},
	},
}

// logsKey: with a key of its own, a machine that sends logs encrypts what it
// delivers. The page compares with StringEquals a context that ends in "*".
var logsKey = integration{
	name: "customer managed key", source: guide + "encryption-at-rest",
	rules: []rule{
		{purpose: Encrypt, actions: "kms:GenerateDataKey", resource: "{key}",
			conditions: []conditionRule{{operator: "StringEquals", key: "kms:EncryptionContext:SourceArn", values: "arn:{partition}:logs:{region}:{account}:*"}},
			note:       "logs of an encrypted machine; the key policy must let delivery.logs.amazonaws.com decrypt"},
	},
}
