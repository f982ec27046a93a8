package template

import (
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// eval returns a value with its functions worked out. What has no value
// (AWS::NoValue) is Invalid and left out of what is around it. An unknown text,
// list or object is a string that is one hole. Spans are those of the template:
// what a function gives has the span of the function.
func (s *stack) eval(v *jsontree.Value) jsontree.Value {
	if !s.spend(v.Span, 1, 0) {
		return str(s.hole(Hole{Name: "?", Why: "not evaluated"}), v.Span)
	}
	switch v.Kind {
	case jsontree.String:
		out := *v
		out.Text = s.dynamic(v.Text)
		return out
	case jsontree.Array:
		return s.evalArray(v)
	case jsontree.Object:
		if f, m := s.function(v); f != nil {
			out := f(s, v, &m.Value)
			out.Span = v.Span
			if out.Kind == jsontree.String {
				out.Text = s.dynamic(out.Text)
			}
			return out
		}
		return s.evalObject(v)
	}
	return *v
}

func (s *stack) evalArray(v *jsontree.Value) jsontree.Value {
	out := jsontree.Value{Kind: jsontree.Array, Span: v.Span, Items: make([]jsontree.Value, 0, len(v.Items))}
	for i := range v.Items {
		if item := s.eval(&v.Items[i]); item.Kind != jsontree.Invalid {
			out.Items = append(out.Items, item)
		}
	}
	return out
}

// evalObject evaluates the members. Of members of the same name, which are
// reported where the file is parsed, the last one counts.
func (s *stack) evalObject(v *jsontree.Value) jsontree.Value {
	out := jsontree.Value{Kind: jsontree.Object, Span: v.Span, Members: make([]jsontree.Member, 0, len(v.Members))}
	last := lastMembers(v)
	for i := range v.Members {
		m := &v.Members[i]
		if last != nil && last[m.Name] != i {
			continue
		}
		if m.Name == "Fn::Transform" {
			s.unreadable(m.NameSpan, "a macro makes members of this object")
			continue
		}
		if value := s.eval(&m.Value); value.Kind != jsontree.Invalid {
			out.Members = append(out.Members, jsontree.Member{Name: m.Name, NameSpan: m.NameSpan, Value: value})
		}
	}
	return out
}

// lastMembers returns the index of the last member of each name, nil where no
// two have the same.
func lastMembers(v *jsontree.Value) map[string]int {
	if len(v.Members) <= smallObject && !repeats(v) {
		return nil
	}
	last := make(map[string]int, len(v.Members))
	for i := range v.Members {
		last[v.Members[i].Name] = i
	}
	if len(last) == len(v.Members) {
		return nil
	}
	return last
}

// smallObject is the size up to which comparing names is quicker than a map.
const smallObject = 8

func repeats(v *jsontree.Value) bool {
	for i := range v.Members {
		for j := range i {
			if v.Members[i].Name == v.Members[j].Name {
				return true
			}
		}
	}
	return false
}

// intrinsic evaluates a function: v is the object that it stands in, arg its
// argument.
type intrinsic func(s *stack, v, arg *jsontree.Value) jsontree.Value

// intrinsics are the functions that stand for values. Source: CloudFormation
// template reference, "Intrinsic function reference". Read in November 2026.
func intrinsics(name string) intrinsic {
	switch name {
	case "Ref":
		return (*stack).ref
	case "Fn::GetAtt":
		return (*stack).getAtt
	case "Fn::Sub", "Fn::Join":
		return (*stack).concatenation
	case "Fn::If":
		return (*stack).fnIf
	case "Fn::Select":
		return (*stack).fnSelect
	case "Fn::Split":
		return (*stack).fnSplit
	case "Fn::FindInMap":
		return (*stack).findInMap
	case "Fn::ImportValue":
		return (*stack).importValue
	case "Fn::GetStackOutput":
		return (*stack).stackOutput
	case "Fn::Base64":
		return (*stack).base64
	case "Fn::GetAZs", "Fn::Cidr":
		return (*stack).unknownList
	case "Fn::Length":
		return (*stack).length
	case "Fn::ToJsonString":
		return (*stack).toJSON
	case "Fn::Transform":
		return (*stack).transform
	}
	return nil
}

// conditionFunctions give true or false and stand in conditions only.
var conditionFunctions = map[string]bool{
	"Fn::And": true, "Fn::Or": true, "Fn::Not": true, "Fn::Equals": true,
	"Fn::Contains": true, "Fn::EachMemberEquals": true, "Fn::EachMemberIn": true, "Fn::RefAll": true, "Fn::ValueOf": true, "Fn::ValueOfAll": true,
}

var intrinsicNames = []string{
	"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::Select", "Fn::Split", "Fn::FindInMap", "Fn::ImportValue", "Fn::GetStackOutput",
	"Fn::Base64", "Fn::GetAZs", "Fn::Cidr", "Fn::Length", "Fn::ToJsonString", "Fn::Transform",
}

// function returns the function that an object is, and the member that names
// it; nil for any other object.
func (s *stack) function(v *jsontree.Value) (intrinsic, *jsontree.Member) {
	if len(v.Members) != 1 {
		for i := range v.Members {
			if name := v.Members[i].Name; strings.HasPrefix(name, "Fn::") && name != "Fn::Transform" {
				return (*stack).notAlone, &v.Members[i]
			}
		}
		return nil, nil
	}
	m := &v.Members[0]
	if m.Name != "Ref" && !strings.HasPrefix(m.Name, "Fn::") {
		return nil, nil
	}
	if f := intrinsics(m.Name); f != nil {
		return f, m
	}
	return (*stack).unknownFunction, m
}

func (s *stack) notAlone(v, arg *jsontree.Value) jsontree.Value {
	at := memberOf(v, arg)
	s.wrong("BAD_FUNCTION", at.NameSpan, "move the other members out of this object", "%s must be the only member of its object", near.Quote(at.Name))
	return s.opaque("value", at.NameSpan)
}

func (s *stack) unknownFunction(v, arg *jsontree.Value) jsontree.Value {
	m := memberOf(v, arg)
	switch {
	case conditionFunctions[m.Name]:
		s.wrong("BAD_FUNCTION", m.NameSpan, "name it in Conditions, and use Fn::If here", "%s stands in conditions only", m.Name)
	case strings.HasPrefix(m.Name, "Fn::ForEach::"):
		s.wrong("UNKNOWN_FUNCTION", m.NameSpan, "it needs the transform AWS::LanguageExtensions, and stands in Resources, Conditions, Outputs or properties",
			"%s is not expanded here", near.Quote(m.Name))
	default:
		s.wrong("UNKNOWN_FUNCTION", m.NameSpan, s.near.Hint(m.Name, intrinsicNames), "there is no function %s", near.Quote(m.Name))
	}
	return s.opaque("value", m.NameSpan)
}

// memberOf returns the member of an object that has a value.
func memberOf(v, value *jsontree.Value) *jsontree.Member {
	for i := range v.Members {
		if &v.Members[i].Value == value {
			return &v.Members[i]
		}
	}
	return &v.Members[0]
}

// opaque returns an unknown value that is named by its place.
func (s *stack) opaque(what string, at source.Span) jsontree.Value {
	p := s.file.Position(at.Start)
	return str(s.hole(Hole{Name: what + "@" + itoa(p.Line) + ":" + itoa(p.Column), Why: "unreadable"}), at)
}

// text returns a value as one text, "" with a finding where it is none.
func (s *stack) text(v *jsontree.Value) string {
	return s.textOf(s.eval(v))
}

// textOf returns an evaluated value as one text. No value is an empty text.
func (s *stack) textOf(v jsontree.Value) string {
	switch v.Kind {
	case jsontree.String, jsontree.Number, jsontree.Bool:
		return v.Text
	case jsontree.Invalid:
		return ""
	}
	s.wrong("BAD_FIELD_TYPE", v.Span, "", "a text should stand here, not %s", v.Kind)
	return s.opaque("text", v.Span).Text
}

const resolve = "{{resolve:"

// dynamic makes holes of dynamic references, which CloudFormation fills when it
// deploys. Source: CloudFormation user guide, "Get values stored in other
// services using dynamic references".
func (s *stack) dynamic(text string) string {
	if !strings.Contains(text, resolve) {
		return text
	}
	var b strings.Builder
	for {
		start := strings.Index(text, resolve)
		length := -1
		if start >= 0 {
			length = strings.Index(text[start:], "}}")
		}
		if length < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:start])
		name := text[start+2 : start+length]
		b.WriteString(s.session.hole(Hole{Name: name, Why: "dynamic reference", Secret: !strings.HasPrefix(name, "resolve:ssm:")}))
		text = text[start+length+2:]
	}
}

// isUnknown reports whether an evaluated value is wholly unknown, and names it.
func isUnknown(v jsontree.Value) (string, bool) {
	if v.Kind != jsontree.String {
		return "", false
	}
	return hole.Whole(v.Text)
}
