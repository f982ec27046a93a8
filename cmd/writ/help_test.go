package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// No line about a flag is much wider than the prose above it: pflag leaves up to
// five characters of a last word on its line.
func TestHelpIsNarrow(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		_, flags, _ := strings.Cut(cmd.UsageString(), "\nFlags")
		for line := range strings.Lines(flags) {
			if n := utf8.RuneCountInString(line); n > helpWidth+5 && strings.HasPrefix(line, "  ") {
				t.Errorf("%s: %d characters: %s", cmd.CommandPath(), n, line)
			}
		}
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	visit(newRoot(&env{stdout: new(bytes.Buffer), stderr: new(bytes.Buffer)}, commands))
}

// Groups name flags that are there.
func TestFlagGroups(t *testing.T) {
	e := new(env)
	generate, audit := newGenerate(e).Flags(), newAudit(e).Flags()
	for _, g := range generateGroups {
		for _, name := range g.names {
			if generate.Lookup(name) == nil && audit.Lookup(name) == nil && name != "help" {
				t.Errorf("about %s: there is no --%s", g.heading, name)
			}
		}
	}
	simulate := newSimulate(e).Flags()
	for _, g := range simulateGroups {
		for _, name := range g.names {
			if simulate.Lookup(name) == nil {
				t.Errorf("about %s: there is no --%s", g.heading, name)
			}
		}
	}
}
