package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

const proveLong = `
FILE is a policy (JSON or YAML), a directory with policies, or a template, in
which each role and each policy is asked about. '-' is standard input.

Exit codes: 0 proved; 1 refuted, with a request that shows it; 2 wrong usage or
unreadable input; 3 undecided.`

func newProve(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prove",
		Short: "Prove a property of policies for all requests",
		Long: `Prove asks a question about all possible requests: the answer is yes, or no with
a request that shows it, or undecided with the reason.`,
		Args: takesCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProveNoAccess(e), newProveNoPublic(e), newProveEqual(e), newProveContained(e))
	return cmd
}

// asked asks a question about every unit of some files.
func (f *proofFlags) asked(e *env, words proofWords, command string, files []string, ask func(*unit) (prove.Result, error)) error {
	r := f.reader(e)
	answers := proofAnswers{command: command, words: words}
	for _, file := range files {
		units, err := r.path(file)
		if err != nil {
			return err
		}
		if len(files) > 1 {
			units = within(file, units)
		}
		for i := range units {
			a := proofAnswer{name: units[i].name, now: &units[i], result: prove.Result{Reason: units[i].open}}
			if units[i].open == "" {
				if a.result, err = ask(&units[i]); err != nil {
					return proofError(e, err)
				}
			}
			answers.list = append(answers.list, a)
		}
	}
	if err := f.done(r, command); err != nil {
		return err
	}
	if len(answers.list) == 0 {
		return fmt.Errorf("there is no policy in what was given")
	}
	return answers.write(e, f.format)
}

// limited bounds how long a question may take.
func (f *proofFlags) limited(ctx context.Context, ask func(context.Context) (prove.Result, error)) (prove.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	return ask(ctx)
}

func provenWords(code, proved, refuted, summary, allows string) proofWords {
	return proofWords{
		verdicts: [3]string{"undecided", "proved", "refuted"}, texts: [3]string{"undecided", "proved: " + proved, "refuted: " + refuted},
		code: code, summary: summary, allows: allows,
	}
}

func newProveNoAccess(e *env) *cobra.Command {
	var f proofFlags
	var actions, resources []string
	words := provenWords("ACCESS_GRANTED", "it never allows that", "it allows a request of that kind", "The policy allows what it must not", "allows %s on %s")
	cmd := &cobra.Command{
		Use:     "no-access --action ACTION [--resource ARN] FILE...",
		Short:   "Prove that policies never allow some actions on some resources",
		Long:    "No-access proves that policies allow none of the actions on any of the resources.\nActions and resources may have wildcards, as in a policy." + "\n" + proveLong,
		Example: "  writ prove no-access --action 'iam:*' --action sts:AssumeRole policy.json\n  writ prove no-access --action 's3:Delete*' --resource 'arn:aws:s3:::backups/*' policies/",
		Args:    takes(1, many, "a policy, a template or a directory to prove it of, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := f.options()
			if err != nil {
				return err
			}
			if len(actions) == 0 {
				return fmt.Errorf("name at least one --action")
			}
			if len(resources) == 0 {
				resources = []string{"*"}
			}
			if err := possible(actions, resources); err != nil {
				return err
			}
			limits, err := f.limits(e)
			if err != nil {
				return err
			}
			return f.asked(e, words, "writ prove no-access", args, func(u *unit) (prove.Result, error) {
				return f.limited(cmd.Context(), func(ctx context.Context) (prove.Result, error) {
					return prove.CanAllow(ctx, under(u.set, limits), actions, resources, options)
				})
			})
		},
	}
	cmd.Flags().SortFlags = false
	commaListVar(cmd.Flags(), &actions, "action", "an action, with wildcards if need be (repeatable; commas separate several)")
	listVar(cmd.Flags(), &resources, "resource", "an ARN, with wildcards if need be (repeatable; default: any)")
	f.register(cmd)
	f.registerLayers(cmd.Flags())
	return cmd
}

// possible refuses what no request can have: about that everything is proved.
func possible(actions, resources []string) error {
	none := func(p, form *pattern.Pattern) bool {
		return pattern.Search{All: []*pattern.Pattern{p, form}, Work: pattern.DefaultWork}.Says(pattern.No)
	}
	for _, a := range actions {
		if p := policy.CompileAction(a); !p.All() && none(p.Pattern(), policy.CompileAction("?*:?*").Pattern()) {
			return fmt.Errorf("--action %q: no action has that form; actions are written service:Name", a)
		}
	}
	for _, r := range resources {
		if none(pattern.Compile(r), pattern.Compile("arn:?*:?*:*:*:?*")) {
			return fmt.Errorf("--resource %q: no ARN has that form", r)
		}
	}
	return nil
}

func newProveNoPublic(e *env) *cobra.Command {
	var f proofFlags
	var accounts []string
	words := provenWords("PUBLIC_ACCESS", "the public has no access", "the public has access", "The public has access", "lets the public %s on %s")
	cmd := &cobra.Command{
		Use:   "no-public FILE...",
		Short: "Prove that policies of resources keep out the public",
		Long: `No-public proves that policies of resources, and trust policies of roles, allow
nothing to anonymous callers and to accounts that are not trusted, unless a
condition compares a key that tells trusted requests (aws:PrincipalOrgID,
aws:SourceVpc, aws:SourceArn, ...) with fixed values.` + "\n" + proveLong,
		Example: "  writ prove no-public bucket-policy.json",
		Args:    takes(1, many, "a policy, a template or a directory to prove it of, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := f.options()
			if err != nil {
				return err
			}
			for _, a := range accounts {
				if !arn.ValidAccount(a) {
					return fmt.Errorf("--trusted-account %q is not 12 digits", a)
				}
			}
			return f.asked(e, words, "writ prove no-public", args, func(u *unit) (prove.Result, error) {
				if u.set.Resource == nil {
					return prove.Result{Verdict: prove.Proved}, nil // who it is attached to is no stranger
				}
				return f.limited(cmd.Context(), func(ctx context.Context) (prove.Result, error) {
					return prove.Public(ctx, u.set, prove.Zone{Accounts: accounts}, options)
				})
			})
		},
	}
	cmd.Flags().SortFlags = false
	commaListVar(cmd.Flags(), &accounts, "trusted-account", "an account that is not the public (repeatable; default: every account that a policy names)")
	f.register(cmd)
	return cmd
}

func newProveEqual(e *env) *cobra.Command {
	var f proofFlags
	words := provenWords("NOT_EQUAL", "both allow the same", "one allows what the other does not", "Two policies do not allow the same", "allows %s on %s, which the other policy does not")
	cmd := &cobra.Command{
		Use:     "equal A B",
		Short:   "Prove that two policies allow the same requests",
		Long:    "Equal proves that two policies allow the same requests." + "\n" + proveLong,
		Example: "  writ prove equal long.json short.json",
		Args:    takes(2, 2, "the two policies"),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := f.options()
			if err != nil {
				return err
			}
			limits, err := f.limits(e)
			if err != nil {
				return err
			}
			r := f.reader(e)
			a, err := r.path(args[0])
			if err != nil {
				return err
			}
			b, err := r.path(args[1])
			if err != nil {
				return err
			}
			if err := f.done(r, "writ prove equal"); err != nil {
				return err
			}
			answers := proofAnswers{command: "writ prove equal", words: words}
			for _, sides := range [][2][]unit{{a, b}, {b, a}} {
				for _, pair := range unitPairs(sides[0], sides[1]) {
					answer := proofAnswer{name: pair.name, now: pair.now, old: pair.old}
					if answer.result, err = f.compare(cmd.Context(), pair, limits, options); err != nil {
						return proofError(e, err)
					}
					answers.list = append(answers.list, answer)
				}
			}
			return answers.joined().write(e, f.format)
		},
	}
	f.register(cmd)
	f.registerLayers(cmd.Flags())
	return cmd
}

func newProveContained(e *env) *cobra.Command {
	var f proofFlags
	words := provenWords("OUTSIDE_GUARDRAIL", "the guardrail allows all of it", "it allows what the guardrail does not",
		"The policy allows what the guardrail does not", "allows %s on %s, which the guardrail does not")
	cmd := &cobra.Command{
		Use:     "contained-in GUARDRAIL FILE...",
		Short:   "Prove that policies allow nothing that a guardrail does not",
		Long:    "Contained-in proves that every request that a policy allows is allowed by the\nguardrail too, a policy of the same kind." + "\n" + proveLong,
		Example: "  writ prove contained-in guardrail.json policies/",
		Args:    takes(2, many, "the GUARDRAIL and a policy, a template or a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := f.options()
			if err != nil {
				return err
			}
			limits, err := f.limits(e)
			if err != nil {
				return err
			}
			r := f.reader(e)
			guardrail, err := r.path(args[0])
			if err != nil {
				return err
			}
			if len(guardrail) != 1 {
				return fmt.Errorf("%s holds %d policies; a guardrail is one", args[0], len(guardrail))
			}
			return f.asked(e, words, "writ prove contained-in", args[1:], func(u *unit) (prove.Result, error) {
				return f.compare(cmd.Context(), unitPair{u.name, u, &guardrail[0]}, limits, options)
			})
		},
	}
	f.register(cmd)
	f.registerLayers(cmd.Flags())
	return cmd
}

// joined makes one answer of those in both directions about the same name.
func (as *proofAnswers) joined() *proofAnswers {
	out := &proofAnswers{command: as.command, words: as.words}
	at := map[string]int{}
	for _, a := range as.list {
		i, ok := at[a.name]
		switch {
		case !ok:
			at[a.name] = len(out.list)
			out.list = append(out.list, a)
		case out.list[i].result.Verdict == prove.Refuted:
		case a.result.Verdict == prove.Refuted, out.list[i].result.Verdict == prove.Proved:
			out.list[i] = a
		}
	}
	return out
}
