// Package denial is what AWS says when it refuses a request: the text of an
// access-denied error, and the encoded authorization message that some services
// add to it.
//
// [Of] turns a decision into a [Denial], whose String is the text; [Parse] reads
// such a text back, also out of what command lines and SDKs put around it.
// [Decoded] is the JSON inside an encoded authorization message. The encoding
// itself is AWS's own; a [Sealer] makes and opens messages of Writ's own format
// for those who serve the API.
//
// Source: IAM user guide, "Troubleshoot access denied error messages"; forms
// that the guide does not show and services do send are marked as seen.
package denial

import (
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
)

// Kind is the kind of policy that a message blames.
type Kind uint8

const (
	Unnamed            Kind = iota // the message does not say
	Identity                       // of the principal or its groups
	Resource                       // of the resource
	Trust                          // of the role to be assumed
	Boundary                       // permissions boundary
	Session                        // passed when the session was made
	Endpoint                       // of the VPC endpoint
	SCP                            // service control policy
	RCP                            // resource control policy
	EndpointThroughSCP             // a VPC endpoint policy, transitively through a service control policy
)

var kindNames = [...]string{"unnamed", "identity", "resource", "trust", "boundary", "session", "endpoint", "scp", "rcp", "endpoint-through-scp"}

// String returns the name that JSON has for the kind.
func (k Kind) String() string { return kindNames[k] }

// MarshalText writes the name of the kind.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// phrase is how messages speak of a kind.
type phrase struct {
	implicit string // "because no ... allows the X action"; "" where there is no such message
	explicit string // "with an explicit deny in ..."
}

var phrases = [...]phrase{
	Unnamed:            {},
	Identity:           {"identity-based policy", "an identity-based policy"},
	Resource:           {"resource-based policy", "a resource-based policy"},
	Trust:              {"role trust policy", "the role trust policy"},
	Boundary:           {"permissions boundary", "a permissions boundary"},
	Session:            {"session policy", "a session policy"},
	Endpoint:           {"VPC endpoint policy", "a VPC endpoint policy"},
	SCP:                {"service control policy", "a service control policy"}, // implicit: seen
	RCP:                {"", "a resource control policy"},
	EndpointThroughSCP: {"", "a VPC endpoint policy transitively through a service control policy"},
}

// Denial is what an access-denied message says. Fields that a message lacks are
// empty.
type Denial struct {
	Principal string // an ARN, or "anonymous"
	Action    string // "ecs:RunTask"
	Resource  string // an ARN or "*"; some services leave it out
	Explicit  bool   // some statement denies; otherwise none allows, or, where Kind is Unnamed, nothing is said
	Kind      Kind
	PolicyARN string // of the policy that denies, where the message names it
	// Other is why, where that is no kind of policy: "because public policies are
	// prevented by the BlockPublicPolicy setting in S3 Block Public Access".
	Other string

	Encoded string // the encoded authorization message of EC2 and others

	// What an SDK or command line put around the message; Of leaves it empty.
	Code      string // "AccessDeniedException"
	Operation string // "RunTask"
}

// The error codes and the message of a dry run, which EC2 answers by an error
// either way: DryRunOperation (HTTP status 412) when the request would have
// succeeded, UnauthorizedOperation (403) when not. Source: EC2 API reference,
// common errors.
const (
	CodeDryRunOperation       = "DryRunOperation"
	CodeUnauthorizedOperation = "UnauthorizedOperation"
	DryRunMessage             = "Request would have succeeded, but DryRun flag is set."
)

// Of describes the denial of a request. ok is false for a decision that denies
// nothing: allowed, undecided, or about a request that cannot be read.
func Of(r *authz.Request, d *authz.Decision) (denial Denial, ok bool) {
	if d.Result != authz.ExplicitlyDenied && d.Result != authz.ImplicitlyDenied {
		return Denial{}, false
	}
	denial = Denial{Principal: r.Principal, Action: r.Action, Resource: r.Resource, Explicit: d.Result == authz.ExplicitlyDenied}
	if by := d.By(); len(by) > 0 {
		denial.Kind = kindOf(by[0].Kind, r)
	}
	return denial, true
}

// Message returns the text for a decision; "" where it denies nothing.
func Message(r *authz.Request, d *authz.Decision) string {
	denial, ok := Of(r, d)
	if !ok {
		return ""
	}
	return denial.String()
}

func kindOf(k authz.Kind, r *authz.Request) Kind {
	switch k {
	case authz.Identity, authz.Group:
		return Identity
	case authz.Boundary:
		return Boundary
	case authz.Session:
		return Session
	case authz.SCP:
		return SCP
	case authz.RCP:
		return RCP
	case authz.Endpoint:
		return Endpoint
	case authz.Resource:
		if isTrust(r.Action, r.Resource) {
			return Trust
		}
		return Resource
	}
	return Unnamed
}

// isTrust reports whether the policy of the resource is a role's trust policy.
func isTrust(action, resource string) bool {
	a, err := arn.Parse(resource)
	return err == nil && a.Service == "iam" && strings.HasPrefix(a.Resource, "role/") && AboutTrust(action)
}

// AboutTrust reports whether a role's trust policy has a say about an action on
// the role.
func AboutTrust(action string) bool {
	for _, a := range [...]string{"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"} {
		if strings.EqualFold(a, action) {
			return true
		}
	}
	return false
}

// PolicyKinds returns the kinds of policy in which the cause of a denial can
// stand.
func (k Kind) PolicyKinds() []authz.Kind {
	switch k {
	case Identity:
		return []authz.Kind{authz.Identity, authz.Group}
	case Resource, Trust:
		return []authz.Kind{authz.Resource}
	case Boundary:
		return []authz.Kind{authz.Boundary}
	case Session:
		return []authz.Kind{authz.Session}
	case Endpoint, EndpointThroughSCP:
		return []authz.Kind{authz.Endpoint}
	case SCP:
		return []authz.Kind{authz.SCP}
	case RCP:
		return []authz.Kind{authz.RCP}
	}
	return nil
}

// Reason returns the last part of the text: why. It is "" where the message does
// not say.
func (d *Denial) Reason() string {
	p := phrases[d.Kind]
	switch {
	case d.Explicit && d.Kind == Unnamed:
		return "with an explicit deny"
	case d.Explicit && d.PolicyARN != "":
		return "with an explicit deny in " + p.explicit + ": " + d.PolicyARN
	case d.Explicit:
		return "with an explicit deny in " + p.explicit
	case p.implicit == "":
		return d.Other
	}
	return "because no " + p.implicit + " allows the " + d.Action + " action"
}

// String returns the text of the message. With an encoded message it has the
// form of EC2.
func (d Denial) String() string {
	var b strings.Builder
	if d.Encoded != "" {
		b.WriteString(ec2Intro)
	}
	if d.Action != "" {
		if d.Encoded != "" {
			b.WriteString(" ")
		}
		b.WriteString(userPrefix + d.Principal + marker + d.Action)
		if d.Resource != "" {
			b.WriteString(resourceMarker + d.Resource)
		}
		if reason := d.Reason(); reason != "" {
			b.WriteString(" " + reason)
		}
	}
	if d.Encoded != "" {
		if d.Action != "" {
			b.WriteString(".")
		}
		b.WriteString(" " + encodedPrefix + d.Encoded)
	}
	return b.String()
}

// The fixed parts of messages.
const (
	userPrefix     = "User: "
	marker         = " is not authorized to perform: "
	resourceMarker = " on resource: "
	ec2Intro       = "You are not authorized to perform this operation."
	encodedPrefix  = "Encoded authorization failure message: "
)
