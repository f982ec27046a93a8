package roles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Access is a policy for somebody who deals with a machine: who deploys it, or
// who answers its callbacks and activities. It belongs to a user or role that
// Writ knows nothing of, so it comes without a trust policy.
type Access struct {
	Policy
	Grants []Grant // why: what the policy allows, and for what
}

// Deployment says how a machine is deployed.
type Deployment struct {
	ExecutionRole string   // ARN of the role that the machine is given; "" is the one that Generate makes
	Also          []string // what is done besides creating and updating, see DeploymentExtras
}

// DeploymentExtras are the words for Deployment.Also: "delete", "tags", ...
func DeploymentExtras() []string {
	var names []string
	for i := range deploymentExtras {
		names = append(names, deploymentExtras[i].name)
	}
	return names
}

// Deployer returns the policy of whoever creates and updates a machine. Of
// opts, it takes where the machine lives, its key, its logging, and the name
// and path of its role. On an Error finding the policy is nil.
func Deployer(m *asl.StateMachine, opts Options, d Deployment) (*Access, source.List) {
	if findings := d.check(); findings.HasErrors() {
		return nil, findings
	}
	return access(m, opts, "Deployer", func(g *generator) { g.deployer(d) })
}

// Worker returns the policy of whoever answers a machine: with the tokens that
// its callbacks give out, and for the activities that it names. On an Error
// finding, or where there is nothing to answer, the policy is nil.
func Worker(m *asl.StateMachine, opts Options) (*Access, source.List) {
	return access(m, opts, "Worker", (*generator).worker)
}

// isRoleARN reports whether a text is the ARN of one role, whose account may be
// open.
func isRoleARN(text string) bool {
	a, err := arn.Parse(text)
	return err == nil && a.Service == "iam" && strings.HasPrefix(a.Resource, "role/") && (arn.ValidAccount(a.Account) || hole.Has(a.Account)) && !strings.ContainsAny(text, "*?")
}

// check finds a deployment that cannot be meant.
func (d *Deployment) check() source.List {
	var list source.List
	bad := func(name, message, hint string) {
		list = append(list, source.Finding{Code: badContext, Severity: source.Error, Path: "/context/" + name, Message: message, Hint: hint})
	}
	if d.ExecutionRole != "" && !isReference(d.ExecutionRole) && !isRoleARN(d.ExecutionRole) {
		bad("executionRole", fmt.Sprintf("%q is not the ARN of a role", d.ExecutionRole), "write it as arn:aws:iam::123456789012:role/NAME")
	}
	for _, name := range d.Also {
		if !slices.Contains(DeploymentExtras(), name) {
			bad("also", fmt.Sprintf("nothing that a deployer does is called %q", name), "one of "+strings.Join(DeploymentExtras(), ", "))
		}
	}
	return list
}

// access makes a policy of the grants that fill gathers.
func access(m *asl.StateMachine, opts Options, who string, fill func(*generator)) (*Access, source.List) {
	if findings := opts.check(); findings.HasErrors() {
		return nil, findings
	}
	g := newGenerator(m, opts)
	g.untrusting = true
	fill(g)
	if g.findings.HasErrors() {
		return nil, g.findings.Sorted()
	}
	g.assumptions()
	grants := absorb(g.grants, g.broad)
	out := &Access{Policy: newPolicy(accessName(&opts, who), grants), Grants: grants}
	if g.verify(&Role{Policies: []Policy{out.Policy}}); g.findings.HasErrors() {
		return nil, g.findings.Sorted()
	}
	if size := policy.Size(out.Document); size > policyQuota {
		g.say("POLICY_TOO_LARGE", source.Warning,
			fmt.Sprintf("the policy holds %d characters; IAM takes %d for one managed policy", size, policyQuota),
			"split the statements over several policies, or the machine")
	}
	return out, g.findings.Sorted()
}

// policyQuota is how many characters a managed policy may hold, white space not
// counted. Source: IAM and STS quotas.
const policyQuota = 6144

// accessName names a policy after its machine, or after the machine's role
// where only that has a name.
func accessName(o *Options, who string) string {
	name := o.Name
	if name == "" {
		name = strings.TrimSuffix(o.RoleName, "Role")
	}
	return policyName(name, who)
}

func (g *generator) deployer(d Deployment) {
	role := literal(d.ExecutionRole)
	if role == "" {
		role = g.ownRole()
		g.say("EXECUTION_ROLE_ASSUMED", source.Suggestion, fmt.Sprintf("the machine is taken to run under %s, the role that writ generate names", hole.Print(role)),
			"give its ARN with --execution-role where it has another name; CloudFormation makes names of its own")
	}
	g.env = append(g.env, capture{name: "executionRole", value: role})
	g.call(call{row: &deployment})
	for i := range deploymentExtras {
		if slices.Contains(d.Also, deploymentExtras[i].name) {
			g.call(call{row: &deploymentExtras[i]})
		}
	}
	if g.opts.Logging {
		g.call(call{row: &loggingSetup})
	}
	if g.opts.KMSKey != "" {
		g.call(call{row: &keyForDeployer})
	}
}

// ownRole is the ARN of the role that Generate makes.
func (g *generator) ownRole() string {
	name, path := g.opts.RoleName, g.opts.Path
	if name == "" {
		name = RoleName(g.opts.Name)
	}
	if path == "" {
		path = "/"
	}
	role, _, _ := fill("arn:{partition}:iam::{account}:role", g.env)
	return role + literal(path+name)
}

func (g *generator) worker() {
	g.machine.Walk(func(s *asl.State) bool {
		if s.Task != nil {
			g.answer(s)
		}
		return true
	})
	if len(g.grants) == 0 && !g.findings.HasErrors() { // a policy without statements is none
		g.say("NOTHING_TO_ANSWER", source.Error, "the machine waits for no callback and names no activity, so there is nothing for a worker to answer",
			"a Task waits for a callback when its Resource ends in .waitForTaskToken; an activity is called by its ARN")
	}
}

// answer grants what answering one Task needs.
func (g *generator) answer(s *asl.State) {
	c, ok := g.resolve(s)
	switch {
	case !ok:
	case c.row.worker != nil:
		g.call(call{state: s, row: c.row.worker, args: c.args, span: c.span})
	case c.pattern == Callback:
		row := callbackWorker
		row.name = c.row.name
		g.call(call{state: s, row: &row, pattern: Callback, span: c.span})
	}
}
