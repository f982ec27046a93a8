package ecs

import (
	"strings"
	"testing"

	"github.com/writ-iam/writ/source"
)

func TestParseTaskDefinition(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/path/task"
	for _, c := range []struct{ name, text, family, task, execution string }{
		{"registered", `{"family": "web", "taskRoleArn": "` + role + `", "executionRoleArn": "ecsTaskExecutionRole"}`, "web", role, "ecsTaskExecutionRole"},
		{"described", `{"taskDefinition": {"family": "web", "revision": 7, "taskRoleArn": "` + role + `"}, "tags": []}`, "web", role, ""},
		{"CloudFormation", `{"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "web", "ExecutionRoleArn": "` + role + `"}}`, "web", "", role},
		{"no roles", `{"family": "web", "taskRoleArn": null}`, "web", "", ""},
	} {
		td, findings := ParseTaskDefinition(source.NewFile("td.json", c.text))
		if len(findings) > 0 || td.Family != c.family || td.TaskRole != c.task || td.ExecutionRole != c.execution {
			t.Errorf("%s: %+v, %v", c.name, td, findings)
		}
	}
}

func TestParseTaskDefinitionFinds(t *testing.T) {
	for _, c := range []struct{ text, code, path string }{
		{`{"family": `, "MALFORMED_JSON", ""},
		{`[]`, "BAD_TASK_DEFINITION", ""},
		{`{"containerDefinitions": []}`, "BAD_TASK_DEFINITION", ""},
		{`{"family": 7}`, "BAD_TASK_DEFINITION", "/family"},
		{`{"family": "*"}`, "BAD_TASK_DEFINITION", "/family"},
		{`{"family": "web:3"}`, "BAD_TASK_DEFINITION", "/family"},
		{`{"family": "` + strings.Repeat("w", 256) + `"}`, "BAD_TASK_DEFINITION", "/family"},
		{`{"family": "web", "family": "api"}`, "DUPLICATE_KEY", "/family"},
		{`{"family": "web", "taskRoleArn": "arn:aws:iam::123456789012:role/t*"}`, "BAD_TASK_DEFINITION", "/taskRoleArn"},
		{`{"family": "web", "taskRoleArn": {"Ref": "Role"}}`, "BAD_TASK_DEFINITION", "/taskRoleArn"},
	} {
		_, findings := ParseTaskDefinition(source.NewFile("td.json", c.text))
		if len(findings) == 0 || findings[0].Code != c.code || findings[0].Path != c.path || !findings.HasErrors() {
			t.Errorf("%s: %v, want %s at %q", c.text, findings, c.code, c.path)
		}
	}
}

func FuzzParseTaskDefinition(f *testing.F) {
	f.Add(`{"family": "web", "taskRoleArn": "arn:aws:iam::123456789012:role/task"}`)
	f.Add(`{"taskDefinition": {"family": "web"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		td, findings := ParseTaskDefinition(source.NewFile("td.json", text))
		if !findings.HasErrors() && (td.Family == "" || strings.ContainsAny(td.TaskRole+td.ExecutionRole, "*?")) {
			t.Errorf("%q: %+v without an error", text, td)
		}
	})
}

func TestParseCluster(t *testing.T) {
	for _, c := range []struct{ name, text, cluster, want string }{
		{"created", `{"clusterName": "prod", "configuration": {"executeCommandConfiguration": {"kmsKeyId": "alias/x", "logging": "OVERRIDE",
			"logConfiguration": {"cloudWatchLogGroupName": "/exec", "s3BucketName": "b", "s3KeyPrefix": "p"}}}}`, "prod", "OVERRIDE alias/x /exec b p"},
		{"of CloudFormation", `{"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "prod", "Configuration": {"ExecuteCommandConfiguration": {"Logging": "NONE"}}}}`, "prod", "NONE    "},
		{"without a word", `{"clusterName": "prod"}`, "prod", "DEFAULT    "},
		{"logs that do not count", `{"configuration": {"executeCommandConfiguration": {"logConfiguration": {"s3BucketName": "b"}}}}`, "", "DEFAULT    "},
		{"described", `{"clusters": [{"clusterName": "prod", "configuration": {"managedStorageConfiguration": {}}}]}`, "prod", "DEFAULT    "},
		{"described without configuration", `{"clusters": [{"clusterName": "prod"}]}`, "prod", ""},
	} {
		got, findings := ParseCluster(source.NewFile("c.json", c.text))
		exec := ""
		if e := got.Exec; e != nil {
			exec = strings.Join([]string{e.Logging, e.KMSKey.Value, e.LogGroup.Value, e.Bucket.Value, e.KeyPrefix}, " ")
		}
		if len(findings) > 0 || got.Name != c.cluster || exec != c.want {
			t.Errorf("%s: %+v, %q, %v", c.name, got, exec, findings)
		}
	}
	for text, path := range map[string]string{`[]`: "", `{}`: "", `{"serviceName": "web", "cluster": "prod"}`: "", `{"services": [{"serviceName": "web"}]}`: "", `{"clusters": []}`: "/clusters", `{"clusters": [7]}`: "/clusters/0", `{"clusterName": 7}`: "/clusterName",
		`{"configuration": {"executeCommandConfiguration": {"logging": "ALL"}}}`: "/configuration/executeCommandConfiguration/logging"} {
		if _, findings := ParseCluster(source.NewFile("c.json", text)); len(findings) != 1 || findings[0].Code != "BAD_CLUSTER" || findings[0].Path != path {
			t.Errorf("%s: %v", text, findings)
		}
	}
}

func FuzzParseCluster(f *testing.F) {
	f.Add(`{"clusters": [{"clusterName": "prod", "configuration": {"executeCommandConfiguration": {"logging": "NONE"}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, findings := ParseCluster(source.NewFile("c.json", text))
		if c.Exec != nil && !findings.HasErrors() && c.Exec.Logging == "" {
			t.Errorf("%q: %+v without an error", text, c.Exec)
		}
	})
}
