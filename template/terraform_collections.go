package template

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/writ-iam/writ/internal/jsontree"
)

// asSet makes a set of a list: texts that are equal are there once.
func asSet(v tfValue) tfValue {
	if v.kind != jsontree.Array {
		return v
	}
	seen := map[string]bool{}
	var items []tfValue
	for _, item := range v.items {
		if isTextKind(item.kind) && item.inner == nil && len(item.when) == 0 {
			if seen[item.text] {
				continue
			}
			seen[item.text] = true
		}
		items = append(items, item)
	}
	v.items, v.set = items, true
	if slices.IndexFunc(items, func(i tfValue) bool { return !isTextKind(i.kind) }) < 0 {
		slices.SortStableFunc(v.items, func(a, b tfValue) int { return strings.Compare(a.text, b.text) })
	}
	return v
}

// fnConvert evaluates the functions that change the type of a value only.
func fnConvert(_ *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 {
		return tfValue{}, false
	}
	v := args[0]
	switch strings.TrimPrefix(e.Name, "core::") {
	case "toset":
		if _, unknown := v.unknown(); unknown {
			return v, true
		}
		return asSet(v), v.kind == jsontree.Array
	case "tolist":
		v.set = false
	case "tostring":
		if isTextKind(v.kind) {
			v.kind = jsontree.String
		}
	case "tonumber", "tobool":
		if !v.known() {
			return v, true
		}
		if _, number := numberOf(&v); number && e.Name == "tonumber" {
			v.kind = jsontree.Number
		}
		if _, decided := truth(&v); decided && e.Name == "tobool" {
			v.kind = jsontree.Bool
		}
	}
	return v, true
}

func fnFlatten(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 || args[0].kind != jsontree.Array {
		return tfValue{}, false
	}
	out := tfValue{kind: jsontree.Array}
	ok := true
	var add func(v *tfValue, when When)
	add = func(v *tfValue, when When) {
		if v.rest != "" {
			out.rest = v.rest
		}
		for i := range v.items {
			item := v.items[i]
			item.when = append(when[:len(when):len(when)], item.when...)
			ok = ok && s.m.t.spend(s.file, spanOf(e.NameRange), 1, 0)
			name, unknown := item.unknown()
			switch {
			case item.kind == jsontree.Array:
				add(&item, item.when)
			case unknown && item.inner == nil && s.m.t.out.Holes[name].list:
				out.rest = name
			default:
				out.items = append(out.items, item)
			}
		}
	}
	add(&args[0], nil)
	return out, ok
}

// fnCompact removes empty texts; whether what is unknown is empty is unknown.
func fnCompact(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 || args[0].kind != jsontree.Array {
		return tfValue{}, false
	}
	out := args[0]
	out.items = nil
	for _, item := range args[0].items {
		if _, unknown := item.unknown(); unknown {
			return tfValue{}, false
		}
		if item.exists() && item.text != "" {
			out.items = append(out.items, item)
		}
	}
	return out, true
}

func fnDistinct(_ *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	out := tfValue{kind: jsontree.Array}
	for i := range args {
		if args[i].kind != jsontree.Array {
			return tfValue{}, false
		}
		out.items = append(out.items, args[i].items...)
		if args[i].rest != "" {
			out.rest = args[i].rest
		}
	}
	if e.Name != "distinct" {
		return asSet(out), true
	}
	seen := map[string]bool{}
	out.items = slices.DeleteFunc(slices.Clone(out.items), func(v tfValue) bool {
		if !isTextKind(v.kind) || len(v.when) > 0 || v.inner != nil {
			return false
		}
		twice := seen[v.text]
		seen[v.text] = true
		return twice
	})
	return out, true
}

func fnLookup(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) < 2 || len(args) > 3 || args[0].kind != jsontree.Object || args[0].res != nil || !args[1].known() {
		return tfValue{}, false
	}
	if v := args[0].get(args[1].text); v != nil {
		return *v, true
	}
	if len(args) < 3 || args[0].rest != "" {
		return tfValue{}, false
	}
	return args[2], true
}

func fnElement(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 2 || args[0].kind != jsontree.Array || !args[0].shaped() || len(args[0].items) == 0 {
		return tfValue{}, false
	}
	n, ok := smallNumber(&args[1])
	if !ok {
		return tfValue{}, false
	}
	return args[0].items[n%len(args[0].items)], true
}

// fnMembers evaluates keys and values, which come in the order of the keys.
func fnMembers(s *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 || args[0].kind != jsontree.Object {
		return tfValue{}, false
	}
	list, rest, ok := s.pairs(&args[0])
	if !ok {
		return tfValue{}, false
	}
	slices.SortFunc(list, func(a, b pair) int { return strings.Compare(a.key.text, b.key.text) })
	out := tfValue{kind: jsontree.Array, rest: rest}
	for _, p := range list {
		if e.Name == "keys" {
			out.items = append(out.items, p.key)
		} else {
			out.items = append(out.items, p.value)
		}
	}
	return out, true
}

func fnLength(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 || !args[0].shaped() || args[0].res != nil {
		return tfValue{}, false
	}
	v := &args[0]
	n := 0
	switch v.kind {
	case jsontree.Array:
		n = len(v.items)
	case jsontree.Object:
		n = len(v.members)
	case jsontree.String:
		if !v.known() || v.inner != nil {
			return tfValue{}, false
		}
		n = len([]rune(v.text))
	default:
		return tfValue{}, false
	}
	return tfValue{kind: jsontree.Number, text: itoa(n)}, true
}

func fnContains(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 2 || args[0].kind != jsontree.Array {
		return tfValue{}, false
	}
	certain := args[0].shaped()
	for i := range args[0].items {
		same, ok := equal(&args[0].items[i], &args[1])
		if ok && same && len(args[0].items[i].when) == 0 {
			return boolean(true), true
		}
		certain = certain && ok
	}
	return boolean(false), certain
}

func fnCoalesce(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	for i := range args {
		if _, unknown := args[i].unknown(); unknown && args[i].inner == nil {
			return tfValue{}, false
		}
		if args[i].exists() && (args[i].kind != jsontree.String || args[i].text != "") {
			return args[i], true
		}
	}
	return tfValue{}, false
}

func fnCoalesceList(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	for i := range args {
		if !args[i].shaped() {
			return tfValue{}, false
		}
		if len(args[i].items) > 0 {
			return args[i], true
		}
	}
	return tfValue{}, false
}

func fnOne(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 1 || args[0].kind != jsontree.Array || args[0].rest != "" || len(args[0].items) > 1 {
		return tfValue{}, false
	}
	if len(args[0].items) == 0 {
		return tfValue{kind: jsontree.Null, text: "null"}, true
	}
	if len(args[0].items[0].when) > 0 {
		return tfValue{}, false
	}
	return args[0].items[0], true
}

func fnZipMap(_ *scope, _ *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) != 2 || args[0].kind != jsontree.Array || args[1].kind != jsontree.Array || len(args[0].items) != len(args[1].items) ||
		!args[0].shaped() || !args[1].shaped() {
		return tfValue{}, false
	}
	out := tfValue{kind: jsontree.Object}
	index := map[string]int{}
	for i := range args[0].items {
		key := &args[0].items[i]
		if !isTextKind(key.kind) {
			return tfValue{}, false
		}
		if at, twice := index[key.text]; twice {
			out.members[at].value = args[1].items[i]
			continue
		}
		index[key.text] = len(out.members)
		out.members = append(out.members, tfMember{key.text, key.span, args[1].items[i]})
	}
	return out, true
}

// fnReorder evaluates slice, reverse and sort.
func fnReorder(_ *scope, e *hclsyntax.FunctionCallExpr, args []tfValue) (tfValue, bool) {
	if len(args) == 0 || args[0].kind != jsontree.Array || !args[0].shaped() {
		return tfValue{}, false
	}
	out := args[0]
	out.set = false
	out.items = slices.Clone(out.items)
	switch e.Name {
	case "reverse":
		slices.Reverse(out.items)
	case "sort":
		if !out.known() {
			return tfValue{}, false
		}
		slices.SortStableFunc(out.items, func(a, b tfValue) int { return strings.Compare(a.text, b.text) })
	case "slice":
		if len(args) != 3 {
			return tfValue{}, false
		}
		from, ok1 := smallNumber(&args[1])
		to, ok2 := smallNumber(&args[2])
		if !ok1 || !ok2 || from > to || to > len(out.items) {
			return tfValue{}, false
		}
		out.items = out.items[from:to]
	}
	return out, true
}
