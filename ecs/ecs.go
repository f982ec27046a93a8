// Package ecs reads what Amazon ECS runs, as far as access is concerned: task
// definitions and services, and the names of images, secrets and files in them.
package ecs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// Text is a string with its place.
type Text struct {
	Value string // "" when it is absent
	Span  source.Span
	Path  string // JSON pointer
}

// Kind says what a JSON text holds.
type Kind string

const (
	KindUnknown        Kind = ""
	KindTaskDefinition Kind = "task-definition"
	KindService        Kind = "service"
)

// KindOf tells a task definition and a service from all else by their members.
func KindOf(text string) Kind {
	root, _, err := jsontree.Parse(text)
	if err != nil {
		return KindUnknown
	}
	if t := member(root, "Type"); t.Is(jsontree.String) && member(root, "Properties").Is(jsontree.Object) {
		switch t.Text {
		case "AWS::ECS::TaskDefinition":
			return KindTaskDefinition
		case "AWS::ECS::Service":
			return KindService
		}
		return KindUnknown
	}
	switch {
	case root.Get("StartAt") != nil || root.Get("States") != nil:
		return KindUnknown
	case member(unwrap(root, taskDefinitionWrappers), "containerDefinitions") != nil:
		return KindTaskDefinition
	case member(root, "services").Is(jsontree.Array), member(unwrap(root, serviceWrappers), "serviceName") != nil:
		return KindService
	}
	return KindUnknown
}

// member finds a member in either of its spellings: containerDefinitions as in
// the API, ContainerDefinitions as in CloudFormation.
func member(v *jsontree.Value, name string) *jsontree.Value {
	if !v.Is(jsontree.Object) {
		return nil
	}
	for i := len(v.Members) - 1; i >= 0; i-- {
		if strings.EqualFold(v.Members[i].Name, name) {
			return &v.Members[i].Value
		}
	}
	return nil
}

// unwrap goes into the objects around a body that some spellings have.
func unwrap(v *jsontree.Value, wrappers []string) *jsontree.Value {
	for _, name := range wrappers {
		if inner := v.Get(name); inner.Is(jsontree.Object) {
			v = inner
		}
	}
	return v
}

// one returns the object that a text is about: the root, what its wrappers
// hold, or the only item of a list, as AWS describes things. It is nil, and that
// is reported, where there is no such object, or none of the members that mark it.
func (r *reader) one(wrappers []string, list, what string, marks []string) (body *jsontree.Value, described bool) {
	body = unwrap(r.root, wrappers)
	if items := member(r.root, list); items.Is(jsontree.Array) {
		if len(items.Items) != 1 {
			r.fail(r.code, items.Span, fmt.Sprintf("there are %d %s here; give one at a time", len(items.Items), list))
			return nil, true
		}
		body, described = &items.Items[0], true
	}
	if !body.Is(jsontree.Object) {
		r.fail(r.code, body.Span, what+" is an object, not "+body.Kind.String())
		return nil, described
	}
	if !slices.ContainsFunc(marks, func(name string) bool { return member(body, name) != nil }) {
		r.fail(r.code, start(body), fmt.Sprintf("this is not %s: it has no %s, and nothing else by which one is known", what, marks[0]))
		return nil, described
	}
	return body, described
}

// start is the first character of a value, for findings about the whole of it.
func start(v *jsontree.Value) source.Span {
	return source.Span{Start: v.Span.Start, End: min(v.Span.Start+1, v.Span.End)}
}

// reader takes a JSON text apart. What is of the wrong type is reported under
// its code and counts as absent.
type reader struct {
	file *source.File
	root *jsontree.Value
	code string
	list source.Collector
}

// open parses a text. It returns nil for one that is no JSON.
func open(file *source.File, code string) (*reader, source.List) {
	root, duplicates, err := jsontree.Parse(file.Text)
	if err != nil {
		return nil, source.List{{Code: "MALFORMED_JSON", Severity: source.Error, File: file, Span: err.Span, Message: err.Msg}}
	}
	r := &reader{file: file, root: root, code: code}
	for _, d := range duplicates {
		r.fail("DUPLICATE_KEY", d.Second, fmt.Sprintf("name %q stands twice in one object", d.Name))
	}
	return r, nil
}

func (r *reader) fail(code string, span source.Span, message string) {
	r.list.Add(source.Finding{
		Code: code, Severity: source.Error, File: r.file, Span: span,
		Path: jsontree.Pointer(r.root, span), Message: message,
	})
}

// found returns a member that is there and of a kind; nil otherwise.
func (r *reader) found(v *jsontree.Value, name string, kind jsontree.Kind) *jsontree.Value {
	m := member(v, name)
	switch {
	case m == nil || m.Kind == jsontree.Null:
		return nil
	case m.Kind != kind:
		r.fail(r.code, m.Span, fmt.Sprintf("%s is %s, not %s", name, m.Kind, kind))
		return nil
	}
	return m
}

// text returns a string member.
func (r *reader) text(v *jsontree.Value, name string) Text {
	m := r.found(v, name, jsontree.String)
	if m == nil {
		return Text{}
	}
	return r.located(m)
}

func (r *reader) located(v *jsontree.Value) Text {
	return Text{Value: v.Text, Span: v.Span, Path: jsontree.Pointer(r.root, v.Span)}
}

// truth returns a boolean member; absent is false.
func (r *reader) truth(v *jsontree.Value, name string) bool {
	m := r.found(v, name, jsontree.Bool)
	return m != nil && m.Text == "true"
}

// object returns a member that is an object.
func (r *reader) object(v *jsontree.Value, name string) *jsontree.Value {
	return r.found(v, name, jsontree.Object)
}

// each visits the objects of a list.
func (r *reader) each(v *jsontree.Value, name string, visit func(*jsontree.Value)) {
	list := r.found(v, name, jsontree.Array)
	if list == nil {
		return
	}
	for i := range list.Items {
		if item := &list.Items[i]; item.Kind == jsontree.Object {
			visit(item)
		} else {
			r.fail(r.code, item.Span, fmt.Sprintf("an item of %s is %s, not an object", name, item.Kind))
		}
	}
}

// texts returns the strings of a list.
func (r *reader) texts(v *jsontree.Value, name string) []Text {
	list := r.found(v, name, jsontree.Array)
	if list == nil {
		return nil
	}
	var out []Text
	for i := range list.Items {
		if item := &list.Items[i]; item.Kind == jsontree.String {
			out = append(out, r.located(item))
		} else {
			r.fail(r.code, item.Span, fmt.Sprintf("an item of %s is %s, not a string", name, item.Kind))
		}
	}
	return out
}

// options returns the members of an object of strings, in their order.
func (r *reader) options(v *jsontree.Value, name string) Options {
	m := r.object(v, name)
	if m == nil {
		return nil
	}
	var out Options
	for i := range m.Members {
		if value := &m.Members[i].Value; value.Kind == jsontree.String {
			out = append(out, Option{m.Members[i].Name, r.located(value)})
		} else {
			r.fail(r.code, value.Span, fmt.Sprintf("option %s is %s, not a string", m.Members[i].Name, value.Kind))
		}
	}
	return out
}

// role returns a string member that names a role.
func (r *reader) role(v *jsontree.Value, name string) Text {
	t := r.text(v, name)
	if t.Value != "" && !isRole(t.Value) {
		r.fail(r.code, t.Span, fmt.Sprintf("%q is neither the name nor the ARN of a role", t.Value))
		return Text{}
	}
	return t
}

// isRole reports whether a text is the name of a role, or its ARN. Source: ECS
// API reference, RegisterTaskDefinition; IAM API reference, CreateRole.
func isRole(text string) bool {
	name := text
	if rest, ok := strings.CutPrefix(text, "arn:"); ok {
		parts := strings.SplitN(rest, ":", 5)
		if len(parts) != 5 || parts[1] != "iam" || parts[2] != "" || len(parts[3]) != 12 || strings.Trim(parts[3], "0123456789") != "" {
			return false
		}
		path, ok := strings.CutPrefix(parts[4], "role/")
		if !ok || strings.ContainsFunc(path, func(r rune) bool { return r != '/' && !inName(r) }) {
			return false
		}
		name = path[strings.LastIndexByte(path, '/')+1:]
	}
	const longest = 64
	return name != "" && len(name) <= longest && !strings.ContainsFunc(name, func(r rune) bool { return !inName(r) })
}

func inName(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_+=,.@-", r)
}
