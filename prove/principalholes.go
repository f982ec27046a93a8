package prove

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
)

// Principals are compared as wholes: account with account, name with name. So a hole
// in one need not be a variable: it is what another principal names there, or
// something else, and all somethings else are alike.

// maxChoices bounds the combinations of values of holes in principals.
const maxChoices = 64

// principalChoices returns the values to try for the holes in principals, one map
// for each combination; nil where there are no such holes, or too much hangs on
// them.
func principalChoices(sets ...*authz.Set) []map[string]string {
	var texts []string
	for _, set := range sets {
		documentsOf(set, func(doc *policy.Document) { texts = append(texts, principalTexts(doc)...) })
	}
	values := map[string][]string{}
	for _, text := range texts {
		if !hole.Has(text) {
			continue
		}
		part, err := arn.Parse(text)
		if name, whole := hole.Whole(text); whole {
			if name != "AWS::AccountId" {
				return nil // it may be an account, or a user, or a role
			}
			part = arn.ARN{Account: text}
		} else if err != nil {
			return nil
		}
		add := func(in, fresh string, of func(arn.ARN) string) bool {
			name, whole := hole.Whole(in)
			if !whole {
				return !hole.Has(in)
			}
			if values[name] == nil {
				values[name] = append([]string{fresh}, mentioned(texts, of)...)
			}
			return true
		}
		ok := add(part.Partition, "aws", func(a arn.ARN) string { return a.Partition }) &&
			add(part.Account, unmentioned(texts), func(a arn.ARN) string { return a.Account }) &&
			add(nameIn(part.Resource), "somename", func(a arn.ARN) string { return nameIn(a.Resource) }) &&
			!hole.Has(part.Service+part.Region+strings.TrimSuffix(part.Resource, nameIn(part.Resource)))
		if !ok {
			return nil
		}
	}
	if len(values) == 0 {
		return nil
	}
	out := []map[string]string{{}}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var next []map[string]string
		for _, choice := range out {
			for _, value := range values[name] {
				more := maps.Clone(choice)
				more[name] = value
				next = append(next, more)
			}
		}
		if out = next; len(out) > maxChoices {
			return nil
		}
	}
	return out
}

// nameIn is the name at the end of the resource part of a principal's ARN.
func nameIn(resource string) string { return resource[strings.LastIndexByte(resource, '/')+1:] }

func principalTexts(doc *policy.Document) []string {
	var out []string
	for i := range doc.Statements {
		for _, p := range []*policy.Principal{doc.Statements[i].Principal, doc.Statements[i].NotPrincipal} {
			if p == nil {
				continue
			}
			for j := range p.Groups {
				out = append(out, p.Groups[j].Values.Texts()...)
			}
		}
	}
	return out
}

// mentioned are the values that principals without holes have in one place.
func mentioned(texts []string, of func(arn.ARN) string) []string {
	var out []string
	for _, text := range texts {
		a, err := arn.Parse(text)
		if arn.ValidAccount(text) {
			a, err = arn.ARN{Account: text}, nil
		}
		if err != nil {
			continue
		}
		if value := of(a); value != "" && !hole.Has(value) && !slices.Contains(out, value) {
			out = append(out, value)
		}
	}
	return out
}

// unmentioned is an account that no principal names.
func unmentioned(texts []string) string {
	all := strings.Join(texts, " ")
	for _, account := range []string{someAccount, otherAccount, thirdAccount} {
		if !strings.Contains(all, account) {
			return account
		}
	}
	return "888899990000"
}

// compareNamed compares with every combination of values. Where principals alone
// have the values, a proof holds for all others too; a refutation counts where all
// texts have them.
func compareNamed(ctx context.Context, now, old authz.Set, choices []map[string]string, options Options) (Result, error) {
	for _, choice := range choices {
		named := func(set authz.Set) authz.Set {
			return eachDocument(set, func(doc *policy.Document) *policy.Document { return fillPrincipals(doc, choice) })
		}
		result, err := Compare(ctx, named(now), named(old), options)
		if err != nil || result.Verdict == Undecided {
			return result, err
		}
		if result.Verdict == Proved {
			continue
		}
		if result, err = Compare(ctx, filled(named(now), choice), filled(named(old), choice), options); err != nil {
			return result, err
		}
		if result.Verdict != Refuted {
			return Result{Reason: "a principal hangs on what the template leaves open, which also stands elsewhere"}, nil
		}
		holes := maps.Clone(choice)
		maps.Copy(holes, result.Witness.Holes)
		result.Witness.Holes = holes
		return result, nil
	}
	return Result{Verdict: Proved}, nil
}

// fillPrincipals returns a copy of a document in whose principals holes have become
// their values.
func fillPrincipals(doc *policy.Document, values map[string]string) *policy.Document {
	if !slices.ContainsFunc(principalTexts(doc), hole.Has) {
		return doc
	}
	out := *doc
	out.Statements = slices.Clone(doc.Statements)
	fill := func(p *policy.Principal) *policy.Principal {
		if p == nil {
			return nil
		}
		q := *p
		q.Groups = slices.Clone(p.Groups)
		for i := range q.Groups {
			list := &q.Groups[i].Values
			list.Values = slices.Clone(list.Values)
			for j := range list.Values {
				list.Values[j].Text = hole.Replace(list.Values[j].Text, func(name string) string { return values[name] })
			}
		}
		return &q
	}
	for i := range out.Statements {
		s := &out.Statements[i]
		s.Principal, s.NotPrincipal = fill(s.Principal), fill(s.NotPrincipal)
	}
	return &out
}
