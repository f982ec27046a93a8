package template

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// origin tells where in the file the parts of a text were written.
type origin struct {
	file      *source.File
	fragments []fragment
	starts    []int // offset of each fragment in the text
	offsets   map[*jsontree.Value][]int32
}

// joined returns the text of fragments, and where it comes from.
func (s *stack) joined(fragments []fragment) (string, *origin) {
	o := &origin{file: s.file, fragments: fragments, offsets: map[*jsontree.Value][]int32{}}
	var b strings.Builder
	for _, f := range fragments {
		o.starts = append(o.starts, b.Len())
		b.WriteString(f.text)
	}
	return b.String(), o
}

// at returns the offset in the file of an offset in the text. What a function
// gave stands at the function.
func (o *origin) at(offset int32) int32 {
	i := sort.SearchInts(o.starts, int(offset)+1) - 1
	if i < 0 {
		return 0
	}
	f := &o.fragments[i]
	if f.node == nil {
		if int(offset) > o.starts[i] {
			return f.span.End
		}
		return f.span.Start
	}
	offsets, known := o.offsets[f.node]
	if !known {
		offsets = scalarOffsets(o.file.Slice(f.node.Span), f.node.Text)
		o.offsets[f.node] = offsets
	}
	at := f.at + int(offset) - o.starts[i]
	if offsets == nil || at >= len(offsets) {
		return f.node.Span.Start
	}
	return f.node.Span.Start + offsets[at]
}

// scalarOffsets returns for each byte of a string's text, and for its end, the
// offset of what stands for it in the string as it is written in JSON or YAML.
// It is nil where the two do not fit together.
func scalarOffsets(written, text string) []int32 {
	if written == "" {
		return nil
	}
	a := aligner{written: written, text: text, offsets: make([]int32, 0, len(text)+1)}
	ok := false
	switch written[0] {
	case '"':
		a.in = 1
		ok = a.quoted(len(written) - 1)
	case '\'':
		a.in = 1
		ok = a.single(len(written) - 1)
	case '|':
		ok = a.literal() || a.restart() && a.flow(len(written))
	default:
		if written[0] == '>' {
			a.in = strings.IndexByte(written, '\n') + 1
		}
		ok = a.flow(len(written))
	}
	if !ok {
		return nil
	}
	return append(a.offsets, int32(a.in))
}

// aligner walks through a string as it is written and through its text.
type aligner struct {
	written, text string
	in            int // offset in written; that in text is len(offsets)
	offsets       []int32
}

func (a *aligner) restart() bool {
	a.in, a.offsets = strings.IndexByte(a.written, '\n')+1, a.offsets[:0]
	return true
}

func (a *aligner) done() bool { return len(a.offsets) == len(a.text) }

// take maps the next n bytes of the text to the current place, which is size
// bytes long.
func (a *aligner) take(n, size int) {
	for range n {
		if !a.done() {
			a.offsets = append(a.offsets, int32(a.in))
		}
	}
	a.in += size
}

// step takes one byte that stands for itself, or white space where lines are
// folded. It returns false where the next byte is another.
func (a *aligner) step() bool {
	c := a.written[a.in]
	switch {
	case !a.done() && c == a.text[len(a.offsets)]:
		a.take(1, 1)
	case isSpace(c):
		a.in++
	case !a.done() && isSpace(a.text[len(a.offsets)]): // a folded line break
		a.take(1, 0)
	default:
		return false
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (a *aligner) flow(end int) bool {
	for a.in < end && !a.done() {
		if !a.step() {
			return false
		}
	}
	rest := a.text[len(a.offsets):] // line breaks that the span of a block does not reach
	if strings.Trim(rest, "\n") == "" {
		a.take(len(rest), 0)
	}
	return a.done()
}

func (a *aligner) single(end int) bool {
	for a.in < end && !a.done() {
		if strings.HasPrefix(a.written[a.in:], "''") && a.text[len(a.offsets)] == '\'' {
			a.take(1, 2)
		} else if !a.step() {
			return false
		}
	}
	return a.done()
}

func (a *aligner) quoted(end int) bool {
	for a.in < end && !a.done() {
		if a.written[a.in] == '\\' {
			raw, size := escape(a.written[a.in:end])
			a.take(size, raw)
		} else if !a.step() {
			return false
		}
	}
	return a.done()
}

// hexEscapes are the escapes of JSON and YAML with a number, and its digits.
var hexEscapes = map[byte]int{'x': 2, 'u': 4, 'U': 8}

// escape returns the length of the escape that a text begins with, and of what
// it stands for.
func escape(s string) (raw, size int) {
	if len(s) < 2 {
		return len(s), 1
	}
	digits := hexEscapes[s[1]]
	switch {
	case s[1] == '\n':
		return 2, 0
	case s[1] == '\r':
		return 2, 0
	case digits == 0:
		return 2, map[byte]int{'N': 2, '_': 2, 'L': 3, 'P': 3}[s[1]] + boolInt(!strings.ContainsRune("N_LP", rune(s[1])))
	case len(s) < 2+digits:
		return len(s), 1
	}
	n, err := strconv.ParseUint(s[2:2+digits], 16, 32)
	if err != nil {
		return 2, 1
	}
	if r := rune(n); utf16.IsSurrogate(r) && len(s) >= 12 && s[6] == '\\' {
		return 12, 4
	} else if size = utf8.RuneLen(r); size < 0 {
		size = 3 // the replacement character
	}
	return 2 + digits, size
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// literal aligns a block whose lines are kept: each line of the text ends a
// line as it is written.
func (a *aligner) literal() bool {
	a.in = strings.IndexByte(a.written, '\n') + 1
	for line := range strings.SplitAfterSeq(a.text, "\n") {
		if line == "" {
			break
		}
		if a.in >= len(a.written) {
			// line breaks that the span of the block does not reach
			a.take(len(line), 0)
			continue
		}
		end := len(a.written)
		if i := strings.IndexByte(a.written[a.in:], '\n'); i >= 0 {
			end = a.in + i
		}
		content := strings.TrimSuffix(line, "\n")
		start := strings.TrimRight(a.written[a.in:end], "\r")
		if !strings.HasSuffix(start, content) || strings.Trim(start[:len(start)-len(content)], " ") != "" {
			if content != "" {
				return false
			}
			content, start = "", ""
		}
		a.in += len(start) - len(content)
		for range len(content) {
			a.take(1, 1)
		}
		a.in = end
		if content != line {
			a.take(1, 1)
		}
		a.in = min(a.in, len(a.written))
	}
	return a.done()
}
