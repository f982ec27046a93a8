package policy

import (
	"slices"
	"unicode/utf8"

	"github.com/writ-iam/writ/internal/jsontree"
)

// Print writes a document as JSON. It keeps the order and the spelling that the
// tree holds; elements that were not read from a text come in the conventional
// order. With an empty indent all stands on one line, without white space;
// otherwise each member and each item of a list has a line of its own. There is
// no line break at the end.
func Print(doc *Document, indent string) []byte {
	p := printer{indent: indent, out: make([]byte, 0, roughLength(doc))}
	p.document(doc)
	return p.out
}

// roughLength is about how long a document is when it is printed on one line.
func roughLength(doc *Document) int {
	const perStatement = 192
	if doc.File == nil {
		return perStatement * (1 + len(doc.Statements))
	}
	return max(0, int(doc.Span.End-doc.Span.Start))
}

// MarshalJSON writes the document without white space.
func (d Document) MarshalJSON() ([]byte, error) { return Print(&d, ""), nil }

// String returns the document as JSON without white space.
func (d *Document) String() string { return string(Print(d, "")) }

type printer struct {
	out    []byte
	indent string
	depth  int
}

// ordered puts the elements in the order to print: those that were read from a
// text as they stood there, each of the others behind its conventional
// predecessors. It leaves out those whose field was set to nil since.
func ordered(elements []Element, conventional []string, has func(name string) bool) []Element {
	if len(elements) == 0 {
		return present(conventional, has)
	}
	if complete(elements, conventional, has) {
		return elements
	}
	out := slices.Clone(elements)
	for _, name := range conventional {
		i := slices.IndexFunc(out, func(e Element) bool { return e.Name == name && !e.duplicate })
		switch present := has(name); {
		case i < 0 && present:
			out = slices.Insert(out, position(out, conventional, name), Element{Name: name})
		case i >= 0 && !present && out[i].raw == nil && !isText(name):
			out = slices.Delete(out, i, i+1)
		}
	}
	return out
}

// present returns the elements that hold something, in the conventional order.
func present(conventional []string, has func(name string) bool) []Element {
	const usual = 5
	out := make([]Element, 0, usual)
	for _, name := range conventional {
		if has(name) {
			out = append(out, Element{Name: name})
		}
	}
	return out
}

// complete reports whether the elements are those that hold something, each once.
func complete(elements []Element, conventional []string, has func(name string) bool) bool {
	present := 0
	for _, name := range conventional {
		if has(name) {
			present++
		}
	}
	return present == len(elements) && !slices.ContainsFunc(elements, func(e Element) bool {
		return e.duplicate || !slices.Contains(conventional, e.Name) || !has(e.Name)
	})
}

// isText reports whether an element is a string, which may be present and empty.
func isText(name string) bool {
	switch name {
	case ElementVersion, ElementID, ElementSid, ElementEffect:
		return true
	}
	return false
}

// position returns where to insert name: behind the last element that comes
// before it by convention.
func position(elements []Element, conventional []string, name string) int {
	before := conventional[:slices.Index(conventional, name)]
	for i := len(elements); i > 0; i-- {
		if e := &elements[i-1]; !e.duplicate && slices.Contains(before, e.Name) {
			return i
		}
	}
	return 0
}

func (p *printer) document(d *Document) {
	if d.raw != nil {
		p.raw(d.raw)
		return
	}
	elements := ordered(d.Elements, documentElements, d.has)
	p.object(len(elements), func(i int) {
		e := &elements[i]
		p.name(e.Name)
		switch {
		case e.raw != nil:
			p.raw(e.raw)
		case e.Name == ElementVersion:
			p.string(d.Version)
		case e.Name == ElementID:
			p.string(d.ID)
		case d.Single && len(d.Statements) == 1:
			p.statement(&d.Statements[0])
		default:
			p.array(len(d.Statements), func(i int) { p.statement(&d.Statements[i]) })
		}
	})
}

// has reports whether the field of an element holds something.
func (d *Document) has(name string) bool {
	switch name {
	case ElementVersion:
		return d.Version != ""
	case ElementID:
		return d.ID != ""
	}
	return d.Statements != nil
}

func (p *printer) statement(s *Statement) {
	if s.raw != nil {
		p.raw(s.raw)
		return
	}
	elements := ordered(s.Elements, statementElements, s.has)
	p.object(len(elements), func(i int) {
		e := &elements[i]
		p.name(e.Name)
		if e.raw != nil {
			p.raw(e.raw)
			return
		}
		p.element(s, e.Name)
	})
}

// has reports whether the field of an element holds something.
func (s *Statement) has(name string) bool {
	switch name {
	case ElementSid:
		return s.Sid != ""
	case ElementEffect:
		return s.Effect != ""
	case ElementPrincipal:
		return s.Principal != nil
	case ElementNotPrincipal:
		return s.NotPrincipal != nil
	case ElementCondition:
		return s.Condition != nil
	}
	return s.list(name) != nil
}

// list returns the field of Action, NotAction, Resource or NotResource.
func (s *Statement) list(name string) *List {
	switch name {
	case ElementAction:
		return s.Action
	case ElementNotAction:
		return s.NotAction
	case ElementResource:
		return s.Resource
	case ElementNotResource:
		return s.NotResource
	}
	return nil
}

func (p *printer) element(s *Statement, name string) {
	switch name {
	case ElementSid:
		p.string(s.Sid)
	case ElementEffect:
		p.string(string(s.Effect))
	case ElementPrincipal:
		p.principal(s.Principal)
	case ElementNotPrincipal:
		p.principal(s.NotPrincipal)
	case ElementCondition:
		p.condition(s.Condition)
	default:
		p.list(s.list(name))
	}
}

func (p *printer) list(l *List) {
	if l.Single && len(l.Values) == 1 {
		p.value(&l.Values[0])
		return
	}
	p.array(len(l.Values), func(i int) { p.value(&l.Values[i]) })
}

func (p *printer) value(v *Value) {
	if v.Literal != Quoted && isLiteral(v.Text) {
		p.out = append(p.out, v.Text...)
		return
	}
	p.string(v.Text)
}

// isLiteral reports whether text may stand in JSON without quotes as a number
// or boolean.
func isLiteral(text string) bool {
	if text == "true" || text == "false" {
		return true
	}
	v, _, err := jsontree.Parse(text)
	return err == nil && v.Kind == jsontree.Number && v.Text == text
}

func (p *printer) principal(principal *Principal) {
	if principal.Everyone {
		p.string("*")
		return
	}
	p.object(len(principal.Groups), func(i int) {
		g := &principal.Groups[i]
		p.name(g.Key)
		p.list(&g.Values)
	})
}

func (p *printer) condition(c *Condition) {
	p.object(len(c.Blocks), func(i int) {
		b := &c.Blocks[i]
		p.name(b.Operator)
		p.object(len(b.Keys), func(i int) {
			p.name(b.Keys[i].Name)
			p.list(&b.Keys[i].Values)
		})
	})
}

func (p *printer) raw(v *jsontree.Value) {
	switch v.Kind {
	case jsontree.String:
		p.string(v.Text)
	case jsontree.Array:
		p.array(len(v.Items), func(i int) { p.raw(&v.Items[i]) })
	case jsontree.Object:
		p.object(len(v.Members), func(i int) {
			p.name(v.Members[i].Name)
			p.raw(&v.Members[i].Value)
		})
	default:
		p.out = append(p.out, v.Text...)
	}
}

func (p *printer) object(n int, member func(i int)) { p.container('{', '}', n, member) }
func (p *printer) array(n int, item func(i int))    { p.container('[', ']', n, item) }

func (p *printer) container(open, closing byte, n int, child func(i int)) {
	p.out = append(p.out, open)
	p.depth++
	for i := range n {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		p.line()
		child(i)
	}
	p.depth--
	if n > 0 {
		p.line()
	}
	p.out = append(p.out, closing)
}

func (p *printer) line() {
	if p.indent == "" {
		return
	}
	p.out = append(p.out, '\n')
	for range p.depth {
		p.out = append(p.out, p.indent...)
	}
}

func (p *printer) name(name string) {
	p.string(name)
	p.out = append(p.out, ':')
	if p.indent != "" {
		p.out = append(p.out, ' ')
	}
}

// string escapes what JSON requires and nothing else: policies are read by
// people, and & or < need no escape there.
func (p *printer) string(s string) {
	p.out = append(p.out, '"')
	plain := 0 // from here on all stands as it is
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		p.out = append(p.out, s[plain:i]...)
		switch {
		case c == '"' || c == '\\':
			p.out = append(p.out, '\\', c)
			i++
		case c < ' ':
			p.control(c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			p.out = utf8.AppendRune(p.out, r) // a stray byte becomes U+FFFD
			i += size
		}
		plain = i
	}
	p.out = append(append(p.out, s[plain:]...), '"')
}

func (p *printer) control(c byte) {
	const hex = "0123456789abcdef"
	switch c {
	case '\n':
		p.out = append(p.out, `\n`...)
	case '\r':
		p.out = append(p.out, `\r`...)
	case '\t':
		p.out = append(p.out, `\t`...)
	default:
		p.out = append(p.out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}
