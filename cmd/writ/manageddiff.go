package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

func newManagedDiff(e *env, f *managedFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff NAME OLD NEW",
		Short: "Compare two versions of a managed policy by statement and by meaning",
		Long: `Diff compares two versions by statement where the text of both is known, and
says whether one allows a request that the other does not. Where a text is not
known it shows what the versions between them added and removed.`,
		Example: "  writ managed diff AmazonECS_FullAccess v15 v16",
		Args:    takes(3, 3, "the policy, and its OLD and NEW version"),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := f.find(e, args[0])
			if err != nil {
				return err
			}
			old, err := m.Version(args[1])
			if err != nil {
				return f.unknown(e, err)
			}
			new, err := m.Version(args[2])
			if err != nil {
				return f.unknown(e, err)
			}
			return f.diff(cmd.Context(), e, m, old, new)
		},
		ValidArgsFunction: f.completeManaged(e),
	}
	f.formatFlag(cmd, "text", "json")
	return cmd
}

// managedDiff is what two versions differ in. Without both texts there are only
// the changes that are on record.
type managedDiff struct {
	m            *managed.Policy
	old, new     *managed.Version
	changes      []managed.Change
	statements   []managed.Difference
	gains, loses *prove.Result // nil without both texts
}

func (d *managedDiff) by() string {
	if d.gains == nil {
		return "record"
	}
	return "statement"
}

// diff compares the texts, or else the records of what changed.
func (f *managedFlags) diff(ctx context.Context, e *env, m *managed.Policy, old, new *managed.Version) error {
	d := managedDiff{m: m, old: old, new: new}
	var err error
	if old.DeltaOnly() || new.DeltaOnly() {
		if d.changes, err = m.ChangesBetween(old, new); err != nil {
			return f.unknownText(e, err)
		}
	} else if err = d.texts(ctx); err != nil {
		return err
	}
	if f.format == "json" {
		err = printJSON(e, d.json())
	} else {
		err = d.write(e)
	}
	if err == nil && d.gains != nil && (d.gains.Verdict == prove.Undecided || d.loses.Verdict == prove.Undecided) {
		return exit(exitUndecided)
	}
	return err
}

// meaningLimit is how long the comparison by meaning may take.
const meaningLimit = 20 * time.Second

// texts compares two texts by statement and by meaning.
func (d *managedDiff) texts(ctx context.Context) error {
	d.statements = managed.Diff(d.old.Document, d.new.Document)
	set := func(v *managed.Version) authz.Set {
		return authz.Set{Identity: []authz.Policy{{Name: d.m.Name + " " + v.ID, Document: v.Document}}}
	}
	ctx, cancel := context.WithTimeout(ctx, meaningLimit)
	defer cancel()
	gains, loses, err := prove.Equal(ctx, set(d.new), set(d.old), prove.Options{})
	d.gains, d.loses = &gains, &loses
	return err
}

func (d *managedDiff) write(e *env) error {
	p := answerPrinter{w: e.stdout}
	p.printf("%s %s to %s, by %s\n", plain(d.m.Name), d.old.ID, d.new.ID, d.by())
	for _, c := range d.changes {
		p.printf("  %s\n", changeText(c))
	}
	for _, s := range d.statements {
		p.difference(d.old.Document, d.new.Document, s)
	}
	if len(d.changes)+len(d.statements) == 0 {
		p.printf("  no difference\n")
	}
	if d.gains != nil {
		p.printf("by meaning\n")
		p.line("gains", "%s", meaningText(d.gains))
		p.line("loses", "%s", meaningText(d.loses))
	}
	return p.err
}

// meaningText says what one version allows and the other does not.
func meaningText(r *prove.Result) string {
	switch {
	case r.Verdict == prove.Proved:
		return "nothing"
	case r.Witness == nil:
		return "not decided: " + r.Reason
	}
	return fmt.Sprintf("for example %s on %s", plain(r.Witness.Request.Action), plain(r.Witness.Request.Resource))
}

func (p *answerPrinter) difference(old, new *policy.Document, d managed.Difference) {
	if d.Element != "" {
		p.printf("  statement %d: %s\n", d.New+1, d.Element)
		for _, s := range d.Removed {
			p.printf("    - %s\n", plain(s))
		}
		for _, s := range d.Added {
			p.printf("    + %s\n", plain(s))
		}
		return
	}
	doc, at, sign := new, d.New, "+"
	if d.New < 0 {
		doc, at, sign = old, d.Old, "-"
	}
	text, err := statementText(doc, at)
	if err != nil && p.err == nil {
		p.err = err
	}
	p.printf("  %s statement %d\n    %s %s\n", sign, at+1, sign, strings.ReplaceAll(text, "\n", "\n    "+sign+" "))
}

// json returns the shape of a comparison; docs/usage/ecs.md describes it.
func (d *managedDiff) json() any {
	type difference struct {
		Old     *policy.Document `json:"old,omitempty"`
		New     *policy.Document `json:"new,omitempty"`
		OldAt   *int             `json:"oldStatement,omitempty"`
		NewAt   *int             `json:"newStatement,omitempty"`
		Element string           `json:"element,omitempty"`
		Removed []string         `json:"removed,omitempty"`
		Added   []string         `json:"added,omitempty"`
	}
	out := struct {
		FormatVersion string              `json:"format_version"`
		Policy        managedPolicyJSON   `json:"policy"`
		Old           string              `json:"old"`
		New           string              `json:"new"`
		By            string              `json:"by"`
		Changes       []managedChangeJSON `json:"changes"`
		Statements    []difference        `json:"statements"`
		Gains         *meaningJSON        `json:"gains,omitempty"`
		Loses         *meaningJSON        `json:"loses,omitempty"`
	}{"1.0", policyJSON(d.m), d.old.ID, d.new.ID, d.by(), changesJSON(d.changes), []difference{}, newMeaningJSON(d.gains), newMeaningJSON(d.loses)}
	for _, s := range d.statements {
		one := difference{Element: s.Element, Removed: s.Removed, Added: s.Added}
		if s.Old >= 0 {
			one.OldAt, one.Old = &s.Old, oneStatement(d.old.Document, s.Old)
		}
		if s.New >= 0 {
			one.NewAt, one.New = &s.New, oneStatement(d.new.Document, s.New)
		}
		out.Statements = append(out.Statements, one)
	}
	return out
}

type meaningJSON struct {
	Verdict string       `json:"verdict"` // nothing, something or undecided
	Example *requestJSON `json:"example,omitempty"`
	Reason  string       `json:"reason,omitempty"`
}

func newMeaningJSON(r *prove.Result) *meaningJSON {
	switch {
	case r == nil:
		return nil
	case r.Verdict == prove.Proved:
		return &meaningJSON{Verdict: "nothing"}
	case r.Witness == nil:
		return &meaningJSON{Verdict: "undecided", Reason: r.Reason}
	}
	q := r.Witness.Request
	return &meaningJSON{Verdict: "something", Example: &requestJSON{Principal: q.Principal, Action: q.Action, Resource: q.Resource}}
}

func oneStatement(doc *policy.Document, i int) *policy.Document {
	return &policy.Document{Version: doc.Version, Statements: doc.Statements[i : i+1]}
}
