package authz

import (
	"slices"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Principal is a row of an access matrix: a caller with the policies that are
// its own. Policies made by Prepare are shared by all principals that have them.
type Principal struct {
	ARN      string
	Identity []Policy
	Groups   []Policy
	Boundary *Policy
	Session  []Policy

	ServiceLinkedRole   bool
	InManagementAccount bool
}

// DecideAll answers every request for every principal: the answer for principal
// i and request j is at i*len(requests)+j. The engine holds what is common to
// all of them: resource, service control, resource control and endpoint
// policies. The principals named in the requests do not count.
//
// What a policy says of a request is worked out once, whoever it is attached to,
// unless the policy itself looks at the caller.
func (e *Engine) DecideAll(principals []Principal, requests []Request) ([]Result, source.List) {
	b := newBatch(e)
	var findings source.List
	for i := range principals {
		findings = append(findings, b.add(&principals[i])...)
	}
	if findings.HasErrors() {
		return nil, findings
	}
	results := make([]Result, len(principals)*len(requests))
	if hasBracket(e, b.rows, requests) {
		return results, decideEach(e, principals, requests, results)
	}
	switch len(b.rows) {
	case 0:
		return results, findings
	case 1:
		for j := range requests {
			results[j] = b.rows[0].decide(&requests[j])
		}
	default:
		b.share()
		c := column{batch: b, own: make([]said, len(b.rows)), shared: make([]said, len(e.layers))}
		for j := range requests {
			c.decide(requests[j], results[j:], len(requests))
		}
	}
	e.members.settle(b.rows)
	return results, findings
}

func hasBracket(common *Engine, rows []row, requests []Request) bool {
	return common.bracket != nil || slices.ContainsFunc(rows, func(r row) bool { return r.engine.bracket != nil }) ||
		slices.ContainsFunc(requests, func(r Request) bool { return r.Holes })
}

// decideEach answers one by one, as holes want it.
func decideEach(common *Engine, principals []Principal, requests []Request, results []Result) source.List {
	for i := range principals {
		p := &principals[i]
		set := common.set
		set.Identity, set.Groups, set.Boundary, set.Session = p.Identity, p.Groups, p.Boundary, p.Session
		engine, findings := Compile(set)
		if engine == nil {
			return findings
		}
		for j, r := range requests {
			r.Principal, r.ServiceLinkedRole, r.PrincipalInManagementAccount = p.ARN, p.ServiceLinkedRole, p.InManagementAccount
			results[i*len(requests)+j] = engine.Decide(r).Result
		}
	}
	return nil
}

// batch is the rows of a matrix and their policies.
type batch struct {
	common   *Engine
	personal bool // what the common policies say depends on who asks
	rows     []row
	classes  []class
	classOf  map[classKey]int32

	policies  []*compiled
	ids       map[*compiled]int32
	holders   [][]holder         // by policy
	anywhere  []int32            // the policies that may speak of any action
	byService map[string][]int32 // all others, by the services that they name
}

// row is a principal ready to be asked.
type row struct {
	engine    *Engine
	principal *Principal
	caller    *asker
	class     int32
	plans     int // that the engine had made before
}

// holder is a row that has a policy, in one of the layers that are its own.
type holder struct {
	row   int32
	layer uint8
}

// ownKinds are the kinds of policy that belong to the principal; there is one layer
// of each at most.
var ownKinds = [...]Kind{Identity, Group, Boundary, Session}

func ownKind(k Kind) bool { return slices.Contains(ownKinds[:], k) }

func newBatch(common *Engine) *batch {
	b := &batch{common: common, classOf: map[classKey]int32{}, ids: map[*compiled]int32{}, byService: map[string][]int32{}}
	for i := range common.layers {
		l := &common.layers[i]
		b.personal = b.personal || !ownKind(l.kind) && slices.ContainsFunc(l.policies, func(c *compiled) bool { return c.personal })
	}
	return b
}

// add makes the row of a principal.
func (b *batch) add(p *Principal) source.List {
	m, findings := b.common.member(p)
	if findings.HasErrors() {
		return findings
	}
	b.rows = append(b.rows, row{engine: m.engine, caller: m.caller, principal: p, plans: m.engine.plans.size()})
	return findings
}

// share finds out what the rows have in common.
func (b *batch) share() {
	for i := range b.rows {
		r := &b.rows[i]
		r.class = b.class(r)
		layer := uint8(0)
		for j := range r.engine.layers {
			l := &r.engine.layers[j]
			if !ownKind(l.kind) {
				continue
			}
			for _, c := range l.policies {
				id := b.id(c)
				b.holders[id] = append(b.holders[id], holder{int32(i), layer})
			}
			layer++
		}
	}
}

// id numbers a policy and notes what it is about.
func (b *batch) id(c *compiled) int32 {
	id, ok := b.ids[c]
	if ok {
		return id
	}
	id = int32(len(b.policies))
	b.ids[c], b.policies, b.holders = id, append(b.policies, c), append(b.holders, nil)
	if len(c.anywhere) > 0 {
		b.anywhere = append(b.anywhere, id)
		return id
	}
	for service := range c.byService {
		b.byService[service] = append(b.byService[service], id)
	}
	return id
}

// class is rows that differ in what their policies say, and in nothing else that
// a decision looks at.
type class struct {
	layers []int   // of its engine: the row's own, or ^i for the common layer i
	known  []known // by what the own policies say
}

type classKey struct {
	kind                                   policy.CallerKind
	partition, account                     string
	group, identity, boundary, session     bool
	serviceLinkedRole, inManagementAccount bool
}

func (b *batch) class(r *row) int32 {
	has := func(k Kind) bool { return r.engine.of[k].from < r.engine.of[k].to }
	key := classKey{r.caller.Kind, r.caller.Partition, r.caller.Account, has(Group), has(Identity), has(Boundary), has(Session),
		r.principal.ServiceLinkedRole, r.principal.InManagementAccount}
	id, ok := b.classOf[key]
	if ok {
		return id
	}
	var c class
	own, common := 0, 0
	for i := range r.engine.layers {
		if ownKind(r.engine.layers[i].kind) {
			c.layers = append(c.layers, own)
			own++
			continue
		}
		for ownKind(b.common.layers[common].kind) {
			common++
		}
		c.layers = append(c.layers, ^common)
		common++
	}
	c.known = make([]known, 1<<(bitsSaid*own))
	id = int32(len(b.classes))
	b.classOf[key], b.classes = id, append(b.classes, c)
	return id
}

// decide answers a request for the principal alone.
func (r *row) decide(request *Request) Result {
	e := evaluation{engine: r.engine, request: *request}
	r.ask(&e.request)
	return e.answer().Result
}

// ask puts a principal in the place of the one in a request.
func (r *row) ask(request *Request) {
	request.Principal = r.principal.ARN
	request.ServiceLinkedRole = r.principal.ServiceLinkedRole
	request.PrincipalInManagementAccount = r.principal.InManagementAccount
}
