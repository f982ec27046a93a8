package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/authz"
)

// whoCanFlags are those flags of writ simulate that do not belong to one
// principal.
type whoCanFlags struct {
	simulateFlags
	all bool // show those who may not, too
}

func newWhoCan(e *env) *cobra.Command {
	var f whoCanFlags
	cmd := &cobra.Command{
		Use:   "who-can ACTION [RESOURCE]",
		Short: "List the users and roles of an account that may do something",
		Long: `Who-can decides one request for every user and role of an account, as simulate
does for one of them. RESOURCE is an ARN; * where it is left out. A condition
key that --context does not give may hold anything: whoever hangs on it is
listed as Undecided, with the key.

Exit codes: 0 somebody is allowed, and nobody undecided; 1 everybody is denied;
2 wrong usage or unreadable input; 3 somebody is undecided.`,
		Example: `  writ who-can iam:PassRole arn:aws:iam::123456789012:role/admin --account-details account.json
  writ who-can s3:GetObject 'arn:aws:s3:::reports/2026.csv' --account-details account.json \
    --resource-policy bucket.json --scp root.json`,
		Args: takes(1, 2, "an ACTION, and a RESOURCE where it takes one"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(e, args) },
		ValidArgsFunction: func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeActions(cmd, args, start)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.account, "account-details", "", "output of aws iam get-account-authorization-details")
	f.registerShared(cmd)
	flags.BoolVar(&f.all, "all", false, "list those who are denied, too")
	formatVar(cmd, &f.format, "text", "json")
	return cmd
}

func (f *whoCanFlags) run(e *env, args []string) error {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return err
	}
	if f.account == "" {
		return errors.New("--account-details is needed\nsee 'writ who-can --help'")
	}
	f.request.Action, f.request.Resource = args[0], "*"
	if len(args) > 1 {
		f.request.Resource = args[1]
	}
	if hasWildcard(f.request.Action) {
		return fmt.Errorf("%s stands for several actions; name one", f.request.Action)
	}
	if err := f.readContext(); err != nil {
		return err
	}
	f.request.UnknownRest = true
	warnOfUnknownActions(e, []string{f.request.Action})
	warnOfResource(e, f.request.Action, f.request.Resource)
	answers, err := f.everybody(e)
	if err != nil {
		return err
	}
	if f.format == "json" {
		err = encodeJSON(e.stdout, f.json(answers))
	} else {
		err = f.text(e, answers)
	}
	if err != nil {
		return err
	}
	return countAnswers(answers).exit()
}

// everybody answers the request for each principal of the account.
func (f *whoCanFlags) everybody(e *env) ([]answer, error) {
	a, err := readAccount(e, f.account)
	if err != nil {
		return nil, err
	}
	var shared authz.Set
	if err := f.readPolicies(e, &shared); err != nil {
		return nil, err
	}
	var answers []answer
	for _, principal := range a.Principals() {
		attached, findings := a.SetFor(principal)
		if findings.HasErrors() {
			printList(e, findings)
			return nil, exit(exitUsage)
		}
		s := situation{account: a}
		s.attach(attached)
		s.set.Resource, s.set.Endpoint, s.set.SCPs, s.set.RCPs = shared.Resource, shared.Endpoint, shared.SCPs, shared.RCPs
		if err := s.compile(e); err != nil {
			return nil, err
		}
		r := f.request
		r.Principal = principal
		one, err := s.explain(e, r)
		if err == nil {
			err = one.x.Decision.Err // the request's own: no principal is to blame
		}
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", r.Action, plain(r.Resource), err)
		}
		answers = append(answers, one)
	}
	return answers, nil
}

func (f *whoCanFlags) text(e *env, answers []answer) error {
	p := answerPrinter{w: e.stdout, color: e.terminal && e.getenv("NO_COLOR") == ""}
	c := countAnswers(answers)
	for i := range answers {
		a := &answers[i]
		r := a.result()
		if denied(r) && !f.all {
			continue
		}
		pad := strings.Repeat(" ", len(authz.ImplicitlyDenied.String())-len(r.String()))
		p.printf("%s%s  %s\n", p.paint(r), pad, plain(a.request.Principal))
		p.more("    %s", a.ground(r))
	}
	p.printf("%s on %s: of %d users and roles %d allowed, %d undecided, %d denied\n", plain(f.request.Action), plain(f.request.Resource),
		len(answers), c.Allowed, c.Undecided, c.Denied)
	return p.err
}

// whoCanJSON is the list as programs read it.
type whoCanJSON struct {
	FormatVersion string       `json:"format_version"`
	Action        string       `json:"action"`
	Resource      string       `json:"resource"`
	Principals    []answerJSON `json:"principals"` // as writ simulate prints them
	answerCounts
}

func (f *whoCanFlags) json(answers []answer) whoCanJSON {
	return whoCanJSON{FormatVersion: "1.0", Action: f.request.Action, Resource: f.request.Resource,
		Principals: listJSON(answers, f.all), answerCounts: countAnswers(answers)}
}
