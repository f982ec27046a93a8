package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// planAgain is what helps where a plan does not know a text.
const planAgain = "give the .tf files in place of the plan, or plan again when the resources that it depends on are there"

// hintFor returns what helps where a value is not known.
func (t *terraform) hintFor() string {
	if t.out.Format == TerraformPlan {
		return planAgain
	}
	return ""
}

// addDocument adds the policy that a value is and returns its index.
func (t *terraform) addDocument(r *tfResource, v *tfValue, like Policy) int {
	p := like
	p.Place = r.place(v)
	p.When = append(p.When, v.when...)
	whole := t.whole(func() { p.Document, p.Cases = t.document(r, v) })
	if p.Document != nil && p.Cases == nil {
		p.Cases = make([]When, len(p.Document.Statements))
	}
	p.Incomplete = p.Incomplete || !whole
	t.out.Policies = append(t.out.Policies, p)
	return len(t.out.Policies) - 1
}

// document reads a policy document: JSON in a text, or what is written as JSON.
func (t *terraform) document(r *tfResource, v *tfValue) (*policy.Document, []When) {
	file, span := v.file, v.span
	if v.inner != nil {
		if v.inner.file != nil {
			file, span = v.inner.file, v.inner.span
		}
		return t.documentTree(r, v.inner, file, span)
	}
	if name, unknown := v.unknown(); unknown {
		t.unreadable(file, span, r.address, t.hintFor(), "the policy, "+name+", is not known")
		return nil, nil
	}
	if v.kind == jsontree.Object { // JSON that the configuration syntax in JSON allows to be written as such
		return t.documentTree(r, v, file, span)
	}
	if v.kind != jsontree.String {
		t.wrong("BAD_FIELD_TYPE", file, span, r.address, "", "a policy must be a text, not %s", v.kind)
		return nil, nil
	}
	root, ok := t.parseText(r, v, "this policy")
	if !ok {
		return nil, nil
	}
	return t.finishDocument(r, root, file), nil
}

// parseText reads a text that holds JSON; its spans are those of the file that
// the text was written in.
func (t *terraform) parseText(r *tfResource, v *tfValue, what string) (*jsontree.Value, bool) {
	origin := newOrigin(v, v.file, v.span)
	if !t.spend(v.file, v.span, 1, len(v.text)) {
		return nil, false
	}
	root, duplicates, err := jsontree.Parse(v.text)
	move := spanThrough(origin.at)
	if err != nil {
		if hole.Has(v.text) {
			t.unreadable(v.file, move(err.Span), r.address, "", "with its unknown parts "+what+" is no JSON ("+strings.ReplaceAll(err.Msg, `'\ue000'`, "an unknown value")+")")
		} else {
			t.wrong("MALFORMED_JSON", v.file, move(err.Span), r.address, "", "%s", err.Msg)
		}
		return nil, false
	}
	for _, d := range duplicates {
		t.wrong("DUPLICATE_KEY", v.file, move(d.Second), r.address, "only one would count", "%q is already a name in this object", d.Name)
	}
	moveSpans(root, move)
	return root, true
}

// documentTree reads a document that is a value. Statements that are there
// under a condition keep it.
func (t *terraform) documentTree(r *tfResource, v *tfValue, file *source.File, span source.Span) (*policy.Document, []When) {
	lost := func(at source.Span, what string) { t.unreadable(file, at, r.address, "", what) }
	if v.kind != jsontree.Object {
		root := v.tree(file, span, lost)
		if root.Kind == jsontree.String {
			t.unreadable(file, root.Span, r.address, t.hintFor(), "the policy is not known")
			return nil, nil
		}
		return t.finishDocument(r, &root, file), nil
	}
	shell := *v
	shell.members = slices.Clone(v.members)
	var cases []When
	if statements := shell.get("Statement"); statements.is(jsontree.Array) {
		list := *statements
		list.items = nil
		for i := range statements.items {
			item := statements.items[i]
			when := item.when
			item.when = nil
			tree := item.tree(file, statements.place(file, span), func(source.Span, string) {})
			if t.reporter(file).plainStatement(&tree) {
				list.items = append(list.items, item)
				cases = append(cases, when)
			}
			t.collect(file)
		}
		shell.put(tfMember{name: "Statement", value: list})
	}
	if version := shell.get("Version"); version != nil {
		if _, unknown := version.unknown(); unknown {
			t.unreadable(file, version.place(file, span), r.address, "", "the version of the policy language is not known")
			shell.members = slices.DeleteFunc(shell.members, func(m tfMember) bool { return m.name == "Version" })
		}
	}
	root := shell.tree(file, span, lost)
	if s := root.Get("Statement"); s.Is(jsontree.String) && hole.Has(s.Text) {
		t.unreadable(file, s.Span, r.address, "", "the statements, "+hole.Print(s.Text)+", are not known")
		return nil, nil
	}
	doc := t.finishDocument(r, &root, file)
	if doc == nil || len(cases) != len(doc.Statements) {
		return doc, nil
	}
	return doc, cases
}

// finishDocument makes a document of a tree in a file.
func (t *terraform) finishDocument(r *tfResource, root *jsontree.Value, file *source.File) *policy.Document {
	s := t.reporter(file)
	statements := root.Get("Statement")
	if statements.Is(jsontree.Object) && !s.plainStatement(statements) {
		t.collect(file)
		return nil
	}
	before := s.root
	s.root = root
	doc, _ := s.finish(root)
	s.root = before
	t.collect(file)
	return doc
}

// collect notes what a reporter found broken.
func (t *terraform) collect(file *source.File) {
	s := t.reporter(file)
	t.broken = t.broken || s.broken
	s.broken = false
}

// readDefinition reads the definition of a machine.
func (t *terraform) readDefinition(r *tfResource, m *Machine) {
	v := r.value("definition")
	if v == nil {
		t.missing(r, "definition")
		return
	}
	if name, unknown := v.unknown(); unknown && v.inner == nil {
		t.unreadable(v.file, v.span, r.address, t.hintFor(), "the definition, "+name+", is not known")
		return
	}
	var list source.List
	switch {
	case v.inner != nil && v.inner.kind == jsontree.Object:
		in := v.inner
		file, span := v.file, v.span
		if in.file != nil {
			file, span = in.file, in.span
		}
		root := in.tree(file, span, func(at source.Span, what string) { t.unreadable(file, at, r.address, "", what) })
		m.Definition, list = asl.FromTree(file, &root, nil, asl.Options{})
	case v.kind == jsontree.String:
		if !t.spend(v.file, v.span, 1, len(v.text)) {
			return
		}
		m.Definition, list = asl.ParseWithin(v.file, v.text, newOrigin(v, v.file, v.span).at, asl.Options{})
		if m.Definition == nil && hole.Has(v.text) && len(list) > 0 {
			t.unreadable(v.file, list[0].Span, r.address, t.hintFor(), "with its unknown parts this definition is no JSON ("+list[0].Message+")")
			return
		}
	default:
		t.wrong("BAD_FIELD_TYPE", v.file, v.span, r.address, "", "a definition must be a text, not %s", v.kind)
		return
	}
	for _, f := range list {
		t.reporter(f.File).adopt(f)
		t.collect(f.File)
	}
}
