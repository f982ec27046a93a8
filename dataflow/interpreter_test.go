package dataflow

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/asl"
)

// A small interpreter of state machines, against which the analysis is held. It
// shares nothing with the analysis but the parsers of expressions: it works on
// decoded JSON, one value at a time, and fails where Step Functions fails.

// seen is what one state saw in a run.
type seen struct {
	state string
	field string // "input", "payload", or a variable
	value any
}

type interpreter struct {
	rnd   *rand.Rand
	input any
	steps int
	seen  []seen
}

// execution is a set of states that runs: its variables and what it knows of
// the Map state around it.
type execution struct {
	*interpreter
	variables map[string]any
	item      any
	inMap     bool
}

var (
	errFailed = errors.New("the state failed")
	errSpent  = errors.New("the run has become too long")
)

const selfARN = "arn:aws:states:us-east-1:123456789012:stateMachine:Self"

// maxSteps is how many states one run enters.
const maxSteps = 60

// maxBytes is about how large the data of one state may be.
const maxBytes = 4000

// bytesOf is about the size of a value, counted up to a limit.
func bytesOf(v any, limit int) int {
	n := 2
	switch v := v.(type) {
	case string:
		n += len(v)
	case []any:
		for i := 0; i < len(v) && n < limit; i++ {
			n += bytesOf(v[i], limit-n)
		}
	case map[string]any:
		for _, m := range v {
			if n < limit {
				n += 4 + bytesOf(m, limit-n)
			}
		}
	}
	return n
}

func (in *interpreter) run(machine map[string]any, input any) {
	in.input = input
	e := &execution{interpreter: in, variables: map[string]any{}}
	_, _ = e.states(machine, language(machine, "JSONPath"), input)
}

func language(o map[string]any, around string) string {
	if l, ok := o["QueryLanguage"].(string); ok {
		return l
	}
	return around
}

// states runs a set of states and returns what the last one gives.
func (e *execution) states(scope map[string]any, lang string, input any) (any, error) {
	name := scope["StartAt"].(string)
	for {
		if e.steps++; e.steps > maxSteps {
			return nil, errSpent
		}
		st := scope["States"].(map[string]any)[name].(map[string]any)
		s := &stateRun{execution: e, name: name, st: st, raw: input, jsonata: language(st, lang) == "JSONata", machineLanguage: lang, result: undefined, failure: undefined}
		e.seen = append(e.seen, seen{name, "input", input})
		for v, value := range e.variables {
			e.seen = append(e.seen, seen{name, "$" + v, value})
		}
		output, next, err := s.do()
		if errors.Is(err, errFailed) {
			output, next, err = s.catch()
		}
		if err != nil {
			return nil, err
		}
		room := maxBytes // as Step Functions, it fails when data become too large
		for _, v := range e.variables {
			room -= bytesOf(v, room)
		}
		if room -= bytesOf(output, room); room <= 0 {
			return nil, errSpent
		}
		if next == "" {
			return output, nil
		}
		name, input = next, output
	}
}

// stateRun is one state that runs.
type stateRun struct {
	*execution
	name            string
	st              map[string]any
	raw             any
	jsonata         bool
	machineLanguage string

	locals  map[string]any
	result  any
	failure any
}

func (s *stateRun) text(field string) string { t, _ := s.st[field].(string); return t }

func (s *stateRun) do() (output any, next string, err error) {
	effective := s.raw
	if !s.jsonata {
		if effective, err = s.filtered("InputPath", s.raw); err != nil {
			return nil, "", err
		}
	}
	switch s.text("Type") {
	case "Fail":
		return nil, "", errFailed
	case "Succeed", "Wait":
		return s.finish(effective, effective)
	case "Choice":
		return s.choose(effective)
	case "Pass":
		if s.jsonata {
			return s.finish(effective, effective)
		}
		payload, err := s.payload(effective)
		if err != nil {
			return nil, "", err
		}
		if r, ok := s.st["Result"]; ok {
			payload = r
		}
		return s.finish(effective, payload)
	case "Task":
		payload, err := s.payload(effective)
		if err != nil {
			return nil, "", err
		}
		s.seen = append(s.seen, seen{s.name, "payload", payload})
		if s.rnd.IntN(8) == 0 {
			return nil, "", errFailed
		}
		return s.finish(effective, randomValue(s.rnd, 3))
	case "Parallel":
		return s.parallel(effective)
	}
	return s.mapped(effective)
}

// filtered applies InputPath or OutputPath.
func (s *stateRun) filtered(field string, v any) (any, error) {
	path, written := s.st[field]
	switch {
	case !written:
		return v, nil
	case path == nil:
		return map[string]any{}, nil
	}
	return s.expression(path.(string), v)
}

func (s *stateRun) payload(effective any) (any, error) {
	if s.jsonata {
		if a, ok := s.st["Arguments"]; ok {
			return s.template(a, effective)
		}
	} else if p, ok := s.st["Parameters"]; ok {
		return s.template(p, effective)
	}
	return effective, nil
}

func (s *stateRun) inner(scope map[string]any, input, item any, inMap bool) (any, error) {
	e := &execution{interpreter: s.interpreter, variables: maps.Clone(s.variables), item: item, inMap: inMap}
	return e.states(scope, s.machineLanguage, input)
}

func (s *stateRun) parallel(effective any) (any, string, error) {
	payload, err := s.payload(effective)
	if err != nil {
		return nil, "", err
	}
	var results []any
	for _, b := range s.st["Branches"].([]any) {
		r, err := s.inner(b.(map[string]any), payload, s.item, s.inMap)
		if err != nil {
			return nil, "", err
		}
		results = append(results, r)
	}
	return s.finish(effective, results)
}

func (s *stateRun) mapped(effective any) (any, string, error) {
	items := effective
	var err error
	if p, ok := s.st["ItemsPath"].(string); ok {
		items, err = s.expression(p, effective)
	} else if i, ok := s.st["Items"]; ok {
		items, err = s.template(i, effective)
	}
	list, ok := items.([]any)
	if err != nil || !ok {
		return nil, "", errFailed
	}
	results := []any{}
	around, wasInMap := s.item, s.inMap
	for _, item := range list {
		input := item
		if selector, ok := s.st["ItemSelector"]; ok {
			s.item, s.inMap = item, true
			input, err = s.template(selector, effective)
			s.item, s.inMap = around, wasInMap
			if err != nil {
				return nil, "", err
			}
		}
		r, err := s.inner(s.st["ItemProcessor"].(map[string]any), input, item, true)
		if err != nil {
			return nil, "", err
		}
		results = append(results, r)
	}
	return s.finish(effective, results)
}

// finish makes the output of a state from its result.
func (s *stateRun) finish(effective, result any) (any, string, error) {
	kind := s.text("Type")
	calls := kind == "Task" || kind == "Map" || kind == "Parallel"
	output := result
	var err error
	if s.jsonata {
		if output = s.raw; calls {
			output, s.result = result, result
		}
		if o, ok := s.st["Output"]; ok {
			if output, err = s.template(o, s.raw); err != nil {
				return nil, "", err
			}
		}
	} else {
		if selector, ok := s.st["ResultSelector"]; ok && calls {
			if output, err = s.template(selector, result); err != nil {
				return nil, "", err
			}
		}
		if calls || kind == "Pass" {
			if output, err = s.placed(s.st, s.raw, output); err != nil {
				return nil, "", err
			}
		}
		if output, err = s.filtered("OutputPath", output); err != nil {
			return nil, "", err
		}
	}
	if err := s.assign(s.st["Assign"], result); err != nil {
		return nil, "", err
	}
	return output, s.text("Next"), nil
}

// placed applies ResultPath.
func (s *stateRun) placed(o map[string]any, raw, result any) (any, error) {
	p, written := o["ResultPath"]
	switch {
	case !written || p == "$":
		return result, nil
	case p == nil:
		return raw, nil
	}
	return put(raw, strings.Split(strings.TrimPrefix(p.(string), "$."), "."), result)
}

func put(v any, names []string, in any) (any, error) {
	if len(names) == 0 {
		return in, nil
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, errFailed
	}
	o = maps.Clone(o)
	below, there := o[names[0]]
	if !there {
		below = map[string]any{}
	}
	out, err := put(below, names[1:], in)
	o[names[0]] = out
	return o, err
}

func (s *stateRun) assign(written any, input any) error {
	o, ok := written.(map[string]any)
	if !ok {
		return nil
	}
	if s.jsonata {
		input = s.raw // $states.input; JSONPath looks at the result
	}
	v, err := s.template(o, input)
	if err != nil {
		return err
	}
	changed := maps.Clone(s.variables)
	maps.Copy(changed, v.(map[string]any))
	s.execution.variables = changed
	return nil
}

func (s *stateRun) catch() (any, string, error) {
	list, _ := s.st["Catch"].([]any)
	if len(list) == 0 {
		return nil, "", errFailed
	}
	c := list[s.rnd.IntN(len(list))].(map[string]any)
	var failure any = map[string]any{"Error": "Some.Error", "Cause": "because"}
	output := failure
	var err error
	if s.jsonata {
		s.result, s.failure = undefined, failure
		if o, ok := c["Output"]; ok {
			output, err = s.template(o, s.raw)
		}
	} else {
		output, err = s.placed(c, s.raw, failure)
	}
	if err == nil {
		err = s.assign(c["Assign"], failure)
	}
	return output, c["Next"].(string), err
}

func (s *stateRun) choose(effective any) (any, string, error) {
	for _, r := range s.st["Choices"].([]any) {
		rule := r.(map[string]any)
		holds, err := s.holds(rule, effective)
		if err != nil {
			return nil, "", err
		}
		if holds {
			return s.branch(rule, effective)
		}
	}
	if next := s.text("Default"); next != "" {
		return s.branch(map[string]any{"Next": next, "Assign": s.st["Assign"]}, effective)
	}
	return nil, "", errFailed
}

func (s *stateRun) branch(rule map[string]any, effective any) (any, string, error) {
	output := effective
	var err error
	if o, ok := rule["Output"]; ok && s.jsonata {
		output, err = s.template(o, effective)
	} else if !s.jsonata {
		output, err = s.filtered("OutputPath", effective)
	}
	if err == nil {
		err = s.assign(rule["Assign"], effective)
	}
	return output, rule["Next"].(string), err
}

func (s *stateRun) holds(rule map[string]any, effective any) (bool, error) {
	if s.jsonata {
		v, err := s.template(rule["Condition"], effective)
		b, ok := v.(bool)
		if err != nil || !ok {
			return false, errFailed
		}
		return b, nil
	}
	if list, ok := rule["And"].([]any); ok {
		return s.all(list, effective, true)
	}
	if list, ok := rule["Or"].([]any); ok {
		b, err := s.all(list, effective, false)
		return b, err
	}
	if o, ok := rule["Not"].(map[string]any); ok {
		b, err := s.holds(o, effective)
		return !b, err
	}
	v, err := s.expression(rule["Variable"].(string), effective)
	if want, ok := rule["IsPresent"].(bool); ok {
		return (err == nil) == want, nil
	}
	if err != nil {
		return false, err
	}
	text, isText := v.(string)
	for operator, operand := range rule {
		switch operator {
		case "StringEquals":
			return isText && text == operand, nil
		case "StringEqualsPath":
			other, err := s.expression(operand.(string), effective)
			return isText && text == other, err
		case "StringMatches":
			return isText && glob(operand.(string), text), nil
		case "BooleanEquals":
			return v == operand, nil
		case "IsNull":
			return (v == nil) == operand, nil
		case "IsString":
			return isText == operand.(bool), nil
		case "IsNumeric":
			_, isNumber := v.(float64)
			return isNumber == operand.(bool), nil
		case "IsBoolean":
			_, isBool := v.(bool)
			return isBool == operand.(bool), nil
		}
	}
	return false, fmt.Errorf("no comparison in %v", rule)
}

// all reports whether all hold (want) or any does (not want), as far as needed.
func (s *stateRun) all(list []any, effective any, want bool) (bool, error) {
	for _, o := range list {
		b, err := s.holds(o.(map[string]any), effective)
		if err != nil || b != want {
			return !want, err
		}
	}
	return want, nil
}

// glob is StringMatches, by trying everything.
func glob(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return glob(pattern[1:], s) || s != "" && glob(pattern, s[1:])
	case pattern[0] == '\\':
		pattern = pattern[1:]
	}
	return s != "" && s[0] == pattern[0] && glob(pattern[1:], s[1:])
}

// template fills a payload template.
func (s *stateRun) template(t any, input any) (any, error) {
	switch t := t.(type) {
	case string:
		if s.jsonata && strings.HasPrefix(t, "{%") {
			return s.query(strings.TrimSpace(t[2:len(t)-2]), input)
		}
	case []any:
		out := make([]any, len(t))
		for i, item := range t {
			var err error
			if out[i], err = s.template(item, input); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for name, member := range t {
			var err error
			if plain, ok := strings.CutSuffix(name, ".$"); ok && !s.jsonata {
				out[plain], err = s.expression(member.(string), input)
			} else {
				out[name], err = s.template(member, input)
			}
			if err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return t, nil
}

func (s *stateRun) context() any {
	o := map[string]any{
		"Execution":    map[string]any{"Id": "arn:aws:states:us-east-1:123456789012:execution:Self:1", "Input": s.input, "Name": "1"},
		"StateMachine": map[string]any{"Id": selfARN, "Name": "Self"},
		"State":        map[string]any{"Name": s.name, "RetryCount": 0.0},
	}
	if s.inMap {
		o["Map"] = map[string]any{"Item": map[string]any{"Index": 0.0, "Value": s.item}}
	}
	return o
}

// expression evaluates a JSONPath or an intrinsic function.
func (s *stateRun) expression(text string, input any) (any, error) {
	e, err := asl.ParseExpression(text)
	if err != nil {
		panic(text + ": " + err.Error())
	}
	return s.evaluate(e, input)
}

func (s *stateRun) evaluate(e asl.Expr, input any) (any, error) {
	switch e.Kind {
	case asl.StringExpr:
		return e.Text, nil
	case asl.NumberExpr:
		return strconv.ParseFloat(e.Text, 64)
	case asl.BoolExpr:
		return e.Text == "true", nil
	case asl.NullExpr:
		return nil, nil
	case asl.PathExpr:
		switch e.Path.Root {
		case asl.Context:
			input = s.context()
		case asl.Variable:
			v, ok := s.variables[e.Path.Name]
			if !ok {
				return nil, errFailed
			}
			input = v
		}
		return s.selectPath(input, e.Path.Steps)
	}
	var args []any
	for _, a := range e.Args {
		v, err := s.evaluate(a, input)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	return s.callIntrinsic(e, args)
}

// selectPath follows a path as the implementation of Jayway does: one that names
// a single place gives what is there, any other an array of all that it finds.
func (s *stateRun) selectPath(v any, steps []asl.Step) (any, error) {
	found := []any{v}
	definite := true
	for _, step := range steps {
		next := []any{}
		for _, v := range found {
			selected, ok := s.selectStep(v, step)
			if !ok && definite {
				return nil, errFailed
			}
			next = append(next, selected...)
		}
		found = next
		definite = definite && (step.Kind == asl.Child || step.Kind == asl.Index && len(step.Indexes) == 1)
	}
	if !definite {
		return found, nil
	}
	return found[0], nil
}

// selectStep is what one step finds in one value; ok is false where that fails a
// path that names a single place.
func (s *stateRun) selectStep(v any, step asl.Step) (selected []any, ok bool) {
	list, isList := v.([]any)
	o, isObject := v.(map[string]any)
	switch step.Kind {
	case asl.Child:
		member, there := o[step.Names[0]]
		if !there {
			return nil, false
		}
		return []any{member}, true
	case asl.Index:
		for _, at := range step.Indexes {
			if at < 0 {
				at += len(list)
			}
			if at >= 0 && at < len(list) {
				selected = append(selected, list[at])
			} else if len(step.Indexes) == 1 {
				return nil, false
			}
		}
		return selected, isList
	case asl.Slice: // the generator writes [0:1] only
		return list[:min(1, len(list))], isList
	case asl.Wildcard:
		for _, m := range o {
			selected = append(selected, m)
		}
		return append(selected, list...), true
	case asl.Filter: // it tests an object itself, and of an array the items
		if isObject {
			list = []any{v}
		}
		for _, item := range list {
			if s.passes(item, step.Text) {
				selected = append(selected, item)
			}
		}
		return selected, isList || isObject
	}
	panic("the generator writes no such step")
}

// passes is a filter such as @.a or @.a=='x'.
func (s *stateRun) passes(v any, filter string) bool {
	left, right, compared := strings.Cut(strings.TrimPrefix(strings.TrimSpace(filter), "@."), "==")
	o, _ := v.(map[string]any)
	have, there := o[left]
	return there && (!compared || have == strings.Trim(right, "'"))
}

func (s *stateRun) callIntrinsic(e asl.Expr, args []any) (any, error) {
	text := func(i int) string { t, _ := args[i].(string); return t }
	list := func(i int) []any { l, _ := args[i].([]any); return l }
	switch e.Text {
	case "States.Format":
		pieces := e.Args[0].Pieces()
		if len(pieces) != len(args) {
			return nil, errFailed
		}
		var b strings.Builder
		for i, p := range pieces {
			if i > 0 {
				b.WriteString(written(args[i]))
			}
			b.WriteString(p)
		}
		return b.String(), nil
	case "States.Array":
		if args == nil {
			args = []any{}
		}
		return args, nil
	case "States.ArrayGetItem":
		at, ok := args[1].(float64)
		if !ok || int(at) < 0 || int(at) >= len(list(0)) {
			return nil, errFailed
		}
		return list(0)[int(at)], nil
	case "States.ArrayLength":
		return float64(len(list(0))), nil
	case "States.ArrayUnique":
		return list(0), nil
	case "States.ArrayPartition":
		out := []any{}
		for _, v := range list(0) {
			out = append(out, []any{v})
		}
		return out, nil
	case "States.ArrayContains":
		return s.rnd.IntN(2) == 0, nil
	case "States.MathAdd":
		a, ok1 := args[0].(float64)
		b, ok2 := args[1].(float64)
		if !ok1 || !ok2 {
			return nil, errFailed
		}
		return a + b, nil
	case "States.StringSplit":
		out := []any{}
		for _, p := range strings.FieldsFunc(text(0), func(r rune) bool { return strings.ContainsRune(text(1), r) }) {
			out = append(out, p)
		}
		return out, nil
	case "States.JsonToString":
		b, err := json.Marshal(args[0])
		return string(b), err
	case "States.StringToJson":
		var v any
		if json.Unmarshal([]byte(text(0)), &v) != nil {
			return nil, errFailed
		}
		return v, nil
	case "States.Base64Encode":
		return base64.StdEncoding.EncodeToString([]byte(text(0))), nil
	case "States.Base64Decode":
		b, err := base64.StdEncoding.DecodeString(text(0))
		if err != nil {
			return nil, errFailed
		}
		return string(b), nil
	case "States.Hash", "States.UUID":
		return fmt.Sprint("id-", s.rnd.IntN(100)), nil
	case "States.JsonMerge":
		a, ok1 := args[0].(map[string]any)
		b, ok2 := args[1].(map[string]any)
		if !ok1 || !ok2 {
			return nil, errFailed
		}
		out := maps.Clone(a)
		maps.Copy(out, b)
		return out, nil
	}
	return nil, errFailed
}

// written is a value as States.Format and & write it.
func written(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	b, _ := json.Marshal(v)
	return string(b)
}
