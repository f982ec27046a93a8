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

// maxNumber is the longest text, in bytes, that counts as a number: comparing
// longer ones with an exponent would take quadratic time.
const maxNumber = 10_000

// parseNumber reads a decimal: an optional sign, digits with an optional point,
// an optional exponent.
func parseNumber(s string) (number, bool) {
	if len(s) > maxNumber {
		return number{}, false
	}
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

// parseInstant reads a date: the W3C subset of ISO 8601, or seconds since 1970.
// A bare number of four digits is a year.
func parseInstant(s string) (instant, bool) {
	const year = 4
	if s != "" && len(s) != year && digits(strings.TrimPrefix(s, "-")) {
		n, err := strconv.ParseInt(s, 10, 64)
		return instant{seconds: n}, err == nil
	}
	layout, ok := dateLayout(s)
	if !ok {
		return instant{}, false
	}
	t, err := time.Parse(layout, s)
	return instant{t.Unix(), t.Nanosecond()}, err == nil
}

// dateLayout returns how a date is written, for time.Parse, which is more lenient
// about hours of one digit and decimal commas.
func dateLayout(s string) (layout string, ok bool) {
	const day, hour, minute = "2006-01-02", "2006-01-02T15", "2006-01-02T15:04"
	switch {
	case len(s) <= len(day):
		return day[:len(s)], len(s) == len("2006") || len(s) == len("2006-01") || len(s) == len(day)
	case len(s) <= len(minute) || s[len(hour)] != ':' || strings.Contains(s, ","):
		return "", false
	case s[len(minute)] == ':':
		return minute + ":05Z07:00", true
	}
	return minute + "Z07:00", true
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
