package managed

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// The codes of what Import finds, beside those of package policy.
const (
	codeJSON       = "MALFORMED_JSON"
	codeDuplicate  = "DUPLICATE_KEY"
	codeNoPolicies = "NOT_MANAGED_POLICIES"
	codeTruncated  = "TRUNCATED"
	codeField      = "BAD_FIELD_TYPE"
	codeMissing    = "MISSING_FIELD"
	codeValue      = "BAD_FIELD_VALUE"
	codeEncoding   = "BAD_POLICY_ENCODING"
	codeConflict   = "VERSION_CONFLICT"
)

// Hint is what is known about a text that does not say it: the output of
// get-policy-version names no policy, and a policy document no version.
type Hint struct {
	Name    string
	ARN     string
	Version string // "v3"
}

// Import reads managed policies from one of
//
//   - the output of aws iam get-account-authorization-details, and what
//     Catalogue.MarshalJSON writes, which has the same shape;
//   - the output of aws iam get-policy-version;
//   - a policy document.
//
// Any Error finding means that nothing can be taken from the text, and the
// catalogue is nil.
func Import(file *source.File, hint Hint) (*Catalogue, source.List) {
	root, duplicates, err := jsontree.Parse(file.Text)
	if err != nil {
		return nil, source.List{{Code: codeJSON, Severity: source.Error, File: file, Span: err.Span, Message: err.Msg}}
	}
	r := importer{file: file, root: root}
	for _, d := range duplicates {
		r.report(codeDuplicate, source.Error, d.Second, "", "key %q appears twice in one object", d.Name)
	}
	r.text(hint)
	findings := r.findings.List().Sorted()
	if findings.HasErrors() {
		return nil, findings
	}
	return r.out, findings
}

type importer struct {
	file     *source.File
	root     *jsontree.Value
	findings source.Collector
	out      *Catalogue
}

func (r *importer) report(code string, severity source.Severity, span source.Span, hint, format string, args ...any) {
	r.findings.Addf(source.Finding{Code: code, Severity: severity, File: r.file, Span: span, Path: jsontree.Pointer(r.root, span), Hint: hint}, format, args...)
}

// start is the first character of a value, for findings about the whole of it.
func start(v *jsontree.Value) source.Span {
	return source.Span{Start: v.Span.Start, End: min(v.Span.Start+1, v.Span.End)}
}

func (r *importer) text(hint Hint) {
	r.out = &Catalogue{}
	switch {
	case r.root.Get("Policies").Is(jsontree.Array):
		r.details()
	case r.root.Get("PolicyVersion").Is(jsontree.Object):
		p := r.named(hint, r.root)
		r.version(p, r.root.Get("PolicyVersion"), "")
		r.add(p, r.root)
	case r.root.Get("Statement") != nil:
		p := r.named(hint, r.root)
		if doc := r.document(r.root); doc != nil {
			p.Versions = []Version{{ID: r.versionID(hint.Version, r.root), Document: doc, Source: r.source()}}
		}
		r.add(p, r.root)
	default:
		r.report(codeNoPolicies, source.Error, start(r.root), "make one with: aws iam get-account-authorization-details, or aws iam get-policy-version",
			"there are no managed policies here: neither Policies nor PolicyVersion nor Statement")
	}
}

func (r *importer) source() Source { return Source{Title: "imported"} }

// Far more than there are: AWS has some 1,400 managed policies, an account may
// have 5,000 of its own, and the busiest policy has had 300 versions.
const (
	maxPolicies = 20_000
	maxVersions = 2_000
)

func (r *importer) details() {
	if t := r.root.Get("IsTruncated"); t.Is(jsontree.Bool) && t.Text == "true" {
		r.report(codeTruncated, source.Warning, t.Span, "the CLI fetches all pages unless it is told --no-paginate", "this is one page of several: policies are missing")
	}
	list := r.root.Get("Policies")
	if len(list.Items) > maxPolicies {
		r.report(codeValue, source.Error, start(list), "", "%d policies are more than an account has: up to %d are read", len(list.Items), maxPolicies)
		return
	}
	for i := range list.Items {
		v := &list.Items[i]
		if v.Kind != jsontree.Object {
			r.report(codeField, source.Error, v.Span, "", "a policy is %s; it should be an object", v.Kind)
			continue
		}
		p := r.named(Hint{Name: r.member(v, "PolicyName"), ARN: r.member(v, "Arn")}, v)
		p.Created = date(r.member(v, "CreateDate"))
		def := r.member(v, "DefaultVersionId")
		versions := v.Get("PolicyVersionList")
		if versions != nil && versions.Kind != jsontree.Array {
			r.report(codeField, source.Error, versions.Span, "", "PolicyVersionList is %s; it should be an array", versions.Kind)
			continue
		}
		if versions != nil && len(versions.Items) > maxVersions {
			r.report(codeValue, source.Error, start(versions), "", "%d versions are more than a policy has: up to %d are read", len(versions.Items), maxVersions)
			continue
		}
		for j := 0; versions != nil && j < len(versions.Items); j++ {
			r.version(p, &versions.Items[j], def)
		}
		r.add(p, v)
	}
}

// named makes a policy out of a name or an ARN.
func (r *importer) named(hint Hint, at *jsontree.Value) *Policy {
	p := &Policy{Name: hint.Name, Status: Live}
	if hint.ARN != "" && !p.setARN(hint.ARN) {
		r.report(codeValue, source.Error, start(at), "an ARN of a managed policy is arn:aws:iam::aws:policy/NAME, with an account in the place of aws for your own", "%q is not the ARN of a managed policy", hint.ARN)
	} else if hint.Name != "" && p.Name != hint.Name {
		r.report(codeValue, source.Error, start(at), "", "%q is the ARN of another policy than %q", hint.ARN, hint.Name)
		return p
	}
	if p.Name == "" {
		r.report(codeMissing, source.Error, start(at), "give --arn or --name", "nothing says which policy this is")
	} else if !validName(p.Name) {
		r.report(codeValue, source.Error, start(at), "", "%q is not a name of a policy: up to 128 letters, digits and +=,.@_-", p.Name)
	}
	return p
}

// setARN takes an ARN apart.
func (p *Policy) setARN(text string) bool {
	f := strings.SplitN(text, ":", 6)
	if len(f) != 6 || f[0] != "arn" || f[2] != "iam" || f[3] != "" {
		return false
	}
	path, ok := strings.CutPrefix(f[5], "policy/")
	if !ok || f[4] != "aws" && (len(f[4]) != 12 || strings.Trim(f[4], "0123456789") != "") {
		return false
	}
	at := strings.LastIndexByte(path, '/') + 1
	name := path[at:]
	if !validName(name) || len(path) > 512 || strings.ContainsFunc(path[:at], func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false
	}
	p.Name, p.Path, p.Account = name, "/"+path[:at], f[4]
	if f[4] != "aws" {
		p.Partition = f[1]
	}
	return true
}

// validName reports whether IAM takes a name for a policy. Source: IAM API
// reference, CreatePolicy.
func validName(name string) bool {
	return name != "" && len(name) <= 128 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_+=,.@-", r)
	})
}

// version reads an entry of PolicyVersionList, or a PolicyVersion.
func (r *importer) version(p *Policy, v *jsontree.Value, def string) {
	if v.Kind != jsontree.Object {
		r.report(codeField, source.Error, v.Span, "", "a version is %s; it should be an object", v.Kind)
		return
	}
	out := Version{ID: r.versionID(r.member(v, "VersionId"), v), Date: date(r.member(v, "CreateDate")), Source: r.source()}
	is := v.Get("IsDefaultVersion")
	out.Default = is.Is(jsontree.Bool) && is.Text == "true" || def != "" && def == out.ID
	d := v.Get("Document")
	if d == nil || d.Kind == jsontree.Null {
		r.report(codeMissing, source.Error, start(v), "", "the version has no Document")
		return
	}
	if out.ID == "" {
		r.report(codeMissing, source.Error, start(v), "", "the version has no VersionId")
	}
	if out.Document = r.document(d); out.Document != nil {
		p.Versions = append(p.Versions, out)
	}
}

func (r *importer) versionID(id string, at *jsontree.Value) string {
	if id != "" && !validVersion(id) {
		r.report(codeValue, source.Error, start(at), "", "%q is not a version: v1, v2, ...", id)
	}
	return id
}

// validVersion accepts v12, and local-3 for texts whose version is not known.
func validVersion(id string) bool { _, ok := versionNumber(id); return ok }

func (r *importer) member(v *jsontree.Value, name string) string {
	m := v.Get(name)
	if m == nil || m.Kind == jsontree.Null {
		return ""
	}
	if m.Kind != jsontree.String {
		r.report(codeField, source.Error, m.Span, "", "%s is %s; it should be a string", name, m.Kind)
	}
	return m.Text
}

// date is the day of a time such as 2019-06-20T22:11:25+00:00; "" for anything else.
func date(text string) string {
	if len(text) < 10 || text[4] != '-' || text[7] != '-' || strings.Trim(text[:10], "0123456789-") != "" {
		return ""
	}
	return text[:10]
}

// document reads a policy document, which may be written out or encoded.
func (r *importer) document(v *jsontree.Value) *policy.Document {
	var doc *policy.Document
	var findings source.List
	if v.Kind == jsontree.String {
		text := v.Text
		if !strings.HasPrefix(strings.TrimSpace(text), "{") {
			decoded, err := url.PathUnescape(text) // RFC 3986: a plus sign stands for itself
			if err != nil {
				r.report(codeEncoding, source.Error, v.Span, "", "the document is neither JSON nor URL-encoded JSON")
				return nil
			}
			text = decoded
		}
		doc, findings = policy.Parse(source.NewFile(r.file.Name+"#"+jsontree.Pointer(r.root, v.Span), text))
	} else {
		doc, findings = policy.FromValue(r.file, r.root, v)
	}
	for _, f := range findings {
		r.findings.Add(f)
	}
	return doc
}

// add takes a policy into what is imported.
func (r *importer) add(p *Policy, at *jsontree.Value) {
	if _, err := r.out.Add(p); err != nil {
		r.report(codeConflict, source.Error, start(at), "", "%v", err)
	}
}

// A ConflictError says that one version has two texts, which IAM does not do.
type ConflictError struct{ Policy, Version string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s %s is known with another text; versions never change", e.Policy, e.Version)
}
