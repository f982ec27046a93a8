package check

import "github.com/writ-iam/writ/policy"

// Names of condition keys are in lower case throughout: their case does not
// matter.

// sensitiveKeys identify an account, organization or network. A pattern in the
// place of the value opens them to others.
//
// Source: IAM user guide, AWS global condition context keys, "Sensitive condition
// keys", read 2026-11-21.
var sensitiveKeys = set(
	"aws:principalaccount", "aws:principalorgid", "aws:resourceaccount", "aws:resourceorgid", "aws:sourceaccount", "aws:sourceorgid",
	"aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid",
)

// untrustworthyKeys hold what the caller likes to send.
//
// Source: the same page, "aws:referer" and "aws:UserAgent".
var untrustworthyKeys = set("aws:referer", "aws:useragent")

// deprecatedKeys are global keys with a newer name.
//
// Source: Amazon SNS developer guide, Example cases for Amazon SNS access control:
// new services send aws:SourceArn and aws:SourceAccount alone.
var deprecatedKeys = map[string]string{"aws:sourceowner": "aws:SourceAccount"}

// sourceKeys say for whom a service calls.
//
// Source: IAM user guide, The confused deputy problem.
var sourceKeys = []string{"aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"}

// weakSourceKeys were recommended for the same end before those existed.
//
// Source: IAM user guide, IAM policy validation check reference, "Recommended
// condition key for service principal".
var weakSourceKeys = []string{"aws:Referer", "aws:SourceOwner"}

// memberKeys are about an organization's member, which a service is not: requests
// that a service makes for itself never carry them.
//
// Source: the same page, "Unsupported condition key for service principal"; IAM
// user guide, AWS global condition context keys, availability of these keys.
var memberKeys = set("aws:principalorgid", "aws:principalorgpaths")

// pairedKeys are safe in company only.
//
// Source: IAM user guide, AWS global condition context keys, "aws:VpcSourceIp".
var pairedKeys = map[string][]string{"aws:vpcsourceip": {"aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn"}}

// actionForKey says which action a statement must name for a key to be set by the
// caller, when it names one of the actions with which that is done.
//
// Source: IAM user guide, Monitor and control actions taken with assumed roles
// (sts:SetSourceIdentity) and Pass session tags in AWS STS (sts:TagSession).
var actionForKey = map[string]string{
	"sts:sourceidentity":    "sts:SetSourceIdentity",
	"sts:transitivetagkeys": "sts:TagSession",
}

// assumingActions are the actions beside which those of actionForKey stand.
var assumingActions = []string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:GetFederationToken"}

// regionKeys hold the name of a Region.
//
// Source: IAM user guide, AWS global condition context keys; Service Authorization
// Reference, condition keys of the services.
var regionKeys = set(
	"aws:requestedregion", "account:targetregion", "batch:awslogsregion", "cloudformation:targetregion", "dsql:witnessregion", "ec2:region",
	"ec2:vpceserviceregion", "ec2:vpcesupportedregion", "identitystore:primaryregion", "kms:primaryregion", "kms:replicaregion", "s3:destinationregion",
	"secretsmanager:addreplicaregions", "secretsmanager:secretprimaryregion", "ses:replicaregion", "sso:primaryregion",
)

// kmsKeys hold the ARN of a KMS key.
//
// Source: Service Authorization Reference, condition keys of Amazon S3, S3 Express, S3
// Tables and S3 Vectors, Amazon SageMaker AI and AWS Secrets Manager.
var kmsKeys = set(
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3express:x-amz-server-side-encryption-aws-kms-key-id", "s3tables:kmskeyarn", "s3vectors:kmskeyarn",
	"sagemaker:domainsharingoutputkmskey", "sagemaker:domainsharingoutputkmskeyarn", "sagemaker:featuregroupofflinestorekmskey",
	"sagemaker:featuregroupofflinestorekmskeyarn", "sagemaker:featuregrouponlinestorekmskey", "sagemaker:featuregrouponlinestorekmskeyarn",
	"sagemaker:homeefsfilesystemkmskey", "sagemaker:outputkmskey", "sagemaker:outputkmskeyarn", "sagemaker:volumekmskey", "sagemaker:volumekmskeyarn",
	"secretsmanager:kmskeyarn",
)

// servicePrincipalKeys hold the principal of a service. Those that say which
// service has passed a call on are judged by name as well: any value that is not a
// service never occurs.
//
// Source: IAM user guide, AWS global condition context keys and Condition keys for
// IAM; AWS KMS developer guide, "kms:ViaService"; Service Authorization Reference.
var servicePrincipalKeys = map[string]servicePrincipalKey{
	"aws:calledvia":                  {judged: true},
	"aws:calledviafirst":             {judged: true},
	"aws:calledvialast":              {judged: true},
	"aws:principalservicename":       {},
	"aws:principalservicenameslist":  {},
	"kms:granteeserviceprincipal":    {},
	"kms:retiringserviceprincipal":   {},
	"sts:awsservicename":             {},
	"iam:passedtoservice":            {},
	"iam:awsservicename":             {},
	"organizations:serviceprincipal": {},
	"kms:viaservice":                 {regional: true},
}

type servicePrincipalKey struct {
	judged   bool
	regional bool // service.region.amazonaws.com
}

// readsItems are the actions of DynamoDB that return attributes of items, which
// dynamodb:Select is about.
//
// Source: Amazon DynamoDB developer guide, Using IAM policy conditions for
// fine-grained access control.
var readsItems = []string{"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"}

// operatorsOf says which families of operators fit a type of key. Null fits all.
//
// Source: IAM user guide, IAM JSON policy elements: Condition operators; the
// settled choices that ARNs may be compared as strings, and strings as ARNs. Times
// may be compared as numbers of seconds (aws:EpochTime).
var operatorsOf = map[string][]policy.Family{
	"String":    {policy.FamilyString, policy.FamilyARN, policy.FamilyBinary},
	"ARN":       {policy.FamilyARN, policy.FamilyString},
	"Bool":      {policy.FamilyBool},
	"Numeric":   {policy.FamilyNumeric},
	"Date":      {policy.FamilyDate, policy.FamilyNumeric},
	"IPAddress": {policy.FamilyIP},
}
