package asl

import (
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// Options say how to read a definition. The zero value reads it as it stands.
type Options struct {
	// Substitutions fill ${name} placeholders in strings, as CloudFormation's
	// DefinitionSubstitutions and Terraform's templatefile do.
	Substitutions map[string]string
	// AllowPlaceholders accepts placeholders that no substitution fills, but
	// for those that may hide states, such as in Type or for all of Branches.
	// The values that hold them are dynamic.
	AllowPlaceholders bool
}

// Parse reads a definition in JSON or YAML. The machine is nil only when the
// text is neither (MALFORMED_JSON, MALFORMED_YAML); every other mistake is a
// finding beside a tree that holds what could be read. Findings come in the
// order of the text.
//
// The text is YAML when the file's name ends in .yaml or .yml, or when the
// name does not end in .json and the text does not begin with '{'.
func Parse(file *source.File, opts Options) (*StateMachine, source.List) {
	yaml := isYAML(file)
	root, duplicates, malformed := readTree(file, yaml)
	if malformed != nil {
		return nil, source.List{*malformed}
	}
	return read(file, root, duplicates, opts, yaml)
}

// FromTree reads a definition that stands inside another text, such as a
// template. Paths in findings start at root. The tree is changed in place where
// substitutions fill it. FromTree is for packages of this module, which alone
// can make a tree.
func FromTree(file *source.File, root *jsontree.Value, duplicates []jsontree.Duplicate, opts Options) (*StateMachine, source.List) {
	return read(file, root, duplicates, opts, true)
}

// ParseWithin reads a definition whose text is written inside another file: in
// a string of a template. at tells the offset in the file of an offset in the
// text, in the order of the text; findings and spans are those of the file.
// Paths in findings start at the root of the definition. The text is JSON. Like
// FromTree, it is for packages of this module.
func ParseWithin(file *source.File, text string, at func(offset int32) int32, opts Options) (*StateMachine, source.List) {
	root, duplicates, err := parseJSON(text)
	move := func(s source.Span) source.Span {
		start := at(s.Start)
		return source.Span{Start: start, End: max(start, at(s.End))}
	}
	if err != nil {
		return nil, source.List{{
			Code: "MALFORMED_JSON", Severity: source.Error, File: file, Span: move(err.Span), Message: err.Msg, Hint: placeholderHint(text, err),
		}}
	}
	for i := range duplicates {
		duplicates[i].First, duplicates[i].Second = move(duplicates[i].First), move(duplicates[i].Second)
	}
	moveSpans(root, move)
	return read(file, root, duplicates, opts, false)
}

func moveSpans(v *jsontree.Value, move func(source.Span) source.Span) {
	v.Span = move(v.Span)
	for i := range v.Items {
		moveSpans(&v.Items[i], move)
	}
	for i := range v.Members {
		v.Members[i].NameSpan = move(v.Members[i].NameSpan)
		moveSpans(&v.Members[i].Value, move)
	}
}

func read(file *source.File, root *jsontree.Value, duplicates []jsontree.Duplicate, opts Options, yaml bool) (*StateMachine, source.List) {
	m := &StateMachine{File: file, root: root, QueryLanguage: JSONPath}
	r := &reader{machine: m, yaml: yaml, allowHoles: opts.AllowPlaceholders}
	r.duplicateKeys(duplicates)
	r.substitute(root, opts)
	r.readMachine()
	r.checkScopes()
	r.checkVariables()
	return m, r.findings.List().Sorted()
}

// reader builds the tree and collects what is wrong with it.
type reader struct {
	machine    *StateMachine
	findings   source.Collector
	yaml       bool // what fills a placeholder without quotes may be plain text
	allowHoles bool
	near       near.Finder
	variables  variables
	scopes     []*Scope
	names      map[string]*State // of all scopes; see elsewhere
}

// report adds a finding; path is where its element stands, or should stand.
func (r *reader) report(code string, severity source.Severity, span source.Span, path, hint, format string, args ...any) {
	r.findings.Addf(source.Finding{
		Code: code, Severity: severity, File: r.machine.File, Span: span, Path: path, Hint: hint,
	}, format, args...)
}

// fail adds an error about what stands at a span.
func (r *reader) fail(code string, span source.Span, hint, format string, args ...any) {
	r.report(code, source.Error, span, r.machine.Pointer(span), hint, format, args...)
}

// missing adds an error about a field that an object lacks.
func (r *reader) missing(o *element, name, hint, format string, args ...any) {
	r.report("MISSING_FIELD", source.Error, o.head, jsontree.AppendToken(r.machine.Pointer(o.head), name), hint, format, args...)
}

// needed reports a placeholder in a field that decides what the machine does.
// Unlike one in a mere value it cannot be left open: states, and so what they
// need, would go unseen.
func (r *reader) needed(name string, v *jsontree.Value) {
	if r.allowHoles { // otherwise it is reported as unresolved
		r.fail("UNRESOLVED_PLACEHOLDER", v.Span, "give it with --substitution", "%s must be known: it decides what the state machine does", name)
	}
}

func (r *reader) duplicateKeys(duplicates []jsontree.Duplicate) {
	for _, d := range duplicates {
		first := r.machine.File.Position(d.First.Start)
		r.fail("DUPLICATE_KEY", d.Second, "only the last one would count; rename or remove one",
			"%q is already a name in this object, on line %d", d.Name, first.Line)
	}
}

func (r *reader) readMachine() {
	m := r.machine
	o := element{place: inMachine, language: r.languageOf(m.root, JSONPath), head: opening(m.root)}
	m.QueryLanguage = o.language
	if !r.open(&o, m.root) {
		return
	}
	m.Comment, m.Version = o.text(fComment), o.text(fVersion)
	m.TimeoutSeconds = o.either(fTimeoutSeconds, fTimeoutSecondsPath)
	r.readScope(&m.Scope, &o, nil)
}

// languageOf returns the query language that an object sets, or else the one
// around it.
func (r *reader) languageOf(v *jsontree.Value, around QueryLanguage) QueryLanguage {
	set := v.Get("QueryLanguage")
	switch {
	case !set.Is(jsontree.String):
		return around
	case set.Text == "JSONata":
		return JSONata
	case set.Text == "JSONPath":
		return JSONPath
	}
	if hasOpenPart(set.Text) {
		r.needed("QueryLanguage", set)
	} else {
		r.fail("UNKNOWN_QUERY_LANGUAGE", set.Span, `one of "JSONPath", "JSONata"`, "query language %q does not exist", set.Text)
	}
	return around
}

// readScope reads StartAt and States of an object that was opened.
func (r *reader) readScope(s *Scope, o *element, parent *State) {
	s.Parent, s.Span, s.StartAt = parent, o.value.Span, o.target(fStartAt)
	if !o.has(fStartAt) {
		r.missing(o, "StartAt", "name the state to begin with", "%s needs StartAt", o.place)
	}
	states := o.get(fStates)
	if states == nil {
		r.missing(o, "States", "", "%s needs States", o.place)
		return
	}
	if states.Kind != jsontree.Object {
		return
	}
	if len(states.Members) == 0 {
		r.fail("BAD_FIELD_VALUE", states.Span, "", "States holds no state")
	}
	s.States = make([]State, len(states.Members))
	for i := range states.Members {
		s.States[i].index = i
		r.readState(&s.States[i], &states.Members[i], s)
	}
	s.index()
	r.scopes = append(r.scopes, s)
}

// largeScope is the number of states from which a map is quicker than looking
// at each.
const largeScope = 16

func (s *Scope) index() {
	if len(s.States) < largeScope {
		return
	}
	s.byName = make(map[string]*State, len(s.States))
	for i := range s.States {
		s.byName[s.States[i].Name] = &s.States[i]
	}
}

func (r *reader) readState(s *State, m *jsontree.Member, scope *Scope) {
	s.Name, s.NameSpan, s.Span, s.Scope = m.Name, m.NameSpan, m.Value.Span, scope
	s.QueryLanguage = r.machine.QueryLanguage
	v := &m.Value
	if isOpen(v) {
		r.needed("a state", v)
		return
	}
	if v.Kind != jsontree.Object {
		hint := ""
		if f, ok := fieldByName(m.Name); ok && specs[f].in&inScopes != 0 {
			hint = m.Name + " belongs beside States, not inside it"
		}
		r.fail("BAD_FIELD_TYPE", v.Span, hint, "a state must be an object, not %s", v.Kind)
		return
	}
	s.written = true
	r.checkStateName(s)
	s.QueryLanguage = r.languageOf(v, r.machine.QueryLanguage)
	if s.QueryLanguage == JSONPath && r.machine.QueryLanguage == JSONata {
		r.fail("QUERY_LANGUAGE_MISMATCH", v.Get("QueryLanguage").Span, "a JSONPath machine may hold JSONata states, but not the other way round",
			"a state of a JSONata state machine cannot use JSONPath")
	}
	if s.Type = r.typeOf(s, v); s.Type == Invalid {
		return
	}
	o := element{place: placeOf(s.Type), language: s.QueryLanguage, head: s.NameSpan}
	r.open(&o, v)
	r.readCommon(s, &o)
	r.readParts(s, &o)
}

func (r *reader) typeOf(s *State, v *jsontree.Value) Type {
	t := v.Get("Type")
	if t == nil {
		r.report("MISSING_FIELD", source.Error, s.NameSpan, jsontree.AppendToken(r.machine.Pointer(s.NameSpan), "Type"),
			"one of "+typeList(), "state %q needs a Type", s.Name)
		return Invalid
	}
	for i, name := range typeNames[1:] {
		if t.Text == name && t.Kind == jsontree.String {
			return Type(i + 1)
		}
	}
	if t.Kind != jsontree.String {
		r.fail("BAD_FIELD_TYPE", t.Span, "", "Type must be a string, not %s", t.Kind)
	} else if hasOpenPart(t.Text) {
		r.needed("Type", t)
	} else {
		r.fail("UNKNOWN_STATE_TYPE", t.Span, oneOf(&r.near, t.Text, typeNames[1:]), "state type %q does not exist", t.Text)
	}
	return Invalid
}

func typeList() string { return near.QuoteAll(typeNames[1:]) }

func (r *reader) readCommon(s *State, o *element) {
	s.Comment = o.text(fComment)
	s.Next = o.target(fNext)
	if end := o.get(fEnd); end.Is(jsontree.Bool) {
		s.End = end.Text == "true"
	}
	s.InputPath, s.OutputPath, s.ResultPath = o.path(fInputPath), o.path(fOutputPath), o.path(fResultPath)
	s.ResultSelector, s.Output, s.Assign = o.evaluated(fResultSelector), o.evaluated(fOutput), o.evaluated(fAssign)
	if o.place&inMoving != 0 {
		r.checkTransition(s, o)
	}
	if o.place&inHandled != 0 {
		s.Retry, s.Catch = r.readRetry(o), r.readCatch(o)
	}
}

func (r *reader) readParts(s *State, o *element) {
	switch s.Type {
	case TypeTask:
		r.readTask(s, o)
	case TypePass:
		s.Pass = &Pass{Result: o.literal(fResult), Arguments: o.evaluated(fParameters)}
	case TypeWait:
		r.readWait(s, o)
	case TypeChoice:
		r.readChoice(s, o)
	case TypeParallel:
		r.readParallel(s, o)
	case TypeMap:
		r.readMap(s, o)
	case TypeFail:
		r.readFail(s, o)
	}
}
