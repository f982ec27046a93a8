package roles

import (
	"strings"

	"github.com/writ-iam/writ/arn"
)

// The ways in which parameters name things. Sources: the API reference of each
// service, read 2026-11; ARN forms from the service authorization reference.

var (
	roleShape = shape{"arn:{partition}:iam::{account}:role/{role...}"}
	// Where an API takes the bare name of a role as well.
	roleNameShape = shape{"arn:{partition}:iam::{account}:role/{role...}", "{role...}"}
	// The role inside an instance profile cannot be seen; by custom it bears the profile's name.
	instanceProfileShape = shape{"arn:{partition}:iam::{account}:instance-profile/{role...}", "{role...}"}

	functionShape = shape{
		"arn:{partition}:lambda:{region}:{account}:function:{function}:{qualifier}",
		"arn:{partition}:lambda:{region}:{account}:function:{function}",
		"{account}:function:{function}:{qualifier}",
		"{account}:function:{function}",
		"function:{function}:{qualifier}",
		"function:{function}",
		"{function}:{qualifier}",
		"{function}",
	}
	taskDefinitionShape = shape{
		"revision = arn:{partition}:ecs:{region}:{account}:task-definition/{family}:{revision}",
		"family = arn:{partition}:ecs:{region}:{account}:task-definition/{family}",
		"revision = {family}:{revision}",
		"family = {family}",
	}
	ecsClusterShape    = shape{"arn:{partition}:ecs:{region}:{account}:cluster/{cluster}", "{cluster}"}
	jobDefinitionShape = shape{
		"revision = arn:{partition}:batch:{region}:{account}:job-definition/{definition}:{revision}",
		"name = arn:{partition}:batch:{region}:{account}:job-definition/{definition}",
		"revision = {definition}:{revision}",
		"name = {definition}",
	}
	jobQueueShape = shape{"arn:{partition}:batch:{region}:{account}:job-queue/{queue}", "{queue}"}

	tableShape = shape{"arn:{partition}:dynamodb:{region}:{account}:table/{table}", "{table}"}
	topicShape = shape{"arn:{partition}:sns:{region}:{account}:{topic}"}
	queueShape = onEveryDomain(
		shape{
			"https://queue.amazonaws.com/{account}/{queue}",
			"https://sqs.{region}.api.aws/{account}/{queue}",
			"https://sqs-fips.{region}.api.aws/{account}/{queue}",
		},
		"https://sqs.{region}.DOMAIN/{account}/{queue}",
		"https://sqs-fips.{region}.DOMAIN/{account}/{queue}",
		"https://{region}.queue.DOMAIN/{account}/{queue}",
		"https://{endpoint}.sqs.{region}.vpce.DOMAIN/{account}/{queue}",
	)
	busShape          = shape{"arn:{partition}:events:{region}:{account}:event-bus/{bus...}", "{bus...}"}
	stateMachineShape = shape{
		"arn:{partition}:states:{region}:{account}:stateMachine:{child}:{version}",
		"arn:{partition}:states:{region}:{account}:stateMachine:{child}",
	}
	connectionShape  = shape{"arn:{partition}:events:{region}:{account}:connection/{connection}/{id}"}
	apiEndpointShape = onEveryDomain(nil,
		"{api}-vpce-{endpoint}.execute-api.{region}.DOMAIN",
		"{api}.execute-api.{region}.DOMAIN",
	)
	apiPathShape = shape{"/", "/{path...}", "{path...}"}

	projectShape = shape{"arn:{partition}:codebuild:{region}:{account}:project/{project}", "{project}"}
	buildShape   = shape{
		"arn:{partition}:codebuild:{region}:{account}:build/{project}:{build}",
		"{project}:{build}",
	}
	buildBatchShape = shape{
		"arn:{partition}:codebuild:{region}:{account}:build-batch/{project}:{build}",
		"{project}:{build}",
	}
	reportShape = shape{"arn:{partition}:codebuild:{region}:{account}:report/{group}:{report}"}

	mediaQueueShape       = shape{"arn:{partition}:mediaconvert:{region}:{account}:queues/{queue}", "{queue}"}
	mediaJobTemplateShape = shape{"arn:{partition}:mediaconvert:{region}:{account}:jobTemplates/{template}", "{template}"}

	modelShape = shape{
		"provisioned = arn:{partition}:bedrock:{region}:{account}:provisioned-model/{model}",
		"custom = arn:{partition}:bedrock:{region}:{account}:custom-model/{model...}",
		"imported = arn:{partition}:bedrock:{region}:{account}:imported-model/{model}",
		"profile-arn = arn:{partition}:bedrock:{region}:{account}:inference-profile/{geography}.{model...}",
		"application = arn:{partition}:bedrock:{region}:{account}:application-inference-profile/{model}",
		"deployment = arn:{partition}:bedrock:{region}:{account}:custom-model-deployment/{model}",
		"router = arn:{partition}:bedrock:{region}:{account}:prompt-router/{model...}",
		"router = arn:{partition}:bedrock:{region}:{account}:default-prompt-router/{model...}",
		"endpoint = arn:{partition}:sagemaker:{region}:{account}:endpoint/{model}",
		"foundation = arn:{partition}:bedrock:{region}::foundation-model/{model...}",
		// Geographies of the system-defined inference profiles.
		"profile = us.{model...}", "profile = us-gov.{model...}", "profile = eu.{model...}", "profile = apac.{model...}",
		"profile = global.{model...}", "profile = jp.{model...}", "profile = au.{model...}", "profile = ca.{model...}",
		"foundation = {model...}",
	}
	// An alias does not tell the key.
	keyShape = shape{
		"key = arn:{partition}:kms:{region}:{account}:key/{key}",
		"alias = arn:{partition}:kms:{region}:{account}:alias/{alias...}",
		"alias = alias/{alias...}",
		"key = {key}",
	}
	s3Shape = shape{"s3://{bucket}/{key...}"}
)

// onEveryDomain adds ways with the domain of each partition in the place of DOMAIN.
func onEveryDomain(s shape, ways ...string) shape {
	for _, domain := range arn.Domains() {
		for _, way := range ways {
			s = append(s, strings.Replace(way, "DOMAIN", domain, 1))
		}
	}
	return s
}
