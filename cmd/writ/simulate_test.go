package main

import (
	"bytes"
	"strings"
	"testing"
)

const allowedCase = `{"name":"x","request":{"principal":"anonymous","action":"sts:AssumeRole"},"policies":{},"expected":"Denied"}`

// commandsOnStdin are command lines that read standard input and print a result.
var commandsOnStdin = []struct {
	stdin string
	args  []string
}{
	{allowedCase, []string{"simulate", "--cases", "-"}},
	{allowedCase, []string{"simulate", "--cases", "-", "--format", "json"}},
	{allowedCase, []string{"simulate", "--cases", "-", "--format", "jsonl"}},
	{allowedCase, []string{"test", "-"}},
	{allowedCase, []string{"test", "-", "--format", "json"}},
	{allowedCase, []string{"test", "-", "--format", "junit"}},
	{allowedCase, []string{"test", "-", "--format", "github"}},
	{`{"allowed":true}`, []string{"decode"}},
	{`{"allowed":true}`, []string{"decode", "--format", "json"}},
	{"Not authorized to perform sts:AssumeRoleWithSAML", []string{"explain-error", "-"}},
	{"Not authorized to perform sts:AssumeRoleWithSAML", []string{"explain-error", "-", "--format", "json"}},
}

// An answer that could not be written is not a success, nor a denial.
func TestBrokenAnswers(t *testing.T) {
	for _, c := range commandsOnStdin {
		var errs bytes.Buffer
		code := run(c.args, env{
			stdin: strings.NewReader(c.stdin), stdout: brokenWriter{}, stderr: &errs, getenv: func(string) string { return "" },
		})
		if code != exitUsage || !strings.Contains(errs.String(), "the disk is full") {
			t.Errorf("%v: exit code %d, %q", c.args, code, errs.String())
		}
	}
}

// Decisions are coloured on terminals that want it, and nowhere else.
func TestAnswerColour(t *testing.T) {
	for _, c := range []struct {
		terminal bool
		noColor  string
		want     bool
	}{{false, "", false}, {true, "", true}, {true, "1", false}} {
		for _, command := range commandsOnStdin[:1] {
			var out bytes.Buffer
			run(command.args, env{
				stdin: strings.NewReader(command.stdin), stdout: &out, stderr: &bytes.Buffer{}, terminal: c.terminal,
				getenv: func(string) string { return c.noColor },
			})
			if got := strings.Contains(out.String(), "\x1b["); got != c.want {
				t.Errorf("%v on a terminal (%v) with NO_COLOR=%q: colour %v", command.args, c.terminal, c.noColor, got)
			}
		}
	}
}

// Names in hostile files do not reach the terminal as they are.
func TestControlSequences(t *testing.T) {
	hostile := strings.Replace(allowedCase, `"x"`, `"\u001b[2Jx"`, 1)
	for _, args := range [][]string{{"simulate", "--cases", "-"}, {"test", "-", "--format", "github"}, {"test", "-"}} {
		_, stdout, _ := invoke(t, strings.Replace(hostile, `"Denied"`, `"Allowed"`, 1), args...)
		if strings.Contains(stdout, "\x1b") || !strings.Contains(stdout, "[2Jx") {
			t.Errorf("%v prints %q", args, stdout)
		}
	}
}
