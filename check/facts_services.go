package check

import "sync"

// retiredServices are prefixes of services that are gone, whose actions and keys
// still stand in policies. What they were is not known here, so nothing is said.
//
// Source: Service Authorization Reference, editions of 2019 to 2025, against that
// of September 2026, from which package catalog is made.
var retiredServices = []string{
	"application-cost-profiler", "deepcomposer", "deeplens", "deepracer", "elastic-inference", "gamesparks", "iot1click", "iotroborunner",
	"iotthingsgraph", "macie", "mobilehub", "sagemaker-groundtruth-synthetic", "sumerian",
}

// principalLabels are labels in the principals of services that are not the prefix
// of any actions.
//
// Source: IAM user guide, AWS services that work with IAM, and the pages of these
// services about their principals.
var principalLabels = []string{
	"apidestinations", "application-insights", "appmesh-envoy", "automation", "backup-search", "billingconsole", "channels", "codedeploy", "config-multiaccountsetup",
	"continuousexport", "cur", "custom-resource", "delivery", "ecs-tasks", "edgelambda", "eks-fargate", "eks-fargate-pods", "eks-nodegroup", "elasticache",
	"email", "inspector", "lex", "lexv2", "logger", "logdelivery", "maintenance", "member", "monitoring", "ops", "pods", "purchaseorders", "replicator", "reporting",
	"resources", "s3-object-lambda", "securityhubv2", "spot", "spotfleet", "stacksets", "streams", "transitgateway", "vmie", "vpc-flow-logs",
}

// regions are the Regions of AWS by partition, with those that are announced.
//
// Source: AWS Regions and Availability Zones user guide; partitions.json of the
// AWS SDKs; read 2026-11-21.
var regions = map[string][]string{
	"aws": {
		"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
		"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
		"ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2",
		"eu-west-3", "il-central-1", "me-central-1", "me-south-1", "me-west-1", "mx-central-1", "sa-east-1", "sa-west-1", "us-east-1", "us-east-2",
		"us-west-1", "us-west-2",
	},
	"aws-cn":     {"cn-north-1", "cn-northwest-1"},
	"aws-us-gov": {"us-gov-east-1", "us-gov-west-1"},
	"aws-iso":    {"us-iso-east-1", "us-iso-west-1"},
	"aws-iso-b":  {"us-isob-east-1", "us-isob-west-1"},
	"aws-iso-e":  {"eu-isoe-west-1"},
	"aws-iso-f":  {"us-isof-east-1", "us-isof-south-1"},
	"aws-eusc":   {"eusc-de-east-1"},
}

// partitionOf returns the partition of a Region, or "" for what is none.
func partitionOf(region string) string { return partitions()[region] }

// partitions are the partitions of all Regions.
var partitions = sync.OnceValue(func() map[string]string {
	of := make(map[string]string)
	for partition, list := range regions {
		for _, r := range list {
			of[r] = partition
		}
	}
	return of
})

// regionNames are all Regions, for hints.
func regionNames() []string {
	return append(append([]string(nil), regions["aws"]...), regions["aws-us-gov"]...)
}

// rcpServices are the prefixes of services that resource control policies can be
// about.
//
// Source: AWS Organizations user guide, Resource control policies (RCPs), "List of
// AWS services that support RCPs", read 2026-11-21. The page writes opensearch for
// the service whose actions begin with es as well.
var rcpServices = set(
	"aoss", "appconfig", "appstream", "autoscaling", "autoscaling-plans", "budgets", "clouddirectory", "cloudfront", "cloudsearch",
	"cloudtrail-data", "codeartifact", "codebuild", "codecommit", "codepipeline", "cognito-identity", "cognito-idp", "comprehend",
	"comprehendmedical", "compute-optimizer", "cost-optimization-hub", "dax", "dsql", "dynamodb", "ecr", "ecr-public", "es", "events",
	"firehose", "fis", "fms", "gamelift", "health", "inspector-scan", "kendra", "kinesisvideo", "kms", "logs", "memorydb", "networkmonitor",
	"notifications", "opensearch", "pca-connector-ad", "personalize", "polly", "pricing", "resource-groups", "rolesanywhere", "s3",
	"secretsmanager", "servicediscovery", "signin", "sqs", "sts", "support", "swf", "textract", "timestream-influxdb", "transcribe",
	"transfer", "translate", "wafv2", "workspaces", "xray",
)

// endpointKeys are the condition keys about the owner of a VPC endpoint, in lower
// case, and the prefixes of the services that send them. iam:PassRole does not
// carry them.
//
// Source: IAM user guide, AWS global condition context keys, "aws:VpceAccount",
// "aws:VpceOrgID" and "aws:VpceOrgPaths", read 2026-11-21.
var endpointKeys = map[string]map[string]bool{
	"aws:vpceaccount":  set(append([]string{"polly"}, endpointServices...)...),
	"aws:vpceorgpaths": set(append([]string{"polly"}, endpointServices...)...),
	"aws:vpceorgid": set(append([]string{
		"polly", "b2bi", "cassandra", "cognito-identity", "dms", "ds-data", "identitystore", "iottwinmaker", "network-firewall", "pricing",
		"ses", "sms-voice", "sqs", "workmail",
	}, endpointServices...)...),
}

// endpointServices send all three keys.
var endpointServices = []string{
	"acm-pca", "applicationinsights", "apprunner", "athena", "cloudformation", "comprehendmedical", "compute-optimizer", "datasync",
	"discovery", "dynamodb", "ebs", "ecr", "ecs", "firehose", "gamelift", "healthlake", "iam", "iotfleetwise", "iotwireless",
	"kinesisanalytics", "kms", "lambda", "medical-imaging", "omics", "payment-cryptography", "rbin", "rekognition", "route53", "s3",
	"scheduler", "servicediscovery", "servicequotas", "shield", "ssm-contacts", "storagegateway", "textract", "transcribe", "transfer",
}

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, n := range names {
		s[n] = true
	}
	return s
}
