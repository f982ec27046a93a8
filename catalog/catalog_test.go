package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/catalog"
)

func service(t *testing.T, prefix string) *catalog.Service {
	t.Helper()
	s, err := catalog.Default().Service(prefix)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAction(t *testing.T) {
	for _, name := range []string{"ecs:RunTask", "ECS:runtask", "ecs:RUNTASK"} {
		a, err := catalog.Default().Action(name)
		if err != nil {
			t.Fatal(err)
		}
		if a.FullName() != "ecs:RunTask" || a.AccessLevel != catalog.Write {
			t.Errorf("Action(%q) = %s, %s", name, a.FullName(), a.AccessLevel)
		}
		if diff := cmp.Diff([]string{"iam:PassRole"}, a.Dependents); diff != "" {
			t.Errorf("dependents of %s:\n%s", name, diff)
		}
	}
}

func TestUnknown(t *testing.T) {
	c := catalog.Default()
	long := strings.Repeat("a", 10_000)
	tests := []struct {
		name    string
		ask     func() error
		nearest string
	}{
		{"action", func() error { _, err := c.Action("s3:GetObjekt"); return err }, "s3:GetObject"},
		{"action of the seeds", func() error { _, err := c.Action("ecs:DescribeCluster"); return err }, "ecs:DescribeClusters"},
		{"action without a colon", func() error { _, err := c.Action("RunTask"); return err }, ""},
		{"empty action", func() error { _, err := c.Action(""); return err }, ""},
		{"long action", func() error { _, err := c.Action("s3:" + long); return err }, ""},
		{"service", func() error { _, err := c.Service("lamda"); return err }, "lambda"},
		{"service that is a path", func() error { _, err := c.Service("../global"); return err }, ""},
		{"empty service", func() error { _, err := c.Service(""); return err }, ""},
		{"long service", func() error { _, err := c.Service(long); return err }, ""},
		{"key", func() error { _, err := c.Key("ecs:clustre"); return err }, "ecs:cluster"},
		{"key of no service", func() error { _, err := c.Key("nothing:cluster"); return err }, ""},
		{"operation", func() error { _, err := c.Operation("s3", "getObjekt"); return err }, "getObject"},
		{"SDK service", func() error { _, err := c.Operation("lamda", "invoke"); return err }, "lambda"},
		{"SDK service by its IAM prefix", func() error { _, err := c.Operation("logs", "putLogEvents"); return err }, "cloudwatchlogs"},
		{"SDK service by a name of the command line", func() error { _, err := c.Operation("stepfunctions", "startExecution"); return err }, "sfn"},
		{"SDK service by another SDK's name", func() error { _, err := c.Operation("configservice", "listTags"); return err }, "config"},
		{"long operation", func() error { _, err := c.Operation("s3", long); return err }, ""},
		{"empty operation", func() error { _, err := c.Operation("s3", ""); return err }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.ask()
			var unknown *catalog.UnknownError
			if !errors.As(err, &unknown) || !errors.Is(err, catalog.ErrUnknown) {
				t.Fatalf("error %v", err)
			}
			first := ""
			if len(unknown.Nearest) > 0 {
				first = unknown.Nearest[0]
			}
			if first != test.nearest {
				t.Errorf("nearest %q, want %q first", unknown.Nearest, test.nearest)
			}
			if len(err.Error()) > 400 {
				t.Errorf("message of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestExpand(t *testing.T) {
	tests := []struct {
		pattern string
		want    []string
	}{
		{"ecs:*Protection", []string{"ecs:GetTaskProtection", "ecs:UpdateTaskProtection"}},
		{"ECS:runtas?", []string{"ecs:RunTask"}},
		{"ecs:RunTask", []string{"ecs:RunTask"}},
		{"*:RunTask", []string{"ecs:RunTask"}},
		{"ecs:", nil},
		{"nothing:*", nil},
		{"", nil},
		{"ecs*", nil},
	}
	for _, test := range tests {
		actions, err := catalog.Default().Expand(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range actions {
			got = append(got, a.FullName())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Expand(%q):\n%s", test.pattern, diff)
		}
	}
	every, err := catalog.Default().Expand("*")
	if err != nil || len(every) < 22_000 {
		t.Errorf("%d actions, %v", len(every), err)
	}
}

// TestHostilePatterns would take minutes if a pattern could make it.
func TestHostilePatterns(t *testing.T) {
	for _, p := range []string{
		strings.Repeat("*", 10_000),
		strings.Repeat("a*", 5_000),
		"*:" + strings.Repeat("*?", 5_000),
		"*:" + strings.Repeat("*", 9_990) + "e*e*e*e*",
		"ecs:" + strings.Repeat("?", 10_000),
		strings.Repeat(":", 10_000),
		"ecs:" + strings.Repeat("\xff", 10_000),
	} {
		if _, err := catalog.Default().Expand(p); err != nil {
			t.Error(err)
		}
		if _, err := catalog.Default().Key(p); !errors.Is(err, catalog.ErrUnknown) {
			t.Errorf("Key: %v", err)
		}
		catalog.Default().MatchARN("arn:aws:ecs:us-east-1:123456789012:" + p)
		catalog.Default().MatchARN(p)
	}
}

func TestKeys(t *testing.T) {
	tests := []struct {
		name string
		want catalog.Key
	}{
		{"ecs:cluster", catalog.Key{Name: "ecs:cluster", Type: catalog.ARN}},
		{"ECS:Cluster", catalog.Key{Name: "ecs:cluster", Type: catalog.ARN}},
		{"aws:requesttag/team", catalog.Key{Name: "aws:RequestTag/${TagKey}", Type: catalog.String}},
		{"aws:RequestTag/${TagKey}", catalog.Key{Name: "aws:RequestTag/${TagKey}", Type: catalog.String}},
		{"aws:SourceIp", catalog.Key{Name: "aws:SourceIp", Type: catalog.IPAddress}},
		{"ecs:ResourceTag/x", catalog.Key{Name: "ecs:ResourceTag/${TagKey}", Type: catalog.String}},
		{"ecs:subnet", catalog.Key{Name: "ecs:subnet", Type: catalog.ArrayOfString}},
	}
	for _, test := range tests {
		got, err := catalog.Default().Key(test.name)
		if err != nil || got != test.want {
			t.Errorf("Key(%q) = %v, %v", test.name, got, err)
		}
	}
	if _, err := catalog.Default().Key("aws:RequestTag/"); err == nil {
		t.Error("a tag key may not be empty")
	}
}

func TestActionsOn(t *testing.T) {
	var got []string
	for _, a := range service(t, "ecs").ActionsOn("Task-Set") {
		got = append(got, a.Name)
	}
	want := []string{"CreateTaskSet", "DeleteTaskSet", "DescribeTaskSets", "ListTagsForResource", "TagResource", "UntagResource", "UpdateTaskSet"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestActionsWithKey(t *testing.T) {
	var got []string
	for _, a := range service(t, "ecs").ActionsWithKey("ecs:container-name") {
		got = append(got, a.Name)
	}
	if diff := cmp.Diff([]string{"ExecuteCommand"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMatchARN(t *testing.T) {
	tests := []struct {
		arn  string
		want []string // service and type; "old" behind it for an old format
	}{
		{"arn:aws:ecs:us-east-1:123456789012:cluster/web", []string{"ecs cluster"}},
		{"arn:aws:ecs:us-east-1:123456789012:task/web/0123456789abcdef0123456789abcdef", []string{"ecs task"}},
		{"arn:aws:ecs:us-east-1:123456789012:task/12345678-1234-1234-1234-123456789012", []string{"ecs task old"}},
		{"arn:aws:ecs:us-east-1:123456789012:service/web", []string{"ecs service old"}},
		{"arn:aws:ecs:us-east-1:123456789012:task-definition/web:7", []string{"ecs task-definition"}},
		{"arn:aws:s3:::bucket", []string{"s3 bucket"}},
		{"arn:aws:s3:::bucket/a/b", []string{"s3 object"}},
		{"arn:aws:iam::123456789012:role/path/name", []string{"iam role"}},
		{"arn:aws:dms:us-east-1:123456789012:task:ABC", []string{"dms ReplicationTask"}},
		{"arn:aws:ecs:us-east-1:123456789012:cluster/", nil},
		{"arn:aws:ecs:us-east-1:123456789012:", nil},
		{"arn:aws:nothing:us-east-1:123456789012:x", nil},
		{"*", nil},
		{"", nil},
	}
	for _, test := range tests {
		matches, err := catalog.Default().MatchARN(test.arn)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range matches {
			text := m.Type.Service + " " + m.Type.Name
			if m.Old {
				text += " old"
			}
			if m.Type.Service == strings.Split(test.arn, ":")[2] {
				got = append(got, text)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("MatchARN(%q):\n%s", test.arn, diff)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	c := catalog.New(catalog.Data())
	var group sync.WaitGroup
	results := make([]*catalog.Service, 32)
	for i := range results {
		group.Go(func() {
			s, err := c.Service("ecs")
			if err != nil {
				t.Error(err)
			}
			if _, err := c.Operation("ecs", "runTask"); err != nil {
				t.Error(err)
			}
			results[i] = s
		})
	}
	group.Wait()
	if slices.ContainsFunc(results, func(s *catalog.Service) bool { return s != results[0] }) {
		t.Error("a service was made more than once")
	}
}

// TestSources checks that nothing is taken from a package whose licence does
// not let it.
func TestSources(t *testing.T) {
	sources, err := catalog.Default().Sources()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if s.Licence != "MIT" && s.Licence != "Apache-2.0" {
			t.Errorf("%s has the licence %q", s.Name, s.Licence)
		}
	}
	if !slices.Contains(sources, catalog.Source{Name: "aws-sdk 2.1693.0", Licence: "Apache-2.0"}) || len(sources) < 100 {
		t.Errorf("%d sources", len(sources))
	}
}

// An outline is the service without its actions.
func TestOutline(t *testing.T) {
	c := catalog.Default()
	for _, prefix := range []string{"ecs", "s3", "sts"} {
		whole, err := c.Service(prefix)
		if err != nil {
			t.Fatal(err)
		}
		want := *whole
		want.Actions = nil
		if got, err := c.Outline(prefix); err != nil || !cmp.Equal(*got, want) {
			t.Errorf("Outline(%q) = %v, %v", prefix, got, err)
		}
	}
	if _, err := c.Outline("nosuch"); !errors.Is(err, catalog.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestSDKServicesOf(t *testing.T) {
	c := catalog.Default()
	for prefix, want := range map[string][]string{"ecs": {"ecs"}, "states": {"sfn"}, "nosuch": nil} {
		if got, err := c.SDKServicesOf(prefix); err != nil || !slices.Equal(got, want) {
			t.Errorf("SDKServicesOf(%q) = %q, %v", prefix, got, err)
		}
	}
}
