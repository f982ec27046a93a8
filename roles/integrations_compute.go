package roles

// Integrations that run something. Pages of the AWS Step Functions Developer
// Guide (archive of June 2023 where current pages agree, else the page as of
// 2026-11); least-style resources from the service authorization reference.

var lambdaResource = "arn:{partition}:lambda:{region}:{account}:function:{function}[:{qualifier}]"

var computeIntegrations = []integration{
	{
		name: "lambda:invoke", source: guide + "lambda-iam",
		patterns: request | callback,
		needs:    "FunctionName",
		params:   []param{{path: "FunctionName", as: functionShape}, {path: "Qualifier", as: shape{"{qualifier}"}, extra: true}},
		rules: []rule{
			{purpose: Call, actions: "lambda:InvokeFunction", resource: lambdaResource, reads: "FunctionName Qualifier"},
		},
	},
	{
		name: "batch:submitJob", source: guide + "batch-iam",
		patterns: request | runJob,
		needs:    "JobDefinition JobQueue",
		params:   []param{{path: "JobDefinition", as: jobDefinitionShape}, {path: "JobQueue", as: jobQueueShape}},
		rules: []rule{
			{purpose: Call, style: console, actions: "batch:SubmitJob", resource: "*"},
			{purpose: Poll, style: console, on: job, actions: "batch:DescribeJobs", resource: "*"},
			{purpose: Cancel, style: console, on: job, actions: "batch:TerminateJob", resource: "*"},
			{purpose: Call, style: least, actions: "batch:SubmitJob", reads: "JobDefinition", resource: "arn:{partition}:batch:{region}:{account}:job-definition/{definition}[:{revision}]"},
			{purpose: Call, style: least, actions: "batch:SubmitJob", reads: "JobDefinition/name", resource: "arn:{partition}:batch:{region}:{account}:job-definition/{definition}:*",
				note: "the definition names no revision, so any of them may run"},
			{purpose: Call, style: least, actions: "batch:SubmitJob", reads: "JobQueue", resource: "arn:{partition}:batch:{region}:{account}:job-queue/{queue}"},
			{purpose: Poll, style: least, on: job, actions: "batch:DescribeJobs", resource: "*", note: "the action has no resource type"},
			{purpose: Cancel, style: least, on: job, actions: "batch:TerminateJob", resource: "arn:{partition}:batch:{region}:{account}:job/*"},
			ruleFor("StepFunctionsGetEventsForBatchJobsRule"),
			tags("Tags", "batch:TagResource", "arn:{partition}:batch:{region}:{account}:job/*", ""),
		},
	},
	{
		name: "ecs:runTask", source: guide + "ecs-iam",
		patterns: request | runJob | callback,
		needs:    "TaskDefinition",
		params: []param{
			{path: "TaskDefinition", as: taskDefinitionShape},
			{path: "Cluster", as: ecsClusterShape, absent: "default"},
			{path: "Overrides.TaskRoleArn", as: roleShape},
			{path: "Overrides.ExecutionRoleArn", as: roleShape},
			{path: "VolumeConfigurations[].ManagedEBSVolume.RoleArn", as: roleShape},
		},
		conceals: "ecs-tasks.amazonaws.com",
		reveals:  "Overrides.TaskRoleArn Overrides.ExecutionRoleArn",
		rules: []rule{
			{purpose: Call, style: console, actions: "ecs:RunTask", reads: "TaskDefinition", resource: "arn:{partition}:ecs:{region}:{account}:task-definition/{family}[:{revision}]"},
			{purpose: Cancel, style: console, on: job, actions: "ecs:StopTask", resource: "*", note: stopTaskNote},
			{purpose: Poll, style: console, on: job, actions: "ecs:DescribeTasks", resource: "*"},

			{purpose: Call, style: least, actions: "ecs:RunTask", reads: "TaskDefinition Cluster", resource: "arn:{partition}:ecs:{region}:{account}:task-definition/{family}[:{revision}]", conditions: inCluster},
			{purpose: Call, style: least, actions: "ecs:RunTask", reads: "TaskDefinition/family Cluster", resource: "arn:{partition}:ecs:{region}:{account}:task-definition/{family}:*", conditions: inCluster,
				note: "the task definition names no revision, so the newest runs, whichever that is"},
			{purpose: Cancel, style: least, on: job, actions: "ecs:StopTask", reads: "Cluster", resource: ecsTask, bounded: anyECSTask, note: stopTaskNote},
			{purpose: Poll, style: least, on: job, actions: "ecs:DescribeTasks", reads: "Cluster", resource: ecsTask, bounded: anyECSTask},

			ruleFor("StepFunctionsGetEventsForECSTaskRule"),
			passes("Overrides.TaskRoleArn", "ecs-tasks.amazonaws.com"),
			passes("Overrides.ExecutionRoleArn", "ecs-tasks.amazonaws.com"),
			passes("VolumeConfigurations[].ManagedEBSVolume.RoleArn", "ecs.amazonaws.com"),
			tagsTask("Tags"),
			tagsTask("PropagateTags"),
			tagsTask("EnableECSManagedTags"),
		},
	},
	{
		name: "eks:createCluster", source: guide + "eks-iam",
		patterns: request | runJob | callback,
		needs:    "Name RoleArn",
		params:   []param{{path: "Name", as: shape{"{cluster}"}}, {path: "RoleArn", as: roleShape}, {path: "ComputeConfig.NodeRoleArn", as: roleShape}, {path: "EncryptionConfig[].Provider.KeyArn", as: keyShape}},
		rules: []rule{
			{purpose: Call, actions: "eks:CreateCluster", resource: "*", note: "the action has no resource type; for its first cluster an account needs iam:CreateServiceLinkedRole for eks.amazonaws.com, too"},
			eksKey("key", "{key}"),
			eksKey("alias", "*"),
			{purpose: Poll, style: console, on: job, actions: "eks:DescribeCluster", resource: "arn:{partition}:eks:{region}:{account}:cluster/*"},
			{purpose: Cancel, style: console, on: job, actions: "eks:DeleteCluster", resource: "arn:{partition}:eks:{region}:{account}:cluster/*"},
			{purpose: Poll, style: least, on: job, actions: "eks:DescribeCluster", reads: "Name", resource: eksCluster},
			{purpose: Cancel, style: least, on: job, actions: "eks:DeleteCluster", reads: "Name", resource: eksCluster},
			passes("RoleArn", "eks.amazonaws.com"),
			passes("ComputeConfig.NodeRoleArn", "ec2.amazonaws.com"), // of Auto Mode, newer than the template
			tags("Tags", "eks:TagResource", eksCluster, "Name"),
		},
	},
	{
		name: "eks:createNodegroup", source: guide + "eks-iam",
		patterns: request | runJob | callback,
		needs:    "ClusterName NodegroupName NodeRole",
		params:   []param{{path: "ClusterName", as: shape{"{cluster}"}}, {path: "NodegroupName", as: shape{"{nodegroup}"}}, {path: "NodeRole", as: roleShape}},
		rules: []rule{
			{purpose: Call, style: console, actions: "eks:CreateNodegroup", resource: "*"},
			{purpose: Dependent, actions: "ec2:DescribeSubnets", resource: "*", note: "the action has no resource type"},
			{purpose: Poll, style: console, on: job, actions: "eks:DescribeNodegroup", resource: "arn:{partition}:eks:{region}:{account}:nodegroup/*"},
			{purpose: Cancel, style: console, on: job, actions: "eks:DeleteNodegroup", resource: "arn:{partition}:eks:{region}:{account}:nodegroup/*"},
			{purpose: Dependent, style: console, actions: "iam:GetRole iam:ListAttachedRolePolicies", resource: "arn:{partition}:iam::{account}:role/*"},
			{purpose: Call, style: least, actions: "eks:CreateNodegroup", reads: "ClusterName", resource: eksCluster},
			{purpose: Poll, style: least, on: job, actions: "eks:DescribeNodegroup", reads: "ClusterName NodegroupName", resource: eksNodegroup},
			{purpose: Cancel, style: least, on: job, actions: "eks:DeleteNodegroup", reads: "ClusterName NodegroupName", resource: eksNodegroup},
			{purpose: Dependent, style: least, actions: "iam:GetRole", resource: serviceLinkedRole + "eks-nodegroup.amazonaws.com/AWSServiceRoleForAmazonEKSNodegroup", note: "EKS asks, as the caller, whether its service-linked role exists"},
			{purpose: Dependent, style: least, actions: "iam:GetRole iam:ListAttachedRolePolicies", reads: "NodeRole", resource: "arn:{partition}:iam::{account}:role/{role}", note: "EKS looks at the node role before it makes the node group"},
			passes("NodeRole", "eks.amazonaws.com"),
			tags("Tags", "eks:TagResource", eksNodegroup, "ClusterName NodegroupName"),
		},
	},
	{
		name: "eks:deleteCluster", source: guide + "eks-iam",
		patterns: request | runJob | callback,
		needs:    "Name",
		params:   []param{{path: "Name", as: shape{"{cluster}"}}},
		rules: []rule{
			{purpose: Call, actions: "eks:DeleteCluster", reads: "Name", resource: eksCluster, dynamic: "fill"},
			{purpose: Poll, on: job, actions: "eks:DescribeCluster", reads: "Name", resource: eksCluster, dynamic: "fill"},
		},
	},
	{
		name: "eks:deleteNodegroup", source: guide + "eks-iam",
		patterns: request | runJob | callback,
		needs:    "ClusterName NodegroupName",
		params:   []param{{path: "ClusterName", as: shape{"{cluster}"}}, {path: "NodegroupName", as: shape{"{nodegroup}"}}},
		rules: []rule{
			{purpose: Call, actions: "eks:DeleteNodegroup", reads: "ClusterName NodegroupName", resource: eksNodegroup, dynamic: "fill"},
			{purpose: Poll, on: job, actions: "eks:DescribeNodegroup", reads: "ClusterName NodegroupName", resource: eksNodegroup, dynamic: "fill"},
		},
	},
	{
		// No template is published for Fargate profiles; these rows follow the
		// node group's, on the resource types of the service authorization reference.
		name: "eks:createFargateProfile", source: guide + "connect-eks",
		patterns: request | runJob | callback,
		needs:    "ClusterName FargateProfileName PodExecutionRoleArn",
		params:   []param{{path: "ClusterName", as: shape{"{cluster}"}}, {path: "FargateProfileName", as: shape{"{profile}"}}, {path: "PodExecutionRoleArn", as: roleShape}},
		rules: []rule{
			{purpose: Call, actions: "eks:CreateFargateProfile", reads: "ClusterName", resource: eksCluster, dynamic: "fill"},
			{purpose: Poll, on: job, actions: "eks:DescribeFargateProfile", reads: "ClusterName FargateProfileName", resource: eksFargateProfile, dynamic: "fill"},
			{purpose: Cancel, on: job, actions: "eks:DeleteFargateProfile", reads: "ClusterName FargateProfileName", resource: eksFargateProfile, dynamic: "fill"},
			{purpose: Dependent, actions: "iam:GetRole", resource: serviceLinkedRole + "eks-fargate.amazonaws.com/AWSServiceRoleForAmazonEKSForFargate", note: "EKS asks, as the caller, whether its service-linked role exists"},
			passes("PodExecutionRoleArn", "eks.amazonaws.com"),
			tags("Tags", "eks:TagResource", eksFargateProfile, "ClusterName FargateProfileName"),
		},
	},
	{
		name: "eks:deleteFargateProfile", source: guide + "connect-eks",
		patterns: request | runJob | callback,
		needs:    "ClusterName FargateProfileName",
		params:   []param{{path: "ClusterName", as: shape{"{cluster}"}}, {path: "FargateProfileName", as: shape{"{profile}"}}},
		rules: []rule{
			{purpose: Call, actions: "eks:DeleteFargateProfile", reads: "ClusterName FargateProfileName", resource: eksFargateProfile, dynamic: "fill"},
			{purpose: Poll, on: job, actions: "eks:DescribeFargateProfile", reads: "ClusterName FargateProfileName", resource: eksFargateProfile, dynamic: "fill"},
		},
	},
	{
		name: "eks:call", source: guide + "connect-eks",
		patterns: request,
		cautions: []caution{kubernetesAccess},
	},
	{
		name: "eks:runJob", source: guide + "connect-eks",
		patterns: request | runJob,
		cautions: []caution{kubernetesAccess},
	},
	{
		name: "elasticmapreduce:createCluster", source: guide + "emr-iam",
		patterns: request | runJob,
		needs:    "ServiceRole JobFlowRole",
		params:   []param{{path: "ServiceRole", as: roleNameShape}, {path: "JobFlowRole", as: instanceProfileShape}, {path: "AutoScalingRole", as: roleNameShape}},
		rules: []rule{
			{purpose: Call, actions: "elasticmapreduce:RunJobFlow", resource: "*", note: "the cluster has no ARN before it is made; for its first cluster an account needs iam:CreateServiceLinkedRole for elasticmapreduce.amazonaws.com, too"},
			{purpose: Poll, style: console, on: job, actions: "elasticmapreduce:DescribeCluster", resource: "*"},
			{purpose: Cancel, style: console, on: job, actions: "elasticmapreduce:TerminateJobFlows", resource: "*"},
			{purpose: Poll, style: least, on: job, actions: "elasticmapreduce:DescribeCluster", resource: "arn:{partition}:elasticmapreduce:{region}:{account}:cluster/*"},
			{purpose: Cancel, style: least, on: job, actions: "elasticmapreduce:TerminateJobFlows", resource: "arn:{partition}:elasticmapreduce:{region}:{account}:cluster/*"},
			ruleFor("StepFunctionsGetEventForEMRRunJobFlowRule"),
			passesBare("ServiceRole", "elasticmapreduce.amazonaws.com"),
			{purpose: PassRole, actions: "iam:PassRole", resource: "arn:{partition}:iam::{account}:role/{role}", reads: "JobFlowRole", when: "JobFlowRole", service: "ec2.amazonaws.com", guessed: true,
				conditions: []conditionRule{{operator: "StringEquals", key: "iam:PassedToService", values: "ec2.amazonaws.com", style: least}},
				note:       "JobFlowRole is an instance profile; its role is taken to bear the same name"},
			passesBare("AutoScalingRole", "application-autoscaling.amazonaws.com"),
			tags("Tags", "elasticmapreduce:AddTags", "arn:{partition}:elasticmapreduce:{region}:{account}:cluster/*", ""),
		},
		cautions: []caution{{
			when:    "JobFlowRole !JobFlowRole~blank",
			code:    "INSTANCE_PROFILE_ROLE",
			message: "JobFlowRole names an instance profile, and the role in it is taken to bear the same name",
			hint:    "if it does not, say which it is with --pass-role ec2.amazonaws.com=ARN",
		}},
	},
	emrCluster("addStep", request|runJob,
		emrRule(Call, "elasticmapreduce:AddJobFlowSteps"),
		emrRule(Poll, "elasticmapreduce:DescribeStep"),
		emrRule(Cancel, "elasticmapreduce:CancelSteps"),
		ruleFor("StepFunctionsGetEventForEMRAddJobFlowStepsRule")),
	emrCluster("cancelStep", request,
		emrRule(Call, "elasticmapreduce:CancelSteps")),
	emrCluster("terminateCluster", request|runJob,
		emrRule(Call, "elasticmapreduce:TerminateJobFlows"),
		emrRule(Poll, "elasticmapreduce:DescribeCluster"),
		ruleFor("StepFunctionsGetEventForEMRTerminateJobFlowsRule")),
	emrCluster("setClusterTerminationProtection", request,
		emrRule(Call, "elasticmapreduce:SetTerminationProtection")),
	emrCluster("modifyInstanceFleetByName", request,
		emrRule(Call, "elasticmapreduce:ModifyInstanceFleet elasticmapreduce:ListInstanceFleets")),
	emrCluster("modifyInstanceGroupByName", request,
		// The one EMR template whose dynamic resource is "*".
		rule{purpose: Call, actions: "elasticmapreduce:ModifyInstanceGroups elasticmapreduce:ListInstanceGroups", reads: "ClusterId", resource: emrClusterARN}),
	{
		name: "emr-containers:createVirtualCluster", source: guide + "emr-eks-iam",
		patterns: request,
		rules: []rule{
			{purpose: Call, actions: "emr-containers:CreateVirtualCluster", resource: "*", note: "the virtual cluster has no ARN before it is made"},
			{purpose: Dependent, actions: "iam:CreateServiceLinkedRole", resource: "arn:{partition}:iam::{account}:role/aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers",
				conditions: []conditionRule{{operator: "StringLike", key: "iam:AWSServiceName", values: "emr-containers.amazonaws.com"}},
				note:       "needed once per account; the page prints the role's name with a slip (AnAWSServiceRole...)"},
			tags("Tags", "emr-containers:TagResource", "arn:{partition}:emr-containers:{region}:{account}:/virtualclusters/*", ""),
		},
	},
	{
		name: "emr-containers:deleteVirtualCluster", source: guide + "emr-eks-iam",
		patterns: request | runJob,
		needs:    "Id",
		params:   []param{{path: "Id", as: shape{"{virtualCluster}"}}},
		rules: []rule{
			{purpose: Call, actions: "emr-containers:DeleteVirtualCluster", reads: "Id", resource: virtualCluster, dynamic: "fill"},
			{purpose: Poll, on: job, actions: "emr-containers:DescribeVirtualCluster", reads: "Id", resource: virtualCluster, dynamic: "fill"},
		},
	},
	{
		name: "emr-containers:startJobRun", source: guide + "emr-eks-iam",
		patterns: request | runJob,
		needs:    "VirtualClusterId ExecutionRoleArn",
		params:   []param{{path: "VirtualClusterId", as: shape{"{virtualCluster}"}}, {path: "ExecutionRoleArn"}},
		rules: []rule{
			{purpose: Call, actions: "emr-containers:StartJobRun", reads: "VirtualClusterId", resource: virtualCluster, dynamic: "fill",
				conditions: []conditionRule{{operator: "StringEquals", key: "emr-containers:ExecutionRoleArn", values: "{ExecutionRoleArn}"}},
				note:       "the job's role is bounded by the condition; nothing is passed"},
			{purpose: Poll, on: job, actions: "emr-containers:DescribeJobRun", reads: "VirtualClusterId", resource: virtualCluster + "/jobruns/*", dynamic: "arn:{partition}:emr-containers:{region}:{account}:/virtualclusters/*"},
			{purpose: Cancel, on: job, actions: "emr-containers:CancelJobRun", reads: "VirtualClusterId", resource: virtualCluster + "/jobruns/*", dynamic: "arn:{partition}:emr-containers:{region}:{account}:/virtualclusters/*"},
			tags("Tags", "emr-containers:TagResource", virtualCluster+"/jobruns/*", "VirtualClusterId"),
		},
		cautions: []caution{{
			when:    "ExecutionRoleArn~unknown",
			code:    "PASS_ROLE_DYNAMIC",
			message: "the role of the job is known at run time only, so nothing bounds which role a job may run under",
			hint:    "name the role in the definition",
		}},
	},
	{
		name: "emr-serverless:createApplication", source: guide + "emr-serverless-iam",
		patterns: request | runJob,
		rules: []rule{
			{purpose: Call, actions: "emr-serverless:CreateApplication", resource: "arn:{partition}:emr-serverless:{region}:{account}:/*"},
			{purpose: Poll, on: job, actions: "emr-serverless:GetApplication", resource: "arn:{partition}:emr-serverless:{region}:{account}:/applications/*"},
			{purpose: Cancel, on: job, actions: "emr-serverless:DeleteApplication", resource: "arn:{partition}:emr-serverless:{region}:{account}:/applications/*"},
			ruleFor("StepFunctionsGetEventsForEMRServerlessApplicationRule"),
			{purpose: Dependent, actions: "iam:CreateServiceLinkedRole", resource: "arn:{partition}:iam::{account}:role/aws-service-role/ops.emr-serverless.amazonaws.com/AWSServiceRoleForAmazonEMRServerless*",
				conditions: []conditionRule{{operator: "StringLike", key: "iam:AWSServiceName", values: "ops.emr-serverless.amazonaws.com"}},
				note:       "needed for the first application of an account only"},
			tags("Tags", "emr-serverless:TagResource", "arn:{partition}:emr-serverless:{region}:{account}:/applications/*", ""),
		},
	},
	emrServerless("startApplication",
		emrApplicationRule(Call, request|job, "emr-serverless:StartApplication"),
		emrApplicationRule(Poll, job, "emr-serverless:GetApplication"),
		emrApplicationRule(Cancel, job, "emr-serverless:StopApplication"),
		ruleFor("StepFunctionsGetEventsForEMRServerlessApplicationRule")),
	emrServerless("stopApplication",
		emrApplicationRule(Call, request|job, "emr-serverless:StopApplication"),
		emrApplicationRule(Poll, job, "emr-serverless:GetApplication"),
		ruleFor("StepFunctionsGetEventsForEMRServerlessApplicationRule")),
	emrServerless("deleteApplication",
		emrApplicationRule(Call, request|job, "emr-serverless:DeleteApplication"),
		emrApplicationRule(Poll, job, "emr-serverless:GetApplication"),
		ruleFor("StepFunctionsGetEventsForEMRServerlessApplicationRule")),
	{
		name: "emr-serverless:startJobRun", source: guide + "emr-serverless-iam",
		patterns: request | runJob,
		needs:    "ApplicationId ExecutionRoleArn",
		params:   []param{{path: "ApplicationId", as: shape{"{application}"}}, {path: "ExecutionRoleArn", as: roleShape}},
		rules: []rule{
			emrApplicationRule(Call, request|job, "emr-serverless:StartJobRun"),
			{purpose: Poll, on: job, actions: "emr-serverless:GetJobRun", reads: "ApplicationId", resource: emrApplication + "/jobruns/*", dynamic: anyEMRApplication},
			{purpose: Cancel, on: job, actions: "emr-serverless:CancelJobRun", reads: "ApplicationId", resource: emrApplication + "/jobruns/*", dynamic: anyEMRApplication},
			ruleFor("StepFunctionsGetEventsForEMRServerlessJobRule"),
			passes("ExecutionRoleArn", "emr-serverless.amazonaws.com"),
			tags("Tags", "emr-serverless:TagResource", emrApplication+"/jobruns/*", "ApplicationId"),
		},
	},
	{
		name: "emr-serverless:cancelJobRun", source: guide + "emr-serverless-iam",
		patterns: request | runJob,
		needs:    "ApplicationId JobRunId",
		params:   []param{{path: "ApplicationId", as: shape{"{application}"}}, {path: "JobRunId", as: shape{"{run}"}}},
		rules: []rule{
			{purpose: Call, actions: "emr-serverless:CancelJobRun", reads: "ApplicationId JobRunId", resource: emrApplication + "/jobruns/{run}", dynamic: anyEMRApplication},
			{purpose: Poll, on: job, actions: "emr-serverless:GetJobRun", reads: "ApplicationId JobRunId", resource: emrApplication + "/jobruns/{run}", dynamic: anyEMRApplication},
			ruleFor("StepFunctionsGetEventsForEMRServerlessJobRule"),
		},
	},
	{
		name: "codebuild:startBuild", source: guide + "codebuild-iam",
		patterns: request | runJob,
		needs:    "ProjectName",
		params:   []param{{path: "ProjectName", as: projectShape}, {path: "ServiceRoleOverride", as: roleNameShape}},
		rules: []rule{
			codebuildRule(Call, "codebuild:StartBuild", "ProjectName", anyAccountProject),
			codebuildRule(Cancel, "codebuild:StopBuild", "ProjectName", anyAccountProject),
			codebuildRule(Poll, "codebuild:BatchGetBuilds", "ProjectName", anyAccountProject),
			ruleFor("StepFunctionsGetEventForCodeBuildStartBuildRule"),
			passes("ServiceRoleOverride", "codebuild.amazonaws.com"),
		},
	},
	{
		name: "codebuild:startBuildBatch", source: guide + "codebuild-iam",
		patterns: request | runJob,
		needs:    "ProjectName",
		params: []param{
			{path: "ProjectName", as: projectShape}, {path: "ServiceRoleOverride", as: roleNameShape}, {path: "BuildBatchConfigOverride.ServiceRole", as: roleNameShape},
		},
		rules: []rule{
			codebuildRule(Call, "codebuild:StartBuildBatch", "ProjectName", "fill"),
			codebuildRule(Cancel, "codebuild:StopBuildBatch", "ProjectName", "fill"),
			codebuildRule(Poll, "codebuild:BatchGetBuildBatches", "ProjectName", "fill"),
			ruleFor("StepFunctionsGetEventForCodeBuildStartBuildBatchRule"),
			passes("ServiceRoleOverride", "codebuild.amazonaws.com"),
			passes("BuildBatchConfigOverride.ServiceRole", "codebuild.amazonaws.com"),
		},
	},
	{
		// The one CodeBuild job whose template has no EventBridge rule.
		name: "codebuild:retryBuildBatch", source: guide + "codebuild-iam",
		patterns: request | runJob,
		needs:    "Id",
		params:   []param{{path: "Id", as: buildBatchShape}},
		rules: []rule{
			codebuildRule(Call, "codebuild:RetryBuildBatch", "Id", "fill"),
			codebuildRule(Cancel, "codebuild:StopBuildBatch", "Id", "fill"),
			codebuildRule(Poll, "codebuild:BatchGetBuildBatches", "Id", "fill"),
		},
	},
	codebuildRequest("stopBuild", "codebuild:StopBuild", "Id", buildShape, anyAccountProject),
	codebuildRequest("batchDeleteBuilds", "codebuild:BatchDeleteBuilds", "Ids[]", buildShape, anyAccountProject),
	codebuildRequest("stopBuildBatch", "codebuild:StopBuildBatch", "Id", buildBatchShape, "fill"),
	codebuildRequest("deleteBuildBatch", "codebuild:DeleteBuildBatch", "Id", buildBatchShape, "fill"),
	{
		name: "codebuild:batchGetReports", source: guide + "codebuild-iam",
		patterns: request,
		needs:    "ReportArns[]",
		params:   []param{{path: "ReportArns[]", as: reportShape}},
		rules: []rule{
			{purpose: Call, actions: "codebuild:BatchGetReports", reads: "ReportArns[]", resource: "arn:{partition}:codebuild:{region}:{account}:report-group/{group}", dynamic: "arn:{partition}:codebuild:{region}:*:report-group/*"},
		},
	},
}

const (
	serviceLinkedRole = "arn:{partition}:iam::{account}:role/aws-service-role/"

	ecsTask    = "arn:{partition}:ecs:{region}:{account}:task/{cluster}/*"
	anyECSTask = "arn:{partition}:ecs:{region}:{account}:task/*"

	stopTaskNote = "Step Functions stops only tasks that it started, whatever the resource says"

	eksCluster        = "arn:{partition}:eks:{region}:{account}:cluster/{cluster}"
	eksNodegroup      = "arn:{partition}:eks:{region}:{account}:nodegroup/{cluster}/{nodegroup}/*"
	eksFargateProfile = "arn:{partition}:eks:{region}:{account}:fargateprofile/{cluster}/{profile}/*"

	emrClusterARN = "arn:{partition}:elasticmapreduce:{region}:{account}:cluster/{cluster}"

	virtualCluster    = "arn:{partition}:emr-containers:{region}:{account}:/virtualclusters/{virtualCluster}"
	emrApplication    = "arn:{partition}:emr-serverless:{region}:{account}:/applications/{application}"
	anyEMRApplication = "arn:{partition}:emr-serverless:{region}:{account}:/applications/*"

	codebuildProject  = "arn:{partition}:codebuild:{region}:{account}:project/{project}"
	anyAccountProject = "arn:{partition}:codebuild:{region}:*:project/*"
)

var inCluster = []conditionRule{{operator: "ArnEquals", key: "ecs:cluster", values: "arn:{partition}:ecs:{region}:{account}:cluster/{cluster}"}}

// eksKey: who makes a cluster grants it the use of the key of its secrets. An
// alias does not tell the key.
func eksKey(variant, key string) rule {
	const parameter = "EncryptionConfig[].Provider.KeyArn"
	return rule{purpose: Dependent, style: least, actions: "kms:DescribeKey kms:CreateGrant", reads: parameter + "/" + variant, when: parameter,
		resource: "arn:{partition}:kms:{region}:{account}:key/" + key, source: "Amazon EKS User Guide, create-cluster", note: "the key that encrypts the cluster's secrets"}
}

var kubernetesAccess = caution{
	code:    "KUBERNETES_ACCESS",
	message: "this call needs no IAM permission, but the role must be known to the cluster's Kubernetes access control",
	hint:    "give the role an EKS access entry, or map it in the aws-auth ConfigMap",
}

// tagsTask: tagging a task as it starts is authorized apart from starting it.
func tagsTask(parameter string) rule {
	r := tags(parameter, "ecs:TagResource", ecsTask, "Cluster")
	r.when += " !" + parameter + "=NONE !" + parameter + "=false" // they may be told not to
	r.bounded = anyECSTask
	r.conditions = []conditionRule{{operator: "StringEquals", key: "ecs:CreateAction", values: "RunTask"}}
	return r
}

func emrCluster(action string, patterns patternSet, rules ...rule) integration {
	return integration{
		name: "elasticmapreduce:" + action, source: guide + "emr-iam",
		patterns: patterns,
		needs:    "ClusterId",
		params:   []param{{path: "ClusterId", as: shape{"{cluster}"}}},
		rules:    rules,
	}
}

func emrRule(purpose Purpose, action string) rule {
	r := rule{purpose: purpose, actions: action, reads: "ClusterId", resource: emrClusterARN, dynamic: "arn:{partition}:elasticmapreduce:*:*:cluster/*"}
	if purpose != Call {
		r.on = job
	}
	return r
}

func emrServerless(action string, rules ...rule) integration {
	return integration{
		name: "emr-serverless:" + action, source: guide + "emr-serverless-iam",
		patterns: request | runJob,
		needs:    "ApplicationId",
		params:   []param{{path: "ApplicationId", as: shape{"{application}"}}},
		rules:    rules,
	}
}

func emrApplicationRule(purpose Purpose, on patternSet, action string) rule {
	return rule{purpose: purpose, on: on, actions: action, reads: "ApplicationId", resource: emrApplication, dynamic: "fill"}
}

func codebuildRule(purpose Purpose, action, reads, dynamic string) rule {
	r := rule{purpose: purpose, actions: action, reads: reads, resource: codebuildProject, dynamic: dynamic}
	if purpose != Call {
		r.on = job
	}
	return r
}

func codebuildRequest(name, action, parameter string, as shape, dynamic string) integration {
	return integration{
		name: "codebuild:" + name, source: guide + "codebuild-iam",
		patterns: request,
		needs:    parameter,
		params:   []param{{path: parameter, as: as}},
		rules:    []rule{codebuildRule(Call, action, parameter, dynamic)},
	}
}
