package dataflow

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/asl"
)

// kinds says of which types a value may be.
type kinds uint8

const (
	absent kinds = 1 << iota // it may not be there
	null
	yes // true
	no  // false
	number
	text
	array
	object

	everything = null | yes | no | number | text | array | object
)

// Value is what a place may hold: a set of JSON values that covers all those it
// does hold in some execution. Values never change. The zero Value is empty: no
// execution gives anything.
type Value struct {
	kinds   kinds
	texts   []Text      // of text
	numbers []string    // of number: whole numbers; nil for any
	arr     *arrayPart  // of array; nil for any
	obj     *objectPart // of object; nil for any
}

// arrayPart is what arrays may be: of known items, or any number of alike ones.
type arrayPart struct {
	exact bool
	items []Value // exact
	elem  Value   // otherwise; empty for the array without items
	size  int
	depth int
}

// objectPart is what objects may be.
type objectPart struct {
	fields []field // by name
	others Value   // what members of every other name may be
	size   int
	depth  int
}

type field struct {
	name  string
	value Value
}

// The bounds of one value: how many parts it has in all, how deeply they nest,
// and of one object or array how many are told apart.
const (
	maxSize    = 1024
	maxDepth   = 24
	maxFields  = 128
	maxItems   = 32
	maxNumbers = 16
)

// Unknown is any value at all.
func Unknown() Value { return Value{kinds: everything, texts: []Text{anyText}} }

var (
	unknown    = Unknown()
	nothing    = Value{kinds: absent} // the value of a member that is not there
	anyArray   = Value{kinds: array}
	someText   = Value{kinds: text, texts: []Text{anyText}}
	someNumber = Value{kinds: number}
	someBool   = Value{kinds: yes | no}
)

func ofText(t Text) Value { return Value{kinds: text, texts: []Text{t}} }

func ofBool(b bool) Value {
	if b {
		return Value{kinds: yes}
	}
	return Value{kinds: no}
}

// ofNumber keeps whole numbers that every program writes alike.
func ofNumber(written string) Value {
	digits := strings.TrimPrefix(written, "-")
	if digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' && written != "0" {
		return someNumber
	}
	return Value{kinds: number, numbers: []string{written}}
}

func ofItems(items []Value) Value {
	if len(items) > maxItems {
		elem := Value{}
		for _, it := range items {
			elem = join(elem, it)
		}
		return ofElems(elem)
	}
	p := &arrayPart{exact: true, items: items, size: 1}
	for _, it := range items {
		p.size += it.size()
		p.depth = max(p.depth, it.depth()+1)
	}
	if p.size > maxSize || p.depth > maxDepth {
		return anyArray
	}
	return Value{kinds: array, arr: p}
}

// ofElems is an array of any number of items, each as elem.
func ofElems(elem Value) Value {
	elem.kinds &^= absent
	if elem.kinds == 0 {
		return ofItems(nil)
	}
	if elem.Unknown() {
		return anyArray
	}
	p := &arrayPart{elem: elem, size: 1 + elem.size(), depth: elem.depth() + 1}
	if p.size > maxSize || p.depth > maxDepth {
		return anyArray
	}
	return Value{kinds: array, arr: p}
}

// ofFields is an object; fields come in order of their names, each once.
func ofFields(fields []field, others Value) Value {
	if len(fields) > maxFields {
		for _, f := range fields[maxFields:] {
			others = join(join(others, f.value), nothing)
		}
		fields = fields[:maxFields:maxFields]
	}
	p := &objectPart{fields: fields, others: others, size: 1 + others.size(), depth: others.depth() + 1}
	for _, f := range fields {
		p.size += f.value.size()
		p.depth = max(p.depth, f.value.depth()+1)
	}
	if p.depth > maxDepth {
		return Value{kinds: object}
	}
	if p.size > maxSize {
		return ofSmall(fields, others)
	}
	return Value{kinds: object, obj: p}
}

// ofSmall is an object that would be too large: only its small members stay.
func ofSmall(fields []field, others Value) Value {
	small := func(v Value) Value {
		if v.size() > maxSize/maxFields/2 {
			return Value{v.kinds&absent | everything, unknown.texts, nil, nil, nil}
		}
		return v
	}
	p := &objectPart{others: small(others), size: 1, depth: 1}
	for _, f := range fields {
		f.value = small(f.value)
		p.fields = append(p.fields, f)
		p.size += f.value.size()
		p.depth = max(p.depth, f.value.depth()+1)
	}
	return Value{kinds: object, obj: p}
}

var emptyObject = ofFields(nil, nothing)

func (v Value) size() int {
	n := 1
	if v.arr != nil {
		n += v.arr.size
	}
	if v.obj != nil {
		n += v.obj.size
	}
	return n
}

func (v Value) depth() int {
	d := 0
	if v.arr != nil {
		d = v.arr.depth
	}
	if v.obj != nil {
		d = max(d, v.obj.depth)
	}
	return d
}

// Unknown reports whether nothing is known of the value.
func (v Value) Unknown() bool {
	return v.kinds&everything == everything && v.numbers == nil && v.arr == nil && v.obj == nil && len(v.texts) == 1 && v.texts[0].Any()
}

// Empty reports whether no execution gives anything here.
func (v Value) Empty() bool { return v.kinds == 0 }

// MayBeAbsent reports whether there may be nothing at this place.
func (v Value) MayBeAbsent() bool { return v.kinds&absent != 0 }

// Exists reports whether there may be something at this place.
func (v Value) Exists() bool { return v.kinds&everything != 0 }

// Texts returns the strings that the value may be, and all that it may be
// besides strings and nothing at all is in others.
func (v Value) Texts() (texts []Text, others bool) {
	return v.texts, v.kinds&^(text|absent) != 0
}

// Numbers returns the whole numbers that the value may be; ok is false where it
// may be a number that is not known.
func (v Value) Numbers() (numbers []string, ok bool) {
	return v.numbers, v.kinds&number == 0 || v.numbers != nil
}

// MayBeObject and MayBeArray report whether the value may be one.
func (v Value) MayBeObject() bool { return v.kinds&object != 0 }

// MayBeArray reports whether the value may be an array.
func (v Value) MayBeArray() bool { return v.kinds&array != 0 }

// present is the value where it is there.
func (v Value) present() Value { v.kinds &^= absent; return v }

// orAbsent is the value, or nothing.
func (v Value) orAbsent() Value { v.kinds |= absent; return v }

// only keeps some kinds of a value.
func (v Value) only(k kinds) Value {
	v.kinds &= k
	if v.kinds&text == 0 {
		v.texts = nil
	}
	if v.kinds&number == 0 {
		v.numbers = nil
	}
	if v.kinds&array == 0 {
		v.arr = nil
	}
	if v.kinds&object == 0 {
		v.obj = nil
	}
	return v
}

// Field returns what the member of that name may be. A value that is no object
// has no members.
func (v Value) Field(name string) Value {
	out := Value{}
	if v.kinds&object != 0 {
		out = v.obj.field(name)
	}
	if v.kinds&^object != 0 {
		out.kinds |= absent
	}
	return out
}

// FieldFold is Field without regard to the case of letters: what any member that
// is called so may be.
func (v Value) FieldFold(name string) Value {
	out := v.Field(name)
	names, closed := v.Members()
	known := !closed || slices.Contains(names, name)
	for _, written := range names {
		switch {
		case written == name || !strings.EqualFold(written, name):
		case known:
			out = join(out, v.Field(written))
		default:
			out, known = v.Field(written), true
		}
	}
	return out
}

func (o *objectPart) field(name string) Value {
	if o == nil {
		return unknown.orAbsent()
	}
	if i, ok := o.find(name); ok {
		return o.fields[i].value
	}
	return o.others
}

func (o *objectPart) find(name string) (int, bool) {
	return slices.BinarySearchFunc(o.fields, name, func(f field, name string) int { return strings.Compare(f.name, name) })
}

// Elements returns what the items of an array may be, in one value; it is empty
// for what has no items.
func (v Value) Elements() Value {
	if v.kinds&array == 0 {
		return Value{}
	}
	return v.arr.elements()
}

func (a *arrayPart) elements() Value {
	if a == nil {
		return unknown
	}
	if !a.exact {
		return a.elem
	}
	out := Value{}
	for _, it := range a.items {
		out = join(out, it)
	}
	return out
}

// Members returns the names that members of an object may have, in order. closed
// is false where there may be others.
func (v Value) Members() (names []string, closed bool) {
	if v.kinds&object == 0 {
		return nil, true
	}
	if v.obj == nil {
		return nil, false
	}
	for _, f := range v.obj.fields {
		if f.value.Exists() {
			names = append(names, f.name)
		}
	}
	return names, !v.obj.others.Exists()
}

// eachMember returns what the members of an object may be, in one value; it is
// empty for what has no members.
func (v Value) eachMember() Value {
	switch {
	case v.kinds&object == 0:
		return Value{}
	case v.obj == nil:
		return unknown
	}
	out := v.obj.others.present()
	for _, f := range v.obj.fields {
		out = join(out, f.value.present())
	}
	return out
}

// with returns the object part of a value with one member set.
func (v Value) with(name string, member Value) Value {
	var fields []field
	others := unknown.orAbsent()
	at, found := 0, false
	if v.kinds&object == 0 {
		others = nothing
	} else if v.obj != nil {
		fields, others = v.obj.fields, v.obj.others
		at, found = v.obj.find(name)
	}
	out := make([]field, 0, len(fields)+1)
	out = append(out, fields[:at]...)
	out = append(out, field{name, member})
	if found {
		at++
	}
	out = append(out, fields[at:]...)
	return ofFields(out, others)
}

// fieldsOf makes an object of members in any order; of equal names the last
// counts.
func fieldsOf(members []field, others Value) Value {
	slices.SortStableFunc(members, func(a, b field) int { return strings.Compare(a.name, b.name) })
	out := members[:0]
	for i, f := range members {
		if i+1 < len(members) && members[i+1].name == f.name {
			continue
		}
		out = append(out, f)
	}
	return ofFields(out, others)
}

// OtherKinds lists the kinds besides strings and numbers that the value may be.
func (v Value) OtherKinds() []asl.Kind {
	var out []asl.Kind
	for _, k := range []struct {
		kind kinds
		is   asl.Kind
	}{{null, asl.Null}, {yes | no, asl.Bool}, {array, asl.Array}, {object, asl.Object}} {
		if v.kinds&k.kind != 0 {
			out = append(out, k.is)
		}
	}
	return out
}
