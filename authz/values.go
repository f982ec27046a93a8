package authz

import (
	"net/netip"

	"github.com/writ-iam/writ/policy"
)

// within reports whether all of inner lies in outer. Blocks of different
// families never do.
func within(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// binary reads base64; what is not base64 stands for itself.
func binary(s string) string {
	if b, ok := policy.ParseBinary(s); ok {
		return b
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
