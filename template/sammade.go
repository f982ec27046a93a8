package template

import (
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// The trees of documents that SAM makes. All of it has the span of what it is
// made for.

func object(span source.Span, pairs ...any) jsontree.Value {
	v := jsontree.Value{Kind: jsontree.Object, Span: span}
	for i := 0; i < len(pairs); i += 2 {
		v.Members = append(v.Members, jsontree.Member{Name: pairs[i].(string), NameSpan: span, Value: pairs[i+1].(jsontree.Value)})
	}
	return v
}

func strs(span source.Span, list []string) jsontree.Value {
	v := jsontree.Value{Kind: jsontree.Array, Span: span}
	for _, text := range list {
		v.Items = append(v.Items, str(text, span))
	}
	return v
}

func madeDocument(span source.Span, version string, statements ...jsontree.Value) jsontree.Value {
	v := object(span, "Statement", jsontree.Value{Kind: jsontree.Array, Span: span, Items: statements})
	if version != "" {
		v.Members = append([]jsontree.Member{{Name: "Version", NameSpan: span, Value: str(version, span)}}, v.Members...)
	}
	return v
}

func grants(span source.Span, actions, resources, condition []string) jsontree.Value {
	v := object(span, "Effect", str("Allow", span), "Action", strs(span, actions), "Resource", strs(span, resources))
	if condition != nil {
		test := object(span, condition[1], str(condition[2], span))
		v.Members = append(v.Members, object(span, "Condition", object(span, condition[0], test)).Members...)
	}
	return v
}

// toAnyone makes a statement one of a resource's policy that names everyone.
func toAnyone(statement jsontree.Value) jsontree.Value {
	statement.Members = append(statement.Members, object(statement.Span, "Principal", str("*", statement.Span)).Members...)
	return statement
}

func trusts(span source.Span, service string) jsontree.Value {
	return object(span, "Effect", str("Allow", span), "Action", strs(span, []string{"sts:AssumeRole"}),
		"Principal", object(span, "Service", strs(span, []string{service})))
}
