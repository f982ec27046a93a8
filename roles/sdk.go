package roles

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/source"
)

// AWS SDK integrations: a Task may call any operation of the SDK. What each
// needs comes from the catalogue; nothing here knows one by name.

// sdk finds the operation that a Task calls.
func (g *generator) sdk(c call, name, suffix string) (call, bool) {
	if suffix != "" && suffix != Callback.Suffix() {
		g.report("UNSUPPORTED_PATTERN", source.Error, c.span, fmt.Sprintf("AWS SDK integrations do not support %s", suffix),
			"they support "+(request|callback).String())
		return c, false
	}
	if suffix != "" {
		c.pattern = Callback
		if g.opts.Type == Express || inExpressMap(c.state) {
			g.callbackInExpress(c, suffix)
			return c, false
		}
	}
	service, operation, _ := strings.Cut(name, ":")
	op, err := catalog.Default().Operation(service, operation)
	if err != nil {
		g.unknownOperation(c, err)
		return c, false
	}
	c.operation = op
	c.row = &integration{name: "aws-sdk:" + name, patterns: request | callback, source: "supported-services-awssdk"}
	return c, true
}

// unknownOperation: what the catalogue does not know could need anything.
func (g *generator) unknownOperation(c call, err error) {
	var unknown *catalog.UnknownError
	if !errors.As(err, &unknown) {
		g.report("CATALOGUE_DAMAGED", source.Error, c.span, err.Error(), "")
		return
	}
	code, kind := "UNKNOWN_SERVICE", "service"
	if unknown.Kind == "operation" {
		code, kind = "UNKNOWN_ACTION", "operation"
	}
	hint := "no role is made, since it would lack this permission"
	if len(unknown.Nearest) > 0 {
		hint = fmt.Sprintf("did you mean %q?", unknown.Nearest[0])
	}
	g.report(code, source.Error, c.span, fmt.Sprintf("the AWS SDK has no %s %q", kind, unknown.Name), hint)
}

// sdkCall grants what an operation needs.
func (g *generator) sdkCall(c call) {
	if g.opts.Style == Console {
		g.report("PARTIAL_PERMISSIONS", source.Warning, c.span,
			fmt.Sprintf("the console gives no permissions for %s, or only some", c.row.name), "use --style least for what the call needs")
		return
	}
	for i := range c.operation.Needs {
		need := &c.operation.Needs[i]
		if !g.guarded(c, need.When) {
			continue
		}
		r := rule{purpose: Purpose(need.Purpose), actions: need.Action, note: knownBy(c.operation, need), source: authorization}
		for _, on := range g.sdkResources(c, need) {
			g.grant(c, &r, on.resource, nil, on.dynamic)
		}
	}
	for i := range c.operation.Roles {
		g.sdkRole(c, &c.operation.Roles[i])
	}
	if c.args.Dynamic() {
		g.report("ARGUMENTS_UNKNOWN", source.Warning, c.args.Span(),
			"the whole of this is known at run time only; the role allows what the call may need, on any resource of this account",
			"write it as an object whose fields are expressions")
	}
}

// knownBy says how sure a fact about an operation is.
func knownBy(op *catalog.Operation, need *catalog.Need) string {
	var notes []string
	if op.Certainty != catalog.Reviewed {
		notes = append(notes, "known by its name: the action of the same name exists")
	}
	for _, r := range need.Resources {
		switch r.Certainty {
		case catalog.Derived:
			notes = append(notes, "that the parameter names the resource follows from their names")
		case catalog.Assumed:
			notes = append(notes, "no parameter is known to name the resource")
		}
	}
	slices.Sort(notes)
	return strings.Join(slices.Compact(notes), "; ")
}

// guarded evaluates the conditions under which an action is needed. What is not
// known before run time may hold.
func (g *generator) guarded(c call, when []catalog.Guard) bool {
	for _, guard := range when {
		k := g.lookup(c, guard.Member)
		switch {
		case guard.Absent:
			if k.exists() && !k.part {
				return false
			}
		case !k.exists():
			return false
		case guard.Pattern != "" && !k.dynamic() && !slices.ContainsFunc(k.texts(), func(t string) bool { return pattern.MatchFold(guard.Pattern, t) }):
			return false
		}
	}
	return true
}

// sdkResource is a resource of an SDK call.
type sdkResource struct {
	resource
	dynamic bool
}

// sdkResources lists what an action is needed on.
func (g *generator) sdkResources(c call, need *catalog.Need) []sdkResource {
	var out []sdkResource
	for i := range need.Resources {
		r := &need.Resources[i]
		formats := r.Formats
		if r.Type == "*" && len(formats) == 0 {
			formats = formatsOf(need.Action)
		}
		for _, format := range formats {
			out = append(out, g.sdkARNs(c, format, r.Bindings)...)
		}
	}
	if len(out) == 0 {
		return []sdkResource{{resource: resource{text: "*"}}}
	}
	return out
}

// formatsOf returns the ARN formats of all resource types of an action.
func formatsOf(action string) []string {
	a, err := catalog.Default().Action(action)
	if err != nil {
		return nil
	}
	s, err := catalog.Default().Service(a.Service)
	if err != nil {
		return nil
	}
	var out []string
	for _, t := range a.Types {
		if rt, ok := s.ResourceType(t.Name); ok {
			out = append(out, rt.Formats...)
		}
	}
	return out
}

// maxResources bounds the ARNs of one need: lists of names multiply.
const maxResources = 1000

// sdkARNs fills an ARN format with every value that the bindings give. A value
// that is an ARN itself stands as it is.
func (g *generator) sdkARNs(c call, format string, bindings []catalog.Binding) []sdkResource {
	template := strings.NewReplacer("${Partition}", "{partition}", "${Region}", "{region}", "${Account}", "{account}").Replace(format)
	var whole []sdkResource
	filled := []captures{nil}
	for _, name := range placeholders(format) {
		values, arns := g.bound(c, name, bindings)
		whole = append(whole, arns...)
		var next []captures
		for _, have := range filled {
			for _, v := range values {
				if len(next) < maxResources {
					next = append(next, append(slices.Clip(have), v...))
				}
			}
		}
		if filled = next; len(filled) == 0 {
			return whole // every value is an ARN
		}
	}
	template = strings.ReplaceAll(template, "${", "{")
	out := whole
	for _, have := range filled {
		text, known, _ := fill(template, append(have, g.env...))
		res := sdkResource{resource{text: text}, !known}
		if !known && strings.Contains(template, "{account}") {
			anywhere, _, _ := fill(template, append(append(slices.Clip(have), capture{name: "account", value: "*"}), g.env...))
			res.ownAccount = anywhere != text && !g.opts.AnyAccount
			if g.opts.AnyAccount {
				res.text, g.anywhere = anywhere, true
			}
		}
		out = append(out, res)
	}
	return out
}

// placeholders lists the names in a format that a request fills.
func placeholders(format string) []string {
	var out []string
	for _, name := range captureNames(strings.ReplaceAll(format, "${", "{")) {
		if name != "Partition" && name != "Region" && name != "Account" {
			out = append(out, name)
		}
	}
	return out
}

// bound returns what the request says for a placeholder: values, and whole ARNs
// in its place. Of the members that may tell, the first that is there counts.
func (g *generator) bound(c call, name string, bindings []catalog.Binding) (values []captures, arns []sdkResource) {
	for i := range bindings {
		b := &bindings[i]
		if !tells(b, name) {
			continue
		}
		k := g.lookup(c, b.Member)
		if b.Member == "" || !k.exists() {
			if b.Default != "" && c.args.Exists() {
				return []captures{{{name: name, value: b.Default, unknown: strings.Contains(b.Default, "*")}}}, nil
			}
			continue
		}
		for _, text := range k.texts() {
			if strings.HasPrefix(text, "arn:") {
				arns = append(arns, sdkResource{resource: resource{text: literal(text)}})
				continue
			}
			values = append(values, bindingValue(b, name, text, false))
		}
		for _, v := range k.open {
			text, ok := g.openText(v)
			switch {
			case !ok:
				values = append(values, captures{{name, "*", true}})
			case strings.HasPrefix(text, "arn:"):
				arns = append(arns, sdkResource{resource{text: text}, strings.Contains(text, "*")})
			default:
				values = append(values, bindingValue(b, name, text, true))
			}
		}
		if k.unknown || len(values)+len(arns) == 0 {
			values = append(values, captures{{name, "*", true}})
		}
		return values, arns
	}
	return []captures{{{name, "*", true}}}, nil
}

// tells reports whether a binding says something about a placeholder: itself, in
// a form of text, or as an ARN in its place.
func tells(b *catalog.Binding, name string) bool {
	return b.Placeholder == name || b.Placeholder == "" && (b.Shape == "" || strings.Contains(b.Shape, "${"+name+"}"))
}

// bindingValue reads a text as its binding says.
func bindingValue(b *catalog.Binding, name, text string, open bool) captures {
	switch {
	case b.Shape != "":
		way := strings.NewReplacer("${Account}", "{account}", "${Region}", "{region}", "${Partition}", "{partition}").Replace(b.Shape)
		way = strings.ReplaceAll(strings.ReplaceAll(way, "${", "{"), "*", "{_}")
		if got, ok := scan(way, text, nil, open); ok {
			return got
		}
	case b.Placeholder == name:
		return captures{captured(name, text, open)}
	}
	return captures{{name, "*", true}}
}

// sdkRole grants iam:PassRole for a member that hands on a role.
func (g *generator) sdkRole(c call, p *catalog.PassedRole) {
	as := roleNameShape
	if p.InstanceProfile {
		as = instanceProfileShape
	}
	row := *c.row
	row.params = []param{{path: p.Member, as: as}}
	c.row = &row
	if k := g.lookup(c, p.Member); !k.exists() || k.part {
		return
	}
	r := passes(p.Member, p.Service)
	r.guessed, r.source = p.InstanceProfile, authorization
	if p.Service == "" {
		r.conditions = nil
		g.report("PASSED_TO_UNKNOWN", source.Warning, c.span,
			fmt.Sprintf("which service receives %s is not known, so nothing bounds it", p.Member), "add a condition on iam:PassedToService")
	}
	g.rule(c, &r)
}

// texts returns the literal strings among the values.
func (k known) texts() []string {
	var out []string
	for _, v := range k.values {
		if text, ok := v.Literal(); ok {
			out = append(out, text)
		}
	}
	return append(out, k.names...)
}
