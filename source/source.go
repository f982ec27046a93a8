// Package source holds what every reader of text in Writ shares: a file, a
// span of bytes in it, and the findings that point there.
//
// Trees carry spans only (two byte offsets). Lines and columns are worked out
// when a finding is shown, so a position costs nothing until someone reads it.
package source

import (
	"sort"
	"sync"
	"unicode/utf8"
)

// Span is a half-open range of byte offsets in one file.
type Span struct {
	Start, End int32
}

// Contains reports whether inner lies within s.
func (s Span) Contains(inner Span) bool { return s.Start <= inner.Start && inner.End <= s.End }

// Position is one place in a file, as people count it.
type Position struct {
	Line   int `json:"line"`   // from 1
	Column int `json:"column"` // from 1, in characters (Unicode code points)
	Offset int `json:"offset"` // from 0, in bytes
}

// File is a named text. The zero value is an unnamed empty file.
type File struct {
	Name string
	Text string

	indexed sync.Once // fills what follows, on first use
	lines   []int32   // offsets at which lines start
	counts  []int32   // characters before every countStep-th byte
}

// countStep is how many bytes lie between two known character counts. Without
// them a document of one long line and many findings would cost quadratic time.
const countStep = 1024

// NewFile returns a file over text. MaxSize bounds what the parsers accept.
func NewFile(name, text string) *File { return &File{Name: name, Text: text} }

// MaxSize is the largest text, in bytes, that Writ's parsers read. It is far
// above every quota of AWS and keeps offsets within 32 bits.
const MaxSize = 64 << 20

// Position converts a byte offset. Offsets outside the text are clamped.
func (f *File) Position(offset int32) Position {
	offset = max(0, min(offset, int32(len(f.Text))))
	f.index()
	line := sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > offset }) - 1
	start := f.lines[line]
	return Position{
		Line:   line + 1,
		Column: f.charactersBefore(offset) - f.charactersBefore(start) + 1,
		Offset: int(offset),
	}
}

// Line returns the text of a line, counted from 1, without its line break.
func (f *File) Line(n int) string {
	f.index()
	if n < 1 || n > len(f.lines) {
		return ""
	}
	start, end := int(f.lines[n-1]), len(f.Text)
	if n < len(f.lines) {
		end = int(f.lines[n]) - 1
	}
	if end > start && f.Text[end-1] == '\r' {
		end--
	}
	return f.Text[start:end]
}

// lineStart returns the offset at which a line that exists starts.
func (f *File) lineStart(n int) int { return int(f.lines[n-1]) }

// Slice returns the text that a span covers, or "" where it lies outside.
func (f *File) Slice(s Span) string {
	if s.Start < 0 || s.End < s.Start || int(s.End) > len(f.Text) {
		return ""
	}
	return f.Text[s.Start:s.End]
}

func (f *File) index() {
	f.indexed.Do(func() {
		f.findLines()
		f.countCharacters()
	})
}

func (f *File) findLines() {
	f.lines = append(f.lines, 0)
	for i := 0; i < len(f.Text); i++ {
		if f.Text[i] == '\n' {
			f.lines = append(f.lines, int32(i+1))
		}
	}
}

func (f *File) countCharacters() {
	f.counts = make([]int32, 1, len(f.Text)/countStep+1)
	for at := countStep; at <= len(f.Text); at += countStep {
		before := f.counts[len(f.counts)-1]
		f.counts = append(f.counts, before+int32(characters(f.Text[at-countStep:at])))
	}
}

func (f *File) charactersBefore(offset int32) int {
	mark := offset / countStep
	return int(f.counts[mark]) + characters(f.Text[mark*countStep:offset])
}

// characters counts the bytes that begin a UTF-8 sequence, so that the counts
// of two neighbouring slices add up wherever they were cut.
func characters(s string) (n int) {
	for i := 0; i < len(s); i++ {
		if utf8.RuneStart(s[i]) {
			n++
		}
	}
	return n
}
