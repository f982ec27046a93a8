package writ

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The README's commands are run, and everything that it shows as output must be
// what comes out.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	var shown []string
	commands := 0
	for _, block := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatch(string(readme), -1) {
		switch language, text := block[1], block[2]; {
		case language == "":
			shown = append(shown, text)
		case strings.HasPrefix(text, "go run ./cmd/writ "):
			commands++
			output, code := runLine(t, strings.TrimSpace(text))
			if code > 1 {
				t.Errorf("%s: exit %d\n%s", text, code, output)
			}
			printed.WriteString(output)
			// The text says what comes out without the task definition as well.
			if lacking := regexp.MustCompile(` --task-definition \S+`).ReplaceAllString(text, ""); lacking != text {
				output, _ := runLine(t, strings.TrimSpace(lacking))
				printed.WriteString(output)
			}
		}
	}
	if commands == 0 || len(shown) == 0 {
		t.Fatal("README shows no command or no output")
	}
	for _, text := range shown {
		if !strings.Contains(printed.String(), text) {
			t.Errorf("README shows what its commands do not print:\n%s", text)
		}
	}
}

// runLine runs a command line of words without quotes and returns all that it
// prints.
func runLine(t *testing.T, line string) (output string, code int) {
	t.Helper()
	words := strings.Fields(line)
	cmd := exec.Command(words[0], words[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), cmd.ProcessState.ExitCode()
	}
	return out.String(), 0
}
