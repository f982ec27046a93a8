package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// policyDocument makes the document that a data source aws_iam_policy_document
// gives: statements of source documents, its own, and those of documents that
// override. Source: documentation of the Terraform AWS provider, data source
// aws_iam_policy_document, read 2026-11-21.
func (t *terraform) policyDocument(r *tfResource) tfValue {
	out := tfValue{kind: jsontree.Object, file: r.file, span: r.span}
	version := tfText("2012-10-17", r.file, r.nameSpan)
	if v := r.value("version"); v != nil {
		version = *v
	}
	out.put(tfMember{"Version", version.span, version})
	if id := r.value("policy_id"); id != nil && id.text != "" {
		out.put(tfMember{"Id", id.span, *id})
	}
	m := merger{t: t, r: r, seen: map[string]bool{}}
	m.documents("source_json")
	m.documents("source_policy_documents")
	m.seen = map[string]bool{}
	m.own()
	m.seen = nil
	m.documents("override_json")
	m.documents("override_policy_documents")
	statements := tfList(r.file, r.span, m.list...)
	statements.rest = m.rest
	out.put(tfMember{"Statement", r.nameSpan, statements})
	return out
}

// documentText is the text of a policy document.
func (t *terraform) documentText(r *tfResource, doc *tfValue) tfValue {
	out := t.encoded(doc, func() tfValue {
		return tfText(t.hole(Hole{Name: r.address + ".json", Why: "policy document"}), r.file, r.span)
	})
	out.file, out.span = r.file, r.span
	return out
}

// merger joins the statements of documents.
type merger struct {
	t    *terraform
	r    *tfResource
	list []tfValue
	rest string          // documents that are not known
	seen map[string]bool // Sids of the statements that may not be equal among themselves
}

// add adds a statement; it replaces one with the same Sid where that stands
// before it. One with an unknown Sid, or that is only there under a condition,
// leaves open what it replaces.
func (m *merger) add(s tfValue) {
	sid := ""
	if v := s.get("Sid"); v != nil {
		sid = v.text
	}
	if sid == "" {
		m.list = append(m.list, s)
		return
	}
	if m.seen[sid] {
		m.t.unreadable(m.r.file, s.place(m.r.file, m.r.nameSpan), m.r.address, "give each statement a Sid of its own", "the provider refuses two statements with the Sid "+near.Quote(hole.Print(sid)))
		m.list = append(m.list, s)
		m.rest = "which of them counts" // whoever uses the document has to know
		return
	}
	if m.seen != nil {
		m.seen[sid] = true
	}
	for i := range m.list {
		before := m.list[i].get("Sid")
		if before == nil || before.text == "" {
			continue
		}
		if before.text != sid && !hole.Has(before.text) && !hole.Has(sid) {
			continue
		}
		if len(s.when) > 0 || before.text != sid {
			m.t.unreadable(m.r.file, s.place(m.r.file, m.r.nameSpan), m.r.address, "", "whether this statement replaces another one is not known")
			m.rest = "which of them counts"
			continue
		}
		m.list[i] = s
		return
	}
	m.list = append(m.list, s)
}

// documents adds the statements of other documents, which are texts of JSON.
func (m *merger) documents(name string) {
	v := m.r.value(name)
	if v == nil {
		return
	}
	items := []tfValue{*v}
	if v.kind == jsontree.Array {
		items = v.items
		if v.rest != "" {
			m.rest = v.rest
		}
	}
	for i := range items {
		item := &items[i]
		if !item.exists() || item.kind == jsontree.String && item.text == "" {
			continue
		}
		m.document(item)
	}
}

func (m *merger) document(v *tfValue) {
	doc := v.inner
	if doc == nil {
		if name, unknown := v.unknown(); unknown || v.kind != jsontree.String {
			if name == "" {
				name = "a document"
			}
			m.rest = name
			return
		}
		one := *v
		if one.file == nil {
			one.file, one.span = m.r.file, m.r.nameSpan
		}
		root, ok := m.t.parseText(m.r, &one, "this document")
		if !ok {
			m.rest = "a document that cannot be read"
			return
		}
		parsed := fromTree(one.file, root)
		parsed.using = v.using
		doc = &parsed
	}
	statements := doc.get("Statement")
	if doc.kind != jsontree.Object || !statements.exists() {
		if !isEmptyDocument(doc) {
			m.rest = "a document without statements"
		}
		return
	}
	if statements.rest != "" {
		m.rest = statements.rest
	}
	list := []tfValue{*statements}
	if statements.kind == jsontree.Array {
		list = statements.items
	}
	for _, s := range list {
		s.using = joinUses(s.using, v.using)
		s.when = slices.Concat(v.when, s.when)
		m.add(s)
	}
}

// isEmptyDocument reports whether a document surely has no statement, as {} has
// none: the provider takes it and adds nothing. It reads names in any case.
func isEmptyDocument(doc *tfValue) bool {
	return doc.kind == jsontree.Object && doc.rest == "" && !slices.ContainsFunc(doc.members, func(m tfMember) bool {
		return strings.EqualFold(m.name, "Statement") && m.value.exists()
	})
}

// joinUses appends one way of uses to another, within bounds.
func joinUses(first, second *tfUse) *tfUse {
	if first == nil {
		return second
	}
	var list []*tfUse
	for u := first; u != nil && len(list) < maxUses; u = u.next {
		list = append(list, u)
	}
	out := second
	for _, u := range slices.Backward(list) {
		out = &tfUse{u.file, u.span, out}
	}
	return out
}

// own adds the statement blocks.
func (m *merger) own() {
	v := m.r.value("statement")
	if v == nil {
		return
	}
	if name, unknown := v.unknown(); unknown {
		m.rest = name
		return
	}
	if v.rest != "" {
		m.rest = v.rest
	}
	blocks := v.items
	if v.kind == jsontree.Object {
		blocks = []tfValue{*v}
	}
	for i := range blocks {
		m.add(m.statement(&blocks[i]))
	}
}

// statementLists are the lists of a statement block and the elements that they
// become. In some of them &{ stands for ${, which Terraform would take as its
// own.
var statementLists = []struct {
	name, element string
	variables     bool
}{
	{"actions", "Action", false}, {"not_actions", "NotAction", false}, {"resources", "Resource", true}, {"not_resources", "NotResource", true},
}

func (m *merger) statement(block *tfValue) tfValue {
	out := tfValue{kind: jsontree.Object, file: block.file, span: block.span, using: block.using, when: block.when}
	if _, unknown := block.unknown(); unknown {
		return *block
	}
	if sid := block.get("sid"); sid.exists() && sid.text != "" {
		out.put(tfMember{"Sid", block.memberSpan("sid"), *sid})
	}
	effect := tfText("Allow", block.file, block.span)
	effect.using = block.using
	if v := block.get("effect"); v.exists() && v.text != "" {
		effect = *v
	}
	out.put(tfMember{"Effect", effect.span, effect})
	for _, p := range []struct{ name, element string }{{"principals", "Principal"}, {"not_principals", "NotPrincipal"}} {
		if v := block.get(p.name); v.exists() {
			if value, some := m.principals(v); some {
				out.put(tfMember{p.element, block.memberSpan(p.name), value})
			}
		}
	}
	for _, l := range statementLists {
		v := block.get(l.name)
		if !v.exists() || v.kind == jsontree.Array && len(v.items) == 0 && v.rest == "" {
			continue
		}
		value := *v
		if l.variables {
			value = variablesOf(value)
		}
		out.put(tfMember{l.element, block.memberSpan(l.name), m.single(value)})
	}
	if v := block.get("condition"); v.exists() {
		if value, some := m.conditions(v); some {
			out.put(tfMember{"Condition", block.memberSpan("condition"), value})
		}
	}
	return out
}

func (v *tfValue) memberSpan(name string) source.Span {
	for i := range v.members {
		if v.members[i].name == name {
			return v.members[i].nameSpan
		}
	}
	return v.span
}

// single writes a list of one text as that text, as the provider does.
func (m *merger) single(v tfValue) tfValue {
	if v.kind == jsontree.Array && len(v.items) == 1 && v.rest == "" && v.items[0].kind == jsontree.String && len(v.items[0].when) == 0 {
		one := v.items[0]
		one.using = joinUses(one.using, v.using)
		return one
	}
	return v
}

// variablesOf replaces &{ by ${ in a text or a list of texts.
func variablesOf(v tfValue) tfValue {
	v.items = slices.Clone(v.items)
	for i := range v.items {
		v.items[i] = variablesOf(v.items[i])
	}
	if v.kind == jsontree.String && strings.Contains(v.text, "&{") {
		v.text, v.parts = strings.ReplaceAll(v.text, "&{", "${"), nil
	}
	return v
}

// blocks returns the blocks of one kind in a statement; an unknown number of
// them leaves the whole statement open.
func (m *merger) blocks(v *tfValue) ([]tfValue, *tfValue) {
	if v.kind == jsontree.Object {
		return []tfValue{*v}, nil
	}
	if !v.shaped() || v.kind != jsontree.Array {
		return nil, m.opaque(v)
	}
	for i := range v.items {
		if v.items[i].kind != jsontree.Object {
			return nil, m.opaque(&v.items[i])
		}
	}
	return v.items, nil
}

// opaque is a hole in place of a value whose shape is not known.
func (m *merger) opaque(v *tfValue) *tfValue {
	name, unknown := v.unknown()
	if !unknown {
		if name = v.rest; name == "" {
			name = m.r.address + ".statement"
		}
	}
	out := *v
	out.kind, out.items, out.members, out.rest = jsontree.String, nil, nil, ""
	out.text = m.t.hole(Hole{Name: name, Why: "part of a statement"})
	return &out
}

// principals makes a Principal of blocks. The type "*" for everybody is written
// as "*" alone.
func (m *merger) principals(v *tfValue) (tfValue, bool) {
	blocks, unknown := m.blocks(v)
	if unknown != nil {
		return *unknown, true
	}
	out := tfValue{kind: jsontree.Object, file: v.file, span: v.span, using: v.using}
	for i := range blocks {
		kind, identifiers := blocks[i].get("type"), blocks[i].get("identifiers")
		if !kind.exists() || !identifiers.exists() {
			continue
		}
		if hole.Has(kind.text) {
			return *m.opaque(kind), true
		}
		value := variablesOf(*identifiers)
		if kind.text == "*" && len(value.items) == 1 && value.items[0].text == "*" {
			return value.items[0], true
		}
		if before := out.get(kind.text); before != nil {
			value = joinLists(*before, value)
		}
		out.put(tfMember{kind.text, kind.span, value})
	}
	for i := range out.members {
		out.members[i].value = m.single(out.members[i].value)
	}
	return out, len(out.members) > 0
}

// conditions makes a Condition of blocks; values of equal tests and keys are
// joined.
func (m *merger) conditions(v *tfValue) (tfValue, bool) {
	blocks, unknown := m.blocks(v)
	if unknown != nil {
		return *unknown, true
	}
	out := tfValue{kind: jsontree.Object, file: v.file, span: v.span, using: v.using}
	for i := range blocks {
		b := &blocks[i]
		test, variable, values := b.get("test"), b.get("variable"), b.get("values")
		if !test.exists() || !variable.exists() {
			continue
		}
		if hole.Has(test.text) || hole.Has(variable.text) {
			return *m.opaque(test), true
		}
		operator := out.get(test.text)
		if operator == nil {
			out.put(tfMember{test.text, test.span, tfValue{kind: jsontree.Object, file: b.file, span: b.span, using: b.using}})
			operator = out.get(test.text)
		}
		value := tfList(b.file, b.span)
		if values.exists() {
			value = variablesOf(*values)
		}
		if before := operator.get(variable.text); before != nil {
			value = joinLists(*before, value)
		}
		operator.put(tfMember{variable.text, variable.span, value})
	}
	for i := range out.members {
		keys := out.members[i].value.members
		for j := range keys {
			keys[j].value = m.single(keys[j].value)
		}
	}
	return out, len(out.members) > 0
}

// joinLists returns the items of two values, each a list or one text.
func joinLists(a, b tfValue) tfValue {
	out := a
	out.kind, out.text, out.items = jsontree.Array, "", nil
	for _, v := range []tfValue{a, b} {
		if v.kind == jsontree.Array {
			out.items = append(out.items, v.items...)
			if out.rest == "" {
				out.rest = v.rest
			}
		} else {
			out.items = append(out.items, v)
		}
	}
	return out
}
