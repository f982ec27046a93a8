package template

import (
	"maps"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// Plain reports whether what a hole stands for holds none of the characters that
// delimit the parts of names and lists (: / , ; | and space), as the names that
// AWS chooses do not: it is no ARN.
func (t *Template) Plain(name string) bool { return t.Holes[name].plain }

// Part is a piece of a text as a template writes it: a literal, or a reference.
type Part struct {
	Literal string
	// Ref is what stands between ${ and } in Fn::Sub: the name of a parameter, a
	// pseudo parameter or a resource, or Resource.Attribute; "" for a literal.
	Ref string
	// Attribute says that Ref is what Fn::GetAtt takes; without it, it is what Ref
	// takes, which may have a dot too: SAM's Function.Alias.
	Attribute bool
}

// Write says how a text with holes is written in the stack of that name (see
// Place.Stack): with references to its parameters and resources. An ARN becomes
// a reference where a resource of the stack has it, also one without holes, but
// not one of the resources in except, given by their logical names. ok is false
// where the stack has no name for one of the holes; it is returned.
func (t *Template) Write(text, stack string, except ...string) (parts []Part, unnamed string, ok bool) {
	if t.terraform != nil {
		return t.terraform.write(text, except)
	}
	s := t.stackNamed(stack)
	if s == nil {
		return nil, "", false
	}
	arns, names := s.spellings()
	for _, a := range arns {
		owner, _, _ := strings.Cut(a.ref, ".")
		if rest, found := strings.CutPrefix(text, a.text); found && (rest == "" || strings.Contains(":/*", rest[:1])) && !slices.Contains(except, owner) {
			parts, text = append(parts, Part{Ref: a.ref, Attribute: a.attribute}), rest
			break
		}
	}
	for text != "" {
		before, name, after, found := hole.Next(text)
		if before != "" {
			parts = append(parts, Part{Literal: before})
		}
		if !found {
			break
		}
		as, known := names[hole.Text(name)]
		if !known {
			as.ref, known = s.parameterName(name)
		}
		if owner, _, _ := strings.Cut(as.ref, "."); !known || slices.Contains(except, owner) {
			return nil, name, false
		}
		parts, text = append(parts, Part{Ref: as.ref, Attribute: as.attribute}), after
	}
	return parts, "", true
}

// write refers to the ARNs of resources in the root module. Holes of Terraform
// are called as expressions call them, and are left to the caller.
func (t *terraform) write(text string, except []string) (parts []Part, unnamed string, ok bool) {
	longest := Part{}
	length := 0
	if strings.HasPrefix(text, "arn:") {
		holes, choices := t.out.Holes, t.broken
		t.out.Holes = map[string]Hole{}
		for _, address := range slices.Sorted(maps.Keys(t.resources)) {
			r := t.resources[address]
			if r.data || r.several || len(r.when) > 0 || strings.HasPrefix(address, "module.") || strings.Contains(address, "[") || slices.Contains(except, address) {
				continue
			}
			arn := t.attribute(r, "arn")
			rest, found := strings.CutPrefix(text, arn)
			if strings.HasPrefix(arn, "arn:") && found && len(arn) > length && (rest == "" || strings.Contains(":/*", rest[:1])) {
				longest, length = Part{Ref: address + ".arn", Attribute: true}, len(arn)
			}
		}
		t.out.Holes, t.broken = holes, choices
	}
	if length > 0 {
		parts = append(parts, longest)
	}
	for _, p := range hole.Split(text[length:]) {
		if p.Hole {
			parts = append(parts, Part{Ref: p.Text})
		} else {
			parts = append(parts, Part{Literal: p.Text})
		}
	}
	return parts, "", true
}

func (t *Template) stackNamed(name string) *stack {
	for _, s := range t.stacks {
		if s.name == name {
			return s
		}
	}
	return nil
}

// parameterName returns how a stack refers to a hole that is one of its
// parameters, or a pseudo parameter.
func (s *stack) parameterName(name string) (string, bool) {
	own := name
	if s.name != "" {
		var inside bool
		if own, inside = strings.CutPrefix(name, s.name+"/"); !inside {
			own = ""
		}
	}
	if _, pseudo := pseudoParameters[name]; pseudo {
		return name, true
	}
	_, pseudo := pseudoParameters[own]
	return own, pseudo || s.parameters[own] != nil
}

// spelling is a text and the reference that gives it.
type spelling struct {
	text, ref string
	attribute bool
}

// spellings returns the ARNs of the stack's resources, the longest first, and
// references for holes. What is looked at here is no part of what was read: it
// notes no hole and reports nothing.
func (s *stack) spellings() (arns []spelling, names map[string]spelling) {
	if s.refs != nil {
		return s.arns, s.refs
	}
	holes, findings, nodes, bytes := s.session.out.Holes, s.findings, s.session.nodes, s.session.bytes
	s.session.out.Holes, s.findings = map[string]Hole{}, source.Collector{}
	s.refs = map[string]spelling{}
	for _, r := range s.order {
		if r.nested != nil || r.condition != nil {
			continue
		}
		fact := resourceTypes()[r.kind]
		if fact == nil {
			continue
		}
		attributes := []string{"Ref"}
		for name := range fact.attributes {
			attributes = append(attributes, name)
		}
		slices.Sort(attributes[1:])
		for _, name := range attributes {
			ref := r.name
			if name != "Ref" {
				ref += "." + name
			}
			text := s.attribute(r, name, r.nameSpan)
			if strings.HasPrefix(text, "arn:") {
				s.arns = append(s.arns, spelling{text, ref, name != "Ref"})
			} else if _, whole := hole.Whole(text); whole && s.refs[text].ref == "" {
				s.refs[text] = spelling{text, ref, name != "Ref"}
			}
		}
	}
	slices.SortStableFunc(s.arns, func(a, b spelling) int { return len(b.text) - len(a.text) })
	s.session.out.Holes, s.findings, s.session.nodes, s.session.bytes = holes, findings, nodes, bytes
	return s.arns, s.refs
}
