package render

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/policy"
)

// terraform makes resources, and the data sources that they refer to.
func terraform(list []Resource) ([]byte, error) {
	file := hclwrite.NewEmptyFile()
	used := map[string]bool{}
	for i := range list {
		r := &list[i]
		add := r.appendRole
		if r.Policy != nil {
			add = r.appendPolicy
		}
		if err := add(file.Body(), UniqueName(r.name(), "_-", used)); err != nil {
			return nil, err
		}
	}
	out := strings.TrimRight(string(hclwrite.Format(file.Bytes())), "\n")
	for _, data := range []string{"aws_region", "aws_partition", "aws_caller_identity"} {
		if strings.Contains(out, "data."+data+".current") {
			out = terraformNotes[data] + fmt.Sprintf("data %q \"current\" {}\n\n", data) + out
		}
	}
	return []byte(out + "\n"), nil
}

func (r *Resource) appendRole(body *hclwrite.Body, name string) error {
	role := r.Role
	block := body.AppendNewBlock("resource", []string{"aws_iam_role", name}).Body()
	id := r.identity(Terraform)
	if id.path == "/" {
		id.path = "" // the provider's default
	}
	if r.isNew() {
		id.name = role.Name
	}
	for _, a := range []struct{ name, text string }{{"name", id.name}, {"name_prefix", id.prefix}, {"path", id.path}, {"permissions_boundary", id.boundary}} {
		if a.text != "" {
			block.SetAttributeRaw(a.name, r.hclText(a.text))
		}
	}
	if err := r.setDocument(block, "assume_role_policy", role.Trust); err != nil {
		return err
	}
	body.AppendNewline()
	for i, p := range role.Policies {
		block := body.AppendNewBlock("resource", []string{"aws_iam_role_policy", numbered(name, i)}).Body()
		block.SetAttributeRaw("name", r.hclText(r.policyName(Terraform, p.Name)))
		block.SetAttributeRaw("role", hclwrite.TokensForIdentifier("aws_iam_role."+name+".id"))
		if err := r.setDocument(block, "policy", p.Document); err != nil {
			return err
		}
		body.AppendNewline()
	}
	for i, arn := range role.ManagedPolicies {
		block := body.AppendNewBlock("resource", []string{"aws_iam_role_policy_attachment", numbered(name, i)}).Body()
		block.SetAttributeRaw("role", hclwrite.TokensForIdentifier("aws_iam_role."+name+".name"))
		block.SetAttributeRaw("policy_arn", r.hclText(arn))
		body.AppendNewline()
	}
	return nil
}

// numbered labels the i-th resource of a kind that a role has.
func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s_%d", name, i+1)
}

// setDocument writes a policy document as jsonencode({...}), so that Terraform
// resolves the references in it.
func (r *Resource) setDocument(body *hclwrite.Body, attribute string, doc *policy.Document) error {
	n, err := jsonNode(doc)
	if err != nil {
		return err
	}
	body.SetAttributeRaw(attribute, hclwrite.TokensForFunctionCall("jsonencode", r.hclTokens(n)))
	return nil
}

func (r *Resource) hclTokens(n *yaml.Node) hclwrite.Tokens {
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

func (r *Resource) appendPolicy(body *hclwrite.Body, name string) error {
	a := r.Policy
	block := body.AppendNewBlock("resource", []string{"aws_iam_policy", name}).Body()
	block.SetAttributeRaw("name", r.hclText(r.policyName(Terraform, a.Name)))
	if err := r.setDocument(block, "policy", a.Document); err != nil {
		return err
	}
	body.AppendNewline()
	return nil
}

// terraformNotes are comments above data sources. Source: Terraform AWS provider,
// changelog of 6.0.0 (name deprecated in favour of region) and documentation of the
// data source aws_region, read 2026-11-30.
var terraformNotes = map[string]string{"aws_region": "# Version 5 of the AWS provider has no .region; write .name there.\n"}

// terraformPlaces are what Terraform calls the place of a stack.
var terraformPlaces = map[string]string{
	"AWS::Partition": "data.aws_partition.current.partition",
	"AWS::Region":    "data.aws_region.current.region",
	"AWS::AccountId": "data.aws_caller_identity.current.account_id",
	"AWS::URLSuffix": "data.aws_partition.current.dns_suffix",
}

// terraformAddress is the form of what a module can refer to.
var terraformAddress = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z_][A-Za-z0-9_-]*(\[[0-9"A-Za-z_-]+\])?(\.[A-Za-z_][A-Za-z0-9_-]*(\[[0-9"A-Za-z_-]+\])?)+$`)
})

// hclText writes a string with references, or the reference that it is.
func (r *Resource) hclText(text string) hclwrite.Tokens {
	parts, _ := r.spell(Terraform, text)
	if len(parts) == 1 && parts[0].Ref != "" && !strings.HasPrefix(parts[0].Ref, "data.") {
		return hclwrite.TokensForIdentifier(parts[0].Ref)
	}
	out := hclwrite.Tokens{{Type: hclsyntax.TokenOQuote, Bytes: []byte(`"`)}}
	for _, p := range parts {
		if p.Ref != "" {
			out = append(out, &hclwrite.Token{Type: hclsyntax.TokenQuotedLit, Bytes: []byte("${" + p.Ref + "}")})
			continue
		}
		for _, t := range hclwrite.TokensForValue(cty.StringVal(p.Literal)) {
			if t.Type == hclsyntax.TokenQuotedLit {
				out = append(out, t)
			}
		}
	}
	return append(out, &hclwrite.Token{Type: hclsyntax.TokenCQuote, Bytes: []byte(`"`)})
}
