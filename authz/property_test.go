package authz_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// properties hold for every set and request. Each is tried on random ones, and
// by FuzzProperties on those that fuzzing comes up with.
var properties = []struct {
	name  string
	check func(*testing.T, generator, refSet, *authz.Request)
}{
	{"reference", agreesWithReference},
	{"order", orderDoesNotMatter},
	{"deny", denyNeverAllows},
	{"allow", allowNeverDenies},
	{"split", splittingChangesNothing},
	{"explain", explainAgrees},
	{"change", changeWouldAllow},
	{"unknown", unknownCoversCompletions},
	{"replace", replaceIsCompile},
	{"batch", batchAgrees},
}

func TestProperties(t *testing.T) {
	rounds := 2500
	if testing.Short() || raceEnabled {
		rounds = 400
	}
	for i, property := range properties {
		t.Run(property.name, func(t *testing.T) {
			t.Parallel()
			for round := range rounds {
				g := newGenerator(uint64(i)<<32 | uint64(round))
				set := g.set()
				property.check(t, g, set, g.request())
				if t.Failed() {
					t.Fatalf("round %d", round)
				}
			}
		})
	}
}

func FuzzProperties(f *testing.F) {
	for i := range properties {
		f.Add([]byte(properties[i].name), uint8(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		g := fuzzedGenerator(data)
		set := g.set()
		properties[int(which)%len(properties)].check(t, g, set, g.request())
	})
}

// ask decides twice: the second time the engine has made its plan.
func ask(t *testing.T, e *authz.Engine, r *authz.Request) authz.Decision {
	t.Helper()
	first := e.Decide(*r)
	for range 2 {
		if again := e.Decide(*r); !reflect.DeepEqual(first, again) {
			t.Fatalf("asked again the engine says %v by %v, not %v by %v: %s", again.Result, again.By(), first.Result, first.By(), printRequest(r))
		}
	}
	return first
}

func agreesWithReference(t *testing.T, _ generator, set refSet, r *authz.Request) {
	want, by := refDecide(set, r)
	got := ask(t, compile(t, set), r)
	if got.Result != want || !slices.Equal(got.By(), by) {
		t.Error(disagreement(t, set, r))
	}
}

func orderDoesNotMatter(t *testing.T, g generator, set refSet, r *authz.Request) {
	before := ask(t, compile(t, set), r)
	for _, levels := range set {
		shuffle(g, levels)
		for _, list := range levels {
			shuffle(g, list)
			for _, p := range list {
				shuffle(g, p.Statement)
			}
		}
	}
	if after := ask(t, compile(t, set), r); after.Result != before.Result {
		t.Errorf("%v became %v in another order:\n%s\n%s", before.Result, after.Result, printSet(set), printRequest(r))
	}
}

func shuffle[T any](g generator, list []T) {
	g.r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// addStatement puts a statement with an effect somewhere into the set.
func addStatement(g generator, set refSet, effect string) {
	kinds := slices.Sorted(maps.Keys(set))
	if len(kinds) == 0 {
		return
	}
	kind := pick(g, kinds)
	list := set[kind][g.r.IntN(len(set[kind]))]
	if len(list) == 0 {
		return
	}
	s := g.statement(kind)
	s.Effect = effect
	if effect == "Allow" && s.NotPrincipal != nil {
		s.Principal, s.NotPrincipal = s.NotPrincipal, nil
	}
	p := pick(g, list)
	p.Statement = slices.Insert(p.Statement, g.r.IntN(len(p.Statement)+1), s)
}

func denyNeverAllows(t *testing.T, g generator, set refSet, r *authz.Request) {
	before := ask(t, compile(t, set), r)
	addStatement(g, set, "Deny")
	if after := ask(t, compile(t, set), r); after.Result == authz.Allowed && before.Result != authz.Allowed {
		t.Errorf("a Deny turned %v into Allowed:\n%s\n%s", before.Result, printSet(set), printRequest(r))
	}
}

func allowNeverDenies(t *testing.T, g generator, set refSet, r *authz.Request) {
	before := ask(t, compile(t, set), r)
	addStatement(g, set, "Allow")
	if after := ask(t, compile(t, set), r); before.Result == authz.Allowed && after.Result != authz.Allowed {
		t.Errorf("an Allow turned Allowed into %v:\n%s\n%s", after.Result, printSet(set), printRequest(r))
	}
}

// splittingChangesNothing: a statement for every pair of action and resource,
// all in one policy where the versions agree, says the same.
func splittingChangesNothing(t *testing.T, _ generator, set refSet, r *authz.Request) {
	before := ask(t, compile(t, set), r)
	for _, levels := range set {
		for i, list := range levels {
			var merged []*refPolicy
			for _, p := range list {
				var statements []*refStatement
				for _, s := range p.Statement {
					statements = append(statements, split(s)...)
				}
				if n := len(merged); n > 0 && merged[n-1].Version == p.Version {
					merged[n-1].Statement = append(merged[n-1].Statement, statements...)
				} else {
					merged = append(merged, &refPolicy{Version: p.Version, Statement: statements})
				}
			}
			levels[i] = merged
		}
	}
	for kind, levels := range set {
		if len(levels) == 1 && len(levels[0]) == 0 && kind != authz.SCP && kind != authz.RCP {
			t.Fatal("a kind lost its policies")
		}
	}
	if after := ask(t, compile(t, set), r); after.Result != before.Result {
		t.Errorf("%v became %v when split:\n%s\n%s", before.Result, after.Result, printSet(set), printRequest(r))
	}
}

func split(s *refStatement) []*refStatement {
	actions, resources := []*refList{s.Action}, []*refList{s.Resource}
	if s.Action != nil && len(*s.Action) > 0 {
		actions = oneByOne(*s.Action)
	}
	if s.Resource != nil && len(*s.Resource) > 0 {
		resources = oneByOne(*s.Resource)
	}
	var out []*refStatement
	for _, action := range actions {
		for _, resource := range resources {
			part := *s
			part.Action, part.Resource = action, resource
			out = append(out, &part)
		}
	}
	return out
}

func oneByOne(list refList) []*refList {
	var out []*refList
	for _, entry := range list {
		out = append(out, &refList{entry})
	}
	return out
}

// explainAgrees: the explanation has the decision, and its reports bear it out.
func explainAgrees(t *testing.T, _ generator, set refSet, r *authz.Request) {
	engine := compile(t, set)
	decision, x := ask(t, engine, r), engine.Explain(*r)
	if x.Decision.Result != decision.Result || !slices.Equal(x.Decision.By(), decision.By()) {
		t.Fatalf("Decide says %v %v and Explain %v %v:\n%s\n%s", decision.Result, decision.By(),
			x.Decision.Result, x.Decision.By(), printSet(set), printRequest(r))
	}
	if again := engine.Explain(*r); !reflect.DeepEqual(x, again) {
		t.Errorf("explained twice: %s", cmp.Diff(x, again, cmp.Exporter(func(reflect.Type) bool { return true })))
	}
	outcomes := map[authz.Reference]authz.Result{}
	denied := false
	for _, report := range x.Statements {
		outcomes[report.Reference] = report.Outcome
		denied = denied || report.Speaks && report.Outcome == authz.ExplicitlyDenied
		matches := report.Outcome == authz.Allowed || report.Outcome == authz.ExplicitlyDenied
		if matches != (len(report.Failures()) == 0) {
			t.Errorf("statement %v is %v with failures %v", report.Reference, report.Outcome, report.Failures())
		}
	}
	for _, by := range decision.By() {
		if by.Statement >= 0 && outcomes[by] != decision.Result {
			t.Errorf("%v is said to have decided %v, but its report says %v", by, decision.Result, outcomes[by])
		}
	}
	byService := len(decision.By()) == 1 && decision.By()[0].Kind == authz.Service
	if denied != (decision.Result == authz.ExplicitlyDenied) && !byService {
		t.Errorf("a report says denied: %v, but the decision is %v:\n%s\n%s", denied, decision.Result, printSet(set), printRequest(r))
	}
}

// changeWouldAllow: making the change that an explanation names allows the
// request.
func changeWouldAllow(t *testing.T, _ generator, set refSet, r *authz.Request) {
	x := compile(t, set).Explain(*r)
	if x.Decision.Result != authz.ImplicitlyDenied || !x.Change.Possible {
		if x.Change.Possible {
			t.Errorf("a change is possible although the result is %v", x.Decision.Result)
		}
		return
	}
	for _, kind := range x.Change.Kinds {
		grant := &refPolicy{Version: "2008-10-17", Statement: []*refStatement{{
			Effect: "Allow", Action: &refList{x.Change.Action}, Resource: &refList{x.Change.Resource},
		}}}
		if hasPrincipals(kind) {
			grant.Statement[0].Principal = naming(r)
			if x.Change.NamingCaller {
				grant.Statement[0].Principal = &refPrincipal{groups: map[string]refList{"AWS": {r.Principal}}}
			}
		}
		if set[kind] == nil {
			set[kind] = [][]*refPolicy{nil}
		}
		for level := range set[kind] {
			if list := set[kind][level]; len(list) > 0 {
				// Some kinds have one policy only.
				list[0] = &refPolicy{Version: list[0].Version, Statement: append(slices.Clip(list[0].Statement), grant.Statement...)}
			} else {
				set[kind][level] = []*refPolicy{grant}
			}
		}
	}
	if after := compile(t, set).Decide(*r); after.Result != authz.Allowed {
		t.Errorf("after the change %v the answer is %v by %v:\n%s\n%s", x.Change, after.Result, after.By(), printSet(set), printRequest(r))
	}
}

// naming returns a principal element for the account of the caller, or for the
// caller where it has none.
func naming(r *authz.Request) *refPrincipal {
	who := refParseCaller(r.Principal, r.Action)
	switch who.kind {
	case "service":
		return &refPrincipal{groups: map[string]refList{"Service": {who.text}}}
	case "provider":
		return &refPrincipal{groups: map[string]refList{"Federated": {who.text}}}
	case "anonymous":
		return &refPrincipal{everyone: true}
	}
	return &refPrincipal{groups: map[string]refList{"AWS": {who.account}}}
}

// replaceIsCompile: an engine in which a policy was replaced answers as one that
// was compiled with the new policy.
func replaceIsCompile(t *testing.T, g generator, set refSet, r *authz.Request) {
	engine := compile(t, set)
	requests := []*authz.Request{r, g.request(), g.request()}
	for _, r := range requests {
		ask(t, engine, r) // fill what the engine keeps
	}
	kinds := slices.Sorted(maps.Keys(set))
	if len(kinds) == 0 {
		return
	}
	kind := pick(g, kinds)
	level := g.r.IntN(len(set[kind]))
	list := set[kind][level]
	if len(list) == 0 {
		return
	}
	at := g.r.IntN(len(list))
	list[at] = g.policy(kind)
	if kind != authz.SCP && kind != authz.RCP {
		level = -1
	}
	replaced, findings := engine.Replace(kind, level, at, toPolicy(t, "new", list[at]))
	if replaced == nil {
		t.Fatal(findings)
	}
	fresh := compile(t, set)
	for _, r := range requests {
		got, want := ask(t, replaced, r), ask(t, fresh, r)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("replaced: %v %v, compiled: %v %v\n%s\n%s", got.Result, got.By(), want.Result, want.By(), printSet(set), printRequest(r))
		}
	}
}

func prepared(t *testing.T, list []authz.Policy) []authz.Policy {
	out := make([]authz.Policy, len(list))
	for i, p := range list {
		var findings source.List
		if out[i], findings = authz.Prepare(p.Name, p.Document); findings.HasErrors() {
			t.Fatal(findings)
		}
	}
	return out
}

// batchAgrees: DecideAll gives the results of Decide, also where principals share
// policies, and when it is asked again.
func batchAgrees(t *testing.T, g generator, set refSet, _ *authz.Request) {
	common := refSet{}
	for _, kind := range []authz.Kind{authz.Resource, authz.SCP, authz.RCP, authz.Endpoint} {
		if set[kind] != nil {
			common[kind] = set[kind]
		}
	}
	shared := set[authz.Identity]
	together := prepared(t, toSet(t, refSet{authz.Identity: shared}).Identity)
	own := make([]refSet, 6)
	principals := make([]authz.Principal, len(own))
	for i := range principals {
		who := pick(g, callers)
		own[i] = g.set()
		s := toSet(t, own[i])
		s.Identity = prepared(t, s.Identity)
		if shared != nil && g.chance(50) {
			own[i][authz.Identity], s.Identity = shared, together
		}
		principals[i] = authz.Principal{ARN: who, Identity: s.Identity, Groups: s.Groups, Boundary: s.Boundary, Session: s.Session,
			ServiceLinkedRole: g.chance(5), InManagementAccount: g.chance(5)}
		for kind := range own[i] {
			if hasPrincipals(kind) || kind == authz.SCP {
				delete(own[i], kind)
			}
		}
		maps.Copy(own[i], common)
	}
	var requests []authz.Request
	for range 5 {
		r := g.request()
		if !strings.HasPrefix(r.Action, "sts:AssumeRoleWith") {
			requests = append(requests, *r)
		}
	}
	engine := compile(t, common)
	results, findings := engine.DecideAll(principals, requests)
	if len(results) != len(principals)*len(requests) {
		t.Fatal(findings)
	}
	if again, _ := engine.DecideAll(principals, requests); !slices.Equal(again, results) {
		t.Errorf("DecideAll says %v, and then %v", results, again)
	}
	for i, p := range principals {
		engine := compile(t, own[i])
		for j, r := range requests {
			r.Principal, r.ServiceLinkedRole, r.PrincipalInManagementAccount = p.ARN, p.ServiceLinkedRole, p.InManagementAccount
			if got, want := results[i*len(requests)+j], engine.Decide(r).Result; got != want {
				t.Errorf("DecideAll says %v and Decide %v:\n%s\n%s", got, want, printSet(own[i]), printRequest(&r))
			}
		}
	}
}

func printRequest(r *authz.Request) string {
	text, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// FuzzText puts any text to the engine as a policy and a request. It must not
// panic, and explain what it decides.
func FuzzText(f *testing.F) {
	f.Add(`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`, "arn:aws:iam::111111111111:user/alice", "s3:GetObject", "arn:aws:s3:::b/k", "k:s", "v")
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"NotAction":"s3:*","NotResource":["arn:aws:s3:::${k:s}/*"],
		"Condition":{"ForAnyValue:StringLike":{"k:s":["${K:S, 'x'}*"]},"DateLessThan":{"aws:CurrentTime":"2026"},"NumericEquals":{"k:s":1}}}]}`,
		"arn:aws:sts::111111111111:assumed-role/r/s", "ec2:RunInstances", "*", "K:S", "1")
	f.Fuzz(func(t *testing.T, text, principal, action, resource, key, value string) {
		doc, findings := policy.ParseString("fuzz", text)
		if findings.HasErrors() {
			if _, err := authz.Compile(authz.Set{Identity: []authz.Policy{{Document: doc}}}); doc != nil && !err.HasErrors() {
				t.Fatalf("Compile takes what Parse refuses: %v", findings)
			}
			return
		}
		p := authz.Policy{Document: doc}
		r := &authz.Request{Principal: principal, Action: action, Resource: resource,
			Context: authz.Context{{Key: key, Values: []string{value}}, {Key: "k:more", Values: []string{value, key}}}}
		for _, set := range []authz.Set{{Identity: []authz.Policy{p}}, {Resource: &p}, {Identity: []authz.Policy{p}, SCPs: [][]authz.Policy{{p}}}} {
			engine, findings := authz.Compile(set)
			if engine == nil {
				if !findings.HasErrors() {
					t.Fatal("no engine and no finding")
				}
				continue
			}
			d := engine.Decide(*r)
			if (d.Result == authz.Invalid) != (d.Err != nil) {
				t.Fatalf("%v with error %v", d.Result, d.Err)
			}
			if x := engine.Explain(*r); x.Decision.Result != d.Result || !slices.Equal(x.Decision.By(), d.By()) {
				t.Fatalf("Decide says %v, Explain %v", d, x.Decision)
			}
		}
	})
}
