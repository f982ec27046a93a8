package roles

import "strings"

// Integrations that store, move or transform data. Sources as in
// integrations_compute.go.

var dataIntegrations = []integration{
	dynamoDB("getItem", "dynamodb:GetItem"),
	dynamoDB("putItem", "dynamodb:PutItem"),
	dynamoDB("updateItem", "dynamodb:UpdateItem"),
	dynamoDB("deleteItem", "dynamodb:DeleteItem"),
	{
		name: "glue:startJobRun", source: guide + "glue-iam",
		patterns: request | runJob,
		doubted:  callback,
		needs:    "JobName",
		params:   []param{{path: "JobName", as: shape{"{job}"}}},
		rules: []rule{
			{purpose: Call, style: console, actions: "glue:StartJobRun", resource: "*"},
			{purpose: Poll, style: console, on: job, actions: "glue:GetJobRun glue:GetJobRuns", resource: "*"},
			{purpose: Cancel, style: console, on: job, actions: "glue:BatchStopJobRun", resource: "*"},
			{purpose: Call, style: least, actions: "glue:StartJobRun", reads: "JobName", resource: glueJob},
			{purpose: Poll, style: least, on: job, actions: "glue:GetJobRun glue:GetJobRuns", reads: "JobName", resource: glueJob},
			{purpose: Cancel, style: least, on: job, actions: "glue:BatchStopJobRun", reads: "JobName", resource: glueJob},
		},
	},
	{
		name: "databrew:startJobRun", source: guide + "databrew-iam",
		patterns: request | runJob,
		needs:    "Name",
		params:   []param{{path: "Name", as: shape{"{job}"}}},
		rules: []rule{
			{purpose: Call, style: console, actions: "databrew:startJobRun", resource: anyDataBrewJob},
			{purpose: Poll, style: console, on: job, actions: "databrew:listJobRuns", resource: anyDataBrewJob},
			{purpose: Cancel, style: console, on: job, actions: "databrew:stopJobRun", resource: anyDataBrewJob},
			{purpose: Call, style: least, actions: "databrew:StartJobRun", reads: "Name", resource: dataBrewJob},
			{purpose: Poll, style: least, on: job, actions: "databrew:ListJobRuns", reads: "Name", resource: dataBrewJob},
			{purpose: Cancel, style: least, on: job, actions: "databrew:StopJobRun", reads: "Name", resource: dataBrewJob},
		},
	},
	{
		name: "athena:startQueryExecution", source: guide + "athena-iam",
		patterns: request | runJob,
		params: []param{
			{path: "WorkGroup", as: shape{"{workgroup}"}, absent: "primary"},
			{path: "ResultConfiguration.EncryptionConfiguration.KmsKey", as: keyShape},
		},
		rules: []rule{
			// The template grants each action on both kinds of resource.
			athenaRule(Call, console, "athena:startQueryExecution athena:getDataCatalog", athenaWorkgroup),
			athenaRule(Call, console, "athena:startQueryExecution athena:getDataCatalog", athenaCatalogs),
			athenaRule(Cancel, console, "athena:stopQueryExecution", athenaWorkgroup),
			athenaRule(Cancel, console, "athena:stopQueryExecution", athenaCatalogs),
			athenaRule(Poll, console, "athena:getQueryExecution", athenaWorkgroup),
			athenaRule(Poll, console, "athena:getQueryExecution", athenaCatalogs),
			athenaRule(Call, least, "athena:StartQueryExecution", athenaWorkgroup),
			athenaRule(Call, least, "athena:GetDataCatalog", athenaCatalogs),
			athenaRule(Cancel, least, "athena:StopQueryExecution", athenaWorkgroup),
			athenaRule(Poll, least, "athena:GetQueryExecution", athenaWorkgroup),

			{purpose: Dependent, actions: "s3:GetBucketLocation s3:GetObject s3:ListBucket s3:ListBucketMultipartUploads s3:ListMultipartUploadParts s3:AbortMultipartUpload s3:PutObject", resource: "arn:{partition}:s3:::*",
				note: "the tables' data and the query results may lie in any bucket"},
			{purpose: Dependent, style: console, actions: "s3:CreateBucket", resource: "arn:{partition}:s3:::*"},
			glueCatalog(console, "", glueReads+" "+glueWrites, ""),
			glueCatalog(least, "", glueReads, "the tables that a query reads stand in the Glue Data Catalog"),
			glueCatalog(least, "QueryString~writes", glueWrites, "the statement may change tables"),
			{purpose: Dependent, style: least, actions: "kms:GenerateDataKey kms:Decrypt", reads: "ResultConfiguration.EncryptionConfiguration.KmsKey/key", when: "ResultConfiguration.EncryptionConfiguration.KmsKey",
				resource: "arn:{partition}:kms:{region}:{account}:key/{key}", source: "Amazon Athena User Guide, encryption", note: "the key that encrypts the query results"},
			{purpose: Dependent, style: least, actions: "kms:GenerateDataKey kms:Decrypt", reads: "ResultConfiguration.EncryptionConfiguration.KmsKey/alias", when: "ResultConfiguration.EncryptionConfiguration.KmsKey",
				resource: "arn:{partition}:kms:{region}:{account}:key/*", source: "Amazon Athena User Guide, encryption", note: "the key that encrypts the query results"},
			{purpose: Dependent, actions: "lakeformation:GetDataAccess", resource: "*", note: "the action has no resource type"},
		},
	},
	athenaRequest("stopQueryExecution"),
	athenaRequest("getQueryExecution"),
	athenaRequest("getQueryResults", rule{purpose: Dependent, actions: "s3:GetObject", resource: "arn:{partition}:s3:::*", note: "results lie where the query's output location says"}),

	sageMakerJob("Training", "TrainingJobName", "training-job", "StepFunctionsGetEventsForSageMakerTrainingJobsRule", "RoleArn"),
	sageMakerJob("Transform", "TransformJobName", "transform-job", "StepFunctionsGetEventsForSageMakerTransformJobsRule", ""),
	sageMakerJob("HyperParameterTuning", "HyperParameterTuningJobName", "hyper-parameter-tuning-job", "StepFunctionsGetEventsForSageMakerTuningJobsRule", "TrainingJobDefinition.RoleArn TrainingJobDefinitions[].RoleArn"),
	sageMakerJob("Labeling", "LabelingJobName", "labeling-job", "StepFunctionsGetEventsForSageMakerLabelingJobsRule", "RoleArn"),
	sageMakerJob("Processing", "ProcessingJobName", "processing-job", "StepFunctionsGetEventsForSageMakerProcessingJobsRule", "RoleArn"),
	sageMakerRequest("createModel", "ModelName",
		sageMakerRule("sagemaker:CreateModel", "ModelName", "model"),
		passes("ExecutionRoleArn", "sagemaker.amazonaws.com")),
	sageMakerRequest("createEndpointConfig", "EndpointConfigName",
		sageMakerRule("sagemaker:CreateEndpointConfig", "EndpointConfigName", "endpoint-config"),
		passes("ExecutionRoleArn", "sagemaker.amazonaws.com")),
	sageMakerRequest("createEndpoint", "EndpointName EndpointConfigName",
		sageMakerRule("sagemaker:CreateEndpoint", "EndpointName", "endpoint"),
		sageMakerRule("sagemaker:CreateEndpoint", "EndpointConfigName", "endpoint-config")),
	sageMakerRequest("updateEndpoint", "EndpointName EndpointConfigName",
		sageMakerRule("sagemaker:UpdateEndpoint", "EndpointName", "endpoint"),
		sageMakerRule("sagemaker:UpdateEndpoint", "EndpointConfigName", "endpoint-config")),

	{
		name: "mediaconvert:createJob", source: guide + "mediaconvert-iam",
		patterns: request | runJob,
		needs:    "Role",
		params: []param{
			{path: "Role", as: roleShape},
			{path: "Queue", as: mediaQueueShape, absent: "Default"},
			{path: "JobTemplate", as: mediaJobTemplateShape},
		},
		rules: []rule{
			{purpose: Call, style: console, actions: "mediaconvert:CreateJob", reads: "Queue", resource: mediaConvert + "queues/*", dynamic: "fill"},
			{purpose: Call, style: console, actions: "mediaconvert:CreateJob", reads: "JobTemplate", resource: mediaConvert + "jobTemplates/*", dynamic: "fill"},
			{purpose: Call, actions: "mediaconvert:CreateJob", resource: mediaConvert + "presets/*", note: "presets are named deep inside the job's settings, or in its template"},
			{purpose: Call, style: least, actions: "mediaconvert:CreateJob", reads: "Queue", when: "Queue", resource: mediaConvert + "queues/{queue}"},
			{purpose: Call, style: least, actions: "mediaconvert:CreateJob", reads: "Queue", when: "!Queue !JobTemplate", resource: mediaConvert + "queues/{queue}", note: "no queue is named, so the default queue is used"},
			{purpose: Call, style: least, actions: "mediaconvert:CreateJob", when: "!Queue JobTemplate", resource: mediaConvert + "queues/*", note: "the job template may name any queue"},
			{purpose: Call, style: least, actions: "mediaconvert:CreateJob", reads: "JobTemplate", when: "JobTemplate", resource: mediaConvert + "jobTemplates/{template}"},
			{purpose: Poll, on: job, actions: "mediaconvert:GetJob", resource: mediaConvert + "jobs/*", conditions: startedByStepFunctions},
			{purpose: Cancel, on: job, actions: "mediaconvert:CancelJob", resource: mediaConvert + "jobs/*", conditions: startedByStepFunctions},
			ruleFor("StepFunctionsGetEventsForMediaConvertJobRule"),
			passes("Role", "mediaconvert.amazonaws.com"),
			tags("Tags", "mediaconvert:TagResource", mediaConvert+"jobs/*", ""),
		},
	},
	{
		name: "bedrock:invokeModel", source: guide + "bedrock-iam",
		patterns: request | callback,
		needs:    "ModelId",
		params: []param{
			{path: "ModelId", as: modelShape},
			{path: "Input.S3Uri", as: s3Shape}, {path: "Output.S3Uri", as: s3Shape},
			{path: "GuardrailIdentifier", as: shape{"arn:{partition}:bedrock:{region}:{account}:guardrail/{guardrail}", "{guardrail}"}},
		},
		rules: []rule{
			bedrockRule("foundation", foundationModel, "fill", ""),
			bedrockRule("provisioned", bedrockARN+"provisioned-model/{model}", "fill", ""),
			bedrockRule("custom", bedrockARN+"custom-model/{model}", "-", ""),
			bedrockType("imported", bedrockARN+"imported-model/{model}"),
			bedrockType("application", bedrockARN+"application-inference-profile/{model}"),
			bedrockType("deployment", bedrockARN+"custom-model-deployment/{model}"),
			bedrockType("router", "{ModelId}"),
			bedrockType("endpoint", bedrockARN+"marketplace/model-endpoint/all-access"),
			{purpose: Dependent, actions: "sagemaker:InvokeEndpoint", reads: "ModelId/endpoint", resource: "arn:{partition}:sagemaker:{region}:{account}:endpoint/{model}", dynamic: "-", bounded: "-",
				conditions: []conditionRule{{operator: "StringEquals", key: "aws:CalledViaLast", values: "bedrock.amazonaws.com"}},
				source:     "AWS managed policy AmazonBedrockFullAccess", note: "a model of the marketplace runs on an endpoint of SageMaker"},
			bedrockType("profile", bedrockARN+"inference-profile/{ModelId}"),
			bedrockRule("profile", profiledModel, "-", profileNote),
			bedrockType("profile-arn", bedrockARN+"inference-profile/{geography}.{model}"),
			bedrockRule("profile-arn", profiledModel, "-", profileNote),
			{purpose: Dependent, actions: "s3:GetObject", reads: "Input.S3Uri", when: "Input.S3Uri", resource: "arn:{partition}:s3:::{bucket}/{key}", source: guide + "connect-bedrock"},
			{purpose: Dependent, actions: "s3:PutObject", reads: "Output.S3Uri", when: "Output.S3Uri", resource: "arn:{partition}:s3:::{bucket}/{key}", source: guide + "connect-bedrock"},
			{purpose: Dependent, actions: "bedrock:ApplyGuardrail", reads: "GuardrailIdentifier", when: "GuardrailIdentifier", resource: bedrockARN + "guardrail/{guardrail}", source: guide + "connect-bedrock"},
		},
		cautions: []caution{
			{
				when:    "ModelId~blank",
				code:    "MODEL_UNKNOWN",
				message: "the model is chosen at run time; the role allows foundation models and provisioned models, as the documented policy does, but no inference profiles, custom or imported models",
				hint:    "name the model in the definition, or add what it needs to the role",
			},
			{
				when:    "ModelId/application",
				code:    "MODEL_UNKNOWN",
				message: "an application inference profile does not show its models, so the role cannot name them",
				hint:    "allow bedrock:InvokeModel on the foundation models behind the profile",
			},
			{
				when:    "ModelId/router",
				code:    "MODEL_UNKNOWN",
				message: "a prompt router does not show its models, so the role cannot name them",
				hint:    "allow bedrock:InvokeModel on the models and inference profiles that it chooses from",
			},
		},
	},
	{
		name: "bedrock:createModelCustomizationJob", source: guide + "bedrock-iam",
		patterns: request | runJob | callback,
		needs:    "BaseModelIdentifier RoleArn",
		params:   []param{{path: "BaseModelIdentifier", as: modelShape}, {path: "RoleArn", as: roleShape}},
		rules: []rule{
			{purpose: Call, actions: "bedrock:CreateModelCustomizationJob", reads: "BaseModelIdentifier/foundation", resource: foundationModel, dynamic: "fill"},
			{purpose: Call, actions: "bedrock:CreateModelCustomizationJob", resource: bedrockARN + "custom-model/*", note: "the model that the job makes"},
			{purpose: Call, actions: "bedrock:CreateModelCustomizationJob", resource: bedrockARN + "model-customization-job/*"},
			{purpose: Poll, on: job, actions: "bedrock:GetModelCustomizationJob", resource: bedrockARN + "model-customization-job/*"},
			{purpose: Cancel, on: job, actions: "bedrock:StopModelCustomizationJob", resource: bedrockARN + "model-customization-job/*"},
			passesBare("RoleArn", "bedrock.amazonaws.com"),
			tags("JobTags", "bedrock:TagResource", bedrockARN+"model-customization-job/*", ""),
			tags("CustomModelTags", "bedrock:TagResource", bedrockARN+"custom-model/*", ""),
		},
	},
}

const (
	dynamoDBTable   = "arn:{partition}:dynamodb:{region}:{account}:table/{table}"
	glueJob         = "arn:{partition}:glue:{region}:{account}:job/{job}"
	dataBrewJob     = "arn:{partition}:databrew:{region}:{account}:job/{job}"
	anyDataBrewJob  = "arn:{partition}:databrew:{region}:{account}:job/*"
	athenaWorkgroup = "arn:{partition}:athena:{region}:{account}:workgroup/{workgroup}"
	anyWorkgroup    = "arn:{partition}:athena:{region}:{account}:workgroup/*"
	athenaCatalogs  = "arn:{partition}:athena:{region}:{account}:datacatalog/*"
	mediaConvert    = "arn:{partition}:mediaconvert:{region}:{account}:"
	bedrockARN      = "arn:{partition}:bedrock:{region}:{account}:"
	foundationModel = "arn:{partition}:bedrock:{region}::foundation-model/{model}"
	profiledModel   = "arn:{partition}:bedrock:*::foundation-model/{model}"
	profileNote     = "an inference profile sends the request to the model in any Region of its geography"

	glueReads  = "glue:GetDatabase glue:GetDatabases glue:GetTable glue:GetTables glue:GetPartition glue:GetPartitions glue:BatchGetPartition"
	glueWrites = "glue:CreateDatabase glue:UpdateDatabase glue:DeleteDatabase glue:CreateTable glue:UpdateTable glue:DeleteTable glue:BatchDeleteTable glue:BatchCreatePartition glue:CreatePartition glue:UpdatePartition glue:DeletePartition glue:BatchDeletePartition"
)

var startedByStepFunctions = []conditionRule{{operator: "StringEquals", key: "aws:ResourceTag/ManagedByService", values: "AWSStepFunctions"}}

// dynamoDB: the console's template grants all four actions for any one of them.
func dynamoDB(name, action string) integration {
	return integration{
		name: "dynamodb:" + name, source: guide + "dynamo-iam",
		patterns: request,
		needs:    "TableName",
		params:   []param{{path: "TableName", as: tableShape}},
		rules: []rule{
			{purpose: Call, style: console, actions: "dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem", reads: "TableName", resource: dynamoDBTable},
			{purpose: Call, style: least, actions: action, reads: "TableName", resource: dynamoDBTable},
		},
	}
}

func athenaRule(purpose Purpose, style styleSet, actions, resource string) rule {
	r := rule{purpose: purpose, style: style, actions: actions, resource: resource}
	if resource == athenaWorkgroup {
		r.reads, r.dynamic = "WorkGroup", "fill"
	}
	if purpose != Call {
		r.on = job
	}
	return r
}

func athenaRequest(name string, more ...rule) integration {
	return integration{
		name: "athena:" + name, source: guide + "athena-iam",
		patterns: request,
		rules: append([]rule{
			{purpose: Call, style: console, actions: "athena:" + name, resource: anyWorkgroup},
			{purpose: Call, style: least, actions: "athena:" + strings.ToUpper(name[:1]) + name[1:], resource: anyWorkgroup, note: "the request names a query, not its workgroup"},
		}, more...),
	}
}

// glueCatalog grants on every resource type of the Data Catalog that a query
// can touch, as the template does.
func glueCatalog(style styleSet, when, actions, note string) rule {
	const catalog = "arn:{partition}:glue:{region}:{account}:"
	return rule{
		purpose: Dependent, style: style, when: when, actions: actions, note: note,
		resource: catalog + "catalog " + catalog + "database/* " + catalog + "table/* " + catalog + "userDefinedFunction/*",
	}
}

// sageMakerJob: the name in the ARN is followed by "*", and ListTags is granted
// on everything, in the templates for training and transform jobs; the other
// jobs have no template and follow them.
func sageMakerJob(kind, nameParameter, resourceType, eventRule, roles string) integration {
	// SageMaker writes many names in small letters into ARNs, and IAM compares
	// with letter case.
	const here = "arn:{partition}:sagemaker:{region}:{account}:"
	resource := here + resourceType + "/{job}* " + here + resourceType + "/{job:lower}*"
	in := integration{
		name: "sagemaker:create" + kind + "Job", source: guide + "sagemaker-iam",
		patterns: request | runJob,
		needs:    nameParameter,
		params:   []param{{path: nameParameter, as: shape{"{job}"}}},
		rules: []rule{
			{purpose: Call, actions: "sagemaker:Create" + kind + "Job", reads: nameParameter, resource: resource, dynamic: "fill"},
			{purpose: Poll, on: job, actions: "sagemaker:Describe" + kind + "Job", reads: nameParameter, resource: resource, dynamic: "fill"},
			{purpose: Cancel, on: job, actions: "sagemaker:Stop" + kind + "Job", reads: nameParameter, resource: resource, dynamic: "fill"},
			listTags,
			ruleFor(eventRule),
			tags("Tags", "sagemaker:AddTags", resource, nameParameter),
		},
	}
	if kind == "Training" || kind == "Transform" {
		in.doubted = callback
		in.cautions = []caution{{
			when: "!Tags", on: job,
			code:    "TAGGING_NEEDED",
			message: "Step Functions tags the jobs that it waits for, and SageMaker has been seen to ask for sagemaker:AddTags, which the documented policy lacks",
			hint:    "add sagemaker:AddTags on the job if the call is denied",
		}}
	}
	for parameter := range words(roles) {
		in.params = append(in.params, param{path: parameter, as: roleShape})
		in.rules = append(in.rules, passes(parameter, "sagemaker.amazonaws.com"))
	}
	if roles == "RoleArn" {
		in.needs += " RoleArn"
	}
	return in
}

var listTags = rule{purpose: Call, actions: "sagemaker:ListTags", resource: "*", note: "part of every SageMaker template"}

func sageMakerRequest(name, needs string, rules ...rule) integration {
	in := integration{
		name: "sagemaker:" + name, source: guide + "connect-sagemaker",
		patterns: request,
		needs:    needs,
		params:   []param{{path: "ExecutionRoleArn", as: roleShape}},
		rules:    append(rules, listTags),
	}
	for parameter := range words(needs) {
		in.params = append(in.params, param{path: parameter, as: shape{"{" + parameter + "}"}})
	}
	first := firstWord(needs)
	in.rules = append(in.rules, tags("Tags", "sagemaker:AddTags", rules[0].resource, first))
	return in
}

func sageMakerRule(action, parameter, resourceType string) rule {
	here := "arn:{partition}:sagemaker:{region}:{account}:" + resourceType + "/"
	return rule{purpose: Call, actions: action, reads: parameter, resource: here + "{" + parameter + "} " + here + "{" + parameter + ":lower}", dynamic: "fill"}
}

// throughProfile: a model that a profile may choose in any Region is allowed
// through that profile only. Source: Amazon Bedrock user guide, prerequisites for
// inference profiles.
func throughProfile(note string) []conditionRule {
	if note == "" {
		return nil
	}
	return []conditionRule{{operator: "StringLike", key: "bedrock:InferenceProfileArn", values: "arn:{partition}:bedrock:{region}:{account}:inference-profile/*"}}
}

// bedrockType: the template knows foundation and provisioned models alone, while
// the call is authorized on other types of resources too.
func bedrockType(variant, resource string) rule {
	r := bedrockRule(variant, resource, "-", "")
	r.source = "Service authorization reference, Amazon Bedrock"
	return r
}

func bedrockRule(variant, resource, dynamic, note string) rule {
	return rule{purpose: Call, actions: "bedrock:InvokeModel", reads: "ModelId/" + variant, resource: resource, dynamic: dynamic, bounded: dynamic, note: note, conditions: throughProfile(note)}
}
