package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Patterns that nobody means are answered in no time, with an exit code and
// without control characters.
func TestHostileCatalogPatterns(t *testing.T) {
	hostile := []string{
		strings.Repeat("a", 10_000),
		strings.Repeat("*", 10_000) + "zzz",
		strings.Repeat("a*", 5_000),
		strings.Repeat("*?", 5_000),
		"*:" + strings.Repeat("*?", 5_000),
		"ecs:" + strings.Repeat("?", 10_000),
		strings.Repeat(":", 10_000),
		"ecs:" + strings.Repeat("\xff", 10_000),
		"ecs:\x1b[2J",
		"arn:" + strings.Repeat(":", 10_000),
		"arn:aws:s3:::" + strings.Repeat("/", 10_000),
		"../../etc/passwd:x",
		"arn:aws:../global:::x",
	}
	for _, topic := range []string{"services", "actions", "resources", "keys", "operations"} {
		for _, p := range hostile {
			code, stdout, stderr := invoke(t, "", "catalog", topic, p)
			if code != exitFindings || stdout != "" {
				t.Errorf("%s %.20q: exit code %d, %.100q", topic, p, code, stdout)
			}
			if len(stderr) > 1000 || strings.Contains(stderr, "\x1b") {
				t.Errorf("%s %.20q: %d bytes: %.100q", topic, p, len(stderr), stderr)
			}
			_, stdout, _ = invoke(t, "", "catalog", topic, p, "--format", "json")
			if !json.Valid([]byte(stdout)) {
				t.Errorf("%s %.20q: no JSON: %.100q", topic, p, stdout)
			}
		}
	}
	for _, p := range hostile {
		if code, _, stderr := invoke(t, "", "catalog", "actions", "ecs", "--resource", p); code != exitFindings {
			t.Errorf("--resource %.20q: exit code %d, %.100q", p, code, stderr)
		}
		if hasWildcard(p) {
			if code, _, _ := invoke(t, "", "simulate", "--principal", "anonymous", "--action", p); code != exitUsage {
				t.Errorf("simulate --action %.20q: exit code %d", p, code)
			}
		}
	}
}

// Every fact can be shown in full, and has an answer for programs.
func TestEveryFact(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all there is")
	}
	for _, topic := range []string{"services", "actions", "resources", "keys", "operations"} {
		code, stdout, stderr := invoke(t, "", "catalog", topic, "--format", "json")
		var out struct {
			Version string           `json:"format_version"`
			Kind    string           `json:"kind"`
			Facts   []map[string]any `json:"facts"`
		}
		if err := json.Unmarshal([]byte(stdout), &out); err != nil || code != exitOK || stderr != "" {
			t.Fatalf("%s: exit code %d, %v, %s", topic, code, err, stderr)
		}
		_, text, _ := invoke(t, "", "catalog", topic)
		if lines := strings.Count(text, "\n"); lines != len(out.Facts) || lines < 400 || out.Kind != topic || out.Version != "1.0" {
			t.Errorf("%s: %d lines, %d facts of %q, version %q", topic, lines, len(out.Facts), out.Kind, out.Version)
		}
	}
	for _, name := range []string{"ec2:*", "iam:*", "s3:*"} {
		_, table, _ := invoke(t, "", "catalog", "actions", name)
		for line := range strings.Lines(table) {
			name, _, _ := strings.Cut(line, " ")
			if code, stdout, _ := invoke(t, "", "catalog", "actions", name); code != exitOK || !strings.HasPrefix(stdout, name) {
				t.Errorf("%s: exit code %d\n%s", name, code, stdout)
			}
		}
	}
}

// A fact that could not be written is not a success, nor an unknown name.
func TestBrokenFacts(t *testing.T) {
	for _, args := range [][]string{
		{"catalog", "actions", "ecs"},
		{"catalog", "actions", "ecs:RunTask"},
		{"catalog", "actions", "ecs:RunTask", "--format", "json"},
		{"catalog", "actions", "ecs:RunTsk", "--format", "json"},
	} {
		var errs bytes.Buffer
		code := run(args, env{stdin: strings.NewReader(""), stdout: brokenWriter{}, stderr: &errs, getenv: func(string) string { return "" }})
		if code != exitUsage || !strings.Contains(errs.String(), "the disk is full") {
			t.Errorf("%v: exit code %d, %q", args, code, errs.String())
		}
	}
}

// Completion offers nothing but what begins with the word as it was typed.
func TestCompletionKeepsWhatWasTyped(t *testing.T) {
	for _, start := range []string{"", "E", "ecs", "ecs:", "ECS:run", "ecs:RunTask,S", strings.Repeat("x", 10_000), ":", "ecs:\x1b"} {
		offers, _ := completeActions(nil, nil, start)
		for _, o := range offers {
			if !strings.HasPrefix(strings.ToLower(o), strings.ToLower(start)) {
				t.Errorf("%q offers %q", start, o)
			}
		}
	}
}
