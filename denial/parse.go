package denial

import (
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/writ-iam/writ/arn"
)

// The errors of Parse.
var (
	ErrNoDenial = errors.New(`text holds no access-denied message such as "User: ARN is not authorized to perform: ACTION on resource: ARN"`)
	ErrTooLong  = errors.New("text is longer than 1 MiB")
)

// maxText bounds the text that Parse reads; messages have a few hundred bytes,
// encoded ones up to 10,240.
const maxText = 1 << 20

// Parse reads the first access-denied message in a text, whatever a command
// line, an SDK or a log put around it. It understands every form that the IAM
// user guide shows, EC2's with an encoded message, and the short ones: without
// a resource, without a reason, "Not authorized to perform sts:AssumeRoleWithSAML".
// A reason that is no kind of policy, as Amazon S3 and AWS KMS give, is kept as it is.
func Parse(text string) (Denial, error) {
	if len(text) > maxText {
		return Denial{}, ErrTooLong
	}
	text = unwrap(text)
	d, ok := parseSentence(text)
	if !ok {
		d, ok = parseShort(text)
	}
	if m := encoded().FindStringSubmatch(text); m != nil {
		d.Encoded, ok = m[1], true
	}
	if !ok {
		return Denial{}, ErrNoDenial
	}
	d.parseNoise(text)
	return d, nil
}

// unwrap undoes the escapes of JSON and XML, and line breaks that a terminal or
// an editor put in.
func unwrap(text string) string {
	text = unescape.Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

var unescape = strings.NewReplacer(`\"`, `"`, `\n`, " ", "&quot;", `"`, "&apos;", "'", "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&")

var encoded = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)encoded authorization failure message: ?([A-Za-z0-9+/=_-]+)`)
})

// parseSentence reads "User: P is not authorized to perform: A on resource: R
// reason".
func parseSentence(text string) (d Denial, ok bool) {
	before, after, ok := strings.Cut(text, strings.TrimRight(marker, " "))
	if !ok {
		return Denial{}, false
	}
	if i := strings.LastIndex(before, userPrefix); i >= 0 {
		d.Principal = strings.TrimSpace(before[i+len(userPrefix):])
	}
	sentence := endOfSentence(strings.TrimSpace(after))
	head, reason := cutReason(sentence)
	d.parseReason(reason)
	action, rest, _ := strings.Cut(head, " ")
	d.Action = strings.Trim(action, `"'.,;`)
	rest = " " + rest
	if i := strings.Index(rest, strings.TrimRight(resourceMarker, " ")); i >= 0 {
		d.Resource = trimResource(rest[i+len(resourceMarker)-1:])
	}
	if !isAction(d.Action) {
		return Denial{}, false
	}
	return d, true
}

// The messages of STS for identity providers name neither caller nor resource;
// people quote others without their colons.
var short = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:\buser:? (arn:\S+) is )?\bnot authorized to perform:? ([A-Za-z0-9-]+:[A-Za-z0-9]+)`)
})

func parseShort(text string) (Denial, bool) {
	m := short().FindStringSubmatch(text)
	if m == nil {
		return Denial{}, false
	}
	return Denial{Principal: m[1], Action: m[2]}, true
}

func isAction(s string) bool {
	service, name, ok := strings.Cut(s, ":")
	return ok && service != "" && name != "" && !strings.ContainsAny(s, "<>\"' ")
}

// endings begin what does not belong to the sentence: EC2's encoded message,
// the notes of SDKs, the markup of responses.
var endings = []string{encodedPrefix, " (Service: ", " (service: ", "</", `","`, `"}`, `",`, " status code:", ", request id", " Status Code:", "{\""}

func endOfSentence(s string) string {
	end := len(s)
	for _, e := range endings {
		if i := strings.Index(s[:end], e); i >= 0 {
			end = i
		}
	}
	return strings.TrimSpace(s[:end])
}

const (
	implicitMarker = " because no "
	explicitMarker = " with an explicit deny"
	otherMarker    = " because "
)

// cutReason splits a sentence where its reason begins. The names of resources
// may hold almost any word, so it is the last place that counts.
func cutReason(s string) (head, reason string) {
	at := max(strings.LastIndex(s, implicitMarker), strings.LastIndex(s, explicitMarker))
	if quote := strings.LastIndex(s, `"`); at < 0 && strings.Contains(s[quote+1:], otherMarker) {
		at = quote + 1 + strings.Index(s[quote+1:], otherMarker)
	}
	if at < 0 {
		return s, ""
	}
	return s[:at], s[at+1:]
}

func (d *Denial) parseReason(reason string) {
	if rest, ok := strings.CutPrefix(reason, explicitMarker[1:]); ok {
		d.Explicit = true
		d.parseExplicit(strings.TrimSpace(rest))
		return
	}
	rest, _ := strings.CutPrefix(reason, implicitMarker[1:])
	for kind, p := range phrases {
		if p.implicit != "" && strings.HasPrefix(rest, p.implicit+" allows ") {
			d.Kind = Kind(kind)
		}
	}
	if d.Kind == Unnamed {
		d.Other = strings.TrimRight(reason, ` ."`)
	}
}

// parseExplicit reads "in a service control policy: ARN".
func (d *Denial) parseExplicit(rest string) {
	rest, ok := strings.CutPrefix(rest, "in ")
	if !ok {
		return
	}
	rest = strings.Replace(rest, "a sessions policy", "a session policy", 1) // printed so in the guide
	longest := 0
	for kind, p := range phrases {
		if p.explicit != "" && len(p.explicit) > longest && strings.HasPrefix(rest, p.explicit) {
			d.Kind, longest = Kind(kind), len(p.explicit)
		}
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(rest[longest:]), ":")
	if !ok || longest == 0 {
		return
	}
	word, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	word = strings.Trim(word, `.,;"'()`)
	if _, err := arn.Parse(word); err == nil {
		d.PolicyARN = word
	}
}

// trimResource takes off the quotes that S3 writes and the full stop of a
// sentence.
func trimResource(s string) string {
	s = strings.TrimSpace(s)
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		if i := strings.IndexByte(quoted, '"'); i >= 0 {
			return quoted[:i]
		}
	}
	return strings.TrimRight(s, `"'.,;`)
}

var (
	cliNoise  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\((\w+)\) when calling the (\w+) operation`) })
	javaNoise = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?:Error Code|error code): (\w+)`) })
	goNoise   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`operation error [\w .-]+: (\w+),`) })
	anyCode   = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\b(AccessDenied(?:Exception)?|UnauthorizedOperation|AuthorizationError(?:Exception)?|NotAuthorized|UnauthorizedException|AccessDeniedFault)\b`)
	})
)

// parseNoise picks up the error code and the operation.
func (d *Denial) parseNoise(text string) {
	if m := cliNoise().FindStringSubmatch(text); m != nil {
		d.Code, d.Operation = m[1], m[2]
		return
	}
	if m := goNoise().FindStringSubmatch(text); m != nil {
		d.Operation = m[1]
	}
	if m := javaNoise().FindStringSubmatch(text); m != nil {
		d.Code = m[1]
	} else if m := anyCode().FindStringSubmatch(text); m != nil {
		d.Code = m[1]
	}
}
