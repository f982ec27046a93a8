package authz

import (
	"fmt"
	"slices"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// namesNoResource reports whether a statement has neither Resource nor
// NotResource.
func namesNoResource(p *Policy) bool {
	return p.Document != nil && slices.ContainsFunc(p.Document.Statements, func(s policy.Statement) bool {
		return s.Resource == nil && s.NotResource == nil
	})
}

// fits finds what makes a document unreadable as a policy of a kind. A statement
// that names no principal would speak to everybody, and one without resources
// would speak of everything: where the grammar asks for them, there is no answer
// without them. Source: IAM user guide, grammar of the policy language.
func fits(kind Kind, p *Policy) source.List {
	if p.Document == nil {
		return nil
	}
	var list source.List
	report := func(i int, code, format string, args ...any) {
		s := &p.Document.Statements[i]
		list = append(list, source.Finding{
			Code: code, Severity: source.Error, File: p.Document.File, Span: s.Span,
			Path:    fmt.Sprintf("/Statement/%d", i),
			Message: fmt.Sprintf(format, args...),
		})
	}
	attached := kind != Resource && kind != Endpoint && kind != RCP
	for i := range p.Document.Statements {
		s := &p.Document.Statements[i]
		named := s.Principal != nil || s.NotPrincipal != nil
		switch {
		case attached && named:
			report(i, "UNSUPPORTED_PRINCIPAL", "a statement of a policy of kind %s names no principals: it speaks of whom it is attached to", kind)
		case !attached && !named:
			report(i, "MISSING_PRINCIPAL", "a statement of a policy of kind %s must name principals", kind)
		}
		if kind != Resource && s.Resource == nil && s.NotResource == nil {
			report(i, "MISSING_RESOURCE", "a statement of a policy of kind %s must name resources", kind)
		}
		if s.Effect == policy.Allow && s.NotPrincipal != nil {
			report(i, "ALLOW_WITH_NOT_PRINCIPAL", "NotPrincipal cannot stand with Allow")
		}
	}
	return list
}
