package dataflow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// show writes a value for people: alternatives with " | ", "?" for a member that
// may not be there, "..." for members of other names.
func show(v Value) string {
	if v.Unknown() {
		return "unknown"
	}
	var out []string
	for _, t := range v.texts {
		out = append(out, strconv.Quote(t.String()))
	}
	slices.Sort(out)
	for _, k := range []struct {
		kind kinds
		name string
	}{{null, "null"}, {yes, "true"}, {no, "false"}} {
		if v.kinds&k.kind != 0 {
			out = append(out, k.name)
		}
	}
	if v.kinds&number != 0 {
		if v.numbers == nil {
			out = append(out, "number")
		}
		out = append(out, v.numbers...)
	}
	if v.kinds&array != 0 {
		out = append(out, showArray(v.arr))
	}
	if v.kinds&object != 0 {
		out = append(out, showObject(v.obj))
	}
	if v.kinds&absent != 0 {
		out = append(out, "absent")
	}
	if len(out) == 0 {
		return "empty"
	}
	return strings.Join(out, " | ")
}

func showArray(a *arrayPart) string {
	if a == nil {
		return "[unknown...]"
	}
	if !a.exact {
		return "[" + show(a.elem) + "...]"
	}
	var out []string
	for _, it := range a.items {
		out = append(out, show(it))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func showObject(o *objectPart) string {
	if o == nil {
		return "{...}"
	}
	var out []string
	for _, f := range o.fields {
		mark := ""
		if f.value.MayBeAbsent() {
			mark = "?"
		}
		out = append(out, fmt.Sprintf("%s%s: %s", f.name, mark, show(f.value.present())))
	}
	switch {
	case o.others.Unknown() || o.others.present().Unknown():
		out = append(out, "...")
	case o.others.Exists():
		out = append(out, "...: "+show(o.others.present()))
	}
	return "{" + strings.Join(out, ", ") + "}"
}
