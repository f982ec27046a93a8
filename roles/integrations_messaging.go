package roles

// Integrations that send messages, events and requests. Sources as in
// integrations_compute.go.

var messagingIntegrations = []integration{
	{
		name: "sns:publish", source: guide + "sns-iam",
		patterns: request | callback,
		needs:    "TopicArn|TargetArn|PhoneNumber",
		params:   []param{{path: "TopicArn", as: topicShape}, {path: "TargetArn", as: shape{"arn:{partition}:sns:{region}:{account}:{target...}"}}},
		rules: []rule{
			{purpose: Call, actions: "sns:Publish", reads: "TopicArn", when: "TopicArn", resource: "arn:{partition}:sns:{region}:{account}:{topic}"},
			{purpose: Call, style: console, actions: "sns:Publish", when: "TargetArn", resource: "*", note: "the template bounds topics only, not targets"},
			{purpose: Call, style: least, actions: "sns:Publish", reads: "TargetArn", when: "TargetArn", resource: "arn:{partition}:sns:{region}:{account}:{target}"},
			{purpose: Call, actions: "sns:Publish", when: "PhoneNumber", resource: "*", note: "a phone number has no ARN"},
			{purpose: Call, actions: "sns:Publish", when: "!TopicArn !TargetArn !PhoneNumber", resource: "*"},
		},
	},
	{
		name: "sqs:sendMessage", source: guide + "sqs-iam",
		patterns: request | callback,
		needs:    "QueueUrl",
		params:   []param{{path: "QueueUrl", as: queueShape}},
		rules: []rule{
			{purpose: Call, actions: "sqs:SendMessage", reads: "QueueUrl", resource: "arn:{partition}:sqs:{region}:{account}:{queue}"},
		},
	},
	{
		name: "events:putEvents", source: guide + "eventbridge-iam",
		patterns: request | callback,
		needs:    "Entries",
		params:   []param{{path: "Entries[].EventBusName", as: busShape, absent: "default"}},
		rules: []rule{
			{purpose: Call, actions: "events:PutEvents", reads: "Entries[].EventBusName", resource: "arn:{partition}:events:{region}:{account}:event-bus/{bus}", dynamic: "arn:{partition}:events:*:*:event-bus/*"},
		},
	},
	{
		name: "states:startExecution", source: guide + "stepfunctions-iam",
		patterns: request | runJob | sync2 | callback,
		needs:    "StateMachineArn",
		params:   []param{{path: "StateMachineArn", as: stateMachineShape}},
		rules: []rule{
			{purpose: Call, actions: "states:StartExecution", reads: "StateMachineArn", resource: "arn:{partition}:states:{region}:{account}:stateMachine:{child}", conditions: ofQualifier},
			{purpose: Poll, on: job, actions: "states:DescribeExecution", reads: "StateMachineArn", resource: childExecutions, note: "executions have ARNs of their own"},
			{purpose: Cancel, on: job, actions: "states:StopExecution", reads: "StateMachineArn", resource: childExecutions, note: "executions have ARNs of their own"},
			ruleFor("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
		},
	},
	{
		// The template of the 2022 page prints an ARN without its service; the
		// current page has the form below.
		name: "apigateway:invoke", source: guide + "api-gateway-iam",
		patterns: request | callback,
		needs:    "ApiEndpoint Method",
		params: []param{
			{path: "ApiEndpoint", as: apiEndpointShape},
			{path: "Stage", as: shape{"{stage}"}, absent: "$default"},
			{path: "Method", as: shape{"{method}"}},
			{path: "Path", as: apiPathShape, extra: true},
		},
		rules: []rule{
			{purpose: Call, actions: "execute-api:Invoke", reads: "ApiEndpoint Stage Method Path", when: "AuthType=IAM_ROLE", resource: "arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{method}/[{path}]", dynamic: "fill",
				note: "only what is not known before run time is left open"},
		},
		cautions: []caution{{
			when:    "AuthType !AuthType~unknown !AuthType=NO_AUTH !AuthType=IAM_ROLE !AuthType=RESOURCE_POLICY",
			code:    "BAD_PARAMETER",
			message: "AuthType is none of NO_AUTH, IAM_ROLE and RESOURCE_POLICY, so nothing tells what the call needs",
			hint:    "IAM_ROLE calls with this role",
		}, {
			when:    "AuthType=RESOURCE_POLICY",
			code:    "RESOURCE_POLICY_NEEDED",
			message: "with AuthType RESOURCE_POLICY it is the API's own resource policy that must allow the call; this role cannot",
			hint:    "allow execute-api:Invoke to states.amazonaws.com under aws:SourceArn with the ARN of this state machine (REST APIs only)",
		}},
	},
	{
		name: "http:invoke", source: guide + "call-https-apis",
		patterns: request,
		needs:    "ApiEndpoint Method Authentication.ConnectionArn|InvocationConfig.ConnectionArn",
		params: []param{
			{path: "ApiEndpoint"},
			{path: "Method", as: shape{"{method}"}},
			{path: "Authentication.ConnectionArn", as: connectionShape},
			{path: "InvocationConfig.ConnectionArn", as: connectionShape},
		},
		rules: append([]rule{
			{purpose: Call, actions: "states:InvokeHTTPEndpoint", resource: "arn:{partition}:states:{region}:{account}:stateMachine:{machine}",
				conditions: []conditionRule{
					{operator: "StringEquals", key: "states:HTTPMethod", values: "{Method}"},
					{operator: "StringLike", key: "states:HTTPEndpoint", values: "{ApiEndpoint}"},
				},
				note: "the resource is the state machine itself"},
		}, append(connectionRules("Authentication.ConnectionArn"), connectionRules("InvocationConfig.ConnectionArn")...)...),
	},
}

// ofQualifier: versions and aliases are authorized by the ARN of their state
// machine, and told apart by a key. Source: auth-version-alias.
var ofQualifier = []conditionRule{{operator: "ForAnyValue:StringEquals", key: "states:StateMachineQualifier", values: "{version}", style: least}}

const childExecutions = "arn:{partition}:states:{region}:{account}:execution:{child}:*"

// connectionRules: an EventBridge connection keeps its credentials in a secret
// that the caller reads.
func connectionRules(parameter string) []rule {
	const read = "secretsmanager:GetSecretValue secretsmanager:DescribeSecret"
	return []rule{
		{purpose: Dependent, actions: "events:RetrieveConnectionCredentials", reads: parameter, when: parameter, resource: "arn:{partition}:events:{region}:{account}:connection/{connection}/{id}"},
		{purpose: Dependent, style: console, actions: read, when: parameter, resource: "arn:{partition}:secretsmanager:*:*:secret:events!connection/*"},
		{purpose: Dependent, style: least, actions: read, reads: parameter, when: parameter, resource: "arn:{partition}:secretsmanager:{region}:{account}:secret:events!connection/{connection}/*"},
	}
}

// directForms are the ARNs that a Task's Resource may hold besides integrations.
var directForms = []integration{
	{
		name: "Lambda function", source: guide + "lambda-iam",
		patterns: request,
		params: []param{{as: shape{
			"arn:{partition}:lambda:{region}:{account}:function:{function}:{qualifier}",
			"arn:{partition}:lambda:{region}:{account}:function:{function}",
		}}},
		rules: []rule{{purpose: Call, actions: "lambda:InvokeFunction", reads: ".", resource: lambdaResource}},
	},
	{
		name: "activity", source: guide + "activities-iam",
		patterns: request,
		standard: true, // choosing-workflow-type
		params:   []param{{as: shape{activityARN}}},
		worker:   &activityWorker,
	},
}
