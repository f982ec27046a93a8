package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// formatVar registers --format with the formats that a command has, of which text
// is the default. checkFormat refuses others.
func formatVar(cmd *cobra.Command, format *string, known ...string) {
	cmd.Flags().StringVar(format, "format", "text", "output: "+either(known))
	complete(cmd, "format", known...)
}

// checkFormat refuses a value of --format that a command does not have.
func checkFormat(format string, known ...string) error {
	if slices.Contains(known, format) {
		return nil
	}
	return fmt.Errorf("unknown format %q: one of %s", format, strings.Join(known, ", "))
}

func failLevelVar(cmd *cobra.Command, level *string) {
	levels := []string{"suggestion", "warning", "security_warning", "error"}
	cmd.Flags().StringVar(level, "fail-level", "error", "lowest severity that makes the exit code 1: "+either(levels))
	complete(cmd, "fail-level", levels...)
}

// complete tells shells the values of a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}

// either lists words, two at least, of which one is meant.
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
