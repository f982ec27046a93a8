package roles

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/catalog"
)

// known is what the definition says about one parameter: the values that stand
// in it, and whether there may be others that only the execution knows.
type known struct {
	values  []place   // literal strings, or values of other kinds
	open    []place   // strings of which a part is known: placeholders stand in them, or an expression joins literals
	names   []string  // names of members, where a path asks for those, and what a view finds
	opened  []string  // what a view finds in texts of which a part is known; "*" stands for the rest
	absent  int       // places (of a list) that hold no such field
	unknown bool      // an expression gives it
	part    bool      // so does one for what stands around it: it may not be there at all
	maybe   bool      // the values are those that come there; in some executions there is none
	folded  bool      // names are looked for without regard to case, see call.lookFor
	at      asl.Value // the last place that holds it
}

func (k known) exists() bool { return len(k.values) > 0 || len(k.names) > 0 || k.dynamic() }

// dynamic reports whether some value is not known now.
func (k known) dynamic() bool { return k.unknown || len(k.open)+len(k.opened) > 0 }

// lookup finds a parameter by its path: names joined by '.', where "[]" goes
// through the items of a list, "{}" through the members of an object, and
// "{key}" stands for their names. Behind a "#" stands a view, see views. The
// rules of a call ask for the same parameters: what was found for the last call
// is kept.
func (g *generator) lookup(c call, path string) known {
	if of := (lookedUp{c.state, c.row, c.operation, c.args}); of != g.found.of {
		g.found.of, g.found.parameters = of, g.found.parameters[:0]
	}
	for i := range g.found.parameters {
		if p := &g.found.parameters[i]; p.path == path {
			return p.known
		}
	}
	k := g.find(c, path)
	g.found.parameters = append(g.found.parameters, foundParameter{path, k})
	return k
}

// found is what was found for one call.
type found struct {
	of         lookedUp
	parameters []foundParameter
}

// lookedUp tells calls apart.
type lookedUp struct {
	state     *asl.State
	row       *integration
	operation *catalog.Operation
	args      asl.Value
}

type foundParameter struct {
	path  string
	known known
}

func (g *generator) find(c call, path string) known {
	if member, view, ok := strings.Cut(path, "#"); ok {
		return g.through(g.lookup(c, member), view)
	}
	k := g.written(c, path)
	if comes, ok := g.comes(c, path, k); ok {
		return g.eachAlternative(comes)
	}
	return g.eachAlternative(k)
}

// written is what stands in the definition.
func (g *generator) written(c call, path string) known {
	for _, n := range c.named {
		if n.path == path {
			return collect(n.value, "", known{})
		}
	}
	if path == "." {
		return collect(c.state.Task.Resource, "", known{})
	}
	if c.inputIsArguments() {
		return known{unknown: true, part: true, at: c.state.Task.Resource}
	}
	return collect(c.args, path, c.lookFor())
}

// lookFor is what is known before anything is found. Operations of the SDK take
// parameters as the SDK for Java spells them, DbInstanceIdentifier, and the
// catalogue writes what the API has, DBInstanceIdentifier. They differ in the case
// of letters alone, and no two members of one structure do.
func (c *call) lookFor() known { return known{folded: c.operation != nil} }

// field finds a member of a value.
func (k known) field(v asl.Value, name string) asl.Value {
	if k.folded {
		return v.FieldFold(name)
	}
	return v.Field(name)
}

// inputIsArguments: a Task without Parameters hands its input on, so whatever
// the call takes may be in there.
func (c *call) inputIsArguments() bool {
	switch {
	case c.state == nil || c.state.Task == nil || c.args.Exists():
		return false
	case c.operation != nil:
		return asksForMembers(c.operation)
	}
	return len(c.row.params) > 0 && c.row.params[0].path != ""
}

// asksForMembers reports whether what an operation needs hangs on its members.
func asksForMembers(o *catalog.Operation) bool {
	return slices.ContainsFunc(o.Needs, func(n catalog.Need) bool {
		return len(n.When) > 0 || slices.ContainsFunc(n.Resources, func(r catalog.Resource) bool {
			return slices.ContainsFunc(r.Bindings, func(b catalog.Binding) bool { return b.Member != "" })
		})
	})
}

func collect(v asl.Value, path string, k known) known {
	if path == "" {
		return k.add(v)
	}
	name, rest, _ := strings.Cut(path, ".")
	if object, ok := strings.CutSuffix(name, "{key}"); ok {
		return k.addNames(k.field(v, object))
	}
	if object, ok := strings.CutSuffix(name, "{}"); ok {
		return k.collectMembers(k.field(v, object), rest)
	}
	name, list := strings.CutSuffix(name, "[]")
	v = k.field(v, name)
	switch {
	case !list || v.Dynamic() || !v.Exists():
		if rest != "" && v.Exists() && !v.Dynamic() {
			return collect(v, rest, k)
		}
		return k.addMember(v, rest)
	}
	for item := range v.Items() {
		k = collect(item, rest, k)
	}
	return k
}

func (k known) add(v asl.Value) known {
	switch {
	case !v.Exists():
		k.absent++
	case isHeld(v):
		k.values, k.at = append(k.values, place{Value: v}), v
	case partlyKnown(v):
		k.open, k.at = append(k.open, place{Value: v}), v
	case v.Dynamic():
		k.unknown, k.at = true, v
		k.part = k.part || v.Part()
	default:
		k.values, k.at = append(k.values, place{Value: v}), v
	}
	return k
}

// addNames adds the names of the members of an object.
func (k known) addNames(v asl.Value) known {
	if v.Dynamic() || !v.Exists() {
		return k.add(v)
	}
	for name, member := range v.Fields() {
		k.names, k.at = append(k.names, name), member
	}
	return k
}

func (k known) collectMembers(v asl.Value, rest string) known {
	if v.Dynamic() || !v.Exists() {
		return k.addMember(v, rest)
	}
	for _, member := range v.Fields() {
		k = collect(member, rest, k)
	}
	return k
}

func partlyKnown(v asl.Value) bool {
	if !v.Dynamic() || v.Part() {
		return false
	}
	if v.Expression() == "" {
		return true
	}
	_, ok := v.Outline()
	return ok
}

// addMember adds what lies below v, where v is not there or is dynamic.
func (k known) addMember(v asl.Value, rest string) known {
	part := rest != "" && v.Dynamic()
	k = k.add(v)
	k.part = k.part || part
	return k
}

// holds evaluates the conditions of a rule, all of which must hold. What is
// not known before run time may hold, so it does.
//
//	Name            the parameter is there
//	!Name           it is not
//	Name=value      it is, and may be that value
//	!Name=value     it is not known to be that value
//	Name/variant    it is written in that way (see shape)
//	Name~predicate  see predicates; !Name~predicate is the contrary
func (g *generator) holds(c call, when string) bool {
	for test := range words(when) {
		if !g.test(c, test) {
			return false
		}
	}
	return true
}

func (g *generator) test(c call, test string) bool {
	test, not := strings.CutPrefix(test, "!")
	if name, want, ok := strings.Cut(test, "="); ok {
		k := g.lookup(c, name)
		if not {
			return g.mayDiffer(k, want)
		}
		return g.mayMatch(k, want)
	}
	if name, variant, ok := strings.Cut(test, "/"); ok {
		k, as := g.lookup(c, name), c.row.param(name).as
		return slices.ContainsFunc(k.values, func(v place) bool {
			text, isText := v.Literal()
			got, _, fits := as.read(text, nil, false)
			return isText && fits && got == variant
		}) || slices.ContainsFunc(k.open, func(v place) bool {
			text, isText := g.openText(v)
			got, _, fits := as.read(text, nil, true)
			return isText && fits && got == variant
		})
	}
	if name, predicate, ok := strings.Cut(test, "~"); ok {
		return predicates[predicate](g, g.lookup(c, name)) != not
	}
	k := g.lookup(c, test)
	there := k.exists() && (!k.part || c.row.requires(test))
	return there != not || k.maybe && not
}

// single returns the value of a parameter that is one literal string.
func (k known) single() (string, bool) {
	if k.dynamic() || len(k.values) != 1 || k.maybe {
		return "", false
	}
	return k.values[0].Literal()
}

// optional reports whether a rule asks for a parameter that need not be there.
func (g *generator) optional(c call, when string) bool {
	return when != "" && !strings.ContainsAny(when, "!=~/") && !c.row.requires(when)
}

// requires reports whether the integration cannot do without a parameter, or
// without one of several of which this is one.
func (in *integration) requires(path string) bool {
	for need := range words(in.needs) {
		for p := range strings.SplitSeq(need, "|") {
			if p == path {
				return true
			}
		}
	}
	return false
}

func (in *integration) param(path string) *param {
	for i := range in.params {
		if in.params[i].path == path || path == "." && in.params[i].path == "" {
			return &in.params[i]
		}
	}
	return nil
}

// paramByName finds a parameter by the last name of its path.
func (in *integration) paramByName(name string) *param {
	for i := range in.params {
		if in.params[i].name() == name {
			return &in.params[i]
		}
	}
	return nil
}

// name is the last name of the path.
func (p *param) name() string {
	path, _, _ := strings.Cut(p.path, "#")
	return path[strings.LastIndexByte(path, '.')+1:]
}

var predicates = map[string]func(*generator, known) bool{
	"unknown": func(_ *generator, k known) bool { return k.dynamic() },
	"blank":   (*generator).blank,
	"writes":  func(_ *generator, k known) bool { text, ok := k.single(); return !ok || !readsOnly(text) },
}

// blank reports whether a parameter may begin with anything at all.
func (g *generator) blank(k known) bool {
	return k.unknown || slices.ContainsFunc(k.open, func(v place) bool {
		text, ok := g.openText(v)
		return !ok || strings.HasPrefix(text, "*")
	})
}

// readsOnly reports whether an Athena statement is known to change no table.
// Athena runs one statement per query, so its first word tells.
func readsOnly(statement string) bool {
	fields := strings.Fields(strings.TrimLeft(statement, "( \t\r\n"))
	if len(fields) == 0 {
		return false
	}
	switch strings.ToUpper(fields[0]) {
	case "SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "VALUES":
		return true
	}
	return false
}
