package main

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/catalog"
)

// The shape of what a call of the SDK needs, in JSON; docs/usage/catalog.md describes it.
type (
	operationFact struct {
		Operation string            `json:"operation"`
		Certainty catalog.Certainty `json:"certainty"`
		Needs     []needFact        `json:"needs"`
		Without   catalog.Reason    `json:"without,omitempty"`
		Roles     []roleFact        `json:"roles,omitempty"`
		Keys      []boundKeyFact    `json:"conditionKeys,omitempty"`
		Method    string            `json:"method,omitempty"`
		Path      string            `json:"path,omitempty"`
	}
	needFact struct {
		Action    string          `json:"action"`
		Purpose   catalog.Purpose `json:"purpose"`
		When      []guardFact     `json:"when,omitempty"`
		Resources []neededOnFact  `json:"resources"`
	}
	guardFact struct {
		Member  string `json:"member"`
		Pattern string `json:"pattern,omitempty"`
		Absent  bool   `json:"absent,omitempty"`
	}
	neededOnFact struct {
		Type      string            `json:"type,omitempty"`
		Formats   []string          `json:"formats,omitempty"`
		Certainty catalog.Certainty `json:"certainty"`
		From      []bindingFact     `json:"from,omitempty"`
	}
	bindingFact struct {
		Member      string `json:"member,omitempty"`
		Placeholder string `json:"placeholder,omitempty"`
		Shape       string `json:"shape,omitempty"`
		Default     string `json:"default,omitempty"`
		Required    bool   `json:"required,omitempty"`
	}
	roleFact struct {
		Member          string            `json:"member"`
		Service         string            `json:"service,omitempty"`
		Certainty       catalog.Certainty `json:"certainty"`
		InstanceProfile bool              `json:"instanceProfile,omitempty"`
	}
	boundKeyFact struct {
		Key       string            `json:"key"`
		Type      string            `json:"arnOf,omitempty"`
		Certainty catalog.Certainty `json:"certainty"`
		From      []bindingFact     `json:"from"`
	}
)

func operationOf(r ref, _ bool) (fact, error) {
	op, err := catalog.Default().Operation(r.service, r.name)
	if err != nil {
		return nil, err
	}
	f := operationFact{
		Operation: r.service + ":" + lowerFirst(op.Name), Certainty: op.Certainty, Without: op.Without,
		Needs: []needFact{}, Method: op.Method, Path: op.Path,
	}
	for _, n := range op.Needs {
		need := needFact{Action: n.Action, Purpose: n.Purpose, Resources: []neededOnFact{}}
		for _, g := range n.When {
			need.When = append(need.When, guardFact(g))
		}
		for _, res := range n.Resources {
			need.Resources = append(need.Resources, neededOnFact{res.Type, res.Formats, res.Certainty, bindingFacts(res.Bindings)})
		}
		f.Needs = append(f.Needs, need)
	}
	for _, role := range op.Roles {
		f.Roles = append(f.Roles, roleFact{role.Member, role.Service, role.Certainty, role.InstanceProfile})
	}
	for _, k := range op.Keys {
		f.Keys = append(f.Keys, boundKeyFact{k.Key, k.Type, k.Certainty, bindingFacts(k.Bindings)})
	}
	return &f, nil
}

func bindingFacts(list []catalog.Binding) []bindingFact {
	var out []bindingFact
	for _, b := range list {
		out = append(out, bindingFact(b))
	}
	return out
}

func (f *operationFact) row() []string {
	var actions []string
	seen := map[string]bool{}
	for _, n := range f.Needs {
		if !seen[n.Action] {
			seen[n.Action] = true
			actions = append(actions, n.Action)
		}
	}
	if len(f.Roles) > 0 && !seen["iam:PassRole"] {
		actions = append(actions, "iam:PassRole")
	}
	if f.Without != "" {
		actions = []string{"no action: " + reasonWords[f.Without]}
	}
	return []string{f.Operation, string(f.Certainty), strings.Join(actions, ", ")}
}

// reasonWords say why an operation has no actions.
var reasonWords = map[catalog.Reason]string{
	catalog.Unsigned:       "called without AWS credentials, or needs no permission",
	catalog.OwnCredentials: "called with tokens of the service's own",
	catalog.Newer:          "newer than the facts; most likely the action of the same name",
	catalog.Unlisted:       "AWS documents none",
	catalog.Retired:        "the service is gone, or about to be",
}

func (f *operationFact) detail(p *answerPrinter) {
	p.printf("%s  %s\n", f.Operation, f.Certainty)
	if f.Without != "" {
		p.line("needs", "no action: %s", reasonWords[f.Without])
	}
	if f.Method != "" {
		p.line("request", "%s %s", f.Method, f.Path)
	}
	word := "needs"
	for _, n := range f.Needs {
		p.line(word, "%s%s", n.Action, n.circumstances())
		for _, r := range n.Resources {
			p.neededOn(r)
		}
		if len(n.Resources) == 0 {
			p.more("  on *")
		}
		word = ""
	}
	word = "passes"
	for _, r := range f.Roles {
		p.line(word, "%s", r.text())
		word = ""
	}
	word = "sets"
	for _, k := range f.Keys {
		p.line(word, "%s from %s", k.Key, membersOf(k.From))
		word = ""
	}
}

// circumstances says what an action is needed for and when, where that is not
// the call itself and always.
func (n *needFact) circumstances() string {
	out := ""
	switch n.Purpose {
	case catalog.Dependent:
		out = ", which the service needs on the way"
	case catalog.Tag:
		out = ", for tagging"
	}
	for i, g := range n.When {
		word := " if "
		if i > 0 {
			word = " and "
		}
		out += word + g.text()
	}
	return out
}

func (g guardFact) text() string {
	switch {
	case g.Absent && g.Pattern != "":
		return fmt.Sprintf("%s is not %s", g.Member, g.Pattern)
	case g.Absent:
		return g.Member + " is not given"
	case g.Pattern != "":
		return fmt.Sprintf("%s is %s", g.Member, g.Pattern)
	}
	return g.Member + " is given"
}

func (p *answerPrinter) neededOn(r neededOnFact) {
	from := ""
	if len(r.From) > 0 {
		from = " from " + membersOf(r.From)
	}
	switch {
	case r.Type == "*" && len(r.Formats) == 0:
		p.more("  on whichever of its resource types%s (%s)", from, r.Certainty)
	default:
		p.more("  on %s%s (%s)", strings.Join(r.Formats, " or "), from, r.Certainty)
	}
}

// membersOf names the members that tell a value, each once.
func membersOf(from []bindingFact) string {
	var out []string
	seen := map[string]bool{}
	for _, b := range from {
		text := b.Member
		switch {
		case b.Member == "":
			text = fmt.Sprintf("%q", b.Default)
		case b.Default != "":
			text += fmt.Sprintf(" (by default %q)", b.Default)
		}
		if !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}

func (r *roleFact) text() string {
	what := "the role in "
	if r.InstanceProfile {
		what = "the role of the instance profile in "
	}
	service := r.Service
	if service == "" {
		service = "a service that is not known"
	}
	return fmt.Sprintf("%s%s to %s (%s): iam:PassRole", what, r.Member, service, r.Certainty)
}
