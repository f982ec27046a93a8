package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// The workloads are made from seeds, so that every run has the same.
//
//	W1         the three policies of Amazon ECS that testdata/w1.json holds: AmazonECS_FullAccess,
//	           the example policy for one cluster, the role of scheduled tasks
//	W2         one principal of a large organization: ten policies in the shape and size of AWS managed
//	           policies (their texts are not used), a boundary, three levels of service control policies
//	W3-N       N statements on distinct resources, a hundred to a policy
//	W4-pN      an access matrix of N principals and a thousand pairs; W4 has a thousand principals
var workloadNames = []string{"W1", "W2", "W3-100", "W3-1000", "W3-10000", "W3-100000", "W4-p10", "W4-p100", "W4", "W4-p10000"}

const account = "123456789012"

func makeWorkload(name string) (*workload, error) {
	var n int
	switch {
	case name == "W1":
		return makeW1()
	case name == "W2":
		return makeW2(), nil
	case name == "W4":
		return makeW4(name, 1000), nil
	}
	if _, err := fmt.Sscanf(name, "W3-%d", &n); err == nil {
		return makeW3(name, n), nil
	}
	if _, err := fmt.Sscanf(name, "W4-p%d", &n); err == nil {
		return makeW4(name, n), nil
	}
	return nil, fmt.Errorf("there is no workload %q; there are %s", name, strings.Join(workloadNames, ", "))
}

type maker struct {
	*rand.Rand
	w *workload
}

func newMaker(name string, seed uint64) maker {
	return maker{rand.New(rand.NewPCG(seed, seed)), &workload{Schema: "writ-bench/1", Name: name, Seed: seed}}
}

func pick[T any](m maker, list []T) T { return list[m.IntN(len(list))] }

// document is a policy as it is written; fields in the order of the
// documentation.
type document struct {
	Version   string
	Statement []written
}

type written struct {
	Effect    string
	Action    []string                       `json:",omitempty"`
	NotAction []string                       `json:",omitempty"`
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

func (m maker) add(name string, statements ...written) int {
	text, err := json.Marshal(document{"2012-10-17", statements})
	if err != nil {
		panic(err) // the documents are made of strings
	}
	m.w.Policies = append(m.w.Policies, namedPolicy{name, text})
	return len(m.w.Policies) - 1
}

func on(resources ...string) []string { return resources }

func where(operator, key string, values ...string) map[string]map[string][]string {
	return map[string]map[string][]string{operator: {key: values}}
}

func (m maker) role(id string, identity []int) principal {
	return principal{ID: id, ARN: "arn:aws:iam::" + account + ":role/" + id, Account: account, Identity: identity, SCPs: [][]int{}}
}

//go:embed testdata/w1.json
var w1Policies []byte

func makeW1() (*workload, error) {
	m := newMaker("W1", 1)
	if err := json.Unmarshal(w1Policies, &m.w.Policies); err != nil {
		return nil, err
	}
	m.w.Principals = []principal{m.role("w1", []int{0, 1, 2})}
	const ecs, ec2, iam = "arn:aws:ecs:us-east-1:123456789012:", "arn:aws:ec2:us-east-1:123456789012:", "arn:aws:iam::123456789012:"
	clusters := []string{"default", "web", "batch"}
	services := []string{"ecs-tasks.amazonaws.com", "ec2.amazonaws.com", "application-autoscaling.amazonaws.com", "lambda.amazonaws.com"}
	for range 1000 {
		var q question
		set := func(action, resource string, pairs ...string) {
			q.Action, q.Resource = action, resource
			if len(pairs) > 0 {
				q.Context = map[string][]string{pairs[0]: {pairs[1]}}
			}
		}
		switch n := m.IntN(100); {
		case n < 30:
			cluster := pick(m, clusters)
			switch m.IntN(4) {
			case 0:
				set("ecs:RunTask", fmt.Sprintf("%stask-definition/app%d:%d", ecs, m.IntN(20), m.IntN(9)), "ecs:cluster", ecs+"cluster/"+cluster)
			case 1:
				set(pick(m, []string{"ecs:StopTask", "ecs:DescribeTasks"}), fmt.Sprintf("%stask/%s/%08x", ecs, cluster, m.Uint32()), "ecs:cluster", ecs+"cluster/"+cluster)
			case 2:
				set(pick(m, []string{"ecs:DeleteCluster", "ecs:RegisterContainerInstance", "ecs:DescribeClusters"}), ecs+"cluster/"+cluster)
			default:
				set(pick(m, []string{"ecs:ListClusters", "ecs:CreateCluster", "ecs:RegisterTaskDefinition"}), "*")
			}
		case n < 55:
			switch m.IntN(3) {
			case 0:
				role := pick(m, []string{"app", "ecsInstanceRole", "ecsAutoscaleRole-eu", "admin"})
				set("iam:PassRole", iam+"role/"+role, "iam:PassedToService", pick(m, services))
			case 1:
				set(pick(m, []string{"iam:GetRole", "iam:CreateRole", "iam:DeleteRole", "iam:AttachRolePolicy", "iam:ListAttachedRolePolicies"}), fmt.Sprintf("%srole/r%d", iam, m.IntN(50)))
			default:
				set("iam:CreateServiceLinkedRole", "*", "iam:AWSServiceName", pick(m, []string{"ecs.amazonaws.com", "spot.amazonaws.com", "rds.amazonaws.com"}))
			}
		case n < 85:
			switch m.IntN(3) {
			case 0:
				set(pick(m, []string{"ec2:DeleteSecurityGroup", "ec2:DeleteRouteTable", "ec2:DeleteRoute"}), fmt.Sprintf("%ssecurity-group/sg-%08x", ec2, m.Uint32()),
					"ec2:ResourceTag/aws:cloudformation:stack-name", pick(m, []string{"EC2ContainerService-web", "network"}))
			case 1:
				set(pick(m, []string{"ec2:DescribeInstances", "ec2:DescribeVpcs", "ec2:DescribeSubnets"}), "*")
			default:
				set(pick(m, []string{"ec2:RunInstances", "ec2:TerminateInstances", "ec2:CreateTags", "ec2:StopInstances"}), fmt.Sprintf("%sinstance/i-%08x", ec2, m.Uint32()))
			}
		default:
			set(pick(m, []string{"s3:GetObject", "s3:PutObject", "dynamodb:GetItem", "logs:CreateLogGroup", "ssm:GetParameters", "cloudwatch:PutMetricAlarm", "sns:ListTopics"}),
				pick(m, []string{"arn:aws:s3:::bucket/key", "arn:aws:ssm:us-east-1::parameter/aws/service/ecs/optimized-ami", "arn:aws:logs:us-east-1:123456789012:log-group:app"}))
		}
		m.w.Requests = append(m.w.Requests, q)
	}
	return m.w, nil
}

// The synthetic services have actions of six verbs and five nouns.
var (
	verbs = []string{"Describe", "Get", "List", "Create", "Delete", "Update"}
	nouns = []string{"Thing", "Policy", "Version", "Queue", "Tag"}
)

func service(i int) string { return fmt.Sprintf("svc%03d", i) }

func (m maker) action(service string) string { return service + ":" + pick(m, verbs) + pick(m, nouns) }

func arnOf(service string) string { return "arn:aws:" + service + ":us-east-1:" + account + ":" }

func makeW2() *workload {
	m := newMaker("W2", 2)
	const services = 200
	each := func(from, to int, suffixes ...string) []string {
		var out []string
		for i := from; i < to; i++ {
			for _, s := range suffixes {
				out = append(out, service(i)+":"+s)
			}
		}
		return out
	}
	fullAccess := func(name string, first int) int {
		s := []written{{Effect: "Allow", Action: each(first, first+12, "*"), Resource: on("*")}}
		for i := range 5 {
			s = append(s, written{Effect: "Allow", Action: each(first+20+i, first+21+i, "*"), Resource: on(arnOf(service(first+20+i)) + "thing/*"),
				Condition: where("StringLike", "iam:PassedToService", service(first)+".amazonaws.com")})
		}
		return m.add(name, s...)
	}
	var single []string
	for i := range services {
		for range 3 {
			single = append(single, m.action(service(i)))
		}
	}
	identity := []int{
		m.add("read-only", written{Effect: "Allow", Action: each(0, 190, "Describe*", "Get*", "List*"), Resource: on("*")}),
		m.add("security-audit", written{Effect: "Allow", Action: single, Resource: on("*")},
			written{Effect: "Allow", Action: each(0, 20, "GetPolicy"), Resource: on("arn:aws:svc000:*", "arn:aws:svc001:*")}),
		m.add("power-user", written{Effect: "Allow", NotAction: each(0, 3, "*"), Resource: on("*")},
			written{Effect: "Allow", Action: each(0, 3, "List*"), Resource: on("*")}),
	}
	for i := range 7 {
		identity = append(identity, fullAccess(fmt.Sprintf("full-access-%d", i), 3+i*25))
	}
	boundary := m.add("boundary", written{Effect: "Allow", Action: each(0, 140, "*"), Resource: on("*")},
		written{Effect: "Allow", Action: each(140, 200, "Get*"), Resource: on("*")})
	full := m.add("full-aws-access", written{Effect: "Allow", Action: on("*"), Resource: on("*")})
	var denies []written
	for i := range 12 {
		denies = append(denies, written{Effect: "Deny", Action: each(i*16, i*16+2, "*"), Resource: on("*")})
	}
	services1 := m.add("deny-services", denies...)
	region := m.add("deny-regions", written{Effect: "Deny", NotAction: each(0, 10, "*"), Resource: on("*"), Condition: where("StringNotEquals", "aws:RequestedRegion", "us-east-1", "eu-west-1")})
	last := m.add("full-of-account", written{Effect: "Allow", Action: on("*"), Resource: on("*")},
		written{Effect: "Deny", Action: each(0, 200, "DeletePolicy"), Resource: on("*")})
	p := m.role("w2", identity)
	p.Boundary, p.SCPs = &boundary, [][]int{{full, services1}, {full, region}, {last}}
	m.w.Principals = []principal{p}
	for range 10_000 {
		s := service(m.IntN(services))
		q := question{Action: m.action(s), Resource: fmt.Sprintf("%sthing/t%d", arnOf(s), m.IntN(1000)), Context: map[string][]string{
			"aws:RequestedRegion": {pick(m, []string{"us-east-1", "us-east-1", "us-east-1", "us-east-1", "us-east-1", "us-east-1", "us-east-1", "us-east-1", "us-east-1", "ap-south-1"})},
			"iam:PassedToService": {s + ".amazonaws.com"}}}
		m.w.Requests = append(m.w.Requests, q)
	}
	return m.w
}

func makeW3(name string, n int) *workload {
	m := newMaker(name, 3)
	const services = 40
	all := make([]written, n)
	for i := range all {
		s := service(m.IntN(services))
		st := written{Effect: "Allow", Resource: on(fmt.Sprintf("%sthing/t%d/*", arnOf(s), i))}
		for range 1 + m.IntN(3) {
			st.Action = append(st.Action, m.action(s))
		}
		if m.IntN(5) == 0 {
			st.Action = []string{s + ":" + pick(m, verbs) + "*"}
		}
		if m.IntN(20) == 0 {
			st.Effect = "Deny"
		}
		if m.IntN(10) == 0 {
			st.Condition = where("StringEquals", "aws:ResourceTag/team", pick(m, []string{"red", "blue"}))
		}
		all[i] = st
	}
	var identity []int
	for chunk := range slices.Chunk(all, 100) {
		identity = append(identity, m.add(fmt.Sprintf("p%d", len(identity)), chunk...))
	}
	m.w.Principals = []principal{m.role("w3", identity)}
	for range 10_000 {
		i := m.IntN(n)
		st := all[i]
		action := strings.ReplaceAll(pick(m, st.Action), "*", pick(m, nouns))
		resource := strings.TrimSuffix(st.Resource[0], "*") + fmt.Sprintf("object%d", m.IntN(1000))
		switch m.IntN(10) {
		case 0, 1: // another action of the service
			action = m.action(action[:strings.IndexByte(action, ':')])
		case 2, 3: // another resource
			resource = fmt.Sprintf("%sthing/x%d/object", arnOf(action[:strings.IndexByte(action, ':')]), i)
		}
		m.w.Requests = append(m.w.Requests, question{Action: action, Resource: resource,
			Context: map[string][]string{"aws:ResourceTag/team": {pick(m, []string{"red", "blue"})}}})
	}
	return m.w
}

func makeW4(name string, principals int) *workload {
	m := newMaker(name, 4)
	const services = 60
	var managed, shared []int
	for i := range 12 {
		s := written{Effect: "Allow", Resource: on("*")}
		for j := range 30 {
			if i%3 == 0 {
				s.Action = append(s.Action, service((i*5+j)%services)+":List*")
			} else {
				s.Action = append(s.Action, m.action(service((i*5+j)%services)))
			}
		}
		managed = append(managed, m.add(fmt.Sprintf("managed%d", i), s))
	}
	for i := range 200 {
		s := service(m.IntN(services))
		shared = append(shared, m.add(fmt.Sprintf("shared%d", i),
			written{Effect: "Allow", Action: on(s+":"+pick(m, verbs)+"*", m.action(s)), Resource: on(fmt.Sprintf("%sthing/t%d*", arnOf(s), m.IntN(10)))},
			written{Effect: "Deny", Action: on(s + ":DeletePolicy"), Resource: on("*")}))
	}
	for i := range principals {
		s := service(m.IntN(services))
		identity := []int{m.add(fmt.Sprintf("inline%d", i), written{Effect: "Allow", Action: on(s + ":*"), Resource: on(fmt.Sprintf("%sthing/t%d", arnOf(s), i%1000))})}
		for range 1 + m.IntN(5) {
			list := shared
			if m.IntN(4) == 0 {
				list = managed
			}
			if p := pick(m, list); !slices.Contains(identity, p) {
				identity = append(identity, p)
			}
		}
		m.w.Principals = append(m.w.Principals, m.role(fmt.Sprintf("r%d", i), identity))
	}
	m.w.Matrix = new(matrix)
	for range 1000 {
		s := service(m.IntN(services))
		m.w.Matrix.Pairs = append(m.w.Matrix.Pairs, question{Action: m.action(s), Resource: fmt.Sprintf("%sthing/t%d", arnOf(s), m.IntN(1000))})
	}
	return m.w
}
