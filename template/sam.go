package template

import (
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// makeImplied adds the resources that SAM makes and templates refer to: roles,
// versions and aliases of functions, and the APIs of events. Source: SAM
// developer guide, "Generated CloudFormation resources".
func (s *stack) makeImplied() {
	if !usesTransform(s.root.Get("Transform"), samTransform) {
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
		case "AWS::Serverless::Api":
			s.withGlobals(r, "Api")
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
	if policy := s.root.Get("Globals").Get("Api").Get("Auth").Get("ResourcePolicy"); policy != nil {
		s.resourcePolicy(policy) // of an API that SAM makes for events, too
	}
	for _, api := range [][2]string{{"ServerlessRestApi", "AWS::ApiGateway::RestApi"}, {"ServerlessHttpApi", "AWS::ApiGatewayV2::Api"}} {
		if s.resources[api[0]] == nil {
			s.put(&resource{name: api[0], kind: api[1], node: s.root, nameSpan: opening(s.root.Span), implied: true})
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
		s.knownEvent(kind, event)
		if subscription := queueBetween(kind, event); subscription != nil {
			s.queueForTopic(r, name, event, subscription)
		}
		if implied := s.resources[r.name+name+"Role"]; kind == "ScheduleV2" && implied != nil && implied.implied {
			s.addImplied(r, implied, "scheduler.amazonaws.com", func(role *Role) {
				grant := grants(event.Span, []string{"lambda:InvokeFunction"}, []string{s.attribute(r, "Arn", r.nameSpan)}, nil)
				s.addMade(r, role, r.name+name+"LambdaPolicy", event, madeDocument(event.Span, "", grant))
			})
		}
	})
	s.publicURL(r)
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

// publicURL adds the permissions that SAM gives anyone to call the URL of a function
// without authentication. Source: Lambda developer guide, "Control access to Lambda
// function URLs"; aws/serverless-application-model, pull request 3735, read 2026-11-30.
func (s *stack) publicURL(r *resource) {
	auth := r.property("FunctionUrlConfig", "AuthType")
	if auth == nil || s.optional(auth) != "NONE" {
		return
	}
	function := s.attribute(r, "Arn", r.nameSpan)
	url := grants(auth.Span, []string{"lambda:InvokeFunctionUrl"}, []string{function}, []string{"StringEquals", "lambda:FunctionUrlAuthType", "NONE"})
	through := grants(auth.Span, []string{"lambda:InvokeFunction"}, []string{function}, []string{"Bool", "lambda:InvokedViaFunctionUrl", "true"})
	s.addMadeFor(r, auth, "AWS::Lambda::Function", function, toAnyone(url), toAnyone(through))
}

// queueBetween returns what an event says of the queue that SAM puts between a topic
// and a function, nil where there is none.
func queueBetween(kind string, event *jsontree.Value) *jsontree.Value {
	subscription := event.Get("Properties").Get("SqsSubscription")
	if kind != "SNS" || isFalse(subscription) {
		return nil
	}
	return subscription
}

// queueForTopic adds the policy of the queue that SAM puts between a topic and a
// function.
func (s *stack) queueForTopic(r *resource, name string, event, subscription *jsontree.Value) {
	queue := s.optional(subscription.Get("QueueArn"))
	if queue == "" {
		queue = s.hole(Hole{Name: r.name + name + "Queue.Arn", Why: "ARN of a queue that SAM makes", Pattern: "arn:*:sqs:*:*:*"})
	}
	topic := s.optional(event.Get("Properties").Get("Topic"))
	grant := grants(event.Span, []string{"sqs:SendMessage"}, []string{queue}, []string{"ArnEquals", "aws:SourceArn", topic})
	s.addMadeFor(r, event, "AWS::SQS::Queue", queue, toAnyone(grant))
}

// addMadeFor adds a policy of a resource that SAM makes.
func (s *stack) addMadeFor(r *resource, at *jsontree.Value, kind, arn string, statements ...jsontree.Value) {
	i := s.addMade(r, nil, "", at, madeDocument(at.Span, "2012-10-17", statements...))
	p := &s.session.out.Policies[i]
	p.Kind, p.Resource = Resource, kind
	p.Targets = []Reference{{Text: arn, Span: at.Span, When: s.here(nil)}}
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
	p := Policy{Place: s.place(r, at), Physical: name, Kind: Trust, Made: true}
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
