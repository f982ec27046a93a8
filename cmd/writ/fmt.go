package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/minimal"
	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

type fmtFlags struct {
	check, diff           bool
	minimize, noWildcards bool
	format                string
}

func newFmt(e *env) *cobra.Command {
	var f fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt FILE|DIR|-...",
		Short: "Lay policies out in one way",
		Long: `Fmt gives policies one layout: two spaces to a level, a line for each member and
each value, a line break at the end. Order and spelling stay, so the policy says
what it said.

Files are rewritten in place, and the names of those that changed are printed.
'-' is standard input; its result goes to standard output. In a directory, files
are read whose names end in .json, and those without a Statement are left alone.
Policies are JSON: a YAML file would lose its comments.

With --minimize the policy becomes smaller and means the same: what is redundant
goes, statements are merged, and a wildcard stands for actions where the catalogue
has no other one that it would match today. Every step is proved; what it did, and
what it could not decide, goes to standard error. Because wildcards will match
later actions, ask writ compare about the result with --actions known.

Exit codes: 0 done; 1 --check, and a file would change; 2 wrong usage, or a file
that is no policy or cannot be read or written. The other files are formatted
all the same.`,
		Example: "  writ fmt policies\n  writ fmt --check --diff policies\n  writ fmt --minimize - <policy.json",
		Args:    takes(1, many, "a policy or a directory to format, or - for standard input"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(f.format, fmtFormats...); err != nil {
				return err
			}
			if f.format == "json" && f.diff {
				return errors.New("--diff is text: leave out --format json")
			}
			if f.noWildcards && !f.minimize {
				return errors.New("--no-wildcards goes with --minimize")
			}
			return f.run(e, args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.check, "check", false, "write nothing; print the names of the files that would change, and exit with 1 if there are any")
	flags.BoolVar(&f.diff, "diff", false, "write nothing; print what would change")
	flags.BoolVar(&f.minimize, "minimize", false, "make policies as small as can be proved to mean the same")
	flags.BoolVar(&f.noWildcards, "no-wildcards", false, "--minimize: put no wildcards in the place of actions; they will match actions that AWS adds")
	flags.StringVar(&f.format, "format", "text", "output: text, or json, which tells what was done to each file")
	complete(cmd, "format", fmtFormats...)
	return cmd
}

var fmtFormats = []string{"text", "json"}

// formatted is what became of one file.
type formatted struct {
	name     string // "-" for standard input
	old, new string
	doc      *policy.Document // as it was
	result   *minimal.Result  // nil without --minimize
	written  bool
}

func (r *formatted) changed() bool { return r.old != r.new }

// shown is the name that people know a file by.
func (r *formatted) shown() string { return filepath.ToSlash(inputName(r.name)) }

// errNoPolicy: the text is JSON, and something else.
var errNoPolicy = errors.New("this is no policy: it has no Statement")

func (f *fmtFlags) run(e *env, args []string) error {
	var results []*formatted
	failed, others := false, 0
	for _, arg := range args {
		names, err := policyFiles([]string{arg})
		if err != nil {
			fmt.Fprintf(e.stderr, "writ fmt: %v\n", err)
			failed = true
			continue
		}
		inDirectory := !slices.Equal(names, []string{arg})
		for _, name := range names {
			r, err := f.layOutFile(e, name)
			switch {
			case errors.Is(err, errNoPolicy) && inDirectory:
				others++
			case err != nil:
				failed = true
				e.complain(name, err)
			default:
				results = append(results, r)
			}
		}
	}
	if others > 0 {
		fmt.Fprintf(e.stderr, "writ fmt: left alone, for they have no Statement: %s\n", counted(others, "file"))
	}
	err := f.deliver(e, results)
	if failed && (err == nil || errors.As(err, new(exit))) {
		return exit(exitUsage)
	}
	return err
}

// complain tells why a file cannot be formatted.
func (e *env) complain(name string, err error) {
	var bad *unformattable
	if errors.As(err, &bad) {
		printList(e, bad.findings)
		return
	}
	fmt.Fprintf(e.stderr, "writ fmt: %s: %v\n", filepath.ToSlash(inputName(name)), err)
}

// unformattable is a text that is not JSON, or no policy.
type unformattable struct{ findings source.List }

func (e *unformattable) Error() string { return e.findings[0].Message }

// layOutFile gives a policy its layout. Mistakes of other kinds than JSON do not
// hinder: what the tree has no place for is printed as it was written.
func (f *fmtFlags) layOutFile(e *env, name string) (*formatted, error) {
	text, err := readInput(e, name)
	if err != nil {
		return nil, err
	}
	r := &formatted{name: name, old: text}
	if hasExtension(name, ".yaml", ".yml", ".tf", ".hcl") {
		return nil, errors.New("fmt lays out policies in JSON only")
	}
	doc, findings := policy.Parse(source.NewFile(r.shown(), text))
	r.doc = doc
	switch {
	case doc == nil:
		return nil, &unformattable{findings}
	case doc.Broken() || doc.Element(policy.ElementStatement) == nil:
		return nil, errNoPolicy
	}
	if f.minimize {
		return r, f.shrink(r)
	}
	r.new = layOut(doc)
	return r, nil
}

// layOut is the one layout of policies.
func layOut(doc *policy.Document) string { return string(policy.Print(doc, "  ")) + "\n" }

// deliver writes files and says which.
func (f *fmtFlags) deliver(e *env, results []*formatted) error {
	changed := false
	for _, r := range results {
		if err := f.deliverOne(e, r); err != nil {
			return err
		}
		changed = changed || r.changed()
	}
	if f.format == "json" {
		if err := writeFmtJSON(e, results); err != nil {
			return err
		}
	}
	if f.check && changed {
		return exit(exitFindings)
	}
	return nil
}

func (f *fmtFlags) deliverOne(e *env, r *formatted) error {
	if f.minimize && f.format != "json" {
		r.tell(e)
	}
	quiet := f.format == "json"
	if r.name == "-" && !f.check && !f.diff {
		if quiet {
			return nil // the document is part of the answer
		}
		_, err := e.stdout.Write([]byte(r.new))
		return err
	}
	if !r.changed() {
		return nil
	}
	if f.diff {
		_, err := e.stdout.Write(diff.Diff(r.shown(), []byte(r.old), r.shown()+" formatted", []byte(r.new)))
		return err
	}
	if !f.check {
		if err := replaceFile(r.name, r.new); err != nil {
			return err
		}
		r.written = true
	}
	if quiet {
		return nil
	}
	_, err := fmt.Fprintln(e.stdout, r.shown())
	return err
}
