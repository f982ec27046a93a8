package roles

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

// A name may hold a star or a question mark of its own, which a policy writes
// ${*} and ${?}. The pattern of a request has no such escapes. So they are
// written as characters that no name has, in what is needed and in what the role
// allows: wildcards match these as any others.
var (
	marks   = strings.NewReplacer("${*}", "\uE0FE", "${?}", "\uE0FD")
	unmarks = strings.NewReplacer("\uE0FE", "${*}", "\uE0FD", "${?}")
)

// marked writes a resource that is needed so.
func marked(resource string) string {
	return strings.ReplaceAll(marks.Replace(resource), "${$}", "$")
}

// unmarked writes texts as policies do again.
func unmarked(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = unmarks.Replace(text)
	}
	return out
}

// markedPolicies writes the resources of policies so. Those without escapes stay
// what they are.
func markedPolicies(policies []authz.Policy) []authz.Policy {
	out := slices.Clone(policies)
	for i := range out {
		out[i].Document = markedDocument(out[i].Document)
	}
	return out
}

func markedDocument(doc *policy.Document) *policy.Document {
	if doc == nil || !doc.HasVariables() {
		return doc
	}
	var out *policy.Document
	for i := range doc.Statements {
		s := &doc.Statements[i]
		resource, not := markedList(s.Resource), markedList(s.NotResource)
		if resource == s.Resource && not == s.NotResource {
			continue
		}
		if out == nil {
			clone := *doc
			out, clone.Statements = &clone, slices.Clone(doc.Statements)
		}
		out.Statements[i].Resource, out.Statements[i].NotResource = resource, not
	}
	if out == nil {
		return doc
	}
	return out
}

func markedList(list *policy.List) *policy.List {
	if list == nil || !slices.ContainsFunc(list.Values, func(v policy.Value) bool { return marks.Replace(v.Text) != v.Text }) {
		return list
	}
	out := *list
	out.Values = slices.Clone(list.Values)
	for i := range out.Values {
		out.Values[i].Text = marks.Replace(out.Values[i].Text)
	}
	return &out
}
