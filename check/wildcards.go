package check

import (
	"strings"

	"github.com/writ-iam/writ/policy"
)

// aboutWildcards is about patterns in conditions.
var aboutWildcards = &finder{condition: wildcardsOf}

func wildcardsOf(r *run, s *statement, c *condition) {
	if !c.known || c.op.Family != policy.FamilyString {
		return
	}
	if !c.op.Like {
		r.plainWildcards(c)
		r.tooOpen(s, c)
		return
	}
	if !r.tooOpen(s, c) {
		r.matchesAll(c)
	}
}

// plainWildcards reports * and ? where they are plain characters.
func (r *run) plainWildcards(c *condition) {
	for i := range c.entries {
		if e := &c.entries[i]; c.wild(e.text) {
			r.report("WILDCARD_WITHOUT_LIKE_OPERATOR", e.place(), "write "+likeOperator(c.op), "* and ? in %s are plain characters with %s", quote(e.text), c.written)
		}
	}
}

func likeOperator(op policy.Operator) string {
	op.Name = "StringLike"
	if op.Negated {
		op.Name = "StringNotLike"
	}
	return op.String()
}

// wild reports whether a value has wildcards that are not escaped.
func (c *condition) wild(text string) bool {
	if !hasWildcard(text) {
		return false
	}
	if !c.variables || !strings.Contains(text, "${") {
		return true
	}
	pieces, _ := policy.ParseVariables(text)
	for _, p := range pieces {
		if p.Kind == policy.PieceText && hasWildcard(p.Text) {
			return true
		}
	}
	return false
}

// matchesAll reports patterns that any value matches, by what the operator makes
// of them.
func (r *run) matchesAll(c *condition) {
	for i := range c.entries {
		e := &c.entries[i]
		if !starred(e.text) {
			continue
		}
		all, absent := c.op.Quantifier == policy.ForAllValues, c.op.IfExists
		switch {
		case !c.op.Negated && (all || absent):
			r.report("REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION", c.place(), "remove the key", "%s always holds for %s", c.written, c.key)
		case !c.op.Negated:
			r.report("EQUIVALENT_TO_NULL_FALSE", e.place(), nullHint(c.key, "false"), "this only tests that a request has %s", c.key)
		case c.op.Quantifier == policy.ForAnyValue || len(c.entries) > 1:
			r.report("REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION", c.place(), "correct the values, or remove the statement", "no value of %s passes %s", c.key, c.written)
		default:
			r.report("EQUIVALENT_TO_NULL_TRUE", e.place(), nullHint(c.key, "true"), "this only tests that a request has no %s", c.key)
		}
		return
	}
}

func nullHint(key, value string) string {
	return `write "Null": {` + quote(key) + `: "` + value + `"}`
}

// tooOpen reports patterns and variables in keys that tell friend from stranger.
// The statement may pin the same key to fixed values as well; the pattern then
// opens nothing.
func (r *run) tooOpen(s *statement, c *condition) bool {
	check := openness(c.lower)
	if check == nil || s.pins(c) {
		return false
	}
	found := false
	for i := range c.entries {
		e := &c.entries[i]
		parts := c.parts(e.text)
		for _, open := range openings {
			if open.kind == partWild && !c.op.Like {
				continue
			}
			if why := check(parts, open.kind); why != "" {
				r.report(open.code, e.place(), why, "%s is open to others than it seems with %s", c.key, quote(e.text))
				found = true
			}
		}
	}
	return found
}

// openings are the codes for parts that open a value.
var openings = []struct {
	kind partKind
	code string
}{
	{partWild, "WILDCARD_USAGE_TOO_PERMISSIVE"},
	{partVariable, "VARIABLE_USAGE_TOO_PERMISSIVE"},
}

// pins reports whether another condition of the statement allows the key fixed
// values only.
func (s *statement) pins(c *condition) bool {
	for i := range s.conditions {
		o := &s.conditions[i]
		if o == c || o.lower != c.lower || !o.known || o.op.Family != policy.FamilyString || o.op.Negated || o.op.IfExists || o.op.Quantifier == policy.ForAllValues || len(o.entries) == 0 {
			continue
		}
		fixed := true
		for j := range o.entries {
			text := o.entries[j].text
			fixed = fixed && !(o.op.Like && hasWildcard(text)) && !strings.Contains(text, "${")
		}
		if fixed {
			return true
		}
	}
	return false
}

// partKind is what a part of a value is.
type partKind uint8

const (
	partText partKind = iota
	partWild
	partVariable
)

type part struct {
	kind partKind
	text string // of a variable its name, in lower case
}

// parts cuts a value into plain text, runs of wildcards and variables.
func (c *condition) parts(text string) []part {
	pieces := []policy.Piece{{Text: text}}
	if c.variables && strings.Contains(text, "${") {
		pieces, _ = policy.ParseVariables(text)
	}
	var out []part
	for _, p := range pieces {
		switch p.Kind {
		case policy.PieceEscape:
			out = append(out, part{partText, p.Text})
		case policy.PieceVariable:
			out = append(out, part{partVariable, strings.ToLower(p.Variable.Name)})
		default:
			out = append(out, wildParts(p.Text)...)
		}
	}
	return out
}

func wildParts(text string) (out []part) {
	for text != "" {
		n := strings.IndexAny(text, "*?")
		kind := partText
		switch {
		case n < 0:
			n = len(text)
		case n == 0:
			kind, n = partWild, len(text)-len(strings.TrimLeft(text, "*?"))
		}
		out = append(out, part{kind, text[:n]})
		text = text[n:]
	}
	return out
}

// openness returns what says why a value with parts of a kind is too open, as a
// hint, or "".
func openness(key string) func(parts []part, kind partKind) string {
	switch {
	case sensitiveKeys[key]:
		return sensitiveValue
	case key == "aws:userid":
		return userID
	case key == githubSubject:
		return sixCharacters
	}
	return nil
}

// sensitiveValue wants neither wildcards nor variables, but for variables that are
// identifiers of the same sort: the resource is to be in the caller's account.
func sensitiveValue(parts []part, kind partKind) string {
	for _, p := range parts {
		if p.kind == kind && !(kind == partVariable && sensitiveKeys[p.text]) {
			return "write the values in full"
		}
	}
	return ""
}

// userID wants wildcards behind the colon, or as all that stands before it.
func userID(parts []part, kind partKind) string {
	const hint = `write it behind the colon, as in "AROAEXAMPLEID:*"`
	colon := -1
	for i, p := range parts {
		if p.kind == partText && strings.Contains(p.text, ":") {
			colon = i
			break
		}
	}
	for i, p := range parts {
		switch {
		case p.kind != kind:
		case colon < 0, i < colon && (i > 0 || !strings.HasPrefix(parts[colon].text, ":") || colon != 1):
			return hint
		}
	}
	return ""
}

// sixCharacters wants some text before each wildcard. A subject that names no
// repository has a finding of its own.
func sixCharacters(parts []part, kind partKind) string {
	const enough = 6
	if broadSubject(parts) {
		return ""
	}
	for i, p := range parts {
		if p.kind == kind && (i == 0 || parts[i-1].kind != partText || len(parts[i-1].text) < enough) {
			return "write at least six characters before it"
		}
	}
	return ""
}
