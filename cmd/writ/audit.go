package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/account"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/report"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// auditFlags are the flags of writ audit as the user wrote them.
type auditFlags struct {
	generateFlags // those about the machine
	roleFiles     []string
	roleName      string
	ecsRole       string // which of a task's roles it is
}

func newAudit(e *env) *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "audit INPUT [--role FILE]...",
		Short: "Say what the role of a state machine or ECS task lacks, has too much, and risks",
		Long: `Audit decides every call of a state machine by the role that it has, and says
which state fails at which call, what the role allows and no call needs, and what
works only until something goes wrong: jobs whose end only an event tells, jobs
that cannot be cancelled, roles that may be passed to anybody, a trust policy
that lets other accounts' machines in. Of an ECS task definition it audits one of
the roles in the same way.

The role comes from the output of aws iam get-account-authorization-details, from
the outputs of get-role, get-role-policy, list-attached-role-policies and
get-policy-version, from writ generate --format json, or is a policy document.
Several --role FILE are put together. Of a template (CloudFormation, SAM, a CDK
assembly, a Terraform plan or module) each machine is held against the role that
it has there.

Exit codes: 0 nothing at or above --fail-level; 1 something is missing (ERROR), or
there is excess or a risk (WARNING, SECURITY_WARNING) and --fail-level says so;
2 wrong usage or unreadable input; 3 something is not decided.`,
		Example: `  writ audit machine.asl.json --role account.json --role-name OrdersRole --region eu-west-1
  writ audit machine.asl.json --role policy.json --account 123456789012 --region eu-west-1 --fail-level warning
  writ audit template.yaml --parameter Stage=prod
  writ generate --format json machine.asl.json | writ audit machine.asl.json --role -`,
		Args: takes(1, 1, "the state machine, template or task definition to audit, or - for standard input"),
		RunE: func(_ *cobra.Command, args []string) error { return f.audit(e, args[0]) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	listVar(flags, &f.roleFiles, "role", "file that tells of the role ('-' is standard input; repeatable)")
	flags.StringVar(&f.roleName, "role-name", "", "name or ARN of the role in account details (default: the only one that Step Functions may assume)")
	f.registerMachine(cmd)
	cmd.SetUsageFunc(usage(generateGroups...))
	f.registerTask(cmd)
	flags.Lookup("style").Usage = "what is no excess: least (only what the calls need) or console (what AWS's templates give, too)"
	formatVar(cmd, &f.format, report.Formats()...)
	failLevelVar(cmd, &f.failLevel)
	complete(cmd, "style", "least", "console")
	complete(cmd, "type", "STANDARD", "EXPRESS")
	return cmd
}

// auditResult is what an audit gave.
type auditResult struct {
	input    string
	machine  string // of a template
	roles    []string
	audit    *roles.Audit // nil where there is none
	findings source.List  // about the machine, the role's files and the options
	usage    bool         // the findings make the exit code 2

	undecided bool     // a template does not tell all
	held      []string // roles of the template
}

func (f *auditFlags) audit(e *env, input string) error {
	if err := checkFormat(f.format, report.Formats()...); err != nil {
		return err
	}
	failLevel, err := source.ParseSeverity(f.failLevel)
	if err != nil {
		return fmt.Errorf("--fail-level: %w", err)
	}
	results, err := f.examineAll(e, input)
	if err != nil {
		return err
	}
	code := error(nil)
	for _, result := range results {
		code = worse(code, result.exit(failLevel))
	}
	if f.format != "json" {
		results = []*auditResult{together(results)}
	}
	for _, result := range results {
		if err := result.write(e, f.format, failLevel); err != nil {
			return err
		}
	}
	return code
}

// worse returns the exit code of two results that says more: unreadable input,
// findings, undecided.
func worse(a, b error) error {
	order := map[error]int{nil: 0, exit(exitUndecided): 1, exit(exitFindings): 2, exit(exitUsage): 3}
	if order[b] > order[a] {
		return b
	}
	return a
}

// together makes one result of those of several machines.
func together(results []*auditResult) *auditResult {
	out := *results[0]
	for _, r := range results[1:] {
		out.findings = append(out.findings, r.findings...)
		for _, name := range r.roles {
			out.roles = appendNew(out.roles, name)
		}
		switch {
		case r.audit == nil:
		case out.audit == nil:
			out.audit = r.audit
		default:
			joined := *out.audit
			for i, list := range auditLists(&joined) {
				all := (*list)[:len(*list):len(*list)]
				for _, entry := range *auditLists(r.audit)[i] {
					if !slices.ContainsFunc(all, func(have roles.AuditEntry) bool { // of a role that machines share
						return have.Code == entry.Code && have.Why == entry.Why && have.File == entry.File && have.Span == entry.Span
					}) {
						all = append(all, entry)
					}
				}
				*list = all
			}
			out.audit = &joined
		}
	}
	return &out
}

// examineAll audits the machine or task definition of an input, or all machines
// of a template.
func (f *auditFlags) examineAll(e *env, input string) ([]*auditResult, error) {
	if err := f.readOptions(); err != nil {
		return nil, err
	}
	stdin := 0
	for _, name := range append([]string{input}, f.roleFiles...) {
		if name == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return nil, errors.New("'-' can stand for one file only")
	}
	file, err := findTemplate(e, input)
	if err != nil {
		return nil, err
	}
	if isTemplate(file) && f.task.kind == "" {
		return f.auditTemplate(e, input, file)
	}
	if err := f.template.refuse(f.cmd, inputName(input)); err != nil {
		return nil, err
	}
	if len(f.roleFiles) == 0 {
		return nil, fmt.Errorf("%s is no template with a role in it: tell of the role with --role", inputName(input))
	}
	r, err := f.examine(e, input, file.Text)
	return []*auditResult{r}, err
}

// examine reads the machine and the role, and audits.
func (f *auditFlags) examine(e *env, input, text string) (*auditResult, error) {
	subs, err := pairs("--substitution", f.substitutions)
	if err != nil {
		return nil, err
	}
	r := &auditResult{input: inputName(input)}
	held, err := f.readRole(e, r)
	if err != nil || r.usage {
		return r, err
	}
	kind, err := f.task.kindOf(inputName(input), text)
	if err != nil {
		return nil, err
	}
	if kind == kindTask {
		return f.examineTask(e, r, held, text)
	}
	if f.ecsRole != "" {
		return nil, errors.New("--ecs-role is about task definitions")
	}
	machine, findings := asl.Parse(source.NewFile(inputName(input), text), asl.Options{Substitutions: subs, AllowPlaceholders: f.allowPlaceholders})
	r.findings = append(r.findings, findings...)
	if machine == nil || findings.HasErrors() {
		return r, nil
	}
	audit, findings := roles.AuditRole(machine, held, f.opts)
	r.audit, r.findings = audit, append(r.findings, findings...)
	// Errors of the definition are findings; those of the role's files and of the
	// options leave nothing to find.
	r.usage = audit == nil && !slices.ContainsFunc(findings, func(f source.Finding) bool { return f.Severity == source.Error && f.File == machine.File })
	return r, nil
}

// readOptions reads what flags and the files that they name say.
func (f *auditFlags) readOptions() error {
	if err := f.machineOptions(); err != nil {
		return err
	}
	if err := f.readTaskDefinitions(); err != nil {
		return err
	}
	return f.readData()
}

// readRole reads the files that tell of the role.
func (f *auditFlags) readRole(e *env, r *auditResult) (roles.Held, error) {
	var files []*source.File
	for _, name := range f.roleFiles {
		text, err := readInput(e, name)
		if err != nil {
			return roles.Held{}, err
		}
		r.roles = append(r.roles, inputName(name))
		files = append(files, source.NewFile(inputName(name), text))
	}
	role, findings := account.ReadRole(files, f.roleName)
	r.findings = findings
	if role == nil {
		r.usage = true
		return roles.Held{}, nil
	}
	held := roles.Held{ARN: role.ARN, Policies: role.Policies, Boundary: role.Boundary, Trust: role.Trust, Context: role.Context, Pointer: role.Pointer}
	for _, m := range role.Missing {
		if aws := awsPolicy(m.ARN); aws != nil && m.Kind == authz.Identity {
			held.Policies = append(held.Policies, *aws)
			continue
		}
		held.Unread = append(held.Unread, roles.Unread{Kind: m.Kind, Name: m.ARN})
	}
	return held, nil
}

// title says what was examined.
func (r *auditResult) title() string {
	return filepath.ToSlash(r.input) + " with " + filepath.ToSlash(strings.Join(r.roles, ", "))
}

// write prints the audit. Formats for people keep what is not about the role
// apart; the others have one list.
func (r *auditResult) write(e *env, format string, failLevel source.Severity) error {
	if format == "json" {
		return r.writeJSON(e)
	}
	out := report.Report{
		Tool: report.Tool{Name: "writ audit", Version: versionText(), URI: "https://github.com/writ-iam/writ/blob/main/docs/usage/audit.md"}, Title: r.title(), FailLevel: failLevel,
	}
	for _, c := range roles.AuditCodes() {
		out.Rules = append(out.Rules, report.Rule{Code: c.Code, Severity: c.Severity, Summary: c.Summary, Help: c.Help})
	}
	if r.audit != nil {
		out.Findings = r.audit.Findings()
	}
	if format != "text" {
		out.Findings = append(out.Findings, r.findings...)
		return report.Write(e.stdout, format, &out)
	}
	printList(e, r.findings)
	if r.audit == nil {
		return nil
	}
	var text bytes.Buffer
	if err := report.Text(&text, &out); err != nil {
		return err
	}
	_, err := e.stdout.Write(text.Bytes())
	return err
}

func (r *auditResult) writeJSON(e *env) error {
	audit := r.audit
	if audit == nil {
		audit = &roles.Audit{}
	}
	return printJSON(e, struct {
		FormatVersion string             `json:"format_version"`
		Input         string             `json:"input"`
		Machine       string             `json:"machine,omitempty"` // of a template
		Role          []string           `json:"role"`
		Missing       []roles.AuditEntry `json:"missing"`
		Excess        []roles.AuditEntry `json:"excess"`
		Risks         []roles.AuditEntry `json:"risks"`
		Undecided     []roles.AuditEntry `json:"undecided"`
		Findings      source.List        `json:"findings"`
	}{"1.0", r.input, r.machine, nonNil(r.roles), nonNil(audit.Missing), nonNil(audit.Excess), nonNil(audit.Risks), nonNil(audit.Undecided), nonNil(r.findings)})
}

func (r *auditResult) exit(failLevel source.Severity) error {
	findings := r.findings
	if r.audit != nil {
		findings = append(findings[:len(findings):len(findings)], r.audit.Findings()...)
	}
	worst, any := findings.Worst()
	switch {
	case r.usage:
		return exit(exitUsage)
	case any && worst >= failLevel || r.audit == nil:
		return exit(exitFindings)
	case len(r.audit.Undecided) > 0 || r.undecided || roles.Undecided(r.findings):
		return exit(exitUndecided)
	}
	return nil
}
