package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/cases"
	"github.com/writ-iam/writ/source"
)

// testSuffixes are the names by which test files are found in directories.
var testSuffixes = []string{".writ.yaml", ".writ.yml", ".writ.json", ".writ.jsonl"}

type testFlags struct {
	format, run string
}

func newTest(e *env) *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test FILE...",
		Short: "Run unit tests of policies",
		Long: `Test runs test files: requests, the policies that speak, and the decisions that
are expected. docs/testing.md describes the format. '-' is standard input; in a
directory, all files are run whose names end in
` + strings.Join(testSuffixes, ", ") + `, but for those in directories
that begin with a dot and the configuration, ` + configFile + `.

Exit codes: 0 all tests passed; 1 some failed; 2 wrong usage, unreadable input,
or no test at all.`,
		Example: "  writ test policies/\n  writ test policies/ecs.writ.yaml --run 'run-task' --format junit > report.xml",
		Args:    takes(1, many, "a file with tests, or - for standard input"),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.test(e, args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.run, "run", "", "run only the cases whose names match a regular expression")
	flags.StringVar(&f.format, "format", "text", "output: text, json, junit or github (annotations)")
	complete(cmd, "format", "text", "json", "junit", "github")
	return cmd
}

// testRun is what all test files gave.
type testRun struct {
	files    []testFile
	passed   int // cases
	failed   int // cases
	requests int
	findings source.List
}

type testFile struct {
	name    string
	results []cases.Result // cases that could run
	broken  []*cases.Case  // cases that could not
}

func (f *testFlags) test(e *env, args []string) error {
	if err := checkFormat(f.format, "text", "json", "junit", "github"); err != nil {
		return err
	}
	write := testFormats[f.format]
	only, err := regexp.Compile(f.run)
	if err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	names, err := testFiles(args)
	if err != nil {
		return err
	}
	var run testRun
	for _, name := range names {
		if err := run.file(e, name, only); err != nil {
			return err
		}
	}
	if f.format == "text" || f.format == "junit" {
		printList(e, run.findings)
	}
	none := run.passed+run.failed == 0 && !run.findings.HasErrors()
	if none && f.format == "text" {
		return f.noCase()
	}
	if err := write(e, &run); err != nil {
		return err
	}
	switch {
	case run.findings.HasErrors():
		return exit(exitUsage)
	case none:
		return f.noCase()
	case run.failed > 0:
		return exit(exitFindings)
	}
	return nil
}

func (f *testFlags) noCase() error { return fmt.Errorf("no case has a name that matches %q", f.run) }

func (run *testRun) file(e *env, name string, only *regexp.Regexp) error {
	list, findings, err := readCases(e, name)
	if err != nil {
		return err
	}
	run.findings = append(run.findings, findings...)
	file := testFile{name: inputName(name)}
	for i := range list {
		c := &list[i]
		switch {
		case !only.MatchString(c.Name):
			continue
		case c.Broken():
			file.broken = append(file.broken, c)
			run.failed++
			continue
		}
		known := len(c.Findings)
		result := c.Run()
		if c.Broken() {
			run.findings = append(run.findings, c.Findings[known:]...)
			file.broken = append(file.broken, c)
			run.failed++
			continue
		}
		run.requests += len(result.Cells)
		if result.Passed() {
			run.passed++
		} else {
			run.failed++
		}
		file.results = append(file.results, result)
	}
	run.files = append(run.files, file)
	return nil
}

// readCases reads a test file. Policies in other files are read from the disk.
func readCases(e *env, name string) ([]cases.Case, source.List, error) {
	text, err := readInput(e, name)
	if err != nil {
		return nil, nil, err
	}
	open := func(name string) (string, error) {
		name = filepath.FromSlash(name)
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
			return "", &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
		}
		return readInput(&env{stdin: strings.NewReader("")}, name)
	}
	list, findings := cases.ParseWith(source.NewFile(filepath.ToSlash(inputName(name)), text), open, testedRole)
	return list, findings, nil
}

// testFiles replaces directories by the test files in them.
func testFiles(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if arg == "-" || err == nil && !info.IsDir() {
			out = append(out, arg)
			continue
		}
		if err != nil {
			return nil, err
		}
		found, err := walkTests(arg)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("there is no test file in %s: their names end in %s", arg, strings.Join(testSuffixes, ", "))
		}
		out = append(out, found...)
	}
	return out, nil
}

func walkTests(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != dir && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !entry.IsDir() && entry.Name() != configFile && slices.ContainsFunc(testSuffixes, func(s string) bool { return strings.HasSuffix(entry.Name(), s) }):
			out = append(out, name)
		}
		return nil
	})
	return out, err
}

// answerOf shows a cell as writ simulate does.
func answerOf(c *cases.Case, cell *cases.CellResult) *answer {
	a := &answer{request: cell.Cell.Request, set: c.Policies, x: authz.Explanation{Decision: cell.Decision, Nearest: -1}}
	if cell.Explanation != nil {
		a.x = *cell.Explanation
	}
	return a
}

// position says where a case stands.
func position(c *cases.Case) source.Position { return c.File.Position(c.Span.Start) }

// The shape of the report in JSON; docs/testing.md describes it.
type (
	testReport struct {
		FormatVersion string       `json:"format_version"`
		Passed        int          `json:"passed"`
		Failed        int          `json:"failed"`
		Cases         []caseReport `json:"cases"`
		Findings      source.List  `json:"findings"`
	}
	caseReport struct {
		Name     string       `json:"name"`
		File     string       `json:"file"`
		Line     int          `json:"line"`
		Passed   bool         `json:"passed"`
		Error    string       `json:"error,omitempty"` // why it could not run
		Requests []cellReport `json:"requests"`
	}
	cellReport struct {
		Request  requestJSON       `json:"request"`
		Expected cases.Expectation `json:"expected,omitempty"`
		Passed   bool              `json:"passed"`
		Failure  string            `json:"failure,omitempty"`
		Answer   answerJSON        `json:"answer"`
	}
)

func writeTestJSON(e *env, run *testRun) error {
	report := testReport{FormatVersion: "1.0", Passed: run.passed, Failed: run.failed, Cases: []caseReport{}, Findings: run.findings}
	if report.Findings == nil {
		report.Findings = source.List{}
	}
	for _, file := range run.files {
		from := len(report.Cases)
		for i := range file.results {
			report.Cases = append(report.Cases, reportCase(&file.results[i]))
		}
		for _, c := range file.broken {
			report.Cases = append(report.Cases, caseReport{Name: c.Name, File: c.File.Name, Line: position(c).Line,
				Error: errorText(c), Requests: []cellReport{}})
		}
		slices.SortStableFunc(report.Cases[from:], func(a, b caseReport) int { return a.Line - b.Line })
	}
	return printJSON(e, report)
}

func reportCase(r *cases.Result) caseReport {
	out := caseReport{Name: r.Case.Name, File: r.Case.File.Name, Line: position(r.Case).Line, Passed: r.Passed(), Requests: []cellReport{}}
	for i := range r.Cells {
		cell := &r.Cells[i]
		a := answerOf(r.Case, cell)
		answer := a.json(false)
		answer.FormatVersion = "" // the report has one
		out.Requests = append(out.Requests, cellReport{
			Request: requestJSON{a.request.Principal, a.request.Action, a.request.Resource}, Expected: cell.Cell.Expected,
			Passed: cell.Failure == "", Failure: cell.Failure, Answer: answer,
		})
	}
	return out
}

// errorText says why a case could not run.
func errorText(c *cases.Case) string {
	for _, f := range c.Findings.Sorted() {
		if f.Severity == source.Error {
			return f.Message
		}
	}
	return "the case could not run"
}
