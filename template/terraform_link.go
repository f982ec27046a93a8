package template

import "slices"

// tfAttachment says that policies are attached to roles, users or groups.
type tfAttachment struct {
	targets  []Reference
	policies []Reference
	whole    bool // all of them are known
	bounds   bool // as the permissions boundary
}

// tfMembership puts users into groups.
type tfMembership struct{ users, groups []Reference }

// readAttachment reads a resource that attaches managed policies.
func (t *terraform) readAttachment(r *tfResource, a *tfAttachmentFact) {
	var found tfAttachment
	found.whole = t.whole(func() {
		for _, target := range a.targets {
			found.targets = append(found.targets, t.references(r, target.attribute, target.kind)...)
		}
		for _, path := range a.policies {
			found.policies = append(found.policies, t.referencesAt(r, path, policyKind)...)
		}
	})
	found.bounds = a.bounds
	if found.whole = found.whole && !r.several; !found.whole {
		t.out.Incomplete = true
	}
	t.attachments = append(t.attachments, found)
}

// readMembers reads who belongs to groups.
func (t *terraform) readMembers(r *tfResource) {
	users, groups := "users", "group"
	if r.kind == "aws_iam_user_group_membership" {
		users, groups = "user", "groups"
	}
	t.members = append(t.members, tfMembership{t.references(r, users, userKind), t.references(r, groups, groupKind)})
}

// linkTerraform attaches what resources of their own attach.
func (t *terraform) linkTerraform() {
	out := t.out
	policies := map[string]string{} // ARN or name: ID
	for i := range out.Policies {
		if p := &out.Policies[i]; p.Managed {
			policies[p.ARN] = p.ID()
		}
	}
	groups := map[string]string{}
	byName := map[string][]*Principal{}
	for i := range out.Principals {
		p := &out.Principals[i]
		byName[p.Type+"\x00"+p.Physical] = append(byName[p.Type+"\x00"+p.Physical], p)
		byName[p.Type+"\x00"+p.ARN] = append(byName[p.Type+"\x00"+p.ARN], p)
		if p.Type == groupKind {
			groups[p.Physical] = p.ID()
		}
	}
	roles := map[string][]*Role{}
	for i := range out.Roles {
		r := &out.Roles[i]
		roles[r.Physical] = append(roles[r.Physical], r)
		roles[r.ARN] = append(roles[r.ARN], r)
	}
	for _, a := range t.attachments {
		for _, target := range a.targets {
			for _, p := range a.policies {
				p.ID, p.Kind = policies[p.Text], ""
				p.When = mergeWhens(target.When, p.When)
				for _, r := range roles[target.Text] {
					if target.Kind == roleKind {
						r.Managed = append(r.Managed, p)
						r.Incomplete = r.Incomplete || !a.whole
					}
				}
				for _, principal := range byName[target.Kind+"\x00"+target.Text] {
					if a.bounds {
						principal.Boundary = p
					} else {
						principal.Managed = append(principal.Managed, p)
					}
					principal.Incomplete = principal.Incomplete || !a.whole
				}
			}
		}
	}
	for _, m := range t.members {
		for _, u := range m.users {
			for _, p := range byName[userKind+"\x00"+u.Text] {
				for _, g := range m.groups {
					g.ID, g.Kind = groups[g.Text], ""
					g.When = mergeWhens(u.When, g.When)
					p.Groups = append(p.Groups, g)
				}
			}
		}
	}
}

// mergeWhens joins assumptions, each once.
func mergeWhens(a, b When) When {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
