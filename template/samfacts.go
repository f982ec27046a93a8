package template

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed facts/sam_policies.txt
var samPolicyFacts string

// policyTemplate is a policy template of SAM: its parameters and statements.
type policyTemplate struct {
	parameters []string
	statements []grantFact
}

// grantFact is a statement that allows, as formats.
type grantFact struct {
	actions, resources []string
	condition          []string // operator, key, value; nil for none
}

var policyTemplates = sync.OnceValue(func() map[string]*policyTemplate {
	templates := map[string]*policyTemplate{}
	var last *policyTemplate
	for line := range strings.Lines(samPolicyFacts) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0, strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, "\t"):
			last = &policyTemplate{parameters: fields[1:]}
			templates[fields[0]] = last
		case fields[0] == "allow":
			last.statements = append(last.statements, grantFact{actions: fields[1:]})
		case fields[0] == "on":
			last.statements[len(last.statements)-1].resources = fields[1:]
		case fields[0] == "if":
			last.statements[len(last.statements)-1].condition = fields[1:]
		}
	}
	return templates
})

// pullPolicies are the managed policies that SAM attaches to the role of a
// function for what it polls; "" where it writes a policy instead. Source:
// aws/serverless-application-model, samtranslator/model/eventsources/pull.py,
// read 2026-11-21.
var pullPolicies = map[string]string{
	"Kinesis": "service-role/AWSLambdaKinesisExecutionRole", "DynamoDB": "service-role/AWSLambdaDynamoDBExecutionRole",
	"SQS": "service-role/AWSLambdaSQSQueueExecutionRole", "MSK": "service-role/AWSLambdaMSKExecutionRole",
	"MQ": "", "SelfManagedKafka": "", "DocumentDB": "",
}

// pushEvents are the sources of events that call a function; for those SAM makes
// permissions limited to the source, and no role. Source: SAM developer guide,
// AWS::Serverless::Function, EventSource.
var pushEvents = []string{
	"AlexaSkill", "Api", "CloudWatchEvent", "CloudWatchLogs", "Cognito", "EventBridgeRule", "HttpApi", "IoTRule", "S3", "SNS", "Schedule", "ScheduleV2",
}

// sendActions are what a function needs to hand an event on. Source:
// aws/serverless-application-model, samtranslator/model/iam.py and
// sam_resources.py, read 2026-11-21.
var sendActions = map[string]string{
	"SQS": "sqs:SendMessage", "SNS": "sns:Publish", "Lambda": "lambda:InvokeFunction", "EventBridge": "events:PutEvents",
}

// startServices are the events that start a machine, with the service that
// assumes the role which SAM makes for each. Source: SAM developer guide,
// AWS::Serverless::StateMachine, EventSource;
// aws/serverless-application-model, samtranslator/model/stepfunctions/events.py.
var startServices = map[string]string{
	"Schedule": "events.amazonaws.com", "ScheduleV2": "scheduler.amazonaws.com", "CloudWatchEvent": "events.amazonaws.com",
	"EventBridgeRule": "events.amazonaws.com", "Api": "apigateway.amazonaws.com",
}
