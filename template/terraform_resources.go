package template

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
)

// The types that roles, users, groups and policies have among references.
const (
	roleKind   = "AWS::IAM::Role"
	userKind   = "aws_iam_user"
	groupKind  = "aws_iam_group"
	policyKind = "policy"

	permissionSetKind = "aws_ssoadmin_permission_set"
)

// tfReaders read the types of resources that have more than policy documents.
// Source: documentation of the Terraform AWS provider, a page for each type.
func tfReader(kind string) func(*terraform, *tfResource) {
	switch kind {
	case "aws_iam_role":
		return (*terraform).readRole
	case "aws_iam_user", "aws_iam_group", permissionSetKind:
		return (*terraform).readPrincipal
	case "aws_iam_policy":
		return (*terraform).readManagedPolicy
	case "aws_sfn_state_machine":
		return (*terraform).readMachine
	case "aws_ecs_task_definition":
		return (*terraform).readTask
	case "aws_iam_group_membership", "aws_iam_user_group_membership":
		return (*terraform).readMembers
	}
	return nil
}

// relevantType reports whether resources of a type say something about access.
func relevantType(kind string) bool {
	return tfReader(kind) != nil || terraformPolicies().attributes[kind] != nil || terraformPolicies().attachments[kind] != nil || permissionFacts()[kind] != nil
}

// readResource reads what a resource says about access.
func (t *terraform) readResource(r *tfResource) {
	if read := tfReader(r.kind); read != nil {
		read(t, r)
	}
	for i := range terraformPolicies().attributes[r.kind] {
		t.readAttribute(r, &terraformPolicies().attributes[r.kind][i])
	}
	if a := terraformPolicies().attachments[r.kind]; a != nil {
		t.readAttachment(r, a)
	}
	if f := permissionFacts()[r.kind]; f != nil {
		t.readPermission(r, f)
	}
}

func (t *terraform) readRole(r *tfResource) {
	role := Role{Place: r.place(nil), ARN: t.attribute(r, "arn"), Physical: t.attribute(r, "name"), Trust: -1}
	if role.Prefix = t.given(r, "name_prefix"); role.Prefix == "" { // a plan tells the name that was made up, too
		role.Named = t.given(r, "name") != ""
	}
	whole := t.whole(func() {
		if role.Path = t.optional(r, "path"); role.Path == "" {
			role.Path = "/"
		}
		if trust := r.value("assume_role_policy"); trust != nil {
			role.Trust = t.addDocument(r, trust, Policy{Kind: Trust})
		}
		for _, block := range t.elements(r, r.value("inline_policy"), "inline_policy") {
			if i, ok := t.inlineBlock(r, &block); ok {
				role.Inline = append(role.Inline, i)
			}
		}
		role.Managed = t.references(r, "managed_policy_arns", "")
		role.Boundary = t.reference(r, "permissions_boundary")
	})
	role.Incomplete = role.Incomplete || !whole
	t.out.Roles = append(t.out.Roles, role)
}

// given returns an attribute that the configuration gives, "" where the provider
// or AWS makes it up.
func (t *terraform) given(r *tfResource, name string) string {
	if r.value(name) == nil {
		return ""
	}
	return t.attribute(r, name)
}

// inlineBlock reads an inline_policy of a role. An empty one removes policies
// that were added elsewhere.
func (t *terraform) inlineBlock(r *tfResource, block *tfValue) (int, bool) {
	if _, unknown := block.unknown(); unknown {
		t.unreadable(r.file, block.place(r.file, r.nameSpan), r.address, "", "an inline policy is not known")
		return 0, false
	}
	doc := block.get("policy")
	if !doc.exists() || doc.kind == jsontree.String && doc.text == "" {
		return 0, false
	}
	p := Policy{Kind: Identity}
	if name := block.get("name"); name.exists() {
		p.Physical = t.textOf(r, name, "inline_policy.name")
	}
	i := t.addDocument(r, doc, p)
	t.out.Policies[i].When = append(t.out.Policies[i].When, block.when...)
	return i, true
}

func (t *terraform) readPrincipal(r *tfResource) {
	p := Principal{Place: r.place(nil), ARN: t.attribute(r, "arn"), Physical: t.attribute(r, "name")}
	whole := t.whole(func() { p.Boundary = t.reference(r, "permissions_boundary") })
	p.Incomplete = p.Incomplete || !whole
	t.out.Principals = append(t.out.Principals, p)
}

func (t *terraform) readManagedPolicy(r *tfResource) {
	p := Policy{Kind: Identity, Managed: true, ARN: t.attribute(r, "arn"), Physical: t.attribute(r, "name")}
	if doc := r.value("policy"); doc != nil {
		t.addDocument(r, doc, p)
		return
	}
	t.missing(r, "policy")
	p.Place, p.Incomplete = r.place(nil), true
	t.out.Policies = append(t.out.Policies, p)
}

func (t *terraform) missing(r *tfResource, name string) {
	t.wrong("MISSING_FIELD", r.file, r.nameSpan, r.address, "", "%s has no %s", r.address, name)
}

// readAttribute reads the policy documents in an attribute of a resource.
func (t *terraform) readAttribute(r *tfResource, a *tfPolicyAttribute) {
	docs := t.reach(r, a.path)
	if len(docs) == 0 {
		return
	}
	if a.elsewhere {
		t.readElsewhere(r, a, docs)
		return
	}
	like := Policy{Kind: a.kind}
	switch {
	case a.organizations:
		kind := t.optional(r, "type")
		if kind == "" {
			kind = "SERVICE_CONTROL_POLICY" // the provider's default
		}
		if like.Kind = organizationKinds[kind]; like.Kind == 0 {
			if hole.Has(kind) {
				t.unreadable(r.file, docs[0].place(r.file, r.nameSpan), r.address, "", "the type of the policy is not known")
			}
			return
		}
		like.Physical = t.optional(r, "name")
	case like.Kind == Resource || like.Kind == Endpoint:
		like.Resource = sameType(a.resource)
	case like.Kind == Identity && r.value("name") != nil:
		like.Physical = t.optional(r, "name")
	}
	whole := true
	switch {
	case strings.HasPrefix(a.target, "@"):
		like.Targets = []Reference{{Text: t.attribute(r, a.target[1:]), Span: r.nameSpan, When: slices.Clone(r.when)}}
	case a.target != "-":
		whole = t.whole(func() { like.Targets = t.references(r, a.target, targetKinds[a.resource]) })
	}
	for i := range docs {
		at := t.addDocument(r, &docs[i], like)
		t.out.Policies[at].Incomplete = t.out.Policies[at].Incomplete || !whole
	}
}

// readElsewhere reads the policies that stand in a document of another kind, by the
// name before them.
func (t *terraform) readElsewhere(r *tfResource, a *tfPolicyAttribute, docs []tfValue) {
	for i := range docs {
		v := &docs[i]
		_, unknown := v.unknown()
		if doc := v.inner.get(a.resource); doc.exists() {
			t.addDocument(r, doc, Policy{Kind: Resource, Resource: sameType(r.kind), Targets: []Reference{{Text: t.attribute(r, "id"), Span: r.nameSpan, When: slices.Clone(r.when)}}})
		} else if unknown || strings.Contains(v.text, a.resource) {
			t.out.Incomplete = true
			t.unreadable(v.file, v.span, r.address, "", "a policy may stand in this")
		}
	}
}

var targetKinds = map[string]string{"aws_iam_role": roleKind, "aws_iam_user": userKind, "aws_iam_group": groupKind, permissionSetKind: permissionSetKind}

// reach returns the values at the end of a path of attributes and blocks.
func (t *terraform) reach(r *tfResource, path []string) []tfValue {
	v := r.value(path[0])
	if v == nil {
		return nil
	}
	list := []tfValue{*v}
	for _, name := range path[1:] {
		var next []tfValue
		for i := range list {
			for _, block := range t.elements(r, &list[i], name) {
				if _, unknown := block.unknown(); unknown {
					t.unreadable(r.file, block.place(r.file, r.nameSpan), r.address, "", "what stands in "+strings.Join(path, ".")+" is not known")
					t.out.Incomplete = true
					continue
				}
				if inner := block.get(name); inner.exists() {
					one := *inner
					one.when = slices.Concat(block.when, one.when)
					next = append(next, one)
				}
			}
		}
		list = next
	}
	return list
}

func (t *terraform) readMachine(r *tfResource) {
	m := Machine{Place: r.place(nil), ARN: t.attribute(r, "arn"), Physical: t.attribute(r, "name")}
	whole := t.whole(func() {
		if m.Kind = t.optional(r, "type"); m.Kind == "" {
			m.Kind = "STANDARD"
		}
		m.Role = t.reference(r, "role_arn")
		m.Tracing = t.switchOf(r, "tracing_configuration", "enabled", func(text string) bool { return text == "true" })
		m.Logging = t.switchOf(r, "logging_configuration", "level", func(text string) bool { return text != "" && text != "OFF" })
		for _, block := range t.elements(r, r.value("encryption_configuration"), "encryption_configuration") {
			if key := block.get("kms_key_id"); key.exists() {
				m.KMSKey = t.textOf(r, key, "kms_key_id")
			}
		}
		t.readDefinition(r, &m)
	})
	m.Incomplete = m.Incomplete || !whole
	t.out.Machines = append(t.out.Machines, m)
}

// switchOf reads whether something in a block is on. It is off without the
// block.
func (t *terraform) switchOf(r *tfResource, block, name string, on func(string) bool) Switch {
	v := r.value(block)
	if v == nil {
		return Off
	}
	if !v.shaped() {
		return Undecided
	}
	result := Off
	for _, b := range t.elements(r, v, block) {
		value := b.get(name)
		switch {
		case !value.exists():
		case !isTextKind(value.kind), hole.Has(value.text):
			return Undecided
		default:
			result = onIf(on(value.text))
		}
	}
	return result
}

func (t *terraform) readTask(r *tfResource) {
	task := Task{Place: r.place(nil)}
	whole := t.whole(func() {
		task.Task = t.reference(r, "task_role_arn")
		task.Execution = t.reference(r, "execution_role_arn")
		task.TaskDefinition = ecs.TaskDefinition{Family: t.attribute(r, "family"), TaskRole: task.Task.Text, ExecutionRole: task.Execution.Text, Span: task.Place.Span}
	})
	task.Incomplete = task.Incomplete || !whole
	t.out.Tasks = append(t.out.Tasks, task)
}
