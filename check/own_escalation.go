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
	lasting bool // it changes what a user or role may do; else it borrows the rights of something
}

// ways are what is known to lead to more rights. iam:PassRole belongs to each that
// has a service.
//
// Sources: the API references of the services: each lets the caller run code, or
// act, with the rights of a role that it names, or change the rights of a user or
// role. Public collections of such ways were used to see that none is missing.
var ways = []way{
	{"", []string{"iam:CreateAccessKey"}, true},
	{"", []string{"iam:CreateLoginProfile"}, true},
	{"", []string{"iam:UpdateLoginProfile"}, true},
	{"", []string{"iam:AddUserToGroup"}, true},
	{"", []string{"iam:CreatePolicyVersion"}, true},
	{"", []string{"iam:SetDefaultPolicyVersion"}, true},
	{"", []string{"iam:AttachUserPolicy"}, true},
	{"", []string{"iam:AttachGroupPolicy"}, true},
	{"", []string{"iam:AttachRolePolicy"}, true},
	{"", []string{"iam:PutUserPolicy"}, true},
	{"", []string{"iam:PutGroupPolicy"}, true},
	{"", []string{"iam:PutRolePolicy"}, true},
	{"", []string{"iam:UpdateAssumeRolePolicy"}, true},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition", "ecs:RunTask"}, false},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition", "ecs:StartTask"}, false},
	{"ecs-tasks.amazonaws.com", []string{"ecs:RegisterTaskDefinition", "ecs:CreateService"}, false},
	{"ecs-tasks.amazonaws.com", []string{"batch:RegisterJobDefinition", "batch:SubmitJob"}, false},
	{"ec2.amazonaws.com", []string{"ec2:RunInstances"}, false},
	{"lambda.amazonaws.com", []string{"lambda:CreateFunction", "lambda:InvokeFunction"}, false},
	{"lambda.amazonaws.com", []string{"lambda:CreateFunction", "lambda:AddPermission"}, false},
	{"lambda.amazonaws.com", []string{"lambda:CreateFunction", "lambda:CreateEventSourceMapping"}, false},
	{"cloudformation.amazonaws.com", []string{"cloudformation:CreateStack"}, false},
	{"cloudformation.amazonaws.com", []string{"cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"}, false},
	{"glue.amazonaws.com", []string{"glue:CreateDevEndpoint"}, false},
	{"glue.amazonaws.com", []string{"glue:CreateJob", "glue:StartJobRun"}, false},
	{"codebuild.amazonaws.com", []string{"codebuild:CreateProject", "codebuild:StartBuild"}, false},
	{"codepipeline.amazonaws.com", []string{"codepipeline:CreatePipeline"}, false},
	{"sagemaker.amazonaws.com", []string{"sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"}, false},
	{"sagemaker.amazonaws.com", []string{"sagemaker:CreateTrainingJob"}, false},
	{"sagemaker.amazonaws.com", []string{"sagemaker:CreateProcessingJob"}, false},
	{"tasks.apprunner.amazonaws.com", []string{"apprunner:CreateService"}, false},
	{"bedrock-agentcore.amazonaws.com", []string{"bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"}, false},
	{"datapipeline.amazonaws.com", []string{"datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"}, false},
	{"states.amazonaws.com", []string{"states:CreateStateMachine", "states:StartExecution"}, false},
	{"scheduler.amazonaws.com", []string{"scheduler:CreateSchedule"}, false},
	{"elasticmapreduce.amazonaws.com", []string{"elasticmapreduce:RunJobFlow"}, false},
	{"", []string{"lambda:UpdateFunctionCode"}, false},
	{"", []string{"glue:UpdateDevEndpoint"}, false},
	{"", []string{"cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"}, false},
	{"", []string{"ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"}, false},
	{"", []string{"ecs:ExecuteCommand", "ecs:DescribeTasks"}, false},
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

const (
	codeEscalation = "WRIT_PRIVILEGE_ESCALATION"
	codeBorrowed   = "WRIT_BORROWED_RIGHTS"
)

// escalation decides the requests of each way, and reports the first that all are
// allowed. Whoever may do everything needs no way. Ways that only borrow the rights of
// what the policy names are those that it was written for, most likely.
func escalation(r *run) {
	if len(r.statements) > maxStatements || !r.filled && r.allowsAll() {
		return
	}
	named := r.named()
	answers := make(map[string]sample)
	var open, borrowed wayList
	asked := false
	for i, w := range ways {
		if !stepsOfWays().ways[i].within(named) {
			continue
		}
		asked = true
		if requests, limited := r.follow(w, answers); limited {
			borrowed.add(w, requests)
		} else if requests != nil {
			open.add(w, requests)
		}
	}
	if open.shown != nil {
		r.report(codeEscalation, r.whereAllowed(open.last()), "name resources, limit iam:PassedToService, or set a permissions boundary",
			"this leads to more rights: %s%s", strings.Join(open.shown, ", then "), open.others())
	} else if borrowed.shown != nil {
		r.report(codeBorrowed, r.whereAllowed(borrowed.last()), "see that they are no more than who has the policy should have",
			"whoever has the policy can use the rights of what it names: %s%s", strings.Join(borrowed.shown, ", then "), borrowed.others())
	} else if asked && r.denyUnknown {
		r.undecided[codeEscalation]++
	}
}

// allowsAll reports whether the policy allows everything, and denies nothing.
func (r *run) allowsAll() bool {
	all := false
	for i := range r.statements {
		s := &r.statements[i]
		if s.denies() {
			return false
		}
		open := s.allows() && s.Condition == nil && !s.actions.not && !s.resources.not
		all = all || open && slices.ContainsFunc(s.actions.entries, anything) && slices.ContainsFunc(s.resources.entries, anything)
	}
	return all
}

func anything(e entry) bool { return starred(e.text) }

// wayList collects ways that a policy leaves open.
type wayList struct {
	names []string
	shown []string // requests of the first
}

func (l *wayList) add(w way, requests []string) {
	l.names = append(l.names, strings.Join(w.actions, " + "))
	if l.shown == nil {
		l.shown = requests
	}
}

// last is the action of the last request.
func (l *wayList) last() string {
	action, _, _ := strings.Cut(l.shown[len(l.shown)-1], " ")
	return action
}

func (l *wayList) others() string {
	if len(l.names) < 2 {
		return ""
	}
	return "; also with " + few(l.names[1:])
}

// follow returns the requests of a way, if the policy allows all of them, and whether it
// names whose rights they are.
func (r *run) follow(w way, answers map[string]sample) (requests []string, limited bool) {
	ask := func(action string, extra ...authz.Entry) (sample, bool) {
		key := action
		for _, e := range extra {
			key += " " + e.Values[0]
		}
		s, asked := answers[key]
		if !asked {
			s = r.allowed(action, someCaller, extra...)
			answers[key] = s
		}
		requests = append(requests, action+" on "+s.resource)
		return s, s.resource != ""
	}
	for _, action := range w.actions {
		s, ok := ask(action)
		if !ok {
			return nil, false
		}
		limited = limited || s.named
	}
	if w.service != "" {
		s, ok := ask("iam:PassRole", authz.Entry{Key: "iam:PassedToService", Values: []string{w.service}})
		if !ok {
			return nil, false
		}
		limited = s.named
	}
	return requests, limited && !w.lasting
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
