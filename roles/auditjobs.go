package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/source"
)

// A job that is waited for ends in two ways: Step Functions asks whether it is
// done, and the service tells it through a managed rule. Either is enough on a
// good day. Source: Step Functions Developer Guide,
// service-integration-iam-templates, additional permissions for tasks using the
// Run a Job pattern.

// jobState is what the role says about waiting for one integration in one state.
type jobState struct {
	service, pattern, state string
	needs                   map[Purpose][]*Grant
	verdicts                map[*Grant]verdict
}

type jobTable struct {
	list  []*jobState
	index map[[3]string]*jobState
}

func (t *jobTable) add(need *Grant, v verdict) {
	for _, state := range need.States {
		key := [3]string{need.Service, need.Pattern, state}
		j := t.index[key]
		if j == nil {
			j = &jobState{need.Service, need.Pattern, state, map[Purpose][]*Grant{}, map[*Grant]verdict{}}
			if t.index == nil {
				t.index = map[[3]string]*jobState{}
			}
			t.index[key] = j
			t.list = append(t.list, j)
		}
		j.needs[need.Purpose] = append(j.needs[need.Purpose], need)
		j.verdicts[need] = v
	}
}

// lacking are the needs of a purpose that the role does not meet.
func (a *auditor) lacking(j *jobState, p Purpose) []*Grant {
	var out []*Grant
	for _, need := range j.needs[p] {
		if a.denies(j.verdicts[need]) {
			out = append(out, need)
		}
	}
	return out
}

// works reports whether a way to learn of the end may work.
func (a *auditor) works(j *jobState, p Purpose) bool {
	return len(j.needs[p]) > 0 && len(a.lacking(j, p)) == 0
}

// jobTrouble is one kind of trouble with jobs, for all states that have it in
// the same way.
type jobTrouble struct {
	code   string
	lacks  []*Grant // that share a resource
	job    *jobState
	states []string
}

// jobs reports what the role lacks for waiting and cancelling.
func (a *auditor) jobs(table jobTable) {
	var troubles []*jobTrouble
	index := map[string]*jobTrouble{}
	report := func(code string, j *jobState, lacks []*Grant) {
		for _, group := range sameResource(lacks) {
			key := fmt.Sprintf("%s %s %s %p %d", code, j.service, j.pattern, group[0], len(group))
			t := index[key]
			if t == nil {
				t = &jobTrouble{code: code, lacks: group, job: j}
				index[key] = t
				troubles = append(troubles, t)
			}
			t.states = append(t.states, j.state)
		}
	}
	for _, j := range table.list {
		poll, listen := a.lacking(j, Poll), a.lacking(j, Listen)
		switch {
		case len(poll) > 0 && a.works(j, Listen):
			report("COMPLETION_BY_EVENTS_ONLY", j, poll)
		case len(listen) > 0 && a.works(j, Poll):
			report("COMPLETION_BY_POLLING_ONLY", j, listen)
		default:
			report("MISSING_PERMISSION", j, slices.Concat(poll, listen))
		}
		report("CANNOT_CANCEL", j, a.lacking(j, Cancel))
	}
	for _, t := range troubles {
		a.trouble(t)
	}
}

// sameResource puts needs into groups by what they are needed on.
func sameResource(needs []*Grant) [][]*Grant {
	var out [][]*Grant
	at := map[string]int{}
	for _, need := range needs {
		key := string(need.Purpose) + "\x00" + need.Resource + "\x00" + conditionText(need.Conditions)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], need)
	}
	return out
}

func (a *auditor) trouble(t *jobTrouble) {
	g := needGroup{needs: t.lacks, verdict: t.job.verdicts[t.lacks[0]]}
	e := g.entry()
	e.Code, e.Severity, e.States, e.Rule = t.code, source.Warning, distinct(t.states), managedRule(t.job)
	who, call := stateWords(e.States), callText(e.Service, e.Pattern)
	lack := fmt.Sprintf("the role does not allow %s on %s", some(e.Actions), e.Resources[0])
	allow := allowHint(&e)
	e.Hint = allow
	list := &a.audit.Risks
	switch t.code {
	case "COMPLETION_BY_EVENTS_ONLY":
		e.Why = fmt.Sprintf("%s %s of the end of %s by events only: %s; an execution is stuck when the event is lost", who, ofState(e.States, "learns", "learn"), call, lack)
		e.Hint = allow + stuckTests(e.Rule)
	case "COMPLETION_BY_POLLING_ONLY":
		e.Why = fmt.Sprintf("%s %s of the end of %s by polling only, which may take a while: %s", who, ofState(e.States, "learns", "learn"), call, lack)
		e.Hint = allow + "\nStep Functions may also refuse to create or update a machine whose role cannot make the managed rule " + e.Rule
	case "CANNOT_CANCEL":
		e.Why = fmt.Sprintf("%s cannot cancel %s: %s; when the execution is stopped, the job runs on and costs", who, call, lack)
	default:
		e.Severity, list = source.Error, &a.audit.Missing
		e.Why = fmt.Sprintf("%s %s for %s without end: %s, and there is no other way to learn that the job is done", who, ofState(e.States, "waits", "wait"), call, lack)
	}
	if g.verdict.result == authz.ExplicitlyDenied {
		code := e.Code
		a.explain(&e, g.verdict)
		if code != "MISSING_PERMISSION" {
			e.Code = code
		}
	}
	add(list, a.atState(e))
}

// managedRule is the name of the rule that tells of the end of a job; "" where
// there is none.
func managedRule(j *jobState) string {
	for _, need := range j.needs[Listen] {
		if _, name, ok := strings.Cut(need.Resource, ":rule/"); ok {
			return name
		}
	}
	return ""
}

// stuckTests are the two ways to see whether polling works, which events hide.
func stuckTests(rule string) string {
	return "\nto test it, in a development account only: delete the managed rule " + rule + " from EventBridge and run an execution;" +
		"\nthe rule serves all state machines of the account, and is made again when one that uses it is created or updated" +
		"\nor run an execution in Step Functions Local, which knows no events, with the credentials of this role"
}
