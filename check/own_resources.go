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
		e := &s.resources.entries[i]
		p := parseResource(e.text)
		if p.problem != "" || p.all || p.fields < arnFields || hasWildcard(p.service) {
			continue
		}
		fitting := r.fitting(r.facts.formatsOf(p.service), p)
		if len(fitting) == 0 || slices.ContainsFunc(fitting, func(f format) bool { return !f.old }) {
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

// aboutMismatch is about actions none of whose resources the statement names.
var aboutMismatch = &finder{statement: mismatches}

func mismatches(r *run, s *statement) {
	if r.kind == Trust || r.attached != nil || s.actions.not || s.resources.not || len(s.resources.entries) == 0 {
		return
	}
	parsed := make([]resource, len(s.resources.entries))
	for i := range s.resources.entries {
		parsed[i] = parseResource(s.resources.entries[i].text)
		if p := &parsed[i]; p.all || p.problem != "" || p.fields < arnFields || open(p.service) != "" {
			return // anything may be meant
		}
		if len(r.fitting(r.facts.formatsOf(parsed[i].service), parsed[i])) == 0 {
			return // which has a finding of its own
		}
	}
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		a := r.facts.action(e.text)
		// Two services share the tagging actions of elasticloadbalancing, and the
		// catalogue has the resources of one.
		if a == nil || a.AccessLevel == catalog.Tagging || r.compared.spent() || r.meets(a, parsed) {
			continue
		}
		r.report("WRIT_RESOURCE_MISMATCH", e.place(), r.typesHint(a, parsed), "%s is about none of the resources of the statement", e.text)
	}
}

// meets reports whether one of the resources can be of a type that an action is
// about.
func (r *run) meets(a *catalog.Action, parsed []resource) bool {
	for _, f := range r.facts.formatsOfAction(a) {
		for i := range parsed {
			if f.service == parsed[i].service && f.holds(parsed[i].resource) && f.overlaps(parsed[i].resource, &r.compared) {
				return true
			}
		}
	}
	return false
}

// holds rules out a text with more slashes than a format has whose last
// placeholder another format of the service continues behind a slash: what has a
// slash is an object and no bucket.
func (f *format) holds(last string) bool {
	return !f.parent || slashes(last) <= strings.Count(f.last, "/")
}

// slashes counts the slashes of a text that do not stand in variables.
func slashes(s string) int {
	n := 0
	for {
		text, rest, ok := strings.Cut(s, "${")
		n += strings.Count(text, "/")
		if !ok {
			return n
		}
		_, s, _ = strings.Cut(rest, "}")
	}
}

// formatsOfAction returns the formats of the resources that an action is about.
func (f *facts) formatsOfAction(a *catalog.Action) []*format {
	full := a.FullName()
	list, asked := f.actionFormats[full]
	if asked {
		return list
	}
	all := f.formatsOf(a.Service)
	for i := range all {
		g := &all[i]
		if slices.ContainsFunc(a.Types, func(t catalog.TypeOfAction) bool { return t.Name == g.typ }) {
			g.parent = slices.ContainsFunc(all, func(h format) bool { return strings.HasPrefix(h.last, g.last+"/") })
			list = append(list, g)
		}
	}
	f.actionFormats[full] = list
	return list
}

// typesHint names the type of resources that was most likely meant: one that the
// action needs before others, then the one that is most like a resource of the
// statement.
func (r *run) typesHint(a *catalog.Action, parsed []resource) string {
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
	last := strings.ToLower(f.last)
	for same < len(last) && same < len(p.resource) && last[same] == p.resource[same] {
		same++
	}
	return likeness{
		boolInt(needed), boolInt(!f.old), boolInt(f.service == p.service),
		boolInt((f.region == "") == (p.region == "")) + boolInt((f.account == "") == (p.account == "")), same, -strings.Count(f.last, "?*"),
	}
}

// more compares likenesses; the zero one is less than that of any format of the
// first kind.
func (l likeness) more(than likeness) bool { return slices.Compare(l[:], than[:]) > 0 }

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
				if len(e.text) > longestName || !principalForm.MatchString(e.text) {
					r.report("WRIT_UNKNOWN_PRINCIPAL", e.place(), "write service.amazonaws.com", "no service is %s", quote(e.text))
				}
			}
		}
	}
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
