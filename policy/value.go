package policy

import (
	"net/netip"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/pattern"
)

// Comparand is one value of a condition, parsed for its operator. Deciding and
// proving read the values of policies through it.
type Comparand struct {
	Text    string           // of String operators as written; of Binary ones the bytes
	Pattern *pattern.Pattern // of StringLike, and of every String value with variables; or else nil
	ARN     *arn.Condition
	Number  Decimal
	Instant Instant
	Network netip.Prefix
	Boolean bool
	Broken  bool // the value is not of the operator's type: it compares with nothing
}

// CompileComparand parses a value for an operator. Variables get their numbers
// from the table; for documents without variables it is nil.
func CompileComparand(op BaseOperator, text string, vars *VariableTable) Comparand {
	c := Comparand{Text: text}
	ok := true
	switch op.Family {
	case FamilyString:
		if op.Like || vars != nil && strings.Contains(text, "${") {
			c.Pattern = pattern.Dialect{Fold: op.Fold}.Compile(valuePieces(text, op.Like, vars)...)
		}
	case FamilyARN:
		c.ARN = arn.CompileCondition(valuePieces(text, true, vars)...)
	case FamilyNumeric:
		c.Number, ok = ParseDecimal(text)
	case FamilyDate:
		c.Instant, ok = ParseInstant(text)
	case FamilyBool, FamilyNull:
		c.Boolean, ok = ParseBool(text)
	case FamilyIP:
		c.Network, ok = ParseNetwork(text)
	case FamilyBinary:
		c.Text = BinaryText(text)
	}
	c.Broken = !ok
	return c
}

func valuePieces(text string, wild bool, vars *VariableTable) []pattern.Piece {
	if vars == nil {
		return []pattern.Piece{PlainPiece(text, wild)}
	}
	return vars.Pieces(text, wild)
}

// Holds reports whether the result of a comparison, as of [Decimal.Compare],
// satisfies the order.
func (o Order) Holds(result int) bool {
	switch o {
	case Less:
		return result < 0
	case LessOrEqual:
		return result <= 0
	case Greater:
		return result > 0
	case GreaterOrEqual:
		return result >= 0
	}
	return result == 0
}

// HoldsWhenAbsent reports whether a condition with the operator holds for a
// request without the key. The operator Null is not meant.
func (o *Operator) HoldsWhenAbsent() bool {
	switch o.Quantifier {
	case ForAllValues:
		return true
	case ForAnyValue:
		return o.IfExists
	}
	return o.IfExists || o.Negated
}

// HoldsWithoutValues is HoldsWhenAbsent for a condition whose list of values is
// empty; it holds for no request that has the key.
func (o *Operator) HoldsWithoutValues() bool {
	return o.IfExists || o.Quantifier == ForAllValues
}

// Within reports whether all of inner lies in outer. Blocks of different
// families never do.
func Within(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// BinaryText reads a value of a binary operator; what is not base64 stands for
// itself.
func BinaryText(s string) string {
	if b, ok := ParseBinary(s); ok {
		return b
	}
	return s
}
