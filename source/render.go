package source

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// WriteText prints a finding for a person: position, severity, message and
// code on one line, then the source line with carets under the span, then the
// hint.
//
//	machine.asl.json:7:16: error: state "Nope" does not exist [DANGLING_TRANSITION]
//	    "Next": "Nope"
//	            ^~~~~~
//	  hint: states in this scope: "A", "B"
func (f Finding) WriteText(w io.Writer) error {
	var b strings.Builder
	f.writeHead(&b)
	f.writeExcerpt(&b)
	if f.Hint != "" {
		lines := strings.Split(f.Hint, "\n")
		fmt.Fprintf(&b, "  hint: %s\n", Plain(lines[0]))
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "        %s\n", Plain(line))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f Finding) writeHead(b *strings.Builder) {
	if f.File != nil {
		p := f.File.Position(f.Span.Start)
		fmt.Fprintf(b, "%s:%d:%d: ", Plain(f.File.Name), p.Line, p.Column)
	}
	severity := strings.ToLower(strings.ReplaceAll(f.Severity.String(), "_", " "))
	fmt.Fprintf(b, "%s: %s [%s]\n", severity, Plain(f.Message), f.Code)
}

// excerptWidth bounds, in characters, how much of a line is shown: machine
// definitions are often one long line.
const excerptWidth = 96

func (f Finding) writeExcerpt(b *strings.Builder) {
	if f.File == nil || f.File.Text == "" {
		return
	}
	p := f.File.Position(f.Span.Start)
	text := f.File.Line(p.Line)
	at := min(p.Offset-f.File.lineStart(p.Line), len(text))
	before, after := lastRunes(text[:at], excerptWidth), firstRunes(text[at:], excerptWidth)
	line, from := append(before, after...), len(before)
	if len(line) > excerptWidth {
		first := max(0, min(from-excerptWidth/3, len(line)-excerptWidth))
		line, from = line[first:first+excerptWidth], from-first
	}
	length := len(firstRunes(f.File.Slice(f.Span), excerptWidth))
	marks := max(1, min(length, len(line)-from))
	fmt.Fprintf(b, "    %s\n", Plain(string(line)))
	fmt.Fprintf(b, "    %s^%s\n", padding(line[:from]), strings.Repeat("~", marks-1))
}

// firstRunes returns at most n runes from the start of s, without reading on.
func firstRunes(s string, n int) []rune {
	runes := make([]rune, 0, min(len(s), n))
	for _, r := range s {
		if len(runes) == n {
			break
		}
		runes = append(runes, r)
	}
	return runes
}

// lastRunes returns at most n runes from the end of s, without reading the rest.
func lastRunes(s string, n int) []rune {
	start := len(s)
	for ; n > 0 && start > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:start])
		start -= size
	}
	return []rune(s[start:])
}

// Plain keeps text of a hostile file from writing control sequences to a
// terminal: tabs become spaces, and what cannot be printed U+FFFD.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// padding is white space as wide as the text shown before a caret. East Asian
// wide characters take two columns.
func padding(line []rune) string {
	width := 0
	for _, r := range line {
		width++
		if isWide(r) {
			width++
		}
	}
	return strings.Repeat(" ", width)
}

func isWide(r rune) bool {
	return r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0xffe0 && r <= 0xffe6 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd)
}

// MarshalJSON writes the form that docs/usage describes.
func (f Finding) MarshalJSON() ([]byte, error) {
	type span struct {
		Start Position `json:"start"`
		End   Position `json:"end"`
	}
	out := struct {
		Code     string   `json:"code"`
		Severity Severity `json:"severity"`
		Path     string   `json:"path"`
		File     string   `json:"file,omitempty"`
		Span     *span    `json:"span,omitempty"`
		Message  string   `json:"message"`
		Hint     string   `json:"hint,omitempty"`
	}{Code: f.Code, Severity: f.Severity, Path: f.Path, Message: f.Message, Hint: f.Hint}
	if f.File != nil {
		out.File = f.File.Name
		out.Span = &span{f.File.Position(f.Span.Start), f.File.Position(f.Span.End)}
	}
	return json.Marshal(out)
}
