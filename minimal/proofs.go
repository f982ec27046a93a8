package minimal

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/prove"
)

// proofs asks package prove about a few statements at a time, within bounded work.
type proofs struct {
	ctx     context.Context
	version string
	options prove.Options
	work    int  // what is left, in values of statements
	short   bool // some question was not asked for lack of work or time
	known   map[question]prove.Verdict
	reason  string // why the last answer is undecided
}

// question tells questions apart that were asked before.
type question [sha256.Size]byte

// nothing is a statement that matches no request, when it allows.
var nothing = &statement{Statement: policy.Statement{Effect: policy.Deny, Action: policy.String("*"), Resource: policy.String("*")}}

// equal asks whether two lists of statements match the same requests, whatever
// their effects. With today, only actions count that the catalogue has.
func (p *proofs) equal(a, b []*statement, today bool) prove.Verdict {
	if v := p.ask(allowing(a), allowing(b), today); v != prove.Proved {
		return v
	}
	return p.ask(allowing(b), allowing(a), today)
}

// within asks whether every request that the first statements match is matched by
// the others too, whatever their effects.
func (p *proofs) within(inner, outer []*statement) prove.Verdict {
	return p.ask(allowing(inner), allowing(outer), false)
}

// dead asks whether no request matches a statement.
func (p *proofs) dead(s *statement) prove.Verdict {
	return p.ask(allowing([]*statement{s}), []*statement{nothing}, false)
}

// shadowed asks whether Deny statements match all that another one does.
func (p *proofs) shadowed(s *statement, denies []*statement) prove.Verdict {
	return p.ask(append([]*statement{s}, denies...), []*statement{nothing}, false)
}

// allowing returns the statements as ones that allow.
func allowing(list []*statement) []*statement {
	out := make([]*statement, len(list))
	for i, s := range list {
		copied := *s
		copied.Effect = policy.Allow
		out[i] = &copied
	}
	return out
}

// ask asks whether the second statements allow all that the first allow, once for
// each question.
func (p *proofs) ask(now, old []*statement, today bool) prove.Verdict {
	p.reason = ""
	a, b := p.document(now), p.document(old)
	h := sha256.New()
	h.Write(policy.Print(a, ""))
	h.Write([]byte{0})
	h.Write(policy.Print(b, ""))
	if today {
		h.Write([]byte{0})
	}
	var q question
	h.Sum(q[:0])
	if v, ok := p.known[q]; ok {
		return v
	}
	cost := p.cost(now, old)
	if cost > p.work || p.ctx.Err() != nil {
		p.short = true
		return prove.Undecided
	}
	p.work -= cost
	options := p.options
	options.KnownActions = today
	result, err := prove.Compare(p.ctx, alone(a), alone(b), options)
	switch {
	case err != nil:
		p.reason = err.Error() // nothing is proved
	case result.Verdict == prove.Undecided:
		p.reason = result.Reason
	}
	p.known[q] = result.Verdict
	return result.Verdict
}

// document is one of a few statements, as a set that is nothing but itself: no rule
// about the principal's or the resource's account has a say.
//
// Everyone is named. Who is compared with whom is decided before, by what is written
// (see [namesAllOf]): the rest of the statements has to bear the proof, whoever calls.
// An absent Resource means any: in trust policies, and in policies of services that
// know no Resource element.
func (p *proofs) document(list []*statement) *policy.Document {
	doc := &policy.Document{Version: p.version, Statements: make([]policy.Statement, len(list))}
	for i, s := range list {
		st := s.Statement
		st.Sid, st.Elements = "", nil
		st.Principal = policy.Everyone()
		if st.Resource == nil && st.NotResource == nil {
			st.Resource = policy.String("*")
		}
		doc.Statements[i] = st
	}
	return doc
}

func alone(doc *policy.Document) authz.Set {
	return authz.Set{Endpoint: &authz.Policy{Document: doc}}
}

// cost is the work of a proof: what it looks at, and sixteen times the square of what has
// variables, each of which is compared with each other.
func (p *proofs) cost(lists ...[]*statement) int {
	n, open := 0, 0
	count := func(l *policy.List, weight int) {
		n += weight * l.Len()
		for i := range l.Len() {
			if strings.Contains(l.Values[i].Text, "${") {
				open++
			}
		}
	}
	for _, s := range slices.Concat(lists...) {
		n += 4 + s.Action.Len() + s.NotAction.Len()
		count(s.Resource, 1)
		count(s.NotResource, 1)
		if s.Condition != nil {
			for i := range s.Condition.Blocks {
				for j := range s.Condition.Blocks[i].Keys {
					n += 4
					count(&s.Condition.Blocks[i].Keys[j].Values, 1)
				}
			}
		}
	}
	return n + 16*open*open
}
