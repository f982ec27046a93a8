package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/writ-iam/writ/source"
)

// Text writes findings for people: each with the line that it points at, and a
// count at the end.
func Text(w io.Writer, r *Report) error {
	var b bytes.Buffer
	for _, f := range r.Findings {
		if err := f.WriteText(&b); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "%s: %s\n", source.Plain(r.Title), r.tally())
	_, err := w.Write(b.Bytes())
	return err
}

// JSON writes {"format_version": "1.0", "findings": [..]}.
func JSON(w io.Writer, r *Report) error {
	findings := r.Findings
	if findings == nil {
		findings = source.List{}
	}
	return Indented(w, struct {
		FormatVersion string      `json:"format_version"`
		Findings      source.List `json:"findings"`
	}{"1.0", findings})
}

// Indented writes a value as JSON, as all of Writ's reports are laid out.
func Indented(w io.Writer, v any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Markdown writes a table, for comments and the summaries of jobs.
func Markdown(w io.Writer, r *Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: %s\n", cell(r.Title), r.tally())
	if len(r.Findings) > 0 {
		b.WriteString("\n| severity | code | where | finding |\n|---|---|---|---|\n")
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		text := cell(f.Message)
		if f.Hint != "" {
			for line := range strings.SplitSeq(f.Hint, "\n") {
				text += "<br>*" + cell(line) + "*"
			}
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", severityWords(f.Severity), f.Code, cell(place(f)), text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell keeps text from being read as Markdown or HTML, and on one line. Names in
// messages come from files that anybody may have written.
func cell(s string) string { return escapeMarkdown.Replace(source.Plain(s)) }

var escapeMarkdown = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "#", `\#`, "@", "&#64;", "://", "&#58;//")
