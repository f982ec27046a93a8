package check

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/source"
)

const (
	codeDeprecated = "WRIT_DEPRECATED_POLICY"
	codeWrongARN   = "WRIT_WRONG_POLICY_ARN"
)

// Attachment is a managed policy that a principal has, or its permissions boundary.
type Attachment struct {
	Policy string // ARN; it may have holes
	File   *source.File
	Span   source.Span
	Path   string
}

// Attached checks what is attached: policies that AWS keeps, and has replaced or
// withdrawn, or has under another path than the one that is given. The result has no
// kind.
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
		f := source.Finding{File: a.File, Span: a.Span, Path: a.Path}
		switch p := known.ByARN(inAWS(text)); {
		case p == nil:
			right := elsewhere(text, known)
			if right == "" {
				continue
			}
			f.Code, f.Message, f.Hint = codeWrongARN, fmt.Sprintf("there is no managed policy %s: its path is wrong", quote(text)), "attach "+right
		case p.Status == managed.Superseded || p.Status == managed.Gone:
			f.Code, f.Message, f.Hint = codeDeprecated, fmt.Sprintf("%s is deprecated: %s", p.Name, statusText(p)), successorHint(p, known)
		default:
			continue
		}
		f.Severity = ruleIndex[f.Code].Severity
		found.Add(f)
	}
	result.Findings = found.List()
	return result
}

// elsewhere returns the ARN that a policy of AWS has whose name a text gives behind
// another path; "" where none is known. Some policies have the path service-role/, and
// others for the same ends have none: an ARN cannot be told from a name.
func elsewhere(text string, known *managed.Catalogue) string {
	a, err := arn.Parse(text)
	if err != nil || a.Account != "aws" {
		return ""
	}
	path, named := strings.CutPrefix(a.Resource, "policy/")
	p, err := known.Policy(path[strings.LastIndexByte(path, '/')+1:])
	if !named || err != nil || p.Account != a.Account || strings.EqualFold(p.Path+p.Name, "/"+path) {
		return ""
	}
	return p.ARN(a.Partition)
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
