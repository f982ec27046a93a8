package dataflow

import (
	"strings"

	"github.com/writ-iam/writ/asl"
)

// context is what is known of the context object in a state. Source: the
// developer guide's page on the context object.
func (s *scene) context() Value {
	machine := s.options.Machine
	id, name, input := ofText(machine), lastPart(machine), s.options.Input.value()
	if inDistributed(s.state) {
		// The children of a distributed map run under a name of their own, on an
		// input of their own.
		id = join(id, ofText(concat(machine, Pattern("/*"))))
		name, input = anyText, unknown
	}
	open := func(members ...field) Value { return fieldsOf(members, unknown.orAbsent()) }
	members := []field{
		{"Execution", open(field{"Id", someText}, field{"Input", input}, field{"Name", someText}, field{"RoleArn", someText}, field{"StartTime", someText})},
		{"StateMachine", open(field{"Id", s.stampContext(id)}, field{"Name", ofText(name)})},
		{"Task", open(field{"Token", someText})},
		{"State", open(field{"EnteredTime", someText}, field{"Name", ofText(Literal(s.state.Name))}, field{"RetryCount", someNumber})},
	}
	if item, ok := s.env.values[currentItem]; ok {
		members = append(members, field{"Map", open(field{"Item", open(field{"Index", someNumber}, field{"Value", item})})})
	}
	return open(members...)
}

func (s *scene) stampContext(v Value) Value {
	for i := range v.texts {
		v.texts[i].from = v.texts[i].from.then(Step{Origin: InContext, Field: "StateMachine.Id"})
	}
	return v
}

// inDistributed reports whether a state runs in the children of a distributed
// map.
func inDistributed(s *asl.State) bool {
	for p := s.Parent(); p != nil; p = p.Parent() {
		if p.Map != nil && p.Map.Distributed {
			return true
		}
	}
	return false
}

// lastPart is the text after the last colon.
func lastPart(t Text) Text {
	last := t.last()
	if at := strings.LastIndexByte(last, ':'); at >= 0 {
		return Literal(last[at+1:])
	}
	return newText([]string{"", last}, nil)
}
