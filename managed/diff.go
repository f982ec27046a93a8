package managed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// Difference is a statement that two documents do not share.
type Difference struct {
	Old, New int      // indexes of the statements; -1 where the document has none
	Element  string   // of a changed statement, what changed: Action, Resource, ...; "" for a statement added or removed
	Removed  []string // values of the element that only the old one has
	Added    []string // values that only the new one has
}

// Diff compares two documents by statement: order, spelling and Sids do not
// count. Statements that differ in one list are paired; all else is added or
// removed.
func Diff(old, new *policy.Document) []Difference {
	d := differ{a: canonicalStatements(old), b: canonicalStatements(new)}
	d.pair(func(s policy.Statement) policy.Statement { return s }, "", nil)
	d.pair(func(s policy.Statement) policy.Statement { s.Action = nil; return s }, policy.ElementAction, func(s policy.Statement) *policy.List { return s.Action })
	d.pair(func(s policy.Statement) policy.Statement { s.Resource = nil; return s }, policy.ElementResource, func(s policy.Statement) *policy.List { return s.Resource })
	for i, s := range d.a {
		if !s.done {
			d.out = append(d.out, Difference{Old: i, New: -1})
		}
	}
	for i, s := range d.b {
		if !s.done {
			d.out = append(d.out, Difference{Old: -1, New: i})
		}
	}
	return d.out
}

type canonicalStatement struct {
	policy.Statement
	done bool
}

type differ struct {
	a, b []canonicalStatement
	out  []Difference
}

func canonicalStatements(doc *policy.Document) []canonicalStatement {
	canonical := policy.Canonical(doc)
	out := make([]canonicalStatement, len(canonical.Statements))
	for i, s := range canonical.Statements {
		s.Sid, s.Elements = "", nil
		out[i].Statement = s
	}
	return out
}

// pair joins statements that are equal without the part that rest takes away.
func (d *differ) pair(rest func(policy.Statement) policy.Statement, element string, list func(policy.Statement) *policy.List) {
	waiting := map[string][]int{}
	for i, s := range d.b {
		if !s.done {
			text := statementText(rest(s.Statement))
			waiting[text] = append(waiting[text], i)
		}
	}
	for i := range d.a {
		if d.a[i].done {
			continue
		}
		text := statementText(rest(d.a[i].Statement))
		same := waiting[text]
		if len(same) == 0 {
			continue
		}
		j := same[0]
		waiting[text] = same[1:]
		d.a[i].done, d.b[j].done = true, true
		if list != nil {
			fold := func(s string) string { return s }
			if element == policy.ElementAction {
				fold = strings.ToLower
			}
			was, is := list(d.a[i].Statement).Texts(), list(d.b[j].Statement).Texts()
			d.out = append(d.out, Difference{Old: i, New: j, Element: element, Removed: missing(was, is, fold), Added: missing(is, was, fold)})
		}
	}
}

// statementText writes a statement so that equal texts mean the same: letter
// case does not count in actions.
func statementText(s policy.Statement) string {
	s.Action, s.NotAction = folded(s.Action), folded(s.NotAction)
	return (&policy.Document{Version: policy.Version2012, Statements: []policy.Statement{s}}).String()
}

func folded(l *policy.List) *policy.List {
	if l == nil {
		return nil
	}
	out := &policy.List{Values: slices.Clone(l.Values), Single: l.Single}
	for i := range out.Values {
		out.Values[i].Text = strings.ToLower(out.Values[i].Text)
	}
	return out
}

// missing returns the values of a that b lacks, after fold.
func missing(a, b []string, fold func(string) string) []string {
	have := make(map[string]bool, len(b))
	for _, s := range b {
		have[fold(s)] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return have[fold(s)] })
}

// ChangesBetween returns what the versions after from and up to to added and
// removed; when to comes first, the other way round. It is for versions whose
// text is not known; a TextUnknownError says where a gap is.
func (p *Policy) ChangesBetween(from, to *Version) ([]Change, error) {
	i, j := p.index(from), p.index(to)
	if i < 0 || j < 0 {
		return nil, fmt.Errorf("%s and %s are not both versions of %s", from.ID, to.ID, p.Name)
	}
	backwards := i > j
	if backwards {
		i, j = j, i
	}
	var out []Change
	for _, v := range p.Versions[i+1 : j+1] {
		if !v.recorded() {
			return nil, &TextUnknownError{p.Name, v.ID, "what changed with"}
		}
		for _, c := range v.Changes {
			c.Removed = c.Removed != backwards
			out = append(out, c)
		}
	}
	return out, nil
}

// recorded reports whether it is known what the version changed. A version
// without changes has a note that says so.
func (v *Version) recorded() bool {
	return len(v.Changes) > 0 || strings.HasPrefix(v.Note, "the permissions of")
}

func (p *Policy) index(v *Version) int {
	return slices.IndexFunc(p.Versions, func(w Version) bool { return w.ID == v.ID })
}
