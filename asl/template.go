package asl

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/writ-iam/writ/asl/jsonata"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// checkTemplate checks the expressions inside a payload template.
func (r *reader) checkTemplate(v *jsontree.Value, language QueryLanguage) {
	switch v.Kind {
	case jsontree.String:
		switch {
		case !isJSONataLike(v.Text):
		case language == JSONata:
			r.checkJSONata(v)
		case isJSONata(v.Text) && language == JSONPath:
			r.report("QUERY_LANGUAGE_MISMATCH", source.Warning, v.Span, r.machine.Pointer(v.Span),
				`set "QueryLanguage": "JSONata" to have it evaluated`, "this JSONata expression is plain text here: the state uses JSONPath")
		}
	case jsontree.Array:
		for i := range v.Items {
			r.checkTemplate(&v.Items[i], language)
		}
	case jsontree.Object:
		if language == JSONPath {
			r.checkGivenTwice(v)
		}
		for i := range v.Members {
			m := &v.Members[i]
			if strings.HasSuffix(m.Name, ".$") {
				if language == JSONPath {
					r.checkExpression(m)
					continue
				}
				r.checkOrdinary(m)
			}
			r.checkTemplate(&m.Value, language)
		}
	}
}

// smallTemplate is the number of members up to which looking at each is quicker
// than a map.
const smallTemplate = 8

// checkGivenTwice reports a member of a payload template that is given both as
// it is and, with a name that ends in ".$", by an expression: one would win
// without a word.
func (r *reader) checkGivenTwice(v *jsontree.Value) {
	plain := v.Member
	if len(v.Members) > smallTemplate {
		members := make(map[string]*jsontree.Member, len(v.Members))
		for i := range v.Members {
			members[v.Members[i].Name] = &v.Members[i]
		}
		plain = func(name string) *jsontree.Member { return members[name] }
	}
	for i := range v.Members {
		m := &v.Members[i]
		name, dynamic := strings.CutSuffix(m.Name, ".$")
		if !dynamic {
			continue
		}
		first := plain(name)
		if first == nil {
			continue
		}
		if second := m; first.NameSpan.Start > second.NameSpan.Start {
			first, m = second, first
		}
		r.fail("CONFLICTING_FIELDS", m.NameSpan, "keep one of them", "%s and %s give the same field", quote(first.Name), quote(m.Name))
	}
}

// checkOrdinary warns of a member in JSONata that only JSONPath would evaluate.
func (r *reader) checkOrdinary(m *jsontree.Member) {
	text := m.Value.Text
	if m.Value.Kind == jsontree.String && (strings.HasPrefix(text, "$") || strings.HasPrefix(text, "States.")) {
		r.report("QUERY_LANGUAGE_MISMATCH", source.Warning, m.NameSpan, r.machine.Pointer(m.NameSpan),
			`write "NAME": "{% ... %}" to have it evaluated`, "%s is an ordinary name here, and its value plain text: the state uses JSONata", m.Name)
	}
}

// checkExpression checks a member whose name ends in ".$".
func (r *reader) checkExpression(m *jsontree.Member) {
	v := &m.Value
	if v.Kind != jsontree.String {
		r.fail("BAD_PATH", v.Span, `drop ".$" from the name, or give a path`, "%s must be a string with a path or an intrinsic function, not %s", m.Name, v.Kind)
		return
	}
	if hasOpenPart(v.Text) {
		return
	}
	if isPlainPath(v.Text) {
		if rest, ok := strings.CutPrefix(v.Text, "$$."); ok {
			r.plainContext(v, rest)
		}
		return
	}
	e, err := ParseExpression(v.Text)
	if err != nil {
		r.badExpression(v, err)
		return
	}
	r.checkFormat(v, e)
	r.readsVariables(v, e)
}

// checkFormat warns of a States.Format whose placeholders and arguments do not
// match: it fails whenever it runs.
func (r *reader) checkFormat(v *jsontree.Value, e Expr) {
	for _, arg := range e.Args {
		r.checkFormat(v, arg)
	}
	if e.Kind != CallExpr || e.Text != "States.Format" || e.Args[0].Kind != StringExpr {
		return
	}
	if want, have := len(e.Args[0].Pieces())-1, len(e.Args)-1; want != have {
		span := r.within(v, e.Start, e.End)
		r.report("BAD_INTRINSIC", source.Warning, span, r.machine.Pointer(v.Span), "",
			"States.Format has %d {} in its text for %d arguments", want, have)
	}
}

func (r *reader) badExpression(v *jsontree.Value, err *ExpressionError) {
	r.report(err.Code, source.Error, r.within(v, err.Start, err.End), r.machine.Pointer(v.Span), err.Hint, "%s", err.Msg)
}

// within returns the span of a part of a string's text, or of the whole string
// where the text is not what stands in the source: a substitution filled it, or
// YAML folded its lines.
func (r *reader) within(v *jsontree.Value, start, end int) source.Span {
	raw := r.machine.File.Slice(v.Span)
	from, to := 0, len(raw)
	if raw != v.Text {
		if len(raw) < 2 || raw[0] != '"' && raw[0] != '\'' || raw[len(raw)-1] != raw[0] {
			return v.Span
		}
		from, to = 1, len(raw)-1
	}
	first, last, at := -1, -1, 0 // at: the offset in the text that raw[i] stands for
	for i := from; ; {
		if at >= start && first < 0 {
			first = i
		}
		if at >= end && last < 0 {
			last = i
		}
		if i >= to {
			break
		}
		n, size := 1, 1
		if raw[i] == '\\' && from > 0 && raw[0] == '"' {
			n, size = escapeLength(raw[i:to])
		}
		i, at = i+n, at+size
	}
	if at != len(v.Text) || first < 0 || last < 0 {
		return v.Span
	}
	return source.Span{Start: v.Span.Start + int32(first), End: v.Span.Start + int32(last)}
}

// escapeLength returns the length of the escape that a text begins with, and
// of what it stands for.
func escapeLength(s string) (raw, text int) {
	if len(s) < 6 || s[1] != 'u' {
		return 2, 1
	}
	n, _ := strconv.ParseUint(s[2:6], 16, 16)
	r := rune(n)
	if utf16.IsSurrogate(r) {
		return min(12, len(s)), 4
	}
	return 6, utf8.RuneLen(r)
}

// checkPathField checks a field that holds a path.
func (r *reader) checkPathField(f field, v *jsontree.Value) (want string) {
	sp := &specs[f]
	if v.Kind == jsontree.Null && (sp.form == formPathOrNull || sp.form == formReferenceOrNull) {
		return ""
	}
	if v.Kind != jsontree.String {
		return "a path"
	}
	if (f == fErrorPath || f == fCausePath) && strings.HasPrefix(v.Text, "States.") {
		e, err := ParseExpression(v.Text)
		if err != nil {
			r.badExpression(v, err)
			return ""
		}
		r.readsVariables(v, e)
		return ""
	}
	path, ok := r.checkPath(v)
	if !ok {
		return ""
	}
	if (sp.form == formReference || sp.form == formReferenceOrNull) && !path.Single() {
		r.fail("BAD_PATH", v.Span, "no .., *, slices, filters or functions", "%s must name one place", sp.name)
	}
	if f == fResultPath && path.Root != Input {
		r.fail("BAD_PATH", v.Span, "begin with $. (Assign sets variables)", "%s can only write into the state's input", sp.name)
	}
	return ""
}

func (r *reader) checkPathOperand(v *jsontree.Value) (want string) {
	if v.Kind != jsontree.String {
		return "a path"
	}
	r.checkPath(v)
	return ""
}

func (r *reader) checkPath(v *jsontree.Value) (Path, bool) {
	if isPlainPath(v.Text) && !strings.HasPrefix(v.Text, "$$") {
		return Path{}, true
	}
	path, err := ParsePath(v.Text)
	if err != nil {
		r.badExpression(v, err)
		return path, false
	}
	r.readsPath(v, path)
	return path, true
}

// maxVariable is the longest name of a variable, in characters.
const maxVariable = 80

// checkAssign checks the variables that an Assign field sets.
func (r *reader) checkAssign(v *jsontree.Value, language QueryLanguage) (want string) {
	if v.Kind != jsontree.Object {
		return "an object"
	}
	for i := range v.Members {
		m := &v.Members[i]
		name := m.Name
		if language == JSONPath {
			name = strings.TrimSuffix(name, ".$")
		}
		switch {
		case hasOpenPart(name):
			r.variables.open = true
		case name == "states":
			r.fail("BAD_VARIABLE", m.NameSpan, "choose another name", "no variable can be named %q: $states is reserved", name)
		case name == "" || identifier(name) != name || name[0] == '_' || utf8.RuneCountInString(name) > maxVariable:
			r.fail("BAD_VARIABLE", m.NameSpan, "a letter, then letters, digits and _, at most 80 characters", "%q cannot be the name of a variable", clip(name))
		}
		r.variables.assign(name)
	}
	r.checkTemplate(v, language)
	return ""
}

// isJSONataLike reports whether a string is, or was meant to be, an expression.
func isJSONataLike(s string) bool {
	return strings.HasPrefix(s, "{%") || strings.HasSuffix(s, "%}")
}

// checkJSONata checks a string that isJSONataLike.
func (r *reader) checkJSONata(v *jsontree.Value) {
	text := v.Text
	switch {
	case hasOpenPart(text):
		return
	case !isJSONata(text):
		r.fail("BAD_JSONATA", v.Span, "nothing may stand before or after the expression, white space included",
			"an expression begins with {%% and ends with %%}")
		return
	case isPlainVariable(text[2 : len(text)-2]):
		r.plainJSONata(v, strings.Trim(text[2:len(text)-2], " ")[1:])
		return
	}
	e, err := jsonata.Parse(text[2 : len(text)-2])
	if err != nil {
		r.report("BAD_JSONATA", source.Error, r.within(v, 2+err.Start, 2+err.End), r.machine.Pointer(v.Span), "", "%s", err.Msg)
		return
	}
	e.Walk(func(n *jsonata.Node) bool {
		if n.Kind == jsonata.Variable && n.Text == "eval" {
			r.report("BAD_JSONATA", source.Error, r.within(v, 2+n.Start, 2+n.End), r.machine.Pointer(v.Span), "", "Step Functions does not offer $eval")
		}
		return true
	})
	r.readsJSONata(v, e)
}

// isPlainVariable recognises the JSONata that most states use, such as
// $states.input.id, without building anything.
func isPlainVariable(s string) bool {
	s = strings.Trim(s, " ")
	if !strings.HasPrefix(s, "$") {
		return false
	}
	for i := 1; ; i++ {
		start := i
		for i < len(s) && (s[i] == '_' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z') {
			i++
		}
		if i == start || i == len(s) {
			return i > start
		}
		if s[i] != '.' {
			return false
		}
	}
}

// isNumber reports whether a text is a number as JSON writes it.
func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
