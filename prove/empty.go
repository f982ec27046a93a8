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
func withoutEmpty(set authz.Set) authz.Set { return eachDocument(set, sayingNothing) }

func sayingNothing(doc *policy.Document) *policy.Document {
	if !IsEmpty(doc) {
		return doc
	}
	return &policy.Document{Version: doc.Version, Statements: []policy.Statement{{
		Effect: policy.Deny, Action: policy.Strings(), Resource: policy.String("*"),
	}}}
}

// IsEmpty reports whether a document is well but for its empty list of
// statements. This package takes it as a policy that says nothing.
func IsEmpty(doc *policy.Document) bool {
	return doc != nil && doc.Statements != nil && len(doc.Statements) == 0 &&
		!slices.ContainsFunc(policy.Validate(doc), func(f source.Finding) bool {
			return f.Severity == source.Error && f.Code != policy.CodeMissingStatement
		})
}
