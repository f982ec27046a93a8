package template

import (
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
)

// readRole reads an AWS::IAM::Role.
func (s *stack) readRole(r *resource) {
	role := Role{Place: s.place(r, nil), ARN: s.attribute(r, "Arn", r.nameSpan), Physical: s.attribute(r, "Ref", r.nameSpan), Trust: -1}
	_, role.Named = s.namePart(r, "RoleName")
	role.Incomplete = !s.whole(func() {
		if role.Path = s.optional(r.property("Path")); role.Path == "" {
			role.Path = "/"
		}
		trust := r.property("AssumeRolePolicyDocument")
		if trust == nil {
			s.wrong("MISSING_FIELD", r.nameSpan, "", "role %s has no AssumeRolePolicyDocument", near.Quote(r.name))
		} else if added := s.addDocuments(r, trust, Policy{Kind: Trust}); len(added) > 0 {
			role.Trust = added[0]
			if len(added) > 1 {
				s.unreadable(trust.Span, "a condition picks who may assume the role")
			}
		}
		role.Inline = s.inlinePolicies(r)
		role.Managed = s.references(r.property("ManagedPolicyArns"))
		role.Boundary = s.referenceOf(r.property("PermissionsBoundary"))
	})
	s.session.out.Roles = append(s.session.out.Roles, role)
}

// readPrincipal reads an AWS::IAM::User or AWS::IAM::Group.
func (s *stack) readPrincipal(r *resource) {
	p := Principal{Place: s.place(r, nil), ARN: s.attribute(r, "Arn", r.nameSpan), Physical: s.attribute(r, "Ref", r.nameSpan)}
	p.Incomplete = !s.whole(func() {
		p.Groups = s.references(r.property("Groups"))
		p.Inline = s.inlinePolicies(r)
		p.Managed = s.references(r.property("ManagedPolicyArns"))
		p.Boundary = s.referenceOf(r.property("PermissionsBoundary"))
	})
	s.session.out.Principals = append(s.session.out.Principals, p)
}

// readPermissionSet reads an AWS::SSO::PermissionSet: IAM Identity Center makes a
// role of it in each account that it is assigned in. Policies of those accounts are
// known by name and path only.
func (s *stack) readPermissionSet(r *resource) {
	p := Principal{Place: s.place(r, nil), ARN: s.attribute(r, "PermissionSetArn", r.nameSpan), Physical: s.optional(r.property("Name"))}
	p.Incomplete = !s.whole(func() {
		if doc := r.property("InlinePolicy"); doc != nil {
			p.Inline = s.addDocuments(r, doc, Policy{Kind: Identity})
		}
		p.Managed = s.references(r.property("ManagedPolicies"))
		for _, e := range s.elements(r.property("CustomerManagedPolicyReferences")) {
			s.under(e.when, func() { p.Managed = append(p.Managed, s.customerPolicy(e.node)) })
		}
		switch boundary := r.property("PermissionsBoundary"); {
		case boundary == nil:
		case boundary.Get("CustomerManagedPolicyReference") != nil:
			p.Boundary = s.customerPolicy(boundary.Get("CustomerManagedPolicyReference"))
		case boundary.Get("ManagedPolicyArn") != nil:
			p.Boundary = s.referenceOf(boundary.Get("ManagedPolicyArn"))
		default:
			s.unreadable(boundary.Span, "the permissions boundary is not written in this place")
		}
	})
	s.session.out.Principals = append(s.session.out.Principals, p)
}

// customerPolicy is a reference to a policy by its name and path.
func (s *stack) customerPolicy(v *jsontree.Value) Reference {
	name := v.Get("Name")
	if name == nil {
		s.unreadable(v.Span, "which policy is meant is not known")
		return Reference{Text: s.opaque("policy", v.Span).Text, Span: v.Span, When: s.here(nil)}
	}
	path := "/"
	if given := s.optional(v.Get("Path")); given != "" {
		path = given
	}
	return Reference{Text: path[1:] + s.optional(name), Span: v.Span, When: s.here(nil)}
}

// addDocuments adds the policies of one document, more than one where a
// condition picks it, and returns their indexes.
func (s *stack) addDocuments(r *resource, v *jsontree.Value, like Policy) []int {
	var added []int
	for _, c := range s.documents(v) {
		p := like
		p.Place = s.place(r, nil)
		p.Span, p.Pointer = c.span, c.pointer
		p.When = s.here(c.when)
		p.Document, p.Cases, p.Incomplete = c.document, c.cases, !c.whole
		added = append(added, len(s.session.out.Policies))
		s.session.out.Policies = append(s.session.out.Policies, p)
	}
	return added
}

// inlinePolicies reads the Policies of a role, user or group.
func (s *stack) inlinePolicies(r *resource) []int {
	var added []int
	for _, e := range s.elements(r.property("Policies")) {
		s.under(e.when, func() {
			v := e.node
			if v.Kind == jsontree.Object {
				if f, _ := s.function(v); f == nil {
					added = append(added, s.inlinePolicy(r, v)...)
					return
				}
			}
			value := s.eval(v)
			s.split = ""
			if value.Kind != jsontree.Invalid {
				s.unreadable(v.Span, "policies stand here that are not written in this place")
			}
		})
	}
	return added
}

func (s *stack) inlinePolicy(r *resource, v *jsontree.Value) []int {
	doc := v.Get("PolicyDocument")
	if doc == nil {
		s.wrong("MISSING_FIELD", v.Span, "", "a policy needs a PolicyDocument")
		return nil
	}
	return s.addDocuments(r, doc, Policy{Kind: Identity, Physical: s.optional(v.Get("PolicyName"))})
}

// attachments are the properties of a policy that name who it is attached to,
// with the type of those. Source: CloudFormation template reference,
// AWS::IAM::Policy, AWS::IAM::ManagedPolicy, AWS::IAM::RolePolicy and others.
var attachments = []struct{ property, kind string }{
	{"Roles", "AWS::IAM::Role"}, {"Users", "AWS::IAM::User"}, {"Groups", "AWS::IAM::Group"},
	{"RoleName", "AWS::IAM::Role"}, {"UserName", "AWS::IAM::User"}, {"GroupName", "AWS::IAM::Group"},
}

// readIdentityPolicy reads a policy that is a resource of its own.
func (s *stack) readIdentityPolicy(r *resource) {
	p := Policy{Kind: Identity, Managed: r.kind == "AWS::IAM::ManagedPolicy"}
	if p.Managed {
		p.ARN = s.attribute(r, "Ref", r.nameSpan)
		p.Physical = s.attribute(r, "ManagedPolicyName", r.nameSpan)
		if name := r.property("ManagedPolicyName"); name != nil {
			p.Physical, _ = s.namePart(r, "ManagedPolicyName")
		}
	} else {
		p.Physical = s.optional(r.property("PolicyName"))
	}
	whole := s.whole(func() {
		for _, a := range attachments {
			for _, ref := range s.references(r.property(a.property)) {
				ref.Kind = a.kind
				p.Targets = append(p.Targets, ref)
			}
		}
	})
	doc := r.property("PolicyDocument")
	if doc == nil {
		if r.kind == "AWS::IAM::RolePolicy" || r.kind == "AWS::IAM::UserPolicy" || r.kind == "AWS::IAM::GroupPolicy" {
			return // it may stay without one
		}
		s.wrong("MISSING_FIELD", r.nameSpan, "", "a policy needs a PolicyDocument")
		return
	}
	for _, i := range s.addDocuments(r, doc, p) {
		s.session.out.Policies[i].Incomplete = s.session.out.Policies[i].Incomplete || !whole
	}
}

// readMembers reads an AWS::IAM::UserToGroupAddition.
func (s *stack) readMembers(r *resource) {
	group := s.referenceOf(r.property("GroupName"))
	for _, user := range s.references(r.property("Users")) {
		s.session.memberships = append(s.session.memberships, membership{user, group})
	}
}
