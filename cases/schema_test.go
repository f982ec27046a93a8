package cases

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
)

// schema is a JSON Schema of the few keywords that docs/schema uses.
type schema struct{ root map[string]any }

func (s schema) def(name string) map[string]any {
	d, _ := s.root["$defs"].(map[string]any)[name].(map[string]any)
	return d
}

// check returns what is wrong with a value, or "". An unknown keyword panics,
// so that the schema cannot say what is not tested.
func (s schema) check(rule map[string]any, v any, at string) string {
	for keyword, arg := range rule {
		problem := ""
		switch keyword {
		case "$schema", "$id", "$defs", "title", "description":
		case "$ref":
			problem = s.check(s.def(strings.TrimPrefix(arg.(string), "#/$defs/")), v, at)
		case "anyOf":
			problem = s.anyOf(arg.([]any), v, at)
		case "allOf":
			for _, r := range arg.([]any) {
				if problem == "" {
					problem = s.check(r.(map[string]any), v, at)
				}
			}
		case "type":
			if !hasType(arg, v) {
				problem = fmt.Sprintf("%s: %T is not %v", at, v, arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				problem = fmt.Sprintf("%s: %v is none of %v", at, v, arg)
			}
		case "minItems":
			if list, ok := v.([]any); ok && float64(len(list)) < arg.(float64) {
				problem = at + ": too few items"
			}
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				if problem == "" {
					problem = s.check(arg.(map[string]any), item, fmt.Sprintf("%s/%d", at, i))
				}
			}
		case "required":
			object, ok := v.(map[string]any)
			for _, name := range arg.([]any) {
				if _, has := object[name.(string)]; ok && !has {
					problem = at + ": lacks " + name.(string)
				}
			}
		case "properties", "additionalProperties":
			if keyword == "additionalProperties" || rule["additionalProperties"] == nil {
				problem = s.members(rule, v, at)
			}
		default:
			panic("the schema uses " + keyword)
		}
		if problem != "" {
			return problem
		}
	}
	return ""
}

func (s schema) anyOf(rules []any, v any, at string) string {
	problem := ""
	for _, r := range rules {
		if problem = s.check(r.(map[string]any), v, at); problem == "" {
			return ""
		}
	}
	return problem
}

func (s schema) members(rule map[string]any, v any, at string) string {
	object, _ := v.(map[string]any)
	properties, _ := rule["properties"].(map[string]any)
	for name, member := range object {
		at := at + "/" + name
		if r, ok := properties[name].(map[string]any); ok {
			if problem := s.check(r, member, at); problem != "" {
				return problem
			}
			continue
		}
		switch other := rule["additionalProperties"].(type) {
		case bool:
			if !other {
				return at + ": unknown"
			}
		case map[string]any:
			if problem := s.check(other, member, at); problem != "" {
				return problem
			}
		}
	}
	return ""
}

func hasType(want, v any) bool {
	if list, ok := want.([]any); ok {
		return slices.ContainsFunc(list, func(w any) bool { return hasType(w, v) })
	}
	switch want {
	case "object":
		_, ok := v.(map[string]any)
		return ok
	case "array":
		_, ok := v.([]any)
		return ok
	case "string":
		_, ok := v.(string)
		return ok
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "number":
		_, ok := v.(json.Number)
		return ok
	case "integer":
		n, ok := v.(json.Number)
		return ok && !strings.ContainsAny(string(n), ".eE")
	}
	panic(fmt.Sprintf("the schema uses type %v", want))
}

// plainValue turns a tree into what encoding/json would have read.
func plainValue(v *jsontree.Value) any {
	switch v.Kind {
	case jsontree.String:
		return v.Text
	case jsontree.Number:
		return json.Number(v.Text)
	case jsontree.Bool:
		return v.Text == "true"
	case jsontree.Array:
		out := make([]any, len(v.Items))
		for i := range v.Items {
			out[i] = plainValue(&v.Items[i])
		}
		return out
	case jsontree.Object:
		out := map[string]any{}
		for i := range v.Members {
			out[v.Members[i].Name] = plainValue(&v.Members[i].Value)
		}
		return out
	}
	return nil
}
