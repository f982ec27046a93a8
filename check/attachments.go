package check

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/source"
)

const codeDeprecated = "WRIT_DEPRECATED_POLICY"

// Attachment is a managed policy that a principal has, or its permissions boundary.
type Attachment struct {
	Policy string // ARN; it may have holes
	File   *source.File
	Span   source.Span
	Path   string
}

// Attached checks what is attached: policies that AWS keeps, and has replaced or
// withdrawn. The result has no kind.
func Attached(list []Attachment, known *managed.Catalogue) Result {
	var found source.Collector
	result := Result{Undecided: make(map[string]int)}
	for i := range list {
		a := &list[i]
		text := placed(a.Policy)
		if hole.Has(text) {
			if mayBeOfAWS(text) {
				result.Undecided[codeDeprecated]++
			}
			continue
		}
		p := known.ByARN(inAWS(text))
		if p == nil || p.Status != managed.Superseded && p.Status != managed.Gone {
			continue
		}
		found.Add(source.Finding{
			Code: codeDeprecated, Severity: ruleIndex[codeDeprecated].Severity, File: a.File, Span: a.Span, Path: a.Path,
			Message: fmt.Sprintf("%s is deprecated: %s", p.Name, statusText(p)), Hint: successorHint(p, known),
		})
	}
	result.Findings = found.List()
	return result
}

func statusText(p *managed.Policy) string {
	if p.Status.Attachable() {
		return "AWS has replaced it"
	}
	return "it cannot be attached anew; where it is attached already it goes on working"
}

// successorHint names what replaces a policy: another one, or a service-linked
// role, which AWS makes.
func successorHint(p *managed.Policy, known *managed.Catalogue) string {
	if p.Successor == "" {
		return ""
	}
	if next, err := known.Policy(p.Successor); err == nil {
		return "attach " + next.ARN("aws")
	}
	return "remove it: the service-linked role " + p.Successor + " has taken its place"
}

// inAWS is an ARN in the partition aws, under which policies are known.
func inAWS(text string) string {
	if a, err := arn.Parse(text); err == nil {
		return "arn:aws:" + strings.Join([]string{a.Service, a.Region, a.Account, a.Resource}, ":")
	}
	return text
}

// mayBeOfAWS reports whether a text with holes can become the ARN of a policy that
// AWS keeps.
func mayBeOfAWS(text string) bool {
	before, _, _, _ := hole.Next(text)
	const prefix = "arn:aws:iam::aws:policy/"
	a, n := splitARN(text)
	if n == arnFields {
		return open(a[4]) != "" || a[4] == "aws"
	}
	return strings.HasPrefix(prefix, before) || strings.HasPrefix(before, prefix)
}
