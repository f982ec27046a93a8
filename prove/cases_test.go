package prove_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// pairCase is a line of a file of cases: is everything that A allows allowed by B?
type pairCase struct {
	ID     string          `json:"id"`
	A      json.RawMessage `json:"a"`
	B      json.RawMessage `json:"b"`
	Expect string          `json:"expect"`
	Note   string          `json:"note"`
}

func readPairs(t testing.TB, name string) []pairCase {
	t.Helper()
	f, err := os.Open(name)
	if os.IsNotExist(err) {
		t.Skip("the shared cases are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []pairCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c pairCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func parse(t testing.TB, text string) *policy.Document {
	t.Helper()
	doc, findings := policy.ParseString("policy.json", text)
	if findings.HasErrors() && !prove.IsEmpty(doc) {
		t.Fatalf("%s: %v", text, findings)
	}
	return doc
}

func TestSharedCases(t *testing.T) {
	for _, c := range readPairs(t, "../../shared/cases/prove.jsonl") {
		t.Run(c.ID, func(t *testing.T) {
			a, b := parse(t, string(c.A)), parse(t, string(c.B))
			got, err := prove.Compare(t.Context(), prove.Identity(a), prove.Identity(b), prove.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := prove.Proved
			if c.Expect == "not-subsumed" {
				want = prove.Refuted
			}
			if got.Verdict != want {
				t.Errorf("%v (%s), want %v: %s\n%s\n%s", got.Verdict, got.Reason, want, c.Note, c.A, c.B)
			}
			if got.Witness != nil && testing.Verbose() {
				t.Log(got.Witness.Request)
			}
		})
	}
}
