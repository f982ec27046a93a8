package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// Expectation is what a test expects of a decision: the name of a result, or
// Denied for a denial of either kind.
type Expectation string

// Denied is met by ExplicitlyDenied and by ImplicitlyDenied.
const Denied Expectation = "Denied"

// expectations are all there are, in the order in which they are listed.
var expectations = []string{"Allowed", string(Denied), "ExplicitlyDenied", "ImplicitlyDenied", "Undecided"}

// Met reports whether a result is what is expected.
func (e Expectation) Met(r authz.Result) bool {
	return string(e) == r.String() || e == Denied && (r == authz.ExplicitlyDenied || r == authz.ImplicitlyDenied)
}

// By is what a test expects to decide a request. What is nil is not compared.
type By struct {
	Kind      authz.Kind
	Level     *int    // of service and resource control policies, 0 is the organization's root
	Policy    *int    // index within the kind, or level
	Statement *int    // index within the policy
	Sid       *string //
}

var byFields = []field[By]{
	{"kind", func(r *reader, b *By, v *jsontree.Value) { r.kind(&b.Kind, v) }},
	{"level", func(r *reader, b *By, v *jsontree.Value) { b.Level = r.index(v, "level") }},
	{"policy", func(r *reader, b *By, v *jsontree.Value) { b.Policy = r.index(v, "policy") }},
	{"statement", func(r *reader, b *By, v *jsontree.Value) { b.Statement = r.index(v, "statement") }},
	{"sid", func(r *reader, b *By, v *jsontree.Value) {
		b.Sid = new(string)
		r.text(b.Sid, v, "sid")
	}},
}

func (r *reader) decidedBy(v *jsontree.Value) []By {
	items := []jsontree.Value{*v}
	if v.Kind == jsontree.Array {
		items = v.Items
	}
	if len(items) == 0 {
		r.report(codeValue, v.Span, "leave it out where it is not tested", "decidedBy is empty")
	}
	out := make([]By, len(items))
	for i := range items {
		if readObject(r, &out[i], &items[i], "decidedBy", byFields) && items[i].Get("kind") == nil {
			r.report(codeMissing, firstLine(r.file, items[i].Span), "", "the kind of policy that decides is missing")
		}
	}
	return out
}

// kinds are the names of what can decide, in the order of package authz.
var kinds = func() []string {
	var out []string
	for k := authz.Identity; k <= authz.Service; k++ {
		out = append(out, k.String())
	}
	return out
}()

func (r *reader) kind(dst *authz.Kind, v *jsontree.Value) {
	var text string
	if v.Kind != jsontree.String {
		r.wrongType(v, "kind", "a string")
		return
	}
	text = v.Text
	if i := slices.Index(kinds, text); i >= 0 {
		*dst = authz.Kind(i)
		return
	}
	r.report(codeValue, v.Span, orList(r.near.Hint(text, kinds), kinds), "there is no kind of policy %s", near.Quote(text))
}

func (r *reader) index(v *jsontree.Value, name string) *int {
	n, err := strconv.ParseUint(v.Text, 10, 31)
	if v.Kind != jsontree.Number || err != nil {
		r.report(codeType, v.Span, "", "%s is %s; it should be a number from 0", name, v.Kind)
		return nil
	}
	i := int(n)
	return &i
}

// expect reads the expectation: one for all requests, or one for each action,
// which may again be one for each resource.
func (d *draft) expect(r *reader, actions, resources []spelled) {
	if d.expected == nil {
		return
	}
	perAction := r.perName(d.expected, "expected", actions)
	for i, v := range perAction {
		for j, cell := range r.perName(v, "what is expected of "+near.Quote(actions[i].text), resources) {
			at := i*len(resources) + j
			if cell == nil || at >= len(d.Cells) {
				continue
			}
			d.Cells[at].Expected = r.expectation(cell)
		}
	}
}

// perName returns the value for each name: the one value that stands for all,
// or the members of an object. Missing ones are nil, with a finding.
func (r *reader) perName(v *jsontree.Value, what string, names []spelled) []*jsontree.Value {
	out := make([]*jsontree.Value, len(names))
	switch {
	case v == nil:
		return out
	case v.Kind != jsontree.Object:
		for i := range out {
			out[i] = v
		}
		return out
	}
	at := make(map[string]int, len(names))
	for i, n := range names {
		at[n.text] = i
	}
	seen := map[string]source.Span{}
	for i := range v.Members {
		m := &v.Members[i]
		index, ok := at[m.Name]
		switch {
		case !ok:
			r.report(codeUnknown, m.NameSpan, r.near.Hint(m.Name, texts(names)), "the request has no %s", near.Quote(m.Name))
		case r.first(seen, m, m.Name):
			out[index] = &m.Value
		}
	}
	for i, n := range names {
		if _, ok := seen[n.text]; !ok && out[i] == nil {
			r.report(codeExpectation, firstLine(r.file, v.Span), "", "%s says nothing of %s", what, near.Quote(n.text))
		}
	}
	return out
}

func texts(names []spelled) []string {
	out := make([]string, len(names))
	for i := range names {
		out[i] = names[i].text
	}
	return out
}

func (r *reader) expectation(v *jsontree.Value) Expectation {
	if v.Kind != jsontree.String {
		r.wrongType(v, "an expected decision", "a string")
		return ""
	}
	if !slices.Contains(expectations, v.Text) {
		r.report(codeValue, v.Span, orList(r.near.Hint(v.Text, expectations), expectations), "there is no decision %s", near.Quote(v.Text))
		return ""
	}
	return Expectation(v.Text)
}

func orList(hint string, all []string) string {
	if hint == "" {
		return "one of " + strings.Join(all, ", ")
	}
	return hint
}

// String describes what is expected, as "scp level 0, policy 1, statement 2, sid X".
func (b By) String() string {
	s := b.Kind.String()
	for _, part := range []struct {
		name  string
		value *int
	}{{"level", b.Level}, {"policy", b.Policy}, {"statement", b.Statement}} {
		if part.value != nil {
			s += fmt.Sprintf(" %s %d", part.name, *part.value)
		}
	}
	if b.Sid != nil {
		s += " sid " + strconv.Quote(*b.Sid)
	}
	return s
}

// meets reports whether a reference is what is expected.
func (b By) meets(set *authz.Set, ref authz.Reference) bool {
	same := func(want *int, got int) bool { return want == nil || *want == got }
	if b.Kind != ref.Kind || !same(b.Level, ref.Level) || !same(b.Policy, ref.Policy) || !same(b.Statement, ref.Statement) {
		return false
	}
	if b.Sid == nil {
		return true
	}
	_, s := set.Statement(ref)
	return s != nil && s.Sid == *b.Sid
}
