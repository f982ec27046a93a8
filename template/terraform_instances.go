package template

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// hclBlock is a block of a resource, a data source or the call of a module.
type hclBlock struct {
	address        string // in its module
	kind           string // type of the resource
	data           bool
	block          *hclsyntax.Block
	file           *source.File
	span           source.Span
	nameSpan       source.Span
	count, forEach hclsyntax.Expression

	open      bool
	done      bool
	instances []*instance
}

// instance is one instance of a block.
type instance struct {
	r    *tfResource
	keys *instanceKeys
	own  When // what has to be so for this one to exist, beside its module
}

// maxInstances is how many instances one block may have.
const maxInstances = 4096

func (m *module) newBlock(b *hclsyntax.Block, file *source.File) *hclBlock {
	h := &hclBlock{block: b, file: file, span: spanOf(b.Range())}
	h.span.End = int32(b.CloseBraceRange.End.Byte)
	h.nameSpan = source.Span{Start: int32(b.TypeRange.Start.Byte), End: int32(b.OpenBraceRange.Start.Byte)}
	for h.nameSpan.End > h.nameSpan.Start && isSpace(file.Text[h.nameSpan.End-1]) {
		h.nameSpan.End--
	}
	if a := b.Body.Attributes["count"]; a != nil {
		h.count = a.Expr
	}
	if a := b.Body.Attributes["for_each"]; a != nil {
		h.forEach = a.Expr
	}
	return h
}

// keyed is a key of an instance before the instance is made.
type keyed struct {
	suffix string
	keys   *instanceKeys
	when   When
	many   bool
}

// keysOf returns the keys of an instance that stands for an unknown number.
func (m *module) keysOf(r *tfResource) *instanceKeys {
	return m.unknownKeys(r.address, r.file, r.nameSpan)
}

func (m *module) unknownKeys(address string, file *source.File, span source.Span) *instanceKeys {
	unknown := func(name string) tfValue {
		return tfText(m.t.hole(Hole{Name: address + "." + name, Why: name + " of " + address}), file, span)
	}
	return &instanceKeys{key: unknown("each.key"), value: unknown("each.value"), index: unknown("count.index")}
}

// instancesKeys evaluates count or for_each.
func (m *module) instanceKeysOf(b *hclBlock) []keyed {
	s := m.scope(b.file)
	switch {
	case b.count != nil:
		return m.counted(b, s)
	case b.forEach != nil:
		v := s.eval(b.forEach)
		list, rest, ok := s.pairs(&v)
		if !ok || v.res != nil {
			return m.manyOf(b, b.forEach)
		}
		var out []keyed
		for i := range list {
			p := &list[i]
			if v.kind == jsontree.Array {
				p.key = p.value
			}
			if !isTextKind(p.key.kind) {
				return m.manyOf(b, b.forEach)
			}
			out = append(out, keyed{"[" + near.Quote(hole.Print(p.key.text)) + "]", &instanceKeys{key: p.key, value: p.value}, p.when, false})
		}
		if rest != "" {
			out = append(out, m.manyOf(b, b.forEach)...)
		}
		return m.bounded(b, out)
	}
	return []keyed{{}}
}

// counted evaluates count. A condition that picks 0 or 1 makes one instance
// under that condition.
func (m *module) counted(b *hclBlock, s *scope) []keyed {
	v := s.eval(b.count)
	index := func(i int) *instanceKeys {
		return &instanceKeys{index: tfValue{kind: jsontree.Number, text: itoa(i), file: b.file, span: b.nameSpan}}
	}
	if n, ok := smallNumber(&v); ok {
		var out []keyed
		for i := range min(n, maxInstances+1) {
			out = append(out, keyed{suffix: "[" + itoa(i) + "]", keys: index(i)})
		}
		return m.bounded(b, out)
	}
	if name, unknown := v.unknown(); unknown && m.t.choices[name] != "" {
		a := m.t.out.Holes[name].Alternatives
		if len(a) == 2 && (a[0] == "1" && a[1] == "0" || a[0] == "0" && a[1] == "1") {
			return []keyed{{suffix: "[0]", keys: index(0), when: When{{m.t.choices[name], a[0] == "1"}}}}
		}
	}
	return m.manyOf(b, b.count)
}

// smallNumber returns a whole number that is known.
func smallNumber(v *tfValue) (int, bool) {
	if !isTextKind(v.kind) || v.text == "" || len(v.text) > 9 || strings.Trim(v.text, "0123456789") != "" {
		return 0, false
	}
	n := 0
	for _, c := range v.text {
		n = 10*n + int(c-'0')
	}
	return n, true
}

func (m *module) bounded(b *hclBlock, list []keyed) []keyed {
	if len(list) <= maxInstances {
		return list
	}
	m.t.out.Incomplete = true
	m.t.wrong("TEMPLATE_TOO_LARGE", b.file, b.nameSpan, m.path+b.address, "", "more than %d instances", maxInstances)
	return list[:maxInstances]
}

// manyOf stands for instances whose number is not known.
func (m *module) manyOf(b *hclBlock, e hclsyntax.Expression) []keyed {
	address := m.path + b.address
	if b.block.Type == "module" || !b.data && relevantType(b.kind) {
		m.t.out.Incomplete = true
		m.t.unreadable(b.file, spanOf(e.Range()), address, "", "how many "+address+" there are is not known; one is read for all")
	}
	return []keyed{{suffix: "", keys: m.unknownKeys(address, b.file, b.nameSpan), many: true}}
}

// instancesOf returns the instances of a block.
func (m *module) instancesOf(b *hclBlock) []*instance {
	if b.done || b.open {
		if b.open {
			m.t.wrong("REFERENCE_CYCLE", b.file, b.nameSpan, m.path+b.address, "", "the instances of %s depend on themselves", b.address)
		}
		return b.instances
	}
	b.open = true
	var keys []keyed
	used := m.t.defaults.during(func() { keys = m.instanceKeysOf(b) })
	b.open = false
	if access := b.block.Type == "module" || !b.data && relevantType(b.kind); access && len(keys) == 0 && len(used) > 0 && m.parent == nil {
		m.t.say(ConditionByDefault, source.Suggestion, b.file, b.nameSpan, b.address, "give other values with --parameter to read it",
			"with the default of %s there is no %s; it is not read", strings.Join(used, ", "), b.address)
	}
	for _, k := range keys {
		r := &tfResource{address: m.path + b.address + k.suffix, kind: b.kind, data: b.data, file: b.file, span: b.span, nameSpan: b.nameSpan}
		r.when, r.several = mergeWhens(m.when, k.when), k.many || m.many
		m.bind(r, b, k.keys)
		m.t.resources[r.address] = r
		b.instances = append(b.instances, &instance{r, k.keys, k.when})
	}
	b.done = true
	return b.instances
}

// policyAttributes are the attributes and nested blocks of a body whose names are
// those of policies, or that hold such.
func policyAttributes(body *hclsyntax.Body) []string {
	var names []string
	for _, a := range sortedAttributes(body) {
		if namesPolicy(a.Name) {
			names = append(names, a.Name)
		}
	}
	for _, b := range body.Blocks {
		name := b.Type
		if name == "dynamic" && len(b.Labels) == 1 {
			name = b.Labels[0]
		}
		if !slices.Contains(names, name) && (namesPolicy(name) || len(policyAttributes(b.Body)) > 0) {
			names = append(names, name)
		}
	}
	return names
}

// bind makes the attributes of an instance those of its block.
func (m *module) bind(r *tfResource, b *hclBlock, keys *instanceKeys) {
	s := m.scope(b.file)
	s.resource, s.keys = r, keys
	known, open := map[string]tfValue{}, map[string]bool{}
	r.attr = func(name string) (tfValue, bool) {
		if v, done := known[name]; done {
			return v, v.exists()
		}
		if open[name] || m.t.depth >= maxChain {
			m.t.wrong("REFERENCE_CYCLE", r.file, r.nameSpan, r.address, "", "%s of %s depends on itself", name, r.address)
			return tfValue{}, false
		}
		open[name] = true
		m.t.depth++
		v := m.makeAttribute(s, r, b, name)
		m.t.depth--
		open[name] = false
		known[name] = v
		return v, v.exists()
	}
	r.provider = m.providerOf(b)
}

func (m *module) makeAttribute(s *scope, r *tfResource, b *hclBlock, name string) tfValue {
	if r.data && r.kind == "aws_iam_policy_document" && (name == "json" || name == "minified_json") {
		doc := m.t.policyDocument(r)
		return m.t.documentText(r, &doc)
	}
	if a := b.block.Body.Attributes[name]; a != nil {
		return s.eval(a.Expr)
	}
	return s.nested(b.block.Body, name)
}

// nested evaluates the blocks of one type in a body: a list of objects.
func (s *scope) nested(body *hclsyntax.Body, name string) tfValue {
	out := tfValue{kind: jsontree.Array, file: s.file}
	for _, b := range body.Blocks {
		switch {
		case b.Type == name:
			if len(out.items) == 0 {
				out.span = spanOf(b.TypeRange)
			}
			out.items = append(out.items, s.body(b.Body, blockSpan(b)))
		case b.Type == "dynamic" && len(b.Labels) == 1 && b.Labels[0] == name:
			if len(out.items) == 0 {
				out.span = spanOf(b.TypeRange)
			}
			s.dynamic(b, &out)
		}
	}
	if len(out.items) == 0 && out.rest == "" {
		return tfValue{}
	}
	return out
}

func blockSpan(b *hclsyntax.Block) source.Span {
	return source.Span{Start: int32(b.TypeRange.Start.Byte), End: int32(b.CloseBraceRange.End.Byte)}
}

// body evaluates a nested block.
func (s *scope) body(body *hclsyntax.Body, span source.Span) tfValue {
	out := tfValue{kind: jsontree.Object, file: s.file, span: span}
	if s.depth >= maxExpression {
		return s.unknownText("?", span, "block that nests too deeply")
	}
	s.depth++
	defer func() { s.depth-- }()
	for _, a := range sortedAttributes(body) {
		if v := s.eval(a.Expr); v.exists() {
			out.members = append(out.members, tfMember{a.Name, spanOf(a.NameRange), v})
		}
	}
	var names []string
	for _, b := range body.Blocks {
		name := b.Type
		if name == "dynamic" && len(b.Labels) == 1 {
			name = b.Labels[0]
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if v := s.nested(body, name); v.exists() {
			out.put(tfMember{name, v.span, v})
		}
	}
	return out
}

// sortedAttributes returns the attributes of a body in the order of the text.
func sortedAttributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	var out []*hclsyntax.Attribute
	for _, a := range body.Attributes {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	return out
}

// dynamic evaluates a dynamic block: a block for each item of a collection.
func (s *scope) dynamic(b *hclsyntax.Block, out *tfValue) {
	each := b.Body.Attributes["for_each"]
	var content *hclsyntax.Block
	for _, inner := range b.Body.Blocks {
		if inner.Type == "content" {
			content = inner
		}
	}
	if each == nil || content == nil {
		s.m.t.wrong("MISSING_FIELD", s.file, spanOf(b.TypeRange), "", "", "a dynamic block needs for_each and content")
		out.rest = "a dynamic block"
		return
	}
	iterator := b.Labels[0]
	if a := b.Body.Attributes["iterator"]; a != nil {
		if t, is := a.Expr.(*hclsyntax.ScopeTraversalExpr); is {
			iterator = t.Traversal.RootName()
		}
	}
	v := s.eval(each.Expr)
	list, rest, ok := s.pairs(&v)
	if !ok {
		rest = s.nameOf(s.unknown(each.Expr, "collection of a dynamic block"))
	}
	if rest != "" {
		out.rest = rest
	}
	for _, p := range list {
		if !s.m.t.spend(s.file, spanOf(b.TypeRange), passCost, 0) {
			out.rest = "a dynamic block"
			return
		}
		if v.kind == jsontree.Array && v.set {
			p.key = p.value
		}
		item := tfValue{kind: jsontree.Object, file: s.file, span: spanOf(b.TypeRange)}
		item.members = []tfMember{{"key", item.span, p.key}, {"value", item.span, p.value}}
		c := s.inner("["+hole.Print(source.Clip(p.key.text, 80))+"]", map[string]tfValue{iterator: item})
		block := c.body(content.Body, blockSpan(b))
		block.when = p.when
		out.items = append(out.items, block)
	}
}
