package dataflow

import (
	"github.com/writ-iam/writ/asl"
)

// scene returns what the expressions of a state see where it begins.
func (a *analysis) scene(n *node) *scene {
	return &scene{analysis: a, state: n.state, env: n.env, input: n.input}
}

// enter does what a state does with what comes to it.
func (a *analysis) enter(n *node) {
	s := a.scene(n)
	a.caught(n)
	switch n.state.Type {
	case asl.TypeTask:
		s.finish(n, unknown)
	case asl.TypePass:
		s.finish(n, s.pass(n))
	case asl.TypeWait, asl.TypeSucceed:
		s.finish(n, s.effective())
	case asl.TypeChoice:
		s.choose(n)
	case asl.TypeParallel:
		payload := s.payload(n.state.Parallel.Arguments)
		for i := range n.state.Parallel.Branches {
			a.begin(&n.state.Parallel.Branches[i], payload, n.env)
		}
		a.arrive(a.exits[n.state], n.input, n.env)
	case asl.TypeMap:
		input, env := s.iteration()
		a.begin(&n.state.Map.Processor, input, env)
		a.arrive(a.exits[n.state], n.input, n.env)
	}
}

// begin starts a set of states inside another one.
func (a *analysis) begin(scope *asl.Scope, input Value, env *environment) {
	if first := scope.State(scope.StartAt.Name); first != nil {
		a.arrive(a.entries[first], input, env)
	}
}

// leave goes on from a Parallel or Map state.
func (a *analysis) leave(n *node) {
	s := a.scene(n)
	result := Value{}
	switch {
	case n.state.Parallel != nil:
		items := make([]Value, len(n.state.Parallel.Branches))
		for i := range items {
			items[i] = a.ends[&n.state.Parallel.Branches[i]].output
			if items[i].kinds == 0 {
				return // a branch that never ends well
			}
		}
		result = ofItems(items)
	case n.state.Map.Distributed || n.state.Map.ResultWriter != nil:
		result = unknown
	default:
		result = ofElems(a.ends[&n.state.Map.Processor].output)
	}
	s.finish(n, result)
}

// usesJSONPath reports whether a state uses JSONPath.
func usesJSONPath(s *asl.State) bool { return s.QueryLanguage != asl.JSONata }

// effective is the input after InputPath.
func (s *scene) effective() Value {
	if !usesJSONPath(s.state) {
		return s.input
	}
	return s.filter(s.state.InputPath, s.input)
}

// filter applies InputPath or OutputPath.
func (s *scene) filter(path asl.Value, v Value) Value {
	switch {
	case !path.Exists():
		return v
	case path.Kind() == asl.Null:
		return emptyObject
	}
	on := *s
	on.input = v
	return on.expression(path)
}

// payload is what Parameters or Arguments make of the input, or the input
// itself.
func (s *scene) payload(written asl.Value) Value {
	v := s.effective()
	if written.Exists() {
		on := *s
		on.input = v
		v = on.evaluate(written, s.argumentsField())
	}
	return s.pinned(s.argumentsField(), v)
}

func (s *scene) argumentsField() string {
	if usesJSONPath(s.state) {
		return "Parameters"
	}
	return "Arguments"
}

// pass is the result of a Pass state.
func (s *scene) pass(n *node) Value {
	if !usesJSONPath(n.state) {
		return n.input
	}
	if n.state.Pass.Result.Exists() {
		return s.evaluate(n.state.Pass.Result, "Result")
	}
	return s.payload(n.state.Pass.Arguments)
}

// iteration is what the states inside a Map state begin with.
func (s *scene) iteration() (Value, *environment) {
	m := s.state.Map
	effective := s.effective()
	on := *s
	on.input = effective
	items := effective
	switch {
	case m.ItemReader != nil:
		items = unknown
	case m.Items.Exists() && usesJSONPath(s.state):
		items = on.expression(m.Items)
	case m.Items.Exists():
		items = on.evaluate(m.Items, "Items")
	}
	item := items.Elements()
	if items.kinds != array || item.kinds == 0 {
		item = unknown
	}
	on.env = s.env.set(map[string]Value{currentItem: item})
	input := item
	// Whether these see the input before or after InputPath is left open.
	on.input = join(effective, s.input)
	if m.ItemSelector.Exists() {
		input = on.evaluate(m.ItemSelector, "ItemSelector")
	}
	input = on.pinned("ItemSelector", input)
	env := on.env
	if m.Distributed {
		env = s.env.set(map[string]Value{currentItem: unknown})
	}
	if m.ItemBatcher != nil {
		members := []field{{"Items", ofElems(input)}}
		if m.ItemBatcher.BatchInput.Exists() {
			on.env = s.env
			members = append(members, field{"BatchInput", on.evaluate(m.ItemBatcher.BatchInput, "ItemBatcher.BatchInput")})
		}
		input = fieldsOf(members, nothing)
	}
	return input, env
}

// finish is the second half of a state: what it makes of its result, and where
// it goes on.
func (s *scene) finish(n *node, result Value) {
	st := n.state
	result = s.pinned("Result", result)
	var output Value
	var env *environment
	if usesJSONPath(st) {
		output = s.shape(result)
		on := *s
		on.input = result
		env = on.assign(st.Assign)
		output = s.lastFilter(output, env)
	} else {
		on := *s
		output = s.input
		if st.Task != nil || st.Parallel != nil || st.Map != nil {
			on.result, output = result, result
		}
		if st.Output.Exists() {
			output = on.evaluate(st.Output, "Output")
		}
		output = s.pinned("Output", output)
		env = on.assign(st.Assign)
	}
	s.goOn(st.Next, output, env)
}

// shape applies ResultSelector and ResultPath.
func (s *scene) shape(result Value) Value {
	st := s.state
	if st.Type == asl.TypeWait || st.Type == asl.TypeSucceed {
		return result
	}
	if st.ResultSelector.Exists() {
		on := *s
		on.input = result
		result = s.pinned("ResultSelector", on.evaluate(st.ResultSelector, "ResultSelector"))
	}
	return s.putResult(st.ResultPath, result)
}

// putResult puts a result where ResultPath says. Whether into the input before or
// after InputPath, the documentation does not say; it may be either.
func (s *scene) putResult(path asl.Value, result Value) Value {
	if !path.Exists() {
		return result
	}
	into := join(s.input, s.effective())
	if path.Kind() == asl.Null {
		return into
	}
	if path.HasPlaceholder() {
		return unknown
	}
	e := s.jsonpath(path.Expression())
	if e == nil || e.Kind != asl.PathExpr || e.Path.Root != asl.Input {
		return unknown
	}
	return insert(into, e.Path.Steps, result)
}

// lastFilter applies OutputPath; whether it sees the variables that the state
// sets is left open.
func (s *scene) lastFilter(v Value, env *environment) Value {
	if !s.state.OutputPath.Exists() {
		return v
	}
	later := *s
	later.env = joinEnvironments(s.env, env, exactly)
	return later.filter(s.state.OutputPath, v)
}

// assign sets the variables of an Assign field.
func (s *scene) assign(v asl.Value) *environment {
	if !v.Exists() {
		return s.env
	}
	if v.Kind() != asl.Object {
		return &environment{}
	}
	changed := map[string]Value{}
	for name, written := range v.Fields() {
		if len(asl.AroundPlaceholders(name)) > 1 {
			return &environment{}
		}
		changed[name] = s.evaluate(written, "Assign."+name).present()
	}
	if len(s.pins[s.state]) > 0 {
		for name, value := range changed {
			changed[name] = s.pinned("Assign", emptyObject.with(name, value)).Field(name).present()
		}
	}
	return s.env.set(changed)
}

// goOn hands data to the next state, or ends the set of states.
func (s *scene) goOn(next asl.Target, output Value, env *environment) {
	if next.Name == "" {
		s.endScope(s.state.Scope, output)
		return
	}
	if to := s.state.Scope.State(next.Name); to != nil {
		s.arrive(s.entries[to], output, env)
	}
}

// failure is what a state reports when it fails.
var failure = fieldsOf([]field{{"Error", someText}, {"Cause", someText.orAbsent()}}, unknown.orAbsent())

// caught goes on with the states that handle errors.
func (a *analysis) caught(n *node) {
	for i := range n.state.Catch {
		c := &n.state.Catch[i]
		s := a.scene(n)
		output := failure
		on := *s
		if usesJSONPath(n.state) {
			output = s.putResult(c.ResultPath, failure)
			on.input = failure
			if n.state.OutputPath.Exists() {
				output = join(output, s.filter(n.state.OutputPath, output))
			}
		} else {
			on.errorOutput = failure
			if c.Output.Exists() {
				output = on.evaluate(c.Output, "Catch.Output")
			}
		}
		s.goOn(c.Next, output, on.assign(c.Assign))
	}
}

// choose follows the branches of a Choice state.
func (s *scene) choose(n *node) {
	at := sight{s.effective(), s.env, false}
	s.input = at.input
	for i := range n.state.Choice.Rules {
		r := &n.state.Choice.Rules[i]
		var holds sight
		if usesJSONPath(n.state) {
			holds, at = s.narrow(&r.Test, at)
		} else {
			holds, at = s.branchOn(r.Condition, at)
		}
		s.branch(r.Next, holds, r.Assign, r.Output)
	}
	if n.state.Choice.Default.Name != "" {
		s.branch(n.state.Choice.Default, at, asl.Value{}, asl.Value{})
	}
}

// branchOn narrows by the condition of a rule in JSONata.
func (s *scene) branchOn(condition asl.Value, at sight) (holds, fails sight) {
	if b, ok := condition.Bool(); ok {
		if b {
			return at, sight{dead: true}
		}
		return sight{dead: true}, at
	}
	if condition.HasPlaceholder() {
		return at, at
	}
	e := s.jsonata(condition.Expression())
	if e.root == nil {
		return at, at
	}
	return s.narrowCondition(e.root, at, e.frame.hide(e.root))
}

// branch goes on with one branch. Rules have an Assign and an Output of their
// own; whether those of the state count as well is left open.
func (s *scene) branch(next asl.Target, at sight, assign, output asl.Value) {
	if at.dead {
		return
	}
	on := *s
	on.input, on.env = at.input, at.env
	env := on.assign(assign)
	if own := s.state.Assign; own.Exists() {
		other := on
		other.env = on.assign(own)
		other.env = joinEnvironments(other.env, other.assign(assign), exactly)
		env = joinEnvironments(env, other.env, exactly)
	}
	out := at.input
	if usesJSONPath(s.state) {
		out = on.lastFilter(out, env)
	} else {
		if output.Exists() {
			out = on.evaluate(output, "Output")
		} else if s.state.Output.Exists() {
			out = join(out, on.evaluate(s.state.Output, "Output"))
		}
	}
	on.goOn(next, out, env)
}
