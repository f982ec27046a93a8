package arn

import (
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	for format, want := range map[string]string{
		"": "", "arn:aws:s3:::a": "arn:aws:s3:::a", "arn:${Partition}:s3:::${Bucket}/${Key}": "arn:PARTITION:s3:::BUCKET/KEY",
		"${A}${B}": "AB", "a$b{c}": "a$b{c}", "a${b": "a${b", "${a}${b": "A${b",
	} {
		if got := Fill(format, strings.ToUpper); got != want {
			t.Errorf("Fill(%q) = %q, want %q", format, got, want)
		}
	}
}
