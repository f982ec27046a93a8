package catalog_test

import (
	"testing"

	"github.com/writ-iam/writ/catalog"
)

func TestTakesARN(t *testing.T) {
	for _, tt := range []struct {
		action, arn string
		want        bool
	}{
		{"s3:ListBucket", "arn:aws:s3:::b", true},
		{"s3:ListBucket", "arn:aws:s3:::b/k", false},
		{"s3:ListBucket", "arn:aws:s3:::b/*", true}, // a pattern
		{"s3:GetObject", "arn:aws:s3:::b", false},
		{"s3:GetObject", "arn:aws:s3:::b/k/l", true},
		{"s3:GetObject", "arn:aws:s3:eu-west-1:123456789012:accesspoint/ap/object/k", true},
		{"s3:ListAllMyBuckets", "arn:aws:s3:::b", false},
		{"s3:ListAllMyBuckets", "*", true},
		{"iam:PassRole", "arn:aws:iam::123456789012:role/path/r", true},
		{"sts:AssumeRole", "arn:aws:iam::123456789012:user/u", false},
		{"ecs:RunTask", "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3", true},
		{"ecs:RunTask", "arn:aws:iam::123456789012:role/r", false},
		{"ecs:UpdateService", "arn:aws:ecs:eu-west-1:123456789012:service/web", true}, // as services had them
		{"lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:123456789012:function:f:live", true},
		{"lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:123456789012:layer:l", false},
		{"dynamodb:Query", "arn:aws:dynamodb:eu-west-1:123456789012:table/t/index/i", true},
		{"dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/t/index/i", false},
		{"kafka-cluster:ReadData", "arn:aws:kafka:eu-west-1:123456789012:topic/c/1-2/t", true}, // the ARN names another service
		{"logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:/a/b:log-stream:c", true},
		{"elasticloadbalancing:AddTags", "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/y", true},
		{"s3:GetObject", "no ARN", true},
	} {
		a, err := catalog.Default().Action(tt.action)
		if err != nil {
			t.Fatal(err)
		}
		got, formats, err := catalog.Default().TakesARN(a, tt.arn)
		if err != nil || got != tt.want {
			t.Errorf("%s on %s: %v, %v, want %v", tt.action, tt.arn, got, err, tt.want)
		}
		if !got && len(formats) == 0 && len(a.Types) > 0 {
			t.Errorf("%s on %s: no formats", tt.action, tt.arn)
		}
	}
}
