package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/source"
)

// service finds what a service needs besides its tasks.
func (t *taskGenerator) service() {
	if slices.ContainsFunc(t.td.Volumes, func(v ecs.Volume) bool { return v.AtLaunch }) && (t.svc == nil || len(t.svc.Volumes) == 0) {
		t.infrastructure(ecs.Text{}, forVolumes)
		t.say("VOLUME_AT_LAUNCH", source.Warning, "a volume is configured when the task is launched: the key that encrypts it, if it is one of your own, cannot be seen", "give --service FILE")
	}
	if t.svc == nil {
		return
	}
	t.sameTask()
	t.logs(t.svc.File, "service connect", t.svc.ConnectLogs)
	for _, v := range t.svc.Volumes {
		t.key("volume-key", v, t.infrastructure(v.Role, forVolumes))
	}
	for _, tls := range t.svc.TLS {
		t.key("tls-key", tls, t.infrastructure(tls.Role, forTLS))
	}
	for _, l := range t.svc.Lattice {
		t.infrastructure(l.Role, forLattice)
	}
	for _, lb := range t.svc.LoadBalancers {
		if lb.BlueGreen {
			t.infrastructure(lb.Role, forLoadBalancers)
		}
	}
	t.hooks()
	if t.svc.Controller == "CODE_DEPLOY" {
		r := t.roleOf(CodeDeployRole, "")
		r.managed = []string{forCodeDeploy}
	}
	if t.svc.Role.Value != "" {
		successor := ""
		if p, err := managed.Default().Policy("AmazonEC2ContainerServiceRole"); err == nil {
			successor = p.Successor
		}
		t.report("LEGACY_SERVICE_ROLE", source.Warning, t.svc.File, t.svc.Role, "service roles for load balancers are of old", "leave it out: ECS uses "+successor)
	}
}

// sameTask warns when the service runs another task definition.
func (t *taskGenerator) sameTask() {
	at := t.svc.TaskDefinition
	family := at.Value[strings.LastIndexByte(at.Value, '/')+1:]
	family, _, _ = strings.Cut(family, ":")
	if family != "" && family != t.td.Family {
		t.report("OTHER_TASK_DEFINITION", source.Warning, t.svc.File, at, fmt.Sprintf("the service runs %q, and the task definition is %q", family, t.td.Family), "give the two that belong together")
	}
}

// infrastructure returns the name of the infrastructure role for something that
// ECS manages, with the policy that AWS has made for it.
func (t *taskGenerator) infrastructure(role ecs.Text, policy string) string {
	r := t.roleOf(InfrastructureRole, role.Value)
	if !slices.Contains(r.managed, policy) {
		r.managed = append(r.managed, policy)
	}
	return role.Value
}

// key grants using the key of something that ECS manages.
func (t *taskGenerator) key(feature string, m ecs.Managed, role string) {
	if text := m.KMSKey.Value; text != "" && !strings.HasPrefix(text, "alias/aws/") {
		t.keyOf(t.svc.File, feature, m.KMSKey, role)
	}
}

// keyOf grants using a key, given by its id, ARN or alias.
func (t *taskGenerator) keyOf(file *source.File, feature string, at ecs.Text, role string) {
	key, alias, ok := t.keyARN(at.Value)
	if !ok {
		t.bad(file, at, "a key of KMS", "write its id, its ARN or an alias")
		return
	}
	values := captures{{name: "key", value: key}}
	if alias != "" {
		values = append(values, capture{name: "alias", value: literal(alias)})
		t.report("KMS_ALIAS", source.Suggestion, file, at, "the key is granted by its alias, which whoever may change aliases can give to another key", "name the key by its id or ARN")
	}
	t.need(feature, "", role, values...)
}

// keyARN makes an ARN of an id, an ARN or an alias of a key. Of an alias it is
// that of every key.
func (t *taskGenerator) keyARN(text string) (key, alias string, ok bool) {
	prefix, _, _ := fill("arn:{partition}:kms:{region}:{account}:", t.env)
	if a, err := arn.Parse(text); err == nil {
		prefix = literal(strings.TrimSuffix(text, a.Resource))
		if text = a.Resource; a.Service != "kms" || !strings.HasPrefix(text, "alias/") && !strings.HasPrefix(text, "key/") {
			return "", "", false
		}
		text = strings.TrimPrefix(text, "key/")
	}
	if strings.HasPrefix(text, "alias/") {
		return prefix + "key/*", text, true
	}
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefmrk-", r) }) {
		return "", "", false
	}
	return prefix + "key/" + text, "", true
}

func (t *taskGenerator) hooks() {
	for _, h := range t.svc.Hooks {
		a, err := arn.Parse(h.Target.Value)
		if err != nil || a.Service != "lambda" || !strings.HasPrefix(a.Resource, "function:") {
			t.bad(t.svc.File, h.Target, "the ARN of a function", "")
			continue
		}
		t.need("hook", "", h.Role.Value, capture{name: "function", value: literal(h.Target.Value)})
	}
}

// execute grants what ECS Exec needs in the containers.
func (t *taskGenerator) execute() {
	if !t.more.ExecuteCommand && (t.svc == nil || !t.svc.ExecuteCommand) {
		return
	}
	t.need("execute-command", "", "")
	if c := t.more.Configuration; c != nil && c.Exec != nil {
		t.sessions(c)
		return
	}
	t.say("EXEC_LOGGING", source.Suggestion, "the cluster says where sessions of ECS Exec are logged and with which key they are encrypted, and the task role needs permission for these",
		"give --cluster-configuration FILE, an answer of aws ecs describe-clusters --include CONFIGURATIONS")
}

// sessions grants logging and decrypting sessions of ECS Exec.
func (t *taskGenerator) sessions(c *ecs.Cluster) {
	if c.Exec.KMSKey.Value != "" {
		t.keyOf(c.File, "exec-key", c.Exec.KMSKey, "")
	}
	group := func(text string) { t.need("exec-logs", "", "", capture{name: "group", value: literal(text)}) }
	if c.Exec.LogGroup.Value != "" {
		group(c.Exec.LogGroup.Value)
	}
	if bucket := c.Exec.Bucket.Value; bucket != "" {
		prefix := strings.Trim(c.Exec.KeyPrefix, "/")
		if prefix != "" {
			prefix += "/"
		}
		t.need("exec-bucket", "", "", capture{name: "bucket", value: literal(bucket)}, capture{name: "prefix", value: literal(prefix)})
	}
	if c.Exec.Logging != "DEFAULT" {
		return
	}
	for i := range t.td.Containers { // sessions are logged where the containers log
		if l := t.td.Containers[i].Logs; l != nil && l.Driver.Value == "awslogs" && l.Options.Get("awslogs-group").Value != "" {
			group(l.Options.Get("awslogs-group").Value)
		}
	}
}

// given makes the roles that the definition names or the tasks lack.
func (t *taskGenerator) given() {
	execution, task := t.find(ExecutionRole), t.find(TaskRole)
	if execution == nil && t.td.ExecutionRole != "" {
		t.roleOf(ExecutionRole, t.td.ExecutionRole)
	}
	if execution != nil && t.td.ExecutionRole == "" {
		t.executionMissing(execution)
	}
	if task == nil && t.td.TaskRole != "" {
		task = t.roleOf(TaskRole, t.td.TaskRole)
	}
	if task != nil {
		if t.td.TaskRole == "" {
			t.say("TASK_ROLE_MISSING", source.Warning, fmt.Sprintf("the task definition names no task role, which is needed for %s", listServices(task.grants)), "name one in taskRoleArn")
		}
		t.say("TASK_CALLS_UNKNOWN", source.Suggestion, "what the containers themselves call does not stand in a task definition", "add it to the task role")
	}
	if t.td.TaskRole != "" && t.td.TaskRole == t.td.ExecutionRole {
		t.say("SHARED_ROLE", source.Warning, "one role is task role and execution role: the containers can read every secret and pull every image that the agent can",
			"give the containers a role of their own")
	}
}

func listServices(grants []Grant) string {
	var names []string
	for _, g := range grants {
		names = append(names, g.Service)
	}
	return strings.Join(distinct(names), ", ")
}

// executionMissing says what it means that the task definition names no
// execution role: on instances of one's own the instance role pulls and logs.
func (t *taskGenerator) executionMissing(r *taskRole) {
	onlyInstance := t.runsOn("EC2") && !t.runsOn("FARGATE") && !t.runsOn("EXTERNAL") && !t.runsOn("MANAGED_INSTANCES")
	if onlyInstance && !slices.ContainsFunc(r.grants, func(g Grant) bool { return g.Purpose != PullImage && g.Purpose != Log }) {
		t.say("EXECUTION_ROLE_OPTIONAL", source.Suggestion, "the task definition names no execution role: on EC2 the instance role pulls images and sends logs",
			"with an execution role the instance role can do without these permissions")
		return
	}
	t.say("EXECUTION_ROLE_MISSING", source.Warning, fmt.Sprintf("the task definition names no execution role, which is needed for %s", listServices(r.grants)), "name one in executionRoleArn")
}

func (t *taskGenerator) find(kind TaskRoleKind) *taskRole {
	for _, r := range t.roles {
		if r.kind == kind {
			return r
		}
	}
	return nil
}

// scheduled grants EventBridge to run the task and to hand it its roles.
func (t *taskGenerator) scheduled() {
	if !t.more.Scheduled {
		return
	}
	t.need("run-task", "", "")
	for _, kind := range []TaskRoleKind{ExecutionRole, TaskRole} {
		if r := t.find(kind); r != nil {
			t.need("pass-role", string(kind)+" role", "", capture{name: "role", value: t.roleARN(r)})
		}
	}
	if t.more.PropagateTags || t.svc != nil && t.svc.PropagateTags {
		t.need("propagate-tags", "", "")
		return
	}
	t.say("TAGS_UNKNOWN", source.Suggestion, "whether the rule tags the tasks that it runs is not known", "if it does, or turns on tags managed by ECS, give --propagate-tags")
}

// roleARN is the ARN of a role as the definition has it, or as it will be.
func (t *taskGenerator) roleARN(r *taskRole) string {
	if strings.HasPrefix(r.name, "arn:") {
		return r.name
	}
	path := t.opts.Path
	if path == "" {
		path = "/"
	}
	prefix, _, _ := fill("arn:{partition}:iam::{account}:role", t.env)
	return prefix + literal(path+t.roleName(r))
}

// runsOn reports whether tasks can run on FARGATE, EC2, EXTERNAL or
// MANAGED_INSTANCES. What does not say runs on instances.
func (t *taskGenerator) runsOn(where string) bool {
	if t.svc != nil && t.svc.LaunchType != "" && t.svc.LaunchType != where {
		return false
	}
	if len(t.td.Compatibilities) == 0 {
		return where == "EC2" || t.svc != nil && t.svc.LaunchType == where
	}
	return slices.Contains(t.td.Compatibilities, where)
}

// The rule that keeps containers from the instance's metadata. Source: Amazon
// ECS developer guide, "Amazon ECS Managed Policies and Trust Relationships".
const (
	metadataRule = "sudo yum install -y iptables-services; sudo iptables --insert FORWARD 1 --in-interface docker+ --destination 169.254.169.254/32 --jump DROP"
	saveOnAL2    = "sudo iptables-save | sudo tee /etc/sysconfig/iptables && sudo systemctl enable --now iptables"
	saveOnAL1    = "sudo service iptables save"
)

// advice tells of the instance role, which containers on instances can use.
func (t *taskGenerator) advice() {
	if t.open {
		t.say("CONTEXT_UNKNOWN", source.Suggestion, "where the task runs is not known, so ARNs hold '*' in its place, and trust policies have no guard without the account", "give --account, --region")
	}
	if !t.runsOn("EC2") || t.td.Windows {
		return
	}
	const code = "INSTANCE_METADATA_REACHABLE"
	switch t.td.NetworkMode {
	case "", "bridge":
		t.say(code, source.Warning, "containers in bridge mode reach the metadata of their instance, and with it all that the instance role may do",
			"on the instances: "+metadataRule+"; to keep it over a reboot, on Amazon Linux 2: "+saveOnAL2+"; on Amazon Linux: "+saveOnAL1+
				"; the rule takes instance metadata from the containers altogether, assumes the default Docker bridge, and does not cover host mode")
	case "host":
		t.say(code, source.Warning, "containers in host mode reach the metadata of their instance, and with it all that the instance role may do; the iptables rule for bridge mode does not cover them",
			"use awsvpc or bridge mode, and keep the instance role to what the agent needs: writ managed trim AmazonEC2ContainerServiceforEC2Role")
	case "awsvpc":
		t.say(code, source.Suggestion, "containers in awsvpc mode reach the metadata of their instance unless the agent is told otherwise", "set ECS_AWSVPC_BLOCK_IMDS=true in the agent's configuration")
	}
}

func (t *taskGenerator) say(code string, severity source.Severity, message, hint string) {
	t.report(code, severity, nil, ecs.Text{}, message, hint)
}
