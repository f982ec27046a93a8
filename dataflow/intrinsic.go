package dataflow

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/jsontree"
)

// The intrinsic functions of JSONPath states. Source: the developer guide's
// page on them. A function that is not here gives something unknown.
var intrinsics = map[string]func(s *scene, args []Value) Value{
	"States.StringToJson":   func(_ *scene, a []Value) Value { return fromJSON(a[0]) },
	"States.JsonToString":   func(*scene, []Value) Value { return someText },
	"States.Array":          func(_ *scene, a []Value) Value { return ofItems(a) },
	"States.ArrayPartition": func(_ *scene, a []Value) Value { return ofElems(ofElems(a[0].Elements())) },
	"States.ArrayContains":  func(*scene, []Value) Value { return someBool },
	"States.ArrayRange":     func(*scene, []Value) Value { return ofElems(someNumber) },
	"States.ArrayGetItem":   func(_ *scene, a []Value) Value { return getItem(a[0], a[1]) },
	"States.ArrayLength":    func(*scene, []Value) Value { return someNumber },
	"States.ArrayUnique":    func(_ *scene, a []Value) Value { return ofElems(a[0].Elements()) },
	"States.Base64Encode": func(_ *scene, a []Value) Value {
		return mapTexts(a[0], func(t string) (string, bool) { return base64.StdEncoding.EncodeToString([]byte(t)), true })
	},
	"States.Base64Decode": func(_ *scene, a []Value) Value {
		return mapTexts(a[0], func(t string) (string, bool) {
			b, err := base64.StdEncoding.DecodeString(t)
			return string(b), err == nil && utf8.Valid(b)
		})
	},
	"States.Hash":        func(*scene, []Value) Value { return someText },
	"States.JsonMerge":   func(_ *scene, a []Value) Value { return merge(a[0], a[1]) },
	"States.MathRandom":  func(*scene, []Value) Value { return someNumber },
	"States.MathAdd":     func(*scene, []Value) Value { return someNumber },
	"States.StringSplit": func(_ *scene, a []Value) Value { return split(a[0], a[1]) },
	"States.UUID":        func(*scene, []Value) Value { return someText },
}

// intrinsic evaluates a path, a literal or a call.
func (s *scene) intrinsic(e asl.Expr) Value {
	switch e.Kind {
	case asl.PathExpr:
		return s.path(e.Path)
	case asl.StringExpr:
		return ofText(Literal(e.Text))
	case asl.NumberExpr:
		return ofNumber(e.Text)
	case asl.BoolExpr:
		return ofBool(e.Text == "true")
	case asl.NullExpr:
		return Value{kinds: null}
	}
	if e.Text == "States.Format" {
		return s.format(e.Args)
	}
	call := intrinsics[e.Text]
	if call == nil {
		return unknown
	}
	args := make([]Value, len(e.Args))
	for i, a := range e.Args {
		if args[i] = s.intrinsic(a).present(); args[i].kinds == 0 {
			return unknown // it would fail: see expression
		}
	}
	return call(s, args)
}

// format puts what its arguments are, written as text, into the first one.
func (s *scene) format(args []asl.Expr) Value {
	if args[0].Kind != asl.StringExpr {
		return someText
	}
	pieces := args[0].Pieces()
	texts := []Text{Literal(pieces[0])}
	for i, piece := range pieces[1:] {
		if i == maxOperands {
			return Value{kinds: text, texts: cross(texts, []Text{anyText})}
		}
		arg := someText
		if i+1 < len(args) {
			arg = s.intrinsic(args[i+1])
		}
		texts = cross(texts, arg.asText())
		texts = cross(texts, []Text{Literal(piece)})
	}
	return Value{kinds: text, texts: texts}
}

// cross returns every text of a followed by every one of b.
func cross(a, b []Text) []Text {
	if len(a)*len(b) > maxTexts {
		if len(b) > 1 {
			b = []Text{collapse(b)}
		}
		if len(a) > 1 {
			a = []Text{collapse(a)}
		}
	}
	var out []Text
	for _, t := range a {
		for _, u := range b {
			out = addText(out, concat(t, u))
		}
	}
	return out
}

// asText returns what a value is when it is made part of a text: strings as they
// are, and of the others those that every program writes alike.
func (v Value) asText() []Text {
	texts := v.texts
	if v.kinds&number != 0 && v.numbers == nil || v.kinds&(array|object) != 0 || v.kinds&(everything|absent) == 0 {
		return []Text{anyText}
	}
	for _, n := range v.numbers {
		texts = addText(texts, Literal(n))
	}
	for _, word := range []struct {
		kind kinds
		text string
	}{{null, "null"}, {yes, "true"}, {no, "false"}} {
		if v.kinds&word.kind != 0 {
			texts = addText(texts, Literal(word.text))
		}
	}
	if len(texts) == 0 {
		return []Text{anyText}
	}
	return texts
}

// mapTexts applies a function on strings. Only strings that are known in full
// can be told; false of the function says that it fails on one.
func mapTexts(v Value, f func(string) (string, bool)) Value {
	var out []Text
	for _, t := range v.texts {
		s, ok := t.Literal()
		if ok {
			s, ok = f(s)
		}
		if !ok {
			return someText
		}
		u := Literal(s)
		u.from = t.from
		out = addText(out, u)
	}
	if v.kinds&^text != 0 || len(out) == 0 {
		return someText
	}
	return Value{kinds: text, texts: out}
}

// fromJSON reads texts as JSON.
func fromJSON(v Value) Value {
	out := Value{}
	for _, t := range v.texts {
		s, ok := t.Literal()
		if !ok {
			return unknown
		}
		tree, duplicates, err := jsontree.Parse(s)
		if err != nil || len(duplicates) > 0 {
			return unknown
		}
		out = join(out, fromTree(tree, func(v *jsontree.Value) Value {
			u := Literal(v.Text)
			u.from = t.from
			return ofText(u)
		}))
	}
	if v.kinds != text {
		return unknown
	}
	return out
}

// fromTree makes a value of JSON; leaf makes those of its strings.
func fromTree(v *jsontree.Value, leaf func(*jsontree.Value) Value) Value {
	switch v.Kind {
	case jsontree.Null:
		return Value{kinds: null}
	case jsontree.Bool:
		return ofBool(v.Text == "true")
	case jsontree.Number:
		return ofNumber(v.Text)
	case jsontree.String:
		return leaf(v)
	case jsontree.Array:
		items := make([]Value, len(v.Items))
		for i := range v.Items {
			items[i] = fromTree(&v.Items[i], leaf)
		}
		return ofItems(items)
	case jsontree.Object:
		members := make([]field, len(v.Members))
		for i := range v.Members {
			members[i] = field{v.Members[i].Name, fromTree(&v.Members[i].Value, leaf)}
		}
		return fieldsOf(members, nothing)
	}
	return unknown
}

func getItem(v, at Value) Value {
	if len(at.numbers) == 1 && at.kinds == number && len(at.numbers[0]) < 4 {
		i := 0
		for _, c := range at.numbers[0] {
			if c == '-' {
				return unknown
			}
			i = i*10 + int(c-'0')
		}
		return index(v, i)
	}
	return v.Elements()
}

// merge is the first object with the members of the second over it.
func merge(a, b Value) Value {
	if a.kinds&object == 0 || b.kinds&object == 0 {
		return unknown
	}
	if a.obj == nil || b.obj == nil {
		return Value{kinds: object}
	}
	over := func(first, second Value) Value {
		if second.kinds&absent == 0 {
			return second
		}
		out := join(first, second.present())
		out.kinds = out.kinds&^absent | first.kinds&absent
		return out
	}
	var members []field
	for _, f := range a.obj.fields {
		members = append(members, field{f.name, over(f.value, b.obj.field(f.name))})
	}
	for _, f := range b.obj.fields {
		if _, both := a.obj.find(f.name); !both {
			members = append(members, field{f.name, over(a.obj.others, f.value)})
		}
	}
	return fieldsOf(members, over(a.obj.others, b.obj.others))
}

// split cuts texts at any of some characters. Which of the parts an index names
// is left open: empty parts are not treated alike everywhere.
func split(v, at Value) Value {
	elem := Value{}
	for _, t := range v.texts {
		s, known := t.Literal()
		if !known {
			return ofElems(someText)
		}
		for _, d := range at.texts {
			delimiters, known := d.Literal()
			if !known {
				return ofElems(someText)
			}
			for _, part := range cutAt(s, delimiters) {
				u := Literal(part)
				u.from = t.from
				elem = join(elem, ofText(u))
			}
		}
	}
	if v.kinds != text || at.kinds != text {
		return ofElems(someText)
	}
	return ofElems(join(elem, ofText(Literal(""))))
}

func cutAt(s, delimiters string) []string {
	var parts []string
	start := 0
	for i, r := range s {
		for _, d := range delimiters {
			if r == d {
				parts = append(parts, s[start:i])
				start = i + utf8.RuneLen(r)
				break
			}
		}
	}
	return append(parts, s[start:])
}
