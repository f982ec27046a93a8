package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/render"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// templateWords are the members that tell a template; a text without any of them
// is none, and need not be parsed to know it.
var templateWords = []string{"Resources", "AWSTemplateFormatVersion", "Transform", "artifacts", "planned_values", "resource_changes"}

// isTemplate reports whether an input is a template.
func isTemplate(file *source.File) bool {
	if strings.HasSuffix(file.Name, ".tf") || strings.HasSuffix(file.Name, ".tf.json") {
		return true
	}
	return slices.ContainsFunc(templateWords, func(word string) bool { return strings.Contains(file.Text, word) }) &&
		template.Detect(file) != template.Unknown
}

// refuse refuses flags about templates for an input that is none.
func (f *templateFlags) refuse(cmd *cobra.Command, input string) error {
	names := []string{"machine"}
	if !f.used {
		names = append(names, templateFlagNames...)
	}
	for _, name := range names {
		if flag := cmd.Flags().Lookup(name); flag != nil && flag.Changed {
			return fmt.Errorf("--%s is about templates, and %s is none", name, input)
		}
	}
	return nil
}

// generateTemplate makes the roles of the machines in a template, a result for
// each.
func (f *generateFlags) generateTemplate(e *env, input string, file *source.File, used map[string]bool) ([]result, error) {
	t, machines, findings, err := f.readMachines(e, file)
	if err != nil {
		return nil, err
	}
	if len(machines) == 0 {
		return []result{{input: input, audience: f.audience, findings: findings}}, nil
	}
	var results []result
	of := divide(findings, machines, t.Incomplete)
	for i, m := range machines {
		r := result{input: input, audience: f.audience, template: t, machine: m, undecided: m.Incomplete || i == 0 && t.Incomplete, findings: of[i]}
		f.generateMachine(&r, used)
		results = append(results, r)
	}
	return results, nil
}

// readMachines reads a template and picks the machines that are asked for. Where
// there is none, a finding says so.
func (f *generateFlags) readMachines(e *env, file *source.File) (*template.Template, []*template.Machine, source.List, error) {
	if len(f.substitutions) > 0 {
		return nil, nil, nil, fmt.Errorf("--substitution fills a definition that stands alone; a template fills its own, from --parameter")
	}
	t, findings, err := f.template.read(e, file, &f.opts)
	if err != nil || t == nil {
		return nil, nil, findings, err
	}
	var machines []*template.Machine
	var names []string
	for i := range t.Machines {
		m := &t.Machines[i]
		names = append(names, m.ID())
		if len(f.machines) == 0 || slices.Contains(f.machines, m.Name) || slices.Contains(f.machines, m.ID()) {
			machines = append(machines, m)
		}
	}
	for _, name := range f.machines {
		if !slices.ContainsFunc(machines, func(m *template.Machine) bool { return m.Name == name || m.ID() == name }) {
			var finder near.Finder
			return nil, nil, nil, fmt.Errorf("%s has no state machine %q: %s", file.Name, name, orElse(finder.Hint(name, names), "it has "+orElse(strings.Join(names, ", "), "none")))
		}
	}
	if len(machines) == 0 {
		findings = append(findings, source.Finding{Code: "NO_STATE_MACHINE", Severity: source.Error, File: file,
			Span: source.Span{End: min(1, int32(len(file.Text)))}, Message: "the template has no state machine",
			Hint: "writ generate reads AWS::StepFunctions::StateMachine, AWS::Serverless::StateMachine and aws_sfn_state_machine"})
	}
	if len(machines) > 1 && f.opts.Name != "" {
		return nil, nil, nil, fmt.Errorf("--name is the name of one state machine, and %s has %d; pick one with --machine", file.Name, len(machines))
	}
	return t, machines, findings, nil
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// divide gives each machine the findings about it, and the first one those about
// the rest of the template that matter to machines: errors, and where machines
// could be missing, all.
func divide(findings source.List, machines []*template.Machine, incomplete bool) []source.List {
	out := make([]source.List, len(machines))
	for _, finding := range findings {
		at := slices.IndexFunc(machines, func(m *template.Machine) bool { return partOf(finding, m) })
		if at < 0 && (finding.Severity == source.Error || incomplete) {
			at = 0
		}
		if at >= 0 {
			out[at] = append(out[at], finding)
		}
	}
	return out
}

// generateMachine makes the role of one machine.
func (f *generateFlags) generateMachine(r *result, used map[string]bool) {
	m := r.machine
	broken := m.Definition == nil || slices.ContainsFunc(r.findings, func(finding source.Finding) bool {
		return finding.Severity == source.Error && partOf(finding, m)
	})
	if broken {
		if !r.findings.HasErrors() {
			r.findings = append(r.findings, unreadableMachine(m))
		}
		return
	}
	own := *f
	opts, more := machineOf(r.template, m, f.opts, f.cmd.Flags().Changed)
	opts.RoleName = render.UniqueName(opts.RoleName, "_-", used)
	own.opts = opts
	if made := r.template.OwnRoleOf(m); made != nil && own.audience == forDeployer && own.deployment.ExecutionRole == "" {
		own.deployment.ExecutionRole = made.ARN
	}
	r.findings = append(r.findings, more...)
	role, access, more := own.make(m.Definition)
	if !f.cmd.Flags().Changed("name") { // who deploys a template knows where
		more = slices.DeleteFunc(more, func(finding source.Finding) bool { return finding.Code == "CONTEXT_UNKNOWN" })
	}
	r.role, r.access, r.findings = role, access, append(r.findings, more...)
	r.badUsage = roles.BadOptions(more)
	if f.isTemplateFormat() {
		r.checkReferences(render.Format(f.format))
	}
	r.findings = r.findings.Sorted()
}

// machineName names the machine of a template; "" for one that stands alone.
func (r *result) machineName() string {
	if r.machine == nil {
		return ""
	}
	return r.machine.ID()
}
