package policy

import (
	"slices"
	"unicode/utf8"
)

// Size returns the number of characters of a document as AWS counts them for
// most quotas: without the white space between the tokens of the JSON text.
// White space inside strings counts, and an escape counts as the character it
// stands for where JSON does not require it.
func Size(doc *Document) int { return utf8.RuneCount(Print(doc, "")) }

// Quota is a limit on the size of a policy.
type Quota struct {
	Name       string // QuotaManaged, ...
	Limit      int    // in characters
	WhiteSpace bool   // white space between tokens counts
	PerEntity  bool   // the limit is on the sum of all policies of that kind on one entity
	RaisableTo int    // what the limit can be raised to on request; 0 when it cannot
	Source     string
}

// Names of quotas.
const (
	QuotaManaged     = "managed policy"
	QuotaUserInline  = "inline policies of a user"
	QuotaGroupInline = "inline policies of a group"
	QuotaRoleInline  = "inline policies of a role"
	QuotaTrust       = "role trust policy"
	QuotaSession     = "session policy"
	QuotaSCP         = "service control policy"
	QuotaRCP         = "resource control policy"
	QuotaEndpoint    = "VPC endpoint policy"
	QuotaSimulator   = "policy simulator input"
)

const (
	iamQuotas = "IAM user guide, IAM and AWS STS quotas"
	orgQuotas = "AWS Organizations user guide, Quotas and service limits"
)

var quotas = []Quota{
	{Name: QuotaManaged, Limit: 6144, Source: iamQuotas},
	{Name: QuotaUserInline, Limit: 2048, PerEntity: true, Source: iamQuotas},
	{Name: QuotaGroupInline, Limit: 5120, PerEntity: true, Source: iamQuotas},
	{Name: QuotaRoleInline, Limit: 10240, PerEntity: true, Source: iamQuotas},
	{Name: QuotaTrust, Limit: 2048, RaisableTo: 8192, Source: iamQuotas},
	{Name: QuotaSession, Limit: 2048, WhiteSpace: true, PerEntity: true, Source: "AWS STS API reference, AssumeRole"},
	{Name: QuotaSCP, Limit: 5120, WhiteSpace: true, Source: orgQuotas},
	{Name: QuotaRCP, Limit: 5120, WhiteSpace: true, Source: orgQuotas},
	{Name: QuotaEndpoint, Limit: 20480, WhiteSpace: true, Source: "AWS PrivateLink guide, Control access to VPC endpoints"},
	{Name: QuotaSimulator, Limit: 131072, WhiteSpace: true, Source: "IAM API reference, SimulateCustomPolicy"},
}

// Quotas returns the limits on the size of policies as a new slice. Policies of
// resources have limits that their services set; they are not in it.
func Quotas() []Quota { return slices.Clone(quotas) }

// FindQuota returns the limit of that name.
func FindQuota(name string) (Quota, bool) {
	i := slices.IndexFunc(quotas, func(q Quota) bool { return q.Name == name })
	if i < 0 {
		return Quota{}, false
	}
	return quotas[i], true
}

// Measure counts the characters of a document as the quota does. Where white
// space counts and the document was not read from a text, it is measured as
// [Print] writes it on one line.
func (q Quota) Measure(doc *Document) int {
	if q.WhiteSpace && doc.File != nil {
		return utf8.RuneCountInString(doc.File.Slice(doc.Span))
	}
	return Size(doc)
}
