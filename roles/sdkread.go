package roles

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/source"
)

// misread reports whether the request names another resource of the same action
// than r, in a way that r cannot be written: the ARN of an access point stands
// where the name of a bucket may, and then no bucket is meant.
func (g *generator) misread(c call, all []catalog.Resource, r *catalog.Resource) bool {
	for _, b := range r.Bindings {
		if b.Member == "" {
			continue
		}
		texts, sure := g.sureTexts(c, b.Member)
		if !sure {
			continue
		}
		if !slices.ContainsFunc(texts, func(t guardedText) bool { return canRead(r, b.Member, t) }) &&
			!slices.ContainsFunc(texts, func(t guardedText) bool { return !readByOther(all, r, b.Member, t) }) {
			return true
		}
	}
	return false
}

// sureTexts returns the texts that a member holds; sure says that they are all
// there can be and tell by their beginning what they are.
func (g *generator) sureTexts(c call, member string) (texts []guardedText, sure bool) {
	k := g.lookup(c, member)
	texts = g.texts(k, ":")
	sure = len(texts) > 0 && !k.unknown && !k.maybe && !slices.ContainsFunc(texts, func(t guardedText) bool {
		return !t.readable || t.open && strings.HasPrefix(t.text, "*")
	})
	return texts, sure
}

func readByOther(all []catalog.Resource, r *catalog.Resource, member string, t guardedText) bool {
	for i := range all {
		if &all[i] != r && canRead(&all[i], member, t) {
			return true
		}
	}
	return false
}

// canRead reports whether a text has a form in which a member names a resource.
func canRead(r *catalog.Resource, member string, t guardedText) bool {
	isARN := strings.HasPrefix(t.text, "arn:")
	return slices.ContainsFunc(r.Bindings, func(b catalog.Binding) bool {
		switch {
		case b.Member != member:
			return false
		case b.Shape != "":
			_, ok := matchForm(b.Shape, t.text, t.open)
			return ok && isARN == strings.HasPrefix(b.Shape, "arn:")
		case !isARN || b.Placeholder == "":
			return true
		}
		return slices.ContainsFunc(r.Formats, func(format string) bool {
			before, _, _ := strings.Cut(format, "${"+b.Placeholder+"}")
			_, ok := matchForm(before+"${"+b.Placeholder+"}", t.text, t.open)
			return ok
		})
	})
}

// sdkConcealed deals with roles in what an operation names.
func (g *generator) sdkConcealed(c call) {
	for _, hidden := range c.operation.Conceals {
		if k := g.lookup(c, hidden.Member); !k.exists() || k.part {
			continue
		}
		row := *c.row
		row.conceals, row.needs, row.reveals = hidden.Service, hidden.Member, strings.Join(hidden.Unless, " ")
		row.params = []param{{path: hidden.Member, as: concealers[hidden.Service].as}}
		one := c
		one.row = &row
		g.conceals(one, hidden.Service)
	}
}

// sdkPartRoles reports objects known at run time only in which there may be a
// role to pass.
func (g *generator) sdkPartRoles(c call) {
	if c.args.Dynamic() {
		return // said of the whole
	}
	var places []source.Span
	var asked [][]string // for each place, the members that may be in it
	for _, p := range c.operation.Roles {
		member, _, _ := strings.Cut(p.Member, "#")
		k := g.lookup(c, member)
		if !k.part || !k.unknown {
			continue
		}
		at := slices.Index(places, k.at.Span())
		if at < 0 {
			at = len(places)
			places, asked = append(places, k.at.Span()), append(asked, nil)
		}
		asked[at] = append(asked[at], member)
	}
	for i, place := range places {
		g.report("ARGUMENTS_UNKNOWN", source.Warning, place,
			"the whole of this is known at run time only; the role lacks what passing these would need if they are in it: "+strings.Join(asked[i], ", "),
			"write it as an object whose fields are expressions")
	}
}
