package prove

import (
	"encoding/base64"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/writ-iam/writ/policy"
)

// Numbers, dates and addresses stand in an order. The constants of the policies
// cut it into cells, points and the gaps between them, and every literal holds
// for all of a cell or for none of it.

// line is an order with what the constants in it look like.
type line[T any] struct {
	compare func(a, b T) int
	// ends returns the least and the greatest value that a comparand equals.
	ends func(*policy.Comparand) (from, to T)
	// always are constants that cut the line whatever the policies say.
	always []T
	// between returns a value in the gap between two constants, nil for none;
	// false when the gap is empty.
	between func(after, before *T) (T, bool)
	print   func(T) (string, bool)
}

// elementLiteral says that a value lies in a language, or that it does not.
type elementLiteral struct {
	in  *language
	not bool
}

// solveOn looks for a value for which all literals hold. When there is none the
// core has the indexes of literals that exclude each other.
func solveOn[T any](l *line[T], literals []elementLiteral) (text string, core []int, ok bool) {
	points := slices.Clone(l.always)
	for _, lit := range literals {
		for i := range lit.in.values {
			from, to := l.ends(&lit.in.values[i])
			points = append(points, from, to)
		}
	}
	slices.SortFunc(points, l.compare)
	points = slices.CompactFunc(points, func(a, b T) bool { return l.compare(a, b) == 0 })
	cells := l.cells(points)
	holds := make([][]bool, len(literals))
	for i, lit := range literals {
		holds[i] = l.holds(lit, points)
	}
	for n := range cells {
		i := (n + 1) % len(cells) // what lies before all constants comes last
		if cells[i].inhabited && all(holds, i) {
			return cells[i].text, nil, true
		}
	}
	return "", smallest(len(literals), func(kept []int) bool {
		for i, c := range cells {
			alive := c.inhabited
			for _, k := range kept {
				alive = alive && holds[k][i]
			}
			if alive {
				return false
			}
		}
		return true
	}), false
}

func all(holds [][]bool, i int) bool {
	for _, h := range holds {
		if !h[i] {
			return false
		}
	}
	return true
}

// smallest drops indexes as long as what is left still conflicts. Long lists
// are left as they are.
func smallest(n int, conflicts func([]int) bool) []int {
	kept := make([]int, n)
	for i := range kept {
		kept[i] = i
	}
	const many = 48
	for i := 0; i < len(kept) && n <= many; {
		fewer := slices.Delete(slices.Clone(kept), i, i+1)
		if conflicts(fewer) {
			kept = fewer
		} else {
			i++
		}
	}
	return kept
}

type cell struct {
	inhabited bool
	text      string
}

// cells numbers gaps and points in turn: cell 2i+1 is point i.
func (l *line[T]) cells(points []T) []cell {
	out := make([]cell, 2*len(points)+1)
	for i := range out {
		var value T
		ok := true
		if i%2 == 1 {
			value = points[i/2]
		} else {
			var after, before *T
			if i > 0 {
				after = &points[i/2-1]
			}
			if i/2 < len(points) {
				before = &points[i/2]
			}
			value, ok = l.between(after, before)
		}
		if ok {
			out[i].text, out[i].inhabited = l.print(value)
		}
	}
	return out
}

// holds says for every cell whether a literal holds there.
func (l *line[T]) holds(lit elementLiteral, points []T) []bool {
	n := 2*len(points) + 1
	rises := make([]int, n+1)
	mark := func(from, to int) {
		if from <= to {
			rises[from]++
			rises[to+1]--
		}
	}
	at := func(v T) int {
		i, _ := slices.BinarySearchFunc(points, v, l.compare)
		return 2*i + 1
	}
	for i := range lit.in.values {
		from, to := l.ends(&lit.in.values[i])
		switch lit.in.order {
		case policy.Less:
			mark(0, at(from)-1)
		case policy.LessOrEqual:
			mark(0, at(from))
		case policy.Greater:
			mark(at(from)+1, n-1)
		case policy.GreaterOrEqual:
			mark(at(from), n-1)
		default:
			mark(at(from), at(to))
		}
	}
	out := make([]bool, n)
	inside := 0
	for i := range out {
		inside += rises[i]
		out[i] = inside > 0 != lit.not
	}
	return out
}

// numbers are decimals of any length: there is one between any two.
var numbers = &line[*big.Rat]{
	compare: (*big.Rat).Cmp,
	ends: func(c *policy.Comparand) (from, to *big.Rat) {
		r, ok := new(big.Rat).SetString(c.Text)
		if !ok {
			r = new(big.Rat) // not reached: the value was parsed as a decimal
		}
		return r, r
	},
	between: func(after, before **big.Rat) (*big.Rat, bool) {
		one := big.NewRat(1, 1)
		switch {
		case after == nil && before == nil:
			return new(big.Rat), true
		case after == nil:
			return new(big.Rat).Sub(floor(*before), one), true
		}
		next := new(big.Rat).Add(floor(*after), one)
		if before == nil || next.Cmp(*before) < 0 {
			return next, true
		}
		middle := new(big.Rat).Add(*after, *before)
		return middle.Mul(middle, big.NewRat(1, 2)), true
	},
	print: func(r *big.Rat) (string, bool) {
		digits, exact := r.FloatPrec()
		text := r.FloatString(digits)
		_, readable := policy.ParseDecimal(text)
		return text, exact && readable
	},
}

func floor(r *big.Rat) *big.Rat {
	q := new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: rounds down for positive divisors
	return new(big.Rat).SetInt(q)
}

// dates are milliseconds, in a range of years that can be written.
var dates = &line[policy.Instant]{
	compare: policy.Instant.Compare,
	ends:    func(c *policy.Comparand) (from, to policy.Instant) { return c.Instant, c.Instant },
	always:  []policy.Instant{policy.InstantOf(firstSecond, 0), policy.InstantOf(lastSecond, 0)},
	between: betweenDates,
	print: func(t policy.Instant) (string, bool) {
		seconds, nanos := t.Unix()
		if seconds < firstSecond || seconds > lastSecond {
			return strconv.FormatInt(seconds, 10), nanos == 0
		}
		const millisecond = 1_000_000
		return time.Unix(seconds, int64(nanos)).UTC().Format(time.RFC3339Nano), nanos%millisecond == 0
	},
}

func betweenDates(after, before *policy.Instant) (policy.Instant, bool) {
	if after == nil {
		seconds, _ := before.Unix()
		return policy.InstantOf(seconds-1, 0), seconds > math.MinInt64
	}
	seconds, nanos := after.Unix()
	if before == nil {
		return policy.InstantOf(seconds+1, 0), seconds < math.MaxInt64
	}
	if end, _ := before.Unix(); seconds == firstSecond && end > seconds+1 {
		return policy.InstantOf(end-1, 0), true // near what the policies say
	}
	if next := policy.InstantOf(seconds+1, 0); next.Compare(*before) < 0 {
		return next, true
	}
	const millisecond = 1_000_000
	nanos = (nanos/millisecond + 1) * millisecond
	if nanos >= 1000*millisecond {
		return policy.Instant{}, false // the next whole second is not before
	}
	next := policy.InstantOf(seconds, nanos)
	return next, next.Compare(*before) < 0
}

// The years 1 to 9999. Other dates are written as seconds since 1970.
const firstSecond, lastSecond = -62135596800, 253402300799

var (
	firstIPv4, lastIPv4 = netip.AddrFrom4([4]byte{}), netip.AddrFrom4([4]byte{255, 255, 255, 255})
	firstIPv6           = netip.IPv6Unspecified()
	lastIPv6            = netip.AddrFrom16([16]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
)

// addresses are those of both families, IPv4 first.
var addresses = &line[netip.Addr]{
	compare: netip.Addr.Compare,
	ends:    func(c *policy.Comparand) (from, to netip.Addr) { return c.Network.Addr(), lastOf(c.Network) },
	always:  []netip.Addr{firstIPv4, lastIPv4, firstIPv6, lastIPv6},
	between: func(after, before *netip.Addr) (netip.Addr, bool) {
		if after == nil || before == nil || *after == lastIPv4 {
			return netip.Addr{}, false
		}
		next := after.Next()
		return next, next != *before
	},
	print: func(a netip.Addr) (string, bool) { return a.String(), true },
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(b)
	return last
}

// canonicalBinary is the base64 text of bytes.
func canonicalBinary(bytes string) string { return base64.StdEncoding.EncodeToString([]byte(bytes)) }
