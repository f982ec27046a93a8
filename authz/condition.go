package authz

import (
	"slices"
	"strings"

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
	values   []policy.Comparand
	texts    map[string]struct{} // the values, where they are many and compared as they are
	block    int                 // where it stands in the statement: ConditionBlock and ConditionKey
	line     int
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
				compiled.values = append(compiled.values, policy.CompileComparand(operator.BaseOperator, v.Text, vars))
			}
			compiled.indexTexts()
			out = append(out, compiled)
		}
	}
	return out
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
		return given.len() == 0 && op.HoldsWithoutValues()
	case given.len() == 0:
		return op.HoldsWhenAbsent()
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
		if !c.values[i].Broken && c.values[i].Boolean == absent {
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
		return ok && c.any(func(v *policy.Comparand) bool { return c.operator.Order.Holds(n.Compare(v.Number)) })
	case policy.FamilyDate:
		t, ok := policy.ParseInstant(value)
		return ok && c.any(func(v *policy.Comparand) bool { return c.operator.Order.Holds(t.Compare(v.Instant)) })
	case policy.FamilyBool:
		b, ok := policy.ParseBool(value)
		return ok && c.any(func(v *policy.Comparand) bool { return v.Boolean == b })
	case policy.FamilyIP:
		p, ok := policy.ParseNetwork(value)
		return ok && c.any(func(v *policy.Comparand) bool { return policy.Within(v.Network, p) })
	case policy.FamilyBinary:
		b := policy.BinaryText(value)
		return c.any(func(v *policy.Comparand) bool { return v.Text == b })
	}
	return false
}

func (c *condition) any(equal func(*policy.Comparand) bool) bool {
	for i := range c.values {
		if !c.values[i].Broken && equal(&c.values[i]) {
			return true
		}
	}
	return false
}

// manyTexts is the number of values from which looking them up is cheaper than
// comparing each.
const manyTexts = 16

func (c *condition) indexTexts() {
	special := func(v policy.Comparand) bool { return v.Pattern != nil }
	if c.operator.Family != policy.FamilyString || c.operator.Fold || len(c.values) < manyTexts || slices.ContainsFunc(c.values, special) {
		return
	}
	c.texts = make(map[string]struct{}, len(c.values))
	for i := range c.values {
		c.texts[c.values[i].Text] = struct{}{}
	}
}

func (c *condition) stringAny(e *evaluation, value string) bool {
	if c.texts != nil {
		_, ok := c.texts[value]
		return ok
	}
	for i := range c.values {
		switch v := &c.values[i]; {
		case v.Pattern != nil:
			if v.Pattern.MatchVars(value, func(slot int) (string, bool) { return e.variable(slot) }) {
				return true
			}
		case c.operator.Fold:
			if strings.EqualFold(v.Text, value) {
				return true
			}
		case v.Text == value:
			return true
		}
	}
	return false
}

func (c *condition) arnAny(e *evaluation, value string) bool {
	for i := range c.values {
		if c.values[i].ARN.MatchVars(value, func(slot int) (string, bool) { return e.variable(slot) }) {
			return true
		}
	}
	return false
}
