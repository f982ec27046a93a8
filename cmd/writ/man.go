package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newMan(e *env) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man --dir DIR",
		Short: "Write the manual pages into a directory",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := writePages(cmd.Root(), dir); err != nil {
				return err
			}
			_, err := fmt.Fprintf(e.stderr, "manual pages are in %s\n", dir)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "directory for the pages")
	cobra.CheckErr(cmd.MarkFlagRequired("dir"))
	return cmd
}

// writePages writes a page for a command and for each below it. Cobra's own
// writer of pages brings a Markdown parser that costs every start of the command
// more than reading its input does.
func writePages(cmd *cobra.Command, dir string) error {
	if !cmd.IsAvailableCommand() && cmd.HasParent() || cmd.IsAdditionalHelpTopicCommand() {
		return nil
	}
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(page(cmd, name)), 0o644); err != nil {
		return err
	}
	for _, below := range cmd.Commands() {
		if err := writePages(below, dir); err != nil {
			return err
		}
	}
	return nil
}

// page is the manual page of a command, in roff's man macros.
func page(cmd *cobra.Command, name string) string {
	var b strings.Builder
	section := func(title, text string) {
		if text != "" {
			fmt.Fprintf(&b, ".SH %s\n%s\n", title, text)
		}
	}
	fmt.Fprintf(&b, ".TH %q 1 \"\" writ Writ\n", strings.ToUpper(name))
	section("NAME", roff(name)+" \\- "+roff(cmd.Short))
	section("SYNOPSIS", "\\fB"+roff(cmd.UseLine())+"\\fP")
	section("DESCRIPTION", roff(cmd.Long))
	section("OPTIONS", options(cmd))
	if cmd.Example != "" {
		section("EXAMPLES", ".nf\n"+roff(cmd.Example)+"\n.fi")
	}
	section("SEE ALSO", related(cmd))
	return b.String()
}

func options(cmd *cobra.Command) string {
	cmd.InitDefaultHelpFlag()
	var b strings.Builder
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		short := ""
		if f.Shorthand != "" {
			short = "-" + f.Shorthand + ", "
		}
		kind, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(&b, ".TP\n\\fB%s\\fP %s\n%s\n", roff(short+"--"+f.Name), roff(kind), roff(usage+defaultText(f)))
	})
	return strings.TrimSuffix(b.String(), "\n")
}

// defaultText tells the default of a flag, unless that is nothing.
func defaultText(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "false", "0", "0s", "[]":
		return ""
	}
	return " (default " + f.DefValue + ")"
}

func related(cmd *cobra.Command) string {
	var names []string
	if cmd.HasParent() {
		names = append(names, cmd.Parent().CommandPath())
	}
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			names = append(names, below.CommandPath())
		}
	}
	for i, n := range names {
		names[i] = "\\fB" + roff(strings.ReplaceAll(n, " ", "-")) + "\\fP(1)"
	}
	return strings.Join(names, ", ")
}

// roff escapes text: backslashes, hyphens, and what would be a request at the
// beginning of a line.
func roff(text string) string {
	text = strings.NewReplacer("\\", "\\e", "-", "\\-").Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = "\\&" + line
		}
	}
	return strings.Join(lines, "\n")
}
