package authz_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
)

// unknownCoversCompletions: an answer given while something is unknown is the
// answer to every request that fills it in.
func unknownCoversCompletions(t *testing.T, g generator, set refSet, r *authz.Request) {
	question := *r
	var completions []authz.Request
	switch g.r.IntN(3) {
	case 0:
		completions = hideKeys(g, &question)
	case 1:
		completions = hideRest(g, &question)
	default:
		completions = hideResource(g, &question)
	}
	engine := compile(t, set)
	answer := ask(t, engine, &question)
	if answer.Result == authz.Invalid {
		t.Fatalf("%v: %s", answer.Err, printRequest(&question))
	}
	x := engine.Explain(question)
	if x.Decision.Result != answer.Result {
		t.Errorf("Decide says %v, Explain %v", answer.Result, x.Decision.Result)
	}
	if answer.Result == authz.Undecided && len(x.UnknownKeys) == 0 && !question.ResourcePattern {
		t.Errorf("undecided, but no key that it hangs on: %s", printRequest(&question))
	}
	if again := engine.Explain(question); !reflect.DeepEqual(x, again) {
		t.Errorf("explained twice: %s", cmp.Diff(x, again, cmp.Exporter(func(reflect.Type) bool { return true })))
	}

	for _, c := range completions {
		want, by := refDecide(set, &c)

		wrong := answer.Result == authz.Allowed && want != authz.Allowed ||
			answer.Result == authz.ImplicitlyDenied && want == authz.Allowed ||
			answer.Result == authz.ExplicitlyDenied && want != authz.ExplicitlyDenied
		if wrong {
			t.Fatalf("the answer is %v by %v, but %v by %v for\n%s\n%s\n%s", answer.Result, answer.By(), want, by,
				printRequest(&c), printRequest(&question), printSet(set))
		}
	}

}

// hideKeys makes one or two keys unknown and lists what they may be.
func hideKeys(g generator, question *authz.Request) []authz.Request {
	full := *question
	completions := []authz.Request{full}
	for range 1 + g.r.IntN(2) {
		key := pick(g, keys)
		if slices.ContainsFunc(question.Unknown, func(u string) bool { return strings.EqualFold(u, key) }) {
			continue
		}
		question.Context = withoutKey(question.Context, key)
		question.Unknown = append(question.Unknown, key)
		var next []authz.Request
		for _, c := range completions {
			for _, values := range possibleValues(g, key) {
				c := c
				c.Context = append(withoutKey(c.Context, key), authz.Entry{Key: key, Values: values})
				next = append(next, c)
			}
		}
		completions = next
	}
	return completions
}

func withoutKey(c authz.Context, key string) authz.Context {
	return slices.DeleteFunc(slices.Clone(c), func(e authz.Entry) bool { return strings.EqualFold(e.Key, key) })
}

// possibleValues are some of what a key may hold, with nothing among them.
func possibleValues(g generator, key string) [][]string {
	out := [][]string{nil, {""}}
	for _, f := range families {
		for _, v := range some(g, typedValues[f], 1, 2) {
			out = append(out, []string{v})
		}
	}
	return append(out, some(g, stringValues, 2, 3), some(g, stringValues, 1, 1))
}

// hideRest makes every key unknown that the context does not hold.
func hideRest(g generator, question *authz.Request) []authz.Request {
	full := *question
	question.UnknownRest = true
	question.Context = slices.DeleteFunc(slices.Clone(question.Context), func(authz.Entry) bool { return g.chance(50) })
	completions := []authz.Request{full}
	for range 20 {
		c := full
		c.Context = slices.Clone(question.Context)
		for _, key := range keys {
			given := slices.ContainsFunc(c.Context, func(e authz.Entry) bool { return strings.EqualFold(e.Key, key) })
			if !given && g.chance(60) && !derivedKey(key) {
				c.Context = append(c.Context, authz.Entry{Key: key, Values: pick(g, possibleValues(g, key))})
			}
		}
		completions = append(completions, c)
	}
	// What the request shows by itself is not unknown, whatever full holds.
	completions[0].Context = slices.DeleteFunc(slices.Clone(full.Context), func(e authz.Entry) bool {
		return derivedKey(e.Key) && !slices.ContainsFunc(question.Context, func(q authz.Entry) bool { return q.Key == e.Key })
	})
	return completions
}

func derivedKey(key string) bool {
	return strings.HasPrefix(key, "aws:") && !strings.HasPrefix(key, "aws:PrincipalTag")
}

var resourcePatterns = []string{
	"arn:aws:s3:::bucket/*", "arn:aws:s3:::*", "arn:aws:s3:::*-bucket/x", "arn:aws:ecs:eu-west-1:111111111111:*", "arn:aws:ecs:*:*:cluster/web",
	"arn:aws:kms:*:111111111111:*", "arn:aws:iam::111111111111:*", "arn:aws:iam::*:role/*", "arn:*:s3:::bucket/a.txt", "arn:aws:s3:::bucket/?.txt",
	"arn:aws:*:*:*:*", "arn:aws:iam::*:policy/*", "arn:aws:sqs:*:*:*",
}

// hideResource makes the resource a pattern, and lists what it matches.
func hideResource(g generator, question *authz.Request) []authz.Request {
	var completions []authz.Request
	for len(completions) == 0 {
		question.Resource, question.ResourcePattern = pick(g, resourcePatterns), true
		if account := strings.SplitN(question.Resource, ":", 6)[4]; regexp12.MatchString(account) {
			question.ResourceAccount = "" // the pattern names it
		}
		for _, resource := range resources {
			if resource != "*" && refGlob(refText(question.Resource, true), resource) && assumedPlace(question, resource) {
				c := *question
				c.Resource, c.ResourcePattern = resource, false
				completions = append(completions, c)
			}
		}
	}
	return completions
}

// assumedPlace reports whether a resource lies in the partition and account that
// are assumed where the pattern leaves them open: those of the principal.
func assumedPlace(question *authz.Request, resource string) bool {
	who := refParseCaller(question.Principal, question.Action)
	pattern, got := strings.SplitN(question.Resource, ":", 6), strings.SplitN(resource, ":", 6)
	if strings.Contains(pattern[1], "*") && who.partition != "" && got[1] != who.partition {
		return false
	}
	open := !regexp12.MatchString(pattern[4]) && question.ResourceAccount == ""
	return !open || !regexp12.MatchString(got[4]) || got[4] == who.account
}
