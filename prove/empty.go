package prove

import (
	"slices"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// withoutEmpty replaces documents whose list of statements is empty, which AWS
// does not take, by ones that say nothing: to compare with nothing at all is a
// good question.
func withoutEmpty(set authz.Set) authz.Set {
	list := func(policies []authz.Policy) []authz.Policy {
		out := slices.Clone(policies)
		for i := range out {
			out[i] = sayingNothing(out[i])
		}
		return out
	}
	one := func(p *authz.Policy) *authz.Policy {
		if p == nil {
			return nil
		}
		q := sayingNothing(*p)
		return &q
	}
	levels := func(l [][]authz.Policy) [][]authz.Policy {
		out := slices.Clone(l)
		for i := range out {
			out[i] = list(out[i])
		}
		return out
	}
	return authz.Set{
		Identity: list(set.Identity), Groups: list(set.Groups), Session: list(set.Session),
		Boundary: one(set.Boundary), Resource: one(set.Resource), Endpoint: one(set.Endpoint),
		SCPs: levels(set.SCPs), RCPs: levels(set.RCPs),
	}
}

func sayingNothing(p authz.Policy) authz.Policy {
	if !IsEmpty(p.Document) {
		return p
	}
	empty := *p.Document
	empty.Statements = []policy.Statement{{Effect: policy.Deny, Action: policy.Strings(), Resource: policy.String("*")}}
	return authz.Policy{Name: p.Name, Document: &policy.Document{Version: empty.Version, Statements: empty.Statements}}
}

// IsEmpty reports whether a document is well but for its empty list of
// statements. This package takes it as a policy that says nothing.
func IsEmpty(doc *policy.Document) bool {
	return doc != nil && doc.Statements != nil && len(doc.Statements) == 0 &&
		!slices.ContainsFunc(policy.Validate(doc), func(f source.Finding) bool {
			return f.Severity == source.Error && f.Code != policy.CodeMissingStatement
		})
}
