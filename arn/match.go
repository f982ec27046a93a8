package arn

import (
	"strings"

	"github.com/writ-iam/writ/pattern"
)

// colons is the number of colons before the resource part of an ARN.
const colons = 5

var (
	resourceDialect  = pattern.Dialect{Colons: colons, OpenEnd: true}
	conditionDialect = pattern.Dialect{Colons: colons}
)

// Match reports whether an entry of a Resource element matches arn.
//
// The entry * matches everything, and ** means the same. The resource * (of
// actions that have none) is matched by nothing else. In the first five components of the entry a * at
// the end of its component may run over following colons; every other wildcard
// stays between colons. After the fifth colon wildcards match anything. Case
// matters. (IAM user guide, "IAM JSON policy elements: Resource".)
func Match(entry, arn string) bool {
	if star := isStar(entry); star || arn == "*" {
		return star
	}
	return resourceDialect.Match(entry, arn)
}

// isStar reports whether entry is * or several of them.
func isStar(entry string) bool {
	return entry != "" && strings.Trim(entry, "*") == ""
}

// Like reports whether s matches a value of the operators ArnEquals and ArnLike,
// which mean the same.
//
// Both are split at their first five colons and compared component by
// component, so no wildcard of the first five matches a colon. Case matters.
// Text with fewer than six components matches nothing, on either side.
// (IAM user guide, "Amazon Resource Name (ARN) condition operators".)
func Like(value, s string) bool {
	return hasSix(s) && conditionDialect.Match(value, s)
}

// hasSix reports whether s has at least six components. A pattern with fewer
// cannot match such a string: its wildcards match no colon.
func hasSix(s string) bool {
	for range colons {
		i := strings.IndexByte(s, ':')
		if i < 0 {
			return false
		}
		s = s[i+1:]
	}
	return true
}

// A Resource is a compiled entry of a Resource or NotResource element. It
// never changes and may be used by several goroutines at once.
type Resource struct {
	pattern *pattern.Pattern
	star    bool // the entry is *
}

// CompileResource compiles an entry that consists of the pieces. Variables in
// it are pieces made by [pattern.Var]; escapes such as ${*} are literal pieces.
func CompileResource(pieces ...pattern.Piece) *Resource {
	p := resourceDialect.Compile(pieces...)
	return &Resource{pattern: p, star: p.Any()}
}

// Match reports whether the entry matches arn, as the function [Match] does.
// An entry with variables matches nothing here.
func (r *Resource) Match(arn string) bool {
	if r.star || arn == "*" {
		return r.star
	}
	return r.pattern.Match(arn)
}

// MatchVars is like Match and takes the texts of variables from value, see
// [pattern.Pattern.MatchVars]. An entry with a variable that has no value
// matches nothing.
func (r *Resource) MatchVars(arn string, value func(slot int) (text string, ok bool)) bool {
	if r.star || arn == "*" {
		return r.star
	}
	return r.pattern.MatchVars(arn, value)
}

// All reports whether the entry is *, the only one that matches the resource *.
func (r *Resource) All() bool { return r.star }

// Pattern returns the pattern behind the entry. It says which ARNs match; the
// resource * is a value of its own, for which All is the answer.
func (r *Resource) Pattern() *pattern.Pattern { return r.pattern }

// A Condition is a compiled value of ArnEquals or ArnLike. It never changes and
// may be used by several goroutines at once.
type Condition struct{ pattern *pattern.Pattern }

// CompileCondition compiles a value that consists of the pieces. The text of a
// variable takes part in the splitting: a variable may hold a whole ARN.
func CompileCondition(pieces ...pattern.Piece) *Condition {
	return &Condition{conditionDialect.Compile(pieces...)}
}

// Match reports whether s matches the value, as the function [Like] does.
// A value with variables matches nothing here.
func (c *Condition) Match(s string) bool { return hasSix(s) && c.pattern.Match(s) }

// MatchVars is like Match and takes the texts of variables from value, see
// [pattern.Pattern.MatchVars].
func (c *Condition) MatchVars(s string, value func(slot int) (text string, ok bool)) bool {
	return hasSix(s) && c.pattern.MatchVars(s, value)
}

// Pattern returns the pattern behind the value. Among the strings with at
// least six components it says which match.
func (c *Condition) Pattern() *pattern.Pattern { return c.pattern }
