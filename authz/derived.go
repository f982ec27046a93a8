package authz

import (
	"strconv"
	"strings"
	"time"

	"github.com/writ-iam/writ/policy"
)

// Derived keys: what a request says by itself, for contexts that leave it out.
// Source: AWS global condition context keys; IAM user guide, policy variables
// (the values of aws:userid and aws:PrincipalType).
var derivedKeys = []struct {
	key    string
	derive func(*subject, *Request) string
}{
	{"aws:principalarn", func(s *subject, _ *Request) string { return principalARN(&s.caller) }},
	{"aws:principalaccount", func(s *subject, _ *Request) string { return s.caller.Account }},
	{"aws:principaltype", func(s *subject, _ *Request) string { return principalTypes[s.caller.Kind] }},
	{"aws:username", func(s *subject, _ *Request) string {
		if s.caller.Kind == policy.CallerUser {
			return s.caller.Name
		}
		return ""
	}},
	{"aws:userid", func(s *subject, _ *Request) string {
		switch s.caller.Kind {
		case policy.CallerRoot:
			return s.caller.Account
		case policy.CallerFederatedUser:
			return s.caller.Account + ":" + s.caller.Name
		}
		return "" // the unique ID of a user or role is not in its ARN
	}},
	{"aws:currenttime", func(_ *subject, r *Request) string { return r.now().Format(time.RFC3339) }},
	{"aws:epochtime", func(_ *subject, r *Request) string { return strconv.FormatInt(r.now().Unix(), 10) }},
	{"aws:resourceaccount", func(s *subject, _ *Request) string { return s.owner }},
	{"aws:principalisawsservice", func(s *subject, _ *Request) string {
		if s.caller.Kind == policy.CallerService {
			return "true"
		}
		return "false"
	}},
	{"aws:principalservicename", func(s *subject, _ *Request) string {
		if s.caller.Kind == policy.CallerService {
			return s.caller.Name
		}
		return ""
	}},
}

// maxDerived is at least the number of derived keys.
const maxDerived = 12

func (r *Request) now() time.Time {
	if r.Time.IsZero() {
		return time.Now().UTC()
	}
	return r.Time.UTC()
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

// derived returns the value of a key that the request itself shows.
func (e *evaluation) derived(key string) ([]string, bool) {
	if !strings.HasPrefix(key, "aws:") {
		return nil, false
	}
	for i := range derivedKeys {
		if derivedKeys[i].key != key {
			continue
		}
		value := derivedKeys[i].derive(&e.who, e.request)
		if value == "" {
			return nil, true
		}
		if e.trace != nil {
			e.trace.derived(key, value)
		}
		e.derivedValues[i][0] = value
		return e.derivedValues[i][:], true
	}
	return nil, false
}
