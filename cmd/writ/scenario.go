package main

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/template"
)

// A condition of a template that nobody has decided changes texts, statements
// and references at once. What is said of a template is said for each outcome of
// its open conditions.

// scenario says of open conditions whether they hold. The keys are
// STACK/CONDITION. An empty one leaves all of them open.
type scenario map[string]bool

func conditionKey(stack, condition string) string { return stack + "/" + condition }

// conditionOf returns the condition that a hole hangs on.
func conditionOf(name string) (key string, ok bool) {
	at := strings.LastIndex(name, "If:")
	if at < 0 || at > 0 && name[at-1] != '/' {
		return "", false
	}
	condition, _, _ := strings.Cut(name[at+len("If:"):], "#")
	return conditionKey(strings.TrimSuffix(name[:at], "/"), condition), true
}

// maxConditions is how many open conditions are told apart: all their outcomes
// are looked at.
const maxConditions = 4

// scenarios lists those of the conditions that a machine and roles hang on; one
// that decides nothing, where there are none or too many.
func scenarios(t *template.Template, m *template.Machine, held []*template.Role) (list []scenario, all bool) {
	var keys []string
	note := func(stack string, w template.When) {
		for _, a := range w {
			if key := conditionKey(stack, a.Condition); !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	for _, r := range held {
		note(r.Stack, r.When)
		for _, i := range r.Inline {
			p := &t.Policies[i]
			note(p.Stack, p.When)
			for _, w := range p.Cases {
				note(p.Stack, w)
			}
		}
		for _, ref := range r.Managed {
			note(r.Stack, ref.When)
		}
	}
	fixed := scenario{}
	if m != nil {
		note(m.Stack, m.Role.When)
		for _, a := range m.When {
			fixed[conditionKey(m.Stack, a.Condition)] = a.Holds
		}
	}
	for name, h := range t.Holes {
		if m == nil && !slices.ContainsFunc(held, func(r *template.Role) bool { return mentions(t, r, name) }) {
			continue
		}
		if key, ok := conditionOf(name); ok && len(h.Alternatives) == 2 && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	keys = slices.DeleteFunc(keys, func(key string) bool { _, known := fixed[key]; return known })
	if len(keys) > maxConditions {
		return []scenario{fixed}, false
	}
	for bits := range 1 << len(keys) {
		o := scenario{}
		for key, holds := range fixed {
			o[key] = holds
		}
		for i, key := range keys {
			o[key] = bits>>i&1 == 0
		}
		list = append(list, o)
	}
	return list, true
}

// mentions reports whether a policy of a role has a hole.
func mentions(t *template.Template, r *template.Role, name string) bool {
	return slices.ContainsFunc(r.Inline, func(i int) bool {
		doc := t.Policies[i].Document
		return doc != nil && strings.Contains(doc.String(), hole.Text(name))
	})
}

// names lists the conditions.
func (o scenario) names() string {
	var names []string
	for key := range o {
		names = append(names, strings.TrimPrefix(key, "/"))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// String names an outcome for people: "IsProd and not HasLogs".
func (o scenario) String() string {
	var words []string
	for key, holds := range o {
		_, name, _ := strings.Cut(key, "/")
		if stack := key[:strings.LastIndexByte(key, '/')]; stack != "" {
			name = key
		}
		if !holds {
			name = "not " + name
		}
		words = append(words, name)
	}
	slices.Sort(words)
	return strings.Join(words, " and ")
}

// holds reports whether assumptions hold; sure is false where that is open.
func (o scenario) holds(stack string, w template.When) (holds, sure bool) {
	sure = true
	for _, a := range w {
		switch held, known := o[conditionKey(stack, a.Condition)]; {
		case known && held != a.Holds:
			return false, true
		case !known:
			sure = false
		}
	}
	return sure, sure
}

// text puts into a text what the outcome decides.
func (o scenario) text(t *template.Template, text string) string {
	for range maxConditions * 4 { // alternatives may hold others
		changed := hole.Replace(text, func(name string) string {
			key, ok := conditionOf(name)
			alternatives := t.Holes[name].Alternatives
			held, known := o[key]
			if !ok || !known || len(alternatives) != 2 {
				return hole.Text(name)
			}
			if held {
				return alternatives[0]
			}
			return alternatives[1]
		})
		if changed == text {
			break
		}
		text = changed
	}
	return text
}

// document returns the statements that count, with the texts that they have.
// open are those of which it is not known whether they count.
func (o scenario) document(t *template.Template, p *template.Policy) (doc *policy.Document, open bool) {
	out := *p.Document
	out.Statements = nil
	for i := range p.Document.Statements {
		s := p.Document.Statements[i]
		if i < len(p.Cases) {
			holds, sure := o.holds(p.Stack, p.Cases[i])
			if open = open || !sure; !holds {
				continue
			}
		}
		s.Resource, s.NotResource = o.list(t, s.Resource), o.list(t, s.NotResource)
		s.Action, s.NotAction = o.list(t, s.Action), o.list(t, s.NotAction)
		out.Statements = append(out.Statements, s)
	}
	return &out, open
}

// list puts into a list what the outcome decides; what becomes nothing is left
// out.
func (o scenario) list(t *template.Template, l *policy.List) *policy.List {
	if l == nil || !slices.ContainsFunc(l.Values, func(v policy.Value) bool { return hole.Has(v.Text) }) {
		return l
	}
	out := *l
	out.Values = nil
	for _, v := range l.Values {
		if text := o.text(t, v.Text); text != "" {
			v.Text = text
			out.Values = append(out.Values, v)
		}
	}
	return &out
}

// policyOf is a policy of the template for authz.
func policyOf(doc *policy.Document, p *template.Policy) authz.Policy {
	name := hole.Print(p.Physical)
	if name == "" {
		name = p.Name
	}
	return authz.Policy{Name: name, Document: doc}
}

// holesOf is what an outcome tells roles of holes: conditions that it decides,
// and of the others both texts. Parameters are not taken apart: each deployment
// has one value.
type holesOf struct {
	t *template.Template
	o scenario
}

func (h holesOf) Plain(name string) bool { return h.t.Plain(name) }

// maxAlternatives bounds what one text can be.
const maxAlternatives = 64

func (h holesOf) Alternatives(text string) (texts []string, ok bool) {
	todo := []string{h.o.text(h.t, text)}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		at := slices.IndexFunc(hole.Names(next), func(name string) bool {
			_, condition := conditionOf(name)
			return condition && len(h.t.Holes[name].Alternatives) == 2
		})
		if at < 0 {
			texts = append(texts, next)
			continue
		}
		name := hole.Names(next)[at]
		for _, alternative := range h.t.Holes[name].Alternatives {
			todo = append(todo, strings.ReplaceAll(next, hole.Text(name), alternative))
		}
		if len(texts)+len(todo) > maxAlternatives {
			return []string{text}, false
		}
	}
	return texts, true
}
