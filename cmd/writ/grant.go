package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// grantFlags are the flags of writ grant ecs.
type grantFlags struct {
	ask            roles.Ask
	taskDefinition string
	format         string
	failLevel      string
}

func newGrant(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grant",
		Short: "Write the policy for somebody who uses a service",
		Args:  takesCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGrantECS(e))
	return cmd
}

func newGrantECS(e *env) *cobra.Command {
	var f grantFlags
	var list strings.Builder
	var names []string
	for _, a := range roles.Abilities() {
		fmt.Fprintf(&list, "  %-26s %s\n", a.Name, a.What)
		names = append(names, a.Name)
	}
	cmd := &cobra.Command{
		Use:   "ecs --can ABILITY,...",
		Short: "Write the policy for somebody who uses Amazon ECS",
		Long: `Grant ecs writes the policy for somebody who uses Amazon ECS. Each action gets
the resources that it takes and, where these do not name the cluster, the
condition ecs:cluster. Roles of tasks may be passed to ECS tasks alone.

An ability is an action, such as ecs:RunTask or ecs:Describe*, or one of

` + list.String() + `
Exit codes: 0 done; 1 findings at or above --fail-level; 2 wrong usage; 3 roles
that tasks may have are not known.`,
		Example: "  writ grant ecs --can run-tasks,describe --cluster prod --family web --account 123456789012 --region eu-west-1 --role arn:aws:iam::123456789012:role/webTask",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return f.run(e) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	a := &f.ask
	commaListVar(flags, &a.Can, "can", "what the user can do: abilities or actions")
	flags.StringVar(&a.Account, "account", "", "account of the cluster, 12 digits")
	flags.StringVar(&a.Region, "region", "", "Region of the cluster")
	flags.StringVar(&a.Partition, "partition", "", "partition (default: that of the Region, else aws)")
	flags.StringVar(&a.Cluster, "cluster", "", "name of the cluster (default: any)")
	flags.StringVar(&a.Family, "family", "", "family of task definitions (default: any)")
	flags.StringVar(&a.Service, "service", "", "name of the service (default: any)")
	flags.StringVar(&a.Task, "task", "", "id of the task (default: any)")
	flags.StringVar(&a.Instance, "instance", "", "id of the container instance (default: any)")
	listVar(flags, &a.Roles, "role", "ARN of a role of the tasks (repeatable)")
	flags.StringVar(&f.taskDefinition, "task-definition", "", "file with the task definition, for its family and roles")
	flags.BoolVar(&a.NoPassRole, "no-pass-role", false, "roles of tasks are granted elsewhere")
	formatVar(cmd, &f.format, "text", "json", "document")
	failLevelVar(cmd, &f.failLevel)
	complete(cmd, "can", names...)
	cobra.CheckErr(cmd.MarkFlagRequired("can"))
	return cmd
}

func (f *grantFlags) run(e *env) error {
	if err := checkFormat(f.format, "text", "json", "document"); err != nil {
		return err
	}
	failLevel, err := source.ParseSeverity(f.failLevel)
	if err != nil {
		return fmt.Errorf("--fail-level: %w", err)
	}
	if err := f.readTaskDefinition(e); err != nil {
		return err
	}
	access, findings := roles.GrantECS(f.ask)
	r := result{input: "ecs", audience: "user", access: access, findings: findings, badUsage: roles.BadOptions(findings)}
	if err := f.write(e, r); err != nil {
		return err
	}
	return exitCode([]result{r}, failLevel)
}

func (f *grantFlags) write(e *env, r result) error {
	if f.format == "json" {
		return writeAccessJSON(e.stdout, r)
	}
	printFindings(e, []result{r})
	switch {
	case r.access == nil:
		return nil
	case f.format == "document":
		return printDocument(e, r.access.Document)
	}
	return writeText(e.stdout, e, []result{r})
}

// readTaskDefinition takes the family and the roles from a task definition,
// unless flags say them.
func (f *grantFlags) readTaskDefinition(e *env) error {
	if f.taskDefinition == "" {
		return nil
	}
	text, err := readInput(e, f.taskDefinition)
	if err != nil {
		return err
	}
	td, findings := ecs.ParseTaskDefinition(source.NewFile(inputName(f.taskDefinition), text))
	if findings.HasErrors() {
		return fmt.Errorf("--task-definition:\n%s", findingsText(findings))
	}
	if f.ask.Family == "" {
		f.ask.Family = td.Family
	}
	for _, role := range []string{td.TaskRole, td.ExecutionRole} {
		switch {
		case role == "":
		case strings.HasPrefix(role, "arn:"):
			f.ask.Roles = append(f.ask.Roles, role)
		case f.ask.Account == "":
			return errors.New("the task definition names roles without their account: give --account")
		default:
			at := managed.Place{Partition: f.ask.Partition, Region: f.ask.Region, Account: f.ask.Account}
			f.ask.Roles = append(f.ask.Roles, at.Fill("arn:{partition}:iam::{account}:role/"+role))
		}
	}
	if len(f.ask.Roles) == 0 {
		f.ask.NoPassRole = true // there is none to pass
	}
	return nil
}
