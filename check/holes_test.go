package check_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// In these policies ~NAME~ is a hole. Names of small letters stand for any text,
// others for plain names.
func runWithHoles(t *testing.T, kind check.Kind, statement string) check.Result {
	t.Helper()
	text := `{"Version": "2012-10-17", "Statement": [` + statement + `]}`
	for {
		before, rest, found := strings.Cut(text, "~")
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "~")
		text = before + hole.Text(name) + after
	}
	file := source.NewFile("p.json", text)
	root, _, bad := jsontree.Parse(text)
	if bad != nil {
		t.Fatal(bad)
	}
	doc, parsed := policy.FromValue(file, root, root)
	parsed = slices.DeleteFunc(parsed, func(f source.Finding) bool { return strings.HasPrefix(f.Code, "TYPE_MISMATCH") }) // as package template does
	result, err := check.Run(doc, parsed, check.Options{Kind: kind, Hole: func(name string) string {
		if strings.ToLower(name) == name {
			return "*"
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// What hangs on a hole is no finding; where it is about what the policy allows, it
// is a question.
func TestHoles(t *testing.T) {
	for _, tt := range []struct {
		name, statement string
		kind            check.Kind
		want            string // codes that are found
		open            string // codes that are questions
	}{
		{"a role that may be any", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"~role~"}`, check.Identity, "", "PASS_ROLE_WITH_STAR_IN_RESOURCE"},
		{"a role of the template", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:~AWS::Partition~:iam::~AWS::AccountId~:role/~Role.Name~"}`, check.Identity, "", ""},
		{"a role that may be denied", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"},{"Effect":"Deny","Action":"iam:PassRole","Resource":"~role~"}`,
			check.Identity, "", "PASS_ROLE_WITH_STAR_IN_RESOURCE"},
		{"roles of the account of the stack", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:~AWS::Partition~:iam::~AWS::AccountId~:role/*"}`, check.Identity, "", ""},
		{"a service that may be any", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringLike":{"iam:PassedToService":"~service~"}}}`,
			check.Identity, "", "PASS_ROLE_WITH_STAR_IN_RESOURCE"},
		{"one of some services", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"~service~"}}}`, check.Identity, "", ""},
		{"a bucket is no object", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::~Bucket.Name~"}`, check.Identity, "WRIT_RESOURCE_MISMATCH", ""},
		{"what may be an object", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::~bucket~"}`, check.Identity, "", "WRIT_DATA_EXPOSURE WRIT_RESOURCE_MISMATCH"},
		{"an action", `{"Effect":"Allow","Action":"~action~","Resource":"*"}`, check.Identity, "",
			"CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE WRIT_PRIVILEGE_ESCALATION"},
		{"a plain part of an ARN", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:~Region~:~Account~:~Queue~"}`, check.Identity, "", ""},
		{"a Region where none belongs", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:eu-west-1::~Bucket~/*"}`, check.Identity, "ARN_REGION_NOT_ALLOWED", ""},
		{"parts that may have colons", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:~rest~"}`, check.Identity, "", ""},
		{"what other entries cover", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":["arn:aws:sqs:eu-west-1:123456789012:~q~","arn:aws:sqs:eu-west-1:123456789012:*"]}`,
			check.Identity, "REDUNDANT_RESOURCE", ""},
		{"equal holes", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":["arn:aws:sqs:eu-west-1:123456789012:~q~","arn:aws:sqs:eu-west-1:123456789012:~q~"]}`,
			check.Identity, "REDUNDANT_RESOURCE", ""},
		{"a principal that may be everyone", `{"Effect":"Allow","Principal":{"AWS":"~who~"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:123456789012:q"}`,
			check.Resource, "", "WRIT_INTERNET_ACCESSIBLE"},
		{"everyone", `{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:~AWS::Region~:~AWS::AccountId~:~Queue.Name~"}`,
			check.Resource, "WRIT_INTERNET_ACCESSIBLE", ""},
		{"a service of some domain", `{"Effect":"Allow","Principal":{"Service":"ecs-tasks.~AWS::URLSuffix~"},"Action":"sts:AssumeRole"}`, check.Trust, "", ""},
		{"an address that may be private", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","~range~"]}}}`,
			check.Identity, "", "PRIVATE_IP_ADDRESS_SUBSET"},
		{"values that may be equal", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"~a~"},"StringLike":{"aws:RequestedRegion":"eu-*"}}}`,
			check.Identity, "", "WRIT_DEAD_STATEMENT"},
	} {
		result := runWithHoles(t, tt.kind, tt.statement)
		var found []string
		for _, f := range result.Findings {
			found = append(found, f.Code)
			if hole.Reserved(f.Message) >= 0 || hole.Reserved(f.Hint) >= 0 {
				t.Errorf("%s: a hole in %q", tt.name, f.Message)
			}
		}
		open := slices.Sorted(maps.Keys(result.Undecided))
		if diff := cmp.Diff([]string{tt.want, tt.open}, []string{strings.Join(found, " "), strings.Join(open, " ")}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Of a policy that is too long only without its holes nothing is said.
func TestSizeWithHoles(t *testing.T) {
	long := strings.Repeat("~"+strings.Repeat("Name", 30)+"~", 100)
	result := runWithHoles(t, check.Identity, `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:123456789012:`+long+`"}`)
	if len(result.Findings) > 0 {
		t.Errorf("%v", result.Findings)
	}
}

// The hint about a mismatch names the type that was most likely meant.
func TestMismatchHint(t *testing.T) {
	for _, tt := range []struct{ action, resource, want string }{
		{"s3:ListBucket", "arn:aws:s3:::example/*", "arn:${Partition}:s3:::${BucketName}"},
		{"s3:GetObject", "arn:aws:s3:::example", "arn:${Partition}:s3:::${BucketName}/${ObjectName}"},
		{"dynamodb:Query", "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026", "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"},
		{"ecs:RunTask", "arn:aws:ecs:eu-west-1:123456789012:cluster/c", "task-definition/${TaskDefinitionFamilyName}:${TaskDefinitionRevisionNumber}"},
	} {
		result, err := check.File(source.NewFile("p.json", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"`+tt.action+`","Resource":"`+tt.resource+`"}}`), check.Options{Kind: check.Identity})
		if err != nil || len(result.Findings) != 1 || !strings.HasSuffix(result.Findings[0].Hint, tt.want) {
			t.Errorf("%s on %s: %v, %+v", tt.action, tt.resource, err, result.Findings)
		}
	}
}

func TestComments(t *testing.T) {
	const text = "a: 1 # writ:ignore PASS_ROLE_* one\n" +
		"# writ:ignore INVALID_ACTION until=2026-11-20 two\n" +
		"#  writ:ignore WRIT_DATA_EXPOSURE three of them\n\n" +
		"b: 'x#writ:ignore no comment'\n"
	list, err := check.ReadComments(source.NewFile("t.yaml", text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		at := s.Source.Position(s.Span.Start)
		day := ""
		if !s.Expires.IsZero() {
			day = s.Expires.Format(" 2006-01-02")
		}
		got = append(got, s.Code+day+": "+s.Reason+strings.Repeat(" ", at.Line))
	}
	want := []string{"PASS_ROLE_*: one ", "INVALID_ACTION 2026-11-20: two  ", "WRIT_DATA_EXPOSURE: three of them   "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		"# writ:ignore": "t.yaml:1:1: a suppression needs a code",
		"a: 1\nb: 2 # writ:ignore INVALID_ACTION":    "t.yaml:2:6: a suppression needs a reason",
		"# writ:ignore NO_SUCH because":              `there is no code "NO_SUCH"`,
		"# writ:ignore INVALID_ACTION until=soon no": `until= takes a day`,
	} {
		if _, err := check.ReadComments(source.NewFile("t.yaml", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
