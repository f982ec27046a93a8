package authz

import "cmp"

// said is what policies say of a request: that some statement denies, or allows.
type said uint8

const (
	saysDeny said = 1 << iota
	saysAllow

	bitsSaid = 2
)

// One said holds what all layers of a row's own say.
const _ = uint(8 - bitsSaid*len(ownKinds))

func effect(deny bool) said {
	if deny {
		return saysDeny
	}
	return saysAllow
}

// column is one request, asked for every principal.
type column struct {
	*batch
	number  uint32
	own     []said // by row: what its own policies say, layer by layer
	shared  []said // by common layer
	layered []said // of one row, by layer of its engine
}

// known is a decision of a class of rows: in which column it was made, and which it
// is.
type known struct {
	column uint32
	result Result
}

// decide answers one request for all principals. What a policy says is worked out
// once; a row is then decided by what its policies say together, and so are all
// rows of a class that say the same.
func (c *column) decide(r Request, results []Result, stride int) {
	e := evaluation{request: r, strict: true, asked: actionOf(r.Action), action: traitsOf(r.Action)}
	if c.speaking(e.asked.service) > 4*len(c.rows) || r.ResourcePattern || r.UnknownRest || len(r.Unknown) > 0 || e.action.is(byProvider) {
		for i := range c.rows {
			results[i*stride] = c.rows[i].decide(&r)
		}
		return
	}
	if c.common.trustShape && !r.impliesResource(e.action) ||
		cmp.Or(checkAction(r.Action), checkContext(r.Context), e.readResource()) != nil {
		return // Invalid, all of them
	}
	c.number++
	c.askOwn(&e)
	if !c.personal {
		c.askShared(&e, 0)
	}
	for i := range c.rows {
		of := &c.classes[c.rows[i].class]
		k := &of.known[c.own[i]]
		if c.personal || k.column != c.number {
			k.column, k.result = c.number, c.row(&e, i)
		}
		results[i*stride] = k.result
	}
}

// speaking is the number of policies to ask about a service. Where they are many and
// the rows are few, the indexes of the rows' engines are the faster way.
func (c *column) speaking(service string) int { return len(c.byService[service]) + len(c.anywhere) }

// askOwn asks the policies that may have something to say.
func (c *column) askOwn(e *evaluation) {
	clear(c.own)
	for _, ids := range [...][]int32{c.byService[e.asked.service], c.anywhere} {
		for _, id := range ids {
			p := c.policies[id]
			var s said
			for i, h := range c.holders[id] {
				if i == 0 || p.personal {
					c.enter(e, int(h.row))
					s = e.ask(p)
				}
				if s == 0 && !p.personal {
					break
				}
				c.own[h.row] |= s << (bitsSaid * h.layer)
			}
		}
	}
}

// askShared asks the policies that all rows have in common, as a row sees them.
func (c *column) askShared(e *evaluation, row int) {
	c.enter(e, row)
	for i := range c.common.layers {
		c.shared[i] = 0
		for _, p := range c.common.layers[i].policies {
			c.shared[i] |= e.ask(p)
		}
	}
}

// enter takes the place of a row's principal.
func (c *column) enter(e *evaluation, row int) {
	r := &c.rows[row]
	r.ask(&e.request)
	e.engine, e.known = r.engine, r.caller
	e.compareAccounts()
}

// row decides for a row by what its policies say.
func (c *column) row(e *evaluation, row int) Result {
	if c.personal {
		c.askShared(e, row)
	}
	c.enter(e, row)
	c.layered = c.layered[:0]
	for _, at := range c.classes[c.rows[row].class].layers {
		s := said(0)
		if at < 0 {
			s = c.shared[^at]
		} else {
			s = c.own[row] >> (bitsSaid * at) & (saysDeny | saysAllow)
		}
		c.layered = append(c.layered, s)
	}
	e.said, e.n = c.layered, 0
	defer func() { e.said = nil }()
	return e.decide()
}

// ask works out what a policy says.
func (e *evaluation) ask(c *compiled) said {
	var result said
	note := func(s *statement) bool {
		t, _ := s.applies(e, nil)
		if t == yes {
			result |= effect(s.deny)
		}
		return t != yes
	}
	c.each(&e.asked, true, note)
	c.each(&e.asked, false, note)
	return result
}
