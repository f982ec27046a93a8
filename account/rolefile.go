package account

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// The codes of what ReadRole finds, beside those of ParseDetails.
const (
	codeNoRole       = "NOT_A_ROLE"
	codeWhichRole    = "AMBIGUOUS_ROLE"
	codeNoSuchRole   = "NO_SUCH_ROLE"
	codeSeveralRoles = "SEVERAL_ROLES"
	codeOldVersion   = "POLICY_NOT_IN_FORCE"
)

// HeldRole is one role with its policies, from whatever told of it.
type HeldRole struct {
	ARN, Name string         // "" where they were not told
	Policies  []authz.Policy // inline and attached ones
	Boundary  *authz.Policy  // nil for none
	Trust     *authz.Policy  // nil where it was not told
	Missing   []Missing      // policies that the role has and whose text was not told; the ARN may be the name of an inline one, and is "" where nothing told which policies it has
	Context   authz.Context  // condition keys that the role gives: its tags

	roots map[*source.File]*jsontree.Value
}

// Pointer returns the JSON pointer of a place in one of the files that the role
// was read from; "" in a policy that was encoded, which has a file of its own.
func (r *HeldRole) Pointer(file *source.File, span source.Span) string {
	root, ok := r.roots[file]
	if !ok {
		return ""
	}
	return jsontree.Pointer(root, span)
}

// ReadRole reads a role from files, each of which holds JSON of one of these
// kinds, or an array of such objects, or an object with the members of several:
//
//   - the output of aws iam get-account-authorization-details, from which name
//     picks a role by its name or ARN; without a name it is the only one that
//     Step Functions may assume;
//   - the outputs of get-role, get-role-policy, list-role-policies,
//     list-attached-role-policies, get-policy and get-policy-version;
//   - an object with Role, as get-role has it, and Policies;
//   - what writ generate --format json prints;
//   - a policy document: a trust policy when all of its statements name
//     principals, else a policy of the role.
//
// On a finding of severity Error the role is nil.
func ReadRole(files []*source.File, name string) (*HeldRole, source.List) {
	g := &roleReader{wanted: name, texts: map[string]authz.Policy{}, role: HeldRole{roots: map[*source.File]*jsontree.Value{}}}
	for _, file := range files {
		g.file(file)
	}
	if g.findings.HasErrors() {
		return nil, g.findings.Sorted()
	}
	g.finish()
	if g.findings.HasErrors() {
		return nil, g.findings.Sorted()
	}
	return &g.role, g.findings.Sorted()
}

// roleReader puts together what files tell of one role.
type roleReader struct {
	reader // of the file that is being read
	wanted string
	role   HeldRole

	first    *source.File // that told of the role itself
	listed   bool         // some file told which policies there are
	inline   []string     // names of inline policies
	attached []string     // ARNs
	boundary string       // ARN
	texts    map[string]authz.Policy
	nameless []authz.Policy // texts of attached policies that do not say which
	findings source.List
}

func (g *roleReader) file(file *source.File) {
	root, duplicates, err := jsontree.Parse(file.Text)
	if err != nil {
		g.findings = append(g.findings, source.Finding{Code: codeJSON, Severity: source.Error, File: file, Span: err.Span, Message: err.Msg})
		return
	}
	g.role.roots[file] = root
	g.reader = reader{file: file, root: root, account: newAccount()}
	if isPolicy(root) {
		g.document(root)
	} else {
		for _, d := range duplicates {
			g.report(codeDuplicate, source.Error, d.Second, "", "key %q appears twice in one object", d.Name)
		}
		if len(duplicates) == 0 { // AWS writes none: which of the two is meant is anybody's guess
			g.value(root)
		}
	}
	g.findings = append(g.findings, g.reader.findings...)
}

func (g *roleReader) value(v *jsontree.Value) {
	if v.Kind == jsontree.Array {
		for i := range v.Items {
			if v.Items[i].Kind == jsontree.Array {
				g.unknown(&v.Items[i])
				continue
			}
			g.value(&v.Items[i])
		}
		return
	}
	if v.Kind != jsontree.Object {
		g.unknown(v)
		return
	}
	if isPolicy(v) {
		g.document(v)
		return
	}
	known := false
	for i := range roleForms {
		f := &roleForms[i]
		if m := v.Get(f.member); m != nil && (f.without == "" || v.Get(f.without) == nil) {
			known = true
			f.read(g, v, m)
			if f.alone {
				return
			}
		}
	}
	if !known {
		g.unknown(v)
	}
}

// roleForms tells the kinds of JSON by their members.
var roleForms = []struct {
	member  string
	without string // a member that makes it another kind
	alone   bool   // the other members belong to this one
	read    func(g *roleReader, whole, member *jsontree.Value)
}{
	{"RoleDetailList", "", true, (*roleReader).details},
	{"UserDetailList", "", true, (*roleReader).details},
	{"GroupDetailList", "", true, (*roleReader).details},
	{"role", "", true, (*roleReader).generated},
	{"AssumeRolePolicyDocument", "", true, func(g *roleReader, whole, _ *jsontree.Value) { g.iamRole(whole) }},
	{"Role", "", false, func(g *roleReader, _, role *jsontree.Value) { g.iamRole(role) }},
	{"RolePolicyList", "", false, (*roleReader).policies},
	{"AttachedManagedPolicies", "", false, (*roleReader).policies},
	{"AttachedPolicies", "", false, (*roleReader).policies},
	{"Policies", "", false, (*roleReader).policies},
	{"PolicyNames", "", false, (*roleReader).names},
	{"PolicyDocument", "", true, func(g *roleReader, whole, _ *jsontree.Value) { g.policy(whole) }},
	{"PolicyVersion", "", true, func(g *roleReader, whole, _ *jsontree.Value) { g.policy(whole) }},
	{"Policy", "", true, func(*roleReader, *jsontree.Value, *jsontree.Value) {}}, // get-policy has no text; the attachment names the policy
}

func isPolicy(v *jsontree.Value) bool { return v.Kind == jsontree.Object && v.Get("Statement") != nil }

func (g *roleReader) unknown(v *jsontree.Value) {
	g.report(codeNoRole, source.Error, source.Span{Start: v.Span.Start, End: min(v.Span.End, v.Span.Start+1)},
		"give the output of aws iam get-account-authorization-details, of get-role and its policies, or a policy document",
		"this tells of no role: it is %s without any of the members that such a file has", v.Kind)
}

// details takes one role out of account details.
func (g *roleReader) details(_, _ *jsontree.Value) {
	a, findings := ParseDetails(g.reader.file)
	if a == nil {
		g.findings = append(g.findings, findings...)
		return
	}
	for _, f := range findings {
		// What is wrong with other principals is none of this role's business;
		// SetFor refuses a role that has errors itself.
		if f.Code == codeTruncated {
			g.findings = append(g.findings, f)
		}
	}
	role := g.choose(a)
	if role == nil {
		return
	}
	attached, more := a.SetFor(role.ARN)
	for _, f := range more {
		if f.Severity == source.Error {
			g.findings = append(g.findings, f)
			g.findings = append(g.findings, findings...)
			return
		}
	}
	g.is(role.Name, role.ARN)
	g.listed = true
	g.role.Policies = append(g.role.Policies, attached.Set.Identity...)
	g.role.Boundary, g.role.Missing, g.role.Context = attached.Set.Boundary, append(g.role.Missing, attached.Missing...), attached.Context
	g.role.Trust = &role.Trust
}

// choose finds the role that is meant.
func (g *roleReader) choose(a *Account) *Role {
	var found []*Role
	for i := range a.Roles {
		r := &a.Roles[i]
		if g.wanted == r.ARN || g.wanted == r.Name || g.wanted == "" && assumedByStepFunctions(r) {
			found = append(found, r)
		}
	}
	start := source.Span{Start: g.root.Span.Start, End: g.root.Span.Start + 1}
	switch {
	case len(found) == 1:
		return found[0]
	case len(found) == 0 && g.wanted != "":
		g.report(codeNoSuchRole, source.Error, start, "its roles are "+namesOf(rolePointers(a)), "the account has no role %q", g.wanted)
	case len(found) == 0:
		g.report(codeWhichRole, source.Error, start, "name one with --role-name: "+namesOf(rolePointers(a)), "the account has no role that Step Functions may assume")
	default:
		g.report(codeWhichRole, source.Error, start, "name one with --role-name: "+namesOf(found), "%d roles of the account may be meant", len(found))
	}
	return nil
}

func rolePointers(a *Account) []*Role {
	out := make([]*Role, len(a.Roles))
	for i := range a.Roles {
		out[i] = &a.Roles[i]
	}
	return out
}

// maxListed is how many names a hint lists.
const maxListed = 12

func namesOf(roles []*Role) string {
	var names []string
	for _, r := range roles[:min(len(roles), maxListed)] {
		names = append(names, source.Clip(r.Name, 64))
	}
	if len(names) == 0 {
		return "none"
	}
	text := strings.Join(names, ", ")
	if n := len(roles) - len(names); n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// assumedByStepFunctions reports whether a role's trust policy lets Step
// Functions assume it, under whatever conditions.
func assumedByStepFunctions(r *Role) bool {
	if r.Trust.Document == nil {
		return false
	}
	engine, _ := authz.Compile(authz.Set{Resource: &r.Trust})
	if engine == nil {
		return false
	}
	d := engine.Decide(authz.Request{Principal: "states.amazonaws.com", Action: "sts:AssumeRole", Resource: r.ARN, UnknownRest: true})
	return d.Result == authz.Allowed || d.Result == authz.Undecided
}

// is notes which role the files are about; it reports false for a second one.
func (g *roleReader) is(name, arn string) bool {
	same := (g.role.Name == "" || name == "" || g.role.Name == name) && (g.role.ARN == "" || arn == "" || g.role.ARN == arn)
	if !same {
		g.report(codeSeveralRoles, source.Error, source.Span{Start: g.root.Span.Start, End: g.root.Span.Start + 1}, "",
			"the files tell of two roles: %q in %s, and %q", g.role.Name, g.first.Name, name)
		return false
	}
	if g.first == nil {
		g.first = g.reader.file
	}
	if name != "" {
		g.role.Name = name
	}
	if arn != "" {
		g.role.ARN = arn
	}
	return true
}

// iamRole reads a role as get-role and get-account-authorization-details have it.
func (g *roleReader) iamRole(v *jsontree.Value) {
	if v.Kind != jsontree.Object {
		g.report(codeType, source.Error, v.Span, "", "Role is %s; it should be an object", v.Kind)
		return
	}
	id := g.identity(v, "Role", "RolePolicyList")
	if !g.is(id.Name, id.ARN) {
		return
	}
	g.listed = g.listed || v.Get("RolePolicyList") != nil || v.Get("AttachedManagedPolicies") != nil
	g.role.Policies = append(g.role.Policies, id.Inline...)
	g.attached = append(g.attached, id.Attached...)
	g.role.Trust = &authz.Policy{Name: "trust policy of " + id.Name, Document: g.reader.document(v, "AssumeRolePolicyDocument")}
	g.boundary = g.reader.boundary(v)
	for _, t := range g.tags(v) {
		g.role.Context = append(g.role.Context, authz.Entry{Key: "aws:PrincipalTag/" + t.Key, Values: []string{t.Value}})
	}
}

// policies reads a list of policies, inline and attached, with their text or
// without.
func (g *roleReader) policies(_, list *jsontree.Value) {
	g.listed = true
	if list.Kind != jsontree.Array {
		g.report(codeType, source.Error, list.Span, "", "a list of policies is %s; it should be an array", list.Kind)
		return
	}
	for i := range list.Items {
		item := &list.Items[i]
		switch {
		case item.Kind != jsontree.Object:
			g.report(codeType, source.Error, item.Span, "", "a policy is %s; it should be an object", item.Kind)
		case isPolicy(item):
			g.document(item)
		default:
			g.policy(item)
		}
	}
}

// policy reads one policy: with an ARN it is an attached one.
func (g *roleReader) policy(v *jsontree.Value) {
	arn := g.text(v, "PolicyArn", false)
	if arn == "" {
		arn = g.text(v, "Arn", false)
	}
	name := g.text(v, "PolicyName", false)
	if role := g.text(v, "RoleName", false); role != "" && !g.is(role, "") {
		return
	}
	if arn != "" && !slices.Contains(g.attached, arn) {
		g.attached = append(g.attached, arn)
	}
	inner, where := v, "PolicyDocument"
	if version := v.Get("PolicyVersion"); version.Is(jsontree.Object) {
		inner, where = version, "Document"
		if t := version.Get("IsDefaultVersion"); t.Is(jsontree.Bool) && t.Text == "false" {
			g.report(codeOldVersion, source.Warning, t.Span, "give the default version", "this version of the policy is not the one in force")
		}
	} else if v.Get("Document") != nil {
		where = "Document"
	}
	if v.Get("PolicyVersionList") != nil {
		g.managed(v)
		p := &g.account.Policies[len(g.account.Policies)-1]
		if doc := p.Default(); doc != nil {
			g.texts[arn] = authz.Policy{Name: arn, Document: doc}
		}
		return
	}
	if inner.Get(where) == nil {
		if arn == "" {
			g.report(codeMissing, source.Error, source.Span{Start: v.Span.Start, End: v.Span.Start + 1}, "", "the policy has neither a document nor an ARN")
		}
		return
	}
	doc := g.reader.document(inner, where)
	switch {
	case arn != "":
		g.texts[arn] = authz.Policy{Name: arn, Document: doc}
	case inner != v:
		g.nameless = append(g.nameless, authz.Policy{Name: g.reader.file.Name, Document: doc})
	default:
		if name == "" {
			name = g.reader.file.Name
		}
		g.listed = true
		g.role.Policies = append(g.role.Policies, authz.Policy{Name: name, Document: doc})
	}
}

// names reads the names of inline policies.
func (g *roleReader) names(_, list *jsontree.Value) {
	g.listed = true
	if list.Kind != jsontree.Array {
		g.report(codeType, source.Error, list.Span, "", "PolicyNames is %s; it should be an array", list.Kind)
		return
	}
	for i := range list.Items {
		if list.Items[i].Kind != jsontree.String {
			g.report(codeType, source.Error, list.Items[i].Span, "", "the name of a policy is %s; it should be a string", list.Items[i].Kind)
			continue
		}
		g.inline = append(g.inline, list.Items[i].Text)
	}
}

// generated reads what writ generate prints.
func (g *roleReader) generated(_, role *jsontree.Value) {
	if role.Kind != jsontree.Object {
		g.report(codeNoRole, source.Error, role.Span, "writ generate says why in its findings", "there is no role here: it is %s", role.Kind)
		return
	}
	if !g.is(g.text(role, "name", false), "") {
		return
	}
	g.listed = true
	g.boundary = g.text(role, "permissionsBoundary", false)
	g.role.Trust = &authz.Policy{Name: "trust policy", Document: g.reader.document(role, "assumeRolePolicyDocument")}
	g.each(role, "policies", func(p *jsontree.Value) {
		g.role.Policies = append(g.role.Policies, authz.Policy{Name: g.text(p, "name", true), Document: g.reader.document(p, "document")})
	})
}

// document takes a policy document by itself.
func (g *roleReader) document(v *jsontree.Value) {
	doc, findings := policy.FromValue(g.reader.file, g.root, v)
	g.findings = append(g.findings, findings...)
	if doc == nil {
		return
	}
	p := authz.Policy{Name: g.reader.file.Name, Document: doc}
	if isTrust(doc) {
		if g.role.Trust != nil {
			g.report(codeSeveralRoles, source.Error, v.Span, "", "a second trust policy: which one is the role's?")
		}
		g.role.Trust = &p
		return
	}
	g.listed = true
	g.role.Policies = append(g.role.Policies, p)
}

func isTrust(doc *policy.Document) bool {
	for i := range doc.Statements {
		if s := &doc.Statements[i]; s.Principal == nil && s.NotPrincipal == nil {
			return false
		}
	}
	return len(doc.Statements) > 0
}

// finish finds the texts of attached policies, and names those without.
func (g *roleReader) finish() {
	if g.wanted != "" && g.first != nil && g.wanted != g.role.Name && g.wanted != g.role.ARN {
		g.findings = append(g.findings, source.Finding{Code: codeNoSuchRole, Severity: source.Error, File: g.first,
			Message: fmt.Sprintf("this tells of role %q, not of %q", g.role.Name, g.wanted)})
		return
	}
	var without []string
	for _, arn := range g.attached {
		if p, ok := g.texts[arn]; ok {
			g.role.Policies = append(g.role.Policies, p)
		} else {
			without = append(without, arn)
		}
	}
	// Texts that do not say whose they are belong to the attached policies; with
	// as many as are lacking, none lacks.
	g.role.Policies = append(g.role.Policies, g.nameless...)
	if len(g.nameless) < len(without) {
		for _, arn := range without {
			g.role.Missing = append(g.role.Missing, Missing{authz.Identity, arn})
		}
	}
	for _, name := range g.inline {
		if !slices.ContainsFunc(g.role.Policies, func(p authz.Policy) bool { return p.Name == name }) {
			g.role.Missing = append(g.role.Missing, Missing{authz.Identity, name})
		}
	}
	if !g.listed && len(g.nameless) == 0 {
		g.role.Missing = append(g.role.Missing, Missing{Kind: authz.Identity})
	}
	if g.boundary == "" {
		return
	}
	if p, ok := g.texts[g.boundary]; ok {
		g.role.Boundary = &p
	} else {
		g.role.Missing = append(g.role.Missing, Missing{authz.Boundary, g.boundary})
	}
}
