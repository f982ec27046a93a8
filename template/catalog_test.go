package template

import (
	"regexp"
	"strings"
	"testing"

	"github.com/writ-iam/writ/catalog"
)

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// sample fills a format with values that an ARN can have.
func sample(format string) string {
	return placeholder.ReplaceAllStringFunc(format, func(p string) string {
		switch p {
		case "${Partition}":
			return "aws"
		case "${Region}":
			return "eu-west-1"
		case "${Account}":
			return "123456789012"
		case "${Path:-/}":
			return "/"
		case "${EventBusName:+/}":
			return ""
		}
		return "x1"
	})
}

// strange are formats whose samples are no ARN, with the reason.
var strange = map[string]string{
	"AWS::ElasticLoadBalancingV2::Listener Ref":               "a listener has a path of four parts",
	"AWS::ElasticLoadBalancingV2::Listener ListenerArn":       "a listener has a path of four parts",
	"AWS::ElasticLoadBalancingV2::TargetGroup Ref":            "the name begins with targetgroup/",
	"AWS::ElasticLoadBalancingV2::TargetGroup TargetGroupArn": "the name begins with targetgroup/",
	"EcsRunTaskPolicy":                      "the parameter is family:revision",
	"SSMParameterWithSlashPrefixReadPolicy": "the parameter begins with a slash",
	"EC2CopyImagePolicy":                    "images have no account; SAM writes one nevertheless",
	"CloudFormationDescribeStacksPolicy":    "a stack is name/id",
}

// unknownActions are actions in policy templates that do not exist: they are
// operations in batches, which the actions for one cover.
var unknownActions = map[string]bool{"sqs:ChangeMessageVisibilityBatch": true, "sqs:DeleteMessageBatch": true}

// The ARNs of resources are ARNs that the catalogue knows.
func TestFactsAgreeWithCatalog(t *testing.T) {
	c := catalog.Default()
	check := func(where, format string) {
		if !strings.HasPrefix(format, "arn:") || strange[where] != "" {
			return
		}
		if found, err := c.MatchARN(sample(format)); err != nil || len(found) == 0 {
			t.Errorf("%s: %s: %v", where, sample(format), err)
		}
	}
	for kind, fact := range resourceTypes() {
		check(kind+" Ref", fact.ref)
		for name, format := range fact.attributes {
			check(kind+" "+name, format)
		}
	}
	for name, fact := range policyTemplates() {
		for _, s := range fact.statements {
			for _, r := range s.resources {
				check(name, r)
			}
			for _, a := range s.actions {
				if _, err := c.Action(a); err != nil && !strings.Contains(a, "*") && !unknownActions[a] {
					t.Errorf("%s: %s: %v", name, a, err)
				}
			}
		}
	}
}
