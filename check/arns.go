package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
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

	last, folded lastPart  // of resource, and the same in small letters
	fitting      []*format // see fits
	fitted       bool
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
	parts, fields := splitARN(text)
	p := resource{fields: fields}
	if p.fields < arnFields && hole.Has(text) {
		return resource{}
	}
	if p.fields < arnFields && !strings.HasSuffix(text, "*") {
		p.problem = "MISSING_ARN_FIELD"
		return p
	}
	field := func(i int, to *string) bool {
		// What a closing wildcard may run over is not known.
		if i >= fields || i == fields-1 && fields < arnFields {
			return false
		}
		*to = parts[i]
		return true
	}
	p.hasPartition = field(1, &p.partition)
	p.hasService = field(2, &p.service)
	p.hasRegion = field(3, &p.region)
	p.hasAccount = field(4, &p.account)
	if field(5, &p.resource) {
		p.last, p.folded = newLastPart(p.resource), newLastPart(strings.ToLower(p.resource))
	}
	return p
}

// splitARN cuts a text at its first five colons. Those in ${...} do not count:
// templates have such placeholders, and IAM variables, in every field.
func splitARN(text string) (parts [arnFields]string, n int) {
	start := 0
	for i := 0; i < len(text) && n < arnFields-1; i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			if end := strings.IndexByte(text[i:], '}'); end > 0 {
				i += end
			}
		case text[i] == ':':
			parts[n] = text[start:i]
			n++
			start = i + 1
		}
	}
	parts[n] = text[start:]
	return parts, n + 1
}

func arnsOf(r *run, s *statement) {
	if r.kind == Trust { // which cannot have resources
		return
	}
	for i := range s.resources.entries {
		if e := &s.resources.entries[i]; e.kind == policy.Quoted {
			r.resource(e, &s.arns[i])
		}
	}
}

func (r *run) resource(e *entry, p *resource) {
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
		r.report("INVALID_SERVICE", e.place(), r.near.HintAmong(p.service, r.facts.serviceNames()), "there is no service %s", quote(p.service))
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
func (r *run) placesAlone(e *entry, p *resource) {
	r.region(e, p, true)
	r.account(e, p, true)
}

// resourceOfService compares an ARN with the formats that its service has. Those
// whose last part fits decide whether the ARN has a Region and an account.
func (r *run) resourceOfService(e *entry, p *resource) {
	if p.fields < arnFields {
		r.placesAlone(e, p)
		return
	}
	fitting := r.fits(p)
	if len(fitting) == 0 {
		fitting = r.fitting(r.facts.borrowed(p.service), p)
	}
	if r.compared.spent() {
		r.undecided["INVALID_ARN_RESOURCE"]++
		return
	}
	if len(fitting) == 0 {
		formats := slices.Concat(r.facts.formatsOf(p.service), r.facts.borrowed(p.service))
		if slices.ContainsFunc(formats, func(f *format) bool { return f.service == p.service }) && !maybe(p.resource, formats) {
			r.report("INVALID_ARN_RESOURCE", e.place(), formatHint(p, formats), "%s is none of the resources that service %s has", quote(p.resource), p.service)
		}
		r.placesAlone(e, p)
		return
	}
	r.region(e, p, slices.ContainsFunc(fitting, func(f *format) bool { return f.region != "" }))
	r.account(e, p, slices.ContainsFunc(fitting, func(f *format) bool { return f.account != "" }))
	if p.region == "" && !slices.ContainsFunc(fitting, func(f *format) bool { return f.region == "" }) {
		r.report("MISSING_ARN_REGION", e.place(), `write a Region, or "*"`, "resources of this type have a Region, and %s has none", quote(e.text))
	}
	if p.account == "" && !slices.ContainsFunc(fitting, func(f *format) bool { return f.account == "" || f.public }) {
		r.report("MISSING_ARN_ACCOUNT", e.place(), `write an account ID, or "*"`, "resources of this type have an account, and %s has none", quote(e.text))
	}
}

// maybe reports whether a last part with wildcards begins as one of the formats
// does: what stands behind the type may be newer than the catalogue.
func maybe(last string, formats []*format) bool {
	if open(last) == "" {
		return false
	}
	typ := firstPart(last)
	return open(typ) != "" || slices.ContainsFunc(formats, func(f *format) bool { return strings.EqualFold(firstPart(f.last.text), typ) })
}

// firstPart is the text up to the first separator.
func firstPart(s string) string {
	if i := strings.IndexAny(s, "/:"); i > 0 {
		return s[:i]
	}
	return s
}

// fits returns the formats of the service of an ARN that it can have. What differs
// in letter case alone fits, as with Access Analyzer, and has a finding of our own.
func (r *run) fits(p *resource) []*format {
	if !p.fitted {
		p.fitting, p.fitted = r.fitting(r.facts.formatsOf(p.service), p), true
	}
	return p.fitting
}

// fitting returns the formats that name the service of an ARN, and whose last part
// its last part can have.
func (r *run) fitting(formats []*format, p *resource) []*format {
	before := len(r.formats)
	for _, f := range formats {
		if f.folded.overlaps(&p.folded, &r.compared) && f.service == p.service {
			r.formats = append(r.formats, f)
		}
	}
	return slices.Clip(r.formats[before:])
}

func (r *run) region(e *entry, p *resource, allowed bool) {
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

func (r *run) account(e *entry, p *resource, allowed bool) {
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

// formatHint shows the formats of a service that are most like an ARN, the plainest of
// those that are equally so.
func formatHint(p *resource, formats []*format) string {
	const most = 2
	var own []*format
	for _, f := range formats {
		if f.service == p.service {
			own = append(own, f)
		}
	}
	slices.SortStableFunc(own, func(f, g *format) int { return likenessOf(g, p, false).compare(likenessOf(f, p, false)) })
	var shown []string
	for _, f := range own[:min(most, len(own))] {
		shown = append(shown, f.text)
	}
	return "its ARNs are such as " + strings.Join(shown, ", ")
}
