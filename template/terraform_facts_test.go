package template

import (
	"strings"
	"testing"
)

// Every row of the tables about Terraform says something: formats exist, and
// names of attributes are those of Terraform.
func TestTerraformFacts(t *testing.T) {
	for kind, fact := range terraformTypes() {
		if len(fact.attributes) == 0 {
			t.Errorf("%s has no attributes", kind)
		}
		same := resourceTypes()[fact.same]
		if fact.same != "" && same == nil {
			t.Errorf("%s is the same as %s, which is not in the table", kind, fact.same)
		}
		used := ""
		for name, format := range fact.attributes {
			attribute, is := strings.CutPrefix(format, "@")
			if is && (same == nil || attribute != "Ref" && same.attributes[attribute] == "") {
				t.Errorf("%s.%s: there is no %s of %s", kind, name, attribute, fact.same)
			}
			if is && same != nil {
				if format = same.attributes[attribute]; attribute == "Ref" {
					format = same.ref
				}
			}
			used += format
			if (name == "arn" || strings.HasSuffix(name, "_arn")) && !strings.HasPrefix(format, "arn:") && !strings.HasPrefix(format, "${s") {
				t.Errorf("%s.%s is no ARN: %s", kind, name, format)
			}
		}
		for property := range fact.names {
			if !strings.Contains(used, "${"+property) {
				t.Errorf("%s: no format has the property %s", kind, property)
			}
		}
	}
	for kind, list := range terraformPolicies().attributes {
		for _, a := range list {
			if a.kind == Identity && a.resource == "" || len(a.path) == 0 {
				t.Errorf("%s: %v", kind, a)
			}
		}
	}
	if n := len(terraformTypes()); n < 120 {
		t.Errorf("%d types", n)
	}
}

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{
		"QueueName": "queue_name", "DBClusterIdentifier": "db_cluster_identifier", "Id": "id", "name": "name", "URLSuffix": "url_suffix", "BucketARN": "bucket_arn",
	} {
		if got := snakeCase(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
