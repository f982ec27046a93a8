package managed

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// Addition says what a text added to a catalogue.
type Addition struct {
	Policy, Version string
	New             bool // the text was not known before
}

// With returns a catalogue that has the policies of both. Texts in other fill
// in versions of c whose text is not known.
func (c *Catalogue) With(other *Catalogue) (*Catalogue, error) {
	out := &Catalogue{policies: slices.Clone(c.policies)}
	for _, p := range other.policies {
		if _, err := out.Add(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Add takes the versions of a policy into the catalogue, and says what is new.
// The error is a ConflictError.
func (c *Catalogue) Add(p *Policy) ([]Addition, error) {
	at, found := c.find(p)
	if !found {
		c.policies = slices.Insert(c.policies, at, &Policy{Name: p.Name, Path: p.Path, Account: p.Account, Partition: p.Partition, Status: p.Status, Created: p.Created})
	}
	merged := *c.policies[at]
	merged.Versions = slices.Clone(merged.Versions)
	if merged.Account == "" {
		merged.Path, merged.Account, merged.Partition = p.Path, p.Account, p.Partition
	}
	if merged.Created == "" {
		merged.Created = p.Created
	}
	var added []Addition
	for _, v := range p.Versions {
		a, err := merged.add(v)
		if err != nil {
			return nil, err
		}
		added = append(added, a)
	}
	c.policies[at] = &merged
	if at > 0 && byName(c.policies[at-1], &merged) > 0 || at+1 < len(c.policies) && byName(&merged, c.policies[at+1]) > 0 {
		slices.SortFunc(c.policies, byName) // it has got its ARN
	}
	return added, nil
}

// find returns where a policy stands, or where it would. A name without an ARN
// is that of the policy of AWS.
func (c *Catalogue) find(p *Policy) (at int, found bool) {
	at, found = slices.BinarySearchFunc(c.policies, p, byName)
	if found || p.Account != "" && p.Account != "aws" {
		return at, found && p.Status != NoPolicy
	}
	other := Policy{Name: p.Name}
	if p.Account == "" {
		other.Account = "aws"
	}
	if i, _ := slices.BinarySearchFunc(c.policies, &other, byName); i < len(c.policies) {
		if known := c.policies[i]; known.Name == p.Name && known.Account == other.Account && known.Status != NoPolicy {
			return i, true
		}
	}
	return at, false
}

// add takes in one version, whose text must be known.
func (p *Policy) add(v Version) (Addition, error) {
	if v.ID == "" {
		v.ID = p.localID(v.Document)
	}
	at := slices.IndexFunc(p.Versions, func(w Version) bool { return w.ID == v.ID })
	isNew := true
	switch {
	case at < 0:
		at, _ = slices.BinarySearchFunc(p.Versions, v, compareVersions)
		p.Versions = slices.Insert(p.Versions, at, v)
	case p.Versions[at].DeltaOnly():
		p.Versions[at].Document, p.Versions[at].Source = v.Document, v.Source
	case !sameText(p.Versions[at].Document, v.Document):
		return Addition{}, &ConflictError{p.Name, v.ID}
	default:
		isNew = false
	}
	if p.Versions[at].Date == "" {
		p.Versions[at].Date = v.Date
	}
	if v.Default {
		p.setDefault(v.ID)
	}
	return Addition{p.Name, v.ID, isNew}, nil
}

// setDefault makes a version the default one, unless a later one is: an old
// file does not bring back an old default.
func (p *Policy) setDefault(id string) {
	for i := range p.Versions {
		if v := &p.Versions[i]; v.Default && compareIDs(v.ID, id) > 0 {
			return
		}
	}
	for i := range p.Versions {
		p.Versions[i].Default = p.Versions[i].ID == id
	}
}

// localID names a text whose version is not known: the version that has it
// already, else local-1, local-2, ...
func (p *Policy) localID(doc *policy.Document) string {
	next := 1
	for _, v := range p.Versions {
		if v.Document != nil && sameText(v.Document, doc) {
			return v.ID
		}
		if strings.HasPrefix(v.ID, local) {
			next++
		}
	}
	return local + strconv.Itoa(next)
}

const local = "local-"

// versionNumber is 12 for v12; local texts come after all of them.
func versionNumber(id string) (int, bool) {
	digits, after := strings.TrimPrefix(id, "v"), 0
	if rest, ok := strings.CutPrefix(id, local); ok {
		digits, after = rest, 1<<30
	} else if digits == id {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n + after, err == nil && n > 0 && len(digits) <= 8 && digits[0] != '0' && digits[0] != '+'
}

func compareVersions(a, b Version) int { return compareIDs(a.ID, b.ID) }

func compareIDs(a, b string) int {
	m, _ := versionNumber(a)
	n, _ := versionNumber(b)
	return m - n
}

func sameText(a, b *policy.Document) bool {
	return policy.Canonical(a).String() == policy.Canonical(b).String()
}

// MarshalJSON writes the versions whose texts are known in the shape of aws iam
// get-account-authorization-details, which Import reads.
func (c *Catalogue) MarshalJSON() ([]byte, error) {
	type version struct {
		ID      string           `json:"VersionId"`
		Default bool             `json:"IsDefaultVersion"`
		Created string           `json:"CreateDate,omitempty"`
		Text    *policy.Document `json:"Document"`
	}
	type entry struct {
		Name     string    `json:"PolicyName"`
		ARN      string    `json:"Arn,omitempty"`
		Created  string    `json:"CreateDate,omitempty"`
		Versions []version `json:"PolicyVersionList"`
	}
	out := struct {
		FormatVersion string  `json:"format_version"`
		Policies      []entry `json:"Policies"`
	}{"1.0", []entry{}}
	for _, p := range c.policies {
		if p.Status == NoPolicy {
			continue
		}
		e := entry{Name: p.Name, Created: p.Created}
		if p.Account != "" {
			e.ARN = p.ARN("")
		}
		for _, v := range p.Versions {
			if !v.DeltaOnly() {
				e.Versions = append(e.Versions, version{v.ID, v.Default, v.Date, v.Document})
			}
		}
		if len(e.Versions) > 0 {
			out.Policies = append(out.Policies, e)
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("writing the catalogue: %w", err)
	}
	return data, nil
}
