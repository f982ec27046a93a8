package template

import (
	"regexp"
	"strings"
	"sync"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
)

const loopPrefix = "Fn::ForEach::"

// maxCopies bounds the values that loops add to a template.
const maxCopies = 500_000

// expandLoops writes out the Fn::ForEach of the whole template. Source:
// CloudFormation template reference, "Fn::ForEach". What cannot be written out
// stays and is reported where it is read.
func (s *stack) expandLoops() {
	if !strings.Contains(s.file.Text, loopPrefix) {
		return
	}
	if !s.extended() {
		s.warn("UNKNOWN_TRANSFORM", s.root.Span, `add "Transform": "AWS::LanguageExtensions"`, "Fn::ForEach needs the transform %s", languageExtensions)
	}
	e := &expander{stack: s}
	root := *s.root
	e.original = s.root
	root.Members = append([]jsontree.Member(nil), root.Members...)
	for i := range root.Members {
		if name := root.Members[i].Name; name == "Resources" || name == "Conditions" || name == "Outputs" {
			root.Members[i].Value = e.value(root.Members[i].Value, nil)
		}
	}
	s.expanded = &root
}

// expander writes out loops.
type expander struct {
	stack    *stack
	original *jsontree.Value
	copies   int
}

// binding is the value of a loop's identifier, inside other loops.
type binding struct {
	name, value string
	around      *binding
}

// value returns a copy of a value in which loops are written out and the
// identifiers of those around it are filled in.
func (e *expander) value(v jsontree.Value, in *binding) jsontree.Value {
	if in != nil {
		e.copies++
		if e.copies > maxCopies {
			if e.copies == maxCopies+1 {
				e.stack.wrong("TEMPLATE_TOO_LARGE", v.Span, "", "loops add more than %d values", maxCopies)
			}
			return v
		}
	}
	switch v.Kind {
	case jsontree.String:
		v.Text = in.fill(v.Text)
	case jsontree.Array:
		items := make([]jsontree.Value, len(v.Items))
		for i := range v.Items {
			items[i] = e.value(v.Items[i], in)
		}
		v.Items = items
	case jsontree.Object:
		if len(v.Members) == 1 && v.Members[0].Name == "Ref" {
			if text, ok := in.lookup(v.Members[0].Value.Text); ok {
				return str(text, v.Span)
			}
		}
		members := make([]jsontree.Member, 0, len(v.Members))
		for i := range v.Members {
			members = e.member(members, v.Members[i], in)
		}
		v.Members = members
	}
	return v
}

func (e *expander) member(members []jsontree.Member, m jsontree.Member, in *binding) []jsontree.Member {
	m.Name = in.fill(m.Name)
	if strings.HasPrefix(m.Name, loopPrefix) {
		if out, ok := e.loop(members, &m, in); ok {
			return out
		}
	}
	m.Value = e.value(m.Value, in)
	return append(members, m)
}

// loop appends what a loop makes; ok is false where its collection is unknown.
func (e *expander) loop(members []jsontree.Member, m *jsontree.Member, in *binding) ([]jsontree.Member, bool) {
	s, v := e.stack, &m.Value
	if v.Kind != jsontree.Array || len(v.Items) != 3 || v.Items[0].Kind != jsontree.String || v.Items[2].Kind != jsontree.Object {
		s.wrong("BAD_FUNCTION", m.NameSpan, "", "Fn::ForEach takes an identifier, a collection and an object")
		return members, true
	}
	items := e.value(v.Items[1], in)
	collection := s.decidedValue(&items)
	if name, unknown := isUnknown(collection); unknown {
		s.session.out.Incomplete = true
		s.unreadable(m.NameSpan, "the collection of "+near.Quote(m.Name)+", "+name+", is not known")
		return members, true
	}
	values := texts(collection)
	if collection.Kind != jsontree.Array || values == nil && len(collection.Items) > 0 {
		s.wrong("BAD_FUNCTION", v.Items[1].Span, "", "Fn::ForEach takes a list of texts")
		return members, true
	}
	for _, text := range values {
		if hole.Has(text) {
			s.session.out.Incomplete = true
			s.unreadable(v.Items[1].Span, "an item of the collection is not known")
			continue
		}
		if e.copies > maxCopies {
			break
		}
		inner := &binding{v.Items[0].Text, text, in}
		for i := range v.Items[2].Members {
			members = e.member(members, v.Items[2].Members[i], inner)
		}
	}
	return members, true
}

func (b *binding) lookup(name string) (string, bool) {
	for ; b != nil; b = b.around {
		if b.name == name {
			return b.value, true
		}
	}
	return "", false
}

var notAlphanumeric = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^0-9A-Za-z]`) })

// fill writes the values of identifiers into a text: ${Name} as they are,
// &{Name} without what no logical name can have.
func (b *binding) fill(text string) string {
	if b == nil || !strings.Contains(text, "{") {
		return text
	}
	for ; b != nil; b = b.around {
		text = strings.ReplaceAll(text, "${"+b.name+"}", b.value)
		text = strings.ReplaceAll(text, "&{"+b.name+"}", notAlphanumeric().ReplaceAllString(b.value, ""))
		if len(text) > maxText {
			return text[:0]
		}
	}
	return text
}
