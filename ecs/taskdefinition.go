package ecs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// TaskDefinition is the part of a task definition that concerns access.
type TaskDefinition struct {
	Family        string
	TaskRole      string // name or ARN; assumed by the containers; "" when there is none
	ExecutionRole string // name or ARN; assumed by the ECS agent to pull images and send logs; "" when there is none
	Span          source.Span

	File            *source.File
	NetworkMode     string   // awsvpc, bridge, host or none; "" when not said, which is bridge on Linux instances
	Compatibilities []string // FARGATE, EC2, EXTERNAL, MANAGED_INSTANCES; empty when not said
	Windows         bool
	Containers      []Container
	Volumes         []Volume
}

// Container is one of the containers of a task.
type Container struct {
	Name             string
	Span             source.Span
	Path             string // JSON pointer
	Image            Text
	Credentials      Text // repositoryCredentials: the secret of a private registry
	Secrets          []Secret
	EnvironmentFiles []Text // ARNs of objects in S3
	CredentialSpecs  []Text // of gMSA, those in dockerSecurityOptions included
	RouterFiles      []Text // ARNs of objects in S3 that the init image of AWS for Fluent Bit fetches
	Logs             *Logs
	FireLens         *FireLens
	Mounts           []Mount
	Privileged       bool
}

// Secret is a value that the agent fetches: into the environment, or into the
// options of a log driver.
type Secret struct {
	Name string
	From Text
}

// Logs is a log configuration.
type Logs struct {
	Driver  Text // awslogs, awsfirelens, ...
	Options Options
	Secrets []Secret
}

// Option is one option of a log driver or a log router.
type Option struct {
	Name  string
	Value Text
}

// Options are options in the order written.
type Options []Option

// Get returns an option of one of the names; letter case does not count.
func (o Options) Get(names ...string) Text {
	for _, name := range names {
		for _, option := range o {
			if strings.EqualFold(option.Name, name) {
				return option.Value
			}
		}
	}
	return Text{}
}

// FireLens makes a container the log router of its task.
type FireLens struct {
	Type    string // fluentd or fluentbit
	Options Options
}

// Mount is a volume in a container.
type Mount struct {
	Volume   string
	ReadOnly bool
}

// Volume is a volume of a task. What it is depends on which pointer is set;
// with none it is on the host, or of a Docker driver.
type Volume struct {
	Name     string
	Span     source.Span
	Path     string
	AtLaunch bool // configured when the task is launched: a managed EBS volume
	EFS      *EFS
	FSx      *FSx
	Unknown  []string // configurations that this package does not know
}

// EFS is a file system of Amazon EFS.
type EFS struct {
	FileSystem  Text
	AccessPoint Text
	IAM         bool // the task role is asked for permission
}

// FSx is a file system of FSx for Windows File Server.
type FSx struct {
	FileSystem  Text
	Credentials Text // ARN of a secret or parameter
}

var taskDefinitionWrappers = []string{"taskDefinition", "Properties"}

const badTaskDefinition = "BAD_TASK_DEFINITION"

// ParseTaskDefinition reads a task definition in JSON: the input of
// RegisterTaskDefinition, the answer of DescribeTaskDefinition, or the
// properties of AWS::ECS::TaskDefinition.
func ParseTaskDefinition(file *source.File) (TaskDefinition, source.List) {
	r, findings := open(file, badTaskDefinition)
	if r == nil {
		return TaskDefinition{}, findings
	}
	body := unwrap(r.root, taskDefinitionWrappers)
	if !body.Is(jsontree.Object) {
		r.fail(r.code, r.root.Span, "a task definition is an object, not "+r.root.Kind.String())
		return TaskDefinition{}, r.list.List()
	}
	family := r.text(body, "family")
	td := TaskDefinition{
		Family:        family.Value,
		TaskRole:      r.role(body, "taskRoleArn").Value,
		ExecutionRole: r.role(body, "executionRoleArn").Value,
		Span:          body.Span,
		File:          file,
		NetworkMode:   r.text(body, "networkMode").Value,
	}
	switch {
	case td.Family == "":
		r.fail(r.code, body.Span, "the task definition names no family")
	case !validName(td.Family, "_-", 255):
		r.fail(r.code, family.Span, fmt.Sprintf("%q is not the name of a family: up to 255 letters, digits, - and _", source.Clip(td.Family, 200)))
	}
	for _, t := range r.texts(body, "requiresCompatibilities") {
		td.Compatibilities = append(td.Compatibilities, t.Value)
	}
	if p := r.object(body, "runtimePlatform"); p != nil {
		td.Windows = strings.HasPrefix(r.text(p, "operatingSystemFamily").Value, "WINDOWS")
	}
	r.each(body, "containerDefinitions", func(v *jsontree.Value) { td.Containers = append(td.Containers, r.container(v)) })
	r.each(body, "volumes", func(v *jsontree.Value) { td.Volumes = append(td.Volumes, r.volume(v)) })
	return td, r.list.List()
}

func (r *reader) container(v *jsontree.Value) Container {
	c := Container{
		Name:            r.text(v, "name").Value,
		Span:            v.Span,
		Path:            jsontree.Pointer(r.root, v.Span),
		Image:           r.text(v, "image"),
		Secrets:         r.secrets(v, "secrets"),
		CredentialSpecs: r.texts(v, "credentialSpecs"),
		RouterFiles:     r.routerFiles(v),
		Privileged:      r.truth(v, "privileged"),
		Logs:            r.logs(v),
	}
	if m := r.object(v, "repositoryCredentials"); m != nil {
		c.Credentials = r.text(m, "credentialsParameter")
	}
	r.each(v, "environmentFiles", func(f *jsontree.Value) {
		if t := r.text(f, "value"); t.Value != "" {
			c.EnvironmentFiles = append(c.EnvironmentFiles, t)
		}
	})
	if m := r.object(v, "firelensConfiguration"); m != nil {
		c.FireLens = &FireLens{Type: r.text(m, "type").Value, Options: r.options(m, "options")}
	}
	for _, t := range r.texts(v, "dockerSecurityOptions") {
		if strings.HasPrefix(t.Value, "credentialspec:") { // as before there was a member of its own
			c.CredentialSpecs = append(c.CredentialSpecs, t)
		}
	}
	r.each(v, "mountPoints", func(m *jsontree.Value) {
		c.Mounts = append(c.Mounts, Mount{r.text(m, "sourceVolume").Value, r.truth(m, "readOnly")})
	})
	return c
}

// routerFiles finds the variables that name configuration files in S3. Source:
// AWS for Fluent Bit, "Init process for Fluent Bit on ECS". Other variables are
// passed over, whatever they hold.
func (r *reader) routerFiles(v *jsontree.Value) (files []Text) {
	list := member(v, "environment")
	if !list.Is(jsontree.Array) {
		return nil
	}
	for i := range list.Items {
		item := &list.Items[i]
		if name := member(item, "name"); name.Is(jsontree.String) && strings.HasPrefix(name.Text, "aws_fluent_bit_init_s3_") {
			files = append(files, r.text(item, "value"))
		}
	}
	return files
}

// logs reads a log configuration, of a container or of Service Connect.
func (r *reader) logs(v *jsontree.Value) *Logs {
	m := r.object(v, "logConfiguration")
	if m == nil {
		return nil
	}
	return &Logs{Driver: r.text(m, "logDriver"), Options: r.options(m, "options"), Secrets: r.secrets(m, "secretOptions")}
}

func (r *reader) secrets(v *jsontree.Value, name string) []Secret {
	var out []Secret
	r.each(v, name, func(s *jsontree.Value) {
		one := Secret{r.text(s, "name").Value, r.text(s, "valueFrom")}
		if one.From.Value == "" {
			r.fail(r.code, s.Span, "the secret does not say valueFrom")
			return
		}
		out = append(out, one)
	})
	return out
}

// known are the members of a volume that need no permission of a role, or have
// a field of their own.
var knownVolumeMembers = []string{"name", "host", "dockerVolumeConfiguration", "configuredAtLaunch", "efsVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"}

func (r *reader) volume(v *jsontree.Value) Volume {
	out := Volume{Name: r.text(v, "name").Value, Span: v.Span, Path: jsontree.Pointer(r.root, v.Span), AtLaunch: r.truth(v, "configuredAtLaunch")}
	if m := r.object(v, "efsVolumeConfiguration"); m != nil {
		out.EFS = &EFS{FileSystem: r.text(m, "fileSystemId")}
		if a := r.object(m, "authorizationConfig"); a != nil {
			out.EFS.AccessPoint = r.text(a, "accessPointId")
			out.EFS.IAM = r.text(a, "iam").Value == "ENABLED"
		}
	}
	if m := r.object(v, "fsxWindowsFileServerVolumeConfiguration"); m != nil {
		out.FSx = &FSx{FileSystem: r.text(m, "fileSystemId")}
		if a := r.object(m, "authorizationConfig"); a != nil {
			out.FSx.Credentials = r.text(a, "credentialsParameter")
		}
	}
	for _, m := range v.Members {
		if m.Value.Kind != jsontree.Null && !slices.ContainsFunc(knownVolumeMembers, func(known string) bool { return strings.EqualFold(known, m.Name) }) {
			out.Unknown = append(out.Unknown, m.Name)
		}
	}
	return out
}
