package prove

import (
	"strings"

	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
)

// valueKind says what values a condition key can have.
type valueKind uint8

const (
	textValues    valueKind = iota
	boolValues              // true and false
	numberValues            // decimals
	dateValues              // milliseconds
	addressValues           // of both families
	mixedValues             // anything: operators of several types compare the key
)

// key is a condition key that policies compare or have variables of.
type key struct {
	id       int
	name     string // as first written
	kind     valueKind
	families uint16 // of the operators, a bit for each
	sets     bool   // some operator has ForAllValues or ForAnyValue
	many     bool   // requests may hold several values
	hole     bool   // not a key at all, but a hole: it always has one value
	raw      []string
}

// keyTable numbers condition keys. Letter case does not count in their names.
type keyTable struct {
	list  []*key
	index map[string]*key
}

func (t *keyTable) key(name string) *key {
	folded := lower(name)
	if k := t.index[folded]; k != nil {
		return k
	}
	if t.index == nil {
		t.index = map[string]*key{}
	}
	k := &key{id: len(t.list), name: name}
	t.list = append(t.list, k)
	t.index[folded] = k
	return k
}

// note takes notice of how a document compares its keys.
func (t *keyTable) note(doc *policy.Document) {
	for i := range doc.Statements {
		c := doc.Statements[i].Condition
		if c == nil {
			continue
		}
		for _, block := range c.Blocks {
			op, err := policy.ParseOperator(block.Operator)
			if err != nil {
				continue // refused before
			}
			for _, line := range block.Keys {
				t.key(line.Name).noteOperator(&op, &line.Values)
			}
		}
	}
}

func (k *key) noteOperator(op *policy.Operator, values *policy.List) {
	if op.Family == policy.FamilyNull {
		return
	}
	k.families |= 1 << op.Family
	k.sets = k.sets || op.Quantifier != policy.SingleValue
	if op.Family == policy.FamilyBinary {
		for i := range values.Values {
			k.raw = append(k.raw, policy.BinaryText(values.Values[i].Text))
		}
	}
}

const texts = 1<<policy.FamilyString | 1<<policy.FamilyARN | 1<<policy.FamilyBinary

// settle decides the kinds of values when all documents were noted. Operators
// say it; the catalogue is asked about booleans, about keys that no operator
// compares, and about which keys hold several values.
func (t *keyTable) settle(facts *catalog.Catalog) {
	for _, k := range t.list {
		var fact catalog.Key
		if facts != nil {
			fact, _ = facts.Key(k.name) // a key that the catalogue does not know may still exist
		}
		k.many = k.sets || fact.Type.Multivalued()
		k.kind = k.kindOf(fact.Type)
	}
}

func (k *key) kindOf(fact catalog.KeyType) valueKind {
	const boolean = 1 << policy.FamilyBool
	switch {
	case fact == catalog.Bool || fact == catalog.ArrayOfBool,
		k.families&boolean != 0 && k.families&^(boolean|texts) == 0:
		return boolValues
	case k.families == 1<<policy.FamilyNumeric:
		return numberValues
	case k.families == 1<<policy.FamilyDate:
		return dateValues
	case k.families == 1<<policy.FamilyIP:
		return addressValues
	case k.families&^texts != 0:
		return mixedValues
	case k.families != 0:
		return textValues
	}
	switch fact {
	case catalog.Numeric:
		return numberValues
	case catalog.Date:
		return dateValues
	case catalog.IPAddress:
		return addressValues
	}
	return textValues
}

func lower(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}, s)
}
