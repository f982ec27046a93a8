package roles

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// taskCase is one task definition in an archive of testdata/ecs. Its sections
// are NAME/task, NAME/service, NAME/cluster, NAME/options, NAME/allows, NAME/denies (by hand)
// and NAME/roles (golden); the README in testdata describes them.
type taskCase struct {
	name     string
	sections map[string]string
	td       ecs.TaskDefinition
	svc      *ecs.Service
	opts     Options
	more     TaskOptions
	findings source.List // of the parsers
}

// taskCases returns the cases of an archive in their order.
func taskCases(t *testing.T, archive *txtar.Archive) []*taskCase {
	t.Helper()
	var cases []*taskCase
	for _, f := range archive.Files {
		name, section, ok := strings.Cut(f.Name, "/")
		if !ok {
			t.Fatalf("section %q has no case", f.Name)
		}
		if len(cases) == 0 || cases[len(cases)-1].name != name {
			cases = append(cases, &taskCase{name: name, sections: map[string]string{}})
		}
		cases[len(cases)-1].sections[section] = string(f.Data)
	}
	for _, c := range cases {
		c.read(t)
	}
	return cases
}

func (c *taskCase) read(t *testing.T) {
	t.Helper()
	c.td, c.findings = ecs.ParseTaskDefinition(source.NewFile("task", c.sections["task"]))
	if text, ok := c.sections["service"]; ok {
		svc, findings := ecs.ParseService(source.NewFile("service", text))
		c.svc, c.findings = &svc, append(c.findings, findings...)
	}
	if text, ok := c.sections["cluster"]; ok {
		cluster, findings := ecs.ParseCluster(source.NewFile("cluster", text))
		c.more.Configuration, c.findings = &cluster, append(c.findings, findings...)
	}
	c.opts = Options{Region: "eu-west-1", Account: "123456789012"}
	for line := range strings.Lines(c.sections["options"]) {
		flag, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch flag {
		case "--region":
			c.opts.Region = value
		case "--account":
			c.opts.Account = value
		case "--kms-key":
			c.opts.KMSKey = value
		case "--cluster":
			c.more.Cluster = value
		case "--trust":
			c.opts.Trust, _ = ParseTrust(value)
		case "--path":
			c.opts.Path = value
		case "--scheduled":
			c.more.Scheduled = true
		case "--propagate-tags":
			c.more.PropagateTags = true
		case "--pull-through-cache":
			c.more.PullThrough = strings.Split(value, ",")
		case "--execute-command":
			c.more.ExecuteCommand = true
		default:
			t.Fatalf("%s: unknown option %s", c.name, flag)
		}
	}
}

func (c *taskCase) generate() ([]TaskRoleFor, source.List) {
	if c.findings.HasErrors() {
		return nil, c.findings
	}
	return GenerateTask(&c.td, c.svc, c.opts, c.more)
}

func forTaskArchives(t *testing.T, do func(t *testing.T, path string, archive *txtar.Archive, cases []*taskCase)) {
	t.Helper()
	paths, err := filepath.Glob("testdata/ecs/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		do(t, path, archive, taskCases(t, archive))
	}
}

func TestTaskRoles(t *testing.T) {
	total := 0
	forTaskArchives(t, func(t *testing.T, path string, archive *txtar.Archive, cases []*taskCase) {
		for _, c := range cases {
			total++
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+c.name, func(t *testing.T) {
				roles, findings := c.generate()
				c.decide(t, roles)
				got := renderTask(roles, findings)
				if *update {
					setSection(archive, c.name+"/roles", got)
					return
				}
				if diff := cmp.Diff(c.sections["roles"], got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
	if total < 60 {
		t.Errorf("only %d cases", total)
	}
}

// setSection rewrites a golden section, or puts it behind the last of its case.
func setSection(archive *txtar.Archive, name, text string) {
	prefix := name[:strings.IndexByte(name, '/')+1]
	at := 0
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			archive.Files[i].Data = []byte(text)
			return
		}
		if strings.HasPrefix(archive.Files[i].Name, prefix) {
			at = i + 1
		}
	}
	archive.Files = slices.Insert(archive.Files, at, txtar.File{Name: name, Data: []byte(text)})
}

func renderTask(roles []TaskRoleFor, findings source.List) string {
	var b bytes.Buffer
	for _, r := range roles {
		fmt.Fprintf(&b, "%s %s%s trusts %s", r.Kind, r.Path, r.Name, r.Trust.Statements[0].Principal.Groups[0].Values.Values[0].Text)
		if c := r.Trust.Statements[0].Condition; c != nil {
			for _, block := range c.Blocks {
				for _, k := range block.Keys {
					fmt.Fprintf(&b, " %s=%s", k.Name, strings.Join(k.Values.Texts(), ","))
				}
			}
		}
		b.WriteString("\n")
		for _, arn := range r.ManagedPolicies {
			fmt.Fprintf(&b, "  %s\n", arn)
		}
		for _, g := range r.Grants {
			fmt.Fprintf(&b, "  %s %s", g.Action, g.Resource)
			for _, c := range g.Conditions {
				fmt.Fprintf(&b, " %s:%s=%s", c.Operator, c.Key, strings.Join(c.Values, ","))
			}
			fmt.Fprintf(&b, " %s %s [%s]\n", g.Purpose, g.Service, strings.Join(g.States, ", "))
		}
	}
	for _, f := range findings {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s %s %s", f.Severity, f.Code, f.Path), " ") + "\n")
	}
	return b.String()
}

// decide holds the roles against the requests that AWS authorizes. A line is
// ROLE: ACTION RESOURCE KEY=VALUE...
func (c *taskCase) decide(t *testing.T, roles []TaskRoleFor) {
	t.Helper()
	for section, want := range map[string]bool{"allows": true, "denies": false} {
		for line := range strings.Lines(c.sections[section]) {
			kind, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
			fields := strings.Fields(rest)
			if len(fields) < 2 {
				t.Fatalf("%s: %q", section, line)
			}
			request := authz.Request{Principal: "arn:aws:iam::123456789012:role/x", Action: fields[0], Resource: fields[1]}
			if a := strings.SplitN(fields[1], ":", 3); len(a) == 3 {
				request.Principal = "arn:" + a[1] + ":iam::123456789012:role/x"
			}
			for _, pair := range fields[2:] {
				key, value, _ := strings.Cut(pair, "=")
				request.Context = append(request.Context, authz.Entry{Key: key, Values: []string{value}})
			}
			if _, err := catalog.Default().Action(request.Action); err != nil {
				t.Errorf("%s: %v", section, err)
			}
			if got := allowsTask(t, roles, TaskRoleKind(kind), request); got != want {
				t.Errorf("%s: %s is allowed: %v", section, strings.TrimSpace(line), got)
			}
		}
	}
}

func allowsTask(t *testing.T, roles []TaskRoleFor, kind TaskRoleKind, request authz.Request) bool {
	t.Helper()
	for _, r := range roles {
		if r.Kind != kind {
			continue
		}
		var set authz.Set
		for _, p := range r.Policies {
			set.Identity = append(set.Identity, authz.Policy{Name: p.Name, Document: p.Document})
		}
		if a := strings.Split(request.Resource, ":"); len(a) > 5 && a[4] != "123456789012" || strings.HasPrefix(request.Action, "kms:") || strings.HasPrefix(request.Action, "sts:") {
			set.Resource = trusting()
		}
		engine, findings := authz.Compile(set)
		if findings.HasErrors() {
			t.Fatal(findings)
		}
		if engine.Decide(request).Result == authz.Allowed {
			return true
		}
	}
	return false
}

// The documents of the roles are sound, and name nothing but actions and
// resources that go together.
func TestTaskRolesAreSound(t *testing.T) {
	forTaskArchives(t, func(t *testing.T, _ string, _ *txtar.Archive, cases []*taskCase) {
		for _, c := range cases {
			roles, _ := c.generate()
			for _, r := range roles {
				for _, p := range r.Policies {
					if findings := policy.Validate(p.Document); len(findings) > 0 {
						t.Errorf("%s %s: %v", c.name, r.Kind, findings)
					}
				}
				if findings := policy.Validate(r.Trust); len(findings) > 0 || len(r.Name) > maxRoleName {
					t.Errorf("%s %s: trust policy: %v", c.name, r.Kind, findings)
				}
			}
		}
	})
}

// Every row of facts is used by some case, and has a source.
func TestTaskNeedsAreTested(t *testing.T) {
	used := map[string]bool{}
	forTaskArchives(t, func(t *testing.T, _ string, _ *txtar.Archive, cases []*taskCase) {
		for _, c := range cases {
			roles, _ := c.generate()
			for _, r := range roles {
				for _, g := range r.Grants {
					used[g.Service+" "+g.Action] = true
				}
			}
		}
	})
	for _, n := range taskNeeds {
		for action := range words(n.actions) {
			if !used[n.feature+" "+action] {
				t.Errorf("no case needs %s for %s", action, n.feature)
			}
			if _, err := catalog.Default().Action(action); err != nil {
				t.Error(err)
			}
		}
		if n.source == "" {
			t.Errorf("%s has no source", n.feature)
		}
	}
}

// A place that a template fills in is as good as one that is known.
func TestTaskRolesWithReferences(t *testing.T) {
	td, findings := ecs.ParseTaskDefinition(source.NewFile("td.json", `{"family": "web", "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "e",
		"containerDefinitions": [{"name": "app", "image": "nginx", "secrets": [{"name": "DB", "valueFrom": "/db/password"}],
		"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "ecs"}}}]}`))
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	var opts Options
	opts.LeaveOpen()
	roles, findings := GenerateTask(&td, nil, opts, TaskOptions{})
	if findings.HasErrors() || len(roles) != 1 {
		t.Fatalf("%v, %v", roles, findings)
	}
	text := hole.Print(roles[0].Policies[0].Document.String() + roles[0].Trust.String())
	for _, want := range []string{
		"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/db/password",
		"arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/web:log-stream:ecs/app/*",
		`"aws:SourceAccount":"${AWS::AccountId}"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

func FuzzGenerateTask(f *testing.F) {
	f.Add(`{"family": "web", "containerDefinitions": [{"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a", "secrets": [{"name": "A", "valueFrom": "a*"}]}]}`, `{"serviceName": "web"}`)
	f.Add(`{"family": "web", "volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1*", "authorizationConfig": {"iam": "ENABLED", "accessPointId": "${x}"}}}]}`,
		`{"serviceName": "w", "volumeConfigurations": [{"managedEBSVolume": {"roleArn": "r", "kmsKeyId": "alias/x"}}]}`)
	f.Fuzz(func(t *testing.T, task, service string) {
		td, findings := ecs.ParseTaskDefinition(source.NewFile("td", task))
		if findings.HasErrors() {
			return
		}
		svc, findings := ecs.ParseService(source.NewFile("svc", service))
		if findings.HasErrors() {
			return
		}
		roles, findings := GenerateTask(&td, &svc, Options{Region: "eu-west-1", Account: "123456789012", KMSKey: "arn:aws:kms:eu-west-1:123456789012:key/1"}, TaskOptions{Scheduled: true, ExecuteCommand: true})
		if findings.HasErrors() {
			for _, f := range findings {
				if f.Code == "ROLE_INCOMPLETE" {
					t.Fatalf("%v", f)
				}
			}
			return
		}
		for _, r := range roles {
			for _, p := range r.Policies {
				if findings := policy.Validate(p.Document); findings.HasErrors() {
					t.Fatalf("%s: %v\n%s", r.Kind, findings, p.Document)
				}
			}
		}
	})
}
