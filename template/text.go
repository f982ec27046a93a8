package template

import (
	"strconv"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// fragment is a part of a text, with the place that it comes from: a part of a
// string that stands in the template, from an offset of its text on, or the
// result of a function.
type fragment struct {
	text string
	node *jsontree.Value // the string, nil for what a function gives
	at   int             // offset of text in the string
	span source.Span     // of the function
}

// fragments returns the parts of a text. A definition or a policy that stands
// in a string is read from them, so that its findings can point at the place
// where a part was written.
func (s *stack) fragments(v *jsontree.Value) []fragment {
	if v.Kind == jsontree.String {
		text := s.dynamic(v.Text)
		if text != v.Text {
			return s.fromFunction(text, v.Span)
		}
		return []fragment{{text: text, node: v}}
	}
	if v.Kind == jsontree.Object && len(v.Members) == 1 {
		m := &v.Members[0]
		switch m.Name {
		case "Fn::Sub":
			return s.sub(v, &m.Value)
		case "Fn::Join":
			return s.join(v, &m.Value)
		case "Fn::If":
			if branch := s.decided(&m.Value); branch != nil {
				return s.fragments(branch)
			}
		}
	}
	return s.fromFunction(s.text(v), v.Span)
}

// fromFunction is a text that comes from one place as a whole.
func (s *stack) fromFunction(text string, span source.Span) []fragment {
	return []fragment{{text: text, span: span}}
}

// collect joins fragments within the limits of texts.
type collect struct {
	stack *stack
	at    source.Span
	list  []fragment
	size  int
	over  bool
}

func (c *collect) add(list ...fragment) {
	for _, f := range list {
		if f.text == "" || c.over {
			continue
		}
		c.size += len(f.text)
		if c.size > maxText || !c.stack.spend(c.at, 1, len(f.text)) {
			c.over = true
			c.list = []fragment{{text: c.stack.tooLong(c.at).Text, span: c.at}}
			return
		}
		c.list = append(c.list, f)
	}
}

// tooLong stands for a text that is not built.
func (s *stack) tooLong(span source.Span) jsontree.Value {
	s.wrong("TEMPLATE_TOO_LARGE", span, "", "this text is longer than %d bytes", maxText)
	return s.opaque("text", span)
}

// join evaluates Fn::Join.
func (s *stack) join(v, arg *jsontree.Value) []fragment {
	if arg.Kind != jsontree.Array || len(arg.Items) != 2 {
		return s.fromFunction(s.badFunction(arg, "Fn::Join takes a delimiter and a list").Text, v.Span)
	}
	delimiter := s.text(&arg.Items[0])
	c := &collect{stack: s, at: v.Span}
	list := &arg.Items[1]
	if list.Kind == jsontree.Array {
		first := true
		for i := range list.Items {
			item := &list.Items[i]
			if isNoValue(item) {
				continue
			}
			if !first {
				c.add(fragment{text: delimiter, span: arg.Items[0].Span})
			}
			first = false
			c.add(s.fragments(item)...)
		}
		return c.list
	}
	value := s.eval(list)
	if name, unknown := isUnknown(value); unknown {
		return s.fromFunction(s.session.hole(Hole{Name: "Join(" + strconv.Quote(delimiter) + "," + name + ")", Why: "joined list"}), v.Span)
	}
	if value.Kind != jsontree.Array {
		return s.fromFunction(s.badFunction(list, "Fn::Join takes a list, not %s", value.Kind).Text, v.Span)
	}
	for i := range value.Items {
		if i > 0 {
			c.add(fragment{text: delimiter, span: arg.Items[0].Span})
		}
		c.add(fragment{text: s.textOf(value.Items[i]), span: value.Items[i].Span})
	}
	return c.list
}

func isNoValue(v *jsontree.Value) bool {
	return len(v.Members) == 1 && v.Members[0].Name == "Ref" && v.Members[0].Value.Text == "AWS::NoValue"
}

// sub evaluates Fn::Sub.
func (s *stack) sub(v, arg *jsontree.Value) []fragment {
	text, variables := arg, (*jsontree.Value)(nil)
	if arg.Kind == jsontree.Array {
		if len(arg.Items) == 0 || len(arg.Items) > 2 || len(arg.Items) == 2 && arg.Items[1].Kind != jsontree.Object {
			return s.fromFunction(s.badFunction(arg, "Fn::Sub takes a text and an object with variables").Text, v.Span)
		}
		if text = &arg.Items[0]; len(arg.Items) == 2 {
			variables = &arg.Items[1]
		}
	}
	if isFunction(text) { // with AWS::LanguageExtensions, or a macro
		value := s.eval(text)
		if name, unknown := isUnknown(value); unknown {
			return s.fromFunction(s.session.hole(Hole{Name: "Sub(" + name + ")", Why: "substituted text"}), v.Span)
		}
		text = &value
	}
	if text.Kind != jsontree.String {
		return s.fromFunction(s.badFunction(text, "Fn::Sub takes a text, not %s", text.Kind).Text, v.Span)
	}
	c := &collect{stack: s, at: v.Span}
	known := map[string][]fragment{}
	for at := 0; at < len(text.Text); {
		start, end := nextVariable(text.Text, at)
		if start < 0 {
			c.add(fragment{text: text.Text[at:], node: text, at: at})
			break
		}
		c.add(fragment{text: text.Text[at:start], node: text, at: at})
		name := text.Text[start+2 : end-1]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			c.add(fragment{text: "${" + literal + "}", node: text, at: start})
		} else {
			name = strings.TrimSpace(name)
			value, seen := known[name]
			if !seen {
				value = s.variable(name, variables, text)
				known[name] = value
			}
			c.add(value...)
		}
		at = end
	}
	for i := range c.list { // dynamic references reach across variables
		if strings.Contains(c.list[i].text, resolve) {
			var b strings.Builder
			for _, f := range c.list {
				b.WriteString(f.text)
			}
			return s.fromFunction(s.dynamic(b.String()), v.Span)
		}
	}
	return c.list
}

// nextVariable finds the next ${...} in a text of Fn::Sub, from an offset on.
func nextVariable(text string, from int) (start, end int) {
	start = strings.Index(text[from:], "${")
	if start < 0 {
		return -1, -1
	}
	start += from
	length := strings.IndexByte(text[start:], '}')
	if length < 0 {
		return -1, -1
	}
	return start, start + length + 1
}

// variable returns what stands for ${name} in a text of Fn::Sub.
func (s *stack) variable(name string, variables, text *jsontree.Value) []fragment {
	span := text.Span
	if value := variables.Get(name); value != nil {
		return s.few(s.fragments(value), value.Span)
	}
	if name == "" {
		s.wrong("BAD_FUNCTION", span, "write ${!} for the text itself", "Fn::Sub has a variable without a name")
		return s.fromFunction("${}", span)
	}
	if s.parameters[name] != nil || s.resources[name] != nil || strings.HasPrefix(name, "AWS::") {
		return s.fromFunction(s.textOf(s.reference(name, span)), span)
	}
	if resource, attribute, ok := strings.Cut(name, "."); ok {
		return s.fromFunction(s.attributeOf(resource, attribute, span), span)
	}
	s.unknownName(name, span)
	return s.fromFunction(s.hole(Hole{Name: name, Why: "unknown"}), span)
}

// maxFragments is how many parts of a variable keep their places.
const maxFragments = 64

// few makes one fragment of many: they may be repeated, and doubled again.
func (s *stack) few(list []fragment, span source.Span) []fragment {
	if len(list) <= maxFragments {
		return list
	}
	text, _ := s.joined(list)
	return s.fromFunction(text, span)
}

// isText reports whether an evaluated value can stand in a text.
func isText(v jsontree.Value) bool {
	return v.Kind == jsontree.String || v.Kind == jsontree.Number || v.Kind == jsontree.Bool
}

// decided returns the branch of Fn::If that its condition picks, nil where it
// is undecided or the function is broken, which eval reports.
func (s *stack) decided(arg *jsontree.Value) *jsontree.Value {
	if arg.Kind != jsontree.Array || len(arg.Items) != 3 || arg.Items[0].Kind != jsontree.String {
		return nil
	}
	switch s.conditionNamed(arg.Items[0].Text, arg.Items[0].Span) {
	case yes:
		return &arg.Items[1]
	case no:
		return &arg.Items[2]
	}
	return nil
}

// fnIf evaluates Fn::If. Of an undecided condition with two texts it makes a
// hole that is one of them. Anything else cannot stand in one tree: the
// condition is noted, and what is being read is read for both of its outcomes.
func (s *stack) fnIf(v, arg *jsontree.Value) jsontree.Value {
	if arg.Kind != jsontree.Array || len(arg.Items) != 3 || arg.Items[0].Kind != jsontree.String {
		return s.badFunction(arg, "Fn::If takes the name of a condition and two values")
	}
	if branch := s.decided(arg); branch != nil {
		return s.eval(branch)
	}
	name := arg.Items[0].Text
	if s.split != "" { // this reading is given up anyway
		return jsontree.Value{}
	}
	a, b := s.eval(&arg.Items[1]), s.eval(&arg.Items[2])
	if isText(a) && isText(b) && a.Kind == b.Kind && s.split == "" {
		return str(s.either(name, a.Text, b.Text), v.Span)
	}
	s.split = name
	return jsontree.Value{}
}

// either returns a text that is one of two as a condition is decided.
func (s *stack) either(name, holds, not string) string {
	if holds == not {
		return holds
	}
	key := s.name + "\x00" + name + "\x00" + holds + "\x00" + not
	if text, known := s.session.branches[key]; known {
		return text
	}
	s.session.used[s.name+"\x00"+name]++
	label := "If:" + name
	if n := s.session.used[s.name+"\x00"+name]; n > 1 {
		label += "#" + itoa(n)
	}
	if !s.spend(source.Span{}, 1, len(key)) {
		return hole.Text("?")
	}
	text := s.hole(Hole{Name: label, Why: "condition " + near.Quote(name), Alternatives: []string{holds, not}})
	s.session.branches[key] = text
	return text
}
