package dataflow

import "slices"

// join returns a value that covers both.
func join(a, b Value) Value {
	switch {
	case a.kinds == 0:
		return b
	case b.kinds == 0 || b.kinds == absent && a.kinds&absent != 0:
		return a
	}
	out := Value{kinds: a.kinds | b.kinds}
	out.texts = joinTexts(a.texts, b.texts)
	switch {
	case a.kinds&number == 0:
		out.numbers = b.numbers
	case b.kinds&number == 0:
		out.numbers = a.numbers
	default:
		out.numbers = joinNumbers(a.numbers, b.numbers)
	}
	switch {
	case a.kinds&array == 0:
		out.arr = b.arr
	case b.kinds&array == 0:
		out.arr = a.arr
	default:
		out.arr = joinArrays(a.arr, b.arr)
	}
	switch {
	case a.kinds&object == 0:
		out.obj = b.obj
	case b.kinds&object == 0:
		out.obj = a.obj
	default:
		out.obj = joinObjects(a.obj, b.obj)
	}
	return out
}

func joinNumbers(a, b []string) []string {
	if a == nil || b == nil {
		return nil
	}
	out := slices.Clip(a)
	for _, n := range b {
		if !slices.Contains(a, n) {
			out = append(out, n)
		}
	}
	if len(out) > maxNumbers {
		return nil
	}
	return out
}

func joinArrays(a, b *arrayPart) *arrayPart {
	switch {
	case a == nil || b == nil:
		return nil
	case a == b:
		return a
	}
	if a.exact && b.exact && len(a.items) == len(b.items) {
		items := make([]Value, len(a.items))
		for i := range items {
			items[i] = join(a.items[i], b.items[i])
		}
		return ofItems(items).arr
	}
	return ofElems(join(a.elements(), b.elements())).arr
}

func joinObjects(a, b *objectPart) *objectPart {
	switch {
	case a == nil || b == nil:
		return nil
	case a == b:
		return a
	}
	out := make([]field, 0, max(len(a.fields), len(b.fields)))
	i, j := 0, 0
	for i < len(a.fields) || j < len(b.fields) {
		switch {
		case j == len(b.fields) || i < len(a.fields) && a.fields[i].name < b.fields[j].name:
			out = append(out, field{a.fields[i].name, join(a.fields[i].value, b.others)})
			i++
		case i == len(a.fields) || b.fields[j].name < a.fields[i].name:
			out = append(out, field{b.fields[j].name, join(a.others, b.fields[j].value)})
			j++
		default:
			out = append(out, field{a.fields[i].name, join(a.fields[i].value, b.fields[j].value)})
			i, j = i+1, j+1
		}
	}
	return ofFields(out, join(a.others, b.others)).obj
}

// equal reports whether two values are the same set, written in the same way.
// The ways that texts took do not count.
func equal(a, b Value) bool {
	return a.kinds == b.kinds && slices.EqualFunc(a.texts, b.texts, Text.equal) &&
		(a.numbers == nil) == (b.numbers == nil) && slices.Equal(a.numbers, b.numbers) &&
		equalArrays(a.arr, b.arr) && equalObjects(a.obj, b.obj)
}

func equalArrays(a, b *arrayPart) bool {
	if a == b || a == nil || b == nil {
		return a == b
	}
	return a.exact == b.exact && slices.EqualFunc(a.items, b.items, equal) && equal(a.elem, b.elem)
}

func equalObjects(a, b *objectPart) bool {
	if a == b || a == nil || b == nil {
		return a == b
	}
	return equal(a.others, b.others) && slices.EqualFunc(a.fields, b.fields, func(f, g field) bool { return f.name == g.name && equal(f.value, g.value) })
}

// widening says how much a join may give up so that loops come to an end.
type widening uint8

const (
	exactly    widening = iota
	collapsing          // texts that still change keep what all begin and end with
	forgetting          // what still changes becomes unknown
)

// widen is join for a place that has changed before: parts of old that next
// does not leave as they are become coarser.
func widen(old, next Value, w widening) Value {
	joined := join(old, next)
	if w == exactly || old.kinds == 0 || equal(joined, old) {
		return joined
	}
	if w == forgetting && old.kinds != absent && (joined.kinds^old.kinds)&^absent != 0 {
		return Value{kinds: joined.kinds&absent | everything, texts: unknown.texts}
	}
	if !slices.EqualFunc(joined.texts, old.texts, Text.equal) && len(old.texts) > 0 {
		joined.texts = []Text{collapse(joined.texts)}
		if w == forgetting {
			joined.texts = []Text{anyText}
		}
	}
	if !slices.Equal(joined.numbers, old.numbers) && old.kinds&number != 0 {
		joined.numbers = nil
	}
	if joined.arr != nil && old.kinds&array != 0 && !equalArrays(joined.arr, old.arr) {
		joined.arr = ofElems(widen(old.arr.elements(), joined.arr.elements(), w)).arr
	}
	if joined.obj != nil && old.kinds&object != 0 && !equalObjects(joined.obj, old.obj) {
		joined.obj = widenObjects(old.obj, joined.obj, w)
	}
	return joined
}

func widenObjects(old, joined *objectPart, w widening) *objectPart {
	fields := make([]field, len(joined.fields))
	for i, f := range joined.fields {
		fields[i] = field{f.name, widen(old.field(f.name), f.value, w)}
	}
	others := widen(old.others, joined.others, w)
	if w == forgetting && len(joined.fields) > len(old.fields) {
		return nil // names keep coming
	}
	return ofFields(fields, others).obj
}
