package roles

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/writ-iam/writ/catalog"
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
	if service == "" || operation == "" {
		code, kind := "UNKNOWN_SERVICE", "service"
		if service != "" {
			code, kind = "UNKNOWN_ACTION", "operation"
		}
		g.report(code, source.Error, c.span, fmt.Sprintf("the Resource names no %s of the AWS SDK", kind), "write it as arn:aws:states:::aws-sdk:SERVICE:OPERATION")
		return c, false
	}
	op, err := catalog.Default().Operation(service, operation)
	if err != nil {
		g.unknownOperation(c, err)
		return c, false
	}
	c.operation = op
	c.row = &integration{name: "aws-sdk:" + name, patterns: request | callback, source: guide + "supported-services-awssdk"}
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
		g.leftOut = true
		g.report("PARTIAL_PERMISSIONS", source.Warning, c.span,
			fmt.Sprintf("the console gives no permissions for %s, or only some", c.row.name), "use --style least for what the call needs")
		return
	}
	g.sdkParameters(c)
	needs := false
	for i := range c.operation.Needs {
		need := &c.operation.Needs[i]
		if !g.guarded(c, need.When) {
			continue
		}
		needs = needs || need.Purpose == catalog.Call
		r := rule{purpose: Purpose(need.Purpose), actions: need.Action, note: knownBy(c.operation, need), source: authorization}
		resources := g.sdkResources(c, need)
		either := g.alternatives(c, need, resources)
		if either != "" {
			r.note = strings.TrimPrefix(r.note+"; which identity of "+either+" is verified is not known, and the role needs that one alone", "; ")
		}
		for _, on := range resources {
			on.either = either
			g.grant(c, &r, on.resource, sdkConditions(c.operation, need), on.dynamic)
		}
	}
	if !needs {
		g.needsUnknown(c)
	}
	for i := range c.operation.Roles {
		g.sdkRole(c, &c.operation.Roles[i])
	}
	g.sdkConcealed(c)
	g.sdkPartRoles(c)
	if c.args.Dynamic() && !g.seenThrough(c) {
		g.report("ARGUMENTS_UNKNOWN", source.Warning, c.args.Span(),
			"the whole of this is known at run time only; the role allows what the call may need, on any resource of this account",
			"write it as an object whose fields are expressions")
	}
}

// knownBy says how sure a fact about an operation is.
func knownBy(op *catalog.Operation, need *catalog.Need) string {
	var notes []string
	if op.Method != "" {
		notes = append(notes, "the action is the method of the HTTP request, "+op.Method+" "+op.Path)
	} else if op.Certainty != catalog.Reviewed {
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

// alternatives names what an action is needed on, where only one of it counts and
// the definition does not tell which; "" where all of it counts. Of lists nothing
// is said.
func (g *generator) alternatives(c call, need *catalog.Need, resources []sdkResource) string {
	if len(resources) < 2 {
		return ""
	}
	for _, r := range need.Resources {
		for _, b := range r.Bindings {
			member, view, _ := strings.Cut(b.Member, "#")
			if texts := g.lookup(c, member).texts(); alternativeViews[view] && len(texts) == 1 {
				return texts[0]
			}
		}
	}
	return ""
}

// sdkConditions bounds the tagging of what an operation creates to that operation,
// where the service has a key that tells it. Without it the role may tag, and thus
// give to others, whatever is there.
func sdkConditions(op *catalog.Operation, need *catalog.Need) []Condition {
	if need.Purpose != catalog.Tag {
		return nil
	}
	service, _, _ := strings.Cut(need.Action, ":")
	for _, k := range op.Keys {
		if k.Key == service+":CreateAction" {
			return []Condition{{Operator: "StringEquals", Key: k.Key, Values: []string{k.Bindings[0].Default}}}
		}
	}
	return nil
}

// guarded evaluates the conditions under which an action is needed. What is not
// known before run time may hold.
func (g *generator) guarded(c call, when []catalog.Guard) bool {
	for _, guard := range when {
		k := g.lookup(c, guard.Member)
		switch {
		case guard.Absent && guard.Pattern != "":
			if k.exists() && !g.mayDiffer(k, guard.Pattern) {
				return false
			}
		case guard.Absent:
			if k.exists() && !k.part && !k.maybe && k.absent == 0 {
				return false
			}
		case !k.exists(), guard.Pattern != "" && !g.mayMatch(k, guard.Pattern):
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
		if g.supplanted(c, need.Resources, r) || g.misread(c, need.Resources, r) {
			continue
		}
		formats := r.Formats
		if r.Type == "*" && len(formats) == 0 {
			formats = formatsOf(need.Action)
		}
		for _, format := range formats {
			out = append(out, g.sdkARNs(c, format, r.Bindings)...)
		}
	}
	none, perhaps := g.namesNone(c, need)
	if len(out) == 0 || none {
		return []sdkResource{{resource: resource{text: "*"}}}
	}
	if perhaps {
		out = append(out, sdkResource{resource: resource{text: "*"}, dynamic: true})
	}
	return out
}

// namesNone reports whether an action goes without the resources that it may have,
// since the request gives none of the members that name them: text is translated
// without a terminology. Then AWS asks for the action on "*".
// perhaps says that some executions may give none.
func (g *generator) namesNone(c call, need *catalog.Need) (none, perhaps bool) {
	a, err := catalog.Default().Action(need.Action)
	if err != nil || !c.args.Exists() || len(need.Resources) == 0 {
		return false, false
	}
	none, perhaps = true, true
	for i := range need.Resources {
		r := &need.Resources[i]
		optional := slices.ContainsFunc(a.Types, func(t catalog.TypeOfAction) bool { return t.Name == r.Type && !t.Required })
		absent, perhapsAbsent := true, true
		for _, b := range r.Bindings {
			k := g.lookup(c, b.Member)
			absent = absent && b.Default == "" && !k.exists()
			perhapsAbsent = perhapsAbsent && b.Default == "" && (!k.exists() || k.maybe)
		}
		bound := optional && len(r.Bindings) > 0
		none, perhaps = none && bound && absent, perhaps && bound && perhapsAbsent
	}
	return none, perhaps
}

// supplanted reports whether another resource of the same action reads the same
// members, and more, and the request names it in full: the object of a bucket is
// not also one of some access point. What a call creates in something named is
// not meant: there the last name is missing, not that of what it lies in.
func (g *generator) supplanted(c call, all []catalog.Resource, r *catalog.Resource) bool {
	if len(r.Bindings) == 0 || boundFully(r) || !boundLast(r) {
		return false
	}
	for i := range all {
		other := &all[i]
		if len(other.Bindings) <= len(r.Bindings) || !boundFully(other) || !readsAll(other, r.Bindings) {
			continue
		}
		named := !slices.ContainsFunc(other.Bindings, func(b catalog.Binding) bool {
			k := g.lookup(c, b.Member)
			texts := k.texts()
			isARN := func(text string) bool { return strings.HasPrefix(text, "arn:") }
			return k.maybe || slices.ContainsFunc(texts, isARN) || len(texts) == 0 && !reads(r, b.Member)
		})
		if named {
			return true
		}
	}
	return false
}

// boundFully reports whether some member tells each placeholder of a resource.
func boundFully(r *catalog.Resource) bool {
	for _, format := range r.Formats {
		for _, name := range placeholders(format) {
			if !told(r, name) {
				return false
			}
		}
	}
	return len(r.Formats) > 0
}

// boundLast reports whether some member tells the last placeholder.
func boundLast(r *catalog.Resource) bool {
	return !slices.ContainsFunc(r.Formats, func(format string) bool {
		names := placeholders(format)
		return len(names) == 0 || !told(r, names[len(names)-1])
	})
}

// told reports whether some member tells a placeholder of a resource.
func told(r *catalog.Resource, placeholder string) bool {
	return slices.ContainsFunc(r.Bindings, func(b catalog.Binding) bool { return tells(&b, placeholder) })
}

func readsAll(r *catalog.Resource, members []catalog.Binding) bool {
	return !slices.ContainsFunc(members, func(b catalog.Binding) bool { return !reads(r, b.Member) })
}

// reads reports whether a member tells something about a resource.
func reads(r *catalog.Resource, member string) bool {
	return slices.ContainsFunc(r.Bindings, func(b catalog.Binding) bool { return b.Member == member })
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
	var whole []sdkResource
	filled := []captures{g.boundPlace(c, bindings)}
	names := placeholders(format)
	if len(names) == 0 && len(bindings) > 0 {
		names = []string{""} // an ARN may still stand for the whole
	}
	for _, name := range names {
		values, arns := g.bound(c, format, name, bindings)
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
	template := strings.ReplaceAll(placeReplacer.Replace(format), "${", "{")
	out := whole
	for _, have := range filled {
		text, known, _ := fill(template, append(have, g.env...))
		res := sdkResource{resource{text: text, from: have.origins()}, !known}
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
		if placeNames[name] == "" {
			out = append(out, name)
		}
	}
	return out
}

// boundPlace returns the account and Region that members of their own tell, as
// the owner of a queue, or that are always the same, as for what CloudFront uses.
func (g *generator) boundPlace(c call, bindings []catalog.Binding) captures {
	var out captures
	for _, b := range bindings {
		place := placeNames[b.Placeholder]
		if place == "" {
			continue
		}
		if b.Member == "" {
			out = append(out, capture{name: place, value: b.Default})
			continue
		}
		if k := g.lookup(c, b.Member); len(k.texts()) == 1 && !k.dynamic() && !k.maybe {
			out = append(out, capture{name: place, value: literal(k.texts()[0])})
		} else if k.exists() {
			out = append(out, capture{name: place, value: "*", unknown: true})
		}
	}
	return out
}

// bound returns what the request says for a placeholder of a format: values, and
// whole ARNs in its place. Of the members that may tell, the first that is there
// counts.
func (g *generator) bound(c call, format, name string, bindings []catalog.Binding) (values []captures, arns []sdkResource) {
	unknownName := captures{{name: name, value: "*", unknown: true}}
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
		read := func(text string, open bool, from *origin) {
			got, whole := bindingValue(bindings[i:], format, name, text, open)
			if whole && open {
				arns = append(arns, sdkResource{resource{text: text}.cameFrom(from), strings.Contains(text, "*")})
			} else if whole {
				arns = append(arns, sdkResource{resource: resource{text: literal(text)}.cameFrom(from)})
			} else {
				values = append(values, tell(got, 0, from))
			}
		}
		for _, v := range k.values {
			if text, ok := v.text(); ok {
				read(g.sdkForm(text, format, name, b.Member), false, v.from(c, b.Member))
			}
		}
		for _, text := range k.names {
			read(text, false, nil)
		}
		for _, text := range k.opened {
			read(text, true, nil)
		}
		for _, v := range k.open {
			if text, ok := g.openText(v); ok {
				read(text, true, v.from(c, b.Member))
			} else {
				values = append(values, unknownName)
			}
		}
		if k.unknown || len(values)+len(arns) == 0 || k.maybe && b.Default == "" {
			values = append(values, unknownName)
		}
		if k.maybe && b.Default != "" {
			values = append(values, captures{{name: name, value: b.Default, unknown: strings.Contains(b.Default, "*")}})
		}
		return values, arns
	}
	return []captures{unknownName}, nil
}

func (r resource) cameFrom(from *origin) resource {
	if from != nil && from.way != "" {
		r.from = []origin{*from}
	}
	return r
}

// tells reports whether a binding says something about a placeholder: itself, in
// a form of text, or as an ARN in its place.
func tells(b *catalog.Binding, name string) bool {
	return b.Placeholder == name || b.Placeholder == "" && (b.Shape == "" || strings.Contains(b.Shape, "${"+name+"}") || !strings.Contains(b.Shape, "${"))
}

// bindingValue reads the text of a member as the first of its bindings that fits.
// whole says that the text is the ARN of the resource.
func bindingValue(bindings []catalog.Binding, format, name, text string, open bool) (got captures, whole bool) {
	isARN := strings.HasPrefix(text, "arn:")
	for i := range bindings {
		b := &bindings[i]
		if b.Member != bindings[0].Member || !tells(b, name) {
			continue
		}
		if b.Shape != "" {
			if isARN && !strings.HasPrefix(b.Shape, "arn:") {
				continue // a shape without a prefix is for names
			}
			if got, ok := matchForm(b.Shape, text, open); ok {
				return append(got, captures{{name: name, value: "*", unknown: true}}...), false
			}
		} else if !isARN && b.Placeholder == name {
			return captures{captured(name, text, open)}, false
		} else if isARN {
			return arnValue(format, b.Placeholder, name, text, open)
		}
	}
	if isARN {
		return arnValue(format, name, name, text, open)
	}
	return captures{{name: name, value: "*", unknown: true}}, false
}

// arnValue reads an ARN given for a placeholder: that of the resource itself, or
// of what the resource belongs to, as a table's for one of its indexes. An ARN
// of another kind, such as a key's alias, tells the place only.
func arnValue(format, placeholder, name, text string, open bool) (got captures, whole bool) {
	if _, ok := matchForm(format, text, open); ok && plainPlace(text, open) || placeholder == "" && plainPlace(text, open) {
		return nil, true
	}
	before, _, _ := strings.Cut(format, "${"+name+"}")
	if got, ok := matchForm(before+"${"+name+"}", text, open); ok {
		return got, false
	}
	got = captures{{name: name, value: "*", unknown: true}}
	if parts := strings.SplitN(text, ":", 6); len(parts) == 6 && parts[3] != "" && len(parts[4]) == 12 && strings.Trim(parts[4], "0123456789") == "" && plainPlace(text, open) {
		got = append(got, capture{name: "region", value: parts[3]}, capture{name: "account", value: parts[4]})
	}
	return got, false
}

// plainPlace reports whether a text has all parts of an ARN; as it stands in a
// request, those before the last hold no wildcards.
func plainPlace(text string, open bool) bool {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || slices.Contains(parts[1:3], "") || parts[5] == "" {
		return false
	}
	return open || !strings.ContainsAny(strings.Join(parts[:5], ""), "*?$")
}

// placeNames are the placeholders of a place, as the tables of this package name
// them; placeReplacer writes them so in a format.
var (
	placeNames    = map[string]string{"Partition": "partition", "Region": "region", "Account": "account"}
	placeReplacer = strings.NewReplacer("${Partition}", "{partition}", "${Region}", "{region}", "${Account}", "{account}")
)

// matchForm reads a text of a form such as https://*/${Account}/${QueueName}, in
// which * is any text and ? any character. Case counts in no letter, as in SQL.
func matchForm(form, text string, open bool) (captures, bool) {
	f := formOf(form)
	found := f.expr.FindStringSubmatch(text)
	if found == nil {
		return nil, false
	}
	var got captures
	for i, name := range f.names {
		value := captured(name, found[i+1], open)
		if place := placeNames[name]; place != "" {
			if value.unknown || strings.ContainsAny(value.value, "*?$") {
				continue // the machine's own
			}
			value.name = place
		}
		got = append(got, value)
	}
	return got, true
}

// sdkForm is a compiled form of text, with the placeholders in it.
type sdkForm struct {
	expr  *regexp.Regexp
	names []string
}

var forms sync.Map // of the catalogue, by their text

func formOf(text string) sdkForm {
	if f, ok := forms.Load(text); ok {
		return f.(sdkForm)
	}
	f := compileForm(text)
	forms.Store(text, f)
	return f
}

func compileForm(form string) sdkForm {
	var expr strings.Builder
	var names []string
	expr.WriteString("(?is)^")
	for form != "" {
		if name, after, ok := strings.Cut(strings.TrimPrefix(form, "${"), "}"); ok && strings.HasPrefix(form, "${") {
			if placeNames[name] != "" {
				expr.WriteString("([^:/]+)")
			} else {
				expr.WriteString("(.+?)")
			}
			names, form = append(names, name), after
			continue
		}
		switch form[0] {
		case '*':
			expr.WriteString(".*?")
		case '?':
			expr.WriteByte('.')
		default:
			expr.WriteString(regexp.QuoteMeta(form[:1]))
		}
		form = form[1:]
	}
	expr.WriteByte('$')
	return sdkForm{regexp.MustCompile(expr.String()), names}
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
	member, _, _ := strings.Cut(p.Member, "#")
	if !g.lookup(c, p.Member).exists() || g.lookup(c, member).part {
		return // see sdkPartRoles
	}
	r := passes(p.Member, p.Service)
	r.guessed, r.source = p.InstanceProfile, authorization
	if p.Service == "" {
		r.conditions = nil
		g.report("PASSED_TO_UNKNOWN", source.Warning, c.span,
			fmt.Sprintf("which service receives %s is not known, so nothing bounds it", member), "add a condition on iam:PassedToService")
	}
	if p.InstanceProfile {
		g.report("INSTANCE_PROFILE_ROLE", source.Warning, c.span,
			fmt.Sprintf("%s names an instance profile, and the role in it is taken to bear the same name", member),
			"if it does not, say which it is with --pass-role "+p.Service+"=ARN")
	}
	g.rule(c, &r)
}

// texts returns the literal strings and whole numbers among the values.
func (k known) texts() []string {
	var out []string
	for _, v := range k.values {
		if text, ok := v.text(); ok {
			out = append(out, text)
		}
	}
	return append(out, k.names...)
}

// text is a literal string, or a whole number.
func (p place) text() (string, bool) {
	if text, ok := p.Literal(); ok {
		return text, true
	}
	n, ok := p.Int()
	return strconv.FormatInt(n, 10), ok
}
