package dataflow

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

var pairs = flag.Int("pairs", 100_000, "how many pairs of a random machine and an input TestSound runs")

// Whatever a machine holds when it runs is in what the analysis says: the input
// of every state, its variables, and what its Tasks call with.
func TestSound(t *testing.T) {
	n := *pairs
	if testing.Short() || racing {
		n = min(n, 2000)
	}
	const inputsPerMachine = 4
	checked, narrow, reached := 0, 0, 0
	for i := range (n + inputsPerMachine - 1) / inputsPerMachine {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		definition := randomMachine(r)
		m := parse(t, definition)
		var inputs []any
		for range inputsPerMachine {
			inputs = append(inputs, randomInput(r))
		}
		opts := Options{Machine: Literal(selfARN)}
		if i%3 == 0 { // the inputs of this machine are known to be some of these
			opts.Input = oneOf(t, inputs)
		}
		f := newAnalysis(m, opts)
		f.run()
		flow := &Flow{f, map[writtenValue]Value{}}
		for _, input := range inputs {
			in := &interpreter{rnd: r}
			in.run(definition, input)
			for _, s := range in.seen {
				checked++
				v := flow.what(stateNamed(m, s.state), s.field)
				if s.field == "payload" {
					reached++
					if !v.Unknown() {
						narrow++
					}
				}
				if !holds(v, s.value) {
					text, _ := json.MarshalIndent(definition, "", " ")
					value, _ := json.Marshal(s.value)
					in, _ := json.Marshal(input)
					t.Fatalf("machine %d: %s of state %s held %s\nbut the analysis says %s\ninput %s\n%s", i, s.field, s.state, value, show(v), in, text)
				}
			}
		}
	}
	t.Logf("%d pairs: %d values, of them %d payloads (%d not wholly unknown)", n, checked, reached, narrow)
	if reached < n/4 || narrow < reached/4 {
		t.Error("the machines are too dull to show anything")
	}
}

// what is what the analysis says of a field that the interpreter saw.
func (f *Flow) what(s *asl.State, field string) Value {
	switch {
	case field == "payload":
		return f.At(s, s.Task.Arguments)
	case f.entries[s].env == nil:
		return Value{}
	case field == "input":
		return f.entries[s].input
	}
	return f.entries[s].env.get(strings.TrimPrefix(field, "$"))
}

func stateNamed(m *asl.StateMachine, name string) *asl.State {
	var found *asl.State
	m.Walk(func(s *asl.State) bool {
		if s.Name == name {
			found = s
		}
		return found == nil
	})
	return found
}

func parse(t testing.TB, definition any) *asl.StateMachine {
	t.Helper()
	text, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	m, findings := asl.Parse(source.NewFile("machine.json", string(text)), asl.Options{})
	if findings.HasErrors() {
		t.Fatalf("%v\n%s", findings, text)
	}
	return m
}

// oneOf is an input of which a schema lists the values.
func oneOf(t testing.TB, inputs []any) *Input {
	t.Helper()
	text, err := json.Marshal(map[string]any{"$schema": "x", "enum": inputs})
	if err != nil {
		t.Fatal(err)
	}
	in, findings := ReadInput(source.NewFile("schema.json", string(text)), false)
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	return in
}

// holds reports whether a JSON value is one of those that v stands for.
func holds(v Value, x any) bool {
	switch x := x.(type) {
	case nil:
		return v.kinds&null != 0
	case bool:
		return v.kinds&yes != 0 && x || v.kinds&no != 0 && !x
	case float64:
		if v.kinds&number == 0 {
			return false
		}
		if v.numbers == nil {
			return true
		}
		for _, n := range v.numbers {
			if n == fmt.Sprint(x) {
				return true
			}
		}
		return false
	case string:
		for _, t := range v.texts {
			if t.Contains(x) {
				return true
			}
		}
		return false
	case []any:
		return v.kinds&array != 0 && holdsItems(v.arr, x)
	case map[string]any:
		return v.kinds&object != 0 && holdsMembers(v.obj, x)
	}
	panic(fmt.Sprintf("%T", x))
}

func holdsItems(a *arrayPart, list []any) bool {
	if a == nil {
		return true
	}
	if a.exact && len(a.items) != len(list) {
		return false
	}
	for i, x := range list {
		elem := a.elem
		if a.exact {
			elem = a.items[i]
		}
		if !holds(elem, x) {
			return false
		}
	}
	return true
}

func holdsMembers(o *objectPart, members map[string]any) bool {
	if o == nil {
		return true
	}
	for name, x := range members {
		if !holds(o.field(name), x) {
			return false
		}
	}
	for _, f := range o.fields {
		if _, there := members[f.name]; !there && f.value.kinds&absent == 0 {
			return false
		}
	}
	return true
}
