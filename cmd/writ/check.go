package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/source"
)

type checkFlags struct {
	kind, resourceType string
	format, failLevel  string
	ignore, enable     []string
	baseline, config   string
	region, account    string
	template           templateFlags
}

func newCheck(e *env) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Find what is wrong with policies",
		Long: `Check reads policies and says what is wrong with them: all findings of IAM
Access Analyzer's policy validation under the same codes, and findings of its
own, whose codes begin with WRIT_. Policies stand alone, in templates
(CloudFormation, SAM, CDK, Terraform) or in account authorization details.
'-' is standard input; in a directory, files without policies are passed over.
docs/findings/ explains every code.

Exit codes: 0 no finding at or above --fail-level; 1 some; 2 wrong usage or
unreadable input; 3 something could not be decided.`,
		Example: "  writ check policy.json\n  writ check --type resource --resource-type AWS::S3::Bucket bucket.json --format json",
		Args:    takes(1, many, "a policy, a template or a directory to check, or - for standard input"),
		RunE:    func(_ *cobra.Command, args []string) error { return f.run(e, args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.kind, "type", "", "what the policies are: "+strings.Join(check.KindNames(), ", ")+" (default: what they look like)")
	flags.StringVar(&f.resourceType, "resource-type", "", "what resource policies are attached to, such as AWS::S3::Bucket")
	formatVar(cmd, &f.format, checkFormats...)
	failLevelVar(cmd, &f.failLevel)
	commaListVar(flags, &f.ignore, "ignore", "leave out findings with these codes; * stands for any text")
	commaListVar(flags, &f.enable, "enable", "make findings with these codes, which are only made on request")
	flags.StringVar(&f.baseline, "baseline", "", "leave out the findings of an earlier run: what --format json printed")
	flags.StringVar(&f.config, "config", "", "configuration with suppressions (default: "+configFile+" in the current directory, if it is there)")
	f.template.register(cmd)
	flags.StringVar(&f.region, "region", "", "template: Region of the stack")
	flags.StringVar(&f.account, "account", "", "template: account of the stack, 12 digits")
	complete(cmd, "type", check.KindNames()...)
	complete(cmd, "resource-type", check.ResourceTypes()...)
	return cmd
}

// checked is what checking all files gave.
type checked struct {
	files     []checkedFile
	templates bool        // there was one
	skipped   int         // files of directories without policies
	findings  source.List // of all files
	accepted  int         // findings that are left out
	undecided int         // questions without an answer
	deciding  int         // those that could change the exit code
}

type checkedFile struct {
	name   string
	path   string // of the policy in a template or account; "" for a file of its own
	result check.Result
}

func (f *checkFlags) run(e *env, args []string) error {
	if err := checkFormat(f.format, checkFormats...); err != nil {
		return err
	}
	level, err := source.ParseSeverity(f.failLevel)
	if err != nil {
		return fmt.Errorf("--fail-level: %w", err)
	}
	options := check.Options{ResourceType: f.resourceType, Enable: f.enable, Memory: new(check.Memory)}
	if f.kind != "" {
		if options.Kind, err = check.ParseKind(f.kind); err != nil {
			return fmt.Errorf("--type: %w", err)
		}
	}
	for _, code := range f.enable {
		if r, ok := check.FindRule(code); !ok || !r.OnRequest() {
			return fmt.Errorf("--enable: %s is no code of findings that are made on request", code)
		}
	}
	if err := f.ignoresKnown(); err != nil {
		return err
	}
	inputs, err := checkInputs(args)
	if err != nil {
		return err
	}
	accept, err := f.acceptance()
	if err != nil {
		return err
	}
	c := checker{flags: f, env: e, options: options, accept: accept, level: level, modules: make(map[string]bool), read: make(map[string]bool)}
	for _, in := range inputs {
		if err := c.file(in); err != nil {
			return err
		}
		if accept.err != nil {
			return accept.err
		}
	}
	all := &c.all
	if c.all.templates {
		c.distinct()
	}
	if len(all.files) == 0 && !all.templates {
		return fmt.Errorf("there is no policy in %s", strings.Join(args, ", "))
	}
	all.findings = append(all.findings, accept.suppressor.Findings()...)
	all.accepted = accept.count
	if err := writeChecked(e, f.format, level, all); err != nil {
		return err
	}
	return all.exit(level)
}

func (all *checked) exit(level source.Severity) error {
	if worst, ok := all.findings.Worst(); ok && worst >= level {
		return exit(exitFindings)
	}
	if all.deciding > 0 {
		return exit(exitUndecided)
	}
	return nil
}

// policyExtensions are the endings of the names of files that may hold policies.
var policyExtensions = []string{".json", ".yaml", ".yml", ".template", ".tf"}

// checkInputs replaces directories by the files in them.
func checkInputs(args []string) ([]checkInput, error) {
	var out []checkInput
	for _, arg := range args {
		info, err := os.Stat(arg)
		if arg == "-" || err == nil && !info.IsDir() {
			out = append(out, checkInput{name: arg})
			continue
		}
		if err != nil {
			return nil, err
		}
		before := len(out)
		if out, err = walkInputs(arg, out); err != nil {
			return nil, err
		}
		if len(out) == before {
			return nil, fmt.Errorf("there is no policy in %s: names end in %s", arg, strings.Join(policyExtensions, ", "))
		}
	}
	return out, nil
}

// walkInputs lists the files of a directory and those below. What may name others
// comes before them: files before those of directories below, and the manifest of
// an assembly before its templates.
func walkInputs(dir string, out []checkInput) ([]checkInput, error) {
	first := len(out)
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != dir && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case !entry.IsDir() && hasExtension(name, policyExtensions...):
			out = append(out, checkInput{name: name, walked: true})
		}
		return nil
	})
	slices.SortStableFunc(out[first:], func(a, b checkInput) int {
		return cmp.Or(depth(a.name)-depth(b.name), manifestFirst(a.name)-manifestFirst(b.name))
	})
	return out, err
}

func depth(name string) int { return strings.Count(name, string(filepath.Separator)) }

func manifestFirst(name string) int {
	if filepath.Base(name) == manifest {
		return 0
	}
	return 1
}

// policyFiles replaces directories by the policies in them.
func policyFiles(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if arg == "-" || err == nil && !info.IsDir() {
			out = append(out, arg)
			continue
		}
		if err != nil {
			return nil, err
		}
		before := len(out)
		if out, err = walkPolicies(arg, out); err != nil {
			return nil, err
		}
		if len(out) == before {
			return nil, fmt.Errorf("there is no policy in %s: their names end in .json", arg)
		}
	}
	return out, nil
}

func walkPolicies(dir string, out []string) ([]string, error) {
	return walkFiles(dir, out, func(name string) bool { return strings.HasSuffix(name, ".json") })
}

// walkFiles appends the files of a directory that are wanted, and of those below;
// hidden directories are left out.
func walkFiles(dir string, out []string, wanted func(name string) bool) ([]string, error) {
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != dir && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !entry.IsDir() && wanted(entry.Name()):
			out = append(out, name)
		}
		return nil
	})
	return out, err
}
