package check

import (
	"strings"

	"github.com/writ-iam/writ/policy"
)

// aboutValues is about lists of values, and values that are not what their operator
// compares. Those of the wrong form the reader of policies reports.
var aboutValues = &finder{condition: valuesOf}

func valuesOf(r *run, _ *statement, c *condition) {
	if !c.known {
		return
	}
	if len(c.entries) == 0 {
		r.noValues(c)
		return
	}
	r.mixed(c)
	if c.op.Family == policy.FamilyBool && len(c.entries) > 1 {
		r.report("INVALID_CONDITION_MULTIPLE_BOOLEAN", c.place(), `write "true" or "false"`, "%s is compared with %d values; one is enough", c.key, len(c.entries))
	}
	if c.op.Family == policy.FamilyNumeric && c.op.Order != policy.Equal && len(c.entries) > 1 {
		which := "least"
		if c.op.Order == policy.Less || c.op.Order == policy.LessOrEqual {
			which = "greatest"
		}
		r.report("REDUNDANT_CONDITION_VALUE_NUM", c.place(), "keep the "+which, "of several values of %s the %s decides", c.written, which)
	}
	for i := range c.entries {
		r.valueForOperator(c, &c.entries[i])
	}
}

// noValues reports a key with an empty list, by what the operator makes of it.
func (r *run) noValues(c *condition) {
	code, means := "EMPTY_ARRAY_CONDITION", "%s has no values to compare with"
	switch {
	case c.op.Quantifier == policy.ForAllValues:
		code, means = "EMPTY_ARRAY_CONDITION_FORALLVALUES", "without values this holds when a request has no %s"
	case c.op.Quantifier == policy.ForAnyValue:
		code, means = "EMPTY_ARRAY_CONDITION_FORANYVALUE", "without values this never holds, whatever %s is"
	case c.op.IfExists:
		code, means = "EMPTY_ARRAY_CONDITION_IFEXISTS", "without values this holds when a request has no %s"
	}
	r.report(code, c.place(), "write values; to test that the key is absent, write Null", means, c.key)
}

// mixed reports values of different JSON types.
func (r *run) mixed(c *condition) {
	for i := range c.entries {
		first, e := c.entries[0].kind, &c.entries[i]
		if e.kind != first && e.kind != policy.Malformed && first != policy.Malformed {
			r.report("INVALID_CONDITION_DATA_TYPE", c.place(), "put all of them in quotes", "the values of %s are of different JSON types", c.key)
			return
		}
	}
}

func (r *run) valueForOperator(c *condition, e *entry) {
	if !c.op.HasVariables() && r.doc.HasVariables() && strings.Contains(e.text, "${") {
		if pieces, _ := policy.ParseVariables(e.text); hasVariable(pieces) {
			r.report("INVALID_VARIABLE_FOR_OPERATOR", e.place(), "variables work with String and Arn operators", "%s has no variables: %s is plain text", c.written, quote(e.text))
		}
	}
	if c.op.Family == policy.FamilyDate && c.lower != "aws:epochtime" && epoch(e.text) {
		r.report("INVALID_DATE_VALUE", e.place(), `write a date such as "2026-01-31T00:00:00Z"`, "%s is read as seconds since 1970", quote(e.text))
	}
}

func hasVariable(pieces []policy.Piece) bool {
	for _, p := range pieces {
		if p.Kind == policy.PieceVariable {
			return true
		}
	}
	return false
}

// epoch reports whether a date is given in seconds since 1970. Four digits are a
// year.
func epoch(s string) bool {
	const year = 4
	return s != "" && len(s) != year && strings.Trim(s, "0123456789") == ""
}
