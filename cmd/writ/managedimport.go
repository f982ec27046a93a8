package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/lockedfile"
	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/managed"
	"github.com/writ-iam/writ/source"
)

func newManagedImport(e *env, f *managedFlags) *cobra.Command {
	var hint managed.Hint
	cmd := &cobra.Command{
		Use:   "import FILE|DIRECTORY...",
		Short: "Take texts of managed policies into the local catalogue",
		Long: `Import reads the output of aws iam get-account-authorization-details or of
aws iam get-policy-version, a policy document, or a directory of such files, and
keeps the policies with their versions in the local catalogue. Nothing is
written unless everything could be read.

A file that does not name its policy is called after it: NAME.json, NAME.v3.json
or NAME/v3.json; --arn, --name and --version say it otherwise.`,
		Example: "  aws iam get-account-authorization-details | writ managed import -\n  writ managed import policy.json --arn arn:aws:iam::aws:policy/AmazonECS_FullAccess",
		Args:    takes(1, many, "a file or directory with managed policies"),
		RunE: func(_ *cobra.Command, args []string) error {
			return f.importAll(e, args, hint)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&hint.ARN, "arn", "", "ARN of the policy, of an input that does not say it")
	flags.StringVar(&hint.Name, "name", "", "name of the policy, of an input that does not say it")
	flags.StringVar(&hint.Version, "version", "", "version of a policy document, such as v3")
	f.formatFlag(cmd, "text", "json")
	return cmd
}

// maxFiles bounds the files of a directory.
const maxFiles = 20_000

func (f *managedFlags) importAll(e *env, args []string, hint managed.Hint) error {
	if f.cataloguePath(e) == "" {
		return errors.New("no place for the catalogue: give --catalogue FILE")
	}
	files, err := importFiles(args)
	if err != nil {
		return err
	}
	if len(files) != 1 && hint != (managed.Hint{}) {
		return errors.New("--arn, --name and --version are about one policy; import one file")
	}
	var inputs []importInput
	for _, name := range files {
		in, err := readImport(e, name, hint)
		if err != nil {
			return err
		}
		inputs = append(inputs, in)
	}
	additions, err := f.addToCatalogue(e, inputs)
	if err != nil {
		return fmt.Errorf("nothing was imported: %w", err)
	}
	return f.imported(e, additions)
}

// importInput is what one file holds.
type importInput struct {
	name     string
	policies *managed.Catalogue
}

func readImport(e *env, name string, hint managed.Hint) (importInput, error) {
	text, err := readInput(e, name)
	if err != nil {
		return importInput{}, err
	}
	c, findings := managed.Import(source.NewFile(name, text), completeHint(hint, name))
	if c == nil {
		return importInput{}, fmt.Errorf("nothing was imported:\n%s", findingsText(findings))
	}
	for _, finding := range findings {
		_ = finding.WriteText(e.stderr) // nothing is left to tell a failure to
	}
	return importInput{name, c}, nil
}

// addToCatalogue puts the inputs into the catalogue. A lock, held from reading
// it to replacing it, keeps what other imports add in the meantime; the file
// that is locked stays, because whoever waits for it has it open.
func (f *managedFlags) addToCatalogue(e *env, inputs []importInput) ([]managed.Addition, error) {
	path := f.cataloguePath(e)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // the link stays, and its target is replaced
	}
	if err := checkCatalogueFile(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	unlock, err := lockedfile.MutexAt(path + ".lock").Lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	local, err := f.local(e, false)
	if err != nil {
		return nil, err
	}
	var additions []managed.Addition
	for _, in := range inputs {
		for _, p := range in.policies.Policies() {
			added, err := local.Add(p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", in.name, err)
			}
			additions = append(additions, added...)
		}
	}
	if _, err := managed.Default().With(local); err != nil {
		return nil, err
	}
	return additions, writeCatalogue(path, local)
}

// importFiles lists the inputs; of a directory, the files in it. Names that
// begin with a dot are passed over.
func importFiles(args []string) (files []string, err error) {
	for _, arg := range args {
		info, statErr := os.Stat(arg)
		if arg == "-" || statErr != nil || !info.IsDir() {
			files = append(files, arg)
			continue
		}
		err := filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case path != arg && strings.HasPrefix(entry.Name(), "."):
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			case !entry.Type().IsRegular():
				return nil
			case len(files) == maxFiles:
				return fmt.Errorf("%s has more than %d files", arg, maxFiles)
			}
			files = append(files, path)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, errors.New("there is no file to import")
	}
	return files, nil
}

var versionInName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:(.*)\.)?(v[1-9][0-9]*)$`) })

// completeHint says what the name of a file tells of its policy.
func completeHint(hint managed.Hint, file string) managed.Hint {
	if file == "-" || hint.ARN != "" || hint.Name != "" {
		return hint
	}
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	version := ""
	if m := versionInName().FindStringSubmatch(name); m != nil {
		if name, version = m[1], m[2]; name == "" {
			name = filepath.Base(filepath.Dir(file))
		}
	}
	if hint.Version == "" {
		hint.Version = version
	}
	hint.Name = name
	return hint
}

// writeCatalogue replaces the catalogue in one step.
func writeCatalogue(path string, c *managed.Catalogue) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if len(data) > source.MaxSize {
		return fmt.Errorf("the catalogue would have %d bytes, of which only %d can be read back", len(data), source.MaxSize)
	}
	return writeFile(path, append(data, '\n'))
}

func (f *managedFlags) imported(e *env, additions []managed.Addition) error {
	path := f.cataloguePath(e)
	if f.format == "json" {
		type addition struct {
			Policy  string `json:"policy"`
			Version string `json:"version"`
			New     bool   `json:"new"`
		}
		list := []addition{}
		for _, a := range additions {
			list = append(list, addition(a))
		}
		return printJSON(e, struct {
			FormatVersion string     `json:"format_version"`
			Catalogue     string     `json:"catalogue"`
			Versions      []addition `json:"versions"`
		}{"1.0", path, list})
	}
	p := answerPrinter{w: e.stdout}
	fresh := 0
	for _, a := range additions {
		if a.New {
			fresh++
			p.printf("%s %s\n", plain(a.Policy), a.Version)
		}
	}
	p.printf("%d new, %d known before, in %s\n", fresh, len(additions)-fresh, path)
	return p.err
}
