package main

import (
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go"
)

// cedarEngine has a policy set for each layer, since Cedar knows no boundaries: a
// request is allowed where every layer permits and none forbids.
//
// An action that IAM writes with wildcards becomes a group of the actions that
// are asked about, as Cedar's guides advise; so a statement is one comparison in
// the scope. A resource is compared with ==, or with like in a condition.
type cedarEngine struct {
	w        *workload
	text     [][]string // Cedar text by principal and layer
	entities cedar.EntityMap
	requests []cedar.Request
	callers  []cedar.EntityUID
	layers   [][]*cedar.PolicySet
}

func newCedar(w *workload) (engine, error) {
	e := &cedarEngine{w: w, entities: cedar.EntityMap{}}
	texts, groups, err := cedarPolicies(w)
	if err != nil {
		return nil, err
	}
	for i := range w.Principals {
		p := &w.Principals[i]
		var layers []string
		for _, list := range p.layers() {
			var b strings.Builder
			for _, policy := range list {
				b.WriteString(texts[policy])
			}
			layers = append(layers, b.String())
		}
		e.text = append(e.text, layers)
		e.callers = append(e.callers, cedar.NewEntityUID("Role", cedar.String(p.ARN)))
	}
	for _, action := range w.actionsAsked() {
		uid := cedar.NewEntityUID("Action", cedar.String(action))
		e.entities[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(groups[action]...)}
	}
	questions := w.Requests
	if w.Matrix != nil {
		questions = w.Matrix.Pairs
	}
	for _, q := range questions {
		context := cedar.RecordMap{"resource": cedar.String(q.Resource)}
		for key, values := range q.Context {
			context[cedar.String(key)] = cedar.String(values[0])
		}
		e.requests = append(e.requests, cedar.Request{
			Principal: e.callers[q.Principal],
			Action:    cedar.NewEntityUID("Action", cedar.String(q.Action)),
			Resource:  cedar.NewEntityUID("Resource", cedar.String(q.Resource)),
			Context:   cedar.NewRecord(context),
		})
	}
	return e, nil
}

// cedarPolicies translates every policy, and lists the groups of each action.
func cedarPolicies(w *workload) (texts []string, groups map[string][]cedar.EntityUID, err error) {
	groups = map[string][]cedar.EntityUID{}
	asked := w.actionsAsked()
	lowered := make([]string, len(asked))
	for i, a := range asked {
		lowered[i] = strings.ToLower(a)
	}
	for i, p := range w.Policies {
		list, err := statements(p.Document)
		if err != nil {
			return nil, nil, err
		}
		var b strings.Builder
		for j := range list {
			s := &list[j]
			scope := "action"
			if !s.notActions && len(s.actions) == 1 && !strings.Contains(s.actions[0], "*") {
				scope = fmt.Sprintf("action == Action::%q", s.actions[0])
			} else if len(s.actions) != 1 || s.actions[0] != "*" {
				group := cedar.NewEntityUID("Action", cedar.String(fmt.Sprintf("%d/%d", i, j)))
				scope = "action in " + group.String()
				for k, a := range lowered {
					if s.matchesAction(a) {
						groups[asked[k]] = append(groups[asked[k]], group)
					}
				}
			}
			b.WriteString(cedarStatement(s, scope))
		}
		texts = append(texts, b.String())
	}
	return texts, groups, nil
}

func cedarStatement(s *statement, action string) string {
	effect, resource := "permit", "resource"
	if s.deny {
		effect = "forbid"
	}
	var when []string
	switch {
	case len(s.resources) == 1 && s.resources[0] == "*":
	case len(s.resources) == 1 && !strings.Contains(s.resources[0], "*"):
		resource = fmt.Sprintf("resource == Resource::%q", s.resources[0])
	default:
		when = append(when, either(s.resources, func(r string) string { return fmt.Sprintf("context.resource like %q", r) }))
	}
	for _, c := range s.conditions {
		has, get := fmt.Sprintf("context has %q", c.key), fmt.Sprintf("context[%q]", c.key)
		switch c.operator {
		case "StringNotEquals":
			when = append(when, fmt.Sprintf("!(%s && %s)", has, either(c.values, func(v string) string { return fmt.Sprintf("%s == %q", get, v) })))
		case "StringEquals":
			when = append(when, has+" && "+either(c.values, func(v string) string { return fmt.Sprintf("%s == %q", get, v) }))
		default:
			when = append(when, has+" && "+either(c.values, func(v string) string { return fmt.Sprintf("%s like %q", get, v) }))
		}
	}
	text := fmt.Sprintf("%s(principal, %s, %s)", effect, action, resource)
	if len(when) > 0 {
		text += " when { " + strings.Join(when, " && ") + " }"
	}
	return text + ";\n"
}

func either(list []string, write func(string) string) string {
	var out []string
	for _, s := range list {
		out = append(out, write(s))
	}
	return "(" + strings.Join(out, " || ") + ")"
}

func (e *cedarEngine) load() error {
	for _, layers := range e.text {
		var sets []*cedar.PolicySet
		for _, text := range layers {
			set, err := cedar.NewPolicySetFromBytes("policies.cedar", []byte(text))
			if err != nil {
				return err
			}
			sets = append(sets, set)
		}
		e.layers = append(e.layers, sets)
	}
	return nil
}

func (e *cedarEngine) decide(i int) decision {
	p, _ := e.w.question(i)
	r := e.requests[i%len(e.requests)]
	r.Principal = e.callers[p]
	result := allow
	for _, set := range e.layers[p] {
		d, diagnostic := cedar.Authorize(set, e.entities, r)
		switch {
		case d == cedar.Allow:
		case len(diagnostic.Reasons) > 0:
			return explicitDeny
		default:
			result = implicitDeny
		}
	}
	return result
}
