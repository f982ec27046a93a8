package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// managedFlags are the flags that the commands under writ managed share.
type managedFlags struct {
	catalogue string
	format    string
}

func newManaged(e *env) *cobra.Command {
	var f managedFlags
	cmd := &cobra.Command{
		Use:   "managed",
		Short: "Show, compare and trim managed policies, and make trust policies",
		Long: `Managed knows the AWS managed policies for Amazon ECS with their versions, what
each permission in them is for, and who assumes which role of ECS. Texts that it
does not know come from you: writ managed import reads what the AWS CLI prints
and keeps it in a local catalogue.

The catalogue is --catalogue, else $WRIT_MANAGED, else writ/managed.json in
$XDG_DATA_HOME or ~/.local/share.

Exit codes: 0 done; 1 no policy, version or feature of that name, or nothing is
left; 2 wrong usage or unreadable input; 3 the text asked for is not known.`,
		Args: takesCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&f.catalogue, "catalogue", "", "file with imported policies")
	cmd.AddCommand(newManagedList(e, &f), newManagedShow(e, &f), newManagedVersions(e, &f), newManagedDiff(e, &f),
		newManagedTrim(e, &f), newManagedTrust(e, &f), newManagedImport(e, &f))
	return cmd
}

// formatFlag adds --format to a command.
func (f *managedFlags) formatFlag(cmd *cobra.Command, formats ...string) {
	cmd.Flags().SortFlags = false
	formatVar(cmd, &f.format, formats...)
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkFormat(f.format, formats...); err != nil {
			return err
		}
		return run(cmd, args)
	}
}

// cataloguePath is where imported policies are kept; "" where the environment
// names no place.
func (f *managedFlags) cataloguePath(e *env) string {
	switch {
	case f.catalogue != "":
		return f.catalogue
	case e.getenv("WRIT_MANAGED") != "":
		return e.getenv("WRIT_MANAGED")
	case e.getenv("XDG_DATA_HOME") != "":
		return filepath.Join(e.getenv("XDG_DATA_HOME"), "writ", "managed.json")
	case e.getenv("HOME") != "":
		return filepath.Join(e.getenv("HOME"), ".local", "share", "writ", "managed.json")
	}
	return ""
}

// local reads the imported policies. There need not be any, unless the user
// has named the file.
func (f *managedFlags) local(e *env, mustExist bool) (*managed.Catalogue, error) {
	path := f.cataloguePath(e)
	if path == "" {
		return &managed.Catalogue{}, nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !(mustExist && f.catalogue != "") {
		return &managed.Catalogue{}, nil
	}
	if err := checkCatalogueFile(path); err != nil {
		return nil, err
	}
	text, err := readInput(e, path)
	if err != nil {
		return nil, err
	}
	c, findings := managed.Import(source.NewFile(path, text), managed.Hint{})
	if c == nil {
		return nil, fmt.Errorf("the catalogue cannot be read:\n%s", findingsText(findings))
	}
	return c, nil
}

// checkCatalogueFile refuses what is there and cannot be replaced, such as a device.
func checkCatalogueFile(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("the catalogue %s is no regular file", path)
	}
	return nil
}

// all returns the policies of the program with the imported ones.
func (f *managedFlags) all(e *env) (*managed.Catalogue, error) {
	local, err := f.local(e, true)
	if err != nil {
		return nil, err
	}
	c, err := managed.Default().With(local)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.cataloguePath(e), err)
	}
	return c, nil
}

func findingsText(findings source.List) string {
	var b strings.Builder
	for _, finding := range findings.Sorted() {
		_ = finding.WriteText(&b) // a strings.Builder takes everything
	}
	return strings.TrimRight(b.String(), "\n")
}

// find returns the policy of a name.
func (f *managedFlags) find(e *env, name string) (*managed.Policy, error) {
	c, err := f.all(e)
	if err != nil {
		return nil, err
	}
	p, err := c.Policy(name)
	var unknown *managed.UnknownError
	if errors.As(err, &unknown) && len(unknown.Nearest) == 0 {
		fmt.Fprintln(e.stderr, "writ managed list names the policies that are known; writ managed import takes in others")
	}
	return p, f.unknown(e, err)
}

// findVersion returns the policy of a name and its version; without one asked
// for, the newest whose text is known. It is nil when no version is known.
func (f *managedFlags) findVersion(e *env, name, version string) (*managed.Policy, *managed.Version, error) {
	p, err := f.find(e, name)
	if err != nil {
		return nil, nil, err
	}
	if version == "" {
		return p, p.Newest(), nil
	}
	v, err := p.Version(version)
	return p, v, f.unknown(e, err)
}

// unknown tells of a name that stands for nothing, and gives the exit code.
func (f *managedFlags) unknown(e *env, err error) error {
	var unknown *managed.UnknownError
	if !errors.As(err, &unknown) {
		return err
	}
	if f.format == "json" {
		err = printJSON(e, struct {
			FormatVersion string   `json:"format_version"`
			Error         string   `json:"error"`
			Nearest       []string `json:"nearest,omitempty"`
		}{"1.0", unknown.Error(), unknown.Nearest})
	} else {
		_, err = fmt.Fprintf(e.stderr, "writ: %v\n", unknown)
	}
	if err != nil {
		return err
	}
	return exit(exitFindings)
}

// completeManaged completes the name of a policy as the first argument.
func (f *managedFlags) completeManaged(e *env) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, start string) (names []string, _ cobra.ShellCompDirective) {
		c, err := f.all(e)
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for _, p := range c.Policies() {
			if strings.HasPrefix(strings.ToLower(p.Name), strings.ToLower(start)) {
				names = append(names, p.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// The shapes of policies and versions in JSON; docs/usage/ecs.md describes them.
type (
	managedPolicyJSON struct {
		Name      string         `json:"name"`
		Kind      string         `json:"kind"` // policy or trust
		ARN       string         `json:"arn,omitempty"`
		Path      string         `json:"path,omitempty"`
		Status    managed.Status `json:"status"`
		Created   string         `json:"created,omitempty"`
		Successor string         `json:"successor,omitempty"`
		For       string         `json:"for,omitempty"`
		Default   string         `json:"defaultVersion,omitempty"`
		Newest    string         `json:"newestText,omitempty"`
	}
	managedVersionJSON struct {
		ID        string              `json:"id"`
		Date      string              `json:"date,omitempty"`
		Default   bool                `json:"default"`
		DeltaOnly bool                `json:"deltaOnly"`
		Note      string              `json:"note,omitempty"`
		Source    string              `json:"source,omitempty"`
		SourceDay string              `json:"sourceDate,omitempty"`
		Changes   []managedChangeJSON `json:"changes"`
	}
	managedChangeJSON struct {
		Change string `json:"change"`
		Action string `json:"action"`
		Limit  string `json:"limit,omitempty"`
	}
)

func policyJSON(p *managed.Policy) managedPolicyJSON {
	out := managedPolicyJSON{Name: p.Name, Kind: "policy", ARN: p.ARN(""), Path: p.Path, Status: p.Status, Created: p.Created, Successor: p.Successor, For: p.For}
	if p.Status == managed.NoPolicy {
		out.Kind = "trust"
	}
	if v, err := p.Version(""); err == nil {
		out.Default = v.ID
	}
	if v := p.Newest(); v != nil && !v.DeltaOnly() {
		out.Newest = v.ID
	}
	return out
}

func versionJSON(v *managed.Version) managedVersionJSON {
	return managedVersionJSON{v.ID, v.Date, v.Default, v.DeltaOnly(), v.Note, v.Source.Title, v.Source.Date, changesJSON(v.Changes)}
}

func changesJSON(changes []managed.Change) []managedChangeJSON {
	out := []managedChangeJSON{}
	for _, c := range changes {
		word := "added"
		if c.Removed {
			word = "removed"
		}
		out = append(out, managedChangeJSON{word, c.Action, c.Limit})
	}
	return out
}

// newManagedList is writ managed list.
func newManagedList(e *env, f *managedFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List managed policies with their status and versions",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := f.all(e)
			if err != nil {
				return err
			}
			if f.format == "json" {
				list := []managedPolicyJSON{}
				for _, p := range c.Policies() {
					list = append(list, policyJSON(p))
				}
				return printJSON(e, struct {
					FormatVersion string              `json:"format_version"`
					Policies      []managedPolicyJSON `json:"policies"`
				}{"1.0", list})
			}
			p := answerPrinter{w: e.stdout}
			for _, m := range c.Policies() {
				p.printf("%s\n", listLine(m))
			}
			return p.err
		},
	}
	f.formatFlag(cmd, "text", "json")
	return cmd
}

func listLine(m *managed.Policy) string {
	versions := "no version"
	if v, err := m.Version(""); err == nil {
		versions = v.ID
		if text := m.Newest(); text.DeltaOnly() {
			versions += ", no text"
		} else if text.ID != v.ID {
			versions += ", text of " + text.ID
		}
	}
	line := fmt.Sprintf("%-72s  %-10s  %s", plain(m.Name), m.Status, versions)
	if m.Successor != "" {
		line += "; use " + m.Successor
	}
	return strings.TrimRight(line, " ")
}

// printDocument prints a policy for programs and people alike.
func printDocument(e *env, doc *policy.Document) error {
	_, err := fmt.Fprintf(e.stdout, "%s\n", policy.Print(doc, "  "))
	return err
}
