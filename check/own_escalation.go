package check

import (
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/authz"
)

// aboutEscalation is about ways to more rights.
var aboutEscalation = &finder{document: escalation}

// way is a set of actions with which a caller gets more rights: all are needed.
// With a service, the first is to hand a role to it.
type way struct {
	service string // that is passed a role; "" when none is
	actions []string
}

// ways are what is known to lead to more rights. iam:PassRole belongs to each that
// has a service.
//
// Sources: the API references of the services: each lets the caller run code, or
// act, with the rights of a role that it names, or change the rights of a user or
// role. Public collections of such ways were used to see that none is missing.
var ways = []way{
	{"", []string{"iam:CreateAccessKey"}},
	{"", []string{"iam:CreateLoginProfile"}},
	{"", []string{"iam:UpdateLoginProfile"}},
	{"", []string{"iam:AddUserToGroup"}},
	{"", []string{"iam:CreatePolicyVersion"}},
	{"", []string{"iam:SetDefaultPolicyVersion"}},
	{"", []string{"iam:AttachUserPolicy"}},
	{"", []string{"iam:AttachGroupPolicy"}},
	{"", []string{"iam:AttachRolePolicy"}},
	{"", []string{"iam:PutUserPolicy"}},
	{"", []string{"iam:PutGroupPolicy"}},
	{"", []string{"iam:PutRolePolicy"}},
	{"", []string{"iam:UpdateAssumeRolePolicy"}},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition", "ecs:RunTask"}},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition", "ecs:StartTask"}},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition", "ecs:CreateService"}},
	{"ecs-tasks.amazonaws.com", []string{"batch:RegisterJobDefinition", "batch:SubmitJob"}},
	{"ec2.amazonaws.com", []string{"ec2:RunInstances"}},
	{"lambda.amazonaws.com", []string{"lambda:CreateFunction", "lambda:InvokeFunction"}},
	{"lambda.amazonaws.com", []string{"lambda:CreateFunction", "lambda:AddPermission"}},
	{"lambda.amazonaws.com", []string{"lambda:CreateFunction", "lambda:CreateEventSourceMapping"}},
	{"cloudformation.amazonaws.com", []string{"cloudformation:CreateStack"}},
	{"cloudformation.amazonaws.com", []string{"cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"}},
	{"glue.amazonaws.com", []string{"glue:CreateDevEndpoint"}},
	{"glue.amazonaws.com", []string{"glue:CreateJob", "glue:StartJobRun"}},
	{"codebuild.amazonaws.com", []string{"codebuild:CreateProject", "codebuild:StartBuild"}},
	{"codepipeline.amazonaws.com", []string{"codepipeline:CreatePipeline"}},
	{"sagemaker.amazonaws.com", []string{"sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"}},
	{"sagemaker.amazonaws.com", []string{"sagemaker:CreateTrainingJob"}},
	{"sagemaker.amazonaws.com", []string{"sagemaker:CreateProcessingJob"}},
	{"tasks.apprunner.amazonaws.com", []string{"apprunner:CreateService"}},
	{"bedrock-agentcore.amazonaws.com", []string{"bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"}},
	{"datapipeline.amazonaws.com", []string{"datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"}},
	{"states.amazonaws.com", []string{"states:CreateStateMachine", "states:StartExecution"}},
	{"scheduler.amazonaws.com", []string{"scheduler:CreateSchedule"}},
	{"elasticmapreduce.amazonaws.com", []string{"elasticmapreduce:RunJobFlow"}},
	{"", []string{"lambda:UpdateFunctionCode"}},
	{"", []string{"glue:UpdateDevEndpoint"}},
	{"", []string{"cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"}},
	{"", []string{"ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"}},
	{"", []string{"ecs:ExecuteCommand", "ecs:DescribeTasks"}},
}

// steps is a set of the actions that ways have, a bit for each.
type steps [2]uint64

func (s steps) or(t steps) steps    { return steps{s[0] | t[0], s[1] | t[1]} }
func (s steps) within(t steps) bool { return s.or(t) == t }

// stepIndex has the actions of all ways, each once, and says which bit each is. The
// steps of a way stand at its index.
type stepIndex struct {
	names []string
	of    map[string]steps
	ways  []steps
}

var stepsOfWays = sync.OnceValue(func() *stepIndex {
	x := &stepIndex{of: make(map[string]steps), ways: make([]steps, len(ways))}
	for i := range ways {
		for _, name := range ways[i].needs() {
			if _, known := x.of[name]; !known {
				var s steps
				s[len(x.names)/64] = 1 << (len(x.names) % 64)
				x.of[name] = s
				x.names = append(x.names, name)
			}
			x.ways[i] = x.ways[i].or(x.of[name])
		}
	}
	return x
})

// needs are all actions of a way.
func (w *way) needs() []string {
	if w.service == "" {
		return w.actions
	}
	return append(slices.Clip(w.actions), "iam:PassRole")
}

// named returns the steps that the statements which allow something name. Only they
// can be allowed: it is for ruling ways out at a glance.
func (r *run) named() (all steps) {
	for i := range r.statements {
		if s := &r.statements[i]; s.allows() {
			all = all.or(s.steps())
		}
	}
	return all
}

func (s *statement) steps() (all steps) {
	if s.actions.not {
		return matching(s.patterns.Match)
	}
	for i := range s.actions.entries {
		switch e := &s.actions.entries[i]; {
		case e.action != nil:
			all = all.or(e.action.steps)
		case hasWildcard(e.text):
			all = all.or(matching(s.patterns.Entries[i].Match))
		}
	}
	return all
}

func matching(match func(action string) bool) (all steps) {
	for _, name := range stepsOfWays().names {
		if match(name) {
			all = all.or(stepsOfWays().of[name])
		}
	}
	return all
}

// escalation decides the requests of each way, and reports the first that all are
// allowed. Whoever may do everything needs no way.
func escalation(r *run) {
	if len(r.statements) > maxStatements {
		return
	}
	named := r.named()
	answers := make(map[string]string)
	var open []string
	var shown []string
	for i, w := range ways {
		if !stepsOfWays().ways[i].within(named) {
			continue
		}
		if requests := r.follow(w, answers); requests != nil {
			open = append(open, strings.Join(w.actions, " + "))
			if shown == nil {
				shown = requests
			}
		}
	}
	if len(open) == 0 {
		return
	}
	more := ""
	if len(open) > 1 {
		more = "; also with " + few(open[1:])
	}
	at := r.whereAllowed(strings.Fields(shown[len(shown)-1])[0])
	r.report("WRIT_PRIVILEGE_ESCALATION", at, "name resources, limit iam:PassedToService, or set a permissions boundary",
		"this leads to more rights: %s%s", strings.Join(shown, ", then "), more)
}

// follow returns the requests of a way, if the policy allows all of them.
func (r *run) follow(w way, answers map[string]string) []string {
	var requests []string
	ask := func(action string, extra ...authz.Entry) bool {
		key := action
		for _, e := range extra {
			key += " " + e.Values[0]
		}
		resource, asked := answers[key]
		if !asked {
			resource = r.allowed(action, someCaller, extra...)
			answers[key] = resource
		}
		requests = append(requests, action+" on "+resource)
		return resource != ""
	}
	for _, action := range w.actions {
		if !ask(action) {
			return nil
		}
	}
	if w.service != "" && !ask("iam:PassRole", authz.Entry{Key: "iam:PassedToService", Values: []string{w.service}}) {
		return nil
	}
	return requests
}

// whereAllowed is the entry that allows an action.
func (r *run) whereAllowed(action string) place {
	for i := range r.statements {
		s := &r.statements[i]
		if !s.allows() || !s.patterns.Match(action) {
			continue
		}
		if s.actions.not {
			return s.actions.place()
		}
		return s.entryFor(action).place()
	}
	return place{at: r.root, span: r.doc.Span}
}
