package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

func newManagedTrim(e *env, f *managedFlags) *cobra.Command {
	var version, used string
	var choice managed.Choice
	cmd := &cobra.Command{
		Use:   "trim NAME",
		Short: "Reduce a managed policy to what is needed",
		Long: `Trim makes a policy of your own out of a managed one, as AWS advises: less what
the features left out need (--without), with only what some features need
(--only), or with only the actions seen in use (--used FILE: one action a line,
or a JSON list of them). writ managed show lists the features of a policy.

What is left has the conditions and resources of the managed policy and never
allows more. --format document prints the policy alone.`,
		Example: "  writ managed trim AmazonEC2ContainerServiceforEC2Role --without spot-draining,tags",
		Args:    takes(1, 1, "the managed policy to trim"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, v, err := f.findVersion(e, args[0], version)
			if err != nil {
				return err
			}
			if v == nil {
				return fmt.Errorf("no version of %s is known", p.Name)
			}
			if used != "" {
				if choice.Used, err = readActions(e, used); err != nil {
					return err
				}
			}
			trimmed, err := p.Trim(v, choice)
			if err != nil {
				return f.unknownText(e, err)
			}
			return f.trimmed(e, p, v, trimmed)
		},
		ValidArgsFunction: f.completeManaged(e),
	}
	flags := cmd.Flags()
	flags.StringVar(&version, "version", "", "version, such as v6 (default: the newest whose text is known)")
	commaListVar(flags, &choice.Without, "without", "features to leave out")
	commaListVar(flags, &choice.Only, "only", "features to keep")
	flags.StringVar(&used, "used", "", "file with the actions that are in use")
	cmd.MarkFlagsMutuallyExclusive("without", "only", "used")
	cmd.MarkFlagsOneRequired("without", "only", "used")
	f.formatFlag(cmd, "text", "json", "document")
	return cmd
}

// maxActions bounds what --used takes: AWS has some 20,000 actions.
const maxActions = 50_000

// readActions reads a list of actions: a JSON array of strings, or lines. What
// follows # on a line, and white space, does not count.
func readActions(e *env, name string) ([]string, error) {
	text, err := readInput(e, name)
	if err != nil {
		return nil, err
	}
	if len(text) > source.MaxSize {
		return nil, fmt.Errorf("%s is too large", name)
	}
	var actions []string
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		if err := json.Unmarshal([]byte(text), &actions); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	} else {
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line != "" {
				actions = append(actions, line)
			}
		}
	}
	if len(actions) == 0 || len(actions) > maxActions {
		return nil, fmt.Errorf("%s has %d actions; 1 to %d make sense", name, len(actions), maxActions)
	}
	return actions, nil
}

type sizeJSON struct {
	Statements int `json:"statements"`
	Actions    int `json:"actions"`
	Characters int `json:"characters"`
}

// sizeOf measures a policy; nil has none.
func sizeOf(doc *policy.Document) sizeJSON {
	if doc == nil {
		return sizeJSON{}
	}
	out := sizeJSON{Statements: len(doc.Statements), Characters: policy.Size(doc)}
	for i := range doc.Statements {
		out.Actions += doc.Statements[i].Action.Len()
	}
	return out
}

func (s sizeJSON) String() string {
	return fmt.Sprintf("%s, %s, %s", counted(s.Statements, "statement"), counted(s.Actions, "action"), counted(s.Characters, "character"))
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func (f *managedFlags) trimmed(e *env, m *managed.Policy, v *managed.Version, t *managed.Trimmed) error {
	before, after := sizeOf(v.Document), sizeOf(t.Document)
	if f.format == "json" {
		if t.Findings == nil {
			t.Findings = source.List{}
		}
		err := printJSON(e, struct {
			FormatVersion string                  `json:"format_version"`
			Policy        managedPolicyJSON       `json:"policy"`
			Version       string                  `json:"version"`
			Before        sizeJSON                `json:"before"`
			After         sizeJSON                `json:"after"`
			Document      *policy.Document        `json:"document"`
			Permissions   []managedPermissionJSON `json:"permissions"`
			Findings      source.List             `json:"findings"`
		}{"1.0", policyJSON(m), v.ID, before, after, t.Document, permissionsJSON(t.Permissions), t.Findings})
		if err != nil {
			return err
		}
	} else {
		for _, finding := range t.Findings {
			_ = finding.WriteText(e.stderr) // nothing is left to tell a failure to
		}
	}
	if t.Document == nil {
		return exit(exitFindings)
	}
	switch f.format {
	case "document":
		return printDocument(e, t.Document)
	case "text":
		p := answerPrinter{w: e.stdout}
		p.printf("%s %s\n", plain(m.Name), v.ID)
		p.line("before", "%s", before)
		p.line("after", "%s", after)
		if later := m.Since(v); len(later) > 0 {
			p.line("later", "%s to %s are not looked at: what they added is not in this policy; see writ managed versions %s", later[0].ID, later[len(later)-1].ID, plain(m.Name))
		}
		p.permissions("left out\n", leftOut(t.Permissions))
		p.printf("\n%s\n", policy.Print(t.Document, "  "))
		return p.err
	}
	return nil
}

// leftOut returns the permissions of which nothing or only a part was kept.
func leftOut(list []managed.Permission) []managed.Permission {
	var out []managed.Permission
	for _, perm := range list {
		if len(perm.Kept) == 1 && perm.Kept[0] == perm.Entry {
			continue
		}
		if len(perm.Kept) > 0 {
			perm.Entry += " but " + strings.Join(perm.Kept, ", ")
		}
		if len(perm.Purposes) == 0 {
			perm.Purposes = []string{"not known"}
		}
		out = append(out, perm)
	}
	return out
}

func newManagedTrust(e *env, f *managedFlags) *cobra.Command {
	var at managed.Place
	var cluster string
	cmd := &cobra.Command{
		Use:   "trust [ROLE]",
		Short: "Print the trust policy of a role of ECS; without ROLE, list them",
		Long: `Trust prints who may assume a role of Amazon ECS, guarded against the confused
deputy where the service says on whose behalf it comes. The guard takes
--account; --region narrows it. --format document prints the policy alone.`,
		Example: "  writ managed trust execution --account 123456789012 --region eu-west-1",
		Args:    takes(0, 1, "one ROLE at most"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := at.Check(); err != nil {
				return err
			}
			if len(args) == 0 {
				return f.listTrust(e)
			}
			r, err := managed.FindTrustRole(args[0])
			if err != nil {
				return f.unknown(e, err)
			}
			return f.trust(e, r, at, cluster)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, r := range managed.TrustRoles() {
				names = append(names, r.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&at.Account, "account", "", "account of the role, 12 digits")
	flags.StringVar(&at.Region, "region", "", "Region in which the role is used")
	flags.StringVar(&at.Partition, "partition", "", "partition (default: that of the Region, else aws)")
	flags.StringVar(&cluster, "cluster", "", "cluster in which the role is used; no service sends it, so it narrows nothing")
	f.formatFlag(cmd, "text", "json", "document")
	return cmd
}

type trustRoleJSON struct {
	Role      string   `json:"role"`
	UsualName string   `json:"usualName,omitempty"`
	Service   string   `json:"service"`
	Policies  []string `json:"managedPolicies"`
	SourceARN string   `json:"sourceArn,omitempty"`
	Linked    bool     `json:"serviceLinked"`
	Note      string   `json:"note"`
	Source    string   `json:"source"`
}

func newTrustRoleJSON(r *managed.TrustRole) trustRoleJSON {
	policies := r.Policies
	if policies == nil {
		policies = []string{}
	}
	return trustRoleJSON{r.Name, r.UsualName, r.Service, policies, r.SourceARN, r.ServiceLinked(), r.Note, r.Source}
}

func (f *managedFlags) listTrust(e *env) error {
	rows := managed.TrustRoles()
	if f.format != "text" {
		list := make([]trustRoleJSON, len(rows))
		for i := range rows {
			list[i] = newTrustRoleJSON(&rows[i])
		}
		return printJSON(e, struct {
			FormatVersion string          `json:"format_version"`
			Roles         []trustRoleJSON `json:"roles"`
		}{"1.0", list})
	}
	p := answerPrinter{w: e.stdout}
	for _, r := range rows {
		p.printf("%-22s  %-40s  %s\n", r.Name, r.Service, r.Note)
	}
	return p.err
}

func (f *managedFlags) trust(e *env, r *managed.TrustRole, at managed.Place, cluster string) error {
	doc, guarded := r.Trust(at)
	findings := trustFindings(r, guarded, cluster)
	if f.format == "json" {
		return printJSON(e, struct {
			FormatVersion string           `json:"format_version"`
			Role          trustRoleJSON    `json:"role"`
			Document      *policy.Document `json:"assumeRolePolicyDocument"`
			Guarded       bool             `json:"guarded"`
			Findings      source.List      `json:"findings"`
		}{"1.0", newTrustRoleJSON(r), doc, guarded, findings})
	}
	for _, finding := range findings {
		_ = finding.WriteText(e.stderr) // nothing is left to tell a failure to
	}
	if f.format == "document" {
		return printDocument(e, doc)
	}
	p := answerPrinter{w: e.stdout}
	p.printf("role %s\n", r.Name)
	if r.UsualName != "" {
		p.line("usual name", "%s", r.UsualName)
	}
	p.line("assumed by", "%s", r.ServiceIn(at.InPartition()))
	for _, name := range r.Policies {
		p.line("policy", "%s", name)
	}
	p.line("note", "%s", r.Note)
	p.line("source", "%s", r.Source)
	p.printf("\n%s\n", policy.Print(doc, "  "))
	return p.err
}

func trustFindings(r *managed.TrustRole, guarded bool, cluster string) source.List {
	findings := source.List{}
	if r.SourceARN != "" && !guarded {
		findings = append(findings, source.Finding{Code: "UNGUARDED_TRUST", Severity: source.Warning,
			Message: "the trust policy has no guard against the confused deputy", Hint: "give --account"})
	}
	if cluster != "" {
		findings = append(findings, source.Finding{Code: "CLUSTER_NOT_SENT", Severity: source.Warning,
			Message: fmt.Sprintf("%s does not say for which cluster it assumes the role, so the trust policy cannot hold %q", r.Service, cluster),
			Hint:    "give tasks that are to be kept apart roles of their own"})
	}
	if r.ServiceLinked() {
		findings = append(findings, source.Finding{Code: "SERVICE_LINKED_ROLE", Severity: source.Warning,
			Message: "AWS makes this role itself: its trust policy is shown, and cannot be chosen"})
	}
	return findings
}
