package render

import (
	"bytes"
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Every template starts from the JSON of a document, read into YAML nodes
// because those keep the order of members.

func jsonNode(v any) (*yaml.Node, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		return nil, err
	}
	return n.Content[0], nil
}

// looksTyped reports whether a plain scalar would not be read back as a string.
func looksTyped(s string) bool {
	var n yaml.Node
	return yaml.Unmarshal([]byte(s), &n) != nil || len(n.Content) == 0 || n.Content[0].Tag != "!!str"
}

// plainStyle is the style of a string: quotes only where it needs them.
func plainStyle(s string) yaml.Style {
	if looksTyped(s) {
		return yaml.SingleQuotedStyle
	}
	return 0
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func quoted(s string) *yaml.Node {
	n := text(s)
	n.Style = yaml.SingleQuotedStyle
	return n
}

// mapping builds a mapping of names and nodes in turn.
func mapping(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(pairs); i += 2 {
		add(n, pairs[i].(string), pairs[i+1].(*yaml.Node))
	}
	return n
}

// add appends a member to a mapping.
func add(n *yaml.Node, name string, value *yaml.Node) {
	n.Content = append(n.Content, text(name), value)
}

func yamlText(n *yaml.Node) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := encoder.Encode(n)
	return out.Bytes(), err
}

// blockText prints YAML, each line indented, without a line break at the end.
func blockText(n *yaml.Node, indent int) (string, error) {
	out, err := yamlText(n)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	return strings.Repeat(" ", indent) + strings.Join(lines, "\n"+strings.Repeat(" ", indent)), nil
}

// flowText prints YAML on one line. What has a tag is JSON's form of a function.
func flowText(n *yaml.Node) (string, error) {
	text, err := json.Marshal(plainValue(n))
	return string(text), err
}

func jsonText(n *yaml.Node, indent string) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(indent, "  ")
	err := encoder.Encode(plainValue(n))
	return strings.TrimRight(out.String(), "\n"), err
}

// orderedObject is an object whose members keep their order.
type orderedObject []orderedMember

type orderedMember struct {
	name  string
	value any
}

// MarshalJSON writes the members in order.
func (o orderedObject) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encoder.Encode(m.name); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := encoder.Encode(m.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// plainValue writes the short forms of functions as objects.
func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := orderedObject{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out = append(out, orderedMember{n.Content[i].Value, plainValue(n.Content[i+1])})
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			out = append(out, plainValue(item))
		}
		return out
	}
	switch n.Tag {
	case "!Ref":
		return orderedObject{{"Ref", n.Value}}
	case "!Sub":
		return orderedObject{{"Fn::Sub", n.Value}}
	case "!GetAtt":
		resource, attribute, _ := strings.Cut(n.Value, ".")
		return orderedObject{{"Fn::GetAtt", []string{resource, attribute}}}
	}
	return n.Value
}
