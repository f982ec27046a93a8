package authz

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
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
	//
	// With ResourcePattern the resource is a pattern; any ARN that it matches may
	// be meant, as far as it lies in the partition and account that the pattern
	// shows or, where it shows none, in those of the principal.
	ResourcePattern bool
	Unknown         []string // condition keys that may be absent or hold anything
	UnknownRest     bool     // so may every key that Context does not hold
	Holes           bool     // texts of the request may have holes, see package internal/hole
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
	ErrTwoAccounts  = errors.New("resource account is another than the one in the resource's ARN")
	ErrNoResources  = errors.New("a statement of the resource policy names no resources; only role trust policies, and those of ECR repositories and EFS file systems, do without")
	ErrDuplicateKey = errors.New("context holds a key twice (letter case does not count)")
)

// errHoles says that a request is to be decided by decideHoles.
var errHoles = errors.New("the policies or the request have holes")

// subject is who asks and about what, taken apart.
type subject struct {
	owner       string // account of the resource
	sameAccount bool
	special     truth // a role's trust policy or a KMS key policy rules the resource
	awsOwned    truth // an AWS managed policy that the action changes

	partition string // of the resource; "" for "*"
	account   string // that the resource shows, or the request names; "" where neither does
}

// read takes the request apart.
func (e *evaluation) read() error {
	r := &e.request
	e.asked = action{text: r.Action, hash: hashOf(r.Action)}
	if e.plan = e.engine.plans.get(&e.asked); e.plan == nil {
		if err := checkAction(r.Action); err != nil {
			return err
		}
		e.asked.readService()
		e.plan = e.engine.newPlan(&e.asked)
	}
	if e.plan != nil {
		e.action = e.plan.traits
	} else {
		e.action = traitsOf(r.Action)
	}
	if e.engine.trustShape && !r.impliesResource(e.action) {
		return ErrNoResources
	}
	if (e.engine.holes || r.Holes) && !e.plain {
		return errHoles
	}
	if err := e.readCaller(); err != nil {
		return err
	}
	if err := e.readResource(); err != nil {
		return err
	}
	e.compareAccounts()
	return checkContext(r.Context)
}

// readCaller reads the principal. An engine is mostly asked about one, which it
// keeps.
func (e *evaluation) readCaller() (err error) {
	principal := e.request.Principal
	if e.action.is(byProvider) {
		e.other, err = policy.ParseProvider(principal)
		return err
	}
	first := e.engine.first.Load()
	if first != nil && first.Text == principal {
		e.known = first
		return nil
	}
	e.other, err = policy.ParseCaller(principal)
	if first == nil && err == nil {
		e.engine.first.Store(&asker{e.other, principalARN(&e.other)})
	}
	return err
}

// asker is a caller with its ARN as conditions see it.
type asker struct {
	policy.Caller
	arn string
}

// readResource takes the resource apart.
func (e *evaluation) readResource() error {
	r, s := &e.request, &e.who
	switch r.Resource {
	case "*":
	case "":
		return ErrNoResource
	default:
		h, err := e.resourceHead()
		if err != nil {
			return err
		}
		s.partition, s.account = h.partition, h.account
		if e.action&(ruledByTrust|ruledByKey|changesPolicy) != 0 {
			s.special, s.awsOwned = r.ruledSpecially(e.action)
		}
	}
	switch {
	case r.ResourceAccount == "":
	case !arn.ValidAccount(r.ResourceAccount):
		return ErrBadAccount
	case s.account != "" && s.account != r.ResourceAccount:
		return ErrTwoAccounts
	default:
		s.account = r.ResourceAccount
	}
	return nil
}

// head is how a resource begins: its ARN up to the fifth colon, with the
// partition and the account that bind who may use it.
type head struct{ text, partition, account string }

// resourceHead reads the beginning of the resource. Those that are asked about
// with one action mostly begin alike, so a plan keeps the first.
func (e *evaluation) resourceHead() (head, error) {
	r := &e.request
	if e.plan == nil || r.ResourcePattern {
		return readHead(r.Resource, r.ResourcePattern)
	}
	first := e.plan.head.Load()
	if first != nil && strings.HasPrefix(r.Resource, first.text) {
		return *first, nil
	}
	h, err := readHead(r.Resource, false)
	if first == nil && err == nil {
		kept, _ := readHead(strings.Clone(h.text), false) // without the rest of the request's text
		e.plan.head.Store(&kept)
	}
	return h, err
}

func readHead(resource string, isPattern bool) (head, error) {
	a, err := arn.Parse(resource)
	if err != nil {
		return head{}, ErrBadResource
	}
	h := head{text: resource[:len(resource)-len(a.Resource)], partition: a.Partition}
	if isPattern && strings.ContainsAny(a.Partition, "*?") || hole.Has(a.Partition) {
		h.partition = "" // nobody calls what lies in another partition
	}
	if arn.ValidAccount(a.Account) {
		h.account = a.Account
	}
	return h, nil
}

// ruledSpecially compares the resource with those that have rules of their own.
// Only a few actions are under such rules.
func (r *Request) ruledSpecially(action traits) (special, awsOwned truth) {
	if r.ResourcePattern {
		return r.patternRuledSpecially(action)
	}
	a, _ := arn.Parse(r.Resource)
	special = truthOf(action.is(ruledByTrust) && a.Service == "iam" && strings.HasPrefix(a.Resource, "role/") ||
		action.is(ruledByKey) && a.Service == "kms" && strings.HasPrefix(a.Resource, "key/"))
	awsOwned = truthOf(action.is(changesPolicy) && a.Service == "iam" && a.Account == "aws" && strings.HasPrefix(a.Resource, "policy/"))
	return special, awsOwned
}

func (r *Request) patternRuledSpecially(action traits) (special, awsOwned truth) {
	resource := resourcePattern(r.Resource)
	if action.is(ruledByTrust) {
		special = covers(trustRule.Resource, resource)
	}
	if action.is(ruledByKey) {
		special = covers(keyRule.Resource, resource)
	}
	if action.is(changesPolicy) {
		awsOwned = covers(managedRule.Resource, resource)
	}
	return special, awsOwned
}

// covers reports whether an entry matches all, some or none of what a pattern
// stands for.
func covers(entry string, p *pattern.Pattern) truth {
	return coversPattern(pattern.Dialect{Colons: 5}.Compile(pattern.Wild(entry)), p)
}

func coversPattern(entry, p *pattern.Pattern) truth {
	if pattern.Subset(p, entry) == pattern.Yes {
		return yes
	}
	if _, v := pattern.Overlaps(p, entry); v != pattern.No {
		return maybe
	}
	return no
}

// compareAccounts: a resource whose account or partition nothing shows is of the
// caller's own.
func (e *evaluation) compareAccounts() {
	s, caller := &e.who, e.caller()
	s.owner = s.account
	if s.owner == "" {
		s.owner = caller.Account
	}
	s.sameAccount = s.owner == caller.Account && e.samePartition()
}

// smallContext is the size up to which comparing every pair of keys is cheaper
// than a map.
const smallContext = 16

func checkContext(c Context) error {
	if len(c) > smallContext {
		seen := make(map[string]bool, len(c))
		for i := range c {
			k := lower(c[i].Key)
			if seen[k] {
				return fmt.Errorf("%w: %q", ErrDuplicateKey, c[i].Key)
			}
			seen[k] = true
		}
		return nil
	}
	for i := range c {
		for j := range i {
			if equalFold(c[i].Key, c[j].Key) {
				return fmt.Errorf("%w: %q", ErrDuplicateKey, c[i].Key)
			}
		}
	}
	return nil
}
