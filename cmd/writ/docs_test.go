package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The pages with examples are run: files stand in blocks that name them, and
// "$ writ ..." is followed by all that the command prints.
func TestDocumentedExamples(t *testing.T) {
	for page, least := range map[string]int{"testing.md": 3, "usage.md": 5} {
		text, err := os.ReadFile(filepath.Join("../../docs", page))
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?ms)^```(\\w+) ?(\\S*)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
		t.Run(page, func(t *testing.T) {
			t.Chdir(t.TempDir())
			ran := 0
			for _, b := range blocks {
				switch language, name, text := b[1], b[2], b[3]; {
				case name != "":
					if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				case language == "console":
					ran++
					runExample(t, text)
				}
			}
			if ran < least {
				t.Errorf("%d examples ran; the search is broken", ran)
			}
		})
	}
}

func runExample(t *testing.T, text string) {
	t.Helper()
	command, want, _ := strings.Cut(text, "\n")
	for strings.HasSuffix(command, `\`) {
		var more string
		more, want, _ = strings.Cut(want, "\n")
		command = strings.TrimSuffix(command, `\`) + strings.TrimSpace(more)
	}
	args := words(strings.TrimPrefix(command, "$ writ "))
	if _, stdout, stderr := invoke(t, "", args...); stdout+stderr != want {
		t.Errorf("%s prints\n%s\nthe page shows\n%s", command, stdout+stderr, want)
	}
}

// words splits a command line, single quotes as in a shell.
func words(line string) []string {
	var out []string
	for _, w := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1) {
		out = append(out, strings.Trim(w, "'"))
	}
	return out
}

// The examples in the repository pass their own tests.
func TestExamplesPass(t *testing.T) {
	code, stdout, stderr := invoke(t, "", "test", "../../examples/policy-tests")
	if code != exitOK || !strings.Contains(stdout, "5 passed, 0 failed (9 requests)") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// Every code of a finding about tests and accounts is explained.
func TestCodesAreDocumented(t *testing.T) {
	usage, err := os.ReadFile("../../docs/usage.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?m)^\s*code\w* *= *"([A-Z_]+)"`)
	found := 0
	for _, file := range []string{"cases/cases.go", "account/details.go", "account/principal.go", "account/rolefile.go"} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range code.FindAllStringSubmatch(string(text), -1) {
			found++
			if !strings.Contains(string(usage), "`"+m[1]+"`") {
				t.Errorf("%s: docs/usage.md does not explain %s", file, m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("%d codes in the sources; the search is broken", found)
	}
}
