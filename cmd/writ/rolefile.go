package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/writ-iam/writ/account"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// roleFile is a role, or a policy alone, as a file holds it.
type roleFile struct {
	file      *source.File
	template  bool             // one of a stack, in which references may stand
	terraform bool             // and that of a module
	trust     *policy.Document // nil where the file has none
	policies  []*policy.Document
	attached  []string // managed policies by ARN, whose texts are elsewhere
	path      string   // "" where the file has none
	boundary  string
	isRole    bool // and not a policy alone

	findings  source.List
	undecided bool // there may be more than was read
}

// badRoleFile is the code of findings about such files.
const badRoleFile = "BAD_ROLE_FILE"

// roleReader reads one file. It stops at the first thing that it cannot read.
type roleReader struct {
	file     *source.File
	root     *jsontree.Value
	audience string
	names    []string // that the role may have in account details with several
	out      roleFile
}

// unreadable carries the findings about a file.
type unreadable source.List

func (u unreadable) Error() string {
	var b strings.Builder
	for _, f := range source.List(u).Sorted() {
		_ = f.WriteText(&b) // a Builder does not fail
	}
	return strings.TrimRight(b.String(), "\n")
}

func (r *roleReader) bad(v *jsontree.Value, hint, format string, args ...any) error {
	return unreadable{r.finding(v, hint, fmt.Sprintf(format, args...))}
}

func (r *roleReader) finding(v *jsontree.Value, hint, message string) source.Finding {
	return source.Finding{
		Code: badRoleFile, Severity: source.Error, File: r.file, Span: v.Span,
		Path: jsontree.Pointer(r.root, v.Span), Message: message, Hint: hint,
	}
}

const roleFileHint = "a file holds the JSON of writ generate, a role as the IAM API spells it, a policy document, or a CloudFormation template"

// read reads a file of any of the kinds that hold a role as data.
func (r *roleReader) read() (*roleFile, error) {
	r.out.file = r.file
	if err := r.parse(); err != nil {
		return nil, err
	}
	if r.root.Kind != jsontree.Object {
		return nil, r.bad(r.root, roleFileHint, "this is %s, not a role", r.root.Kind)
	}
	var err error
	switch root := r.root; {
	case root.Get("format_version") != nil:
		err = r.generated(root)
	case root.Get("Role") != nil || root.Get("RoleDetailList") != nil:
		err = r.told()
	default:
		err = r.roleOrPolicy(root)
	}
	return &r.out, err
}

// parse makes a tree of the text: JSON where it begins so, else YAML.
func (r *roleReader) parse() error {
	text := r.file.Text
	if len(text) > source.MaxSize {
		return fmt.Errorf("%s: the file is too large", r.file.Name)
	}
	if strings.Contains(text, "jsonencode(") {
		return fmt.Errorf("%s: this looks like Terraform, whose files are named .tf", r.file.Name)
	}
	parse, code := yamltree.Parse, "MALFORMED_YAML"
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") {
		parse, code = jsontree.Parse, "MALFORMED_JSON"
	}
	root, duplicates, broken := parse(text)
	if broken != nil {
		return unreadable{{Code: code, Severity: source.Error, File: r.file, Span: broken.Span, Message: broken.Msg, Hint: roleFileHint}}
	}
	r.root = root
	var twice unreadable
	for _, d := range duplicates {
		twice = append(twice, source.Finding{
			Code: "DUPLICATE_KEY", Severity: source.Error, File: r.file, Span: d.Second,
			Path: jsontree.Pointer(root, d.Second), Message: fmt.Sprintf("%q stands twice in one object", d.Name),
		})
	}
	if twice != nil {
		return twice[:min(len(twice), source.MaxFindings)]
	}
	return nil
}

// told reads what the AWS CLI prints of a role: the outputs of get-role and
// get-account-authorization-details.
func (r *roleReader) told() error {
	role, findings := account.ReadRole([]*source.File{r.file}, "")
	for _, name := range r.names {
		if role != nil {
			break
		}
		if named, more := account.ReadRole([]*source.File{r.file}, name); named != nil {
			role, findings = named, more
		}
	}
	if role == nil {
		for i := range findings { // generate has no such flag
			findings[i].Hint = strings.Replace(findings[i].Hint, "name one with --role-name: ", "give the role alone, or the machine's --name; the roles are ", 1)
		}
		return unreadable(findings)
	}
	r.out.isRole, r.out.findings = true, findings
	if role.Trust != nil {
		r.out.trust = role.Trust.Document
	}
	for _, p := range role.Policies {
		r.out.policies = append(r.out.policies, p.Document)
	}
	if role.Boundary != nil {
		r.out.boundary = role.Boundary.Name
	}
	for _, m := range role.Missing {
		switch {
		case m.Kind == authz.Boundary:
			r.out.boundary = m.ARN
		case m.ARN == "":
			r.out.attached = append(r.out.attached, "(which policies the role has is not told)")
		default:
			r.out.attached = append(r.out.attached, m.ARN)
		}
	}
	return nil
}

// generated reads what --format json printed.
func (r *roleReader) generated(root *jsontree.Value) error {
	made := forExecution
	if v := root.Get("for"); v != nil {
		made = v.Text
	}
	if made != r.audience {
		return r.bad(root, "give --for "+made, "the file was generated for the %s, and is compared with what the %s needs", made, r.audience)
	}
	what := root.Get("role")
	if made != forExecution {
		what = root.Get("policy")
	}
	if !what.Is(jsontree.Object) {
		return r.bad(root, "generate it again", "the file holds no role: there were errors when it was generated")
	}
	return r.roleOrPolicy(what)
}

// roleOrPolicy reads an object that is a role or a policy. Names are those of
// the IAM API and CloudFormation, or those of writ generate.
func (r *roleReader) roleOrPolicy(v *jsontree.Value) error {
	if v.Get("Statement") != nil {
		return r.policy(v)
	}
	trust, lists := member(v, "AssumeRolePolicyDocument", "assumeRolePolicyDocument"), members(v, "Policies", "RolePolicyList", "policies")
	if trust == nil && lists == nil {
		if doc := member(v, "PolicyDocument", "document"); doc != nil {
			return r.policy(doc)
		}
		return r.bad(v, roleFileHint, "this is neither a role nor a policy")
	}
	r.out.isRole = true
	if trust != nil {
		doc, err := r.document(trust)
		if err != nil {
			return err
		}
		r.out.trust = doc
	}
	for _, list := range lists {
		if err := r.inline(list); err != nil {
			return err
		}
	}
	return r.attributes(v)
}

// inline reads policies with their text.
func (r *roleReader) inline(list *jsontree.Value) error {
	if list.Kind != jsontree.Array {
		return r.bad(list, "", "the policies are %s, not a list", list.Kind)
	}
	for i := range list.Items {
		doc := member(&list.Items[i], "PolicyDocument", "document")
		if doc == nil {
			return r.bad(&list.Items[i], "write it as {\"PolicyName\": ..., \"PolicyDocument\": {...}}", "the policy has no document")
		}
		if err := r.policy(doc); err != nil {
			return err
		}
	}
	return nil
}

// attributes reads what a role has besides inline policies.
func (r *roleReader) attributes(v *jsontree.Value) error {
	for _, list := range members(v, "ManagedPolicyArns", "managedPolicyArns", "AttachedManagedPolicies", "AttachedPolicies") {
		if list.Kind != jsontree.Array {
			return r.bad(list, "", "the managed policies are %s, not a list", list.Kind)
		}
		for i := range list.Items {
			at := &list.Items[i]
			if inner := at.Get("PolicyArn"); inner != nil {
				at = inner
			}
			if at.Kind != jsontree.String {
				return r.bad(at, "", "the managed policy is %s, not an ARN", at.Kind)
			}
			r.out.attached = append(r.out.attached, at.Text)
		}
	}
	boundary := member(v, "PermissionsBoundary", "permissionsBoundary")
	if inner := boundary.Get("PermissionsBoundaryArn"); inner != nil {
		boundary = inner
	}
	for _, text := range []struct {
		into *string
		from *jsontree.Value
	}{{&r.out.path, member(v, "Path", "path")}, {&r.out.boundary, boundary}} {
		switch {
		case text.from.Is(jsontree.String):
			*text.into = text.from.Text
		case text.from != nil:
			return r.bad(text.from, "", "this is %s, not a string", text.from.Kind)
		}
	}
	return nil
}

// member returns the member of the first of several names that is there.
func member(v *jsontree.Value, names ...string) *jsontree.Value {
	for _, name := range names {
		if found := v.Get(name); found != nil {
			return found
		}
	}
	return nil
}

// members returns those of several members that are there.
func members(v *jsontree.Value, names ...string) []*jsontree.Value {
	var out []*jsontree.Value
	for _, name := range names {
		if found := v.Get(name); found != nil {
			out = append(out, found)
		}
	}
	return out
}

func (r *roleReader) policy(v *jsontree.Value) error {
	doc, err := r.document(v)
	r.out.policies = append(r.out.policies, doc)
	return err
}

// document reads a policy document: an object, or a string that holds one, as
// the IAM API sends it.
func (r *roleReader) document(v *jsontree.Value) (*policy.Document, error) {
	var doc *policy.Document
	var findings source.List
	switch v.Kind {
	case jsontree.Object:
		doc, findings = policy.FromValue(r.file, r.root, v)
	case jsontree.String:
		text := v.Text
		if plain, err := url.PathUnescape(text); err == nil && strings.HasPrefix(text, "%") {
			text = plain
		}
		doc, findings = policy.ParseString(r.file.Name, text)
		for i := range findings {
			findings[i].File, findings[i].Span = r.file, v.Span // positions in a string within a file help nobody
		}
		if doc != nil {
			doc.File = nil
		}
	default:
		return nil, r.bad(v, "", "the policy document is %s, not an object", v.Kind)
	}
	if findings.HasErrors() {
		return nil, unreadable(slices.DeleteFunc(findings, func(f source.Finding) bool { return f.Severity != source.Error }))
	}
	return doc, nil
}
