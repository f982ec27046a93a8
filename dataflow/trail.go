package dataflow

import (
	"slices"

	"github.com/writ-iam/writ/asl"
)

// Origin says where a step of a value's way comes from.
type Origin uint8

// The origins of steps.
const (
	InState   Origin = iota // a field of a state
	InContext               // the context object
	InInput                 // the example or the schema of the execution's input
	InPin                   // a pin
)

// Step is one station on the way that a value took.
type Step struct {
	Origin Origin
	State  string   // of InState and InPin: the name of the state
	Type   asl.Type // of that state
	Field  string   // "Result.topic", "Parameters.TopicArn"; of InInput the file and the place in it
}

// trail is the way that a text took, its last step first. Trails are shared and
// never change.
type trail struct {
	step Step
	prev *trail
	n    int
}

// maxTrail is how many steps are kept of a way: the first ones.
const maxTrail = 8

// then adds a step.
func (t *trail) then(s Step) *trail {
	switch {
	case t == nil:
		return &trail{step: s, n: 1}
	case t.n >= maxTrail || t.step == s:
		return t
	}
	return &trail{s, t, t.n + 1}
}

// Way returns the steps that the text took from where it was written, at most
// eight; none where its origin is not known.
func (t Text) Way() []Step {
	var steps []Step
	for at := t.from; at != nil; at = at.prev {
		steps = append(steps, at.step)
	}
	slices.Reverse(steps)
	return steps
}
