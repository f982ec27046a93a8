package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// opaEngine evaluates a small Rego policy over the statements as data. The data
// is in the shape that suits OPA best: statements by principal, layer, effect and
// the action asked about, resources cut into literal ones, beginnings and regular
// expressions.
type opaEngine struct {
	w      *workload
	data   map[string]any
	inputs []ast.Value
	ids    []ast.Value // of principals
	query  rego.PreparedEvalQuery
}

const opaPolicy = `package bench

statement_matches(s) if {
	resource_matches(s)
	every c in s.conditions { condition_holds(c) }
}

resource_matches(s) if s.all
resource_matches(s) if s.exact[input.resource]
resource_matches(s) if { some p in s.prefixes; startswith(input.resource, p) }
resource_matches(s) if { some r in s.expressions; regex.match(r, input.resource) }

condition_holds(c) if { c.op == "in"; c.values[input.context[c.key]] }
condition_holds(c) if { c.op == "not in"; not c.values[input.context[c.key]] }
condition_holds(c) if { c.op == "like"; some r in c.expressions; regex.match(r, input.context[c.key]) }

layers := data.principals[input.principal]

denied if { some layer in layers; some s in layer.deny[input.action]; statement_matches(s) }
layer_allows(layer) if { some s in layer.allow[input.action]; statement_matches(s) }

decision := 2 if denied
else := 1 if { every layer in layers { layer_allows(layer) } }
else := 0
`

func newOPA(w *workload) (engine, error) {
	e := &opaEngine{w: w}
	parsed := make([][]statement, len(w.Policies))
	shaped := make([][]map[string]any, len(w.Policies))
	for i, p := range w.Policies {
		var err error
		if parsed[i], err = statements(p.Document); err != nil {
			return nil, err
		}
		for j := range parsed[i] {
			shaped[i] = append(shaped[i], opaStatement(&parsed[i][j]))
		}
	}
	asked := w.actionsAsked()
	byAction := opaByAction(parsed, asked)
	principals := map[string]any{}
	for i := range w.Principals {
		var layers []any
		for _, list := range w.Principals[i].layers() {
			deny, allow := map[string]any{}, map[string]any{}
			for _, policy := range list {
				for action, indexes := range byAction[policy] {
					for _, j := range indexes {
						to := allow
						if parsed[policy][j].deny {
							to = deny
						}
						old, _ := to[action].([]any)
						to[action] = append(old, shaped[policy][j])
					}
				}
			}
			layers = append(layers, map[string]any{"deny": deny, "allow": allow})
		}
		principals[w.Principals[i].ID] = layers
		e.ids = append(e.ids, ast.String(w.Principals[i].ID))
	}
	e.data = map[string]any{"principals": principals}
	questions := w.Requests
	if w.Matrix != nil {
		questions = w.Matrix.Pairs
	}
	for _, q := range questions {
		context := ast.NewObject()
		for key, values := range q.Context {
			context.Insert(ast.StringTerm(key), ast.StringTerm(values[0]))
		}
		e.inputs = append(e.inputs, ast.NewObject(
			[2]*ast.Term{ast.StringTerm("principal"), ast.StringTerm(w.Principals[q.Principal].ID)},
			[2]*ast.Term{ast.StringTerm("action"), ast.StringTerm(q.Action)},
			[2]*ast.Term{ast.StringTerm("resource"), ast.StringTerm(q.Resource)},
			[2]*ast.Term{ast.StringTerm("context"), ast.NewTerm(context)},
		))
	}
	return e, nil
}

// opaByAction lists, by policy, the statements about each action asked about.
func opaByAction(parsed [][]statement, asked []string) []map[string][]int {
	byService := map[string][]string{}
	for _, a := range asked {
		service, _, _ := strings.Cut(a, ":")
		byService[service] = append(byService[service], a)
	}
	out := make([]map[string][]int, len(parsed))
	for i, list := range parsed {
		out[i] = map[string][]int{}
		for j := range list {
			candidates := asked
			if service, _, _ := strings.Cut(list[j].actions[0], ":"); oneService(&list[j], service) {
				candidates = byService[service]
			}
			for _, a := range candidates {
				if list[j].matchesAction(strings.ToLower(a)) {
					out[i][a] = append(out[i][a], j)
				}
			}
		}
	}
	return out
}

func oneService(s *statement, service string) bool {
	if s.notActions || strings.Contains(service, "*") {
		return false
	}
	for _, a := range s.actions {
		if !strings.HasPrefix(a, service+":") {
			return false
		}
	}
	return true
}

func opaStatement(s *statement) map[string]any {
	exact, prefixes, expressions, all := map[string]any{}, []any{}, []any{}, false
	for _, r := range s.resources {
		switch i := strings.IndexByte(r, '*'); {
		case r == "*":
			all = true
		case i < 0:
			exact[r] = true
		case i == len(r)-1:
			prefixes = append(prefixes, r[:i])
		default:
			expressions = append(expressions, expression(r))
		}
	}
	conditions := []any{}
	for _, c := range s.conditions {
		values, like := map[string]any{}, []any{}
		for _, v := range c.values {
			values[v] = true
			like = append(like, expression(v))
		}
		op := map[string]string{"StringEquals": "in", "StringNotEquals": "not in"}[c.operator]
		if op == "" {
			op = "like"
		}
		conditions = append(conditions, map[string]any{"op": op, "key": c.key, "values": values, "expressions": like})
	}
	out := map[string]any{"exact": exact, "prefixes": prefixes, "expressions": expressions, "conditions": conditions}
	if all {
		out["all"] = true
	}
	return out
}

func expression(pattern string) string {
	return "^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
}

func (e *opaEngine) load() error {
	store := inmem.NewFromObjectWithOpts(e.data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	var err error
	e.query, err = rego.New(rego.Query("data.bench.decision"), rego.Module("bench.rego", opaPolicy), rego.Store(store)).PrepareForEval(context.Background())
	return err
}

func (e *opaEngine) decide(i int) decision {
	input := e.inputs[i%len(e.inputs)]
	if e.w.Matrix != nil {
		p, _ := e.w.question(i)
		input.(ast.Object).Insert(ast.StringTerm("principal"), ast.NewTerm(e.ids[p]))
	}
	results, err := e.query.Eval(context.Background(), rego.EvalParsedInput(input))
	if err != nil || len(results) != 1 {
		panic(fmt.Sprint("OPA: ", results, err))
	}
	text := fmt.Sprint(results[0].Expressions[0].Value)
	return decision(text[0] - '0')
}
