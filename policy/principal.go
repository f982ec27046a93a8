package policy

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
)

// CallerKind says what a caller is.
type CallerKind uint8

const (
	CallerAnonymous     CallerKind = iota // nobody in particular: an unsigned request
	CallerRoot                            // the root user of an account
	CallerUser                            // an IAM user
	CallerRole                            // a role, named itself
	CallerSession                         // a session of an assumed role
	CallerFederatedUser                   // a session made by sts:GetFederationToken
	CallerService                         // an AWS service
	CallerProvider                        // who an identity provider vouches for, while assuming a role
)

var callerKindNames = [...]string{"anonymous", "root user", "user", "role", "role session", "federated user", "service", "identity provider"}

// String names the kind in words.
func (k CallerKind) String() string { return callerKindNames[k] }

// Caller is who makes a request, taken apart.
type Caller struct {
	Kind      CallerKind
	Text      string // as given: an ARN, a host name or "anonymous"
	Partition string // aws, aws-cn, ...; empty for services and host names
	Account   string // 12 digits; empty for services and host names
	Name      string // of the user, role or federated user; the host name of a service or provider
	Path      string // of a user or role, "/" or "/dir/"; sessions do not show the path of their role
	Session   string // of a role session
}

// Anonymous is the caller of an unsigned request.
const Anonymous = "anonymous"

// ParseCaller reads who makes a request: the ARN of a root user, user, role,
// role session, federated user session or identity provider, the host name of
// a service, or "anonymous". IAM user guide, "AWS JSON policy elements:
// Principal". It does not allocate unless it fails.
func ParseCaller(s string) (Caller, error) {
	switch {
	case s == Anonymous:
		return Caller{Kind: CallerAnonymous, Text: s}, nil
	case strings.HasPrefix(s, "arn:"):
		return parseCallerARN(s)
	case isServiceName(s):
		return Caller{Kind: CallerService, Text: s, Name: s}, nil
	}
	return Caller{}, fmt.Errorf("principal %s is neither an ARN, nor the host name of a service, nor %q", quote(s), Anonymous)
}

// ParseProvider reads who calls sts:AssumeRoleWithSAML or
// sts:AssumeRoleWithWebIdentity: the ARN of an identity provider or the host
// name of one, such as cognito-identity.amazonaws.com, which looks like a
// service.
func ParseProvider(s string) (Caller, error) {
	if strings.HasPrefix(s, "arn:") {
		c, err := parseCallerARN(s)
		if err == nil && c.Kind != CallerProvider {
			err = fmt.Errorf("principal %s is no identity provider", quote(s))
		}
		return c, err
	}
	if !isHostName(s) {
		return Caller{}, fmt.Errorf("principal %s is neither the ARN nor the host name of an identity provider", quote(s))
	}
	return Caller{Kind: CallerProvider, Text: s, Name: s}, nil
}

func parseCallerARN(s string) (Caller, error) {
	a, err := arn.Parse(s)
	if err != nil {
		return Caller{}, fmt.Errorf("principal %s: %w", quote(s), err)
	}
	c := Caller{Text: s, Partition: a.Partition, Account: a.Account}
	kind, rest, _ := strings.Cut(a.Resource, "/")
	service, ok := "iam", false
	switch kind {
	case "root":
		c.Kind, ok = CallerRoot, a.Resource == "root"
	case "user":
		c.Kind = CallerUser
		c.Path, c.Name, ok = cutPath(a.Resource[len(kind):])
	case "role":
		c.Kind = CallerRole
		c.Path, c.Name, ok = cutPath(a.Resource[len(kind):])
	case "saml-provider", "oidc-provider":
		c.Kind, c.Name, ok = CallerProvider, rest, rest != ""
	case "assumed-role":
		service, c.Kind = "sts", CallerSession
		c.Name, c.Session, ok = strings.Cut(rest, "/")
		ok = ok && c.Name != "" && c.Session != "" && !strings.Contains(c.Session, "/")
	case "federated-user":
		service, c.Kind = "sts", CallerFederatedUser
		c.Name, ok = rest, rest != ""
	}
	ok = ok && a.Service == service && a.Partition != "" && a.Region == "" && isAccount(a.Account) && !strings.ContainsAny(s, "*?")
	if !ok {
		return Caller{}, fmt.Errorf("principal %s is not the ARN of a root user, user, role, session or identity provider", quote(s))
	}
	return c, nil
}

// isAccount reports whether a text is an account, or a hole in the place of one.
func isAccount(text string) bool {
	if arn.ValidAccount(text) {
		return true
	}
	_, ok := hole.Whole(text)
	return ok
}

// cutPath splits "/dir/name" into the path "/dir/" and the name.
func cutPath(s string) (path, name string, ok bool) {
	i := strings.LastIndexByte(s, '/') + 1
	return s[:i], s[i:], i > 0 && i < len(s)
}

// isServiceName reports whether s has the form of a service principal, such as
// ecs-tasks.amazonaws.com.
func isServiceName(s string) bool {
	name, ok := strings.CutSuffix(s, ".amazonaws.com")
	if !ok {
		name, ok = strings.CutSuffix(s, ".amazonaws.com.cn")
	}
	return ok && isHostName(name)
}

func isHostName(s string) bool {
	for i := range len(s) {
		c := s[i]
		plain := c == '.' || c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !plain {
			return false
		}
	}
	return s != ""
}

// Strength says how a Principal element names a caller. Stronger ones are
// greater; which parts of an evaluation a strength replaces is for package
// authz to say.
type Strength uint8

const (
	NotNamed   Strength = iota
	ByAccount           // the account of the caller
	ByParent            // the user who made the session of a federated user
	ByRole              // the role of the session, or the role itself
	ByWildcard          // everyone
	Directly            // the caller itself
)

var strengthNames = [...]string{"not named", "by account", "by parent", "by role", "by wildcard", "directly"}

// String names the strength in words.
func (s Strength) String() string { return strengthNames[s] }

// PrincipalMatcher is a compiled Principal or NotPrincipal. It never changes and
// may be used by several goroutines at once.
type PrincipalMatcher struct {
	everyone  bool
	exact     set[string]   // ARNs, of role sessions and users among others
	accounts  set[identity] // Name is empty; Partition too where only digits were given
	users     set[identity]
	roles     set[identity] // without their paths
	services  set[string]
	providers set[string]
}

// identity is a named thing in an account.
type identity struct{ partition, account, name string }

// CompilePrincipal compiles a Principal or NotPrincipal element. Names compare
// with letter case and without wildcards, but for "*" alone. Canonical users,
// unique ids of deleted entities and everything else that names no caller of
// [ParseCaller] match nobody. A nil principal matches nobody.
func CompilePrincipal(p *Principal) *PrincipalMatcher {
	m := new(PrincipalMatcher)
	if p == nil {
		return m
	}
	m.everyone = p.Everyone
	for i := range p.Groups {
		g := &p.Groups[i]
		for j := range g.Values.Values {
			m.add(g.Key, g.Values.Values[j].Text)
		}
	}
	return m
}

func (m *PrincipalMatcher) add(key, text string) {
	switch key {
	case PrincipalAWS:
		m.addAWS(text)
	case PrincipalService:
		m.services.add(text)
	case PrincipalFederated:
		m.providers.add(text)
	}
}

func (m *PrincipalMatcher) addAWS(text string) {
	switch {
	case text == "*":
		m.everyone = true
		return
	case isAccount(text):
		m.accounts.add(identity{account: text})
		return
	}
	c, err := ParseCaller(text)
	if err != nil {
		return
	}
	id := identity{c.Partition, c.Account, c.Name}
	switch c.Kind {
	case CallerRoot:
		m.accounts.add(id)
	case CallerRole:
		m.roles.add(id)
	case CallerUser:
		m.exact.add(text)
		m.users.add(id)
	case CallerSession, CallerFederatedUser:
		m.exact.add(text)
	}
}

// Match says how the element names a caller, taking the strongest way. It does
// not allocate.
func (m *PrincipalMatcher) Match(c *Caller) Strength {
	switch {
	case m.itself(c):
		return Directly
	case m.everyone:
		return ByWildcard
	case m.role(c):
		return ByRole
	case m.parent(c):
		return ByParent
	case m.account(c):
		return ByAccount
	}
	return NotNamed
}

// itself reports whether the caller is named as itself; a role is not, because
// it acts through its sessions.
func (m *PrincipalMatcher) itself(c *Caller) bool {
	switch c.Kind {
	case CallerRoot:
		return m.account(c)
	case CallerUser, CallerSession, CallerFederatedUser:
		return m.exact.has(c.Text)
	case CallerService:
		return m.services.has(c.Text)
	case CallerProvider:
		return m.providers.has(c.Text)
	}
	return false
}

func (m *PrincipalMatcher) role(c *Caller) bool {
	return (c.Kind == CallerRole || c.Kind == CallerSession) && m.roles.has(identity{c.Partition, c.Account, c.Name})
}

// parent compares the names of the session and of the user: AWS documents no
// other tie that an ARN shows.
func (m *PrincipalMatcher) parent(c *Caller) bool {
	return c.Kind == CallerFederatedUser && m.users.has(identity{c.Partition, c.Account, c.Name})
}

// account reports whether the account of the caller is named. Providers have an
// account but do not act for it.
func (m *PrincipalMatcher) account(c *Caller) bool {
	if c.Account == "" || c.Kind == CallerProvider {
		return false
	}
	return m.accounts.has(identity{account: c.Account}) || m.accounts.has(identity{partition: c.Partition, account: c.Account})
}

// Exempts reports whether the element, as the NotPrincipal of a Deny statement,
// leaves a caller alone. It must name every layer of the caller: account and
// user; account, role and session; account, user and federated user session.
// Services and providers have one layer. Nothing exempts an anonymous caller,
// and "*" exempts everybody else.
//
// The documentation says that the service checks each layer but that the order
// may vary; this is the strict reading. Exempts knows nothing about permissions
// boundaries, with which nobody is exempt.
func (m *PrincipalMatcher) Exempts(c *Caller) bool {
	switch {
	case c.Kind == CallerAnonymous:
		return false
	case m.everyone:
		return true
	}
	switch c.Kind {
	case CallerRoot:
		return m.account(c)
	case CallerUser:
		return m.account(c) && m.itself(c)
	case CallerRole:
		return m.account(c) && m.role(c)
	case CallerSession:
		return m.account(c) && m.role(c) && m.itself(c)
	case CallerFederatedUser:
		return m.account(c) && m.parent(c) && m.itself(c)
	}
	return m.itself(c)
}

// set holds a few values in a slice and many in a map: most elements name one
// or two principals, for which comparing is cheapest.
type set[T comparable] struct {
	few  []T
	many map[T]struct{}
}

const fewest = 8

func (s *set[T]) add(v T) {
	if s.many == nil && len(s.few) < fewest {
		s.few = append(s.few, v)
		return
	}
	if s.many == nil {
		s.many = make(map[T]struct{})
	}
	s.many[v] = struct{}{}
}

func (s *set[T]) has(v T) bool {
	for _, w := range s.few {
		if w == v {
			return true
		}
	}
	if s.many == nil {
		return false
	}
	_, ok := s.many[v]
	return ok
}
