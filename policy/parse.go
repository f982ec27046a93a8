package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// Parse reads a policy document. The tree and the findings come together; only
// text that is not JSON has no tree, and then the document is nil. The findings
// are those of [Validate], sorted by position.
func Parse(file *source.File) (doc *Document, findings source.List) {
	err := jsontree.Borrow(file.Text, func(root *jsontree.Value, duplicates []jsontree.Duplicate) (kept bool) {
		doc, findings, kept = read(file, root, root, duplicates)
		return kept
	})
	if err != nil {
		return nil, source.List{{
			Code: CodeSyntax, Severity: source.Error, File: file, Span: err.Span, Message: err.Msg,
		}}
	}
	return doc, findings
}

// ParseString is [Parse] for a text with a name.
func ParseString(name, text string) (*Document, source.List) {
	return Parse(source.NewFile(name, text))
}

// FromValue reads a policy that is a part of a larger JSON text: root is the
// value of the whole file and v the policy in it. Findings and spans point into
// that file. Duplicate keys in v are found again. It is for packages of this
// module, which alone can make a value.
func FromValue(file *source.File, root, v *jsontree.Value) (*Document, source.List) {
	doc, findings, _ := read(file, root, v, jsontree.Duplicates(v))
	return doc, findings
}

// read also reports whether the document keeps some of the values.
func read(file *source.File, root, v *jsontree.Value, duplicates []jsontree.Duplicate) (doc *Document, findings source.List, kept bool) {
	r := reader{file: file, root: root, doc: &Document{File: file, Span: v.Span}}
	if root != v {
		r.doc.pointer = jsontree.Pointer(root, v.Span)
	}
	for _, d := range duplicates {
		r.duplicate(d)
	}
	r.document(v)
	findings = Validate(r.doc)
	if len(findings) > 1 {
		findings = findings.Sorted()
	}
	return r.doc, findings, r.kept
}

// UnmarshalJSON reads a document and fails when it has errors. Spans count from
// the start of data.
func (d *Document) UnmarshalJSON(data []byte) error {
	doc, findings := ParseString("", string(data))
	for _, f := range findings {
		if f.Severity == source.Error {
			return fmt.Errorf("policy: %s: %s", f.Code, f.Message)
		}
	}
	*d = *doc
	return nil
}

// reader builds the tree from JSON values. What does not fit is kept in the
// tree as it is (raw) and noted among the document's problems.
type reader struct {
	file *source.File
	root *jsontree.Value
	doc  *Document
	kept bool // see keep

	// Blocks from which nodes are cut: see cut.
	lists      []List
	values     []Value
	elements   []Element
	principals []Principal
	groups     []PrincipalGroup
	conditions []Condition
	blocks     []ConditionBlock
	keys       []ConditionKey
}

// blockSize is how many nodes are allocated at once. A document is kept or
// dropped as a whole, so the nodes of a block share a life.
const blockSize = 128

// cut takes n zero values from a block, which it renews when it runs out. A
// small document takes what it needs: its first block is of that size.
func cut[T any](block *[]T, n int) []T {
	if n > cap(*block)-len(*block) {
		size := n
		if cap(*block) > 0 {
			size = max(n, min(2*cap(*block), blockSize))
		}
		*block = make([]T, 0, size)
	}
	start := len(*block)
	*block = (*block)[:start+n]
	return (*block)[start : start+n : start+n]
}

// keep returns a value that goes into the tree as it stands in the text.
func (r *reader) keep(v *jsontree.Value) *jsontree.Value {
	r.kept = true
	return v
}

func (r *reader) problem(code string, span source.Span, hint, format string, args ...any) {
	r.doc.problems.Addf(source.Finding{
		Code: code, Severity: source.Error, File: r.file, Span: span, Path: jsontree.Pointer(r.root, span), Hint: hint,
	}, format, args...)
}

// wrongType notes that v should be of another type.
func (r *reader) wrongType(v *jsontree.Value, name, want string) {
	r.problem(CodeDataType, v.Span, "", "%s is %s; it should be %s", name, v.Kind, want)
}

func (r *reader) duplicate(d jsontree.Duplicate) {
	first := r.file.Position(d.First.Start)
	r.problem(CodeDuplicateKey, d.Second,
		fmt.Sprintf("the first one stands at line %d, column %d", first.Line, first.Column),
		"key %s appears twice in one object", quote(d.Name))
}

func (r *reader) document(v *jsontree.Value) {
	if v.Kind != jsontree.Object {
		r.doc.raw = r.keep(v)
		r.wrongType(v, "the policy", "an object")
		return
	}
	r.doc.Elements = cut(&r.elements, len(v.Members))
	for i := range v.Members {
		m := &v.Members[i]
		e := &r.doc.Elements[i]
		*e = Element{Name: m.Name, NameSpan: m.NameSpan, Span: m.Value.Span}
		e.duplicate = isDuplicate(r.doc.Elements[:i], documentElements, m.Name)
		if e.duplicate || !r.documentElement(m) {
			e.raw = r.keep(&m.Value)
		}
	}
}

// isDuplicate reports whether a known name has occurred before. The first of
// equal elements stands in the tree.
func isDuplicate(before []Element, known []string, name string) bool {
	return slices.Contains(known, name) && findElement(before, name) != nil
}

// documentElement reports false when the tree cannot hold the element.
func (r *reader) documentElement(m *jsontree.Member) bool {
	switch m.Name {
	case ElementVersion:
		return r.text(&r.doc.Version, m)
	case ElementID:
		return r.text(&r.doc.ID, m)
	case ElementStatement:
		return r.statements(&m.Value)
	}
	hint := suggest(m.Name, documentElements)
	if hint == "" && slices.Contains(statementElements, m.Name) {
		hint = fmt.Sprintf("%s belongs in a statement", m.Name)
	}
	r.unknownElement(m, hint, "a policy", documentElements)
	return false
}

func (r *reader) unknownElement(m *jsontree.Member, hint, where string, known []string) {
	if hint == "" {
		hint = "the elements are " + strings.Join(known, ", ")
	}
	r.problem(CodeElement, m.NameSpan, hint, "%s has no element %s", where, quote(m.Name))
}

func (r *reader) statements(v *jsontree.Value) bool {
	switch v.Kind {
	case jsontree.Object:
		r.doc.Single = true
		r.doc.Statements = make([]Statement, 1)
		r.statement(&r.doc.Statements[0], v)
	case jsontree.Array:
		r.doc.Statements = make([]Statement, len(v.Items))
		for i := range v.Items {
			r.statement(&r.doc.Statements[i], &v.Items[i])
		}
	default:
		r.wrongType(v, ElementStatement, "an object or a list of objects")
		return false
	}
	return true
}

func (r *reader) statement(s *Statement, v *jsontree.Value) {
	s.Span = v.Span
	if v.Kind != jsontree.Object {
		s.raw = r.keep(v)
		r.wrongType(v, "a statement", "an object")
		return
	}
	s.Elements = cut(&r.elements, len(v.Members))
	for i := range v.Members {
		m := &v.Members[i]
		e := &s.Elements[i]
		*e = Element{Name: m.Name, NameSpan: m.NameSpan, Span: m.Value.Span}
		e.duplicate = isDuplicate(s.Elements[:i], statementElements, m.Name)
		if e.duplicate || !r.statementElement(s, m) {
			e.raw = r.keep(&m.Value)
		}
	}
}

// statementElement reports false when the tree cannot hold the element.
func (r *reader) statementElement(s *Statement, m *jsontree.Member) bool {
	switch m.Name {
	case ElementSid:
		return r.text(&s.Sid, m)
	case ElementEffect:
		return r.text((*string)(&s.Effect), m)
	case ElementPrincipal:
		return r.principal(&s.Principal, m)
	case ElementNotPrincipal:
		return r.principal(&s.NotPrincipal, m)
	case ElementAction:
		return r.list(&s.Action, m)
	case ElementNotAction:
		return r.list(&s.NotAction, m)
	case ElementResource:
		return r.list(&s.Resource, m)
	case ElementNotResource:
		return r.list(&s.NotResource, m)
	case ElementCondition:
		return r.condition(&s.Condition, &m.Value)
	}
	hint := suggest(m.Name, statementElements)
	if hint == "" && slices.Contains(documentElements, m.Name) {
		hint = fmt.Sprintf("%s belongs beside Statement, not in a statement", m.Name)
	}
	r.unknownElement(m, hint, "a statement", statementElements)
	return false
}

func (r *reader) text(dst *string, m *jsontree.Member) bool {
	if m.Value.Kind != jsontree.String {
		r.wrongType(&m.Value, m.Name, "a string")
		return false
	}
	*dst = m.Value.Text
	return true
}

func (r *reader) list(dst **List, m *jsontree.Member) bool {
	*dst = &cut(&r.lists, 1)[0]
	return r.fill(*dst, &m.Value, label{of: m.Name}, stringsOnly)
}

// label names, for messages, what holds values. Most values need no message, so
// it is put together late.
type label struct{ of, key string }

func (l label) String() string {
	if l.key == "" {
		return l.of
	}
	return l.of + " " + quote(l.key)
}

// scalars says which JSON types may stand as a value.
type scalars struct {
	one, list string // in words
	unquoted  bool   // numbers and booleans too
}

var (
	stringsOnly = scalars{one: "a string", list: "a string or a list of strings"}
	anyScalar   = scalars{one: "a string, number or boolean", list: "a string, number or boolean, or a list of them", unquoted: true}
)

// fill reads a value or a list of values. It reports false when one of them has
// a wrong type; it then stands in the list as Malformed.
func (r *reader) fill(dst *List, v *jsontree.Value, name label, allowed scalars) bool {
	dst.Span = v.Span
	if v.Kind != jsontree.Array {
		dst.Single = true
		dst.Values = cut(&r.values, 1)
		if !readValue(&dst.Values[0], v, allowed) {
			r.wrongType(v, name.String(), allowed.list)
			return false
		}
		return true
	}
	dst.Values = cut(&r.values, len(v.Items))
	ok := true
	for i := range v.Items {
		if !readValue(&dst.Values[i], &v.Items[i], allowed) {
			r.wrongType(&v.Items[i], "a value of "+name.String(), allowed.one)
			ok = false
		}
	}
	return ok
}

func readValue(dst *Value, v *jsontree.Value, allowed scalars) bool {
	dst.Span = v.Span
	switch {
	case v.Kind == jsontree.String:
	case v.Kind == jsontree.Number && allowed.unquoted:
		dst.Literal = Number
	case v.Kind == jsontree.Bool && allowed.unquoted:
		dst.Literal = Boolean
	default:
		dst.Literal = Malformed
		return false
	}
	dst.Text = v.Text
	return true
}

func (r *reader) principal(dst **Principal, m *jsontree.Member) bool {
	v := &m.Value
	p := &cut(&r.principals, 1)[0]
	p.Span = v.Span
	*dst = p
	switch {
	case v.Kind == jsontree.Object:
		p.Groups = cut(&r.groups, len(v.Members))
		ok := true
		for i := range v.Members {
			inner := &v.Members[i]
			g := &p.Groups[i]
			g.Key, g.KeySpan = inner.Name, inner.NameSpan
			ok = r.fill(&g.Values, &inner.Value, label{m.Name, inner.Name}, stringsOnly) && ok
		}
		return ok
	case v.Kind == jsontree.String && v.Text == "*":
		p.Everyone = true
		return true
	case v.Kind == jsontree.String || v.Kind == jsontree.Array:
		r.problem(CodePrincipalFormat, v.Span, principalHint(v),
			`%s is %s; it should be "*" or an object with the keys %s`, m.Name, v.Kind, strings.Join(principalKeys, ", "))
	default:
		r.wrongType(v, m.Name, `"*" or an object`)
	}
	return false
}

// principalHint shows how a principal given without its kind is written.
func principalHint(v *jsontree.Value) string {
	if v.Kind == jsontree.Array {
		if len(v.Items) == 0 || v.Items[0].Kind != jsontree.String {
			return ""
		}
		v = &v.Items[0]
	}
	key := PrincipalAWS
	if strings.Contains(v.Text, ".") && !strings.Contains(v.Text, ":") {
		key = PrincipalService
	}
	return fmt.Sprintf("write {%q: %s}", key, quote(v.Text))
}

func (r *reader) condition(dst **Condition, v *jsontree.Value) bool {
	c := &cut(&r.conditions, 1)[0]
	c.Span = v.Span
	*dst = c
	if v.Kind != jsontree.Object {
		r.wrongType(v, ElementCondition, "an object")
		return false
	}
	c.Blocks = cut(&r.blocks, len(v.Members))
	ok := true
	for i := range v.Members {
		ok = r.conditionBlock(&c.Blocks[i], &v.Members[i]) && ok
	}
	return ok
}

func (r *reader) conditionBlock(b *ConditionBlock, m *jsontree.Member) bool {
	*b = ConditionBlock{Operator: m.Name, OperatorSpan: m.NameSpan, Span: m.Value.Span}
	if m.Value.Kind != jsontree.Object {
		r.wrongType(&m.Value, "operator "+quote(m.Name), "an object with condition keys")
		return false
	}
	b.Keys = cut(&r.keys, len(m.Value.Members))
	ok := true
	for i := range m.Value.Members {
		key := &m.Value.Members[i]
		b.Keys[i].Name, b.Keys[i].NameSpan = key.Name, key.NameSpan
		ok = r.fill(&b.Keys[i].Values, &key.Value, label{"condition key", key.Name}, anyScalar) && ok
	}
	return ok
}
