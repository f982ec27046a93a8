package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// planTrees are the parts of a plan that speak of one resource.
type planTrees struct {
	loaded                      bool
	values, unknown, expression *jsontree.Value
}

// resource returns an instance of a plan as a resource.
func (p *plan) resource(i *planInstance) *tfResource {
	if r := p.resources[i.address]; r != nil {
		return r
	}
	var trees planTrees
	config, configured := p.config[withoutKeys(i.address)]
	span := i.span
	r := &tfResource{address: i.address, kind: i.kind, data: i.data, file: p.file, span: span, nameSpan: i.addressSpan, provider: p.providers[config.provider]}
	if r.nameSpan == (source.Span{}) {
		r.nameSpan = source.Span{Start: span.Start, End: span.Start + 1}
	}
	r.drop = func() { trees = planTrees{} }
	r.attr = func(name string) (tfValue, bool) {
		if i.data && i.kind == "aws_iam_policy_document" && (name == "json" || name == "minified_json") {
			return p.documentJSON(r, name, &trees, i, config)
		}
		p.load(&trees, i, config)
		if (configured || inTable(i, name)) && isTrue(trees.unknown.Get(name)) && trees.expression.Get(name) == nil {
			return tfValue{}, false // nobody sets it: the provider does
		}
		m := planMerge{p: p, r: r, i: i, path: name}
		return m.attribute(trees.values.Get(name), trees.unknown.Get(name), trees.expression.Get(name))
	}
	p.resources[i.address] = r
	return r
}

// planStranger looks for policies in an instance of a type that no table has. It
// makes a tree only of one whose text looks like it.
func (p *plan) planStranger(i *planInstance) {
	config := p.config[withoutKeys(i.address)]
	values, expressions := p.file.Slice(i.values), p.file.Slice(config.expressions)
	if tfOthers[i.kind] == "" && !strings.Contains(values, `\"Statement\"`) && !strings.Contains(expressions, policyDocuments) {
		return
	}
	later := p.part(config.expressions)
	var names []string
	for _, part := range []*jsontree.Value{p.part(i.values), later} {
		if part == nil {
			continue
		}
		for _, m := range part.Members {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	r := p.resource(i)
	p.readStranger(r, names)
	if later != nil {
		p.strangersToCome(r, later)
	}
}

// strangersToCome reports attributes that are not known yet, and will be what a data
// source of policies makes.
func (p *plan) strangersToCome(r *tfResource, expressions *jsontree.Value) {
	for i := range expressions.Members {
		m := &expressions.Members[i]
		v := r.value(m.Name)
		if v == nil || !namesPolicy(m.Name) || !strings.Contains(p.file.Slice(m.Value.Span), policyDocuments) {
			continue
		}
		if _, unknown := v.unknown(); unknown {
			p.strangePolicy(r, r.nameSpan, m.Name)
		}
	}
}

// policyDocuments is how references to the data source of policies begin.
const policyDocuments = "data.aws_iam_policy_document."

// inTable reports whether the table of types has an attribute of an instance.
func inTable(i *planInstance, name string) bool {
	fact := terraformTypes()[i.kind]
	return fact != nil && fact.attributes[name] != ""
}

func (p *plan) load(trees *planTrees, i *planInstance, config planConfig) {
	if !trees.loaded {
		*trees = planTrees{true, p.part(i.values), p.part(i.unknown), p.part(config.expressions)}
	}
}

// documentJSON is the text that a data source of a policy gives, known or as
// its statements tell.
func (p *plan) documentJSON(r *tfResource, name string, trees *planTrees, i *planInstance, config planConfig) (tfValue, bool) {
	p.load(trees, i, config)
	if known := trees.values.Get(name); known.Is(jsontree.String) && known.Text != "" {
		return fromTree(p.file, known), true
	}
	if r.open == nil {
		r.texts, r.open = map[string]string{}, map[string]bool{}
	}
	if r.open["json"] || p.depth >= maxChain {
		return tfValue{}, false
	}
	r.open["json"] = true
	p.depth++
	doc := p.policyDocument(r)
	p.depth--
	r.open["json"] = false
	return p.documentText(r, &doc), true
}

// planMerge makes values of what a plan knows of an attribute, what it does not
// know, and the references in the configuration.
type planMerge struct {
	p    *plan
	r    *tfResource
	i    *planInstance
	path string // of the attribute, for the name of a hole
}

func (m *planMerge) attribute(value, unknown, expression *jsontree.Value) (tfValue, bool) {
	out := m.merge(value, unknown, expression, m.path, 0)
	return out, out.exists()
}

// isTrue reports whether after_unknown says that a value is wholly unknown.
func isTrue(v *jsontree.Value) bool { return v.Is(jsontree.Bool) && v.Text == "true" }

func (m *planMerge) merge(value, unknown, expression *jsontree.Value, path string, depth int) tfValue {
	switch {
	case isTrue(unknown):
		return m.resolve(expression, path)
	case unknown == nil || unknown.Kind == jsontree.Bool || depth > jsontree.MaxDepth:
		if value == nil {
			return tfValue{}
		}
		return fromTree(m.p.file, value)
	case unknown.Kind == jsontree.Array:
		return m.list(value, unknown, expression, path, depth)
	}
	out := tfValue{kind: jsontree.Object, file: m.p.file, span: m.i.span}
	if value != nil && value.Kind == jsontree.Object {
		out.span = value.Span
		for i := range value.Members {
			v := &value.Members[i]
			merged := m.merge(&v.Value, unknown.Get(v.Name), expression.Get(v.Name), path+"."+v.Name, depth+1)
			out.put(tfMember{v.Name, v.NameSpan, merged})
		}
	}
	for i := range unknown.Members {
		u := &unknown.Members[i]
		if value.Get(u.Name) == nil {
			if merged := m.merge(nil, &u.Value, expression.Get(u.Name), path+"."+u.Name, depth+1); merged.kind != jsontree.Invalid {
				out.put(tfMember{u.Name, out.span, merged})
			}
		}
	}
	return out
}

func (m *planMerge) list(value, unknown, expression *jsontree.Value, path string, depth int) tfValue {
	out := tfValue{kind: jsontree.Array, file: m.p.file, span: m.i.span}
	if value != nil {
		out.span = value.Span
	}
	n := len(unknown.Items)
	if value != nil {
		n = max(n, len(value.Items))
	}
	if value == nil && n == 0 {
		return tfValue{}
	}
	for i := range n {
		var v, u *jsontree.Value
		if value != nil && i < len(value.Items) {
			v = &value.Items[i]
		}
		if i < len(unknown.Items) {
			u = &unknown.Items[i]
		}
		e := expression
		if expression.Is(jsontree.Array) {
			e = blockOf(v, expression, i, n, path == "statement")
		}
		out.items = append(out.items, m.merge(v, u, e, path+"["+itoa(i)+"]", depth+1))
	}
	return out
}

// blockOf finds the block in the configuration that a block of values comes
// from. Values of sets stand in another order than their blocks, and dynamic
// blocks are not shown; a block fits when none of its constants differs, and it
// is the only one or ordered.
func blockOf(value, expression *jsontree.Value, i, n int, ordered bool) *jsontree.Value {
	blocks := expression.Items
	if ordered && len(blocks) == n && fits(value, &blocks[i]) {
		return &blocks[i]
	}
	var found *jsontree.Value
	for j := range blocks {
		if !fits(value, &blocks[j]) {
			continue
		}
		if found != nil {
			return nil
		}
		found = &blocks[j]
	}
	return found
}

// fits reports whether the constants of a block are those of a value.
func fits(value, block *jsontree.Value) bool {
	if value == nil {
		return true
	}
	for i := range block.Members {
		e := &block.Members[i]
		if c := e.Value.Get("constant_value"); c != nil && !sameTree(value.Get(e.Name), c) {
			return false
		}
	}
	return true
}

func sameTree(a, b *jsontree.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Members) != len(b.Members) {
		return false
	}
	if a.Kind == jsontree.Array { // of texts, that may be a set
		seen := map[string]int{}
		for i := range a.Items {
			seen[a.Items[i].Text]++
			seen[b.Items[i].Text]--
		}
		for _, n := range seen {
			if n != 0 {
				return false
			}
		}
	}
	for i := range a.Members {
		if !sameTree(&a.Members[i].Value, b.Get(a.Members[i].Name)) {
			return false
		}
	}
	return true
}

// opaque is the hole of a value that the plan does not know.
func (m *planMerge) opaque(path string) tfValue {
	name := m.r.address + "." + path
	return tfText(m.p.hole(Hole{Name: name, Why: path + " of " + m.r.kind + ", known after apply"}), m.p.file, m.i.span)
}

// resolve tells what an unknown value is from what its expression refers to.
// Plans do not show expressions. Where one refers to one attribute only, in a
// place that names a thing, it is taken to be that attribute, which is said. In
// a policy something may follow an ARN, such as /* for the objects of a bucket,
// unless nothing ever does.
func (m *planMerge) resolve(expression *jsontree.Value, path string) tfValue {
	ref, only := onlyReference(expression)
	if !only {
		return m.opaque(path)
	}
	target := m.p.follow(ref, m.i.module, 0)
	if target.document != nil {
		return *target.document
	}
	if target.text == "" || m.names(path) || m.holdsDocument(path) {
		return m.opaque(path)
	}
	out := tfText(target.text, m.p.file, m.i.span)
	inPolicy := m.r.kind == "aws_iam_policy_document"
	if inPolicy && !(target.arn && exactly(target.kind)) {
		after := m.r.address + "." + path + " after " + ref
		out.text += m.p.hole(Hole{Name: after, Why: "what follows " + ref + " in an expression that the plan does not show"})
		return out
	}
	m.p.say("ASSUMED_REFERENCE", source.Suggestion, m.p.file, m.r.nameSpan, m.r.address, "give the .tf files to read the expression itself",
		"the plan does not show expressions; %s is taken to be %s", near.Quote(path), ref)
	return out
}

// holdsDocument reports whether an attribute is a policy or a definition, which
// are no names of things.
func (m *planMerge) holdsDocument(path string) bool {
	for _, a := range terraformPolicies().attributes[m.r.kind] {
		if a.path[0] == path || strings.HasPrefix(path, a.path[0]+"[") {
			return true
		}
	}
	return path == "policy" || path == "assume_role_policy" || path == "definition" || strings.HasPrefix(path, "inline_policy") ||
		strings.Contains(path, "policy_documents") || strings.HasSuffix(path, "_json")
}

// names reports whether an attribute is a part of the resource's own name, which
// other names seldom are without more.
func (m *planMerge) names(path string) bool {
	fact := terraformTypes()[m.r.kind]
	if fact == nil {
		return false
	}
	if path == "name" {
		return true
	}
	for property, attribute := range fact.names {
		if attribute == path && strings.HasSuffix(property, "Name") {
			return true
		}
	}
	return false
}

// onlyReference returns what an expression refers to where that is one thing.
// Terraform lists with each reference those that it begins with.
func onlyReference(expression *jsontree.Value) (string, bool) {
	list := expression.Get("references")
	if !list.Is(jsontree.Array) {
		return "", false
	}
	longest := ""
	for i := range list.Items {
		if len(list.Items[i].Text) > len(longest) {
			longest = list.Items[i].Text
		}
	}
	for i := range list.Items {
		rest, is := strings.CutPrefix(longest, list.Items[i].Text)
		if !is || rest != "" && rest[0] != '.' && rest[0] != '[' {
			return "", false
		}
	}
	return longest, longest != ""
}

// planTarget is what a reference means.
type planTarget struct {
	text     string
	kind     string // type of the resource
	arn      bool   // the text is its ARN
	document *tfValue
}

// follow finds what a reference in a module means.
func (p *plan) follow(ref, module string, depth int) planTarget {
	if depth > maxChain/2 {
		return planTarget{}
	}
	prefix := ""
	if module != "" {
		prefix = module + "."
	}
	if name, is := strings.CutPrefix(ref, "var."); is {
		return p.followVariable(name, module, depth)
	}
	if strings.HasPrefix(ref, "module.") {
		return p.followOutput(ref, prefix, depth)
	}
	head, attribute := splitReference(ref)
	if attribute == "" {
		return planTarget{}
	}
	i := p.instance(prefix + head)
	if i == nil {
		return planTarget{}
	}
	r := p.resource(i)
	if i.data && i.kind == "aws_iam_policy_document" {
		v, ok := r.attr(attribute)
		if !ok || attribute != "json" && attribute != "minified_json" {
			return planTarget{}
		}
		return planTarget{document: &v}
	}
	if text, set := r.attrText(attribute); set && !hole.Has(text) {
		return planTarget{} // it is known, so that more than this is in the expression
	}
	if _, ok := p.format(r, attribute); !ok {
		return planTarget{}
	}
	text := p.attribute(r, attribute)
	return planTarget{text: text, kind: i.kind, arn: strings.HasPrefix(text, "arn:")}
}

// instance finds an instance by an address that may lack its key, where there is
// only one.
func (p *plan) instance(address string) *planInstance {
	if i := p.instances[address]; i != nil {
		return i
	}
	if i := p.instances[address+"[0]"]; i != nil && p.instances[address+"[1]"] == nil {
		return i
	}
	return nil
}

// splitReference cuts a reference to an attribute of a resource in two. One to
// a part of an attribute has no text of its own.
func splitReference(ref string) (head, attribute string) {
	parts := 2
	if strings.HasPrefix(ref, "data.") {
		parts = 3
	}
	end := 0
	for range parts {
		at := nextDot(ref[end:])
		if at < 0 {
			return ref, ""
		}
		end += at + 1
	}
	head, attribute = ref[:end-1], ref[end:]
	if strings.ContainsAny(attribute, ".[") {
		return head, ""
	}
	return head, attribute
}

// followVariable follows a variable to the call of its module.
func (p *plan) followVariable(name, module string, depth int) planTarget {
	if module == "" {
		return planTarget{} // the values of the root's variables are known
	}
	call := p.part(p.calls[withoutKeys(module)+"."])
	expression := call.Get(name)
	ref, only := onlyReference(expression)
	if !only {
		return planTarget{}
	}
	return p.follow(ref, parentModule(module), depth+1)
}

// parentModule returns the address of the module around one.
func parentModule(module string) string { return module[:max(0, lastModule(module)-1)] }

// lastModule returns the offset of the last "module." of a module's address.
func lastModule(module string) int {
	last, end := 0, 0
	for end < len(module) {
		last = end
		for range 2 { // the word and the name
			at := nextDot(module[end:])
			if at < 0 {
				return last
			}
			end += at + 1
		}
	}
	return last
}

// followOutput follows a reference to an output of a module.
func (p *plan) followOutput(ref, prefix string, depth int) planTarget {
	at := nextDot(ref)
	rest := ref[at+1:]
	at = nextDot(rest)
	if at < 0 {
		return planTarget{}
	}
	inner, output := prefix+"module."+rest[:at], rest[at+1:]
	if strings.ContainsAny(output, ".[") {
		return planTarget{}
	}
	expression := p.part(p.outputs[withoutKeys(inner)+"."+output])
	target, only := onlyReference(expression)
	if !only {
		return planTarget{}
	}
	return p.follow(target, inner, depth+1)
}
