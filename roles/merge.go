package roles

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/pattern"
)

// absorb gives grants whose resource another grant covers that grant's
// resource: beside "*" for one state, naming a topic for another adds nothing.
// Only resources that stand for values known at run time cover others, and
// there are few of those, however large the machine.
func absorb(grants []Grant, broad map[string]bool) []Grant {
	covering := map[string][]string{} // what a grant says -> resources that may cover its own
	for i := range grants {
		gr := &grants[i]
		if k := gr.what; (broad[gr.Resource] || gr.Resource == "*") && len(covering[k]) < maxCovering {
			covering[k] = append(covering[k], gr.Resource)
		}
	}
	if len(covering) > 0 {
		grants = widened(grants, covering)
	}
	for i := range grants {
		grants[i].States = distinct(grants[i].States)
	}
	return grants
}

// widened gives each grant the widest resource that covers its own, and joins
// those that say the same then.
func widened(grants []Grant, covering map[string][]string) []Grant {
	out := make([]Grant, 0, len(grants))
	index := make(map[grantKey]int, len(grants))
	for _, gr := range grants {
		gr.Resource = widest(gr.Resource, covering[gr.what])
		key := gr.key()
		if at, seen := index[key]; seen {
			out[at].join(gr)
			continue
		}
		index[key] = len(out)
		out = append(out, gr)
	}
	return out
}

// maxCovering bounds the work; a role is right, if longer, without it.
const maxCovering = 64

func widest(resource string, covering []string) string {
	for _, c := range covering {
		if c != resource && covers(c, resource) {
			resource = c
		}
	}
	return resource
}

func covers(wide, narrow string) bool {
	if before, rest, _ := strings.Cut(wide, "*"); rest == "" && len(before) == len(wide)-1 && !strings.Contains(before, "?") {
		return strings.HasPrefix(narrow, before)
	}
	return pattern.Subset(pattern.Compile(narrow), pattern.Compile(wide)) == pattern.Yes
}

// join adds the states of a grant that says the same.
func (gr *Grant) join(other Grant) {
	gr.States = append(gr.States, other.States...)
	gr.AssumesAccount = gr.AssumesAccount || other.AssumesAccount
	for _, way := range other.From {
		gr.From = addWay(slices.Clip(gr.From), way)
	}
	for _, what := range other.Assumes {
		gr.Assumes = addWay(slices.Clip(gr.Assumes), what)
	}
}

// distinct drops names that stand in a list already: a state may make several
// grants that became one, and states in two branches may share a name.
func distinct(names []string) []string {
	if len(names) < 2 {
		return names
	}
	have := make(map[string]bool, len(names))
	out := make([]string, 0, len(names))
	for _, n := range names {
		if !have[n] {
			have[n] = true
			out = append(out, n)
		}
	}
	return out
}

// statement gathers grants of one service that share conditions and resources.
type statement struct {
	actions    []string
	resources  []string
	conditions []Condition
	reasons    []Grant
}

// statements groups grants: first the resources of each action, then the
// actions with equal resources. No action gets a resource that it was not
// granted, and the order is that of the definition.
func statements(grants []Grant) []statement {
	perAction := make([]statement, 0, min(len(grants), 8))
	at := map[string]int{}
	seen := make(map[[2]string]bool, len(grants))
	for i := range grants {
		gr := &grants[i]
		j, ok := at[gr.what]
		if !ok {
			j = len(perAction)
			at[gr.what] = j
			perAction = append(perAction, statement{actions: []string{gr.Action}, conditions: gr.Conditions})
		}
		s := &perAction[j]
		s.reasons = append(s.reasons, *gr)
		if pair := [2]string{gr.what, gr.Resource}; !seen[pair] {
			seen[pair] = true
			s.resources = append(s.resources, gr.Resource)
		}
	}
	return groupActions(perAction)
}

// groupActions joins statements in their own slice.
func groupActions(perAction []statement) []statement {
	out := perAction[:0]
	at := map[string]int{}
	for _, s := range perAction {
		service, _, _ := strings.Cut(s.actions[0], ":")
		conditions := s.reasons[0].what[len(s.actions[0]):] // see Grant.what
		k := service + conditions + "\x00" + strings.Join(s.resources, "\x00")
		if i, ok := at[k]; ok {
			out[i].actions = append(out[i].actions, s.actions...)
			out[i].reasons = append(out[i].reasons, s.reasons...)
			continue
		}
		at[k] = len(out)
		out = append(out, s)
	}
	return out
}
