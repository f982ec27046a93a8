package authz_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

// The generator makes sets of policies and requests from small alphabets, so
// that what it writes about one another often matches.

type generator struct{ r *rand.Rand }

func newGenerator(seed uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, 0x5eed))}
}

// bytesSource is a source of randomness that fuzzing can steer.
type bytesSource struct {
	bytes []byte
	rest  rand.PCG
}

func (s *bytesSource) Uint64() uint64 {
	if len(s.bytes) == 0 {
		return s.rest.Uint64()
	}
	v := uint64(s.bytes[0])
	s.bytes = s.bytes[1:]
	return v << 56 // the highest bits decide
}

func fuzzedGenerator(data []byte) generator {
	return generator{rand.New(&bytesSource{bytes: data})}
}

func pick[T any](g generator, list []T) T { return list[g.r.IntN(len(list))] }

// some picks a few, at least min.
func some[T any](g generator, list []T, min, max int) []T {
	out := make([]T, min+g.r.IntN(max-min+1))
	for i := range out {
		out[i] = pick(g, list)
	}
	return out
}

// chance is true in so many of a hundred cases.
func (g generator) chance(percent int) bool { return g.r.IntN(100) < percent }

var (
	callers = []string{
		"arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:user/alice",
		"arn:aws:iam::111111111111:user/dir/bob", "arn:aws:iam::111111111111:role/app", "arn:aws:iam::111111111111:role/path/app",
		"arn:aws:sts::111111111111:assumed-role/app/s1", "arn:aws:sts::111111111111:assumed-role/app/s1",
		"arn:aws:sts::111111111111:assumed-role/app/s2", "arn:aws:sts::111111111111:federated-user/alice",
		"arn:aws:sts::111111111111:federated-user/carol", "arn:aws:iam::222222222222:root", "arn:aws:iam::222222222222:user/alice",
		"arn:aws:sts::222222222222:assumed-role/app/s1", "arn:aws-cn:iam::111111111111:user/alice",
		"ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "anonymous",
	}
	providers = []string{"arn:aws:iam::111111111111:saml-provider/idp", "cognito-identity.amazonaws.com", "accounts.google.com"}

	// What a Principal element may name: callers and what stands above them.
	namedAWS = []string{
		"*", "111111111111", "arn:aws:iam::111111111111:root", "222222222222", "arn:aws:iam::222222222222:root",
		"arn:aws:iam::111111111111:user/alice", "arn:aws:iam::111111111111:user/dir/bob", "arn:aws:iam::111111111111:role/app",
		"arn:aws:iam::111111111111:role/path/app", "arn:aws:sts::111111111111:assumed-role/app/s1", "arn:aws:sts::111111111111:federated-user/alice",
		"arn:aws:iam::222222222222:user/alice", "arn:aws:iam::222222222222:role/app", "arn:aws:iam::111111111111:user/*",
		"arn:aws:iam::111111111111:user/Alice", "AIDAEXAMPLE", "arn:aws-cn:iam::111111111111:root", "arn:aws:iam::111111111111:group/team",
	}
	namedServices = []string{"ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "*"}

	actions = []string{
		"s3:GetObject", "s3:PutObject", "s3:ListAllMyBuckets", "S3:getobject", "ecs:RunTask", "ecs:StopTask", "ec2:RunInstances",
		"kms:Decrypt", "sts:AssumeRole", "sts:TagSession", "iam:CreatePolicyVersion", "iam:GetPolicy",
		"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:GetCallerIdentity",
	}
	actionEntries = []string{
		"*", "*", "s3:*", "s3:Get*", "s3:GetObject", "S3:GETOBJECT", "s3:PutObject", "s3:*Object", "s3:?etObject", "s?:*", "*:*", "*:Get*",
		"ecs:*", "ecs:RunTask", "ecs:*Task", "ec?:Run*", "e*:RunTask", "ecs:Run", "kms:*", "kms:Decrypt", "sts:*", "sts:AssumeRole*",
		"sts:AssumeRole", "sts:TagSession", "iam:*", "s3.GetObject", "s3*", "s3:Get.bject", "", "sts:GetCallerIdentity",
	}
	resources = []string{
		"*", "arn:aws:s3:::bucket/a.txt", "arn:aws:s3:::bucket/dir/b.txt", "arn:aws:s3:::alice-bucket/x", "arn:aws:s3:::bucket",
		"arn:aws:s3:::bucket/we:ird*", "arn:aws:ecs:eu-west-1:111111111111:task-definition/web:1", "arn:aws:ecs:eu-west-1:111111111111:cluster/web",
		"arn:aws:ecs:eu-west-1:222222222222:cluster/web", "arn:aws:kms:eu-west-1:111111111111:key/k1", "arn:aws:kms:eu-west-1:111111111111:alias/k",
		"arn:aws:kms:eu-west-1:222222222222:key/k2", "arn:aws:iam::111111111111:role/app", "arn:aws:iam::222222222222:role/path/app",
		"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws-cn:s3:::bucket/a.txt", "arn:aws:sqs:eu-west-1:111111111111:alice-queue",
	}
	resourceEntries = []string{
		"*", "*", "*", "arn:aws:s3:::*", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a.txt", "arn:aws:s3:::bucket/?.txt", "arn:aws:s3:::buck*.txt",
		"arn:aws:s3:::bucket", "arn:aws:s3:::BUCKET", "arn:aws:s3:::${aws:username}-bucket/*", "arn:aws:s3:::${aws:PrincipalTag/team, 'bucket'}/*",
		"arn:aws:s3:::bucket/we:ird${*}", "arn:aws:s3:::${k:s}/a.txt", "arn:aws:ecs:*:111111111111:cluster/web", "arn:aws:ecs:*:cluster/web",
		"arn:aws:ecs:*", "arn:aws:ecs:*web", "arn:aws:ecs:eu-*-1:1*:cluster/*", "arn:aws:ecs:eu-west-?:111111111111:task-definition/web:*",
		"arn:aws:e*s:eu-west-1:*:cluster/web", "arn:*:s3:::bucket/a.txt", "arn:aws:kms:*:*:key/*", "arn:aws:kms:*:*:alias/*",
		"arn:aws:iam::*:role/app", "arn:aws:iam::*:role/*", "arn:aws:iam::*", "arn:aws:iam::aws:policy/*", "arn:aws:sqs:*:*:${aws:username}-queue",
		"arn:aws:s3:::*/${k:multi}", "", "arn:aws:s3", "arn:aws:${k:s}:::bucket/*",
	}

	// Keys of each type, and values that fit it. The last few are for all.
	keys = []string{"k:s", "K:S", "aws:PrincipalTag/team", "aws:username", "k:n", "k:d", "k:b", "k:ip", "k:arn", "k:bin", "k:multi", "k:absent",
		"aws:PrincipalArn", "aws:PrincipalType", "aws:PrincipalAccount", "aws:userid", "aws:ResourceAccount", "aws:CurrentTime",
		"aws:EpochTime", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName"}
	stringValues = []string{"alice", "Alice", "bob", "bucket", "", "a*", "alice*", "*", "?lice", "User", "111111111111", "red", "app"}
	typedValues  = map[string][]string{
		"String": {"alice", "ALICE", "a*", "*", "?lice", "${aws:username}", "${k:s}*", "${aws:PrincipalTag/team, 'red'}", "${*}", "a${*}", "${?}lice",
			"${k:multi}", "bucket", "User", "", "red", "${k:absent}", "prefix-${AWS:UserName}", "AssumedRole"},
		"Numeric": {"1", "1.0", "01", "-1", "2", "1e1", "10", "9007199254740993", "9007199254740992", "x", "1x", "", ".5", "0.50", "-0", "5."},
		"Date": {"2026", "2026-03", "2026-03-01", "2026-03-01T00:00Z", "2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00.5Z", "1772323200",
			"1772323200.5", "2025-12-31T23:59:59Z", "2026-13-01", "2026-03-01T5:04Z", "2026-03-01T00:00:00,5Z", "now", "-1", "2026-02-29"},
		"Bool":   {"true", "false", "TRUE", "yes", ""},
		"Binary": {"QUJD", "QUJE", "ABC", "", "QUJDRA=="},
		"Ip":     {"10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "10.9.9.9/8", "2001:db8::/32", "2001:DB8:0::1", "0.0.0.0/0", "::/0", "10.1", "x"},
		"Arn": {"arn:aws:iam::111111111111:role/app", "arn:aws:iam::*:role/*", "arn:aws:*:*", "*", "arn:aws:iam::111111111111:user/${aws:username}",
			"arn:aws:iam::${aws:PrincipalAccount}:*", "${aws:PrincipalArn}", "arn:*:iam::*:*", "arn:aws:iam:*:user/alice", "arn:aws:sts::?11111111111:*"},
		"Null": {"true", "false", "TRUE", "maybe"},
	}
	addresses = []string{"10.1.2.3", "11.1.2.3", "2001:db8::1", "10.1", "", "10.1.0.0/16", "0.0.0.0/1"}
	families  = []string{"String", "String", "Numeric", "Date", "Bool", "Binary", "Ip", "Arn", "Null"}
)

// family returns the type of values that an operator compares.
func family(operator string) string {
	switch name := strings.TrimPrefix(operator, "Not"); {
	case strings.HasPrefix(name, "Ip"):
		return "Ip"
	default:
		for _, f := range families {
			if strings.HasPrefix(name, f) {
				return f
			}
		}
	}
	panic("no family for " + operator)
}

var operatorsOf = func() map[string][]string {
	out := map[string][]string{}
	for _, op := range policy.Operators() {
		out[family(op.Name)] = append(out[family(op.Name)], op.Name)
	}
	return out
}()

func (g generator) operator(family string) string {
	op := pick(g, operatorsOf[family])
	switch g.r.IntN(10) {
	case 0:
		op = "ForAllValues:" + op
	case 1, 2:
		op = "ForAnyValue:" + op
	}
	if family != "Null" && g.chance(20) {
		op += "IfExists"
	}
	if g.chance(3) {
		op = strings.ToLower(op)
	}
	return op
}

// keyFor picks a key that is likely to hold values of the type.
func (g generator) keyFor(family string) string {
	if g.chance(20) {
		return pick(g, keys)
	}
	switch family {
	case "Numeric":
		return pick(g, []string{"k:n", "aws:EpochTime"})
	case "Date":
		return pick(g, []string{"k:d", "aws:CurrentTime", "aws:EpochTime"})
	case "Bool":
		return pick(g, []string{"k:b", "aws:PrincipalIsAWSService"})
	case "Binary":
		return "k:bin"
	case "Ip":
		return "k:ip"
	case "Arn":
		return pick(g, []string{"k:arn", "aws:PrincipalArn"})
	}
	return pick(g, []string{"k:s", "k:s", "K:S", "k:multi", "aws:PrincipalTag/team", "aws:username", "aws:PrincipalType"})
}

func (g generator) condition() refCondition {
	c := refCondition{}
	for range 1 + g.r.IntN(2) {
		f := pick(g, families)
		op := g.operator(f)
		if c[op] == nil {
			c[op] = map[string]refList{}
		}
		key := g.keyFor(f)
		for other := range c[op] {
			if strings.EqualFold(other, key) {
				key = other
			}
		}
		c[op][key] = some(g, typedValues[f], 1, 3)
		if g.chance(3) {
			c[op][key] = refList{}
		}
	}
	return c
}

func (g generator) list(entries []string) *refList {
	l := refList(some(g, entries, 1, 3))
	if g.chance(2) {
		l = refList{}
	}
	return &l
}

func (g generator) principal() *refPrincipal {
	switch g.r.IntN(10) {
	case 0:
		return &refPrincipal{everyone: true}
	case 1:
		return &refPrincipal{groups: map[string]refList{"Service": some(g, namedServices, 1, 2)}}
	case 2:
		return &refPrincipal{groups: map[string]refList{"Federated": some(g, providers, 1, 2)}}
	case 3:
		return &refPrincipal{groups: map[string]refList{"AWS": some(g, namedAWS, 1, 4), "Service": some(g, namedServices, 1, 1)}}
	}
	return &refPrincipal{groups: map[string]refList{"AWS": some(g, namedAWS, 1, 3)}}
}

// hasPrincipals: kinds of policy that are not attached to a caller.
func hasPrincipals(kind authz.Kind) bool {
	return kind == authz.Resource || kind == authz.Endpoint || kind == authz.RCP
}

func (g generator) statement(kind authz.Kind) *refStatement {
	s := &refStatement{Effect: "Allow"}
	if g.chance(12) || kind == authz.RCP && g.chance(80) || kind == authz.Endpoint && g.chance(10) {
		s.Effect = "Deny"
	}
	if g.chance(10) {
		s.NotAction = g.list(actionEntries)
	} else {
		s.Action = g.list(actionEntries)
	}
	switch {
	case g.chance(10):
		s.NotResource = g.list(resourceEntries)
	default:
		s.Resource = g.list(resourceEntries)
	}
	switch {
	case !hasPrincipals(kind):
	case kind != authz.Resource && g.chance(70):
		s.Principal = &refPrincipal{everyone: true}
	case g.chance(15) && s.Effect == "Deny":
		s.NotPrincipal = g.principal()
	default:
		s.Principal = g.principal()
	}
	if g.chance(35) {
		s.Condition = g.condition()
	}
	if s.Effect == "Deny" && g.chance(60) {
		// A broad Deny decides everything: narrow it.
		s.NotAction, s.Action = nil, &refList{pick(g, actions)}
	}
	return s
}

func (g generator) policy(kind authz.Kind) *refPolicy {
	p := &refPolicy{Version: "2012-10-17"}
	if g.chance(15) {
		p.Version = pick(g, []string{"2008-10-17", ""})
	}
	n := 1 + g.r.IntN(3)
	if g.chance(6) {
		n = 10 + g.r.IntN(30) // enough for an index
	}
	for range n {
		p.Statement = append(p.Statement, g.statement(kind))
	}
	if g.chance(35) && kind != authz.Resource {
		all := &refStatement{Effect: "Allow", Action: &refList{"*"}, Resource: &refList{"*"}}
		if hasPrincipals(kind) {
			all.Principal = &refPrincipal{everyone: true}
		}
		p.Statement = append(p.Statement, all)
	}
	return p
}

func (g generator) policies(kind authz.Kind, min, max int) []*refPolicy {
	var out []*refPolicy
	for range min + g.r.IntN(max-min+1) {
		out = append(out, g.policy(kind))
	}
	return out
}

func (g generator) levels(kind authz.Kind) [][]*refPolicy {
	out := [][]*refPolicy{}
	for range 1 + g.r.IntN(3) {
		out = append(out, g.policies(kind, 1, 2))
	}
	if g.chance(3) {
		out = append(out, nil) // a level without policies
	}
	return out
}

func (g generator) set() refSet {
	set := refSet{}
	add := func(kind authz.Kind, percent int, levels func() [][]*refPolicy) {
		if g.chance(percent) {
			set[kind] = levels()
		}
	}
	list := func(kind authz.Kind, max int) func() [][]*refPolicy {
		return func() [][]*refPolicy { return [][]*refPolicy{g.policies(kind, 1, max)} }
	}
	add(authz.Identity, 85, list(authz.Identity, 3))
	add(authz.Group, 25, list(authz.Group, 2))
	add(authz.Boundary, 25, list(authz.Boundary, 1))
	add(authz.Session, 25, list(authz.Session, 2))
	add(authz.Resource, 60, list(authz.Resource, 1))
	add(authz.Endpoint, 15, list(authz.Endpoint, 1))
	add(authz.SCP, 20, func() [][]*refPolicy { return g.levels(authz.SCP) })
	add(authz.RCP, 15, func() [][]*refPolicy { return g.levels(authz.RCP) })
	return set
}

func (g generator) context() authz.Context {
	var c authz.Context
	add := func(percent int, key string, values []string, atMost int) {
		if g.chance(percent) {
			c = append(c, authz.Entry{Key: key, Values: some(g, values, 1, atMost)})
		}
	}
	add(50, pick(g, []string{"k:s", "K:s"}), stringValues, 1)
	add(40, "aws:PrincipalTag/team", stringValues, 1)
	add(30, "aws:username", stringValues, 1)
	add(50, "k:n", typedValues["Numeric"], 1)
	add(50, "k:d", typedValues["Date"], 1)
	add(50, "k:b", typedValues["Bool"], 1)
	add(50, "k:ip", addresses, 1)
	add(50, "k:arn", append([]string{"arn:aws:iam::111111111111:user/alice", "not an ARN"}, typedValues["Arn"]...), 1)
	add(50, "k:bin", typedValues["Binary"], 1)
	add(50, "k:multi", stringValues, 3)
	if g.chance(10) {
		c = append(c, authz.Entry{Key: "k:absent"}) // a key without values is absent
	}
	if g.chance(3) {
		for i := range 20 { // large enough for another way of looking up
			c = append(c, authz.Entry{Key: fmt.Sprintf("k:more%d", i), Values: []string{"x"}})
		}
	}
	return c
}

func (g generator) request() *authz.Request {
	r := &authz.Request{
		Principal: pick(g, callers), Action: pick(g, actions), Resource: pick(g, resources),
		Context: g.context(), Time: time.Unix(1772323200, 0),
		ServiceLinkedRole: g.chance(2), PrincipalInManagementAccount: g.chance(3), ResourceInManagementAccount: g.chance(3),
	}
	if g.chance(50) {
		r.Principal = callers[1] // one that has everything
	}
	if strings.HasPrefix(r.Action, "sts:AssumeRoleWith") {
		r.Principal = pick(g, providers)
	}
	if strings.HasPrefix(r.Action, "sts:") && g.chance(60) {
		r.Resource = "arn:aws:iam::111111111111:role/app"
	}
	if r.Action == "sts:GetCallerIdentity" && g.chance(80) {
		r.Action = "s3:GetObject"
	}
	if part := strings.SplitN(r.Resource, ":", 6); g.chance(10) && (len(part) < 6 || !regexp12.MatchString(part[4])) {
		r.ResourceAccount = pick(g, []string{"111111111111", "222222222222"})
	}
	return r
}

// compile hands a set to the engine as JSON text, the way policies arrive.
func compile(t testing.TB, set refSet) *authz.Engine {
	t.Helper()
	engine, findings := authz.Compile(toSet(t, set))
	if engine == nil {
		t.Fatalf("generated policies do not compile: %v\n%s", findings, printSet(set))
	}
	return engine
}

func toSet(t testing.TB, set refSet) authz.Set {
	t.Helper()
	levels := func(kind authz.Kind) [][]authz.Policy {
		if set[kind] == nil {
			return nil
		}
		out := [][]authz.Policy{}
		for l, list := range set[kind] {
			out = append(out, nil)
			for i, p := range list {
				out[l] = append(out[l], toPolicy(t, fmt.Sprint(kind, i), p))
			}
		}
		return out
	}
	list := func(kind authz.Kind) []authz.Policy {
		if l := levels(kind); l != nil {
			return l[0]
		}
		return nil
	}
	one := func(kind authz.Kind) *authz.Policy {
		if l := list(kind); l != nil {
			return &l[0]
		}
		return nil
	}
	return authz.Set{
		Identity: list(authz.Identity), Groups: list(authz.Group), Boundary: one(authz.Boundary), Session: list(authz.Session),
		Resource: one(authz.Resource), Endpoint: one(authz.Endpoint), SCPs: levels(authz.SCP), RCPs: levels(authz.RCP),
	}
}

func toPolicy(t testing.TB, name string, p *refPolicy) authz.Policy {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	doc, findings := policy.ParseString(name, string(text))
	if findings.HasErrors() {
		t.Fatalf("generated policy cannot be read: %v\n%s", findings, text)
	}
	return authz.Policy{Name: name, Document: doc}
}

func printSet(set refSet) string {
	named := map[string][][]*refPolicy{}
	for kind, levels := range set {
		named[kind.String()] = levels
	}
	text, err := json.MarshalIndent(named, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
