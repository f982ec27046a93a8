// Package asl reads the Amazon States Language: state machines of AWS Step
// Functions, in JSON or YAML, with JSONPath or JSONata.
//
// Parse returns a tree and findings together. The tree holds what was written,
// with the span of every part; it is usable wherever the text could be read at
// all. What is evaluated only when the machine runs stays an expression: see
// Value.
//
// The language is the one of the Amazon States Language specification
// (https://states-language.net/spec.html) and of the Step Functions developer
// guide, read in November 2026.
package asl

import (
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// QueryLanguage is how a state's fields are evaluated.
type QueryLanguage uint8

// The query languages. A machine that names none uses JSONPath.
const (
	JSONPath QueryLanguage = iota + 1
	JSONata
)

// String returns the name as definitions write it.
func (q QueryLanguage) String() string { return [...]string{"none", "JSONPath", "JSONata"}[q] }

// Type is the type of a state.
type Type uint8

// The types of states; Invalid for a type that the language does not have.
const (
	Invalid Type = iota
	TypeTask
	TypePass
	TypeWait
	TypeChoice
	TypeParallel
	TypeMap
	TypeSucceed
	TypeFail
)

var typeNames = [...]string{"", "Task", "Pass", "Wait", "Choice", "Parallel", "Map", "Succeed", "Fail"}

// String returns the name as definitions write it, "" for Invalid.
func (t Type) String() string { return typeNames[t] }

// StateMachine is one definition.
type StateMachine struct {
	Scope          // the top level
	File           *source.File
	Comment        string
	Version        string
	QueryLanguage  QueryLanguage
	TimeoutSeconds Value

	root *jsontree.Value
}

// Pointer returns the JSON pointer (RFC 6901) of what stands at a span of the
// definition. One of more than 1024 bytes is cut and then ends in an ellipsis.
func (m *StateMachine) Pointer(span source.Span) string { return jsontree.Pointer(m.root, span) }

// Target names the state that a transition leads to. Its name is "" where the
// field is not there.
type Target struct {
	Name string
	Span source.Span // of the value
}

// Scope is a set of states that may lead to each other: the top level, one
// branch of a Parallel state, or the processor of a Map state.
type Scope struct {
	Parent  *State // the state around it; nil for the top level
	Span    source.Span
	StartAt Target
	States  []State // in the order written, states of equal name included

	byName map[string]*State // for scopes too large to search
}

// State returns the state of that name, or nil. Where a name is repeated, it
// is the last one.
func (s *Scope) State(name string) *State {
	if s.byName != nil {
		return s.byName[name]
	}
	for i := len(s.States) - 1; i >= 0; i-- {
		if s.States[i].Name == name {
			return &s.States[i]
		}
	}
	return nil
}

// State is one state. Of the parts named like its type one is set; the rest
// are nil.
type State struct {
	Name          string
	NameSpan      source.Span // of the name, quotes included
	Span          source.Span // of the object
	Type          Type
	Comment       string
	QueryLanguage QueryLanguage // the one in force here
	Scope         *Scope        // where it stands

	Next Target // empty when End is set, and in Choice, Succeed and Fail
	End  bool

	InputPath      Value // JSONPath: dynamic, or null
	OutputPath     Value // JSONPath: dynamic, or null
	ResultPath     Value // JSONPath: dynamic, or null
	ResultSelector Value // JSONPath
	Output         Value // JSONata
	Assign         Value // variables to set: an object

	Retry []Retrier
	Catch []Catcher

	Task     *Task
	Pass     *Pass
	Wait     *Wait
	Choice   *Choice
	Parallel *Parallel
	Map      *Map
	Fail     *Fail

	index   int  // in Scope.States
	written bool // as an object; what else stands among the states is reported once
}

// Parent returns the Parallel or Map state around this one; nil at the top
// level.
func (s *State) Parent() *State { return s.Scope.Parent }

// Task is the part of a Task state that calls something.
type Task struct {
	Resource         Value // a literal ARN in either language
	Arguments        Value // Parameters in JSONPath, Arguments in JSONata
	Credentials      Value
	TimeoutSeconds   Value // whole seconds; dynamic for TimeoutSecondsPath
	HeartbeatSeconds Value // whole seconds; dynamic for HeartbeatSecondsPath
}

// Pass is the part of a Pass state that makes its output (JSONPath; JSONata
// uses State.Output).
type Pass struct {
	Result    Value // literal: nothing in it is evaluated
	Arguments Value // Parameters
}

// Wait holds the one time that a Wait state has; a ...Path field makes it
// dynamic.
type Wait struct {
	Seconds   Value // whole seconds
	Timestamp Value // RFC 3339
}

// Fail is what a Fail state reports; ErrorPath and CausePath make the values
// dynamic.
type Fail struct {
	Error, Cause Value
}

// Parallel runs its branches on the same input.
type Parallel struct {
	Arguments Value // Parameters in JSONPath, Arguments in JSONata
	Branches  []Scope
}

// Retrier is one entry of a Retry field.
type Retrier struct {
	Span            source.Span
	ErrorEquals     Value // an array of strings
	IntervalSeconds Value
	MaxAttempts     Value
	BackoffRate     Value
	MaxDelaySeconds Value
	JitterStrategy  Value
}

// Catcher is one entry of a Catch field.
type Catcher struct {
	Span        source.Span
	ErrorEquals Value // an array of strings
	Next        Target
	ResultPath  Value // JSONPath: dynamic, or null
	Output      Value // JSONata
	Assign      Value
}

// Choice picks the next state.
type Choice struct {
	Rules   []Rule
	Default Target
}

// Rule is one entry of a Choice state's Choices.
type Rule struct {
	Next      Target
	Assign    Value
	Output    Value      // JSONata
	Condition Value      // JSONata: an expression or a boolean
	Test      Comparison // JSONPath
	Span      source.Span
}

// Comparison is a test in JSONPath. Operator is the field's name: "And", "Or"
// and "Not" combine Operands; every other one compares Variable with Operand.
// It is "" where no operator was found.
type Comparison struct {
	Operator string
	Variable Value // dynamic
	Operand  Value // dynamic for operators that end in Path
	Operands []Comparison
	Span     source.Span
}

// Map runs its processor once for each item.
type Map struct {
	Processor     Scope // ItemProcessor, or the older Iterator
	Distributed   bool  // each item or batch is an execution of its own
	ExecutionType Value // of a distributed map: "STANDARD" or "EXPRESS"

	Items        Value // ItemsPath (dynamic) in JSONPath, Items in JSONata
	ItemSelector Value // or the older Parameters
	ItemReader   *ItemReader
	ItemBatcher  *ItemBatcher
	ResultWriter *ResultWriter

	MaxConcurrency             Value
	ToleratedFailureCount      Value
	ToleratedFailurePercentage Value
	Label                      Value
}

// ItemReader is where a distributed map reads its items.
type ItemReader struct {
	Span      source.Span
	Resource  Value
	Arguments Value // Parameters in JSONPath, Arguments in JSONata

	InputType         Value // CSV, JSON, JSONL, PARQUET or MANIFEST
	ManifestType      Value // ATHENA_DATA or S3_INVENTORY
	Transformation    Value // NONE or LOAD_AND_FLATTEN
	ItemsPointer      Value
	CSVHeaderLocation Value
	CSVHeaders        Value
	CSVDelimiter      Value
	MaxItems          Value
}

// ItemBatcher groups the items of a distributed map.
type ItemBatcher struct {
	Span                  source.Span
	BatchInput            Value
	MaxItemsPerBatch      Value
	MaxInputBytesPerBatch Value
}

// ResultWriter is where a distributed map writes its results. Resource does
// not exist where only their form is set.
type ResultWriter struct {
	Span           source.Span
	Resource       Value
	Arguments      Value // Parameters in JSONPath, Arguments in JSONata
	Transformation Value // NONE, COMPACT or FLATTEN
	OutputType     Value // JSON or JSONL
}

// Walk calls visit for every state at every depth, in the order of the text:
// a state before those inside it. It stops when visit returns false.
func (m *StateMachine) Walk(visit func(*State) bool) { m.Scope.walk(visit) }

func (s *Scope) walk(visit func(*State) bool) bool {
	for i := range s.States {
		state := &s.States[i]
		if !visit(state) {
			return false
		}
		for inner := range state.scopes() {
			if !inner.walk(visit) {
				return false
			}
		}
	}
	return true
}

// scopes goes through the scopes directly inside a state.
func (s *State) scopes() func(yield func(*Scope) bool) {
	return func(yield func(*Scope) bool) {
		if s.Map != nil {
			yield(&s.Map.Processor)
		}
		if s.Parallel == nil {
			return
		}
		for i := range s.Parallel.Branches {
			if !yield(&s.Parallel.Branches[i]) {
				return
			}
		}
	}
}
