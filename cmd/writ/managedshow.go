package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
)

type managedPermissionJSON struct {
	Statement int      `json:"statement"`
	Action    string   `json:"action"`
	Kept      []string `json:"kept,omitempty"` // of trim
	Features  []string `json:"features,omitempty"`
	For       []string `json:"for,omitempty"`
}

type managedTypicalJSON struct {
	Only   []string `json:"only"`
	For    string   `json:"for"`
	Before sizeJSON `json:"before"`
	After  sizeJSON `json:"after"`
}

type managedFeatureJSON struct {
	Name string `json:"name"`
	Core bool   `json:"core,omitempty"`
	What string `json:"what"`
}

func newManagedShow(e *env, f *managedFlags) *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show a managed policy, and what each permission in it is for",
		Long: `Show prints a version of a managed policy: the default one, or the newest whose
whole text is known. NAME is a name or an ARN. --format document prints the
policy alone.`,
		Example: "  writ managed show AmazonECSTaskExecutionRolePolicy\n  writ managed show AmazonEC2ContainerServiceforEC2Role --version v6 --format document",
		Args:    takes(1, 1, "a managed policy"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, v, err := f.findVersion(e, args[0], version)
			if err != nil {
				return err
			}
			return f.show(e, p, v)
		},
		ValidArgsFunction: f.completeManaged(e),
	}
	cmd.Flags().StringVar(&version, "version", "", "version, such as v6 (default: the newest whose text is known)")
	f.formatFlag(cmd, "text", "json", "document")
	return cmd
}

// show prints one version. Without its text there is still something to say,
// but the exit code tells that it is not what was asked for.
func (f *managedFlags) show(e *env, p *managed.Policy, v *managed.Version) error {
	var err error
	switch {
	case f.format == "json":
		err = f.showJSON(e, p, v)
	case f.format == "text":
		err = showText(e, p, v)
	case v != nil && !v.DeltaOnly():
		return printDocument(e, v.Document)
	}
	if err != nil || v != nil && !v.DeltaOnly() {
		return err
	}
	version := ""
	if v != nil {
		version = v.ID
	}
	return f.unknownText(e, &managed.TextUnknownError{Policy: p.Name, Version: version, What: "the text of"})
}

// unknownText tells of a text that the user has to import, and gives the exit code.
func (f *managedFlags) unknownText(e *env, err error) error {
	var unknown *managed.TextUnknownError
	if !errors.As(err, &unknown) {
		return f.unknown(e, err)
	}
	fmt.Fprintf(e.stderr, "writ: %v\n", unknown)
	return exit(exitUndecided)
}

func (f *managedFlags) showJSON(e *env, p *managed.Policy, v *managed.Version) error {
	out := struct {
		FormatVersion string                  `json:"format_version"`
		Policy        managedPolicyJSON       `json:"policy"`
		Version       *managedVersionJSON     `json:"version"`
		Document      *policy.Document        `json:"document"`
		Since         []managedVersionJSON    `json:"since"`
		Features      []managedFeatureJSON    `json:"features"`
		Typical       *managedTypicalJSON     `json:"typicalUse"`
		Permissions   []managedPermissionJSON `json:"permissions"`
	}{"1.0", policyJSON(p), nil, nil, []managedVersionJSON{}, []managedFeatureJSON{}, typicalUse(p, v), []managedPermissionJSON{}}
	for _, feature := range p.Features {
		out.Features = append(out.Features, managedFeatureJSON(feature))
	}
	if v != nil {
		one := versionJSON(v)
		out.Version, out.Document = &one, v.Document
		for _, later := range p.Since(v) {
			out.Since = append(out.Since, versionJSON(&later))
		}
		if !v.DeltaOnly() {
			out.Permissions = permissionsJSON(p.Permissions(v))
		}
	}
	return printJSON(e, out)
}

// typicalUse says how small a typical use makes a version; nil when that is not
// known.
func typicalUse(p *managed.Policy, v *managed.Version) *managedTypicalJSON {
	if len(p.Typical.Only) == 0 || v == nil || v.DeltaOnly() {
		return nil
	}
	trimmed, err := p.Trim(v, managed.Choice{Only: p.Typical.Only})
	if err != nil || trimmed.Document == nil {
		return nil
	}
	return &managedTypicalJSON{p.Typical.Only, p.Typical.What, sizeOf(v.Document), sizeOf(trimmed.Document)}
}

func permissionsJSON(list []managed.Permission) []managedPermissionJSON {
	out := []managedPermissionJSON{}
	for _, perm := range list {
		out = append(out, managedPermissionJSON{perm.Statement, perm.Entry, perm.Kept, perm.Features, perm.Purposes})
	}
	return out
}

func showText(e *env, m *managed.Policy, v *managed.Version) error {
	p := answerPrinter{w: e.stdout}
	p.printf("%s\n", plain(m.Name))
	if arn := m.ARN(""); arn != "" {
		p.line("arn", "%s", arn)
	}
	p.line("status", "%s", statusText(m))
	if m.For != "" {
		p.line("for", "%s", m.For)
	}
	if v == nil {
		return p.err
	}
	p.line("version", "%s", managedVersion(v))
	for _, c := range v.Changes {
		p.more("%s", changeText(c))
	}
	if v.Source.Title != "" {
		p.line("source", "%s", strings.TrimSuffix(v.Source.Title+", "+v.Source.Date, ", "))
	}
	for _, later := range m.Since(v) {
		p.line("later", "%s", managedVersion(&later))
		for _, c := range later.Changes {
			p.more("%s", changeText(c))
		}
	}
	if v.DeltaOnly() {
		return p.err
	}
	if t := typicalUse(m, v); t != nil {
		p.line("typical", "%d of %s for %s:", t.After.Actions, counted(t.Before.Actions, "action"), t.For)
		p.more("writ managed trim %s --only %s", plain(m.Name), strings.Join(t.Only, ","))
	}
	p.printf("\n%s\n", policy.Print(v.Document, "  "))
	p.permissions("\nwhat the permissions are for\n", m.Permissions(v))
	return p.err
}

// permissions prints a table of entries, what they belong to and are for.
// Permissions that are alike share their words.
func (p *answerPrinter) permissions(title string, list []managed.Permission) {
	described := list[:0:0]
	widths := [2]int{}
	for _, perm := range list {
		if len(perm.Purposes) == 0 {
			continue
		}
		described = append(described, perm)
		widths[0] = max(widths[0], len(perm.Entry))
		widths[1] = max(widths[1], len(strings.Join(perm.Features, ", ")))
	}
	if len(described) == 0 {
		return
	}
	p.printf("%s", title)
	for _, perm := range described {
		p.printf("  %-*s  %-*s  %s\n", widths[0], perm.Entry, widths[1], strings.Join(perm.Features, ", "), strings.Join(perm.Purposes, "; "))
	}
}

func statusText(m *managed.Policy) string {
	text := map[managed.Status]string{
		managed.Live:       "live",
		managed.Superseded: "listed, but superseded",
		managed.Gone:       "gone: it cannot be attached anew; where it is attached it goes on working",
		managed.NoPolicy:   "a trust policy, which IAM does not list",
	}[m.Status]
	if m.Successor != "" {
		text += "; use " + m.Successor
	}
	return text
}

func managedVersion(v *managed.Version) string {
	parts := []string{strings.TrimSpace(v.ID + " " + v.Date)}
	if v.ID == "" {
		parts = nil
	} else if v.Default {
		parts[0] += " (default)"
	}
	if v.DeltaOnly() {
		parts = append(parts, "whole text not known")
	}
	if v.Note != "" {
		parts = append(parts, v.Note)
	}
	return strings.Join(parts, "; ")
}

func changeText(c managed.Change) string {
	sign := "+"
	if c.Removed {
		sign = "-"
	}
	text := sign + " " + c.Action
	if c.Limit != "" {
		text += "  " + c.Limit
	}
	return text
}

func newManagedVersions(e *env, f *managedFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "versions NAME",
		Short: "List the versions of a managed policy, and what each added and removed",
		Args:  takes(1, 1, "a managed policy"),
		RunE: func(_ *cobra.Command, args []string) error {
			m, err := f.find(e, args[0])
			if err != nil {
				return err
			}
			if f.format == "json" {
				list := []managedVersionJSON{}
				for i := range m.Versions {
					list = append(list, versionJSON(&m.Versions[i]))
				}
				return printJSON(e, struct {
					FormatVersion string               `json:"format_version"`
					Policy        managedPolicyJSON    `json:"policy"`
					Versions      []managedVersionJSON `json:"versions"`
				}{"1.0", policyJSON(m), list})
			}
			p := answerPrinter{w: e.stdout}
			for i := range m.Versions {
				p.printf("%s\n", managedVersion(&m.Versions[i]))
				for _, c := range m.Versions[i].Changes {
					p.printf("  %s\n", changeText(c))
				}
			}
			return p.err
		},
		ValidArgsFunction: f.completeManaged(e),
	}
	f.formatFlag(cmd, "text", "json")
	return cmd
}
