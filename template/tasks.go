package template

import (
	"github.com/writ-iam/writ/ecs"
)

// readTask reads an AWS::ECS::TaskDefinition, as far as it concerns access.
func (s *stack) readTask(r *resource) {
	t := Task{Place: s.place(r, nil)}
	t.Incomplete = !s.whole(func() {
		t.Task = s.referenceOf(r.property("TaskRoleArn"))
		t.Execution = s.referenceOf(r.property("ExecutionRoleArn"))
		family, _ := s.namePart(r, "Family")
		if family == "" {
			family = s.hole(Hole{Name: r.name + ".Family", Why: "Family of " + r.kind, plain: true})
		}
		t.TaskDefinition = ecs.TaskDefinition{Family: family, TaskRole: t.Task.Text, ExecutionRole: t.Execution.Text, Span: t.Place.Span}
	})
	s.session.out.Tasks = append(s.session.out.Tasks, t)
}
