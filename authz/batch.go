package authz

import (
	"cmp"
	"fmt"
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
	b := batch{ids: map[*compiled]int32{}, byService: map[string][]int32{}}
	var findings source.List
	rows := make([]row, len(principals))
	for i := range principals {
		var found source.List
		rows[i], found = b.row(e, &principals[i])
		findings = append(findings, found...)
	}
	if findings.HasErrors() {
		return nil, findings
	}
	results := make([]Result, len(principals)*len(requests))
	if holes := hasBracket(e, rows, requests); holes {
		return results, decideEach(e, principals, requests, results)
	}
	b.said = make([]said, len(b.ids))
	for j := range requests {
		b.column(rows, &requests[j], results[j:], len(requests))
	}
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

// row is a principal ready to be asked.
type row struct {
	engine    *Engine
	caller    policy.Caller
	principal *Principal
}

func (b *batch) row(common *Engine, p *Principal) (row, source.List) {
	own, findings := Compile(Set{Identity: p.Identity, Groups: p.Groups, Boundary: p.Boundary, Session: p.Session})
	caller, err := policy.ParseCaller(p.ARN)
	if err != nil {
		findings = append(findings, source.Finding{Code: "BAD_PRINCIPAL", Severity: source.Error, Message: fmt.Sprintf("principal %q: %v", p.ARN, err)})
	}
	if findings.HasErrors() {
		return row{}, findings
	}
	own.join(common)
	for i := range own.layers {
		l := &own.layers[i]
		l.ids = make([]int32, len(l.policies))
		for j, c := range l.policies {
			l.ids[j] = b.id(c)
		}
	}
	return row{own, caller, p}, findings
}

// id numbers a policy and notes what it is about.
func (b *batch) id(c *compiled) int32 {
	id, ok := b.ids[c]
	if ok {
		return id
	}
	id = int32(len(b.ids))
	b.ids[c] = id
	for service := range c.byService {
		b.byService[service] = append(b.byService[service], id)
	}
	if len(c.anywhere) > 0 {
		b.anywhere = append(b.anywhere, id)
	}
	return id
}

// join adds the layers of an engine that holds what is common.
func (e *Engine) join(common *Engine) {
	var layers []layer
	for _, kind := range denyOrder {
		from := common
		switch kind {
		case Identity, Group, Boundary, Session:
			from = e
		}
		start := len(layers)
		layers = append(layers, from.layers[from.of[kind].from:from.of[kind].to]...)
		e.of[kind].from, e.of[kind].to = start, len(layers)
	}
	e.layers = layers
	e.resource, e.endpoint, e.scps, e.trustShape = common.resource, common.endpoint, common.scps, common.trustShape
}

// batch is what the policies say of the request at hand.
type batch struct {
	ids       map[*compiled]int32
	byService map[string][]int32 // ids of the policies that name actions of a service
	anywhere  []int32            // ids of those that may speak of any action
	said      []said             // by id, for one request
}

// said is what one policy says of one request.
type said uint8

const (
	asked said = 1 << iota
	deny
	allow
)

// column answers one request for all principals.
func (b *batch) column(rows []row, r *Request, results []Result, stride int) {
	e := evaluation{request: *r, batch: b, strict: true, asked: actionOf(r.Action), action: traitsOf(r.Action)}
	if r.ResourcePattern || r.UnknownRest || len(r.Unknown) > 0 || e.action.is(byProvider) {
		for i := range rows {
			rows[i].ask(&e.request)
			results[i*stride] = rows[i].engine.Decide(e.request).Result
		}
		return
	}
	if len(rows) > 0 && rows[0].engine.trustShape && !e.action.is(ruledByTrust) {
		return
	}
	if cmp.Or(checkAction(r.Action), checkContext(r.Context), e.who.readResource(r, e.action)) != nil {
		return // Invalid, all of them
	}
	b.begin(e.asked.service)
	for i := range rows {
		rows[i].ask(&e.request)
		e.engine, e.who.caller = rows[i].engine, rows[i].caller
		e.who.compareAccounts()
		results[i*stride] = e.decide().Result
	}
}

// begin forgets what the policies said. Those that have nothing to say about a
// service need not be asked.
func (b *batch) begin(service string) {
	for i := range b.said {
		b.said[i] = asked
	}
	for _, list := range [...][]int32{b.byService[service], b.anywhere} {
		for _, id := range list {
			b.said[id] = 0
		}
	}
}

// ask puts a principal in the place of the one in a request.
func (r *row) ask(request *Request) {
	request.Principal = r.principal.ARN
	request.ServiceLinkedRole = r.principal.ServiceLinkedRole
	request.PrincipalInManagementAccount = r.principal.InManagementAccount
}

// unnamed stands for the statement that decided, which a batch does not tell.
var unnamed = new(statement)

// first reports whether a policy of a layer has a statement with an effect that
// applies.
func (b *batch) first(e *evaluation, l *layer, effect said) bool {
	for i, id := range l.ids {
		s := b.said[id]
		if s == 0 {
			c := l.policies[i]
			s = e.ask(c)
			if !c.personal {
				b.said[id] = s
			}
		}
		if s&effect != 0 {
			return true
		}
	}
	return false
}

// ask works out what a policy says.
func (e *evaluation) ask(c *compiled) said {
	m := c.about(&e.asked)
	result := asked
	if e.anyApplies(m.deny) {
		result |= deny
	}
	if e.anyApplies(m.allow) {
		result |= allow
	}
	return result
}

func (e *evaluation) anyApplies(list []*statement) bool {
	for _, s := range list {
		if t, _ := s.applies(e, nil); t == yes {
			return true
		}
	}
	return false
}
