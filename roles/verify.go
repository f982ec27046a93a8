package roles

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// A role is decided against every call of its machine before anybody sees it:
// whatever absorbing and grouping have done, each need must still be allowed.

// verifierAccount is the account that needs are decided in. Resources that are ruled by
// a policy of their own (keys, roles) are taken to trust the account, so that
// the role's own policies decide.
const verifierAccount = "123456789012"

var trusting = sync.OnceValue(func() *authz.Policy {
	p, _ := authz.Prepare("trusting", &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{
		Effect: policy.Allow, Principal: policy.PrincipalOf(policy.PrincipalAWS, verifierAccount),
		Action: policy.String("*"), Resource: policy.String("*"),
	}}})
	return &p
})

// verifyTogether is how many statements are decided upon at once. A role only
// allows, so what part of it allows the whole does; deciding every need against
// all of a very large role would be quadratic.
const verifyTogether = 64

// verify reports needs that the role does not meet.
func (g *generator) verify(role *Role) {
	instance := func(text string) string { return text }
	holes := slices.ContainsFunc(g.grants, Grant.hasHole)
	if holes {
		instance = g.instances(g.grants)
	}
	engines := map[string]*authz.Engine{} // what a grant says -> the part of the role that must allow it
	for _, p := range role.Policies {
		for from := 0; from < len(p.Document.Statements); from += verifyTogether {
			to := min(from+verifyTogether, len(p.Document.Statements))
			part := policy.Document{Version: p.Document.Version, Statements: p.Document.Statements[from:to]}
			if holes {
				part.Statements = filled(part.Statements, instance)
			}
			engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{{Name: p.Name, Document: &part}}, Resource: trusting()})
			g.findings = append(g.findings, findings...)
			for i := from; i < to && i < len(p.Reasons); i++ {
				for _, reason := range p.Reasons[i] {
					engines[reason.what] = engine
				}
			}
		}
	}
	for i := range g.grants {
		need := &g.grants[i]
		if engine := engines[need.what]; engine == nil || engine.Decide(need.request(instance)).Result != authz.Allowed {
			g.say("ROLE_INCOMPLETE", source.Error,
				fmt.Sprintf("the role that was made does not allow %s on %s", need.Action, hole.Print(need.Resource)),
				"this is a mistake in Writ: please report it with the definition")
		}
	}
}

// request is one call that a grant is for, with something in the place of what
// is not known.
func (gr *Grant) request(hole func(string) string) authz.Request {
	const ofRole = ":iam::" + verifierAccount + ":role/machine"
	r := authz.Request{Principal: "arn:aws" + ofRole, Action: gr.Action, Resource: gr.Resource}
	if gr.Resource != "*" {
		r.Resource = instance(hole(gr.Resource))
		_, rest, _ := strings.Cut(r.Resource, ":")
		if partition, _, ok := strings.Cut(rest, ":"); ok && partition != "aws" {
			r.Principal = "arn:" + partition + ofRole
		}
	}
	for _, c := range gr.Conditions {
		r.Context = append(r.Context, authz.Entry{Key: c.Key, Values: []string{instance(hole(c.Values[0]))}})
	}
	return r
}

// instance writes "x" for every wildcard; ${*} and ${?} are the characters.
func instance(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "${") && i+3 < len(text) && text[i+3] == '}':
			b.WriteByte(text[i+2])
			i += 3
		case text[i] == '*' || text[i] == '?':
			b.WriteByte('x')
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
