package denial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

// Decoded is what an encoded authorization message holds.
type Decoded struct {
	Allowed      bool
	ExplicitDeny bool
	// Matched are the statements that denied; none for an implicit denial.
	Matched   []Matched
	Principal Principal
	Action    string
	Resource  string
	Context   authz.Context
	Failures  json.RawMessage // of the evaluation, as they were read; nil for none
}

// Principal is who made the request.
type Principal struct {
	ID   string // "AIDACKCEVSQ6C2EXAMPLE", or "AROA...:session"
	Name string // of users only
	ARN  string
}

// Matched is a statement that denied.
type Matched struct {
	ID         string // its Sid
	Effect     string // "ALLOW" or "DENY"
	Principals []string
	Actions    []string
	Resources  []string
	Conditions []Condition
}

// Condition is a condition of a statement.
type Condition struct {
	Operator string // "" in messages of AWS
	Key      string
	Values   []string
}

// ScopePolicyIssuer stands in place of a principal in a statement of a service
// control policy (seen).
const ScopePolicyIssuer = "SCOPE_POLICY_ISSUER"

// Decode describes a decision about a request. The statements are those that
// denied, as the decision's references name them.
func Decode(r *authz.Request, d *authz.Decision, statements ...*policy.Statement) Decoded {
	out := Decoded{
		Allowed:      d.Result == authz.Allowed,
		ExplicitDeny: d.Result == authz.ExplicitlyDenied,
		Principal:    Principal{ARN: r.Principal},
		Action:       r.Action, Resource: r.Resource, Context: r.Context,
	}
	if c, err := policy.ParseCaller(r.Principal); err == nil && c.Kind == policy.CallerUser {
		out.Principal.Name = c.Name
	}
	scp := len(d.By()) > 0 && d.By()[0].Kind == authz.SCP
	for _, s := range statements {
		m := matched(s)
		if scp {
			m.Principals = []string{ScopePolicyIssuer}
		}
		out.Matched = append(out.Matched, m)
	}
	return out
}

func matched(s *policy.Statement) Matched {
	m := Matched{ID: s.Sid, Effect: strings.ToUpper(string(s.Effect)), Actions: s.Action.Texts(), Resources: s.Resource.Texts()}
	if p := s.Principal; p != nil {
		if p.Everyone {
			m.Principals = []string{"*"}
		}
		for i := range p.Groups {
			m.Principals = append(m.Principals, p.Groups[i].Values.Texts()...)
		}
	}
	if s.Condition != nil {
		for _, b := range s.Condition.Blocks {
			for _, k := range b.Keys {
				m.Conditions = append(m.Conditions, Condition{b.Operator, k.Name, k.Values.Texts()})
			}
		}
	}
	return m
}

// ErrNotDecoded says that a JSON text is no decoded authorization message.
var ErrNotDecoded = errors.New("JSON is no decoded authorization message: it has neither allowed nor context")

// ParseDecoded reads a decoded authorization message: the JSON itself, or what
// the CLI prints, {"DecodedMessage": "..."}. The field names are those that AWS
// was seen to send, for the API reference gives none; lists may stand as plain
// arrays instead of {"items": [...]}, and unknown fields are passed over.
func ParseDecoded(text string) (Decoded, error) {
	if len(text) > maxText {
		return Decoded{}, ErrTooLong
	}
	var outer struct{ DecodedMessage *string }
	if err := json.Unmarshal([]byte(text), &outer); err != nil {
		return Decoded{}, fmt.Errorf("reading a decoded authorization message: %w", err)
	}
	if outer.DecodedMessage != nil {
		text = *outer.DecodedMessage
	}
	var d Decoded
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return Decoded{}, fmt.Errorf("reading a decoded authorization message: %w", err)
	}
	return d, nil
}

// items is a list, which AWS wraps in an object.
type items[T any] []T

func (l items[T]) MarshalJSON() ([]byte, error) {
	list := []T(l)
	if list == nil {
		list = []T{}
	}
	return json.Marshal(struct {
		Items []T `json:"items"`
	}{list})
}

func (l *items[T]) UnmarshalJSON(data []byte) error {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '[' {
		return json.Unmarshal(data, (*[]T)(l))
	}
	var wrapped struct {
		Items []T `json:"items"`
	}
	err := json.Unmarshal(data, &wrapped)
	*l = wrapped.Items
	return err
}

// value is a string, which AWS wraps in an object.
type value string

func (v value) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Value string `json:"value"`
	}{string(v)})
}

func (v *value) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(v))
	}
	var wrapped struct {
		Value string `json:"value"`
	}
	err := json.Unmarshal(data, &wrapped)
	*v = value(wrapped.Value)
	return err
}

// The shape of the JSON.
type (
	wireMessage struct {
		Allowed      *bool                `json:"allowed"`
		ExplicitDeny bool                 `json:"explicitDeny"`
		Matched      items[wireStatement] `json:"matchedStatements"`
		Failures     json.RawMessage      `json:"failures,omitempty"`
		Context      *wireContext         `json:"context"`
	}
	wireStatement struct {
		ID              string               `json:"statementId"`
		Effect          string               `json:"effect"`
		Principals      items[value]         `json:"principals"`
		PrincipalGroups items[value]         `json:"principalGroups"`
		Actions         items[value]         `json:"actions"`
		Resources       items[value]         `json:"resources"`
		Conditions      items[wireCondition] `json:"conditions"`
	}
	wireContext struct {
		Principal  wirePrincipal        `json:"principal"`
		Action     string               `json:"action"`
		Resource   string               `json:"resource"`
		Conditions items[wireCondition] `json:"conditions"`
	}
	wirePrincipal struct {
		ID   string `json:"id,omitempty"`
		Name string `json:"name,omitempty"`
		ARN  string `json:"arn"`
	}
	wireCondition struct {
		Operator string       `json:"operator,omitempty"`
		Key      string       `json:"key"`
		Values   items[value] `json:"values"`
	}
)

func values(texts []string) items[value] {
	out := make(items[value], len(texts))
	for i, t := range texts {
		out[i] = value(t)
	}
	return out
}

func (l wireCondition) texts() []string { return texts(l.Values) }

func texts(l items[value]) []string {
	if len(l) == 0 {
		return nil
	}
	out := make([]string, len(l))
	for i, v := range l {
		out[i] = string(v)
	}
	return out
}

// MarshalJSON writes the message as AWS decodes one.
func (d Decoded) MarshalJSON() ([]byte, error) {
	w := wireMessage{Allowed: &d.Allowed, ExplicitDeny: d.ExplicitDeny, Failures: d.Failures, Context: &wireContext{
		Principal: wirePrincipal(d.Principal), Action: d.Action, Resource: d.Resource,
	}}
	if w.Failures == nil {
		w.Failures = json.RawMessage(`{"items":[]}`)
	}
	for _, m := range d.Matched {
		s := wireStatement{ID: m.ID, Effect: m.Effect, Principals: values(m.Principals), Actions: values(m.Actions), Resources: values(m.Resources)}
		for _, c := range m.Conditions {
			s.Conditions = append(s.Conditions, wireCondition{c.Operator, c.Key, values(c.Values)})
		}
		w.Matched = append(w.Matched, s)
	}
	for _, e := range d.Context {
		w.Context.Conditions = append(w.Context.Conditions, wireCondition{Key: e.Key, Values: values(e.Values)})
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON writes, and what AWS does.
func (d *Decoded) UnmarshalJSON(data []byte) error {
	var w wireMessage
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	if w.Allowed == nil && w.Context == nil {
		return ErrNotDecoded
	}
	*d = Decoded{Allowed: w.Allowed != nil && *w.Allowed, ExplicitDeny: w.ExplicitDeny}
	if !isEmptyList(w.Failures) {
		d.Failures = w.Failures
	}
	for _, s := range w.Matched {
		m := Matched{ID: s.ID, Effect: s.Effect, Principals: append(texts(s.Principals), texts(s.PrincipalGroups)...),
			Actions: texts(s.Actions), Resources: texts(s.Resources)}
		for _, c := range s.Conditions {
			m.Conditions = append(m.Conditions, Condition{c.Operator, c.Key, c.texts()})
		}
		d.Matched = append(d.Matched, m)
	}
	if c := w.Context; c != nil {
		d.Principal, d.Action, d.Resource = Principal(c.Principal), c.Action, c.Resource
		for _, e := range c.Conditions {
			d.Context = append(d.Context, authz.Entry{Key: e.Key, Values: e.texts()})
		}
	}
	return nil
}

func isEmptyList(data json.RawMessage) bool {
	var list items[json.RawMessage]
	return len(data) == 0 || json.Unmarshal(data, &list) == nil && len(list) == 0
}
