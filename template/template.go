// Package template reads what infrastructure templates say about access: the
// state machines, roles and policies in CloudFormation and SAM templates, in
// Terraform plans and files, and in the assemblies of the CDK.
//
// What a template leaves open (an account, a parameter without a value, the
// name of a resource that AWS will choose) is a hole: a name inside a text, see
// package internal/hole. Holes with the same name are the same value. The ARN of
// a resource is a text over such holes, so that a resource is the same text
// however a template refers to it.
//
// Nothing is passed over in silence. What cannot be read is a finding with its
// position, and what owns it is marked Incomplete: it may grant or deny more
// than is shown, and a command that needs it can only answer "undecided".
package template

import (
	"strings"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// Format is the language that a template is written in.
type Format uint8

// The formats. Unknown is a text that is none of the others.
const (
	Unknown Format = iota
	CloudFormation
	SAM
	CDKAssembly
	TerraformPlan
	TerraformHCL
)

var formatNames = [...]string{"unknown", "CloudFormation", "SAM", "CDK assembly", "Terraform plan", "Terraform"}

// String names the format for people.
func (f Format) String() string { return formatNames[f] }

// Options give values that stand outside of the template, and the files that it
// names. The zero Options leave all of them open.
type Options struct {
	// Parameters are the values of parameters (variables, in Terraform) by name.
	// They go before the defaults that the template gives.
	Parameters map[string]string
	// IgnoreDefaults leaves parameters open that have nothing but a default, and in
	// Terraform variables whose value in a default or in terraform.tfvars is a text,
	// a number or a truth value: what is written back into a template has to suit
	// other values too.
	IgnoreDefaults bool
	Region         string // such as eu-west-1
	Account        string // 12 digits
	Partition      string // such as aws; taken from Region where it is empty
	StackName      string
	// Open returns a file that the template names: a definition, a nested stack, a
	// template of an assembly. Names have slashes, are relative to the directory
	// of the file that was read first, and never lead out of it. Without Open such
	// files stay unread, which is a finding.
	Open func(name string) ([]byte, error)
	// List returns the names of the files in a directory, which is named as for
	// Open ("." for that of the first file). With it a file of Terraform is read
	// with the others of its module, and the modules below it are.
	List func(dir string) ([]string, error)
}

// Template is what was read. Its lists are in the order of the text.
type Template struct {
	Format     Format
	File       *source.File // the file that was read first; others stand in Place.File
	Machines   []Machine
	Roles      []Role
	Policies   []Policy
	Tasks      []Task
	Principals []Principal
	Attached   []Attachment
	Holes      map[string]Hole // by name
	Incomplete bool            // there may be machines, roles or policies that were not read

	stacks    []*stack   // of CloudFormation, for Write
	terraform *terraform // for Write
}

// Place is where something stands.
type Place struct {
	File    *source.File
	Span    source.Span // of the resource or of the part of it, name not included
	Pointer string      // JSON pointer (RFC 6901) of it; the address of the resource in Terraform
	Stack   string      // "" for the top; Nested or A/B for nested stacks, Stack or Stack/Nested in assemblies
	Name    string      // logical name of the resource; its address in Terraform
	Type    string      // type of the resource, such as AWS::IAM::Role or aws_iam_role
	When    When        // what has to be so for it to exist
	// Incomplete says that a part of it could not be read; a finding says which.
	Incomplete bool
}

// ID names the resource among all that were read.
func (p *Place) ID() string {
	if p.Stack == "" {
		return p.Name
	}
	return p.Stack + "/" + p.Name
}

// When is a set of assumptions about conditions that the template leaves
// undecided; all have to be so. An empty When is always so.
type When []Assumption

// Assumption is one outcome of a condition.
type Assumption struct {
	Condition string
	Holds     bool
}

// String returns the assumptions for people: "IsProd and not HasLogs".
func (w When) String() string {
	var b strings.Builder
	for i, a := range w {
		if i > 0 {
			b.WriteString(" and ")
		}
		if !a.Holds {
			b.WriteString("not ")
		}
		b.WriteString(a.Condition)
	}
	return b.String()
}

// Switch is something that is on, off, or not known to be either.
type Switch uint8

// The states of a Switch.
const (
	Off Switch = iota
	On
	Undecided
)

// String returns off, on or undecided.
func (s Switch) String() string { return [...]string{"off", "on", "undecided"}[s] }

// Machine is a Step Functions state machine. Texts may have holes.
type Machine struct {
	Place
	ARN        string
	Physical   string            // its name
	Kind       string            // STANDARD or EXPRESS
	Definition *asl.StateMachine // nil where there is none that can be read
	Role       Reference
	Tracing    Switch
	Logging    Switch
	KMSKey     string // as given: key ID, alias or ARN; "" for a key that AWS owns
}

// Reference is how one thing names another.
type Reference struct {
	Text string // as given, a name or an ARN with holes; "" where there is none
	ID   string // Place.ID of what is meant, where that was read too; "" otherwise
	Kind string // type of what is meant, for what can be of several; "" otherwise
	Span source.Span
	When When // what has to be so for the reference to exist
}

// Role is an IAM role.
type Role struct {
	Place
	ARN      string
	Physical string // its name
	Named    bool   // the template gives it; otherwise it is made up at deployment
	Prefix   string // Terraform: what a name that is made up begins with, where the template says so
	Path     string
	Trust    int         // index into Template.Policies; -1 where there is none that can be read
	Inline   []int       // indexes into Template.Policies
	Managed  []Reference // attached policies; ID is that of the policy in this template
	Boundary Reference
	Implied  bool // not written: SAM makes it for a function or a machine
}

// Principal is an IAM user, a group, or a permission set of IAM Identity Center,
// with policies. A permission set names policies of the accounts that it is used
// in by path and name.
type Principal struct {
	Place
	ARN      string
	Physical string
	Groups   []Reference // of a user
	Inline   []int       // indexes into Template.Policies
	Managed  []Reference
	Boundary Reference
}

// Attachment attaches a managed policy to a role, a user, a group or a permission
// set that is not in the template. Those that are have it in Managed or Boundary.
type Attachment struct {
	Place
	Target, Policy Reference
	Bounds         bool // the policy is the permissions boundary
}

// Kind says what a policy document is attached to, which decides how it counts.
type Kind uint8

// The kinds of policies.
const (
	Identity  Kind = iota // of a user, group or role, inline or managed
	Trust                 // who may assume a role
	Resource              // attached to a resource
	Endpoint              // of a VPC endpoint
	SCP                   // service control policy
	RCP                   // resource control policy
	Session               // limits what a session of a role may do
	OtherKind             // a document of another meaning, see Place.Type
)

var kindNames = [...]string{"identity", "trust", "resource", "endpoint", "SCP", "RCP", "session", "other"}

// String names the kind.
func (k Kind) String() string { return kindNames[k] }

// Policy is one policy document. Its texts may have holes.
type Policy struct {
	Place
	Kind     Kind
	Managed  bool             // AWS::IAM::ManagedPolicy: a policy of its own, with an ARN
	Made     bool             // not written: SAM makes it
	ARN      string           // of a managed policy
	Physical string           // the policy's name; "" where it has none
	Document *policy.Document // nil where it cannot be read
	// Cases says for each statement of Document what has to be so for it to
	// count. A statement that a condition changes stands once for each outcome.
	Cases    []When
	Resource string // of resource policies: the type of the resource, such as AWS::S3::Bucket
	Targets  []Reference
}

// Task is an ECS task definition.
type Task struct {
	Place
	ecs.TaskDefinition
	Task, Execution Reference // the roles
}

// Hole is what is known of a value that is not.
type Hole struct {
	Name string
	// Why says what the value is: "parameter", "pseudo parameter", "name of
	// AWS::SQS::Queue", "condition", ...
	Why string
	// Alternatives are all values that it can have, where that is known. They may
	// have holes themselves. Those of a condition come as it holds and as not.
	Alternatives []string
	// Pattern matches every value that it can have, with * and ?; "" for no bound.
	Pattern string
	Secret  bool // the template asks that the value be not shown

	list  bool // it is a list of texts
	plain bool // it holds none of the characters that delimit: :/,;| and space
}
