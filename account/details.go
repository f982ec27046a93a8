package account

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// The codes of what ParseDetails finds, beside those of package policy.
const (
	codeJSON      = "MALFORMED_JSON"
	codeDuplicate = "DUPLICATE_KEY"
	codeNoDetails = "NOT_ACCOUNT_DETAILS"
	codeTruncated = "TRUNCATED"
	codeType      = "BAD_FIELD_TYPE"
	codeMissing   = "MISSING_FIELD"
	codeEncoding  = "BAD_POLICY_ENCODING"
	codeTwice     = "DUPLICATE_ENTRY"
)

// ParseDetails reads the output of aws iam get-account-authorization-details
// (the API GetAccountAuthorizationDetails), or several pages of it put together.
// Policy documents in it are JSON objects, as the CLI prints them, or strings of
// URL-encoded JSON, as the API returns them. Fields that say nothing about
// access (dates, counts) are not read.
//
// Only text that is not JSON, holds a key twice, or is another kind of JSON has
// no account. Other errors concern single principals, about whom nothing can be
// decided then: SetFor refuses them, and authz refuses their policies.
func ParseDetails(file *source.File) (*Account, source.List) {
	root, duplicates, err := jsontree.Parse(file.Text)
	if err != nil {
		return nil, source.List{{Code: codeJSON, Severity: source.Error, File: file, Span: err.Span, Message: err.Msg}}
	}
	r := &reader{file: file, root: root, account: newAccount()}
	if !r.isDetails() {
		return nil, r.findings
	}
	for _, d := range duplicates {
		r.report(codeDuplicate, source.Error, d.Second, "", "key %q appears twice in one object", d.Name)
	}
	if len(duplicates) > 0 {
		return nil, r.findings // AWS writes none: which of the two is meant is anybody's guess
	}
	if t := root.Get("IsTruncated"); t.Is(jsontree.Bool) && t.Text == "true" {
		r.report(codeTruncated, source.Warning, t.Span, "the CLI fetches all pages unless it is told --no-paginate",
			"this is one page of several: principals and policies are missing")
	}
	r.each(root, "UserDetailList", r.user)
	r.each(root, "GroupDetailList", r.group)
	r.each(root, "RoleDetailList", r.role)
	r.each(root, "Policies", r.managed)
	return r.account, r.findings.Sorted()
}

func newAccount() *Account {
	return &Account{users: map[string]int{}, groups: map[string]int{}, roles: map[string]int{}, policies: map[string]int{}}
}

var lists = []string{"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"}

type reader struct {
	file     *source.File
	root     *jsontree.Value
	account  *Account
	findings source.List
	errors   int // findings about the shape of the file, not about policies
}

func (r *reader) report(code string, severity source.Severity, span source.Span, hint, format string, args ...any) {
	if severity == source.Error {
		r.errors++
	}
	r.findings = append(r.findings, source.Finding{
		Code: code, Severity: severity, File: r.file, Span: span,
		Path: jsontree.Pointer(r.root, span), Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// isDetails tells account details from other JSON.
func (r *reader) isDetails() bool {
	for _, name := range lists {
		if r.root.Get(name) != nil {
			return true
		}
	}
	r.report(codeNoDetails, source.Error, source.Span{Start: r.root.Span.Start, End: r.root.Span.Start + 1},
		"make one with: aws iam get-account-authorization-details", "these are no account details: there is none of %s", strings.Join(lists, ", "))
	return false
}

// each visits the objects of a list.
func (r *reader) each(v *jsontree.Value, name string, visit func(*jsontree.Value)) {
	list := v.Get(name)
	if list == nil || list.Kind == jsontree.Null {
		return
	}
	if list.Kind != jsontree.Array {
		r.report(codeType, source.Error, list.Span, "", "%s is %s; it should be an array", name, list.Kind)
		return
	}
	for i := range list.Items {
		item := &list.Items[i]
		if item.Kind != jsontree.Object {
			r.report(codeType, source.Error, item.Span, "", "an item of %s is %s; it should be an object", name, item.Kind)
			continue
		}
		visit(item)
	}
}

// text returns a string member; "" where there is none.
func (r *reader) text(v *jsontree.Value, name string, required bool) string {
	m := v.Get(name)
	switch {
	case m == nil || m.Kind == jsontree.Null:
		if required {
			r.report(codeMissing, source.Error, source.Span{Start: v.Span.Start, End: v.Span.Start + 1}, "", "%s is missing", name)
		}
		return ""
	case m.Kind != jsontree.String:
		r.report(codeType, source.Error, m.Span, "", "%s is %s; it should be a string", name, m.Kind)
		return ""
	}
	return m.Text
}

func (r *reader) identity(v *jsontree.Value, kind string, inline string) Identity {
	id := Identity{Name: r.text(v, kind+"Name", true), Path: r.text(v, "Path", false), ID: r.text(v, kind+"Id", false), ARN: r.text(v, "Arn", true)}
	if id.Path == "" {
		id.Path = "/"
	}
	r.each(v, inline, func(p *jsontree.Value) {
		name := r.text(p, "PolicyName", true)
		id.Inline = append(id.Inline, authz.Policy{Name: name, Document: r.document(p, "PolicyDocument")})
	})
	r.each(v, "AttachedManagedPolicies", func(p *jsontree.Value) {
		if arn := r.text(p, "PolicyArn", true); arn != "" {
			id.Attached = append(id.Attached, arn)
			r.account.attachments = append(r.account.attachments, Attachment{id.ARN, arn, p.Get("PolicyArn").Span})
		}
	})
	return id
}

// add puts an entry into an index. Of two that bear one name the later one
// stands in the index, and is broken.
func (r *reader) add(index map[string]int, key string, i int, v *jsontree.Value, what string) {
	if _, ok := index[key]; ok {
		r.report(codeTwice, source.Error, source.Span{Start: v.Span.Start, End: v.Span.Start + 1}, "", "%s stands here for the second time", what)
	}
	index[key] = i
}

func (r *reader) user(v *jsontree.Value) {
	before := r.errors
	u := User{Identity: r.identity(v, "User", "UserPolicyList"), Boundary: r.boundary(v), Tags: r.tags(v)}
	if groups := v.Get("GroupList"); groups.Is(jsontree.Array) {
		for i := range groups.Items {
			if groups.Items[i].Kind != jsontree.String {
				r.report(codeType, source.Error, groups.Items[i].Span, "", "a group is %s; it should be a string", groups.Items[i].Kind)
				continue
			}
			u.Groups = append(u.Groups, groups.Items[i].Text)
		}
	} else if groups != nil && groups.Kind != jsontree.Null {
		r.report(codeType, source.Error, groups.Span, "", "GroupList is %s; it should be an array", groups.Kind)
	}
	r.add(r.account.users, key(accountOf(u.ARN), u.Name), len(r.account.Users), v, "user "+u.Name)
	u.broken = r.errors > before
	r.account.Users = append(r.account.Users, u)
}

func (r *reader) group(v *jsontree.Value) {
	before := r.errors
	g := Group{r.identity(v, "Group", "GroupPolicyList")}
	r.add(r.account.groups, key(accountOf(g.ARN), g.Name), len(r.account.Groups), v, "group "+g.Name)
	g.broken = r.errors > before
	r.account.Groups = append(r.account.Groups, g)
}

func (r *reader) role(v *jsontree.Value) {
	before := r.errors
	role := Role{Identity: r.identity(v, "Role", "RolePolicyList"), Boundary: r.boundary(v), Tags: r.tags(v)}
	role.Trust = authz.Policy{Name: "trust policy of " + role.Name, Document: r.document(v, "AssumeRolePolicyDocument")}
	r.each(v, "InstanceProfileList", func(p *jsontree.Value) {
		if arn := r.text(p, "Arn", true); arn != "" {
			role.InstanceProfiles = append(role.InstanceProfiles, arn)
		}
	})
	r.add(r.account.roles, key(accountOf(role.ARN), role.Name), len(r.account.Roles), v, "role "+role.Name)
	role.broken = r.errors > before
	r.account.Roles = append(r.account.Roles, role)
}

func (r *reader) managed(v *jsontree.Value) {
	before := r.errors
	p := ManagedPolicy{Name: r.text(v, "PolicyName", false), ARN: r.text(v, "Arn", true), DefaultVersion: r.text(v, "DefaultVersionId", true)}
	r.each(v, "PolicyVersionList", func(version *jsontree.Value) {
		if version.Get("Document") == nil {
			return // SetFor names the policy as one without text
		}
		p.Versions = append(p.Versions, Version{ID: r.text(version, "VersionId", true), Document: r.document(version, "Document")})
	})
	r.add(r.account.policies, p.ARN, len(r.account.Policies), v, "policy "+p.ARN)
	p.broken = r.errors > before
	r.account.Policies = append(r.account.Policies, p)
}

func (r *reader) boundary(v *jsontree.Value) string {
	b := v.Get("PermissionsBoundary")
	switch {
	case b == nil || b.Kind == jsontree.Null:
		return ""
	case b.Kind == jsontree.Object:
		arn := r.text(b, "PermissionsBoundaryArn", true)
		if arn != "" {
			r.account.attachments = append(r.account.attachments, Attachment{r.text(v, "Arn", false), arn, b.Get("PermissionsBoundaryArn").Span})
		}
		return arn
	}
	r.report(codeType, source.Error, b.Span, "", "PermissionsBoundary is %s; it should be an object", b.Kind)
	return ""
}

func (r *reader) tags(v *jsontree.Value) []Tag {
	var tags []Tag
	r.each(v, "Tags", func(t *jsontree.Value) {
		tags = append(tags, Tag{r.text(t, "Key", true), r.text(t, "Value", false)})
	})
	return tags
}

// document reads a policy document, which may be written out or encoded.
func (r *reader) document(v *jsontree.Value, name string) *policy.Document {
	d := v.Get(name)
	switch {
	case d == nil || d.Kind == jsontree.Null:
		r.report(codeMissing, source.Error, source.Span{Start: v.Span.Start, End: v.Span.Start + 1}, "", "%s is missing", name)
		return nil
	case d.Kind != jsontree.String:
		doc, findings := policy.FromValue(r.file, r.root, d)
		r.findings = append(r.findings, findings...)
		return doc
	}
	text := d.Text
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		decoded, err := url.PathUnescape(text) // RFC 3986: a plus sign stands for itself
		if err != nil {
			r.report(codeEncoding, source.Error, d.Span, "", "%s is neither JSON nor URL-encoded JSON", name)
			return nil
		}
		text = decoded
	}
	// The text has no place of its own in the file: it gets a name that says
	// where it stood.
	file := source.NewFile(r.file.Name+"#"+jsontree.Pointer(r.root, d.Span), text)
	doc, findings := policy.Parse(file)
	r.findings = append(r.findings, findings...)
	return doc
}
