package minimal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/minimal"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

const version = `{"Version": "2012-10-17", "Statement": `

func TestMinimize(t *testing.T) {
	for _, c := range []struct {
		name, given, want string
		changes           []string
	}{
		{
			"values twice and covered",
			`[{"Effect": "Allow", "Action": ["s3:GetObject", "S3:getobject", "s3:Get*"], "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::a/b"]}]`,
			`[{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"}]`,
			[]string{
				`statement 1: Action: dropped "s3:GetObject", "S3:getobject": what stays covers it`,
				`statement 1: Resource: dropped "arn:aws:s3:::a/b": what stays covers it`,
			},
		},
		{
			"a wildcard that covers less than it seems",
			`[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:*:::a/b", "arn:aws:s3::${*}:a/b", "arn:aws:s3::*:a/b"]}]`,
			`[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:*:::a/b", "arn:aws:s3::*:a/b"]}]`,
			[]string{`statement 1: Resource: dropped "arn:aws:s3::${*}:a/b": what stays covers it`},
		},
		{
			"statements along actions, resources and values",
			`[
				{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:*:*:a", "Condition": {"StringEquals": {"aws:PrincipalTag/t": "a"}}},
				{"Sid": "Second", "Effect": "Allow", "Action": "sqs:DeleteMessage", "Resource": "arn:aws:sqs:*:*:a", "Condition": {"stringequals": {"aws:PrincipalTag/t": ["a"]}}},
				{"Effect": "Allow", "Action": ["sqs:DeleteMessage", "sqs:SendMessage"], "Resource": "arn:aws:sqs:*:*:b", "Condition": {"StringEquals": {"aws:PrincipalTag/t": "a"}}},
				{"Effect": "Allow", "Action": ["sqs:DeleteMessage", "sqs:SendMessage"], "Resource": ["arn:aws:sqs:*:*:b", "arn:aws:sqs:*:*:a"], "Condition": {"StringEquals": {"aws:PrincipalTag/t": "b"}}}
			]`,
			`[{"Sid": "Second", "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:DeleteMessage"], "Resource": ["arn:aws:sqs:*:*:a", "arn:aws:sqs:*:*:b"], "Condition": {"StringEquals": {"aws:PrincipalTag/t": ["a", "b"]}}}]`,
			[]string{
				`statement 2: Condition stringequals aws:PrincipalTag/t without brackets`,
				`statement 1: took in statement 2: they differ in Action alone`,
				`statement 1: took in statement 3: they differ in Resource alone`,
				`statement 1: took in statement 4: they differ in Condition StringEquals aws:PrincipalTag/t alone`,
			},
		},
		{
			"a wildcard that a merged statement has",
			`[{"Effect": "Allow", "Action": ["kms:Describe*", "kms:Encrypt"], "Resource": "*"}, {"Effect": "Allow", "Action": ["kms:DescribeKey", "kms:Decrypt"], "Resource": "*"}]`,
			`[{"Effect": "Allow", "Action": ["kms:Describe*", "kms:Encrypt", "kms:Decrypt"], "Resource": "*"}]`,
			[]string{`statement 1: took in statement 2: they differ in Action alone`, `statement 1: Action: dropped "kms:DescribeKey": what stays covers it`},
		},
		{
			"booleans are not merged",
			`[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
			{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]`,
			`[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
			{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]`,
			nil,
		},
		{
			"negated conditions are not merged",
			`[{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}},
			{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalTag/t": "x"}}}]`,
			"", nil,
		},
		{
			"covered, dead, shadowed and useless",
			`[
				{"Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": ["arn:aws:s3:::a/*", "arn:aws:sqs:*:*:q"]},
				{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/b", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
				{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": {"NumericLessThan": {"n": "1"}, "NumericGreaterThan": {"n": "2"}}},
				{"Effect": "Allow", "Action": ["iam:PassRole", "iam:GetRole"], "Resource": "*"},
				{"Effect": "Deny", "Action": "iam:Pass*", "Resource": "*"},
				{"Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": {"StringLikeIfExists": {"k": "*"}}}
			]`,
			`[
				{"Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": ["arn:aws:s3:::a/*", "arn:aws:sqs:*:*:q"]},
				{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"},
				{"Effect": "Deny", "Action": ["iam:Pass*", "ec2:*"], "Resource": "*"}
			]`,
			[]string{
				`statement 3: dropped: no request can match it`,
				`statement 2: dropped: statement 1 covers it`,
				`statement 4: Action: dropped "iam:PassRole": Deny statements leave nothing of it`,
				`statement 6: dropped the condition StringLikeIfExists k: it always holds`,
				`statement 5: took in statement 6: they differ in Action alone`,
			},
		},
		{
			"wildcards at the ends of words, where the catalogue has no other action",
			`[{"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:DeleteMessageBatch", "sqs:DeleteQueue", "sqs:ListQueues"], "Resource": "*"}]`,
			`[{"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:Delete*", "sqs:ListQueues"], "Resource": "*"}]`,
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := parse(t, version+c.given+"}")
			result := minimize(t, doc, minimal.Options{})
			want := doc
			if c.want != "" {
				want = parse(t, version+c.want+"}")
			}
			if d := cmp.Diff(string(policy.Print(want, " ")), string(policy.Print(result.Document, " "))); d != "" {
				t.Error(d)
			}
			var said []string
			for _, change := range result.Changes {
				said = append(said, change.String())
			}
			if c.changes != nil && !slices.Equal(c.changes, said) {
				t.Errorf("changes\n%s", strings.Join(said, "\n"))
			}
			if len(result.NotTaken) > 0 {
				t.Errorf("not taken: %v", result.NotTaken)
			}
		})
	}
}

// Who is named in another way has other rights: an account's statement does not make
// one that names its user redundant.
func TestPrincipals(t *testing.T) {
	for _, c := range []struct{ name, given, want string }{
		{"merged",
			`[{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sqs:SendMessage", "Resource": "*"}, {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}]`,
			`[{"Effect": "Allow", "Principal": {"AWS": "123456789012", "Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}]`},
		{"named by account and directly",
			`[{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sqs:*", "Resource": "*"}, {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/u"}, "Action": "sqs:SendMessage", "Resource": "*"}]`, ""},
		{"NotPrincipal stays, once",
			`[{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"]}, "Action": "sqs:*", "Resource": "*"}, {"Sid": "Again", "Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"]}, "Action": "sqs:*", "Resource": "*"}]`,
			`[{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"]}, "Action": "sqs:*", "Resource": "*"}]`},
		{"without Resource, as in policies of repositories",
			`[{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": ["ecr:BatchGetImage", "ecr:batchgetimage"]}, {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "ecr:DescribeImages"}]`,
			`[{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "ecr:BatchGetImage"}, {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "ecr:DescribeImages"}]`},
		{"session tags of identity providers",
			`[{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::123456789012:saml-provider/p"}, "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"], "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}]`, ""},
		{"what everybody may do anyway is said all the same",
			`[{"Effect": "Allow", "Principal": "*", "Action": ["sts:GetCallerIdentity", "sqs:SendMessage"], "Resource": "*"}]`, ""},
		{"denied for everyone",
			`[{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": ["sqs:SendMessage", "sqs:DeleteQueue"], "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "sqs:DeleteQueue", "Resource": "*"}]`,
			`[{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sqs:SendMessage", "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "sqs:DeleteQueue", "Resource": "*"}]`},
		{"denied for others",
			`[{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": ["sqs:SendMessage", "sqs:DeleteQueue"], "Resource": "*"}, {"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "sqs:DeleteQueue", "Resource": "*"}]`, ""},
		{"trust policies",
			`[{"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity"}, {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := parse(t, version+c.given+"}")
			want := doc
			if c.want != "" {
				want = parse(t, version+c.want+"}")
			}
			result := minimize(t, doc, minimal.Options{})
			if d := cmp.Diff(string(policy.Print(want, " ")), string(policy.Print(result.Document, " "))); d != "" {
				t.Errorf("%s%v", d, result.Changes)
			}
		})
	}
}

// Twins are dropped by their spelling alone, so it has to be exact.
func TestTwins(t *testing.T) {
	for second, want := range map[string]int{"kms:Decrypt": 1, "KMS:decrypt": 1, "\u212Ams:Decrypt": 2} {
		const statement = `{"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "ACTION", "Resource": "*"}`
		doc := parse(t, version+"["+strings.Replace(statement, "ACTION", "kms:Decrypt", 1)+","+strings.Replace(statement, "ACTION", second, 1)+"]}")
		if got := len(minimize(t, doc, minimal.Options{}).Document.Statements); got != want {
			t.Errorf("%s: %d statements", second, got)
		}
	}
}

// What is not proved is not done, and is said.
func TestNotTaken(t *testing.T) {
	const twice = version + `[{"Effect": "Allow", "Action": ["s3:Get*", "s3:GetObject"], "Resource": "*"}]}`
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name, text, want string
		ctx              context.Context
		options          minimal.Options
	}{
		{"no time", twice, "the time limit was reached: not every step was tried", ended, minimal.Options{}},
		{"no work", twice, "the work limit was reached: not every step was tried", t.Context(), minimal.Options{Work: 3}},
		{"mixed", version + `[{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}, {"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "*"}]}`,
			"some statements name principals and others do not: it cannot be told what kind of policy this is", t.Context(), minimal.Options{}},
		{"resources that are no ARNs", version + `[{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": ["execute-api:/*", "execute-api:/a"]},
			{"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}]}`,
			"it has resources that are no ARNs: a service may know what they are", t.Context(), minimal.Options{}},
		{"nothing would be left", version + `[{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {"NumericLessThan": {"n": "x"}}}]}`,
			"the statement has no effect, but a policy needs one", t.Context(), minimal.Options{}},
	} {
		result, err := minimal.Minimize(c.ctx, parse(t, c.text), c.options)
		if err != nil || len(result.Changes) > 0 || len(result.NotTaken) != 1 || result.NotTaken[0].Reason != c.want {
			t.Errorf("%s: %v %+v", c.name, err, result)
		}
	}
	doc, _ := policy.ParseString("", version+`[{"Effect": "Alow", "Action": "*", "Resource": "*"}]}`)
	if _, err := minimal.Minimize(t.Context(), doc, minimal.Options{}); !errors.As(err, new(*prove.UnreadableError)) {
		t.Errorf("a policy with mistakes: %v", err)
	}
}

// Policies about which check has nothing to say lose nothing but spelling.
func TestFlawlessPolicies(t *testing.T) {
	files, err := filepath.Glob("../check/testdata/ok/*/*.json")
	if err != nil || len(files) < 300 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, findings := policy.ParseString(name, string(text))
		if findings.HasErrors() {
			continue // the policy stands in something else
		}
		for _, c := range minimize(t, doc, minimal.Options{NoWildcards: true}).Changes {
			if c.Kind != minimal.Unwrap {
				t.Errorf("%s: %v", name, c)
			}
		}
	}
}
