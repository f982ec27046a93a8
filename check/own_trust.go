package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// aboutDeputies is about services that assume a role for someone.
var aboutDeputies = &finder{statement: deputies}

// sourceSenders are services that say for which resource they assume a role, so
// that a trust policy can ask.
//
// Sources: the pages on cross-service confused deputy prevention of Amazon ECS,
// Amazon Bedrock, EventBridge Scheduler and Pipes, AWS Step Functions, Amazon
// SageMaker AI, AWS CodeBuild, Amazon Data Firehose, AWS Config and AWS Backup.
var sourceSenders = set(
	"bedrock.amazonaws.com", "scheduler.amazonaws.com", "pipes.amazonaws.com", "states.amazonaws.com",
	"sagemaker.amazonaws.com", "firehose.amazonaws.com",
)

func deputies(r *run, s *statement) {
	if !s.allows() || s.principalNot || s.restrictsSource() {
		return
	}
	for i := range s.groups {
		for j := range s.groups[i].entries {
			e := &s.groups[i].entries[j]
			if s.groups[i].key == policy.PrincipalService && sourceSenders[e.text] {
				r.report("WRIT_CONFUSED_DEPUTY", e.place(), `add "StringEquals": {"aws:SourceAccount": "YOUR ACCOUNT"}`, "%s can be told by another account to assume this role", quote(e.text))
			}
		}
	}
}

// aboutSubjects is about tokens of identity providers that serve everyone.
var aboutSubjects = &finder{statement: openSubjects}

// claims are what tells the tokens of a provider apart that serves more than one
// customer, as condition keys without the provider's name.
//
// Sources: Amazon Cognito developer guide, IAM roles (aud is the identity pool);
// GitLab documentation, Connect to cloud services; HCP Terraform documentation,
// workload identity; Amazon EKS user guide, IAM roles for service accounts.
var claims = []struct{ provider, claim string }{
	{"cognito-identity.amazonaws.com", "aud"},
	{"gitlab.com", "sub"},
	{"app.terraform.io", "sub"},
	{"accounts.google.com", "sub"},
	{"oidc.eks.", "sub"},
	{githubIssuer, "sub"},
}

// alternatives are claims that tell tokens apart as well as the one in claims does.
//
// Sources: Google Identity, OpenID Connect (aud is the application); GitHub Actions
// documentation, OpenID Connect, claims of the token.
var alternatives = map[string][]string{
	"accounts.google.com": {"aud"},
	githubIssuer:          {"repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref"},
}

// chooses reports whether the statement names the values that a key may have. That it is
// there, or that it is none of some, says little about the rest.
func (s *statement) chooses(key string) bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.lower == key && c.known && c.op.Family != policy.FamilyNull && !c.op.Negated && !(c.op.Like && slices.ContainsFunc(c.entries, func(e entry) bool { return starred(e.text) })) {
			return true
		}
	}
	return false
}

func openSubjects(r *run, s *statement) {
	if !s.allows() || s.principalNot {
		return
	}
	s.federatedEntries(func(e *entry) {
		name := issuer(e.text)
		if providerOf(e.text) != oidcProvider || !s.tests(name+":") {
			return // which Access Analyzer reports
		}
		for _, c := range claims {
			if !strings.HasPrefix(name, c.provider) {
				continue
			}
			key := name + ":" + c.claim
			if name == githubIssuer && !s.tests(key) { // which Access Analyzer reports too
				continue
			}
			if !s.chooses(key) && !slices.ContainsFunc(alternatives[c.provider], func(claim string) bool { return s.chooses(name + ":" + claim) }) {
				r.report("WRIT_OIDC_SUBJECT", e.place(), "test "+key, "every token of %s fits that has what the conditions ask for", quote(name))
			}
		}
	})
	for i := range s.conditions {
		c := &s.conditions[i]
		if !c.known || !strings.HasSuffix(c.lower, ":sub") || c.lower == githubSubject || !c.op.Like || c.op.Negated || c.op.Family != policy.FamilyString {
			continue
		}
		for j := range c.entries {
			if e := &c.entries[j]; hasWildcard(e.text[:min(1, len(e.text))]) && r.facts.key(c.lower).origin == keyOfProvider {
				r.report("WRIT_OIDC_SUBJECT", e.place(), "write the beginning of the subject", "%s fits subjects of others too", quote(e.text))
			}
		}
	}
}
