package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// The kinds of inputs of writ generate.
const (
	kindMachine = "state-machine"
	kindTask    = "task-definition"
)

// taskFlags are the flags about ECS task definitions.
type taskFlags struct {
	kind    string // of the inputs; "" is seen from each
	service string // file with the service
	cluster string // file with the cluster
	opts    roles.TaskOptions
	cmd     *cobra.Command
}

func (f *taskFlags) register(cmd *cobra.Command) {
	f.cmd = cmd
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "kind", "", "what the inputs are: "+kindMachine+" or "+kindTask+" (default: seen from each)")
	flags.StringVar(&f.service, "service", "", "task definition: file with the ECS service that runs it")
	flags.StringVar(&f.opts.Cluster, "cluster", "", "task definition: name of the cluster (default: that of the service)")
	flags.StringVar(&f.cluster, "cluster-configuration", "", "task definition: file with the cluster, which says how sessions of ECS Exec are logged and encrypted")
	flags.BoolVar(&f.opts.Scheduled, "scheduled", false, "task definition: rules of EventBridge run the task")
	flags.BoolVar(&f.opts.PropagateTags, "propagate-tags", false, "task definition: with --scheduled: the rules tag the tasks that they run")
	flags.BoolVar(&f.opts.ExecuteCommand, "execute-command", false, "task definition: tasks are run with ECS Exec")
	commaListVar(flags, &f.opts.PullThrough, "pull-through-cache", "task definition: what repositories begin with that ECR fills from elsewhere, such as docker-hub")
	complete(cmd, "kind", kindMachine, kindTask)
}

// Flags that say nothing about a task definition, or nothing about a machine.
var (
	machineOnly = []string{"style", "name", "type", "tracing", "logging", "redrive", "pass-role", "task-definition", "no-pass-role", "substitution",
		"allow-placeholders", "any-account", "for", "execution-role", "deploy-also", "check"}
	taskOnly = []string{"service", "cluster", "cluster-configuration", "scheduled", "propagate-tags", "execute-command", "pull-through-cache"}
)

// kindOf says what an input is, and refuses flags that are about the other kind.
func (f *taskFlags) kindOf(input, text string) (string, error) {
	kind, others, what := f.kind, taskOnly, "state machines"
	switch seen := ecs.KindOf(text); {
	case kind != "" && kind != kindMachine && kind != kindTask:
		return "", fmt.Errorf("unknown --kind %q: one of %s, %s", kind, kindMachine, kindTask)
	case kind == "" && seen == ecs.KindTaskDefinition:
		kind = kindTask
	case kind == "" && seen == ecs.KindService:
		return "", fmt.Errorf("%s is an ECS service: give its task definition, and the service with --service", input)
	case kind == "":
		kind = kindMachine
	}
	if kind == kindTask {
		others, what = machineOnly, "task definitions"
	}
	for _, name := range others {
		if f.cmd.Flags().Changed(name) {
			return "", fmt.Errorf("--%s says nothing about %s, and %s is one of them", name, what, input)
		}
	}
	return kind, nil
}

// generateTask makes the roles of a task definition: one result for each. What
// was found stands with the first.
func (f *generateFlags) generateTask(e *env, input, text string) ([]result, error) {
	if f.opts.Trust == roles.TrustMachine {
		return nil, errors.New("--trust machine is about state machines: ECS does not say for which task it assumes a role; use account or plain")
	}
	td, findings := ecs.ParseTaskDefinition(source.NewFile(inputName(input), text))
	svc, more, err := f.readService(e, input)
	if err != nil {
		return nil, err
	}
	ofCluster, err := f.task.readCluster(e, input)
	if err != nil {
		return nil, err
	}
	findings = append(append(findings, more...), ofCluster...)
	if findings.HasErrors() {
		return []result{{input: input, audience: f.audience, task: true, findings: findings.Sorted()}}, nil
	}
	made, more := roles.GenerateTask(&td, svc, f.opts, f.task.opts)
	findings = append(findings, more...).Sorted()
	if len(made) == 0 {
		return []result{{input: input, audience: f.audience, task: true, none: !findings.HasErrors(), findings: findings, badUsage: roles.BadOptions(findings)}}, nil
	}
	results := make([]result, len(made))
	for i, role := range made {
		results[i] = result{input: input, audience: f.audience, task: true, kind: role.Kind, role: role.Role}
	}
	results[0].findings = findings
	return results, nil
}

func (f *generateFlags) readService(e *env, input string) (*ecs.Service, source.List, error) {
	name := f.task.service
	if name == "" {
		return nil, nil, nil
	}
	if name == "-" && input == "-" {
		return nil, nil, errors.New("standard input is either the task definition or the service")
	}
	text, err := readInput(e, name)
	if err != nil {
		return nil, nil, err
	}
	svc, findings := ecs.ParseService(source.NewFile(inputName(name), text))
	return &svc, findings, nil
}

// readCluster reads the file with the cluster into the options.
func (f *taskFlags) readCluster(e *env, input string) (source.List, error) {
	name := f.cluster
	if name == "" {
		return nil, nil
	}
	if name == "-" && (input == "-" || f.service == "-") {
		return nil, errors.New("standard input is one of the task definition, the service and the cluster")
	}
	text, err := readInput(e, name)
	if err != nil {
		return nil, err
	}
	cluster, findings := ecs.ParseCluster(source.NewFile(inputName(name), text))
	f.opts.Configuration = &cluster
	return findings, nil
}

// managedPolicies prints the policies of AWS that are attached to a role.
func (p *textPrinter) managedPolicies(r *roles.Role) {
	for _, arn := range r.ManagedPolicies {
		p.printf("attached policy %s\n", arn)
	}
}

// roleTitle is what a role is called above its documents.
func roleTitle(kind roles.TaskRoleKind) string {
	if kind == "" {
		return "role"
	}
	return strings.TrimSpace(string(kind) + " role")
}
