// Package hole marks what is not known inside texts that are.
//
// A template says arn:aws:sqs:eu-west-1:123456789012:orders as a text in which
// some parts have names only: the partition, the account, a parameter. Such a
// part is a hole. It is written into the text between two private-use
// characters, so that a tree of any language can hold the text without
// knowing of holes, and holes of the same name are equal text: what is equal
// for all values of the holes compares as equal.
package hole

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The characters around a hole's name. No text that a person wrote may hold
// them: readers refuse what is [Reserved].
const (
	Open  = '\ue000'
	Close = '\ue001'
)

// Inside a hole, each byte of the name stands as a private-use character of its
// own: AWS::AccountId is no more than one part of an ARN, and a pattern such as
// *-* matches no hole by chance.
const (
	firstByte = '\ue100'
	lastByte  = firstByte + 0xff
)

func encode(name string) string {
	var b strings.Builder
	for i := range len(name) {
		b.WriteRune(firstByte + rune(name[i]))
	}
	return b.String()
}

// decode is the other way round; ok is false for what encode does not write.
func decode(text string) (name string, ok bool) {
	var b strings.Builder
	for _, r := range text {
		if r < firstByte || r > lastByte {
			return "", false
		}
		b.WriteByte(byte(r - firstByte))
	}
	return b.String(), text != ""
}

const (
	open  = string(Open)
	close = string(Close)
	lead  = '\xee' // the first byte of all of these characters, and of few others
)

// Text returns the hole of that name as a text. A name must be neither empty
// nor hold the characters around holes; Text panics otherwise, since names come
// from texts that are checked for them.
func Text(name string) string {
	if name == "" || Reserved(name) >= 0 {
		panic(fmt.Sprintf("hole: %q cannot be a name", name))
	}
	return open + encode(name) + close
}

// Reserved returns the offset of the first character in a text that is kept
// for holes, and -1 where there is none.
func Reserved(text string) int {
	for i := 0; ; i++ {
		at := strings.IndexByte(text[i:], lead)
		if at < 0 {
			return -1
		}
		i += at
		if r, _ := utf8.DecodeRuneInString(text[i:]); r == Open || r == Close || r >= firstByte && r <= lastByte {
			return i
		}
	}
}

// Piece is a part of a text: a hole, or what stands between holes.
type Piece struct {
	Text string // the hole's name, without the characters around it
	Hole bool
}

// Next cuts a text at its first hole. Without a hole, before is the whole text
// and ok is false.
func Next(text string) (before, name, after string, ok bool) {
	if strings.IndexByte(text, lead) < 0 { // as in most texts
		return text, "", "", false
	}
	start := strings.Index(text, open)
	if start < 0 {
		return text, "", "", false
	}
	inside, after, _ := strings.Cut(text[start+len(open):], close)
	if name, ok = decode(inside); !ok || len(after) == 0 && !strings.HasSuffix(text, close) {
		return text, "", "", false
	}
	return text[:start], name, after, true
}

// Has reports whether a text has a hole.
func Has(text string) bool {
	_, _, _, ok := Next(text)
	return ok
}

// Whole returns the name of the hole that a text is, and false for any other
// text.
func Whole(text string) (name string, ok bool) {
	before, name, after, ok := Next(text)
	if !ok || before != "" || after != "" {
		return "", false
	}
	return name, true
}

// Split cuts a text into its pieces. Those of text are not empty, and no two of
// them stand side by side. An empty text has no pieces.
func Split(text string) []Piece {
	var pieces []Piece
	for text != "" {
		before, name, after, ok := Next(text)
		if before != "" {
			pieces = append(pieces, Piece{Text: before})
		}
		if ok {
			pieces = append(pieces, Piece{Text: name, Hole: true})
		}
		text = after
	}
	return pieces
}

// Names returns the names of the holes of a text, each once, in the order in
// which they first occur.
func Names(text string) []string {
	var names []string
	seen := map[string]bool{}
	for {
		_, name, after, ok := Next(text)
		if !ok {
			return names
		}
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
		text = after
	}
}

// Replace returns a text in which each hole has become what the function says
// of its name.
func Replace(text string, value func(name string) string) string {
	if !Has(text) {
		return text
	}
	var b strings.Builder
	for {
		before, name, after, ok := Next(text)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString(value(name))
		text = after
	}
}

// Print returns a text for people, with its holes as ${NAME}.
func Print(text string) string {
	return Replace(text, func(name string) string { return "${" + name + "}" })
}

// Pattern returns a text with "*" in place of its holes, as a pattern of what
// it may become. Wildcards of the text itself stay as they are.
func Pattern(text string) string {
	return Replace(text, func(string) string { return "*" })
}
