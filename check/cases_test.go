package check_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/source"
)

// conformance is one line of the conformance suite.
type conformance struct {
	Name, PolicyType, PolicyBase64, AttachedTo string
	Policy                                     json.RawMessage
	PolicyGenerator                            *struct {
		Prefix, Repeat, Suffix string
		Count                  int
	}
	Expected []expectation
	May      []string
}

type expectation struct {
	Code, Path string
	Paths      []string // any of them
}

var policyTypes = map[string]check.Kind{
	"IDENTITY_POLICY": check.Identity, "RESOURCE_POLICY": check.Resource, "TRUST": check.Trust,
	"SERVICE_CONTROL_POLICY": check.SCP, "RESOURCE_CONTROL_POLICY": check.RCP,
}

func (c *conformance) text(t *testing.T) string {
	var s string
	switch g := c.PolicyGenerator; {
	case g != nil:
		return g.Prefix + strings.Repeat(g.Repeat, g.Count) + g.Suffix
	case c.PolicyBase64 != "":
		b, err := base64.StdEncoding.DecodeString(c.PolicyBase64)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	case json.Unmarshal(c.Policy, &s) == nil:
		return s
	}
	return string(c.Policy)
}

// The suite says which codes of Access Analyzer a policy has, and where.
func TestConformance(t *testing.T) {
	data, err := os.ReadFile("../../shared/cases/check.jsonl")
	if err != nil {
		t.Skip(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		var c conformance
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			result, err := check.File(source.NewFile("policy.json", c.text(t)), check.Options{Kind: policyTypes[c.PolicyType], ResourceType: c.AttachedTo})
			if err != nil {
				t.Fatal(err)
			}
			compareCase(t, &c, result.Findings)
		})
	}
}

func compareCase(t *testing.T, c *conformance, found source.List) {
	for _, want := range c.Expected {
		paths := want.Paths
		if paths == nil {
			paths = []string{want.Path}
		}
		if !slices.ContainsFunc(found, func(f source.Finding) bool {
			return f.Code == want.Code && (want.Path == "" || slices.Contains(paths, f.Path))
		}) {
			t.Errorf("no %s at %q", want.Code, paths)
		}
	}
	for _, f := range found {
		if rule, ok := check.FindRule(f.Code); !ok || rule.Own() || slices.Contains(c.May, f.Code) {
			continue
		}
		if !slices.ContainsFunc(c.Expected, func(w expectation) bool { return w.Code == f.Code }) {
			t.Errorf("unwanted %s at %s: %s", f.Code, f.Path, f.Message)
		}
	}
}

// Every code of Access Analyzer that the suite lists has a rule, and no others
// have one.
func TestCodes(t *testing.T) {
	data, err := os.ReadFile("../../shared/spec/check-codes.json")
	if err != nil {
		t.Skip(err)
	}
	var want, got []string
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(c string) bool { return c == "SCP_SYNTAX_ERROR_ACTION_WILDCARD" })
	for _, r := range check.Rules() {
		if !r.Own() {
			got = append(got, r.Code)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
