package render

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// A policy of YAML that keeps some of its statements is edited statement by
// statement: those that stay keep their comments and their layout.

// statementEdits are the edits that make the only policy of a role what was
// generated; nil where the whole has to be replaced.
func (r *Resource) statementEdits(made *template.Role, policies *jsontree.Value) ([]edit, error) {
	file := r.Machine.File
	own := ownPolicies(r.Template, made)
	if len(policies.Items) != 1 || len(own) != 1 || len(r.Role.Policies) != 1 {
		return nil, nil
	}
	doc := own[0].Document
	list := policies.Items[0].Get("PolicyDocument").Get(policy.ElementStatement)
	if made.Implied {
		list = policies.Items[0].Get(policy.ElementStatement)
	}
	b, ok := blockOf(file, list)
	if !ok || len(b.items) != len(doc.Statements) {
		return nil, nil
	}
	want := r.Role.Policies[0].Document
	missing, keys := want.Statements, statementKeys(want)
	var edits []edit
	kept := 0
	for i, key := range statementKeys(doc) {
		if !slices.Contains(keys, key) {
			edits = append(edits, edit{b.items[i], ""})
			continue
		}
		kept++
		missing = slices.DeleteFunc(slices.Clone(missing), func(s policy.Statement) bool { return statementKey(want, &s) == key })
	}
	if kept == 0 {
		return nil, nil
	}
	if len(missing) == 0 {
		return edits, nil
	}
	added, err := r.statementNodes(want, missing)
	if err != nil {
		return nil, err
	}
	text, err := blockText(added, b.column)
	if err != nil {
		return nil, err
	}
	if end := b.items[len(b.items)-1].End; strings.HasSuffix(file.Text[:end], "\n") {
		return append(edits, edit{source.Span{Start: end, End: end}, text + "\n"}), nil
	}
	return append(edits, edit{source.Span{Start: int32(len(file.Text)), End: int32(len(file.Text))}, "\n" + text}), nil
}

// statementNodes writes statements as a list of YAML.
func (r *Resource) statementNodes(doc *policy.Document, statements []policy.Statement) (*yaml.Node, error) {
	node, err := jsonNode(&policy.Document{Version: doc.Version, Statements: statements})
	if err != nil {
		return nil, err
	}
	node = r.substituted(node)
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == policy.ElementStatement {
			return node.Content[i+1], nil
		}
	}
	return nil, nil
}

// statementKeys are texts that are equal for statements of the same meaning.
func statementKeys(doc *policy.Document) []string {
	keys := make([]string, len(doc.Statements))
	for i := range doc.Statements {
		keys[i] = statementKey(doc, &doc.Statements[i])
	}
	return keys
}

func statementKey(doc *policy.Document, s *policy.Statement) string {
	one := policy.Document{Version: doc.Version, Statements: []policy.Statement{*s}}
	return strings.Join(statementsOf([]*policy.Document{&one}), "\n")
}

// blockList is a list of YAML with an item on lines of its own.
type blockList struct {
	column int           // of the dashes
	items  []source.Span // whole lines, with the comments above an item
}

// blockOf finds the lines of a list; false where it is written in another way.
func blockOf(file *source.File, list *jsontree.Value) (blockList, bool) {
	var b blockList
	if !list.Is(jsontree.Array) || len(list.Items) == 0 {
		return b, false
	}
	text := file.Text
	for i := range list.Items {
		item := &list.Items[i]
		start := lineStart(text, item.Span.Start)
		dash := strings.IndexByte(text[start:item.Span.Start], '-')
		if dash < 0 || strings.TrimSpace(text[start:item.Span.Start]) != "-" || i > 0 && dash != b.column {
			return b, false
		}
		b.column = dash
		end := item.Span.End
		for end > start && isBlank(text[end-1]) {
			end--
		}
		if next := strings.IndexByte(text[end:], '\n'); next >= 0 {
			end += int32(next) + 1
		} else {
			end = int32(len(text))
		}
		b.items = append(b.items, source.Span{Start: withComments(text, start, dash), End: end})
	}
	return b, true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// withComments moves the start of an item to the comments above it that are as far
// indented.
func withComments(text string, start int32, column int) int32 {
	for start > 0 {
		before := lineStart(text, start-1)
		line := text[before:start]
		if trimmed := strings.TrimLeft(line, " "); !strings.HasPrefix(trimmed, "#") || len(line)-len(trimmed) != column {
			return start
		}
		start = before
	}
	return start
}
