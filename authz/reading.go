package authz

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
)

// A policy with holes (see package internal/hole) is not one policy but one for
// every value of its holes. Each element is read in two ways that bracket all of
// them, so that the engine itself never meets a hole.

// reading says how a text with holes is taken.
type reading uint8

const (
	narrow reading = iota // as little as it may match: a hole equals only itself
	wide                  // as much as it may match: a hole is any text
	// sure is narrow, less whatever would take a hole of the request for its own
	// name and be wrong: what matches because something else does not, and "?".
	sure
)

// opposite is how the elements are read that say what a statement is not about.
func (r reading) opposite() reading {
	if r == wide {
		return narrow
	}
	return wide
}

// hasHoles reports whether a document has a hole where it matters.
func hasHoles(d *policy.Document) bool {
	return d != nil && slices.ContainsFunc(d.Statements, func(s policy.Statement) bool { return len(holesOf(&s)) > 0 })
}

// holesOf lists the names of the holes of a statement, each once.
func holesOf(s *policy.Statement) []string {
	var d distinct
	add := func(text string) {
		if strings.Contains(text, string(hole.Open)) {
			for _, name := range hole.Names(text) {
				d.add(name)
			}
		}
	}
	list := func(l *policy.List) {
		for i := range l.Len() {
			add(l.Values[i].Text)
		}
	}
	for _, l := range []*policy.List{s.Action, s.NotAction, s.Resource, s.NotResource} {
		list(l)
	}
	for _, p := range []*policy.Principal{s.Principal, s.NotPrincipal} {
		for i := 0; p != nil && i < len(p.Groups); i++ {
			list(&p.Groups[i].Values)
		}
	}
	if s.Condition == nil {
		return d.list
	}
	for _, block := range s.Condition.Blocks {
		for i := range block.Keys {
			add(block.Keys[i].Name)
			list(&block.Keys[i].Values)
		}
	}
	return d.list
}

// part is the statements of one effect: what the other effect says is decided
// apart from it.
type part struct {
	effect policy.Effect
	reading
	anybody bool // the caller has holes: a principal that is named may be the caller
}

// policies reads a policy for one part: its statements of that effect, each in
// its place. Where denials are asked about, everything is allowed besides.
func (p part) policy(of *Policy) Policy {
	doc := &policy.Document{Version: of.Document.Version, File: of.Document.File}
	for i := range of.Document.Statements {
		s := &of.Document.Statements[i]
		if s.Effect == p.effect {
			doc.Statements = append(doc.Statements, p.statement(s))
		} else {
			doc.Statements = append(doc.Statements, silent(s))
		}
	}
	if p.effect == policy.Deny {
		doc.Statements = append(doc.Statements, allowEverything(of.Document))
	}
	return Policy{Name: of.Name, Document: doc}
}

// silent is a statement that says nothing, in the place of one that does.
func silent(s *policy.Statement) policy.Statement {
	out := policy.Statement{Effect: policy.Deny, Action: policy.String("none:Nothing")}
	if s.Resource != nil || s.NotResource != nil {
		out.Resource = policy.String("*")
	}
	if s.Principal != nil || s.NotPrincipal != nil {
		out.Principal = policy.Everyone()
	}
	return out
}

// allowEverything suits the kind of policy that a document is.
func allowEverything(d *policy.Document) policy.Statement {
	out := policy.Statement{Effect: policy.Allow, Action: policy.String("*"), Resource: policy.String("*")}
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Principal != nil || s.NotPrincipal != nil {
			out.Principal = policy.Everyone()
		}
		if s.Resource == nil && s.NotResource == nil {
			out.Resource = nil // a trust policy
		}
	}
	return out
}

// statement reads a statement. What stands in a Not... element is read the other
// way round: the less it matches, the more the statement does.
func (p part) statement(s *policy.Statement) policy.Statement {
	r := p.reading
	if r == sure && !isSure(s) {
		return silent(s)
	}
	out := *s
	out.Elements = nil
	out.Action, out.NotAction = r.list(s.Action), r.opposite().list(s.NotAction)
	out.Resource, out.NotResource = r.resources(s.Resource), r.opposite().resources(s.NotResource)
	out.Principal, out.NotPrincipal = r.principal(s.Principal, p.anybody), r.opposite().principal(s.NotPrincipal, p.anybody)
	ok := true
	if s.Condition != nil {
		if out.Condition, ok = r.condition(s.Condition); !ok {
			return silent(s)
		}
	}
	return out
}

// isSure reports whether a statement that matches a request as it is written does
// so whatever the holes of the request.
func isSure(s *policy.Statement) bool {
	if s.NotResource != nil || s.NotPrincipal != nil || hasQuestionMark(s.Resource) {
		return false
	}
	if s.Condition == nil {
		return true
	}
	for _, block := range s.Condition.Blocks {
		op, err := policy.ParseOperator(block.Operator)
		if err != nil || op.Negated {
			return false
		}
		for i := range block.Keys {
			if hasQuestionMark(&block.Keys[i].Values) {
				return false
			}
		}
	}
	return true
}

func hasQuestionMark(l *policy.List) bool {
	return l != nil && slices.ContainsFunc(l.Values, func(v policy.Value) bool { return strings.Contains(v.Text, "?") })
}

func (r reading) list(l *policy.List) *policy.List {
	if l == nil || r != wide || !slices.ContainsFunc(l.Values, func(v policy.Value) bool { return hole.Has(v.Text) }) {
		return l
	}
	out := *l
	out.Values = slices.Clone(l.Values)
	for i := range out.Values {
		out.Values[i].Text = anything(out.Values[i].Text)
	}
	return &out
}

// resources reads the names of resources.
func (r reading) resources(l *policy.List) *policy.List {
	l = r.list(l)
	if l == nil || !slices.ContainsFunc(l.Values, func(v policy.Value) bool { return inARN(v.Text) != v.Text }) {
		return l
	}
	out := *l
	out.Values = slices.Clone(l.Values)
	for i := range out.Values {
		out.Values[i].Text = inARN(out.Values[i].Text)
	}
	return &out
}

// inARN gives a text that begins with a hole, which stands for an ARN or for the
// first part of one, the form of an ARN: then it equals itself.
func inARN(text string) string {
	before, name, after, ok := hole.Next(text)
	if !ok || before != "" {
		return text
	}
	part := ":" + hole.Text(name)
	return "arn" + strings.Repeat(part, 5) + after
}

// anything is a pattern of what a text may become. A hole that is not a whole
// segment may hold colons, over which a wildcard inside of a segment does not
// run: then the rest is left open too.
func anything(text string) string {
	var b strings.Builder
	for {
		before, _, after, ok := hole.Next(text)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteByte('*')
		if after != "" && after[0] != ':' && strings.Count(b.String(), ":") < 5 {
			return b.String()
		}
		text = after
	}
}

// principal: principals know no wildcards but "*".
func (r reading) principal(p *policy.Principal, anybody bool) *policy.Principal {
	if p == nil || r != wide {
		return p
	}
	if anybody {
		return policy.Everyone()
	}
	for _, group := range p.Groups {
		if slices.ContainsFunc(group.Values.Values, func(v policy.Value) bool { return hole.Has(v.Text) }) {
			return policy.Everyone()
		}
	}
	return p
}

// condition reads a condition; ok is false when it cannot hold.
func (r reading) condition(c *policy.Condition) (out *policy.Condition, ok bool) {
	out = &policy.Condition{Span: c.Span}
	for _, block := range c.Blocks {
		kept := block
		kept.Keys = nil
		for _, key := range block.Keys {
			if !holds(&key) || r.asWritten(block.Operator, &key) {
				kept.Keys = append(kept.Keys, key)
			} else if r != wide {
				return nil, false
			}
		}
		if len(kept.Keys) > 0 {
			out.Blocks = append(out.Blocks, kept)
		}
	}
	if len(out.Blocks) == 0 {
		return nil, true
	}
	return out, true
}

func holds(key *policy.ConditionKey) bool {
	return hole.Has(key.Name) || slices.ContainsFunc(key.Values.Values, func(v policy.Value) bool { return hole.Has(v.Text) })
}

// asWritten reports whether a line whose holes are taken for their own names is
// the reading that is asked for: comparing texts, a hole then equals only itself,
// which is the least for a positive operator and the most for a negated one.
// Otherwise the line holds in the wide reading and fails in the narrow one.
func (r reading) asWritten(operator string, key *policy.ConditionKey) bool {
	op, err := policy.ParseOperator(operator)
	if err != nil || hole.Has(key.Name) || op.Family != policy.FamilyString && op.Family != policy.FamilyARN {
		return false
	}
	return op.Negated == (r == wide)
}
