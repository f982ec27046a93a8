package template

import "slices"

// tfAttachment says that policies are attached to roles, users or groups.
type tfAttachment struct {
	place    Place
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
	found.place, found.bounds = r.place(nil), a.bounds
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
	known := t.index()
	for _, a := range t.attachments {
		for _, target := range a.targets {
			for _, p := range a.policies {
				p.ID, p.Kind = known.policies[p.Text], ""
				p.When = mergeWhens(target.When, p.When)
				if !known.attach(&a, target, p) {
					t.out.Attached = append(t.out.Attached, Attachment{a.place, target, p, a.bounds})
				}
			}
		}
	}
	for _, m := range t.members {
		for _, u := range m.users {
			for _, p := range known.principals[userKind+u.Text] {
				for _, g := range m.groups {
					g.ID, g.Kind = known.groups[g.Text], ""
					g.When = mergeWhens(u.When, g.When)
					p.Groups = append(p.Groups, g)
				}
			}
		}
	}
}

// tfIndex finds by name or ARN what attachments name. Principals have their type
// before it, policies and groups are known by their IDs.
type tfIndex struct {
	roles            map[string][]*Role
	principals       map[string][]*Principal
	policies, groups map[string]string
}

func (t *terraform) index() *tfIndex {
	known := &tfIndex{map[string][]*Role{}, map[string][]*Principal{}, map[string]string{}, map[string]string{}}
	for i := range t.out.Policies {
		if p := &t.out.Policies[i]; p.Managed {
			known.policies[p.ARN] = p.ID()
		}
	}
	for i := range t.out.Principals {
		p := &t.out.Principals[i]
		for _, text := range []string{p.Physical, p.ARN} {
			known.principals[p.Type+text] = append(known.principals[p.Type+text], p)
		}
		if p.Type == groupKind {
			known.groups[p.Physical] = p.ID()
		}
	}
	for i := range t.out.Roles {
		r := &t.out.Roles[i]
		for _, text := range []string{r.Physical, r.ARN} {
			known.roles[text] = append(known.roles[text], r)
		}
	}
	return known
}

// attach adds a policy to the roles, users, groups or permission sets that are
// meant; false where there are none.
func (known *tfIndex) attach(a *tfAttachment, target, p Reference) (found bool) {
	if target.Kind == roleKind {
		for _, r := range known.roles[target.Text] {
			found = true
			r.Managed = append(r.Managed, p)
			r.Incomplete = r.Incomplete || !a.whole
		}
	}
	for _, principal := range known.principals[target.Kind+target.Text] {
		found = true
		principal.Incomplete = principal.Incomplete || !a.whole
		if a.bounds {
			principal.Boundary = p
		} else {
			principal.Managed = append(principal.Managed, p)
		}
	}
	return found
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
