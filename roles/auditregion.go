package roles

import (
	"slices"
	"strings"
)

// globalServices are reached in us-east-1 alone, wherever the machine is: that is
// the Region which calls of them ask for. Source: IAM user guide, "AWS: Denies
// access to AWS based on the requested Region"; Organizations: AWS General
// Reference, endpoints. Looked up 2026-11-21.
var globalServices = []string{"cloudfront", "iam", "organizations", "route53", "support"}

// requestedRegion is the Region that a call asks for; "" where it is not known:
// an ARN without a Region, as those of buckets, does not say where a service is
// asked for it.
func (a *auditor) requestedRegion(action, resource string) string {
	service, name, _ := strings.Cut(strings.ToLower(action), ":")
	parts := strings.SplitN(resource, ":", 6)
	switch {
	case service == "iam" && name == "passrole": // no call: a permission that a call of another service asks for
		return ""
	case slices.Contains(globalServices, service):
		if a.opts.partition() == "aws" {
			return "us-east-1"
		}
		return ""
	case len(parts) == 6 && parts[3] == a.opts.Region:
		return a.opts.Region
	}
	return ""
}
