package dataflow

import (
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// Input is what is known of the input of executions.
type Input struct {
	name   string
	values Value
	schema bool
	exact  bool
	warned source.List
}

// Name returns the name of the file that the input was read from.
func (in *Input) Name() string { return in.name }

// Schema reports whether the input was read from a JSON Schema.
func (in *Input) Schema() bool { return in.schema }

// Exact reports whether the input was read from an example of which the values
// count as well.
func (in *Input) Exact() bool { return in.exact }

func (in *Input) value() Value {
	if in == nil {
		return unknown
	}
	return in.values
}

func (in *Input) warnings() source.List {
	if in == nil {
		return nil
	}
	return in.warned
}

// BadInput is the code of findings about inputs that do not fit.
const BadInput = "BAD_INPUT"

// ReadInput reads an example of an input, or a JSON Schema for it. A schema is an
// object with "$schema", or with "type" and "properties"; all else is an
// example.
//
// An example tells the shape of inputs: which members objects have, and of which
// type they are; null tells nothing. With exact it tells the values as well.
// Findings tell what is wrong with the file; on an Error there is no input. The
// others are among those of Analyze as well.
func ReadInput(file *source.File, exact bool) (*Input, source.List) {
	root, duplicates, err := jsontree.Parse(file.Text)
	if err != nil {
		return nil, source.List{{Code: "MALFORMED_JSON", Severity: source.Error, File: file, Span: err.Span, Message: err.Msg}}
	}
	r := &schemaReader{file: file, root: root}
	for _, d := range duplicates {
		r.fail(d.Second, "DUPLICATE_KEY", "", "%q is already a name in this object", d.Name)
	}
	in := &Input{name: file.Name, schema: isSchema(root), exact: exact}
	switch {
	case in.schema && exact:
		r.fail(root.Span, BadInput, "", "this is a JSON Schema; only an example can be the exact input")
	case in.schema:
		r.draft = draftOf(root)
		in.values = r.schema(root)
	default:
		in.values = r.example(root, exact)
	}
	findings := r.findings.List().Sorted()
	if findings.HasErrors() {
		return nil, findings
	}
	in.warned = findings
	return in, findings
}

// isSchema tells schemas from examples.
func isSchema(v *jsontree.Value) bool {
	return v.Is(jsontree.Object) && (v.Get("$schema") != nil || v.Get("type") != nil && v.Get("properties") != nil)
}

// example makes a value of an example of it. In the shape of an example arrays
// hold any number of items like those shown.
func (r *schemaReader) example(v *jsontree.Value, exact bool) Value {
	switch {
	case v.Kind == jsontree.String && exact:
		return r.literal(v)
	case exact && v.Kind != jsontree.Object && v.Kind != jsontree.Array:
		return fromTree(v, r.literal)
	}
	switch v.Kind {
	case jsontree.String:
		return someText
	case jsontree.Number:
		return someNumber
	case jsontree.Bool:
		return someBool
	case jsontree.Array:
		items := make([]Value, len(v.Items))
		elem := Value{}
		for i := range v.Items {
			items[i] = r.example(&v.Items[i], exact)
			elem = join(elem, items[i])
		}
		if exact {
			return ofItems(items)
		}
		if len(items) == 0 {
			return anyArray
		}
		return ofElems(elem)
	case jsontree.Object:
		members := make([]field, len(v.Members))
		for i := range v.Members {
			members[i] = field{v.Members[i].Name, r.example(&v.Members[i].Value, exact)}
		}
		return fieldsOf(members, nothing)
	}
	return unknown
}

// literal is a string of the file.
func (r *schemaReader) literal(v *jsontree.Value) Value { return r.literalOf(v)(v) }

// literalOf makes literals that are said to come from a keyword.
func (r *schemaReader) literalOf(keyword *jsontree.Value) func(*jsontree.Value) Value {
	step := r.step(keyword)
	return func(v *jsontree.Value) Value {
		t := Literal(v.Text)
		t.from = t.from.then(step)
		return ofText(t)
	}
}

func (r *schemaReader) step(v *jsontree.Value) Step {
	return Step{Origin: InInput, Field: r.file.Name + "#" + jsontree.Pointer(r.root, v.Span)}
}

// miss is an expression that finds nothing.
type miss struct {
	state *asl.State
	span  source.Span
}

// checkInput reports what the machine reads and the input does not have.
func (f *Flow) checkInput() source.List {
	if f.options.Input == nil {
		return nil
	}
	found := f.misses()
	if len(found) == 0 {
		return nil
	}
	other := f.options
	other.Input = nil
	anyInput := newAnalysis(f.machine, other)
	anyInput.pins = f.pins
	anyInput.run()
	usual := map[miss]bool{}
	for _, m := range (&Flow{anyInput, map[writtenValue]Value{}}).misses() {
		usual[m] = true
	}
	var list source.Collector
	for _, m := range found {
		if !usual[m] {
			list.Addf(source.Finding{
				Code: BadInput, Severity: source.Error, File: f.machine.File, Span: m.span, Path: f.machine.Pointer(m.span),
				Hint: "is this the input of this machine?",
			}, "state %q reads what the input in %s does not have", m.state.Name, f.options.Input.name)
		}
	}
	return list.List()
}

// misses lists the expressions in the states that executions reach that find
// nothing.
func (f *Flow) misses() []miss {
	var out []miss
	f.machine.Walk(func(s *asl.State) bool {
		n := f.entries[s]
		if n == nil || n.env == nil || f.opaque {
			return true
		}
		on := f.scene(n)
		on.missed = func(span source.Span) { out = append(out, miss{s, span}) }
		switch {
		case s.Task != nil:
			on.payload(s.Task.Arguments)
		case s.Parallel != nil:
			on.payload(s.Parallel.Arguments)
		case s.Pass != nil:
			on.pass(n)
		case s.Map != nil:
			on.iteration()
		default:
			on.effective()
		}
		return true
	})
	return out
}
