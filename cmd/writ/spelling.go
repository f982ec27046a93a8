package main

import (
	"strings"

	"github.com/writ-iam/writ/policy"
)

// spelled gives condition keys, which explanations have in lower case, the
// spelling of the policies.
func (a *answer) spelled(keys []string) []string {
	if len(keys) == 0 {
		return nil
	}
	as := map[string]string{}
	note := func(key string) {
		if lower := strings.ToLower(key); as[lower] == "" {
			as[lower] = key
		}
	}
	for i := range a.x.Statements {
		if _, s := a.set.Statement(a.x.Statements[i].Reference); s != nil {
			keysOf(s, note)
		}
	}
	out := make([]string, len(keys))
	for i, key := range keys {
		if out[i] = as[key]; out[i] == "" {
			out[i] = key
		}
	}
	return out
}

// keysOf tells the condition keys that a statement names, those of variables too.
func keysOf(s *policy.Statement, note func(string)) {
	variables := func(list *policy.List) {
		for _, text := range list.Texts() {
			pieces, _ := policy.ParseVariables(text)
			for _, p := range pieces {
				if p.Kind == policy.PieceVariable {
					note(p.Variable.Name)
				}
			}
		}
	}
	for _, list := range []*policy.List{s.Resource, s.NotResource} {
		if list != nil {
			variables(list)
		}
	}
	if s.Condition == nil {
		return
	}
	for i := range s.Condition.Blocks {
		for j := range s.Condition.Blocks[i].Keys {
			key := &s.Condition.Blocks[i].Keys[j]
			note(key.Name)
			variables(&key.Values)
		}
	}
}
