package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/roles"
)

// version is set by the release build.
var version = ""

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and the dates of the facts inside",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return printVersion(e) },
	}
}

func printVersion(e *env) error {
	policies := managed.Default()
	_, err := fmt.Fprintf(e.stdout, "writ %s\nintegrations: %d, read %s\nmanaged policies: %d, to %s\n",
		versionText(), roles.IntegrationCount(), roles.FactsDate, len(policies.Policies()), policies.Date())
	return err
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
