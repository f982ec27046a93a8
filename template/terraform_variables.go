package template

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// hclVariable is a variable of a module.
type hclVariable struct {
	body       *hclsyntax.Body
	file       *source.File
	span       source.Span
	given      *hclLocal // value in a file of values
	open, done bool
	value      tfValue
	defaulted  bool // the value is the default
}

// variable returns the value of a variable: what is given, the default, or a
// hole.
func (m *module) variable(name string, file *source.File, span source.Span) tfValue {
	v := m.variables[name]
	if v == nil {
		m.unknownName("var."+name, "variable", slices.Sorted(maps.Keys(m.variables)), file, span)
		if text, given := m.t.opts.Parameters[name]; given && m.parent == nil {
			return tfText(text, file, span)
		}
		return tfText(m.t.hole(Hole{Name: m.path + "var." + name, Why: "variable"}), file, span)
	}
	if v.open {
		m.t.wrong("REFERENCE_CYCLE", v.file, v.span, "", "", "variable %s depends on itself", near.Quote(name))
		return tfText(m.t.hole(Hole{Name: m.path + "var." + name, Why: "variable"}), nil, source.Span{})
	}
	if !v.done {
		v.open = true
		v.value = m.makeVariable(name, v)
		v.open, v.done = false, true
	}
	if v.defaulted && m.parent == nil {
		m.t.defaults.add(name)
	}
	return v.value
}

func (m *module) makeVariable(name string, v *hclVariable) tfValue {
	kind := ""
	s := m.scope(v.file)
	var typeOf hclsyntax.Expression
	if a := v.body.Attributes["type"]; a != nil {
		typeOf = a.Expr
		kind = v.file.Slice(spanOf(a.Expr.Range()))
	}
	var value tfValue
	open := false // the module's own value does not count
	passed, inCall := m.inputs[name]
	text, given := m.t.opts.Parameters[name]
	switch {
	case m.parent != nil && inCall:
		value = passed
	case m.parent == nil && given:
		value = m.givenText(text, kind, v)
	case m.parent == nil && v.given != nil:
		value, open = m.ownValue(m.valueOf(v.given, "var."+name, m.scope(v.given.file)))
	}
	if a := v.body.Attributes["default"]; a != nil && !open && !value.exists() && !m.nullable(v, value) {
		value, open = m.ownValue(s.eval(a.Expr))
		v.defaulted = !open
	}
	if value.kind == jsontree.Invalid {
		h := Hole{Name: m.path + "var." + name, Why: "variable", list: isCollection(kind)}
		if a := v.body.Attributes["sensitive"]; a != nil {
			sensitive := s.eval(a.Expr)
			h.Secret = sensitive.text == "true"
		}
		return tfText(m.t.hole(h), nil, source.Span{}) // it stands where it is used
	}
	if typeOf != nil {
		value = s.convert(value, typeOf, 0)
	}
	return value
}

// ownValue is a value that a module gives its own variable, in a default or in
// terraform.tfvars. Where such values are left open, lists, objects and null stay:
// they say what there is.
func (m *module) ownValue(value tfValue) (_ tfValue, open bool) {
	if m.parent == nil && m.t.opts.IgnoreDefaults && isTextKind(value.kind) {
		return tfValue{}, true
	}
	return value, false
}

// nullable reports whether null was given to a variable that takes it.
func (m *module) nullable(v *hclVariable, value tfValue) bool {
	if value.kind != jsontree.Null {
		return false
	}
	if a := v.body.Attributes["nullable"]; a != nil {
		no := m.scope(v.file).eval(a.Expr)
		return no.text != "false"
	}
	return true
}

func isCollection(kind string) bool {
	for _, prefix := range []string{"list", "set", "map", "tuple", "object"} {
		if strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}

// givenText is a value from the command line: as it stands for a text, an
// expression for everything else.
func (m *module) givenText(text, kind string, v *hclVariable) tfValue {
	if !isCollection(kind) {
		return tfText(text, v.file, v.span)
	}
	file := source.NewFile("(value of a variable)", text)
	if !m.t.parseable(file, hclsyntax.LexExpression) {
		return tfValue{}
	}
	e, diagnostics := hclsyntax.ParseExpression([]byte(text), file.Name, hcl.InitialPos)
	if m.t.malformed(file, diagnostics) {
		return tfValue{}
	}
	c := m.scope(file)
	c.template = true
	value := c.eval(e)
	return value.used(v.file, v.span)
}

// convert gives a value the type of a variable, as far as that changes what is
// known of it: sets, and the defaults of optional attributes. Source: Terraform
// documentation, "Type constraints".
func (s *scope) convert(v tfValue, typeOf hclsyntax.Expression, depth int) tfValue {
	call, is := typeOf.(*hclsyntax.FunctionCallExpr)
	if !is || len(call.Args) == 0 || depth > 32 {
		return v
	}
	switch call.Name {
	case "set", "list", "map":
		if v.kind == jsontree.Array {
			if call.Name == "set" {
				v = asSet(v)
			}
			v.items = slices.Clone(v.items)
			for i := range v.items {
				v.items[i] = s.convert(v.items[i], call.Args[0], depth+1)
			}
		}
		if v.kind == jsontree.Object && call.Name == "map" && v.res == nil {
			v.members = slices.Clone(v.members)
			for i := range v.members {
				v.members[i].value = s.convert(v.members[i].value, call.Args[0], depth+1)
			}
		}
	case "object":
		fields, is := call.Args[0].(*hclsyntax.ObjectConsExpr)
		if !is || v.kind != jsontree.Object || v.res != nil {
			return v
		}
		v.members = slices.Clone(v.members)
		for _, item := range fields.Items {
			s.convertMember(&v, item, depth)
		}
	case "optional":
		return s.convert(v, call.Args[0], depth+1)
	}
	return v
}

func (s *scope) convertMember(v *tfValue, item hclsyntax.ObjectConsItem, depth int) {
	key := s.eval(item.KeyExpr)
	inner := item.ValueExpr
	member := v.get(key.text)
	if call, is := inner.(*hclsyntax.FunctionCallExpr); is && call.Name == "optional" && !member.exists() {
		value := tfValue{kind: jsontree.Null, text: "null"}
		if len(call.Args) > 1 {
			value = s.eval(call.Args[1])
		}
		if v.rest == "" {
			v.put(tfMember{key.text, v.span, s.convert(value, call.Args[0], depth+1)})
		}
		return
	}
	if member.exists() {
		*member = s.convert(*member, inner, depth+1)
	}
}

// loadValues reads the files of values that Terraform reads without being told.
func (t *terraform) loadValues(m *module) {
	if t.opts.List == nil {
		return
	}
	names, err := t.opts.List(".")
	if err != nil {
		return // said when the files were listed
	}
	slices.Sort(names)
	var files []string
	for _, name := range names {
		if path.Base(name) == "terraform.tfvars" {
			files = append([]string{name}, files...)
		} else if strings.HasSuffix(name, ".auto.tfvars") {
			files = append(files, name)
		}
	}
	for _, name := range files {
		file := t.openHCL(name, t.main, source.Span{})
		if file == nil {
			continue
		}
		body := t.parse(file)
		if body == nil {
			t.out.Incomplete = true
			continue
		}
		for _, a := range sortedAttributes(body) {
			if v := m.variables[a.Name]; v != nil {
				v.given = &hclLocal{expr: a.Expr, file: file, span: spanOf(a.NameRange)}
			}
		}
	}
}

// calledModule returns the outputs of a module that is called.
func (m *module) calledModule(name string, file *source.File, span source.Span) tfValue {
	b := m.blocks["module."+name]
	if b == nil {
		m.unknownName("module."+name, "module", nil, file, span)
		return tfText(m.t.hole(Hole{Name: m.path + "module." + name, Why: "module"}), file, span)
	}
	list := m.instancesOf(b)
	out := tfValue{kind: jsontree.Object, file: b.file, span: b.span}
	if b.count != nil {
		out.kind = jsontree.Array
	}
	for _, i := range list {
		value := m.outputsOf(b, i)
		switch {
		case b.count == nil && b.forEach == nil, i.r.several:
			return value
		case b.count != nil:
			value.when = i.own
			out.items = append(out.items, value)
		default:
			out.members = append(out.members, tfMember{i.keys.key.text, i.r.nameSpan, value})
		}
	}
	return out
}

// outputsOf returns the outputs of one call, each evaluated when it is needed.
func (m *module) outputsOf(b *hclBlock, i *instance) tfValue {
	c := m.callee(b, i)
	r := &tfResource{address: i.r.address, kind: "module", file: b.file, span: b.span, nameSpan: b.nameSpan}
	r.attr = func(name string) (tfValue, bool) {
		if c == nil {
			return tfValue{}, false
		}
		o := c.outputs[name]
		if o == nil {
			return tfValue{}, false
		}
		return c.valueOf(o, "output."+name, c.scope(o.file)), true
	}
	return tfValue{kind: jsontree.Object, res: r, file: b.file, span: b.span}
}

// callee returns the module of one call, nil where it cannot be read, which is
// said once.
func (m *module) callee(b *hclBlock, i *instance) *module {
	if c, made := m.called[i]; made {
		return c
	}
	m.called[i] = nil
	t := m.t
	t.modules++
	if m.depth >= maxNesting || t.modules > maxModules {
		t.out.Incomplete = true
		t.wrong("TEMPLATE_TOO_LARGE", b.file, b.nameSpan, i.r.address, "", "more than %d modules, or more than %d inside each other", maxModules, maxNesting)
		return nil
	}
	dir, ok := m.sourceOf(b, i)
	for around := m; ok && around != nil; around = around.parent {
		if around.dir == dir {
			t.wrong("REFERENCE_CYCLE", b.file, b.nameSpan, i.r.address, "", "the module calls itself")
			ok = false
		}
	}
	if !ok {
		t.out.Incomplete = true
		return nil
	}
	c := t.newModule(i.r.address+".", dir, m)
	c.when, c.many = i.r.when, i.r.several
	if !c.loadDir(b) {
		t.out.Incomplete = true
		return nil
	}
	c.inputs = map[string]tfValue{}
	for _, a := range sortedAttributes(b.block.Body) {
		if !slices.Contains(callArguments, a.Name) {
			s := m.scope(b.file)
			s.resource, s.keys = i.r, i.keys
			c.inputs[a.Name] = s.eval(a.Expr)
		}
	}
	c.passed = m.passedProviders(b)
	m.called[i] = c
	return c
}

// callArguments are those of a call that are no variables of the module.
var callArguments = []string{"source", "version", "count", "for_each", "providers", "depends_on"}

// sourceOf returns the directory of a module that is called.
func (m *module) sourceOf(b *hclBlock, i *instance) (string, bool) {
	a := b.block.Body.Attributes["source"]
	if a == nil {
		m.t.wrong("MISSING_FIELD", b.file, b.nameSpan, i.r.address, "", "the call of a module needs a source")
		return "", false
	}
	v := m.scope(b.file).eval(a.Expr)
	if !strings.HasPrefix(v.text, "./") && !strings.HasPrefix(v.text, "../") || hole.Has(v.text) {
		m.t.unreadable(b.file, spanOf(a.Expr.Range()), i.r.address, "give the plan, which has the module's resources", "the module "+near.Quote(hole.Print(v.text))+" lies elsewhere")
		return "", false
	}
	return path.Join(m.dir, v.text), true
}

// loadDir reads the files of the module's directory.
func (m *module) loadDir(b *hclBlock) bool {
	t := m.t
	if !localName(m.dir) {
		t.wrong("UNREADABLE_FILE", b.file, b.nameSpan, "", "files stand in the directory of the template or below it", "%s leads out of the directory", near.Quote(m.dir))
		return false
	}
	if t.opts.List == nil || t.opts.Open == nil {
		t.unreadable(b.file, b.nameSpan, "", "", "the directory "+near.Quote(m.dir)+" is not given")
		return false
	}
	names, err := t.opts.List(m.dir)
	if err != nil {
		t.wrong("UNREADABLE_FILE", b.file, b.nameSpan, "", "", "%s cannot be read: %s", near.Quote(m.dir), err.Error())
		return false
	}
	slices.Sort(names)
	some := false
	for _, name := range names {
		if !isHCL(name) {
			continue
		}
		file := t.hclFile(path.Join(m.dir, name), b)
		if file == nil || !m.load(file) {
			return false
		}
		some = true
	}
	if !some {
		t.wrong("UNREADABLE_FILE", b.file, b.nameSpan, "", "", "%s has no .tf files", near.Quote(m.dir))
	}
	return some
}

// hclFile opens a file of a module once, however often the module is called.
func (t *terraform) hclFile(name string, b *hclBlock) *source.File {
	if f := t.opened[name]; f != nil {
		return f
	}
	f := t.openHCL(name, b.file, b.nameSpan)
	t.opened[name] = f
	return f
}

// passedProviders are the provider configurations that a call hands on.
func (m *module) passedProviders(b *hclBlock) map[string]tfProvider {
	a := b.block.Body.Attributes["providers"]
	if a == nil {
		return nil
	}
	object, is := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !is {
		return nil
	}
	passed := map[string]tfProvider{}
	for _, item := range object.Items {
		inner := strings.TrimSpace(b.file.Slice(spanOf(item.KeyExpr.Range())))
		outer := strings.TrimSpace(b.file.Slice(spanOf(item.ValueExpr.Range())))
		passed[inner] = m.provider(outer)
	}
	return passed
}
