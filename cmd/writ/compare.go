package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/prove"
	"github.com/writ-iam/writ/roles"
)

// proofFlags are those that every question about all requests has.
type proofFlags struct {
	format  string
	actions string
	limit   time.Duration
	states  int

	boundary      string
	scps, session []string

	cmd             *cobra.Command
	template        templateFlags
	region, account string // of templates
}

func (f *proofFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	formatVar(cmd, &f.format, proofFormats...)
	flags.StringVar(&f.actions, "actions", "all", "actions to ask about: all that could exist, or those that are known today")
	flags.DurationVar(&f.limit, "time", 20*time.Second, "time limit for each question; what takes longer is undecided")
	flags.IntVar(&f.states, "max-states", 0, "limit of states in one comparison of patterns (default 262144)")
	f.cmd = cmd
	f.template.register(cmd)
	flags.StringVar(&f.region, "region", "", "template: Region of the stack")
	flags.StringVar(&f.account, "account", "", "template: account of the stack, 12 digits")
}

// reader reads what the questions are about.
func (f *proofFlags) reader(e *env) *unitReader {
	return &unitReader{env: e, template: &f.template, place: roles.Options{Region: f.region, Account: f.account}}
}

// done tells what the reader passed over, and refuses flags about templates where
// there was none.
func (f *proofFlags) done(r *unitReader, command string) error {
	r.passedOver(command)
	return f.template.refuse(f.cmd, "what was given")
}

// registerLayers adds the flags for policies that limit both sides.
func (f *proofFlags) registerLayers(flags *pflag.FlagSet) {
	flags.StringVar(&f.boundary, "boundary", "", "file with a permissions boundary that limits all policies asked about")
	listVar(flags, &f.session, "session", "likewise, a session policy (repeatable)")
	listVar(flags, &f.scps, "scp", "likewise, the service control policies of one level, separated by commas; the organization's root comes first (repeatable)")
}

var proofFormats = []string{"text", "json", "sarif", "github", "junit", "markdown"}

func (f *proofFlags) options() (prove.Options, error) {
	if err := checkFormat(f.format, proofFormats...); err != nil {
		return prove.Options{}, err
	}
	if f.actions != "all" && f.actions != "known" {
		return prove.Options{}, fmt.Errorf("--actions %q: one of all, known", f.actions)
	}
	if f.limit <= 0 || f.states < 0 {
		return prove.Options{}, fmt.Errorf("--time and --max-states must be greater than 0")
	}
	return prove.Options{KnownActions: f.actions == "known", MaxStates: f.states}, nil
}

// limits reads the policies that limit both sides.
func (f *proofFlags) limits(e *env) (authz.Set, error) {
	r := policyReader{env: e}
	set := authz.Set{Session: r.list(f.session), SCPs: r.levels(f.scps)}
	if f.boundary != "" {
		set.Boundary = r.one(f.boundary)
	}
	if r.err == nil && r.findings.HasErrors() {
		printList(e, r.findings.Sorted())
		return set, exit(exitUsage)
	}
	return set, r.err
}

// under puts the policies that limit both sides beside those of a unit.
func under(set, limits authz.Set) authz.Set {
	if set.Boundary == nil {
		set.Boundary = limits.Boundary
	}
	set.Session, set.SCPs = limits.Session, limits.SCPs
	return set
}

type compareFlags struct {
	proofFlags
	revision string
}

func newCompare(e *env) *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare OLD NEW",
		Short: "Does the new policy allow anything that the old one does not?",
		Long: `Compare asks about all possible requests whether NEW allows one that OLD does
not, and shows one if so, with the statement of NEW that allows it and the
nearest one of OLD. OLD and NEW are policies (JSON or YAML), directories with
policies, or templates (CloudFormation, SAM, CDK, Terraform), in which policies
are compared role by role. With --git REV the arguments are paths, and OLD is what
they were at a revision. '-' is standard input.

Exit codes: 0 nothing new is allowed; 1 something is; 2 wrong usage or
unreadable input; 3 undecided.`,
		Example: "  writ compare old.json new.json\n  writ compare --git main policies/ --format github",
		Args: func(cmd *cobra.Command, args []string) error {
			if f.revision != "" {
				return takes(1, many, "a path to compare with what it was")(cmd, args)
			}
			return takes(2, 2, "the OLD and the NEW policy, or a path and --git REV")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), e, args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.revision, "git", "", "compare with what the paths were at this revision")
	f.register(cmd)
	f.registerLayers(flags)
	complete(cmd, "actions", "all", "known")
	return cmd
}

func (f *compareFlags) run(ctx context.Context, e *env, args []string) error {
	options, err := f.options()
	if err != nil {
		return err
	}
	limits, err := f.limits(e)
	if err != nil {
		return err
	}
	now, old, err := f.read(e, args)
	if err != nil {
		return err
	}
	if len(now)+len(old) == 0 {
		return fmt.Errorf("there is no policy in what was given")
	}
	answers := proofAnswers{command: "writ compare", words: compareWords}
	for _, pair := range unitPairs(now, old) {
		a := proofAnswer{name: pair.name, now: pair.now, old: pair.old}
		if a.result, err = f.compare(ctx, pair, limits, options); err != nil {
			return proofError(e, err)
		}
		answers.list = append(answers.list, a)
	}
	return answers.write(e, f.format)
}

// read reads both sides.
func (f *compareFlags) read(e *env, args []string) (now, old []unit, err error) {
	r := f.reader(e)
	if f.revision == "" {
		if old, err = r.path(args[0]); err != nil {
			return nil, nil, err
		}
		if now, err = r.path(args[1]); err != nil {
			return nil, nil, err
		}
		return now, old, f.done(r, "writ compare")
	}
	for _, name := range args {
		before, err := r.revision(f.revision, name)
		if err != nil {
			return nil, nil, err
		}
		after, err := r.path(name)
		if err != nil {
			return nil, nil, err
		}
		if len(args) > 1 {
			before, after = within(name, before), within(name, after)
		}
		now, old = append(now, after...), append(old, before...)
	}
	return now, old, f.done(r, "writ compare")
}

// unitPair is a unit before and after; one of them may be missing.
type unitPair struct {
	name     string
	now, old *unit
}

// unitPairs puts units of the same name together, and the only two there are when
// one is a whole file.
func unitPairs(now, old []unit) []unitPair {
	if len(now) == 1 && len(old) == 1 && (now[0].name == "" || old[0].name == "") {
		return []unitPair{{now[0].name, &now[0], &old[0]}}
	}
	var out []unitPair
	for i := range now {
		pair := unitPair{name: now[i].name, now: &now[i]}
		if j := slices.IndexFunc(old, func(u unit) bool { return u.name == now[i].name }); j >= 0 {
			pair.old = &old[j]
		}
		out = append(out, pair)
	}
	return out // what only the old side has allows nothing any more
}

func (f *proofFlags) compare(ctx context.Context, p unitPair, limits authz.Set, options prove.Options) (prove.Result, error) {
	var old authz.Set
	if p.old != nil {
		old = p.old.set
		if p.old.kind != "" && p.now.kind != "" && p.old.kind != p.now.kind {
			return prove.Result{}, fmt.Errorf("%s was a %s and is a %s: they cannot be compared", unitName(p.name), p.old.kind, p.now.kind)
		}
		if p.old.open != "" {
			return prove.Result{Reason: "before: " + p.old.open}, nil
		}
	}
	if p.now.open != "" {
		return prove.Result{Reason: p.now.open}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	return prove.Compare(ctx, under(p.now.set, limits), under(old, limits), options)
}

func unitName(name string) string {
	if name == "" {
		return "the policy"
	}
	return name
}
