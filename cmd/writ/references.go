package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// What is known at deployment only is a hole in the texts of a role. People read
// ${NAME}; a template holds a reference.

// printHolesJSON prints holes inside the strings of a JSON text.
func printHolesJSON(text string) string {
	return hole.Replace(text, func(name string) string {
		quoted, err := json.Marshal("${" + name + "}")
		if err != nil {
			return "${}"
		}
		return strings.Trim(string(quoted), `"`)
	})
}

// spell says how a text is written in a format. It returns the hole that cannot
// be, if there is one.
func (r *result) spell(format, text string) (parts []template.Part, unnamed string) {
	if format != "hcl" && r.template != nil && r.machine != nil && !isTerraform(r.template.Format) {
		parts, unnamed, _ = r.template.Write(text, r.machine.Stack, r.machine.Name)
		return parts, unnamed
	}
	written := []template.Part{}
	if format == "hcl" && r.template != nil && r.machine != nil && isTerraform(r.template.Format) {
		written, _, _ = r.template.Write(text, "", r.machine.Name)
	} else {
		for _, p := range hole.Split(text) {
			if p.Hole {
				written = append(written, template.Part{Ref: p.Text})
			} else {
				written = append(written, template.Part{Literal: p.Text})
			}
		}
	}
	for _, p := range written {
		ref := p.Ref
		switch {
		case ref == "":
			parts = append(parts, p)
			continue
		case format == "hcl" && terraformPlaces[ref] != "":
			ref = terraformPlaces[ref]
		case format == "hcl" && terraformAddress.MatchString(ref):
		case format != "hcl" && terraformPlaces[ref] != "":
		default:
			return nil, ref
		}
		parts = append(parts, template.Part{Ref: ref})
	}
	return parts, ""
}

func isTerraform(f template.Format) bool {
	return f == template.TerraformPlan || f == template.TerraformHCL
}

// terraformPlaces are what Terraform calls the place of a stack.
var terraformPlaces = map[string]string{
	"AWS::Partition": "data.aws_partition.current.partition",
	"AWS::Region":    "data.aws_region.current.region",
	"AWS::AccountId": "data.aws_caller_identity.current.account_id",
	"AWS::URLSuffix": "data.aws_partition.current.dns_suffix",
}

// terraformAddress is the form of what a module can refer to.
var terraformAddress = regexp.MustCompile(`^[a-z_][A-Za-z0-9_-]*(\[[0-9"A-Za-z_-]+\])?(\.[A-Za-z_][A-Za-z0-9_-]*(\[[0-9"A-Za-z_-]+\])?)+$`)

// checkReferences reports what the role names and a template cannot. Then there
// is no role.
func (r *result) checkReferences(format string) {
	var documents []any
	if r.role != nil {
		documents = append(documents, r.role.Trust, r.role.PermissionsBoundary)
		for _, p := range r.role.Policies {
			documents = append(documents, p.Document)
		}
	}
	if r.access != nil {
		documents = append(documents, r.access.Document)
	}
	var said []string
	for _, doc := range documents {
		text, err := json.Marshal(doc)
		if err != nil {
			continue // writing it fails as well, and says so
		}
		root, _, bad := jsontree.Parse(string(text))
		if bad != nil {
			continue
		}
		eachString(root, func(text string) {
			if _, unnamed := r.spell(format, text); unnamed != "" && !slices.Contains(said, unnamed) {
				said = append(said, unnamed)
			}
		})
	}
	for _, name := range said {
		r.findings = append(r.findings, source.Finding{Code: "NO_REFERENCE", Severity: source.Error, File: r.machine.File, Span: r.machine.Span, Path: r.machine.Pointer,
			Message: fmt.Sprintf("the role names %q, and --format %s has no reference for it", "${"+name+"}", format),
			Hint:    "give its value with --parameter, --account or --region, or take --format json and fill it in"})
		r.role, r.access = nil, nil
	}
}

func eachString(v *jsontree.Value, f func(string)) {
	if v.Kind == jsontree.String {
		f(v.Text)
	}
	for i := range v.Items {
		eachString(&v.Items[i], f)
	}
	for i := range v.Members {
		eachString(&v.Members[i].Value, f)
	}
}

// cfnText makes the node for a text with references.
func (r *result) cfnText(format string, n *yaml.Node) {
	if !hole.Has(n.Value) && (r.template == nil || !strings.HasPrefix(n.Value, "arn:")) {
		if looksTyped(n.Value) {
			n.Style = yaml.SingleQuotedStyle
		}
		return
	}
	parts, _ := r.spell(format, n.Value)
	if len(parts) == 1 && parts[0].Ref != "" && !strings.HasPrefix(parts[0].Ref, "AWS::") {
		n.Value, n.Tag = parts[0].Ref, "!Ref"
		if parts[0].Attribute {
			n.Tag = "!GetAtt"
		}
		return
	}
	if !slices.ContainsFunc(parts, func(p template.Part) bool { return p.Ref != "" }) {
		if looksTyped(n.Value) {
			n.Style = yaml.SingleQuotedStyle
		}
		return
	}
	n.Value, n.Tag, n.Style = subText(parts), "!Sub", yaml.SingleQuotedStyle
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

// hclText writes a string with references, or the reference that it is.
func (r *result) hclText(text string) hclwrite.Tokens {
	parts, _ := r.spell("hcl", text)
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
