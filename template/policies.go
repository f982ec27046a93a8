package template

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
)

//go:embed facts/policies.txt
var policyFacts string

// policyProperty is a property that holds a policy document;
// facts/policies.txt explains the fields.
type policyProperty struct {
	path                   []string
	kind, resource, target string
	required               bool
}

var policyProperties = sync.OnceValue(func() map[string][]policyProperty {
	properties := map[string][]policyProperty{}
	for line := range strings.Lines(policyFacts) {
		f := strings.Fields(line)
		if len(f) != 5 || f[0] == "#" {
			continue
		}
		path, required := strings.CutSuffix(f[1], "!")
		properties[f[0]] = append(properties[f[0]], policyProperty{strings.Split(path, "."), f[2], f[3], f[4], required})
	}
	return properties
})

var policyKinds = map[string]Kind{
	"resource": Resource, "endpoint": Endpoint, "identity": Identity, "session": Session, "other": OtherKind, "statement": Resource,
}

// organizationKinds are the types of an AWS::Organizations::Policy that are
// written in the policy language. Source: CloudFormation template reference,
// AWS::Organizations::Policy.
var organizationKinds = map[string]Kind{"SERVICE_CONTROL_POLICY": SCP, "RESOURCE_CONTROL_POLICY": RCP}

// readDocuments reads the policy documents in the properties of a resource.
func (s *stack) readDocuments(r *resource) {
	for _, p := range policyProperties()[r.kind] {
		found := s.reach(r.properties, p.path)
		if len(found) == 0 && p.required {
			s.wrong("MISSING_FIELD", r.nameSpan, "", "%s needs %s", near.Quote(r.name), strings.Join(p.path, "."))
		}
		for _, e := range found {
			s.under(e.when, func() { s.readPolicyProperty(r, &p, e.node) })
		}
	}
	s.readPermission(r)
}

// resourcePolicy reports the policy of an API that SAM makes of what it is told.
func (s *stack) resourcePolicy(v *jsontree.Value) {
	s.session.out.Incomplete = true
	s.unreadable(v.Span, "the policy that SAM makes of this is not read")
}

// readElsewhere reports a property that names a file with a policy in it; marker
// stands before it there.
func (s *stack) readElsewhere(v *jsontree.Value, marker string) {
	if v.Kind == jsontree.String && !strings.Contains(v.Text, "://") {
		if text, _, ok := s.openFile(v.Text, v.Span); !ok || !strings.Contains(text, marker) {
			s.session.out.Incomplete = s.session.out.Incomplete || !ok
			return
		}
	}
	s.session.out.Incomplete = true
	s.unreadable(v.Span, "a policy may stand in the file that this names")
}

func (s *stack) readPolicyProperty(r *resource, p *policyProperty, v *jsontree.Value) {
	switch p.kind {
	case "elsewhere":
		s.readElsewhere(v, p.resource)
		return
	case "made":
		s.resourcePolicy(v)
		return
	}
	like := Policy{Kind: policyKinds[p.kind], Resource: p.resource}
	if like.Kind == Identity || like.Kind == Session || like.Kind == OtherKind {
		like.Resource = ""
	}
	if p.kind == "organizations" {
		kind := s.optional(r.property("Type"))
		if like.Kind = organizationKinds[kind]; like.Kind == 0 {
			if kind == "" || hole.Has(kind) {
				s.session.out.Incomplete = true
				s.unreadable(v.Span, "the type of the policy is not known")
			}
			return
		}
		like.Resource, like.Physical = "", s.optional(r.property("Name"))
	}
	switch {
	case strings.HasPrefix(p.target, "@"):
		like.Targets = []Reference{{Text: s.attribute(r, p.target[1:], r.nameSpan), Span: r.nameSpan, When: s.here(nil)}}
	case p.target != "-":
		like.Targets = s.references(r.property(p.target))
	}
	if p.kind == "statement" {
		wrapped := object(v.Span, "Version", str("2012-10-17", v.Span), "Statement", *v)
		v = &wrapped
	}
	s.addDocuments(r, v, like)
}

// reach returns what stands at the end of a path of properties; a part that
// ends in [] is a list.
func (s *stack) reach(v *jsontree.Value, path []string) []element {
	if v == nil {
		return nil
	}
	if len(path) == 0 {
		return []element{{node: v}}
	}
	var out []element
	var here []element
	name, list := strings.CutSuffix(path[0], "[]")
	member := v.Get(name)
	if member == nil {
		return nil
	}
	if len(path) == 1 && !list {
		return []element{{node: member}} // documents tells its cases apart
	}
	s.eachElement(member, nil, list, &here)
	for _, e := range here {
		if e.node.Kind == jsontree.Object && isFunction(e.node) || e.node.Kind == jsontree.String {
			s.session.out.Incomplete = true
			s.unreadable(e.node.Span, "what stands in "+near.Quote(name)+" is not known")
			continue
		}
		if m := e.node.Member("Fn::Transform"); m != nil {
			s.session.out.Incomplete = true
			s.unreadable(m.NameSpan, "a macro makes members of "+near.Quote(name))
		}
		for _, inner := range s.reach(e.node, path[1:]) {
			inner.when = append(append(When(nil), e.when...), inner.when...)
			out = append(out, inner)
		}
	}
	return out
}
