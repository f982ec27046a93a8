package policy

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The values that conditions compare, as policies and requests write them (IAM
// user guide, "IAM JSON policy elements: Condition operators"). Nothing here
// allocates for ordinary input.

// Accepts reports whether a value without variables is of the type that the
// operators of the family compare. One that is not compares with nothing, but
// for binary operators, which take text that is not base64 as it stands.
func (f Family) Accepts(text string) bool {
	ok := true
	switch f {
	case FamilyNumeric:
		_, ok = ParseDecimal(text)
	case FamilyDate:
		_, ok = ParseInstant(text)
	case FamilyBool, FamilyNull:
		_, ok = ParseBool(text)
	case FamilyBinary:
		_, ok = ParseBinary(text)
	case FamilyIP:
		_, ok = ParseNetwork(text)
	}
	return ok
}

// Decimal is a decimal of any length, compared exactly. The zero Decimal is 0.
// It keeps the digits as slices of the text.
type Decimal struct {
	negative bool
	whole    string   // without leading zeros
	fraction string   // without trailing zeros
	exponent *big.Rat // the whole number, where it was written with an exponent
}

// maxExponent bounds what "1e999999999" can cost.
const maxExponent = 1000

// maxNumber is the longest text, in bytes, that counts as a number: comparing
// longer ones with an exponent would take quadratic time.
const maxNumber = 10_000

// ParseDecimal reads a decimal: an optional sign, digits with an optional point,
// an optional exponent. More than 10,000 bytes, or an exponent of more than
// 1,000, are no number.
func ParseDecimal(s string) (Decimal, bool) {
	if len(s) > maxNumber {
		return Decimal{}, false
	}
	var n Decimal
	text := s
	if text != "" && (text[0] == '-' || text[0] == '+') {
		n.negative, text = text[0] == '-', text[1:]
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		return scientific(s, text[:i], text[i+1:])
	}
	whole, fraction, point := strings.Cut(text, ".")
	if !digits(whole) || !digits(fraction) || whole == "" && fraction == "" || point && fraction == "" {
		return Decimal{}, false
	}
	n.whole, n.fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if n.whole == "" && n.fraction == "" {
		n.negative = false
	}
	return n, true
}

func scientific(s, mantissa, exponent string) (Decimal, bool) {
	if _, ok := ParseDecimal(mantissa); !ok || strings.HasPrefix(mantissa, "-") || strings.HasPrefix(mantissa, "+") {
		return Decimal{}, false
	}
	if e, err := strconv.Atoi(exponent); err != nil || e > maxExponent || e < -maxExponent {
		return Decimal{}, false
	}
	r, ok := new(big.Rat).SetString(s)
	return Decimal{exponent: r}, ok
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (n Decimal) rat() *big.Rat {
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

// Compare returns -1, 0 or 1 as n is less than, equal to or greater than m.
func (n Decimal) Compare(m Decimal) int {
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

func (n Decimal) magnitude(m Decimal) int {
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

// Instant is a point in time.
type Instant struct {
	seconds int64
	nanos   int
}

// InstantOf returns the point in time so many seconds, and nanoseconds below a
// second, after 1970.
func InstantOf(seconds int64, nanos int) Instant { return Instant{seconds, nanos} }

// Unix returns the seconds since 1970, and the nanoseconds on top of them.
func (t Instant) Unix() (seconds int64, nanos int) { return t.seconds, t.nanos }

// ParseInstant reads a date: the W3C subset of ISO 8601, or seconds since 1970.
// Four digits alone are a year.
func ParseInstant(s string) (Instant, bool) {
	const year = 4
	if s != "" && len(s) != year && digits(strings.TrimPrefix(s, "-")) {
		n, err := strconv.ParseInt(s, 10, 64)
		return Instant{seconds: n}, err == nil
	}
	layout, ok := dateLayout(s)
	if !ok {
		return Instant{}, false
	}
	t, err := time.Parse(layout, s)
	return Instant{t.Unix(), t.Nanosecond()}, err == nil
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

// Compare returns -1, 0 or 1 as t is before, at or after u.
func (t Instant) Compare(u Instant) int {
	switch {
	case t.seconds < u.seconds, t.seconds == u.seconds && t.nanos < u.nanos:
		return -1
	case t == u:
		return 0
	}
	return 1
}

// ParseNetwork reads an address or a CIDR block; a bare address is a block of
// its own. Bits after the prefix are ignored.
func ParseNetwork(s string) (netip.Prefix, bool) {
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

// ParseBool reads true or false, in any letter case.
func ParseBool(s string) (value, ok bool) {
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	}
	return false, false
}

// ParseBinary reads base64, padded and without line breaks, and returns the
// bytes that it stands for.
func ParseBinary(s string) (string, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err == nil
}
