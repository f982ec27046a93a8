package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/writ-iam/writ/account"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/template"
)

// variant is the policies of a role under one outcome of open conditions.
type variant struct {
	scenario
	situation *situation
}

// fromTemplate finds the policies of a role in a template, once for each outcome
// of the conditions that its policies hang on.
func (f *simulateFlags) fromTemplate(e *env) (*situation, error) {
	file, err := findTemplate(e, f.template)
	if err != nil {
		return nil, err
	}
	if !isTemplate(file) {
		return nil, fmt.Errorf("%s is no template; policies alone come with --identity and the like", file.Name)
	}
	t, findings, err := f.values.read(e, file, &f.place)
	if err != nil {
		return nil, err
	}
	if t == nil {
		printList(e, findings)
		return nil, exit(exitUsage)
	}
	role, err := f.pickRole(t)
	if err != nil {
		return nil, err
	}
	for _, finding := range findings {
		if inRole(t, finding, role) || t.Incomplete {
			_ = finding.WriteText(e.stderr) // nothing is left to tell a failure to
		}
	}
	if f.request.Principal == "" {
		f.request.Principal = role.ARN
	}
	list, _ := scenarios(t, nil, []*template.Role{role})
	all := &situation{template: t}
	for _, o := range list {
		s := &situation{}
		held, open := o.held(t, role)
		s.set.Identity, s.set.Boundary = held.Policies, held.Boundary
		for _, u := range held.Unread {
			s.missing = append(s.missing, account.Missing{Kind: u.Kind, ARN: u.Name})
		}
		if open && len(held.Unread) == 0 {
			s.missing = append(s.missing, account.Missing{Kind: authz.Identity, ARN: "a part of the template that is not known"})
		}
		if err := f.readPolicies(e, &s.set); err != nil {
			return nil, err
		}
		if err := s.compile(e); err != nil {
			return nil, err
		}
		all.variants = append(all.variants, variant{o, s})
	}
	return all, nil
}

// testedRole returns the policies of a role that a test names.
func testedRole(name, role string, parameters map[string]string) ([]authz.Policy, error) {
	none := &env{stdin: strings.NewReader("")}
	f := simulateFlags{template: filepath.FromSlash(name), role: role}
	for key, value := range parameters {
		switch key {
		case "AWS::AccountId":
			f.place.Account = value
		case "AWS::Region":
			f.place.Region = value
		case "AWS::Partition":
			f.place.Partition = value
		case "AWS::StackName":
			f.values.stackName = value
		default:
			f.values.parameters = append(f.values.parameters, key+"="+value)
		}
	}
	file, err := findTemplate(none, f.template)
	if err != nil {
		return nil, err
	}
	t, findings, err := f.values.read(none, file, &f.place)
	if err != nil || t == nil {
		return nil, orError(err, unreadable(findings))
	}
	made, err := f.pickRole(t)
	if err != nil {
		return nil, err
	}
	list, all := scenarios(t, nil, []*template.Role{made})
	if len(list) > 1 || !all {
		return nil, fmt.Errorf("the policies of %s hang on %s: give the parameters that decide it", role, list[0].names())
	}
	held, open := list[0].held(t, made)
	if len(held.Unread) > 0 || open {
		return nil, fmt.Errorf("not all policies of %s are in the template", role)
	}
	if held.Boundary != nil {
		return nil, fmt.Errorf("%s has a permissions boundary: name its policies one by one", role)
	}
	for i := range held.Policies {
		prepared, _ := authz.Prepare(held.Policies[i].Name, held.Policies[i].Document)
		held.Policies[i] = prepared
	}
	return held.Policies, nil
}

func orError(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// pickRole returns the role that is asked about.
func (f *simulateFlags) pickRole(t *template.Template) (*template.Role, error) {
	var names []string
	for i := range t.Roles {
		r := &t.Roles[i]
		if f.role == r.Name || f.role == r.ID() || f.role == "" && len(t.Roles) == 1 {
			return r, nil
		}
		names = append(names, r.ID())
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("%s has no role", f.template)
	case f.role == "":
		return nil, fmt.Errorf("%s has %d roles: pick one with --role: %s", f.template, len(names), strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("%s has no role %q: it has %s", f.template, f.role, strings.Join(names, ", "))
}

// withHoles reads ${NAME} in a request as the hole of that name, where the
// template has one.
func withHoles(t *template.Template, text string) string {
	for name := range t.Holes {
		text = strings.ReplaceAll(text, "${"+name+"}", hole.Text(name))
	}
	return text
}

// explainVariants answers a request under every outcome. Where they differ, the
// answer hangs on the conditions.
func (s *situation) explainVariants(e *env, r authz.Request) (answer, error) {
	r.Principal, r.Resource = withHoles(s.template, r.Principal), withHoles(s.template, r.Resource)
	var out answer
	for i, v := range s.variants {
		a, err := v.situation.explain(e, r)
		if err != nil {
			return answer{}, err
		}
		if i == 0 {
			out = a
			continue
		}
		if a.result() == out.result() {
			continue
		}
		out.x.Decision.Result, out.x.Nearest = authz.Undecided, -1
		for key := range v.scenario {
			_, name, _ := strings.Cut(key, "/")
			if name = "If:" + name; !slices.Contains(out.x.Holes, name) {
				out.x.Holes = append(out.x.Holes, name)
			}
		}
		slices.Sort(out.x.Holes)
	}
	out.request.Principal, out.request.Resource = hole.Print(out.request.Principal), hole.Print(out.request.Resource)
	return out, nil
}

// checkTemplate refuses flags that cannot be meant together.
func (f *simulateFlags) checkTemplate() error {
	switch {
	case f.template == "" && f.role != "":
		return errors.New("--role names a role of --template")
	case f.template != "" && f.account != "":
		return errors.New("policies come from --template or from --account-details")
	}
	return nil
}
