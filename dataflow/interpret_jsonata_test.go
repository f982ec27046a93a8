package dataflow

import (
	"encoding/json"
	"maps"
	"reflect"
	"strconv"

	"github.com/writ-iam/writ/asl/jsonata"
)

// JSONata for the interpreter, after the reference implementation: sequences of
// one value are that value, and names look into arrays.

type undefinedValue struct{}

var undefined any = undefinedValue{}

// sequence is what a path selects; other arrays are values.
type sequence []any

func (s *stateRun) query(text string, input any) (any, error) {
	n, err := jsonata.Parse(text)
	if err != nil {
		panic(text + ": " + err.Error())
	}
	s.locals = map[string]any{}
	states := map[string]any{"input": input, "context": s.context()}
	if s.result != undefined {
		states["result"] = s.result
	}
	if s.failure != undefined {
		states["errorOutput"] = s.failure
	}
	s.locals["states"] = states
	v, failed := s.eval(n)
	if failed != nil || v == undefined {
		return nil, errFailed
	}
	return v, nil
}

func (s *stateRun) eval(n *jsonata.Node) (any, error) {
	v, err := s.evalSequence(n)
	return single(v), err
}

// single ends a sequence.
func single(v any) any {
	q, ok := v.(sequence)
	switch {
	case !ok:
		return v
	case len(q) == 0:
		return undefined
	case len(q) == 1:
		return q[0]
	}
	return []any(q)
}

func (s *stateRun) evalSequence(n *jsonata.Node) (any, error) {
	switch n.Kind {
	case jsonata.String:
		return n.Text, nil
	case jsonata.Number:
		return strconv.ParseFloat(n.Text, 64)
	case jsonata.Bool:
		return n.Text == "true", nil
	case jsonata.Null:
		return nil, nil
	case jsonata.Variable:
		if v, ok := s.locals[n.Text]; ok {
			return v, nil
		}
		if v, ok := s.variables[n.Text]; ok {
			return v, nil
		}
		return undefined, nil
	case jsonata.Path:
		return s.evalPath(n)
	case jsonata.Filter:
		v, err := s.eval(n.Args[0])
		if err != nil {
			return nil, err
		}
		return s.filter(v, n)
	case jsonata.Block:
		outer := maps.Clone(s.locals)
		defer func() { s.locals = outer }()
		var v any = undefined
		for _, a := range n.Args {
			var err error
			if v, err = s.eval(a); err != nil {
				return nil, err
			}
		}
		return v, nil
	case jsonata.Bind:
		v, err := s.eval(n.Args[0])
		s.locals[n.Text] = v
		return v, err
	case jsonata.Condition:
		c, err := s.eval(n.Args[0])
		switch {
		case err != nil:
			return nil, err
		case truth(c):
			return s.eval(n.Args[1])
		case len(n.Args) == 3:
			return s.eval(n.Args[2])
		}
		return undefined, nil
	case jsonata.Array:
		return s.evalArray(n)
	case jsonata.Object:
		return s.evalObject(n)
	case jsonata.Binary:
		return s.evalBinary(n)
	case jsonata.Call:
		return s.evalCall(n)
	case jsonata.Negate:
		v, err := s.eval(n.Args[0])
		x, ok := v.(float64)
		if err != nil || !ok {
			return nil, errFailed
		}
		return -x, nil
	case jsonata.Sort:
		return s.evalSort(n)
	case jsonata.Group:
		return s.evalGroup(n)
	}
	panic("the generator writes no such expression")
}

// evalSort evaluates the terms of v^(...) where there is something to compare. The
// generator writes terms of the same value for all, so nothing changes places.
func (s *stateRun) evalSort(n *jsonata.Node) (any, error) {
	v, err := s.eval(n.Args[0])
	if list, ok := v.([]any); ok && len(list) > 1 {
		_, err = s.eval(n.Args[1].Args[0])
	}
	return v, err
}

// evalGroup is v{name: value}: the name for every item, the value once.
func (s *stateRun) evalGroup(n *jsonata.Node) (any, error) {
	v, err := s.eval(n.Args[0])
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for range flatten([]any{v}) {
		name, err := s.eval(n.Args[1])
		key, ok := name.(string)
		if err != nil || !ok {
			return nil, errFailed
		}
		out[key] = undefined
	}
	for key := range out {
		if out[key], err = s.eval(n.Args[2]); err != nil {
			return nil, err
		}
		if out[key] == undefined {
			delete(out, key)
		}
	}
	return out, nil
}

func (s *stateRun) evalPath(n *jsonata.Node) (any, error) {
	first, err := s.eval(n.Args[0])
	if err != nil {
		return nil, err
	}
	items := flatten([]any{first})
	for i, step := range n.Args[1:] {
		var results []any
		for _, item := range items {
			name := step
			if step.Kind == jsonata.Filter {
				name = step.Args[0]
			}
			v := member(item, name.Text)
			if step.Kind == jsonata.Filter {
				if v, err = s.filter(single(v), step); err != nil {
					return nil, err
				}
			}
			if v = endless(v); v != undefined {
				results = append(results, v)
			}
		}
		if i == len(n.Args)-2 && len(results) == 1 {
			if list, ok := results[0].([]any); ok {
				return list, nil
			}
		}
		items = flatten(results)
	}
	return sequence(items), nil
}

// endless keeps a sequence as it is, but for an empty one.
func endless(v any) any {
	if q, ok := v.(sequence); ok && len(q) == 0 {
		return undefined
	}
	return v
}

func flatten(values []any) []any {
	out := []any{}
	for _, v := range values {
		switch v := v.(type) {
		case sequence:
			out = append(out, v...)
		case []any:
			out = append(out, v...)
		case undefinedValue:
		default:
			out = append(out, v)
		}
	}
	return out
}

// member looks up a name in an object, or in all the items of an array.
func member(v any, name string) any {
	switch v := v.(type) {
	case []any:
		out := sequence{}
		for _, item := range v {
			out = append(out, flatten([]any{member(item, name)})...)
		}
		return out
	case map[string]any:
		if m, ok := v[name]; ok {
			return m
		}
	}
	return undefined
}

// filter is v[0], v[] or a test of each item.
func (s *stateRun) filter(v any, n *jsonata.Node) (any, error) {
	if v == undefined {
		return undefined, nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(n.Args) == 1 {
		return list, nil
	}
	if n.Args[1].Kind == jsonata.Number {
		i, err := strconv.Atoi(n.Args[1].Text)
		if err != nil || i >= len(list) {
			return undefined, err
		}
		return list[i], nil
	}
	out := sequence{}
	for _, item := range list {
		test, err := s.eval(n.Args[1])
		if err != nil {
			return nil, err
		}
		if truth(test) {
			out = append(out, item)
		}
	}
	return single(out), nil
}

func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case []any:
		for _, item := range v {
			if truth(item) {
				return true
			}
		}
	case map[string]any:
		return len(v) > 0
	}
	return false
}

func (s *stateRun) evalArray(n *jsonata.Node) (any, error) {
	out := []any{}
	for _, a := range n.Args {
		v, err := s.eval(a)
		if err != nil {
			return nil, err
		}
		if list, ok := v.([]any); ok && a.Kind != jsonata.Array {
			out = append(out, list...)
		} else if v != undefined {
			out = append(out, v)
		}
	}
	return out, nil
}

func (s *stateRun) evalObject(n *jsonata.Node) (any, error) {
	out := map[string]any{}
	for i := 0; i < len(n.Args); i += 2 {
		name, err := s.eval(n.Args[i])
		if err != nil {
			return nil, err
		}
		v, err := s.eval(n.Args[i+1])
		key, ok := name.(string)
		if err != nil || !ok {
			return nil, errFailed
		}
		if _, twice := out[key]; twice {
			return nil, errFailed
		}
		if v != undefined {
			out[key] = v
		}
	}
	return out, nil
}

func (s *stateRun) evalBinary(n *jsonata.Node) (any, error) {
	left, err := s.eval(n.Args[0])
	if err != nil {
		return nil, err
	}
	switch n.Text {
	case "??":
		if left != undefined {
			return left, nil
		}
		return s.eval(n.Args[1])
	case "?:":
		if truth(left) {
			return left, nil
		}
		return s.eval(n.Args[1])
	case "and":
		if !truth(left) && s.rnd.IntN(2) == 0 { // versions differ in whether they go on
			return false, nil
		}
	case "or":
		if truth(left) && s.rnd.IntN(2) == 0 {
			return true, nil
		}
	}
	right, err := s.eval(n.Args[1])
	if err != nil {
		return nil, err
	}
	switch n.Text {
	case "&":
		return stringOf(left) + stringOf(right), nil
	case "and":
		return truth(left) && truth(right), nil
	case "or":
		return truth(left) || truth(right), nil
	case "=", "!=":
		if left == undefined || right == undefined {
			return false, nil
		}
		return reflect.DeepEqual(left, right) == (n.Text == "="), nil
	case "in":
		if left == undefined || right == undefined {
			return false, nil
		}
		list, ok := right.([]any)
		if !ok {
			list = []any{right}
		}
		for _, item := range list {
			if reflect.DeepEqual(left, item) {
				return true, nil
			}
		}
		return false, nil
	}
	a, ok1 := left.(float64)
	b, ok2 := right.(float64)
	if !ok1 || !ok2 {
		return nil, errFailed
	}
	if n.Text == ".." {
		out := []any{}
		for ; a <= b; a++ {
			out = append(out, a)
		}
		return out, nil
	}
	return a + b, nil
}

func stringOf(v any) string {
	if v == undefined {
		return ""
	}
	return written(v)
}

func (s *stateRun) evalCall(n *jsonata.Node) (any, error) {
	var args []any
	for _, a := range n.Args[1:] {
		v, err := s.eval(a)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	switch n.Args[0].Text {
	case "string":
		if args[0] == undefined {
			return undefined, nil
		}
		return written(args[0]), nil
	case "uppercase", "lowercase":
		if args[0] == undefined {
			return undefined, nil
		}
		t, ok := args[0].(string)
		if !ok {
			return nil, errFailed
		}
		out := []byte(t)
		for i, c := range out {
			if n.Args[0].Text == "uppercase" && c >= 'a' && c <= 'z' {
				out[i] = c - 32
			} else if n.Args[0].Text == "lowercase" && c >= 'A' && c <= 'Z' {
				out[i] = c + 32
			}
		}
		return string(out), nil
	case "not":
		if args[0] == undefined {
			return undefined, nil
		}
		return !truth(args[0]), nil
	case "exists":
		return args[0] != undefined, nil
	case "count":
		list, ok := args[0].([]any)
		if !ok {
			list = []any{args[0]}
		}
		return float64(len(list)), nil
	case "merge":
		list, ok := args[0].([]any)
		if !ok {
			return nil, errFailed
		}
		out := map[string]any{}
		for _, item := range list {
			o, ok := item.(map[string]any)
			if !ok {
				return nil, errFailed
			}
			maps.Copy(out, o)
		}
		return out, nil
	case "lookup":
		return single(endless(member(args[0], args[1].(string)))), nil
	case "parse":
		var v any
		t, _ := args[0].(string)
		if json.Unmarshal([]byte(t), &v) != nil {
			return nil, errFailed
		}
		return v, nil
	}
	panic("the generator writes no such call")
}
