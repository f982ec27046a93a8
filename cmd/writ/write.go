package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// writ generate --write puts the statements of a role into the template that it
// came from. It changes the text of one property, and nothing around it.

const codeNotWritten = "NOT_WRITTEN"

// edit replaces a part of a file.
type edit struct {
	span source.Span
	text string
}

// writer of templates gathers the edits of all machines.
type templateWriter struct {
	flags   *generateFlags
	edits   map[*source.File][]edit
	written []*result
}

// writeTemplates puts roles into their templates. Where one cannot be, a finding
// says why, and no file changes.
func (f *generateFlags) writeTemplates(e *env, input string, file *source.File, results []result) error {
	w := templateWriter{flags: f, edits: map[*source.File][]edit{}}
	for i := range results {
		w.add(&results[i])
	}
	if slices.ContainsFunc(results, func(r result) bool { return r.failed() || r.findings.HasErrors() }) {
		return nil
	}
	texts := map[*source.File]string{}
	for file, edits := range w.edits {
		texts[file] = apply(file.Text, edits)
	}
	if err := w.verify(e, file, texts); err != nil {
		return err
	}
	for changed, text := range texts {
		name := changed.Name
		if changed.Name != file.Name {
			name = filepath.Join(filepath.Dir(file.Name), changed.Name)
		}
		if err := replaceFile(name, text); err != nil {
			return err
		}
		fmt.Fprintf(e.stderr, "wrote %s\n", filepath.ToSlash(name))
	}
	if len(texts) == 0 {
		fmt.Fprintf(e.stderr, "%s needs no change\n", filepath.ToSlash(input))
	}
	return nil
}

// add makes the edit for one machine.
func (w *templateWriter) add(r *result) {
	if r.role == nil {
		return
	}
	if why := w.place(r); why != "" {
		r.findings = append(r.findings, source.Finding{Code: codeNotWritten, Severity: source.Error, File: r.machine.File, Span: roleSpan(r.machine), Path: r.machine.Pointer,
			Message: fmt.Sprintf("the role of %s is not written: %s", r.machine.Name, why), Hint: "take the output of --format cfn and put it where it belongs"})
	}
}

// place finds what the machine's role is written in, and edits it. It returns
// the reason where that cannot be done.
func (w *templateWriter) place(r *result) (why string) {
	t, m := r.template, r.machine
	if t.Format != template.CloudFormation && t.Format != template.SAM {
		return "only templates of CloudFormation and SAM are written to, and this is " + t.Format.String()
	}
	made := roleOf(t, m)
	switch {
	case made == nil:
		return "it is not in this template, or a condition picks it"
	case len(machinesWith(t, made)) > 1:
		return "other machines have the same role: " + made.Name
	case made.File != m.File:
		return "it stands in another file: " + made.File.Name
	case slices.ContainsFunc(made.Inline, func(i int) bool { return conditional(&t.Policies[i]) }):
		return "conditions change its policies"
	case !made.Implied && made.Trust >= 0 && trustsOthers(t.Policies[made.Trust].Document):
		return "its trust policy names others than states.amazonaws.com, so it is not the machine's alone"
	}
	if w.unchanged(r, made) {
		return ""
	}
	resource := made.Name
	if made.Implied {
		resource = m.Name
	}
	edit, err := r.editPolicies(made, resource)
	if err != nil {
		return err.Error()
	}
	w.edits[m.File] = append(w.edits[m.File], edit)
	w.written = append(w.written, r)
	return ""
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

// unchanged reports whether the template's role has the same statements already.
func (w *templateWriter) unchanged(r *result, made *template.Role) bool {
	return slices.Equal(statementsOf(documentsIn(r.template, made)), statementsOf(documentsOf(r)))
}

func documentsIn(t *template.Template, made *template.Role) []*policy.Document {
	var docs []*policy.Document
	for _, i := range made.Inline {
		docs = append(docs, t.Policies[i].Document)
	}
	return docs
}

func documentsOf(r *result) []*policy.Document {
	var docs []*policy.Document
	for _, p := range r.role.Policies {
		docs = append(docs, p.Document)
	}
	return docs
}

// statementsOf lists the statements of documents in a form that is equal where
// they mean the same.
func statementsOf(docs []*policy.Document) []string {
	var out []string
	for _, doc := range docs {
		if doc == nil {
			out = append(out, "?")
			continue
		}
		canonical := policy.Canonical(doc)
		for i := range canonical.Statements {
			one := policy.Document{Version: policy.Version2012, Statements: canonical.Statements[i : i+1]}
			out = append(out, one.String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// editPolicies replaces the Policies of a resource, or adds them.
func (r *result) editPolicies(made *template.Role, resource string) (edit, error) {
	file := r.machine.File
	isJSON := strings.HasPrefix(strings.TrimLeft(file.Text, "\ufeff \t\r\n"), "{")
	parse := yamltree.Parse
	if isJSON {
		parse = jsontree.Parse
	}
	root, _, bad := parse(file.Text)
	if bad != nil {
		return edit{}, errors.New(bad.Msg)
	}
	properties := root.Get("Resources").Get(resource).Get("Properties")
	if !properties.Is(jsontree.Object) || len(properties.Members) == 0 || strings.HasPrefix(properties.Members[0].Name, "Fn::") {
		return edit{}, fmt.Errorf("%s has no properties that are written out", resource)
	}
	policies, err := r.policyNodes(made.Implied)
	if err != nil {
		return edit{}, err
	}
	for i := range properties.Members {
		if m := &properties.Members[i]; m.Name == "Policies" {
			if m.Value.Kind != jsontree.Array {
				return edit{}, fmt.Errorf("the Policies of %s are not a list", resource)
			}
			return replaceMember(file, properties, m, policies, isJSON)
		}
	}
	return insertMember(file, properties, "Policies", policies, isJSON)
}

// policyNodes is the value of Policies: documents for SAM, named policies for a
// role.
func (r *result) policyNodes(sam bool) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, p := range r.role.Policies {
		doc, err := jsonNode(p.Document)
		if err != nil {
			return nil, err
		}
		item := r.substituted(doc)
		if !sam {
			item = mapping("PolicyName", text(p.Name), "PolicyDocument", item)
		}
		list.Content = append(list.Content, item)
	}
	return list, nil
}

// isFlow reports whether a mapping of YAML stands between braces.
func isFlow(file *source.File, v *jsontree.Value) bool {
	return strings.HasPrefix(file.Slice(v.Span), "{")
}

func replaceMember(file *source.File, around *jsontree.Value, m *jsontree.Member, value *yaml.Node, isJSON bool) (edit, error) {
	column := columnOf(file, m.NameSpan.Start)
	switch {
	case isJSON:
		text, err := jsonText(value, indentOf(file, m.NameSpan.Start))
		return edit{m.Value.Span, text}, err
	case isFlow(file, around):
		text, err := flowText(value)
		return edit{m.Value.Span, text}, err
	}
	text, err := blockText(value, column+2)
	if err != nil {
		return edit{}, err
	}
	span := m.Value.Span
	if line := file.Text[m.NameSpan.End:span.Start]; strings.Contains(line, "\n") {
		span.Start = lineStart(file.Text, span.Start)
	} else {
		span.Start = m.NameSpan.End + int32(strings.IndexByte(file.Text[m.NameSpan.End:], ':')) + 1
		text = "\n" + text
	}
	if len(value.Content) == 0 {
		span.Start = m.NameSpan.End + int32(strings.IndexByte(file.Text[m.NameSpan.End:], ':')) + 1
		text = " []"
	}
	// A block ends before the line break after it.
	for span.End > span.Start && strings.IndexByte("\r\n \t", file.Text[span.End-1]) >= 0 {
		span.End--
	}
	rest, _, _ := strings.Cut(file.Text[span.End:], "\n")
	if strings.HasPrefix(strings.TrimLeft(rest, " \t"), "#") && span.Start > m.NameSpan.End+1 {
		span.End += int32(len(strings.TrimRight(rest, "\r"))) // a comment on what is replaced
	}
	return edit{span, newlines(file, text)}, nil
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
	return edit{at, newlines(file, name+":\n"+text+"\n"+strings.Repeat(" ", column))}, err
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

// blockText prints YAML, each line indented, without a line break at the end.
func blockText(n *yaml.Node, indent int) (string, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(n); err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	return strings.Repeat(" ", indent) + strings.Join(lines, "\n"+strings.Repeat(" ", indent)), nil
}

// flowText prints YAML on one line. What has a tag is JSON's form of a function.
func flowText(n *yaml.Node) (string, error) {
	text, err := json.Marshal(plainValue(n))
	return string(text), err
}

func jsonText(n *yaml.Node, indent string) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(indent, "  ")
	err := encoder.Encode(plainValue(n))
	return strings.TrimRight(out.String(), "\n"), err
}

// member is one name and value of an object that keeps its order.
type orderedMember struct {
	name  string
	value any
}

type orderedObject []orderedMember

// MarshalJSON writes the members in order.
func (o orderedObject) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encoder.Encode(m.name); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := encoder.Encode(m.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// plainValue writes the short forms of functions as objects.
func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := orderedObject{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out = append(out, orderedMember{n.Content[i].Value, plainValue(n.Content[i+1])})
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			out = append(out, plainValue(item))
		}
		return out
	}
	switch n.Tag {
	case "!Ref":
		return orderedObject{{"Ref", n.Value}}
	case "!Sub":
		return orderedObject{{"Fn::Sub", n.Value}}
	case "!GetAtt":
		resource, attribute, _ := strings.Cut(n.Value, ".")
		return orderedObject{{"Fn::GetAtt", []string{resource, attribute}}}
	}
	return n.Value
}

// apply makes edits, which do not overlap.
func apply(text string, edits []edit) string {
	slices.SortFunc(edits, func(a, b edit) int { return int(b.span.Start - a.span.Start) })
	for _, e := range edits {
		text = text[:e.span.Start] + e.text + text[e.span.End:]
	}
	return text
}

// verify reads the templates again as they will be: each role must have the
// statements that were made, and nothing else may have changed.
func (w *templateWriter) verify(e *env, file *source.File, texts map[*source.File]string) error {
	if len(texts) == 0 {
		return nil
	}
	t, _, err := w.flags.template.readWith(e, file, &w.flags.opts, func(name string) (string, bool) {
		for changed, text := range texts {
			if changed.Name == name {
				return text, true
			}
		}
		return "", false
	})
	if err != nil {
		return err
	}
	for _, r := range w.written {
		ok := false
		for i := 0; t != nil && i < len(t.Machines); i++ {
			if m := &t.Machines[i]; m.ID() == r.machine.ID() {
				made := roleOf(t, m)
				ok = made != nil && slices.Equal(statementsOf(documentsIn(t, made)), statementsOf(documentsOf(r))) && len(t.Machines) == len(r.template.Machines)
			}
		}
		if !ok {
			return fmt.Errorf("%s: the role of %s would not be read back as it was made, so nothing is written; take the output of --format cfn", file.Name, r.machine.Name)
		}
	}
	return nil
}
