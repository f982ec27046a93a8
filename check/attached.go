package check

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// attachment is a type of resource that has policies.
type attachment struct {
	name     string   // as CloudFormation calls it
	services []string // prefixes of the actions that its policies may name
	types    []string // resource types of the catalogue that it stands for; none means any of the services
	limit    int      // of the policy's size in characters, with white space; 0 when not known
	trust    bool     // the policy is a trust policy
	source   string
}

// known reports whether it is known what the policy is attached to, and which actions
// requests on that have.
func (a *attachment) known() bool { return a != nil && len(a.services) > 0 }

// attachments are the types of resources that policies can be attached to. The
// first six are those that Access Analyzer asks for (validatePolicyResourceType).
var attachments = []attachment{
	{"AWS::S3::Bucket", []string{"s3"}, []string{"bucket", "object"}, 20480, false, "Amazon S3 user guide, Bucket policies"},
	{"AWS::S3::AccessPoint", []string{"s3"}, []string{"accesspoint", "accesspointobject"}, 20480, false, "Amazon S3 user guide, Access points restrictions and limitations"},
	{"AWS::S3::MultiRegionAccessPoint", []string{"s3"}, []string{"multiregionaccesspoint", "accesspoint", "accesspointobject"}, 20480, false, "Amazon S3 user guide, Multi-Region Access Point restrictions"},
	{"AWS::S3ObjectLambda::AccessPoint", []string{"s3-object-lambda"}, nil, 20480, false, "Amazon S3 user guide, Configuring IAM policies for Object Lambda Access Points"},
	{"AWS::IAM::AssumeRolePolicyDocument", []string{"sts"}, nil, 0, true, "IAM Access Analyzer API reference, ValidatePolicy"},
	{"AWS::DynamoDB::Table", []string{"dynamodb"}, []string{"table", "index"}, 20480, false, "Amazon DynamoDB developer guide, Considerations for resource-based policies"},
	{"AWS::DynamoDB::Stream", []string{"dynamodb"}, []string{"stream"}, 20480, false, "Amazon DynamoDB developer guide, Considerations for resource-based policies"},
	{"AWS::KMS::Key", []string{"kms"}, nil, 32768, false, "AWS KMS developer guide, Resource quotas"},
	{"AWS::SQS::Queue", []string{"sqs"}, nil, 0, false, "Amazon SQS developer guide, Using custom policies"},
	{"AWS::SNS::Topic", []string{"sns"}, nil, 30720, false, "Amazon SNS API reference, AddPermission"},
	{"AWS::Lambda::Function", []string{"lambda"}, nil, 20480, false, "AWS Lambda developer guide, Lambda quotas"},
	{"AWS::Lambda::LayerVersion", []string{"lambda"}, []string{"layerVersion", "layer"}, 20480, false, "AWS Lambda developer guide, Lambda quotas"},
	{"AWS::SecretsManager::Secret", []string{"secretsmanager"}, nil, 20480, false, "AWS Secrets Manager user guide, Quotas"},
	{"AWS::ECR::Repository", []string{"ecr"}, nil, 10240, false, "Amazon ECR API reference, SetRepositoryPolicy"},
	{"AWS::ECR::PublicRepository", []string{"ecr-public"}, nil, 10240, false, "Amazon ECR Public API reference, SetRepositoryPolicy"},
	{"AWS::EFS::FileSystem", []string{"elasticfilesystem"}, nil, 20000, false, "Amazon EFS API reference, PutFileSystemPolicy"},
	{"AWS::Events::EventBus", []string{"events"}, nil, 10240, false, "Amazon EventBridge user guide, Quotas"},
	{"AWS::Kinesis::Stream", []string{"kinesis"}, nil, 20480, false, "Amazon Kinesis API reference, PutResourcePolicy"},
	{"AWS::Backup::BackupVault", []string{"backup"}, nil, 0, false, "AWS Backup developer guide, Vault access policies"},
	{"AWS::OpenSearchService::Domain", []string{"es"}, nil, 0, false, "Amazon OpenSearch Service developer guide, Identity and Access Management"},
	{"AWS::ApiGateway::RestApi", []string{"execute-api"}, nil, 8192, false, "API Gateway developer guide, Quotas"},
	{"AWS::CodeArtifact::Domain", []string{"codeartifact"}, nil, 0, false, "CodeArtifact user guide, Domain policies"},
	{"AWS::StepFunctions::StateMachine", []string{"states"}, nil, 0, false, "AWS Step Functions developer guide, Resource-based policies"},
	{"AWS::Glue::Catalog", []string{"glue"}, nil, 10240, false, "AWS Glue developer guide, Resource-based policies"},
	{"AWS::CloudWatch::LogGroup", []string{"logs"}, nil, 5120, false, "Amazon CloudWatch Logs API reference, PutResourcePolicy"},
	{"AWS::EC2::VPCEndpoint", nil, nil, 20480, false, "AWS PrivateLink guide, Control access to VPC endpoints"},
}

// ownServices are the prefixes of services whose resources' policies need no Resource: it
// is the one that they are attached to. See [authz.OwnRules].
var ownServices = sync.OnceValue(func() map[string]bool {
	services := make(map[string]bool)
	for _, rule := range authz.OwnRules() {
		for _, entry := range rule.Actions {
			service, _, _ := strings.Cut(entry, ":")
			services[service] = true
		}
	}
	return services
})

// impliesResource reports whether the statement may leave out Resource: the policy is
// attached to a resource of such a service, or its actions say that it is.
func (r *run) impliesResource(s *statement) bool {
	if r.attached.known() {
		return !slices.ContainsFunc(r.attached.services, func(service string) bool { return !ownServices()[service] })
	}
	return r.kind == Resource && !s.actions.not && len(s.actions.entries) > 0 && !slices.ContainsFunc(s.actions.entries, func(e entry) bool {
		service, _, _ := strings.Cut(strings.ToLower(e.text), ":")
		return !ownServices()[service]
	})
}

// shortResources are what resources may begin with in the policies of a type,
// besides ARNs.
//
// Source: API Gateway developer guide, API Gateway resource policy examples.
var shortResources = map[string]string{"AWS::ApiGateway::RestApi": "execute-api:/"}

// ResourceTypes returns the types of resources that a policy can be said to be
// attached to.
func ResourceTypes() []string {
	names := make([]string, len(attachments))
	for i, a := range attachments {
		names[i] = a.name
	}
	return names
}

// findAttachment returns the row of a type of resources, and nil for "".
func findAttachment(name string) (*attachment, error) {
	if name == "" {
		return nil, nil
	}
	for i := range attachments {
		if strings.EqualFold(attachments[i].name, name) {
			return &attachments[i], nil
		}
	}
	hint := near.Hint(name, ResourceTypes())
	if hint == "" {
		hint = "such as " + attachments[0].name
	}
	return nil, fmt.Errorf("there is no type of resource %q: %s", name, hint)
}

// trustAttachment is what trust policies are attached to, said or not.
var trustAttachment = func() *attachment {
	for i := range attachments {
		if attachments[i].trust {
			return &attachments[i]
		}
	}
	return nil
}()

// aboutAttachedTo is about what has no meaning in the policy of this resource.
var aboutAttachedTo = &finder{statement: attachedStatement, condition: attachedCondition}

func attachedStatement(r *run, s *statement) {
	if !r.attached.known() {
		return
	}
	if !s.actions.not {
		for i := range s.actions.entries {
			r.attachedAction(&s.actions.entries[i])
		}
	}
	if !s.resources.not {
		for i := range s.resources.entries {
			r.attachedResource(&s.resources.entries[i], &s.arns[i])
		}
	}
}

// attachedAction reports an action that no request on the resource has.
func (r *run) attachedAction(e *entry) {
	switch {
	case r.actionOfAttached(e):
	case r.attached.trust:
		r.report("UNSUPPORTED_ACTION_IN_POLICY", e.place(), "trust policies have actions such as sts:AssumeRole", "a trust policy is about assuming its role, and %s is not", quote(e.text))
	default:
		r.report("UNSUPPORTED_ACTION_IN_POLICY", e.place(), "", "action %s is not about %s", quote(e.text), r.attached.name)
	}
}

// actionOfAttached reports whether requests on the resource that has the policy can be
// for an action. What is not known to be otherwise can.
func (r *run) actionOfAttached(e *entry) bool {
	service, _, ok := strings.Cut(e.text, ":")
	if !r.attached.known() || !ok || hasWildcard(service) || !r.facts.isService(service) {
		return true
	}
	fits := slices.Contains(r.attached.services, strings.ToLower(service))
	if a := e.action; fits && a != nil && r.attached.types != nil {
		fits = slices.ContainsFunc(a.Types, func(t catalog.TypeOfAction) bool { return slices.Contains(r.attached.types, t.Name) })
	}
	return fits
}

// attachedResource reports an ARN that is of another type.
func (r *run) attachedResource(e *entry, p *resource) {
	if !r.isOfAttached(p) {
		r.report("UNSUPPORTED_RESOURCE_ARN_IN_POLICY", e.place(), "name the resource that the policy is attached to", "%s is no %s", quote(e.text), r.attached.name)
	}
}

// isOfAttached reports whether an ARN can be that of the resource that has the policy, or
// of a part of it.
func (r *run) isOfAttached(p *resource) bool {
	if !r.attached.known() || p.problem != "" || p.all || hasWildcard(p.service) || p.fields < arnFields {
		return true
	}
	for _, service := range r.attached.services {
		for _, f := range r.facts.formatsOf(service) {
			if (r.attached.types == nil || slices.Contains(r.attached.types, f.typ)) && f.service == p.service && f.last.overlaps(&p.last, &r.compared) {
				return true
			}
		}
	}
	return false
}

// irrelevantKeys are keys that say nothing in the policies of a type of resource,
// in lower case.
//
// Source: IAM user guide, IAM policy validation check reference, "Irrelevant
// condition key in policy".
var irrelevantKeys = map[string][]string{
	"s3:resourceaccount": {"AWS::S3::Bucket", "AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint", "AWS::S3ObjectLambda::AccessPoint"},
}

func attachedCondition(r *run, _ *statement, c *condition) {
	if r.attached != nil && slices.Contains(irrelevantKeys[c.lower], r.attached.name) {
		r.report("IRRELEVANT_CONDITION_KEY_IN_POLICY", c.place(), "use the key in identity policies", "%s is always the same in the policy of %s", c.key, r.attached.name)
	}
}

func hasWildcard(s string) bool {
	return strings.IndexByte(s, '*') >= 0 || strings.IndexByte(s, '?') >= 0
}

// starred reports whether a text is * or means the same.
func starred(s string) bool { return s != "" && onlyStars(s) }

// onlyStars reports whether a text holds nothing but *.
func onlyStars(s string) bool { return strings.TrimLeft(s, "*") == "" }

// glob compiles a pattern of any text.
func glob(s string) *pattern.Pattern { return pattern.Compile(s) }

// withVariables compiles a value in which variables may stand for any text.
func withVariables(s string) *pattern.Pattern {
	if !strings.Contains(s, "${") {
		return glob(s)
	}
	var table policy.VariableTable
	return pattern.Dialect{}.Compile(table.Pieces(s, true)...).Widen()
}
