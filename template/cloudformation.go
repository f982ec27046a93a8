package template

import (
	"maps"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// readCloudFormation reads a template of CloudFormation or SAM, and the stacks
// nested in it.
func readCloudFormation(d *document) (*Template, source.List) {
	out := &Template{Format: CloudFormation, File: d.file}
	if usesTransform(d.root.Get("Transform"), samTransform) {
		out.Format = SAM
	}
	ss := newSession(d.opts, out)
	s := ss.newStack(d, "")
	for name, value := range d.opts.Parameters {
		if hole.Reserved(value) >= 0 {
			d.findings.Addf(source.Finding{Code: "RESERVED_CHARACTER", Severity: source.Error}, "the value of parameter %s holds a character that cannot be read", near.Quote(name))
			return nil, d.findings.List()
		}
	}
	s.given = d.opts.Parameters
	s.setPseudo(d.opts)
	s.open()
	s.checkGiven()
	s.makeImplied()
	s.openNested()
	s.readResources()
	return ss.close()
}

// close joins what the stacks of a session gave.
func (ss *session) close() (*Template, source.List) {
	ss.link()
	ss.out.stacks = ss.stacks
	var list source.List
	for _, s := range ss.stacks {
		s.undecided()
		list = append(list, s.findings.List()...)
	}
	return ss.out, list.Sorted()
}

// readers of resources, by type.
func resourceReader(kind string) func(*stack, *resource) {
	switch kind {
	case "AWS::IAM::Role":
		return (*stack).readRole
	case "AWS::IAM::User", "AWS::IAM::Group":
		return (*stack).readPrincipal
	case "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy":
		return (*stack).readIdentityPolicy
	case "AWS::SSO::PermissionSet":
		return (*stack).readPermissionSet
	case "AWS::IAM::UserToGroupAddition":
		return (*stack).readMembers
	case "AWS::StepFunctions::StateMachine":
		return (*stack).readMachine
	case "AWS::Serverless::StateMachine":
		return (*stack).readServerlessMachine
	case "AWS::Serverless::Function":
		return (*stack).readFunction
	case "AWS::Serverless::Connector":
		return (*stack).readConnector
	case "AWS::ECS::TaskDefinition":
		return (*stack).readTask
	case "AWS::CloudFormation::Stack", "AWS::Serverless::Application":
		return (*stack).readNested
	}
	return nil
}

func (s *stack) readResources() {
	for _, r := range s.order {
		if r.implied {
			continue
		}
		s.existing(r, func() { s.readResource(r) })
	}
}

// readResource reads what a resource says about access. Where properties cannot
// be told, all that was read of it is incomplete.
func (s *stack) readResource(r *resource) {
	whole := s.whole(func() { s.checkProperties(r) })
	out := s.session.out
	machines, roles, policies, tasks, principals := len(out.Machines), len(out.Roles), len(out.Policies), len(out.Tasks), len(out.Principals)
	if read := resourceReader(r.kind); read != nil {
		read(s, r)
	}
	own := len(out.Policies)
	if !s.whole(func() { s.readDocuments(r) }) {
		for i := range out.Policies[own:] {
			out.Policies[own+i].Incomplete = true
		}
	}
	if whole {
		return
	}
	for i := range out.Machines[machines:] {
		out.Machines[machines+i].Incomplete = true
	}
	for i := range out.Roles[roles:] {
		out.Roles[roles+i].Incomplete = true
	}
	for i := range out.Policies[policies:] {
		out.Policies[policies+i].Incomplete = true
	}
	for i := range out.Tasks[tasks:] {
		out.Tasks[tasks+i].Incomplete = true
	}
	for i := range out.Principals[principals:] {
		out.Principals[principals+i].Incomplete = true
	}
}

// others are types whose resources hold templates that are deployed elsewhere,
// or are made of resources that this template does not show. Source:
// CloudFormation template reference.
var others = map[string]string{
	"AWS::CloudFormation::StackSet":                         "a stack set deploys its template to other accounts",
	"AWS::ServiceCatalog::CloudFormationProvisionedProduct": "a provisioned product has a template of its own",
}

// checkOthers reports resources that hide others.
func (s *stack) checkOthers(r *resource) {
	why := others[r.kind]
	if strings.HasSuffix(r.kind, "::MODULE") {
		why = "a module is made of other resources"
	}
	if strings.HasPrefix(r.kind, "AWS::Serverless::") && !serverlessTypes[r.kind] {
		why = "SAM may make roles of a resource of this type"
	}
	if why != "" {
		s.session.out.Incomplete = true
		s.unreadable(r.nameSpan, why)
	}
}

// checkProperties reports properties that a macro makes.
func (s *stack) checkProperties(r *resource) {
	s.checkNames(r)
	s.checkOthers(r)
	s.connectors(r)
	s.checkStranger(r)
	if r.properties == nil || !s.holdsAccess(r.kind) {
		return
	}
	if r.properties.Kind != jsontree.Object {
		s.wrong("BAD_FIELD_TYPE", r.properties.Span, "", "Properties must be an object, not %s", r.properties.Kind)
		return
	}
	if m := r.properties.Member("Fn::Transform"); m != nil {
		s.session.out.Incomplete = true
		s.unreadable(m.NameSpan, "a macro makes properties of "+near.Quote(r.name))
	}
}

// holdsAccess reports whether resources of a type are read at all.
func (s *stack) holdsAccess(kind string) bool {
	return resourceReader(kind) != nil || len(policyProperties()[kind]) > 0 || permissionFacts()[kind] != nil
}

// existing runs a function for a resource that can exist, with its condition
// assumed.
func (s *stack) existing(r *resource, f func()) {
	if r.condition == nil {
		f()
		return
	}
	if r.condition.Kind != jsontree.String {
		s.wrong("BAD_FIELD_TYPE", r.condition.Span, "", "Condition must be the name of a condition")
		f()
		return
	}
	switch s.conditionNamed(r.condition.Text, r.condition.Span) {
	case yes:
		f()
	case no:
		if s.holdsAccess(r.kind) {
			s.leavesOut(r.condition.Text)
		}
	case undecided:
		s.assuming(Assumption{r.condition.Text, true}, f)
	}
}

// place returns where a resource, or a part of it, stands.
func (s *stack) place(r *resource, v *jsontree.Value) Place {
	if v == nil {
		v = r.node
	}
	return Place{
		File: s.file, Span: v.Span, Pointer: jsontree.Pointer(s.root, v.Span), Stack: s.name, Name: r.name, Type: r.kind, When: s.here(nil),
	}
}

// undecided says which conditions left the result open.
func (s *stack) undecided() {
	names := map[string]bool{}
	for name, c := range s.conditions {
		if c.known && c.value == undecided {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		s.say("UNDECIDED_CONDITION", source.Suggestion, s.conditions[name].node.Span, "give values for the parameters that it depends on",
			"condition %s is not decided; what depends on it is read for both outcomes", near.Quote(name))
	}
	for _, name := range slices.Sorted(maps.Keys(s.conditions)) {
		c := s.conditions[name]
		if c.unread && c.value != undecided && len(c.defaults) > 0 {
			s.say(ConditionByDefault, source.Suggestion, c.node.Span, "give other values with --parameter to read what stands under them",
				"condition %s is %t with the default of %s; roles or policies that stand under the other outcome are not read", near.Quote(name), c.value == yes, strings.Join(c.defaults, ", "))
		}
	}
}
