package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/source"
)

// The conditions on what stands in a request. A value that cannot be read may be
// any: what is granted in doubt is seen in the role, and what lacks fails at night.

// mayMatch reports whether some value of a parameter may match a pattern. Of a
// text that is known in part, that part decides.
func (g *generator) mayMatch(k known, p string) bool {
	return k.unknown || slices.ContainsFunc(g.texts(k, p), func(t guardedText) bool {
		return !t.readable || t.open && overlaps(p, t.text) || !t.open && pattern.MatchFold(p, t.text)
	})
}

// mayDiffer reports whether some value of a parameter may be something else than
// what matches a pattern.
func (g *generator) mayDiffer(k known, p string) bool {
	return k.unknown || k.maybe || k.absent > 0 || slices.ContainsFunc(g.texts(k, p), func(t guardedText) bool {
		return !t.readable || t.open && !within(t.text, p) || !t.open && !pattern.MatchFold(p, t.text)
	})
}

// guardedText is a value that a guard looks at.
type guardedText struct {
	text     string
	open     bool // "*" stands for what is not known
	readable bool // it is text at all
}

// texts lists the values of a parameter, for comparing them with a pattern.
func (g *generator) texts(k known, p string) []guardedText {
	var out []guardedText
	for _, v := range k.values {
		text, ok := v.text()
		if kind := v.Kind(); !ok && (kind == asl.Number || kind == asl.Bool) {
			text, ok = v.Text(), true
		}
		if hole.Has(text) && strings.Contains(p, ":") && g.takenForName(text) {
			text = hole.Replace(text, func(string) string { return "x" }) // it is not said in ARNs
		}
		out = append(out, guardedText{hole.Pattern(text), hole.Has(text), ok})
	}
	for _, text := range k.names {
		out = append(out, guardedText{text: text, readable: true})
	}
	for _, text := range k.opened {
		out = append(out, guardedText{text, true, true})
	}
	for _, v := range k.open {
		text, ok := g.openText(v)
		out = append(out, guardedText{text, true, ok})
	}
	return out
}

// overlaps reports whether two patterns may match the same text, whatever the
// case of its letters.
func overlaps(a, b string) bool {
	_, v := pattern.Overlaps(pattern.Compile(strings.ToLower(a)), pattern.Compile(strings.ToLower(b)))
	return v != pattern.No
}

// within reports whether one pattern matches all that the other does, whatever
// the case of letters.
func within(narrow, wide string) bool {
	return pattern.Subset(pattern.Compile(strings.ToLower(narrow)), pattern.Compile(strings.ToLower(wide))) == pattern.Yes
}

// needsUnknown reports a call that is granted nothing, since nothing that says
// what it needs stands in its arguments.
func (g *generator) needsUnknown(c call) {
	if len(c.operation.Needs) == 0 {
		return
	}
	var members []string
	for i := range c.operation.Needs {
		for _, guard := range c.operation.Needs[i].When {
			if !guard.Absent && !slices.Contains(members, guard.Member) {
				members = append(members, guard.Member)
			}
		}
	}
	at := c.args.Span()
	if !c.args.Exists() {
		at = c.span
	}
	g.report("NEEDS_UNKNOWN", source.Warning, at,
		fmt.Sprintf("what %s needs hangs on its parameters, and these tell nothing, so the role allows nothing for it", c.row.name),
		"what it needs is told by "+strings.Join(members, ", "))
}
