package check

import (
	"regexp"
	"strings"
	"sync"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/policy"
)

// aboutTrustPolicies is about who may assume a role.
var aboutTrustPolicies = &finder{document: rolesAnywhere, statement: trustStatement}

func trustStatement(r *run, s *statement) {
	if s.resources.present {
		r.report("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", s.resources.place(), "remove it: the role is the resource", "a trust policy has no %s", s.resources.name)
	}
	if s.principal == nil {
		return
	}
	at := place{at: s.principalAt, span: s.principal.Span}
	switch {
	case s.principalNot:
		r.report("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", at, "name those who may assume the role in Principal", "a trust policy has no NotPrincipal")
	case s.principal.Everyone:
		r.report("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", at, `name principals; for everyone in AWS write {"AWS": "*"} with conditions`,
			`a trust policy does not take the principal "*"`)
	}
	r.federated(s)
	r.actionsOfPrincipals(s)
	r.sessionsOfRoles(s)
	r.openProviders(s)
	r.subjects(s)
}

// provider says how the caller that a principal stands for proves who it is.
type provider uint8

const (
	noProvider provider = iota // an AWS account, user, role or service
	samlProvider
	oidcProvider
	badProvider
)

var domain = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}(/[!-~]*)?$`)
})

func providerOf(value string) provider {
	if a, err := arn.Parse(value); err == nil {
		switch {
		case a.Service != "iam" || a.Region != "" || !arn.ValidAccount(a.Account) || !arn.ValidPartition(a.Partition):
		case named(a.Resource, "saml-provider/"):
			return samlProvider
		case named(a.Resource, "oidc-provider/"):
			return oidcProvider
		}
		return badProvider
	}
	if domain().MatchString(value) {
		return oidcProvider
	}
	return badProvider
}

func named(resource, prefix string) bool {
	return strings.HasPrefix(resource, prefix) && len(resource) > len(prefix)
}

// issuer is the prefix of the condition keys of a provider.
func issuer(value string) string {
	if _, name, ok := strings.Cut(value, ":oidc-provider/"); ok {
		return strings.ToLower(name)
	}
	return strings.ToLower(value)
}

// federatedEntries calls visit for each identity provider among the principals.
func (s *statement) federatedEntries(visit func(e *entry)) {
	for i := range s.groups {
		if s.groups[i].key != policy.PrincipalFederated {
			continue
		}
		for j := range s.groups[i].entries {
			if e := &s.groups[i].entries[j]; e.kind == policy.Quoted && open(e.text) == "" {
				visit(e)
			}
		}
	}
}

func (r *run) federated(s *statement) {
	s.federatedEntries(func(e *entry) {
		if providerOf(e.text) == badProvider {
			r.report("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", e.place(), "write a domain name or the ARN of an identity provider",
				"%s is no identity provider", quote(e.text))
		}
	})
}

// assuming says which providers the actions that assume roles work with. What is
// not here works beside any of them.
//
// Source: AWS STS API reference, AssumeRole, AssumeRoleWithSAML,
// AssumeRoleWithWebIdentity.
var assuming = map[string]provider{
	"sts:assumerole":                noProvider,
	"sts:assumerolewithsaml":        samlProvider,
	"sts:assumerolewithwebidentity": oidcProvider,
}

// actionsOfPrincipals reports actions that the principals of a statement cannot
// use.
func (r *run) actionsOfPrincipals(s *statement) {
	if s.principalNot || s.actions.not {
		return
	}
	kinds := make(map[provider]string)
	for i := range s.groups {
		g := &s.groups[i]
		for j := range g.entries {
			kind := noProvider
			if g.key == policy.PrincipalFederated {
				kind = providerOf(g.entries[j].text)
			}
			if kind != badProvider && kinds[kind] == "" {
				kinds[kind] = g.entries[j].text
			}
		}
	}
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		needed, ok := assuming[strings.ToLower(e.text)]
		if !ok {
			continue
		}
		for _, kind := range []provider{noProvider, samlProvider, oidcProvider} {
			if who := kinds[kind]; who != "" && kind != needed {
				r.report("MISMATCHED_ACTION_FOR_PRINCIPAL", e.place(), "the action for it is "+actionOf(kind), "%s does not work for %s", e.text, quote(who))
				break
			}
		}
	}
}

func actionOf(kind provider) string {
	switch kind {
	case samlProvider:
		return "sts:AssumeRoleWithSAML"
	case oidcProvider:
		return "sts:AssumeRoleWithWebIdentity"
	}
	return "sts:AssumeRole"
}

// rolesAnywhereActions are what IAM Roles Anywhere needs, all of them.
//
// Source: IAM Roles Anywhere user guide, Trust model.
var rolesAnywhereActions = []string{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"}

const rolesAnywherePrincipal = "rolesanywhere.amazonaws.com"

func rolesAnywhere(r *run) {
	var first *statement
	allowed := make(map[string]bool)
	for i := range r.statements {
		s := &r.statements[i]
		if !s.allows() || !s.names(policy.PrincipalService, rolesAnywherePrincipal) || !s.actions.present {
			continue
		}
		if first == nil {
			first = s
		}
		for _, a := range rolesAnywhereActions {
			allowed[a] = allowed[a] || s.patterns.Match(a)
		}
	}
	if first == nil {
		return
	}
	var missing []string
	for _, a := range rolesAnywhereActions {
		if !allowed[a] {
			missing = append(missing, a)
		}
	}
	if len(missing) > 0 {
		r.report("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", first.actions.place(), "add "+strings.Join(missing, ", "),
			"IAM Roles Anywhere needs %s", strings.Join(rolesAnywhereActions, ", "))
	}
}

// names reports whether a principal stands in the statement as it is.
func (s *statement) names(key, value string) bool {
	for i := range s.groups {
		for j := range s.groups[i].entries {
			if s.groups[i].key == key && s.groups[i].entries[j].text == value {
				return true
			}
		}
	}
	return false
}

// sessionsOfRoles reports sessions beside their role, which includes them.
func (r *run) sessionsOfRoles(s *statement) {
	roles := make(map[string]string)
	for i := range s.groups {
		for j := range s.groups[i].entries {
			if a, err := arn.Parse(s.groups[i].entries[j].text); err == nil && named(a.Resource, "role/") {
				roles[a.Account+"/"+a.Resource[strings.LastIndexByte(a.Resource, '/')+1:]] = s.groups[i].entries[j].text
			}
		}
	}
	for i := range s.groups {
		for j := range s.groups[i].entries {
			e := &s.groups[i].entries[j]
			a, err := arn.Parse(e.text)
			if err != nil || !named(a.Resource, "assumed-role/") {
				continue
			}
			role, _, _ := strings.Cut(strings.TrimPrefix(a.Resource, "assumed-role/"), "/")
			if parent := roles[a.Account+"/"+role]; parent != "" {
				r.report("REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", e.place(), "remove the session", "%s is a session of %s, which stands there too", quote(e.text), quote(parent))
			}
		}
	}
}

// githubIssuer issues tokens to workflows of every repository of GitHub.
//
// Source: IAM user guide, Configuring a role for GitHub OIDC identity provider.
const (
	githubIssuer  = "token.actions.githubusercontent.com"
	githubSubject = githubIssuer + ":sub"
)

// openProviders reports providers whose tokens are not looked at.
func (r *run) openProviders(s *statement) {
	if !s.allows() || s.principalNot {
		return
	}
	s.federatedEntries(func(e *entry) {
		if providerOf(e.text) != oidcProvider {
			return
		}
		name := issuer(e.text)
		if !s.tests(name + ":") {
			r.report("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", e.place(), "test "+name+":sub and "+name+":aud",
				"everyone with a token of %s may assume the role", quote(e.text))
		}
		if name == githubIssuer && !s.tests(githubSubject) {
			r.report("MISSING_GITHUB_REPO_CONDITION_KEY", e.place(), "test "+githubSubject+" for a repository and a branch",
				"workflows of every repository of GitHub may assume the role")
		}
	})
}

// tests reports whether the statement has a condition on a key that begins so.
func (s *statement) tests(prefix string) bool {
	for i := range s.conditions {
		if c := &s.conditions[i]; c.known && strings.HasPrefix(c.lower, prefix) {
			return true
		}
	}
	return false
}

// subjects reports subjects of GitHub that do not name a repository.
func (r *run) subjects(s *statement) {
	if !s.allows() {
		return
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.lower != githubSubject || !c.known || c.op.Family != policy.FamilyString || !c.op.Like || c.op.Negated {
			continue
		}
		for j := range c.entries {
			if e := &c.entries[j]; broadSubject(c.parts(e.text)) {
				r.report("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", e.place(), `write "repo:ORG/REPO:ref:refs/heads/BRANCH"`,
					"%s fits repositories of others too", quote(e.text))
			}
		}
	}
}

// broadSubject reports whether the repository of a subject such as
// repo:ORG/REPO:... is open. A wildcard between two fixed parts of it, as in
// repo:ORG@*/REPO@*, leaves it closed.
func broadSubject(parts []part) bool {
	if len(parts) == 0 {
		return false
	}
	if parts[0].kind == partWild {
		return true
	}
	rest, ok := strings.CutPrefix(parts[0].text, "repo:")
	if !ok || len(parts) < 2 || parts[1].kind != partWild {
		return false
	}
	org, repo, hasRepo := strings.Cut(rest, "/")
	if org == "" && len(parts) > 2 && strings.HasPrefix(parts[2].text, "@") {
		return false // any name of the organization with that number
	}
	if !hasRepo {
		return !strings.HasSuffix(org, "@")
	}
	return !strings.Contains(repo, ":") && !strings.HasSuffix(repo, "@")
}
