package check

import (
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Policies of templates have values that are not known yet: holes, see package
// internal/hole. Rules see a hole as a text that matches wildcards alone. What
// they say then is kept when they say it too once the holes that may be any text
// are "*": first in the statements that allow, then in those that deny. What
// differs hangs on the holes: it is no finding but an undecided question.

// spoken are codes about what a policy allows. One that is found only when holes
// are "*" is a question too; with other codes, values that hold a hole are taken to
// be well formed.
var spoken = set(
	"WRIT_DATA_EXPOSURE", "WRIT_CREDENTIALS_EXPOSURE", "WRIT_INFRASTRUCTURE_CHANGE", "WRIT_RESOURCE_EXPOSURE", "WRIT_INTERNET_ACCESSIBLE", codeEscalation,
	"PASS_ROLE_WITH_STAR_IN_RESOURCE", "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
	"CREATE_SLR_WITH_STAR_IN_RESOURCE", "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
)

// sameForAll are codes that hold for all values of the holes when they hold for
// holes as they are: equal holes are equal values, and a pattern that matches a
// hole matches whatever it becomes.
var sameForAll = set(
	"REDUNDANT_ACTION", "REDUNDANT_RESOURCE", "REDUNDANT_STATEMENT", "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", "WRIT_SHADOWED_STATEMENT", "WRIT_DENIED_STATEMENT",
	"UNIQUE_SIDS_REQUIRED", "UNIQUE_SIDS_RECOMMENDED",
)

// ofParts are codes about the fields of an ARN, each of which may be known where
// others are not. With any other code, a value that holds a hole is not judged.
var ofParts = set(
	"ARN_ACCOUNT_NOT_ALLOWED", "ARN_REGION_NOT_ALLOWED", "MISSING_ARN_REGION", "MISSING_ARN_ACCOUNT", "INVALID_ARN_REGION", "INVALID_ARN_ACCOUNT", "INVALID_PARTITION",
	"INVALID_SERVICE", "INVALID_ARN_RESOURCE", "INVALID_ARN_SERVICE_CASE", "UNSUPPORTED_RESOURCE_ARN_IN_POLICY",
)

// ofConditions are codes that say what is missing among the conditions of a
// statement, or count their values: with a hole there nobody knows.
var ofConditions = set(
	"DYNAMODB_ATTRIBUTES_WITHOUT_SELECT", "RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY", "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY",
	"RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK", "PRIVATE_IP_ADDRESS", "PRIVATE_IP_ADDRESS_SUBSET", "PRIVATE_NOT_IP_ADDRESS", "PRIVATE_NOT_IP_ADDRESS_SUBSET",
	"WRIT_DEAD_STATEMENT",
)

// ofKeys are codes that say that a condition key is missing. A key whose name has
// a hole may be the one.
var ofKeys = set(
	"MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", "MISSING_GITHUB_REPO_CONDITION_KEY", "WRIT_OIDC_SUBJECT", "WRIT_CONFUSED_DEPUTY", "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL",
	"RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", "MISSING_PAIRED_CONDITION_KEYS", "PASS_ROLE_WITH_STAR_IN_RESOURCE", "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
	"PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", "CREATE_SLR_WITH_STAR_IN_RESOURCE", "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE",
	"CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", "PASS_ROLE_WITH_NOT_RESOURCE", "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
	"PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE", "CREATE_SLR_WITH_NOT_RESOURCE", "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
	"CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE",
)

// openParts says where the holes of a document are.
type openParts struct {
	values map[source.Span]bool // values and names of keys that have one
	inside map[int]openElements // by statement
}

type openElements struct{ conditions, keys bool }

// note remembers the holes of a node.
func (o *openParts) note(at policy.Place, span source.Span, text string) {
	if !hole.Has(text) {
		return
	}
	if o.values == nil {
		o.values, o.inside = make(map[source.Span]bool), make(map[int]openElements)
	}
	o.values[span] = true
	if at.Element == policy.ElementCondition {
		in := o.inside[at.Statement]
		in.conditions = true
		in.keys = in.keys || at.Index < 0 && strings.EqualFold(at.Key, text)
		o.inside[at.Statement] = in
	}
}

// hides reports whether a finding may be false for some values of the holes, and
// whether that is a question: what a value holds is not judged, what the statement
// lacks may be there.
func (o *openParts) hides(code string, p place) (hidden, question bool) {
	if o.values == nil {
		return false, false
	}
	in := o.inside[p.at.Statement]
	question = in.conditions && ofConditions[code] || in.keys && (ofKeys[code] || ofConditions[code])
	return question || o.values[p.span] && !sameForAll[code] && !ofParts[code], question
}

// findingKey tells the findings about one document apart, whatever they say.
type findingKey struct {
	code string
	span source.Span
}

// weigh compares the findings with those of the same document under other values
// of its holes.
func (r *run) weigh(result *Result, o Options) error {
	for _, effect := range []policy.Effect{policy.Allow, policy.Deny} {
		filled, changed := fill(r.doc, effect, o.holeValue)
		if !changed {
			continue
		}
		other := newRun(filled, r.kind, r.facts)
		other.attached, other.enabled, other.filled = r.attached, r.enabled, true
		other.look()
		if other.facts.err != nil {
			return other.facts.err
		}
		there, here := make(map[findingKey]bool), make(map[findingKey]bool)
		escalates, borrows := false, false
		for _, f := range other.list() {
			there[findingKey{f.Code, f.Span}] = true
			escalates = escalates || f.Code == codeEscalation
		}
		var kept source.List
		for _, f := range result.Findings {
			here[findingKey{f.Code, f.Span}] = true
			borrows = borrows || f.Code == codeBorrowed
			if there[findingKey{f.Code, f.Span}] || f.Code == codeBorrowed && escalates || sameForAll[f.Code] || f.Code == CodeTooMany || r.adopted[findingKey{f.Code, f.Span}] {
				kept = append(kept, f)
			} else {
				r.undecided[f.Code]++
			}
		}
		result.Findings = kept
		for k := range there {
			// A hole may be one role, whatever pattern stands for it.
			if spoken[k.code] && !here[k] && !(k.code == codeEscalation && borrows) {
				r.undecided[k.code]++
			}
		}
	}
	return nil
}

// fill returns the document with values for holes in the statements of one effect.
func fill(doc *policy.Document, effect policy.Effect, value func(name string) (string, bool)) (filled *policy.Document, changed bool) {
	out := *doc
	out.Statements = make([]policy.Statement, len(doc.Statements))
	text := func(s string) string {
		return hole.Replace(s, func(name string) string {
			if v, ok := value(name); ok {
				changed = true
				return v
			}
			return hole.Text(name)
		})
	}
	for i := range doc.Statements {
		out.Statements[i] = doc.Statements[i]
		if effect == "" || doc.Statements[i].Effect == effect {
			out.Statements[i] = fillStatement(&doc.Statements[i], text)
		}
	}
	return &out, changed
}

func fillStatement(s *policy.Statement, text func(string) string) policy.Statement {
	list := func(l *policy.List) *policy.List {
		if l == nil {
			return nil
		}
		out := *l
		out.Values = append([]policy.Value(nil), l.Values...)
		for i := range out.Values {
			out.Values[i].Text = text(out.Values[i].Text)
		}
		return &out
	}
	principal := func(p *policy.Principal) *policy.Principal {
		if p == nil {
			return nil
		}
		out := *p
		out.Groups = append([]policy.PrincipalGroup(nil), p.Groups...)
		for i := range out.Groups {
			out.Groups[i].Values = *list(&p.Groups[i].Values)
		}
		return &out
	}
	out := *s
	out.Action, out.NotAction, out.Resource, out.NotResource = list(s.Action), list(s.NotAction), list(s.Resource), list(s.NotResource)
	out.Principal, out.NotPrincipal = principal(s.Principal), principal(s.NotPrincipal)
	if s.Condition != nil {
		c := *s.Condition
		c.Blocks = append([]policy.ConditionBlock(nil), c.Blocks...)
		for i := range c.Blocks {
			c.Blocks[i].Keys = append([]policy.ConditionKey(nil), c.Blocks[i].Keys...)
			for j := range c.Blocks[i].Keys {
				k := &c.Blocks[i].Keys[j]
				k.Values = *list(&k.Values)
			}
		}
		out.Condition = &c
	}
	return out
}

// holeValue is what a hole is filled with that may be any text.
func (o *Options) holeValue(name string) (string, bool) {
	if o.Hole == nil {
		return "*", true
	}
	bound := o.Hole(name)
	return bound, bound != ""
}

// stackPlaces are values for where a stack is, for requests that show something.
var stackPlaces = map[string]string{"AWS::AccountId": someAccount, "AWS::Partition": "aws", "AWS::Region": someRegion, "AWS::URLSuffix": "amazonaws.com"}

func placeValue(name string) (string, bool) {
	v, ok := stackPlaces[name]
	return v, ok
}

// placed is a text with the place of a stack filled in.
func placed(text string) string {
	return hole.Replace(text, func(name string) string {
		if v, ok := placeValue(name); ok {
			return v
		}
		return hole.Text(name)
	})
}

// shortest is the document with nothing in place of its holes.
func shortest(doc *policy.Document) *policy.Document {
	out, _ := fill(doc, "", func(string) (string, bool) { return "", true })
	return out
}
