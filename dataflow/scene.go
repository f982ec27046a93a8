package dataflow

import (
	"maps"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/asl/jsonata"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// environment holds the variables at some point. It never changes; names that
// are not in it have no known value.
type environment struct {
	values map[string]Value
	// unset says that a variable that is not in values has not been set; otherwise
	// nothing is known of it.
	unset bool
}

// maxVariables is how many variables are told apart.
const maxVariables = 128

// currentItem is the name under which the item of the Map state around is kept:
// no variable can be called so.
const currentItem = "$item"

func (e *environment) get(name string) Value {
	if v, ok := e.values[name]; ok {
		return v
	}
	if e.unset {
		return nothing
	}
	return unknown.orAbsent()
}

// set returns the environment with some variables changed.
func (e *environment) set(changed map[string]Value) *environment {
	if len(changed) == 0 {
		return e
	}
	out := &environment{maps.Clone(e.values), e.unset}
	if out.values == nil {
		out.values = make(map[string]Value, len(changed))
	}
	maps.Copy(out.values, changed)
	if len(out.values) > maxVariables {
		return &environment{}
	}
	return out
}

func joinEnvironments(a, b *environment, w widening) *environment {
	switch {
	case a == b || a == nil:
		return b
	case b == nil:
		return a
	}
	out := &environment{make(map[string]Value, len(a.values)), a.unset && b.unset}
	put := func(name string) {
		// Where names that are missing are unknown, those that are unknown go missing:
		// equal environments are written in one way.
		if v := widen(a.get(name), b.get(name), w); out.unset || !v.Unknown() {
			out.values[name] = v
		}
	}
	for name := range a.values {
		put(name)
	}
	for name := range b.values {
		if _, done := a.values[name]; !done {
			put(name)
		}
	}
	if len(out.values) > maxVariables {
		return &environment{}
	}
	return out
}

func equalEnvironments(a, b *environment) bool {
	return a == b || a != nil && b != nil && a.unset == b.unset && maps.EqualFunc(a.values, b.values, equal)
}

// scene is what the expressions of a state can see.
type scene struct {
	*analysis
	state *asl.State
	env   *environment

	input       Value // $ in JSONPath, $states.input in JSONata
	result      Value // $states.result; empty where there is none
	errorOutput Value // $states.errorOutput
	depth       int
	missed      func(source.Span) // told of expressions that find nothing
}

// evaluate returns what a written value may become. path is the place of the
// value in its state, as in "Parameters.TopicArn".
func (s *scene) evaluate(v asl.Value, path string) Value {
	switch v.Kind() {
	case asl.None:
		return nothing
	case asl.Null:
		return Value{kinds: null}
	case asl.Bool:
		b, _ := v.Bool()
		return ofBool(b)
	case asl.Number:
		return ofNumber(v.Text())
	case asl.String:
		return s.written(v.Text(), path)
	case asl.Array:
		return s.array(v, path)
	case asl.Object:
		return s.object(v, path)
	}
	if v.Expression() == "" && !v.Part() && hole.Has(v.Text()) {
		return s.written(v.Text(), path) // what a template knows by name is a text to it
	}
	return s.stamp(s.expression(v), path)
}

// written returns a string that stands in the definition.
func (s *scene) written(text, path string) Value {
	around := asl.AroundPlaceholders(text)
	t := newText(around, (*trail)(nil).then(s.step(path)))
	if len(around) == 1 {
		t = holding(t, text)
	}
	return ofText(t)
}

func (s *scene) array(v asl.Value, path string) Value {
	var items []Value
	for item := range v.Items() {
		items = append(items, s.evaluate(item, path+"[]").present())
	}
	return ofItems(items)
}

func (s *scene) object(v asl.Value, path string) Value {
	var members []field
	for name, member := range v.Fields() {
		if len(asl.AroundPlaceholders(name)) > 1 {
			return Value{kinds: object}
		}
		members = append(members, field{name, s.evaluate(member, joinPath(path, name)).present()})
	}
	return fieldsOf(members, nothing)
}

// maxPath bounds the place that a step names.
const maxPath = 200

func joinPath(path, name string) string {
	if len(path)+len(name) > maxPath {
		return path
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func (s *scene) step(path string) Step {
	return Step{Origin: InState, State: s.state.Name, Type: s.state.Type, Field: path}
}

// stamp notes the place that texts have come to.
func (s *scene) stamp(v Value, path string) Value {
	if len(v.texts) == 0 || len(v.texts) == 1 && v.texts[0].Any() {
		return v
	}
	texts := make([]Text, len(v.texts))
	for i, t := range v.texts {
		texts[i] = Text{t.pieces, t.from.then(s.step(path)), t.held}
	}
	v.texts = texts
	return v
}

// expression evaluates what gives a value at run time. An evaluation that never
// succeeds tells nothing: better to know nothing than to be wrong about that.
func (s *scene) expression(v asl.Value) Value {
	if v.Part() || v.Expression() == "" || v.HasPlaceholder() {
		return unknown
	}
	out := Value{}
	if v.Language() == asl.JSONata {
		if e := s.jsonata(v.Expression()); e.root != nil {
			out = s.value(e.root, e.frame)
		}
	} else if e := s.jsonpath(v.Expression()); e != nil {
		out = s.intrinsic(*e)
	}
	if out = out.present(); out.kinds == 0 {
		if s.missed != nil {
			s.missed(v.Span())
		}
		return unknown
	}
	return out
}

// jsonpath parses an expression, once for all the times that it is evaluated.
func (a *analysis) jsonpath(text string) *asl.Expr {
	e, seen := a.paths[text]
	if !seen {
		if parsed, err := asl.ParseExpression(text); err == nil {
			e = &parsed
		}
		a.paths[text] = e
	}
	return e
}

// query is an expression in JSONata: nil where it is none. It begins with frame.
type query struct {
	root  *jsonata.Node
	frame *frame
}

func (a *analysis) jsonata(text string) query {
	q, seen := a.queries[text]
	if !seen {
		if n, err := jsonata.Parse(text); err == nil {
			q = query{n, newFrame(n)}
		}
		a.queries[text] = q
	}
	return q
}

// path evaluates a JSONPath.
func (s *scene) path(p asl.Path) Value {
	switch p.Root {
	case asl.Context:
		return followPath(s.context(), p.Steps)
	case asl.Variable:
		return followPath(s.env.get(p.Name).present(), p.Steps)
	}
	return followPath(s.input, p.Steps)
}
