package roles

import (
	"net/url"
	"strings"

	"github.com/writ-iam/writ/pattern"
)

// A view is what a text says besides itself: the tables that a statement reads,
// the version in the source of a copy. The catalogue names views behind a member,
// as in CopySource#version; package catalog lists them.

// viewed is one text that a view finds; in an open one "*" is a wildcard.
type viewed struct {
	text string
	open bool
}

// views are the ones with a name. A view that finds nothing says that the text
// has no such thing; one that cannot tell finds "*".
var views = map[string]func(text string, open bool) []viewed{
	"selected":  func(text string, open bool) []viewed { return tablesOf(text, open, "SELECT") },
	"inserted":  func(text string, open bool) []viewed { return tablesOf(text, open, "INSERT") },
	"updated":   func(text string, open bool) []viewed { return tablesOf(text, open, "UPDATE") },
	"deleted":   func(text string, open bool) []viewed { return tablesOf(text, open, "DELETE") },
	"copied":    copiedObject,
	"version":   copiedVersion,
	"encoded":   encoded,
	"prefix":    prefix,
	"unrevised": unrevised,
	"writes":    writes,
	"lower":     func(text string, open bool) []viewed { return []viewed{{strings.ToLower(text), open}} },
	"addressed": addressed,
}

// alternativeViews are those of which only one text counts, though any may: mail
// is sent as the address where that is verified, else as a domain of it that is.
// Source: Amazon SES developer guide, "Creating and verifying identities".
var alternativeViews = map[string]bool{"addressed": true}

// through looks at what is known of a parameter through a view. What is not
// known may hold such a thing or not.
func (g *generator) through(k known, name string) known {
	if list, not := strings.CutPrefix(name, "!"); strings.HasPrefix(list, "(") {
		return g.filter(k, strings.Split(strings.Trim(list, "()"), ","), not)
	}
	view := views[name]
	out := known{absent: k.absent, unknown: k.unknown, part: k.part || k.unknown, maybe: k.maybe, at: k.at}
	for _, t := range g.texts(k, "") {
		if !t.readable || view == nil {
			out.unknown, out.part = true, true
			continue
		}
		found := view(t.text, t.open)
		if len(found) == 0 {
			out.absent++
		}
		for _, f := range found {
			switch {
			case f.text == "*" && f.open:
				out.unknown = true
			case f.open:
				out.opened = append(out.opened, f.text)
			default:
				out.names = append(out.names, f.text)
			}
		}
		out.part = out.part || t.open
	}
	return out
}

// filter keeps the values that match one of some patterns, or none of them.
func (g *generator) filter(k known, patterns []string, not bool) known {
	out := known{absent: k.absent, unknown: k.unknown, part: k.part || k.unknown, maybe: k.maybe, at: k.at}
	keep := func(text string, open, readable bool) bool {
		may, must := matches(patterns, text, open)
		if !readable {
			may, must = true, false
		}
		if not {
			may, must = !must, !may
		}
		if !may {
			out.absent++
		}
		out.part = out.part || may && !must
		return may
	}
	for _, v := range k.values {
		if text, ok := v.text(); keep(text, false, ok) {
			out.values = append(out.values, v)
		}
	}
	for _, v := range k.open {
		if text, ok := g.openText(v); keep(text, true, ok) {
			out.open = append(out.open, v)
		}
	}
	for _, text := range k.names {
		if keep(text, false, true) {
			out.names = append(out.names, text)
		}
	}
	for _, text := range k.opened {
		if keep(text, true, true) {
			out.opened = append(out.opened, text)
		}
	}
	return out
}

// matches reports whether a text may match, and whether it must match, one of
// some patterns.
func matches(patterns []string, text string, open bool) (may, must bool) {
	for _, p := range patterns {
		if open {
			may, must = may || overlaps(p, text), must || within(text, p)
		} else if pattern.MatchFold(p, text) {
			return true, true
		}
	}
	return may, must
}

// copiedObject is the object that is copied: bucket and key, or the ARN of an
// object behind an access point, in either case encoded as in a URL.
func copiedObject(text string, open bool) []viewed {
	source, _, _ := strings.Cut(text, "?versionId=")
	source = strings.TrimPrefix(source, "/")
	out := []viewed{{decoded(source, url.PathUnescape), open}}
	// Whether a plus sign is a space is not documented.
	if spaced := decoded(source, url.QueryUnescape); spaced != out[0].text {
		out = append(out, viewed{spaced, open})
	}
	return out
}

func decoded(text string, decode func(string) (string, error)) string {
	if plain, err := decode(text); err == nil {
		return plain
	}
	return text
}

// copiedVersion is the version that is copied.
func copiedVersion(text string, open bool) []viewed {
	_, version, ok := strings.Cut(text, "?versionId=")
	switch {
	case ok:
		return []viewed{{version, open}}
	case open && strings.HasSuffix(text, "*"):
		return []viewed{{"*", true}}
	}
	return nil
}

// encoded is a text as it stands in the path of a URL.
func encoded(text string, open bool) []viewed {
	parts := []string{text}
	if open {
		parts = strings.Split(text, "*")
	}
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(p), "+", "%20")
	}
	return []viewed{{strings.Join(parts, "*"), open}}
}

// prefix is a name, or any name below one that ends in a slash.
func prefix(text string, open bool) []viewed {
	if strings.HasSuffix(text, "/") {
		if !open {
			text = literal(text)
		}
		return []viewed{{text + "*", true}}
	}
	return []viewed{{text, open}}
}

// unrevised is a name, or an ARN, that ends in no revision.
func unrevised(text string, open bool) []viewed {
	name := text[strings.LastIndexByte(text, '/')+1:]
	if strings.HasPrefix(text, "arn:") && name == text || strings.Contains(name, ":") {
		return nil
	}
	return []viewed{{text, open}}
}

// writes is a statement that is not known to read only.
func writes(text string, open bool) []viewed {
	if first, _, _ := strings.Cut(strings.TrimLeft(text, "( \t\r\n"), " "); open && strings.Contains(first, "*") || !readsOnly(text) {
		return []viewed{{text, open}}
	}
	return nil
}

// addressed are the identities under which mail from an address may be sent: the
// address, its domain, and domains above that, which the ones below inherit from.
// A display name may stand around the address.
func addressed(text string, open bool) []viewed {
	if _, inner, ok := strings.Cut(text, "<"); ok {
		text, _, _ = strings.Cut(inner, ">")
	}
	text = strings.TrimSpace(text)
	name, domain, ok := strings.Cut(text, "@")
	if !ok {
		return []viewed{{"*", true}}
	}
	name, _, _ = strings.Cut(name, "+") // a label does not make another identity
	out := []viewed{{name + "@" + domain, open}}
	for strings.Contains(domain, ".") && len(out) < maxIdentities {
		out = append(out, viewed{domain, open})
		_, domain, _ = strings.Cut(domain, ".")
	}
	if open && strings.Contains(domain, "*") {
		return []viewed{{"*", true}}
	}
	return out
}

// maxIdentities bounds the identities of one address.
const maxIdentities = 8
