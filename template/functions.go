package template

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

func itoa(n int) string { return strconv.Itoa(n) }

// badFunction reports an argument of the wrong form.
func (s *stack) badFunction(at *jsontree.Value, format string, args ...any) jsontree.Value {
	s.wrong("BAD_FUNCTION", at.Span, "", format, args...)
	return s.opaque("value", at.Span)
}

func (s *stack) ref(v, arg *jsontree.Value) jsontree.Value {
	name, ok := s.logicalName(arg)
	switch {
	case ok:
		return s.reference(name, arg.Span)
	case s.extended() && isFunction(arg):
		s.unreadable(arg.Span, "which resource or parameter is meant is not known")
		return s.opaque("value", arg.Span)
	}
	return s.badFunction(arg, "Ref takes a name, not %s", arg.Kind)
}

// logicalName returns the name that Ref or Fn::GetAtt is given. With
// AWS::LanguageExtensions a function may make it.
func (s *stack) logicalName(v *jsontree.Value) (string, bool) {
	if v.Kind != jsontree.String && s.extended() && isFunction(v) {
		made := s.eval(v)
		return made.Text, made.Kind == jsontree.String && !hole.Has(made.Text)
	}
	return v.Text, v.Kind == jsontree.String
}

// extended reports whether the template uses AWS::LanguageExtensions.
func (s *stack) extended() bool { return usesTransform(s.root.Get("Transform"), languageExtensions) }

// reference returns what Ref gives for a name.
func (s *stack) reference(name string, span source.Span) jsontree.Value {
	if value, ok := s.pseudoParameter(name, span); ok {
		return value
	}
	if p := s.parameters[name]; p != nil {
		return s.parameterValue(name, p)
	}
	if r := s.resources[name]; r != nil {
		return str(s.attribute(r, "Ref", span), span)
	}
	s.unknownName(name, span)
	return str(s.hole(Hole{Name: name, Why: "unknown"}), span)
}

func (s *stack) unknownName(name string, span source.Span) {
	if s.madeBySAM(name) {
		return
	}
	hint := ""
	if prefix, _, ok := strings.Cut(name, ":"); ok && prefix != "AWS" {
		hint = "write ${!" + name + "} for a variable of the policy language"
	}
	if hint == "" {
		hint = s.near.Hint(name, s.names())
	}
	s.wrong("UNKNOWN_REFERENCE", span, hint, "the template has no resource or parameter %s", near.Quote(name))
}

// madeBySAM reports whether a name is one that SAM may make, such as that of a
// permission for an event: it begins with the name of a resource of SAM.
func (s *stack) madeBySAM(name string) bool {
	const longest = 255 // of logical names
	for i := min(len(name)-1, longest); i > 0; i-- {
		if r := s.resources[name[:i]]; r != nil && strings.HasPrefix(r.kind, "AWS::Serverless::") {
			return true
		}
	}
	return false
}

// names lists what can be referred to, nothing once hints have cost enough.
func (s *stack) names() []string {
	if s.near.Spent() {
		return nil
	}
	names := make([]string, 0, len(s.order)+len(s.parameters))
	for _, r := range s.order {
		names = append(names, r.name)
	}
	for name := range s.parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *stack) getAtt(v, arg *jsontree.Value) jsontree.Value {
	name, attribute := "", ""
	switch {
	case arg.Kind == jsontree.Array && len(arg.Items) == 2:
		made, ok := s.logicalName(&arg.Items[0])
		if !ok {
			return s.badFunction(&arg.Items[0], "Fn::GetAtt takes the name of a resource that is known")
		}
		name, attribute = made, s.text(&arg.Items[1])
	case arg.Kind == jsontree.String && strings.Contains(arg.Text, "."):
		name, attribute, _ = strings.Cut(arg.Text, ".")
	default:
		return s.badFunction(arg, "Fn::GetAtt takes the name of a resource and one of an attribute")
	}
	return str(s.attributeOf(name, attribute, arg.Span), v.Span)
}

// attributeOf returns an attribute of a resource by its name.
func (s *stack) attributeOf(name, attribute string, span source.Span) string {
	r := s.resources[name]
	if r == nil {
		s.unknownName(name, span)
		return s.hole(Hole{Name: name + "." + attribute, Why: "unknown"})
	}
	return s.attribute(r, attribute, span)
}

func (s *stack) concatenation(v, _ *jsontree.Value) jsontree.Value {
	fragments := s.fragments(v)
	if len(fragments) == 1 {
		return str(fragments[0].text, v.Span)
	}
	var b strings.Builder
	for _, f := range fragments {
		b.WriteString(f.text)
	}
	return str(b.String(), v.Span)
}

func (s *stack) fnSelect(v, arg *jsontree.Value) jsontree.Value {
	if arg.Kind != jsontree.Array || len(arg.Items) != 2 {
		return s.badFunction(arg, "Fn::Select takes an index and a list")
	}
	index, list := s.text(&arg.Items[0]), s.eval(&arg.Items[1])
	if name, unknown := isUnknown(list); unknown {
		return str(s.session.hole(Hole{Name: "Select(" + index + "," + name + ")", Why: "item of an unknown list"}), v.Span)
	}
	if list.Kind != jsontree.Array {
		return s.badFunction(&arg.Items[1], "Fn::Select takes from a list, not from %s", list.Kind)
	}
	if hole.Has(index) {
		return str(s.session.hole(Hole{Name: "Select(" + index + "," + textList(list) + ")", Why: "item of a list", Alternatives: texts(list)}), v.Span)
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(list.Items) {
		return s.badFunction(&arg.Items[0], "index %s is not one of a list of %d", near.Quote(index), len(list.Items))
	}
	return list.Items[i]
}

// texts returns the items of a list of texts, nil for any other list.
func texts(list jsontree.Value) []string {
	var out []string
	for _, item := range list.Items {
		if item.Kind != jsontree.String {
			return nil
		}
		out = append(out, item.Text)
	}
	return out
}

// textList writes a list for the name of a hole, so that different lists make
// different names.
func textList(list jsontree.Value) string {
	var b strings.Builder
	writeJSON(&b, &list)
	return b.String()
}

func (s *stack) fnSplit(v, arg *jsontree.Value) jsontree.Value {
	if arg.Kind != jsontree.Array || len(arg.Items) != 2 {
		return s.badFunction(arg, "Fn::Split takes a delimiter and a text")
	}
	delimiter, text := s.text(&arg.Items[0]), s.text(&arg.Items[1])
	if delimiter == "" {
		return s.badFunction(&arg.Items[0], "the delimiter of Fn::Split is empty")
	}
	if !s.splittable(text, delimiter) {
		return str(s.session.hole(Hole{Name: "Split(" + strconv.Quote(delimiter) + "," + text + ")", Why: "list", list: true}), v.Span)
	}
	out := jsontree.Value{Kind: jsontree.Array, Span: v.Span}
	for part := range strings.SplitSeq(text, delimiter) {
		if !s.spend(v.Span, 1, 0) {
			break
		}
		out.Items = append(out.Items, str(part, v.Span))
	}
	return out
}

// splittable reports whether it is known where a delimiter stands in a text:
// in none of its holes.
func (s *stack) splittable(text, delimiter string) bool {
	if hole.Has(delimiter) {
		return false
	}
	for _, name := range hole.Names(text) {
		h := s.session.out.Holes[name]
		if !h.plain || strings.Trim(delimiter, ":/,; |") != "" {
			return false
		}
	}
	return true
}

func (s *stack) findInMap(v, arg *jsontree.Value) jsontree.Value {
	if arg.Kind != jsontree.Array || len(arg.Items) < 3 || len(arg.Items) > 4 {
		return s.badFunction(arg, "Fn::FindInMap takes the name of a map and two keys")
	}
	name, top, second := s.text(&arg.Items[0]), s.text(&arg.Items[1]), s.text(&arg.Items[2])
	var fallback *jsontree.Value
	if len(arg.Items) == 4 {
		fallback = arg.Items[3].Get("DefaultValue")
	}
	found := s.find(name, top, second)
	switch {
	case hole.Has(name), hole.Has(top), hole.Has(second):
		h := Hole{Name: "FindInMap(" + name + "," + top + "," + second + ")", Why: "value of a map"}
		h.Alternatives = alternatives(found)
		if fallback != nil {
			h.Alternatives = nil
		}
		return str(s.hole(h), v.Span)
	case len(found) == 1:
		return s.eval(found[0])
	case fallback != nil:
		return s.eval(fallback)
	}
	return s.badFunction(arg, "the mappings have no %s", near.Quote(name+"/"+top+"/"+second))
}

// find returns the values of the maps for three keys, where a key that is not
// known is any.
func (s *stack) find(keys ...string) []*jsontree.Value {
	level := []*jsontree.Value{s.mappings}
	for _, key := range keys {
		var next []*jsontree.Value
		for _, v := range level {
			if v == nil {
				continue
			}
			if !hole.Has(key) {
				if inner := v.Get(key); inner != nil {
					next = append(next, inner)
				}
				continue
			}
			for i := range v.Members {
				next = append(next, &v.Members[i].Value)
			}
		}
		if !s.spend(source.Span{}, len(next), 0) {
			return nil
		}
		level = next
	}
	return level
}

// alternatives returns the different texts of values, nil where one is no
// text.
func alternatives(values []*jsontree.Value) []string {
	var out []string
	for _, v := range values {
		if v.Kind != jsontree.String && v.Kind != jsontree.Number && v.Kind != jsontree.Bool {
			return nil
		}
		out = append(out, v.Text)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *stack) importValue(v, arg *jsontree.Value) jsontree.Value {
	name := s.text(arg)
	if text, known := s.exported(name); known {
		return str(text, v.Span)
	}
	return str(s.session.hole(Hole{Name: "Import:" + name, Why: "export of another stack"}), v.Span)
}

func (s *stack) stackOutput(v, arg *jsontree.Value) jsontree.Value {
	value := s.evalObject(arg)
	name := func(field string) string {
		if f := value.Get(field); f != nil {
			return s.textOf(*f)
		}
		return ""
	}
	return str(s.session.hole(Hole{Name: "StackOutput:" + name("StackName") + "." + name("OutputName"), Why: "output of another stack"}), v.Span)
}

func (s *stack) base64(v, arg *jsontree.Value) jsontree.Value {
	text := s.text(arg)
	if hole.Has(text) {
		return str(s.session.hole(Hole{Name: "Base64(" + text + ")", Why: "encoded text"}), v.Span)
	}
	if !s.spend(v.Span, 0, len(text)*4/3) {
		return s.opaque("value", v.Span)
	}
	return str(base64.StdEncoding.EncodeToString([]byte(text)), v.Span)
}

// unknownList is for the functions whose lists the account or a network tells.
func (s *stack) unknownList(v, arg *jsontree.Value) jsontree.Value {
	name := strings.TrimPrefix(memberOf(v, arg).Name, "Fn::")
	argument := s.eval(arg)
	text := argument.Text
	if argument.Kind == jsontree.Array {
		text = textList(argument)
	}
	return str(s.session.hole(Hole{Name: name + "(" + text + ")", Why: "list", list: true}), v.Span)
}

func (s *stack) length(v, arg *jsontree.Value) jsontree.Value {
	list := s.eval(arg)
	if name, unknown := isUnknown(list); unknown {
		return str(s.session.hole(Hole{Name: "Length(" + name + ")", Why: "length of an unknown list"}), v.Span)
	}
	if list.Kind != jsontree.Array {
		return s.badFunction(arg, "Fn::Length takes a list, not %s", list.Kind)
	}
	return jsontree.Value{Kind: jsontree.Number, Text: itoa(len(list.Items))}
}

func (s *stack) toJSON(v, arg *jsontree.Value) jsontree.Value {
	value := s.eval(arg)
	var b strings.Builder
	writeJSON(&b, &value)
	if b.Len() > maxText || !s.spend(v.Span, 0, b.Len()) {
		return s.tooLong(v.Span)
	}
	return str(b.String(), v.Span)
}

func (s *stack) transform(v, arg *jsontree.Value) jsontree.Value {
	name := "a macro"
	if n := arg.Get("Name"); n.Is(jsontree.String) {
		name = "the macro " + near.Quote(n.Text)
	}
	s.unreadable(v.Span, name+" makes this value when the template is deployed")
	return s.opaque("Transform", v.Span)
}

// writeJSON writes a value as JSON.
func writeJSON(b *strings.Builder, v *jsontree.Value) {
	switch v.Kind {
	case jsontree.String:
		writeString(b, v.Text)
	case jsontree.Array:
		b.WriteByte('[')
		for i := range v.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, &v.Items[i])
		}
		b.WriteByte(']')
	case jsontree.Object:
		b.WriteByte('{')
		for i := range v.Members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, v.Members[i].Name)
			b.WriteByte(':')
			writeJSON(b, &v.Members[i].Value)
		}
		b.WriteByte('}')
	case jsontree.Invalid:
		b.WriteString("null")
	default:
		b.WriteString(v.Text)
	}
}

const hexDigits = "0123456789abcdef"

func writeString(b *strings.Builder, text string) {
	b.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"', c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20:
			b.WriteString(`\u00`)
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}
