package check

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// aboutFormats is about values that their key never has.
var aboutFormats = &finder{condition: formatsOfValues}

func formatsOfValues(r *run, _ *statement, c *condition) {
	if !c.known || c.op.Family == policy.FamilyNull {
		return
	}
	for i := range c.entries {
		e := &c.entries[i]
		if open(e.text) == "variable" {
			continue
		}
		switch {
		case regionKeys[c.lower]:
			r.regionValue(e)
		case c.lower == "aws:sourcevpc":
			r.networkID(e, "vpc-", "INVALID_VPC_FORMAT", "a VPC")
		case c.lower == "aws:sourcevpce":
			r.networkID(e, "vpce-", "INVALID_VPCE_FORMAT", "a VPC endpoint")
		case kmsKeys[c.lower]:
			r.kmsKey(c, e)
		default:
			if k, ok := servicePrincipalKeys[c.lower]; ok {
				r.servicePrincipal(c, k, e)
			}
		}
	}
}

func (r *run) regionValue(e *entry) {
	if hasWildcard(e.text) || partitionOf(e.text) != "" {
		return
	}
	r.report("INVALID_REGION", e.place(), r.near.Hint(source.Clip(e.text, longestName), regionNames()), "there is no Region %s", quote(e.text))
}

// networkID checks an identifier of 8 or 17 characters behind its prefix. With
// wildcards it has findings of its own.
func (r *run) networkID(e *entry, prefix, code, what string) {
	if hasWildcard(e.text) {
		return
	}
	id, ok := strings.CutPrefix(e.text, prefix)
	if ok && (len(id) == 8 || len(id) == 17) && !strings.ContainsFunc(id, notAlphanumeric) {
		return
	}
	r.report(code, e.place(), "write "+prefix+" and 8 or 17 letters and digits", "%s is not the identifier of %s", quote(e.text), what)
}

func (r *run) kmsKey(c *condition, e *entry) {
	if hasWildcard(e.text) {
		if !r.compared.overlaps(glob("arn:?*:kms:?*:?*:key/?*"), e.text) {
			r.report("INVALID_KMS_KEY_VALUE", e.place(), "write arn:aws:kms:REGION:ACCOUNT:key/KEY-ID", "%s fits the ARN of no KMS key", quote(e.text))
		}
		return
	}
	a, err := arn.Parse(e.text)
	if err != nil || a.Service != "kms" || a.Region == "" || a.Account == "" || !strings.HasPrefix(a.Resource, "key/") || len(a.Resource) == len("key/") {
		r.report("INVALID_KMS_KEY_VALUE", e.place(), "write arn:aws:kms:REGION:ACCOUNT:key/KEY-ID", "%s holds the ARN of a KMS key, and %s is none", c.key, quote(e.text))
	}
}

// principalForm is what the principal of a service looks like.
var principalForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-z0-9][a-z0-9_-]*\.)+(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal|aws\.com|amazonaws\.eu|aws\.ic\.gov|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$`)
})

func (r *run) servicePrincipal(c *condition, k servicePrincipalKey, e *entry) {
	if hasWildcard(e.text) || len(e.text) > longestName && k.judged {
		return
	}
	form := "service.amazonaws.com"
	if k.regional {
		form = "service.region.amazonaws.com"
	}
	if len(e.text) > longestName || !principalForm().MatchString(e.text) || k.regional && strings.Count(e.text, ".") < 3 {
		r.report("INVALID_SERVICE_PRINCIPAL_FORMAT", e.place(), "write "+form, "%s is not the principal of a service", quote(e.text))
		return
	}
	if k.judged && !r.facts.isPrincipal(e.text) {
		r.report("INVALID_SERVICE", e.place(), r.near.HintAmong(firstLabel(e.text), r.facts.serviceNames()), "there is no service %s", quote(e.text))
	}
}

func firstLabel(host string) string {
	label, _, _ := strings.Cut(host, ".")
	return label
}

// isPrincipal reports whether a host name can be the principal of a service: one
// of its labels is the name of a service, or known as such.
func (f *facts) isPrincipal(host string) bool {
	return slices.ContainsFunc(strings.Split(host, "."), func(label string) bool {
		return f.isService(label) || slices.Contains(principalLabels, label)
	})
}
