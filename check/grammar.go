package check

import (
	"strings"

	"github.com/writ-iam/writ/policy"
)

// aboutGrammar is about elements that are missing, empty or in the wrong kind of
// policy. What is wrong in every kind of policy the reader reports.
var aboutGrammar = &finder{document: grammarOfDocument, statement: grammarOfStatement}

func grammarOfDocument(r *run) {
	if r.doc.Broken() {
		return
	}
	if r.doc.Version == "" && r.doc.Element(policy.ElementVersion) == nil {
		r.report("MISSING_VERSION", place{at: r.root, span: r.doc.Span}, `add "Version": "2012-10-17"`,
			"the policy has no Version, so it is read as one of %s", policy.Version2008)
	}
	r.sids()
}

// sids reports identifiers of statements that occur more than once.
func (r *run) sids() {
	first := make(map[string]int)
	for i := range r.statements {
		s := &r.statements[i]
		if s.Sid == "" {
			continue
		}
		before, again := first[s.Sid]
		if !again {
			first[s.Sid] = i
			continue
		}
		code := "UNIQUE_SIDS_REQUIRED"
		if !r.rules[code].Kinds.has(r.kind) {
			code = "UNIQUE_SIDS_RECOMMENDED"
		}
		r.report(code, s.elementPlace(policy.ElementSid), "give each statement a Sid of its own, or none",
			"Sid %s is that of statement %d as well", quote(s.Sid), before+1)
	}
}

func grammarOfStatement(r *run, s *statement) {
	if s.Broken() {
		return
	}
	r.sid(s)
	r.emptyLists(s)
	r.presence(s)
	r.emptyConditions(s)
	r.variablePlaces(s)
}

func (r *run) sid(s *statement) {
	e := s.Element(policy.ElementSid)
	if e == nil && s.Sid == "" || e != nil && e.Broken() {
		return
	}
	if s.Sid == "" {
		r.report("EMPTY_SID_VALUE", s.elementPlace(policy.ElementSid), "write a name, or leave Sid out", "Sid is empty")
	} else if strings.ContainsFunc(s.Sid, notAlphanumeric) {
		r.report("UNSUPPORTED_SID", s.elementPlace(policy.ElementSid), "use A to Z, a to z and 0 to 9", "Sid %s has other characters than letters and digits", quote(s.Sid))
	}
}

func notAlphanumeric(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
}

func (r *run) emptyLists(s *statement) {
	if a := &s.actions; a.present && len(a.entries) == 0 {
		r.report("EMPTY_ARRAY_ACTION", a.place(), "name actions, or remove the statement", "%s is empty", a.name)
	}
	if e := &s.resources; e.present && len(e.entries) == 0 {
		r.report("EMPTY_ARRAY_RESOURCE", e.place(), "name resources, or remove the statement", "%s is empty", e.name)
	}
	if s.principal == nil || s.principal.Everyone {
		return
	}
	if e := s.Element(s.principalAt.Element); e != nil && e.Broken() {
		return
	}
	if len(s.groups) == 0 {
		r.report("EMPTY_OBJECT_PRINCIPAL", place{at: s.principalAt, span: s.principal.Span}, "name principals", "%s names nobody", s.principalAt.Element)
	}
	for i := range s.groups {
		if g := &s.groups[i]; len(g.entries) == 0 {
			r.report("EMPTY_ARRAY_PRINCIPAL", place{at: g.at, span: g.span}, "name principals", "the list of %s is empty", g.key)
		}
	}
}

// presence reports principals and resources that a kind of policy needs, or has
// not.
func (r *run) presence(s *statement) {
	if !s.resources.present && !r.impliesResource(s) {
		r.report("MISSING_RESOURCE", s.place(), `add Resource; "*" stands for all`, "the statement has neither Resource nor NotResource")
	}
	if s.principal == nil {
		r.report("MISSING_PRINCIPAL", s.place(), "say who is meant; \"*\" stands for everyone", "the statement has neither Principal nor NotPrincipal")
		return
	}
	at, name := place{at: s.principalAt, span: s.principal.Span}, s.principalAt.Element
	r.report("UNSUPPORTED_PRINCIPAL", at, "remove it: the policy is about whom it is attached to", "%s does not belong into an identity policy", name)
	r.report("SCP_SYNTAX_ERROR_PRINCIPAL", at, "test aws:PrincipalArn in a condition instead", "%s does not belong into a service control policy", name)
}

func (r *run) emptyConditions(s *statement) {
	if s.Condition == nil {
		return
	}
	if e := s.Element(policy.ElementCondition); e != nil && e.Broken() {
		return
	}
	if len(s.Condition.Blocks) == 0 {
		p := s.elementPlace(policy.ElementCondition)
		r.report("EMPTY_OBJECT_CONDITION", p, "add conditions, or leave Condition out", "Condition is empty: it always holds")
	}
	for i := range s.blocks {
		if b := &s.blocks[i]; len(b.Keys) == 0 {
			r.report("EMPTY_OBJECT_CONDITION", place{at: b.at, span: b.OperatorSpan}, "add condition keys, or remove the operator",
				"operator %s has no condition keys: it always holds", quote(b.Operator))
		}
	}
}

// variablePlaces reports variables where there are none.
func (r *run) variablePlaces(s *statement) {
	if strings.Contains(s.Sid, "${") {
		r.noVariable(s.elementPlace(policy.ElementSid), policy.ElementSid)
	}
	for i := range s.actions.entries {
		if e := &s.actions.entries[i]; strings.Contains(e.text, "${") {
			r.noVariable(e.place(), s.actions.name)
		}
	}
	for i := range s.groups {
		for j := range s.groups[i].entries {
			if e := &s.groups[i].entries[j]; strings.Contains(e.text, "${") {
				r.noVariable(e.place(), s.principalAt.Element)
			}
		}
	}
	if r.doc.HasVariables() || r.versionIsWrong() {
		return
	}
	for i := range s.resources.entries {
		r.oldVariables(&s.resources.entries[i])
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		for j := range c.entries {
			if c.known && c.op.HasVariables() {
				r.oldVariables(&c.entries[j])
			}
		}
	}
}

func (r *run) noVariable(p place, element string) {
	r.report("VARIABLE_UNSUPPORTED_IN_ELEMENT", p, "variables work in Resource and in Condition", "%s has no variables: ${ is plain text there", element)
}

// versionIsWrong reports whether the version has a finding of its own.
func (r *run) versionIsWrong() bool {
	e := r.doc.Element(policy.ElementVersion)
	return r.doc.Version != "" && r.doc.Version != policy.Version2008 || e != nil && e.Broken()
}

// oldVariables reports a variable in a document whose version has none.
func (r *run) oldVariables(e *entry) {
	if !strings.Contains(e.text, "${") {
		return
	}
	pieces, _ := policy.ParseVariables(e.text)
	for _, p := range pieces {
		if p.Kind == policy.PieceVariable {
			r.report("VARIABLE_UNSUPPORTED_IN_VERSION", e.place(), `write "Version": "2012-10-17"`,
				"%s is plain text in this version of the policy language", quote(p.Variable.String()))
			return
		}
	}
}
