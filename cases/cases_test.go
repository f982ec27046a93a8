package cases

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/source"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func parseFile(t testing.TB, dir, name string) ([]Case, source.List) {
	t.Helper()
	fsys := os.DirFS(dir)
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(source.NewFile(name, string(text)), func(name string) (string, error) {
		text, err := fs.ReadFile(fsys, name)
		return string(text), err
	})
}

func fileNames(t testing.TB, dir string, patterns ...string) []string {
	t.Helper()
	var out []string
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			out = append(out, filepath.Base(name))
		}
	}
	if len(out) == 0 {
		t.Fatalf("no files in %s", dir)
	}
	return out
}

// Good files give no finding, and their cases pass.
func TestGoodFiles(t *testing.T) {
	for _, name := range fileNames(t, "testdata/ok", "*.yaml", "*.json*") {
		list, findings := parseFile(t, "testdata/ok", name)
		if len(findings) > 0 {
			t.Errorf("%s: %v", name, findings)
		}
		for i := range list {
			result := list[i].Run()
			if !result.Passed() {
				t.Errorf("%s: %q fails: %q", name, list[i].Name, failuresOf(&result))
			}
		}
	}
}

func failuresOf(r *Result) []string {
	var out []string
	for i := range r.Cells {
		if r.Cells[i].Failure != "" {
			out = append(out, r.Cells[i].Failure)
		}
	}
	return out
}

// Files with mistakes give the findings of their golden file.
func TestBadFiles(t *testing.T) {
	for _, name := range fileNames(t, "testdata/bad", "*.yaml", "*.json", "*.jsonl") {
		t.Run(name, func(t *testing.T) {
			list, findings := parseFile(t, "testdata/bad", name)
			var b strings.Builder
			for _, f := range findings {
				if err := f.WriteText(&b); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "  path: %s\n", f.Path)
			}
			golden := filepath.Join("testdata/bad", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !findings.HasErrors() {
				t.Error("no error")
			}
			for i := range list {
				if list[i].Broken() && len(list[i].Run().Cells) > 0 {
					t.Errorf("case %q has errors and runs", list[i].Name)
				}
			}
		})
	}
}

const allowAll = `{"Statement":{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}}`

func oneCase(t testing.TB, rest string) Result {
	t.Helper()
	text := `{"name":"x","request":{"principal":"arn:aws:iam::123456789012:user/a","action":"s3:GetObject"},"policies":{"identity":[` + allowAll + `]}` + rest + `}`
	list, findings := Parse(source.NewFile("x.jsonl", text), nil)
	if len(findings) > 0 {
		t.Fatalf("%s: %v", text, findings)
	}
	return list[0].Run()
}

// Failing cases say what differs.
func TestFailures(t *testing.T) {
	for _, c := range []struct{ rest, want string }{
		{`,"expected":"Allowed"`, ""},
		{`,"expected":"Denied"`, "Allowed, expected Denied"},
		{`,"expected":"Undecided"`, "Allowed, expected Undecided"},
		{``, "the case expects nothing; the decision is Allowed"},
		{`,"decidedBy":{"kind":"identity","policy":0,"statement":0,"sid":"All"}`, ""},
		{`,"expected":"Allowed","decidedBy":{"kind":"identity","sid":"Al"}`,
			`Allowed as expected, but decided by identity policy 0 statement 0 sid "All"; expected identity sid "Al"`},
		{`,"expected":"Allowed","decidedBy":{"kind":"group"}`, `Allowed as expected, but decided by identity policy 0 statement 0 sid "All"; expected group`},
		{`,"expected":"Allowed","decidedBy":{"kind":"identity","statement":1}`,
			`Allowed as expected, but decided by identity policy 0 statement 0 sid "All"; expected identity statement 1`},
		{`,"expected":"Allowed","decidedBy":[{"kind":"identity"},{"kind":"resource"}]`,
			`Allowed as expected, but decided by identity policy 0 statement 0 sid "All"; expected identity and resource`},
	} {
		r := oneCase(t, c.rest)
		if got := r.Cells[0].Failure; got != c.want {
			t.Errorf("%s: failure %q, want %q", c.rest, got, c.want)
		}
		if (r.Cells[0].Explanation == nil) != (c.want == "") || r.Passed() != (c.want == "") {
			t.Errorf("%s: explanation %v, passed %v", c.rest, r.Cells[0].Explanation, r.Passed())
		}
	}
}

func TestExpectationMet(t *testing.T) {
	met := map[Expectation][]authz.Result{
		"Allowed": {authz.Allowed}, "ExplicitlyDenied": {authz.ExplicitlyDenied}, "ImplicitlyDenied": {authz.ImplicitlyDenied},
		"Denied": {authz.ExplicitlyDenied, authz.ImplicitlyDenied}, "Undecided": {authz.Undecided},
	}
	for e, results := range met {
		for r := authz.Invalid; r <= authz.Undecided; r++ {
			if got := e.Met(r); got != slices.Contains(results, r) {
				t.Errorf("%s met by %v: %v", e, r, got)
			}
		}
	}
}

// What a request of a suite holds is replaced by what its cases say.
func TestSuiteOverlay(t *testing.T) {
	text := `{"request":{"principal":"anonymous","actions":["a:B","a:C"],"context":{"k":"suite","l":"suite"}},"policies":{},
		"cases":[{"name":"1"},{"name":"2","request":{"action":"a:D","context":{"K":"case"},"resource":"arn:aws:a:::r"}}]}`
	list, findings := Parse(source.NewFile("x.json", text), nil)
	if len(findings) > 0 || len(list) != 2 {
		t.Fatal(list, findings)
	}
	suite := authz.Context{{Key: "k", Values: []string{"suite"}}, {Key: "l", Values: []string{"suite"}}}
	own := authz.Context{{Key: "l", Values: []string{"suite"}}, {Key: "K", Values: []string{"case"}}}
	want := [][]authz.Request{
		{{Principal: "anonymous", Action: "a:B", Resource: "*", Context: suite}, {Principal: "anonymous", Action: "a:C", Resource: "*", Context: suite}},
		{{Principal: "anonymous", Action: "a:D", Resource: "arn:aws:a:::r", Context: own}},
	}
	for i := range list {
		var got []authz.Request
		for _, c := range list[i].Cells {
			got = append(got, c.Request)
		}
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("case %d (-want +got):\n%s", i, diff)
		}
	}
}

// A file is opened once, however many cases name it, and never when there is no
// door.
func TestFilesAreReadOnce(t *testing.T) {
	one := `{"name":"%d","request":{"principal":"anonymous","action":"a:B"},"policies":{"identity":[{"file":"../p.json"}]},"expected":"Denied"}` + "\n"
	text := fmt.Sprintf(one, 1) + fmt.Sprintf(one, 2)
	var opened []string
	_, findings := Parse(source.NewFile("tests/x.jsonl", text), func(name string) (string, error) {
		opened = append(opened, name)
		return allowAll, nil
	})
	if len(findings) > 0 || !slices.Equal(opened, []string{"p.json"}) {
		t.Errorf("opened %v, %v", opened, findings)
	}
	if _, findings := Parse(source.NewFile("x.jsonl", text), nil); !findings.HasErrors() {
		t.Error("a policy in a file was read without a door")
	}
}

// Small texts that ask for much are refused, and nothing takes quadratic time.
func TestHostile(t *testing.T) {
	names := func(prefix string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%q,", fmt.Sprintf("%s%d", prefix, i))
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	head := `{"name":"x","policies":{},"request":{"principal":"anonymous",`
	for _, c := range []struct{ name, text, code string }{
		{"a table of millions", head + `"actions":[` + names("a:B", 2000) + `],"resources":[` + names("arn:aws:a:::", 2000) + `]}}`, codeTooMany},
		{"tables of millions", strings.Repeat(head+`"actions":[`+names("a:B", 500)+`],"resources":[`+names("arn:aws:a:::", 500)+"]}}\n", 5), codeTooMany},
		{"a suite that multiplies", `{"policies":{},"request":{"principal":"anonymous","action":"a:B","unknown":[` + names("k", 20000) + `]},"cases":[` +
			strings.TrimSuffix(strings.Repeat(`{"name":"x"},`, 20000), ",") + `]}`, codeTooMany},
		{"many unknown fields", head + `"action":"a:B",` + strings.ReplaceAll(names("pincipal", 50000), ",", ":1,") + `:1}}`, codeUnknown},
		{"many duplicates", head + `"action":"a:B"` + strings.Repeat(`,"action":"a:B"`, 50000) + `}}`, codeDuplicate},
		{"deep", strings.Repeat(`{"cases":[`, 10000), codeJSON},
		{"deep YAML", "- " + strings.Repeat("[", 10000), codeYAML},
		{"many documents", strings.Repeat("---\na: b\n", 10000), codeUnknown},
	} {
		_, findings := Parse(source.NewFile("x", c.text), nil)
		if !slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Code == c.code }) {
			t.Errorf("%s: no %s among %d findings", c.name, c.code, len(findings))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, dir := range []string{"testdata/ok", "testdata/bad"} {
		for _, name := range fileNames(f, dir, "*.yaml", "*.json*") {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(strings.TrimSuffix(name, filepath.Ext(name))+filepath.Ext(name), string(text))
		}
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		file := source.NewFile(name, text)
		list, findings := Parse(file, func(string) (string, error) { return allowAll, nil })
		if len(list) == 0 && !findings.HasErrors() {
			t.Error("neither a case nor an error")
		}
		for _, finding := range findings {
			if finding.File == file && (finding.Span.Start < 0 || finding.Span.End < finding.Span.Start || int(finding.Span.End) > len(text)) {
				t.Errorf("%s points outside of the text: %v", finding.Code, finding.Span)
			}
		}
		for i := range list {
			c := &list[i]
			if result := c.Run(); !c.Broken() && len(result.Cells) != len(c.Cells) {
				t.Errorf("case %q is not broken and does not run", c.Name)
			}
		}
	})
}

// The published schema names the fields that the parser reads, no more and no
// fewer, and the same words where only some are allowed.
func TestSchemaFields(t *testing.T) {
	schema := readSchema(t)
	for def, want := range map[string][]string{
		"case": names(caseFields), "suiteCase": names(caseFields), "suite": names(suiteFields), "request": names(requestFields),
		"policies": names(policyFields), "reference": names(referenceFields), "roleReference": names(roleFields), "decidedBy": names(byFields),
	} {
		properties, _ := schema.def(def)["properties"].(map[string]any)
		var got []string
		for name := range properties {
			got = append(got, name)
		}
		want := slices.Sorted(slices.Values(want))
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" {
			t.Errorf("%s (-parser +schema):\n%s", def, diff)
		}
		if schema.def(def)["additionalProperties"] != false {
			t.Errorf("%s allows other fields", def)
		}
	}
	enum := func(v any) (out []string) {
		for _, word := range v.(map[string]any)["enum"].([]any) {
			out = append(out, word.(string))
		}
		return out
	}
	if diff := cmp.Diff(expectations, enum(schema.def("decision"))); diff != "" {
		t.Errorf("decisions (-parser +schema):\n%s", diff)
	}
	if diff := cmp.Diff(kinds, enum(schema.def("decidedBy")["properties"].(map[string]any)["kind"])); diff != "" {
		t.Errorf("kinds (-parser +schema):\n%s", diff)
	}
}

// The schema and the parser agree on files: it accepts what is good, and refuses
// what has a field of the wrong name or type.
func TestSchemaOnFiles(t *testing.T) {
	schema := readSchema(t)
	shape := []string{codeUnknown, codeType, codeMissing}
	for _, dir := range []string{"testdata/ok", "testdata/bad"} {
		for _, name := range fileNames(t, dir, "*.yaml", "*.json*") {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			file := source.NewFile(name, string(text))
			roots, _ := split(file)
			for i, root := range roots {
				_, findings := Parse(source.NewFile(name, file.Slice(root.Span)), func(string) (string, error) { return allowAll, nil })
				bad := slices.ContainsFunc(findings, func(f source.Finding) bool {
					return slices.Contains(shape, f.Code) && f.File != nil && f.File.Name == name
				})
				problem := schema.check(schema.root, plainValue(root), "")
				switch {
				case dir == "testdata/ok" && problem != "":
					t.Errorf("%s document %d: the schema refuses it: %s", name, i, problem)
				case bad && problem == "" && !onlyNames(findings):
					t.Errorf("%s document %d: the schema accepts what the parser refuses: %v", name, i, findings)
				}
			}
		}
	}
}

// onlyNames reports whether all that is wrong are the names of actions and
// resources in a table, or what a case lacks that its suite might give: no
// schema can compare them.
func onlyNames(findings source.List) bool {
	for _, f := range findings {
		if f.Severity == source.Error && !strings.Contains(f.Path, "/expected") && f.Code != codeMissing {
			return false
		}
	}
	return true
}

func readSchema(t testing.TB) schema {
	t.Helper()
	text, err := os.ReadFile("../docs/schema/test-case.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(text, &s.root); err != nil {
		t.Fatal(err)
	}
	return s
}
