package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/pattern"
	"github.com/writ-iam/writ/policy"
)

// aboutARNs is about resources that cannot exist.
var aboutARNs = &finder{statement: arnsOf}

const (
	arnPrefix = "arn:"
	arnFields = 6
)

// resource is an entry of Resource or NotResource, taken apart. A wildcard at the
// end may stand for the fields that are missing. One that begins with a hole, or
// whose holes may have colons, has no fields: nothing is known of it.
type resource struct {
	all                                  bool // "*"
	problem                              string
	fields                               int
	partition, service, region, account  string
	resource                             string
	hasPartition, hasService, hasAccount bool
	hasRegion                            bool
}

func parseResource(text string) resource {
	if starred(text) {
		return resource{all: true}
	}
	if before, _, _, open := hole.Next(text); open && len(before) < len(arnPrefix) {
		return resource{}
	}
	if !strings.HasPrefix(text, arnPrefix) {
		return resource{problem: "INVALID_ARN_PREFIX"}
	}
	parts := splitARN(text)
	p := resource{fields: len(parts)}
	if p.fields < arnFields && hole.Has(text) {
		return resource{}
	}
	if p.fields < arnFields && !strings.HasSuffix(text, "*") {
		p.problem = "MISSING_ARN_FIELD"
		return p
	}
	field := func(i int, to *string) bool {
		// What a closing wildcard may run over is not known.
		if i >= len(parts) || i == len(parts)-1 && p.fields < arnFields {
			return false
		}
		*to = parts[i]
		return true
	}
	p.hasPartition = field(1, &p.partition)
	p.hasService = field(2, &p.service)
	p.hasRegion = field(3, &p.region)
	p.hasAccount = field(4, &p.account)
	field(5, &p.resource)
	return p
}

// splitARN cuts a text at its first five colons. Those in ${...} do not count:
// templates have such placeholders, and IAM variables, in every field.
func splitARN(text string) []string {
	parts := make([]string, 0, arnFields)
	start := 0
	for i := 0; i < len(text) && len(parts) < arnFields-1; i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			if end := strings.IndexByte(text[i:], '}'); end > 0 {
				i += end
			}
		case text[i] == ':':
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

func arnsOf(r *run, s *statement) {
	if r.kind == Trust { // which cannot have resources
		return
	}
	for i := range s.resources.entries {
		if e := &s.resources.entries[i]; e.kind == policy.Quoted {
			r.resource(e)
		}
	}
}

func (r *run) resource(e *entry) {
	p := parseResource(e.text)
	switch p.problem {
	case "INVALID_ARN_PREFIX":
		if r.attached != nil && shortResources[r.attached.name] != "" && strings.HasPrefix(e.text, shortResources[r.attached.name]) {
			return
		}
		r.report(p.problem, e.place(), `resources are ARNs, or "*"`, `%s does not begin with "arn:"`, quote(e.text))
		return
	case "MISSING_ARN_FIELD":
		r.report(p.problem, e.place(), "write arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE", "%s has %d of the six fields of an ARN", quote(e.text), p.fields)
		return
	}
	if p.hasPartition && open(p.partition) == "" && !arn.ValidPartition(p.partition) {
		r.report("INVALID_PARTITION", e.place(), r.near.Hint(p.partition, []string{"aws", "aws-cn", "aws-us-gov"}), "there is no partition %s", quote(p.partition))
	}
	if !p.hasService {
		return
	}
	switch {
	case hasWildcard(p.service):
		r.report("WILDCARD_IN_SERVICE_NAME", e.place(), "write one ARN for each service",
			"the service of %s has a wildcard: services that are yet to come may match", quote(e.text))
		r.placesAlone(e, p)
	case strings.ToLower(p.service) != p.service:
		r.report("INVALID_ARN_SERVICE_CASE", e.place(), "write "+quote(strings.ToLower(source256(p.service))), "service %s of the ARN is not in small letters", quote(p.service))
	case open(p.service) != "":
	case !r.facts.isARNService(p.service):
		r.report("INVALID_SERVICE", e.place(), r.near.Hint(p.service, r.facts.serviceNames()), "there is no service %s", quote(p.service))
	default:
		r.resourceOfService(e, p)
	}
}

func source256(s string) string { return s[:min(len(s), longestName)] }

// open returns why the text of a field is not known: a wildcard, a hole, or what
// looks like a variable or the placeholder of a template.
func open(field string) string {
	switch {
	case hasWildcard(field):
		return "wildcard"
	case strings.Contains(field, "${"):
		return "variable"
	case hole.Has(field):
		return "hole"
	}
	return ""
}

// placesAlone checks Region and account where the service is not known.
func (r *run) placesAlone(e *entry, p resource) {
	r.region(e, p, true)
	r.account(e, p, true)
}

// resourceOfService compares an ARN with the formats that its service has. Those
// whose last part fits decide whether the ARN has a Region and an account.
func (r *run) resourceOfService(e *entry, p resource) {
	formats := r.facts.formatsOf(p.service)
	if p.fields < arnFields {
		r.placesAlone(e, p)
		return
	}
	fitting := r.fitting(formats, p)
	if len(fitting) == 0 {
		formats = slices.Concat(formats, r.facts.borrowed(p.service))
		fitting = r.fitting(formats, p)
	}
	if r.compared.spent() {
		r.undecided["INVALID_ARN_RESOURCE"]++
		return
	}
	if len(fitting) == 0 {
		if slices.ContainsFunc(formats, func(f format) bool { return f.service == p.service }) && !maybe(p.resource, formats) {
			r.report("INVALID_ARN_RESOURCE", e.place(), formatHint(p.service, formats), "%s is none of the resources that service %s has", quote(p.resource), p.service)
		}
		r.placesAlone(e, p)
		return
	}
	r.region(e, p, slices.ContainsFunc(fitting, func(f format) bool { return f.region != "" }))
	r.account(e, p, slices.ContainsFunc(fitting, func(f format) bool { return f.account != "" }))
	if p.region == "" && !slices.ContainsFunc(fitting, func(f format) bool { return f.region == "" }) {
		r.report("MISSING_ARN_REGION", e.place(), `write a Region, or "*"`, "resources of this type have a Region, and %s has none", quote(e.text))
	}
	if p.account == "" && !slices.ContainsFunc(fitting, func(f format) bool { return f.account == "" || f.public }) {
		r.report("MISSING_ARN_ACCOUNT", e.place(), `write an account ID, or "*"`, "resources of this type have an account, and %s has none", quote(e.text))
	}
}

// maybe reports whether a last part with wildcards begins as one of the formats
// does: what stands behind the type may be newer than the catalogue.
func maybe(last string, formats []format) bool {
	if open(last) == "" {
		return false
	}
	typ := firstPart(last)
	return open(typ) != "" || slices.ContainsFunc(formats, func(f format) bool { return strings.EqualFold(firstPart(f.last), typ) })
}

// firstPart is the text up to the first separator.
func firstPart(s string) string {
	if i := strings.IndexAny(s, "/:"); i > 0 {
		return s[:i]
	}
	return s
}

// fitting returns the formats that name the service of an ARN, and whose last part
// its last part can have.
func (r *run) fitting(formats []format, p resource) (list []format) {
	lower := strings.ToLower(p.resource)
	for i := range formats {
		if formats[i].service == p.service && formats[i].overlapsFold(lower, &r.compared) {
			list = append(list, formats[i])
		}
	}
	return list
}

func (r *run) region(e *entry, p resource, allowed bool) {
	if !p.hasRegion || p.region == "" || open(p.region) != "" {
		return
	}
	if !allowed {
		r.report("ARN_REGION_NOT_ALLOWED", e.place(), "leave the Region empty", "resources of this type have no Region, and %s names %s", quote(e.text), quote(p.region))
		return
	}
	in := partitionOf(p.region)
	switch {
	case in == "" && !r.facts.isFixed(p.service, p.region):
		r.report("INVALID_ARN_REGION", e.place(), r.near.Hint(p.region, regionNames()), "there is no Region %s", quote(p.region))
	case in != "" && arn.ValidPartition(p.partition) && in != p.partition:
		r.report("INVALID_ARN_REGION", e.place(), "write arn:"+in+":...", "Region %s is not in partition %s", p.region, p.partition)
	}
}

func (r *run) account(e *entry, p resource, allowed bool) {
	if !p.hasAccount || p.account == "" || open(p.account) != "" {
		return
	}
	switch {
	case !allowed && p.account != "aws":
		r.report("ARN_ACCOUNT_NOT_ALLOWED", e.place(), "leave the account empty", "resources of this type have no account, and %s names %s", quote(e.text), quote(p.account))
	case !arn.ValidAccount(p.account) && p.account != "aws" && !r.facts.isFixed(p.service, p.account):
		r.report("INVALID_ARN_ACCOUNT", e.place(), "an account ID has 12 digits", "%s is no account", quote(p.account))
	}
}

// formatHint shows up to three formats of a service.
func formatHint(service string, formats []format) string {
	var shown []string
	for _, f := range formats {
		if f.service == service && len(shown) < 3 {
			shown = append(shown, f.text)
		}
	}
	return "its ARNs are such as " + strings.Join(shown, ", ")
}

// format is an ARN as a resource type has it.
type format struct {
	typ     string // resource type
	owner   string // prefix of the service that has the type
	service string // in the ARN
	region  string // "" for none; a placeholder or a fixed text
	account string
	text    string // of the whole ARN, with placeholders
	last    string // the part after the fifth colon, as a pattern
	old     bool
	parent  bool             // another format of the service is this one, a slash and more; see holds
	public  bool             // AWS has such resources of its own, in no account
	pattern *pattern.Pattern // of last
	lower   string           // last in small letters, once folded is there
	folded  *pattern.Pattern // of lower
}

// overlaps reports whether an ARN with this last part, which may have wildcards
// and variables, can have the format.
//
// A placeholder takes any text, and so does a *. Where there are both, only what
// stands before the first and behind the last of them has to agree.
func (f *format) overlaps(last string, w *work) bool {
	if f.pattern == nil {
		f.pattern = glob(f.last)
	}
	return overlapping(f.pattern, f.last, last, w)
}

// overlapsFold is overlaps without regard to letter case, as Access Analyzer
// compares: what differs in case alone has a finding of our own. The text is given
// in small letters.
func (f *format) overlapsFold(lower string, w *work) bool {
	if f.folded == nil {
		f.lower = strings.ToLower(f.last)
		f.folded = glob(f.lower)
	}
	return overlapping(f.folded, f.lower, lower, w)
}

func overlapping(compiled *pattern.Pattern, format, last string, w *work) bool {
	first := strings.IndexAny(last, "*?$")
	if first < 0 || strings.Contains(last, "?") || !strings.Contains(format, "?*") {
		return w.overlaps(compiled, last)
	}
	end := strings.LastIndexAny(last, "*}")
	if last[first] == '$' && !strings.Contains(last, "${") || end < first {
		return w.overlaps(compiled, last)
	}
	return agree(last[:first], format[:strings.Index(format, "?*")], strings.HasPrefix) &&
		agree(last[end+1:], format[strings.LastIndex(format, "?*")+2:], strings.HasSuffix)
}

// agree reports whether one of two texts begins, or ends, with the other.
func agree(a, b string, with func(s, part string) bool) bool { return with(a, b) || with(b, a) }

// formatsOf returns the formats of ARNs of a service's own resource types.
func (f *facts) formatsOf(service string) []format {
	list, asked := f.formats[service]
	if !asked {
		if s := f.service(service); s != nil {
			for _, t := range s.Types {
				list = appendFormats(list, s.Prefix, t)
			}
		}
		f.formats[service] = list
	}
	return list
}

func appendFormats(list []format, owner string, t *catalog.ResourceType) []format {
	for i, text := range slices.Concat(t.Formats, t.OldFormats) {
		if a, err := arn.Parse(text); err == nil {
			list = append(list, format{
				typ: t.Name, owner: owner, service: a.Service, region: a.Region, account: a.Account, text: text,
				last: placeholders(a.Resource), old: i >= len(t.Formats), public: slices.Contains(publicTypes, owner+":"+t.Name),
			})
		}
	}
	return list
}

// borrowed returns formats that name a service and are those of resource types of
// others. It reads the whole catalogue, once, and is asked when nothing else fits.
func (f *facts) borrowed(service string) []format {
	f.readAll()
	return f.foreignFormats[service]
}

// readAll collects what services have under the names of others.
func (f *facts) readAll() {
	if f.foreignKeys != nil {
		return
	}
	f.foreignKeys, f.foreignFormats = make(map[string]catalog.Key), make(map[string][]format)
	for _, prefix := range f.serviceNames() {
		s := f.service(prefix)
		if s == nil {
			continue
		}
		for _, k := range s.Keys {
			if owner, _, _ := strings.Cut(k.Name, ":"); owner != prefix {
				f.foreignKeys[keyShape(k.Name)] = k
			}
		}
		for _, g := range f.formatsOf(prefix) {
			if g.service != prefix {
				f.foreignFormats[g.service] = append(f.foreignFormats[g.service], g)
			}
		}
	}
}

// publicTypes are resource types of which AWS has some itself. Their ARNs leave
// the account empty.
//
// Source: AWS Systems Manager user guide, Calling AMI and service public
// parameters; IAM user guide, examples of ssm:SendCommand; AWS Security Hub user
// guide, products; Amazon EventBridge user guide, partner event sources.
var publicTypes = []string{
	"ssm:document", "ssm:parameter", "ssm:automation-definition", "ssm:automation-execution", "ssm:patchbaseline", "events:event-source", "securityhub:product",
	"config:config-rule", "rds:cluster-pg", "rds:pg", "elasticache:parametergroup", "cloudformation:stack", "servicecatalog:product",
}

// placeholders turns the text of a format into a pattern: each placeholder
// stands for one character or more.
func placeholders(s string) string {
	var b strings.Builder
	for {
		text, rest, ok := strings.Cut(s, "${")
		b.WriteString(text)
		if !ok {
			return b.String()
		}
		b.WriteString("?*")
		_, s, _ = strings.Cut(rest, "}")
	}
}

// isARNService reports whether ARNs can name a service.
func (f *facts) isARNService(name string) bool {
	return f.isService(name) || len(f.borrowed(name)) > 0
}

// isFixed reports whether a text stands as it is in the place of a Region or an
// account in a format of the service: "aws", "global".
func (f *facts) isFixed(service, text string) bool {
	return slices.ContainsFunc(f.formatsOf(service), func(g format) bool { return g.region == text || g.account == text })
}
