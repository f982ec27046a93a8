package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Strangers are resources of types that no table has. What looks like a policy in
// one of them is reported: the type may be newer than the tables, or a resource
// with code of its own that attaches the policy.

// policyWords are in the names of properties that hold policies.
var policyWords = []string{"polic", "permission", "statement"}

func namesPolicy(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(policyWords, func(word string) bool { return strings.Contains(name, word) })
}

// policyText reports whether a text is a policy document, or a part of one.
func policyText(text string) bool {
	return strings.Contains(text, `"`+policy.ElementStatement+`"`) && strings.Contains(text, `"`+policy.ElementEffect+`"`)
}

// checkStranger reports what looks like a policy in properties that no table has.
func (s *stack) checkStranger(r *resource) {
	if resourceReader(r.kind) != nil || permissionFacts()[r.kind] != nil || r.properties == nil {
		return
	}
	for i := range r.properties.Members {
		m := &r.properties.Members[i]
		known := slices.ContainsFunc(policyProperties()[r.kind], func(p policyProperty) bool { return strings.TrimSuffix(p.path[0], "[]") == m.Name })
		if known {
			continue
		}
		if at := lookLikePolicy(m.Name, &m.Value); at != nil {
			s.session.out.Incomplete = true
			s.unreadable(at.Span, "what looks like a policy stands in a property that Writ does not know, of a resource of type "+near.Quote(r.kind))
		}
	}
}

// lookLikePolicy finds a policy document, or a list of statements, in a value
// that is not evaluated.
func lookLikePolicy(name string, v *jsontree.Value) *jsontree.Value {
	switch v.Kind {
	case jsontree.String:
		if namesPolicy(name) && policyText(v.Text) {
			return v
		}
	case jsontree.Array:
		for i := range v.Items {
			if at := lookLikePolicy(name, &v.Items[i]); at != nil {
				return at
			}
		}
	case jsontree.Object:
		if effect := v.Get(policy.ElementEffect); effect != nil && (v.Get(policy.ElementAction) != nil || v.Get(policy.ElementNotAction) != nil) {
			return v
		}
		for i := range v.Members {
			m := &v.Members[i]
			inner := m.Name
			if isFunction(v) {
				inner = name
			}
			if at := lookLikePolicy(inner, &m.Value); at != nil {
				return at
			}
		}
	}
	return nil
}

// tfOthers are types of Terraform whose resources hold templates that are
// deployed elsewhere. Source: documentation of the Terraform AWS provider 6.
var tfOthers = map[string]string{
	"aws_cloudformation_stack":                                 "a stack has a template of its own",
	"aws_cloudformation_stack_set":                             "a stack set deploys its template to other accounts",
	"aws_cloudformation_stack_instances":                       "a stack set deploys its template to other accounts",
	"aws_serverlessapplicationrepository_cloudformation_stack": "a stack has a template of its own",
	"aws_servicecatalog_provisioned_product":                   "a provisioned product has a template of its own",
	"aws_cloudcontrolapi_resource":                             "the resource is one of CloudFormation",
}

// isStranger reports whether resources of a type are looked through for policies:
// those of AWS that no table has. awscc has the types of CloudFormation.
func isStranger(kind string) bool {
	return !relevantType(kind) && (strings.HasPrefix(kind, "aws_") || strings.HasPrefix(kind, "awscc_"))
}

// readStranger reports a resource of Terraform that may hold what is not read;
// attributes are those that it sets.
func (t *terraform) readStranger(r *tfResource, attributes []string) {
	if why := tfOthers[r.kind]; why != "" {
		t.out.Incomplete = true
		t.unreadable(r.file, r.nameSpan, r.address, "", why)
		return
	}
	for _, name := range attributes {
		v := r.value(name)
		if v == nil {
			continue
		}
		if at := v.lookLikePolicy(name, 0); at != nil {
			t.strangePolicy(r, at.place(r.file, v.place(r.file, r.nameSpan)), name)
		}
	}
}

func (t *terraform) strangePolicy(r *tfResource, at source.Span, name string) {
	t.out.Incomplete = true
	t.unreadable(r.file, at, r.address, "", "what looks like a policy stands in "+near.Quote(name)+", and Writ does not know the type "+r.kind)
}

// lookLikePolicy finds a policy document in a value.
func (v *tfValue) lookLikePolicy(name string, depth int) *tfValue {
	if depth > maxChain {
		return nil
	}
	if namesPolicy(name) {
		if v.kind == jsontree.String && policyText(v.text) || v.inner.get(policy.ElementStatement) != nil || v.get(policy.ElementStatement) != nil {
			return v
		}
	}
	for i := range v.items {
		if at := v.items[i].lookLikePolicy(name, depth+1); at != nil {
			return at
		}
	}
	for i := range v.members {
		if at := v.members[i].value.lookLikePolicy(v.members[i].name, depth+1); at != nil {
			return at
		}
	}
	return nil
}
