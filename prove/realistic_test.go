package prove_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// Realistic policies are made of what the catalogue has: some services, actions by
// name and by their usual wildcards, resources in their formats, and the
// conditions that people write.

var commonServices = []string{"s3", "ec2", "iam", "lambda", "dynamodb", "sqs", "sns", "ecs", "ecr", "logs", "kms", "sts", "rds", "cloudwatch", "states", "events", "ssm", "secretsmanager"}

func (g generator) realActions(t testing.TB, service *catalog.Service) []string {
	t.Helper()
	if g.chance(15) {
		return []string{service.Prefix + ":*"}
	}
	var out []string
	for range 1 + g.IntN(12) {
		name := pick(g, service.Actions).Name
		if g.chance(25) {
			end := strings.IndexFunc(name[1:], func(c rune) bool { return 'A' <= c && c <= 'Z' })
			name = name[:end+1] + "*"
		}
		out = append(out, service.Prefix+":"+name)
	}
	return out
}

func (g generator) realResources(service *catalog.Service) []string {
	if g.chance(35) || len(service.Types) == 0 {
		return []string{"*"}
	}
	var out []string
	for range 1 + g.IntN(3) {
		format := pick(g, pick(g, service.Types).Formats)
		replaced := strings.NewReplacer("${Partition}", "aws", "${Region}", pick(g, []string{"*", "eu-west-1", ""}), "${Account}", pick(g, []string{"*", "123456789012"})).Replace(format)
		for strings.Contains(replaced, "${") {
			before, rest, _ := strings.Cut(replaced, "${")
			_, after, _ := strings.Cut(rest, "}")
			replaced = before + pick(g, []string{"*", "app-*", "prod", "my-*-data", "x", "PLACE"}) + after
		}
		out = append(out, strings.ReplaceAll(replaced, "PLACE", "${aws:username}"))
	}
	return out
}

func (g generator) realCondition() *policy.Condition {
	switch g.IntN(9) {
	case 0:
		return policy.Where("StringEquals", "aws:RequestedRegion", "eu-west-1", "eu-central-1")
	case 1:
		return policy.Where("Bool", "aws:SecureTransport", "true")
	case 2:
		return policy.Where("BoolIfExists", "aws:MultiFactorAuthPresent", "true")
	case 3:
		return policy.Where("IpAddress", "aws:SourceIp", "192.0.2.0/24", "10.0.0.0/8")
	case 4:
		return policy.Where("StringLike", "aws:PrincipalTag/team", "fin*", "${aws:ResourceTag/team}")
	case 5:
		return policy.Where("ForAllValues:StringEquals", "aws:TagKeys", "team", "stage").And("StringEquals", "aws:RequestTag/stage", "prod")
	case 6:
		return policy.Where("ArnLike", "aws:SourceArn", "arn:aws:events:*:123456789012:rule/*").And("StringEquals", "aws:SourceAccount", "123456789012")
	case 7:
		return policy.Where("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z").And("NumericLessThan", "aws:MultiFactorAuthAge", "3600")
	}
	return policy.Where("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-abc").And("Null", "aws:PrincipalOrgID", "false")
}

func (g generator) realStatement(t testing.TB) policy.Statement {
	t.Helper()
	service, err := catalog.Default().Service(pick(g, commonServices))
	if err != nil {
		t.Fatal(err)
	}
	s := policy.Statement{Effect: policy.Allow, Action: policy.Strings(g.realActions(t, service)...), Resource: policy.Strings(g.realResources(service)...)}
	if g.chance(20) {
		s.Effect = policy.Deny
	}
	if g.chance(40) {
		s.Condition = g.realCondition()
	}
	switch {
	case s.Effect == policy.Deny && g.chance(30):
		s.NotAction, s.Action = s.Action, nil
	case s.Effect == policy.Deny && g.chance(20):
		s.NotResource, s.Resource = s.Resource, nil
	}
	return s
}

// realPair is a policy and a later version of it.
func (g generator) realPair(t testing.TB) (a, b *policy.Document) {
	t.Helper()
	var statements []policy.Statement
	for range 2 + g.IntN(12) {
		statements = append(statements, g.realStatement(t))
	}
	later := slices.Clone(statements)
	for range 1 + g.IntN(4) {
		i := g.IntN(len(later))
		switch g.IntN(5) {
		case 0:
			later = append(later, g.realStatement(t))
		case 1:
			if len(later) > 1 {
				later = slices.Delete(later, i, i+1)
			}
		case 2:
			if later[i].Action != nil {
				more := slices.Clone(later[i].Action.Texts())
				later[i].Action = policy.Strings(append(more, g.realStatement(t).Action.Texts()...)...)
			}
		case 3:
			later[i].Condition = g.realCondition()
		case 4:
			if later[i].Resource != nil {
				later[i].Resource = policy.Strings("*")
			}
		}
	}
	return doc(statements...), doc(later...)
}

// realTimes compares pairs in both directions and returns the times, sorted.
func realTimes(t testing.TB, pairs int) (times []time.Duration, counts map[prove.Verdict]int) {
	t.Helper()
	counts = map[prove.Verdict]int{}
	for seed := range uint64(pairs) {
		g := newGenerator(seed + 1<<34)
		a, b := g.realPair(t)
		for _, pair := range [][2]*policy.Document{{a, b}, {b, a}} {
			start := time.Now()
			result, err := prove.Compare(context.Background(), prove.Identity(pair[0]), prove.Identity(pair[1]), prove.Options{})
			if err != nil {
				t.Fatalf("seed %d: %v\n%s\n%s", seed, err, policy.Print(pair[0], ""), policy.Print(pair[1], ""))
			}
			times = append(times, time.Since(start))
			counts[result.Verdict]++
			if result.Verdict == prove.Undecided {
				t.Logf("seed %d: %s", seed, result.Reason)
			}
		}
	}
	slices.Sort(times)
	return times, counts
}

func TestRealisticPairs(t *testing.T) {
	pairs := 600
	if testing.Short() || raceEnabled {
		pairs = 60
	}
	times, counts := realTimes(t, pairs)
	t.Logf("%d comparisons: %v; p50 %v, p99 %v, worst %v", len(times), counts, times[len(times)/2], times[len(times)*99/100], times[len(times)-1])
	if counts[prove.Undecided] > 0 {
		t.Errorf("%d are undecided", counts[prove.Undecided])
	}
}

func BenchmarkRealisticPairs(b *testing.B) {
	for b.Loop() {
		times, _ := realTimes(b, 600)
		b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
		b.ReportMetric(float64(times[len(times)-1].Microseconds()), "worst-µs")
	}
}

// managedVersions are two versions of a policy with 800 actions.
func managedVersions(t testing.TB) (old, now *policy.Document) {
	t.Helper()
	var actions []string
	for _, prefix := range commonServices {
		service, err := catalog.Default().Service(prefix)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range service.Actions {
			if a.AccessLevel == catalog.Read || a.AccessLevel == catalog.List {
				actions = append(actions, a.FullName())
			}
		}
	}
	if len(actions) < 801 {
		t.Fatalf("only %d actions", len(actions))
	}
	before := slices.Concat(actions[:795], []string{"sqs:Get*", "sns:List*", "logs:*"})
	after := append(slices.Clone(before), actions[800])
	slices.Reverse(after)
	return doc(allow(before, []string{"*"}, nil)), doc(allow(after[:400], []string{"*"}, nil), allow(after[400:], []string{"*"}, nil))
}

func BenchmarkManagedVersions(b *testing.B) {
	old, now := managedVersions(b)
	for b.Loop() {
		for _, pair := range [][2]*policy.Document{{now, old}, {old, now}} {
			if _, err := prove.Compare(context.Background(), prove.Identity(pair[0]), prove.Identity(pair[1]), prove.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestManagedVersions(t *testing.T) {
	old, now := managedVersions(t)
	for _, tt := range []struct {
		a, b *policy.Document
		want prove.Verdict
	}{{now, old, prove.Refuted}, {old, now, prove.Proved}} {
		result, err := prove.Compare(t.Context(), prove.Identity(tt.a), prove.Identity(tt.b), prove.Options{})
		if err != nil || result.Verdict != tt.want {
			t.Errorf("%v, %v; want %v", result, err, tt.want)
		}
	}
}
