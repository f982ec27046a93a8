package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

// Who what is generated is for.
const (
	forExecution = "execution" // the machine itself: a role
	forDeployer  = "deployer"  // whoever deploys it: a policy
	forWorker    = "worker"    // whoever answers its callbacks and activities: a policy
)

var audiences = []string{forExecution, forDeployer, forWorker}

func (f *generateFlags) registerAudience(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.audience, "for", forExecution, "whose permissions: execution (the machine's own role), deployer (who deploys it) or worker (who answers its callbacks and activities)")
	flags.StringVar(&f.deployment.ExecutionRole, "execution-role", "", "for deployer: ARN of the machine's role (default: the role that generate names)")
	commaListVar(flags, &f.deployment.Also, "deploy-also", "for deployer: what is done besides creating and updating: "+strings.Join(roles.DeploymentExtras(), ", "))
	flags.StringVar(&f.check, "check", "", "compare a file with what is needed, and print nothing but the difference")
	complete(cmd, "for", audiences...)
	complete(cmd, "deploy-also", roles.DeploymentExtras()...)
}

// checkUsage refuses flags that cannot be meant together.
func (f *generateFlags) checkUsage(inputs []string) error {
	switch {
	case !slices.Contains(audiences, f.audience):
		return fmt.Errorf("unknown --for %q: one of %s", f.audience, strings.Join(audiences, ", "))
	case f.audience != forDeployer && f.deployment.ExecutionRole != "":
		return errors.New("--execution-role is for --for deployer")
	case f.audience != forDeployer && len(f.deployment.Also) > 0:
		return errors.New("--deploy-also is for --for deployer")
	case f.write && (f.check != "" || f.output != "" || f.audience != forExecution || f.format != "text"):
		return errors.New("--write changes the template and prints nothing: leave out --check, -o, --format and --for")
	case f.write && slices.Contains(inputs, "-"):
		return errors.New("--write needs the name of the template")
	case f.check == "":
		return nil
	case len(inputs) > 1:
		return errors.New("--check compares one file with one definition; give one input")
	case f.output != "":
		return errors.New("--check writes nothing; leave out -o")
	case f.check == "-" && slices.Contains(inputs, "-"):
		return errors.New("standard input is either the definition or the file to check")
	}
	return nil
}

// make works out what a machine's audience needs.
func (f *generateFlags) make(m *asl.StateMachine) (role *roles.Role, access *roles.Access, findings source.List) {
	switch f.audience {
	case forDeployer:
		access, findings = roles.Deployer(m, f.opts, f.deployment)
	case forWorker:
		access, findings = roles.Worker(m, f.opts)
	default:
		role, findings = roles.Generate(m, f.opts)
	}
	return role, access, findings
}

// failed reports whether an Error finding left nothing to print.
func (r *result) failed() bool { return r.role == nil && r.access == nil && !r.none }

// namedPolicy is a policy document in JSON results.
type namedPolicy struct {
	Name     string           `json:"name"`
	Document *policy.Document `json:"document"`
}

func writeAccessJSON(w io.Writer, r result) error {
	out := struct {
		FormatVersion string        `json:"format_version"`
		Input         string        `json:"input"`
		For           string        `json:"for"`
		Policy        *namedPolicy  `json:"policy"`
		Why           []roles.Grant `json:"why"`
		Findings      source.List   `json:"findings"`
	}{"1.0", r.input, r.audience, nil, []roles.Grant{}, source.List{}}
	if r.access != nil {
		out.Policy, out.Why = &namedPolicy{r.access.Name, r.access.Document}, r.access.Grants
	}
	if r.findings != nil {
		out.Findings = r.findings
	}
	return encodeJSON(w, out)
}

func (p *textPrinter) access(a *roles.Access) {
	if p.again {
		p.printf("\n")
	}
	p.again = true
	p.printf("policy %s\n", a.Name)
	p.document(a.Document, a.Reasons)
}
