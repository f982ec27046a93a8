package asl

import (
	"strings"

	"github.com/writ-iam/writ/asl/jsonata"
)

// Outline returns what is known now of a string that an expression gives: "*"
// stands for every part that only the execution knows. It sees the literals of
// States.Format and, in JSONata, literals joined by &. ok is false where nothing
// is known.
func (v Value) Outline() (text string, ok bool) {
	expression := v.Expression()
	if v.Part() || !strings.ContainsAny(expression, `'"`) || hasOpenPart(expression) {
		return "", false
	}
	switch v.Language() {
	case JSONPath:
		if e, err := ParseExpression(expression); err == nil {
			text = e.outline()
		}
	case JSONata:
		if n, err := jsonata.Parse(expression); err == nil {
			text = outline(n)
		}
	}
	for strings.Contains(text, "**") {
		text = strings.ReplaceAll(text, "**", "*")
	}
	return text, strings.Trim(text, "*") != ""
}

func (e Expr) outline() string {
	switch {
	case e.Kind == StringExpr:
		return e.Text
	case e.Kind != CallExpr || e.Text != "States.Format" || len(e.Args) == 0 || e.Args[0].Kind != StringExpr:
		return "*"
	}
	var b strings.Builder
	for i, piece := range e.Args[0].Pieces() {
		if i > 0 && i < len(e.Args) {
			b.WriteString(e.Args[i].outline())
		} else if i > 0 {
			b.WriteByte('*')
		}
		b.WriteString(piece)
	}
	return b.String()
}

func outline(n *jsonata.Node) string {
	switch {
	case n.Kind == jsonata.String:
		return n.Text
	case n.Kind == jsonata.Block && len(n.Args) == 1:
		return outline(n.Args[0])
	case n.Kind == jsonata.Binary && n.Text == "&":
		return outline(n.Args[0]) + outline(n.Args[1])
	}
	return "*"
}
