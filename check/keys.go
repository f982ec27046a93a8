package check

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// aboutKeys is about condition keys that do not exist.
var aboutKeys = &finder{statement: twins, condition: keyExists}

// twins reports keys of one operator that differ in letter case alone.
func twins(r *run, s *statement) {
	for i := range s.blocks {
		seen := make(map[string]string)
		for j := range s.blocks[i].Keys {
			k := &s.blocks[i].Keys[j]
			lower := strings.ToLower(k.Name)
			if before, again := seen[lower]; again && before != k.Name {
				at := s.blocks[i].at
				r.report("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", place{at: at, element: k.Name, span: k.NameSpan}, "write the key once, with all its values",
					"key %s stands there as %s as well: letter case does not matter", quote(k.Name), quote(before))
			}
			seen[lower] = k.Name
		}
	}
}

func keyExists(r *run, _ *statement, c *condition) {
	fact := r.facts.key(c.lower)
	switch fact.origin {
	case keyNoPrefix:
		r.report("INVALID_CONDITION_KEY_FORMAT", c.place(), r.near.Hint("aws:"+source.Clip(c.key, longestName), r.facts.keyNames("aws")), "%s is no condition key: it has no service", quote(c.key))
	case keyBadGlobal:
		r.report("INVALID_GLOBAL_CONDITION_KEY", c.place(), r.near.Hint(c.key, r.facts.keyNames("aws")), "there is no global condition key %s", quote(c.key))
	case keyUnsupported:
		r.report("UNSUPPORTED_GLOBAL_CONDITION_KEY", c.place(), "write aws:PrincipalArn for the caller, or aws:SourceArn for what a service calls for", "key %s is never sent", quote(c.key))
	case keyMissingTag:
		r.report("MISSING_TAG_KEY_IN_CONDITION", c.place(), "write "+quote(strings.TrimSuffix(source.Clip(c.key, longestName), "/")+"/TAG-KEY"), "key %s needs the key of a tag", quote(c.key))
	case keyBadPrefix:
		r.report("INVALID_SERVICE", c.place(), r.near.HintAmong(fact.prefix, r.facts.serviceNames()), "there is no service %s", quote(fact.prefix))
	case keyBadService:
		r.report("INVALID_SERVICE_CONDITION_KEY", c.place(), r.near.Hint(c.key, r.facts.keyNames(fact.prefix)), "service %s has no condition key %s", fact.prefix, quote(c.key))
	}
	if newer := deprecatedKeys[c.lower]; newer != "" {
		r.report("DEPRECATED_GLOBAL_CONDITION_KEY", c.place(), "write "+newer, "key %s is old; new services do not send it", quote(c.key))
	}
}

// aboutKeyUse is about keys that exist, and do not do there what they seem to.
var aboutKeyUse = &finder{statement: keysOfStatement, condition: keyUse}

func keysOfStatement(r *run, s *statement) {
	r.sessionTags(s)
}

func keyUse(r *run, s *statement, c *condition) {
	r.neverSent(s, c)
	r.actionOfKey(s, c)
	r.unpaired(s, c)
	r.endpointKey(s, c)
	if untrustworthyKeys[c.lower] {
		r.report("UNTRUSTWORTHY_CONDITION_KEY", c.place(), "test something that the caller cannot choose", "whoever calls chooses the value of %s", c.key)
	}
	r.listPrefix(s, c)
	r.attributes(s, c)
}

// neverSent reports actions whose requests do not have a key, so that its
// condition does not hold for them. Operators that hold without the key are left
// alone, and so are the services' own keys for tags of resources: services send
// them with more actions than the reference says. Claims of identity providers go with
// whatever the session does later.
func (r *run) neverSent(s *statement, c *condition) {
	fact := r.facts.key(c.lower)
	if !c.known || c.op.IfExists || c.op.Family == policy.FamilyNull || s.actions.not || fact.name == "" || strings.Contains(c.lower, "resourcetag/") ||
		fact.origin != keyOfService && fact.origin != keyOfProvider || c.op.Quantifier == policy.ForAllValues && s.allows() {
		return
	}
	var without []string
	for i := range s.actions.entries {
		e := &s.actions.entries[i]
		if a := e.action; a != nil && !(fact.origin == keyOfProvider && a.Service != tokenService) && !r.facts.carries(a, fact.name) && !r.facts.carries(a, c.lower) {
			without = append(without, e.text)
		}
	}
	if len(without) > 0 && r.facts.isSent(fact, c.lower) {
		r.report("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", c.place(), "move them to a statement of their own",
			"requests for %s never have the key %s", few(without), c.key)
	}
}

// few writes up to three names.
func few(names []string) string {
	const most = 3
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

// actionOfKey reports a key that only counts when the statement names another
// action too.
func (r *run) actionOfKey(s *statement, c *condition) {
	needed := actionForKey[c.lower]
	if needed == "" || s.actions.not || !r.namesAny(s, assumingActions) || s.patterns.Match(needed) {
		return
	}
	r.report("MISSING_ACTION_FOR_CONDITION_KEY", c.place(), "add "+needed+" to Action", "%s is only sent with %s, which the statement does not name", c.key, needed)
}

// sessionTags reports tags of sessions that are tested without the action that
// sets them.
func (r *run) sessionTags(s *statement) {
	const needed = "sts:TagSession"
	if s.actions.not || !r.namesAny(s, assumingActions) || s.patterns.Match(needed) || len(s.actions.entries) == 0 {
		return
	}
	for i := range s.actions.entries {
		if !slices.ContainsFunc(assumingActions, func(a string) bool { return strings.EqualFold(a, s.actions.entries[i].text) }) {
			return // another action may be what the tags are for
		}
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		if strings.HasPrefix(c.lower, "aws:requesttag/") || c.lower == "aws:tagkeys" {
			r.report("MISSING_ACTION_FOR_CONDITION_KEY", c.place(), "add "+needed+" to Action", "%s is only sent with %s, which the statement does not name", c.key, needed)
			return
		}
	}
}

// namesAny reports whether an entry of Action is one of the actions.
func (r *run) namesAny(s *statement, list []string) bool {
	for i := range s.actions.entries {
		for _, a := range list {
			if strings.EqualFold(s.actions.entries[i].text, a) {
				return true
			}
		}
	}
	return false
}

func (r *run) unpaired(s *statement, c *condition) {
	others := pairedKeys[c.lower]
	if len(others) == 0 || c.op.Family == policy.FamilyNull || s.has(others...) {
		return
	}
	r.report("MISSING_PAIRED_CONDITION_KEYS", c.place(), "add a condition on "+others[0]+" to the statement",
		"%s alone also fits other networks with the same addresses; it belongs together with %s", c.key, strings.Join(others, " or "))
}

// endpointKey reports keys that few services send beside actions of others.
func (r *run) endpointKey(s *statement, c *condition) {
	services := endpointKeys[c.lower]
	if services == nil {
		return
	}
	without := ""
	for i := range s.actions.entries {
		text := s.actions.entries[i].text
		service, _, _ := strings.Cut(strings.ToLower(text), ":")
		if s.actions.not || starred(text) || !services[service] || strings.EqualFold(text, "iam:PassRole") {
			without = text
			break
		}
	}
	if without != "" {
		r.report("USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES", c.place(), "name actions of services that send the key",
			"not all services of %s %s send %s", s.actions.name, quote(without), c.key)
	}
}

// listPrefix reports a prefix that is to be forbidden: a shorter one lists the
// same objects.
func (r *run) listPrefix(s *statement, c *condition) {
	if c.lower != "s3:prefix" || !c.known || c.op.Family != policy.FamilyString {
		return
	}
	if s.denies() != c.op.Negated && (s.denies() || s.allows()) {
		r.report("S3_PREFIX_IN_NEGATIVE_CONTEXT", c.place(), "allow prefixes with StringLike, or deny all others with StringNotLike",
			"this does not keep anyone from listing those objects: a request with a shorter prefix lists them too")
	}
}

// attributes reports a restriction to attributes that requests for whole items
// escape.
func (r *run) attributes(s *statement, c *condition) {
	if c.lower != "dynamodb:attributes" || !s.allows() || c.op.Family == policy.FamilyNull {
		return
	}
	reads := slices.ContainsFunc(readsItems, s.patterns.Match)
	if reads && !s.selects() {
		r.report("DYNAMODB_ATTRIBUTES_WITHOUT_SELECT", c.place(), `add "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}`,
			"reading without naming attributes returns all of them, whatever %s says", c.key)
	}
}

// selects reports whether the statement wants requests to name attributes.
func (s *statement) selects() bool {
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.lower == "dynamodb:select" && c.known && c.op.Family == policy.FamilyString && !c.op.Negated && len(c.entries) == 1 &&
			c.entries[0].text == "SPECIFIC_ATTRIBUTES" {
			return true
		}
	}
	return false
}
