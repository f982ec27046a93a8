package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/writ-iam/writ/source"
)

// The shape of JUnit's XML, as Jenkins, GitLab and GitHub actions read it.
type (
	JUnitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []JUnitSuite `xml:"testsuite"`
	}
	JUnitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []JUnitCase `xml:"testcase"`
	}
	JUnitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *JUnitProblem `xml:"failure,omitempty"`
		Error   *JUnitProblem `xml:"error,omitempty"`
		Output  string        `xml:"system-out,omitempty"`
	}
	JUnitProblem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// Add adds a suite and its counts.
func (s *JUnitSuites) Add(suite JUnitSuite) {
	s.Tests += suite.Tests
	s.Failures += suite.Failures
	s.Errors += suite.Errors
	s.Suites = append(s.Suites, suite)
}

// Write writes the suites as an XML document.
func (s *JUnitSuites) Write(w io.Writer) error {
	out, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	return err
}

// JUnit writes one test for each rule, so that their names stay the same from
// run to run. A test fails when the rule has a finding of the level that fails;
// milder ones are its output.
func JUnit(w io.Writer, r *Report) error {
	suite := JUnitSuite{Name: r.Title}
	for _, rule := range r.rules() {
		c := r.junitCase(rule)
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	suites := JUnitSuites{Name: r.Tool.Name}
	suites.Add(suite)
	return suites.Write(w)
}

func (r *Report) junitCase(rule Rule) JUnitCase {
	c := JUnitCase{Name: rule.Code, Class: r.Title}
	if rule.Summary != "" {
		c.Name += ": " + rule.Summary
	}
	var failed, mild strings.Builder
	count := 0
	for i := range r.Findings {
		f := &r.Findings[i]
		switch {
		case f.Code != rule.Code:
		case f.Severity < r.FailLevel:
			_ = f.WriteText(&mild) // a builder takes everything
		default:
			if count++; count == 1 {
				c.Failure = &JUnitProblem{Message: source.Plain(f.Message)}
				if f.File != nil {
					c.File, c.Line = f.File.Name, f.File.Position(f.Span.Start).Line
				}
			}
			_ = f.WriteText(&failed)
		}
	}
	c.Output = mild.String()
	if c.Failure != nil {
		c.Failure.Text = failed.String()
		if count > 1 {
			c.Failure.Message += fmt.Sprintf(" (and %d more)", count-1)
		}
	}
	return c
}
