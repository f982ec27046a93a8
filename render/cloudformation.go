package render

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/template"
)

// cloudFormation makes a template. Roles bear no RoleName that the template of
// their machine does not give them, and policies no ManagedPolicyName, so that
// the stack needs no CAPABILITY_NAMED_IAM.
func cloudFormation(list []Resource) ([]byte, error) {
	resources := &yaml.Node{Kind: yaml.MappingNode}
	used := map[string]bool{}
	for i := range list {
		n, err := list[i].cfnResource()
		if err != nil {
			return nil, err
		}
		resources.Content = append(resources.Content, text(UniqueName(list[i].name(), "", used)), n)
	}
	return yamlText(mapping("AWSTemplateFormatVersion", quoted("2010-09-09"), "Resources", resources))
}

// sam makes roles as SAM does: the properties of machines that say what their
// roles are. SAM itself writes their trust policies.
func sam(list []Resource) ([]byte, error) {
	resources := &yaml.Node{Kind: yaml.MappingNode}
	used := map[string]bool{}
	for i := range list {
		r := &list[i]
		if r.Role == nil {
			return nil, errors.New("SAM writes the roles of state machines only")
		}
		policies, err := r.policyNodes(true)
		if err != nil {
			return nil, err
		}
		properties := mapping("Policies", policies)
		r.addIdentity(properties, "", "RolePath")
		name := strings.TrimSuffix(r.Role.Name, "Role")
		if r.Machine != nil {
			name = r.Machine.Name
		}
		add(resources, UniqueName(name, "", used), mapping("Type", text("AWS::Serverless::StateMachine"), "Properties", properties))
	}
	return yamlText(mapping("AWSTemplateFormatVersion", quoted("2010-09-09"), "Transform", text("AWS::Serverless-2016-10-31"), "Resources", resources))
}

func (r *Resource) cfnResource() (*yaml.Node, error) {
	if r.Policy != nil {
		return r.cfnPolicy(r.Policy)
	}
	return r.cfnRole(r.Role)
}

func (r *Resource) cfnPolicy(p *roles.Access) (*yaml.Node, error) {
	doc, err := jsonNode(p.Document)
	if err != nil {
		return nil, err
	}
	return mapping("Type", text("AWS::IAM::ManagedPolicy"), "Properties", mapping("PolicyDocument", r.substituted(doc))), nil
}

func (r *Resource) cfnRole(role *roles.Role) (*yaml.Node, error) {
	trust, err := jsonNode(role.Trust)
	if err != nil {
		return nil, err
	}
	properties := mapping("AssumeRolePolicyDocument", r.substituted(trust))
	r.addIdentity(properties, "RoleName", "Path")
	policies, err := r.policyNodes(false)
	if err != nil {
		return nil, err
	}
	if len(policies.Content) > 0 {
		add(properties, "Policies", policies)
	}
	if len(role.ManagedPolicies) > 0 {
		attached := &yaml.Node{Kind: yaml.SequenceNode}
		for _, arn := range role.ManagedPolicies {
			attached.Content = append(attached.Content, text(arn))
		}
		add(properties, "ManagedPolicyArns", r.substituted(attached))
	}
	return mapping("Type", text("AWS::IAM::Role"), "Properties", properties), nil
}

// addIdentity adds what a role has beside its documents, under the names that a
// resource has for it.
func (r *Resource) addIdentity(properties *yaml.Node, nameAs, pathAs string) {
	id := r.identity(CloudFormation)
	if id.name != "" && nameAs != "" {
		add(properties, nameAs, r.substituted(text(id.name)))
	}
	if id.path != "/" {
		add(properties, pathAs, r.substituted(text(id.path)))
	}
	if id.boundary != "" {
		add(properties, "PermissionsBoundary", r.substituted(text(id.boundary)))
	}
}

// policyNodes is the value of Policies: documents for SAM, named policies for a
// role.
func (r *Resource) policyNodes(sam bool) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, p := range r.Role.Policies {
		doc, err := jsonNode(p.Document)
		if err != nil {
			return nil, err
		}
		item := r.substituted(doc)
		if !sam {
			item = mapping("PolicyName", r.substituted(text(r.policyName(CloudFormation, p.Name))), "PolicyDocument", item)
		}
		list.Content = append(list.Content, item)
	}
	return list, nil
}

// substituted writes references in the place of holes and gives the rest the
// block style.
func (r *Resource) substituted(n *yaml.Node) *yaml.Node {
	n.Style = 0
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		r.cfnText(n)
		return n
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 { // the name of a member
			c.Style = plainStyle(c.Value)
			continue
		}
		r.substituted(c)
	}
	return n
}

// cfnText makes the node for a text with references.
func (r *Resource) cfnText(n *yaml.Node) {
	var parts []template.Part
	if hole.Has(n.Value) || r.Template != nil && strings.HasPrefix(n.Value, "arn:") {
		parts, _ = r.spell(CloudFormation, n.Value)
	}
	switch {
	case !slices.ContainsFunc(parts, func(p template.Part) bool { return p.Ref != "" }):
		n.Style = plainStyle(n.Value)
	case len(parts) == 1 && !strings.HasPrefix(parts[0].Ref, "AWS::"):
		n.Value, n.Tag = parts[0].Ref, "!Ref"
		if parts[0].Attribute {
			n.Tag = "!GetAtt"
		}
	default:
		n.Value, n.Tag, n.Style = subText(parts), "!Sub", yaml.SingleQuotedStyle
	}
}

// subText writes the text of Fn::Sub.
func subText(parts []template.Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Ref != "" {
			b.WriteString("${" + p.Ref + "}")
		} else {
			b.WriteString(strings.ReplaceAll(p.Literal, "${", "${!"))
		}
	}
	return b.String()
}
