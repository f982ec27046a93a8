package policy

import (
	"errors"
	"slices"
	"strings"
)

// Family is the type that an operator compares its values as.
type Family uint8

const (
	FamilyString Family = iota
	FamilyNumeric
	FamilyDate
	FamilyBool
	FamilyBinary
	FamilyIP
	FamilyARN
	FamilyNull // tests whether the key exists
)

// Order is how an operator compares: the request's value stands on the left,
// the policy's on the right.
type Order uint8

const (
	Equal Order = iota
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
)

// BaseOperator is a condition operator without prefix and suffix.
type BaseOperator struct {
	Name    string
	Family  Family
	Negated bool // the condition holds when no value compares
	Like    bool // * and ? in the policy's values are wildcards
	Fold    bool // letter case does not matter
	Order   Order
}

// operators lists the condition operators (IAM user guide, "IAM JSON policy
// elements: Condition operators"). ArnEquals and ArnLike mean the same.
var operators = []BaseOperator{
	{Name: "StringEquals"},
	{Name: "StringNotEquals", Negated: true},
	{Name: "StringEqualsIgnoreCase", Fold: true},
	{Name: "StringNotEqualsIgnoreCase", Negated: true, Fold: true},
	{Name: "StringLike", Like: true},
	{Name: "StringNotLike", Negated: true, Like: true},
	{Name: "NumericEquals", Family: FamilyNumeric},
	{Name: "NumericNotEquals", Family: FamilyNumeric, Negated: true},
	{Name: "NumericLessThan", Family: FamilyNumeric, Order: Less},
	{Name: "NumericLessThanEquals", Family: FamilyNumeric, Order: LessOrEqual},
	{Name: "NumericGreaterThan", Family: FamilyNumeric, Order: Greater},
	{Name: "NumericGreaterThanEquals", Family: FamilyNumeric, Order: GreaterOrEqual},
	{Name: "DateEquals", Family: FamilyDate},
	{Name: "DateNotEquals", Family: FamilyDate, Negated: true},
	{Name: "DateLessThan", Family: FamilyDate, Order: Less},
	{Name: "DateLessThanEquals", Family: FamilyDate, Order: LessOrEqual},
	{Name: "DateGreaterThan", Family: FamilyDate, Order: Greater},
	{Name: "DateGreaterThanEquals", Family: FamilyDate, Order: GreaterOrEqual},
	{Name: "Bool", Family: FamilyBool},
	{Name: "BinaryEquals", Family: FamilyBinary},
	{Name: "IpAddress", Family: FamilyIP},
	{Name: "NotIpAddress", Family: FamilyIP, Negated: true},
	{Name: "ArnEquals", Family: FamilyARN, Like: true},
	{Name: "ArnNotEquals", Family: FamilyARN, Negated: true, Like: true},
	{Name: "ArnLike", Family: FamilyARN, Like: true},
	{Name: "ArnNotLike", Family: FamilyARN, Negated: true, Like: true},
	{Name: "Null", Family: FamilyNull},
}

// Operators returns the condition operators as a new slice.
func Operators() []BaseOperator { return slices.Clone(operators) }

var operatorIndex = func() map[string]int {
	index := make(map[string]int, len(operators))
	for i, op := range operators {
		index[op.Name] = i
	}
	return index
}()

// Quantifier says how an operator treats a request's key with several values.
type Quantifier uint8

const (
	SingleValue Quantifier = iota // no prefix: the key should have one value
	ForAllValues
	ForAnyValue
)

var quantifierPrefixes = [...]string{SingleValue: "", ForAllValues: "ForAllValues:", ForAnyValue: "ForAnyValue:"}

const ifExistsSuffix = "IfExists"

// Operator is a condition operator as it stands in a policy.
type Operator struct {
	Quantifier Quantifier
	BaseOperator
	IfExists bool // the condition holds when the key is absent
}

// The errors of [ParseOperator].
var (
	ErrUnknownOperator = errors.New("unknown condition operator")
	ErrNullIfExists    = errors.New("the operator Null cannot have IfExists")
)

// ParseOperator reads an operator such as ForAnyValue:StringLikeIfExists. Letter
// case does not matter.
func ParseOperator(s string) (Operator, error) {
	var op Operator
	rest := s
	for q := ForAllValues; q <= ForAnyValue; q++ {
		if after, ok := cutPrefixFold(s, quantifierPrefixes[q]); ok {
			op.Quantifier, rest = q, after
		}
	}
	if name, ok := cutSuffixFold(rest, ifExistsSuffix); ok {
		op.IfExists, rest = true, name
	}
	i, ok := operatorIndex[rest]
	if !ok {
		i = slices.IndexFunc(operators, func(o BaseOperator) bool { return strings.EqualFold(o.Name, rest) })
	}
	if i < 0 {
		return Operator{}, ErrUnknownOperator
	}
	op.BaseOperator = operators[i]
	if op.Family == FamilyNull && op.IfExists {
		return Operator{}, ErrNullIfExists
	}
	return op, nil
}

// String returns the operator in its conventional spelling.
func (o Operator) String() string {
	s := quantifierPrefixes[o.Quantifier] + o.Name
	if o.IfExists {
		s += ifExistsSuffix
	}
	return s
}

// HasVariables reports whether ${...} in the operator's values is a variable;
// elsewhere it is plain text (IAM user guide, "IAM policy elements: Variables
// and tags").
func (o BaseOperator) HasVariables() bool { return o.Family == FamilyString || o.Family == FamilyARN }

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func cutSuffixFold(s, suffix string) (string, bool) {
	at := len(s) - len(suffix)
	if at < 0 || !strings.EqualFold(s[at:], suffix) {
		return s, false
	}
	return s[:at], true
}

// suggestOperator returns a hint for an unknown operator.
func suggestOperator(s string) string {
	if prefix, name, ok := strings.Cut(s, ":"); ok {
		if _, err := ParseOperator(name); err == nil {
			if hint := suggest(prefix+":", quantifierPrefixes[1:]); hint != "" {
				return hint
			}
			return "the prefixes are ForAllValues: and ForAnyValue:"
		}
		s = name
	}
	s, _ = cutSuffixFold(s, ifExistsSuffix)
	names := make([]string, len(operators))
	for i, op := range operators {
		names[i] = op.Name
	}
	if hint := suggest(s, names); hint != "" {
		return hint
	}
	return "operators are String..., Numeric..., Date..., Bool, BinaryEquals, IpAddress, NotIpAddress, Arn... and Null"
}
