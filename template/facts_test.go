package template

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// Every policy template of SAM expands to a sound document with all of its
// parameters.
func TestPolicyTemplates(t *testing.T) {
	if n := len(policyTemplates()); n < 80 {
		t.Fatalf("only %d policy templates", n)
	}
	for name, fact := range policyTemplates() {
		given := "{"
		for _, p := range fact.parameters {
			given += p + ": !Ref " + p + ", "
		}
		text := "Transform: AWS::Serverless-2016-10-31\nParameters:\n  Other: {Type: String}\n"
		for _, p := range fact.parameters {
			text += "  " + p + ": {Type: String}\n"
		}
		text += "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {Policies: [{" + name + ": " + given + "}}]}}\n"
		got, list := Read(source.NewFile("t.yaml", text), Options{})
		if len(list) > 0 || len(got.Policies) != 2 || len(got.Roles) != 1 || len(got.Roles[0].Inline) != 1 {
			t.Errorf("%s: %v", name, list)
			continue
		}
		doc := got.Policies[got.Roles[0].Inline[0]].Document
		if len(doc.Statements) != len(fact.statements) {
			t.Errorf("%s: %d statements", name, len(doc.Statements))
		}
		printed := doc.String()
		for _, p := range fact.parameters {
			if !strings.Contains(printed, hole.Text(p)) {
				t.Errorf("%s: %s is nowhere in %s", name, p, printed)
			}
		}
		if strings.Contains(hole.Pattern(printed), "${") {
			t.Errorf("%s: something is not filled in: %s", name, hole.Print(printed))
		}
		for _, s := range fact.statements {
			for _, a := range s.actions {
				if service, action, ok := strings.Cut(a, ":"); !ok || service == "" || action == "" {
					t.Errorf("%s: action %q", name, a)
				}
			}
			for _, r := range s.resources {
				if r != "*" && !strings.HasPrefix(r, "arn:${Partition}:") && !strings.HasPrefix(r, "${") {
					t.Errorf("%s: resource %q", name, r)
				}
			}
		}
	}
}

// The formats of resources are ARNs or names, and their placeholders known.
func TestResourceFacts(t *testing.T) {
	if n := len(resourceTypes()); n < 180 {
		t.Fatalf("only %d types", n)
	}
	for kind, fact := range resourceTypes() {
		formats := map[string]string{"Ref": fact.ref}
		for name, format := range fact.attributes {
			formats[name] = format
		}
		for name, format := range formats {
			if strings.Count(format, "${") != strings.Count(format, "}") || format == "" {
				t.Errorf("%s %s: %q", kind, name, format)
			}
			arn := strings.HasPrefix(format, "arn:")
			if arn && !strings.HasPrefix(format, "arn:${Partition}:") || arn && strings.Count(format, ":") < 5 {
				t.Errorf("%s %s: %q is no ARN", kind, name, format)
			}
			if strings.HasSuffix(strings.ToLower(name), "arn") && !arn && !strings.HasPrefix(format, "${StreamARN}") {
				t.Errorf("%s %s: %q is no ARN", kind, name, format)
			}
		}
	}
}

// Every property that holds a policy is found by its path.
func TestPolicyFacts(t *testing.T) {
	n := 0
	for kind, properties := range policyProperties() {
		for _, p := range properties {
			n++
			if p.kind == "elsewhere" || p.kind == "made" {
				continue
			}
			if _, known := policyKinds[p.kind]; !known && p.kind != "organizations" {
				t.Errorf("%s: kind %q", kind, p.kind)
			}
			document := "{Version: '2012-10-17', Statement: {Effect: Deny, Principal: '*', Action: '*', Resource: '*'}}"
			if p.kind == "statement" {
				document = "{Effect: Deny, Principal: '*', Action: '*', Resource: '*'}"
			}
			value := document
			for _, part := range slices.Backward(p.path) {
				name, list := strings.CutSuffix(part, "[]")
				if list {
					value = "[" + value + "]"
				}
				value = "{" + name + ": " + value + "}"
			}
			if p.kind == "organizations" {
				value = strings.TrimSuffix(value, "}") + ", Type: SERVICE_CONTROL_POLICY}"
			}
			got, list := Read(source.NewFile("t.yaml", "Resources: {R: {Type: '"+kind+"', Properties: "+value+"}}\n"), Options{})
			if got == nil || len(got.Policies) != 1 || got.Policies[0].Document == nil || len(list) > 0 {
				t.Errorf("%s %v: %v", kind, p.path, list)
				continue
			}
			if doc := got.Policies[0].Document; len(doc.Statements) != 1 || doc.Statements[0].Effect != "Deny" {
				t.Errorf("%s %v: %s", kind, p.path, doc)
			}
		}
	}
	if n < 85 {
		t.Errorf("only %d properties", n)
	}
}

// Every resource that grants without a document gives a statement, in both
// languages.
func TestPermissionFacts(t *testing.T) {
	for kind, f := range permissionFacts() {
		text, name := "Resources:\n  R:\n    Type: "+kind+"\n    Properties: {", "t.yaml"
		format, end := "%s: %q, ", "}\n"
		if strings.HasPrefix(kind, "aws_") {
			text, name, format, end = "resource \""+kind+"\" \"r\" {\n", "main.tf", "  %s = %q\n", "}\n"
		}
		text += fmt.Sprintf(format, f.principal, "123456789012") + fmt.Sprintf(format, f.action, "x:Y") + fmt.Sprintf(format, f.on, "name")
		if f.after != "" {
			text += fmt.Sprintf(format, f.after, "7")
		}
		for _, c := range f.conditions {
			text += fmt.Sprintf(format, c[2], "true")
		}
		got, list := Read(source.NewFile(name, text+end), Options{Region: "eu-west-1", Account: "123456789012"})
		if got == nil || len(got.Policies) != 1 || got.Policies[0].Document == nil || len(list) > 0 {
			t.Errorf("%s: %v", kind, list)
			continue
		}
		s := &got.Policies[0].Document.Statements[0]
		resource := s.Resource.Texts()[0]
		if !strings.HasPrefix(resource, "arn:aws:") || !strings.Contains(resource, "name") || f.after != "" && !strings.HasSuffix(resource, "7") {
			t.Errorf("%s: resource %s", kind, resource)
		}
		keys := 0
		if s.Condition != nil {
			for _, block := range s.Condition.Blocks {
				keys += len(block.Keys)
			}
		}
		if keys != len(f.conditions) {
			t.Errorf("%s: %d conditions of %d", kind, keys, len(f.conditions))
		}
	}
}
