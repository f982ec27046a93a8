// Package report writes findings in the formats that people, editors and
// continuous integration read: text, JSON, SARIF, JUnit, GitHub annotations and
// Markdown. Every command that has findings writes them through it.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/writ-iam/writ/source"
)

// Report is what a command found, with what a reader needs to make sense of it.
type Report struct {
	Tool     Tool
	Title    string      // what was looked at: "machine.asl.json with role.json"
	Rules    []Rule      // what was looked for; codes of findings need not be among them
	Findings source.List // in the order in which they are written

	// FailLevel is the lowest severity that counts as a failure where a format
	// knows passed and failed only.
	FailLevel source.Severity
}

// Tool is the program that made a report.
type Tool struct {
	Name    string // "writ audit"
	Version string
	URI     string // where to read about it
}

// Rule describes a code of findings.
type Rule struct {
	Code     string
	Severity source.Severity // that its findings have as a rule
	Summary  string          // one sentence, without a full stop
	Help     string          // what to do about it, or ""
	URI      string          // of a page about it, or ""
}

// writers are the formats; the order is that of their mention to people.
var writers = []struct {
	name  string
	write func(io.Writer, *Report) error
}{
	{"text", Text}, {"json", JSON}, {"sarif", SARIF}, {"junit", JUnit}, {"github", GitHub}, {"markdown", Markdown},
}

// Formats lists the names that Write knows.
func Formats() []string {
	names := make([]string, len(writers))
	for i := range writers {
		names[i] = writers[i].name
	}
	return names
}

// Write writes a report in a format by name.
func Write(w io.Writer, format string, r *Report) error {
	for i := range writers {
		if writers[i].name == format {
			return writers[i].write(w, r)
		}
	}
	return fmt.Errorf("unknown format %q: one of %s", format, strings.Join(Formats(), ", "))
}

// rules are the rules of a report and, after them, what else its findings have
// codes of.
func (r *Report) rules() []Rule {
	out := slices.Clone(r.Rules)
	known := make(map[string]bool, len(out))
	for _, rule := range out {
		known[rule.Code] = true
	}
	for _, f := range r.Findings {
		if !known[f.Code] {
			known[f.Code] = true
			out = append(out, Rule{Code: f.Code, Severity: f.Severity})
		}
	}
	return out
}

// tally counts findings by severity, the worst first: "1 error, 2 warnings".
func (r *Report) tally() string {
	if len(r.Findings) == 0 {
		return "no findings"
	}
	var counts [source.Error + 1]int
	for _, f := range r.Findings {
		counts[f.Severity]++
	}
	var parts []string
	for s := len(counts) - 1; s >= 0; s-- {
		if n := counts[s]; n > 0 {
			parts = append(parts, plural(n, severityWords(source.Severity(s))))
		}
	}
	return strings.Join(parts, ", ")
}

func severityWords(s source.Severity) string {
	return strings.ToLower(strings.ReplaceAll(s.String(), "_", " "))
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// place says where a finding is: "role.json:3:5"; "" when it is about no text.
func place(f *source.Finding) string {
	if f.File == nil {
		return ""
	}
	at := f.File.Position(f.Span.Start)
	return fmt.Sprintf("%s:%d:%d", f.File.Name, at.Line, at.Column)
}

// withHint is a finding's message with its hint below.
func withHint(f *source.Finding) string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + "\nhint: " + f.Hint
}
