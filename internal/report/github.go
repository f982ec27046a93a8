package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/writ-iam/writ/source"
)

// GitHub writes findings as workflow commands, which GitHub shows beside the
// lines of a pull request, and a count at the end.
func GitHub(w io.Writer, r *Report) error {
	var b strings.Builder
	for i := range r.Findings {
		b.WriteString(Annotation(r.Findings[i]))
	}
	fmt.Fprintf(&b, "%s: %s\n", source.Plain(r.Title), r.tally())
	_, err := io.WriteString(w, b.String())
	return err
}

var annotationLevels = [...]string{source.Suggestion: "notice", source.Warning: "warning", source.SecurityWarning: "warning", source.Error: "error"}

// Annotation is the workflow command for one finding, with its line break.
func Annotation(f source.Finding) string {
	c := Command{Level: annotationLevels[f.Severity], Title: f.Code, Message: withHint(&f)}
	if f.File != nil {
		at, end := f.File.Position(f.Span.Start), f.File.Position(f.Span.End)
		c.File, c.Line, c.Column = f.File.Name, at.Line, at.Column
		if end.Line > at.Line {
			c.EndLine = end.Line
		}
	}
	return c.String()
}

// Command is a workflow command that annotates a line of a file. Source: GitHub,
// workflow commands for GitHub Actions.
type Command struct {
	Level        string // error, warning or notice
	File         string // "" for none
	Line, Column int    // from 1; 0 leaves them out
	EndLine      int
	Title        string
	Message      string
}

// String is the command with its line break; what has a meaning in commands is
// escaped.
func (c Command) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "::%s ", c.Level)
	if c.File != "" {
		fmt.Fprintf(&b, "file=%s,", property(c.File))
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"line", c.Line}, {"endLine", c.EndLine}, {"col", c.Column}} {
		if n.value > 0 {
			fmt.Fprintf(&b, "%s=%d,", n.name, n.value)
		}
	}
	fmt.Fprintf(&b, "title=%s::%s\n", property(c.Title), escapeData.Replace(c.Message))
	return b.String()
}

// What commands give a meaning to. Source: GitHub's toolkit,
// packages/core/src/command.ts.
func property(s string) string { return escapeProperty.Replace(source.Plain(s)) }

var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C")
)
