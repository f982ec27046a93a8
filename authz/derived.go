package authz

import (
	"strconv"
	"strings"
	"time"

	"github.com/writ-iam/writ/policy"
)

// derived returns the value of a condition key that the request itself shows,
// for contexts that leave it out. The value is "" for a key that the caller does
// not have.
//
// Source: AWS global condition context keys (which requests have them, 2026-09);
// IAM user guide, policy variables (the values of aws:userid and
// aws:PrincipalType).
func (e *evaluation) derived(key string) (value string, ok bool) {
	name, ok := strings.CutPrefix(key, "aws:")
	if !ok {
		return "", false
	}
	caller := e.caller()
	switch name {
	case "principalarn":
		value = e.callerARN()
	case "principalaccount":
		if value = caller.Account; caller.Kind == policy.CallerAnonymous {
			value = anonymous
		}
	case "principaltype":
		value = principalTypes[caller.Kind]
	case "principalisawsservice":
		value = isService(caller)
	case "principalservicename":
		value = nameIf(caller, policy.CallerService)
	case "username":
		value = nameIf(caller, policy.CallerUser)
	case "userid":
		value = userID(caller)
	case "resourceaccount":
		value = e.who.owner
	case "currenttime":
		value = e.now().Format(time.RFC3339)
	case "epochtime":
		value = strconv.FormatInt(e.now().Unix(), 10)
	default:
		return "", false
	}
	if e.trace != nil && value != "" {
		e.trace.derived(key, value)
	}
	return value, true
}

// isGuess reports whether what derived gives for a key is the best that can be
// said, and not what the request shows: the path of a session's role, the unique
// ID of a user or role, the time, the owner of a resource that names none.
func (e *evaluation) isGuess(key string) bool {
	kind := e.caller().Kind
	switch key {
	case "aws:principalarn":
		return kind == policy.CallerSession
	case "aws:userid":
		return kind == policy.CallerUser || kind == policy.CallerRole || kind == policy.CallerSession
	case "aws:currenttime", "aws:epochtime":
		return e.request.Time.IsZero()
	case "aws:resourceaccount":
		return e.who.account == ""
	}
	return false
}

func nameIf(c *policy.Caller, kind policy.CallerKind) string {
	if c.Kind == kind {
		return c.Name
	}
	return ""
}

// anonymous is what requests without a signature have for the account and the ID
// of their caller.
const anonymous = "anonymous"

// isService is known of signed requests only; identity providers' users sign as
// little as anonymous callers do.
func isService(c *policy.Caller) string {
	switch c.Kind {
	case policy.CallerAnonymous, policy.CallerProvider:
		return ""
	}
	return strconv.FormatBool(c.Kind == policy.CallerService)
}

// userID is known of root users, federated users and anonymous callers only: the
// unique ID of a user or role is not in its ARN.
func userID(c *policy.Caller) string {
	switch c.Kind {
	case policy.CallerAnonymous:
		return anonymous
	case policy.CallerRoot:
		return c.Account
	case policy.CallerFederatedUser:
		return c.Account + ":" + c.Name
	}
	return ""
}

// now is the time of the request; a request that names none is made now.
func (e *evaluation) now() time.Time {
	if e.request.Time.IsZero() {
		return time.Now().UTC()
	}
	return e.request.Time.UTC()
}

// principalTypes are the values of aws:PrincipalType; service principals and
// providers have none.
var principalTypes = [...]string{
	policy.CallerAnonymous:     "Anonymous",
	policy.CallerRoot:          "Account",
	policy.CallerUser:          "User",
	policy.CallerRole:          "AssumedRole",
	policy.CallerSession:       "AssumedRole",
	policy.CallerFederatedUser: "FederatedUser",
	policy.CallerService:       "",
	policy.CallerProvider:      "",
}

// principalARN is the ARN of the role behind a session, whose path is not known
// from the session: it is taken to be "/".
func principalARN(c *policy.Caller) string {
	switch c.Kind {
	case policy.CallerSession:
		return "arn:" + c.Partition + ":iam::" + c.Account + ":role/" + c.Name
	case policy.CallerService, policy.CallerProvider, policy.CallerAnonymous:
		return ""
	}
	return c.Text
}
