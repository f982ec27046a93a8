package roles

import (
	"encoding/json"

	"github.com/writ-iam/writ/policy"
)

// MarshalJSON writes the role as IAM's own APIs spell it, without the reasons.
func (r *Role) MarshalJSON() ([]byte, error) {
	type inline struct {
		Name     string           `json:"name"`
		Document *policy.Document `json:"document"`
	}
	policies := make([]inline, 0, len(r.Policies))
	for _, p := range r.Policies {
		policies = append(policies, inline{p.Name, p.Document})
	}
	return json.Marshal(struct {
		Name     string           `json:"name"`
		Path     string           `json:"path"`
		Boundary string           `json:"permissionsBoundary,omitempty"`
		Trust    *policy.Document `json:"assumeRolePolicyDocument"`
		Policies []inline         `json:"policies"`
		Managed  []string         `json:"managedPolicyArns,omitempty"`
	}{r.Name, r.Path, r.PermissionsBoundary, r.Trust, policies, r.ManagedPolicies})
}

// MarshalJSON writes one entry of "why".
func (gr Grant) MarshalJSON() ([]byte, error) {
	states := gr.States
	if states == nil {
		states = []string{}
	}
	return json.Marshal(struct {
		Action         string                         `json:"action"`
		Resource       string                         `json:"resource"`
		Condition      map[string]map[string][]string `json:"condition,omitempty"`
		States         []string                       `json:"states"`
		Purpose        Purpose                        `json:"purpose"`
		Service        string                         `json:"service"`
		Pattern        string                         `json:"pattern,omitempty"`
		Source         string                         `json:"source"`
		Note           string                         `json:"note,omitempty"`
		From           []string                       `json:"from,omitempty"`
		Assumes        []string                       `json:"assumes,omitempty"`
		AssumesAccount bool                           `json:"assumesAccount,omitempty"`
	}{gr.Action, gr.Resource, conditionMap(gr.Conditions), states, gr.Purpose, gr.Service, gr.Pattern, gr.Source, gr.Note, gr.From, gr.Assumes, gr.AssumesAccount})
}

func conditionMap(conditions []Condition) map[string]map[string][]string {
	if len(conditions) == 0 {
		return nil
	}
	m := map[string]map[string][]string{}
	for _, c := range conditions {
		if m[c.Operator] == nil {
			m[c.Operator] = map[string][]string{}
		}
		m[c.Operator][c.Key] = c.Values
	}
	return m
}
