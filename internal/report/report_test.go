package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/internal/report"
	"github.com/writ-iam/writ/source"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

const policyText = `{
  "Statement": {"Effect": "Allow",
    "Action": "größe:*", "Resource": "*"}
}
`

func at(file *source.File, text string) source.Span {
	i := int32(strings.Index(file.Text, text))
	return source.Span{Start: i, End: i + int32(len(text))}
}

// example is a report with what is hard to print: severities of all kinds, a
// finding about no file, one over several lines, hostile names.
func example() *report.Report {
	file := source.NewFile("dir with spaces/role:1.json", policyText)
	hostile := source.NewFile("::error::\x1b[31m%0A.json", "x")
	return &report.Report{
		Tool: report.Tool{Name: "writ audit", Version: "1.2.3", URI: "https://example.com/usage.md"}, Title: "machine.json with role.json",
		Rules: []report.Rule{
			{Code: "TOO_WIDE", Severity: source.Warning, Summary: "a grant is wider than needed", Help: "Name what is needed.", URI: "https://example.com/TOO_WIDE"},
			{Code: "OPEN", Severity: source.SecurityWarning, Summary: "anybody may call"},
			{Code: "UNSEEN", Severity: source.Error, Summary: "nothing of this kind was found"},
		},
		Findings: source.List{
			{Code: "MISSING", Severity: source.Error, Message: "state \"A\" | <b> lacks *this* @team"},
			{Code: "OPEN", Severity: source.SecurityWarning, File: file, Span: at(file, policyText[4:60]), Message: "spans lines", Hint: "close it: 100%, or\nnot"},
			{Code: "TOO_WIDE", Severity: source.Warning, File: file, Span: at(file, `"größe:*"`), Path: "/Statement/Action", Message: "größe is wide", Hint: "name it"},
			{Code: "TOO_WIDE", Severity: source.Suggestion, File: file, Span: at(file, `"*"`), Path: "/Statement/Resource", Message: "so is this"},
			{Code: "ODD", Severity: source.Suggestion, File: hostile, Span: source.Span{Start: 0, End: 1}, Message: "a hostile name\x07\n::error::boo"},
		},
		FailLevel: source.Warning,
	}
}

func render(t *testing.T, format string, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, format, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormats(t *testing.T) {
	for _, format := range report.Formats() {
		golden := filepath.Join("testdata", "example."+format)
		got := render(t, format, example())
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got); -update rewrites it:\n%s", format, diff)
		}
	}
	if err := report.Write(&bytes.Buffer{}, "pdf", example()); err == nil || !strings.Contains(err.Error(), "sarif") {
		t.Errorf("an unknown format: %v", err)
	}
}

// Nothing found is said too, in every format.
func TestNothingFound(t *testing.T) {
	r := &report.Report{Tool: report.Tool{Name: "writ"}, Title: "all", Rules: example().Rules}
	for format, want := range map[string]string{
		"text": "all: no findings\n", "github": "all: no findings\n", "markdown": "### all: no findings\n",
		"json": "{\n  \"format_version\": \"1.0\",\n  \"findings\": []\n}\n",
	} {
		if got := render(t, format, r); got != want {
			t.Errorf("%s: %q", format, got)
		}
	}
	if got := render(t, "sarif", r); !strings.Contains(got, `"results": []`) {
		t.Errorf("SARIF: results must be an empty list:\n%s", got)
	}
	if got := render(t, "junit", r); !strings.Contains(got, `tests="3" failures="0"`) {
		t.Errorf("JUnit: %s", got)
	}
}

// What hostile names hold stays inside the values of a format.
func TestHostileNames(t *testing.T) {
	for _, format := range report.Formats() {
		if got := render(t, format, example()); strings.ContainsAny(got, "\x1b") {
			t.Errorf("%s holds a control sequence", format)
		}
	}
	commands := 0
	for line := range strings.Lines(render(t, "github", example())) {
		if strings.HasPrefix(line, "::") {
			commands++
		}
	}
	if commands != len(example().Findings) {
		t.Errorf("%d workflow commands for %d findings", commands, len(example().Findings))
	}
	rows := strings.Count(render(t, "markdown", example()), "\n|")
	if want := len(example().Findings) + 2; rows != want {
		t.Errorf("%d rows in Markdown, want %d", rows, want)
	}
	var suites report.JUnitSuites
	if err := xml.Unmarshal([]byte(render(t, "junit", example())), &suites); err != nil {
		t.Error(err)
	}
	if suites.Tests != 5 || suites.Failures != 3 {
		t.Errorf("JUnit counts %d tests and %d failures", suites.Tests, suites.Failures)
	}
}

// sarifShape is what the schema of SARIF 2.1.0 says of the objects that are
// used: members that are required, and members that may be there. Source: OASIS,
// sarif-schema-2.1.0.json, definitions; none of these objects takes others.
var sarifShape = map[string]struct{ required, optional []string }{
	"log":                    {[]string{"version", "runs"}, []string{"$schema"}},
	"run":                    {[]string{"tool", "results"}, []string{"columnKind"}},
	"tool":                   {[]string{"driver"}, nil},
	"driver":                 {[]string{"name", "rules"}, []string{"version", "informationUri"}},
	"reportingDescriptor":    {[]string{"id"}, []string{"shortDescription", "help", "helpUri", "defaultConfiguration", "properties"}},
	"reportingConfiguration": {nil, []string{"level"}},
	"result":                 {[]string{"message"}, []string{"ruleId", "ruleIndex", "level", "locations", "properties"}},
	"message":                {[]string{"text"}, nil},
	"location":               {nil, []string{"physicalLocation", "logicalLocations"}},
	"physicalLocation":       {[]string{"artifactLocation"}, []string{"region"}},
	"artifactLocation":       {[]string{"uri"}, nil},
	"region":                 {nil, []string{"startLine", "startColumn", "endLine", "endColumn", "byteOffset", "byteLength"}},
	"logicalLocation":        {nil, []string{"fullyQualifiedName"}},
	"propertyBag":            {nil, []string{"tags", "severity"}},
}

type sarifChecker struct{ t *testing.T }

func (c sarifChecker) object(kind string, v any) map[string]any {
	c.t.Helper()
	object, ok := v.(map[string]any)
	if !ok {
		c.t.Fatalf("%s is %T", kind, v)
	}
	shape := sarifShape[kind]
	for _, name := range shape.required {
		if _, ok := object[name]; !ok {
			c.t.Errorf("%s lacks %s", kind, name)
		}
	}
	for name := range object {
		if !slices.Contains(shape.required, name) && !slices.Contains(shape.optional, name) {
			c.t.Errorf("%s has %s, which the schema does not know", kind, name)
		}
	}
	return object
}

func (c sarifChecker) list(v any) []any {
	list, ok := v.([]any)
	if !ok {
		c.t.Fatalf("%T is no list", v)
	}
	return list
}

func (c sarifChecker) level(v any) {
	if !slices.Contains([]any{"none", "note", "warning", "error"}, v) {
		c.t.Errorf("%v is no level", v)
	}
}

func (c sarifChecker) text(v any) string {
	text, _ := c.object("message", v)["text"].(string)
	if text == "" {
		c.t.Errorf("an empty message")
	}
	return text
}

func (c sarifChecker) location(v any) {
	location := c.object("location", v)
	physical := c.object("physicalLocation", location["physicalLocation"])
	uri, _ := c.object("artifactLocation", physical["artifactLocation"])["uri"].(string)
	if parsed, err := url.Parse(uri); err != nil || !regexp.MustCompile(`^[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$`).MatchString(uri) || parsed.Scheme != "" {
		c.t.Errorf("%q is no URI reference of a relative file: %v", uri, err)
	}
	region := c.object("region", physical["region"])
	for _, name := range []string{"startLine", "startColumn", "endLine", "endColumn"} {
		if n, ok := region[name].(float64); !ok || n < 1 {
			c.t.Errorf("region: %s is %v", name, region[name])
		}
	}
	for _, name := range []string{"byteOffset", "byteLength"} {
		if n, ok := region[name].(float64); !ok || n < 0 {
			c.t.Errorf("region: %s is %v", name, region[name])
		}
	}
	if logical, ok := location["logicalLocations"]; ok {
		for _, l := range c.list(logical) {
			c.object("logicalLocation", l)
		}
	}
}

func TestSARIFHasTheShapeOfItsSchema(t *testing.T) {
	c := sarifChecker{t}
	r := example()
	var decoded any
	if err := json.Unmarshal([]byte(render(t, "sarif", r)), &decoded); err != nil {
		t.Fatal(err)
	}
	log := c.object("log", decoded)
	if log["version"] != "2.1.0" {
		t.Errorf("version %v", log["version"])
	}
	runs := c.list(log["runs"])
	run := c.object("run", runs[0])
	if len(runs) != 1 || run["columnKind"] != "unicodeCodePoints" {
		t.Errorf("%d runs, columns of %v", len(runs), run["columnKind"])
	}
	driver := c.object("driver", c.object("tool", run["tool"])["driver"])
	rules := c.list(driver["rules"])
	for _, v := range rules {
		rule := c.object("reportingDescriptor", v)
		for _, name := range []string{"shortDescription", "help"} {
			if text, ok := rule[name]; ok {
				c.text(text)
			}
		}
		if uri, ok := rule["helpUri"].(string); ok {
			if parsed, err := url.Parse(uri); err != nil || !parsed.IsAbs() {
				t.Errorf("helpUri %q is no absolute URI: %v", uri, err)
			}
		}
		c.level(c.object("reportingConfiguration", rule["defaultConfiguration"])["level"])
	}
	results := c.list(run["results"])
	if len(results) != len(r.Findings) {
		t.Errorf("%d results for %d findings", len(results), len(r.Findings))
	}
	for i, v := range results {
		result := c.object("result", v)
		c.text(result["message"])
		c.level(result["level"])
		c.object("propertyBag", result["properties"])
		rule := rules[int(result["ruleIndex"].(float64))].(map[string]any)
		if result["ruleId"] != r.Findings[i].Code || rule["id"] != result["ruleId"] {
			t.Errorf("result %d: ruleId %v, ruleIndex that of %v", i, result["ruleId"], rule["id"])
		}
		if locations, ok := result["locations"]; ok {
			for _, l := range c.list(locations) {
				c.location(l)
			}
		}
	}
}
