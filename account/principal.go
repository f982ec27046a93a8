package account

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Attached is what an account has to say about a principal.
type Attached struct {
	Set authz.Set // identity policies, policies of groups, and the boundary
	// Missing are policies that are attached and whose text the account does
	// not hold. Set lacks them.
	Missing []Missing
	// Context holds the condition keys that the account gives:
	// aws:PrincipalTag/..., aws:userid, and aws:PrincipalArn for a session.
	Context authz.Context
	// ServiceLinked: the principal is a service-linked role, or a session of one,
	// see authz.Request.
	ServiceLinked bool
}

// serviceLinkedPath begins the paths of service-linked roles, and of no others
// (IAM user guide, "Create a service-linked role").
const serviceLinkedPath = "/aws-service-role/"

// Missing is an attached policy without text.
type Missing struct {
	Kind authz.Kind // Identity, Group or Boundary
	ARN  string     // of the policy; of the group, where all of a group is missing
}

// The codes of what SetFor finds.
const (
	codeNoPrincipal   = "NO_SUCH_PRINCIPAL"
	codePolicyMissing = "POLICY_TEXT_MISSING"
	codeGroupMissing  = "GROUP_MISSING"
	codeUnreadable    = "UNREADABLE_ENTRY"
)

// SetFor gathers the policies that speak for a principal. A session of a role
// has the policies of its role (the path of a role is not in the ARN of its
// session, and role names are unique without it); a federated user has those of
// the user of the same name in the account, whom its ARN cannot prove to be the
// one who made it, plus session policies that only the caller knows. Root users,
// services and anonymous callers have none.
//
// A finding of severity Error says that the account has no such principal, or
// that its entry cannot be read; a Warning names each policy that is attached
// without text.
func (a *Account) SetFor(principal string) (Attached, source.List) {
	caller, err := policy.ParseCaller(principal)
	if err != nil {
		return Attached{}, source.List{{Code: codeNoPrincipal, Severity: source.Error, Message: err.Error()}}
	}
	switch caller.Kind {
	case policy.CallerUser, policy.CallerFederatedUser:
		if i, ok := a.users[key(caller.Account, caller.Name)]; ok && (caller.Kind == policy.CallerFederatedUser || a.Users[i].ARN == principal) {
			return a.user(&a.Users[i], caller.Kind == policy.CallerUser)
		}
	case policy.CallerRole, policy.CallerSession:
		if i, ok := a.roles[key(caller.Account, caller.Name)]; ok && (caller.Kind == policy.CallerSession || a.Roles[i].ARN == principal) {
			return a.role(&a.Roles[i], &caller)
		}
	default:
		return Attached{}, nil
	}
	return Attached{}, source.List{{Code: codeNoPrincipal, Severity: source.Error,
		Message: fmt.Sprintf("the account details hold no principal %q", principal), Hint: a.similar(&caller)}}
}

// similar names a principal that differs only in its path or the letter case of
// its name, or one of the same kind with a name close to it.
func (a *Account) similar(c *policy.Caller) string {
	var arns []string
	for i := range a.Users {
		arns = append(arns, a.Users[i].ARN)
	}
	for i := range a.Roles {
		arns = append(arns, a.Roles[i].ARN)
	}
	named := map[string]string{} // names of the same kind to their ARNs
	var names []string
	for _, arn := range arns {
		other, err := policy.ParseCaller(arn)
		switch {
		case err != nil:
		case strings.EqualFold(other.Name, c.Name):
			return fmt.Sprintf("did you mean %q?", arn)
		case other.Kind == c.Kind && named[other.Name] == "":
			named[other.Name], names = arn, append(names, other.Name)
		}
	}
	var finder near.Finder
	if close := finder.Names(c.Name, names, 1); len(close) > 0 {
		return fmt.Sprintf("did you mean %q?", named[close[0]])
	}
	return fmt.Sprintf("they hold %s and %s", counted(len(a.Users), "user"), counted(len(a.Roles), "role"))
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (a *Account) user(u *User, itself bool) (Attached, source.List) {
	g := gathering{account: a}
	g.identity(authz.Identity, &u.Identity)
	for _, name := range u.Groups {
		i, ok := a.groups[key(accountOf(u.ARN), name)]
		if !ok {
			g.lacks(codeGroupMissing, authz.Group, strings.Replace(u.ARN, ":user"+u.Path+u.Name, ":group/"+name, 1),
				fmt.Sprintf("user %q belongs to group %q, which the account details do not hold", u.Name, name))
			continue
		}
		g.identity(authz.Group, &a.Groups[i].Identity)
	}
	g.boundary(u.Boundary)
	g.tags(u.Tags)
	if itself && u.ID != "" {
		g.key("aws:userid", u.ID)
	}
	return g.Attached, g.findings
}

func (a *Account) role(r *Role, c *policy.Caller) (Attached, source.List) {
	g := gathering{account: a}
	g.identity(authz.Identity, &r.Identity)
	g.boundary(r.Boundary)
	g.tags(r.Tags)
	g.ServiceLinked = strings.HasPrefix(r.Path, serviceLinkedPath)
	if c.Kind == policy.CallerSession {
		g.key("aws:PrincipalArn", r.ARN)
		if r.ID != "" {
			g.key("aws:userid", r.ID+":"+c.Session)
		}
	}
	return g.Attached, g.findings
}

// gathering collects what speaks for one principal.
type gathering struct {
	Attached
	account  *Account
	findings source.List
}

func (g *gathering) identity(kind authz.Kind, id *Identity) {
	if id.broken {
		g.unreadable(id.ARN)
	}
	list := &g.Set.Identity
	if kind == authz.Group {
		list = &g.Set.Groups
	}
	*list = append(*list, id.Inline...)
	for _, arn := range id.Attached {
		if p := g.managed(kind, arn, id.Name); p != nil {
			*list = append(*list, *p)
		}
	}
}

func (g *gathering) boundary(arn string) {
	if arn != "" {
		g.Set.Boundary = g.managed(authz.Boundary, arn, "")
	}
}

// managed returns a managed policy by its ARN, or notes that it is missing.
func (g *gathering) managed(kind authz.Kind, arn, holder string) *authz.Policy {
	if i, ok := g.account.policies[arn]; ok {
		p := &g.account.Policies[i]
		if p.broken {
			g.unreadable(p.ARN)
		}
		for j := range p.Versions {
			if p.Versions[j].ID == p.DefaultVersion {
				// A document that could not be read stays in the set: no
				// engine compiles it.
				return &authz.Policy{Name: arn, Document: p.Versions[j].Document}
			}
		}
	}
	role := "policy " + arn
	if kind == authz.Boundary {
		role = "permissions boundary " + arn
	} else if holder != "" {
		role += " of " + holder
	}
	g.lacks(codePolicyMissing, kind, arn, "the account details do not hold the text of "+role)
	return nil
}

func (g *gathering) unreadable(what string) {
	g.findings = append(g.findings, source.Finding{Code: codeUnreadable, Severity: source.Error,
		Message: fmt.Sprintf("the account details of %q have errors", what), Hint: "they stand among the findings about the file"})
}

func (g *gathering) lacks(code string, kind authz.Kind, arn, message string) {
	g.Missing = append(g.Missing, Missing{kind, arn})
	g.findings = append(g.findings, source.Finding{Code: code, Severity: source.Warning, Message: message,
		Hint: "what it would allow is undecided"})
}

func (g *gathering) tags(tags []Tag) {
	for _, t := range tags {
		g.key("aws:PrincipalTag/"+t.Key, t.Value)
	}
}

func (g *gathering) key(name, value string) {
	g.Context = append(g.Context, authz.Entry{Key: name, Values: []string{value}})
}

// Lenient returns the set as if every missing policy allowed everything and
// denied nothing. What is denied under it is denied whatever the missing
// policies say; what is allowed under it is undecided, for they may deny.
func (at *Attached) Lenient() authz.Set {
	set := at.Set
	for _, m := range at.Missing {
		all := authz.Policy{Name: m.ARN, Document: &policy.Document{
			Version:    policy.Version2012,
			Statements: []policy.Statement{{Effect: policy.Allow, Action: policy.String("*"), Resource: policy.String("*")}},
		}}
		switch m.Kind {
		case authz.Boundary:
			set.Boundary = &all
		case authz.Group:
			set.Groups = append(set.Groups[:len(set.Groups):len(set.Groups)], all)
		default:
			set.Identity = append(set.Identity[:len(set.Identity):len(set.Identity)], all)
		}
	}
	return set
}

// TrustOf returns the trust policy of a role, by the role's ARN; nil for a role
// that the account does not have. It is the resource policy of a request to
// assume the role, and of no other.
func (a *Account) TrustOf(role string) *authz.Policy {
	caller, err := policy.ParseCaller(role)
	if err != nil || caller.Kind != policy.CallerRole {
		return nil
	}
	i, ok := a.roles[key(caller.Account, caller.Name)]
	if !ok || a.Roles[i].ARN != role {
		return nil
	}
	return &a.Roles[i].Trust
}

// key is how principals are found: names are unique within an account without
// their path. IAM keeps them unique without letter case too, but ARNs compare
// with it.
func key(account, name string) string { return account + "/" + name }

// accountOf returns the account of an ARN that has been read.
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}
