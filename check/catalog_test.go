package check_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

var placeholder = regexp.MustCompile(`\$\{[^}]*\}|<[^>]*>`)

// fill puts values in the place of a format's placeholders. A format whose service
// is open is not filled.
func fill(format, region, account, value string) string {
	parts := strings.SplitN(format, ":", 6)
	if len(parts) < 6 {
		return placeholder.ReplaceAllString(format, value)
	}
	if strings.HasPrefix(parts[2], "$") {
		return "*"
	}
	for i, with := range []string{"arn", "aws", "", region, account, value} {
		parts[i] = placeholder.ReplaceAllString(parts[i], with)
	}
	return strings.Join(parts, ":")
}

func services(t *testing.T) []*catalog.Service {
	t.Helper()
	c := catalog.Default()
	names, err := c.Services()
	if err != nil {
		t.Fatal(err)
	}
	var list []*catalog.Service
	for _, n := range names {
		s, err := c.Service(n)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// findings checks a document that was built in Go.
func findings(t *testing.T, doc *policy.Document, kind check.Kind) source.List {
	t.Helper()
	result, err := check.File(source.NewFile("policy.json", string(policy.Print(doc, "  "))), check.Options{Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	return result.Findings
}

func document(s policy.Statement) *policy.Document {
	return &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{s}}
}

// Nothing is wrong with an ARN that the catalogue gives for an action, whether its
// fields are names or wildcards.
func TestFormatsOfCatalogue(t *testing.T) {
	for _, s := range services(t) {
		seen := make(map[string]bool)
		for _, a := range s.Actions {
			for _, at := range a.Types {
				typ, ok := s.ResourceType(at.Name)
				if !ok || seen[at.Name] {
					continue
				}
				seen[at.Name] = true
				for _, format := range typ.Formats {
					for _, text := range []string{fill(format, "eu-west-1", "123456789012", "example1"), fill(format, "*", "*", "*"), fill(format, "*", "123456789012", "${aws:PrincipalTag/team}-*")} {
						doc := document(policy.Statement{Effect: policy.Deny, Action: policy.String(a.FullName()), Resource: policy.String(text)})
						for _, f := range findings(t, doc, check.Identity) {
							if f.Code == "WRIT_OLD_ARN_FORMAT" && s.Prefix == "ssm" {
								continue // which has the tasks of Amazon ECS, old ones too
							}
							t.Errorf("%s on %s: %s %s", a.FullName(), text, f.Code, f.Message)
						}
					}
				}
			}
		}
	}
}

// valueOf is a value that fits a condition key, and an operator that compares it.
func valueOf(name string, typ catalog.KeyType) (operator string, value string) {
	lower := strings.ToLower(name)
	operator, value = "StringEquals", "example"
	switch strings.TrimPrefix(string(typ), "ArrayOf") {
	case "Numeric":
		operator, value = "NumericEquals", "7"
	case "Date":
		operator, value = "DateLessThan", "2030-01-01T00:00:00Z"
	case "Bool":
		operator, value = "Bool", "true"
	case "IPAddress":
		operator, value = "IpAddress", "203.0.113.0/24"
	case "ARN":
		operator, value = "ArnLike", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	}
	switch {
	case strings.Contains(lower, "kms-key-id"):
		value = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	case operator == "StringEquals" && (strings.HasSuffix(lower, "region") || strings.HasSuffix(lower, "regions")):
		value = "eu-west-1"
	case lower == "kms:viaservice":
		value = "s3.eu-west-1.amazonaws.com"
	case strings.HasSuffix(lower, "service") || strings.HasSuffix(lower, "servicename") || strings.HasSuffix(lower, "serviceprincipal"):
		value = "ecs-tasks.amazonaws.com"
	}
	if typ.Multivalued() {
		operator = "ForAnyValue:" + operator
	}
	return operator, value
}

// special are keys about which there are rules of their own.
var special = []string{"dynamodb:Attributes", "s3:prefix", "s3:ResourceAccount"}

// Nothing is wrong with a condition on a key that the catalogue gives for an
// action, compared by its type.
func TestKeysOfCatalogue(t *testing.T) {
	for _, s := range services(t) {
		seen := make(map[string]bool)
		for _, a := range s.Actions {
			for _, name := range s.KeysOf(a) {
				key, ok := s.Key(name)
				if !ok || seen[name] || strings.HasPrefix(a.FullName(), "sts:AssumeRole") || slices.Contains(special, name) || strings.Contains(name, ".") || s.Prefix == "sts" {
					continue
				}
				seen[name] = true
				operator, value := valueOf(name, key.Type)
				doc := document(policy.Statement{
					Effect: policy.Allow, Action: policy.String(a.FullName()), Resource: policy.String("arn:aws:example"),
					Condition: policy.Where(operator, fill(name, "", "", "team"), value),
				})
				for _, f := range findings(t, doc, check.Identity) {
					if !strings.Contains(f.Code, "ARN") && !strings.HasPrefix(f.Code, "WRIT_") {
						t.Errorf("%s with %s %s: %s %s", a.FullName(), operator, name, f.Code, f.Message)
					}
				}
			}
		}
	}
}
