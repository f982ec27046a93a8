package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// many is for commands that take as many arguments as one gives.
const many = -1

// takes is for commands with arguments, least of them at least and most at most.
// What completes the sentence "name ..." for whoever gives too few.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("name %s\n%s", what, seeHelp(cmd))
		case most != many && len(args) > most:
			return fmt.Errorf("%q is one argument too many: name %s\n%s", args[most], what, seeHelp(cmd))
		}
		return nil
	}
}

// takesCommand is for commands that only hold others.
func takesCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("; did you mean %q?", near[0])
	}
	return fmt.Errorf("unknown command %q for %q%s\n%s", args[0], cmd.CommandPath(), hint, seeHelp(cmd))
}

func seeHelp(cmd *cobra.Command) string { return "see '" + cmd.CommandPath() + " --help'" }
