package template

import (
	"maps"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// resource is a resource of the template.
type resource struct {
	name       string
	kind       string // its type
	node       *jsontree.Value
	nameSpan   source.Span
	properties *jsontree.Value   // nil where there are none
	condition  *jsontree.Value   // nil where it always exists
	implied    bool              // not written: SAM makes it
	nested     *stack            // what a nested stack holds
	texts      map[string]string // attributes evaluated before
	open       map[string]bool   // attributes being evaluated
}

func (s *stack) addResource(m *jsontree.Member) {
	v := &m.Value
	if v.Kind != jsontree.Object {
		s.wrong("BAD_FIELD_TYPE", v.Span, "", "a resource must be an object, not %s", v.Kind)
		s.session.out.Incomplete = true
		return
	}
	r := &resource{name: m.Name, node: v, nameSpan: m.NameSpan, properties: v.Get("Properties"), condition: v.Get("Condition")}
	kind := v.Get("Type")
	if !kind.Is(jsontree.String) {
		s.wrong("MISSING_FIELD", m.NameSpan, "give its Type, such as AWS::IAM::Role", "resource %s has no Type", near.Quote(m.Name))
		s.session.out.Incomplete = true
		return
	}
	r.kind = kind.Text
	if v.Member("Fn::Transform") != nil {
		s.session.out.Incomplete = true
		s.unreadable(m.NameSpan, "a macro makes parts of this resource")
	}
	s.put(r)
}

// put adds a resource; of two with the same name, which is reported when the
// file is parsed, the last one counts.
func (s *stack) put(r *resource) {
	r.texts, r.open = map[string]string{}, map[string]bool{}
	if before := s.resources[r.name]; before != nil {
		*before = *r
		return
	}
	s.resources[r.name] = r
	s.order = append(s.order, r)
}

// property returns a property of a resource as it is written, nil where it is
// not there.
func (r *resource) property(path ...string) *jsontree.Value {
	v := r.properties
	for _, name := range path {
		v = v.Get(name)
	}
	return v
}

// attribute returns what Fn::GetAtt gives for a resource, or Ref for "Ref".
func (s *stack) attribute(r *resource, name string, at source.Span) string {
	if text, known := r.texts[name]; known {
		return text
	}
	if r.open[name] {
		s.wrong("REFERENCE_CYCLE", at, "", "%s refers to itself", near.Quote(r.name))
		return s.hole(Hole{Name: r.name + "." + name, Why: "attribute of " + r.kind})
	}
	if s.chain >= maxChain {
		s.tooDeep(at)
		return s.hole(Hole{Name: r.name + "." + name, Why: "attribute of " + r.kind})
	}
	r.open[name] = true
	s.chain++
	text := s.apart(func() string { return s.makeAttribute(r, name, at) })
	s.chain--
	r.open[name] = false
	if s.spend(at, 1, len(text)) {
		r.texts[name] = text
	}
	return text
}

func (s *stack) makeAttribute(r *resource, name string, at source.Span) string {
	if output, ok := strings.CutPrefix(name, "Outputs."); ok && r.nested != nil {
		if text, ok := r.nested.outputText(output); ok {
			return text
		}
		s.wrong("UNKNOWN_REFERENCE", at, s.near.Hint(output, slices.Sorted(maps.Keys(r.nested.outputs))), "nested stack %s has no output %s", near.Quote(r.name), near.Quote(output))
	}
	fact := resourceTypes()[r.kind]
	format, known := "", false
	if fact != nil {
		if format, known = fact.attributes[name]; name == "Ref" {
			format, known = fact.ref, true
		}
	}
	if known {
		if text, ok := s.format(format, r); ok {
			return text
		}
	}
	return s.unknownAttribute(r, name)
}

// unknownAttribute is a value that AWS chooses or that the table does not know.
// Attributes of types outside of the table may be anything.
func (s *stack) unknownAttribute(r *resource, name string) string {
	h := Hole{Name: r.name + "." + name, Why: name + " of " + r.kind}
	if name == "Ref" {
		h.Name, h.Why = r.name, "Ref of "+r.kind
	}
	return s.hole(h)
}

// expand fills a format whose placeholders are all those of the stack.
func (s *stack) expand(format string, r *resource) string {
	text, _ := s.format(format, r)
	return text
}

// places are the placeholders of formats that every stack has.
var places = map[string]string{
	"Partition": "AWS::Partition", "Region": "AWS::Region", "Account": "AWS::AccountId", "URLSuffix": "AWS::URLSuffix",
}

// format fills a format of the table; ok is false where a property names a
// resource of another place, so that the format does not hold.
func (s *stack) format(format string, r *resource) (text string, ok bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(format, "${")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, _ := strings.Cut(rest, "}")
		format = after
		name, option, _ := strings.Cut(name, ":")
		if pseudo, is := places[name]; is {
			b.WriteString(s.pseudoText(pseudo))
			continue
		}
		value, set := s.namePart(r, name)
		switch {
		case option == "host":
			if value == "" {
				return "", false
			}
			value = strings.TrimPrefix(value, "https://")
		case strings.HasPrefix(option, "-"):
			if value == "" {
				value = option[1:]
			}
		case strings.HasPrefix(option, "+"):
			if value == "" || value == "default" {
				continue
			}
			if set && strings.HasPrefix(value, "arn:") {
				return "", false
			}
			value += option[1:]
		case value == "":
			value = s.hole(Hole{Name: r.name + "." + name, Why: name + " of " + r.kind, plain: true})
		}
		if set && strings.HasPrefix(value, "arn:") && b.Len() > 0 {
			if value, ok = within(b.String(), value); !ok {
				return "", false
			}
		}
		if b.Len()+len(value) > maxText {
			return "", false
		}
		b.WriteString(value)
	}
}

// within returns the name in an ARN of the service, Region and account that a
// text begins with: its last part.
func within(before, arn string) (string, bool) {
	head := before
	if parts := strings.SplitN(before, ":", 6); len(parts) == 6 {
		head = strings.Join(parts[:5], ":") + ":"
	}
	if !strings.HasPrefix(arn, head) {
		return "", false
	}
	rest := arn[len(head):]
	return rest[strings.LastIndexAny(rest, ":/")+1:], true
}

// namePart returns a property that is a part of names, "" where it is not set.
func (s *stack) namePart(r *resource, name string) (text string, set bool) {
	v := r.property(name)
	if v == nil || v.Kind == jsontree.Array {
		return "", false
	}
	if v.Kind == jsontree.Object {
		if f, _ := s.function(v); f == nil {
			return "", false
		}
	}
	generated := func() string {
		return s.hole(Hole{Name: r.name + "." + name, Why: name + " of " + r.kind, plain: true})
	}
	list := s.variants(v)
	some := false
	for _, c := range list {
		some = some || c.value.Kind != jsontree.Invalid
	}
	if !some {
		return "", false
	}
	return s.merge(list, func(value jsontree.Value) string {
		if value.Kind == jsontree.Invalid {
			return generated()
		}
		return s.textOf(value)
	}), true
}
