package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata/script")

// TestMain lets scripts run this test binary as the command writ.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"writ": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "same": same},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "")
			action, err := filepath.Abs("../../scripts/action")
			e.Setenv("ACTION", action)
			return err
		},
	})
}

// exits CODE PROGRAM ARGS... runs a program that must exit with a code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &failed):
		got = failed.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s exits with %d, want %d", args[1], got, want)
	}
}

// same FILE FILE compares files that the script wrote itself: unlike cmp, it
// never rewrites one of them under -update.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] same FILE FILE")
	}
	if (ts.ReadFile(args[0]) == ts.ReadFile(args[1])) == neg {
		ts.Fatalf("%s and %s: same is %v", args[0], args[1], neg)
	}
}

// invoke runs a command line inside this process.
func invoke(t testing.TB, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, env{
		stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs,
		getenv: func(string) string { return "" },
	})
	return code, out.String(), errs.String()
}

const machine = `{"StartAt": "Tell", "States": {"Tell": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", ` +
	`"Parameters": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:news", "Message": "hi"}, "End": true}}}`

// Colour is for terminals that want it.
func TestColour(t *testing.T) {
	for _, c := range []struct {
		terminal bool
		noColor  string
		want     bool
	}{{false, "", false}, {true, "", true}, {true, "1", false}} {
		var out bytes.Buffer
		code := run([]string{"generate", "-"}, env{
			stdin: strings.NewReader(machine), stdout: &out, stderr: &bytes.Buffer{}, terminal: c.terminal,
			getenv: func(name string) string { return map[string]string{"NO_COLOR": c.noColor}[name] },
		})
		if got := strings.Contains(out.String(), "\x1b["); code != 0 || got != c.want {
			t.Errorf("terminal %v, NO_COLOR %q: colour %v, exit code %d", c.terminal, c.noColor, got, code)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// A result that could not be written is not a success.
func TestBrokenOutput(t *testing.T) {
	for _, format := range formatNames() {
		var errs bytes.Buffer
		code := run([]string{"generate", "--format", format, "-"}, env{
			stdin: strings.NewReader(machine), stdout: brokenWriter{}, stderr: &errs,
			getenv: func(string) string { return "" },
		})
		if code != exitUsage || !strings.Contains(errs.String(), "the disk is full") {
			t.Errorf("%s: exit code %d, %q", format, code, errs.String())
		}
	}
}

// A read that fails midway is reported, not taken for the whole.
func TestBrokenInput(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a file that opens and cannot be read")
	}
	code, stdout, stderr := invoke(t, "", "generate", "--format", "json", "/proc/self/mem")
	if code != exitUsage || !strings.Contains(stderr, "/proc/self/mem") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

// A command is made alone when it is called by its name, which must be its own.
func TestCommandNames(t *testing.T) {
	for _, c := range commands {
		made := c.make(&env{})
		if made.Name() != c.name {
			t.Errorf("command %q stands in the table as %q", made.Name(), c.name)
		}
		if one := commandsFor([]string{c.name, "--help"}); c.name != "man" && (len(one) != 1 || one[0].name != c.name) {
			t.Errorf("for %q %d commands are made", c.name, len(one))
		}
	}
	for _, args := range [][]string{nil, {"man"}, {"help", "generate"}, {"__complete", "generate", ""}, {"genrate"}} {
		if all := commandsFor(args); len(all) != len(commands) {
			t.Errorf("for %q %d commands are made, not all", args, len(all))
		}
	}
}

func TestLists(t *testing.T) {
	for _, tt := range []struct {
		commas bool
		given  []string
		want   string // between |
		fails  bool
	}{
		{given: []string{"a,b", "c"}, want: "a,b|c"},
		{given: []string{""}, want: ""},
		{commas: true, given: []string{"a,b", "c"}, want: "a|b|c"},
		{commas: true, given: []string{`"a,b",c`, ""}, want: "a,b|c"},
		{commas: true, given: []string{`a,"b`}, fails: true},
	} {
		var got []string
		var err error
		for _, text := range tt.given {
			if err = (&listFlag{&got, tt.commas}).Set(text); err != nil {
				break
			}
		}
		if (err != nil) != tt.fails || strings.Join(got, "|") != tt.want {
			t.Errorf("%q: %q, %v", tt.given, got, err)
		}
	}
}
