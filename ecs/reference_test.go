package ecs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/source"
)

func TestParseReference(t *testing.T) {
	const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
	here := func(r Reference) Reference {
		r.Partition, r.Region, r.Account = "aws", "eu-west-1", "123456789012"
		return r
	}
	for _, c := range []struct {
		text string
		want Reference
	}{
		{secret + "db-AbCdEf", here(Reference{Name: "db-AbCdEf"})},
		{secret + "prod/db-AbCdEf:password::", here(Reference{Name: "prod/db-AbCdEf", JSONKey: "password"})},
		{secret + "db-AbCdEf:user:AWSPREVIOUS:", here(Reference{Name: "db-AbCdEf", JSONKey: "user", Stage: "AWSPREVIOUS"})},
		{secret + "db-AbCdEf:::9d4cb84b", here(Reference{Name: "db-AbCdEf", Version: "9d4cb84b"})},
		{"arn:aws:ssm:eu-west-1:123456789012:parameter/a/b", here(Reference{Parameter: true, Name: "a/b"})},
		{"/a/b", Reference{Parameter: true, Name: "a/b"}},
		{"plain", Reference{Parameter: true, Name: "plain"}},
	} {
		got, ok := ParseReference(c.text)
		if diff := cmp.Diff(c.want, got); !ok || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", c.text, ok, diff)
		}
	}
	for _, text := range []string{"", "/", "a b", "a*", "${x}", "arn:", "arn:aws:ssm:eu-west-1:123456789012:a", "arn:aws:ssm:eu-west-1::parameter/a", "arn:aws:ssm:*:123456789012:parameter/a",
		secret, secret + "a:b", secret + "a:b:c:d:e", secret + "a?", "arn:aws:s3:::b/k", strings.Repeat("a", 3000), "arn:aws:secretsmanager:eu-west-1:12345678901x:secret:a"} {
		if got, ok := ParseReference(text); ok {
			t.Errorf("%.40q is read as %+v", text, got)
		}
	}
	for name, want := range map[string]string{"db-AbCdEf": "db-AbCdEf", "db-abcd1f": "db-abcd1f", "db-AbCdE": "db-AbCdE-??????", "db-AbCd.f": "db-AbCd.f-??????",
		"AbCdEfg": "AbCdEfg-??????", "-AbCdEf": "-AbCdEf-??????", "db-master": "db-master db-master-??????", "db-abcdefg": "db-abcdefg-??????"} {
		first, other := Reference{Name: name}.SecretName()
		if got := strings.TrimSpace(first + " " + other); got != want {
			t.Errorf("%s is called %q", name, got)
		}
	}
	if name, ok := (Reference{Parameter: true, Name: "aws/reference/secretsmanager/a/b"}).ReferencedSecret(); !ok || name != "a/b" {
		t.Errorf("%s, %v", name, ok)
	}
}

func TestParseImage(t *testing.T) {
	private := func(partition, region, repository string) Image {
		return Image{Private: true, Account: "123456789012", Region: region, Partition: partition, Repository: repository}
	}
	for text, want := range map[string]Image{
		"nginx":                      {},
		"library/nginx:1.27":         {},
		"ghcr.io/a/b@sha256:00":      {Registry: "ghcr.io"},
		"localhost:5000/a":           {Registry: "localhost:5000"},
		"public.ecr.aws/nginx/x":     {Registry: "public.ecr.aws"},
		"123456789012.example.com/a": {Registry: "123456789012.example.com"},
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com/a":              private("aws", "eu-west-1", "a"),
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:1@sha256:0": private("aws", "eu-west-1", "a/b"),
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a":          private("aws-cn", "cn-north-1", "a"),
		"123456789012.dkr.ecr-fips.us-gov-east-1.amazonaws.com/a":     private("aws-us-gov", "us-gov-east-1", "a"),
		"123456789012.dkr-ecr.us-east-1.on.aws/a":                     private("aws", "us-east-1", "a"),
	} {
		if got, ok := ParseImage(text); !ok || got != want {
			t.Errorf("%s: %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/A", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a*",
		"12345678901.dkr.ecr.eu-west-1.amazonaws.com/a", "ACCOUNT_ID.dkr.ecr.us-east-1.amazonaws.com/a", "${x}.dkr.ecr.us-east-1.amazonaws.com/a"} {
		if got, ok := ParseImage(text); ok {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func TestParseObject(t *testing.T) {
	if p, b, k, ok := ParseObject("arn:aws-cn:s3:::bucket/a/b.env"); !ok || p != "aws-cn" || b != "bucket" || k != "a/b.env" {
		t.Errorf("%s %s %s %v", p, b, k, ok)
	}
	for _, text := range []string{"", "s3://b/k", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/", "arn:aws:s3:::b*/k", "arn:aws:s3:::b/k*", "arn:aws:s3:eu-west-1::b/k", "arn:aws:ssm:::b/k"} {
		if _, _, _, ok := ParseObject(text); ok {
			t.Errorf("%q is read", text)
		}
	}
}

func TestKindOf(t *testing.T) {
	for text, want := range map[string]Kind{
		`{"family": "a", "containerDefinitions": []}`:                         KindTaskDefinition,
		`{"taskDefinition": {"containerDefinitions": []}}`:                    KindTaskDefinition,
		`{"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "a"}}`: KindTaskDefinition,
		`{"serviceName": "a"}`:                                                KindService,
		`{"services": [], "failures": []}`:                                    KindService,
		`{"Type": "AWS::ECS::Service", "Properties": {}}`:                     KindService,
		`{"Type": "AWS::S3::Bucket", "Properties": {"ServiceName": "a"}}`:     KindUnknown,
		`{"StartAt": "A", "States": {}, "containerDefinitions": []}`:          KindUnknown,
		`{`: KindUnknown, `[]`: KindUnknown, ``: KindUnknown,
		"StartAt: A": KindUnknown,
	} {
		if got := KindOf(text); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

func TestParseServiceFinds(t *testing.T) {
	for _, c := range []struct{ text, code, path string }{
		{`{`, "MALFORMED_JSON", ""},
		{`[]`, "BAD_SERVICE", ""},
		{`{"services": []}`, "BAD_SERVICE", "/services"},
		{`{"services": [7]}`, "BAD_SERVICE", "/services/0"},
		{`{"serviceName": 7}`, "BAD_SERVICE", "/serviceName"},
		{`{"serviceName": "a", "serviceName": "b"}`, "DUPLICATE_KEY", "/serviceName"},
		{`{}`, "BAD_SERVICE", ""},
		{`{"clusterName": "prod"}`, "BAD_SERVICE", ""},
		{`{"family": "web", "containerDefinitions": []}`, "BAD_SERVICE", ""},
		{`{"enableExecuteCommand": "true"}`, "BAD_SERVICE", "/enableExecuteCommand"},
		{`{"loadBalancers": [{"advancedConfiguration": {"roleArn": "a b"}}]}`, "BAD_SERVICE", "/loadBalancers/0/advancedConfiguration/roleArn"},
		{`{"volumeConfigurations": {}}`, "BAD_SERVICE", "/volumeConfigurations"},
		{`{"serviceConnectConfiguration": {"enabled": true, "logConfiguration": {"options": {"a": 1}}}}`, "BAD_SERVICE", "/serviceConnectConfiguration/logConfiguration/options/a"},
	} {
		_, findings := ParseService(source.NewFile("s.json", c.text))
		if len(findings) == 0 || findings[0].Code != c.code || findings[0].Path != c.path {
			t.Errorf("%s: %v, want %s at %q", c.text, findings, c.code, c.path)
		}
	}
}

func FuzzParseService(f *testing.F) {
	f.Add(`{"services": [{"serviceName": "web", "deployments": [{"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": true}}]}]}`)
	f.Add(`{"Properties": {"ServiceName": "web", "LoadBalancers": [{"AdvancedConfiguration": {"RoleArn": "r"}}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, findings := ParseService(source.NewFile("s.json", text))
		KindOf(text)
		if !findings.HasErrors() && strings.ContainsAny(s.Role.Value, "*? ") {
			t.Errorf("%q: role %q", text, s.Role.Value)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a:b:c:d")
	f.Add("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1")
	f.Add("arn:aws:s3:::bucket/key")
	f.Fuzz(func(t *testing.T, text string) {
		const special = "*?$ \""
		if r, ok := ParseReference(text); ok && strings.ContainsAny(r.Name+r.Account+r.Region+r.Partition, special) {
			t.Errorf("%q: %+v", text, r)
		}
		if i, ok := ParseImage(text); ok && i.Private && strings.ContainsAny(i.Account+i.Region+i.Repository, special) {
			t.Errorf("%q: %+v", text, i)
		}
		if _, b, k, ok := ParseObject(text); ok && strings.ContainsAny(b, special) || ok && strings.ContainsAny(k, "*?$") {
			t.Errorf("%q: %q %q", text, b, k)
		}
	})
}
