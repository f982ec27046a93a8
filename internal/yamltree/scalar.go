package yamltree

import (
	"math/big"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/writ-iam/writ/internal/jsontree"
)

const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// resolve returns the kind and text of a scalar: Invalid where it does not fit
// the tag that it carries.
func resolve(n *yaml.Node) (jsontree.Kind, string) {
	if n.Style&yaml.TaggedStyle == 0 && n.Style&quoted != 0 || n.Tag == "!" {
		return jsontree.String, n.Value
	}
	kind, text := core(n.Value)
	if n.Style&yaml.TaggedStyle == 0 {
		return kind, text
	}
	switch n.Tag {
	case "!!str", "!!timestamp":
		return jsontree.String, n.Value
	case "!!null":
		if kind == jsontree.Null {
			return kind, text
		}
	case "!!bool":
		if kind == jsontree.Bool {
			return kind, text
		}
	case "!!int", "!!float":
		if kind == jsontree.Number {
			return kind, text
		}
	}
	return jsontree.Invalid, ""
}

// core resolves an unquoted scalar after YAML 1.2's core schema, less what JSON
// cannot say (infinity, not a number) and numbers with leading zeros.
func core(s string) (jsontree.Kind, string) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return jsontree.Null, "null"
	case "true", "True", "TRUE":
		return jsontree.Bool, "true"
	case "false", "False", "FALSE":
		return jsontree.Bool, "false"
	}
	if c := s[0]; c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
		return jsontree.String, s
	}
	if number, ok := decimal(s); ok {
		return jsontree.Number, number
	}
	if number, ok := based(s); ok {
		return jsontree.Number, number
	}
	return jsontree.String, s
}

// decimal writes a decimal number as JSON does: without a plus sign, with a
// digit on both sides of the point.
func decimal(s string) (string, bool) {
	s = strings.TrimPrefix(s, "+")
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole := digits(s)
	rest := s[len(whole):]
	fraction := ""
	point := strings.HasPrefix(rest, ".")
	if point {
		fraction = digits(rest[1:])
		rest = rest[1+len(fraction):]
	}
	if whole == "" && fraction == "" || len(whole) > 1 && whole[0] == '0' {
		return "", false
	}
	if rest != "" && !isExponent(rest) {
		return "", false
	}
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction + rest, true
}

func digits(s string) string {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	return s[:end]
}

func isExponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && digits(s) == s
}

// based reads 0x1f and 0o17.
func based(s string) (string, bool) {
	base := 0
	switch {
	case len(s) > 64:
	case strings.HasPrefix(s, "0x"):
		base = 16
	case strings.HasPrefix(s, "0o"):
		base = 8
	}
	if base == 0 || strings.ContainsAny(s[2:], "+-_") {
		return "", false
	}
	n, ok := new(big.Int).SetString(s[2:], base)
	if !ok {
		return "", false
	}
	return n.String(), true
}
