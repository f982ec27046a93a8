package prove

import (
	"slices"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// Policies of templates have holes: names in the place of texts that are not
// known. A hole is one value, the same wherever its name stands, in both sets. So
// it is a policy variable of a key that always has one value, and which requests
// do not hold: what is proved holds for all values, and a witness comes with those
// that it needs.

// holes numbers the holes of a question. Names may hold colons, which would count
// in ARNs; numbers do not.
type holes struct {
	names []string
	keys  []*key
	open  string // why the question cannot be answered with its holes; "" where it can
}

// numbered returns a set in whose documents holes have numbers for names.
func (h *holes) numbered(set authz.Set) authz.Set {
	return eachDocument(set, func(doc *policy.Document) *policy.Document {
		if !holds(doc) {
			return doc
		}
		h.read(doc)
		return replaceTexts(doc, func(text string) string {
			return hole.Replace(text, func(name string) string { return hole.Text(strconv.Itoa(h.number(name))) })
		})
	})
}

func (h *holes) number(name string) int {
	i := slices.Index(h.names, name)
	if i < 0 {
		i = len(h.names)
		h.names = append(h.names, name)
	}
	return i
}

// read looks for holes where only values that are known can be compared.
func (h *holes) read(doc *policy.Document) {
	cannot := func(what, text string) {
		if hole.Has(text) && h.open == "" {
			h.open = what + " hangs on what the template leaves open: " + hole.Print(text)
		}
	}
	list := func(what string, l *policy.List) {
		for i := range l.Len() {
			cannot(what, l.Values[i].Text)
		}
	}
	if doc.HasVariables() {
		policy.Walk(doc, func(_ policy.Place, node any) bool {
			if v, ok := node.(*policy.Value); ok && strings.Contains(v.Text, "${") && hole.Has(v.Text) {
				pieces, _ := policy.ParseVariables(v.Text)
				for _, piece := range pieces {
					cannot("a policy variable", piece.Variable.Name+piece.Variable.Default)
				}
			}
			return true
		})
	}
	for i := range doc.Statements {
		s := &doc.Statements[i]
		list("an action", s.Action)
		list("an action", s.NotAction)
		for _, p := range []*policy.Principal{s.Principal, s.NotPrincipal} {
			if p != nil {
				for j := range p.Groups {
					list("a principal", &p.Groups[j].Values)
				}
			}
		}
		for _, l := range []*policy.List{s.Resource, s.NotResource} {
			for j := range l.Len() {
				text := l.Values[j].Text
				if strings.Contains(text, "${") && strings.Count(hole.Replace(text, func(string) string { return "" }), ":") < arnColons {
					cannot("whether a variable counts", text)
				}
			}
		}
		if s.Condition == nil {
			continue
		}
		for _, block := range s.Condition.Blocks {
			op, err := policy.ParseOperator(block.Operator)
			for j := range block.Keys {
				cannot("a condition key", block.Keys[j].Name)
				if err == nil && !op.HasVariables() {
					list("a value for "+op.Name, &block.Keys[j].Values)
				}
			}
		}
	}
}

// holds reports whether a document has holes.
func holds(doc *policy.Document) bool {
	found := false
	policy.Walk(doc, func(_ policy.Place, node any) bool {
		switch n := node.(type) {
		case *policy.Value:
			found = found || hole.Has(n.Text)
		case *policy.ConditionKey:
			found = found || hole.Has(n.Name)
		}
		return !found
	})
	return found
}

// filled returns a set in which holes have become their values.
func filled(set authz.Set, values map[string]string) authz.Set {
	return eachDocument(set, func(doc *policy.Document) *policy.Document {
		if !holds(doc) {
			return doc
		}
		return replaceTexts(doc, func(text string) string {
			return hole.Replace(text, func(name string) string {
				// A value is a text: what it holds must not become a wildcard or a
				// variable. None of the values that are chosen has such characters.
				if value, ok := values[name]; ok {
					return value
				}
				return hole.Text(name)
			})
		})
	})
}

// replaceTexts returns a copy of a document with other texts in its values.
func replaceTexts(doc *policy.Document, replace func(string) string) *policy.Document {
	list := func(l *policy.List) *policy.List {
		if l == nil {
			return nil
		}
		out := *l
		out.Values = slices.Clone(l.Values)
		for i := range out.Values {
			out.Values[i].Text = replace(out.Values[i].Text)
		}
		return &out
	}
	out := *doc
	out.Statements = slices.Clone(doc.Statements)
	for i := range out.Statements {
		s := &out.Statements[i]
		s.Resource, s.NotResource = list(s.Resource), list(s.NotResource)
		if s.Condition == nil {
			continue
		}
		c := *s.Condition
		c.Blocks = slices.Clone(c.Blocks)
		for j := range c.Blocks {
			c.Blocks[j].Keys = slices.Clone(c.Blocks[j].Keys)
			for k := range c.Blocks[j].Keys {
				c.Blocks[j].Keys[k].Values = *list(&c.Blocks[j].Keys[k].Values)
			}
		}
		s.Condition = &c
	}
	return &out
}

// eachDocument returns a set with other documents.
func eachDocument(set authz.Set, other func(*policy.Document) *policy.Document) authz.Set {
	list := func(policies []authz.Policy) []authz.Policy {
		out := slices.Clone(policies)
		for i := range out {
			if doc := other(out[i].Document); doc != out[i].Document {
				out[i] = authz.Policy{Name: out[i].Name, Document: doc}
			}
		}
		return out
	}
	one := func(p *authz.Policy) *authz.Policy {
		if p == nil {
			return nil
		}
		return &list([]authz.Policy{*p})[0]
	}
	levels := func(l [][]authz.Policy) [][]authz.Policy {
		out := slices.Clone(l)
		for i := range out {
			out[i] = list(out[i])
		}
		return out
	}
	return authz.Set{
		Identity: list(set.Identity), Groups: list(set.Groups), Session: list(set.Session),
		Boundary: one(set.Boundary), Resource: one(set.Resource), Endpoint: one(set.Endpoint),
		SCPs: levels(set.SCPs), RCPs: levels(set.RCPs),
	}
}

// slotOfHole returns the variable that a numbered hole is.
func (p *problem) slotOfHole(number string) int {
	i, _ := strconv.Atoi(number) // we wrote it
	for len(p.holes.keys) <= i {
		p.holes.keys = append(p.holes.keys, nil)
	}
	name := string(hole.Open) + number
	if p.holes.keys[i] == nil {
		k := p.keys.key(name)
		k.hole = true
		p.holes.keys[i] = k
	}
	return p.slots.Slot(policy.Variable{Name: name})
}

// pseudo is a hole that every template may have: what its values look like, and one.
type pseudo struct {
	form   *pattern.Pattern
	likely string
}

// pseudos are the pseudo parameters of CloudFormation, by name; other templates
// have their accounts and Regions under the same names. None of their values holds
// a colon.
var pseudos = map[string]pseudo{
	"AWS::AccountId": {part("????????????"), someAccount},
	"AWS::Region":    {part("?*"), "us-east-1"},
	"AWS::Partition": {part("aws*"), "aws"},
	"AWS::URLSuffix": {part("?*"), "amazonaws.com"},
}

// part is a pattern whose wildcards match no colon.
func part(text string) *pattern.Pattern {
	return pattern.Dialect{Colons: 1}.Compile(pattern.Wild(text))
}

// pseudo returns what is known of a hole, which is nothing for most.
func (p *problem) pseudo(k *key) (pseudo, bool) {
	i := slices.Index(p.holes.keys, k)
	if i < 0 {
		return pseudo{}, false
	}
	known, ok := pseudos[p.holes.names[i]]
	return known, ok
}

// valuesOfHoles are the values that a solution gives to holes. One that nothing
// hangs on gets a likely one.
func (p *problem) valuesOfHoles(s solution) map[string]string {
	out := map[string]string{}
	for i, name := range p.holes.names {
		out[name] = "x"
		if i >= len(p.holes.keys) || p.holes.keys[i] == nil {
			continue
		}
		k := p.holes.keys[i]
		if known, ok := p.pseudo(k); ok {
			out[name] = known.likely
		}
		if values, ok := s[subject(k.id)]; ok {
			out[name] = values[0]
		}
	}
	return out
}
