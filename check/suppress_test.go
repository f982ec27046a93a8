package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/source"
)

func readSuppressions(t *testing.T, yaml string) ([]check.Suppression, error) {
	t.Helper()
	root, _, bad := yamltree.Parse(yaml)
	if bad != nil {
		t.Fatal(bad)
	}
	return check.ReadSuppressions(source.NewFile("c.yaml", yaml), root)
}

func TestSuppressionMistakes(t *testing.T) {
	for yaml, want := range map[string]string{
		"a":                                     "c.yaml:1:1: suppressions are a list, not a string",
		"- a":                                   "c.yaml:1:3: a suppression is a mapping, not a string",
		"- code: INVALID_ACTION":                "a suppression needs a reason",
		"- reason: because":                     "a suppression needs a code",
		"- {code: NO_SUCH, reason: r}":          `there is no code "NO_SUCH"`,
		"- {code: 'WRIT_*', reason: r, who: x}": `a suppression has no "who"`,
		"- {code: INVALID_ACTION, reason: 1}":   "reason is a string, not a number",
		"- {code: INVALID_ACTION, reason: r, expires: soon}": `expires is a day such as 2027-01-31, not "soon"`,
	} {
		if _, err := readSuppressions(t, yaml); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", yaml, err, want)
		}
	}
}

// A suppression counts for what it names, up to and with its last day.
func TestSuppressions(t *testing.T) {
	const text = `{"Version":"2012-10-17","Statement":[
		{"Sid":"A","Effect":"Allow","Action":"iam:PassRole","Resource":"*"},
		{"Sid":"B","Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"Null":{"aws:TokenIssueTime":"false"}}}]}`
	for _, tt := range []struct {
		where string
		kept  int // of two findings
		own   string
	}{
		{"", 0, ""},
		{", sid: A", 1, ""},
		{", sid: C", 2, "WRIT_UNUSED_SUPPRESSION"},
		{", path: /Statement/1/Action", 1, ""},
		{", path: '/Statement/*'", 0, ""},
		{", file: 'policies/*.json'", 0, ""},
		{", file: other.json", 2, ""}, // a file that was not checked
		{", expires: 2026-11-21", 0, ""},
		{", expires: 2026-11-20", 2, "WRIT_EXPIRED_SUPPRESSION"},
	} {
		list, err := readSuppressions(t, "- {code: PASS_ROLE_*, reason: r"+tt.where+"}")
		if err != nil {
			t.Fatal(err)
		}
		result, err := check.File(source.NewFile("policies/p.json", text), check.Options{Kind: check.Identity})
		if err != nil {
			t.Fatal(err)
		}
		s := check.NewSuppressor(list, time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC))
		s.Filter("policies/p.json", &result)
		kept := 0
		for _, f := range result.Findings {
			if strings.HasPrefix(f.Code, "PASS_ROLE") {
				kept++
			}
		}
		own := ""
		for _, f := range s.Findings() {
			own += f.Code
		}
		if kept != tt.kept || own != tt.own {
			t.Errorf("%q: %d kept and %q, want %d and %q", tt.where, kept, own, tt.kept, tt.own)
		}
	}
}
