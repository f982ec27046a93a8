package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/dataflow"
	"github.com/writ-iam/writ/source"
)

// inputFlags are what the user knows of the data in a machine.
type inputFlags struct {
	input  string
	exact  bool
	pins   []string
	config string
}

func (f *inputFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.input, "input", "", "file with an example of the execution's input (its shape counts), or a JSON Schema for it")
	flags.BoolVar(&f.exact, "exact-input", false, "executions begin with exactly the example of --input: its values count as well")
	listVar(flags, &f.pins, "pin", "what a place holds that no analysis can know, as STATE/Parameters/NAME=PATTERN (repeatable)")
	flags.StringVar(&f.config, "config", "", "configuration (default: "+configFile+" in the current directory, if it is there)")
}

// readData reads what the flags tell of the data in the machine.
func (f *generateFlags) readData() (err error) {
	f.opts.Input, f.opts.Pins, err = f.data.resolve()
	return err
}

// resolve reads the files.
func (f *inputFlags) resolve() (*dataflow.Input, []dataflow.Pin, error) {
	conf, err := readConfig(f.config)
	if err != nil {
		return nil, nil, err
	}
	var pins []dataflow.Pin
	given := map[string]bool{}
	for _, p := range f.pins {
		place, pattern, ok := strings.Cut(p, "=")
		if !ok || place == "" || pattern == "" {
			return nil, nil, fmt.Errorf("--pin %q: write STATE/FIELD/NAME=PATTERN, as in Notify/Parameters/TopicArn=arn:aws:sns:*:123456789012:orders-*", p)
		}
		if given[place] {
			return nil, nil, fmt.Errorf("--pin %s is given twice; a place has one pattern", place)
		}
		given[place] = true
		pins = append(pins, dataflow.Pin{Place: place, Pattern: pattern})
	}
	for _, p := range conf.pins {
		if !given[p.Place] {
			pins = append(pins, p)
		}
	}
	if f.input == "" {
		if f.exact {
			return nil, nil, errors.New("--exact-input says how to read --input, which is not given")
		}
		return nil, pins, nil
	}
	text, err := os.ReadFile(f.input)
	if err != nil {
		return nil, nil, err
	}
	input, findings := dataflow.ReadInput(source.NewFile(f.input, string(text)), f.exact)
	if findings.HasErrors() {
		return nil, nil, fmt.Errorf("--input:\n%w", unreadable(findings))
	}
	return input, pins, nil
}

// findingsOf is what there is to report of wrong usage.
func findingsOf(err error) source.List {
	var u unreadable
	if errors.As(err, &u) {
		return source.List(u).Sorted()
	}
	return source.List{{Code: "BAD_USAGE", Severity: source.Error, Message: err.Error()}}
}
