package roles

import "github.com/writ-iam/writ/source"

// AuditCode describes a code of what an audit finds.
type AuditCode struct {
	Code     string
	Severity source.Severity // that it has as a rule
	Summary  string          // a sentence without a full stop
	Help     string
}

// AuditCodes are the codes of audits, what is worst first.
var auditCodes = []AuditCode{
	{"MISSING_PERMISSION", source.Error, "A call of the machine is not allowed by its role", "Allow the action on the resource that is named, under the conditions that are named."},
	{"DENIED_PERMISSION", source.Error, "A call of the machine is denied by a Deny of its role", "Change or remove the Deny statement; no Allow helps against it."},
	{"TRUST_MISSING", source.Error, "Step Functions may not assume the role", "Let states.amazonaws.com assume the role in its trust policy."},
	{"COMPLETION_BY_EVENTS_ONLY", source.Warning, "The end of a job is learned from an event alone", "Allow the polling actions: without them an execution is stuck when the event is lost. Test it without events, by deleting the managed rule in a development account or in Step Functions Local."},
	{"COMPLETION_BY_POLLING_ONLY", source.Warning, "The end of a job is learned by polling alone", "Allow events:PutTargets, events:PutRule and events:DescribeRule on the managed rule."},
	{"CANNOT_CANCEL", source.Warning, "A job runs on when its execution is stopped", "Allow the action that stops the job."},
	{"PASS_ROLE_TO_ANY_SERVICE", source.SecurityWarning, "iam:PassRole without iam:PassedToService", "Name the service in a condition on iam:PassedToService."},
	{"PASS_ROLE_ON_ANY_ROLE", source.SecurityWarning, "iam:PassRole on every role", "Name the roles that are passed."},
	{"WILDCARD_RESOURCE", source.Warning, "Every resource, where the calls name the ones they need", "Name the resources."},
	{"TRUST_WITHOUT_SOURCE_GUARD", source.SecurityWarning, "The trust policy does not say for which machines", "Add conditions on aws:SourceArn and aws:SourceAccount."},
	{"TRUST_OPEN", source.SecurityWarning, "Principals of any account may assume the role", "Name the principals, or their organization."},
	{"EXCESS_ACTION", source.Warning, "An action that no call needs", "Leave it out."},
	{"EXCESS_RESOURCE", source.Warning, "A resource that no call needs, or a wider one than they need", "Name what the calls need."},
	{"CONDITION_WOULD_NARROW", source.Suggestion, "A condition that all calls meet is not asked for", "Add the condition."},
	{"PERMISSION_UNDECIDED", source.Warning, "Whether a call is allowed hangs on something that is not known", "Say what is not known, or allow all that may be meant."},
	{"TRUST_UNDECIDED", source.Warning, "Whether Step Functions may assume the role is not decided", "Say where the machine lives."},
	{"POLICY_NOT_GIVEN", source.Warning, "A policy of the role was not given", "Give its text."},
	{"EXCESS_UNDECIDED", source.Warning, "Whether something is needed is not decided", "Say what the definition does not show."},
}

// AuditCodes lists the codes of audits, what is worst first.
func AuditCodes() []AuditCode { return append([]AuditCode(nil), auditCodes...) }
