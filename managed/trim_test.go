package managed

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

func trim(t *testing.T, name string, c Choice) *Trimmed {
	t.Helper()
	p := find(t, name)
	out, err := p.Trim(p.Newest(), c)
	if err != nil {
		t.Fatalf("%s %+v: %v", name, c, err)
	}
	return out
}

func actions(doc *policy.Document) (list []string) {
	if doc == nil {
		return nil
	}
	for i := range doc.Statements {
		list = append(list, doc.Statements[i].Action.Texts()...)
	}
	return list
}

func codes(l source.List) (out []string) {
	for _, f := range l {
		out = append(out, f.Code)
	}
	return out
}

func TestTrim(t *testing.T) {
	const instance = "AmazonEC2ContainerServiceforEC2Role"
	for _, c := range []struct {
		name, policy string
		choice       Choice
		want, codes  []string
	}{
		{"without", instance, Choice{Without: []string{"spot-draining", "tags", "create-cluster", "telemetry"}},
			[]string{"ecs:DeregisterContainerInstance", "ecs:DiscoverPollEndpoint", "ecs:Poll", "ecs:RegisterContainerInstance", "ecs:Submit*",
				"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "logs:CreateLogStream", "logs:PutLogEvents"}, nil},
		{"part of a wildcard", instance, Choice{Only: []string{"agent", "logs"}},
			[]string{"ecs:DiscoverPollEndpoint", "ecs:Poll", "ecs:RegisterContainerInstance", "ecs:SubmitAttachmentStateChanges", "ecs:SubmitTaskStateChange",
				"logs:CreateLogStream", "logs:PutLogEvents"}, nil},
		{"only", instance, Choice{Only: []string{"pull-images", "logs"}},
			[]string{"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "logs:CreateLogStream", "logs:PutLogEvents"},
			[]string{"CORE_FEATURE_LEFT_OUT"}},
		{"by condition", "AmazonECS_FullAccess", Choice{Only: []string{"ecs", "task-roles"}}, []string{"ecs:*", "iam:PassRole"}, nil},
		{"used", instance, Choice{Used: []string{"ecs:Poll", "ecs:submittaskstatechange", "ecs:RunTask"}}, []string{"ecs:Poll", "ecs:submittaskstatechange"}, []string{"NOT_IN_POLICY"}},
		{"used with a wildcard", instance, Choice{Used: []string{"ecr:*", "ecs:SubmitT*"}},
			[]string{"ecs:SubmitT*", "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"}, nil},
		{"used, whole entry", instance, Choice{Used: []string{"ecs:SubmitTaskStateChange", "ecs:Submit*"}}, []string{"ecs:Submit*"}, nil},
		{"nothing left", "AmazonECSTaskExecutionRolePolicy", Choice{Used: []string{"s3:GetObject"}}, nil, []string{"NOT_IN_POLICY", "NOTHING_LEFT"}},
	} {
		got := trim(t, c.policy, c.choice)
		if diff := cmp.Diff(c.want, actions(got.Document)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.codes, codes(got.Findings)); diff != "" {
			t.Errorf("%s: findings (-want +got):\n%s", c.name, diff)
		}
	}
}

// Leaving out or keeping any one feature gives a proper part of the policy:
// statements of the original with fewer actions, each of them allowed before.
func TestTrimmedIsAProperPart(t *testing.T) {
	tried := 0
	for _, p := range Default().Policies() {
		if len(p.Features) == 0 || p.Status == NoPolicy {
			continue
		}
		v := p.Newest()
		for _, f := range p.Features {
			for _, choice := range []Choice{{Without: []string{f.Name}}, {Only: []string{f.Name}}} {
				out, err := p.Trim(v, choice)
				if err != nil {
					t.Fatalf("%s: %v", p.Name, err)
				}
				if !describes(p, v.Document, f.Name) {
					continue // of a later version
				}
				tried++
				if out.Document == nil {
					t.Errorf("%s %+v: nothing left", p.Name, choice)
					continue
				}
				if n := len(actions(out.Document)); n >= len(actions(v.Document))+1 || !properPart(out, v.Document) {
					t.Errorf("%s %+v is no proper part:\n%s", p.Name, choice, out.Document)
				}
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d choices were tried", tried)
	}
}

// describes reports whether some permission of a document is for one feature
// and nothing else, so that the feature makes a difference.
func describes(p *Policy, doc *policy.Document, feature string) bool {
	for i := range doc.Statements {
		for _, a := range doc.Statements[i].Action.Texts() {
			for _, r := range p.needsOf(a, &doc.Statements[i]) {
				if slices.Equal(r.need.features, []string{feature}) {
					return true
				}
			}
		}
	}
	return false
}

func properPart(got *Trimmed, whole *policy.Document) bool {
	smaller := false
	for _, perm := range got.Permissions {
		s := &whole.Statements[perm.Statement]
		if !slices.Contains(s.Action.Texts(), perm.Entry) {
			return false
		}
		for _, k := range perm.Kept {
			if k != perm.Entry && !policy.MatchAction(perm.Entry, k) {
				return false
			}
		}
		smaller = smaller || !slices.Equal(perm.Kept, []string{perm.Entry})
	}
	rest := canonicalStatements(whole)
	for _, s := range canonicalStatements(got.Document) {
		s.Action = nil
		if !slices.ContainsFunc(rest, func(w canonicalStatement) bool {
			w.Action = nil
			return statementText(w.Statement) == statementText(s.Statement)
		}) {
			return false
		}
	}
	return smaller
}

func TestTrimRefuses(t *testing.T) {
	p := find(t, "AmazonEC2ContainerServiceforEC2Role")
	full := find(t, "AmazonECS_FullAccess")
	latest, _ := full.Version("v21")
	for name, err := range map[string]error{
		"unknown feature": trimError(p, p.Newest(), Choice{Without: []string{"spot-drainage"}}),
		"two choices":     trimError(p, p.Newest(), Choice{Without: []string{"tags"}, Only: []string{"logs"}}),
		"no choice":       trimError(p, p.Newest(), Choice{}),
		"no action":       trimError(p, p.Newest(), Choice{Used: []string{"ecs"}}),
		"no text":         trimError(full, latest, Choice{Only: []string{"ecs"}}),
		"trust policy":    trimError(find(t, "AmazonEC2ContainerServiceTaskRole"), find(t, "AmazonEC2ContainerServiceTaskRole").Newest(), Choice{Only: []string{"x"}}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var unknown *UnknownError
	if err := trimError(p, p.Newest(), Choice{Only: []string{"spot-drainage"}}); !errors.As(err, &unknown) || !slices.Equal(unknown.Nearest, []string{"spot-draining"}) {
		t.Errorf("%v", err)
	}
}

func trimError(p *Policy, v *Version, c Choice) error {
	_, err := p.Trim(v, c)
	return err
}

// Statements that deny stay whole; what nobody has described is kept or left
// out with a word.
func TestTrimOfOtherTexts(t *testing.T) {
	doc, findings := policy.ParseString("p.json", `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": ["ecs:Poll", "ecs:NewThing"], "Resource": "*"},
		{"Effect": "Deny", "Action": "ecs:UpdateContainerInstancesState", "Resource": "*"},
		{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}`)
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	p := find(t, "AmazonEC2ContainerServiceforEC2Role")
	v := &Version{ID: "v11", Document: doc}
	out, err := p.Trim(v, Choice{Without: []string{"spot-draining"}})
	if err != nil || len(out.Document.Statements) != 3 || !slices.Equal(codes(out.Findings), []string{"UNDESCRIBED_PERMISSION", "NOT_TRIMMABLE"}) {
		t.Errorf("%v, %v\n%s", err, codes(out.Findings), out.Document)
	}
	out, err = p.Trim(v, Choice{Only: []string{"agent"}})
	if err != nil || !slices.Equal(actions(out.Document), []string{"ecs:Poll", "ecs:UpdateContainerInstancesState"}) {
		t.Errorf("%v\n%s", err, out.Document)
	}
}

func TestDiff(t *testing.T) {
	parse := func(text string) *policy.Document {
		doc, findings := policy.ParseString("p", `{"Version": "2012-10-17", "Statement": `+text+`}`)
		if findings.HasErrors() {
			t.Fatal(findings)
		}
		return doc
	}
	for _, c := range []struct {
		name, old, new string
		want           []Difference
	}{
		{"the same", `[{"Sid": "a", "Effect": "Allow", "Action": ["a:b", "a:c"], "Resource": "*"}]`, `{"Effect": "Allow", "Resource": ["*"], "Action": ["a:c", "A:B"]}`, nil},
		{"order of statements", `[{"Effect": "Allow", "Action": "a:b", "Resource": "*"}, {"Effect": "Deny", "Action": "a:c", "Resource": "*"}]`,
			`[{"Effect": "Deny", "Action": "a:c", "Resource": "*"}, {"Effect": "Allow", "Action": "a:b", "Resource": "*"}]`, nil},
		{"an action more", `{"Effect": "Allow", "Action": "a:b", "Resource": "*"}`, `{"Effect": "Allow", "Action": ["a:b", "a:c"], "Resource": "*"}`,
			[]Difference{{Old: 0, New: 0, Element: "Action", Removed: []string{}, Added: []string{"a:c"}}}},
		{"another resource", `{"Effect": "Allow", "Action": "a:b", "Resource": "arn:aws:s3:::x"}`, `{"Effect": "Allow", "Action": "a:b", "Resource": "*"}`,
			[]Difference{{Old: 0, New: 0, Element: "Resource", Removed: []string{"arn:aws:s3:::x"}, Added: []string{"*"}}}},
		{"another effect", `{"Effect": "Allow", "Action": "a:b", "Resource": "*"}`, `{"Effect": "Deny", "Action": "a:b", "Resource": "*"}`,
			[]Difference{{Old: 0, New: -1}, {Old: -1, New: 0}}},
	} {
		if diff := cmp.Diff(c.want, Diff(parse(c.old), parse(c.new))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestChangesBetween(t *testing.T) {
	p := find(t, "AmazonECS_FullAccess")
	between := func(from, to string) string {
		a, _ := p.Version(from)
		b, _ := p.Version(to)
		changes, err := p.ChangesBetween(a, b)
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, c := range changes {
			sign := "+"
			if c.Removed {
				sign = "-"
			}
			out = append(out, sign+c.Action)
		}
		return strings.Join(out, " ")
	}
	for _, c := range [][3]string{
		{"v15", "v16", "+appmesh:ListMeshes +appmesh:ListVirtualNodes +appmesh:DescribeVirtualNode"},
		{"v19", "v17", "-appmesh:ListVirtualGateways -appmesh:DescribeVirtualGateway -fsx:DescribeFileSystems"},
		{"v16", "v16", ""},
	} {
		if got := between(c[0], c[1]); got != c[2] {
			t.Errorf("%s to %s: %s", c[0], c[1], got)
		}
	}
}

func TestTrust(t *testing.T) {
	at := Place{Region: "eu-west-1", Account: "123456789012"}
	for _, c := range []struct {
		role    string
		at      Place
		guarded bool
		want    string
	}{
		{"task", at, true, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:eu-west-1:123456789012:*"},"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`},
		{"ecsTaskExecutionRole", Place{}, false, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`},
		{"instance", Place{Region: "cn-north-1", Account: "123456789012"}, false, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com.cn"},"Action":"sts:AssumeRole"}]}`},
		{"states", at, true, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:states:eu-west-1:123456789012:stateMachine:*"},"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`},
		{"events", Place{Account: "123456789012"}, true, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:events:*:123456789012:rule/*"},"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`},
	} {
		r, err := FindTrustRole(c.role)
		if err != nil {
			t.Fatal(err)
		}
		doc, guarded := r.Trust(c.at)
		if doc.String() != c.want || guarded != c.guarded || policy.Validate(doc).HasErrors() {
			t.Errorf("%s: guarded %v\n%s", c.role, guarded, doc)
		}
	}
	// The managed policies that roles name are known here, but for those of others.
	for _, r := range TrustRoles() {
		for _, name := range r.Policies {
			if _, err := Default().Policy(name); err != nil && name != "AmazonSSMManagedInstanceCore" {
				t.Errorf("role %s: %v", r.Name, err)
			}
		}
	}
	if _, err := FindTrustRole("exekution"); err == nil || !strings.Contains(err.Error(), `"execution"`) {
		t.Errorf("%v", err)
	}
	for _, p := range []Place{{Account: "12"}, {Region: "europe"}, {Partition: "azure"}} {
		if p.Check() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}

// Every policy whose features are described has a typical use, which a proper
// part of it covers, without a word about what was left out.
func TestTypicalUses(t *testing.T) {
	for _, p := range Default().Policies() {
		if (len(p.Features) > 0) != (len(p.Typical.Only) > 0) {
			t.Errorf("%s has features %v and the typical use %v", p.Name, p.Features, p.Typical)
		}
		if len(p.Typical.Only) == 0 {
			continue
		}
		got := trim(t, p.Name, Choice{Only: p.Typical.Only})
		all := actions(p.Newest().Document)
		if kept := actions(got.Document); len(kept) == 0 || len(kept) >= len(all) || len(got.Findings) > 0 || p.Typical.What == "" {
			t.Errorf("%s: %d of %d actions, %v", p.Name, len(kept), len(all), got.Findings)
		}
	}
}
