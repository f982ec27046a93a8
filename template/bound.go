package template

// Bound returns a pattern of every value that a hole can have. It is "" for a
// name that AWS or the template chooses: it holds neither wildcards nor the
// characters that delimit the parts of ARNs and lists.
func (t *Template) Bound(name string) string {
	h, known := t.Holes[name]
	switch {
	case !known:
		return "*"
	case h.plain:
		return ""
	case h.Pattern != "" && len(h.Alternatives) == 0:
		return h.Pattern
	}
	return "*"
}

// Worlds returns a policy once for each combination of the conditions that its
// statements hang on, with the statements that count then: what is said about one
// statement beside another has to be so in one of them. Of more than four
// conditions not all combinations are returned, and all is false: those in which
// every condition holds, none does, or all but one do.
func (p *Policy) Worlds() (worlds []Policy, all bool) {
	if p.Document == nil {
		return nil, true
	}
	names := p.conditions()
	const most = 4
	if len(names) == 0 {
		return []Policy{*p}, true
	}
	if len(names) <= most {
		for mask := range 1 << len(names) {
			worlds = p.world(worlds, names, func(i int) bool { return mask>>i&1 == 0 })
		}
		return worlds, true
	}
	const others = 64 // conditions that are tried alone
	worlds = p.world(worlds, names, func(int) bool { return true })
	worlds = p.world(worlds, names, func(int) bool { return false })
	for one := range min(len(names), others) {
		worlds = p.world(worlds, names, func(i int) bool { return i != one })
	}
	return worlds, false
}

// conditions are the names that the cases of a policy assume something of.
func (p *Policy) conditions() []string {
	var names []string
	seen := map[string]bool{}
	for _, c := range p.Cases {
		for _, a := range c {
			if !seen[a.Condition] {
				seen[a.Condition] = true
				names = append(names, a.Condition)
			}
		}
	}
	return names
}

// world adds the policy as it is under one outcome of its conditions; none where
// the policy itself does not exist then.
func (p *Policy) world(worlds []Policy, names []string, holds func(i int) bool) []Policy {
	outcome := make(map[string]bool, len(names))
	for i, name := range names {
		outcome[name] = holds(i)
	}
	so := func(w When) bool {
		for _, a := range w {
			if value, asked := outcome[a.Condition]; asked && value != a.Holds {
				return false
			}
		}
		return true
	}
	if !so(p.When) {
		return worlds
	}
	one, doc := *p, *p.Document
	doc.Statements, one.Cases = nil, nil
	for i := range p.Document.Statements {
		if i >= len(p.Cases) || so(p.Cases[i]) {
			doc.Statements = append(doc.Statements, p.Document.Statements[i])
			one.Cases = append(one.Cases, nil)
		}
	}
	one.Document = &doc
	return append(worlds, one)
}
