package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

func (f *auditFlags) registerTask(cmd *cobra.Command) {
	f.task.register(cmd)
	cmd.Flags().StringVar(&f.ecsRole, "ecs-role", "", "task definition: which of its roles the role is: "+strings.Join(taskRoleNames(), ", ")+" (default: what the task definition calls so, else execution)")
	complete(cmd, "ecs-role", taskRoleNames()...)
}

func taskRoleNames() (names []string) {
	for _, kind := range roles.TaskRoleKinds() {
		names = append(names, string(kind))
	}
	return names
}

// examineTask audits a role of a task definition.
func (f *auditFlags) examineTask(e *env, r *auditResult, held roles.Held, text string) (*auditResult, error) {
	kind := roles.TaskRoleKind(f.ecsRole)
	if kind != "" && !slices.Contains(roles.TaskRoleKinds(), kind) {
		return nil, fmt.Errorf("unknown --ecs-role %q: one of %s", f.ecsRole, strings.Join(taskRoleNames(), ", "))
	}
	td, findings := ecs.ParseTaskDefinition(source.NewFile(r.input, text))
	svc, more, err := f.readService(e, r.input)
	if err != nil {
		return nil, err
	}
	ofCluster, err := f.task.readCluster(e, r.input)
	if err != nil {
		return nil, err
	}
	findings = append(append(findings, more...), ofCluster...)
	if r.findings = append(r.findings, findings...); findings.HasErrors() {
		return r, nil
	}
	if kind == "" {
		kind = roles.KindOfTaskRole(&td, held.ARN)
	}
	audit, more := roles.AuditTaskRole(&td, svc, kind, held, f.opts, f.task.opts)
	r.audit, r.findings = audit, append(r.findings, more...)
	r.usage = audit == nil && !slices.ContainsFunc(more, func(f source.Finding) bool {
		return f.Severity == source.Error && (f.File == td.File || svc != nil && f.File == svc.File)
	})
	return r, nil
}
