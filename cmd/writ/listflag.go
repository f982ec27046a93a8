package main

import (
	"encoding/csv"
	"strings"

	"github.com/spf13/pflag"
)

// listFlag is a flag that may be repeated. pflag's own ones write their empty
// defaults as CSV when they are registered, which every start of the command
// would pay for each of them.
type listFlag struct {
	values *[]string
	commas bool // separate several values; one with a comma stands in double quotes
}

func listVar(flags *pflag.FlagSet, values *[]string, name, usage string) {
	flags.Var(&listFlag{values: values}, name, usage)
}

// commaListVar registers a flag whose values may be separated by commas too.
func commaListVar(flags *pflag.FlagSet, values *[]string, name, usage string) {
	flags.Var(&listFlag{values, true}, name, usage)
}

func (l *listFlag) Set(text string) error {
	values := []string{text}
	if l.commas && text == "" {
		return nil
	}
	if l.commas {
		var err error
		if values, err = csv.NewReader(strings.NewReader(text)).Read(); err != nil {
			return err
		}
	}
	*l.values = append(*l.values, values...)
	return nil
}

// String returns what help shows as the default.
func (l *listFlag) String() string {
	if l.values == nil {
		return ""
	}
	return strings.Join(*l.values, ",")
}

// Type is what help calls the value.
func (l *listFlag) Type() string {
	if l.commas {
		return "stringSlice"
	}
	return "stringArray"
}
