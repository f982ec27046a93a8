package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// manage attaches a managed policy of AWS to a role.
func (s *stack) manage(role *Role, name string, at source.Span, when When) {
	role.Managed = append(role.Managed, Reference{Text: "arn:" + s.pseudoText("AWS::Partition") + ":iam::aws:policy/" + name, Span: at, When: s.here(when)})
}

// manageIf attaches one where a property has a value.
func (s *stack) manageIf(role *Role, name string, v *jsontree.Value) {
	for _, c := range s.variants(v) {
		if c.value.Kind != jsontree.Invalid && c.value.Kind != jsontree.Null {
			s.manage(role, name, v.Span, c.when)
		}
	}
}

// traces attaches the policy for X-Ray where tracing is on. Source:
// samtranslator/model/xray_utils.py, read 2026-11-21: the first partition gets
// the older policy.
func (s *stack) traces(role *Role, v *jsontree.Value, on func(jsontree.Value) Switch) {
	if v == nil {
		return
	}
	name := "AWSXRayDaemonWriteAccess"
	partition := s.pseudoText("AWS::Partition")
	if partition == "aws" || hole.Has(partition) {
		name = "AWSXrayWriteOnlyAccess"
	}
	for _, c := range s.variants(v) {
		switch on(c.value) {
		case On:
			s.manage(role, name, v.Span, c.when)
		case Undecided:
			s.unreadable(v.Span, "whether SAM attaches a policy for traces depends on this")
		}
	}
}

// machineTraces reads the Tracing of a machine, functionTraces that of a
// function, for which SAM attaches the policy unless it is disabled.
func machineTraces(v jsontree.Value) Switch {
	enabled := v.Get("Enabled")
	_, unknown := isUnknown(v)
	switch {
	case unknown, enabled != nil && hole.Has(enabled.Text):
		return Undecided
	case enabled == nil:
		return Off
	}
	return onIf(enabled.Text == "true")
}

func functionTraces(v jsontree.Value) Switch {
	if _, unknown := isUnknown(v); unknown {
		return Undecided
	}
	return onIf(v.Kind == jsontree.String && v.Text != "" && v.Text != "Disabled")
}

// serverlessPolicies reads the Policies of a function or a machine: managed
// policies, documents and policy templates.
func (s *stack) serverlessPolicies(r *resource, role *Role) {
	for index, e := range s.elements(r.property("Policies")) {
		s.under(e.when, func() { s.serverlessPolicy(r, role, role.Name+"Policy"+itoa(index), e.node) })
	}
}

func (s *stack) serverlessPolicy(r *resource, role *Role, name string, v *jsontree.Value) {
	if v.Kind == jsontree.Object && !isFunction(v) {
		if v.Get("Statement") != nil {
			role.Inline = append(role.Inline, s.addDocuments(s.resources[role.Name], v, Policy{Kind: Identity, Physical: name})...)
			return
		}
		if len(v.Members) == 1 {
			s.policyTemplate(r, role, name, &v.Members[0])
			return
		}
		s.wrong("UNKNOWN_POLICY_TEMPLATE", v.Span, "a policy is a document with Statement, a managed policy, or one policy template", "this is no policy")
		return
	}
	for _, c := range s.variants(v) {
		s.under(c.when, func() {
			role.Managed = s.appendReferences(role.Managed, c.value, s.here(nil))
		})
	}
}

// policyTemplate expands a policy template of SAM.
func (s *stack) policyTemplate(r *resource, role *Role, name string, m *jsontree.Member) {
	t := policyTemplates()[m.Name]
	if t == nil {
		s.wrong("UNKNOWN_POLICY_TEMPLATE", m.NameSpan, s.near.Hint(m.Name, templateNames()), "SAM has no policy template %s", near.Quote(m.Name))
		return
	}
	values := map[string]string{}
	for _, p := range t.parameters {
		v := m.Value.Get(p)
		if v == nil {
			s.wrong("MISSING_FIELD", m.NameSpan, "give "+strings.Join(t.parameters, ", "), "policy template %s needs %s", m.Name, p)
			return
		}
		values[p] = s.optional(v)
	}
	for i := range m.Value.Members {
		if given := &m.Value.Members[i]; values[given.Name] == "" {
			s.warn("UNKNOWN_FIELD", given.NameSpan, s.near.Hint(given.Name, t.parameters), "policy template %s has no parameter %s", m.Name, near.Quote(given.Name))
		}
	}
	fill := func(format string) string { return s.fillTemplate(format, values) }
	var statements []jsontree.Value
	for _, g := range t.statements {
		condition := []string(nil)
		if g.condition != nil {
			condition = []string{g.condition[0], g.condition[1], fill(g.condition[2])}
		}
		resources := make([]string, len(g.resources))
		for i := range g.resources {
			resources[i] = fill(g.resources[i])
		}
		statements = append(statements, grants(m.NameSpan, g.actions, resources, condition))
	}
	s.addMade(r, role, name, &m.Value, madeDocument(m.NameSpan, "", statements...))
}

// fillTemplate fills a format of a policy template.
func (s *stack) fillTemplate(format string, values map[string]string) string {
	return arn.Fill(format, func(name string) string {
		if pseudo, is := places[name]; is {
			return s.pseudoText(pseudo)
		}
		return values[name]
	})
}

func templateNames() []string {
	names := make([]string, 0, len(policyTemplates()))
	for name := range policyTemplates() {
		names = append(names, name)
	}
	return names
}

// destinations adds what a function needs to hand on events that fail or
// succeed.
func (s *stack) destinations(r *resource, role *Role) {
	if queue := r.property("DeadLetterQueue"); queue != nil {
		s.sends(r, role, "DeadLetterQueuePolicy", queue, queue.Get("TargetArn"))
	}
	config := r.property("EventInvokeConfig", "DestinationConfig")
	for _, event := range []string{"OnSuccess", "OnFailure"} {
		if d := config.Get(event); d != nil {
			if d.Get("Destination") == nil {
				s.unreadable(d.Span, "SAM makes a destination here")
				continue
			}
			s.sends(r, role, r.name+"EventInvokeConfig"+event+"Policy", d, d.Get("Destination"))
		}
	}
}

// sends adds the policy for a destination of a type.
func (s *stack) sends(r *resource, role *Role, name string, v, target *jsontree.Value) {
	kind := ""
	if t := v.Get("Type"); t != nil {
		kind = s.optional(t)
	}
	action := sendActions[kind]
	if action == "" || target == nil {
		s.unreadable(v.Span, "what SAM allows for this destination is not known")
		return
	}
	s.addMade(r, role, name, v, madeDocument(v.Span, "2012-10-17", grants(v.Span, []string{action}, []string{s.optional(target)}, nil)))
}

// knownEvent reports an event of a type that nothing is known of.
func (s *stack) knownEvent(kind string, event *jsontree.Value) {
	if _, polled := pullPolicies[kind]; !polled && !slices.Contains(pushEvents, kind) {
		s.unreadable(event.Span, "what SAM makes of an event of type "+near.Quote(kind)+" is not known")
	}
}

// pulls adds what a function needs to poll a source of events.
func (s *stack) pulls(r *resource, role *Role, name, kind string, event *jsontree.Value) {
	if queueBetween(kind, event) != nil {
		kind = "SQS"
	}
	s.knownEvent(kind, event) // its role may lack what SAM makes of it
	managed, polled := pullPolicies[kind]
	if !polled {
		return // the source calls the function
	}
	if managed != "" {
		arn := "arn:" + s.pseudoText("AWS::Partition") + ":iam::aws:policy/" + managed
		for _, m := range role.Managed {
			if m.Text == arn {
				managed = ""
			}
		}
		if managed != "" {
			s.manage(role, managed, event.Span, nil)
		}
	} else {
		s.unreadable(event.Span, "the policy that SAM writes for a source of type "+kind+" is not read")
	}
	properties := event.Get("Properties")
	if kind == "MSK" && properties.Get("SourceAccessConfigurations") != nil {
		s.unreadable(properties.Get("SourceAccessConfigurations").Span, "SAM may allow reading a secret for this")
	}
	if d := properties.Get("DestinationConfig").Get("OnFailure"); d != nil {
		s.sends(r, role, r.name+name+"DestinationPolicy", d, d.Get("Destination"))
	}
}

// readConnector reports an AWS::Serverless::Connector, whose policies are not
// read.
func (s *stack) readConnector(r *resource) {
	s.session.out.Incomplete = true
	s.unreadable(r.nameSpan, "SAM makes policies of a connector")
}

// connectors reports those that stand in other resources.
func (s *stack) connectors(r *resource) {
	if m := r.node.Member("Connectors"); m != nil {
		s.session.out.Incomplete = true
		s.unreadable(m.NameSpan, "SAM makes policies of connectors")
	}
}
