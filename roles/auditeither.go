package roles

import (
	"slices"

	"github.com/writ-iam/writ/authz"
)

// dropAlternatives leaves out needs that the role meets by an alternative: another
// spelling of the resource, another identity of the address. One that is an
// alternative in several ways is left out when it is met in all of them.
func (a *auditor) dropAlternatives() {
	met := map[string]bool{}
	key := func(need *Grant, either string) string { return need.what + "\x00" + either }
	result := func(need *Grant) authz.Result { return a.decide(need).result }
	for i := range a.needs {
		if need := &a.needs[i]; len(need.either) > 0 && result(need) == authz.Allowed {
			for _, either := range need.either {
				met[key(need, either)] = true
			}
		}
	}
	if len(met) == 0 {
		return
	}
	a.needs = slices.DeleteFunc(slices.Clone(a.needs), func(need Grant) bool {
		unmet := func(either string) bool { return !met[key(&need, either)] }
		if len(need.either) == 0 || slices.ContainsFunc(need.either, unmet) {
			return false
		}
		is := result(&need)
		return is != authz.Allowed && is != authz.ExplicitlyDenied
	})
}
