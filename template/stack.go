package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// stack is one CloudFormation template while it is evaluated: the one that was
// read first, or one that is nested in another.
type stack struct {
	*document
	session *session
	name    string    // Place.Stack of what stands in it
	dir     string    // directory of the file, for the names of others in it
	depth   int       // of nesting
	parent  *stack    // the stack around a nested one; nil
	in      *resource // the resource of parent that this stack is
	outer   When      // what is assumed in parent for this stack to exist

	expanded   *jsontree.Value   // the root with loops written out
	pseudo     map[string]string // pseudo parameters that are known
	given      map[string]string // values of parameters from outside
	parameters map[string]*parameter
	mappings   *jsontree.Value
	conditions map[string]*condition
	resources  map[string]*resource
	order      []*resource // as written
	outputs    map[string]*output

	assume   When         // what holds for what is being evaluated
	split    string       // a condition that has to be decided for it; see variants
	broken   bool         // something in it could not be read
	defaults defaultsUsed // in the condition that is being evaluated
	chain    int          // how many references are being followed
	reported map[report]bool
	near     near.Finder

	arns []spelling          // see spellings
	refs map[string]spelling // references for holes
}

// report is the key under which a finding is given once, however often its
// place is evaluated.
type report struct {
	code    string
	at      source.Span
	message string
}

// session is what the stacks of one reading share.
type session struct {
	opts        Options
	out         *Template
	files       int // that were opened
	read        int // bytes of them
	nodes       int // values evaluated
	bytes       int // of texts built
	exhausted   bool
	memberships []membership
	stacks      []*stack
	exports     map[string][]export // by name, of assemblies
	branches    map[string]string   // names of holes for undecided texts, by their condition and values
	used        map[string]int      // how many such holes a condition has
}

// The limits of one reading. A template of CloudFormation has a megabyte, 500
// resources and 200 mappings; these let larger ones through and keep hostile
// ones small.
const (
	maxNodes   = 4_000_000
	maxBytes   = 128 << 20
	maxText    = 4 << 20  // of one text
	maxChain   = 128      // references to references
	maxNesting = 8        // stacks in stacks
	maxRead    = 64 << 20 // bytes of all files
	maxFiles   = 1000
	maxCases   = 16 // outcomes of conditions in one thing
)

func newSession(opts Options, out *Template) *session {
	out.Holes = map[string]Hole{}
	return &session{opts: opts, out: out, branches: map[string]string{}, used: map[string]int{}}
}

// newStack reads the sections of a template without evaluating them.
func (ss *session) newStack(d *document, name string) *stack {
	s := &stack{
		document: d, session: ss, name: name, pseudo: map[string]string{}, reported: map[report]bool{},
		parameters: map[string]*parameter{}, conditions: map[string]*condition{}, resources: map[string]*resource{}, outputs: map[string]*output{},
	}
	ss.stacks = append(ss.stacks, s)
	return s
}

// open reads the sections. Values from outside must be set before it.
func (s *stack) open() {
	s.expanded = s.root
	s.checkSections()
	s.checkTransforms()
	s.mappings = s.root.Get("Mappings")
	for m := range s.section("Parameters") {
		s.parameters[m.Name] = &parameter{node: &m.Value, span: m.NameSpan}
	}
	s.expandLoops()
	for m := range s.section("Conditions") {
		s.conditions[m.Name] = &condition{node: &m.Value}
	}
	for m := range s.section("Resources") {
		s.addResource(m)
	}
	for m := range s.section("Outputs") {
		s.outputs[m.Name] = &output{node: m.Value.Get("Value"), export: m.Value.Get("Export").Get("Name")}
	}
}

// sections are the members that a template may have. Source: CloudFormation
// user guide, "CloudFormation template sections"; SAM developer guide, "AWS SAM
// template anatomy".
var sections = []string{
	"AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Hooks", "Mappings", "Metadata", "Outputs", "Parameters",
	"Resources", "Rules", "Transform",
}

func (s *stack) checkSections() {
	for i := range s.root.Members {
		m := &s.root.Members[i]
		switch {
		case m.Name == "Fn::Transform":
			s.session.out.Incomplete = true
			s.unreadable(m.NameSpan, "a macro makes parts of this template")
		case !slices.Contains(sections, m.Name):
			s.warn("UNKNOWN_SECTION", m.NameSpan, s.near.Hint(m.Name, sections), "a template has no section %s", near.Quote(m.Name))
		}
	}
}

// section goes through the members of a section of the template.
func (s *stack) section(name string) func(yield func(*jsontree.Member) bool) {
	return func(yield func(*jsontree.Member) bool) {
		v := s.expanded.Get(name)
		if v == nil {
			return
		}
		if v.Kind != jsontree.Object {
			s.wrong("BAD_FIELD_TYPE", v.Span, "", "%s must be an object, not %s", name, v.Kind)
			return
		}
		for i := range v.Members {
			m := &v.Members[i]
			if m.Name == "Fn::Transform" {
				s.session.out.Incomplete = true
				s.unreadable(m.NameSpan, "a macro makes members of "+name)
				continue
			}
			if !yield(m) {
				return
			}
		}
	}
}

// hole returns a hole of this stack: what is unknown in one stack is another
// value in the next. It notes what is known of it.
func (s *stack) hole(h Hole) string {
	if s.name != "" {
		h.Name = s.name + "/" + h.Name
	}
	return s.session.hole(h)
}

const maxHoleName = 256

// hole returns a hole that is the same value in all stacks.
func (ss *session) hole(h Hole) string {
	h.Name = holeName(h.Name)
	if _, known := ss.out.Holes[h.Name]; !known {
		ss.out.Holes[h.Name] = h
	}
	return hole.Text(h.Name)
}

// holeName makes a name of a text that may hold holes itself or be long.
func holeName(text string) string {
	text = hole.Print(text)
	if text == "" {
		return "?"
	}
	if len(text) > maxHoleName {
		return source.Clip(text, maxHoleName-20) + digest(text)
	}
	return text
}

// digest tells long names apart that begin alike (FNV-1a, 64 bits).
func digest(text string) string {
	h := uint64(14695981039346656037)
	for i := 0; i < len(text); i++ {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[i] = digits[h>>(60-4*i)&15]
	}
	return string(b[:])
}

// say adds a finding once.
func (s *stack) say(code string, severity source.Severity, span source.Span, hint, format string, args ...any) {
	key := report{code, span, format}
	if s.reported[key] {
		return
	}
	s.reported[key] = true
	s.report(code, severity, span, jsontree.Pointer(s.root, span), hint, format, args...)
}

// wrong adds an error; what is being read is not whole.
func (s *stack) wrong(code string, span source.Span, hint, format string, args ...any) {
	s.broken = true
	s.say(code, source.Error, span, hint, format, args...)
}

// warn adds a warning that does not concern what is being read.
func (s *stack) warn(code string, span source.Span, hint, format string, args ...any) {
	s.say(code, source.Warning, span, hint, format, args...)
}

// unreadable notes that something cannot be known from the template, which
// makes what is being read incomplete.
func (s *stack) unreadable(span source.Span, why string) {
	s.broken = true
	s.say("TEMPLATE_UNREADABLE", source.Warning, span, "", "%s; Writ cannot tell what stands here", why)
}

// whole runs a function and reports whether nothing in it was broken.
func (s *stack) whole(f func()) bool {
	before := s.broken
	s.broken = false
	f()
	ok := !s.broken
	s.broken = before || s.broken
	return ok
}

// spend counts work. It returns false when the limit is reached, which is
// reported once.
func (s *stack) spend(span source.Span, nodes, bytes int) bool {
	ss := s.session
	ss.nodes += nodes
	ss.bytes += bytes
	if ss.nodes <= maxNodes && ss.bytes <= maxBytes {
		return true
	}
	if !ss.exhausted {
		ss.exhausted = true
		ss.out.Incomplete = true
		s.wrong("TEMPLATE_TOO_LARGE", span, "", "evaluating this template takes too much: more than %d values or %d bytes of text", maxNodes, maxBytes)
	}
	s.broken = true
	return false
}

// parameter is a parameter of the template.
type parameter struct {
	node  *jsontree.Value
	span  source.Span // of its name
	done  bool
	value jsontree.Value

	defaults []string // parameters whose default it is made of: itself, or some of the stack around
}

// parameterValue returns what a parameter is: a string, an array of strings for
// lists, or a hole.
func (s *stack) parameterValue(name string, p *parameter) jsontree.Value {
	if !p.done {
		p.done = true
		p.value = s.readParameter(name, p)
	}
	s.defaults.add(p.defaults...)
	return p.value
}

func (s *stack) readParameter(name string, p *parameter) jsontree.Value {
	kind, noEcho := p.node.Get("Type"), p.node.Get("NoEcho")
	h := Hole{Name: name, Why: "parameter", Secret: noEcho != nil && strings.EqualFold(noEcho.Text, "true")}
	if kind.Is(jsontree.String) {
		h.Pattern = parameterPatterns[kind.Text]
	}
	if allowed := p.node.Get("AllowedValues"); allowed.Is(jsontree.Array) {
		for i := range allowed.Items {
			h.Alternatives = append(h.Alternatives, allowed.Items[i].Text)
		}
	}
	passed, known := s.passed(name, p)
	if known && passed.Kind == jsontree.Array {
		return passed
	}
	text := passed.Text
	if d := p.node.Get("Default"); !known && d != nil && !h.Secret && !s.session.opts.IgnoreDefaults {
		known = d.Kind == jsontree.String || d.Kind == jsontree.Number || d.Kind == jsontree.Bool
		if text = d.Text; known {
			p.defaults = []string{name}
		}
	}
	if kind.Is(jsontree.String) && strings.HasPrefix(kind.Text, "AWS::SSM::Parameter::Value") {
		h.Why, h.Alternatives, known, p.defaults = "value of an SSM parameter", nil, false, nil
	}
	if h.list = kind.Is(jsontree.String) && (isListType(kind.Text) || strings.HasPrefix(kind.Text, "AWS::SSM::Parameter::Value<List")); h.list {
		h.Alternatives = nil
	}
	if !known {
		return str(s.hole(h), p.span)
	}
	if h.list && !hole.Has(text) {
		list := jsontree.Value{Kind: jsontree.Array, Span: p.span}
		for item := range strings.SplitSeq(text, ",") {
			list.Items = append(list.Items, str(strings.TrimSpace(item), p.span))
		}
		return list
	}
	return str(text, p.span)
}

// parameterPatterns are what values of types of parameters look like. Source:
// CloudFormation user guide, "AWS-specific parameter types"; EC2 user guide,
// "Resource IDs".
var parameterPatterns = map[string]string{
	"AWS::EC2::Image::Id": "ami-*", "AWS::EC2::Instance::Id": "i-*", "AWS::EC2::SecurityGroup::Id": "sg-*", "AWS::EC2::Subnet::Id": "subnet-*",
	"AWS::EC2::Volume::Id": "vol-*", "AWS::EC2::VPC::Id": "vpc-*",
}

func isListType(kind string) bool {
	return kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<")
}

func str(text string, span source.Span) jsontree.Value {
	return jsontree.Value{Kind: jsontree.String, Text: text, Span: span}
}

// checkGiven reports values for parameters that the template does not have.
func (s *stack) checkGiven() {
	var names []string
	for name := range s.session.opts.Parameters {
		if s.parameters[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var known []string
	for m := range s.section("Parameters") {
		known = append(known, m.Name)
	}
	for _, name := range names {
		s.findings.Addf(source.Finding{Code: "UNKNOWN_PARAMETER", Severity: source.Warning, Hint: s.near.Hint(name, known)},
			"the template has no parameter %s", near.Quote(name))
	}
}

// output is an output of the template.
type output struct {
	node, export *jsontree.Value
	open         bool // being evaluated
	done         bool
	text         string
}

// outputText returns the value of an output.
func (s *stack) outputText(name string) (string, bool) {
	o := s.outputs[name]
	if o == nil || o.node == nil {
		return "", false
	}
	if o.open {
		s.wrong("REFERENCE_CYCLE", o.node.Span, "", "output %s refers to itself", near.Quote(name))
		return s.hole(Hole{Name: "Outputs." + name, Why: "output"}), true
	}
	if !o.done {
		o.open = true
		o.text = s.apart(func() string { return s.optional(o.node) })
		o.open, o.done = false, true
	}
	return o.text, true
}

// apart evaluates something that other things refer to: without the
// assumptions of those, and without making them incomplete.
func (s *stack) apart(f func() string) string {
	assume, split, broken := s.assume, s.split, s.broken
	s.assume, s.split = nil, ""
	text := f()
	s.assume, s.split, s.broken = assume, split, broken
	return text
}
