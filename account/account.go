// Package account knows the principals of an AWS account and the policies that
// speak for each of them.
//
// [ParseDetails] reads an account from what the IAM API
// GetAccountAuthorizationDetails returns:
//
//	aws iam get-account-authorization-details > account.json
//
// [Account.SetFor] then gathers the policies of a principal, ready for package
// authz. A policy that is attached and whose text is not in the account is
// named, never left out in silence.
package account

import (
	"slices"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

// Account is the principals and managed policies of one account.
type Account struct {
	Users    []User
	Groups   []Group
	Roles    []Role
	Policies []ManagedPolicy

	users, groups, roles map[string]int // by name; see key
	policies             map[string]int // by ARN
	attachments          []Attachment
}

// Identity is what users, groups and roles share.
type Identity struct {
	Name string
	Path string // "/" or "/dir/"
	ID   string // the unique identifier, such as AIDACKCEVSQ6C2EXAMPLE
	ARN  string
	// Inline are the policies that stand in the principal itself.
	Inline []authz.Policy
	// Attached are the ARNs of managed policies.
	Attached []string

	broken bool // not all of it could be read
}

// User is an IAM user.
type User struct {
	Identity
	Groups   []string // names
	Boundary string   // ARN of the permissions boundary; "" for none
	Tags     []Tag
}

// Group is an IAM group. It is no principal; its policies speak for its users.
type Group struct{ Identity }

// Role is an IAM role.
type Role struct {
	Identity
	Trust            authz.Policy // who can assume it; the document is nil where it cannot be read
	Boundary         string       // ARN of the permissions boundary; "" for none
	InstanceProfiles []string     // ARNs
	Tags             []Tag
}

// Tag is a tag of a user or role.
type Tag struct{ Key, Value string }

// ManagedPolicy is a customer or AWS managed policy.
type ManagedPolicy struct {
	Name, ARN      string
	DefaultVersion string // "v3": the one that is in force
	Versions       []Version

	broken bool // not all of it could be read
}

// Version is one version of a managed policy.
type Version struct {
	ID       string
	Document *policy.Document // nil where the text cannot be read
}

// Principals returns the ARNs of the users and then of the roles, each in order.
func (a *Account) Principals() []string {
	var users, roles []string
	for i := range a.Users {
		users = append(users, a.Users[i].ARN)
	}
	for i := range a.Roles {
		roles = append(roles, a.Roles[i].ARN)
	}
	slices.Sort(users)
	slices.Sort(roles)
	return append(users, roles...)
}

// Default returns the document in force; nil where the account does not hold it.
func (p *ManagedPolicy) Default() *policy.Document {
	for i := range p.Versions {
		if p.Versions[i].ID == p.DefaultVersion {
			return p.Versions[i].Document
		}
	}
	return nil
}
