package minimal_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/minimal"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// The generator makes policies of few words, so that much in them is redundant, and
// requests of the same words.
type generator struct{ *rand.Rand }

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
	object    = map[string]any
	keyValues = map[string][]string
)

var (
	actionWords = []string{"s3:GetObject", "s3:getobject", "s3:PutObject", "s3:Get*", "s3:*Object", "s3:*", "*", "*:Get*", "s3:?etObject", "s3:ListBucket",
		"sqs:SendMessage", "sqs:DeleteMessage", "sqs:*Message", "kms:Decrypt", "kms:*", "sts:AssumeRole", "sts:GetCallerIdentity", "iam:PassRole", "iam:Pass*", "s3"}
	resourceWords = []string{"*", "arn:aws:s3:::*", "arn:aws:s3:::a/*", "arn:aws:s3:::a*", "arn:aws:s3:::a/b", "arn:aws:s3:::a/b*", "arn:aws:s3:::b/*", "arn:aws:s3:::?/b",
		"arn:*:s3:::a/*", "arn:aws:*:b", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::${aws:username}/b", "arn:aws:s3:::a/${*}", "arn:aws:sqs:*:*:q", "arn:aws:sqs:r:123456789012:q", "nothing"}
	askedActions = []string{"s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "s3:SetObject", "s3:ListBucket", "sqs:SendMessage", "sqs:DeleteMessage", "sqs:New", "kms:Decrypt",
		"kms:Encrypt", "sts:AssumeRole", "sts:GetCallerIdentity", "iam:PassRole", "iam:GetRole", "ec2:RunInstances"}
	askedResources = []string{"*", "arn:aws:s3:::a/b", "arn:aws:s3:::a/bb", "arn:aws:s3:::a/*", "arn:aws:s3:::ab", "arn:aws:s3:::b/b", "arn:aws:s3:::b/c", "arn:aws:s3:::u/b", "arn:aws-cn:s3:::a/b",
		"arn:aws:sqs:r:123456789012:q", "arn:aws:sqs:r:123456789012:b", "arn:aws:iam::123456789012:role/r"}
	askedValues = map[string][]string{"k": {"a", "b", "ab", "A", "x"}, "aws:username": {"a", "u", "b"}, "n": {"1", "2", "5", "10"}, "aws:MultiFactorAuthPresent": {"true", "false"},
		"aws:SourceIp": {"10.1.2.3", "11.0.0.1", "::1"}, "aws:SourceArn": {"arn:aws:sns:r:123456789012:t", "arn:aws:sns:r:123456789012:u", "arn:aws:s3:::a"}, "aws:TagKeys": {"a", "b", "c"}}
	comparisons = []struct {
		operators []string
		key       string
		values    []string
	}{
		{[]string{"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringLikeIfExists", "StringEqualsIfExists"}, "k", []string{"a", "b", "a*", "ab", "*", "?", "${aws:username}"}},
		{[]string{"NumericLessThan", "NumericEquals", "NumericGreaterThanEqualsIfExists"}, "n", []string{"1", "2", "5", "5.0", "x"}},
		{[]string{"Bool", "BoolIfExists"}, "aws:MultiFactorAuthPresent", []string{"true", "false"}},
		{[]string{"IpAddress", "NotIpAddress", "IpAddressIfExists"}, "aws:SourceIp", []string{"10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "::/0"}},
		{[]string{"ArnLike", "ArnEquals", "ArnNotLike"}, "aws:SourceArn", []string{"arn:aws:sns:*:*:*", "arn:aws:sns:r:123456789012:t", "arn:aws:sns:*:*:t"}},
		{[]string{"Null"}, "k", []string{"true", "false"}},
		{[]string{"ForAllValues:StringEquals", "ForAnyValue:StringEquals", "ForAllValues:StringLike", "ForAnyValue:StringNotLike"}, "aws:TagKeys", []string{"a", "b", "a*", "*"}},
	}
	principals = []any{"*", object{"AWS": []string{"123456789012"}}, object{"AWS": []string{"arn:aws:iam::123456789012:user/u"}}, object{"AWS": []string{"arn:aws:iam::123456789012:role/r", "123456789012"}},
		object{"Service": []string{"sns.amazonaws.com"}}, object{"Service": []string{"sns.amazonaws.com", "sns.amazonaws.com"}, "AWS": []string{"111122223333"}}}
	askers = []string{"arn:aws:iam::123456789012:user/u", "arn:aws:iam::123456789012:user/v", "arn:aws:sts::123456789012:assumed-role/r/s", "arn:aws:iam::111122223333:user/w", "sns.amazonaws.com", "anonymous"}
)

func (g generator) condition() map[string]keyValues {
	out := map[string]keyValues{}
	for range 1 + g.IntN(2) {
		c := pick(g, comparisons)
		op := pick(g, c.operators)
		if out[op] == nil {
			out[op] = keyValues{}
		}
		out[op][c.key] = g.some(c.values, 3)
	}
	return out
}

func (g generator) statement(named bool) object {
	s := object{"Effect": "Allow"}
	if g.chance(30) {
		s["Effect"] = "Deny"
	}
	if g.chance(20) {
		s["Sid"] = "S" + string(rune('a'+g.IntN(26)))
	}
	element := func(name string, words []string) {
		if g.chance(10) {
			name = "Not" + name
		}
		s[name] = g.some(words, 4)
	}
	element("Action", actionWords)
	element("Resource", resourceWords)
	if g.chance(40) {
		s["Condition"] = g.condition()
	}
	if named {
		if s["Effect"] == "Deny" && g.chance(10) {
			s["NotPrincipal"] = principals[1]
		} else {
			s["Principal"] = pick(g, principals)
		}
	}
	return s
}

func (g generator) policy(t testing.TB, named bool) *policy.Document {
	t.Helper()
	p := object{"Version": "2012-10-17", "Id": "P"}
	if g.chance(8) {
		p["Version"] = "2008-10-17"
	}
	var statements []object
	for range 1 + g.IntN(5) {
		s := g.statement(named)
		if len(statements) > 0 && g.chance(50) { // one that differs in little
			s = object{}
			for name, value := range pick(g, statements) {
				s[name] = value
			}
			switch other := g.statement(named); g.IntN(3) {
			case 0:
				if s["Action"] != nil {
					s["Action"] = g.some(actionWords, 3)
				}
			case 1:
				if s["Resource"] != nil {
					s["Resource"] = g.some(resourceWords, 3)
				}
			default:
				delete(s, "Condition")
				if other["Condition"] != nil {
					s["Condition"] = other["Condition"]
				}
			}
		}
		statements = append(statements, s)
	}
	p["Statement"] = statements
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func (g generator) request(named bool) authz.Request {
	r := authz.Request{Principal: askers[0], Action: pick(g, askedActions), Resource: pick(g, askedResources)}
	if named {
		r.Principal = pick(g, askers)
	}
	for key, values := range askedValues {
		entry := authz.Entry{Key: key, Values: []string{}}
		if g.chance(65) {
			entry.Values = []string{pick(g, values)}
			if key == "aws:TagKeys" && g.chance(50) {
				entry.Values = g.some(values, 3)
			}
		}
		r.Context = append(r.Context, entry)
	}
	return r
}

func parse(t testing.TB, text string) *policy.Document {
	t.Helper()
	doc, findings := policy.ParseString("", text)
	if findings.HasErrors() {
		t.Fatalf("%v\n%s", findings, text)
	}
	return doc
}

func minimize(t testing.TB, doc *policy.Document, options minimal.Options) *minimal.Result {
	t.Helper()
	result, err := minimal.Minimize(t.Context(), doc, options)
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return result
}

// engines decide by the policy as everything that it can be: its Deny statements
// alone, turned into Allow, tell what it denies.
func engines(t testing.TB, doc *policy.Document, named bool) []*authz.Engine {
	t.Helper()
	flipped := *doc
	flipped.Statements = nil
	for _, s := range doc.Statements {
		if s.Effect == policy.Deny && s.NotPrincipal == nil {
			s.Effect = policy.Allow
			flipped.Statements = append(flipped.Statements, s)
		}
	}
	full := authz.Policy{Document: doc}
	sets := []authz.Set{{Identity: []authz.Policy{full}}}
	if named {
		everything := authz.Policy{Document: parse(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`)}
		// The boundary tells apart how a principal is named.
		boundary := authz.Policy{Document: parse(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}`)}
		sets = []authz.Set{{Resource: &full}, {Resource: &full, Identity: []authz.Policy{everything}}, {Resource: &full, Boundary: &boundary}}
	}
	if len(flipped.Statements) > 0 {
		denied := authz.Policy{Document: &flipped}
		if named {
			sets = append(sets, authz.Set{Resource: &denied})
		} else {
			sets = append(sets, authz.Set{Identity: []authz.Policy{denied}})
		}
	} else {
		sets = append(sets, authz.Set{})
	}
	var out []*authz.Engine
	for _, set := range sets {
		e, findings := authz.Compile(set)
		if e == nil {
			t.Fatal(findings)
		}
		out = append(out, e)
	}
	return out
}

// TestMeaningIsKept puts random requests to random policies and what became of them:
// the decision is the same. Once is enough, and nothing grows.
func TestMeaningIsKept(t *testing.T) {
	policies, requests := 5000, 100
	if testing.Short() || raceEnabled {
		policies = 300
	}
	kinds := map[minimal.Kind]int{}
	reasons := map[minimal.Reason]int{}
	before, after, undecided := 0, 0, 0
	for seed := range uint64(policies) {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		named := seed%4 == 3
		doc := g.policy(t, named)
		text := doc.String()
		result := minimize(t, doc, minimal.Options{NoWildcards: seed%2 == 0})
		if doc.String() != text {
			t.Fatalf("seed %d: the document that was given has changed\n%s\n%s", seed, text, doc)
		}
		small := parse(t, result.Document.String())
		for _, c := range result.Changes {
			kinds[c.Kind]++
			reasons[c.Reason]++
			_ = c.String()
		}
		before, after, undecided = before+policy.Size(doc), after+policy.Size(small), undecided+len(result.NotTaken)
		if policy.Size(small) > policy.Size(doc) || (len(result.Changes) == 0) != (small.String() == text) {
			t.Fatalf("seed %d: %d characters, were %d; changes %v", seed, policy.Size(small), policy.Size(doc), result.Changes)
		}
		if again := minimize(t, small, minimal.Options{NoWildcards: seed%2 == 0}); len(again.Changes) > 0 {
			t.Fatalf("seed %d: minimizing again makes %v\n%s\n%s\n%s", seed, again.Changes, text, small, again.Document)
		}
		for i, old := range engines(t, doc, named) {
			now := engines(t, small, named)[i]
			for range requests {
				r := g.request(named)
				if a, b := old.Decide(r).Result, now.Decide(r).Result; a != b {
					t.Fatalf("seed %d: engine %d decides %v instead of %v about %+v\n%s\n%s\n%v", seed, i, b, a, r, text, small, result.Changes)
				}
			}
		}
	}
	t.Logf("%d policies: %d characters became %d; %v %v; %d steps undecided", policies, before, after, kinds, reasons, undecided)
	if len(kinds) < 5 || after*10 > before*9 {
		t.Errorf("too little was done: the test shows nothing")
	}
}

// TestWildcardsTakeInNothing compares lists of actions of the catalogue with what
// became of them.
func TestWildcardsTakeInNothing(t *testing.T) {
	facts := catalog.Default()
	services, err := facts.Services()
	if err != nil {
		t.Fatal(err)
	}
	rounds := 400
	if testing.Short() || raceEnabled {
		rounds = 40
	}
	factored := 0
	for seed := range uint64(rounds) {
		g := generator{rand.New(rand.NewPCG(seed, 11))}
		service, err := facts.Service(pick(g, services))
		if err != nil || len(service.Actions) == 0 {
			continue
		}
		var names []string
		word := pick(g, []string{"Get", "Describe", "List", "Put", "Delete"})
		for _, a := range service.Actions {
			if strings.HasPrefix(a.Name, word) || g.chance(70) {
				names = append(names, a.FullName())
			}
		}
		if len(names) == 0 {
			continue
		}
		doc := &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{Effect: policy.Allow, Action: policy.Strings(names...), Resource: policy.String("*")}}}
		small := minimize(t, doc, minimal.Options{}).Document
		old, now := policy.CompileActions(&doc.Statements[0]), policy.CompileActions(&small.Statements[0])
		for _, a := range service.Actions {
			if full := a.FullName(); old.Match(full) != now.Match(full) {
				t.Fatalf("seed %d: %s: %v\n%s\n%s", seed, full, now.Match(full), doc, small)
			}
		}
		if small.Statements[0].Action.Len() < len(names) {
			factored++
		}
		exact := minimize(t, doc, minimal.Options{NoWildcards: true}).Document
		if _, back, err := prove.Equal(t.Context(), prove.Identity(doc), prove.Identity(exact), prove.Options{}); err != nil || back.Verdict != prove.Proved {
			t.Fatalf("%v %v", back, err)
		}
	}
	if factored < rounds/3 {
		t.Errorf("%d of %d lists have wildcards", factored, rounds)
	}
}
