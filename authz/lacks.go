package authz

import "github.com/writ-iam/writ/policy"

// Lacks lists the condition keys, as written, for whose absence from the request
// a statement holds as it does: the keys of conditions that hold without a value,
// and of variables that stand for nothing where a match would except the request.
// A real request may have them, and then the statement may not apply. A key that
// the caller cannot have is none of them.
func (r *StatementReport) Lacks() []string {
	if r.failed > 0 || r.statement == nil {
		return nil
	}
	s, e := r.statement, *r.asked // several may ask at once
	e.policy, e.trace = s.of, &recorder{quiet: true}
	var keys distinct
	if s.source.NotResource != nil {
		e.absentVariables(s.source.NotResource, &keys)
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		line := &s.source.Condition.Blocks[c.block].Keys[c.line]
		if c.looks() && e.absent(c.key) {
			keys.add(line.Name)
		}
		if c.operator.Negated && c.operator.HasVariables() {
			e.absentVariables(&line.Values, &keys)
		}
	}
	return keys.list
}

// looks reports whether a condition hangs on its key: Null with a quantifier
// does not.
func (c *condition) looks() bool {
	return c.operator.Family != policy.FamilyNull || c.operator.Quantifier == policy.SingleValue
}

// absent reports whether a request could have a key, and has not.
func (e *evaluation) absent(key string) bool {
	given, known := e.lookup(key)
	_, derived := e.derived(key)
	return known && given.len() == 0 && !derived
}

func (e *evaluation) absentVariables(list *policy.List, keys *distinct) {
	for i := range list.Len() {
		pieces, _ := policy.ParseVariables(list.Values[i].Text)
		for _, p := range pieces {
			if p.Kind == policy.PieceVariable && !p.Variable.HasDefault && e.absent(lower(p.Variable.Name)) {
				keys.add(p.Variable.Name)
			}
		}
	}
}
