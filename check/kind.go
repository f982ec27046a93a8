package check

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// Kind is a kind of policy. Each has rules of its own.
type Kind uint8

const (
	Guess    Kind = iota // to be read off the document
	Identity             // attached to a user, group or role; permissions boundaries too
	Resource             // attached to a resource
	Trust                // says who may assume a role
	SCP                  // service control policy
	RCP                  // resource control policy
	Session              // passed with sts:AssumeRole and its kin
	Endpoint             // of a VPC endpoint
	kindCount
)

var kindNames = [...]string{Guess: "guess", Identity: "identity", Resource: "resource", Trust: "trust", SCP: "scp", RCP: "rcp", Session: "session", Endpoint: "endpoint"}

func (k Kind) String() string { return kindNames[k] }

// KindNames returns the names that [ParseKind] reads.
func KindNames() []string { return append([]string(nil), kindNames[Identity:]...) }

// ParseKind reads the name of a kind, without regard to letter case.
func ParseKind(name string) (Kind, error) {
	for k := Identity; k < kindCount; k++ {
		if strings.EqualFold(name, kindNames[k]) {
			return k, nil
		}
	}
	return Guess, fmt.Errorf("there is no type of policy %q: one of %s", name, strings.Join(KindNames(), ", "))
}

// kinds is a set of kinds.
type kinds uint16

func kindsOf(list ...Kind) (set kinds) {
	for _, k := range list {
		set |= 1 << k
	}
	return set
}

func (s kinds) has(k Kind) bool { return s&(1<<k) != 0 }

// The sets that rules name most.
var (
	everyKind   = kindsOf(Identity, Resource, Trust, SCP, RCP, Session, Endpoint)
	identities  = kindsOf(Identity, Session)
	resources   = kindsOf(Resource, Endpoint)
	principals  = kindsOf(Resource, Trust, RCP, Endpoint) // kinds whose statements have a Principal
	trusts      = kindsOf(Trust)
	rcps        = kindsOf(RCP)
	scps        = kindsOf(SCP)
	resourceful = everyKind &^ trusts // kinds whose statements have a Resource
)

// guess reads the kind off a document: who is named in it, and what is allowed. What lets
// somebody assume a role is the role's trust policy, even with a Resource, which it must
// not have: no other resource has policies with such actions. Those of VPC endpoints and
// RCPs, which have both, are about everyone.
// SCPs, session and endpoint policies look like others and are never guessed.
func guess(doc *policy.Document, attached *attachment) Kind {
	if attached != nil {
		return Resource
	}
	if doc == nil {
		return Identity
	}
	named, assumes := false, true
	for i := range doc.Statements {
		s := &doc.Statements[i]
		named = named || s.Principal != nil || s.NotPrincipal != nil
		assumes = assumes && onlyAssumes(s.Action) && (s.Resource == nil && s.NotResource == nil || s.Effect == policy.Allow && namesSome(s.Principal))
	}
	switch {
	case named && assumes:
		return Trust
	case named:
		return Resource
	}
	return Identity
}

// namesSome reports whether a Principal names somebody, and not everyone.
func namesSome(p *policy.Principal) bool {
	if p == nil || p.Everyone {
		return false
	}
	some := false
	for i := range p.Groups {
		for j := range p.Groups[i].Values.Values {
			if starred(p.Groups[i].Values.Values[j].Text) {
				return false
			}
			some = true
		}
	}
	return some
}

func onlyAssumes(actions *policy.List) bool {
	for i := range actions.Len() {
		if !strings.HasPrefix(strings.ToLower(actions.Values[i].Text), "sts:") {
			return false
		}
	}
	return actions.Len() > 0
}
