package prove_test

import (
	"strings"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/prove"
)

// Small pairs speak of short words over a small alphabet, so that all requests
// that can make a difference can be tried.

const (
	smallLetters = "abx" // x stands for all letters that no policy has
	smallLength  = 3
)

func smallWords() []string {
	words := []string{""}
	for from := 0; len(words[len(words)-1]) < smallLength; {
		end := len(words)
		for _, w := range words[from:end] {
			for _, c := range smallLetters {
				words = append(words, w+string(c))
			}
		}
		from = end
	}
	return words
}

func (g generator) smallPattern() string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteByte("aab*?"[g.IntN(5)])
	}
	return b.String()
}

func (g generator) smallPolicy() testPolicy {
	p := testPolicy{Version: "2012-10-17"}
	for range 1 + g.IntN(3) {
		s := testStatement{Effect: pick(g, []string{"Allow", "Allow", "Deny"})}
		if actions := g.some([]string{"s:a", "s:b", "s:*", "*"}, 2); g.chance(15) {
			s.NotAction = actions
		} else {
			s.Action = actions
		}
		var resources []string
		for range 1 + g.IntN(3) {
			resources = append(resources, pick(g, []string{"arn:p:s:::", "arn:p:s:::", "arn:p:s:::", ""})+g.smallPattern())
		}
		for i, r := range resources {
			if !strings.HasPrefix(r, "arn:") {
				resources[i] = pick(g, []string{"*", "arn:p:s:::${k}", "arn:p:s:::a${k}"})
			}
		}
		if g.chance(15) {
			s.NotResource = resources
		} else {
			s.Resource = resources
		}
		if g.chance(50) {
			op := pick(g, []string{"StringLike", "StringNotLike", "StringEquals", "StringEqualsIfExists", "ForAllValues:StringLike", "ForAnyValue:StringLike", "Null"})
			values := []string{g.smallPattern()}
			if strings.HasPrefix(op, "StringEquals") {
				values[0] = strings.NewReplacer("*", "a", "?", "b").Replace(values[0])
			}
			key := "k"
			if op == "Null" {
				values = []string{pick(g, []string{"true", "false"})}
			} else if strings.HasPrefix(op, "For") {
				key = "m"
			}
			s.Condition = map[string]map[string][]string{op: {key: values}}
		}
		p.Statement = append(p.Statement, s)
	}
	return p
}

// smallRequests are all requests over the small alphabet, which policies tell
// apart by at most so many letters.
func smallRequests() []authz.Request {
	var out []authz.Request
	var keys []authz.Context
	for _, k := range [][]string{{}, {"a"}, {"b"}, {"x"}, {"aa"}, {"ab"}, {"xx"}} {
		keys = append(keys, authz.Context{{Key: "k", Values: k}})
		for _, m := range [][]string{{"a"}, {"b"}, {"x"}, {"ab"}, {"a", "x"}} {
			if len(k) == 0 || len(k[0]) == 1 {
				keys = append(keys, authz.Context{{Key: "k", Values: k}, {Key: "m", Values: m}})
			}
		}
	}
	for _, action := range []string{"s:a", "s:b", "s:x", "z:x"} {
		for _, w := range smallWords() {
			resource := "arn:p:s:::" + w
			if w == "" {
				resource = "*"
			}
			for _, context := range keys {
				out = append(out, authz.Request{Principal: "arn:p:iam::123456789012:user/u", Action: action, Resource: resource, Context: context})
			}
		}
	}
	return out
}

// TestSmallPairs tries all small requests: a pair is proved only if none of them
// makes a difference, and refuted only if one does or the witness is no small one.
func TestSmallPairs(t *testing.T) {
	pairs := 20_000
	if testing.Short() || raceEnabled {
		pairs = 500
	}
	requests := smallRequests()
	counts := map[prove.Verdict]int{}
	larger := 0
	for seed := range uint64(pairs) {
		g := newGenerator(seed + 1<<32)
		first, second := g.smallPolicy(), g.smallPolicy()
		a, b := first.document(t), second.document(t)
		result, err := prove.Compare(t.Context(), prove.Identity(a), prove.Identity(b), prove.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, text(t, a), text(t, b))
		}
		counts[result.Verdict]++
		if result.Verdict == prove.Undecided {
			continue
		}
		engineA, engineB := engine(t, a), engine(t, b)
		differs := false
		// Every request from a place of its own: differences are found early.
		start := g.IntN(len(requests))
		for i := range requests {
			r := requests[(start+i*7919)%len(requests)]
			if engineA.Decide(r).Result == authz.Allowed && engineB.Decide(r).Result != authz.Allowed {
				differs = true
				break
			}
		}
		switch {
		case differs && result.Verdict == prove.Proved:
			t.Fatalf("seed %d: proved, but a request makes a difference\n%s\n%s", seed, text(t, a), text(t, b))
		case !differs && result.Verdict == prove.Refuted:
			if small(&result.Witness.Request) {
				t.Fatalf("seed %d: refuted by a small request that the engine does not tell apart: %v\n%s\n%s", seed, result.Witness.Request, text(t, a), text(t, b))
			}
			larger++
		}
	}
	t.Logf("%d pairs, %d requests each: %v; %d witnesses are no small requests", pairs, len(requests), counts, larger)
	if counts[prove.Undecided] > pairs/100 || larger > pairs/20 {
		t.Error("too many pairs are not compared")
	}
}

// small reports whether a request is among the small ones, but for its names.
func small(r *authz.Request) bool {
	word := strings.TrimPrefix(r.Resource, "arn:p:s:::")
	if len(word) > smallLength || strings.Trim(word, smallLetters) != "" {
		return false
	}
	for _, entry := range r.Context {
		if len(entry.Values) > 1 || len(entry.Values) == 1 && (len(entry.Values[0]) != 1 || strings.Trim(entry.Values[0], smallLetters) != "") {
			return false
		}
	}
	return !strings.HasPrefix(r.Action, "s:") || len(r.Action) == 3 && strings.Contains("abx", r.Action[2:])
}
