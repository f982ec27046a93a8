package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

var exampleValues = map[string]string{
	"region": "eu-west-1", "account": "123456789012", "cluster": "prod", "family": "web",
	"instance": "0123456789abcdef0123456789abcdef", "task": "0123456789abcdef0123456789abcdef",
}

func checkExample(t *testing.T, x *managed.Example, form managed.Form) []string {
	t.Helper()
	doc, err := x.Policy(form, exampleValues)
	if err != nil {
		t.Fatalf("%s: %v", x.Name, err)
	}
	return checkCodes(t, x.Name, doc)
}

// checkCodes returns what is found about an identity policy, codes with paths.
func checkCodes(t *testing.T, name string, doc *policy.Document) []string {
	t.Helper()
	result, err := check.File(source.NewFile(name, string(policy.Print(doc, "  "))), check.Options{Kind: check.Identity})
	if err != nil || len(result.Undecided) > 0 {
		t.Fatalf("%s: %v, undecided %v", name, err, result.Undecided)
	}
	var codes []string
	for _, f := range result.Findings {
		codes = append(codes, f.Code+" "+f.Path)
	}
	slices.Sort(codes)
	return codes
}

// Corrected examples have no finding. Those that the guide prints have the
// findings of the cases about them; filled in, the same less those about
// placeholders.
func TestExamplesAreChecked(t *testing.T) {
	for _, x := range managed.Examples() {
		if codes := checkExample(t, x, managed.Corrected); len(codes) > 0 {
			t.Errorf("%s, corrected: %v", x.Name, codes)
		}
		raw, filled := checkExample(t, x, managed.Raw), checkExample(t, x, managed.Documented)
		raw = slices.DeleteFunc(raw, func(c string) bool {
			return strings.HasPrefix(c, "INVALID_ARN_ACCOUNT ") || strings.HasPrefix(c, "INVALID_ARN_REGION ")
		})
		if filled = slices.DeleteFunc(filled, ownCode); !slices.Equal(slices.DeleteFunc(raw, ownCode), filled) {
			t.Errorf("%s: raw %v, filled in %v", x.Name, raw, filled)
		}
	}
}

func ownCode(c string) bool { return strings.HasPrefix(c, "WRIT_") }

func TestRawExamplesAreTheCases(t *testing.T) {
	text, err := os.ReadFile("../../../shared/cases/check.jsonl")
	if err != nil {
		t.Skip("the cases are not here")
	}
	expected := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		var c struct {
			Name     string
			Policy   json.RawMessage
			Expected []struct{ Code, Path string }
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil || !strings.HasPrefix(c.Name, "seed-003-") {
			continue
		}
		doc, findings := policy.ParseString(c.Name, string(c.Policy))
		if doc == nil {
			t.Fatal(findings)
		}
		codes := []string{}
		for _, e := range c.Expected {
			codes = append(codes, e.Code+" "+e.Path)
		}
		slices.Sort(codes)
		expected[doc.String()] = codes
	}
	found := 0
	for _, x := range managed.Examples() {
		doc, _ := x.Policy(managed.Raw, nil)
		want, ok := expected[doc.String()]
		if !ok {
			continue
		}
		found++
		if got := slices.DeleteFunc(checkExample(t, x, managed.Raw), ownCode); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", x.Name, got, want)
		}
	}
	if found != len(expected) || found == 0 {
		t.Errorf("%d of %d cases are examples", found, len(expected))
	}
}

// What writ grant ecs writes has no finding either.
func TestGrantsAreChecked(t *testing.T) {
	for _, can := range []string{"list,describe", "run-tasks,stop-tasks", "create-services,update-services", "tag,manage-instances,execute-commands"} {
		code, stdout, stderr := invoke(t, "", "grant", "ecs", "--can", can, "--cluster", "prod", "--family", "web", "--account", "123456789012",
			"--region", "eu-west-1", "--role", "arn:aws:iam::123456789012:role/web", "--format", "document")
		doc, findings := policy.ParseString(can, stdout)
		if code != exitOK || findings.HasErrors() {
			t.Fatalf("%s: exit code %d\n%s%s", can, code, stdout, stderr)
		}
		if codes := checkCodes(t, can, doc); len(codes) > 0 {
			t.Errorf("%s: %v", can, codes)
		}
	}
}
