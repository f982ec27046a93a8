package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
)

// canFlags are those flags of writ simulate that do not name a request.
type canFlags struct {
	simulateFlags
	on string // the resource; "" for any
}

func newCan(e *env) *cobra.Command {
	var f canFlags
	cmd := &cobra.Command{
		Use:   "can PRINCIPAL [ACTION...]",
		Short: "List the actions that a principal may do",
		Long: `Can decides the actions of the catalogue for one principal, all of them or those
that match, and lists those that are allowed, or may be. Without --resource an
action is asked for on any resource: Undecided is then what is allowed on some.
A condition key that --context does not give may hold anything, too.

Exit codes: 0 some action is allowed, and none undecided; 1 all are denied;
2 wrong usage or unreadable input; 3 some action is undecided.`,
		Example: `  writ can arn:aws:iam::123456789012:user/alice 'ecs:*' --account-details account.json
  writ can arn:aws:iam::123456789012:role/app 's3:*' --identity policy.json --resource 'arn:aws:s3:::reports/*'`,
		Args: takes(1, many, "the PRINCIPAL, and actions to ask about only some"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(e, args[0], args[1:]) },
		ValidArgsFunction: func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeActions(cmd, args, start)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.account, "account-details", "", "output of aws iam get-account-authorization-details, for all policies of the principal")
	f.registerAttached(cmd)
	f.registerShared(cmd)
	flags.StringVar(&f.on, "resource", "", "on what: an ARN, or a pattern of ARNs (default: any resource)")
	formatVar(cmd, &f.format, "text", "json")
	return cmd
}

func (f *canFlags) run(e *env, principal string, actions []string) error {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return err
	}
	if len(actions) == 0 {
		actions = []string{"*"}
	}
	named := actions
	actions, err := expandActions(named)
	if err != nil {
		return err
	}
	actions = slices.DeleteFunc(actions, func(a string) bool { return onlyProviders(a) && !slices.Contains(named, a) })
	warnOfUnknownActions(e, actions)
	if err := f.readContext(); err != nil {
		return err
	}
	f.request.Principal, f.request.UnknownRest = principal, true
	s, err := f.situation(e)
	if err != nil {
		return err
	}
	answers := make([]answer, len(actions))
	for i, action := range actions {
		r := f.request
		r.Action = action
		r.Resource, r.ResourcePattern = f.resourceOf(action)
		if answers[i], err = s.explain(e, r); err != nil {
			return err
		}
		if err := answers[i].x.Decision.Err; err != nil {
			return fmt.Errorf("%s on %s: %w", action, r.Resource, err)
		}
	}
	if f.format == "json" {
		err = encodeJSON(e.stdout, f.json(principal, answers))
	} else {
		err = f.text(e, principal, answers)
	}
	if err != nil {
		return err
	}
	return countAnswers(answers).exit()
}

// resourceOf returns what an action is asked for on: what --resource says, or any
// resource where the action has some.
func (f *canFlags) resourceOf(action string) (resource string, isPattern bool) {
	if f.on != "" {
		return f.on, f.on != "*" && hasWildcard(f.on)
	}
	known, err := catalog.Default().Action(action)
	return "*", err != nil || len(known.Types) > 0
}

// onlyProviders reports whether an action is called by users of identity providers
// alone, who call no others.
func onlyProviders(action string) bool {
	return slices.ContainsFunc(authz.ProviderActions(), func(a string) bool { return strings.EqualFold(a, action) })
}

func (f *canFlags) text(e *env, principal string, answers []answer) error {
	p := answerPrinter{w: e.stdout, color: e.terminal && e.getenv("NO_COLOR") == ""}
	c := countAnswers(answers)
	for i := range answers {
		a := &answers[i]
		r := a.result()
		if denied(r) {
			continue
		}
		pad, why := strings.Repeat(" ", len(authz.Undecided.String())-len(r.String())), ""
		if r != authz.Allowed {
			why = "  " + a.open(r)
		}
		p.printf("%s%s  %s%s\n", p.paint(r), pad, plain(a.request.Action), why)
	}
	p.printf("%s: of %s %d allowed, %d undecided, %d denied\n", plain(principal), count(len(answers), "action"), c.Allowed, c.Undecided, c.Denied)
	return p.err
}

// open says what an undecided answer hangs on: the resources that the statements
// are about, and what else.
func (a *answer) open(r authz.Result) string {
	var on []string
	for i := range a.x.Statements {
		s := &a.x.Statements[i]
		if r != authz.Undecided || !s.Speaks || s.Outcome != authz.Undecided {
			continue
		}
		for _, f := range s.Failures() {
			if f.Key == "" && f.Unknown {
				on = append(on, strings.ToLower(string(s.Effect))+" on "+someOf(f.Wanted))
			}
		}
	}
	if ground := a.ground(r); strings.HasPrefix(ground, "hangs on") || len(on) == 0 {
		on = append(on, ground)
	}
	return strings.Join(slices.Compact(on), "; ")
}

// canJSON is the list as programs read it.
type canJSON struct {
	FormatVersion string       `json:"format_version"`
	Principal     string       `json:"principal"`
	Actions       []answerJSON `json:"actions"` // as writ simulate prints them
	answerCounts
}

func (f *canFlags) json(principal string, answers []answer) canJSON {
	return canJSON{FormatVersion: "1.0", Principal: principal, Actions: listJSON(answers, false), answerCounts: countAnswers(answers)}
}
