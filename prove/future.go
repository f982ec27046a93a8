package prove

import (
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
)

// spelledAs gives an action that the catalogue does not know, which is in small
// letters, the spelling of the entry that matches most of it by its letters.
func spelledAs(entries *policy.List, action string) string {
	best := ""
	for _, entry := range entries.Texts() {
		letters := entry
		if i := strings.IndexAny(entry, "*?"); i >= 0 {
			letters = entry[:i]
		}
		if len(letters) > len(best) && strings.HasPrefix(lower(action), lower(letters)) && policy.CompileAction(lower(entry)).Pattern().Match(lower(action)) {
			best = letters
		}
	}
	return best + action[len(best):]
}

// likest is the action of a service whose name begins most like one that may come:
// it will act on such resources, too.
func likest(s *catalog.Service, name string) *catalog.Action {
	best, length := new(catalog.Action), 0
	for _, a := range s.Actions {
		known := lower(a.Name)
		n := 0
		for n < min(len(known), len(name)) && known[n] == lower(name)[n] {
			n++
		}
		if n > length && len(a.Types) > 0 {
			best, length = a, n
		}
	}
	return best
}
