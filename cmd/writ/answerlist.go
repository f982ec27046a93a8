package main

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/authz"
)

// Answers as a list, of which each takes a line: writ can, writ who-can.

// answerCounts is how many answers are what.
type answerCounts struct {
	Allowed   int `json:"allowed"`
	Undecided int `json:"undecided"`
	Denied    int `json:"denied"`
}

func countAnswers(answers []answer) (c answerCounts) {
	for i := range answers {
		switch answers[i].result() {
		case authz.Allowed:
			c.Allowed++
		case authz.Undecided:
			c.Undecided++
		default:
			c.Denied++
		}
	}
	return c
}

// exit is the exit code of a list: something undecided comes before all denied.
func (c answerCounts) exit() error {
	switch {
	case c.Undecided > 0:
		return exit(exitUndecided)
	case c.Allowed == 0:
		return exit(exitFindings)
	}
	return nil
}

// listJSON returns the answers as writ simulate prints them; of those that are
// denied only with all.
func listJSON(answers []answer, all bool) []answerJSON {
	out := []answerJSON{}
	for i := range answers {
		if all || !denied(answers[i].result()) {
			one := answers[i].json(false)
			one.FormatVersion = ""
			out = append(out, one)
		}
	}
	return out
}

// ground says in a line why a principal is allowed, denied or undecided.
func (a *answer) ground(r authz.Result) string {
	switch {
	case r == authz.Undecided && len(a.x.UnknownKeys) > 0:
		return "hangs on " + plain(strings.Join(a.spelled(a.x.UnknownKeys), ", "))
	case r != a.x.Decision.Result && len(a.missing) > 0:
		return fmt.Sprintf("hangs on the text of %s policy %s", a.missing[0].Kind, plain(a.missing[0].ARN))
	}
	if by := a.x.Decision.By(); len(by) > 0 {
		return "by " + a.decider(by[0], r)
	}
	return ""
}
