package roles

// What those need who deal with a machine from outside: who deploys it, and who
// answers it. Pages as of 2026-11.

const (
	statesReference = "Service Authorization Reference, AWS Step Functions"
	logsGuide       = "Amazon CloudWatch Logs User Guide, AWS-logs-infrastructure-CWL"
)

// deployment: the managed EventBridge rules of .sync integrations are made under
// the execution role, which has the permission for them, and traces are sent
// under it as well; whoever deploys needs nothing for either.
var deployment = integration{
	name: "deployment", source: guide + "concept-create-iam-advanced",
	rules: []rule{
		{purpose: Deploy, actions: "states:CreateStateMachine states:UpdateStateMachine", resource: ownMachine, source: statesReference},
		{purpose: Deploy, actions: "states:DescribeStateMachine", resource: ownMachine, note: "tools that deploy read the machine back"},
		{purpose: PassRole, actions: "iam:PassRole", resource: "{executionRole}", service: "states.amazonaws.com", source: statesReference,
			conditions: []conditionRule{{operator: "StringEquals", key: "iam:PassedToService", values: "states.amazonaws.com"}},
			note:       "the machine is given its execution role"},
	},
}

// deploymentExtras are what only some deployments do.
var deploymentExtras = []integration{
	{
		name: "delete", source: guide + "concept-create-iam-advanced",
		rules: []rule{{purpose: Deploy, actions: "states:DeleteStateMachine", resource: ownMachine}},
	},
	{
		name: "tags", source: guide + "sfn-best-practices-tagging",
		rules: []rule{{purpose: Tag, actions: "states:TagResource states:UntagResource states:ListTagsForResource", resource: ownMachine, source: statesReference}},
	},
	{
		name: "versions", source: guide + "concepts-state-machine-version",
		rules: []rule{{purpose: Deploy, actions: "states:PublishStateMachineVersion states:ListStateMachineVersions states:DeleteStateMachineVersion", resource: ownMachine, source: statesReference,
			note: "creating or updating with publish publishes a version as well"}},
	},
	{
		name: "aliases", source: guide + "concepts-state-machine-alias",
		rules: []rule{{purpose: Deploy, actions: "states:CreateStateMachineAlias states:UpdateStateMachineAlias states:DescribeStateMachineAlias states:ListStateMachineAliases states:DeleteStateMachineAlias", resource: ownMachine, source: statesReference,
			note: "actions on aliases are authorized on the machine"}},
	},
}

// loggingSetup is what turns logging on; sending logs is the execution role's
// business.
var loggingSetup = integration{
	name: "CloudWatch Logs", source: guide + "cw-logs",
	rules: []rule{
		{purpose: Log, actions: "logs:CreateLogDelivery logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups", resource: "*", source: logsGuide,
			note: "who sends logs to a group for the first time sets up its delivery; a single log group does not do"},
	},
}

// keyForDeployer: the table "Required permissions for API callers". Creating and
// updating generate a data key, describing decrypts the definition.
var keyForDeployer = integration{
	name: "customer managed key", source: guide + "encryption-at-rest",
	rules: []rule{
		{purpose: Encrypt, actions: "kms:DescribeKey", resource: "{key}"},
		{purpose: Encrypt, actions: "kms:GenerateDataKey kms:Decrypt", resource: "{key}",
			conditions: []conditionRule{{operator: "StringEquals", key: "kms:EncryptionContext:aws:states:stateMachineArn", values: ownMachine}}},
	},
}

// sendTask are the calls that answer. The Service Authorization Reference lists
// no resource type for them, so they are granted on "*", which surely works. AWS
// has been seen to authorize them on the machine or the activity that gave the
// token out, but no page says so.
const sendTask = "states:SendTaskSuccess states:SendTaskFailure states:SendTaskHeartbeat"

const (
	anywhereNote = "the reference lists no resource type for the action"
	activityARN  = "arn:{partition}:states:{region}:{account}:activity:{activity}"
)

var callbackWorker = integration{
	source:   guide + "connect-to-resource",
	patterns: callback,
	rules:    []rule{{purpose: Answer, actions: sendTask, resource: "*", source: statesReference, note: anywhereNote}},
}

var activityWorker = integration{
	name: "activity", source: guide + "concept-create-iam-advanced",
	params: []param{{as: shape{activityARN}}},
	rules: []rule{
		{purpose: Answer, actions: "states:GetActivityTask", reads: ".", resource: activityARN, note: "where the activity has a customer managed key, the worker needs kms:Decrypt on it as well"},
		{purpose: Answer, actions: sendTask, resource: "*", source: statesReference, note: anywhereNote},
	},
}
