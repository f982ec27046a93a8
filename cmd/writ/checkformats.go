package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/internal/report"
	"github.com/writ-iam/writ/source"
)

var checkFormats = append(report.Formats(), "jsonl")

func writeChecked(e *env, format string, level source.Severity, all *checked) error {
	for _, f := range all.files {
		if f.result.Guessed {
			fmt.Fprintf(e.stderr, "%s: checked as %s policy; --type says what it is\n", f.name, f.result.Kind)
		}
	}
	if all.accepted > 0 {
		fmt.Fprintf(e.stderr, "writ check: accepted findings that are left out: %d\n", all.accepted)
	}
	if all.skipped > 0 {
		fmt.Fprintf(e.stderr, "writ check: files without policies that were passed over: %d\n", all.skipped)
	}
	if all.undecided > 0 {
		fmt.Fprintf(e.stderr, "writ check: %s\n", all.undecidedText())
	}
	switch format {
	case "json":
		return writeCheckedJSON(e, all)
	case "jsonl":
		encoder := json.NewEncoder(e.stdout)
		encoder.SetEscapeHTML(false)
		for _, f := range all.findings {
			if err := encoder.Encode(f); err != nil {
				return err
			}
		}
		return nil
	}
	return report.Write(e.stdout, format, &report.Report{
		Tool:  report.Tool{Name: "writ check", Version: versionText(), URI: "https://github.com/writ-iam/writ"},
		Title: all.title(), Rules: reportedRules(all.findings), Findings: all.findings, FailLevel: level,
	})
}

// undecidedText says how many questions have no answer, and why.
func (all *checked) undecidedText() string {
	switch {
	case !all.templates && all.undecided == 1:
		return "1 question was not decided"
	case !all.templates:
		return fmt.Sprintf("%d questions were not decided", all.undecided)
	case all.undecided == 1:
		return "1 question hangs on values that the template leaves open"
	}
	return fmt.Sprintf("%d questions hang on values that the template leaves open", all.undecided)
}

// title names what was checked.
func (all *checked) title() string {
	if len(all.files) == 1 {
		return all.files[0].name
	}
	return fmt.Sprintf("%d policies", len(all.files))
}

// reportedRules describes the codes that occur.
func reportedRules(findings source.List) []report.Rule {
	var rules []report.Rule
	for _, r := range check.Rules() {
		if slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Code == r.Code }) {
			page := "https://github.com/writ-iam/writ/blob/main/docs/findings/" + r.Code + ".md"
			rules = append(rules, report.Rule{Code: r.Code, Severity: r.Severity, Summary: r.Doc, Help: page, URI: page})
		}
	}
	return rules
}

// writeCheckedJSON writes one document for all files.
func writeCheckedJSON(e *env, all *checked) error {
	type file struct {
		Name    string `json:"file"`
		Path    string `json:"path,omitempty"` // of the policy in a template, or the ARN of its owner in an account
		Type    string `json:"type"`
		Guessed bool   `json:"guessed"` // the type was read off the document
	}
	out := struct {
		FormatVersion string      `json:"format_version"`
		Files         []file      `json:"files"`
		Undecided     int         `json:"undecided"`
		Findings      source.List `json:"findings"`
	}{"1.0", []file{}, all.undecided, all.findings}
	for _, f := range all.files {
		out.Files = append(out.Files, file{f.name, f.path, f.result.Kind.String(), f.result.Guessed})
	}
	if out.Findings == nil {
		out.Findings = source.List{}
	}
	return report.Indented(e.stdout, out)
}
