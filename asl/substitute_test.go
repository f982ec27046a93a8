package asl

import "testing"

func TestOpenPlaceholders(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"arn:aws:sns:us-east-1:123456789012:t", "arn:aws:sns:us-east-1:123456789012:t"},
		{"${Topic}", "*"},
		{"arn:${AWS::Partition}:sns:${r-1}:${a_b.c}:x-${T}-y", "arn:*:sns:*:*:x-*-y"},
		{"${A}${B}", "**"},
		{"a*${A}", "a**"},
		{"x${open", "x${open"},
		{"x${open${A}", "x${open*"},
		{"x${not a name}", "x${not a name}"},
		{"${}", "${}"},
		{"$${A}", "$*"},
		{"${é}", "${é}"},
		{"$.input", "$.input"},
	}
	for _, tt := range tests {
		if got := OpenPlaceholders(tt.text); got != tt.want {
			t.Errorf("OpenPlaceholders(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// What is opened has no placeholder left, and what has none stays.
func FuzzOpenPlaceholders(f *testing.F) {
	for _, seed := range []string{"", "${A}", "a${A}b${B", "${${A}}", "$${}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := OpenPlaceholders(text)
		if hasPlaceholder(text) != (got != text) {
			t.Errorf("%q becomes %q", text, got)
		}
		if hasPlaceholder(got) {
			t.Errorf("%q becomes %q, which has a placeholder", text, got)
		}
	})
}
