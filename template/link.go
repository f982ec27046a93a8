package template

import "github.com/writ-iam/writ/internal/hole"

// membership is a user put into a group by a resource of its own.
type membership struct{ user, group Reference }

// link finds what references mean among all that was read.
func (ss *session) link() {
	out := ss.out
	byName := map[string]map[string]string{} // type, name or ARN: ID
	add := func(p *Place, kind string, texts ...string) {
		if byName[kind] == nil {
			byName[kind] = map[string]string{}
		}
		for _, text := range texts {
			if text != "" {
				byName[kind][text] = p.ID()
			}
		}
	}
	for i := range out.Roles {
		add(&out.Roles[i].Place, "AWS::IAM::Role", out.Roles[i].ARN, out.Roles[i].Physical)
	}
	for i := range out.Principals {
		p := &out.Principals[i]
		add(&p.Place, p.Type, p.ARN, p.Physical)
	}
	for i := range out.Policies {
		if p := &out.Policies[i]; p.Managed {
			add(&p.Place, "policy", p.ARN)
		}
	}
	find := func(r *Reference, kind string) { r.ID = byName[kind][r.Text] }
	for i := range out.Machines {
		find(&out.Machines[i].Role, "AWS::IAM::Role")
	}
	for i := range out.Tasks {
		find(&out.Tasks[i].Task, "AWS::IAM::Role")
		find(&out.Tasks[i].Execution, "AWS::IAM::Role")
	}
	for i := range out.Policies {
		for j := range out.Policies[i].Targets {
			if t := &out.Policies[i].Targets[j]; t.Kind != "" {
				find(t, t.Kind)
			}
		}
	}
	for i := range out.Roles {
		linkAttached(find, out.Roles[i].Managed, &out.Roles[i].Boundary)
	}
	for i := range out.Principals {
		p := &out.Principals[i]
		linkAttached(find, p.Managed, &p.Boundary)
		for j := range p.Groups {
			find(&p.Groups[j], "AWS::IAM::Group")
		}
	}
	ss.attach(find)
}

func linkAttached(find func(*Reference, string), managed []Reference, boundary *Reference) {
	for j := range managed {
		find(&managed[j], "policy")
	}
	find(boundary, "policy")
}

// attach adds to roles, users and groups the policies that name them, and users
// to groups.
func (ss *session) attach(find func(*Reference, string)) {
	out := ss.out
	roles, principals := map[string][]*Role{}, map[string][]*Principal{}
	for i := range out.Roles {
		roles[out.Roles[i].ID()] = append(roles[out.Roles[i].ID()], &out.Roles[i])
	}
	for i := range out.Principals {
		principals[out.Principals[i].ID()] = append(principals[out.Principals[i].ID()], &out.Principals[i])
	}
	for i := range len(out.Policies) {
		p := out.Policies[i]
		if p.Kind != Identity {
			continue
		}
		for _, t := range p.Targets {
			i := i
			if len(t.When) > len(p.When) && !p.Managed { // attached here only if so
				i = len(out.Policies)
				conditional := p
				conditional.When, conditional.Targets = t.When, []Reference{t}
				out.Policies = append(out.Policies, conditional)
			}
			ref := Reference{Text: p.ARN, ID: p.ID(), Span: t.Span, When: t.When}
			if t.ID == "" {
				ss.lost(t)
			}
			for _, r := range roles[t.ID] {
				if p.Managed {
					r.Managed = addReference(r.Managed, ref)
				} else {
					r.Inline = append(r.Inline, i)
				}
			}
			for _, r := range principals[t.ID] {
				if p.Managed {
					r.Managed = addReference(r.Managed, ref)
				} else {
					r.Inline = append(r.Inline, i)
				}
			}
		}
	}
	for _, m := range ss.memberships {
		find(&m.user, "AWS::IAM::User")
		find(&m.group, "AWS::IAM::Group")
		for _, u := range principals[m.user.ID] {
			u.Groups = append(u.Groups, m.group)
		}
	}
}

// addReference adds a reference that is not among those that always hold.
func addReference(list []Reference, ref Reference) []Reference {
	for _, r := range list {
		if r.ID == ref.ID && len(r.When) == 0 {
			return list
		}
	}
	return append(list, ref)
}

// lost marks the roles, users or groups incomplete that an unknown name may
// mean.
func (ss *session) lost(t Reference) {
	alternatives := []string{}
	if name, whole := hole.Whole(t.Text); whole {
		alternatives = ss.out.Holes[name].Alternatives
	}
	may := func(physical string) bool {
		for _, a := range alternatives {
			if a == physical {
				return true
			}
		}
		return false
	}
	for i := range ss.out.Roles {
		if r := &ss.out.Roles[i]; t.Kind == "AWS::IAM::Role" && may(r.Physical) {
			r.Incomplete = true
		}
	}
	for i := range ss.out.Principals {
		if p := &ss.out.Principals[i]; t.Kind == p.Type && may(p.Physical) {
			p.Incomplete = true
		}
	}
}
