package check

import "github.com/writ-iam/writ/source"

// ownRules are Writ's own, by code.
var ownRules = []Rule{
	{CodeTooMany, source.Suggestion, everyKind, "More findings than are listed", nil},
}
