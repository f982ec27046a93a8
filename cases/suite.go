package cases

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
)

// suiteDraft is a suite as it is read.
type suiteDraft struct {
	request, policies *jsontree.Value
	cases             *jsontree.Value
}

var suiteFields = []field[suiteDraft]{
	{"notes", func(*reader, *suiteDraft, *jsontree.Value) {}},
	{"request", func(_ *reader, s *suiteDraft, v *jsontree.Value) { s.request = v }},
	{"policies", func(_ *reader, s *suiteDraft, v *jsontree.Value) { s.policies = v }},
	{"cases", func(_ *reader, s *suiteDraft, v *jsontree.Value) { s.cases = v }},
}

// suite reads the cases of a document, each laid over what the suite gives for
// all of them.
func (r *reader) suite(v *jsontree.Value) {
	var s suiteDraft
	if !readObject(r, &s, v, "a suite", suiteFields) {
		return
	}
	if s.cases.Kind != jsontree.Array {
		r.wrongType(s.cases, "cases", "a list of cases")
		return
	}
	if len(s.cases.Items) == 0 {
		r.report(codeNoCases, s.cases.Span, "", "the suite has no case")
		return
	}
	if shared := size(s.request) + size(s.policies); shared*len(s.cases.Items) > maxShared {
		r.report(codeTooMany, s.cases.Span, "", "%d cases that share %d values are more than can be read", len(s.cases.Items), shared)
		return
	}
	for i := range s.cases.Items {
		item := &s.cases.Items[i]
		whole := *item
		if item.Kind == jsontree.Object {
			whole.Members = slices.Clone(item.Members)
			overlay(&whole, "request", s.request, overlayRequest)
			overlay(&whole, "policies", s.policies, overlayPolicies)
		}
		r.caseOf(&whole, item.Span)
	}
}

// maxShared bounds what is read again for every case of a suite.
const maxShared = 20_000_000

// size counts the values of a tree, those within policies aside: they are read
// once.
func size(v *jsontree.Value) int {
	if v == nil || v.Get("Statement") != nil {
		return 1
	}
	n := 1
	for i := range v.Items {
		n += size(&v.Items[i])
	}
	for i := range v.Members {
		n += size(&v.Members[i].Value)
	}
	return n
}

// overlay gives an object the member that it lacks, or lays its own over it.
func overlay(v *jsontree.Value, name string, under *jsontree.Value, join func(under, over *jsontree.Value) *jsontree.Value) {
	if under == nil {
		return
	}
	m := v.Member(name)
	if m == nil {
		v.Members = append(v.Members, jsontree.Member{Name: name, NameSpan: under.Span, Value: *under})
		return
	}
	if m.Value.Kind == jsontree.Object && under.Kind == jsontree.Object {
		m.Value = *join(under, &m.Value)
	}
}

func overlayPolicies(under, over *jsontree.Value) *jsontree.Value {
	return merge(under, over, strings.ToLower)
}

// overlayRequest lets "action" replace "actions" too, and joins contexts key by
// key.
func overlayRequest(under, over *jsontree.Value) *jsontree.Value {
	v := merge(under, over, func(name string) string { return strings.TrimSuffix(name, "s") })
	context, own := under.Get("context"), over.Get("context")
	if context.Is(jsontree.Object) && own.Is(jsontree.Object) {
		v.Member("context").Value = *merge(context, own, strings.ToLower)
	}
	return v
}

// merge returns an object with the members of over, and of under those whose key
// none of them has.
func merge(under, over *jsontree.Value, key func(name string) string) *jsontree.Value {
	has := make(map[string]bool, len(over.Members))
	for i := range over.Members {
		has[key(over.Members[i].Name)] = true
	}
	out := *over
	out.Members = nil
	for i := range under.Members {
		if !has[key(under.Members[i].Name)] {
			out.Members = append(out.Members, under.Members[i])
		}
	}
	out.Members = append(out.Members, over.Members...)
	return &out
}
