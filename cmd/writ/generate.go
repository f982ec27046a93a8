package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/render"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// generateFlags are the flags of writ generate as the user wrote them.
type generateFlags struct {
	style, trust, machineType string
	format, failLevel, output string
	passRoles                 []string
	taskDefinitions           []string
	substitutions             []string
	values                    map[string]string // that they give
	allowPlaceholders         bool
	opts                      roles.Options
	data                      inputFlags
	audience                  string // who the policies are for, see audiences
	deployment                roles.Deployment
	check                     string    // file to compare with, or ""
	committed                 *roleFile // what it holds
	task                      taskFlags // about ECS task definitions
	template                  templateFlags
	machines                  []string // of a template, by their names in it
	write                     bool     // into the template
	cmd                       *cobra.Command
}

func newGenerate(e *env) *cobra.Command {
	var f generateFlags
	cmd := &cobra.Command{
		Use:   "generate INPUT...",
		Short: "Print the roles that a state machine or an ECS task definition needs",
		Long: `Generate reads the definition of a Step Functions state machine (Amazon States
Language, JSON or YAML; '-' is standard input) and prints the execution role
that it needs, with the reason for every permission.

It also reads templates (CloudFormation, SAM, CDK assemblies, Terraform plans
and modules), for all machines in them, and ECS task definitions (JSON), for the
roles of the task and, with --service, those of the service.

--account, --region and --name say where the machine lives; what is not given is
'*' in the ARNs. With --for it prints the policy of whoever deploys the machine
or answers its callbacks instead, with --check how a file differs from what is
needed.

An ERROR finding means that no role is printed. Exit codes: 0 done; 1 findings
at or above --fail-level, or a file that differs; 2 wrong usage or unreadable
input; 3 a role was printed, but it may lack something that the definition does
not show.`,
		Example: `  writ generate machine.asl.json --name Orders --account 123456789012 --region us-east-1
  writ generate - --style console --format json < machine.asl.json
  writ generate machine.asl.json --name Orders --check role.json
  writ generate template.yaml --parameter Stage=prod --format cfn
  writ generate taskdef.json --service service.json --account 123456789012 --region us-east-1`,
		Args: takes(1, many, "a definition, a template or a task definition, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(e, args) },
	}
	f.register(cmd)
	cmd.SetUsageFunc(usage(generateGroups...))
	return cmd
}

// generateGroups are the flags of generate and audit as help has them.
var generateGroups = []flagGroup{
	{"the machine", []string{"name", "account", "region", "partition", "type", "tracing", "logging", "kms-key", "redrive", "pass-role", "task-definition", "no-pass-role"}},
	{"the role", []string{"role", "role-name", "style", "trust", "permissions-boundary", "path", "for", "execution-role", "deploy-also"}},
	{"values known at run time", []string{"substitution", "allow-placeholders", "any-account", "input", "exact-input", "pin", "config"}},
	{"templates", append([]string{"machine", "write"}, templateFlagNames...)},
	{"ECS task definitions", append([]string{"kind", "ecs-role"}, taskOnly...)},
	{"the output", []string{"check", "format", "fail-level", "output", "help"}},
}

// registerMachine registers the flags that say what the definition does not.
func (f *generateFlags) registerMachine(cmd *cobra.Command) {
	f.cmd = cmd
	flags := cmd.Flags()
	flags.SortFlags = false
	o := &f.opts
	flags.StringVar(&f.style, "style", "least", "how much to grant: least (only what the definition proves) or console (what AWS's templates give)")
	flags.StringVar(&o.Name, "name", "", "name of the state machine")
	flags.StringVar(&o.Account, "account", "", "account that the machine or task lives in, 12 digits")
	flags.StringVar(&o.Region, "region", "", "Region that the machine or task lives in")
	flags.StringVar(&o.Partition, "partition", "", "partition (default: that of the Region, else aws)")
	flags.StringVar(&f.machineType, "type", string(roles.Standard), "type of the machine: STANDARD or EXPRESS")
	flags.BoolVar(&o.Tracing, "tracing", false, "the machine sends traces to X-Ray")
	flags.BoolVar(&o.Logging, "logging", false, "the machine sends logs to CloudWatch Logs")
	flags.StringVar(&o.KMSKey, "kms-key", "", "ARN of the customer managed key that encrypts the machine, or the secrets and parameters of a task")
	flags.BoolVar(&o.Redrive, "redrive", false, "executions are redriven, and their map runs with them")
	listVar(flags, &f.passRoles, "pass-role", "role passed to a service that the definition does not show, as SERVICE=ARN (repeatable)")
	listVar(flags, &f.taskDefinitions, "task-definition", "file with an ECS task definition, for the roles in it (repeatable)")
	flags.BoolVar(&o.NoPassRole, "no-pass-role", false, "roles that the definition does not show need no permission here")
	listVar(flags, &f.substitutions, "substitution", "value of a ${KEY} placeholder, as KEY=VALUE (repeatable)")
	flags.BoolVar(&f.allowPlaceholders, "allow-placeholders", false, "treat placeholders without a value as known at run time")
	listVar(flags, &f.machines, "machine", "template: name of the state machine in it (repeatable; default: all)")
	f.template.register(cmd)
	flags.BoolVar(&o.AnyAccount, "any-account", false, "values known at run time may name resources of other accounts")
	f.data.register(cmd)
}

func (f *generateFlags) register(cmd *cobra.Command) {
	f.registerMachine(cmd)
	flags := cmd.Flags()
	o := &f.opts
	flags.StringVar(&f.trust, "trust", "", "guard against the confused deputy: machine (default when --name is given), account, or plain for none")
	flags.StringVar(&o.PermissionsBoundary, "permissions-boundary", "", "ARN of the role's permissions boundary")
	flags.StringVar(&o.Path, "path", "/", "path of the role")
	f.registerAudience(cmd)
	f.task.register(cmd)
	flags.BoolVar(&f.write, "write", false, "template: put the statements into the role of each machine there, instead of printing them")
	flags.StringVar(&f.format, "format", "text", "output: text, json, cfn (CloudFormation), sam (the Policies of an AWS::Serverless::StateMachine) or hcl (Terraform)")
	failLevelVar(cmd, &f.failLevel)
	flags.StringVarP(&f.output, "output", "o", "", "write the result to a file")
	complete(cmd, "style", "least", "console")
	complete(cmd, "type", "STANDARD", "EXPRESS")
	complete(cmd, "trust", "machine", "account", "plain")
	complete(cmd, "format", formatNames()...)
}

// result is what one input gave.
type result struct {
	input    string
	audience string        // who it is for
	role     *roles.Role   // of the machine itself; nil on an Error finding
	access   *roles.Access // of somebody else; nil on an Error finding
	findings source.List
	badUsage bool // the findings are about the command line

	task bool               // the input is a task definition
	kind roles.TaskRoleKind // of a task definition's role
	none bool               // it needs no role

	template  *template.Template // that the machine stands in, or nil
	machine   *template.Machine
	undecided bool // the template does not tell all of the machine
}

// run makes the roles of all inputs. Who asked for JSON gets it even when there
// was nothing to work on.
func (f *generateFlags) run(e *env, inputs []string) error {
	err := f.generateAll(e, inputs)
	var code exit
	if err == nil || errors.As(err, &code) || f.format != "json" {
		return err
	}
	results := make([]result, len(inputs))
	for i, input := range inputs {
		results[i] = result{input: input, audience: f.audience, findings: findingsOf(err)}
	}
	return errors.Join(err, writeJSON(e.stdout, e, results))
}

func (f *generateFlags) generateAll(e *env, inputs []string) error {
	write, failLevel, err := f.prepare(e, inputs)
	if err != nil {
		return err
	}
	results, err := f.resultsOf(e, inputs)
	if err != nil {
		return err
	}
	switch {
	case f.write:
		printFindings(e, results)
		return exitCode(results, failLevel)
	case f.check != "" && len(results) > 1:
		return errors.New("--check compares one file with one machine; name it with --machine")
	case f.check != "":
		return f.compare(e, results[0], failLevel)
	}
	var out bytes.Buffer
	if err := write(&out, e, results); err != nil {
		return err
	}
	if f.format != "json" {
		printFindings(e, results)
	}
	if err := f.deliver(e, out.Bytes(), results); err != nil {
		return err
	}
	return exitCode(results, failLevel)
}

// prepare turns flags into values, and reads the files that they name.
func (f *generateFlags) prepare(e *env, inputs []string) (writer, source.Severity, error) {
	write, failLevel, err := f.resolve()
	if err != nil {
		return nil, 0, err
	}
	if err := f.readTaskDefinitions(); err != nil {
		return nil, 0, err
	}
	if err := f.readData(); err != nil {
		return nil, 0, err
	}
	if f.values, err = pairs("--substitution", f.substitutions); err != nil {
		return nil, 0, err
	}
	if err := f.checkUsage(inputs); err != nil {
		return nil, 0, err
	}
	if err := f.readCheck(e, inputs[0]); err != nil {
		return nil, 0, err
	}
	if len(inputs) > 1 && f.opts.Name != "" {
		return nil, 0, errors.New("--name is the name of one state machine; give one input, or leave it out")
	}
	return write, failLevel, nil
}

// resultsOf makes the roles of all inputs. Those of one account need names of
// their own.
func (f *generateFlags) resultsOf(e *env, inputs []string) ([]result, error) {
	results := make([]result, 0, len(inputs))
	used := map[string]bool{}
	for _, input := range inputs {
		file, err := findTemplate(e, input)
		if err != nil {
			return nil, err
		}
		made, err := f.resultsOfFile(e, input, file, len(inputs) > 1, used)
		if err != nil {
			return nil, err
		}
		results = append(results, made...)
	}
	return results, nil
}

// resultsOfFile makes the roles of a template, a task definition or a machine.
func (f *generateFlags) resultsOfFile(e *env, input string, file *source.File, several bool, used map[string]bool) ([]result, error) {
	if isTemplate(file) && f.task.kind == "" {
		made, err := f.generateTemplate(e, input, file, used)
		if err != nil || !f.write {
			return made, err
		}
		return made, f.writeTemplates(e, input, file, made)
	}
	if f.write {
		return nil, fmt.Errorf("--write is about templates, and %s is none", inputName(input))
	}
	if err := f.template.refuse(f.cmd, inputName(input)); err != nil {
		return nil, err
	}
	kind, err := f.task.kindOf(inputName(input), file.Text)
	switch {
	case err != nil:
		return nil, err
	case kind == kindTask:
		return f.generateTask(e, input, file.Text)
	case several:
		f.opts.RoleName = render.UniqueName(roles.RoleName(machineName(input)), "_-", used)
	}
	return []result{f.generate(input, file.Text)}, nil
}

// resolve turns the words of flags into values.
func (f *generateFlags) resolve() (writer, source.Severity, error) {
	if err := f.machineOptions(); err != nil {
		return nil, 0, err
	}
	var err error
	if f.opts.Trust, err = roles.ParseTrust(f.trust); err != nil {
		return nil, 0, err
	}
	if err := checkFormat(f.format, formatNames()...); err != nil {
		return nil, 0, err
	}
	write := formats[f.format]
	failLevel, err := source.ParseSeverity(f.failLevel)
	if err != nil {
		return nil, 0, fmt.Errorf("--fail-level: %w", err)
	}
	f.template.ignoreDefaults = f.write || f.isTemplateFormat()
	if f.isTemplateFormat() {
		f.opts.LeaveOpen()
	}
	return write, failLevel, nil
}

// isTemplateFormat reports whether the output is a template, whose values may be
// references.
func (f *generateFlags) isTemplateFormat() bool {
	return slices.Contains(render.Formats(), render.Format(f.format))
}

// machineOptions turns the words of the flags about the machine into values.
func (f *generateFlags) machineOptions() (err error) {
	if f.opts.Style, err = roles.ParseStyle(f.style); err != nil {
		return err
	}
	f.opts.Type = roles.MachineType(strings.ToUpper(f.machineType))
	f.opts.PassRoles = map[string][]string{}
	for _, p := range f.passRoles {
		service, role, ok := strings.Cut(p, "=")
		if !ok || service == "" || role == "" {
			return fmt.Errorf("--pass-role %q: write SERVICE=ARN, as in ecs-tasks.amazonaws.com=arn:aws:iam::123456789012:role/task", p)
		}
		service = roles.ServicePrincipal(service)
		f.opts.PassRoles[service] = append(f.opts.PassRoles[service], role)
	}
	return nil
}

func (f *generateFlags) readTaskDefinitions() error {
	for _, name := range f.taskDefinitions {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		td, findings := ecs.ParseTaskDefinition(source.NewFile(name, string(text)))
		if findings.HasErrors() {
			var b strings.Builder
			for _, finding := range findings.Sorted() {
				if err := finding.WriteText(&b); err != nil {
					return err
				}
			}
			return fmt.Errorf("--task-definition:\n%s", strings.TrimRight(b.String(), "\n"))
		}
		f.opts.TaskDefinitions = append(f.opts.TaskDefinitions, td)
	}
	return nil
}

// machineName is the name of a file up to its first dot; "" for standard input.
func machineName(input string) string {
	name, _, _ := strings.Cut(filepath.Base(input), ".")
	return strings.Trim(name, "-")
}

func pairs(flag string, values []string) (map[string]string, error) {
	m := make(map[string]string, len(values))
	for _, v := range values {
		key, value, ok := strings.Cut(v, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%s %q: write KEY=VALUE", flag, v)
		}
		m[key] = value
	}
	return m, nil
}

func (f *generateFlags) generate(input, text string) result {
	machine, findings := asl.Parse(source.NewFile(inputName(input), text), asl.Options{Substitutions: f.values, AllowPlaceholders: f.allowPlaceholders})
	r := result{input: input, audience: f.audience, findings: findings}
	if machine == nil {
		return r
	}
	role, access, more := f.make(machine)
	r.badUsage = roles.BadOptions(more)
	if findings.HasErrors() {
		role, access, more = nil, nil, aboutDefinition(more)
	}
	r.role, r.access, r.findings = role, access, append(r.findings, more...).Sorted()
	return r
}

// aboutDefinition leaves out what is said of a role that is not printed.
func aboutDefinition(findings source.List) source.List {
	return slices.DeleteFunc(findings, func(f source.Finding) bool { return f.File == nil && f.Severity == source.Suggestion })
}

func printFindings(e *env, results []result) {
	for _, r := range results {
		for _, finding := range r.findings {
			_ = finding.WriteText(e.stderr) // nothing is left to tell a failure to
		}
	}
}

// deliver writes the result to its place. A file is written only when every
// input gave a role, so that an old one is not lost to a mistake.
func (f *generateFlags) deliver(e *env, out []byte, results []result) error {
	if f.output == "" {
		_, err := e.stdout.Write(out)
		return err
	}
	for _, r := range results {
		if r.failed() && f.format != "json" {
			return nil
		}
	}
	return writeFile(f.output, out)
}

func exitCode(results []result, failLevel source.Severity) error {
	code := exitOK
	for _, r := range results {
		worst, any := r.findings.Worst()
		switch {
		case r.badUsage:
			return exit(exitUsage)
		case any && worst >= failLevel || r.failed():
			code = exitFindings
		case code == exitOK && (r.undecided || roles.Undecided(r.findings)):
			code = exitUndecided
		}
	}
	if code == exitOK {
		return nil
	}
	return exit(code)
}
