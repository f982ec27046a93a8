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
	ErrNoResources  = errors.New("a statement of the resource policy names no resources; only role trust policies do without")
	ErrDuplicateKey = errors.New("context holds a key twice (letter case does not count)")
)

// errHoles says that a request is to be decided by decideHoles.
var errHoles = errors.New("the policies or the request have holes")

// subject is who asks and about what, taken apart.
type subject struct {
	caller      policy.Caller
	arn         string // of the principal, as conditions see it; "" where that is still to be worked out
	owner       string // account of the resource
	sameAccount bool
	special     truth // a role's trust policy or a KMS key policy rules the resource

	partition, service string // of the resource; "" for "*"
	account            string // that the resource shows, or the request names; "" where neither does
	awsOwned           truth  // an AWS managed policy that the action changes
}

// read takes the request apart.
func (e *evaluation) read() error {
	r := &e.request
	e.asked = action{text: r.Action, hash: hashOf(r.Action)}
	if e.plan = e.engine.plans.get(&e.asked); e.plan == nil {
		if err := checkAction(r.Action); err != nil {
			return err
		}
		e.asked.service = serviceOf(r.Action)
		e.plan = e.engine.newPlan(&e.asked)
	}
	if e.plan != nil {
		e.action = e.plan.traits
	} else {
		e.action = traitsOf(r.Action)
	}
	if e.engine.trustShape && !e.action.is(ruledByTrust) {
		return ErrNoResources
	}
	if (e.engine.holes || r.Holes) && !e.plain {
		return errHoles
	}
	if err := e.caller(); err != nil {
		return err
	}
	if err := e.who.read(r, e.action); err != nil {
		return err
	}
	return checkContext(r.Context)
}

// caller reads the principal. An engine is mostly asked about one, which it
// keeps.
func (e *evaluation) caller() (err error) {
	principal := e.request.Principal
	if e.action.is(byProvider) {
		e.who.caller, err = policy.ParseProvider(principal)
		return err
	}
	first := e.engine.first.Load()
	if first != nil && first.Text == principal {
		e.who.caller, e.who.arn = first.Caller, first.arn
		return nil
	}
	e.who.caller, err = policy.ParseCaller(principal)
	if first == nil && err == nil {
		c := asker{e.who.caller, principalARN(&e.who.caller)}
		e.engine.first.Store(&c)
	}
	return err
}

// asker is a caller with its ARN as conditions see it.
type asker struct {
	policy.Caller
	arn string
}

func checkAction(action string) error {
	if action == "" {
		return ErrNoAction
	}
	service, name, found := strings.Cut(action, ":")
	if !found || !isName(service) || !isName(name) {
		return ErrBadAction
	}
	return nil
}

// isName reports whether a part of an action has the characters that services
// and actions are named with.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return s != ""
}

// traits are what the rules of evaluation know of an action.
type traits uint8

const (
	getCallerIdentity traits = 1 << iota
	byProvider               // who calls is vouched for by an identity provider
	ruledByTrust             // a role's trust policy rules it
	ruledByKey               // a KMS key policy does
	changesPolicy            // changes a managed policy
)

func (t traits) is(trait traits) bool { return t&trait != 0 }

// actionTraits lists the actions that the rules single out. IAM user guide,
// policy evaluation logic, AWS managed policies; STS API reference.
var actionTraits = map[string]traits{
	"sts:getcalleridentity":         getCallerIdentity,
	"sts:assumerole":                ruledByTrust,
	"sts:assumerolewithsaml":        ruledByTrust | byProvider,
	"sts:assumerolewithwebidentity": ruledByTrust | byProvider,
	"sts:tagsession":                ruledByTrust,
	"sts:setsourceidentity":         ruledByTrust,
	"iam:createpolicy":              changesPolicy,
	"iam:createpolicyversion":       changesPolicy,
	"iam:deletepolicy":              changesPolicy,
	"iam:deletepolicyversion":       changesPolicy,
	"iam:setdefaultpolicyversion":   changesPolicy,
	"iam:tagpolicy":                 changesPolicy,
	"iam:untagpolicy":               changesPolicy,
}

func traitsOf(action string) traits {
	service, _, _ := strings.Cut(action, ":")
	switch {
	case equalFold(service, "kms"):
		return ruledByKey
	case equalFold(service, "sts"), equalFold(service, "iam"):
		return actionTraits[lower(action)]
	}
	return 0
}

// read takes the resource apart and compares accounts.
func (s *subject) read(r *Request, action traits) error {
	if err := s.readResource(r, action); err != nil {
		return err
	}
	s.compareAccounts()
	return nil
}

func (s *subject) readResource(r *Request, action traits) error {
	switch r.Resource {
	case "*":
	case "":
		return ErrNoResource
	default:
		a, err := arn.Parse(r.Resource)
		if err != nil {
			return ErrBadResource
		}
		s.partition, s.service = a.Partition, a.Service
		if r.ResourcePattern && strings.ContainsAny(a.Partition, "*?") || hole.Has(a.Partition) {
			s.partition = "" // nobody calls what lies in another partition
		}
		s.special, s.awsOwned = r.ruledSpecially(action, a)
		if arn.ValidAccount(a.Account) {
			s.account = a.Account
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

// ruledSpecially compares the resource with those that have rules of their own.
// Only a few actions are under such rules.
func (r *Request) ruledSpecially(action traits, a arn.ARN) (special, awsOwned truth) {
	switch {
	case action&(ruledByTrust|ruledByKey|changesPolicy) == 0:
		return no, no
	case r.ResourcePattern:
		return r.patternRuledSpecially(action)
	}
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
func (s *subject) compareAccounts() {
	s.owner = s.account
	if s.owner == "" {
		s.owner = s.caller.Account
	}
	samePartition := s.partition == "" || s.caller.Partition == "" || hole.Has(s.caller.Partition) || s.partition == s.caller.Partition
	s.sameAccount = s.owner == s.caller.Account && samePartition
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
