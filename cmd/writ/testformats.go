package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/writ-iam/writ/cases"
	"github.com/writ-iam/writ/internal/report"
)

var testFormats = map[string]func(*env, *testRun) error{
	"text": writeTestText, "json": writeTestJSON, "junit": writeJUnit, "github": writeGitHub,
}

// writeTestText prints failures with their explanations, and a line per file.
func writeTestText(e *env, run *testRun) error {
	p := answerPrinter{w: e.stdout, color: e.terminal && e.getenv("NO_COLOR") == ""}
	for i := range run.files {
		p.testFile(&run.files[i])
	}
	p.printf("%s\n", run.summary())
	return p.err
}

func (run *testRun) summary() string {
	return fmt.Sprintf("%d passed, %d failed (%s)", run.passed, run.failed, count(run.requests, "request"))
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (p *answerPrinter) testFile(f *testFile) {
	failed := len(f.broken)
	for i := range f.results {
		r := &f.results[i]
		if r.Passed() {
			continue
		}
		failed++
		p.printf("FAIL  %s\n      at %s:%d\n", plain(r.Case.Name), plain(f.name), position(r.Case).Line)
		for j := range r.Cells {
			if r.Cells[j].Failure != "" {
				p.failure(r.Case, &r.Cells[j])
			}
		}
		p.printf("\n")
	}
	for _, c := range f.broken {
		p.printf("FAIL  %s\n      at %s:%d\n      cannot run: %s\n\n", plain(c.Name), plain(f.name), position(c).Line, plain(errorText(c)))
	}
	word := "ok  "
	if failed > 0 {
		word = "FAIL"
	}
	p.printf("%s  %s (%s)\n", word, plain(f.name), count(len(f.results)+len(f.broken), "case"))
}

// failure prints what differs, and the explanation below it.
func (p *answerPrinter) failure(c *cases.Case, cell *cases.CellResult) {
	p.printf("      %s\n", plain(cell.Failure))
	p.printf("%s", indent(p.explained(c, cell), "      "))
}

// explained returns the explanation of a cell as writ simulate prints it.
func (p *answerPrinter) explained(c *cases.Case, cell *cases.CellResult) string {
	var out bytes.Buffer
	inner := answerPrinter{w: &out, color: p.color}
	inner.answer(answerOf(c, cell))
	return out.String()
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+by) + "\n"
}

func writeJUnit(e *env, run *testRun) error {
	suites := report.JUnitSuites{Name: "writ"}
	for i := range run.files {
		suites.Add(junitFile(&run.files[i]))
	}
	return suites.Write(e.stdout)
}

func junitFile(f *testFile) report.JUnitSuite {
	s := report.JUnitSuite{Name: f.name, Tests: len(f.results) + len(f.broken), Errors: len(f.broken)}
	for i := range f.results {
		r := &f.results[i]
		c := junitOf(f, r.Case)
		if !r.Passed() {
			s.Failures++
			message, text := failures(r)
			c.Failure = &report.JUnitProblem{Message: message, Text: text}
		}
		s.Cases = append(s.Cases, c)
	}
	for _, broken := range f.broken {
		c := junitOf(f, broken)
		c.Error = &report.JUnitProblem{Message: errorText(broken)}
		s.Cases = append(s.Cases, c)
	}
	return s
}

func junitOf(f *testFile, c *cases.Case) report.JUnitCase {
	return report.JUnitCase{Name: c.Name, Class: f.name, File: f.name, Line: position(c).Line}
}

// failures returns what differs in the first request that fails, and the
// explanations of all.
func failures(r *cases.Result) (message, text string) {
	var b strings.Builder
	p := answerPrinter{w: &b}
	for i := range r.Cells {
		if cell := &r.Cells[i]; cell.Failure != "" {
			if message == "" {
				message = cell.Failure
			}
			p.printf("%s\n%s", plain(cell.Failure), p.explained(r.Case, cell))
		}
	}
	return message, b.String()
}

// writeGitHub prints workflow commands, which GitHub shows beside the lines of
// a pull request, and a summary.
func writeGitHub(e *env, run *testRun) error {
	var b strings.Builder
	for _, f := range run.findings {
		b.WriteString(report.Annotation(f))
	}
	for i := range run.files {
		for j := range run.files[i].results {
			r := &run.files[i].results[j]
			if r.Passed() {
				continue
			}
			message, text := failures(r)
			b.WriteString(report.Command{Level: "error", File: run.files[i].name, Line: position(r.Case).Line,
				Title: r.Case.Name + ": " + message, Message: text}.String())
		}
	}
	fmt.Fprintf(&b, "%s\n", run.summary())
	_, err := e.stdout.Write([]byte(b.String()))
	return err
}
