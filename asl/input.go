package asl

import (
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/source"
)

// readTree reads a text into a tree; the finding says why it cannot be read.
func readTree(file *source.File, yaml bool) (*jsontree.Value, []jsontree.Duplicate, *source.Finding) {
	code, parse := "MALFORMED_JSON", parseJSON
	if yaml {
		code, parse = "MALFORMED_YAML", yamltree.Parse
	}
	root, duplicates, err := parse(file.Text)
	if err == nil {
		return root, duplicates, nil
	}
	return nil, nil, &source.Finding{
		Code: code, Severity: source.Error, File: file, Span: err.Span, Message: err.Msg, Hint: placeholderHint(file.Text, err),
	}
}

// parseJSON reads JSON in which placeholders may stand without quotes.
func parseJSON(text string) (*jsontree.Value, []jsontree.Duplicate, *jsontree.Error) {
	root, duplicates, err := jsontree.Parse(text)
	if err != nil && strings.Contains(text, "${") {
		if quoted, changed := quoteBare(text); changed {
			return jsontree.Parse(quoted)
		}
	}
	return root, duplicates, err
}

func placeholderHint(text string, err *jsontree.Error) string {
	if at := int(err.Span.Start); at < len(text) && text[at] == '$' {
		return "a placeholder is written ${Name}: letters, digits and _ . : -"
	}
	return ""
}

// isYAML guesses the syntax of a file from its name, or else from how its text
// begins. An empty text counts as JSON, and so does a byte order mark before a
// brace, which JSON does not allow.
func isYAML(file *source.File) bool {
	switch {
	case strings.HasSuffix(file.Name, ".yaml"), strings.HasSuffix(file.Name, ".yml"):
		return true
	case strings.HasSuffix(file.Name, ".json"):
		return false
	}
	text := strings.TrimLeft(strings.TrimPrefix(file.Text, "\ufeff"), " \t\r\n")
	return text != "" && text[0] != '{'
}
