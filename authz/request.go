package authz

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/policy"
)

// Request is one question: may this principal do this to this resource? An API
// call that touches several resources is several requests, see Engine.DecideCall.
type Request struct {
	// Principal is an ARN (root user, user, role, role session, federated user
	// session), a service principal, or "anonymous". For the actions
	// sts:AssumeRoleWithSAML and sts:AssumeRoleWithWebIdentity it is an identity
	// provider.
	Principal string
	Action    string // "ecs:RunTask"
	Resource  string // an ARN; "*" for an action that takes no resource
	// ResourceAccount owns the resource. "" is the account in the ARN, or else
	// that of the principal.
	ResourceAccount string
	Context         Context
	Time            time.Time // of the request, for aws:CurrentTime and aws:EpochTime; zero is now

	// What no ARN shows.
	ServiceLinkedRole            bool
	PrincipalInManagementAccount bool
	ResourceInManagementAccount  bool

	// What is not known, for questions about templates.
	ResourcePattern bool     // Resource is a pattern; any ARN that it matches may be meant
	Unknown         []string // condition keys that may be absent or hold anything
	UnknownRest     bool     // so may every key that Context does not hold
}

// Context holds the condition keys of a request. Names compare without letter
// case.
type Context []Entry

// Entry is one key. A key with several values is multivalued; one with none
// counts as absent.
type Entry struct {
	Key    string
	Values []string
}

// The errors of a request. They never mean Allowed.
var (
	ErrNoAction     = errors.New("request has no action")
	ErrBadAction    = errors.New("action is not of the form service:Name")
	ErrNoResource   = errors.New("request has no resource; use * for an action that takes none")
	ErrBadResource  = errors.New("resource is neither an ARN nor *")
	ErrBadAccount   = errors.New("resource account is not 12 digits")
	ErrDuplicateKey = errors.New("context holds a key twice (letter case does not count)")
)

// subject is a request taken apart.
type subject struct {
	caller      policy.Caller
	resource    arn.ARN // zero for "*"
	owner       string  // account of the resource
	sameAccount bool
	special     bool // a role's trust policy or a KMS key policy rules the resource
}

func (r *Request) parse() (subject, error) {
	var s subject
	if err := checkAction(r.Action); err != nil {
		return s, err
	}
	var err error
	if byProvider(r.Action) {
		s.caller, err = policy.ParseProvider(r.Principal)
	} else {
		s.caller, err = policy.ParseCaller(r.Principal)
	}
	if err != nil {
		return s, err
	}
	if err := s.parseResource(r); err != nil {
		return s, err
	}
	s.special = isSpecial(r.Action, s.resource)
	return s, checkContext(r.Context)
}

func checkAction(action string) error {
	if action == "" {
		return ErrNoAction
	}
	i := strings.IndexByte(action, ':')
	if i <= 0 || i == len(action)-1 || strings.ContainsAny(action, "*? ") {
		return ErrBadAction
	}
	return nil
}

func byProvider(action string) bool {
	return strings.EqualFold(action, "sts:AssumeRoleWithSAML") || strings.EqualFold(action, "sts:AssumeRoleWithWebIdentity")
}

func (s *subject) parseResource(r *Request) error {
	if r.Resource == "" {
		return ErrNoResource
	}
	partition := ""
	if r.Resource != "*" {
		a, err := arn.Parse(r.Resource)
		if err != nil {
			return ErrBadResource
		}
		s.resource, partition = a, a.Partition
	}
	s.owner = r.ResourceAccount
	if s.owner == "" {
		if s.owner = s.resource.Account; !arn.ValidAccount(s.owner) {
			s.owner = s.caller.Account
		}
	} else if !arn.ValidAccount(s.owner) {
		return ErrBadAccount
	}
	samePartition := partition == "" || s.caller.Partition == "" || partition == s.caller.Partition || r.ResourcePattern
	s.sameAccount = s.owner == s.caller.Account && samePartition
	return nil
}

// isSpecial reports whether being in the same account earns no trust: such
// resources are ruled by their own policy. IAM user guide, policy evaluation
// logic; KMS developer guide, key policies.
func isSpecial(action string, resource arn.ARN) bool {
	switch resource.Service {
	case "iam":
		return strings.HasPrefix(resource.Resource, "role/") && ruledByTrust(action)
	case "kms":
		return strings.HasPrefix(resource.Resource, "key/") && len(action) > 4 && strings.EqualFold(action[:4], "kms:")
	}
	return false
}

var trustActions = [...]string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"}

func ruledByTrust(action string) bool {
	for _, a := range trustActions {
		if strings.EqualFold(action, a) {
			return true
		}
	}
	return false
}

// smallContext is the size up to which comparing every pair of keys is cheaper
// than a map.
const smallContext = 16

func checkContext(c Context) error {
	if len(c) > smallContext {
		seen := make(map[string]bool, len(c))
		for i := range c {
			k := strings.ToLower(c[i].Key)
			if seen[k] {
				return fmt.Errorf("%w: %q", ErrDuplicateKey, c[i].Key)
			}
			seen[k] = true
		}
		return nil
	}
	for i := range c {
		for j := range i {
			if len(c[i].Key) == len(c[j].Key) && strings.EqualFold(c[i].Key, c[j].Key) {
				return fmt.Errorf("%w: %q", ErrDuplicateKey, c[i].Key)
			}
		}
	}
	return nil
}
