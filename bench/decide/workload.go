package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// workload is policies, principals and questions, in a shape that programs in any
// language read.
type workload struct {
	Schema     string        `json:"schema"` // "writ-bench/1"
	Name       string        `json:"name"`
	Seed       uint64        `json:"seed"`
	Policies   []namedPolicy `json:"policies"`
	Principals []principal   `json:"principals"`
	Requests   []question    `json:"requests,omitempty"`
	Matrix     *matrix       `json:"matrix,omitempty"` // instead of Requests: every principal and every pair, row by row
}

type namedPolicy struct {
	Name     string          `json:"name"`
	Document json.RawMessage `json:"document"`
}

// principal has policies by index.
type principal struct {
	ID       string  `json:"id"`
	ARN      string  `json:"arn"`
	Account  string  `json:"account"`
	Identity []int   `json:"identity"`
	Boundary *int    `json:"boundary"`
	SCPs     [][]int `json:"scps"` // one list for each level, root first
}

type question struct {
	Principal int                 `json:"p"`
	Action    string              `json:"action"`
	Resource  string              `json:"resource"`
	Context   map[string][]string `json:"context,omitempty"` // one value each
}

type matrix struct {
	Pairs []question `json:"pairs"`
}

// decision is what every engine answers.
type decision uint8

const (
	implicitDeny decision = iota
	allow
	explicitDeny
)

func (w *workload) size() int {
	if w.Matrix != nil {
		return len(w.Principals) * len(w.Matrix.Pairs)
	}
	return len(w.Requests)
}

// question returns the question with a number, and the index of who asks it.
func (w *workload) question(i int) (int, *question) {
	if w.Matrix != nil {
		return i / len(w.Matrix.Pairs), &w.Matrix.Pairs[i%len(w.Matrix.Pairs)]
	}
	return w.Requests[i].Principal, &w.Requests[i]
}

// layers are the lists of policies of which each must allow.
func (p *principal) layers() [][]int {
	out := [][]int{p.Identity}
	if p.Boundary != nil {
		out = append(out, []int{*p.Boundary})
	}
	return append(out, p.SCPs...)
}

// statement is what the translations to other languages and the floors know of a
// statement: the part of the policy language that the workloads use.
type statement struct {
	deny       bool
	notActions bool
	actions    []string
	resources  []string
	conditions []condition
}

type condition struct {
	operator, key string
	values        []string
}

// statements reads a document.
func statements(document json.RawMessage) ([]statement, error) {
	var doc struct {
		Statement []struct {
			Effect                      string
			Action, NotAction, Resource texts
			Condition                   map[string]map[string]texts
		}
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	var out []statement
	for _, s := range doc.Statement {
		st := statement{deny: s.Effect == "Deny", actions: s.Action, resources: s.Resource}
		if s.NotAction != nil {
			st.notActions, st.actions = true, s.NotAction
		}
		for operator, keys := range s.Condition {
			for key, values := range keys {
				if !strings.Contains("StringEquals StringNotEquals StringLike ArnEquals ArnLike", operator) {
					return nil, fmt.Errorf("the translations do not know the operator %s", operator)
				}
				st.conditions = append(st.conditions, condition{operator, key, values})
			}
		}
		for _, text := range append(append([]string{}, st.actions...), st.resources...) {
			if strings.ContainsAny(text, "?$") {
				return nil, fmt.Errorf("the translations know no ? and no variables: %q", text)
			}
		}
		out = append(out, st)
	}
	return out, nil
}

// texts is one string or a list.
type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return json.Unmarshal(data, (*[]string)(t))
	}
	var one string
	err := json.Unmarshal(data, &one)
	*t = texts{one}
	return err
}

// matchesAction compares an action, in small letters, with the statement.
func (s *statement) matchesAction(action string) bool {
	for _, a := range s.actions {
		if glob(strings.ToLower(a), action) {
			return !s.notActions
		}
	}
	return s.notActions
}

// glob matches * only. It is the plain two-pointer loop.
func glob(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// actionsAsked lists the distinct actions of the questions.
func (w *workload) actionsAsked() []string {
	seen := map[string]bool{}
	var out []string
	add := func(q *question) {
		if !seen[q.Action] {
			seen[q.Action] = true
			out = append(out, q.Action)
		}
	}
	for i := range w.Requests {
		add(&w.Requests[i])
	}
	if w.Matrix != nil {
		for i := range w.Matrix.Pairs {
			add(&w.Matrix.Pairs[i])
		}
	}
	return out
}
