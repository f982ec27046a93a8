package roles

import (
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/source"
)

// sdkOfOptimized are the SDK services of optimized integrations whose names
// differ.
var sdkOfOptimized = map[string]string{
	"states": "sfn", "events": "eventbridge", "elasticmapreduce": "emr", "emr-containers": "emrcontainers",
	"emr-serverless": "emrserverless", "bedrock": "bedrockruntime",
}

// Calls that exist as an optimized integration and through the SDK need the
// same. Where they do not, the reason stands here: "-" is what the call through
// the SDK lacks, "+" what it has besides.
var optimizedDiffers = map[string]string{
	"athena:getQueryResults -s3:GetObject":                               "the ARN of an object has a slash in it; those of buckets are no objects",
	"ecs:runTask -ecs:RunTask":                                           "without a revision the newest runs, and its ARN has one",
	"emr-serverless:createApplication +emr-serverless:CreateApplication": "the template has an ARN, the reference has none",
	"sagemaker:createEndpoint +sagemaker:AddTags":                        "which of the two is tagged is not told",
	"sagemaker -sagemaker:ListTags":                                      "part of every template; no reference asks for it",
	"sagemaker -sagemaker:AddTags":                                       templateStar,
	"sagemaker -sagemaker:CreateHyperParameterTuningJob":                 templateStar,
	"sagemaker -sagemaker:CreateLabelingJob":                             templateStar,
	"sagemaker -sagemaker:CreateProcessingJob":                           templateStar,
	"sagemaker -sagemaker:CreateTrainingJob":                             templateStar,
	"sagemaker -sagemaker:CreateTransformJob":                            templateStar,
}

const templateStar = "the templates write * behind the name of a job, which the API does not need"

// asUsual gives names, and ARNs where members ask for them.
var asUsual = spelling{"names and ARNs", func(m sdkMember) (any, bool) {
	switch {
	case strings.HasSuffix(m.path, "Url"):
		return "https://sqs.us-east-1.amazonaws.com/123456789012/my-name", false
	case strings.HasSuffix(m.path, "Arn"), strings.Contains(m.arn, ":role/"):
		return m.arn, false
	}
	return m.text, false
}}

func TestSDKNeedsWhatOptimizedNeeds(t *testing.T) {
	compared, differs := 0, map[string]bool{}
	for _, row := range allIntegrations() {
		service, name, _ := strings.Cut(row.name, ":")
		op, err := catalog.Default().Operation(service, name)
		if other, ok := sdkOfOptimized[service]; ok && err != nil {
			service = other
			op, err = catalog.Default().Operation(service, name)
		}
		if err != nil || !row.patterns.has(Request) {
			continue
		}
		compared++
		taken := 0
		for _, s := range []spelling{byName, byARN, asUsual} {
			arguments := s.arguments(t, op)
			m, findings := asl.Parse(source.NewFile("m.json", strings.Replace(sdkDefinition(service+":"+name, "Parameters", arguments), "aws-sdk:"+service+":"+name, row.name, 1)), asl.Options{})
			if findings.HasErrors() {
				t.Fatal(findings)
			}
			want, findings := Generate(m, withStyle(Least))
			if want == nil {
				t.Logf("%s takes no %s: %v", row.name, s.name, findings)
				continue
			}
			taken++
			got := mustGenerate(t, sdkMachine(t, service+":"+name, "Parameters", arguments), withStyle(Least))
			for _, d := range slices.Concat(uncovered("-", want, got), uncovered("+", got, want)) {
				action, _, _ := strings.Cut(d, " ")
				key := row.name + " " + action
				if optimizedDiffers[key] == "" {
					prefix, _, _ := strings.Cut(row.name, ":")
					key = prefix + " " + action
				}
				if optimizedDiffers[key] == "" {
					t.Errorf("%s with %s %s: %s", row.name, s.name, arguments, d)
				}
				differs[key] = true
			}
		}
		if taken == 0 {
			t.Errorf("%s takes no spelling", row.name)
		}
	}
	if compared < 40 {
		t.Errorf("only %d calls compared", compared)
	}
	for key := range optimizedDiffers {
		if !differs[key] {
			t.Errorf("%s: differs no more", key)
		}
	}
}

// uncovered lists the grants of one role that the other does not cover, whatever
// their conditions but the service that a role is passed to.
func uncovered(mark string, in, by *Role) []string {
	var out []string
	for _, gr := range in.Grants {
		if !slices.ContainsFunc(by.Grants, func(w Grant) bool {
			return w.Action == gr.Action && covers(w.Resource, gr.Resource) && receiver(w) == receiver(gr)
		}) {
			out = append(out, mark+gr.Action+" on "+gr.Resource+receiver(gr))
		}
	}
	return out
}

func receiver(gr Grant) string {
	for _, c := range gr.Conditions {
		if c.Key == "iam:PassedToService" {
			return " to " + strings.Join(c.Values, ",")
		}
	}
	return ""
}
