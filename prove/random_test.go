package prove_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// The generator makes pairs of policies that are alike, and requests that come
// near to what they say.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, 0x9e37))}
}

func pick[T any](g generator, list []T) T { return list[g.IntN(len(list))] }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) some(list []string, most int) []string {
	out := make([]string, 1+g.IntN(most))
	for i := range out {
		out[i] = pick(g, list)
	}
	return out
}

type (
	testPolicy struct {
		Version   string          `json:",omitempty"`
		Statement []testStatement `json:"Statement"`
	}
	testStatement struct {
		Effect      string
		Principal   any                            `json:",omitempty"`
		Action      []string                       `json:",omitempty"`
		NotAction   []string                       `json:",omitempty"`
		Resource    []string                       `json:",omitempty"`
		NotResource []string                       `json:",omitempty"`
		Condition   map[string]map[string][]string `json:",omitempty"`
	}
)

var (
	actionEntries = []string{"*", "s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject", "s3:*Object", "S3:getobject", "*:Get*", "s3:?etObject", "ec2:*",
		"ec2:RunInstances", "kms:*", "kms:Decrypt", "sts:*", "sts:AssumeRole", "iam:*Policy*", "iam:GetRole", "e*:Run*", "s3", "s3*"}
	resourceEntries = []string{"*", "arn:aws:s3:::*", "arn:aws:s3:::a/*", "arn:aws:s3:::a*", "arn:aws:s3:::*b", "arn:aws:s3:::a*b", "arn:aws:s3:::a/?",
		"arn:aws:s3:::a/b", "arn:*:s3:::a/*", "arn:aws:*", "arn:aws:*:b", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::${t, 'a'}/b",
		"arn:aws:s3:::a/${t}", "arn:aws:kms:*:*:key/*", "arn:aws:iam::*:role/a", "arn:aws:iam::aws:policy/*", "arn:aws:s3:::a/${*}"}
	randomActions = []string{"s3:GetObject", "s3:PutObject", "s3:SetObject", "ec2:RunInstances", "ec2:x", "kms:Decrypt", "sts:AssumeRole", "sts:GetCallerIdentity",
		"iam:CreatePolicy", "iam:GetRole", "svc:Get", "elsewhere:RunIt"}
	randomResources = []string{"*", "arn:aws:s3:::a/b", "arn:aws:s3:::a/*", "arn:aws:s3:::a/x", "arn:aws:s3:::b", "arn:aws:s3:::ab", "arn:aws:s3:::x/b", "arn:aws-cn:s3:::a/b",
		"arn:aws:s3:::x", "arn:aws:kms:r:123456789012:key/k", "arn:aws:iam::123456789012:role/a", "arn:aws:iam::aws:policy/p", "arn:aws:sqs:r:123456789012:b"}
	keysOf = map[string][]string{
		"String": {"k", "K", "t", "aws:username", "aws:TagKeys", "m"}, "Numeric": {"n"}, "Date": {"d", "aws:CurrentTime"}, "Bool": {"b", "aws:SecureTransport"},
		"Ip": {"aws:SourceIp"}, "Arn": {"aws:SourceArn", "k"}, "Null": {"k", "t", "n", "b", "aws:TagKeys", "aws:username"}, "Binary": {"bin"},
	}
	valuesOf = map[string][]string{
		"String":  {"a", "b", "A", "ab", "a*", "*", "?", "*b", "", "${aws:username}", "${t}", "${t}*", "${t, 'a'}", "a${*}", "x${k}"},
		"Numeric": {"1", "2", "1.5", "10", "1e1", "x"},
		"Date":    {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z", "1767225600", "2026", "x"},
		"Bool":    {"true", "false", "True"}, "Null": {"true", "false"}, "Binary": {"QQ==", "QUI="},
		"Ip":  {"10.0.0.0/8", "10.128.0.0/9", "10.0.0.0/9", "0.0.0.0/0", "::/0", "2001:db8::/32"},
		"Arn": {"arn:aws:s3:::a*", "arn:aws:s3:*:*:*", "arn:aws:s3:::${t}", "*", "arn:aws:*:*:*", "arn:*:*:*:*:*b"},
	}
	samplesOf = map[string][]string{
		"k": {"a", "b", "A", "ab", "", "x", "a*", "arn:aws:s3:::a", "arn:aws:s3:::ab", "xa"}, "t": {"a", "b", "", "*", "x/y"}, "aws:username": {"a", "b", "x"}, "m": {"a", "b"},
		"n": {"0", "1", "1.0", "1.25", "1.5", "2", "10", "11"}, "d": {"2025-06-01", "2026-01-01", "1767225600", "2026-01-01T00:00:00.001Z", "2027"},
		"aws:CurrentTime": {"2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"}, "b": {"true", "false"}, "aws:SecureTransport": {"true", "false"},
		"aws:SourceIp":  {"10.0.0.1", "10.200.0.1", "11.0.0.1", "2001:db8::1", "::1"},
		"aws:SourceArn": {"arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:s3:r:1:ab", "x"}, "bin": {"QQ==", "QUI=", "QUJD"}, "aws:TagKeys": {"a", "b", "ab"},
	}
)

var operatorNames = func() map[string][]string {
	out := map[string][]string{}
	for _, op := range policy.Operators() {
		family := []string{"String", "Numeric", "Date", "Bool", "Binary", "Ip", "Arn", "Null"}[op.Family]
		if op.Family == policy.FamilyIP {
			family = "Ip"
		}
		if op.Family == policy.FamilyARN {
			family = "Arn"
		}
		out[family] = append(out[family], op.Name)
	}
	return out
}()

func (g generator) condition() map[string]map[string][]string {
	out := map[string]map[string][]string{}
	for range 1 + g.IntN(2) {
		family := pick(g, []string{"String", "String", "String", "Numeric", "Date", "Bool", "Ip", "Arn", "Null", "Binary"})
		op, key := pick(g, operatorNames[family]), pick(g, keysOf[family])
		if key == "aws:TagKeys" && family != "Null" && g.chance(80) || g.chance(8) {
			op = pick(g, []string{"ForAllValues:", "ForAnyValue:"}) + op
		}
		if family != "Null" && g.chance(20) {
			op += "IfExists"
		}
		if out[op] == nil {
			out[op] = map[string][]string{}
		}
		if strings.EqualFold(key, "k") {
			delete(out[op], "K")
			delete(out[op], "k")
		}
		out[op][key] = g.some(valuesOf[family], 2)
	}
	return out
}

func (g generator) statement() testStatement {
	s := testStatement{Effect: "Allow"}
	if g.chance(35) {
		s.Effect = "Deny"
	}
	if actions := g.some(actionEntries, 3); g.chance(12) {
		s.NotAction = actions
	} else {
		s.Action = actions
	}
	if resources := g.some(resourceEntries, 3); g.chance(12) {
		s.NotResource = resources
	} else {
		s.Resource = resources
	}
	if g.chance(60) {
		s.Condition = g.condition()
	}
	return s
}

func (g generator) policy() testPolicy {
	p := testPolicy{Version: "2012-10-17"}
	if g.chance(8) {
		p.Version = "2008-10-17"
	}
	for range 1 + g.IntN(3) {
		p.Statement = append(p.Statement, g.statement())
	}
	return p
}

// near is a policy that differs in a few places.
func (g generator) near(p testPolicy) testPolicy {
	out := testPolicy{Version: p.Version, Statement: append([]testStatement(nil), p.Statement...)}
	for range 1 + g.IntN(2) {
		i := g.IntN(len(out.Statement))
		s := &out.Statement[i]
		switch g.IntN(6) {
		case 0:
			out.Statement = append(out.Statement, g.statement())
		case 1:
			if len(out.Statement) > 1 {
				out.Statement = append(out.Statement[:i:i], out.Statement[i+1:]...)
			}
		case 2:
			s.Action, s.NotAction = g.some(actionEntries, 2), nil
		case 3:
			s.Resource, s.NotResource = g.some(resourceEntries, 2), nil
		case 4:
			s.Condition = g.condition()
		case 5:
			s.Condition = nil
		}
	}
	return out
}

func (g generator) request() authz.Request {
	r := authz.Request{Principal: "arn:aws:iam::123456789012:user/someone", Action: pick(g, randomActions), Resource: pick(g, randomResources)}
	for key, values := range samplesOf {
		switch {
		case g.chance(50):
			r.Context = append(r.Context, authz.Entry{Key: key, Values: []string{}})
		case key == "aws:TagKeys" && g.chance(50):
			r.Context = append(r.Context, authz.Entry{Key: key, Values: g.some(values, 3)})
		default:
			r.Context = append(r.Context, authz.Entry{Key: key, Values: []string{pick(g, values)}})
		}
	}
	return r
}

func (p testPolicy) document(t testing.TB) *policy.Document {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func text(t testing.TB, doc *policy.Document) string {
	t.Helper()
	return string(policy.Print(doc, ""))
}

// TestAgainstEngine puts random requests to the engine: none may refute what was
// proved. What was refuted is confirmed by the engine before it is returned.
func TestAgainstEngine(t *testing.T) {
	pairs, requests := 5000, 200
	if testing.Short() || raceEnabled {
		pairs = 200
	}
	counts := map[prove.Verdict]int{}
	reasons := map[string]int{}
	for seed := range uint64(pairs) {
		g := newGenerator(seed)
		first := g.policy()
		second := g.near(first)
		if g.chance(50) {
			first, second = second, first
		}
		a, b := first.document(t), second.document(t)
		result, err := prove.Compare(t.Context(), prove.Identity(a), prove.Identity(b), prove.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, text(t, a), text(t, b))
		}
		counts[result.Verdict]++
		reasons[result.Reason]++
		if result.Verdict != prove.Proved {
			continue
		}
		engineA, engineB := engine(t, a), engine(t, b)
		for range requests {
			r := g.request()
			if holdsEmptySet(&r, first, second) {
				continue
			}
			if engineA.Decide(r).Result == authz.Allowed && engineB.Decide(r).Result != authz.Allowed {
				t.Fatalf("seed %d: proved, but the engine allows %v by the first alone\n%s\n%s", seed, r, text(t, a), text(t, b))
			}
		}
	}
	t.Logf("%d pairs, %d requests each: %v; %v", pairs, requests, counts, reasons)
	if undecided := counts[prove.Undecided]; undecided > pairs/50 {
		t.Errorf("%d of %d pairs are undecided", undecided, pairs)
	}
}

// holdsEmptySet reports whether a request writes an empty set as a single empty
// string: such requests are left out, see the documentation of the package.
func holdsEmptySet(r *authz.Request, policies ...testPolicy) bool {
	for _, p := range policies {
		for _, s := range p.Statement {
			for op, keys := range s.Condition {
				for key := range keys {
					for _, entry := range r.Context {
						if strings.HasPrefix(op, "For") && strings.EqualFold(entry.Key, key) && len(entry.Values) == 1 && entry.Values[0] == "" {
							return true
						}
					}
				}
			}
		}
	}
	return false
}

func engine(t testing.TB, doc *policy.Document) *authz.Engine {
	t.Helper()
	e, findings := authz.Compile(prove.Identity(doc))
	if e == nil {
		t.Fatal(findings)
	}
	return e
}
