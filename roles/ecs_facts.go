package roles

// The facts about what the roles of Amazon ECS need. A row says which role
// needs what for a feature of a task definition or service; ecs.go finds the
// features. {partition}, {region} and {account} are where the task runs, unless
// the definition names an ARN of its own.

// Purposes of grants to the roles of ECS, beside those in table.go.
const (
	PullImage  Purpose = "pull-image" // pulling images
	ReadSecret Purpose = "secret"     // secrets and parameters that the agent fetches
	ReadFile   Purpose = "file"       // files in S3 that the agent fetches
	Mount      Purpose = "mount"      // file systems
	Exec       Purpose = "exec"       // ECS Exec
	RunTask    Purpose = "run-task"   // starting tasks
)

// TaskRoleKind says for whom a role of ECS is.
type TaskRoleKind string

// The kinds. They are the names that package managed has for them, but for hook.
const (
	ExecutionRole      TaskRoleKind = "execution"      // the agent: images, logs, secrets
	TaskRole           TaskRoleKind = "task"           // the containers
	InfrastructureRole TaskRoleKind = "infrastructure" // ECS, managing volumes and networking
	HookRole           TaskRoleKind = "hook"           // ECS, calling functions while it deploys
	CodeDeployRole     TaskRoleKind = "codedeploy"     // CodeDeploy, deploying the service
	EventsRole         TaskRoleKind = "events"         // EventBridge, running the task
)

// trustedAs is the name that package managed has for who assumes the role.
func (k TaskRoleKind) trustedAs() string {
	if k == HookRole {
		return string(InfrastructureRole) // the same service assumes it
	}
	return string(k)
}

// taskNeed is what one feature needs of one role.
type taskNeed struct {
	feature    string
	role       TaskRoleKind
	purpose    Purpose
	actions    string // space-separated
	resources  string // templates, space-separated
	either     bool   // the resources are ways to spell one: a role may have any of them
	conditions []conditionRule
	note       string
	source     string
}

const ecsGuide = "Amazon ECS developer guide, "

// Titles of pages that several rows come from.
const (
	executionPage    = ecsGuide + "Amazon ECS task execution IAM role"
	secretsPage      = ecsGuide + "Pass sensitive data to an Amazon ECS container"
	execPage         = ecsGuide + "Monitor Amazon ECS containers with ECS Exec"
	initPage         = "AWS for Fluent Bit, Init process for Fluent Bit on ECS"
	firelensPage     = ecsGuide + "Send Amazon ECS logs to an AWS service or AWS Partner"
	cloudWatchOutput = "Fluent Bit manual, Amazon CloudWatch"
	ebsPage          = ecsGuide + "Encrypt data stored in Amazon EBS volumes attached to Amazon ECS tasks"
)

const logGroupARN = "arn:{partition}:logs:{region}:{account}:log-group:{group}"

// logGroupSpelled is a log group as the service authorization reference has it,
// and as the service asks for it. Source: CloudWatch Logs user guide, "CloudWatch
// Logs resources and operations".
const logGroupSpelled = logGroupARN + " " + logGroupARN + ":*"

var taskNeeds = []taskNeed{
	{feature: "image", role: ExecutionRole, purpose: PullImage, actions: "ecr:GetAuthorizationToken", resources: "*", source: executionPage, note: "takes no resource"},
	{feature: "image", role: ExecutionRole, purpose: PullImage, actions: "ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:BatchGetImage",
		resources: "arn:{partition}:ecr:{region}:{account}:repository/{repository}", source: executionPage},
	{feature: "pull-through-cache", role: ExecutionRole, purpose: PullImage, actions: "ecr:BatchImportUpstreamImage ecr:CreateRepository",
		resources: "arn:{partition}:ecr:{region}:{account}:repository/{repository}", note: "the first pull makes the repository and fetches the image; the policy of the registry can grant it instead",
		source: "Amazon ECR user guide, IAM permissions required to sync an upstream registry with an Amazon ECR private registry"},
	{feature: "awslogs", role: ExecutionRole, purpose: Log, actions: "logs:CreateLogStream logs:PutLogEvents", resources: logGroupARN + ":log-stream:{stream}", source: executionPage},
	{feature: "awslogs-create-group", role: ExecutionRole, purpose: Log, actions: "logs:CreateLogGroup", resources: logGroupSpelled, either: true,
		source: ecsGuide + "Send Amazon ECS logs to CloudWatch"},

	{feature: "secrets", role: ExecutionRole, purpose: ReadSecret, actions: "secretsmanager:GetSecretValue", either: true,
		resources: "arn:{partition}:secretsmanager:{region}:{account}:secret:{secret} [arn:{partition}:secretsmanager:{region}:{account}:secret:{or}]", source: secretsPage},
	{feature: "parameters", role: ExecutionRole, purpose: ReadSecret, actions: "ssm:GetParameters",
		resources: "arn:{partition}:ssm:{region}:{account}:parameter/{parameter}", source: secretsPage},
	{feature: "key", role: ExecutionRole, purpose: Encrypt, actions: "kms:Decrypt", resources: "{key}",
		conditions: []conditionRule{{operator: "StringLike", key: "kms:ViaService", values: "{service}.{region}.amazonaws.com[{suffix}]"}}, source: secretsPage},
	{feature: "file", role: ExecutionRole, purpose: ReadFile, actions: "s3:GetObject", resources: "arn:{partition}:s3:::{bucket}/{object}",
		source: ecsGuide + "Pass environment variables to an Amazon ECS container"},
	{feature: "file", role: ExecutionRole, purpose: ReadFile, actions: "s3:GetBucketLocation", resources: "arn:{partition}:s3:::{bucket}",
		source: ecsGuide + "Pass environment variables to an Amazon ECS container"},
	{feature: "fsx", role: ExecutionRole, purpose: Mount, actions: "fsx:DescribeFileSystems", resources: "*", note: "takes no resource",
		source: ecsGuide + "Use FSx for Windows File Server volumes with Amazon ECS"},

	{feature: "execute-command", role: TaskRole, purpose: Exec,
		actions:   "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel",
		resources: "*", note: "take no resource", source: execPage},
	{feature: "exec-logs", role: TaskRole, purpose: Log, actions: "logs:DescribeLogGroups", resources: "*", source: execPage},
	{feature: "exec-logs", role: TaskRole, purpose: Log, actions: "logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents", resources: logGroupARN + ":*", source: execPage},
	{feature: "exec-bucket", role: TaskRole, purpose: Log, actions: "s3:GetBucketLocation s3:GetEncryptionConfiguration", resources: "arn:{partition}:s3:::{bucket}", source: execPage},
	{feature: "exec-bucket", role: TaskRole, purpose: Log, actions: "s3:PutObject", resources: "arn:{partition}:s3:::{bucket}/{prefix}*", source: execPage},
	{feature: "exec-key", role: TaskRole, purpose: Encrypt, actions: "kms:Decrypt", resources: "{key}", conditions: []conditionRule{byAlias}, source: execPage},
	{feature: "efs", role: TaskRole, purpose: Mount, actions: "elasticfilesystem:ClientMount", resources: fileSystemARN, conditions: byAccessPoint, source: efsPage},
	{feature: "efs-write", role: TaskRole, purpose: Mount, actions: "elasticfilesystem:ClientWrite", resources: fileSystemARN, conditions: byAccessPoint,
		note: "elasticfilesystem:ClientRootAccess is not granted: root in a container is not root in the file system", source: efsPage},

	{feature: "router-file", role: TaskRole, purpose: ReadFile, actions: "s3:GetObject", resources: "arn:{partition}:s3:::{bucket}/{object}", source: initPage},
	{feature: "router-file", role: TaskRole, purpose: ReadFile, actions: "s3:GetBucketLocation", resources: "arn:{partition}:s3:::{bucket}", source: initPage},
	{feature: "firelens-logs", role: TaskRole, purpose: Log, actions: "logs:CreateLogStream logs:PutLogEvents", resources: logGroupARN + ":log-stream:{stream}", source: firelensPage},
	{feature: "firelens-logs", role: TaskRole, purpose: Log, actions: "logs:DescribeLogStreams", resources: logGroupSpelled, either: true, source: firelensPage},
	{feature: "firelens-create-group", role: TaskRole, purpose: Log, actions: "logs:CreateLogGroup", resources: logGroupSpelled, either: true, source: firelensPage},
	{feature: "firelens-retention", role: TaskRole, purpose: Log, actions: "logs:PutRetentionPolicy", resources: logGroupSpelled, either: true, source: cloudWatchOutput},
	{feature: "firelens-firehose", role: TaskRole, purpose: Log, actions: "firehose:PutRecordBatch", resources: "arn:{partition}:firehose:{region}:{account}:deliverystream/{stream}", source: firelensPage},
	{feature: "firelens-kinesis", role: TaskRole, purpose: Log, actions: "kinesis:PutRecords", resources: "arn:{partition}:kinesis:{region}:{account}:stream/{stream}", source: firelensPage},
	{feature: "firelens-s3", role: TaskRole, purpose: Log, actions: "s3:PutObject", resources: "arn:{partition}:s3:::{bucket}/*", source: firelensPage},
	{feature: "firelens-opensearch", role: TaskRole, purpose: Log, actions: "es:ESHttpPost es:ESHttpPut", resources: "arn:{partition}:es:{region}:{account}:domain/{domain}/*", source: firelensPage},
	{feature: "firelens-role", role: TaskRole, purpose: Assume, actions: "sts:AssumeRole", resources: "{role}", note: "the log router writes under this role", source: firelensPage},

	{feature: "volume-key", role: InfrastructureRole, purpose: Encrypt, actions: "kms:DescribeKey", resources: "{key}", conditions: []conditionRule{byAlias}, source: ebsPage},
	{feature: "volume-key", role: InfrastructureRole, purpose: Encrypt, actions: "kms:Decrypt kms:GenerateDataKeyWithoutPlaintext", resources: "{key}",
		conditions: []conditionRule{{operator: "StringLike", key: "kms:ViaService", values: "ec2.{region}.amazonaws.com[{suffix}]"}, byAlias}, source: ebsPage},
	{feature: "volume-key", role: InfrastructureRole, purpose: Encrypt, actions: "kms:CreateGrant", resources: "{key}",
		conditions: []conditionRule{{operator: "Bool", key: "kms:GrantIsForAWSResource", values: "true"}, byAlias}, source: ebsPage},
	{feature: "tls-key", role: InfrastructureRole, purpose: Encrypt, actions: "kms:Encrypt kms:Decrypt kms:GenerateDataKey kms:GenerateDataKeyPair", resources: "{key}", conditions: []conditionRule{byAlias},
		source: ecsGuide + "Encrypt Amazon ECS Service Connect traffic"},
	{feature: "hook", role: HookRole, purpose: Call, actions: "lambda:InvokeFunction", resources: "{function}",
		source: ecsGuide + "Permissions required for Lambda functions in Amazon ECS blue/green deployments"},

	{feature: "run-task", role: EventsRole, purpose: RunTask, actions: "ecs:RunTask", resources: "arn:{partition}:ecs:{region}:{account}:task-definition/{family}:*",
		conditions: []conditionRule{{operator: "ArnLike", key: "ecs:cluster", values: "arn:{partition}:ecs:{region}:{account}:cluster/{cluster}"}}, source: eventsPage},
	{feature: "pass-role", role: EventsRole, purpose: PassRole, actions: "iam:PassRole", resources: "{role}",
		conditions: []conditionRule{{operator: "StringEquals", key: "iam:PassedToService", values: "ecs-tasks.amazonaws.com"}}, source: eventsPage},
	{feature: "propagate-tags", role: EventsRole, purpose: Tag, actions: "ecs:TagResource", resources: "arn:{partition}:ecs:{region}:{account}:task/{cluster}/*",
		conditions: []conditionRule{{operator: "StringEquals", key: "ecs:CreateAction", values: "RunTask"}}, source: eventsPage},
}

const (
	fileSystemARN = "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{filesystem}"
	efsPage       = ecsGuide + "Use Amazon EFS volumes with Amazon ECS"
	eventsPage    = ecsGuide + "Amazon ECS EventBridge IAM role"
)

var byAccessPoint = []conditionRule{{operator: "StringEquals", key: "elasticfilesystem:AccessPointArn",
	values: "arn:{partition}:elasticfilesystem:{region}:{account}:access-point/{accesspoint}"}}

// byAlias narrows what is granted on every key of an account to the one that
// bears an alias. Source: AWS KMS developer guide, "Use aliases to control
// access to KMS keys".
var byAlias = conditionRule{operator: "ForAnyValue:StringEquals", key: "kms:ResourceAliases", values: "{alias}"}

// The policies of AWS that are made for the infrastructure role, by what it
// manages. Their ARNs stand in package managed.
const (
	forVolumes       = "AmazonECSInfrastructureRolePolicyForVolumes"
	forTLS           = "AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity"
	forLattice       = "AmazonECSInfrastructureRolePolicyForVpcLattice"
	forLoadBalancers = "AmazonECSInfrastructureRolePolicyForLoadBalancers"
	forCodeDeploy    = "AWSCodeDeployRoleForECS"
)

// cachePrefixes are what the repositories of pull through caches usually begin
// with. Source: Amazon ECR user guide, "Creating a pull through cache rule in
// Amazon ECR".
const cachePrefixes = "docker-hub ecr-public kubernetes quay github gitlab azure"

// everyRepository is the prefix of a rule for all repositories without another.
// Source: Amazon ECR user guide, "Customizing repository prefixes for ECR to ECR
// pull through cache".
const everyRepository = "ROOT"

// logOutput is a plug-in of Fluent Bit or Fluentd that writes to AWS, or
// nowhere in AWS. Options name values for the templates of the feature, as
// VALUE=OPTION|OPTION. Source: Fluent Bit manual, "Outputs"; FireLens pages of
// the ECS developer guide.
type logOutput struct {
	names   string
	feature string // "" needs no permission of AWS
	options string
	signed  string // option that must be on, else no permission is needed
}

var logOutputs = []logOutput{
	{names: "cloudwatch cloudwatch_logs", feature: "firelens-logs", options: "group=log_group_name stream=log_stream_name|log_stream_prefix"},
	{names: "firehose kinesis_firehose", feature: "firelens-firehose", options: "stream=delivery_stream|delivery_stream_name"},
	{names: "kinesis kinesis_streams", feature: "firelens-kinesis", options: "stream=stream|stream_name"},
	{names: "s3", feature: "firelens-s3", options: "bucket=bucket|s3_bucket"},
	{names: "es opensearch elasticsearch", feature: "firelens-opensearch", signed: "aws_auth"},
	{names: "azure azure_blob bigquery chronicle counter datadog dynatrace elastic exporter file flowcounter forward gelf http influxdb kafka kafka-rest" +
		" logdna logscale loki nats newrelic nrlogs null oci_logan openobserve opentelemetry parseable pgsql prometheus_exporter prometheus_remote_write" +
		" skywalking slack splunk splunk_hec stackdriver stdout sumologic syslog tcp td udp vivo_exporter websocket"},
}
