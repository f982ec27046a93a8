package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity orders findings. The names are those of IAM Access Analyzer's
// ValidatePolicy.
type Severity uint8

const (
	Suggestion Severity = iota
	Warning
	SecurityWarning
	Error
)

var severityNames = [...]string{"SUGGESTION", "WARNING", "SECURITY_WARNING", "ERROR"}

func (s Severity) String() string { return severityNames[s] }

// MarshalText writes the name, so that JSON holds "ERROR" and not a number.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseSeverity reads a severity's name in any letter case; '-' may stand for '_'.
func ParseSeverity(name string) (Severity, error) {
	want := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if i := slices.Index(severityNames[:], want); i >= 0 {
		return Severity(i), nil
	}
	return 0, fmt.Errorf("unknown severity %q: one of %s", name, strings.ToLower(strings.Join(severityNames[:], ", ")))
}

// Finding is one thing worth telling a person about a text.
type Finding struct {
	Code     string   // stable, upper case: DANGLING_TRANSITION
	Severity Severity //
	File     *File    // where Span points; nil when the finding is about no text (a flag, say)
	Span     Span     //
	Path     string   // JSON pointer (RFC 6901) of the element; of the place it should stand, when it is missing
	Message  string   // what is wrong: lower case, no full stop
	Hint     string   // what would be right, or where to look; may be empty
}

// List collects findings.
type List []Finding

// Worst returns the highest severity in the list; ok is false for an empty list.
func (l List) Worst() (worst Severity, ok bool) {
	for _, f := range l {
		worst = max(worst, f.Severity)
	}
	return worst, len(l) > 0
}

// HasErrors reports whether any finding is an Error.
func (l List) HasErrors() bool {
	worst, ok := l.Worst()
	return ok && worst == Error
}

// Sorted returns a copy in the order of the text (file, offset, then the worse
// severity first, then code), with equal findings dropped.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, compare)
	return slices.Compact(out)
}

func compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.fileName(), b.fileName()),
		cmp.Compare(a.Span.Start, b.Span.Start),
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Message, b.Message),
	)
}

func (f Finding) fileName() string {
	if f.File == nil {
		return ""
	}
	return f.File.Name
}
