package cases

import (
	"fmt"
	"path"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// The members of "policies": one policy, several, or levels of several.
var policyFields = []field[authz.Set]{
	{"identity", func(r *reader, s *authz.Set, v *jsontree.Value) { s.Identity = r.policies(v, "identity") }},
	{"groups", func(r *reader, s *authz.Set, v *jsontree.Value) { s.Groups = r.policies(v, "groups") }},
	{"boundary", func(r *reader, s *authz.Set, v *jsontree.Value) { s.Boundary = r.onePolicy(v, "boundary") }},
	{"session", func(r *reader, s *authz.Set, v *jsontree.Value) { s.Session = r.policies(v, "session") }},
	{"resource", func(r *reader, s *authz.Set, v *jsontree.Value) { s.Resource = r.onePolicy(v, "resource") }},
	{"scps", func(r *reader, s *authz.Set, v *jsontree.Value) { s.SCPs = r.levels(v, "scps") }},
	{"rcps", func(r *reader, s *authz.Set, v *jsontree.Value) { s.RCPs = r.levels(v, "rcps") }},
	{"endpoint", func(r *reader, s *authz.Set, v *jsontree.Value) { s.Endpoint = r.onePolicy(v, "endpoint") }},
}

// parsed is a policy that has been read, with what there was to say about it.
type parsed struct {
	policy   authz.Policy
	findings source.List
}

func (r *reader) levels(v *jsontree.Value, name string) [][]authz.Policy {
	if v.Kind != jsontree.Array {
		r.wrongType(v, name, "a list of levels, each a list of policies")
		return nil
	}
	out := make([][]authz.Policy, 0, len(v.Items))
	for i := range v.Items {
		out = append(out, r.policies(&v.Items[i], fmt.Sprintf("%s[%d]", name, i)))
	}
	return out
}

func (r *reader) policies(v *jsontree.Value, name string) []authz.Policy {
	if v.Kind != jsontree.Array {
		r.wrongType(v, name, "a list of policies")
		return nil
	}
	out := make([]authz.Policy, 0, len(v.Items))
	for i := range v.Items {
		item := &v.Items[i]
		if name == "identity" && item.Get("role") != nil && item.Get(policy.ElementStatement) == nil {
			out = append(out, r.roleOfTemplate(item)...)
			continue
		}
		out = append(out, r.policy(item, fmt.Sprintf("%s[%d]", name, i)))
	}
	return out
}

// roleReference names a role in a template.
type roleReference struct {
	reference
	role       string
	parameters map[string]string
}

var roleFields = []field[roleReference]{
	{"file", func(r *reader, f *roleReference, v *jsontree.Value) {
		f.span = v.Span
		r.text(&f.file, v, "file")
	}},
	{"role", func(r *reader, f *roleReference, v *jsontree.Value) { r.text(&f.role, v, "role") }},
	{"parameters", func(r *reader, f *roleReference, v *jsontree.Value) {
		if v.Kind != jsontree.Object {
			r.wrongType(v, "parameters", "an object of names and values")
			return
		}
		f.parameters = map[string]string{}
		for i := range v.Members {
			var text string
			r.text(&text, &v.Members[i].Value, "parameters."+v.Members[i].Name)
			f.parameters[v.Members[i].Name] = text
		}
	}},
}

// roleOfTemplate reads the policies of a role that a template has.
func (r *reader) roleOfTemplate(v *jsontree.Value) []authz.Policy {
	var ref roleReference
	if !readObject(r, &ref, v, "a reference to a role", roleFields) || !r.relative(ref.reference) {
		return nil
	}
	if r.roleOf == nil {
		r.report(codeFile, ref.span, "name the policies themselves", "templates cannot be read here")
		return nil
	}
	list, err := r.roleOf(r.resolve(ref.file), ref.role, ref.parameters)
	if err != nil {
		r.report(codeFile, ref.span, "", "%v", err)
		return nil
	}
	return list
}

func (r *reader) onePolicy(v *jsontree.Value, name string) *authz.Policy {
	p := r.policy(v, name)
	return &p
}

// policy reads a policy that stands in the test file, or in a file that the
// test file names.
func (r *reader) policy(v *jsontree.Value, name string) authz.Policy {
	if v.Kind != jsontree.Object {
		r.wrongType(v, name, "a policy, or an object with the field file")
		return authz.Policy{Name: name}
	}
	if v.Get("file") != nil && v.Get(policy.ElementStatement) == nil {
		return r.policyFile(v)
	}
	p, ok := r.parsed[v.Span]
	if !ok {
		doc, findings := policy.FromValue(r.file, r.root, v)
		p = prepare(name, doc, findings)
		r.parsed[v.Span] = p
	}
	*r.list = append(*r.list, p.findings...)
	return p.policy
}

type reference struct {
	file string
	span source.Span
}

var referenceFields = []field[reference]{
	{"file", func(r *reader, f *reference, v *jsontree.Value) {
		f.span = v.Span
		r.text(&f.file, v, "file")
	}},
}

func (r *reader) policyFile(v *jsontree.Value) authz.Policy {
	var ref reference
	readObject(r, &ref, v, "a reference to a policy", referenceFields)
	switch {
	case !r.relative(ref):
		return authz.Policy{}
	case r.open == nil:
		r.report(codeFile, ref.span, "put the policy into the test", "files cannot be read here")
		return authz.Policy{}
	}
	name := r.resolve(ref.file)
	p, ok := r.files[name]
	if !ok {
		text, err := r.open(name)
		if err != nil {
			r.report(codeFile, ref.span, "", "%v", err)
			return authz.Policy{}
		}
		doc, findings := ParsePolicy(source.NewFile(name, text))
		p = prepare(name, doc, findings)
		r.files[name] = p
	}
	*r.list = append(*r.list, p.findings...)
	return p.policy
}

// relative reports whether a file is named so that the test runs anywhere.
func (r *reader) relative(ref reference) bool {
	switch {
	case ref.file == "":
		r.report(codeValue, ref.span, "", "the name of the policy's file is empty")
	case path.IsAbs(ref.file) || strings.Contains(ref.file, `\`):
		r.report(codeFile, ref.span, "name it from the directory of the test file, with slashes, so that the test runs anywhere",
			"file %s is not a relative path", near.Quote(ref.file))
	default:
		return true
	}
	return false
}

func prepare(name string, doc *policy.Document, findings source.List) parsed {
	if findings.HasErrors() {
		return parsed{authz.Policy{Name: name, Document: doc}, findings}
	}
	p, more := authz.Prepare(name, doc)
	return parsed{p, append(findings, more...)}
}

// ParsePolicy reads a policy document from a file of its own, JSON or, where
// its name ends in .yaml or .yml, YAML. It returns what policy.Parse does.
func ParsePolicy(file *source.File) (*policy.Document, source.List) {
	if !hasSuffix(strings.ToLower(file.Name), ".yaml", ".yml") {
		return policy.Parse(file)
	}
	root, _, err := yamltree.Parse(file.Text)
	if err != nil {
		return nil, source.List{{Code: codeYAML, Severity: source.Error, File: file, Span: err.Span, Message: err.Msg}}
	}
	return policy.FromValue(file, root, root)
}
