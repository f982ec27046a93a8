package dataflow

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

// Pin says what a place holds that no analysis can know. Place is the name of a
// state, a field of it and the names and indexes below, with "/" between them:
// "Notify/Parameters/TopicArn". Names that end in ".$" may be written without
// it. Result is what a Task, Parallel or Map state gives.
type Pin struct {
	Place   string
	Pattern string       // "*" stands for any text
	File    *source.File // where it is written; nil for a flag
	Span    source.Span
}

// pin is a Pin with its place found.
type pin struct {
	field string
	path  []string
	text  Text
	given Pin
}

// BadPin is the code of findings about pins.
const BadPin = "BAD_PIN"

// placePins finds the states that pins name.
func (a *analysis) placePins() source.List {
	var list source.List
	for _, p := range a.options.Pins {
		err := a.placePin(p)
		if err == "" {
			continue
		}
		finding := p.finding(err)
		if err == noState && p.File != nil { // a project has several machines
			finding.Severity = source.Warning
		}
		list = append(list, finding)
	}
	return list
}

const noState = "the machine has no state of that name"

func (p Pin) finding(message string) source.Finding {
	return source.Finding{
		Code: BadPin, Severity: source.Error, File: p.File, Span: p.Span, Path: "/context/pins",
		Message: fmt.Sprintf("pin %q: %s", p.Place, message),
		Hint:    "a pin is written STATE/FIELD/NAME=PATTERN, such as Notify/Parameters/TopicArn=arn:aws:sns:*:123456789012:orders-*",
	}
}

func (a *analysis) placePin(p Pin) (problem string) {
	var state *asl.State
	a.machine.Walk(func(s *asl.State) bool { // the longest name counts: names may hold "/"
		if strings.HasPrefix(p.Place, s.Name+"/") && (state == nil || len(s.Name) > len(state.Name)) {
			state = s
		}
		return true
	})
	if state == nil {
		return noState
	}
	rest := p.Place[len(state.Name)+1:]
	parts := strings.Split(rest, "/")
	fields := pinnable(state)
	written, ok := fields[parts[0]]
	path := parts[1:]
	if (parts[0] == "ItemReader" || parts[0] == "ResultWriter") && len(path) > 0 {
		ok = ok && path[0] == argumentsOf(state)
		path = path[1:]
	}
	switch {
	case !ok || parts[0] != "Result" && parts[0] != argumentsOf(state) && !written.Exists():
		return fmt.Sprintf("state %q has no %s that could be pinned", state.Name, parts[0])
	case strings.ContainsRune(p.Pattern, '?'):
		return "a pattern holds no wildcard but *"
	case p.Pattern == "":
		return "the pattern is empty"
	case len(path) > maxDepth:
		return "the place lies too deep"
	}
	for i := range path {
		path[i] = strings.TrimSuffix(path[i], ".$")
	}
	text := Pattern(p.Pattern)
	text.from = text.from.then(Step{Origin: InPin, State: state.Name, Type: state.Type, Field: rest})
	a.pins[state] = append(a.pins[state], pin{parts[0], path, text, p})
	return ""
}

func argumentsOf(s *asl.State) string {
	if usesJSONPath(s) {
		return "Parameters"
	}
	return "Arguments"
}

// pinnable lists the fields of a state that pins may name.
func pinnable(s *asl.State) map[string]asl.Value {
	out := map[string]asl.Value{"ResultSelector": s.ResultSelector, "Assign": s.Assign}
	if s.Choice == nil {
		out["Output"] = s.Output
	}
	switch {
	case s.Task != nil:
		out[argumentsOf(s)], out["Credentials"] = s.Task.Arguments, s.Task.Credentials
	case s.Parallel != nil:
		out[argumentsOf(s)] = s.Parallel.Arguments
	case s.Pass != nil && usesJSONPath(s):
		out["Parameters"] = s.Pass.Arguments
	case s.Map != nil:
		out["ItemSelector"] = s.Map.ItemSelector
		if s.Map.ItemReader != nil {
			out["ItemReader"] = s.Map.ItemReader.Arguments
		}
		if s.Map.ResultWriter != nil {
			out["ResultWriter"] = s.Map.ResultWriter.Arguments
		}
	}
	if s.Task != nil || s.Parallel != nil || s.Map != nil {
		out["Result"] = asl.Value{}
	}
	return out
}

// pinned puts the pins of a field into its value.
func (s *scene) pinned(field string, v Value) Value {
	for _, p := range s.pins[s.state] {
		if p.field == field {
			v = pinAt(v, p.path, ofText(p.text))
		}
	}
	return v
}

// pinAt sets what lies at a path of names and indexes. Where a value may be of
// several types, those that have such a place are meant.
func pinAt(v Value, path []string, in Value) Value {
	if len(path) == 0 {
		return in
	}
	if v.kinds&object == 0 && v.kinds&array != 0 {
		i, err := strconv.Atoi(path[0])
		if err != nil || v.arr == nil || !v.arr.exact || i < 0 || i >= len(v.arr.items) {
			return v
		}
		items := append([]Value{}, v.arr.items...)
		items[i] = pinAt(items[i], path[1:], in)
		return ofItems(items)
	}
	v = v.only(object)
	return v.with(path[0], pinAt(v.Field(path[0]), path[1:], in))
}

// checkPins reports pins whose place is not there, or is known without them.
func (f *Flow) checkPins() source.List {
	if len(f.options.Pins) == 0 {
		return nil
	}
	var list source.List
	pins := f.pins
	f.pins = nil
	defer func() { f.pins = pins }()
	f.machine.Walk(func(s *asl.State) bool {
		for _, p := range pins[s] {
			if problem := f.checkPin(s, p); problem != "" {
				list = append(list, p.given.finding(problem))
			}
		}
		return true
	})
	return list
}

func (f *Flow) checkPin(s *asl.State, p pin) (problem string) {
	v := unknown
	if p.field != "Result" {
		written := pinnable(s)[p.field]
		on := f.sceneOf(s)
		switch {
		case s.Task != nil && written == s.Task.Arguments || s.Task != nil && p.field == argumentsOf(s):
			v = on.payload(written)
		case p.field == "Parameters" || p.field == "Arguments" || p.field == "Credentials":
			v = on.payload(written)
		case written.Kind() == asl.Object:
			on.input, on.result = unknown, unknown
			v = on.evaluate(written, p.field)
		}
	}
	for _, name := range p.path {
		if v.kinds&object == 0 && v.kinds&array != 0 {
			if i, err := strconv.Atoi(name); err == nil {
				v = index(v, i)
				continue
			}
		}
		v = v.Field(name)
	}
	texts, others := v.Texts()
	switch {
	case !v.Exists():
		return "there is no such place in the definition"
	case v.kinds&^(object|array|absent) == 0 || len(p.path) == 0 && isWhole(s, p.field):
		return "this holds several values; name one of them"
	case !others && len(texts) > 0 && allLiteral(texts):
		return fmt.Sprintf("the definition says already that this is %q", texts[0].String())
	}
	return ""
}

// isWhole reports whether a field of a state is an object of values.
func isWhole(s *asl.State, field string) bool {
	switch field {
	case "Parameters", "Arguments":
		return s.Task != nil
	case "Assign", "Credentials", "ItemReader", "ResultWriter", "ResultSelector":
		return true
	}
	return false
}

func allLiteral(texts []Text) bool {
	for _, t := range texts {
		if _, ok := t.Literal(); !ok {
			return false
		}
	}
	return true
}
