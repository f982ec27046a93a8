package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
)

// aboutOperators is about operators that do not fit the type of their key.
var aboutOperators = &finder{statement: nullQualifiers, condition: operatorFits}

// nullQualifiers reports Null with a set operator.
func nullQualifiers(r *run, s *statement) {
	for i := range s.blocks {
		b := &s.blocks[i]
		op, err := policy.ParseOperator(b.Operator)
		if err == nil && op.Family == policy.FamilyNull && op.Quantifier != policy.SingleValue {
			always := "true"
			if op.Quantifier == policy.ForAnyValue {
				always = "false"
			}
			r.report("NULL_WITH_QUALIFIER", place{at: b.at, span: b.OperatorSpan}, "write Null", "%s is always %s", b.Operator, always)
		}
	}
}

func operatorFits(r *run, _ *statement, c *condition) {
	fact := r.facts.key(c.lower)
	if !c.known || c.op.Family == policy.FamilyNull || !fact.exists() {
		return
	}
	audience := strings.HasSuffix(c.lower, ":aud")
	switch q := c.op.Quantifier; {
	case q == policy.SingleValue && fact.multivalued():
		r.report("MISSING_QUALIFIER", c.place(), "write ForAnyValue:"+c.op.String()+" or ForAllValues:"+c.op.String(),
			"requests have several values for %s, and %s compares one", c.key, c.written)
	case audience && q == policy.ForAnyValue:
		r.report("FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE", c.place(), "write "+c.single(), "a token has one audience, and ForAnyValue is for keys with several values")
	case audience && q == policy.ForAllValues:
		r.report("CONFIRM_AUDIENCE_CLAIM_TYPE", c.place(), "write "+c.single(), "a token has one audience, and ForAllValues also holds for a token without")
	case q == policy.ForAllValues && fact.singleValued():
		r.report("FORALLVALUES_WITH_SINGLE_VALUED_KEY", c.place(), "write "+c.single(), "requests have one value for %s; ForAllValues also holds for those without", c.key)
	}
	r.operatorType(c, fact)
}

// single is the operator without its prefix.
func (c *condition) single() string {
	op := c.op
	op.Quantifier = policy.SingleValue
	return op.String()
}

func (r *run) operatorType(c *condition, fact keyFact) {
	typ := strings.TrimPrefix(string(fact.typ), "ArrayOf")
	families, ok := operatorsOf[typ]
	if !ok {
		return
	}
	if typ == string(catalog.ARN) && c.op.Family == policy.FamilyString && c.op.Like {
		like := c.op
		like.BaseOperator.Name = strings.Replace(like.Name, "String", "Arn", 1)
		r.report("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", c.place(), "write "+like.String(),
			"wildcards of %s run over the colons of an ARN: %s holds one", c.written, c.key)
		return
	}
	if !slices.Contains(families, c.op.Family) {
		r.report("TYPE_MISMATCH", c.place(), "use an operator for "+typ, "%s is of type %s, which %s does not compare", c.key, typ, c.written)
	}
}
