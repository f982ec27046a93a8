package template

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

//go:embed facts/permissions.txt
var permissionFactsText string

// permissionFact says how a statement is made of a resource without a document;
// facts/permissions.txt explains the fields.
type permissionFact struct {
	resource                     string // type of what the policy is attached to
	principal, action, on, after string // properties
	actionDefault, onDefault     string
	prefix, separator            string
	conditions                   [][3]string // operator, key, property
	condition, unless            string
}

var permissionFacts = sync.OnceValue(func() map[string]*permissionFact {
	facts := map[string]*permissionFact{}
	var last *permissionFact
	for line := range strings.Lines(permissionFactsText) {
		f := strings.Fields(line)
		switch {
		case len(f) < 2, strings.HasPrefix(line, "#"):
			continue
		case !strings.HasPrefix(line, "\t"):
			last = &permissionFact{resource: f[1]}
			facts[f[0]] = last
			continue
		}
		switch f[0] {
		case "principal":
			last.principal = f[1]
		case "action":
			last.action, last.actionDefault, _ = strings.Cut(f[1], "=")
		case "on":
			last.on, last.onDefault, _ = strings.Cut(f[1], "=")
			last.prefix = f[2]
		case "after":
			last.after, last.separator = f[1], f[2]
		case "if":
			last.conditions = append(last.conditions, [3]string{f[1], f[2], f[3]})
		case "condition":
			last.condition = f[1]
		case "unless":
			last.unless = f[1]
		}
	}
	return facts
})

// permissionSource is a resource that grants without a document, in either
// language.
type permissionSource struct {
	span source.Span
	// text returns a property, "" where it is not set; path has two names for
	// what stands in an object.
	text   func(path ...string) (string, source.Span)
	expand func(format string) string // fills a format of places
	lost   func(at source.Span, why string)
	in     *Template
}

// statement makes the statement that a permission stands for, and the ARN that
// it is about. Without a principal that can be told there is none.
func (f *permissionFact) statement(p *permissionSource) (doc jsontree.Value, on string, ok bool) {
	principal, at := p.text(f.principal)
	if principal == "" {
		p.lost(p.span, "who may do this is not said")
		return doc, "", false
	}
	who, ok := p.principal(principal, at)
	if !ok {
		p.lost(at, "whether "+hole.Print(principal)+" is a service or an account is not known")
		return doc, "", false
	}
	action, actionAt := p.text(f.action)
	if action == "" {
		action = f.actionDefault
	}
	on, onAt := f.target(p)
	v := object(p.span, policy.ElementEffect, str("Allow", p.span), policy.ElementPrincipal, who,
		policy.ElementAction, str(action, actionAt), policy.ElementResource, str(on, onAt))
	if c := f.tests(p); len(c.Members) > 0 {
		v.Members = append(v.Members, object(p.span, policy.ElementCondition, c).Members...)
	}
	return madeDocument(p.span, policy.Version2012, v), on, true
}

// target returns the ARN of what the statement is about.
func (f *permissionFact) target(p *permissionSource) (string, source.Span) {
	on, at := p.text(f.on)
	if on == "" {
		on = f.onDefault
	}
	if !strings.HasPrefix(on, "arn:") {
		on = p.expand(f.prefix) + on
	}
	if f.after != "" {
		if after, _ := p.text(f.after); after != "" {
			on += f.separator + after
		}
	}
	return on, at
}

// tests returns the conditions of the statement.
func (f *permissionFact) tests(p *permissionSource) jsontree.Value {
	out := object(p.span)
	add := func(operator, key, value string, at source.Span) {
		if value == "" {
			return
		}
		if p.in.is(value, "") {
			p.lost(at, "whether the condition on "+key+" is there is not known")
		}
		test := object(at, key, str(value, at))
		if same := out.Get(operator); same != nil {
			same.Members = append(same.Members, test.Members...)
			return
		}
		out.Members = append(out.Members, object(at, operator, test).Members...)
	}
	for _, c := range f.conditions {
		value, at := p.text(c[2])
		add(c[0], c[1], value, at)
	}
	if f.condition != "" {
		operator, at := p.text(f.condition, "Type")
		key, _ := p.text(f.condition, "Key")
		value, valueAt := p.text(f.condition, "Value")
		switch {
		case hole.Has(operator), hole.Has(key):
			p.lost(at, "the condition is not known")
		case operator != "":
			add(operator, key, value, valueAt)
		default:
			if unread, at := p.text(f.condition); unread != "" {
				p.lost(at, "the condition is not known")
			}
		}
	}
	return out
}

// principal tells anyone, accounts, principals and services apart by how they are
// written.
func (p *permissionSource) principal(text string, at source.Span) (jsontree.Value, bool) {
	name, unknown := hole.Whole(text)
	account := unknown && p.in.Holes[name].Pattern == accountPattern || len(text) == len(accountPattern) && strings.Trim(text, "0123456789") == ""
	switch {
	case text == "*":
		return str(text, at), true
	case account:
		return object(at, "AWS", str(p.expand("arn:${Partition}:iam::")+text+":root", at)), true
	case strings.HasPrefix(text, "arn:"):
		return object(at, "AWS", str(text, at)), true
	case !unknown && strings.Contains(text, "."):
		return object(at, "Service", str(text, at)), true
	}
	return jsontree.Value{}, false
}

// readPermission reads a resource of CloudFormation that grants without a
// document: a policy for each way in which conditions can set its properties.
func (s *stack) readPermission(r *resource) {
	f := permissionFacts()[r.kind]
	if f == nil {
		return
	}
	list := []variant{{whole: true}}
	if r.properties != nil {
		list = s.variants(r.properties)
	}
	for i := range list {
		if c := &list[i]; f.unless == "" || c.value.Get(f.unless) == nil {
			s.under(c.when, func() { s.addPermission(r, f, c) })
		}
	}
}

func (s *stack) addPermission(r *resource, f *permissionFact, c *variant) {
	p := permissionSource{span: r.nameSpan, expand: func(format string) string { return s.expand(format, r) }, lost: s.unreadable, in: s.session.out}
	p.text = func(path ...string) (string, source.Span) {
		v := &c.value
		for _, name := range path {
			v = v.Get(name)
		}
		if v == nil {
			return "", r.nameSpan
		}
		return s.textOf(*v), v.Span
	}
	made := Policy{Place: s.place(r, nil), Kind: Resource, Resource: f.resource}
	whole := s.whole(func() {
		if doc, on, ok := f.statement(&p); ok {
			made.Targets = []Reference{{Text: on, Span: r.nameSpan, When: s.here(nil)}}
			made.Document, _ = s.finish(&doc)
			made.Cases = make([]When, len(made.Document.Statements))
		}
	})
	made.Incomplete = !c.whole || !whole
	s.session.out.Policies = append(s.session.out.Policies, made)
}

// readPermission reads a resource of Terraform that grants without a document.
func (t *terraform) readPermission(r *tfResource, f *permissionFact) {
	p := permissionSource{span: r.nameSpan, in: t.out}
	p.expand = func(format string) string { text, _ := t.fill(r, &tfFact{}, format); return text }
	p.lost = func(at source.Span, why string) { t.unreadable(r.file, at, r.address, t.hintFor(), why) }
	p.text = func(path ...string) (string, source.Span) {
		for i, name := range path {
			path[i] = snakeCase(name)
		}
		list := t.reach(r, path)
		if len(list) == 0 {
			return "", r.nameSpan
		}
		v := &list[0]
		at := v.place(r.file, r.nameSpan)
		if len(list) > 1 || len(v.when) > 0 {
			p.lost(r.value(path[0]).place(r.file, r.nameSpan), "whether "+path[0]+" is set so is not known")
		}
		return t.textOf(r, v, strings.Join(path, ".")), at
	}
	made := Policy{Place: r.place(nil), Kind: Resource, Resource: sameType(f.resource)}
	made.Incomplete = !t.whole(func() {
		if doc, on, ok := f.statement(&p); ok {
			made.Targets = []Reference{{Text: on, Span: r.nameSpan, When: r.when}}
			if made.Document = t.finishDocument(r, &doc, r.file); made.Document != nil {
				made.Cases = make([]When, len(made.Document.Statements))
			}
		}
	})
	t.out.Policies = append(t.out.Policies, made)
}
