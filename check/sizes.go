package check

import (
	"strings"
	"unicode/utf8"

	"github.com/writ-iam/writ/policy"
)

// aboutSizes is about documents that are longer than AWS takes.
var aboutSizes = &finder{document: sizes}

// identityLimit is what Access Analyzer holds an identity policy against: the
// quota for inline policies of a role. A managed policy has 6,144 characters.
//
// Source: Access Analyzer's answers about AWS managed policies.
const identityLimit = 10240

func sizes(r *run) {
	if r.doc.Broken() || len(r.statements) == 0 {
		return
	}
	const split = "split the policy, or shorten it with wildcards"
	switch r.kind {
	case Identity:
		if n := policy.Size(r.measured()); n > identityLimit {
			r.tooLong("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", n, identityLimit, "without white space", split)
		}
	case Trust:
		r.quota("POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", policy.QuotaTrust, "shorten it, or ask for a higher quota")
	case SCP:
		r.quota("POLICY_SIZE_EXCEEDS_SCP_QUOTA", policy.QuotaSCP, split)
	case RCP:
		r.quota("POLICY_SIZE_EXCEEDS_RCP_QUOTA", policy.QuotaRCP, split)
	case Endpoint:
		r.quota("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", policy.QuotaEndpoint, split)
	case Resource:
		if r.attached == nil || r.attached.limit == 0 {
			return
		}
		if n := r.written(); n > r.attached.limit {
			r.tooLong("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", n, r.attached.limit, "with white space", split)
		}
	}
}

// measured is the document as it is measured: of holes only the rest of their
// texts is sure.
func (r *run) measured() *policy.Document {
	if r.open.values == nil {
		return r.doc
	}
	return shortest(r.doc)
}

// written is the length of the document as it stands in its file. One that is part
// of a template is written anew.
func (r *run) written() int {
	if r.doc.File == nil || r.open.values != nil || strings.TrimSpace(r.doc.File.Slice(r.doc.Span)) != strings.TrimSpace(r.doc.File.Text) {
		return policy.Size(r.measured())
	}
	return utf8.RuneCountInString(r.doc.File.Slice(r.doc.Span))
}

func (r *run) quota(code, name, hint string) {
	q, ok := policy.FindQuota(name)
	if !ok {
		return
	}
	spaces := "without white space"
	if q.WhiteSpace {
		spaces = "with white space"
	}
	if n := q.Measure(r.measured()); n > q.Limit {
		r.tooLong(code, n, q.Limit, spaces, hint)
	}
}

func (r *run) tooLong(code string, n, limit int, spaces, hint string) {
	r.report(code, place{at: r.root, span: r.doc.Span}, hint, "the policy has %d characters %s; %d are allowed", n, spaces, limit)
}
