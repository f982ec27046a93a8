package cases

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// field is one member that an object may have. The JSON Schema in docs/schema
// is held against these tables.
type field[T any] struct {
	name string
	read func(r *reader, dst *T, v *jsontree.Value)
}

func names[T any](fields []field[T]) []string {
	out := make([]string, len(fields))
	for i := range fields {
		out[i] = fields[i].name
	}
	return out
}

// readObject reads the members of an object. It reports false where there is no
// object.
func readObject[T any](r *reader, dst *T, v *jsontree.Value, what string, fields []field[T]) bool {
	if v.Kind != jsontree.Object {
		r.wrongType(v, what, "an object")
		return false
	}
	seen := make(map[string]source.Span, len(v.Members))
	for i := range v.Members {
		m := &v.Members[i]
		if !r.first(seen, m, m.Name) {
			continue
		}
		at := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == m.Name })
		if at < 0 {
			hint := r.near.Hint(m.Name, names(fields))
			if hint == "" {
				hint = "the fields are " + strings.Join(names(fields), ", ")
			}
			r.report(codeUnknown, m.NameSpan, hint, "%s has no field %s", what, near.Quote(m.Name))
			continue
		}
		fields[at].read(r, dst, &m.Value)
	}
	return true
}

// first reports false, with a finding, for a member whose key has been seen.
func (r *reader) first(seen map[string]source.Span, m *jsontree.Member, key string) bool {
	if before, ok := seen[key]; ok {
		at := r.file.Position(before.Start)
		r.report(codeDuplicate, m.NameSpan, "the first one stands at line "+strconv.Itoa(at.Line), "%s appears twice in one object", near.Quote(m.Name))
		return false
	}
	seen[key] = m.NameSpan
	return true
}

// draft is a case as it is read.
type draft struct {
	Case
	request     requestDraft
	hasRequest  bool
	hasPolicies bool
	expected    *jsontree.Value
}

type requestDraft struct {
	authz.Request
	span              source.Span
	principalSupplied bool

	action, resource                 []spelled // one, or nil where it is absent
	actions, resources               []spelled
	hasActionsList, hasResourcesList bool
}

// spelled is a string with its place.
type spelled struct {
	text string
	span source.Span
}

var caseFields = []field[draft]{
	{"name", func(r *reader, d *draft, v *jsontree.Value) { r.text(&d.Name, v, "name") }},
	{"source", func(r *reader, d *draft, v *jsontree.Value) { r.text(&d.Source, v, "source") }},
	{"notes", func(r *reader, d *draft, v *jsontree.Value) { r.text(&d.Notes, v, "notes") }},
	{"request", func(r *reader, d *draft, v *jsontree.Value) {
		d.hasRequest, d.request.span = true, firstLine(r.file, v.Span)
		readObject(r, &d.request, v, "request", requestFields)
	}},
	{"policies", func(r *reader, d *draft, v *jsontree.Value) {
		d.hasPolicies = true
		readObject(r, &d.Policies, v, "policies", policyFields)
	}},
	{"expected", func(_ *reader, d *draft, v *jsontree.Value) { d.expected = v }},
	{"decidedBy", func(r *reader, d *draft, v *jsontree.Value) { d.DecidedBy = r.decidedBy(v) }},
}

var requestFields = []field[requestDraft]{
	{"principal", func(r *reader, q *requestDraft, v *jsontree.Value) {
		q.principalSupplied = true
		r.text(&q.Principal, v, "principal")
	}},
	{"action", func(r *reader, q *requestDraft, v *jsontree.Value) { q.action = r.one(v, "action") }},
	{"actions", func(r *reader, q *requestDraft, v *jsontree.Value) {
		q.actions, q.hasActionsList = r.several(v, "actions"), true
	}},
	{"resource", func(r *reader, q *requestDraft, v *jsontree.Value) { q.resource = r.one(v, "resource") }},
	{"resources", func(r *reader, q *requestDraft, v *jsontree.Value) {
		q.resources, q.hasResourcesList = r.several(v, "resources"), true
	}},
	{"resourceAccount", func(r *reader, q *requestDraft, v *jsontree.Value) {
		if v.Kind == jsontree.Number { // YAML, without quotes
			q.ResourceAccount = v.Text
			return
		}
		r.text(&q.ResourceAccount, v, "resourceAccount")
	}},
	{"context", func(r *reader, q *requestDraft, v *jsontree.Value) { q.Context = r.context(v) }},
	{"time", func(r *reader, q *requestDraft, v *jsontree.Value) { r.time(&q.Time, v) }},
	{"serviceLinkedRole", func(r *reader, q *requestDraft, v *jsontree.Value) {
		r.flag(&q.ServiceLinkedRole, v, "serviceLinkedRole")
	}},
	{"principalInManagementAccount", func(r *reader, q *requestDraft, v *jsontree.Value) {
		r.flag(&q.PrincipalInManagementAccount, v, "principalInManagementAccount")
	}},
	{"resourceInManagementAccount", func(r *reader, q *requestDraft, v *jsontree.Value) {
		r.flag(&q.ResourceInManagementAccount, v, "resourceInManagementAccount")
	}},
	{"resourcePattern", func(r *reader, q *requestDraft, v *jsontree.Value) {
		r.flag(&q.ResourcePattern, v, "resourcePattern")
	}},
	{"unknown", func(r *reader, q *requestDraft, v *jsontree.Value) {
		for _, key := range r.several(v, "unknown") {
			q.Unknown = append(q.Unknown, key.text)
		}
	}},
	{"unknownContext", func(r *reader, q *requestDraft, v *jsontree.Value) {
		r.flag(&q.UnknownRest, v, "unknownContext")
	}},
}

func (r *reader) text(dst *string, v *jsontree.Value, name string) {
	if v.Kind != jsontree.String {
		r.wrongType(v, name, "a string")
		return
	}
	*dst = v.Text
}

func (r *reader) flag(dst *bool, v *jsontree.Value, name string) {
	if v.Kind != jsontree.Bool {
		r.wrongType(v, name, "true or false")
		return
	}
	*dst = v.Text == "true"
}

func (r *reader) time(dst *time.Time, v *jsontree.Value) {
	var text string
	if r.text(&text, v, "time"); text == "" {
		return
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.report(codeValue, v.Span, "write it as in 2026-03-01T09:00:00Z", "time %s is not in the form of RFC 3339", near.Quote(text))
		return
	}
	*dst = t
}

func (r *reader) one(v *jsontree.Value, name string) []spelled {
	if v.Kind == jsontree.Array {
		r.report(codeType, v.Span, "write "+name+"s: for several", "%s is a list; it should be a string", name)
		return []spelled{}
	}
	var s spelled
	r.text(&s.text, v, name)
	s.span = v.Span
	return []spelled{s}
}

func (r *reader) several(v *jsontree.Value, name string) []spelled {
	if v.Kind != jsontree.Array {
		r.wrongType(v, name, "a list of strings")
		return nil
	}
	if len(v.Items) == 0 {
		r.report(codeValue, v.Span, "", "%s is empty", name)
	}
	seen := map[string]bool{}
	var out []spelled
	for i := range v.Items {
		item := spelled{span: v.Items[i].Span}
		r.text(&item.text, &v.Items[i], "an item of "+name)
		if seen[item.text] {
			r.report(codeValue, item.span, "", "%s holds %s twice", name, near.Quote(item.text))
		}
		seen[item.text] = true
		out = append(out, item)
	}
	return out
}

// context reads condition keys, whose names compare without letter case. A list
// is a key with several values; an empty one counts as absent.
func (r *reader) context(v *jsontree.Value) authz.Context {
	if v.Kind != jsontree.Object {
		r.wrongType(v, "context", "an object")
		return nil
	}
	seen := make(map[string]source.Span, len(v.Members))
	out := make(authz.Context, 0, len(v.Members))
	for i := range v.Members {
		m := &v.Members[i]
		if r.first(seen, m, strings.ToLower(m.Name)) {
			out = append(out, authz.Entry{Key: m.Name, Values: r.contextValues(&m.Value, m.Name)})
		}
	}
	return out
}

func (r *reader) contextValues(v *jsontree.Value, key string) []string {
	items := []jsontree.Value{*v}
	if v.Kind == jsontree.Array {
		items = v.Items
	}
	values := make([]string, 0, len(items))
	for i := range items {
		switch items[i].Kind {
		case jsontree.String, jsontree.Number, jsontree.Bool:
			values = append(values, items[i].Text)
		default:
			r.wrongType(&items[i], "context key "+near.Quote(key), "a string, number or boolean, or a list of them")
		}
	}
	return values
}

// finish builds the requests of a case once all its fields have been read.
func (d *draft) finish(r *reader, v *jsontree.Value) {
	d.missing(r, v.Member("name") != nil, "/name", "the case has no name")
	d.missing(r, d.hasRequest, "/request", "the case has no request")
	d.missing(r, d.hasPolicies, "/policies", "the case has no policies")
	if !d.hasRequest {
		return
	}
	q := &d.request
	d.missing(r, q.principalSupplied, "/request/principal", "the request has no principal")
	actions := q.choose(r, q.action, q.actions, q.hasActionsList, "action")
	resources := q.choose(r, q.resource, q.resources, q.hasResourcesList, "resource")
	d.missing(r, q.action != nil || q.hasActionsList, "/request/action", "the request has no action")
	if q.resource == nil && !q.hasResourcesList {
		resources = []spelled{{text: "*", span: q.span}}
	}
	if d.Broken() {
		return
	}
	if r.cells += len(actions) * len(resources); r.cells > maxCells {
		r.report(codeTooMany, q.span, "", "the file asks for more than %d requests", maxCells)
		return
	}
	d.table(r, actions, resources)
	d.expect(r, actions, resources)
}

// missing reports what a case lacks, at the place where it should stand.
func (d *draft) missing(r *reader, has bool, at, message string) {
	if has {
		return
	}
	span, pointer := d.Span, ""
	if span != r.root.Span {
		pointer = jsontree.Pointer(r.root, span)
	}
	if d.hasRequest && strings.HasPrefix(at, "/request/") {
		span = d.request.span
	}
	d.Findings = append(d.Findings, source.Finding{Code: codeMissing, Severity: source.Error, File: r.file,
		Span: firstLine(r.file, span), Path: pointer + at, Message: message})
}

// choose returns what stands under the singular or the plural of a name.
func (q *requestDraft) choose(r *reader, one, several []spelled, hasSeveral bool, name string) []spelled {
	if one != nil && hasSeveral {
		r.report(codeConflict, q.span, "keep one of them", "the request has both %s and %ss", name, name)
	}
	if one != nil {
		return one
	}
	return several
}

// table makes the requests, and asks an engine without policies whether each can
// be read at all.
func (d *draft) table(r *reader, actions, resources []spelled) {
	for _, a := range actions {
		for i, res := range resources {
			request := d.request.Request
			request.Action, request.Resource = a.text, res.text
			d.Cells = append(d.Cells, Cell{Request: request})
			decision := r.anybody.Decide(request)
			if decision.Result != authz.Invalid {
				continue
			}
			span := d.request.span
			switch {
			case decision.Err == authz.ErrBadAction || decision.Err == authz.ErrNoAction:
				if i > 0 {
					continue // said for the first resource
				}
				span = a.span
			case decision.Err == authz.ErrBadResource || decision.Err == authz.ErrNoResource:
				span = res.span
			}
			r.report(codeRequest, span, "", "the request cannot be read: %v", decision.Err)
		}
	}
}
