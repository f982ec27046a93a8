package catalog

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
)

// maxARN is the length up to which ARNs are matched, in bytes. AWS allows 2048.
const maxARN = 2048

// A Match is a resource type that an ARN can belong to.
type Match struct {
	Type   *ResourceType
	Format string // of Formats or OldFormats
	Old    bool   // the format is one of OldFormats
}

// MatchARN returns the resource types that an ARN (not a pattern) can belong
// to, of the service that it names; usually one. Types of other services that
// borrow the format are left out. Where several formats fit, those with the
// most text of their own count: an object, not a bucket with a slash.
func (c *Catalog) MatchARN(text string) ([]Match, error) {
	parsed, err := arn.Parse(text)
	if err != nil || len(text) > maxARN {
		return nil, nil
	}
	var found []Match
	best := 0
	for _, prefix := range c.prefixesFor(parsed.Service) {
		s, err := c.Service(prefix)
		if err != nil {
			return nil, err
		}
		for _, t := range s.Types {
			for i, format := range slices.Concat(t.Formats, t.OldFormats) {
				weight := fitARN(format, parsed)
				if weight == 0 || weight < best {
					continue
				}
				if weight > best {
					found, best = nil, weight
				}
				found = append(found, Match{t, format, i >= len(t.Formats)})
			}
		}
	}
	return found, nil
}

// TakesARN reports whether an ARN can be that of a resource that an action is
// about, and returns the formats of those. An ARN that fits another type better is
// none: an object is no bucket with a slash, but an alias is a function with a
// qualifier. What is not known to be otherwise is taken: patterns, actions about
// resources of other services, and those that tag, whose types the catalogue lacks
// in part.
func (c *Catalog) TakesARN(a *Action, text string) (takes bool, formats []string, err error) {
	parsed, bad := arn.Parse(text)
	if bad != nil || len(text) > maxARN || strings.ContainsAny(text, "*?$") || a.AccessLevel == Tagging {
		return true, nil, nil
	}
	s, err := c.Service(a.Service)
	if err != nil {
		return false, nil, err
	}
	own, qualified := 0, false
	for _, name := range a.Types {
		t, ok := s.ResourceType(name.Name)
		if !ok {
			return true, nil, nil
		}
		for _, format := range slices.Concat(t.Formats, t.OldFormats) {
			f, err := arn.Parse(format)
			if err != nil || strings.HasPrefix(f.Service, "$") {
				return true, nil, nil
			}
			if weight := fitARN(format, parsed); weight > 0 {
				own = max(own, weight)
				qualified = qualified || fit(f.Resource+end, parsed.Resource+end, "/")
			}
		}
		formats = append(formats, t.Formats...)
	}
	found, err := c.MatchARN(text)
	if err != nil {
		return false, nil, err
	}
	return own > 0 && (qualified || len(found) == 0 || own >= fitARN(found[0].Format, parsed)), formats, nil
}

// end, behind a format and a text, keeps its last placeholder too from standing for
// separators.
const end = "\x00"

// prefixesFor returns the IAM services that may have the resource: most ARNs
// name the prefix of theirs.
func (c *Catalog) prefixesFor(service string) []string {
	if isName(service) && c.has("iam/"+service+".txt") {
		return []string{service}
	}
	return nil
}

// fitARN returns 0 when an ARN does not have a format, and otherwise how well
// it fits: the text that the format demands, doubled when no placeholder but
// the last swallows a separator.
func fitARN(format string, a arn.ARN) int {
	f, err := arn.Parse(format)
	if err != nil || f.Service != a.Service {
		return 0
	}
	for _, pair := range [...][2]string{{f.Partition, a.Partition}, {f.Region, a.Region}, {f.Account, a.Account}} {
		if strings.HasPrefix(pair[0], "${") != (pair[1] != "") || !strings.HasPrefix(pair[0], "${") && pair[0] != pair[1] {
			return 0
		}
	}
	weight := 1 + textLength(f.Resource)
	switch {
	case fit(f.Resource, a.Resource, "/:"):
		return 2 * weight
	case fit(f.Resource, a.Resource, ""):
		return weight
	}
	return 0
}

// textLength is the length of a format without its placeholders.
func textLength(format string) int {
	n := 0
	for {
		text, after, ok := strings.Cut(format, "${")
		n += len(text)
		if !ok {
			return n
		}
		_, format, _ = strings.Cut(after, "}")
	}
}

// fit reports whether text has the format: each placeholder stands for one or
// more characters, none of them a separator.
func fit(format, text, separators string) bool {
	first, rest, ok := strings.Cut(format, "${")
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	if !ok {
		return text == ""
	}
	_, format, _ = strings.Cut(rest, "}")
	for {
		next, after, more := strings.Cut(format, "${")
		if !more {
			// The last placeholder ends where the text after it begins.
			value, found := strings.CutSuffix(text, next)
			return found && value != "" && !strings.ContainsAny(value, separators)
		}
		at := -1
		if len(text) > 0 {
			at = strings.Index(text[1:], next)
		}
		if at < 0 || strings.ContainsAny(text[:at+1], separators) {
			return false
		}
		text = text[at+1+len(next):]
		_, format, _ = strings.Cut(after, "}")
	}
}
