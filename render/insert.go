package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// Insertion puts the statements of roles into the templates that their machines
// stand in. It changes the text of one property of each, and nothing around it:
// trust policies, attached policies and policies that are resources stay.
// The zero value is empty.
type Insertion struct {
	edits   map[*source.File][]edit
	written []*Resource
}

// edit replaces a part of a file.
type edit struct {
	span source.Span
	text string
}

// Add makes the edit for the role of one machine. The error says why that cannot
// be done. A template that has the statements already is left as it is.
func (w *Insertion) Add(r *Resource) error {
	made, err := r.place()
	if err != nil || slices.Equal(statementsOf(ownDocuments(r.Template, made)), statementsOf(r.documents())) {
		return err
	}
	resource := made.Name
	if made.Implied {
		resource = r.Machine.Name
	}
	edits, err := r.editPolicies(made, resource)
	if err != nil {
		return err
	}
	if w.edits == nil {
		w.edits = map[*source.File][]edit{}
	}
	w.edits[r.Machine.File] = append(w.edits[r.Machine.File], edits...)
	w.written = append(w.written, r)
	return nil
}

// Texts returns the files that change, as they will be.
func (w *Insertion) Texts() map[*source.File]string {
	texts := map[*source.File]string{}
	for file, edits := range w.edits {
		texts[file] = apply(file, edits)
	}
	return texts
}

// Verify compares a template, read from the new texts, with what was added: each
// role must have the statements that were made, and no machine may be lost.
func (w *Insertion) Verify(t *template.Template) error {
	for _, r := range w.written {
		if !r.readBack(t) {
			return fmt.Errorf("the role of %s would not be read back as it was made, so nothing is written; take the output of --format cfn", r.Machine.Name)
		}
	}
	return nil
}

func (r *Resource) readBack(t *template.Template) bool {
	if t == nil || len(t.Machines) != len(r.Template.Machines) {
		return false
	}
	for i := range t.Machines {
		if m := &t.Machines[i]; m.ID() == r.Machine.ID() {
			made := t.RoleOf(m)
			return made != nil && slices.Equal(statementsOf(ownDocuments(t, made)), statementsOf(r.documents()))
		}
	}
	return false
}

// place finds the role of the template that is the machine's, and its alone.
func (r *Resource) place() (*template.Role, error) {
	t, m := r.Template, r.Machine
	if t.Format != template.CloudFormation && t.Format != template.SAM {
		return nil, errors.New("only templates of CloudFormation and SAM are written to, and this is " + t.Format.String())
	}
	made := t.RoleOf(m)
	switch {
	case made == nil:
		return nil, errors.New("it is not in this template, or a condition picks it")
	case len(t.MachinesWith(made)) > 1:
		return nil, errors.New("other machines have the same role: " + made.Name)
	case made.File != m.File:
		return nil, errors.New("it stands in another file: " + made.File.Name)
	case slices.ContainsFunc(ownPolicies(t, made), conditional):
		return nil, errors.New("conditions change its policies")
	case !made.Implied && made.Trust >= 0 && trustsOthers(t.Policies[made.Trust].Document):
		return nil, errors.New("its trust policy names others than states.amazonaws.com, so it is not the machine's alone")
	}
	return made, nil
}

func conditional(p *template.Policy) bool {
	return len(p.When) > 0 || p.Document == nil || slices.ContainsFunc(p.Cases, func(w template.When) bool { return len(w) > 0 })
}

// trustsOthers reports whether others than Step Functions may assume a role.
func trustsOthers(doc *policy.Document) bool {
	if doc == nil {
		return true
	}
	for i := range doc.Statements {
		if doc.Statements[i].NotPrincipal != nil {
			return true
		}
		if p := doc.Statements[i].Principal; p != nil {
			for _, group := range p.Groups {
				for _, text := range group.Values.Texts() {
					if !strings.HasPrefix(text, "states.") {
						return true
					}
				}
			}
		}
	}
	return false
}

// ownPolicies are the inline policies that are written in a role itself.
func ownPolicies(t *template.Template, made *template.Role) []*template.Policy {
	var own []*template.Policy
	for _, i := range made.Inline {
		if p := &t.Policies[i]; p.Name == made.Name {
			own = append(own, p)
		}
	}
	return own
}

func ownDocuments(t *template.Template, made *template.Role) []*policy.Document {
	var docs []*policy.Document
	for _, p := range ownPolicies(t, made) {
		docs = append(docs, p.Document)
	}
	return docs
}

// Kept says what of the machine's role an Insertion leaves as it is, though it
// counts: policies that stand elsewhere, and a trust policy that is not the one
// that was generated. It is empty where the role is not in the template.
func (r *Resource) Kept() []string {
	t := r.Template
	made := t.RoleOf(r.Machine)
	if made == nil {
		return nil
	}
	var kept []string
	if !made.Implied && made.Trust >= 0 {
		if trust := t.Policies[made.Trust].Document; !slices.Equal(statementsOf([]*policy.Document{trust}), statementsOf([]*policy.Document{r.Role.Trust})) {
			kept = append(kept, "its trust policy")
		}
	}
	for _, i := range made.Inline {
		if p := &t.Policies[i]; p.Name != made.Name {
			kept = append(kept, "policy "+p.Name)
		}
	}
	if made.Implied {
		return kept // what is attached is in the Policies of the machine
	}
	for _, ref := range made.Managed {
		name := ref.ID
		if name == "" {
			name = hole.Print(ref.Text)
		}
		kept = append(kept, "managed policy "+name)
	}
	return kept
}

func (r *Resource) documents() []*policy.Document {
	var docs []*policy.Document
	for _, p := range r.Role.Policies {
		docs = append(docs, p.Document)
	}
	return docs
}

// statementsOf lists the statements of documents in a form that is equal where
// they mean the same. Sids are names and mean nothing.
func statementsOf(docs []*policy.Document) []string {
	var out []string
	for _, doc := range docs {
		if doc == nil {
			out = append(out, "?")
			continue
		}
		canonical := policy.Canonical(doc)
		for i := range canonical.Statements {
			s := canonical.Statements[i]
			s.Sid = ""
			s.Elements = slices.DeleteFunc(slices.Clone(s.Elements), func(e policy.Element) bool { return e.Name == policy.ElementSid })
			one := policy.Document{Version: policy.Version2012, Statements: []policy.Statement{s}}
			out = append(out, one.String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// editPolicies replaces the Policies of a resource, or adds them.
func (r *Resource) editPolicies(made *template.Role, resource string) ([]edit, error) {
	file := r.Machine.File
	isJSON := strings.HasPrefix(strings.TrimLeft(file.Text, "\ufeff \t\r\n"), "{")
	parse := yamltree.Parse
	if isJSON {
		parse = jsontree.Parse
	}
	root, _, bad := parse(file.Text)
	if bad != nil {
		return nil, errors.New(bad.Msg)
	}
	properties := root.Get("Resources").Get(resource).Get("Properties")
	if !properties.Is(jsontree.Object) || len(properties.Members) == 0 || strings.HasPrefix(properties.Members[0].Name, "Fn::") {
		return nil, fmt.Errorf("%s has no properties that are written out", resource)
	}
	policies, err := r.policyNodes(made.Implied)
	if err != nil {
		return nil, err
	}
	for i := range properties.Members {
		if m := &properties.Members[i]; m.Name == "Policies" {
			if m.Value.Kind != jsontree.Array {
				return nil, fmt.Errorf("the Policies of %s are not a list", resource)
			}
			if edits, err := r.statementEdits(made, &m.Value); err != nil || edits != nil {
				return edits, err
			}
			return one(replaceMember(file, properties, m, policies, isJSON))
		}
	}
	return one(insertMember(file, properties, "Policies", policies, isJSON))
}

func one(e edit, err error) ([]edit, error) { return []edit{e}, err }

// isFlow reports whether a mapping of YAML stands between braces.
func isFlow(file *source.File, v *jsontree.Value) bool {
	return strings.HasPrefix(file.Slice(v.Span), "{")
}

func replaceMember(file *source.File, around *jsontree.Value, m *jsontree.Member, value *yaml.Node, isJSON bool) (edit, error) {
	switch {
	case isJSON:
		text, err := jsonText(value, indentOf(file, m.NameSpan.Start))
		return edit{m.Value.Span, text}, err
	case isFlow(file, around):
		text, err := flowText(value)
		return edit{m.Value.Span, text}, err
	}
	return replaceBlock(file, m, value)
}

// replaceBlock replaces the value of a member in YAML's block style, with the lines
// that it stands on and a comment that ends them.
func replaceBlock(file *source.File, m *jsontree.Member, value *yaml.Node) (edit, error) {
	text, err := blockText(value, columnOf(file, m.NameSpan.Start)+2)
	if err != nil {
		return edit{}, err
	}
	span := m.Value.Span
	afterColon := m.NameSpan.End + int32(strings.IndexByte(file.Text[m.NameSpan.End:], ':')) + 1
	switch {
	case len(value.Content) == 0:
		span.Start, text = afterColon, " []"
	case strings.Contains(file.Text[m.NameSpan.End:span.Start], "\n"):
		span.Start = lineStart(file.Text, span.Start)
	default:
		span.Start, text = afterColon, "\n"+text
	}
	// A block ends before the line break after it.
	for span.End > span.Start && isBlank(file.Text[span.End-1]) {
		span.End--
	}
	rest, _, _ := strings.Cut(file.Text[span.End:], "\n")
	if strings.HasPrefix(strings.TrimLeft(rest, " \t"), "#") && span.Start > m.NameSpan.End+1 {
		span.End += int32(len(strings.TrimRight(rest, "\r"))) // a comment on what is replaced
	}
	return edit{span, text}, nil
}

func insertMember(file *source.File, around *jsontree.Value, name string, value *yaml.Node, isJSON bool) (edit, error) {
	if len(value.Content) == 0 {
		return edit{}, nil
	}
	first := &around.Members[0]
	at := source.Span{Start: first.NameSpan.Start, End: first.NameSpan.Start}
	column := columnOf(file, at.Start)
	switch {
	case isJSON:
		text, err := jsonText(value, indentOf(file, at.Start))
		return edit{at, `"` + name + `": ` + text + ",\n" + indentOf(file, at.Start)}, err
	case isFlow(file, around):
		text, err := flowText(value)
		return edit{at, name + ": " + text + ", "}, err
	}
	text, err := blockText(value, column+2)
	return edit{at, name + ":\n" + text + "\n" + strings.Repeat(" ", column)}, err
}

func columnOf(file *source.File, at int32) int { return int(at - lineStart(file.Text, at)) }

func lineStart(text string, at int32) int32 {
	return int32(strings.LastIndexByte(text[:at], '\n') + 1)
}

// indentOf is the white space that a line begins with.
func indentOf(file *source.File, at int32) string {
	line := file.Text[lineStart(file.Text, at):at]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// newlines writes line breaks as the file does.
func newlines(file *source.File, text string) string {
	if strings.Contains(file.Text, "\r\n") {
		return strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// apply makes edits, which do not overlap.
func apply(file *source.File, edits []edit) string {
	text := file.Text
	slices.SortFunc(edits, func(a, b edit) int { return int(b.span.Start - a.span.Start) })
	for _, e := range edits {
		text = text[:e.span.Start] + newlines(file, e.text) + text[e.span.End:]
	}
	return text
}
