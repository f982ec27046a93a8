package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/policy"
)

// Templates of other tools. Both start from the JSON of a document, read into
// YAML nodes because those keep the order of members.

func jsonNode(v any) (*yaml.Node, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		return nil, err
	}
	return n.Content[0], nil
}

// uniqueName makes an identifier of letters and digits (and what extra allows)
// that no earlier role has. It begins with a letter or '_'.
func uniqueName(name, extra string, used map[string]bool) string {
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(extra, r) {
			return r
		}
		return -1
	}, name)
	if id == "" || strings.IndexByte("0123456789-", id[0]) >= 0 {
		id = "Role" + id
	}
	unique := id
	for i := 2; used[unique]; i++ {
		unique = id + strconv.Itoa(i)
	}
	used[unique] = true
	return unique
}

// writeCFN prints roles as one CloudFormation template. Roles bear no RoleName,
// so that the stack needs no CAPABILITY_NAMED_IAM.
func writeCFN(w io.Writer, _ *env, results []result) error {
	resources := &yaml.Node{Kind: yaml.MappingNode}
	used := map[string]bool{}
	for _, r := range results {
		if r.failed() {
			continue
		}
		n, name, err := cfnResource(r)
		if err != nil {
			return err
		}
		resources.Content = append(resources.Content, text(uniqueName(name, "", used)), n)
	}
	if len(resources.Content) == 0 {
		return nil
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(mapping("AWSTemplateFormatVersion", quoted("2010-09-09"), "Resources", resources)); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

// writeSAM prints roles as SAM makes them: the properties of machines that say
// what their roles are. SAM itself writes their trust policies.
func writeSAM(w io.Writer, e *env, results []result) error {
	resources := &yaml.Node{Kind: yaml.MappingNode}
	used := map[string]bool{}
	for _, r := range results {
		if r.failed() || r.none {
			continue
		}
		if r.role == nil || r.task {
			return errors.New("--format sam is for the roles of state machines; use --format cfn")
		}
		policies, err := r.policyNodes(true)
		if err != nil {
			return err
		}
		properties := mapping("Policies", policies)
		if r.role.Path != "/" {
			properties.Content = append(properties.Content, text("RolePath"), text(r.role.Path))
		}
		if r.role.PermissionsBoundary != "" {
			properties.Content = append(properties.Content, text("PermissionsBoundary"), r.substituted(text(r.role.PermissionsBoundary)))
		}
		name := strings.TrimSuffix(r.role.Name, "Role")
		if r.machine != nil {
			name = r.machine.Name
		}
		resources.Content = append(resources.Content, text(uniqueName(name, "", used)), mapping("Type", text("AWS::Serverless::StateMachine"), "Properties", properties))
	}
	if len(resources.Content) == 0 {
		return nil
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(mapping("AWSTemplateFormatVersion", quoted("2010-09-09"), "Transform", text("AWS::Serverless-2016-10-31"), "Resources", resources)); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

// cfnResource makes the resource for a result, and the name that it would like.
func cfnResource(r result) (n *yaml.Node, name string, err error) {
	if r.access != nil {
		n, err = r.cfnPolicy()
		return n, r.access.Name, err
	}
	n, err = r.cfnRole()
	return n, r.role.Name, err
}

func (r *result) cfnRole() (*yaml.Node, error) {
	role := r.role
	trust, err := jsonNode(role.Trust)
	if err != nil {
		return nil, err
	}
	properties := mapping("AssumeRolePolicyDocument", r.substituted(trust))
	if role.Path != "/" {
		properties.Content = append(properties.Content, text("Path"), text(role.Path))
	}
	if role.PermissionsBoundary != "" {
		properties.Content = append(properties.Content, text("PermissionsBoundary"), r.substituted(text(role.PermissionsBoundary)))
	}
	policies := &yaml.Node{Kind: yaml.SequenceNode}
	for _, p := range role.Policies {
		doc, err := jsonNode(p.Document)
		if err != nil {
			return nil, err
		}
		policies.Content = append(policies.Content, mapping("PolicyName", text(p.Name), "PolicyDocument", r.substituted(doc)))
	}
	if len(policies.Content) > 0 {
		properties.Content = append(properties.Content, text("Policies"), policies)
	}
	if len(role.ManagedPolicies) > 0 {
		attached := &yaml.Node{Kind: yaml.SequenceNode}
		for _, arn := range role.ManagedPolicies {
			attached.Content = append(attached.Content, text(arn))
		}
		properties.Content = append(properties.Content, text("ManagedPolicyArns"), r.substituted(attached))
	}
	return mapping("Type", text("AWS::IAM::Role"), "Properties", properties), nil
}

// substituted writes references in the place of holes and gives the rest the
// block style.
func (r *result) substituted(n *yaml.Node) *yaml.Node {
	n.Style = 0
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		r.cfnText("cfn", n)
		return n
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			c.Style = 0 // the name of a member
			if looksTyped(c.Value) {
				c.Style = yaml.SingleQuotedStyle
			}
			continue
		}
		r.substituted(c)
	}
	return n
}

// looksTyped reports whether a plain scalar would not be read back as a string.
func looksTyped(s string) bool {
	var n yaml.Node
	return yaml.Unmarshal([]byte(s), &n) != nil || len(n.Content) == 0 || n.Content[0].Tag != "!!str"
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func quoted(s string) *yaml.Node {
	n := text(s)
	n.Style = yaml.SingleQuotedStyle
	return n
}

// mapping builds a mapping of names and nodes in turn.
func mapping(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(pairs); i += 2 {
		n.Content = append(n.Content, text(pairs[i].(string)), pairs[i+1].(*yaml.Node))
	}
	return n
}

// writeHCL prints roles as Terraform resources.
func writeHCL(w io.Writer, _ *env, results []result) error {
	file := hclwrite.NewEmptyFile()
	used := map[string]bool{}
	for _, r := range results {
		if r.failed() {
			continue
		}
		if err := appendResource(file.Body(), r, used); err != nil {
			return err
		}
	}
	out := strings.TrimRight(string(hclwrite.Format(file.Bytes())), "\n")
	if out == "" {
		return nil
	}
	for _, data := range []string{"aws_region", "aws_partition", "aws_caller_identity"} {
		if strings.Contains(out, "data."+data+".current") {
			out = fmt.Sprintf("data %q \"current\" {}\n\n", data) + out
		}
	}
	_, err := io.WriteString(w, out+"\n")
	return err
}

func appendResource(body *hclwrite.Body, r result, used map[string]bool) error {
	if r.access != nil {
		return r.appendPolicy(body, uniqueName(r.access.Name, "_-", used))
	}
	return r.appendRole(body, uniqueName(r.role.Name, "_-", used))
}

func (r *result) appendRole(body *hclwrite.Body, name string) error {
	role := r.role
	block := body.AppendNewBlock("resource", []string{"aws_iam_role", name}).Body()
	block.SetAttributeValue("name", cty.StringVal(role.Name))
	if role.Path != "/" {
		block.SetAttributeValue("path", cty.StringVal(role.Path))
	}
	if role.PermissionsBoundary != "" {
		block.SetAttributeRaw("permissions_boundary", r.hclText(role.PermissionsBoundary))
	}
	if err := r.setDocument(block, "assume_role_policy", role.Trust); err != nil {
		return err
	}
	body.AppendNewline()
	for i, p := range role.Policies {
		label := name
		if i > 0 {
			label = fmt.Sprintf("%s_%d", name, i+1)
		}
		block := body.AppendNewBlock("resource", []string{"aws_iam_role_policy", label}).Body()
		block.SetAttributeValue("name", cty.StringVal(p.Name))
		block.SetAttributeRaw("role", hclwrite.TokensForIdentifier("aws_iam_role."+name+".id"))
		if err := r.setDocument(block, "policy", p.Document); err != nil {
			return err
		}
		body.AppendNewline()
	}
	for i, arn := range role.ManagedPolicies {
		label := name
		if i > 0 {
			label = fmt.Sprintf("%s_%d", name, i+1)
		}
		block := body.AppendNewBlock("resource", []string{"aws_iam_role_policy_attachment", label}).Body()
		block.SetAttributeRaw("role", hclwrite.TokensForIdentifier("aws_iam_role."+name+".name"))
		block.SetAttributeRaw("policy_arn", r.hclText(arn))
		body.AppendNewline()
	}
	return nil
}

// setDocument writes a policy document as jsonencode({...}), so that Terraform
// resolves the references in it.
func (r *result) setDocument(body *hclwrite.Body, attribute string, doc *policy.Document) error {
	n, err := jsonNode(doc)
	if err != nil {
		return err
	}
	body.SetAttributeRaw(attribute, hclwrite.TokensForFunctionCall("jsonencode", r.hclTokens(n)))
	return nil
}

func (r *result) hclTokens(n *yaml.Node) hclwrite.Tokens {
	switch n.Kind {
	case yaml.MappingNode:
		var attributes []hclwrite.ObjectAttrTokens
		for i := 0; i < len(n.Content); i += 2 {
			attributes = append(attributes, hclwrite.ObjectAttrTokens{Name: hclKey(n.Content[i].Value), Value: r.hclTokens(n.Content[i+1])})
		}
		return hclwrite.TokensForObject(attributes)
	case yaml.SequenceNode:
		var items []hclwrite.Tokens
		for _, item := range n.Content {
			items = append(items, r.hclTokens(item))
		}
		return hclwrite.TokensForTuple(items)
	}
	return r.hclText(n.Value)
}

func hclKey(name string) hclwrite.Tokens {
	if strings.ContainsAny(name, ":/.-") {
		return hclwrite.TokensForValue(cty.StringVal(name))
	}
	return hclwrite.TokensForIdentifier(name)
}
