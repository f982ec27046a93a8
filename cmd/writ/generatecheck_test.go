package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// What generate has just printed is what the machine needs, in every format
// that can be read back, however the statements are written.
func TestCheckAcceptsWhatWasGenerated(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	eachMachine(t, func(t *testing.T, m machineFile) {
		printed := m.generate(t, "json", m.flags...)
		for name, c := range map[string]struct {
			text  string
			flags []string
		}{
			"role.json":      {printed, m.flags},
			"regrouped.json": {regrouped(t, random, printed), m.flags},
			"role.yaml":      {m.generate(t, "cfn", m.flags...), m.flags},
			"open.yaml":      {m.generate(t, "cfn", m.openFlags...), m.openFlags},
			"filled.yaml":    {m.generate(t, "cfn", m.openFlags...), m.flags},
		} {
			code, stdout, stderr := m.check(t, name, c.text, c.flags)
			if stdout != "" || code != exitOK && code != exitUndecided {
				t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
			}
		}
	})
}

// A role that lacks one grant, or has one more, is told so.
func TestCheckFindsEveryDifference(t *testing.T) {
	eachMachine(t, func(t *testing.T, m machineFile) {
		var doc map[string]any
		mustParse(t, m.generate(t, "json", m.flags...), &doc)
		role := doc["role"].(map[string]any)
		policies := role["policies"].([]any)
		if len(policies) == 0 {
			return
		}
		inner := policies[0].(map[string]any)["document"].(map[string]any)
		statements := inner["Statement"].([]any)
		for i := range statements {
			inner["Statement"] = slices.Delete(slices.Clone(statements), i, i+1)
			if role["policies"] = policies; len(statements) == 1 { // IAM takes no policy without statements
				role["policies"] = []any{}
			}
			if code, stdout, _ := m.check(t, "role.json", marshal(t, doc), m.flags); code != exitFindings || !strings.Contains(stdout, "\n+ needs ") || strings.Contains(stdout, "\n- holds ") {
				t.Errorf("without statement %d: exit code %d\n%s", i, code, stdout)
			}
		}
		extra := map[string]any{"Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "arn:aws:ecs:us-east-1:123456789012:task/other"}
		role["policies"], inner["Statement"] = policies, append(slices.Clone(statements), extra)
		if code, stdout, _ := m.check(t, "role.json", marshal(t, doc), m.flags); code != exitFindings || !strings.Contains(stdout, "- holds Allow ecs:ListTasks\n") || strings.Contains(stdout, "\n+ needs ") {
			t.Errorf("with a statement more: exit code %d\n%s", code, stdout)
		}
	})
}

func (m machineFile) check(t *testing.T, name, text string, flags []string) (code int, stdout, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return invoke(t, "", append([]string{"generate", m.path, "--check", file}, flags...)...)
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// regrouped writes the policies of a result in another way that means the same:
// a statement for every action and resource, in any order, over several
// policies, names of actions in other letters, as the IAM API spells a role.
func regrouped(t *testing.T, random *rand.Rand, printed string) string {
	t.Helper()
	var in struct {
		Role struct {
			AssumeRolePolicyDocument any
			Policies                 []struct{ Document map[string]any }
			Path                     string
			PermissionsBoundary      string
		}
	}
	mustParse(t, printed, &in)
	documents := make([][]any, 2)
	for _, p := range in.Role.Policies {
		for _, s := range p.Document["Statement"].([]any) {
			s := s.(map[string]any)
			for _, action := range texts(s["Action"]) {
				for _, resource := range texts(s["Resource"]) {
					one := map[string]any{"Effect": s["Effect"], "Action": []string{strings.ToUpper(action)}, "Resource": []string{resource}, "Sid": ""}
					delete(one, "Sid")
					if s["Condition"] != nil {
						one["Condition"] = s["Condition"]
					}
					i := random.IntN(2)
					documents[i] = append(documents[i], one)
				}
			}
		}
	}
	role := map[string]any{"RoleName": "AnyName", "Path": in.Role.Path, "AssumeRolePolicyDocument": in.Role.AssumeRolePolicyDocument}
	if in.Role.PermissionsBoundary != "" {
		role["PermissionsBoundary"] = map[string]any{"PermissionsBoundaryArn": in.Role.PermissionsBoundary}
	}
	var policies []any
	for _, d := range documents {
		if len(d) == 0 {
			continue
		}
		random.Shuffle(len(d), func(i, j int) { d[i], d[j] = d[j], d[i] })
		policies = append(policies, map[string]any{"PolicyName": "p", "PolicyDocument": map[string]any{"Version": policy.Version2012, "Statement": d}})
	}
	role["Policies"] = policies
	if policies == nil {
		role["Policies"] = []any{}
	}
	return marshal(t, role)
}

// Policies that mean the same, and such as nearly do.
func TestCompareDocuments(t *testing.T) {
	const one = `{"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:123456789012:news"}`
	const wide = `{"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:123456789012:*"}`
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"order", one + "," + wide, wide + "," + one, true},
		{"letter case of actions", one, strings.Replace(one, "sns:Publish", "SNS:publish", 1), true},
		{"letter case of resources", one, strings.Replace(one, "news", "News", 1), false},
		{"a wider one beside it", wide, one + "," + wide, true},
		{"a wider one instead", one, wide, false},
		{"a wider one of another action", wide, wide + "," + strings.Replace(one, "Publish", "Subscribe", 1), false},
		{"a wider one under a condition", with(wide, "StringEquals", "x"), with(wide, "StringEquals", "x") + "," + one, false},
		{"Deny", one, strings.Replace(one, "Allow", "Deny", 1), false},
		{"conditions in other order", with(one, "StringEquals", "x", "y"), with(one, "StringEquals", "y", "x"), true},
		{"another condition", with(one, "StringEquals", "x"), with(one, "StringLike", "x"), false},
		{"no condition", with(one, "StringEquals", "x"), one, false},
		{"NotResource", one, strings.Replace(one, "Resource", "NotResource", 1), false},
		{"NotResource of more", strings.Replace(wide, "Resource", "NotResource", 1), strings.Replace(wide+","+one, "Resource", "NotResource", 2), false},
		{"NotAction", one, strings.Replace(one, "Action", "NotAction", 1), false},
		{"a Sid", one, strings.Replace(one, "{", `{"Sid": "S", `, 1), true},
		{"twice", one, one + "," + one, true},
		{"a wildcard inside", wide, wide + `,{"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:*:123456789012:x"}`, false},
	} {
		for _, order := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			d, err := compareDocuments("policy", []*policy.Document{statements(t, order[0])}, []roles.Policy{{Document: statements(t, order[1])}})
			if err != nil || (len(d.holds)+len(d.needs) == 0) != c.same {
				t.Errorf("%s: %v %+v", c.name, err, d)
			}
		}
	}
}

// In a document of the first Version ${...} is plain text: it differs from the
// same text in one with variables, where a variable may stand.
func TestCompareVersions(t *testing.T) {
	for text, same := range map[string]bool{
		`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::in/${aws:username}/*"}`:                                  false,
		`{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::in/${*}"}`:                                            false,
		`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": "${aws:username}/*"}}}`: false,
		`{"Sid": "${aws:username}", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::in/*"}`:                        true,
		`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::in/$x"}`:                                                 true,
	} {
		old, _ := policy.ParseString("p", `{"Version": "2008-10-17", "Statement": [`+text+`]}`)
		d, err := compareDocuments("policy", []*policy.Document{old}, []roles.Policy{{Document: statements(t, strings.Replace(text, `"Sid": "${aws:username}", `, "", 1))}})
		if err != nil || (len(d.holds)+len(d.needs) == 0) != same {
			t.Errorf("%s: %v %+v", text, err, d)
		}
	}
}

func statements(t *testing.T, text string) *policy.Document {
	t.Helper()
	doc, findings := policy.ParseString("p", `{"Version": "2012-10-17", "Statement": [`+text+`]}`)
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	return doc
}

func with(statement, operator string, values ...string) string {
	list, _ := json.Marshal(values)
	return strings.TrimSuffix(statement, "}") + `, "Condition": {"` + operator + `": {"aws:PrincipalTag/t": ` + string(list) + `}}}`
}

// The policies for others come back from their files as roles do.
func TestCheckAcceptsWhatWasGeneratedForOthers(t *testing.T) {
	workers := 0
	eachMachine(t, func(t *testing.T, m machineFile) {
		for _, audience := range []string{forDeployer, forWorker} {
			who := func(flags []string) []string { return append([]string{"--for=" + audience}, flags...) }
			code, printed, _ := invoke(t, "", append([]string{"generate", m.path, "--format=json"}, who(m.flags)...)...)
			if code == exitFindings {
				continue // nobody answers the machine
			}
			workers++
			for name, c := range map[string]struct {
				text  string
				flags []string
			}{
				"policy.json": {printed, m.flags},
				"policy.yaml": {m.generate(t, "cfn", who(m.flags)...), m.flags},
				"open.yaml":   {m.generate(t, "cfn", who(m.openFlags)...), m.openFlags},
				"filled.yaml": {m.generate(t, "cfn", who(m.openFlags)...), m.flags},
			} {
				if code, stdout, stderr := m.check(t, name, c.text, who(c.flags)); stdout != "" || code != exitOK && code != exitUndecided {
					t.Errorf("%s, %s: exit code %d\n%s%s", audience, name, code, stdout, stderr)
				}
			}
		}
	})
	if workers < 50 {
		t.Errorf("%d policies; the search is broken", workers)
	}
}

// Files that nobody means: an error and its place, and no answer.
func TestHostileRoleFile(t *testing.T) {
	for name, text := range map[string]string{
		"empty":          "",
		"list":           "[]",
		"text":           "role OrdersRole\n\ntrust policy\n{\n",
		"deep":           strings.Repeat(`{"Statement":`, deep) + "1" + strings.Repeat("}", deep),
		"deep YAML":      strings.Repeat("[", deep),
		"two keys":       `{"Statement": [], "Statement": []}`,
		"no statement":   `{"Policies": [{"PolicyName": "p"}]}`,
		"string policy":  `{"PolicyDocument": "{"}`,
		"unknown":        `{"Policies": [{"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Princpal": "*"}]}}]}`,
		"failed":         `{"format_version": "1.0", "role": null}`,
		"for others":     `{"format_version": "1.0", "for": "worker", "policy": {"document": {}}}`,
		"no resource":    "Resources: {}\n",
		"no properties":  "Resources: {R: {Type: 'AWS::IAM::Role'}}\n",
		"function":       "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:*', Resource: !GetAtt B.Arn}]}}]}}}\n",
		"open reference": "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:*', Resource: !Sub 'x${B}'}]}}]}}}\n",
		"unclosed":       "Resources: {R: {Type: 'AWS::IAM::Role', Properties: {Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:*', Resource: !Sub 'x${B'}]}}]}}}\n",
		"attached":       `{"Policies": [], "ManagedPolicyArns": [{}]}`,
		"product":        `{"Statement": [{"Effect": "Allow", "Action": [` + numbered(1000) + `], "Resource": [` + numbered(1000) + `]}]}`,
	} {
		file := filepath.Join(t.TempDir(), "role.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := invoke(t, machine, "generate", "-", "--check", file)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "writ: ") {
			t.Errorf("%s: exit code %d, %q, %q", name, code, stdout, stderr)
		}
	}
}

func numbered(n int) string {
	var out []string
	for i := range n {
		out = append(out, `"a:`+strings.Repeat("x", i+1)+`"`)
	}
	return strings.Join(out, ",")
}

// Whatever can be read says the same as itself, and nothing panics.
func FuzzRoleFile(f *testing.F) {
	for _, text := range []string{
		`{"format_version": "1.0", "role": {"assumeRolePolicyDocument": {"Statement": []}, "policies": [{"document": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}]}}`,
		`{"RoleName": "r", "AssumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D", "RolePolicyList": [], "AttachedManagedPolicies": [{"PolicyArn": "a"}]}`,
		`{"Version": "2008-10-17", "Statement": [{"Effect": "Deny", "NotAction": ["a:b", "c:d"], "NotResource": "${x}", "Condition": {"StringLike": {"A": ["b", "c"]}}}]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		r := roleReader{file: source.NewFile("role", text), audience: forExecution}
		held, err := r.read()
		if err != nil {
			return
		}
		var same []roles.Policy
		for _, doc := range held.policies {
			if doc.HasVariables() || !wouldHaveVariables(doc) {
				same = append(same, roles.Policy{Document: doc})
			} else {
				return
			}
		}
		if d, err := compareDocuments("policies", held.policies, same); err == nil && len(d.holds)+len(d.needs) > 0 {
			t.Errorf("%q differs from itself: %+v", text, d)
		}
	})
}
