package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/dataflow"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/source"
)

// configFile is the file in the current directory that is read when --config
// names no other one.
const configFile = ".writ.yaml"

// config is what a project says once for all commands.
type config struct {
	pins     []dataflow.Pin
	suppress []check.Suppression // of writ check
}

// configKeys are the keys of the file and what reads each. A command that wants
// a key of its own adds a row here.
var configKeys = map[string]func(c *config, file *source.File, v *jsontree.Value) error{
	"pins":     (*config).readPins,
	"suppress": (*config).readSuppressions,
}

// readConfig reads the file of that name; "" is configFile, which need not be
// there.
func readConfig(name string) (*config, error) {
	c := &config{}
	optional := name == ""
	if optional {
		name = configFile
	}
	text, err := os.ReadFile(name)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	file := source.NewFile(name, string(text))
	if strings.TrimSpace(file.Text) == "" {
		return c, nil
	}
	root, duplicates, bad := yamltree.Parse(file.Text)
	switch {
	case bad != nil:
		return nil, configError(file, bad.Span, "%s", bad.Msg)
	case len(duplicates) > 0:
		return nil, configError(file, duplicates[0].Second, "%q is already a key here", duplicates[0].Name)
	case !root.Is(jsontree.Object):
		return nil, configError(file, root.Span, "a configuration is a mapping, not %s", root.Kind)
	}
	for i := range root.Members {
		m := &root.Members[i]
		read := configKeys[m.Name]
		if read == nil {
			return nil, configError(file, m.NameSpan, "unknown key %q; known: %s", m.Name, near.QuoteAll(slices.Sorted(maps.Keys(configKeys))))
		}
		if err := read(c, file, &m.Value); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func configError(file *source.File, span source.Span, format string, args ...any) error {
	at := file.Position(span.Start)
	return fmt.Errorf("%s:%d:%d: %s", file.Name, at.Line, at.Column, fmt.Sprintf(format, args...))
}

// readPins reads a mapping of places to patterns.
func (c *config) readPins(file *source.File, v *jsontree.Value) error {
	if !v.Is(jsontree.Object) {
		return configError(file, v.Span, "pins is a mapping of places to patterns, not %s", v.Kind)
	}
	for i := range v.Members {
		m := &v.Members[i]
		if m.Value.Kind != jsontree.String {
			return configError(file, m.Value.Span, "the pattern for %q must be a string, not %s", m.Name, m.Value.Kind)
		}
		c.pins = append(c.pins, dataflow.Pin{Place: m.Name, Pattern: m.Value.Text, File: file, Span: m.NameSpan})
	}
	return nil
}

// readSuppressions reads the findings of writ check that are accepted.
func (c *config) readSuppressions(file *source.File, v *jsontree.Value) (err error) {
	c.suppress, err = check.ReadSuppressions(file, v)
	return err
}
