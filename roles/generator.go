package roles

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/dataflow"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// generator gathers the grants of one machine.
type generator struct {
	machine    *asl.StateMachine
	opts       Options
	env        captures // what every template may name
	open       bool     // partition, Region, account or name is "*"
	untrusting bool     // what is made has no trust policy
	findings   source.List

	flow     *dataflow.Flow // nil before data is called, and where it cannot be
	followed bool

	found    found
	grants   []Grant
	index    map[grantKey]int
	leftOut  bool              // some call is granted nothing, though it needs something
	anywhere bool              // some value known at run time may name another account
	expanded map[string]string // ARNs of many holes, and the hole that each stands for
	assumed  map[string]bool   // what was assumed of holes and reported
	broad    map[string]bool   // resources that stand for values not known before run time

	passed    map[string]bool // services that some call passes a role to
	concealed map[string]bool // task definitions whose unknown roles have been reported
}

// grantKey is what two grants must share to be one.
type grantKey struct {
	what, resource, service string
	purpose                 Purpose
	pattern                 string
}

func (gr *Grant) key() grantKey {
	return grantKey{gr.what, gr.Resource, gr.Service, gr.Purpose, gr.Pattern}
}

func newGenerator(m *asl.StateMachine, opts Options) *generator {
	g := &generator{
		machine: m, opts: opts,
		index: map[grantKey]int{}, broad: map[string]bool{},
		passed: map[string]bool{}, concealed: map[string]bool{},
	}
	g.env = captures{
		{name: "partition", value: opts.partition()},
		{name: "region", value: orStar(opts.Region)},
		{name: "account", value: orStar(opts.Account)},
		{name: "machine", value: orStar(opts.Name)},
		{name: "key", value: opts.KMSKey},
	}
	g.open = opts.Region == "" || opts.Account == "" || opts.Name == ""
	return g
}

// expect makes room for about a grant per state.
func (g *generator) expect(m *asl.StateMachine) {
	states := 0
	m.Walk(func(*asl.State) bool { states++; return true })
	g.grants, g.index = make([]Grant, 0, states), make(map[grantKey]int, states)
}

// partition is the one given, else that of the Region, else "aws".
func (o *Options) partition() string {
	if o.Partition != "" {
		return o.Partition
	}
	if p, ok := arn.PartitionOf(o.Region); ok {
		return p
	}
	return "aws"
}

func orStar(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

// call is one thing that a state does, and the row that says what it needs.
type call struct {
	state     *asl.State // nil for the machine as a whole
	row       *integration
	pattern   Pattern
	args      asl.Value
	operation *catalog.Operation // of an AWS SDK integration
	named     []namedValue       // parameters that stand elsewhere than in args
	span      source.Span        // what the findings about the call point at
	part      string             // the field of the state that the call stands in, if it is not the state's own
}

type namedValue struct {
	path  string
	value asl.Value
}

func (g *generator) state(s *asl.State) {
	switch {
	case s.Task != nil:
		g.task(s)
	case s.Map != nil && s.Map.Distributed:
		g.distributedMap(s)
	}
}

// task grants what a Task needs. With Credentials the calls are made under
// another role, and this one needs only to assume it.
func (g *generator) task(s *asl.State) {
	c, ok := g.resolve(s)
	if !ok {
		return
	}
	if s.Task.Credentials.Exists() {
		c = call{state: s, row: &credentials, args: s.Task.Credentials, span: s.Task.Credentials.Span()}
	}
	g.call(c)
}

func (g *generator) distributedMap(s *asl.State) {
	if g.opts.Type == Express || inExpressMap(s) {
		g.report("PATTERN_NOT_ALLOWED_IN_EXPRESS", source.Error, s.NameSpan, "a distributed map cannot run in an express workflow",
			"use a standard state machine, or an inline map")
		return
	}
	here := func(row *integration) call {
		return call{state: s, row: row, span: s.NameSpan, named: []namedValue{{"Label", s.Map.Label}}}
	}
	g.call(here(&distributedMap))
	if g.opts.Redrive {
		g.call(here(&redriven))
	}
	if r := s.Map.ItemReader; r != nil {
		g.mapIO(s, "/ItemReader", itemReaders, r.Resource, r.Arguments, namedValue{"ReaderConfig.InputType", r.InputType}, namedValue{"ReaderConfig.ManifestType", r.ManifestType})
	}
	if w := s.Map.ResultWriter; w != nil {
		g.mapIO(s, "/ResultWriter", resultWriters, w.Resource, w.Arguments)
	}
}

func (g *generator) mapIO(s *asl.State, part string, rows []integration, resource, args asl.Value, named ...namedValue) {
	if !resource.Exists() {
		return // nothing to write to; asl has said it of a reader
	}
	in, ok := parseResource(resource.Text())
	row := find(rows, in.name)
	if !ok || row == nil || in.suffix != "" {
		g.report("UNKNOWN_INTEGRATION", source.Error, resource.Span(),
			fmt.Sprintf("%q is not something that a distributed map can read or write", hole.Print(resource.Text())), "use one of "+listNames(rows))
		return
	}
	g.call(call{state: s, row: row, args: args, named: named, span: resource.Span(), part: part})
}

// inExpressMap reports whether a state runs in the express children of a
// distributed map.
func inExpressMap(s *asl.State) bool {
	for p := s.Parent(); p != nil; p = p.Parent() {
		if p.Map != nil && p.Map.Distributed {
			kind, _ := p.Map.ExecutionType.Literal()
			return kind == string(Express)
		}
	}
	return false
}

// call grants what one call needs.
func (g *generator) call(c call) {
	if c.operation != nil {
		g.sdkCall(c)
		return
	}
	g.needs(c)
	for i := range c.row.rules {
		r := &c.row.rules[i]
		if r.style.has(g.opts.Style) && (r.on == 0 || r.on.has(c.pattern)) && g.holds(c, r.when) {
			g.rule(c, r)
		}
	}
	g.concealedRoles(c)
	g.cautions(c)
}

// needs reports required parameters that are not there. They are treated as
// values known at run time.
func (g *generator) needs(c call) {
	for need := range words(c.row.needs) {
		if g.hasOneOf(c, need) {
			continue
		}
		g.missing(c, strings.Split(need, "|"), "the call will fail without it")
	}
}

// missing reports that none of some parameters is there.
func (g *generator) missing(c call, paths []string, hint string) {
	where := c.args.Span()
	path := g.machine.Pointer(where)
	if !c.args.Exists() {
		where = c.span
		path = g.statePointer(c.state) + c.part + "/" + argumentsField(c.state)
	}
	g.findings = append(g.findings, source.Finding{
		Code: "MISSING_PARAMETER", Severity: source.Warning, File: g.machine.File, Span: where,
		Path:    path + "/" + strings.ReplaceAll(strings.ReplaceAll(paths[0], "[]", ""), ".", "/"),
		Message: fmt.Sprintf("%s needs %s", c.row.name, strings.Join(paths, " or ")),
		Hint:    hole.Print(hint),
	})
}

// hasOneOf reports whether there is a parameter out of several, between "|".
func (g *generator) hasOneOf(c call, paths string) bool {
	for path := range strings.SplitSeq(paths, "|") {
		if g.lookup(c, path).exists() {
			return true
		}
	}
	return false
}

func argumentsField(s *asl.State) string {
	if s.QueryLanguage == asl.JSONata {
		return "Arguments"
	}
	return "Parameters"
}

func (g *generator) cautions(c call) {
	for _, caution := range c.row.cautions {
		if (caution.on == 0 || caution.on.has(c.pattern)) && g.holds(c, caution.when) {
			g.report(caution.code, source.Warning, c.span, caution.message, caution.hint)
		}
	}
	if c.inputIsArguments() && !g.seenThrough(c) {
		g.report("ARGUMENTS_UNKNOWN", source.Warning, c.span,
			"the Task has no "+argumentsField(c.state)+", so it calls with its whole input, which is known at run time only; roles or tags in it may need permissions that this role lacks",
			"write "+argumentsField(c.state)+" as an object whose fields are expressions")
		return
	}
	g.unknownParts(c)
}

// unknownParts reports objects known at run time only in which there may be a
// parameter that some rule asks for.
func (g *generator) unknownParts(c call) {
	var places []source.Span
	var asked [][]string // for each place, what rules look for in it
	for i := range c.row.rules {
		when := c.row.rules[i].when
		if !g.optional(c, when) {
			continue
		}
		k := g.lookup(c, when)
		if !k.part {
			continue
		}
		at := slices.Index(places, k.at.Span())
		if at < 0 {
			at = len(places)
			places, asked = append(places, k.at.Span()), append(asked, nil)
		}
		if !slices.Contains(asked[at], when) {
			asked[at] = append(asked[at], when)
		}
	}
	for i, place := range places {
		g.report("ARGUMENTS_UNKNOWN", source.Warning, place,
			"the whole of this is known at run time only; the role lacks what these would need if they are in it: "+strings.Join(asked[i], ", "),
			"write it as an object whose fields are expressions")
	}
}

// features adds what the machine needs apart from its states.
func (g *generator) features() {
	for _, f := range []struct {
		on  bool
		row *integration
	}{{g.opts.Tracing, &tracing}, {g.opts.Logging, &logging}, {g.opts.KMSKey != "", &customerKey}, {g.opts.Logging && g.opts.KMSKey != "", &logsKey}} {
		if f.on {
			g.call(call{row: f.row})
		}
	}
}

func (g *generator) report(code string, severity source.Severity, span source.Span, message, hint string) {
	g.findings = append(g.findings, source.Finding{
		Code: code, Severity: severity, File: g.machine.File, Span: span,
		Path: g.machine.Pointer(span), Message: hole.Print(message), Hint: hole.Print(hint),
	})
}

// say reports something about the machine as a whole.
func (g *generator) say(code string, severity source.Severity, message, hint string) {
	g.findings = append(g.findings, source.Finding{Code: code, Severity: severity, Message: message, Hint: hint})
}

func (g *generator) statePointer(s *asl.State) string {
	if s == nil {
		return ""
	}
	return g.machine.Pointer(s.NameSpan)
}

// words goes through what is separated by spaces.
func words(s string) iter.Seq[string] { return strings.FieldsSeq(s) }

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}
