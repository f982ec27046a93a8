package asl

import (
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
)

// checkTemplate checks the expressions inside a payload template.
func (r *reader) checkTemplate(v *jsontree.Value, language QueryLanguage) {
}

// isJSONataLike reports whether a string is, or was meant to be, an expression.
func isJSONataLike(s string) bool {
	return strings.HasPrefix(s, "{%") || strings.HasSuffix(s, "%}")
}

func (r *reader) checkJSONata(v *jsontree.Value) {}

func (r *reader) checkPathField(f field, v *jsontree.Value) (want string) { return "" }

func (r *reader) checkPathOperand(v *jsontree.Value) (want string) { return "" }
