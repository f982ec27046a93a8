package arn

import "strings"

// Fill returns the format of an ARN with a value in the place of each ${NAME}.
// One without an end stays as it is.
func Fill(format string, value func(name string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(format, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			b.WriteString(format)
			return b.String()
		}
		b.WriteString(before)
		b.WriteString(value(name))
		format = after
	}
}
