package prove_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// ownCase is a line of a file in testdata: what is asked, and the answer. A hole is
// written «Name».
type ownCase struct {
	Name      string
	Now, Old  json.RawMessage
	Expect    string
	Reason    string // what the reason begins with, if it is undecided
	MaxStates int
}

// ownSet is a set of policies as the cases for decisions have it.
type ownSet struct {
	Identity, Groups, Session    []json.RawMessage
	Boundary, Resource, Endpoint json.RawMessage
	SCPs, RCPs                   [][]json.RawMessage
	Statement                    json.RawMessage
}

var holeNames = regexp.MustCompile("«[^»]*»")

func (c *ownCase) set(t *testing.T, text json.RawMessage) authz.Set {
	t.Helper()
	one := func(text json.RawMessage) authz.Policy {
		withHoles := holeNames.ReplaceAllStringFunc(string(text), func(name string) string {
			return hole.Text(strings.Trim(name, "«»"))
		})
		return authz.Policy{Document: parse(t, withHoles)}
	}
	var s ownSet
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if s.Statement != nil {
		return prove.Alone("", one(text).Document)
	}
	list := func(texts []json.RawMessage) (out []authz.Policy) {
		for _, text := range texts {
			out = append(out, one(text))
		}
		return out
	}
	maybe := func(text json.RawMessage) *authz.Policy {
		if text == nil {
			return nil
		}
		p := one(text)
		return &p
	}
	set := authz.Set{
		Identity: list(s.Identity), Groups: list(s.Groups), Session: list(s.Session),
		Boundary: maybe(s.Boundary), Resource: maybe(s.Resource), Endpoint: maybe(s.Endpoint),
	}
	for _, level := range s.SCPs {
		set.SCPs = append(set.SCPs, list(level))
	}
	for _, level := range s.RCPs {
		set.RCPs = append(set.RCPs, list(level))
	}
	return set
}

func TestOwnCases(t *testing.T) {
	for _, file := range []string{"principals", "layers", "trust", "holes", "undecided"} {
		text, err := os.ReadFile("testdata/" + file + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); n++ {
			var c ownCase
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				got, err := prove.Compare(t.Context(), c.set(t, c.Now), c.set(t, c.Old), prove.Options{MaxStates: c.MaxStates})
				if err != nil {
					t.Fatal(err)
				}
				if got.Verdict.String() != c.Expect || !strings.Contains(got.Reason, c.Reason) {
					t.Errorf("%v (%s), want %s (%s)\n%s\n%s", got.Verdict, got.Reason, c.Expect, c.Reason, c.Now, c.Old)
				}
				if w := got.Witness; w != nil {
					t.Logf("%s on %s by %s with %v %v", w.Request.Action, w.Request.Resource, w.Request.Principal, w.Request.Context, w.Holes)
				}
			})
		}
		if n < 15 {
			t.Errorf("%s has only %d cases", file, n)
		}
	}
}

// A context that ends, at once or on the way, makes an answer undecided.
func TestTimeLimit(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := parse(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	got, err := prove.Compare(ctx, prove.Identity(a), authz.Set{}, prove.Options{})
	if err != nil || got.Verdict != prove.Undecided || got.Reason != "canceled" {
		t.Errorf("%v %q %v", got.Verdict, got.Reason, err)
	}
}

// Policies that cannot be read are errors, not answers.
func TestUnreadable(t *testing.T) {
	good := parse(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	for _, text := range []string{
		`{"Version": "2012-10-17", "Statement": {"Effect": "Maybe", "Action": "*", "Resource": "*"}}`,
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*"}}`,
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringIs": {"k": "v"}}}}`,
	} {
		bad, _ := policy.ParseString("bad.json", text)
		for _, pair := range [][2]*policy.Document{{good, bad}, {bad, good}} {
			_, err := prove.Compare(t.Context(), prove.Identity(pair[0]), prove.Identity(pair[1]), prove.Options{})
			if _, ok := err.(*prove.UnreadableError); !ok {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
