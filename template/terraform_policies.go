package template

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed facts/terraform_policies.txt
var terraformPolicyFacts string

// tfPolicyAttribute is an attribute that holds policy documents;
// facts/terraform_policies.txt explains the fields.
type tfPolicyAttribute struct {
	path             []string
	kind             Kind
	organizations    bool // the kind is told by the attribute type
	elsewhere        bool // the policy stands in another document
	resource, target string
}

// tfAttachmentFact says how a type of resources attaches managed policies.
type tfAttachmentFact struct {
	targets  []struct{ attribute, kind string }
	policies [][]string // paths of attributes
	bounds   bool       // the policy is the permissions boundary
}

type tfPolicyTable struct {
	attributes  map[string][]tfPolicyAttribute
	attachments map[string]*tfAttachmentFact
}

var terraformPolicies = sync.OnceValue(func() *tfPolicyTable {
	table := &tfPolicyTable{map[string][]tfPolicyAttribute{}, map[string]*tfAttachmentFact{}}
	for line := range strings.Lines(terraformPolicyFacts) {
		f := strings.Fields(line)
		switch {
		case len(f) < 3, f[0] == "#":
		case f[1] == "attaches", f[1] == "bounds":
			a := &tfAttachmentFact{bounds: f[1] == "bounds"}
			for path := range strings.SplitSeq(f[2], "|") {
				a.policies = append(a.policies, strings.Split(path, "."))
			}
			for _, target := range f[3:] {
				attribute, kind, _ := strings.Cut(target, "=")
				a.targets = append(a.targets, struct{ attribute, kind string }{attribute, targetKinds[kind]})
			}
			table.attachments[f[0]] = a
		default:
			table.attributes[f[0]] = append(table.attributes[f[0]], tfPolicyAttribute{
				path: strings.Split(f[1], "."), kind: policyKinds[f[2]], organizations: f[2] == "organizations", elsewhere: f[2] == "elsewhere", resource: f[3], target: f[4],
			})
		}
	}
	return table
})
