package template

import (
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// documentCase is a policy document as it is under some assumptions.
type documentCase struct {
	document *policy.Document // nil where it cannot be read
	cases    []When           // of its statements
	when     When             // of the whole
	whole    bool
	span     source.Span
	pointer  string
}

// documents reads a policy document, once for each outcome of the conditions
// that pick it as a whole. Conditions inside it make cases of statements.
func (s *stack) documents(v *jsontree.Value) []documentCase {
	var out []documentCase
	var list []element
	s.eachElement(v, nil, false, &list)
	for _, e := range list {
		c := documentCase{when: e.when, span: e.node.Span, pointer: jsontree.Pointer(s.root, e.node.Span)}
		c.whole = s.whole(func() {
			s.under(e.when, func() { c.document, c.cases = s.documentOf(e.node) })
		})
		out = append(out, c)
	}
	return out
}

// documentOf reads a document: an object, or JSON in a text.
func (s *stack) documentOf(v *jsontree.Value) (*policy.Document, []When) {
	if inner := jsonArgument(v); inner != nil {
		return s.documentOf(inner)
	}
	if v.Kind == jsontree.Object {
		if f, _ := s.function(v); f == nil {
			return s.documentTree(v)
		}
	}
	text, from := s.joined(s.fragments(v))
	if s.split != "" {
		s.split = ""
		s.unreadable(v.Span, "a condition changes parts of this text")
		return nil, nil
	}
	if name, unknown := hole.Whole(text); unknown {
		s.unreadable(v.Span, "the value of "+name+" is not known")
		return nil, nil
	}
	root := s.parseText(v, text, from)
	if root == nil {
		return nil, nil
	}
	doc, _ := s.finish(root)
	if doc == nil {
		return nil, nil
	}
	return doc, make([]When, len(doc.Statements))
}

// jsonArgument returns what Fn::ToJsonString writes as JSON, nil for any other
// value.
func jsonArgument(v *jsontree.Value) *jsontree.Value {
	if len(v.Members) == 1 && v.Members[0].Name == "Fn::ToJsonString" {
		return &v.Members[0].Value
	}
	return nil
}

// parseText reads a text that holds JSON; its spans are those of the file.
func (s *stack) parseText(v *jsontree.Value, text string, from *origin) *jsontree.Value {
	root, duplicates, err := jsontree.Parse(text)
	if err != nil {
		span := moved(err.Span, from)
		if hole.Has(text) {
			s.unreadable(span, "with its unknown parts this text is no JSON")
			return nil
		}
		s.wrong("MALFORMED_JSON", span, "", "%s", err.Msg)
		return nil
	}
	for _, d := range duplicates {
		s.wrong("DUPLICATE_KEY", moved(d.Second, from), "only one would count", "%q is already a name in this object", d.Name)
	}
	moveSpans(root, spanThrough(from.at))
	return root
}

func moved(span source.Span, from *origin) source.Span { return spanThrough(from.at)(span) }

// spanThrough moves spans by a function that moves offsets.
func spanThrough(at func(int32) int32) func(source.Span) source.Span {
	return func(span source.Span) source.Span {
		start := at(span.Start)
		return source.Span{Start: start, End: max(start, at(span.End))}
	}
}

// moveSpans moves the spans of a tree.
func moveSpans(v *jsontree.Value, move func(source.Span) source.Span) {
	v.Span = move(v.Span)
	for i := range v.Items {
		moveSpans(&v.Items[i], move)
	}
	for i := range v.Members {
		v.Members[i].NameSpan = move(v.Members[i].NameSpan)
		moveSpans(&v.Members[i].Value, move)
	}
}

// documentTree evaluates a document that is written as an object. Each
// statement that a condition changes stands in the result once for each outcome.
func (s *stack) documentTree(v *jsontree.Value) (*policy.Document, []When) {
	out := jsontree.Value{Kind: jsontree.Object, Span: v.Span}
	var cases []When
	last := lastMembers(v)
	for i := range v.Members {
		m := &v.Members[i]
		if last != nil && last[m.Name] != i {
			continue
		}
		value := jsontree.Value{}
		switch m.Name {
		case "Statement":
			value, cases = s.statements(&m.Value)
		case "Fn::Transform":
			s.unreadable(m.NameSpan, "a macro makes parts of this policy")
		default:
			value = s.decidedValue(&m.Value)
			if value.Kind == jsontree.String && hole.Has(value.Text) && m.Name == policy.ElementVersion {
				s.unreadable(m.Value.Span, "the version of the policy language is not known")
				value.Kind = jsontree.Invalid
			}
		}
		if value.Kind != jsontree.Invalid {
			out.Members = append(out.Members, jsontree.Member{Name: m.Name, NameSpan: m.NameSpan, Value: value})
		}
	}
	doc, _ := s.finish(&out)
	if doc != nil && len(cases) != len(doc.Statements) { // a Statement that is no list of objects
		cases = make([]When, len(doc.Statements))
	}
	return doc, cases
}

// statements evaluates the statements of a document.
func (s *stack) statements(v *jsontree.Value) (jsontree.Value, []When) {
	list := jsontree.Value{Kind: jsontree.Array, Span: v.Span}
	var cases []When
	for _, e := range s.elements(v) {
		s.under(e.when, func() {
			for _, c := range s.statementCases(e.node) {
				items := []jsontree.Value{c.value}
				if c.value.Kind == jsontree.Array {
					items = c.value.Items
				}
				for _, item := range items {
					if item.Kind != jsontree.Invalid && s.plainStatement(&item) {
						list.Items = append(list.Items, item)
						cases = append(cases, append(append(When(nil), e.when...), c.when...))
					}
				}
			}
		})
	}
	if v.Kind == jsontree.Object && len(list.Items) == 1 && len(cases[0]) == 0 {
		if f, _ := s.function(v); f == nil {
			return list.Items[0], cases
		}
	}
	return list, cases
}

// statementCases evaluates a statement, also for both outcomes of a condition
// that decides its effect.
func (s *stack) statementCases(v *jsontree.Value) []variant {
	effect := v.Get(policy.ElementEffect)
	if effect != nil && len(effect.Members) == 1 && effect.Members[0].Name == "Fn::If" {
		arg := &effect.Members[0].Value
		if arg.Kind == jsontree.Array && len(arg.Items) == 3 && arg.Items[0].Kind == jsontree.String && s.decided(arg) == nil {
			var out []variant
			for _, holds := range []bool{true, false} {
				a := Assumption{arg.Items[0].Text, holds}
				s.assuming(a, func() {
					for _, c := range s.variants(v) {
						c.when = append(When{a}, c.when...)
						out = append(out, c)
					}
				})
			}
			return out
		}
	}
	return s.variants(v)
}

// objects are the elements of a statement that are objects: an unknown value
// there leaves its shape open.
var objects = []string{policy.ElementPrincipal, policy.ElementNotPrincipal, policy.ElementCondition}

// plainStatement reports whether the shape of a statement is known; a finding
// says so where it is not.
func (s *stack) plainStatement(v *jsontree.Value) bool {
	if name, unknown := isUnknown(*v); unknown {
		s.unreadable(v.Span, "a statement, "+name+", is not known")
		return false
	}
	if effect := v.Get(policy.ElementEffect); effect != nil {
		if name, unknown := isUnknown(*effect); unknown {
			s.unreadable(effect.Span, "the effect, "+name+", is not known")
			return false
		}
	}
	for _, element := range objects {
		o := v.Get(element)
		if o == nil {
			continue
		}
		if name, unknown := isUnknown(*o); unknown {
			s.unreadable(o.Span, element+", "+name+", is not known")
			return false
		}
		if element != policy.ElementCondition {
			continue
		}
		for i := range o.Members {
			if name, unknown := isUnknown(o.Members[i].Value); unknown {
				s.unreadable(o.Members[i].Value.Span, "the condition "+o.Members[i].Name+", "+name+", is not known")
				return false
			}
		}
	}
	return true
}

// finish makes a document of an evaluated tree. Of the findings about its text
// those stay that do not depend on what is unknown.
func (s *stack) finish(root *jsontree.Value) (*policy.Document, bool) {
	if root.Kind == jsontree.String {
		s.unreadable(root.Span, "the policy is a text inside a text")
		return nil, false
	}
	unknown := map[source.Span]bool{}
	unknownSpans(root, unknown)
	doc, list := policy.FromValue(s.file, s.root, root)
	for _, f := range list {
		if unknown[f.Span] && strings.HasPrefix(f.Code, "TYPE_MISMATCH") {
			continue
		}
		if f.Severity == source.Error {
			s.broken = true
		}
		key := report{f.Code, f.Span, f.Message}
		if !s.reported[key] {
			s.reported[key] = true
			s.findings.Add(f)
		}
	}
	return doc, true
}

// unknownSpans gathers the spans of the strings that have holes.
func unknownSpans(v *jsontree.Value, spans map[source.Span]bool) {
	if v.Kind == jsontree.String && hole.Has(v.Text) {
		spans[v.Span] = true
	}
	for i := range v.Items {
		unknownSpans(&v.Items[i], spans)
	}
	for i := range v.Members {
		unknownSpans(&v.Members[i].Value, spans)
	}
}
