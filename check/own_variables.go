package check

import (
	"strings"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// aboutVariables is about variables that name nothing.
var aboutVariables = &finder{statement: unknownVariables}

func unknownVariables(r *run, s *statement) {
	if !r.doc.HasVariables() {
		return
	}
	for i := range s.resources.entries {
		r.unknownVariable(&s.resources.entries[i])
	}
	for i := range s.conditions {
		for j := range s.conditions[i].entries {
			if c := &s.conditions[i]; c.variables {
				r.unknownVariable(&c.entries[j])
			}
		}
	}
}

// unknownVariable reports a variable that names a global condition key which does not
// exist. Services have variables that are no condition keys, and what has no service, or
// two colons, is a placeholder of a template.
func (r *run) unknownVariable(e *entry) {
	if !strings.Contains(e.text, "${") {
		return
	}
	pieces, _ := policy.ParseVariables(e.text)
	for _, p := range pieces {
		if p.Kind != policy.PieceVariable {
			continue
		}
		name := p.Variable.Name
		if lower := strings.ToLower(source.Clip(name, longestName)); !strings.HasPrefix(lower, "aws::") && r.facts.key(lower).origin == keyBadGlobal {
			r.report("WRIT_UNKNOWN_VARIABLE", e.place(), r.near.Hint(source.Clip(name, longestName), r.facts.keyNames("aws")), "there is no condition key %s: %s stands for nothing", name, quote("${"+source.Clip(name, longestName)+"}"))
		}
	}
}
