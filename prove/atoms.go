package prove

import "github.com/writ-iam/writ/policy"

// subject is what an atom speaks of: a condition key by its number, or the
// action or the resource of the request.
type subject int

const (
	actionSubject   subject = -2
	resourceSubject subject = -1
)

type atomKind uint8

const (
	oneValue   atomKind = iota // the key has exactly one value
	manyValues                 // the key has several
	valueIn                    // the value (of a key: its one value) lies in a language
	allIn                      // each of the key's several values lies in the language, or with not outside of it
	plainAtom                  // nothing but a name in a formula
)

// atom is what a variable of formulas means.
type atom struct {
	kind atomKind
	of   subject
	in   *language
	not  bool
}

// atoms numbers atoms; the number is their variable in formulas.
type atoms struct {
	list  []atom // by variable; the first is not used
	index map[atom]literal
}

func (as *atoms) literal(a atom) literal {
	if l, ok := as.index[a]; ok {
		return l
	}
	if as.index == nil {
		as.index = map[atom]literal{}
		as.list = make([]atom, 1)
	}
	l := literal(len(as.list))
	as.list = append(as.list, a)
	as.index[a] = l
	return l
}

// in says that the value of a subject lies in a language.
func (p *problem) in(of subject, l *language) formula {
	switch {
	case l.all:
		return verum
	case l.empty():
		return falsum
	}
	return p.fs.leaf(p.atoms.literal(atom{kind: valueIn, of: of, in: l}))
}

func (p *problem) one(k *key) formula {
	return p.fs.leaf(p.atoms.literal(atom{kind: oneValue, of: subject(k.id)}))
}

func (p *problem) several(k *key) formula {
	if !k.many {
		return falsum
	}
	return p.fs.leaf(p.atoms.literal(atom{kind: manyValues, of: subject(k.id)}))
}

func (p *problem) absent(k *key) formula {
	return p.fs.and(p.fs.not(p.one(k)), p.fs.not(p.several(k)))
}

// every says that each of several values lies in a language, or outside of it.
func (p *problem) every(k *key, l *language, not bool) formula {
	switch {
	case l.all:
		return truth(!not)
	case l.empty():
		return truth(not)
	}
	return p.fs.leaf(p.atoms.literal(atom{kind: allIn, of: subject(k.id), in: l, not: not}))
}

// condition is the formula of one key under one operator. It follows the
// evaluation of package authz case by case.
func (p *problem) condition(op *policy.Operator, k *key, values *policy.List, vars *policy.VariableTable) formula {
	fs := p.fs
	if op.Family == policy.FamilyNull {
		return p.null(op, k, values)
	}
	if len(values.Values) == 0 {
		return fs.and(truth(op.HoldsWithoutValues()), p.absent(k))
	}
	l := p.ofCondition(op.BaseOperator, values, vars)
	accepted := p.in(subject(k.id), l)
	if op.Negated {
		accepted = fs.not(accepted)
	}
	several := falsum // without a set operator several values never match
	switch op.Quantifier {
	case policy.ForAllValues:
		several = p.every(k, l, op.Negated)
	case policy.ForAnyValue:
		several = fs.not(p.every(k, l, !op.Negated))
	}
	return fs.or(
		fs.and(truth(op.HoldsWhenAbsent()), p.absent(k)),
		fs.and(p.one(k), accepted),
		fs.and(p.several(k), several),
	)
}

// null compares whether a key is there. With a quantifier the answer does not
// depend on the request.
func (p *problem) null(op *policy.Operator, k *key, values *policy.List) formula {
	if op.Quantifier != policy.SingleValue {
		return truth(op.Quantifier == policy.ForAllValues)
	}
	out := falsum
	for i := range values.Values {
		switch absent, ok := policy.ParseBool(values.Values[i].Text); {
		case !ok:
		case absent:
			out = p.fs.or(out, p.absent(k))
		default:
			out = p.fs.or(out, p.fs.not(p.absent(k)))
		}
	}
	return out
}

// conditions is the formula of a Condition element.
func (p *problem) conditions(c *policy.Condition, vars *policy.VariableTable) formula {
	if c == nil {
		return verum
	}
	var all []formula
	for _, block := range c.Blocks {
		op, err := policy.ParseOperator(block.Operator)
		if err != nil {
			continue // refused before
		}
		for i := range block.Keys {
			line := &block.Keys[i]
			all = append(all, p.condition(&op, p.keys.key(line.Name), &line.Values, vars))
		}
	}
	return p.fs.and(all...)
}
