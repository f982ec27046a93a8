package dataflow

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Random machines. They use every construct that moves data about, with few
// names, so that what one state writes another one reads.

var (
	someNames   = []string{"a", "b", "c", "list"}
	someStrings = []string{"x", "y", "log-1", "log-2", "arn:aws:sns:us-east-1:123456789012:a", "a*b", "", "x y", `{"a": "j"}`, "eA=="}
	someVars    = []string{"v", "w"}
)

func pick1[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// randomValue is JSON of some depth.
func randomValue(r *rand.Rand, depth int) any {
	switch n := r.IntN(10); {
	case n < 2 || depth == 0 && n < 5:
		return pick1(r, someStrings)
	case depth == 0 || n == 2:
		return pick1(r, []any{nil, true, false, 0.0, 1.0, 12.0, -3.0, 1.5})
	case n < 5:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = randomValue(r, depth-1)
		}
		return list
	}
	o := map[string]any{}
	for _, name := range someNames {
		if r.IntN(4) > 0 {
			o[name] = randomValue(r, depth-1)
		}
	}
	return o
}

// randomInput is an object that states find something in.
func randomInput(r *rand.Rand) any {
	o, ok := randomValue(r, 3).(map[string]any)
	if !ok {
		o = map[string]any{}
	}
	if r.IntN(8) > 0 {
		o["a"] = pick1(r, []any{pick1(r, someStrings), map[string]any{"a": pick1(r, someStrings), "b": randomValue(r, 1)}})
	}
	if r.IntN(4) > 0 {
		o["list"] = []any{randomValue(r, 1+r.IntN(2)), map[string]any{"a": pick1(r, someStrings)}}
	}
	return o
}

type machineMaker struct {
	*rand.Rand
	states int
	inMap  bool
	lang   string // of the state that is made
	whole  string // of the machine
}

func randomMachine(r *rand.Rand) map[string]any {
	m := &machineMaker{Rand: r, whole: "JSONPath"}
	if r.IntN(4) == 0 {
		m.whole = "JSONata"
	}
	o := m.scope(2)
	o["QueryLanguage"] = m.whole
	return o
}

func (m *machineMaker) one(of ...string) string { return of[m.IntN(len(of))] }

func (m *machineMaker) scope(depth int) map[string]any {
	n := 1 + m.IntN(4)
	if depth == 2 {
		n += 2
	}
	names := make([]string, n)
	for i := range names {
		m.states++
		names[i] = fmt.Sprint("S", m.states)
	}
	states := map[string]any{}
	for i, name := range names {
		states[name] = m.state(names, i, depth)
	}
	return map[string]any{"StartAt": names[0], "States": states}
}

func (m *machineMaker) state(names []string, i, depth int) map[string]any {
	m.lang = m.whole
	o := map[string]any{}
	if m.whole == "JSONPath" && m.IntN(3) == 0 {
		m.lang = "JSONata"
		o["QueryLanguage"] = "JSONata"
	}
	kinds := []string{"Pass", "Pass", "Pass", "Task", "Task", "Choice", "Choice", "Wait", "Map", "Parallel"}
	kind := pick1(m.Rand, kinds)
	if depth == 0 && (kind == "Map" || kind == "Parallel") || i == len(names)-1 && kind == "Choice" {
		kind = "Pass"
	}
	if i == len(names)-1 && m.IntN(4) == 0 {
		kind = m.one("Succeed", "Fail")
	}
	o["Type"] = kind
	next := func() string {
		if m.IntN(6) == 0 {
			return pick1(m.Rand, names) // perhaps back
		}
		return names[min(i+1+m.IntN(2), len(names)-1)]
	}
	if kind != "Succeed" && kind != "Fail" && kind != "Choice" {
		if i == len(names)-1 || depth < 2 && m.IntN(5) == 0 {
			o["End"] = true
		} else {
			o["Next"] = next()
		}
		m.assign(o, 4)
	}
	if kind != "Fail" {
		m.ends(o, kind)
	}
	switch kind {
	case "Wait":
		o["Seconds"] = 1.0
	case "Task":
		o["Resource"] = "arn:aws:states:::sns:publish"
		m.arguments(o)
	case "Pass":
		if m.lang == "JSONPath" && m.IntN(2) == 0 {
			o["Result"] = randomValue(m.Rand, 2)
		} else if m.lang == "JSONPath" {
			m.arguments(o)
		}
	case "Choice":
		m.choice(o, next)
	case "Parallel":
		m.arguments(o)
		lang := m.lang
		o["Branches"] = []any{m.scope(depth - 1), m.scope(depth - 1)}
		m.lang = lang
	case "Map":
		m.mapped(o, depth)
	}
	if kind == "Task" || kind == "Map" || kind == "Parallel" {
		m.catchers(o, next)
	}
	return o
}

// ends adds the fields that shape input and output.
func (m *machineMaker) ends(o map[string]any, kind string) {
	calls := kind == "Task" || kind == "Map" || kind == "Parallel"
	if m.lang == "JSONata" {
		if kind != "Choice" && m.IntN(2) == 0 {
			o["Output"] = m.template(2, calls)
		}
		return
	}
	if m.IntN(8) == 0 {
		o["InputPath"] = m.path()
	}
	if m.IntN(8) == 0 {
		o["OutputPath"] = pick1(m.Rand, []any{m.path(), "$.a", nil})
	}
	if calls && m.IntN(4) == 0 {
		o["ResultSelector"] = map[string]any{"a.$": m.path(), "b": "sel"}
	}
	if calls || kind == "Pass" {
		m.resultPath(o)
	}
}

func (m *machineMaker) resultPath(o map[string]any) {
	if m.IntN(3) > 0 {
		o["ResultPath"] = pick1(m.Rand, []any{"$.a", "$.b", "$.c.a", "$.a.b", "$", nil})
	}
}

func (m *machineMaker) assign(o map[string]any, oneIn int) {
	if m.IntN(oneIn) == 0 {
		v, _ := m.object(1, false)
		o["Assign"] = rename(v, m.Rand)
	}
}

// rename makes names of variables of the names of an object.
func rename(o map[string]any, r *rand.Rand) map[string]any {
	out := map[string]any{}
	for name, v := range o {
		variable := pick1(r, someVars)
		if strings.HasSuffix(name, ".$") {
			delete(out, variable)
			out[variable+".$"] = v
		} else if _, have := out[variable+".$"]; !have {
			out[variable] = v
		}
	}
	return out
}

func (m *machineMaker) arguments(o map[string]any) {
	field := map[string]string{"JSONPath": "Parameters", "JSONata": "Arguments"}[m.lang]
	if m.IntN(5) > 0 {
		o[field] = m.template(2, false)
	}
}

func (m *machineMaker) catchers(o map[string]any, next func() string) {
	if m.IntN(3) > 0 {
		return
	}
	c := map[string]any{"ErrorEquals": []any{"States.ALL"}, "Next": next()}
	if m.lang == "JSONPath" {
		m.resultPath(c)
	} else if m.IntN(2) == 0 {
		c["Output"] = m.template(1, false)
	}
	m.assign(c, 3)
	o["Catch"] = []any{c}
}

func (m *machineMaker) mapped(o map[string]any, depth int) {
	lang, inMap := m.lang, m.inMap
	if lang == "JSONata" {
		o["Items"] = pick1(m.Rand, []any{"{% $states.input.list %}", "{% [$states.input.a, 'x'] %}", []any{"x", "log-1"}})
	} else if m.IntN(4) > 0 {
		o["ItemsPath"] = m.one("$.list", "$.list", "$.b", "$.list[*].a")
	}
	m.inMap = true
	if m.IntN(2) == 0 {
		o["ItemSelector"] = m.template(1, false)
	}
	o["ItemProcessor"] = m.scope(depth - 1)
	m.lang, m.inMap = lang, inMap
}

func (m *machineMaker) choice(o map[string]any, next func() string) {
	var rules []any
	for range 1 + m.IntN(3) {
		rule := map[string]any{"Next": next()}
		if m.lang == "JSONata" {
			rule["Condition"] = "{% " + m.condition(2) + " %}"
			if m.IntN(4) == 0 {
				rule["Output"] = m.template(1, false)
			}
		} else {
			for k, v := range m.comparison(2) {
				rule[k] = v
			}
		}
		m.assign(rule, 4)
		rules = append(rules, rule)
	}
	o["Choices"] = rules
	if m.IntN(5) > 0 {
		o["Default"] = next()
	}
	m.assign(o, 6)
}

func (m *machineMaker) comparison(depth int) map[string]any {
	if depth > 0 {
		switch m.IntN(6) {
		case 0, 1:
			return map[string]any{m.one("And", "Or"): []any{m.comparison(depth - 1), m.comparison(depth - 1)}}
		case 2:
			return map[string]any{"Not": m.comparison(depth - 1)}
		}
	}
	o := map[string]any{"Variable": m.one("$.a", "$.b", "$.a.a", "$.c", "$v", "$v.a")}
	switch m.IntN(9) {
	case 0, 1, 2:
		o["StringEquals"] = pick1(m.Rand, someStrings)
	case 3, 4:
		o["StringMatches"] = m.one("log-*", "*", "a\\*b", "arn:*:a", "x*")
	case 5:
		o["IsPresent"] = m.IntN(3) > 0
	case 6:
		o[m.one("IsNull", "IsString", "IsBoolean", "IsNumeric")] = m.IntN(3) > 0
	case 7:
		o["BooleanEquals"] = m.IntN(2) == 0
	case 8:
		o["StringEqualsPath"] = m.one("$.b", "$.a", "$v", "$.list[0]")
	}
	return o
}

func (m *machineMaker) path() string {
	paths := []string{"$", "$.a", "$.b", "$.c", "$.a.a", "$.a.b", "$.list", "$.list[0]", "$.list[*]", "$.list[*].a", "$.list[-1]", "$.c.a", "$['a']",
		"$[?(@.a)]", "$.a[?(@.a)].a", "$.list[?(@.a=='x')].a", "$.list[*][?(@.a)].a", "$.list[*][?(@.b=='x')]", "$.c[?(@.b)]", "$.a[*]", "$.c[*].a",
		"$.list[*][0]", "$.list[0:1]", "$.list[0,1].a", "$v[*][?(@.a)].a",
		"$v", "$v.a", "$w", "$$.State.Name", "$$.Execution.Input.a", "$$.StateMachine.Id", "$$.Execution.Input"}
	if m.inMap {
		paths = append(paths, "$$.Map.Item.Value", "$$.Map.Item.Value.a", "$$.Map.Item.Index")
	}
	return pick1(m.Rand, paths)
}

// expression is a path or an intrinsic function.
func (m *machineMaker) expression(depth int) string {
	if depth == 0 || m.IntN(2) == 0 {
		return m.path()
	}
	arg := func() string {
		if m.IntN(3) == 0 {
			return m.one("'x'", "'log-'", "1", "true", "null", "'a:b'")
		}
		return m.expression(depth - 1)
	}
	switch m.IntN(14) {
	case 0, 1, 2, 3:
		return "States.Format('" + m.one("arn:{}", "{}", "x-{}-y", "\\\\{{}") + "', " + arg() + ")"
	case 4:
		return "States.Format('{}/{}', " + arg() + ", " + arg() + ")"
	case 5:
		return "States.Array(" + arg() + ", " + arg() + ")"
	case 6:
		return "States.ArrayGetItem(" + arg() + ", " + m.one("0", "1") + ")"
	case 7:
		return "States.StringSplit(" + arg() + ", ':-')"
	case 8:
		return "States.StringToJson(" + arg() + ")"
	case 9:
		return "States.JsonMerge(" + arg() + ", " + arg() + ", false)"
	case 10:
		return "States." + m.one("Base64Encode", "Base64Decode", "JsonToString", "ArrayLength", "ArrayUnique") + "(" + arg() + ")"
	case 11:
		return "States.ArrayGetItem(States.StringSplit(" + arg() + ", ':'), 0)"
	case 12:
		return "States.MathAdd(" + arg() + ", 1)"
	}
	return "States.UUID()"
}

// template is a payload template of the language of the state.
func (m *machineMaker) template(depth int, result bool) any {
	if m.lang == "JSONata" && m.IntN(3) == 0 {
		return "{% " + m.jsonata(3, result) + " %}"
	}
	o, _ := m.object(depth, result)
	return o
}

func (m *machineMaker) object(depth int, result bool) (map[string]any, bool) {
	o := map[string]any{}
	for _, name := range someNames {
		if m.IntN(2) == 0 {
			continue
		}
		switch {
		case m.IntN(4) == 0:
			o[name] = pick1(m.Rand, someStrings)
		case depth > 0 && m.IntN(4) == 0:
			o[name], _ = m.object(depth-1, result)
		case depth > 0 && m.IntN(6) == 0:
			inner, _ := m.object(depth-1, result)
			o[name] = []any{pick1(m.Rand, someStrings), inner}
		case m.lang == "JSONata":
			o[name] = "{% " + m.jsonata(3, result) + " %}"
		default:
			o[name+".$"] = m.expression(2)
		}
	}
	return o, true
}

func (m *machineMaker) condition(depth int) string {
	if depth > 0 {
		switch m.IntN(5) {
		case 0:
			return "(" + m.condition(depth-1) + " and " + m.condition(depth-1) + ")"
		case 1:
			return "(" + m.condition(depth-1) + " or " + m.condition(depth-1) + ")"
		case 2:
			return "$not(" + m.condition(depth-1) + ")"
		}
	}
	operand := m.one("$v", "$states.input.a", "$states.input.a.a", "$states.input.b", "$w", "$v.a")
	switch m.IntN(4) {
	case 0:
		return operand + " in ['x', 'log-1', 'y']"
	case 1:
		return "$exists(" + operand + ")"
	}
	return operand + m.one(" = ", " != ") + m.one("'x'", "'y'", "'log-1'", "''")
}

// jsonata is an expression.
func (m *machineMaker) jsonata(depth int, result bool) string {
	if depth == 0 || m.IntN(4) == 0 {
		leaves := []string{"'x'", "'log-'", "1", "true", "null", "$states.input", "$states.input.a", "$states.input.b", "$states.input.a.b", "$states.input.list",
			"$states.input.list.a", "$states.input.list[0]", "$states.input.c", "$v", "$v.a", "$w", "$states.context.Execution.Input.a",
			"$states.context.StateMachine.Id", "$states.input.list[]", "$v[0]", "$states.context.State.Name"}
		if m.inMap {
			leaves = append(leaves, "$states.context.Map.Item.Value", "$states.context.Map.Item.Value.a")
		}
		if result {
			leaves = append(leaves, "$states.result", "$states.result.a", "$states.result[0].a")
		}
		return pick1(m.Rand, leaves)
	}
	sub := func() string { return m.jsonata(depth-1, result) }
	switch m.IntN(16) {
	case 14, 15:
		return "($t := " + sub() + "; " + m.binding(sub) + "; $t)"
	case 0, 1, 2, 3:
		return "(" + sub() + " & " + sub() + ")"
	case 4, 5:
		return "(" + m.condition(1) + " ? " + sub() + " : " + sub() + ")"
	case 6:
		return "(" + m.condition(1) + " ? " + sub() + ")"
	case 7:
		return "[" + sub() + ", " + sub() + "]"
	case 8:
		return "{'a': " + sub() + ", 'b': " + sub() + "}"
	case 9:
		return "($t := " + sub() + "; $t & '-' & $t.a)"
	case 10:
		return "(" + sub() + " " + m.one("??", "?:") + " " + sub() + ")"
	case 11:
		return "$" + m.one("string", "uppercase", "lowercase", "exists", "count") + "(" + sub() + ")"
	case 12:
		return "$merge([" + sub() + ", {'c': " + sub() + "}])"
	}
	return "$lookup(" + sub() + ", 'a')"
}

// binding is an expression that binds $t, or perhaps binds it, on its way.
func (m *machineMaker) binding(sub func() string) string {
	bind := "$t := " + sub()
	switch m.IntN(15) {
	case 0:
		return m.condition(1) + " ? " + bind + " : 0"
	case 1:
		return m.condition(1) + " ? 0 : " + bind
	case 2:
		return "$exists(" + m.condition(1) + " ? [" + bind + "])"
	case 3:
		return m.condition(1) + m.one(" and ", " or ") + "$exists(" + bind + ")"
	case 4:
		return sub() + m.one(" ?? ", " ?: ") + "[" + bind + "]"
	case 5:
		return "[" + bind + "]" + m.one(" ?? ", " ?: ") + sub()
	case 6:
		return m.one("["+bind+", $t]", "{'a': "+bind+", 'b': $t}")
	case 7:
		return "$states.input.list[$exists(" + bind + ")]"
	case 8:
		return "$states.input.list{'k': " + bind + "}"
	case 9:
		return "$states.input.list{$string($t := 'x'): 1}"
	case 10:
		return "$states.input.list^($t := 'x')"
	case 11:
		return "[1..$count(" + bind + ")]"
	case 12:
		return "$exists(" + bind + ")" + m.one(" = true", " & 'x'", " != $t", " in [true]")
	case 13:
		return "-$count(" + bind + ")"
	}
	return "(" + bind + ")"
}
