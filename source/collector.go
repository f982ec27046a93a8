package source

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// MaxFindings is how many findings about one text a [Collector] keeps.
const MaxFindings = 1000

// maxText is the longest path, message or hint that a [Collector] keeps, in
// bytes.
const maxText = 1024

// CodeTooMany is the code of the finding that stands for those that a
// [Collector] did not keep.
const CodeTooMany = "TOO_MANY_FINDINGS"

// Collector gathers the findings about one text. What it keeps is small
// whatever the text holds: long strings are cut, and findings after the first
// MaxFindings are counted only. The zero Collector is ready.
type Collector struct {
	kept    List
	dropped int
	rest    Finding // the first finding dropped, with the worst severity of all
}

// Add adds a finding.
func (c *Collector) Add(f Finding) {
	if c.full(&f) {
		return
	}
	f.Path, f.Message, f.Hint = Clip(f.Path, maxText), Clip(f.Message, maxText), Clip(f.Hint, maxText)
	c.kept = append(c.kept, f)
}

// Addf adds a finding with a formatted message.
func (c *Collector) Addf(f Finding, format string, args ...any) {
	if c.full(&f) {
		return
	}
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = Clip(s, maxText)
		}
	}
	f.Message = fmt.Sprintf(format, args...)
	c.Add(f)
}

// full counts a finding for which there is no more room.
func (c *Collector) full(f *Finding) bool {
	if len(c.kept) < MaxFindings {
		return false
	}
	if c.dropped++; c.dropped == 1 {
		c.rest = Finding{Code: CodeTooMany, Severity: f.Severity, File: f.File, Span: f.Span, Path: Clip(f.Path, maxText),
			Hint: "correct those that are listed first"}
	}
	c.rest.Severity = max(c.rest.Severity, f.Severity)
	return true
}

// Empty reports whether there are no findings.
func (c *Collector) Empty() bool { return len(c.kept) == 0 }

// Clone returns a collector with the same findings, to which others can be
// added.
func (c *Collector) Clone() Collector {
	clone := *c
	clone.kept = slices.Clip(c.kept)
	return clone
}

// List returns the findings in the order in which they were added. Where some
// were not kept, a TOO_MANY_FINDINGS with the worst of their severities counts
// them, and stands at the first of them.
func (c *Collector) List() List {
	if c.dropped == 0 {
		return c.kept
	}
	rest := c.rest
	rest.Message = fmt.Sprintf("too many findings: %d more, the first of them here, are not listed", c.dropped)
	return append(slices.Clip(c.kept), rest)
}

// ellipsis stands for what is left out.
const ellipsis = "…"

// Clip returns a text of at most n bytes as it is. Of a longer one it returns
// as many whole characters as n bytes hold, and an ellipsis.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ellipsis
}
