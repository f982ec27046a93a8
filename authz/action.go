package authz

import "strings"

// action is an action that is asked about, with what every look-up needs of it.
type action struct {
	text     string
	hash     uint64
	service  string   // in small letters; plans are found without it
	services services // the one
}

func actionOf(text string) action {
	a := action{text: text, hash: hashOf(text)}
	a.readService()
	return a
}

func (a *action) readService() {
	service, _, _ := strings.Cut(a.text, ":")
	a.service = lower(service)
	a.services = serviceNamed(a.service)
}

// services is a set of services, one bit for each but that several may share one:
// what two sets have in common is more than they may have.
type services uint64

const allServices = ^services(0)

func serviceNamed(name string) services { return 1 << (hashOf(name) >> 58) }

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
