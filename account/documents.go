package account

import (
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Document is one policy of an account.
type Document struct {
	Owner string // ARN of the principal, or of the managed policy
	Name  string // of an inline policy
	Trust bool   // it says who may assume a role; all others are identity policies
	// Document is nil where the text cannot be read.
	Document *policy.Document
}

// Documents returns the policies that are in force, in the order of the account:
// of a managed policy with several versions, the default one.
func (a *Account) Documents() []Document {
	var list []Document
	inline := func(id *Identity) {
		for i := range id.Inline {
			list = append(list, Document{Owner: id.ARN, Name: id.Inline[i].Name, Document: id.Inline[i].Document})
		}
	}
	for i := range a.Users {
		inline(&a.Users[i].Identity)
	}
	for i := range a.Groups {
		inline(&a.Groups[i].Identity)
	}
	for i := range a.Roles {
		r := &a.Roles[i]
		list = append(list, Document{Owner: r.ARN, Trust: true, Document: r.Trust.Document})
		inline(&r.Identity)
	}
	for i := range a.Policies {
		for _, v := range a.Policies[i].Versions {
			if v.ID == a.Policies[i].DefaultVersion {
				list = append(list, Document{Owner: a.Policies[i].ARN, Document: v.Document})
			}
		}
	}
	return list
}

// Attachment is a managed policy that a principal has, or its permissions boundary.
type Attachment struct {
	Principal string      // ARN
	Policy    string      // ARN
	Span      source.Span // of the policy's ARN in the file
}

// Attachments returns what is attached to the principals, in the order of the
// account.
func (a *Account) Attachments() []Attachment { return a.attachments }
