package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/source"
)

// Suppression says which findings are known and accepted, and why. What is empty
// fits everything. In File, Path and Code * stands for any text.
type Suppression struct {
	Code    string
	File    string    // name of the file, as the finding shows it
	Sid     string    // of the statement
	Path    string    // JSON pointer
	Reason  string    // never empty
	Expires time.Time // the last day on which it counts; zero for no such day

	// Where it stands, for findings about itself.
	Source *source.File
	Span   source.Span

	line int // of Source, for a suppression in a comment; 0 for any place
}

// ReadSuppressions reads a list of suppressions from a configuration. The error
// says what is wrong and where.
func ReadSuppressions(file *source.File, v *jsontree.Value) ([]Suppression, error) {
	if !v.Is(jsontree.Array) {
		return nil, suppressionError(file, v.Span, "suppressions are a list, not %s", v.Kind)
	}
	list := make([]Suppression, 0, len(v.Items))
	for i := range v.Items {
		s, err := readSuppression(file, &v.Items[i])
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func readSuppression(file *source.File, v *jsontree.Value) (Suppression, error) {
	s := Suppression{Source: file, Span: v.Span}
	if !v.Is(jsontree.Object) {
		return s, suppressionError(file, v.Span, "a suppression is a mapping, not %s", v.Kind)
	}
	fields := map[string]*string{"code": &s.Code, "file": &s.File, "sid": &s.Sid, "path": &s.Path, "reason": &s.Reason, "expires": new(string)}
	for i := range v.Members {
		m := &v.Members[i]
		field := fields[m.Name]
		switch {
		case field == nil:
			return s, suppressionError(file, m.NameSpan, "a suppression has no %s; it has code, file, sid, path, reason and expires", near.Quote(m.Name))
		case m.Value.Kind != jsontree.String:
			return s, suppressionError(file, m.Value.Span, "%s is a string, not %s", m.Name, m.Value.Kind)
		}
		*field = m.Value.Text
		if m.Name == "expires" {
			day, err := time.Parse(time.DateOnly, m.Value.Text)
			if err != nil {
				return s, suppressionError(file, m.Value.Span, "expires is a day such as 2027-01-31, not %s", near.Quote(m.Value.Text))
			}
			s.Expires = day
		}
	}
	return s, s.complete()
}

// complete returns an error for what a suppression lacks.
func (s *Suppression) complete() error {
	switch {
	case s.Code == "":
		return suppressionError(s.Source, s.Span, "a suppression needs a code")
	case strings.TrimSpace(s.Reason) == "":
		return suppressionError(s.Source, s.Span, "a suppression needs a reason")
	case !strings.Contains(s.Code, "*") && ruleIndex[s.Code] == nil:
		return suppressionError(s.Source, s.Span, "there is no code %s", near.Quote(s.Code))
	}
	return nil
}

func suppressionError(file *source.File, span source.Span, format string, args ...any) error {
	at := file.Position(span.Start)
	return fmt.Errorf("%s:%d:%d: %s", file.Name, at.Line, at.Column, fmt.Sprintf(format, args...))
}

// Suppressor takes accepted findings out of results, and remembers which
// suppressions were of use.
type Suppressor struct {
	list  []Suppression
	used  []bool
	seen  []bool // a file was checked that the suppression may be about
	today time.Time
}

// NewSuppressor returns a suppressor for that list. Today decides what has
// expired.
func NewSuppressor(list []Suppression, today time.Time) *Suppressor {
	return &Suppressor{list: list, used: make([]bool, len(list)), seen: make([]bool, len(list)), today: today}
}

// Add adds suppressions.
func (s *Suppressor) Add(list []Suppression) {
	s.list = append(s.list, list...)
	s.used = append(s.used, make([]bool, len(list))...)
	s.seen = append(s.seen, make([]bool, len(list))...)
}

// Filter takes the accepted findings out of the result of one file, and returns
// how many there were.
func (s *Suppressor) Filter(name string, r *Result) int {
	for i := range s.list {
		s.seen[i] = s.seen[i] || s.list[i].line > 0 || fits(s.list[i].File, name)
	}
	var kept source.List
	for _, f := range r.Findings {
		if !s.accepted(name, r, f) {
			kept = append(kept, f)
		}
	}
	taken := len(r.Findings) - len(kept)
	r.Findings = kept
	return taken
}

func (s *Suppressor) accepted(name string, r *Result, f source.Finding) bool {
	accepted := false
	for i := range s.list {
		x := &s.list[i]
		if x.at(f) && fits(x.Code, f.Code) && fits(x.File, name) && fits(x.Path, f.Path) && (x.Sid == "" || x.Sid == r.sidAt(f.Span)) {
			s.used[i] = true
			accepted = accepted || !s.expired(x)
		}
	}
	return accepted
}

// at reports whether a suppression in a comment stands where a finding does.
func (x *Suppression) at(f source.Finding) bool {
	return x.line == 0 || x.Source == f.File && x.line == f.File.Position(f.Span.Start).Line
}

func (s *Suppressor) expired(x *Suppression) bool {
	return !x.Expires.IsZero() && s.today.After(x.Expires.AddDate(0, 0, 1))
}

// fits reports whether a text matches a pattern; an empty one matches all.
func fits(wanted, text string) bool { return wanted == "" || pattern.Match(wanted, text) }

// Findings are about the suppressions themselves: those that nothing needed, and
// those whose day has passed.
func (s *Suppressor) Findings() source.List {
	var list source.List
	for i := range s.list {
		x := &s.list[i]
		switch {
		case s.expired(x):
			list = append(list, x.finding("WRIT_EXPIRED_SUPPRESSION", "correct the policy, or give it another day",
				"the suppression of "+x.Code+" expired on "+x.Expires.Format(time.DateOnly)))
		case s.seen[i] && !s.used[i]:
			list = append(list, x.finding("WRIT_UNUSED_SUPPRESSION", "remove it", "nothing is found any more that this suppression of "+x.Code+" is about"))
		}
	}
	return list
}

func (x *Suppression) finding(code, hint, message string) source.Finding {
	return source.Finding{Code: code, Severity: ruleIndex[code].Severity, File: x.Source, Span: x.Span, Message: message, Hint: hint}
}

// sidAt returns the Sid of the statement that holds a span.
func (r *Result) sidAt(span source.Span) string {
	if r.doc == nil {
		return ""
	}
	for i := range r.doc.Statements {
		if s := &r.doc.Statements[i]; s.Span.Contains(span) {
			return s.Sid
		}
	}
	return ""
}

// commentMark begins a suppression in a comment: # writ:ignore CODE REASON.
const commentMark = "writ:ignore"

// ReadComments reads the suppressions in the comments of a file whose language has
// comments that begin with #. One counts for what is found on its own line, or on
// the next line with more than a comment where it stands alone. Between the code
// and the reason may stand until=DAY. The error says what is wrong and where.
func ReadComments(file *source.File) ([]Suppression, error) {
	if !strings.Contains(file.Text, commentMark) {
		return nil, nil
	}
	var list, waiting []Suppression
	start, number := 0, 0
	for line := range strings.SplitAfterSeq(file.Text, "\n") {
		number++
		text, from, ok := commentOf(line)
		if ok {
			s, err := readComment(file, text, source.Span{Start: int32(start + from), End: int32(start + len(strings.TrimRight(line, "\r\n")))})
			if err != nil {
				return nil, err
			}
			s.line = number
			waiting = append(waiting, s)
		}
		if content := strings.TrimSpace(line); content != "" && content[0] != '#' {
			for i := range waiting {
				waiting[i].line = number
			}
			list, waiting = append(list, waiting...), nil
		}
		start += len(line)
	}
	return append(list, waiting...), nil
}

// commentOf returns what stands behind the mark in the comment of a line, and
// where the comment begins.
func commentOf(line string) (text string, from int, ok bool) {
	for at := 0; ; {
		i := strings.IndexByte(line[at:], '#')
		if i < 0 {
			return "", 0, false
		}
		at += i
		before := line[:at]
		if before == "" || strings.HasSuffix(before, " ") || strings.HasSuffix(before, "\t") {
			text, ok = strings.CutPrefix(strings.TrimLeft(line[at:], "# \t"), commentMark)
			if ok && (text == "" || strings.ContainsAny(text[:1], " \t\r\n")) {
				return strings.TrimSpace(text), at, true
			}
		}
		at++
	}
}

func readComment(file *source.File, text string, span source.Span) (Suppression, error) {
	s := Suppression{Source: file, Span: span}
	s.Code, text, _ = strings.Cut(text, " ")
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "until="); ok {
		day, reason, _ := strings.Cut(rest, " ")
		var err error
		if s.Expires, err = time.Parse(time.DateOnly, day); err != nil {
			return s, suppressionError(file, span, "until= takes a day such as 2027-01-31, not %s", near.Quote(day))
		}
		text = strings.TrimSpace(reason)
	}
	s.Reason = text
	return s, s.complete()
}
