package pattern

import (
	"strings"
	"unicode/utf8"
)

// The reference matcher is a table over characters, written to be obviously
// right: cell [i][j] says whether the first i wildcards and letters of the
// pattern match the first j characters.

type refToken struct {
	char     string
	wild     bool
	confined bool
}

func refChars(s string) []string {
	var out []string
	for s != "" {
		_, w := utf8.DecodeRuneInString(s)
		out = append(out, s[:w])
		s = s[w:]
	}
	return out
}

func refTokens(d Dialect, pattern string) []refToken {
	var out []refToken
	chars := refChars(pattern)
	colons := 0
	for i, c := range chars {
		t := refToken{char: c, wild: c == "*" || c == "?"}
		t.confined = t.wild && colons < d.Colons
		if d.OpenEnd && c == "*" && (i+1 == len(chars) || chars[i+1] == ":") {
			t.confined = false
		}
		if c == ":" {
			colons++
		}
		out = append(out, t)
	}
	return out
}

func refMatch(d Dialect, pattern, s string) bool {
	return refMatchTokens(refTokens(d, pattern), d.Fold, s)
}

func refMatchTokens(tokens []refToken, fold bool, s string) bool {
	chars := refChars(s)
	row := make([]bool, len(chars)+1)
	row[0] = true
	for _, t := range tokens {
		next := make([]bool, len(chars)+1)
		next[0] = t.wild && t.char == "*" && row[0]
		for j, c := range chars {
			takes := t.wild && !(t.confined && c == ":")
			switch {
			case t.wild && t.char == "*":
				next[j+1] = row[j+1] || takes && next[j]
			case t.wild:
				next[j+1] = takes && row[j]
			default:
				next[j+1] = row[j] && refEqual(t.char, c, fold)
			}
		}
		row = next
	}
	return row[len(chars)]
}

func refEqual(a, b string, fold bool) bool {
	if !fold || a[0] >= utf8.RuneSelf || b[0] >= utf8.RuneSelf {
		return a == b
	}
	return strings.EqualFold(a, b)
}
