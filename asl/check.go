package asl

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// maxStateName is the longest name of a state, in characters.
const maxStateName = 80

// maxLabel is the longest Label of a map, in characters.
const maxLabel = 40

func (r *reader) checkStateName(s *State) {
	if n := utf8.RuneCountInString(s.Name); n > maxStateName {
		r.fail("BAD_FIELD_VALUE", s.NameSpan, "", "a state's name has at most %d characters, not %d", maxStateName, n)
	}
}

// checkForm checks a field's value against its spec.
func (r *reader) checkForm(o *element, f field, v *jsontree.Value) {
	sp := &specs[f]
	if v.Kind == jsontree.String {
		if hasOpenPart(v.Text) {
			if sp.form == formObject || sp.form == formObjects || f == fMode {
				r.needed(sp.name, v)
			}
			return
		}
		if o.language == JSONata && o.place != inMachine && sp.form.evaluated() && isJSONataLike(v.Text) {
			r.checkJSONata(v)
			return
		}
	}
	want := ""
	switch sp.form {
	case formText, formWords:
		if v.Kind != jsontree.String {
			want = "a string"
		} else {
			r.checkOneOf(sp.name, v, sp.values)
		}
	case formBool:
		if v.Kind != jsontree.Bool {
			want = "true or false"
		}
	case formWhole, formNumber:
		want = r.checkNumber(sp, v)
	case formTime:
		want = r.checkMoment(sp.name, v)
	case formPath, formPathOrNull, formReference, formReferenceOrNull:
		want = r.checkPathField(f, v)
	case formObject:
		if v.Kind != jsontree.Object {
			want = "an object"
		}
	case formObjects:
		if v.Kind != jsontree.Array {
			want = "an array"
		}
	case formStrings:
		want = r.checkStrings(v)
	case formTemplate:
		r.checkTemplate(v, o.language)
	case formPayload, formSelector, formItems:
		want = r.checkPayload(sp.form, v, o.language)
	case formCondition:
		want = r.checkCondition(v, o.language)
	case formVariables:
		want = r.checkAssign(v, o.language)
	}
	if want != "" {
		r.fail("BAD_FIELD_TYPE", v.Span, "", "%s must be %s, not %s", sp.name, want, v.Kind)
	}
}

// checkPayload checks a payload template that must be an object, or hold items.
func (r *reader) checkPayload(f form, v *jsontree.Value, language QueryLanguage) (want string) {
	switch r.checkTemplate(v, language); {
	case v.Kind == jsontree.Object, v.Kind == jsontree.Null, f == formSelector && language == JSONata, f == formItems && v.Kind == jsontree.Array:
		return ""
	case f == formItems:
		return "an array, an object or an expression {% ... %}"
	case language == JSONata:
		return "an object or an expression {% ... %}"
	}
	return "an object"
}

func (r *reader) checkCondition(v *jsontree.Value, language QueryLanguage) (want string) {
	if v.Kind != jsontree.String && v.Kind != jsontree.Bool {
		return "an expression {% ... %}, true or false"
	}
	if v.Kind == jsontree.String && language == JSONata {
		r.fail("BAD_JSONATA", v.Span, `write "{% ... %}" around it to have it evaluated`, "Condition is plain text, and so neither true nor false")
	}
	return ""
}

func (r *reader) checkOneOf(name string, v *jsontree.Value, values []string) {
	if len(values) > 0 && !slices.Contains(values, v.Text) {
		r.fail("BAD_FIELD_VALUE", v.Span, oneOf(&r.near, v.Text, values), "%s cannot be %q", name, v.Text)
	}
}

// checkValues checks a field whose values depend on where it stands.
func (r *reader) checkValues(o *element, f field, values ...string) {
	if v := o.get(f); v.Is(jsontree.String) && !hasOpenPart(v.Text) {
		r.checkOneOf(specs[f].name, v, values)
	}
}

func (r *reader) checkNumber(sp *spec, v *jsontree.Value) (want string) {
	want = "a number"
	if sp.form == formWhole {
		want = "a whole number"
	}
	if v.Kind != jsontree.Number {
		return want
	}
	n, err := strconv.ParseFloat(v.Text, 64)
	if err != nil || n < sp.least || n > sp.most {
		r.fail("BAD_FIELD_VALUE", v.Span, "", "%s must be %s, not %s", sp.name, bounds(sp), v.Text)
	} else if sp.form == formWhole && n != math.Trunc(n) {
		r.fail("BAD_FIELD_VALUE", v.Span, "", "%s must be %s, not %s", sp.name, want, v.Text)
	}
	return ""
}

func bounds(sp *spec) string {
	if sp.most > 1e300 {
		return fmt.Sprintf("at least %v", sp.least)
	}
	return fmt.Sprintf("between %.0f and %.0f", sp.least, sp.most)
}

func (r *reader) checkMoment(name string, v *jsontree.Value) (want string) {
	if v.Kind != jsontree.String {
		return "a timestamp"
	}
	if !isTimestamp(v.Text) {
		r.fail("BAD_FIELD_VALUE", v.Span, "a time such as 2026-03-14T01:59:00Z, with an upper-case T and Z", "%s cannot be %q", name, v.Text)
	}
	return ""
}

// isTimestamp reads RFC 3339 as the language narrows it: an upper-case T, and
// an upper-case Z where there is no offset.
func isTimestamp(s string) bool {
	if !strings.Contains(s, "T") || strings.Contains(s, "z") {
		return false
	}
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

func (r *reader) checkStrings(v *jsontree.Value) (want string) {
	if v.Kind != jsontree.Array {
		return "an array of strings"
	}
	for i := range v.Items {
		if item := &v.Items[i]; item.Kind != jsontree.String {
			r.fail("BAD_FIELD_TYPE", item.Span, "", "this must be a string, not %s", item.Kind)
		}
	}
	return ""
}

// checkOperand checks what a comparison compares with.
func (r *reader) checkOperand(f form, m *jsontree.Member) {
	v := &m.Value
	if v.Kind == jsontree.String && hasOpenPart(v.Text) {
		return
	}
	want := ""
	switch f {
	case formBool:
		if v.Kind != jsontree.Bool {
			want = "true or false"
		}
	case formText:
		if v.Kind != jsontree.String {
			want = "a string"
		}
	case formNumber:
		if v.Kind != jsontree.Number {
			want = "a number"
		}
	case formTime:
		want = r.checkMoment(m.Name, v)
	case formPath:
		want = r.checkPathOperand(v)
	}
	if want != "" {
		r.fail("BAD_FIELD_TYPE", v.Span, "", "%s compares with %s, not %s", m.Name, want, v.Kind)
	}
}

// checkTransition checks that a state either goes on or ends.
func (r *reader) checkTransition(s *State, o *element) {
	switch {
	case o.has(fNext) && s.End:
		r.exclusive(o, fNext, fEnd)
	case !o.has(fNext) && !s.End && !(o.has(fEnd) && o.get(fEnd).Kind == jsontree.String):
		r.report("MISSING_TRANSITION", source.Error, s.NameSpan, r.machine.Pointer(s.NameSpan),
			`add "Next": "..." or "End": true`, "state %q neither goes on nor ends", s.Name)
	}
}

// exclusive reports fields of which an object may have one.
func (r *reader) exclusive(o *element, fields ...field) {
	var first *jsontree.Member
	for _, f := range fields {
		m := o.members[f]
		if m == nil {
			continue
		}
		if first == nil {
			first = m
			continue
		}
		r.report("CONFLICTING_FIELDS", source.Error, m.NameSpan, r.machine.Pointer(o.head), "keep one of them",
			"%s cannot have both %s and %s", o.place, first.Name, m.Name)
	}
}

// checkErrors checks ErrorEquals of a retrier or catcher.
func (r *reader) checkErrors(t *element, last bool) {
	names := t.get(fErrorEquals)
	if names == nil {
		r.missing(t, "ErrorEquals", `such as ["States.ALL"]`, "%s needs ErrorEquals", t.place)
		return
	}
	if names.Kind == jsontree.Array && len(names.Items) == 0 {
		r.fail("BAD_FIELD_VALUE", names.Span, "", "ErrorEquals names no error")
	}
	for i := range names.Items {
		item := &names.Items[i]
		if item.Kind != jsontree.String || item.Text != "States.ALL" {
			continue
		}
		if len(names.Items) > 1 {
			r.fail("BAD_FIELD_VALUE", item.Span, "it includes every other error", "States.ALL must stand alone")
		} else if !last {
			r.fail("BAD_FIELD_VALUE", item.Span, "those after it would never be used", "only the last entry may name States.ALL")
		}
	}
}

// distributedOnly are the fields that an inline map does not have.
var distributedOnly = []field{
	fItemReader, fItemBatcher, fResultWriter, fLabel, fToleratedFailureCount, fToleratedFailureCountPath,
	fToleratedFailurePercentage, fToleratedFailurePercentagePath,
}

func (r *reader) checkMap(s *State, o *element) {
	if label, ok := s.Map.Label.Literal(); ok {
		r.checkLabel(label, s.Map.Label.Span())
	}
	if s.Map.Distributed || s.Map.Processor.Span == (source.Span{}) {
		return
	}
	for _, f := range distributedOnly {
		if m := o.members[f]; m != nil {
			r.fail("CONFLICTING_FIELDS", m.NameSpan, `set "ProcessorConfig": {"Mode": "DISTRIBUTED", ...}`, "%s is for distributed maps, and this one is inline", m.Name)
		}
	}
}

// notInLabel are the characters that a Label does not have, besides control
// characters. Source: developer guide, Label of a distributed map.
const notInLabel = "?*<>{}[]:;,\\|^~$#%&`\""

func (r *reader) checkLabel(label string, at source.Span) {
	if utf8.RuneCountInString(label) > maxLabel {
		r.fail("BAD_FIELD_VALUE", at, "", "a Label has at most %d characters", maxLabel)
	}
	i := strings.IndexFunc(label, func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c) || strings.ContainsRune(notInLabel, c)
	})
	if i >= 0 {
		c, _ := utf8.DecodeRuneInString(label[i:])
		r.fail("BAD_FIELD_VALUE", at, "", "a Label cannot hold %q", c)
	}
}

func (r *reader) unknownField(o *element, m *jsontree.Member) {
	var known []string
	for f := range fieldCount {
		if sp := &specs[f]; sp.in&o.place != 0 && (sp.language == 0 || sp.language == o.language) {
			known = append(known, sp.name)
		}
	}
	r.report("UNKNOWN_FIELD", source.Warning, m.NameSpan, r.machine.Pointer(m.NameSpan), r.near.Hint(m.Name, known),
		"%s has no field %q", o.place, m.Name)
}
