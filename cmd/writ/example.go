package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// exampleFlags are the flags of writ example.
type exampleFlags struct {
	managedFlags // for --format
	raw, printed bool
	values       map[string]*string
}

func newExample(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "example",
		Short: "Show the example policies of the ECS developer guide, corrected and filled in",
		Args:  takesCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newExampleList(e), newExampleShow(e))
	return cmd
}

type exampleJSON struct {
	Name       string          `json:"name"`
	Topic      string          `json:"topic"`
	Allows     string          `json:"allows"`
	Source     string          `json:"source"`
	SourceDate string          `json:"sourceDate"`
	Parameters []parameterJSON `json:"parameters"`
	Why        []string        `json:"why"`
}

type parameterJSON struct {
	Name     string `json:"name"`
	Format   string `json:"format"`
	Required bool   `json:"required"`
}

func newExampleJSON(x *managed.Example) exampleJSON {
	out := exampleJSON{x.Name, x.Topic, x.Allows, x.Source.Title, x.Source.Date, []parameterJSON{}, x.Why}
	if out.Why == nil {
		out.Why = []string{}
	}
	for _, p := range x.Needs(managed.Corrected) {
		out.Parameters = append(out.Parameters, parameterJSON{p.Name, p.Format, !p.Any})
	}
	return out
}

func newExampleList(e *env) *cobra.Command {
	var f exampleFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the examples with their parameters",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if f.format == "json" {
				list := []exampleJSON{}
				for _, x := range managed.Examples() {
					list = append(list, newExampleJSON(x))
				}
				return printJSON(e, struct {
					FormatVersion string        `json:"format_version"`
					Examples      []exampleJSON `json:"examples"`
				}{"1.0", list})
			}
			p := answerPrinter{w: e.stdout}
			for _, x := range managed.Examples() {
				p.printf("%-22s  %-38s  %s\n", x.Name, strings.Join(parameterNames(x, managed.Corrected), " "), x.Allows)
			}
			return p.err
		},
	}
	f.formatFlag(cmd, "text", "json")
	return cmd
}

func parameterNames(x *managed.Example, form managed.Form) (names []string) {
	for _, p := range x.Needs(form) {
		names = append(names, p.Name)
	}
	return names
}

func newExampleShow(e *env) *cobra.Command {
	f := exampleFlags{values: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show an example as it should read today, filled in",
		Long: `Show prints an example of the ECS developer guide as it should read today, filled
in with the parameters that it needs, and says how it differs from the guide.
--printed fills in what the guide prints; --raw leaves its placeholders as well.
--format document prints the policy alone.`,
		Example: "  writ example show ecs/run-tasks --cluster prod --family web --account 123456789012 --region eu-west-1",
		Args:    takes(1, 1, "an example; writ example list has them"),
		RunE: func(_ *cobra.Command, args []string) error {
			x, err := managed.FindExample(args[0])
			if err != nil {
				return f.unknown(e, err)
			}
			return f.show(e, x)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, x := range managed.Examples() {
				names = append(names, x.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := cmd.Flags()
	for _, p := range managed.Parameters() {
		f.values[p.Name] = flags.String(p.Name, "", p.Format)
	}
	flags.BoolVar(&f.raw, "raw", false, "as the guide prints it, placeholders included")
	flags.BoolVar(&f.printed, "printed", false, "as the guide prints it, filled in")
	cmd.MarkFlagsMutuallyExclusive("raw", "printed")
	f.formatFlag(cmd, "text", "json", "document")
	return cmd
}

func (f *exampleFlags) form() managed.Form {
	switch {
	case f.raw:
		return managed.Raw
	case f.printed:
		return managed.Documented
	}
	return managed.Corrected
}

func (f *exampleFlags) show(e *env, x *managed.Example) error {
	values := map[string]string{}
	for name, v := range f.values {
		values[name] = *v
	}
	doc, err := x.Policy(f.form(), values)
	var wrong *managed.ParameterError
	if errors.As(err, &wrong) {
		return fmt.Errorf("--%s: %w", wrong.Parameter.Name, err)
	}
	if err != nil {
		return err
	}
	findings := f.parameterFindings(x, values)
	if f.format == "json" {
		return printJSON(e, struct {
			FormatVersion string           `json:"format_version"`
			Example       exampleJSON      `json:"example"`
			Document      *policy.Document `json:"document"`
			Findings      source.List      `json:"findings"`
		}{"1.0", newExampleJSON(x), doc, findings})
	}
	for _, finding := range findings {
		_ = finding.WriteText(e.stderr) // nothing is left to tell a failure to
	}
	if f.format == "document" {
		return printDocument(e, doc)
	}
	p := answerPrinter{w: e.stdout}
	p.printf("%s\n", x.Name)
	p.line("allows", "%s", x.Allows)
	p.line("source", "%s, %s: %s", x.Source.Title, x.Source.Date, x.Topic)
	if f.form() == managed.Corrected {
		for _, why := range x.Why {
			p.line("differs", "%s", why)
		}
	}
	p.printf("\n%s\n", policy.Print(doc, "  "))
	return p.err
}

// parameterFindings tells of parameters that the example has no place for, and
// of those that were not given.
func (f *exampleFlags) parameterFindings(x *managed.Example, values map[string]string) source.List {
	findings := source.List{}
	needed := parameterNames(x, f.form())
	for _, p := range managed.Parameters() {
		isNeeded := slices.Contains(needed, p.Name)
		switch {
		case values[p.Name] != "" && !isNeeded:
			findings = append(findings, source.Finding{Code: "UNUSED_PARAMETER", Severity: source.Warning,
				Message: fmt.Sprintf("the example has no place for --%s", p.Name)})
		case values[p.Name] == "" && isNeeded:
			findings = append(findings, source.Finding{Code: "ANY_PARAMETER", Severity: source.Suggestion,
				Message: fmt.Sprintf("--%s is not given, so the policy holds * in its place", p.Name), Hint: p.Format})
		}
	}
	return findings
}
