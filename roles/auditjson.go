package roles

import (
	"encoding/json"
	"strings"

	"github.com/writ-iam/writ/source"
)

// MarshalJSON writes one entry. Several actions or resources stand in "action"
// and "resource" with commas between them, and as lists beside these.
func (e AuditEntry) MarshalJSON() ([]byte, error) {
	type span struct {
		Start source.Position `json:"start"`
		End   source.Position `json:"end"`
	}
	out := struct {
		Code      string                         `json:"code"`
		Severity  source.Severity                `json:"severity"`
		Action    string                         `json:"action"`
		Resource  string                         `json:"resource"`
		Actions   []string                       `json:"actions"`
		Resources []string                       `json:"resources"`
		Condition map[string]map[string][]string `json:"condition,omitempty"`
		States    []string                       `json:"states"`
		Why       string                         `json:"why"`
		Hint      string                         `json:"hint,omitempty"`
		Purpose   Purpose                        `json:"purpose,omitempty"`
		Service   string                         `json:"service,omitempty"`
		Pattern   string                         `json:"pattern,omitempty"`
		Source    string                         `json:"source,omitempty"`
		Rule      string                         `json:"rule,omitempty"`
		Needed    []string                       `json:"needed,omitempty"`
		Path      string                         `json:"path,omitempty"`
		File      string                         `json:"file,omitempty"`
		Span      *span                          `json:"span,omitempty"`
	}{
		e.Code, e.Severity, strings.Join(e.Actions, ", "), strings.Join(e.Resources, ", "), orEmpty(e.Actions), orEmpty(e.Resources),
		conditionMap(e.Conditions), orEmpty(e.States), e.Why, e.Hint, e.Purpose, e.Service, e.Pattern, e.Source, e.Rule, e.Needed, e.Path, "", nil,
	}
	if e.File != nil {
		out.File = e.File.Name
		out.Span = &span{e.File.Position(e.Span.Start), e.File.Position(e.Span.End)}
	}
	return json.Marshal(out)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
