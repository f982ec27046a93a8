package prove_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// FuzzCompare puts any two texts to the prover. It must not panic, end in time, and
// find that a policy allows nothing that it does not allow itself.
func FuzzCompare(f *testing.F) {
	for seed := range uint64(8) {
		g := newGenerator(seed)
		first := g.policy()
		f.Add(text(f, first.document(f)), text(f, g.near(first).document(f)))
	}
	f.Add(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`, `{"Statement":[]}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		a, wrongA := policy.ParseString("a", first)
		b, wrongB := policy.ParseString("b", second)
		if a == nil || b == nil || wrongA.HasErrors() || wrongB.HasErrors() {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		options := prove.Options{MaxStates: 1 << 12, MaxRounds: 1000}
		for _, pair := range [][2]*policy.Document{{a, b}, {a, a}} {
			result, err := prove.Compare(ctx, prove.Alone("a", pair[0]), prove.Alone("b", pair[1]), options)
			var bad *prove.UnreadableError
			if err != nil && !errors.As(err, &bad) {
				t.Fatal(err)
			}
			if err == nil && pair[0] == pair[1] && result.Verdict == prove.Refuted {
				t.Fatalf("a policy allows what it does not allow: %v", result.Witness.Request)
			}
		}
	})
}

// A policy of 10 MB is compared, or undecided within the limit, in bounded memory.
func TestLargeDocuments(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const megabytes = 10
	one := `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket-*/x","Condition":{"StringLike":{"k":"a*b*c"}}},`
	statements := parse(t, `{"Version":"2012-10-17","Statement":[`+strings.TrimSuffix(strings.Repeat(one, megabytes<<20/len(one)), ",")+`]}`)
	values := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":["`+
		strings.Repeat(`arn:aws:s3:::*a*b*","`, megabytes<<20/20)+`*"]}]}`)
	word := parse(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::`+strings.Repeat("ab*?", megabytes<<20/4)+`"}]}`)
	for name, doc := range map[string]*policy.Document{"statements": statements, "values": values, "one value": word} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		start := time.Now()
		for _, old := range []authz.Set{{}, prove.Identity(doc)} {
			result, err := prove.Compare(ctx, prove.Identity(doc), old, prove.Options{})
			if err != nil {
				t.Error(err)
			}
			t.Logf("%s: %v (%s) after %v", name, result.Verdict, result.Reason, time.Since(start).Round(time.Millisecond))
		}
		cancel()
	}
}
