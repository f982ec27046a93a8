package roles

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

func accessCases(t testing.TB) []*goldenCase { return readCases(t, "testdata/access/*.txtar") }

// accesses are the policies of an archive, by the name of their section.
func (c *goldenCase) accesses() map[string]func(Style) (*Access, source.List) {
	return map[string]func(Style) (*Access, source.List){
		"deployer": func(s Style) (*Access, source.List) { return Deployer(c.machine, c.withStyle(s), c.deployment) },
		"worker":   func(s Style) (*Access, source.List) { return Worker(c.machine, c.withStyle(s)) },
	}
}

func TestGoldenAccess(t *testing.T) {
	for _, c := range accessCases(t) {
		t.Run(c.name, func(t *testing.T) {
			policies := c.accesses()
			c.compare(t, "deployer", c.renderAccess(policies["deployer"](Least)))
			c.compare(t, "worker", c.renderAccess(policies["worker"](Least)))
			c.compare(t, "worker (console)", c.renderAccess(policies["worker"](Console)))
			if *update {
				c.write(t)
			}
		})
	}
}

func (c *goldenCase) renderAccess(a *Access, findings source.List) string {
	if a == nil {
		return strings.Replace(c.render(nil, findings), "no role", "no policy", 1)
	}
	asRole := &Role{Path: "/", Grants: a.Grants, Policies: []Policy{a.Policy}, Trust: usualTrust()}
	return "policy " + a.Name + "\n" + c.render(asRole, findings)
}

// usualTrust is a trust policy that render does not print.
func usualTrust() *policy.Document {
	g := newGenerator(nil, Options{Name: "Machine", Region: "us-east-1", Account: "123456789012"})
	return g.trustPolicy()
}

// The sections are those of allows_test.go, by hand, and decided by authz.
func TestAccessAllowsWhatIsDone(t *testing.T) {
	asked := 0
	for _, c := range accessCases(t) {
		for section, build := range c.accesses() {
			a, findings := build(Least)
			for _, kind := range []string{"allows", "denies"} {
				for _, r := range c.requests(t, section+" "+kind) {
					if asked++; a == nil {
						t.Fatalf("%s: no policy of the %s: %v", c.name, section, findings)
					}
					if got := decide(t, a, r.action, r.resource, r.context); got != (kind == "allows") {
						t.Errorf("%s: the policy of the %s allows %q: %v", c.name, section, r.line, got)
					}
				}
			}
		}
	}
	if asked < 30 {
		t.Errorf("%d requests; the search is broken", asked)
	}
}

func decide(t *testing.T, a *Access, action, resource string, context map[string]string) bool {
	t.Helper()
	engine, findings := authz.Compile(authz.Set{Identity: []authz.Policy{{Name: a.Name, Document: a.Document}}, Resource: trusting()})
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	r := authz.Request{Principal: "arn:aws:iam::123456789012:role/somebody", Action: action, Resource: resource}
	if strings.HasPrefix(resource, "arn:aws-cn:") {
		r.Principal = "arn:aws-cn:iam::123456789012:role/somebody"
	}
	for key, value := range context {
		r.Context = append(r.Context, authz.Entry{Key: key, Values: []string{value}})
	}
	return engine.Decide(r).Result == authz.Allowed
}

// Whatever the machine is called and wherever it lives, its deployer may pass
// its role, and that to Step Functions only; and may do to it what deployers
// do, to no other machine, and nothing else that the catalogue knows.
func TestDeployerAllowsNothingElse(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m := parseMachine(t, `{"StartAt": "D", "States": {"D": {"Type": "Succeed"}}}`)
	for range 30 {
		opts := Options{Name: randomName(random), Account: "123456789012", Region: "us-east-1", Logging: random.IntN(2) == 0}
		d := Deployment{Also: pick(random, DeploymentExtras())}
		a, findings := Deployer(m, opts, d)
		if a == nil {
			t.Fatal(findings)
		}
		granted := map[string]bool{"iam:PassRole": true}
		for _, gr := range a.Grants {
			granted[gr.Action] = true
		}
		own := "arn:aws:states:us-east-1:123456789012:stateMachine:" + opts.Name
		for _, service := range []string{"states", "logs", "iam", "kms", "events", "xray"} {
			for _, action := range actionsOf(t, service) {
				if got := decide(t, a, action, own, nil); got != (granted[action] && service != "iam") {
					t.Errorf("%v: %s on the machine: %v", d.Also, action, got)
				}
				if service == "states" && decide(t, a, action, own+"2", nil) {
					t.Errorf("%s on another machine", action)
				}
			}
		}
		role := "arn:aws:iam::123456789012:role/" + RoleName(opts.Name)
		states := map[string]string{"iam:PassedToService": "states.amazonaws.com"}
		for _, c := range []struct {
			role    string
			context map[string]string
			want    bool
		}{
			{role, states, true},
			{role, nil, false},
			{role, map[string]string{"iam:PassedToService": "lambda.amazonaws.com"}, false},
			{role + "2", states, false},
			{"arn:aws:iam::123456789012:role/path/" + RoleName(opts.Name), states, false},
			{"arn:aws:iam::210987654321:role/" + RoleName(opts.Name), states, false},
		} {
			if got := decide(t, a, "iam:PassRole", c.role, c.context); got != c.want {
				t.Errorf("passing %s with %v: %v", c.role, c.context, got)
			}
		}
	}
}

// A worker may answer for what its machine names, and do nothing else.
func TestWorkerAllowsNothingElse(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	send := strings.Fields(sendTask)
	for range 30 {
		activities, waits := pick(random, []string{"pack", "ship", "bill"}), random.IntN(2) == 0
		a, findings := Worker(workerMachine(t, activities, waits), Options{Name: "Orders", Account: "123456789012", Region: "us-east-1"})
		if len(activities) == 0 && !waits {
			if a != nil || findings[0].Code != "NOTHING_TO_ANSWER" {
				t.Errorf("a machine that nobody answers: %v %v", a, findings)
			}
			continue
		}
		if a == nil {
			t.Fatal(findings)
		}
		for _, action := range actionsOf(t, "states") {
			for _, name := range []string{"pack", "ship", "bill", "other"} {
				want := slices.Contains(send, action) || slices.Contains(activities, name) && action == "states:GetActivityTask"
				if got := decide(t, a, action, "arn:aws:states:us-east-1:123456789012:activity:"+name, nil); got != want {
					t.Errorf("activities %v: %s on %s: %v", activities, action, name, got)
				}
			}
			want := slices.Contains(send, action) // on anything, as the reference has no resource for it
			if got := decide(t, a, action, "arn:aws:states:us-east-1:123456789012:stateMachine:Orders", nil); got != want {
				t.Errorf("waits %v: %s: %v", waits, action, got)
			}
		}
		if decide(t, a, "iam:PassRole", "arn:aws:iam::123456789012:role/OrdersRole", map[string]string{"iam:PassedToService": "states.amazonaws.com"}) {
			t.Error("a worker may pass a role")
		}
	}
}

// Both styles are for the same deployer.
func TestDeployerHasOneStyle(t *testing.T) {
	for _, c := range accessCases(t) {
		small, _ := Deployer(c.machine, c.withStyle(Least), c.deployment)
		large, _ := Deployer(c.machine, c.withStyle(Console), c.deployment)
		if small == nil || small.Document.String() != large.Document.String() {
			t.Errorf("%s: %v %v", c.name, small, large)
		}
	}
}

// Every action of the rows exists, and every row names its page.
func TestDeployFactsAreInTheCatalogue(t *testing.T) {
	rows := append([]integration{deployment, loggingSetup, keyForDeployer, callbackWorker, activityWorker}, deploymentExtras...)
	for _, row := range rows {
		for _, r := range row.rules {
			for action := range words(r.actions) {
				if _, err := catalog.Default().Action(action); err != nil {
					t.Errorf("%s: %v", row.name, err)
				}
			}
			if row.source == "" {
				t.Errorf("row %q names no page", row.name)
			}
		}
	}
}

func TestDeploymentThatCannotBeMeant(t *testing.T) {
	m := parseMachine(t, `{"StartAt": "D", "States": {"D": {"Type": "Succeed"}}}`)
	for _, d := range []Deployment{
		{ExecutionRole: "OrdersRole"},
		{ExecutionRole: "arn:aws:iam::123456789012:user/u"},
		{ExecutionRole: "arn:aws:iam::123456789012:role/*"},
		{ExecutionRole: "arn:aws:iam::1234:role/r"},
		{Also: []string{"tags", "everything"}},
	} {
		if a, findings := Deployer(m, here, d); a != nil || !BadOptions(findings) {
			t.Errorf("%+v: %v %v", d, a, findings)
		}
	}
}

func parseMachine(t testing.TB, text string) *asl.StateMachine {
	t.Helper()
	m, findings := asl.Parse(source.NewFile("machine.asl.json", text), asl.Options{})
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	return m
}

// workerMachine calls activities one after another, and may wait for a callback.
func workerMachine(t testing.TB, activities []string, waits bool) *asl.StateMachine {
	var states []string
	for _, name := range activities {
		states = append(states, fmt.Sprintf(`{"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:%s"`, name))
	}
	call := "arn:aws:states:::sqs:sendMessage"
	if waits {
		call += ".waitForTaskToken"
	}
	states = append(states, fmt.Sprintf(`{"Type": "Task", "Resource": %q, "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody": "x"}`, call))
	var b strings.Builder
	for i, s := range states {
		next := fmt.Sprintf(`, "Next": "S%d"}, `, i+1)
		if i == len(states)-1 {
			next = `, "End": true}`
		}
		fmt.Fprintf(&b, `"S%d": %s%s`, i, s, next)
	}
	return parseMachine(t, `{"StartAt": "S0", "States": {`+b.String()+`}}`)
}

func pick(random *rand.Rand, from []string) []string {
	var out []string
	for _, s := range from {
		if random.IntN(2) == 0 {
			out = append(out, s)
		}
	}
	return out
}

func randomName(random *rand.Rand) string {
	const letters = "abcdefXYZ019-_."
	b := make([]byte, 1+random.IntN(80))
	for i := range b {
		b[i] = letters[random.IntN(len(letters))]
	}
	return string(b)
}

// actionsOf lists the actions that the catalogue has for a service.
func actionsOf(t *testing.T, service string) []string {
	t.Helper()
	s, err := catalog.Default().Service(service)
	if err != nil || len(s.Actions) == 0 {
		t.Fatal(service, err)
	}
	var names []string
	for i := range s.Actions {
		names = append(names, s.Actions[i].FullName())
	}
	return names
}
