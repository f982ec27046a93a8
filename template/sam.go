package template

import (
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// makeImplied adds the resources that SAM makes and templates refer to: roles,
// versions and aliases of functions, and the APIs of events. Source: SAM
// developer guide, "Generated CloudFormation resources".
func (s *stack) makeImplied() {
	if !usesSAM(s.root.Get("Transform")) {
		return
	}
	for _, r := range append([]*resource(nil), s.order...) {
		switch r.kind {
		case "AWS::Serverless::Function":
			s.withGlobals(r, "Function")
			s.implyExecutionRole(r)
			s.eachEvent(r, func(name, kind string, event *jsontree.Value) {
				if kind == "ScheduleV2" && event.Get("Properties").Get("RoleArn") == nil {
					s.implyRole(r, r.name+name+"Role", nil)
				}
			})
			if alias := r.property("AutoPublishAlias"); alias != nil {
				name := jsontree.Member{Name: "FunctionName", Value: refTo(r.name)}
				s.imply(r, r.name+".Version", "AWS::Lambda::Version", name)
				s.imply(r, r.name+".Alias", "AWS::Lambda::Alias", name, jsontree.Member{Name: "Name", Value: *alias})
			}
		case "AWS::Serverless::StateMachine":
			s.withGlobals(r, "StateMachine")
			s.implyExecutionRole(r)
			s.eachEvent(r, func(name, kind string, event *jsontree.Value) {
				if startServices[kind] != "" && event.Get("Properties").Get("RoleArn") == nil && event.Get("Properties").Get("Role") == nil {
					s.implyRole(r, r.name+name+"Role", nil)
				}
			})
		}
	}
	for name, kind := range map[string]string{"ServerlessRestApi": "AWS::ApiGateway::RestApi", "ServerlessHttpApi": "AWS::ApiGatewayV2::Api"} {
		if s.resources[name] == nil {
			s.put(&resource{name: name, kind: kind, node: s.root, nameSpan: opening(s.root.Span), implied: true})
		}
	}
}

func opening(span source.Span) source.Span {
	return source.Span{Start: span.Start, End: min(span.Start+1, span.End)}
}

func refTo(name string) jsontree.Value {
	return jsontree.Value{Kind: jsontree.Object, Members: []jsontree.Member{{Name: "Ref", Value: str(name, source.Span{})}}}
}

// imply adds a resource that SAM makes for another, which the template may also
// write itself.
func (s *stack) imply(of *resource, name, kind string, properties ...jsontree.Member) {
	if s.resources[name] != nil {
		return
	}
	s.put(&resource{
		name: name, kind: kind, node: of.node, nameSpan: of.nameSpan, condition: of.condition, implied: true,
		properties: &jsontree.Value{Kind: jsontree.Object, Span: of.node.Span, Members: properties},
	})
}

// implyExecutionRole adds the role of a function or a machine that has none.
func (s *stack) implyExecutionRole(r *resource) {
	role := r.property("Role")
	if role == nil {
		s.implyRole(r, r.name+"Role", r.property("RolePath"))
		return
	}
	absent, list := 0, s.variants(role)
	for _, c := range list {
		if c.value.Kind == jsontree.Invalid {
			absent++
		}
	}
	switch {
	case absent == len(list):
		s.implyRole(r, r.name+"Role", r.property("RolePath"))
	case absent > 0:
		s.session.out.Incomplete = true
		s.unreadable(role.Span, "SAM makes a role where this has no value, which is not read")
	}
	if policies := r.property("Policies"); policies != nil && absent < len(list) {
		s.warn("CONFLICTING_FIELDS", policies.Span, "attach them to the role", "Policies have no effect beside Role")
	}
}

func (s *stack) implyRole(of *resource, name string, path *jsontree.Value) {
	if path == nil {
		s.imply(of, name, "AWS::IAM::Role")
		return
	}
	s.imply(of, name, "AWS::IAM::Role", jsontree.Member{Name: "Path", Value: *path})
}

// withGlobals adds to a resource the properties that Globals gives all of its
// kind. Objects of both are joined; those of the resource go first.
func (s *stack) withGlobals(r *resource, kind string) {
	globals := s.root.Get("Globals").Get(kind)
	if !globals.Is(jsontree.Object) || r.properties != nil && r.properties.Kind != jsontree.Object {
		return
	}
	if r.properties == nil {
		r.properties = &jsontree.Value{Kind: jsontree.Object, Span: r.node.Span}
	}
	joined := joinObjects(r.properties, globals)
	r.properties = &joined
}

func joinObjects(own, others *jsontree.Value) jsontree.Value {
	out := *own
	out.Members = append([]jsontree.Member(nil), own.Members...)
	index := map[string]int{}
	for i := range out.Members {
		index[out.Members[i].Name] = i
	}
	for i := range others.Members {
		m := &others.Members[i]
		at, both := index[m.Name]
		switch {
		case !both:
			out.Members = append(out.Members, *m)
		case out.Members[at].Value.Kind == jsontree.Object && m.Value.Kind == jsontree.Object && !isFunction(&out.Members[at].Value) && !isFunction(&m.Value):
			out.Members[at].Value = joinObjects(&out.Members[at].Value, &m.Value)
		}
	}
	return out
}

// isFunction reports whether an object is an intrinsic function.
func isFunction(v *jsontree.Value) bool {
	return len(v.Members) == 1 && (v.Members[0].Name == "Ref" || strings.HasPrefix(v.Members[0].Name, "Fn::"))
}

// eachEvent visits the events of a function or a machine.
func (s *stack) eachEvent(r *resource, visit func(name, kind string, event *jsontree.Value)) {
	events := r.property("Events")
	if events == nil || events.Kind != jsontree.Object {
		return
	}
	for i := range events.Members {
		if kind := events.Members[i].Value.Get("Type"); kind.Is(jsontree.String) {
			visit(events.Members[i].Name, kind.Text, &events.Members[i].Value)
		}
	}
}

// readServerlessMachine reads an AWS::Serverless::StateMachine, and the roles
// that SAM makes for it and for the events that start it.
func (s *stack) readServerlessMachine(r *resource) {
	role := Reference{}
	if implied := s.resources[r.name+"Role"]; implied != nil && implied.implied && r.property("Role") == nil {
		role = Reference{Text: s.attribute(implied, "Arn", r.nameSpan), Span: r.nameSpan}
		s.addImplied(r, implied, "states.amazonaws.com", func(role *Role) {
			role.Boundary = s.referenceOf(r.property("PermissionsBoundary"))
			s.serverlessPolicies(r, role)
			s.traces(role, r.property("Tracing"), machineTraces)
		})
	}
	s.addMachine(r, &serverlessMachine, role)
	s.eachEvent(r, func(name, kind string, event *jsontree.Value) {
		implied := s.resources[r.name+name+"Role"]
		if service := startServices[kind]; service != "" && implied != nil && implied.implied {
			s.addImplied(r, implied, service, func(role *Role) {
				doc := grants(event.Span, []string{"states:StartExecution"}, []string{s.attribute(r, "Ref", r.nameSpan)}, nil)
				s.addMade(r, role, r.name+name+"StartExecutionPolicy", event, madeDocument(event.Span, "", doc))
			})
		} else if service == "" {
			s.unreadable(event.Span, "what SAM makes of an event of type "+near.Quote(kind)+" is not known")
		}
	})
}

// readFunction reads the roles that SAM makes for an AWS::Serverless::Function.
func (s *stack) readFunction(r *resource) {
	if d := r.property("DeploymentPreference"); d != nil && d.Get("Role") == nil && !isFalse(d.Get("Enabled")) {
		s.session.out.Incomplete = true
		s.unreadable(d.Span, "SAM makes a role for CodeDeploy")
	}
	s.eachEvent(r, func(name, kind string, event *jsontree.Value) {
		if implied := s.resources[r.name+name+"Role"]; kind == "ScheduleV2" && implied != nil && implied.implied {
			s.addImplied(r, implied, "scheduler.amazonaws.com", func(role *Role) {
				grant := grants(event.Span, []string{"lambda:InvokeFunction"}, []string{s.attribute(r, "Arn", r.nameSpan)}, nil)
				s.addMade(r, role, r.name+name+"LambdaPolicy", event, madeDocument(event.Span, "", grant))
			})
		}
	})
	implied := s.resources[r.name+"Role"]
	if implied == nil || !implied.implied {
		return
	}
	s.addImplied(r, implied, "lambda.amazonaws.com", func(role *Role) {
		role.Boundary = s.referenceOf(r.property("PermissionsBoundary"))
		basic := "service-role/AWSLambdaBasicExecutionRole"
		if r.property("DurableConfig") != nil {
			basic = "service-role/AWSLambdaBasicDurableExecutionRolePolicy"
		}
		s.manage(role, basic, r.nameSpan, nil)
		s.traces(role, r.property("Tracing"), functionTraces)
		if vpc := r.property("VpcConfig"); vpc != nil {
			s.manageIf(role, "service-role/AWSLambdaVPCAccessExecutionRole", vpc)
		}
		s.serverlessPolicies(r, role)
		s.destinations(r, role)
		s.eachEvent(r, func(name, kind string, event *jsontree.Value) { s.pulls(r, role, name, kind, event) })
	})
}

func isFalse(v *jsontree.Value) bool { return v != nil && v.Text == "false" }

// serverlessTypes are the types of SAM that are read, or that make no role and
// no policy. Source: SAM developer guide, "AWS SAM resources and properties".
var serverlessTypes = map[string]bool{
	"AWS::Serverless::Api": true, "AWS::Serverless::Application": true, "AWS::Serverless::Connector": true, "AWS::Serverless::Function": true,
	"AWS::Serverless::HttpApi": true, "AWS::Serverless::LayerVersion": true, "AWS::Serverless::SimpleTable": true, "AWS::Serverless::StateMachine": true,
}

// addImplied adds a role that SAM makes.
func (s *stack) addImplied(of, implied *resource, service string, fill func(*Role)) {
	execution := implied.name == of.name+"Role"
	role := Role{Place: s.place(implied, of.node), ARN: s.attribute(implied, "Arn", of.nameSpan), Physical: s.attribute(implied, "Ref", of.nameSpan), Trust: -1, Implied: true}
	role.Span = of.nameSpan
	role.Incomplete = !s.whole(func() {
		if role.Path = s.optional(implied.property("Path")); role.Path == "" {
			role.Path = "/"
		}
		if trust := of.property("AssumeRolePolicyDocument"); trust != nil && execution {
			if added := s.addDocuments(implied, trust, Policy{Kind: Trust}); len(added) > 0 {
				role.Trust = added[0]
			}
		} else {
			role.Trust = s.addMade(implied, nil, "", of.node, madeDocument(of.nameSpan, "2012-10-17", trusts(of.nameSpan, service)))
		}
		fill(&role)
	})
	s.session.out.Roles = append(s.session.out.Roles, role)
}

// addMade adds a policy that SAM makes, to a role or as its trust.
func (s *stack) addMade(r *resource, role *Role, name string, at *jsontree.Value, root jsontree.Value) int {
	p := Policy{Place: s.place(r, at), Physical: name, Kind: Trust}
	p.Document, _ = s.finish(&root)
	p.Cases = make([]When, len(p.Document.Statements))
	i := len(s.session.out.Policies)
	if role != nil {
		p.Kind, p.Name = Identity, role.Name
		role.Inline = append(role.Inline, i)
	}
	s.session.out.Policies = append(s.session.out.Policies, p)
	return i
}

// The trees of documents that SAM makes. All of it has the span of what it is
// made for.

func object(span source.Span, pairs ...any) jsontree.Value {
	v := jsontree.Value{Kind: jsontree.Object, Span: span}
	for i := 0; i < len(pairs); i += 2 {
		v.Members = append(v.Members, jsontree.Member{Name: pairs[i].(string), NameSpan: span, Value: pairs[i+1].(jsontree.Value)})
	}
	return v
}

func strs(span source.Span, list []string) jsontree.Value {
	v := jsontree.Value{Kind: jsontree.Array, Span: span}
	for _, text := range list {
		v.Items = append(v.Items, str(text, span))
	}
	return v
}

func madeDocument(span source.Span, version string, statements ...jsontree.Value) jsontree.Value {
	v := object(span, "Statement", jsontree.Value{Kind: jsontree.Array, Span: span, Items: statements})
	if version != "" {
		v.Members = append([]jsontree.Member{{Name: "Version", NameSpan: span, Value: str(version, span)}}, v.Members...)
	}
	return v
}

func grants(span source.Span, actions, resources, condition []string) jsontree.Value {
	v := object(span, "Effect", str("Allow", span), "Action", strs(span, actions), "Resource", strs(span, resources))
	if condition != nil {
		test := object(span, condition[1], str(condition[2], span))
		v.Members = append(v.Members, object(span, "Condition", object(span, condition[0], test)).Members...)
	}
	return v
}

func trusts(span source.Span, service string) jsontree.Value {
	return object(span, "Effect", str("Allow", span), "Action", strs(span, []string{"sts:AssumeRole"}),
		"Principal", object(span, "Service", strs(span, []string{service})))
}

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
			for _, i := range s.addDocuments(s.resources[role.Name], v, Policy{Kind: Identity, Physical: name}) {
				role.Inline = append(role.Inline, i)
			}
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
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(format, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		if pseudo, is := places[name]; is {
			b.WriteString(s.pseudoText(pseudo))
		} else {
			b.WriteString(values[name])
		}
		format = after
	}
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

// pulls adds what a function needs to poll a source of events.
func (s *stack) pulls(r *resource, role *Role, name, kind string, event *jsontree.Value) {
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
