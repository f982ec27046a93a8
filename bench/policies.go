package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/catalog"
	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// policyCount is how many policies are checked.
const policyCount = 1200

// policies compares parsing and checking identity policies with a validator of
// their grammar.
func (c *config) policies() error {
	texts, err := identityPolicies(policyCount)
	if err != nil {
		return err
	}
	bytes := 0
	for _, text := range texts {
		bytes += len(text)
	}
	fmt.Printf("%d identity policies of %d bytes on average, processor time of one process\n\n", len(texts), bytes/len(texts))
	peer, peerErr := c.iamPolicy(texts)
	if peerErr != nil {
		fmt.Printf("@cloud-copilot/iam-policy was NOT MEASURED: %v\n\n", peerErr)
	} else {
		fmt.Printf("peer: @cloud-copilot/iam-policy on %s; %d findings\n\n", peer.Engine, peer.Findings)
	}
	fmt.Println("| | policies a second | a policy | peer/Writ | findings |\n|---|---:|---:|---:|---:|")
	for _, row := range []struct {
		name string
		look func(text string) (int, error)
	}{
		{"parse, with positions and findings of the grammar", parseOne},
		{"all rules, with the catalogue", checking()},
	} {
		findings := 0
		d, err := cost(func() error {
			findings = 0
			for _, text := range texts {
				n, err := row.look(text)
				if err != nil {
					return err
				}
				findings += n
			}
			return nil
		})
		if err != nil {
			return err
		}
		printPolicyRow(row.name, d, peer, peerErr, findings)
	}
	if peerErr == nil {
		printPolicyRow("the peer: JSON.parse and its grammar", time.Duration(peer.Cost), peer, nil, peer.Findings)
	}
	return nil
}

func printPolicyRow(name string, all time.Duration, peer policyPeer, peerErr error, findings int) {
	ratio := ""
	if peerErr == nil {
		ratio = fmt.Sprintf("%.2f", peer.Cost/float64(all))
	}
	fmt.Printf("| %s | %.0f | %s | %s | %d |\n", name, policyCount/all.Seconds(), microseconds(all/policyCount), ratio, findings)
}

func parseOne(text string) (int, error) {
	_, findings := policy.ParseString("policy.json", text)
	return len(findings), nil
}

// checking returns a check that remembers what it asked of the catalogue, as the
// command does.
func checking() func(text string) (int, error) {
	options := check.Options{Kind: check.Identity, Memory: new(check.Memory)}
	return func(text string) (int, error) {
		result, err := check.File(source.NewFile("policy.json", text), options)
		return len(result.Findings), err
	}
}

// policyPeer is what peers/iampolicy/measure.js prints; the cost is of all
// policies, in ns.
type policyPeer struct {
	Engine   string
	Cost     float64
	Findings int
}

func (c *config) iamPolicy(texts []string) (policyPeer, error) {
	var out policyPeer
	if c.iampolicy == "" {
		return out, errors.New("install it outside of this repository, and name its directory with -iam-policy")
	}
	data, err := json.Marshal(texts)
	if err != nil {
		return out, err
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "policies.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		return out, err
	}
	printed, err := exec.Command("node", filepath.Join(c.peers, "iampolicy", "measure.js"), c.iampolicy, name).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return out, fmt.Errorf("%w: %s", err, exit.Stderr)
	} else if err != nil {
		return out, err
	}
	return out, json.Unmarshal(printed, &out)
}

// identityPolicies makes policies such as people write: some statements, each
// about one service and with actions that it has, resources by name or with a
// wildcard, now and then a condition, a Deny or a misspelt action. Their sizes go
// from a few hundred bytes to several thousand.
func identityPolicies(n int) ([]string, error) {
	random := rand.New(rand.NewPCG(1, 2))
	prefixes := []string{"s3", "ec2", "ecs", "ecr", "iam", "kms", "lambda", "logs", "sns", "sqs", "dynamodb", "states", "events", "rds", "ssm", "secretsmanager"}
	var services []*catalog.Service
	for _, prefix := range prefixes {
		s, err := catalog.Default().Service(prefix)
		if err != nil {
			return nil, err
		}
		services = append(services, s)
	}
	texts := make([]string, n)
	for i := range texts {
		doc := policy.Document{Version: policy.Version2012}
		for j := range 1 + random.IntN(3+i%10) {
			doc.Statements = append(doc.Statements, someStatement(random, services[random.IntN(len(services))], j))
		}
		texts[i] = string(policy.Print(&doc, "  "))
	}
	return texts, nil
}

func someStatement(random *rand.Rand, service *catalog.Service, number int) policy.Statement {
	s := policy.Statement{Sid: fmt.Sprintf("%s%d", strings.ToUpper(service.Prefix[:1])+service.Prefix[1:], number), Effect: policy.Allow}
	about := service.Types[random.IntN(len(service.Types))]
	actions := actionsAbout(service, about.Name)
	random.Shuffle(len(actions), func(i, j int) { actions[i], actions[j] = actions[j], actions[i] })
	actions = actions[:min(len(actions), 1+random.IntN(12))]
	switch random.IntN(20) {
	case 0:
		actions[0] += "x"
	case 1:
		actions = append(actions, service.Prefix+":Describe*")
	case 2:
		s.Effect = policy.Deny
	}
	s.Action = policy.Strings(actions...)
	var resources []string
	for range 1 + random.IntN(3) {
		resources = append(resources, filledFormat(random, about.Formats[0]))
	}
	if random.IntN(6) == 0 {
		resources = []string{"*"}
	}
	s.Resource = policy.Strings(resources...)
	if random.IntN(4) == 0 {
		s.Condition = policy.Where("StringEquals", "aws:RequestedRegion", "eu-west-1", "eu-central-1")
	}
	return s
}

// actionsAbout returns the actions of a service that are about a type of resources.
func actionsAbout(service *catalog.Service, name string) []string {
	var names []string
	for _, a := range service.Actions {
		if slices.ContainsFunc(a.Types, func(t catalog.TypeOfAction) bool { return t.Name == name }) {
			names = append(names, a.FullName())
		}
	}
	if len(names) == 0 {
		names = []string{service.Actions[0].FullName()}
	}
	return names
}

// filledFormat fills the placeholders of an ARN.
func filledFormat(random *rand.Rand, format string) string {
	values := map[string]string{"Partition": "aws", "Region": "eu-west-1", "Account": "123456789012"}
	return arn.Fill(format, func(name string) string {
		switch value, fixed := values[name]; {
		case fixed:
			return value
		case random.IntN(4) == 0:
			return "*"
		}
		return fmt.Sprintf("orders-%d", random.IntN(1000))
	})
}
