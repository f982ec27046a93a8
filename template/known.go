package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/near"
)

// properties are those of the types that are read, so that a mistaken name is
// not passed over: an attachment that is written ManagedPolicyArn attaches
// nothing. Source: CloudFormation template reference, each type; read
// 2026-11-21.
var properties = map[string]string{
	"AWS::IAM::Group":                  "GroupName ManagedPolicyArns Path Policies",
	"AWS::IAM::GroupPolicy":            "GroupName PolicyDocument PolicyName",
	"AWS::IAM::ManagedPolicy":          "Description Groups ManagedPolicyName Path PolicyDocument Roles Users",
	"AWS::IAM::Policy":                 "Groups PolicyDocument PolicyName Roles Users",
	"AWS::IAM::Role":                   "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration Path PermissionsBoundary Policies RoleName Tags",
	"AWS::IAM::RolePolicy":             "PolicyDocument PolicyName RoleName",
	"AWS::IAM::User":                   "Groups LoginProfile ManagedPolicyArns Path PermissionsBoundary Policies Tags UserName",
	"AWS::IAM::UserPolicy":             "PolicyDocument PolicyName UserName",
	"AWS::IAM::UserToGroupAddition":    "GroupName Users",
	"AWS::SSO::PermissionSet":          "CustomerManagedPolicyReferences Description InlinePolicy InstanceArn ManagedPolicies Name PermissionsBoundary RelayStateType SessionDuration Tags",
	"AWS::StepFunctions::StateMachine": "Definition DefinitionS3Location DefinitionString DefinitionSubstitutions EncryptionConfiguration LoggingConfiguration RoleArn StateMachineName StateMachineType Tags TracingConfiguration",
}

// closedServices are services all of whose types are known, since a mistaken
// one would hide a role or a machine. Source: CloudFormation template reference,
// read 2026-11-21.
var closedServices = map[string]string{
	"AWS::IAM":           "AccessKey Group GroupPolicy InstanceProfile ManagedPolicy OIDCProvider Policy Role RolePolicy SAMLProvider ServerCertificate ServiceLinkedRole User UserPolicy UserToGroupAddition VirtualMFADevice",
	"AWS::StepFunctions": "Activity StateMachine StateMachineAlias StateMachineVersion",
}

// checkNames warns of a type or properties that are not known. AWS may have
// added them since; what they mean is open.
func (s *stack) checkNames(r *resource) {
	i := strings.LastIndex(r.kind, "::")
	if i > 0 && closedServices[r.kind[:i]] != "" && !strings.HasSuffix(r.kind, "::MODULE") {
		if types := strings.Fields(closedServices[r.kind[:i]]); !slices.Contains(types, r.kind[i+2:]) {
			s.session.out.Incomplete = true
			s.broken = true
			s.warn("UNKNOWN_RESOURCE_TYPE", r.node.Get("Type").Span, s.near.Hint(r.kind[i+2:], types), "Writ knows no type %s", near.Quote(r.kind))
		}
	}
	known := strings.Fields(properties[r.kind])
	if len(known) == 0 || r.properties == nil {
		return
	}
	for i := range r.properties.Members {
		m := &r.properties.Members[i]
		if !slices.Contains(known, m.Name) && m.Name != "Fn::Transform" {
			s.broken = true
			s.warn("UNKNOWN_PROPERTY", m.NameSpan, s.near.Hint(m.Name, known), "Writ knows no property %[2]s of %[1]s", r.kind, near.Quote(m.Name))
		}
	}
}
