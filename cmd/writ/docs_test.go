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
	pages, err := filepath.Glob("../../docs/usage/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	ran := 0
	for _, page := range append(pages, "../../docs/testing.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?ms)^```(\\w+) ?(\\S*)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Chdir(t.TempDir())
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
		})
	}
	if ran < 20 {
		t.Errorf("%d examples ran; the search is broken", ran)
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
