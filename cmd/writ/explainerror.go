package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/denial"
)

type explainErrorFlags struct {
	account, format string
}

func newExplainError(e *env) *cobra.Command {
	var f explainErrorFlags
	cmd := &cobra.Command{
		Use:   "explain-error TEXT|-",
		Short: "Read the text of an access-denied error",
		Long: `Explain-error takes an access-denied message apart, whatever an SDK or the AWS
CLI put around it: who was refused what, and which kind of policy is to blame.
With --account-details it finds the statement, and what would have to change.

Exit codes: 0 done; 2 wrong usage, or no such message in the text; 3 the account
details do not show what the message says.`,
		Example: `  writ explain-error 'User: arn:aws:iam::123456789012:user/alice is not authorized to perform: ecs:RunTask
      on resource: * because no identity-based policy allows the ecs:RunTask action'
  aws ecs run-task ... 2>&1 | writ explain-error - --account-details account.json`,
		Args: takes(1, 1, "the TEXT of the error, in quotes, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(e, args[0]) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.account, "account-details", "", "output of aws iam get-account-authorization-details, to find the statement in")
	formatVar(cmd, &f.format, "text", "json")
	return cmd
}

func (f *explainErrorFlags) run(e *env, text string) error {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return err
	}
	text, err := readArgument(e, text)
	if err != nil {
		return err
	}
	d, err := denial.Parse(text)
	if err != nil && strings.Contains(text, denial.CodeDryRunOperation) {
		return f.dryRun(e)
	}
	if err != nil {
		return err
	}
	why := cause{denial: d}
	if f.account != "" {
		if err := why.find(e, f.account, nil); err != nil {
			return err
		}
	}
	if err := why.write(e, f.format); err != nil {
		return err
	}
	if f.account != "" && !why.found() {
		return exit(exitUndecided)
	}
	return nil
}

// dryRun tells of an answer to a request with DryRun, which is an error though
// the request is allowed.
func (f *explainErrorFlags) dryRun(e *env) error {
	const meaning = "the request is allowed, and was not carried out"
	if f.format == "json" {
		return printJSON(e, struct {
			FormatVersion string `json:"format_version"`
			Allowed       bool   `json:"allowed"`
			Code          string `json:"code"`
			Meaning       string `json:"meaning"`
		}{"1.0", true, denial.CodeDryRunOperation, meaning})
	}
	p := answerPrinter{w: e.stdout}
	p.printf("allowed\n")
	p.line("code", "%s", denial.CodeDryRunOperation)
	p.line("meaning", "%s", meaning)
	return p.err
}

// cause is a denial, and what an account shows of it.
type cause struct {
	denial   denial.Denial
	answer   *answer // nil where no account was asked
	culprits []authz.StatementReport
}

// find decides the request again with the policies of an account. What the
// context held beside the keys that are given is not known: messages use old
// names for some.
func (c *cause) find(e *env, file string, context authz.Context) error {
	d := &c.denial
	if d.Principal == "" || d.Action == "" {
		return fmt.Errorf("the message does not say who was refused what; there is nothing to look for in %s", file)
	}
	var s situation
	if err := s.fromAccount(e, file, d.Principal); err != nil {
		return err
	}
	if err := s.compile(e); err != nil {
		return err
	}
	r := authz.Request{Principal: d.Principal, Action: d.Action, Resource: d.Resource, Context: context, UnknownRest: true}
	if _, err := arn.Parse(d.Resource); err != nil && d.Resource != "*" { // the message keeps it to itself, or has a mere name
		r.Resource, r.ResourcePattern = "*", true
	}
	a, err := s.explain(e, r)
	if err != nil {
		return err
	}
	if a.result() == authz.Invalid {
		return fmt.Errorf("the request that the message speaks of cannot be read: %w", a.x.Decision.Err)
	}
	c.answer = &a
	c.blame()
	return nil
}

// blame picks the statements that can be the cause: for an explicit denial those
// that deny, or may; for another the Allow statements about the action, each of
// which fails somewhere.
func (c *cause) blame() {
	kinds := c.denial.Kind.PolicyKinds()
	for _, s := range c.answer.x.Statements {
		if kinds != nil && !slices.Contains(kinds, s.Kind) || !s.Speaks {
			continue
		}
		denies := s.Effect == "Deny"
		switch {
		case c.denial.Explicit && denies && s.Outcome != authz.ImplicitlyDenied:
			c.culprits = append(c.culprits, s)
		case !c.denial.Explicit && !denies && len(s.Failures()) > 0 && !failsOn(s, "Action", "NotAction"):
			c.culprits = append(c.culprits, s)
		}
	}
	c.narrow()
}

// narrow leaves the statements of the policy that the message names, if any of
// them is of that policy.
func (c *cause) narrow() {
	named := func(s authz.StatementReport) bool {
		p, _ := c.answer.set.Statement(s.Reference)
		return p != nil && p.Name == c.denial.PolicyARN
	}
	if c.denial.PolicyARN != "" && slices.ContainsFunc(c.culprits, named) {
		c.culprits = slices.DeleteFunc(c.culprits, func(s authz.StatementReport) bool { return !named(s) })
	}
}

func failsOn(s authz.StatementReport, elements ...string) bool {
	return slices.ContainsFunc(s.Failures(), func(f authz.Failure) bool { return slices.Contains(elements, f.Element) && !f.Unknown })
}

// inAccount reports whether the kind of policy that the message blames is one
// that account details hold.
func (c *cause) inAccount() bool {
	switch c.denial.Kind {
	case denial.Unnamed, denial.Identity, denial.Boundary, denial.Trust:
		return true
	}
	return false
}

// found reports whether the account shows what the message says.
func (c *cause) found() bool {
	if !c.inAccount() {
		return false
	}
	if c.denial.Explicit {
		return len(c.culprits) > 0
	}
	return c.answer.x.Decision.Result != authz.Allowed
}

// advice says what would change the answer.
func (c *cause) advice() string {
	d := &c.denial
	what := d.Action
	if d.Resource != "" {
		what += " on " + d.Resource
	}
	switch {
	case d.Explicit && d.Kind == denial.Unnamed:
		return "find the statement that denies it; no grant helps against an explicit deny"
	case d.Explicit:
		return "no grant helps: the Deny in " + adviceWords[d.Kind] + " must go, or except this request"
	case d.Other != "":
		return "what the message gives as its reason must change"
	case d.Kind == denial.Unnamed:
		return "the message does not say which policy is missing; start with an Allow of " + what + " in a policy of the principal"
	case d.Kind == denial.SCP:
		return "a service control policy of every level, from the organization's root to the account, must allow " + what
	}
	return adviceWords[d.Kind] + " must allow " + what
}

var adviceWords = map[denial.Kind]string{
	denial.Identity: "a policy of the principal or one of its groups", denial.Resource: "the policy of the resource",
	denial.Trust: "the trust policy of the role", denial.Boundary: "the principal's permissions boundary",
	denial.Session: "the policy that was passed when the session was made", denial.Endpoint: "the policy of the VPC endpoint",
	denial.SCP: "a service control policy", denial.RCP: "a resource control policy",
	denial.EndpointThroughSCP: "the policy of the VPC endpoint, or the service control policy behind it",
}

func (c *cause) write(e *env, format string) error {
	if format == "json" {
		return printJSON(e, c.json())
	}
	p := answerPrinter{w: e.stdout, color: e.terminal && e.getenv("NO_COLOR") == ""}
	c.writeText(&p)
	return p.err
}

func (c *cause) writeText(p *answerPrinter) {
	d := &c.denial
	how := "denied: nothing allows it"
	switch {
	case d.Explicit:
		how = "denied explicitly"
	case d.Kind == denial.Unnamed:
		how = "denied"
	}
	p.printf("%s\n", how)
	for _, part := range []struct{ word, text string }{
		{"principal", d.Principal}, {"action", d.Action}, {"resource", d.Resource}, {"kind", kindText(d)}, {"policy", d.PolicyARN}, {"reason", d.Other},
		{"code", d.Code}, {"operation", d.Operation}, {"encoded", encodedText(d)},
	} {
		if part.text != "" {
			p.line(part.word, "%s", plain(part.text))
		}
	}
	if c.answer != nil {
		c.writeFound(p)
	}
	if d.Action != "" {
		p.line("to allow", "%s", plain(c.advice()))
	}
}

func (c *cause) writeFound(p *answerPrinter) {
	word := "statement"
	for i := range c.culprits {
		s := &c.culprits[i]
		p.line(word, "%s", c.answer.place(s.Reference))
		p.failures(c.answer, s)
		word = ""
	}
	switch {
	case !c.inAccount():
		p.line("statement", "account details do not hold this kind of policy")
	case !c.found():
		p.line("statement", "the account details do not show what the message says; they may be older or newer than it")
	case len(c.culprits) == 0:
		p.line("statement", "no statement speaks of the action")
	}
	for _, m := range c.answer.missing {
		p.line("hangs on", "the text of %s policy %s", m.Kind, plain(m.ARN))
	}
}

func kindText(d *denial.Denial) string {
	if d.Kind == denial.Unnamed {
		return ""
	}
	if d.Explicit {
		return "a Deny in " + adviceWords[d.Kind]
	}
	return "no Allow in " + adviceWords[d.Kind]
}

func encodedText(d *denial.Denial) string {
	if d.Encoded == "" {
		return ""
	}
	return fmt.Sprintf("%d characters; decode with: aws sts decode-authorization-message --encoded-message ... | writ decode", len(d.Encoded))
}

// causeJSON is the shape of a cause in JSON; docs/usage/denials.md describes it.
type causeJSON struct {
	FormatVersion string          `json:"format_version"`
	Principal     string          `json:"principal"`
	Action        string          `json:"action"`
	Resource      string          `json:"resource,omitempty"`
	Explicit      bool            `json:"explicit"`
	Kind          denial.Kind     `json:"kind"`
	PolicyARN     string          `json:"policyArn,omitempty"`
	Reason        string          `json:"reason,omitempty"` // that is no kind of policy
	Code          string          `json:"code,omitempty"`
	Operation     string          `json:"operation,omitempty"`
	Encoded       string          `json:"encodedMessage,omitempty"`
	Advice        string          `json:"advice,omitempty"`
	Found         *bool           `json:"found,omitempty"` // with an account: whether it shows what the message says
	Statements    []statementJSON `json:"statements,omitempty"`
	Missing       []missingJSON   `json:"missingPolicies,omitempty"`
	Decoded       *denial.Decoded `json:"decodedMessage,omitempty"`
}

func (c *cause) json() causeJSON {
	d := &c.denial
	out := causeJSON{
		FormatVersion: "1.0", Principal: d.Principal, Action: d.Action, Resource: d.Resource, Explicit: d.Explicit, Kind: d.Kind,
		PolicyARN: d.PolicyARN, Reason: d.Other, Code: d.Code, Operation: d.Operation, Encoded: d.Encoded,
	}
	if d.Action != "" {
		out.Advice = c.advice()
	}
	if c.answer == nil {
		return out
	}
	found := c.found()
	out.Found = &found
	for i := range c.culprits {
		out.Statements = append(out.Statements, c.answer.statement(&c.culprits[i]))
	}
	for _, m := range c.answer.missing {
		out.Missing = append(out.Missing, missingJSON{m.Kind, m.ARN})
	}
	return out
}

// printJSON prints one indented document.
func printJSON(e *env, v any) error {
	return encodeJSON(e.stdout, v)
}

// readArgument returns an argument, or standard input for "-".
func readArgument(e *env, arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	text, err := readInput(e, "-")
	return strings.TrimSpace(text), err
}
