package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/writ-iam/writ/source"
)

const deep = 100_000

// Input that nobody means: every kind gives a finding with a code, in all
// formats, and JSON that can be read.
func TestHostileInput(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		code             string // of a finding
	}{
		{"empty", "m.json", "", "MALFORMED_JSON"},
		{"blank", "m.json", " \n\t", "MALFORMED_JSON"},
		{"empty YAML", "m.yaml", "", "MALFORMED_YAML"},
		{"byte order mark", "m.json", "\ufeff" + machine, "MALFORMED_JSON"},
		{"UTF-16", "m.json", "\xff\xfe{\x00}\x00", "MALFORMED_JSON"},
		{"invalid UTF-8", "m.json", strings.Replace(machine, "Tell", "T\xffll", 1), "MALFORMED_JSON"},
		{"invalid UTF-8 in YAML", "m.yaml", "StartAt: \"a\xffb\"", "MALFORMED_YAML"},
		{"NUL", "m.json", strings.Replace(machine, "Tell", "T\x00ll", 1), "MALFORMED_JSON"},
		{"lone surrogate", "m.json", strings.Replace(machine, "hi", `\ud800`, 1), "MALFORMED_JSON"},
		{"binary", "m.asl", "\x7fELF\x02\x01\x01\x00\x00", "MALFORMED_YAML"},
		{"two values", "m.json", machine + machine, "MALFORMED_JSON"},
		{"duplicate keys", "m.json", strings.Replace(machine, `"StartAt"`, `"StartAt": "Tell", "StartAt"`, 1), "DUPLICATE_KEY"},
		{"deep arrays", "m.json", strings.Repeat("[", deep), "MALFORMED_JSON"},
		{"deep arrays, closed", "m.json", strings.Repeat("[", deep) + strings.Repeat("]", deep), "MALFORMED_JSON"},
		{"deep objects", "m.json", strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep), "MALFORMED_JSON"},
		{"deep YAML", "m.yaml", strings.Repeat("[", deep) + strings.Repeat("]", deep), "MALFORMED_YAML"},
		{"deep YAML blocks", "m.yaml", strings.Repeat("- ", deep) + "x", "MALFORMED_YAML"},
		{"deep parameters", "m.json", strings.Replace(machine, `"hi"`, strings.Repeat("[", deep)+strings.Repeat("]", deep), 1), "MALFORMED_JSON"},
		{"anchors that multiply", "m.yaml", laughs(), "MALFORMED_YAML"},
		{"long string", "m.json", `"` + strings.Repeat("x", 10<<20) + `"`, "BAD_FIELD_TYPE"},
		{"long name", "m.json", `{"StartAt": "` + strings.Repeat("x", 10<<20) + `", "States": {"A": {"Type": "Succeed"}}}`, "DANGLING_TRANSITION"},
		{"long Resource", "m.json", strings.Replace(machine, "sns:publish", strings.Repeat("x", 10<<20), 1), "BAD_RESOURCE_ARN"},
		{"long line of control characters", "m.json", `{"StartAt": "` + strings.Repeat(`\u001b[2J`, 10_000) + `", "States": {"A": {"Type": "Succeed"}}}`, "DANGLING_TRANSITION"},
		{"too large", "m.json", strings.Repeat(" ", source.MaxSize+1), "MALFORMED_JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.file)
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			assertRefused(t, path, c.code)
		})
	}
}

func assertRefused(t *testing.T, path, code string) {
	t.Helper()
	for _, format := range formatNames() {
		exitCode, stdout, stderr := invoke(t, "", "generate", "--format", format, path)
		if exitCode != exitFindings {
			t.Errorf("%s: exit code %d", format, exitCode)
		}
		if format == "json" {
			assertNoRole(t, stdout, code)
			continue
		}
		if stdout != "" || !strings.Contains(stderr, "["+code+"]") {
			t.Errorf("%s: %d bytes on stdout; stderr: %.500s", format, len(stdout), stderr)
		}
		if strings.ContainsAny(stderr, "\x00\x1b") || !utf8.ValidString(stderr) {
			t.Errorf("%s: stderr holds control characters: %.500q", format, stderr)
		}
	}
}

// assertNoRole: JSON that says no, whatever was wrong.
func assertNoRole(t *testing.T, stdout, code string) {
	t.Helper()
	var out struct {
		Version  string          `json:"format_version"`
		Role     json.RawMessage `json:"role"`
		Findings []struct{ Code, Severity, Message string }
	}
	if err := json.Unmarshal([]byte(stdout), &out); err != nil {
		t.Fatalf("%v in %.500s", err, stdout)
	}
	if string(out.Role) != "null" || out.Version != "1.0" || len(out.Findings) == 0 {
		t.Errorf("role %.100s, version %q, %d findings", out.Role, out.Version, len(out.Findings))
	}
	for _, f := range out.Findings {
		if f.Code == code && f.Severity == "ERROR" && f.Message != "" {
			return
		}
	}
	t.Errorf("no error %s in %.500s", code, stdout)
}

// laughs is YAML in which each line holds the line before it nine times.
func laughs() string {
	var b strings.Builder
	b.WriteString("a: &a [x]\n")
	for c := 'b'; c <= 'z'; c++ {
		b.WriteString(string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+", ", 9) + "]\n")
	}
	return b.String()
}

// A definition nested as deeply as can be read at all.
func TestNestedBranches(t *testing.T) {
	for depth := 1; depth <= 10_000; depth *= 10 {
		open := `{"StartAt": "S", "States": {"S": {"Type": "Parallel", "End": true, "Branches": [`
		text := strings.Repeat(open, depth) + `{"StartAt": "E", "States": {"E": {"Type": "Succeed"}}}` + strings.Repeat("]}}}", depth)
		code, stdout, _ := invoke(t, text, "generate", "--format", "json", "-")
		if code != exitOK && code != exitFindings {
			t.Errorf("depth %d: exit code %d", depth, code)
		}
		mustParse(t, stdout, new(any))
	}
}

// Whatever is wrong with the command line, JSON is JSON.
func TestJSONOfBadUsage(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "m.json")
	if err := os.WriteFile(good, []byte(machine), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(dir, "gone.json")
	if err := os.Symlink(filepath.Join(dir, "nothing"), gone); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"directory":        {dir},
		"missing":          {filepath.Join(dir, "missing.json")},
		"dangling link":    {gone},
		"below a file":     {filepath.Join(good, "x")},
		"name with NUL":    {"a\x00b"},
		"long name":        {strings.Repeat("x", 10_000)},
		"style":            {good, "--style", "x"},
		"trust":            {good, "--trust", "x"},
		"fail level":       {good, "--fail-level", "x"},
		"pass role":        {good, "--pass-role", "x"},
		"substitution":     {good, "--substitution", "x"},
		"task definition":  {good, "--task-definition", dir},
		"unwritable":       {good, "-o", filepath.Join(dir, "no", "such")},
		"account":          {good, "--account", "x"},
		"account in words": {good, "--account", "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660\u0661\u0662"},
		"region":           {good, "--region", "us-east-1\n"},
		"partition":        {good, "--partition", "x"},
		"type":             {good, "--type", "x"},
		"name":             {good, "--name", "a b"},
		"long machine":     {good, "--name", strings.Repeat("n", 1000)},
		"key":              {good, "--kms-key", "arn:aws:kms:us-east-1:123456789012:alias/mine"},
		"boundary":         {good, "--permissions-boundary", "x"},
		"path":             {good, "--path", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, _ := invoke(t, "", append([]string{"generate", "--format", "json"}, args...)...)
			if code != exitUsage {
				t.Errorf("exit code %d", code)
			}
			assertNoRole(t, stdout, map[bool]string{true: "BAD_CONTEXT", false: "BAD_USAGE"}[strings.Contains(stdout, "BAD_CONTEXT")])
		})
	}
}

// endless is standard input that does not end.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestEndlessInputIsBounded(t *testing.T) {
	in := &endless{}
	code := run([]string{"generate", "-"}, env{stdin: in, stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }})
	if code != exitFindings || in.read > 2*source.MaxSize {
		t.Errorf("exit code %d after %d bytes", code, in.read)
	}
}

// A plan of Terraform may be larger than other texts, and no longer than its own
// limit.
func TestLargePlanIsRead(t *testing.T) {
	const start, end = `{"format_version":"1.2","planned_values":{"root_module":{}},"resource_changes":[`, `]}`
	padding := source.MaxSize + 1
	in := io.MultiReader(strings.NewReader(start), io.LimitReader(&endless{}, int64(padding)), strings.NewReader(end))
	text, err := readText(in, 0)
	if want := len(start) + padding + len(end); err != nil || len(text) != want {
		t.Errorf("%d bytes, %v; want %d", len(text), err, want)
	}
	other := io.MultiReader(strings.NewReader(`{"Resources":`), &endless{})
	if text, err := readText(other, 0); err != nil || len(text) != source.MaxSize+1 {
		t.Errorf("%d bytes of a text that is no plan, %v", len(text), err)
	}
}
