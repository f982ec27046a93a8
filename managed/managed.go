// Package managed knows the policies that AWS keeps and documents: the managed
// policies of Amazon ECS, and those that SAM attaches by itself, with their
// versions and what each permission in them is for, who assumes which role of ECS, and the policies that the developer
// guide gives as examples.
//
// The facts are lines of text in the directory data, part of the program and
// read when they are first asked for. Texts of other managed policies, or of
// versions whose text is not known here, come from the user: Import reads them
// from what the AWS CLI prints, and a Catalogue keeps them.
//
// What a Catalogue returns is shared and must not be changed by its callers. A
// Catalogue may be used by several goroutines at once, Add and With aside.
package managed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/policy"
)

// Status says whether a policy can be used.
type Status string

const (
	Live       Status = "live"       // can be attached
	Superseded Status = "superseded" // IAM lists it, but AWS has replaced it: see Successor
	Gone       Status = "gone"       // IAM lists it no more: it cannot be attached anew, and works on where it is
	NoPolicy   Status = "trust"      // no managed policy but a trust policy, which has no ARN
)

// Attachable reports whether a policy can be attached to what does not have it.
// Attachments that exist go on working whatever the status.
func (s Status) Attachable() bool { return s == Live || s == Superseded }

// Policy is a managed policy with its versions.
type Policy struct {
	Name      string
	Path      string // as in its ARN: "/" or "/service-role/"; "" for a trust policy
	Account   string // "aws", or that of a customer managed policy; "" when not known
	Partition string // of a customer managed policy; "" for one of AWS, which is in every partition
	Status    Status
	Created   string // date; "" when not known
	Successor string // name of the policy or service-linked role that replaced it; often ""
	For       string // whom or what it is attached to
	Versions  []Version
	Features  []Feature // parts of what it allows, which Trim can leave out; nil when nobody has described it
	Typical   TypicalUse

	needs []need
}

// Version is one version of a policy. Where the whole text is not known,
// Document is nil and Changes say how it differs from the version before.
type Version struct {
	ID       string // "v6"; "local-1" for an imported text whose number is not known; "" for a trust policy
	Date     string // of the version, as YYYY-MM-DD; "" when not known
	Default  bool
	Changes  []Change // against the version before; nil where they are not recorded
	Note     string
	Source   Source
	Document *policy.Document
}

// DeltaOnly reports whether only the differences to the version before are known.
func (v *Version) DeltaOnly() bool { return v.Document == nil }

// Change is one permission that a version added or removed.
type Change struct {
	Removed bool
	Action  string
	Limit   string // what it is limited to, in words; often ""
}

// Source says where a fact comes from.
type Source struct {
	Title string
	Date  string // the day or month that it describes
}

// Feature is something that a part of a policy is for.
type Feature struct {
	Name string // "spot-draining"
	Core bool   // without it the rest does nothing
	What string
}

// TypicalUse is a use that needs less than the whole of a policy: what Trim
// makes of it shows how much less. Only is nil when nobody has described one.
type TypicalUse struct {
	Only []string // features that it needs
	What string
}

// need says what an action of a policy is for.
type need struct {
	actions    []string
	key, value string // of a condition that the statement must have; "" for any statement
	features   []string
	purpose    string
}

// ARN returns the policy's ARN in a partition, "aws" where it is ""; "" for a
// trust policy, and for an imported text of which only the name is known.
func (p *Policy) ARN(partition string) string {
	if p.Account == "" || p.Status == NoPolicy {
		return ""
	}
	if p.Partition != "" {
		partition = p.Partition
	}
	if partition == "" {
		partition = "aws"
	}
	return "arn:" + partition + ":iam::" + p.Account + ":policy" + p.Path + p.Name
}

// Version returns the version of that name; "" is the default one.
func (p *Policy) Version(id string) (*Version, error) {
	known := make([]string, len(p.Versions))
	for i := range p.Versions {
		v := &p.Versions[i]
		if known[i] = v.ID; id == v.ID || id == "" && v.Default || strings.EqualFold(id, v.ID) {
			return v, nil
		}
	}
	if id == "" && len(p.Versions) > 0 {
		return p.Newest(), nil
	}
	if p.Status == NoPolicy {
		known = nil // a trust policy has one text and no versions
	}
	return nil, &UnknownError{Kind: "version of " + p.Name, Name: id, Nearest: new(near.Finder).Names(id, known, 3), Known: known}
}

// Newest returns the last version whose whole text is known, else the last one;
// nil where nothing is known of any.
func (p *Policy) Newest() *Version {
	for i := len(p.Versions) - 1; i >= 0; i-- {
		if !p.Versions[i].DeltaOnly() {
			return &p.Versions[i]
		}
	}
	if len(p.Versions) == 0 {
		return nil
	}
	return &p.Versions[len(p.Versions)-1]
}

// Since returns the versions after v.
func (p *Policy) Since(v *Version) []Version {
	for i := range p.Versions {
		if p.Versions[i].ID == v.ID {
			return p.Versions[i+1:]
		}
	}
	return nil
}

// Catalogue is a set of managed policies.
type Catalogue struct {
	policies []*Policy // by name
}

// Date is the day up to which the facts about versions go.
func (c *Catalogue) Date() string {
	latest := ""
	for _, p := range c.policies {
		for _, v := range p.Versions {
			latest = max(latest, v.Source.Date)
		}
	}
	return latest
}

// Policies returns all policies, by name. The caller must not change the slice.
func (c *Catalogue) Policies() []*Policy { return c.policies }

// Policy returns a policy by its name or its ARN in whatever partition, without
// regard to letter case. The error is an UnknownError.
func (c *Catalogue) Policy(name string) (*Policy, error) {
	names := make([]string, len(c.policies))
	for i, p := range c.policies {
		if names[i] = p.Name; strings.EqualFold(name, p.Name) || p.hasARN(name) {
			return p, nil
		}
	}
	wanted := name[strings.LastIndexByte(name, '/')+1:]
	if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, wanted) }); i >= 0 {
		right := names[i]
		if arn := c.policies[i].ARN(partitionIn(name)); arn != "" { // the ARN asked for is wrong in its path, say
			right = arn
		}
		return nil, &UnknownError{Kind: "managed policy", Name: name, Nearest: []string{right}}
	}
	return nil, unknown("managed policy", name, wanted, names)
}

// partitionIn returns the partition of an ARN; "" for any other text.
func partitionIn(text string) string {
	rest, ok := strings.CutPrefix(text, "arn:")
	if !ok {
		return ""
	}
	partition, _, _ := strings.Cut(rest, ":")
	return partition
}

func (p *Policy) hasARN(text string) bool {
	partition := partitionIn(text)
	return partition != "" && p.Status != NoPolicy && text == p.ARN(partition)
}

// ByARN returns the policy with an ARN, for whoever reads templates; nil when
// the catalogue has none.
func (c *Catalogue) ByARN(arn string) *Policy {
	for _, p := range c.policies {
		if p.hasARN(arn) {
			return p
		}
	}
	return nil
}

// Text returns the text of the default version of the policy with an ARN, and a
// name that says which it is: "AWSXrayWriteOnlyAccess v2 (2018-08-28)". It is nil
// where that version's text is not known, of which there may be an older one.
func (c *Catalogue) Text(arn string) (doc *policy.Document, name string) {
	p := c.ByARN(arn)
	if p == nil {
		return nil, ""
	}
	for i := range p.Versions {
		if v := &p.Versions[i]; v.Default && v.Document != nil {
			return v.Document, p.Name + " " + v.ID + " (" + v.Date + ")"
		}
	}
	return nil, ""
}

// An UnknownError says that there is no policy, version or feature of a name.
type UnknownError struct {
	Kind    string   // "managed policy", "version of ...", ...
	Name    string   // as asked for
	Nearest []string // what may have been meant, likeliest first
	Known   []string // all there are, when they are few
}

// unknown makes the error about a name. Where none of the known ones is like
// the part of it that counts, those are nearest that hold it.
func unknown(kind, name, wanted string, known []string) *UnknownError {
	const most, least = 3, 4 // names shown; letters that say something
	err := &UnknownError{Kind: kind, Name: name, Nearest: new(near.Finder).Names(wanted, known, most)}
	part := strings.ToLower(wanted[strings.LastIndexByte(wanted, '/')+1:])
	if len(err.Nearest) > 0 || len(part) < least {
		return err
	}
	for _, k := range known {
		if len(err.Nearest) < most && strings.Contains(strings.ToLower(k), part) {
			err.Nearest = append(err.Nearest, k)
		}
	}
	return err
}

// A TextUnknownError says that the text of a version, or what it changed, is
// not known and has to be imported.
type TextUnknownError struct{ Policy, Version, What string }

func (e *TextUnknownError) Error() string {
	return fmt.Sprintf("%s %s %s is not known: writ managed import takes it in", e.What, e.Policy, e.Version)
}

// Error says what is unknown and what may have been meant.
func (e *UnknownError) Error() string {
	text := fmt.Sprintf("unknown %s: %s", e.Kind, near.Quote(e.Name))
	switch {
	case len(e.Nearest) > 0:
		text += fmt.Sprintf("; did you mean %s?", quotedChoice(e.Nearest))
	case len(e.Known) > 0:
		text += "; known: " + strings.Join(e.Known, ", ")
	}
	return text
}

// quotedChoice writes "a", or "a" or "b".
func quotedChoice(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = near.Quote(n)
	}
	return strings.Join(quoted, " or ")
}
