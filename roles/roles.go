// Package roles works out the IAM role that a Step Functions state machine
// needs: which calls it makes, on what, and why.
//
// Generate walks the machine, looks up what each Task names in tables of facts
// (integrations_*.go, features.go) and turns it into grants. Grants become the
// statements of a role; what cannot be known becomes a finding, never a gap.
package roles

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/dataflow"
	"github.com/writ-iam/writ/ecs"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// MachineType is the type of a state machine.
type MachineType string

const (
	Standard MachineType = "STANDARD"
	Express  MachineType = "EXPRESS"
)

// Options say what the definition does not: where the machine lives and how it
// is set up. The zero value is a standard machine of unknown name and account.
type Options struct {
	Style Style

	Name      string // of the state machine
	Partition string // "" follows from Region, else "aws"
	Region    string // "" leaves the Region of ARNs open
	Account   string // 12 digits; "" leaves the account of ARNs open
	Type      MachineType

	Tracing bool
	Logging bool
	KMSKey  string // ARN of the customer managed key that encrypts the machine
	Redrive bool   // executions are redriven, and with them map runs

	Trust      Trust
	AnyAccount bool // values known at run time only may name other accounts

	Holes Holes // what is known of holes in the definition; may be nil

	Input *dataflow.Input // what executions begin with, or nil
	Pins  []dataflow.Pin  // what no analysis can know

	PassRoles       map[string][]string  // service principal -> ARNs of roles passed to it
	TaskDefinitions []ecs.TaskDefinition // what ECS tasks run, for the roles in them
	NoPassRole      bool                 // roles that the definition does not show are none of this role's business

	RoleName            string // "" is made from Name
	Path                string // of the role; "" is "/"
	PermissionsBoundary string // ARN of a policy, or ""
}

// Role is an execution role.
type Role struct {
	Name                string
	Path                string
	PermissionsBoundary string
	Trust               *policy.Document
	Policies            []Policy
	ManagedPolicies     []string // ARNs of AWS's policies that are attached
	Grants              []Grant  // why: what the policies allow, and for what
}

// Policy is one inline policy of a role.
type Policy struct {
	Name     string
	Document *policy.Document
	Reasons  [][]Grant // for each statement, the grants that it makes
}

// Grant is one action on one resource, with the reason for it.
type Grant struct {
	Action     string
	Resource   string      // ARN, with wildcards; or "*"
	Conditions []Condition // all must hold

	Purpose        Purpose
	States         []string // names of the states, in the order of the definition; empty for the machine as a whole
	Service        string   // the integration: "ecs:runTask"
	Pattern        string   // "request", "sync", "sync:2", "waitForTaskToken"; "" where there is none
	Source         string   // the page that says so
	Note           string   // what is worth knowing
	From           []string // the ways that values took which name the resource: `TopicArn from Pass state "Config" (Result.topic)`
	Assumes        []string // what else must hold: "the input is as in schema.json"
	AssumesAccount bool     // rests on the assumption that a value known at run time names this account

	// either are names that grants share which are alternatives, as spellings of one
	// resource, or the identities of an address of mail: of each name a role needs
	// only one to be audited as right. Most grants have none.
	either []string

	// what is the action and, behind it, the conditions: grants that share it
	// differ only in their resource.
	what string
}

// Condition is one line of a Condition element.
type Condition struct {
	Operator, Key string
	Values        []string
}

// Generate returns the role that a machine needs. On an Error finding the role
// is nil: a role with a hole in it is worse than none. Where the definition does
// not show something that the role may need, a finding says so; see Undecided.
func Generate(m *asl.StateMachine, opts Options) (*Role, source.List) {
	if findings := opts.check(); findings.HasErrors() {
		return nil, findings
	}
	g := gather(m, opts)
	if g.findings.HasErrors() {
		return nil, g.findings.Sorted()
	}
	g.assumptions()
	role := g.role()
	if g.verify(role); g.findings.HasErrors() {
		return nil, g.findings.Sorted()
	}
	return role, g.findings.Sorted()
}

// Needs returns what a machine needs, call by call, as Generate finds it: grants
// that a broader one covers are there too. On an Error finding there are none.
func Needs(m *asl.StateMachine, opts Options) ([]Grant, source.List) {
	if findings := opts.check(); findings.HasErrors() {
		return nil, findings
	}
	g := gather(m, opts)
	if g.findings.HasErrors() {
		return nil, g.findings.Sorted()
	}
	g.assumptions()
	return g.grants, g.findings.Sorted()
}

// gather walks a machine and grants what its calls need.
func gather(m *asl.StateMachine, opts Options) *generator {
	g := newGenerator(m, opts)
	g.inputs()
	g.expect(m)
	m.Walk(func(s *asl.State) bool { g.state(s); return true })
	g.features()
	g.unusedPassRoles()
	for i := range g.grants {
		g.grants[i].States = distinct(g.grants[i].States)
	}
	return g
}

// undecidedCodes are the findings after which a role may lack something that
// Writ cannot see.
var undecidedCodes = []string{"PASS_ROLE_UNKNOWN", "UNKNOWN_RESOURCE", "ARGUMENTS_UNKNOWN", "MODEL_UNKNOWN", "NEEDS_UNKNOWN", "LOG_OUTPUT_UNKNOWN", "UNKNOWN_VOLUME", "CREDENTIAL_SPEC_SECRET", "IMAGE_UNKNOWN"}

// Undecided reports whether a finding says that the role may lack something.
func Undecided(findings source.List) bool {
	return slices.ContainsFunc(findings, func(f source.Finding) bool { return slices.Contains(undecidedCodes, f.Code) })
}

// badContext is the code of findings about Options.
const badContext = "BAD_CONTEXT"

// codeOtherAccount is the code of a role and a machine that cannot belong
// together.
const codeOtherAccount = "ROLE_OF_ANOTHER_ACCOUNT"

// BadOptions reports whether a finding is about the options and not about the
// definition.
func BadOptions(findings source.List) bool {
	return slices.ContainsFunc(findings, func(f source.Finding) bool {
		return f.Code == badContext || f.Code == codeOtherAccount || f.Code == dataflow.BadPin && f.Severity == source.Error
	})
}

// check finds options that cannot be meant.
func (o *Options) check() source.List {
	var list source.List
	bad := func(name, format string, args ...any) {
		list = append(list, source.Finding{Code: badContext, Severity: source.Error, Path: "/context/" + name, Message: fmt.Sprintf(format, args...)})
	}
	if o.Account != "" && !arn.ValidAccount(o.Account) && !isReference(o.Account) {
		bad("accountId", "account %q is not 12 digits", o.Account)
	}
	if o.Region != "" && !arn.ValidRegion(o.Region) && !isReference(o.Region) {
		bad("region", "%q is not the name of a Region", o.Region)
	}
	if o.Partition != "" && !arn.ValidPartition(o.Partition) && !isReference(o.Partition) {
		bad("partition", "%q is not a partition", o.Partition)
	}
	if o.Type != "" && o.Type != Standard && o.Type != Express {
		bad("type", "type %q is neither STANDARD nor EXPRESS", o.Type)
	}
	name := hole.Replace(o.Name, func(string) string { return "" })
	if utf8.RuneCountInString(name) > maxMachineName || strings.ContainsAny(name, " <>{}[]?*\"#%\\^|~`$&,;:/") || strings.ContainsFunc(name, unicode.IsControl) {
		bad("stateMachineName", "%q is not a name of a state machine: up to %d characters, and none of the special ones", o.Name, maxMachineName)
	}
	for _, key := range []struct{ name, value, service, kind string }{{"kmsKeyArn", o.KMSKey, "kms", "key"}, {"permissionsBoundary", o.PermissionsBoundary, "iam", "policy"}} {
		if key.value == "" || isReference(key.value) {
			continue
		}
		if a, err := arn.Parse(key.value); err != nil || a.Service != key.service || !strings.HasPrefix(a.Resource, key.kind+"/") {
			bad(key.name, "%q is not the ARN of a %s of %s", key.value, key.kind, key.service)
		}
	}
	if o.Path != "" && (!strings.HasPrefix(o.Path, "/") || !strings.HasSuffix(o.Path, "/")) {
		bad("path", "path %q does not begin and end with '/'", o.Path)
	}
	for service, roles := range o.PassRoles {
		for _, r := range roles {
			if a, err := arn.Parse(r); !isReference(r) && (err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") || !arn.ValidAccount(a.Account) || strings.ContainsAny(r, "*?")) {
				bad("passRoles", "%q, to be passed to %s, is not the ARN of a role", r, service)
			}
		}
	}
	return list.Sorted()
}

func (o *Options) hasReferences() bool {
	return isReference(o.Account) || isReference(o.Region) || isReference(o.Partition) || isReference(o.KMSKey)
}

// resolved puts an account, a Region and a partition in the place of references.
func (o *Options) resolved() Options {
	out := *o
	for _, f := range []struct {
		field *string
		value string
	}{{&out.Account, verifierAccount}, {&out.Region, "us-east-1"}, {&out.Partition, "aws"}, {&out.KMSKey, "arn:aws:kms:us-east-1:" + verifierAccount + ":key/reference"}} {
		if isReference(*f.field) {
			*f.field = f.value
		}
	}
	return out
}

// maxMachineName is the longest name of a state machine, in characters. Source:
// Step Functions API reference, CreateStateMachine.
const maxMachineName = 80

// isReference reports whether the deploying tool fills in a value, or a part of
// it: see package hole.
func isReference(value string) bool { return hole.Has(value) }
