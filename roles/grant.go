package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

// reading is one way in which the parameters of a rule come out: what they
// capture, and whether some of it is not known before run time.
type reading struct {
	captures  captures
	dynamic   bool // a parameter that names the resource is not known, or not in full
	blank     bool // and nothing is known of it
	elsewhere bool // and its value could name another account
}

// also is the reading with one more parameter read.
func (rd reading) also(p *param, next reading) reading {
	rd.captures = next.captures
	rd.dynamic = rd.dynamic || next.dynamic && !p.extra
	rd.blank = rd.blank || next.blank && !p.extra
	rd.elsewhere = rd.elsewhere || next.elsewhere
	return rd
}

// rule grants what one rule says.
func (g *generator) rule(c call, r *rule) {
	readings := []reading{{}}
	for name := range words(r.reads) {
		readings = g.readParameter(c, name, readings)
	}
	for _, rd := range readings {
		rd.captures = append(rd.captures, g.env...)
		g.grantReading(c, r, rd)
	}
}

// readParameter extends every reading by every value of a parameter.
func (g *generator) readParameter(c call, name string, readings []reading) []reading {
	path, variant, _ := strings.Cut(name, "/")
	p := c.row.param(path)
	k := g.lookup(c, path)
	out := make([]reading, 0, len(readings))
	for _, rd := range readings {
		n := len(rd.captures)
		values, unknown := g.forms(p, k.values)
		for _, v := range values {
			if got, ok := g.readValue(c, p, v, variant, rd.captures.own()); ok {
				got.captures = tell(got.captures, n, v.from(c, p.name()))
				out = append(out, rd.also(p, got))
			}
		}
		for _, v := range k.open {
			if got, ok := g.readOpen(p, v, variant, rd.captures.own()); ok {
				got.captures = tell(got.captures, n, v.from(c, p.name()))
				out = append(out, rd.also(p, got))
			}
		}
		byDefault := k.absent > 0 && (p.absent != "" || p.extra)
		if byDefault {
			got := rd.captures.own()
			if p.absent != "" {
				_, got, _ = p.as.read(p.absent, got, false)
			}
			out = append(out, rd.also(p, reading{captures: got}))
		}
		if k.unknown || unknown || !k.exists() && !byDefault {
			out = append(out, rd.also(p, readUnknown(p, variant, rd.captures.own())))
		}
	}
	return out
}

// tell notes the origin of what was captured after the first n.
func tell(got captures, n int, from *origin) captures {
	for i := n; i < len(got) && from != nil; i++ {
		got[i].from = from
	}
	return got
}

// readValue reads one value that stands in the definition, or comes there. One
// that comes and does not fit may never come together with the rest: it is taken
// for one that is not known.
func (g *generator) readValue(c call, p *param, v place, variant string, base captures) (rd reading, ok bool) {
	if !v.came() && !v.hasHole() {
		rd.captures, ok = g.readLiteral(c, p, v, variant, base)
		return rd, ok
	}
	text, isText := v.Literal()
	with := append(base, capture{name: p.name(), value: literal(text)})
	got, out, fits := p.as.read(text, with, false)
	switch {
	case isText && p.as == nil:
		return reading{captures: with}, true
	case isText && fits:
		return reading{captures: out}, variant == "" || got == variant
	}
	return readUnknown(p, variant, base), true
}

// readLiteral reads one value that stands in the definition.
func (g *generator) readLiteral(c call, p *param, v place, variant string, base captures) (captures, bool) {
	text, ok := v.Literal()
	if !ok {
		g.report("BAD_PARAMETER", source.Error, v.Span(), fmt.Sprintf("%s of %s is %s, not a string", p.name(), c.row.name, v.Kind()), "")
		return nil, false
	}
	base = append(base, capture{name: p.name(), value: literal(text)})
	if p.as == nil {
		return base, true
	}
	got, out, ok := p.as.read(text, base, false)
	if !ok {
		g.report("BAD_PARAMETER", source.Error, v.Span(), fmt.Sprintf("%q is not a value for %s of %s", text, p.name(), c.row.name), p.as.hint())
		return nil, false
	}
	return out, variant == "" || got == variant
}

// readOpen reads a string of which a part is known: "*" stands for the rest. The
// console's templates look at no expression.
func (g *generator) readOpen(p *param, v place, variant string, base captures) (rd reading, ok bool) {
	text, ok := g.openText(v)
	way, got, fits := p.as.read(text, base, true)
	switch {
	case !ok || !fits:
		return readUnknown(p, variant, base), true
	case variant != "" && variant != way:
		return readUnknown(p, variant, base), p.as.mayBe(variant, way, text)
	}
	if !v.pinned() {
		assumed := g.ownPlace(got[len(base):], p.abroad)
		rd.elsewhere = assumed || strings.HasPrefix(text, "*") && p.as.namesAccount() && !p.abroad
	}
	rd.dynamic = strings.Contains(text, "*")
	rd.captures = append(got, capture{name: p.name(), value: text, unknown: rd.dynamic})
	return rd, true
}

func (g *generator) openText(v place) (text string, ok bool) {
	if v.flowed != nil {
		return openFlow(*v.flowed), true
	}
	if v.Expression() == "" {
		text = asl.OpenPlaceholders(v.Text())
		return text, strings.Trim(text, "*") != ""
	}
	if g.opts.Style == Console {
		return "", false
	}
	return v.Outline()
}

// namesAccount reports whether a way of the shape shows an account.
func (s shape) namesAccount() bool {
	return slices.ContainsFunc(s, func(way string) bool { return strings.Contains(way, "{account}") })
}

// ownPlace puts the machine's own partition, Region and account where nothing
// is known of them, as for values that are not known at all. It reports whether
// it assumed the account, which is left open for what lies abroad.
func (g *generator) ownPlace(got captures, abroad bool) (assumed bool) {
	for i := range got {
		e := &got[i]
		if e.value != "*" || !e.unknown || e.name != "partition" && e.name != "region" && (e.name != "account" || abroad) {
			continue
		}
		own, _ := g.env.get(e.name)
		e.value = own.value
		assumed = assumed || e.name == "account"
	}
	return assumed
}

func readUnknown(p *param, variant string, base captures) reading {
	rd := reading{dynamic: true, blank: true}
	rd.captures, rd.elsewhere = p.as.unknown(variant, base)
	if p.abroad {
		rd.captures, rd.elsewhere = append(rd.captures, capture{name: "account", value: "*", unknown: true}), false
	}
	rd.captures = append(rd.captures, capture{name: p.name(), value: "*", unknown: true})
	return rd
}

// hint shows the forms that a parameter takes.
func (s shape) hint() string {
	var forms []string
	for _, way := range s {
		_, pattern := cutVariant(way)
		form := strings.NewReplacer("{", "<", "...}", ">", "}", ">").Replace(pattern)
		if len(forms) < 3 {
			forms = append(forms, form)
		}
	}
	return "write it as " + strings.Join(forms, " or ")
}

func (g *generator) grantReading(c call, r *rule, rd reading) {
	if r.purpose == PassRole {
		g.passRole(c, r, rd)
		return
	}
	for _, resource := range g.resources(r, rd) {
		g.grant(c, r, resource, g.conditions(c, r, rd), rd.dynamic)
	}
	if r.purpose == Assume && rd.dynamic {
		which := "any"
		if !rd.blank {
			role, _, _ := fill(r.resource, rd.captures)
			which += " that matches " + role
		}
		g.report("ASSUME_ROLE_DYNAMIC", source.Warning, c.span, "the role to assume is known at run time only, so this role may assume "+which,
			"name the role in the definition")
	}
}

// resource is one filled template.
type resource struct {
	text       string
	from       []origin
	either     string // shared by alternatives, see Grant
	ownAccount bool   // only by the assumption that a value known at run time names this account
}

// resources fills the templates of a rule.
func (g *generator) resources(r *rule, rd reading) []resource {
	template := r.resource
	if rd.dynamic {
		if other := g.dynamicTemplate(r, rd.blank); other != "fill" {
			template = other
		}
	}
	if template == "-" {
		return nil
	}
	var out []resource
	for t := range words(template) {
		text, known, _ := fill(t, rd.captures)
		res := resource{text: text, from: rd.captures.origins()}
		// What the definition names in full rests on nothing, though something
		// else about the call may not be known.
		if rd.dynamic && rd.elsewhere && (!known || template != r.resource) {
			anywhere, _, _ := fill(t, append(captures{{name: "account", value: "*"}}, rd.captures...))
			res.ownAccount = anywhere != text && !g.opts.AnyAccount
			if g.opts.AnyAccount {
				res.text, g.anywhere = anywhere, true
			}
		}
		out = append(out, res)
	}
	return out
}

// dynamicTemplate is what stands for a resource that is not known. What is
// known of its name bounds it in the least style.
func (g *generator) dynamicTemplate(r *rule, blank bool) string {
	choice, otherwise := r.bounded, "fill"
	if g.opts.Style == Console {
		choice, otherwise = r.dynamic, "*"
	}
	if choice == "" || g.opts.Style == Least && !blank {
		return otherwise
	}
	return choice
}

// conditions fills the conditions of a rule. One whose value is not known is
// left out, unless its operator knows wildcards: it would match nothing.
func (g *generator) conditions(c call, r *rule, rd reading) []Condition {
	var out []Condition
	for _, cr := range r.conditions {
		if !cr.style.has(g.opts.Style) {
			continue
		}
		condition := Condition{Operator: cr.operator, Key: cr.key}
		for template := range words(cr.values) {
			if text, ok := g.conditionValue(c, template, strings.HasPrefix(cr.operator, "Arn"), rd); ok {
				condition.Values = append(condition.Values, text)
			}
		}
		if condition.Operator == "StringEquals" && slices.ContainsFunc(condition.Values, isPattern) {
			condition.Operator = "StringLike"
		}
		if condition.Key == "iam:PassedToService" {
			condition.Values = g.localPrincipals(condition.Values)
		}
		if condition.Values != nil {
			out = append(out, condition)
		}
	}
	return out
}

// chinaPrincipals are the services whose principal has a name of its own in the
// China Regions; both are written, since services differ in which they check.
// Source: AWS managed policies for EMR, which allow either ending.
var chinaPrincipals = []string{"ec2.amazonaws.com", "elasticmapreduce.amazonaws.com", "application-autoscaling.amazonaws.com"}

// localPrincipals adds the names that service principals have in the machine's
// partition.
func (g *generator) localPrincipals(services []string) []string {
	if g.opts.partition() != "aws-cn" {
		return services
	}
	out := slices.Clone(services)
	for _, s := range services {
		if slices.Contains(chinaPrincipals, s) {
			out = append(out, s+".cn")
		}
	}
	return out
}

// isPattern reports whether a value holds a wildcard, which only a name or an
// account that was left open puts there.
func isPattern(value string) bool {
	return strings.Contains(strings.NewReplacer("${*}", "", "${?}", "").Replace(value), "*")
}

func (g *generator) conditionValue(c call, template string, wildcards bool, rd reading) (string, bool) {
	have := rd.captures
	for _, name := range captureNames(template) {
		if _, ok := have.get(name); ok {
			continue
		}
		p := c.row.paramByName(name)
		if p == nil {
			return "", false
		}
		text, ok := g.lookup(c, p.path).single()
		if !ok {
			return "", false
		}
		have = append(slices.Clip(have), capture{name: name, value: literal(text)})
	}
	text, known, complete := fill(template, have)
	if !known && rd.elsewhere && g.opts.AnyAccount {
		text, _, _ = fill(template, append(captures{{name: "account", value: "*"}}, have...))
	}
	known = known && strings.Count(g.whole(text), "*") == strings.Count(text, "*") // no part of what a hole stands for
	return text, complete && (known || wildcards)
}

// grant adds a grant for each action of a rule, or the state to the grant that
// is there already.
func (g *generator) grant(c call, r *rule, on resource, conditions []Condition, dynamic bool) {
	text := g.whole(on.text)
	dynamic = dynamic || text != on.text && strings.Contains(text, "*")
	on.text = text
	for i := range conditions {
		for j, value := range conditions[i].Values {
			conditions[i].Values[j] = g.whole(value)
		}
	}
	if dynamic {
		g.broad[on.text] = true
	}
	shape := conditionText(conditions)
	for action := range words(r.actions) {
		key := grantKey{what: action, resource: on.text, service: c.row.name, purpose: r.purpose}
		if shape != "" {
			key.what += "\x00" + shape
		}
		if c.row.patterns != 0 {
			key.pattern = c.pattern.String()
		}
		at, seen := g.index[key]
		if !seen {
			at = len(g.grants)
			g.index[key] = at
			g.grants = append(g.grants, Grant{
				Action: action, Resource: on.text, Conditions: conditions,
				Purpose: r.purpose, Service: c.row.name, Pattern: key.pattern, Source: pageOf(c.row, r), Note: r.note,
				AssumesAccount: g.opts.Style == Least && on.ownAccount, what: key.what,
			})
		}
		g.grants[at].addState(c.state)
		g.grants[at].alternative(on.either, !seen)
		g.grants[at].comesFrom(on.from)
	}
}

// alternative notes of what a grant is one alternative. Where it is needed for its
// own sake as well, it is none.
func (gr *Grant) alternative(either string, isNew bool) {
	switch {
	case either == "" || !isNew && gr.either == nil:
		gr.either = nil
	case !slices.Contains(gr.either, either):
		gr.either = append(gr.either, either)
	}
}

// addState notes a state; states come in the order of the walk, so a state
// that is there already is the last.
func (gr *Grant) addState(s *asl.State) {
	if s == nil || len(gr.States) > 0 && gr.States[len(gr.States)-1] == s.Name {
		return
	}
	gr.States = append(gr.States, s.Name)
}

func conditionText(conditions []Condition) string {
	if len(conditions) == 0 {
		return ""
	}
	var b strings.Builder
	for _, c := range conditions {
		fmt.Fprintf(&b, "%s\x00%s\x00%s\x00\x00", c.Operator, c.Key, strings.Join(c.Values, "\x00"))
	}
	return b.String()
}

func pageOf(row *integration, r *rule) string {
	if r.source != "" {
		return r.source
	}
	return row.source
}

// guide is the document that the sources of rows are pages of.
const guide = "AWS Step Functions Developer Guide, "
