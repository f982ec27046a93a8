package check

import (
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

// aboutPublic is about resources that are open to everyone.
var aboutPublic = &finder{statement: public}

// The bounds of what is asked about one statement: actions that are looked at, resources
// of each, and requests that are decided.
const (
	publicActions   = 400
	publicResources = 4
	publicRequests  = 24
)

// public asks whether a stranger may do what the statement allows everyone.
func public(r *run, s *statement) {
	if !s.allows() || s.principal == nil || len(r.statements) > maxStatements {
		return
	}
	everyone := s.principalNot || s.principal.Everyone || s.names(policy.PrincipalAWS, "*")
	if !everyone || r.kind == RCP || r.kind == Endpoint || r.engine() == nil {
		return
	}
	caller := "anonymous"
	if r.kind == Trust {
		caller = someStranger
	}
	context := ordinary(authz.Entry{Key: "aws:SourceIp", Values: []string{"198.51.100.7"}})
	asked := 0
	for _, a := range r.actionsOf(s) {
		for _, resource := range r.resourcesFor(s, a) {
			request := authz.Request{Principal: caller, Action: a.FullName(), Resource: resource, ResourceAccount: someAccount, Context: context}
			if r.engine().Decide(request).Result == authz.Allowed {
				r.report("WRIT_INTERNET_ACCESSIBLE", place{at: s.principalAt, span: s.principal.Span}, "name principals, or add a condition on aws:PrincipalOrgID",
					"anyone may do this: %s by %s on %s", a.FullName(), caller, resource)
				return
			}
			if asked++; asked == publicRequests {
				return
			}
		}
	}
}

// actionsOf are actions that the statement is about, those that it names first.
func (r *run) actionsOf(s *statement) (list []*action) {
	open := s.actions.not
	if !s.actions.not {
		for i := range s.actions.entries {
			if a := s.actions.entries[i].action; a != nil {
				list = append(list, a)
			}
		}
		for i := range s.actions.entries {
			switch e := &s.actions.entries[i]; {
			case starred(e.text):
				open = true
			case e.action == nil && len(list) < publicActions:
				list = append(list, r.facts.expand(e.text)...)
			}
		}
	}
	if open {
		for _, service := range r.servicesOf(s) {
			for _, a := range r.facts.expand(service + ":*") {
				if s.patterns.Match(a.FullName()) {
					list = append(list, a)
				}
			}
		}
	}
	return list[:min(len(list), publicActions)]
}

// servicesOf are the services of the statement's resources. Where they are not known, it
// is those of the resource that the policy is attached to, or a service whose policies
// often are public.
func (r *run) servicesOf(s *statement) (list []string) {
	for i := range s.arns {
		if service := s.arns[i].service; !s.resources.not && service != "" && r.facts.service(service) != nil {
			list = append(list, service)
		}
	}
	switch {
	case len(list) > 0:
		return list
	case r.attached != nil:
		return r.attached.services
	}
	return attachments[0].services
}

// resourcesFor are resources of an action that the statement is about.
func (r *run) resourcesFor(s *statement, a *action) (list []string) {
	if r.kind == Trust {
		return []string{"arn:aws:iam::" + someAccount + ":role/example"}
	}
	formats := r.facts.formatsOfAction(a)
	if s.resources.not || !s.resources.present {
		return general(formats)
	}
	for i := range s.resources.entries {
		for _, x := range r.sample(placed(s.resources.entries[i].text), formats) {
			list = append(list, x.resource)
		}
		if len(list) >= publicResources {
			break
		}
	}
	return list
}

// everything is a policy that allows all.
func everything() *policy.Document {
	return &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{Effect: policy.Allow, Action: policy.String("*"), Resource: policy.String("*")}}}
}
