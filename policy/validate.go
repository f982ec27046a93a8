package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/source"
)

// The codes of findings that do not depend on the kind of policy. All but
// DUPLICATE_KEY are those of IAM Access Analyzer (IAM policy validation check
// reference), as are their severities, but for TYPE_MISMATCH_IP_RANGE.
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
	CodeTypeNumber         = "TYPE_MISMATCH_NUMBER"
	CodeTypeDate           = "TYPE_MISMATCH_DATE"
	CodeTypeBoolean        = "TYPE_MISMATCH_BOOLEAN"
	CodeTypeString         = "TYPE_MISMATCH_STRING" // of binary operators
	CodeTypeIPRange        = "TYPE_MISMATCH_IP_RANGE"
)

// Validate returns what is wrong with a document, whatever kind of policy it is.
// What makes it unreadable is an error: JSON of the wrong shape, unknown elements
// and operators, broken variables. A value that is not of its operator's type is
// a warning: it compares with nothing, so what the policy means is known. [Parse]
// has included these findings already; call Validate for a document that was
// built or changed in Go, and ask HasErrors whether it can be used.
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
	v.findings.Addf(v.finding(code, source.Error, at, span, hint), format, args...)
}

func (v *validator) finding(code string, severity source.Severity, at Place, span source.Span, hint string) source.Finding {
	return source.Finding{Code: code, Severity: severity, File: v.doc.File, Span: span, Path: at.Pointer(), Hint: hint}
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
		if slices.Contains(principalKeys, g.Key) {
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
		for j := range b.Keys {
			values, at := &b.Keys[j].Values, at.key(b.Keys[j].Name)
			if op.HasVariables() {
				v.variables(values, at)
			}
			v.types(op.Family, values, at)
		}
	}
}

// typeMismatch is what to say of a value that is not of its operator's type.
type typeMismatch struct{ code, message, hint string }

var typeMismatches = map[Family]typeMismatch{
	FamilyNumeric: {CodeTypeNumber, "value %s is no number: it compares with nothing", `write a number such as "3600"`},
	FamilyDate:    {CodeTypeDate, "value %s is no date: it compares with nothing", `write a date such as "2026-01-31T00:00:00Z"`},
	FamilyBool:    {CodeTypeBoolean, "value %s is neither true nor false: it compares with nothing", `write "true" or "false"`},
	FamilyNull:    {CodeTypeBoolean, "value %s is neither true nor false: it compares with nothing", `write "true" or "false"`},
	FamilyBinary:  {CodeTypeString, "value %s is no base64: it is compared as it stands", `write base64 such as "aGVsbG8="`},
	FamilyIP:      {CodeTypeIPRange, "value %s is neither an address nor a range of them: it compares with nothing", `write a range such as "203.0.113.0/24"`},
}

// types warns of values that are not of their operator's type. What a value with
// variables will be is not known.
func (v *validator) types(f Family, l *List, at Place) {
	mismatch, typed := typeMismatches[f]
	if !typed {
		return
	}
	for i := range l.Values {
		value := &l.Values[i]
		if value.Literal == Malformed || f.Accepts(value.Text) || v.doc.HasVariables() && strings.Contains(value.Text, "${") {
			continue
		}
		v.findings.Addf(v.finding(mismatch.code, source.Warning, at.value(l, i), value.Span, mismatch.hint), mismatch.message, quote(value.Text))
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
