package check_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/source"
)

// variant is a policy and all that is said about it: a code and a path for each
// finding. Where the examples show one policy for each code, the variants show where a
// rule ends: other spellings, other places, other kinds of policies.
type variant struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	AttachedTo string          `json:"attachedTo,omitempty"`
	Policy     json.RawMessage `json:"policy"`
	Findings   []string        `json:"findings"`
}

const variantsFile = "testdata/variants.jsonl"

func readVariants(t testing.TB) (list []variant) {
	t.Helper()
	data, err := os.ReadFile(variantsFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var v variant
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, v)
	}
	return list
}

func TestVariants(t *testing.T) {
	var now bytes.Buffer
	for _, v := range readVariants(t) {
		got := v.check(t)
		if diff := cmp.Diff(v.Findings, got); diff != "" && !*update {
			t.Errorf("%s (%s): %s\n(-want +got):\n%s", v.Name, v.Type, v.Policy, diff)
		}
		v.Findings = got
		v.write(t, &now)
	}
	if *update {
		if err := os.WriteFile(variantsFile, now.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (v *variant) check(t *testing.T) []string {
	t.Helper()
	kind, err := check.ParseKind(v.Type)
	if err != nil {
		t.Fatal(err)
	}
	result, err := check.File(source.NewFile("policy.json", string(v.Policy)), check.Options{Kind: kind, ResourceType: v.AttachedTo})
	if err != nil {
		t.Fatal(err)
	}
	found := make([]string, len(result.Findings))
	for i, f := range result.Findings {
		found[i] = strings.TrimSpace(f.Code + " " + f.Path)
	}
	return found
}

func (v *variant) write(t *testing.T, out *bytes.Buffer) {
	t.Helper()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
}
