package template

import (
	"path"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// nestedFields are the properties that name the template of a nested stack.
var nestedFields = map[string]string{"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}

// openNested opens the templates of the nested stacks, before anything that
// refers to their outputs is evaluated.
func (s *stack) openNested() {
	for _, r := range s.order {
		if nestedFields[r.kind] != "" {
			s.existing(r, func() { s.openStack(r) })
		}
	}
}

func (s *stack) openStack(r *resource) {
	v := r.property(nestedFields[r.kind])
	asset := r.node.Get("Metadata").Get("aws:asset:path")
	name := ""
	switch {
	case asset.Is(jsontree.String):
		v, name = asset, asset.Text
	case v == nil:
		s.wrong("MISSING_FIELD", r.nameSpan, "", "the nested stack names no template")
		s.session.out.Incomplete = true
		return
	case v.Kind == jsontree.Object && !isFunction(v):
	default:
		name = s.optional(v)
	}
	if name == "" || hole.Has(name) || strings.Contains(name, "://") {
		s.session.out.Incomplete = true
		s.unreadable(v.Span, "the template of the nested stack lies elsewhere")
		return
	}
	if s.depth >= maxNesting {
		s.session.out.Incomplete = true
		s.wrong("REFERENCE_TOO_DEEP", v.Span, "", "stacks nest deeper than %d", maxNesting)
		return
	}
	text, full, ok := s.openFile(name, v.Span)
	if !ok {
		s.session.out.Incomplete = true
		return
	}
	s.addNested(r, source.NewFile(full, text))
}

// addNested reads the sections of the template of a nested stack.
func (s *stack) addNested(r *resource, file *source.File) {
	d := &document{file: file, opts: s.session.opts}
	d.root = d.parse()
	if d.root == nil || d.root.Kind != jsontree.Object {
		s.session.out.Incomplete = true
		if d.root != nil {
			d.fail("NOT_A_TEMPLATE", opening(d.root.Span), "", "this is no template of CloudFormation")
		}
		for _, f := range d.findings.List() {
			s.findings.Add(f)
		}
		return
	}
	name := r.name
	if s.name != "" {
		name = s.name + "/" + r.name
	}
	child := s.session.newStack(d, name)
	child.depth, child.dir, child.parent, child.in = s.depth+1, path.Dir(file.Name), s, r
	for pseudo, value := range s.pseudo {
		if pseudo != "AWS::StackName" {
			child.pseudo[pseudo] = value
		}
	}
	r.nested = child
	child.open()
	child.makeImplied()
	child.openNested()
}

// passed returns the value that the stack around gives for a parameter, and notes
// in it which defaults that is made of.
func (s *stack) passed(name string, p *parameter) (jsontree.Value, bool) {
	if s.parent == nil {
		text, ok := s.given[name]
		return str(text, source.Span{}), ok
	}
	v := s.in.property("Parameters").Get(name)
	if v == nil {
		return jsontree.Value{}, false
	}
	key := "Parameters." + name
	if s.in.open[key] || s.parent.chain >= maxChain {
		s.parent.wrong("REFERENCE_CYCLE", v.Span, "", "parameter %s of the nested stack depends on the stack itself", near.Quote(name))
		return jsontree.Value{}, false
	}
	s.in.open[key] = true
	s.parent.chain++
	var value jsontree.Value
	p.defaults = s.parent.defaults.during(func() {
		s.parent.apart(func() string {
			list := s.parent.variants(v)
			if value = list[0].value; len(list) > 1 {
				value = str(s.parent.merge(list, s.parent.textOf), v.Span)
			}
			return ""
		})
	})
	s.parent.chain--
	s.in.open[key] = false
	return value, value.Kind != jsontree.Invalid
}

// readNested reads what stands in a nested stack.
func (s *stack) readNested(r *resource) {
	if r.nested == nil {
		return
	}
	r.nested.assume = nil
	r.nested.outer = s.here(nil)
	r.nested.readResources()
}
