package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
)

// maxAlternatives is how many texts Alternatives makes of one.
const maxAlternatives = 64

// Alternatives returns what a text can be, as far as the holes in it have known
// alternatives; a text without such holes is its only one. "" stands for no
// value. ok is false where there are more than 64, and then the text itself is
// returned.
func (t *Template) Alternatives(text string) (texts []string, ok bool) {
	todo := []string{text}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		name, values := t.open(next)
		if values == nil {
			texts = append(texts, next)
		}
		for _, value := range values {
			todo = append(todo, strings.ReplaceAll(next, hole.Text(name), value))
		}
		if len(texts)+len(todo) > maxAlternatives {
			return []string{text}, false
		}
	}
	return texts, true
}

// open finds the first hole in a text that has alternatives.
func (t *Template) open(text string) (name string, values []string) {
	for _, name := range hole.Names(text) {
		if values := t.Holes[name].Alternatives; len(values) > 0 {
			return name, values
		}
	}
	return "", nil
}

// RolesOf returns the roles in this template that a reference can mean, the one
// it names or those among its alternatives. all is false where it can also mean
// a role that is not in the template, or none.
func (t *Template) RolesOf(ref Reference) (roles []*Role, all bool) {
	texts, all := t.Alternatives(ref.Text)
	for _, text := range texts {
		found := false
		for i := range t.Roles {
			if r := &t.Roles[i]; text != "" && (r.ARN == text || r.Physical == text || t.is(r.ARN, text)) {
				roles, found = append(roles, r), true
			}
		}
		all = all && found
	}
	return roles, all
}

// RoleOf returns the role of a machine where the template has it, and it can be
// no other; nil otherwise.
func (t *Template) RoleOf(m *Machine) *Role {
	made, all := t.RolesOf(m.Role)
	if len(made) != 1 || !all {
		return nil
	}
	return made[0]
}

// OwnRoleOf returns the role of a machine that no other machine has, nil where
// there is none.
func (t *Template) OwnRoleOf(m *Machine) *Role {
	if made := t.RoleOf(m); made != nil && len(t.MachinesWith(made)) == 1 {
		return made
	}
	return nil
}

// MachinesWith returns the machines that have a role, or may have it. A machine
// that is there in several forms counts once.
func (t *Template) MachinesWith(role *Role) []*Machine {
	var out []*Machine
	for i := range t.Machines {
		m := &t.Machines[i]
		found, _ := t.RolesOf(m.Role)
		same := slices.ContainsFunc(out, func(other *Machine) bool { return other.ID() == m.ID() })
		if slices.Contains(found, role) && !same {
			out = append(out, m)
		}
	}
	return out
}

// is reports whether a text is among the alternatives of another.
func (t *Template) is(text, one string) bool {
	if name, _ := t.open(text); name == "" {
		return false
	}
	texts, _ := t.Alternatives(text)
	for _, alternative := range texts {
		if alternative == one {
			return true
		}
	}
	return false
}
