package account

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/source"
)

// The pieces that files are made of.
const (
	roleARN     = "arn:aws:iam::123456789012:role/service/orders"
	trustText   = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`
	lambdaTrust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`
	docText     = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]}`
	encoded     = `"%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22sns%3APublish%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D"`
	managedARN  = "arn:aws:iam::123456789012:policy/more"
	getRole     = `{"Role": {"RoleName": "orders", "Path": "/service/", "Arn": "` + roleARN + `", "AssumeRolePolicyDocument": ` + trustText + `, "Tags": [{"Key": "team", "Value": "shop"}]}}`
	bounded     = `{"Role": {"RoleName": "orders", "Arn": "` + roleARN + `", "AssumeRolePolicyDocument": ` + trustText + `, "PermissionsBoundary": {"PermissionsBoundaryArn": "` + managedARN + `"}}}`
	getPolicy   = `{"RoleName": "orders", "PolicyName": "inline", "PolicyDocument": ` + docText + `}`
	attached    = `{"AttachedPolicies": [{"PolicyName": "more", "PolicyArn": "` + managedARN + `"}]}`
	version     = `{"PolicyVersion": {"VersionId": "v2", "IsDefaultVersion": true, "Document": ` + docText + `}}`
)

func detailsOf(roles ...string) string {
	return `{"RoleDetailList": [` + strings.Join(roles, ", ") + `], "Policies": [{"PolicyName": "more", "Arn": "` + managedARN + `", "DefaultVersionId": "v1", "PolicyVersionList": [{"VersionId": "v1", "Document": ` + docText + `}]}]}`
}

func roleDetail(name, trust, rest string) string {
	return fmt.Sprintf(`{"RoleName": %q, "Path": "/", "Arn": "arn:aws:iam::123456789012:role/%s", "AssumeRolePolicyDocument": %s%s}`, name, name, trust, rest)
}

// summary says in a line what was read of a role, or the codes of errors.
func summary(role *HeldRole, findings source.List) string {
	if role == nil {
		return strings.Join(codes(findings), " ")
	}
	var parts []string
	if role.ARN != "" {
		parts = append(parts, role.ARN)
	} else if role.Name != "" {
		parts = append(parts, role.Name)
	}
	for _, p := range role.Policies {
		parts = append(parts, "policy "+p.Name)
	}
	if role.Trust != nil {
		parts = append(parts, "trust")
	}
	if role.Boundary != nil {
		parts = append(parts, "boundary "+role.Boundary.Name)
	}
	for _, m := range role.Missing {
		which := m.ARN
		if which == "" {
			which = "every one"
		}
		parts = append(parts, fmt.Sprintf("missing %s %s", m.Kind, which))
	}
	for _, e := range role.Context {
		parts = append(parts, e.Key+"="+e.Values[0])
	}
	parts = append(parts, codes(findings)...)
	return strings.Join(parts, "; ")
}

func TestReadRole(t *testing.T) {
	inline := `, "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": ` + docText + `}]`
	managed := `, "AttachedManagedPolicies": [{"PolicyArn": "` + managedARN + `"}]`
	for _, c := range []struct {
		name, role string // of the role
		files      []string
		want       string
	}{
		{"a policy document", "", []string{docText}, "policy file1"},
		{"a policy and a trust policy", "", []string{docText, trustText}, "policy file1; trust"},
		{"a trust policy alone says nothing of policies", "", []string{trustText}, "trust; missing identity every one"},
		{"two trust policies", "", []string{trustText, docText, trustText}, "SEVERAL_ROLES"},
		{"what writ generate prints", "", []string{`{"format_version": "1.0", "role": {"name": "R", "path": "/", "assumeRolePolicyDocument": ` + trustText + `, "policies": [{"name": "p", "document": ` + docText + `}]}, "why": []}`}, "R; policy p; trust"},
		{"what it prints with a boundary", "", []string{`{"role": {"name": "R", "permissionsBoundary": "` + managedARN + `", "assumeRolePolicyDocument": ` + trustText + `, "policies": []}}`}, "R; trust; missing boundary " + managedARN},
		{"what it prints without a role", "", []string{`{"format_version": "1.0", "role": null}`}, "NOT_A_ROLE"},

		{"get-role alone", "", []string{getRole}, roleARN + "; trust; missing identity every one; aws:PrincipalTag/team=shop"},
		{"with its policies", "", []string{getRole, getPolicy, attached, version}, roleARN + "; policy inline; policy file4; trust; aws:PrincipalTag/team=shop"},
		{"in any order", "orders", []string{version, attached, getPolicy, getRole}, roleARN + "; policy inline; policy file1; trust; aws:PrincipalTag/team=shop"},
		{"with an attachment without text", "", []string{getRole, getPolicy, attached}, roleARN + "; policy inline; trust; missing identity " + managedARN + "; aws:PrincipalTag/team=shop"},
		{"with an inline policy that is named only", "", []string{getRole, getPolicy, `{"PolicyNames": ["inline", "other"]}`}, roleARN + "; policy inline; trust; missing identity other; aws:PrincipalTag/team=shop"},
		{"an old version of a policy", "", []string{getRole, attached, strings.Replace(version, "true", "false", 1)}, roleARN + "; policy file3; trust; aws:PrincipalTag/team=shop; POLICY_NOT_IN_FORCE"},
		{"with a boundary without text", "", []string{bounded, getPolicy}, roleARN + "; policy inline; trust; missing boundary " + managedARN},
		{"one object with Role and Policies", "", []string{getRole[:len(getRole)-1] + `, "Policies": [{"PolicyName": "inline", "PolicyDocument": ` + encoded + `}, {"PolicyArn": "` + managedARN + `", "Document": ` + docText + `}, ` + docText + `]}`},
			roleARN + "; policy inline; policy file1; policy " + managedARN + "; trust; aws:PrincipalTag/team=shop"},
		{"one object with a boundary's text", "", []string{bounded[:len(bounded)-1] + `, "Policies": [{"PolicyArn": "` + managedARN + `", "Document": ` + docText + `}]}`},
			roleARN + "; policy " + managedARN + "; trust; boundary " + managedARN},
		{"an array of outputs", "", []string{"[" + getRole + ", " + getPolicy + "]"}, roleARN + "; policy inline; trust; aws:PrincipalTag/team=shop"},
		{"the role of account details by itself", "", []string{roleDetail("orders", trustText, inline+managed)}, "arn:aws:iam::123456789012:role/orders; policy inline; trust; missing identity " + managedARN},
		{"policies of another role", "", []string{getRole, strings.Replace(getPolicy, "orders", "invoices", 1)}, "SEVERAL_ROLES"},
		{"another role than asked for", "invoices", []string{getRole, getPolicy}, "NO_SUCH_ROLE"},

		{"the one role of an account that Step Functions may assume", "", []string{detailsOf(roleDetail("lambda", lambdaTrust, ""), roleDetail("orders", trustText, inline+managed))},
			"arn:aws:iam::123456789012:role/orders; policy inline; policy " + managedARN + "; trust"},
		{"one of two, by name", "invoices", []string{detailsOf(roleDetail("invoices", trustText, inline), roleDetail("orders", trustText, inline))}, "arn:aws:iam::123456789012:role/invoices; policy inline; trust"},
		{"one of two, by ARN", "arn:aws:iam::123456789012:role/orders", []string{detailsOf(roleDetail("invoices", trustText, inline), roleDetail("orders", trustText, inline))}, "arn:aws:iam::123456789012:role/orders; policy inline; trust"},
		{"one of two, unsaid", "", []string{detailsOf(roleDetail("invoices", trustText, inline), roleDetail("orders", trustText, inline))}, "AMBIGUOUS_ROLE"},
		{"none that it may assume", "", []string{detailsOf(roleDetail("lambda", lambdaTrust, ""))}, "AMBIGUOUS_ROLE"},
		{"a name that the account does not have", "x", []string{detailsOf(roleDetail("orders", trustText, inline))}, "NO_SUCH_ROLE"},
		{"an attachment without text in an account", "", []string{detailsOf(roleDetail("orders", trustText, `, "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/X"}]`))},
			"arn:aws:iam::123456789012:role/orders; trust; missing identity arn:aws:iam::aws:policy/X"},
		{"mistakes of other roles do not matter", "", []string{detailsOf(roleDetail("bad", `{"Statement": "x"}`, ""), roleDetail("orders", trustText, inline))}, "arn:aws:iam::123456789012:role/orders; policy inline; trust"},

		{"not JSON", "", []string{"Version: 2012-10-17"}, "MALFORMED_JSON"},
		{"nothing", "", []string{""}, "MALFORMED_JSON"},
		{"a number", "", []string{"7"}, "NOT_A_ROLE"},
		{"an object of another kind", "", []string{`{"StartAt": "A", "States": {}}`}, "NOT_A_ROLE"},
		{"arrays in arrays", "", []string{"[[" + getRole + "]]"}, "NOT_A_ROLE"},
		{"a key twice", "", []string{`{"Role": {}, "Role": {}}`}, "DUPLICATE_KEY"},
		{"a role without a name", "", []string{`{"Role": {"AssumeRolePolicyDocument": ` + trustText + `}}`}, "MISSING_FIELD"},
		{"a role of the wrong type", "", []string{`{"Role": []}`}, "BAD_FIELD_TYPE"},
		{"policies of the wrong type", "", []string{`{"Policies": {}}`}, "BAD_FIELD_TYPE"},
		{"a policy without anything", "", []string{`{"Policies": [{"PolicyName": "x"}]}`}, "MISSING_FIELD"},
		{"a policy with errors", "", []string{`{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Action": "*", "Resource": "*"}]}`}, "INVALID_EFFECT"},
		{"a policy that cannot be decoded", "", []string{`{"RoleName": "orders", "PolicyName": "x", "PolicyDocument": "%zz"}`}, "BAD_POLICY_ENCODING"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var files []*source.File
			for i, text := range c.files {
				files = append(files, source.NewFile(fmt.Sprintf("file%d", i+1), text))
			}
			role, findings := ReadRole(files, c.role)
			if diff := cmp.Diff(c.want, dedupe(summary(role, findings))); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, findings)
			}
			for _, f := range findings {
				if f.Message == "" || f.File == nil {
					t.Errorf("finding without message or file: %+v", f)
				}
			}
		})
	}
}

// dedupe drops codes that follow themselves.
func dedupe(line string) string {
	var out []string
	for _, f := range strings.Split(line, " ") {
		if len(out) == 0 || out[len(out)-1] != f {
			out = append(out, f)
		}
	}
	return strings.Join(out, " ")
}

func TestErrorsListTheRoles(t *testing.T) {
	var roles []string
	for i := range 40 {
		roles = append(roles, roleDetail(fmt.Sprintf("machine%02d", i), trustText, ""))
	}
	_, findings := ReadRole([]*source.File{source.NewFile("account.json", detailsOf(roles...))}, "")
	if len(findings) == 0 || !strings.Contains(findings[0].Hint, "machine00, machine01") || !strings.Contains(findings[0].Hint, "28 more") {
		t.Errorf("%v", findings)
	}
}

func FuzzReadRole(f *testing.F) {
	for _, text := range []string{docText, trustText, getRole, bounded, getPolicy, attached, version, detailsOf(roleDetail("orders", trustText, "")), `{"role": {"policies": [{}]}}`, `[{"Policies": [{"PolicyVersionList": [1]}]}]`} {
		f.Add(text, "orders")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		role, findings := ReadRole([]*source.File{source.NewFile("a", text), source.NewFile("b", text)}, name)
		if (role == nil) != findings.HasErrors() {
			t.Errorf("role %v with %v", role, findings)
		}
	})
}
