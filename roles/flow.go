package roles

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/dataflow"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// Where the definition shows a value at run time only, the data that flow
// through the machine may tell it all the same: see package dataflow. The
// console's templates follow no data.

// place is one value of a parameter: what is written, or what comes there.
type place struct {
	asl.Value                // what is written
	flowed    *dataflow.Text // a text that comes there, or nil
	kind      asl.Kind       // what else comes there, or None
	number    string         // of kind Number
	given     *string        // what a hole in it may be, or nil
	assumes   string         // what must hold for given
}

// came reports whether the value is known by the flow of data.
func (p place) came() bool { return p.flowed != nil || p.kind != asl.None }

// Literal returns the text of a string that is known.
func (p place) Literal() (text string, ok bool) {
	switch {
	case p.given != nil:
		return *p.given, true
	case p.flowed != nil:
		return p.flowed.Known()
	case p.kind != asl.None:
		return "", false
	}
	if text, ok := held(p.Value); ok {
		return text, true
	}
	return p.Value.Literal()
}

// Int returns a whole number that is known.
func (p place) Int() (n int64, ok bool) {
	if !p.came() {
		return p.Value.Int()
	}
	n, err := strconv.ParseInt(p.number, 10, 64)
	return n, err == nil
}

// data follows the data of the machine, once and only when something asks.
func (g *generator) data() *dataflow.Flow {
	if !g.followed {
		g.followed = true
		var findings source.List
		g.flow, findings = dataflow.Analyze(g.machine, dataflow.Options{Machine: g.self(), Input: g.opts.Input, Pins: g.opts.Pins})
		g.findings = append(g.findings, findings...)
	}
	return g.flow
}

// self is the ARN of the machine; what the deploying tool fills in is open.
func (g *generator) self() dataflow.Text {
	part := func(name string) string {
		v, _ := g.env.get(name)
		return hole.Pattern(v.value)
	}
	return dataflow.Pattern("arn:" + part("partition") + ":states:" + part("region") + ":" + part("account") + ":stateMachine:" + part("machine"))
}

// comes is what the flow of data says of a parameter; ok is false where it says
// no more than what is written.
func (g *generator) comes(c call, path string, written known) (k known, ok bool) {
	if g.opts.Style == Console || c.state == nil || !written.dynamic() {
		return known{}, false
	}
	flow := g.data()
	if flow == nil {
		return known{}, false
	}
	k = c.lookFor()
	k.at = written.at
	if !k.follow(flow.At(c.state, c.args), path) || k.unknown && !written.unknown {
		return known{}, false
	}
	if k.unknown && len(k.values)+len(k.open) > 0 {
		k.values, k.open = nil, nil // one of them is not known, and so none is
	}
	return k, true
}

// seenThrough reports whether the flow of data tells the names of all arguments,
// where none are written.
func (g *generator) seenThrough(c call) bool {
	if g.opts.Style == Console || c.state == nil {
		return false
	}
	flow := g.data()
	if flow == nil {
		return false
	}
	v := flow.At(c.state, c.args)
	_, closed := v.Members()
	return closed && v.MayBeObject()
}

// follow adds what lies at a path of a value: see lookup. It returns false where
// that is not known.
func (k *known) follow(v dataflow.Value, path string) bool {
	if path == "" {
		return k.addFlow(v)
	}
	name, rest, _ := strings.Cut(path, ".")
	if object, ok := strings.CutSuffix(name, "{key}"); ok {
		return k.followMembers(k.flowField(v, object), func(name string, _ dataflow.Value) bool {
			k.names = append(k.names, name)
			return true
		})
	}
	if object, ok := strings.CutSuffix(name, "{}"); ok {
		return k.followMembers(k.flowField(v, object), func(_ string, member dataflow.Value) bool { return k.follow(member, rest) })
	}
	name, list := strings.CutSuffix(name, "[]")
	v = k.flowField(v, name)
	if !list {
		if rest == "" || v.Unknown() {
			return k.addFlow(v)
		}
		return k.follow(v, rest)
	}
	switch {
	case v.Unknown() || v.Exists() && !v.MayBeArray():
		return false
	case v.MayBeAbsent():
		k.absent++
	}
	items := v.Elements()
	return items.Empty() || k.follow(items, rest)
}

func (k *known) flowField(v dataflow.Value, name string) dataflow.Value {
	if k.folded {
		return v.FieldFold(name)
	}
	return v.Field(name)
}

func (k *known) followMembers(v dataflow.Value, each func(name string, member dataflow.Value) bool) bool {
	names, closed := v.Members()
	if !closed || v.Unknown() {
		return false
	}
	if v.MayBeAbsent() {
		k.absent++
	}
	for _, name := range names {
		if !each(name, v.Field(name)) {
			return false
		}
	}
	return true
}

// addFlow adds what one place may hold.
func (k *known) addFlow(v dataflow.Value) bool {
	if v.Unknown() {
		return false
	}
	if v.MayBeAbsent() {
		k.absent++
		k.maybe = k.maybe || v.Exists()
	}
	texts, _ := v.Texts()
	for i := range texts {
		t := place{Value: k.at, flowed: &texts[i]}
		if _, known := texts[i].Known(); known {
			k.values = append(k.values, t)
		} else if texts[i].Any() {
			k.unknown = true
		} else {
			k.open = append(k.open, t)
		}
	}
	numbers, ok := v.Numbers()
	k.unknown = k.unknown || !ok
	for _, n := range numbers {
		k.values = append(k.values, place{Value: k.at, kind: asl.Number, number: n})
	}
	for _, kind := range v.OtherKinds() {
		k.values = append(k.values, place{Value: k.at, kind: kind})
	}
	return true
}

// pinned reports whether a pin says what the value is. It counts as it is given,
// with wildcards for any Region or account.
func (p place) pinned() bool {
	if p.flowed == nil {
		return false
	}
	way := p.flowed.Way()
	return len(way) > 0 && way[0].Origin == dataflow.InPin
}

// openFlow is the text as a pattern of a policy.
func openFlow(t dataflow.Text) string {
	pieces := slices.Clone(t.Pieces())
	for i := range pieces {
		pieces[i] = literal(pieces[i])
	}
	return strings.Join(pieces, "*")
}

// from says which way a value took that came to a parameter of a call.
func (p place) from(c call, name string) *origin {
	if p.flowed == nil && p.assumes == "" {
		return nil
	}
	if p.flowed == nil {
		return &origin{assumes: p.assumes}
	}
	way := p.flowed.Way()
	if n := len(way); n > 0 && c.state != nil && way[n-1].State == c.state.Name && way[n-1].Origin == dataflow.InState {
		way = way[:n-1] // the parameter itself
	}
	if len(way) == 0 {
		return nil
	}
	o := new(origin)
	first := way[0]
	switch first.Origin {
	case dataflow.InInput:
		file, _, _ := strings.Cut(first.Field, "#")
		*o = origin{fmt.Sprintf("%s from the input (%s)", name, first.Field), "the input is as in " + file}
	case dataflow.InContext:
		o.way = fmt.Sprintf("%s from the context object (%s)", name, first.Field)
	case dataflow.InPin:
		*o = origin{fmt.Sprintf("%s from a pin", name), fmt.Sprintf("the pin %s/%s holds", first.State, first.Field)}
	default:
		o.way = fmt.Sprintf("%s from %s state %q (%s)", name, first.Type, first.State, first.Field)
	}
	for _, s := range way[1:] {
		o.way += fmt.Sprintf(", through %q (%s)", s.State, s.Field)
	}
	return o
}

// origin is the way that a value took, and what must hold for it.
type origin struct{ way, assumes string }

// origins gathers those of captured values.
func (c captures) origins() []origin {
	var out []origin
	for _, e := range c {
		if e.from != nil && !slices.Contains(out, *e.from) {
			out = append(out, *e.from)
		}
	}
	return out
}

// maxWays bounds what is told about one grant.
const maxWays = 16

// comesFrom notes the origins of the values in a grant.
func (gr *Grant) comesFrom(origins []origin) {
	for _, o := range origins {
		if o.way != "" {
			gr.From = addWay(gr.From, o.way)
		}
		if o.assumes != "" {
			gr.Assumes = addWay(gr.Assumes, o.assumes)
		}
	}
}

func addWay(ways []string, way string) []string {
	if len(ways) >= maxWays || slices.Contains(ways, way) {
		return ways
	}
	return append(ways, way)
}

// inputs checks the input and the pins that were given, whether something asks
// for the data or not.
func (g *generator) inputs() {
	switch {
	case g.opts.Input == nil && len(g.opts.Pins) == 0:
		return
	case g.opts.Style == Console:
		g.say("INPUT_UNUSED", source.Warning, "the templates of the console follow no data, so the input and the pins change nothing", "use --style least")
		return
	}
	g.data()
	if in := g.opts.Input; in != nil && g.flow != nil {
		what := "its shape and types"
		if in.Schema() {
			what = "as the schema says"
		} else if in.Exact() {
			what = "exactly that"
		}
		g.say("ASSUMES_INPUT", source.Suggestion, fmt.Sprintf("the input of executions is taken to be as in %s (%s)", in.Name(), what), "")
	}
	if len(g.opts.Pins) > 0 {
		g.say("ASSUMES_PINS", source.Suggestion, "what pins say is taken to hold; grants that rest on one say so", "")
	}
}
