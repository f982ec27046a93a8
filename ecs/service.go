package ecs

import (
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// Service is the part of a service that concerns access.
type Service struct {
	Name           string
	Cluster        Text // name or ARN; absent is "default"
	TaskDefinition Text // family, family:revision or ARN
	LaunchType     string
	Role           Text   // of old: the service role for load balancers
	Controller     string // ECS, CODE_DEPLOY or EXTERNAL; "" is ECS
	ExecuteCommand bool   // ECS Exec
	PropagateTags  bool
	File           *source.File
	Span           source.Span

	LoadBalancers []LoadBalancer
	Lattice       []Managed // VPC Lattice target groups
	TLS           []Managed // Service Connect with TLS
	Volumes       []Managed // managed EBS volumes
	Hooks         []Hook
	ConnectLogs   *Logs // of the Service Connect proxy
}

// Managed is something that ECS manages under a role.
type Managed struct {
	Role   Text // ARN of the role
	KMSKey Text // key that encrypts it; absent when it is AWS's
}

// LoadBalancer is a target group that tasks are put into.
type LoadBalancer struct {
	TargetGroup Text
	BlueGreen   bool // ECS moves traffic between two target groups, under Role
	Role        Text
}

// Hook is a function that ECS calls at a stage of a deployment.
type Hook struct {
	Target Text
	Role   Text
}

var serviceWrappers = []string{"service", "Properties"}

// serviceMarks are members that a cluster or a task definition does not have.
var serviceMarks = []string{"serviceName", "taskDefinition", "launchType", "enableExecuteCommand", "loadBalancers", "volumeConfigurations", "vpcLatticeConfigurations",
	"serviceConnectConfiguration", "deploymentConfiguration", "deploymentController"}

const badService = "BAD_SERVICE"

// ParseService reads a service in JSON: the input of CreateService, the answer
// of DescribeServices with one service, or the properties of AWS::ECS::Service.
func ParseService(file *source.File) (Service, source.List) {
	r, findings := open(file, badService)
	if r == nil {
		return Service{}, findings
	}
	body, _ := r.one(serviceWrappers, "services", "a service", serviceMarks)
	if body == nil {
		return Service{}, r.list.List()
	}
	s := Service{
		Name:           r.text(body, "serviceName").Value,
		Cluster:        r.text(body, "cluster"),
		TaskDefinition: r.text(body, "taskDefinition"),
		LaunchType:     r.text(body, "launchType").Value,
		Role:           r.role(body, "role"),
		ExecuteCommand: r.truth(body, "enableExecuteCommand"),
		File:           file,
		Span:           body.Span,
	}
	if s.Cluster.Value == "" {
		s.Cluster = r.text(body, "clusterArn")
	}
	if s.Role.Value == "" {
		if s.Role = r.role(body, "roleArn"); strings.Contains(s.Role.Value, "role/aws-service-role/") {
			s.Role = Text{} // DescribeServices tells the service-linked role
		}
	}
	if tags := r.text(body, "propagateTags").Value; tags != "" && tags != "NONE" {
		s.PropagateTags = true
	}
	if c := r.object(body, "deploymentController"); c != nil {
		s.Controller = r.text(c, "type").Value
	}
	r.each(body, "loadBalancers", func(v *jsontree.Value) { s.LoadBalancers = append(s.LoadBalancers, r.loadBalancer(v)) })
	if c := r.object(body, "deploymentConfiguration"); c != nil {
		r.each(c, "lifecycleHooks", func(v *jsontree.Value) {
			if r.text(v, "targetType").Value != "PAUSE" { // which waits for ContinueServiceDeployment and calls nothing
				s.Hooks = append(s.Hooks, Hook{r.text(v, "hookTargetArn"), r.role(v, "roleArn")})
			}
		})
	}
	for _, part := range r.withDeployment(body) {
		r.managed(&s, part)
	}
	return s, r.list.List()
}

// withDeployment returns the body and the deployment in it that is the primary
// one: DescribeServices tells there what CreateService takes at the top.
func (r *reader) withDeployment(body *jsontree.Value) []*jsontree.Value {
	parts := []*jsontree.Value{body}
	r.each(body, "deployments", func(v *jsontree.Value) {
		if r.text(v, "status").Value == "PRIMARY" {
			parts = append(parts, v)
		}
	})
	return parts
}

func (r *reader) loadBalancer(v *jsontree.Value) LoadBalancer {
	lb := LoadBalancer{TargetGroup: r.text(v, "targetGroupArn")}
	if a := r.object(v, "advancedConfiguration"); a != nil {
		lb.BlueGreen, lb.Role = true, r.role(a, "roleArn")
	}
	return lb
}

// managed reads what ECS manages for the tasks of a service.
func (r *reader) managed(s *Service, v *jsontree.Value) {
	r.each(v, "vpcLatticeConfigurations", func(l *jsontree.Value) {
		s.Lattice = append(s.Lattice, Managed{Role: r.role(l, "roleArn")})
	})
	r.each(v, "volumeConfigurations", func(c *jsontree.Value) {
		if ebs := r.object(c, "managedEBSVolume"); ebs != nil {
			s.Volumes = append(s.Volumes, Managed{r.role(ebs, "roleArn"), r.text(ebs, "kmsKeyId")})
		}
	})
	connect := r.object(v, "serviceConnectConfiguration")
	if connect == nil || !r.truth(connect, "enabled") {
		return
	}
	if logs := r.logs(connect); logs != nil {
		s.ConnectLogs = logs
	}
	r.each(connect, "services", func(c *jsontree.Value) {
		if tls := r.object(c, "tls"); tls != nil {
			s.TLS = append(s.TLS, Managed{r.role(tls, "roleArn"), r.text(tls, "kmsKey")})
		}
	})
}
