package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
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
			// A fixed date keeps the pages the same from build to build.
			header := &doc.GenManHeader{Section: "1", Source: "writ", Manual: "Writ", Date: new(time.Time)}
			if err := doc.GenManTree(cmd.Root(), header, dir); err != nil {
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
