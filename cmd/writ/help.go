package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is where help breaks lines.
const helpWidth = 80

// flagGroup is a heading in help, and the flags below it.
type flagGroup struct {
	heading string
	names   []string
}

// usage returns a function that prints how to use a command: as Cobra's own does,
// but that no line of a flag is wider than the help's prose, and that flags may be
// in groups. Those of none come last.
func usage(groups ...flagGroup) func(*cobra.Command) error {
	return func(cmd *cobra.Command) error {
		var b strings.Builder
		b.WriteString("Usage:\n")
		if cmd.Runnable() && !cmd.HasAvailableSubCommands() {
			fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
		}
		if cmd.HasAvailableSubCommands() {
			fmt.Fprintf(&b, "  %s [command]\n", cmd.CommandPath())
		}
		if cmd.HasExample() {
			fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
		}
		commandUsage(&b, cmd)
		flagUsage(&b, cmd, groups)
		if cmd.HasAvailableSubCommands() {
			fmt.Fprintf(&b, "\nUse \"%s [command] --help\" for more information about a command.\n", cmd.CommandPath())
		}
		_, err := io.WriteString(cmd.OutOrStderr(), b.String())
		return err
	}
}

func commandUsage(b *strings.Builder, cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	b.WriteString("\nAvailable Commands:\n")
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() || below.Name() == "help" {
			fmt.Fprintf(b, "  %-*s %s\n", below.NamePadding(), below.Name(), below.Short)
		}
	}
}

func flagUsage(b *strings.Builder, cmd *cobra.Command, groups []flagGroup) {
	rest := pflag.NewFlagSet("", pflag.ContinueOnError)
	rest.SortFlags = false
	sets := make([]*pflag.FlagSet, len(groups))
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		i := slices.IndexFunc(groups, func(g flagGroup) bool { return slices.Contains(g.names, f.Name) })
		if i < 0 {
			rest.AddFlag(f)
			return
		}
		if sets[i] == nil {
			sets[i] = pflag.NewFlagSet("", pflag.ContinueOnError)
			sets[i].SortFlags = false
		}
		sets[i].AddFlag(f)
	})
	for i, set := range sets {
		if set != nil {
			fmt.Fprintf(b, "\nFlags about %s:\n%s", groups[i].heading, set.FlagUsagesWrapped(helpWidth))
		}
	}
	if rest.HasAvailableFlags() {
		fmt.Fprintf(b, "\nFlags:\n%s", rest.FlagUsagesWrapped(helpWidth))
	}
}
