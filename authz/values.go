package authz

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/writ-iam/writ/policy"
)

// The values that conditions compare. Policy values are parsed when a policy is
// compiled, request values when they are compared; neither allocates for
// ordinary input.

// number is a decimal of any length, compared exactly. It keeps the digits as
// slices of the text.
type number struct {
	negative  bool
	whole     string // without leading zeros
	fraction  string // without trailing zeros
	exponent  *big.Rat
	hasDigits bool
}

// maxExponent bounds what "1e999999999" can cost.
const maxExponent = 1000

// parseNumber reads a decimal: an optional sign, digits with an optional point,
// an optional exponent.
func parseNumber(s string) (number, bool) {
	var n number
	text := s
	if text != "" && (text[0] == '-' || text[0] == '+') {
		n.negative, text = text[0] == '-', text[1:]
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		return scientific(s, text[:i], text[i+1:])
	}
	whole, fraction, point := strings.Cut(text, ".")
	if !digits(whole) || !digits(fraction) || whole == "" && fraction == "" || point && fraction == "" {
		return number{}, false
	}
	n.whole, n.fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if n.whole == "" && n.fraction == "" {
		n.negative = false
	}
	n.hasDigits = true
	return n, true
}

func scientific(s, mantissa, exponent string) (number, bool) {
	if _, ok := parseNumber(mantissa); !ok || strings.HasPrefix(mantissa, "-") || strings.HasPrefix(mantissa, "+") {
		return number{}, false
	}
	if e, err := strconv.Atoi(exponent); err != nil || e > maxExponent || e < -maxExponent {
		return number{}, false
	}
	r, ok := new(big.Rat).SetString(s)
	return number{exponent: r, hasDigits: true}, ok
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (n number) rat() *big.Rat {
	if n.exponent != nil {
		return n.exponent
	}
	text := "0" + n.whole + "." + n.fraction + "0"
	if n.negative {
		text = "-" + text
	}
	r, _ := new(big.Rat).SetString(text)
	return r
}

// compare returns -1, 0 or 1.
func (n number) compare(m number) int {
	if n.exponent != nil || m.exponent != nil {
		return n.rat().Cmp(m.rat())
	}
	switch {
	case n.negative != m.negative && n.negative:
		return -1
	case n.negative != m.negative:
		return 1
	case n.negative:
		return m.magnitude(n)
	}
	return n.magnitude(m)
}

func (n number) magnitude(m number) int {
	if len(n.whole) != len(m.whole) {
		if len(n.whole) < len(m.whole) {
			return -1
		}
		return 1
	}
	if c := strings.Compare(n.whole, m.whole); c != 0 {
		return c
	}
	return strings.Compare(n.fraction, m.fraction)
}

// instant is a point in time.
type instant struct {
	seconds int64
	nanos   int
}

// dateLayouts are the W3C subset of ISO 8601. A bare number of four digits is a
// year; any other whole number counts seconds since 1970.
var dateLayouts = [...]string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"}

func parseInstant(s string) (instant, bool) {
	const year = 4
	if s != "" && len(s) != year && digits(strings.TrimPrefix(s, "-")) {
		n, err := strconv.ParseInt(s, 10, 64)
		return instant{seconds: n}, err == nil
	}
	if len(s) > len("2006-01-02T15") && s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") {
		return instant{}, false // time.Parse is more lenient: hours of one digit, decimal commas
	}
	for _, layout := range dateLayouts {
		if len(s) < len("2006") || len(layout) <= len("2006-01-02") && len(s) != len(layout) {
			continue
		}
		if t, err := time.Parse(layout, s); err == nil {
			return instant{t.Unix(), t.Nanosecond()}, true
		}
	}
	return instant{}, false
}

func (t instant) compare(u instant) int {
	switch {
	case t.seconds < u.seconds, t.seconds == u.seconds && t.nanos < u.nanos:
		return -1
	case t == u:
		return 0
	}
	return 1
}

// parseNetwork reads an address or a CIDR block; a bare address is a block of
// its own. Bits after the prefix are ignored.
func parseNetwork(s string) (netip.Prefix, bool) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p.Masked(), err == nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// within reports whether all of inner lies in outer. Blocks of different
// families never do.
func within(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

func parseBool(s string) (value, ok bool) {
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	}
	return false, false
}

// binary reads base64; what is not base64 stands for itself.
func binary(s string) string {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return string(b)
	}
	return s
}

// ordered reports whether the result of a comparison satisfies an operator.
func ordered(order policy.Order, result int) bool {
	switch order {
	case policy.Less:
		return result < 0
	case policy.LessOrEqual:
		return result <= 0
	case policy.Greater:
		return result > 0
	case policy.GreaterOrEqual:
		return result >= 0
	}
	return result == 0
}
