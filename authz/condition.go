package authz

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// truth is an answer that may hang on something that is not known.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth { return yes - t }

func (t truth) and(u truth) truth { return min(t, u) }

// condition is one key under one operator.
type condition struct {
	operator policy.Operator
	key      string // lower case
	values   []comparand
	texts    map[string]struct{} // the values, where they are many and compared as they are
	block    int                 // where it stands in the statement: ConditionBlock and ConditionKey
	line     int
}

// comparand is one value of a policy, parsed for its operator.
type comparand struct {
	text    string           // String (equals) and Binary
	pattern *pattern.Pattern // StringLike, and every String value with variables
	arn     *arn.Condition
	number  policy.Decimal
	instant policy.Instant
	network netip.Prefix
	boolean bool
	broken  bool // the value is not of the operator's type: it compares with nothing
}

// compileConditions compiles the Condition of a statement. Unknown operators
// have been refused by policy.Validate.
func compileConditions(c *policy.Condition, vars *policy.VariableTable) []condition {
	if c == nil {
		return nil
	}
	var out []condition
	for i, block := range c.Blocks {
		operator, err := policy.ParseOperator(block.Operator)
		if err != nil {
			continue
		}
		for j, key := range block.Keys {
			compiled := condition{operator: operator, key: lower(key.Name), block: i, line: j}
			for _, v := range key.Values.Values {
				compiled.values = append(compiled.values, compileComparand(operator.BaseOperator, v.Text, vars))
			}
			compiled.indexTexts()
			out = append(out, compiled)
		}
	}
	return out
}

func compileComparand(op policy.BaseOperator, text string, vars *policy.VariableTable) comparand {
	c := comparand{text: text}
	ok := true
	switch op.Family {
	case policy.FamilyString:
		c.compileString(op, text, vars)
	case policy.FamilyARN:
		c.arn = arn.CompileCondition(pieces(text, true, vars)...)
	case policy.FamilyNumeric:
		c.number, ok = policy.ParseDecimal(text)
	case policy.FamilyDate:
		c.instant, ok = policy.ParseInstant(text)
	case policy.FamilyBool, policy.FamilyNull:
		c.boolean, ok = policy.ParseBool(text)
	case policy.FamilyIP:
		c.network, ok = policy.ParseNetwork(text)
	case policy.FamilyBinary:
		c.text = binary(text)
	}
	c.broken = !ok
	return c
}

func (c *comparand) compileString(op policy.BaseOperator, text string, vars *policy.VariableTable) {
	hasVariables := vars != nil && strings.Contains(text, "${")
	if op.Like || hasVariables {
		c.pattern = pattern.Dialect{Fold: op.Fold}.Compile(pieces(text, op.Like, vars)...)
	}
}

func pieces(text string, wild bool, vars *policy.VariableTable) []pattern.Piece {
	if vars == nil {
		return []pattern.Piece{policy.PlainPiece(text, wild)}
	}
	return vars.Pieces(text, wild)
}

// holds evaluates a condition against a request.
func (c *condition) holds(e *evaluation) truth {
	values, known := e.lookup(c.key)
	if !known {
		return c.unknown(e)
	}
	e.vague = false
	return e.sure(c.satisfied(e, values))
}

// unknown: the key may be absent or hold anything. Only Null with a quantifier
// does not look.
func (c *condition) unknown(e *evaluation) truth {
	if c.operator.Family == policy.FamilyNull && c.operator.Quantifier != policy.SingleValue {
		return truthOf(c.satisfied(e, values{}))
	}
	e.hangsOn(c.key)
	return maybe
}

// satisfied follows the table in the documentation of operators with absent,
// empty and multiple values; values is empty for an absent key.
func (c *condition) satisfied(e *evaluation, given values) bool {
	op := &c.operator
	switch {
	case op.Family == policy.FamilyNull:
		return c.null(given)
	case len(c.values) == 0:
		// A policy value list without values matches nothing.
		return given.len() == 0 && (op.IfExists || op.Quantifier == policy.ForAllValues)
	case given.len() == 0:
		return c.whenAbsent()
	}
	switch op.Quantifier {
	case policy.ForAllValues:
		return given.isNullSet() || c.every(e, given)
	case policy.ForAnyValue:
		return !given.isNullSet() && c.some(e, given)
	}
	// Several values without a set operator never match.
	return given.len() == 1 && c.accepts(e, given.at(0))
}

func (c *condition) whenAbsent() bool {
	switch c.operator.Quantifier {
	case policy.ForAllValues:
		return true
	case policy.ForAnyValue:
		return c.operator.IfExists
	}
	return c.operator.IfExists || c.operator.Negated
}

func (c *condition) every(e *evaluation, given values) bool {
	for i := range given.len() {
		if !c.accepts(e, given.at(i)) {
			return false
		}
	}
	return true
}

func (c *condition) some(e *evaluation, given values) bool {
	for i := range given.len() {
		if c.accepts(e, given.at(i)) {
			return true
		}
	}
	return false
}

// null compares whether a key is there. With a quantifier the answer does not
// depend on the request.
func (c *condition) null(given values) bool {
	switch c.operator.Quantifier {
	case policy.ForAllValues:
		return true
	case policy.ForAnyValue:
		return false
	}
	absent := given.len() == 0
	for i := range c.values {
		if !c.values[i].broken && c.values[i].boolean == absent {
			return true
		}
	}
	return false
}

// accepts reports whether one value of the request satisfies the operator: it
// equals some value of the policy, or, for a negated operator, none.
func (c *condition) accepts(e *evaluation, value string) bool {
	return c.equalsAny(e, value) != c.operator.Negated
}

func (c *condition) equalsAny(e *evaluation, value string) bool {
	switch c.operator.Family {
	case policy.FamilyString:
		return c.stringAny(e, value)
	case policy.FamilyARN:
		return c.arnAny(e, value)
	case policy.FamilyNumeric:
		n, ok := policy.ParseDecimal(value)
		return ok && c.any(func(v *comparand) bool { return ordered(c.operator.Order, n.Compare(v.number)) })
	case policy.FamilyDate:
		t, ok := policy.ParseInstant(value)
		return ok && c.any(func(v *comparand) bool { return ordered(c.operator.Order, t.Compare(v.instant)) })
	case policy.FamilyBool:
		b, ok := policy.ParseBool(value)
		return ok && c.any(func(v *comparand) bool { return v.boolean == b })
	case policy.FamilyIP:
		p, ok := policy.ParseNetwork(value)
		return ok && c.any(func(v *comparand) bool { return within(v.network, p) })
	case policy.FamilyBinary:
		b := binary(value)
		return c.any(func(v *comparand) bool { return v.text == b })
	}
	return false
}

func (c *condition) any(equal func(*comparand) bool) bool {
	for i := range c.values {
		if !c.values[i].broken && equal(&c.values[i]) {
			return true
		}
	}
	return false
}

// manyTexts is the number of values from which looking them up is cheaper than
// comparing each.
const manyTexts = 16

func (c *condition) indexTexts() {
	special := func(v comparand) bool { return v.pattern != nil }
	if c.operator.Family != policy.FamilyString || c.operator.Fold || len(c.values) < manyTexts || slices.ContainsFunc(c.values, special) {
		return
	}
	c.texts = make(map[string]struct{}, len(c.values))
	for i := range c.values {
		c.texts[c.values[i].text] = struct{}{}
	}
}

func (c *condition) stringAny(e *evaluation, value string) bool {
	if c.texts != nil {
		_, ok := c.texts[value]
		return ok
	}
	for i := range c.values {
		switch v := &c.values[i]; {
		case v.pattern != nil:
			if v.pattern.MatchVars(value, func(slot int) (string, bool) { return e.variable(slot) }) {
				return true
			}
		case c.operator.Fold:
			if strings.EqualFold(v.text, value) {
				return true
			}
		case v.text == value:
			return true
		}
	}
	return false
}

func (c *condition) arnAny(e *evaluation, value string) bool {
	for i := range c.values {
		if c.values[i].arn.MatchVars(value, func(slot int) (string, bool) { return e.variable(slot) }) {
			return true
		}
	}
	return false
}
