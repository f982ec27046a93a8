package yamltree

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/jsontree"
)

// functions are CloudFormation's intrinsic functions that have a short form in
// YAML, with the key of their long form. Source: the CloudFormation user
// guide's intrinsic function reference.
var functions = map[string]string{
	"!Ref": "Ref", "!Condition": "Condition",
	"!And": "Fn::And", "!Base64": "Fn::Base64", "!Cidr": "Fn::Cidr", "!Equals": "Fn::Equals",
	"!FindInMap": "Fn::FindInMap", "!GetAtt": "Fn::GetAtt", "!GetAZs": "Fn::GetAZs", "!GetStackOutput": "Fn::GetStackOutput", "!If": "Fn::If",
	"!ImportValue": "Fn::ImportValue", "!Join": "Fn::Join", "!Length": "Fn::Length", "!Not": "Fn::Not",
	"!Or": "Fn::Or", "!Select": "Fn::Select", "!Split": "Fn::Split", "!Sub": "Fn::Sub",
	"!ToJsonString": "Fn::ToJsonString", "!Transform": "Fn::Transform",
}

// coreTags are the tags of YAML itself that JSON has a kind for.
var coreTags = map[yaml.Kind][]string{
	yaml.ScalarNode:   {"!!str", "!!null", "!!bool", "!!int", "!!float", "!!timestamp"},
	yaml.MappingNode:  {"!!map"},
	yaml.SequenceNode: {"!!seq"},
}

// custom reports whether a node carries a tag that is not YAML's own.
func custom(n *yaml.Node) bool {
	return n.Style&yaml.TaggedStyle != 0 && !slices.Contains(coreTags[n.Kind], n.Tag)
}

// function converts a short form such as !Sub "${A}" to {"Fn::Sub": "${A}"}.
// The name's span is that of the tag, the object's reaches from it to the end
// of the argument.
func (c *converter) function(v *jsontree.Value, n *yaml.Node, start, depth int) *jsontree.Error {
	tag := start
	for tag < len(c.text) && c.text[tag] == '&' { // an anchor may stand before the tag
		tag = c.skipSpace(c.wordEnd(tag))
	}
	tagSpan := span(tag, c.wordEnd(tag))
	name, known := functions[n.Tag]
	if !known {
		return fail(tagSpan, "tag %s means nothing here", n.Tag)
	}
	m := jsontree.Member{Name: name, NameSpan: tagSpan}
	untagged := *n
	untagged.Tag = "!" // a string, whatever it looks like
	if err := c.plain(&m.Value, &untagged, c.contentStart(n, start), depth+1); err != nil {
		return err
	}
	if name == "Fn::GetAtt" {
		splitAttribute(&m.Value)
	}
	v.Kind, v.Members = jsontree.Object, []jsontree.Member{m}
	v.Span = span(tag, max(int(tagSpan.End), int(m.Value.Span.End)))
	return nil
}

// splitAttribute turns "resource.attribute" into the list that the long form
// has. The attribute may hold further dots.
func splitAttribute(v *jsontree.Value) {
	resource, attribute, ok := strings.Cut(v.Text, ".")
	if v.Kind != jsontree.String || !ok {
		return
	}
	text := func(s string) jsontree.Value { return jsontree.Value{Kind: jsontree.String, Text: s, Span: v.Span} }
	*v = jsontree.Value{Kind: jsontree.Array, Span: v.Span, Items: []jsontree.Value{text(resource), text(attribute)}}
}
