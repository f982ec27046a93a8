// Package dataflow works out what the values in a state machine can be.
//
// It runs the machine on sets of values in the place of values: constants and
// what strings are built of flow through the fields of states, their variables
// and expressions, in both query languages. The results of Tasks are not known,
// and the input only as far as an example or a JSON Schema tells.
//
// The sets are never too small: whatever a place holds in some execution is in
// its Value, as long as the input is as Options say and pins hold. An execution
// may fail at any state. Sets are finite unions of texts with wildcards, and
// bounded; what grows beyond the bounds, or is not modelled, is unknown.
//
// The package knows nothing of IAM.
package dataflow

import (
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

// Options say what the definition does not. The zero value knows nothing.
type Options struct {
	Machine Text   // the ARN of the machine itself; the zero value for any
	Input   *Input // what executions begin with; nil for anything
	Pins    []Pin
}

// Flow is what is known of the values in one machine. It is not safe for use by
// several goroutines at once.
type Flow struct {
	*analysis
	values map[writtenValue]Value
}

// writtenValue is a value that is written in a state.
type writtenValue struct {
	state *asl.State
	value asl.Value
}

// Analyze follows the data through a machine. Findings are about the options:
// pins that fit nothing, an input that is not what the machine reads. On an Error
// finding the Flow is nil. It takes time in proportion to the number of states.
func Analyze(m *asl.StateMachine, opts Options) (*Flow, source.List) {
	if opts.Machine.pieces == nil {
		opts.Machine = anyText
	}
	a := newAnalysis(m, opts)
	findings := append(a.placePins(), opts.Input.warnings()...)
	if findings.HasErrors() {
		return nil, findings
	}
	a.run()
	f := &Flow{a, map[writtenValue]Value{}}
	findings = append(findings, f.checkPins()...)
	findings = append(findings, f.checkInput()...)
	if findings.HasErrors() {
		return nil, findings.Sorted()
	}
	return f, findings.Sorted()
}

func newAnalysis(m *asl.StateMachine, opts Options) *analysis {
	return &analysis{
		options: opts, machine: m,
		entries: map[*asl.State]*node{}, exits: map[*asl.State]*node{}, ends: map[*asl.Scope]*end{},
		paths: map[string]*asl.Expr{}, queries: map[string]query{}, pins: map[*asl.State][]pin{},
	}
}

// At returns what a value that is written in a state may become: its Parameters
// or Arguments, its Credentials, those of an ItemReader or ResultWriter. For
// Parameters that are not written it is the input of the state. A state that no
// execution is known to reach is taken to begin with anything.
func (f *Flow) At(s *asl.State, v asl.Value) Value {
	key := writtenValue{s, v}
	out, done := f.values[key]
	if !done {
		out = f.at(f.sceneOf(s), v)
		f.values[key] = out
	}
	return out
}

func (f *Flow) sceneOf(s *asl.State) *scene {
	if n := f.entries[s]; n != nil && n.env != nil && !f.opaque {
		return f.scene(n)
	}
	return f.scene(&node{state: s, input: unknown, env: &environment{}})
}

func (f *Flow) at(s *scene, written asl.Value) Value {
	if st := s.state; st.Task != nil && written == st.Task.Arguments {
		return s.payload(written)
	}
	// Whether these see the input before or after InputPath is left open.
	s.input = join(s.input, s.effective())
	name := fieldName(s.state, written)
	return s.pinned(name, s.evaluate(written, name))
}

// fieldName is the place of a written value in its state.
func fieldName(s *asl.State, written asl.Value) string {
	switch {
	case s.Task != nil && written == s.Task.Credentials:
		return "Credentials"
	case s.Map != nil && s.Map.ItemReader != nil && written == s.Map.ItemReader.Arguments:
		return "ItemReader"
	case s.Map != nil && s.Map.ResultWriter != nil && written == s.Map.ResultWriter.Arguments:
		return "ResultWriter"
	}
	return ""
}
