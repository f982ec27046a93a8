package denial

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
)

func sample() Decoded {
	return Decoded{
		ExplicitDeny: true,
		Matched: []Matched{{
			ID: "NoWeekends", Effect: "DENY", Principals: []string{"AIDAEXAMPLE"}, Actions: []string{"ec2:RunInstances"}, Resources: []string{"*"},
			Conditions: []Condition{{"", "aws:RequestedRegion", []string{"us-east-1"}}},
		}},
		Principal: Principal{ID: "AIDAEXAMPLE", Name: "alice", ARN: alice},
		Action:    "ec2:RunInstances", Resource: "arn:aws:ec2:us-east-1:123456789012:instance/*",
		Context: authz.Context{{Key: "aws:Region", Values: []string{"us-east-1"}}, {Key: "ec2:IsLaunchTemplateResource", Values: []string{"false"}}},
	}
}

// AWS's shape, the same as plain lists, and the object that the CLI prints all
// mean the same.
func TestParseDecoded(t *testing.T) {
	files, err := filepath.Glob("testdata/decoded/*.json")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseDecoded(string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(sample(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMarshalDecoded(t *testing.T) {
	got, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/decoded/aws.json")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseDecodedErrors(t *testing.T) {
	for _, text := range []string{"", "x", "[]", "{}", `{"DecodedMessage":""}`, `{"DecodedMessage":"{}"}`, `{"allowed":"maybe"}`, `{"allowed":false,"context":[]}`} {
		if d, err := ParseDecoded(text); err == nil {
			t.Errorf("%q: %+v", text, d)
		}
	}
	if _, err := ParseDecoded(`{"other":1}`); !errors.Is(err, ErrNotDecoded) {
		t.Error(err)
	}
	if _, err := ParseDecoded(strings.Repeat(" ", maxText+1)); err != ErrTooLong {
		t.Error(err)
	}
}

func TestDecode(t *testing.T) {
	r := authz.Request{Principal: alice, Action: "ecs:RunTask", Resource: task, Context: authz.Context{{Key: "a", Values: []string{"b"}}}}
	doc, _ := policy.ParseString("x", `{"Version":"2012-10-17","Statement":{"Sid":"No","Effect":"Deny","Action":"ecs:*","Resource":"*","Condition":{"StringEquals":{"a":"b"}}}}`)
	statement := &doc.Statements[0]
	d := compile(t, map[authz.Kind]string{authz.Identity: string(policy.Print(doc, ""))}).Decide(r)
	want := Decoded{ExplicitDeny: true, Principal: Principal{Name: "alice", ARN: alice}, Action: "ecs:RunTask", Resource: task, Context: r.Context,
		Matched: []Matched{{ID: "No", Effect: "DENY", Actions: []string{"ecs:*"}, Resources: []string{"*"}, Conditions: []Condition{{"StringEquals", "a", []string{"b"}}}}}}
	if diff := cmp.Diff(want, Decode(&r, &d, statement)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d = compile(t, map[authz.Kind]string{authz.SCP: deny}).Decide(r)
	if got := Decode(&r, &d, statement); got.Matched[0].Principals[0] != ScopePolicyIssuer {
		t.Errorf("%+v", got)
	}
	r.Principal = "arn:aws:sts::123456789012:assumed-role/app/s"
	d = compile(t, nil).Decide(r)
	if got := Decode(&r, &d); got.Principal.Name != "" || got.ExplicitDeny || got.Allowed || got.Matched != nil {
		t.Errorf("%+v", got)
	}
}

func sealer(t testing.TB, fill byte) *Sealer {
	t.Helper()
	s, err := NewSealer(bytes.Repeat([]byte{fill}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeal(t *testing.T) {
	s, now := sealer(t, 1), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	message, err := s.Seal(sample(), now)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Open(message, now.Add(time.Hour), 2*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again, _ := s.Seal(sample(), now); again == message {
		t.Error("two messages of the same content are equal")
	}
	if strings.Contains(message, "=") || strings.ContainsAny(message, "+/ \n") {
		t.Errorf("characters that need escapes: %s", message)
	}
	if _, err := s.Open(message, now.Add(3*time.Hour), 2*time.Hour); err != ErrExpired {
		t.Errorf("an old message: %v", err)
	}
	if _, err := s.Open(message, now.Add(3000*time.Hour), 0); err != nil {
		t.Errorf("any age: %v", err)
	}
	if _, err := sealer(t, 2).Open(message, now, 0); err != ErrInvalidMessage {
		t.Errorf("another key: %v", err)
	}
}

// A change of any character is noticed.
func TestSealedIsAuthentic(t *testing.T) {
	s, now := sealer(t, 1), time.Now()
	message, err := s.Seal(Decoded{Action: "a:B"}, now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range message {
		for _, c := range []byte{'A', 'B', '\n', '='} {
			if message[i] == c {
				continue
			}
			changed := message[:i] + string(c) + message[i+1:]
			if _, err := s.Open(changed, now, 0); err != ErrInvalidMessage {
				t.Fatalf("character %d as %q: %v", i, c, err)
			}
		}
	}
	for _, bad := range []string{"", "AQ", message[:20], message + "A", message + "\n", strings.Repeat("A", MaxEncoded+1)} {
		if _, err := s.Open(bad, now, 0); err != ErrInvalidMessage {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func TestSealLimits(t *testing.T) {
	if _, err := NewSealer(make([]byte, 16)); err == nil {
		t.Error("a key of 16 bytes is taken")
	}
	if _, err := sealer(t, 1).Seal(Decoded{Action: strings.Repeat("x", MaxEncoded)}, time.Now()); err != ErrTooLarge {
		t.Error(err)
	}
}

func FuzzParseDecoded(f *testing.F) {
	files, _ := filepath.Glob("testdata/decoded/*.json")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDecoded(text)
		if err != nil {
			return
		}
		out, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("cannot be written: %v", err)
		}
		again, err := ParseDecoded(string(out))
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		d.Failures, again.Failures = nil, nil // kept as written, spaces aside
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}

// sealedOnce is a message that was sealed once, so that the format stays what it
// is.
func sealedOnce(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/sealed.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestSealedFormat(t *testing.T) {
	got, err := sealer(t, 1).Open(sealedOnce(t), time.Unix(3600, 0), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzOpen(f *testing.F) {
	s, message := sealer(f, 1), sealedOnce(f)
	f.Add(message)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := s.Open(text, time.Unix(0, 0), 0); err == nil && text != message {
			t.Errorf("%q opens", text)
		}
	})
}
