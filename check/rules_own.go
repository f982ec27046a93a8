package check

import "github.com/writ-iam/writ/source"

// ownRules are Writ's own, by code. They say that something is dangerous, or
// without effect; taste is no ground for one.
var ownRules = []Rule{
	{"WRIT_ACTION_EMPTY_NAME", source.Warning, everyKind, "An action without a name behind the colon matches nothing", aboutDeadActions},
	{"WRIT_ACTION_HAS_WHITESPACE", source.Warning, everyKind, "White space in an action keeps it from matching", aboutDeadActions},
	{"WRIT_ACTION_MATCHES_NOTHING", source.Suggestion, everyKind, "A pattern matches no action that AWS has", aboutDeadActions},
	{"WRIT_BAD_PATTERN_FOR_MFA", source.SecurityWarning, everyKind, "A condition on multi-factor authentication lets requests with access keys through", aboutMFA},
	{codeBorrowed, source.Suggestion, identities, "Whoever has the policy can act with the rights of something that it names, such as a role", aboutEscalation},
	{"WRIT_CONFUSED_DEPUTY", source.SecurityWarning, trusts, "A service may assume the role for anyone's resources, though it says for whose", aboutDeputies},
	{"WRIT_CREDENTIALS_EXPOSURE", source.Suggestion, identities, "An action whose answer is a credential is allowed on all resources", aboutExposure},
	{"WRIT_DATA_EXPOSURE", source.Warning, identities, "Reading data is allowed on all resources without a condition", aboutExposure},
	{"WRIT_DEAD_STATEMENT", source.Warning, everyKind, "The conditions of the statement contradict each other, so it never applies", aboutContradictions},
	{"WRIT_DENIED_STATEMENT", source.Warning, everyKind, "Another statement denies all that this one allows", aboutCoveredStatements},
	{codeDeprecated, source.Warning, identities, "A managed policy is attached that AWS has replaced or withdrawn", nil},
	{"WRIT_EXPIRED_SUPPRESSION", source.Warning, everyKind, "The day has passed until which a finding was accepted", nil},
	{"WRIT_INFRASTRUCTURE_CHANGE", source.Suggestion, identities, "Changing resources is allowed on all of them without a condition", aboutExposure},
	{"WRIT_INTERNET_ACCESSIBLE", source.SecurityWarning, principals, "Everyone may do it, also without an account", aboutPublic},
	{"WRIT_OIDC_SUBJECT", source.SecurityWarning, trusts, "Tokens that the identity provider issues to strangers fit", aboutSubjects},
	{"WRIT_OLD_ARN_FORMAT", source.Suggestion, everyKind, "The ARN has a format that new resources do not get", aboutOldARNs},
	{codeEscalation, source.SecurityWarning, identities, "Whoever has the policy can get more rights with it", aboutEscalation},
	{"WRIT_RESOURCE_EXPOSURE", source.Warning, identities, "Changing who has access is allowed on all resources without a condition", aboutExposure},
	{"WRIT_RESOURCE_MISMATCH", source.Warning, everyKind, "No resource of the statement is one that the action is about", aboutMismatch},
	{"WRIT_SHADOWED_STATEMENT", source.Suggestion, everyKind, "Another statement already says all that this one says", aboutCoveredStatements},
	{CodeTooMany, source.Suggestion, everyKind, "There are more findings than are listed", nil},
	{"WRIT_UNKNOWN_CONDITION_FOR_ACTION", source.Warning, everyKind, "None of the actions sends the condition key", aboutUnsentKeys},
	{"WRIT_UNKNOWN_PRINCIPAL", source.Warning, principals, "A principal has a form that no caller has, or the name of a service with a slip", aboutUnknownPrincipals},
	{"WRIT_UNKNOWN_VARIABLE", source.Warning, everyKind, "A variable names a condition key that does not exist, so it stands for nothing", aboutVariables},
	{"WRIT_UNUSED_SUPPRESSION", source.Warning, everyKind, "A finding is accepted that is not there any more", nil},
	{codeWrongARN, source.Error, identities, "A managed policy of AWS is attached under a path that it does not have", nil},
}

// onRequest are codes that say so much about ordinary policies that they have to be
// asked for, see [Options].
var onRequest = set("WRIT_INFRASTRUCTURE_CHANGE")

// OnRequest reports whether findings with the code have to be asked for.
func (r Rule) OnRequest() bool { return onRequest[r.Code] }
