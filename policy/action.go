package policy

import (
	"strings"

	"github.com/writ-iam/writ/pattern"
)

// actionDialect reads the patterns of actions: without letter case, and with
// wildcards that stay on their side of the colon.
var actionDialect = pattern.Dialect{Fold: true, Colons: 1}

// ActionPattern is a compiled entry of Action or NotAction. It never changes and
// may be used by several goroutines at once.
type ActionPattern struct {
	pattern *pattern.Pattern
	all     bool
}

// CompileAction compiles an entry such as ecs:Describe*. Service and name are
// compared without letter case, * and ? are the only special characters, and a
// wildcard never matches the colon; only the entry * matches every action.
func CompileAction(entry string) ActionPattern {
	return ActionPattern{actionDialect.Compile(pattern.Wild(entry)), isAll(entry)}
}

func isAll(entry string) bool { return entry != "" && strings.Trim(entry, "*") == "" }

// MatchAction reports whether an entry matches an action; see [CompileAction].
func MatchAction(entry, action string) bool { return CompileAction(entry).Match(action) }

// Match reports whether the entry matches an action such as ecs:RunTask.
func (a ActionPattern) Match(action string) bool { return a.all || a.pattern.Match(action) }

// All reports whether the entry is *.
func (a ActionPattern) All() bool { return a.all }

// Pattern returns the pattern behind an entry that is not *.
func (a ActionPattern) Pattern() *pattern.Pattern { return a.pattern }

// Service returns the service prefix in lower case. It reports false where the
// prefix has wildcards, so that actions of several services may match.
func (a ActionPattern) Service() (string, bool) {
	if a.all {
		return "", false
	}
	service, _, found := strings.Cut(a.pattern.Prefix(), ":")
	return lower(service), found
}

// ActionMatcher is the compiled Action or NotAction of a statement. A statement
// without either matches no action.
type ActionMatcher struct {
	Not     bool // NotAction: matches what no entry matches
	Entries []ActionPattern
}

// CompileActions compiles the actions of a statement.
func CompileActions(s *Statement) ActionMatcher {
	m := ActionMatcher{Not: s.Action == nil && s.NotAction != nil}
	list := s.Action
	if m.Not {
		list = s.NotAction
	}
	m.Entries = make([]ActionPattern, list.Len())
	patterns := actionDialect.CompileAll(len(m.Entries), func(i int) string { return list.Values[i].Text })
	for i := range m.Entries {
		m.Entries[i] = ActionPattern{&patterns[i], isAll(list.Values[i].Text)}
	}
	return m
}

// Match reports whether the statement is about an action. It does not allocate.
func (m *ActionMatcher) Match(action string) bool {
	for i := range m.Entries {
		if m.Entries[i].Match(action) {
			return !m.Not
		}
	}
	return m.Not
}
