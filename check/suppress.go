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
	switch {
	case strings.TrimSpace(s.Reason) == "":
		return s, suppressionError(file, v.Span, "a suppression needs a reason")
	case s.Code == "":
		return s, suppressionError(file, v.Span, "a suppression needs a code")
	case !strings.Contains(s.Code, "*") && ruleIndex[s.Code] == nil:
		return s, suppressionError(file, v.Span, "there is no code %s", near.Quote(s.Code))
	}
	return s, nil
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

// Filter takes the accepted findings out of the result of one file, and returns
// how many there were.
func (s *Suppressor) Filter(name string, r *Result) int {
	for i := range s.list {
		s.seen[i] = s.seen[i] || fits(s.list[i].File, name)
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
		if fits(x.Code, f.Code) && fits(x.File, name) && fits(x.Path, f.Path) && (x.Sid == "" || x.Sid == r.sidAt(f.Span)) {
			s.used[i] = true
			accepted = accepted || !s.expired(x)
		}
	}
	return accepted
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
