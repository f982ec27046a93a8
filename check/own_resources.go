package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
)

// aboutOldARNs is about formats that AWS gives no more.
var aboutOldARNs = &finder{statement: oldARNs}

func oldARNs(r *run, s *statement) {
	if r.kind == Trust {
		return
	}
	for i := range s.resources.entries {
		e, p := &s.resources.entries[i], &s.arns[i]
		if p.problem != "" || p.all || p.fields < arnFields || hasWildcard(p.service) {
			continue
		}
		fitting := r.fits(p)
		if len(fitting) == 0 || slices.ContainsFunc(fitting, func(f *format) bool { return !f.old }) {
			continue
		}
		hint := ""
		for _, f := range r.facts.formatsOf(p.service) {
			if f.typ == fitting[0].typ && !f.old {
				hint = "new ones are " + f.text
			}
		}
		r.report("WRIT_OLD_ARN_FORMAT", e.place(), hint, "%s is an ARN as only old resources have them", quote(e.text))
	}
}

// aboutMismatch is about actions none of whose resources the statement names. Which
// actions are about a type that the catalogue has with none, such as an HTTP API of API
// Gateway, is not known.
var aboutMismatch = &finder{statement: mismatches}

func mismatches(r *run, s *statement) {
	if r.kind == Trust || s.actions.not || s.resources.not || len(s.resources.entries) == 0 {
		return
	}
	for i := range s.arns {
		p := &s.arns[i]
		if p.all || p.problem != "" || p.fields < arnFields || open(p.service) != "" {
			return // anything may be meant
		}
		if len(r.fits(p)) == 0 || !r.isOfAttached(p) {
			return // which has a finding of its own
		}
	}
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		if !r.actionOfAttached(e) || r.compared.spent() {
			continue
		}
		if e.action == nil {
			r.mismatchedPattern(e, s.arns)
			continue
		}
		// Two services share the tagging actions of elasticloadbalancing, and the
		// catalogue has the resources of one.
		if e.action.AccessLevel != catalog.Tagging && !r.meets(e.action, s.arns) && !r.anyFits(r.facts.actionless(e.action.Service), s.arns) {
			r.report("WRIT_RESOURCE_MISMATCH", e.place(), r.typesHint(e.action, s.arns), "%s is about none of the resources of the statement", e.text)
		}
	}
}

// mismatchedPattern reports a pattern none of whose actions is about a resource of the
// statement. Of the tagging actions nothing is said, as above. What has a wildcard in its
// service takes in services that are yet to come.
func (r *run) mismatchedPattern(e *entry, parsed []resource) {
	service, _, _ := strings.Cut(e.text, ":")
	if !hasWildcard(e.text) || hasWildcard(service) {
		return
	}
	var first *action
	for _, a := range r.facts.expand(e.text) {
		if r.meets(a, parsed) {
			return
		}
		if a.AccessLevel != catalog.Tagging && (first == nil || len(first.Types) == 0) {
			first = a
		}
	}
	if first == nil || r.anyFits(r.facts.actionless(strings.ToLower(service)), parsed) || r.compared.spent() {
		return
	}
	r.report("WRIT_RESOURCE_MISMATCH", e.place(), r.typesHint(first, parsed), "no action that %s stands for is about a resource of the statement", quote(e.text))
}

// meets reports whether one of the resources can be of a type that an action is
// about.
func (r *run) meets(a *action, parsed []resource) bool {
	formats := r.facts.formatsOfAction(a)
	if len(formats) == 0 { // services ask about all that they have, as s3 about arn:aws:s3:::*
		return slices.ContainsFunc(parsed, func(p resource) bool { return p.service == a.Service && starred(p.resource) })
	}
	return r.anyFits(formats, parsed)
}

// anyFits reports whether one of the resources can have one of the formats.
func (r *run) anyFits(formats []*format, parsed []resource) bool {
	for _, f := range formats {
		if strings.HasPrefix(f.service, "$") {
			return true // it is about resources of other services
		}
		for i := range parsed {
			if p := &parsed[i]; f.service == p.service && f.holds(p.resource) && f.last.overlaps(&p.last, &r.compared) {
				return true
			}
		}
	}
	return false
}

// typesHint names the type of resources that was most likely meant: one that the
// action needs before others, then the one that is most like a resource of the
// statement.
func (r *run) typesHint(a *action, parsed []resource) string {
	list := r.facts.formatsOfAction(a)
	if len(list) == 0 {
		return `it takes no resource: write "*"`
	}
	best, most := list[0], likeness{}
	for _, f := range list {
		needed := slices.ContainsFunc(a.Types, func(t catalog.TypeOfAction) bool { return t.Name == f.typ && t.Required })
		for i := range parsed {
			if l := likenessOf(f, &parsed[i], needed); l.more(most) {
				best, most = f, l
			}
		}
	}
	return "it is about " + best.text
}

// likeness says how well a format fits as a correction of a resource: it is needed,
// current, of the same service, in as many of the places that an ARN may name, and
// begins with the same text.
type likeness [6]int

func likenessOf(f *format, p *resource, needed bool) likeness {
	same := 0
	last := f.folded.text
	for same < len(last) && same < len(p.resource) && last[same] == p.resource[same] {
		same++
	}
	return likeness{
		boolInt(needed), boolInt(!f.old), boolInt(f.service == p.service),
		boolInt((f.region == "") == (p.region == "")) + boolInt((f.account == "") == (p.account == "")), same, -strings.Count(f.last.text, placeholder),
	}
}

// more compares likenesses; the zero one is less than that of any format of the
// first kind.
func (l likeness) more(than likeness) bool { return l.compare(than) > 0 }

func (l likeness) compare(with likeness) int { return slices.Compare(l[:], with[:]) }

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// aboutUnknownPrincipals is about principals that nobody can be.
var aboutUnknownPrincipals = &finder{statement: unknownPrincipals}

func unknownPrincipals(r *run, s *statement) {
	for i := range s.groups {
		g := &s.groups[i]
		for j := range g.entries {
			e := &g.entries[j]
			if e.kind != policy.Quoted || open(e.text) != "" {
				continue
			}
			switch g.key {
			case policy.PrincipalAWS:
				if !knownAWSPrincipal(e.text) {
					r.report("WRIT_UNKNOWN_PRINCIPAL", e.place(), "write an account ID, or the ARN of a user, role or session", "no caller is %s", quote(e.text))
				}
			case policy.PrincipalService:
				if len(e.text) > longestName || !principalForm().MatchString(e.text) {
					r.report("WRIT_UNKNOWN_PRINCIPAL", e.place(), "write service.amazonaws.com", "no service is %s", quote(e.text))
				} else if meant := r.misspeltPrincipal(e.text); meant != "" {
					r.report("WRIT_UNKNOWN_PRINCIPAL", e.place(), "did you mean "+quote(meant)+"?", "no service is known as %s", quote(e.text))
				}
			}
		}
	}
}

// misspeltPrincipal returns the principal of a service that another one, which is not
// known, is but for a slip; "" where there is none. What is not known and like no other is
// left alone: no list of principals is complete. Hyphens and numbers are no slips: services
// have securityhubv2 besides securityhub, and application-insights for applicationinsights.
func (r *run) misspeltPrincipal(host string) string {
	if r.facts.isPrincipal(host) {
		return ""
	}
	label := firstLabel(host)
	if meant := r.near.Misspelt(label, r.facts.principalNames()); meant != "" && bareLetters(meant) != bareLetters(label) {
		return meant + strings.TrimPrefix(host, label)
	}
	return ""
}

// bareLetters is a label without hyphens and without the number of a version.
func bareLetters(label string) string {
	label = strings.TrimRight(label, "0123456789")
	return strings.ReplaceAll(strings.TrimSuffix(label, "v"), "-", "")
}

// knownAWSPrincipal reports whether a text is an account, an ARN of a caller, or
// an identifier: of something deleted, or of CloudFront's.
func knownAWSPrincipal(text string) bool {
	if !strings.Contains(text, ":") {
		return len(text) >= 12 && !strings.ContainsFunc(text, notAlphanumeric)
	}
	if _, err := policy.ParseCaller(text); err == nil {
		return true
	}
	p := parseResource(text)
	return p.account == "cloudfront"
}
