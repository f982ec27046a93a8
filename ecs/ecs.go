// Package ecs reads what Amazon ECS runs: task definitions.
package ecs

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// TaskDefinition is the part of a task definition that concerns access.
type TaskDefinition struct {
	Family        string
	TaskRole      string // name or ARN; assumed by the containers; "" when there is none
	ExecutionRole string // name or ARN; assumed by the ECS agent to pull images and send logs; "" when there is none
	Span          source.Span
}

// ParseTaskDefinition reads a task definition in JSON: the input of
// RegisterTaskDefinition, the answer of DescribeTaskDefinition, or the
// properties of AWS::ECS::TaskDefinition.
func ParseTaskDefinition(file *source.File) (TaskDefinition, source.List) {
	root, duplicates, err := jsontree.Parse(file.Text)
	if err != nil {
		return TaskDefinition{}, source.List{{Code: "MALFORMED_JSON", Severity: source.Error, File: file, Span: err.Span, Message: err.Msg}}
	}
	r := reader{file: file, root: root}
	for _, d := range duplicates {
		r.fail("DUPLICATE_KEY", d.Second, fmt.Sprintf("name %q stands twice in one object", d.Name))
	}
	body := root
	for _, wrapper := range []string{"taskDefinition", "Properties"} {
		if inner := body.Get(wrapper); inner.Is(jsontree.Object) {
			body = inner
		}
	}
	if !body.Is(jsontree.Object) {
		r.fail("BAD_TASK_DEFINITION", root.Span, "a task definition is an object, not "+root.Kind.String())
		return TaskDefinition{}, r.list
	}
	td := TaskDefinition{
		Family:        r.text(body, "family", "Family"),
		TaskRole:      r.role(body, "taskRoleArn", "TaskRoleArn"),
		ExecutionRole: r.role(body, "executionRoleArn", "ExecutionRoleArn"),
		Span:          body.Span,
	}
	if td.Family == "" {
		r.fail("BAD_TASK_DEFINITION", body.Span, "the task definition names no family")
	}
	return td, r.list
}

type reader struct {
	file *source.File
	root *jsontree.Value
	list source.List
}

func (r *reader) fail(code string, span source.Span, message string) {
	r.list = append(r.list, source.Finding{
		Code: code, Severity: source.Error, File: r.file, Span: span,
		Path: jsontree.Pointer(r.root, span), Message: message,
	})
}

// text returns a string member under either of its spellings.
func (r *reader) text(body *jsontree.Value, names ...string) string {
	for _, name := range names {
		switch v := body.Get(name); {
		case v == nil || v.Kind == jsontree.Null:
		case v.Kind != jsontree.String:
			r.fail("BAD_TASK_DEFINITION", v.Span, fmt.Sprintf("%s is %s, not a string", name, v.Kind))
		default:
			return v.Text
		}
	}
	return ""
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

// role returns a string member that names a role.
func (r *reader) role(body *jsontree.Value, names ...string) string {
	text := r.text(body, names...)
	if text == "" || isRole(text) {
		return text
	}
	for _, name := range names {
		if v := body.Get(name); v != nil {
			r.fail("BAD_TASK_DEFINITION", v.Span, fmt.Sprintf("%q is neither the name nor the ARN of a role", text))
		}
	}
	return ""
}
