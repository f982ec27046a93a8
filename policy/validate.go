package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/writ-iam/writ/source"
)

// The codes of findings that do not depend on the kind of policy. All but
// DUPLICATE_KEY are those of IAM Access Analyzer (IAM policy validation check
// reference).
const (
	CodeSyntax             = "JSON_SYNTAX_ERROR"
	CodeDuplicateKey       = "DUPLICATE_KEY"
	CodeDataType           = "DATA_TYPE_MISMATCH"
	CodeElement            = "INVALID_POLICY_ELEMENT"
	CodeVersion            = "INVALID_VERSION"
	CodeMissingStatement   = "MISSING_STATEMENT"
	CodeEffect             = "INVALID_EFFECT"
	CodeMissingEffect      = "MISSING_EFFECT"
	CodeMissingAction      = "MISSING_ACTION"
	CodeElementCombination = "UNSUPPORTED_ELEMENT_COMBINATION"
	CodePrincipalFormat    = "INVALID_PRINCIPAL_FORMAT"
	CodePrincipalKey       = "INVALID_PRINCIPAL_KEY"
	CodeConditionOperator  = "INVALID_CONDITION_OPERATOR"
	CodeNullIfExists       = "NULL_WITH_IF_EXISTS"
	CodeMissingBrace       = "MISSING_BRACE_IN_VARIABLE"
	CodeMissingQuote       = "MISSING_QUOTE_IN_VARIABLE"
	CodeSpaceInVariable    = "UNSUPPORTED_SPACE_IN_VARIABLE"
	CodeEmptyVariable      = "EMPTY_VARIABLE"
)

// Validate returns what makes a document unreadable, whatever kind of policy it
// is: JSON of the wrong shape, unknown elements and operators, broken
// variables. All its findings are errors. [Parse] has included them already;
// call Validate for a document that was built or changed in Go.
func Validate(doc *Document) source.List {
	v := validator{doc: doc, findings: doc.problems.Clone()}
	if doc.raw == nil {
		v.document()
	}
	return v.findings.List()
}

type validator struct {
	doc      *Document
	findings source.Collector
}

func (v *validator) report(code string, at Place, span source.Span, hint, format string, args ...any) {
	v.findings.Addf(source.Finding{
		Code: code, Severity: source.Error, File: v.doc.File, Span: span, Path: at.Pointer(), Hint: hint,
	}, format, args...)
}

func (v *validator) document() {
	at := documentPlace(v.doc)
	version := v.doc.Element(ElementVersion)
	switch {
	case version != nil && version.raw != nil: // reported by the reader
	case v.doc.Version == "" && version == nil: // a default, which check warns of
	case v.doc.Version != Version2008 && v.doc.Version != Version2012:
		v.report(CodeVersion, at.element(ElementVersion), spanOf(version, v.doc.Span),
			fmt.Sprintf("write %q", Version2012), "there is no version %s of the policy language", quote(v.doc.Version))
	}
	statements := v.doc.Element(ElementStatement)
	if len(v.doc.Statements) == 0 && (statements == nil || statements.raw == nil) {
		v.report(CodeMissingStatement, at, spanOf(statements, v.doc.Span), "", "the policy has no statement")
	}
	for i := range v.doc.Statements {
		if s := &v.doc.Statements[i]; s.raw == nil {
			v.statement(s, at.statement(i))
		}
	}
}

// spanOf returns the span of an element's value, or where there is none that
// of the object that should hold it.
func spanOf(e *Element, whole source.Span) source.Span {
	if e != nil {
		return e.Span
	}
	return whole
}

func (v *validator) statement(s *Statement, at Place) {
	v.effect(s, at)
	if s.Action == nil && s.NotAction == nil {
		v.report(CodeMissingAction, at, s.Span, "add Action or NotAction", "the statement has neither Action nor NotAction")
	}
	v.exclusive(s, at, s.Action != nil && s.NotAction != nil, ElementAction, ElementNotAction)
	v.exclusive(s, at, s.Resource != nil && s.NotResource != nil, ElementResource, ElementNotResource)
	v.exclusive(s, at, s.Principal != nil && s.NotPrincipal != nil, ElementPrincipal, ElementNotPrincipal)
	v.principal(s.Principal, at.element(ElementPrincipal))
	v.principal(s.NotPrincipal, at.element(ElementNotPrincipal))
	v.variables(s.Resource, at.element(ElementResource))
	v.variables(s.NotResource, at.element(ElementNotResource))
	if s.Condition != nil {
		v.condition(s.Condition, at.element(ElementCondition))
	}
}

func (v *validator) effect(s *Statement, at Place) {
	if s.Effect == Allow || s.Effect == Deny {
		return
	}
	switch e := s.Element(ElementEffect); {
	case e != nil && e.raw != nil: // reported by the reader
	case e == nil && s.Effect == "":
		v.report(CodeMissingEffect, at, s.Span, `add "Effect": "Allow" or "Effect": "Deny"`, "the statement has no Effect")
	default:
		hint := suggest(string(s.Effect), []string{string(Allow), string(Deny)})
		if hint == "" {
			hint = `write "Allow" or "Deny"`
		}
		v.report(CodeEffect, at.element(ElementEffect), spanOf(e, s.Span), hint, "there is no effect %s", quote(string(s.Effect)))
	}
}

// exclusive reports two elements of which a statement may have one. The finding
// points at the second, but is about the statement.
func (v *validator) exclusive(s *Statement, at Place, both bool, one, other string) {
	if !both {
		return
	}
	span := s.Span
	if a, b := s.Element(one), s.Element(other); a != nil && b != nil {
		span = b.NameSpan
		if a.NameSpan.Start > span.Start {
			span = a.NameSpan
		}
	}
	v.report(CodeElementCombination, at, span, "split the statement in two, or remove one of them",
		"the statement has both %s and %s", one, other)
}

func (v *validator) principal(p *Principal, at Place) {
	if p == nil {
		return
	}
	for i := range p.Groups {
		g := &p.Groups[i]
		if contains(principalKeys, g.Key) {
			continue
		}
		hint := suggest(g.Key, principalKeys)
		if hint == "" {
			hint = "the keys are " + strings.Join(principalKeys, ", ")
		}
		v.report(CodePrincipalKey, at.name(g.Key), g.KeySpan, hint, "there is no kind of principal %s", quote(g.Key))
	}
}

func (v *validator) condition(c *Condition, at Place) {
	for i := range c.Blocks {
		b := &c.Blocks[i]
		at := at.name(b.Operator)
		op, err := ParseOperator(b.Operator)
		if err != nil {
			v.operator(b, err, at)
			continue
		}
		if !op.HasVariables() {
			continue
		}
		for j := range b.Keys {
			v.variables(&b.Keys[j].Values, at.key(b.Keys[j].Name))
		}
	}
}

func (v *validator) operator(b *ConditionBlock, err error, at Place) {
	if errors.Is(err, ErrNullIfExists) {
		v.report(CodeNullIfExists, at, b.OperatorSpan, "write Null: it tests whether a key exists, so IfExists means nothing",
			"operator %s does not exist", quote(b.Operator))
		return
	}
	v.report(CodeConditionOperator, at, b.OperatorSpan, suggestOperator(b.Operator), "there is no condition operator %s", quote(b.Operator))
}

// variables reports broken variables in the values of a list.
func (v *validator) variables(l *List, at Place) {
	if !v.doc.HasVariables() {
		return
	}
	for i := range l.Len() {
		value := &l.Values[i]
		if !strings.Contains(value.Text, "${") {
			continue
		}
		_, problems := ParseVariables(value.Text)
		for _, p := range problems {
			v.report(p.Code, at.value(l, i), p.span(value), p.Hint, "%s", p.Message)
		}
	}
}
