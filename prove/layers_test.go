package prove_test

import (
	"encoding/json"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/prove"
)

var (
	principals = []any{"*", map[string]any{"AWS": "*"}, map[string]any{"AWS": "111111111111"}, map[string]any{"AWS": []string{"arn:aws:iam::111111111111:user/u", "222222222222"}},
		map[string]any{"AWS": "arn:aws:iam::111111111111:role/r"}, map[string]any{"AWS": "arn:aws:sts::111111111111:assumed-role/r/s"},
		map[string]any{"AWS": "arn:aws:iam::222222222222:root"}, map[string]any{"Service": "ecs-tasks.amazonaws.com"}, map[string]any{"Federated": "cognito-identity.amazonaws.com"}}
	askers = []string{"arn:aws:iam::111111111111:user/u", "arn:aws:iam::111111111111:user/v", "arn:aws:sts::111111111111:assumed-role/r/s", "arn:aws:sts::111111111111:assumed-role/r/t",
		"arn:aws:iam::111111111111:root", "arn:aws:sts::111111111111:federated-user/u", "arn:aws:iam::222222222222:user/u", "arn:aws:sts::222222222222:assumed-role/r/s",
		"arn:aws:iam::333333333333:user/w", "arn:aws:iam::333333333333:root", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "anonymous", "arn:aws-cn:iam::111111111111:user/u"}
	ownedResources = []string{"*", "arn:aws:s3:::a/b", "arn:aws:s3:::x", "arn:aws:kms:r:111111111111:key/k", "arn:aws:kms:r:222222222222:key/k", "arn:aws:iam::111111111111:role/a",
		"arn:aws:iam::222222222222:role/a", "arn:aws:iam::aws:policy/p", "arn:aws:sqs:r:222222222222:b", "arn:aws:sqs:r:333333333333:b"}
)

// layers makes a set of policies of several kinds.
func (g generator) layers(t testing.TB) (set authz.Set, policies []testPolicy) {
	one := func(named bool) authz.Policy {
		p := g.policy()
		for i := range p.Statement {
			if named {
				p.Statement[i].Principal = pick(g, principals)
			}
			if g.chance(40) {
				p.Statement[i].Condition = nil
			}
			if g.chance(40) && p.Statement[i].Effect == "Allow" {
				p.Statement[i].Action, p.Statement[i].NotAction = []string{"*"}, nil
			}
		}
		policies = append(policies, p)
		return authz.Policy{Document: p.document(t)}
	}
	set.Identity = []authz.Policy{one(false)}
	if g.chance(30) {
		set.Groups = []authz.Policy{one(false)}
	}
	if g.chance(30) {
		p := one(false)
		set.Boundary = &p
	}
	if g.chance(20) {
		set.Session = []authz.Policy{one(false)}
	}
	if g.chance(30) {
		set.SCPs = [][]authz.Policy{{one(false)}, {one(false), one(false)}}
	}
	if g.chance(60) {
		p := one(true)
		set.Resource = &p
	}
	if g.chance(15) {
		p := one(true)
		set.Endpoint = &p
	}
	return set, policies
}

// TestLayersAgainstEngine is TestAgainstEngine for sets of several kinds of policy
// and callers of all kinds.
func TestLayersAgainstEngine(t *testing.T) {
	pairs, requests := 1000, 100
	if testing.Short() || raceEnabled {
		pairs = 150
	}
	counts := map[prove.Verdict]int{}
	for seed := range uint64(pairs) {
		g := newGenerator(seed + 1<<33)
		now, policies := g.layers(t)
		old := now
		for range 1 + g.IntN(2) { // change a layer
			other, more := g.layers(t)
			policies = append(policies, more...)
			switch g.IntN(5) {
			case 0:
				old.Identity = other.Identity
			case 1:
				old.Boundary = other.Boundary
			case 2:
				old.Resource = other.Resource
			case 3:
				old.SCPs = other.SCPs
			case 4:
				old.Session = other.Session
			}
		}
		if g.chance(50) {
			now, old = old, now
		}
		result, err := prove.Compare(t.Context(), now, old, prove.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, printSet(t, now), printSet(t, old))
		}
		counts[result.Verdict]++
		if result.Verdict != prove.Proved {
			continue
		}
		engineNow, _ := authz.Compile(now)
		engineOld, _ := authz.Compile(old)
		resources := now.Resource != nil || old.Resource != nil
		for range requests {
			r := g.request()
			r.Principal, r.Resource = pick(g, askers), pick(g, ownedResources)
			if !resources { // then the question is about resources of the own account, and what rules them trusts it
				r.Principal = pick(g, askers[:1])
				r.Resource = pick(g, ownedResources[:4])
			}
			if !holdsEmptySet(&r, policies...) && engineNow.Decide(r).Result == authz.Allowed && engineOld.Decide(r).Result != authz.Allowed {
				t.Fatalf("seed %d: proved, but the engine allows %v now\n%s\n%s", seed, r, printSet(t, now), printSet(t, old))
			}
		}
	}
	t.Logf("%d pairs, %d requests each: %v", pairs, requests, counts)
	if counts[prove.Undecided] > pairs/50 {
		t.Error("too many pairs are undecided")
	}
}

func printSet(t testing.TB, set authz.Set) string {
	t.Helper()
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
