package policy

import (
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
)

// VariableTable numbers the variables of compiled entries. Patterns ask for the
// value of a variable by its number, see [pattern.Pattern.MatchVars]. The zero
// value is an empty table. A table grows while documents are compiled and must
// not be used by several goroutines before that is done.
type VariableTable struct {
	variables []Variable
	slots     map[Variable]int
}

// Slot returns the number of a variable. Variables whose names differ in letter
// case only have the same number when their defaults are equal.
func (t *VariableTable) Slot(v Variable) int {
	v.Name = lower(v.Name)
	slot, known := t.slots[v]
	if !known {
		if t.slots == nil {
			t.slots = make(map[Variable]int)
		}
		slot = len(t.variables)
		t.slots[v] = slot
		t.variables = append(t.variables, v)
	}
	return slot
}

// Variables returns the variables by number, their names in lower case. The
// caller must not change the slice.
func (t *VariableTable) Variables() []Variable { return t.variables }

// Pieces turns a value of a document with [Document.HasVariables] into the
// pieces of a pattern. With wild, * and ? in its text are wildcards. Variables
// get their numbers from the table.
func (t *VariableTable) Pieces(text string, wild bool) []pattern.Piece {
	if !strings.Contains(text, "${") {
		return []pattern.Piece{PlainPiece(text, wild)}
	}
	pieces, _ := ParseVariables(text)
	out := make([]pattern.Piece, len(pieces))
	for i, p := range pieces {
		out[i] = t.piece(p, wild)
	}
	return out
}

func (t *VariableTable) piece(p Piece, wild bool) pattern.Piece {
	switch p.Kind {
	case PieceEscape:
		return pattern.Literal(p.Text)
	case PieceVariable:
		return pattern.Var(t.Slot(p.Variable), p.Variable.Name)
	}
	return PlainPiece(p.Text, wild)
}

// PlainPiece turns a value without variables into a piece of a pattern. With
// wild, * and ? are wildcards.
func PlainPiece(text string, wild bool) pattern.Piece {
	if wild {
		return pattern.Wild(text)
	}
	return pattern.Literal(text)
}

// CompileResource compiles an entry of Resource or NotResource of a document
// with [Document.HasVariables]. Variables count after the fifth colon only;
// before it they are plain text. For documents without variables pass a nil
// table.
func CompileResource(entry string, table *VariableTable) *arn.Resource {
	if table == nil || !strings.Contains(entry, "${") {
		return arn.CompileResource(pattern.Wild(entry))
	}
	const colonsBeforeResource = 5
	colons := 0
	pieces, _ := ParseVariables(entry)
	out := make([]pattern.Piece, 0, len(pieces))
	for _, p := range pieces {
		if colons < colonsBeforeResource && p.Kind != PieceText {
			out = append(out, pattern.Wild(entry[p.Start:p.End]))
			continue
		}
		colons += strings.Count(p.Text, ":")
		out = append(out, table.piece(p, true))
	}
	return arn.CompileResource(out...)
}

// ResourceMatcher is the compiled Resource or NotResource of a statement.
type ResourceMatcher struct {
	Not     bool // NotResource: matches what no entry matches
	Absent  bool // the statement has neither, as in trust policies: everything matches
	Entries []*arn.Resource
}

// CompileResources compiles the resources of a statement; about the table see
// [CompileResource]. Whoever decides must make sure that only trust policies
// leave out the resources.
func CompileResources(s *Statement, table *VariableTable) ResourceMatcher {
	m := ResourceMatcher{Not: s.Resource == nil && s.NotResource != nil}
	list := s.Resource
	if m.Not {
		list = s.NotResource
	}
	m.Absent = list == nil
	m.Entries = make([]*arn.Resource, list.Len())
	for i := range m.Entries {
		m.Entries[i] = CompileResource(list.Values[i].Text, table)
	}
	return m
}

// Match reports whether the statement is about a resource: an ARN, or * for an
// action without resource. The function value supplies the texts of variables
// by number; an entry with a variable that has none matches nothing. It may be
// nil where the document has no variables. Match does not allocate.
func (m *ResourceMatcher) Match(resource string, value func(slot int) (text string, ok bool)) bool {
	if m.Absent {
		return true
	}
	for _, entry := range m.Entries {
		if entry.MatchVars(resource, value) {
			return !m.Not
		}
	}
	return m.Not
}

// MayBeARN reports whether an entry of Resource can match ARNs. One that cannot is a
// mistake, or the short form that a service takes in the policies of its resources, such
// as execute-api:/*: what it means is known to that service alone.
func MayBeARN(entry string) bool {
	const begin = "arn:"
	plain, _, _, _ := hole.Next(entry)
	if i := strings.IndexAny(plain, "*?$"); i >= 0 {
		plain = plain[:i]
	}
	return strings.HasPrefix(entry, begin) || len(plain) < len(entry) && strings.HasPrefix(begin, plain)
}
