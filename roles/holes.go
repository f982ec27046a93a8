package roles

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// A definition out of a template names things by texts with holes (see package
// hole): the parts that are known at deployment only. They are no wildcards. A
// hole is one text in all executions, so a grant keeps it, and whoever writes
// the role into a template writes a reference for it.

// Holes tells what is known of the holes in a definition.
type Holes interface {
	// Alternatives returns all that a text can be, as far as the template says so;
	// a text of which it does not is its only one. "" stands for no value. ok is
	// false where there are too many to tell.
	Alternatives(text string) (texts []string, ok bool)
	// Plain reports whether what a hole stands for holds neither ':' nor '/', as
	// the names that AWS chooses: it is no ARN.
	Plain(name string) bool
}

// noHoles is what is known where nothing was said.
type noHoles struct{}

func (noHoles) Alternatives(text string) ([]string, bool) { return []string{text}, true }
func (noHoles) Plain(string) bool                         { return false }

func (o *Options) holes() Holes {
	if o.Holes == nil {
		return noHoles{}
	}
	return o.Holes
}

// held returns the text of a value that is known but for holes.
func held(v asl.Value) (text string, ok bool) {
	text = v.Text()
	if !hole.Has(text) || v.Expression() != "" || v.Part() {
		return "", false
	}
	written := hole.Pattern(text)
	return text, asl.OpenPlaceholders(written) == written
}

func isHeld(v asl.Value) bool {
	_, ok := held(v)
	return ok
}

// eachAlternative puts what a text can be in the place of values with holes.
func (g *generator) eachAlternative(k known) known {
	if !slices.ContainsFunc(k.values, func(p place) bool { return p.hasHole() }) {
		return k
	}
	var values []place
	for _, v := range k.values {
		text, _ := v.Literal()
		texts, _ := g.opts.holes().Alternatives(text)
		for _, one := range texts {
			if one == "" && text != "" {
				k.absent++
				continue
			}
			alternative := v
			alternative.given = &one
			values = append(values, alternative)
		}
	}
	k.values = values
	return k
}

// hasHole reports whether the value is a text with a hole.
func (p place) hasHole() bool {
	text, ok := p.Literal()
	return ok && hole.Has(text)
}

// forms returns the values of a parameter, with ARNs in the place of holes that
// stand for one. unknown says that some value may be of a form that names nothing
// here.
func (g *generator) forms(p *param, values []place) (out []place, unknown bool) {
	if !slices.ContainsFunc(values, place.hasHole) {
		return values, false
	}
	for _, v := range values {
		text, _ := v.Literal()
		name, rest, leads := leadingHole(text)
		if !leads || p.as == nil || g.opts.holes().Plain(name) {
			out = append(out, v)
			continue
		}
		arns, names := p.as.kinds()
		switch {
		case len(arns) > 0 && (names == 0 || namedARN(name)):
			written := g.asARNs(p.as, name, rest, arns)
			unknown = unknown || len(written) == 0
			for _, text := range written {
				form := v
				form.given = &text
				if names > 0 {
					form.assumes = g.assume(v, name, "an ARN")
				}
				out = append(out, form)
			}
		case names == 1:
			if len(arns) > 0 {
				v.assumes = g.assume(v, name, "a name")
			}
			out = append(out, v)
		default:
			unknown = true
		}
	}
	return out, unknown
}

// asARNs writes ARNs in the place of the hole that a text begins with, one for
// each of some ways of a shape. What follows the hole shows which it is not.
func (g *generator) asARNs(as shape, name, rest string, ways []string) (texts []string) {
	for _, way := range ways {
		text := g.expand(name, way) + rest
		if _, _, fits := as.read(text, nil, false); fits {
			texts = append(texts, text)
		}
	}
	return texts
}

// sdkForm writes an ARN in the place of the hole that a member begins with,
// where the name of either says that it is one.
func (g *generator) sdkForm(text, format, placeholder, member string) string {
	name, rest, leads := leadingHole(text)
	if !leads || g.opts.holes().Plain(name) || !namedARN(name) && !namedARN(member) {
		return text
	}
	before, _, found := strings.Cut(format, "${"+placeholder+"}")
	if !found {
		return text
	}
	return g.expand(name, strings.ReplaceAll(before+"${"+placeholder+"}", "${", "{")) + rest
}

// leadingHole cuts a text after the hole that it begins with.
func leadingHole(text string) (name, rest string, ok bool) {
	before, name, rest, ok := hole.Next(text)
	return name, rest, ok && before == ""
}

// namedARN reports whether a parameter is called so that its value is an ARN.
func namedARN(name string) bool {
	return len(name) >= 3 && strings.EqualFold(name[len(name)-3:], "arn")
}

// takenForName reports whether a text with holes is taken for a name, as it is in
// grants: see forms.
func (g *generator) takenForName(text string) bool {
	return !slices.ContainsFunc(hole.Names(text), func(name string) bool { return namedARN(name) && !g.opts.holes().Plain(name) })
}

// kinds returns the ways of a shape that are ARNs, and how many variants of bare
// names it has; ways with other beginnings are neither.
func (s shape) kinds() (arns []string, names int) {
	var variants []string
	for _, way := range s {
		variant, pattern := cutVariant(way)
		switch {
		case strings.HasPrefix(pattern, "arn:"):
			arns = append(arns, pattern)
		case strings.HasPrefix(pattern, "{"):
			if !slices.Contains(variants, variant) {
				variants = append(variants, variant)
			}
		case pattern != "/":
			variants = append(variants, pattern) // a hole could be this as well
		}
	}
	return arns, len(variants)
}

// fieldMark stands between the name of a hole and the field of the ARN that it
// is taken for.
const fieldMark = "\x1f"

// expand writes an ARN of which each field is a hole of its own, in the place of
// a hole. What is granted on all of it is granted on the hole: see whole.
func (g *generator) expand(name, way string) string {
	var b strings.Builder
	for way != "" {
		before, after, found := strings.Cut(way, "{")
		b.WriteString(before)
		if !found {
			break
		}
		field, rest, _ := strings.Cut(after, "}")
		b.WriteString(hole.Text(name + fieldMark + strings.TrimSuffix(field, "...")))
		way = rest
	}
	if g.expanded == nil {
		g.expanded = map[string]string{}
	}
	g.expanded[b.String()] = hole.Text(name)
	return b.String()
}

// whole puts holes in the place of the ARNs that they were expanded to, and "*"
// where only a part of one is known.
func (g *generator) whole(text string) string {
	if len(g.expanded) == 0 || !hole.Has(text) {
		return text
	}
	longest := ""
	for arn := range g.expanded {
		if strings.HasPrefix(text, arn) && len(arn) > len(longest) {
			longest = arn
		}
	}
	if longest != "" {
		text = g.expanded[longest] + text[len(longest):]
	}
	return hole.Replace(text, func(name string) string {
		if strings.Contains(name, fieldMark) {
			return "*"
		}
		return hole.Text(name)
	})
}

// assume notes what a hole is taken for, and reports it once.
func (g *generator) assume(at place, name, what string) string {
	text := fmt.Sprintf("${%s} is %s", name, what)
	if !g.assumed[text] {
		if g.assumed == nil {
			g.assumed = map[string]bool{}
		}
		g.assumed[text] = true
		g.report("ASSUMES_PARAMETER", source.Suggestion, at.Span(),
			fmt.Sprintf("what fills ${%s} is taken to be %s; it could be a name or an ARN", name, what), "give its value with --parameter")
	}
	return text
}

// instances are texts in the place of holes, for deciding a role against its
// grants: see verify.
func (g *generator) instances(grants []Grant) func(string) string {
	values := map[string]string{}
	note := func(text, value string) {
		if name, whole := hole.Whole(text); whole && values[name] == "" {
			values[name] = value
		}
	}
	for i := range grants {
		resource := grants[i].Resource
		if name, _, leads := leadingHole(resource); leads {
			note(hole.Text(name), "arn:aws:writ:us-east-1:"+verifierAccount+":hole"+strconv.Itoa(i))
		}
		if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 {
			note(parts[1], "aws")
			note(parts[3], "us-east-1")
			note(parts[4], verifierAccount)
		}
	}
	return func(text string) string {
		return hole.Replace(text, func(name string) string {
			if values[name] == "" {
				values[name] = "hole" + strconv.Itoa(len(values))
			}
			return values[name]
		})
	}
}

// hasHole reports whether the grant names something by a text with a hole.
func (gr Grant) hasHole() bool {
	return hole.Has(gr.Resource) || slices.ContainsFunc(gr.Conditions, func(c Condition) bool { return slices.ContainsFunc(c.Values, hole.Has) })
}

// filled returns statements without holes.
func filled(statements []policy.Statement, instance func(string) string) []policy.Statement {
	out := slices.Clone(statements)
	list := func(l *policy.List) *policy.List {
		if l == nil || !slices.ContainsFunc(l.Values, func(v policy.Value) bool { return hole.Has(v.Text) }) {
			return l
		}
		texts := make([]string, len(l.Values))
		for i, v := range l.Values {
			texts[i] = instance(v.Text)
		}
		return policy.Strings(texts...)
	}
	for i := range out {
		s := &out[i]
		s.Resource = list(s.Resource)
		if s.Condition == nil {
			continue
		}
		condition := new(policy.Condition)
		for _, block := range s.Condition.Blocks {
			for _, key := range block.Keys {
				texts := make([]string, len(key.Values.Values))
				for j, v := range key.Values.Values {
					texts[j] = instance(v.Text)
				}
				condition.And(block.Operator, key.Name, texts...)
			}
		}
		s.Condition = condition
	}
	return out
}
