package roles

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// conditionValues are the values that policies compare keys with, by key in
// lower case. What a call sends may be any of those that it can be: a Deny of one
// value is no less a Deny because others pass.
type conditionValues map[string][]string

// maxValues bounds the values of one key that are tried.
const maxValues = 32

func (c conditionValues) collect(policies ...authz.Policy) {
	for i := range policies {
		doc := policies[i].Document
		if doc == nil {
			continue
		}
		for j := range doc.Statements {
			condition := doc.Statements[j].Condition
			if condition == nil {
				continue
			}
			for _, block := range condition.Blocks {
				for _, key := range block.Keys {
					c.add(strings.ToLower(key.Name), key.Values)
				}
			}
		}
	}
}

func (c conditionValues) add(key string, values policy.List) {
	for _, text := range values.Texts() {
		if list := c[key]; len(list) <= maxValues && !slices.Contains(list, text) { // one more tells that there are too many
			c[key] = append(list, text)
		}
	}
}

// possible returns values that the policies name, one for each pattern, as far
// as a value with wildcards can be them. ok is false where there are too many.
func (c conditionValues) possible(key, value string) (out []string, ok bool) {
	named := c[strings.ToLower(key)]
	if len(named) > maxValues {
		return nil, false
	}
	may := pattern.Compile(value)
	for _, text := range named {
		switch witness, verdict := pattern.Overlaps(may, pattern.Compile(text)); verdict {
		case pattern.Yes:
			out = append(out, witness)
		case pattern.Undecided:
			return nil, false
		}
	}
	return out, true
}

// named are the examples in which one open condition holds a value that the
// policies name. ok is false where not all could be made.
func (c conditionValues) named(base authz.Request, conditions []Condition) (out []authz.Request, ok bool) {
	for i := range conditions {
		for _, value := range conditions[i].Values {
			if !isOpen(value) {
				continue
			}
			texts, ok := c.possible(conditions[i].Key, value)
			if !ok || len(out)+len(texts) > maxRequests {
				return nil, false
			}
			for _, text := range texts {
				fixed := append([]Condition(nil), conditions...)
				fixed[i].Values = []string{escapeWildcards(text)}
				out = append(out, examples(base, fixed, 1)...)
			}
		}
	}
	return out, true
}

// escapeWildcards writes a text as policies do, its wildcards literally.
func escapeWildcards(text string) string {
	return strings.NewReplacer("${", "${$}{", "*", "${*}", "?", "${?}").Replace(text)
}
