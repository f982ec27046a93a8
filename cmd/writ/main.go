// Command writ generates, decides, checks and proves AWS IAM policies, offline.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every command.
const (
	exitOK        = 0 // clean, allowed, proved
	exitFindings  = 1 // findings at or above --fail-level, denied, new access
	exitUsage     = 2 // wrong usage or unreadable input
	exitUndecided = 3 // something could not be known
)

// env is what a command sees of the world, so that tests can replace it.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	terminal       bool // stdout is one
}

// exit carries an exit code out of a command. Whatever there was to say has
// been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func main() {
	os.Exit(run(os.Args[1:], env{
		stdin:    os.Stdin,
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		getenv:   os.Getenv,
		terminal: isTerminal(os.Stdout),
	}))
}

// run executes one command line and returns its exit code.
func run(args []string, e env) int {
	root := newRoot(&e, commandsFor(args))
	root.SetArgs(args)
	err := root.Execute()
	var code exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(e.stderr, "writ: %v\n", err)
	return exitUsage
}

// command is one of the root's.
type command struct {
	name string
	make func(*env) *cobra.Command
}

var commands = []command{
	{"generate", newGenerate}, {"audit", newAudit}, {"simulate", newSimulate}, {"can", newCan}, {"who-can", newWhoCan}, {"test", newTest}, {"check", newCheck},
	{"fmt", newFmt}, {"compare", newCompare}, {"prove", newProve}, {"decode", newDecode}, {"explain-error", newExplainError},
	{"catalog", newCatalog}, {"managed", newManaged}, {"example", newExample}, {"grant", newGrant}, {"version", newVersion}, {"man", newMan},
}

// commandsFor returns the command that the arguments name, which runs without
// the flags of all others being made, or all where help may be about others.
func commandsFor(args []string) []command {
	i := slices.IndexFunc(commands, func(c command) bool { return len(args) > 0 && c.name == args[0] && c.name != "man" })
	if i < 0 {
		return commands
	}
	return commands[i : i+1]
}

func newRoot(e *env, commands []command) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use:   "writ",
		Short: "IAM you can run, read and prove",
		Long: `Writ works out the IAM roles that AWS Step Functions state machines and Amazon ECS
tasks need, and decides, checks and proves IAM policies of every kind, with the
reasons. It works offline: nothing needs an AWS account, and nothing touches the
network.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          takesCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return printVersion(e)
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&showVersion, "version", false, "print what writ version prints")
	root.SetUsageFunc(usage())
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w\n%s", err, seeHelp(cmd))
	})
	for _, c := range commands {
		root.AddCommand(c.make(e))
	}
	if len(commands) == 1 {
		root.CompletionOptions.DisableDefaultCmd = true
		return root
	}
	refuseUnknownShells(root)
	return root
}

// refuseUnknownShells makes "writ completion SHELL" an error for a shell that
// Cobra has no script for; by itself it prints help and succeeds.
func refuseUnknownShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
