package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/writ-iam/writ/arn"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
	"github.com/writ-iam/writ/template"
)

// templateFlags are the values that stand outside of a template.
type templateFlags struct {
	used       bool // a template was read with them
	parameters []string
	files      []string
	stackName  string

	ignoreDefaults bool // see template.Options
}

func (f *templateFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	listVar(flags, &f.parameters, "parameter", "template: value of a parameter, as NAME=VALUE (repeatable)")
	listVar(flags, &f.files, "parameters", "template: file with values of parameters, as the AWS CLI and SAM take them (JSON; repeatable)")
	flags.StringVar(&f.stackName, "stack-name", "", "template: name of the stack")
}

// templateFlagNames are the flags that say something about templates alone.
var templateFlagNames = []string{"parameter", "parameters", "stack-name"}

// values are the parameters: those of files, and over them those of flags.
func (f *templateFlags) values(e *env) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range f.files {
		text, err := readInput(e, name)
		if err != nil {
			return nil, err
		}
		values, findings := template.ReadParameters(source.NewFile(inputName(name), text))
		if findings.HasErrors() {
			return nil, fmt.Errorf("--parameters:\n%w", unreadable(findings))
		}
		for key, value := range values {
			out[key] = value
		}
	}
	given, err := pairs("--parameter", f.parameters)
	if err != nil {
		return nil, err
	}
	for key, value := range given {
		out[key] = value
	}
	return out, nil
}

// manifest is the file of a cloud assembly that names the others.
const manifest = "manifest.json"

// findTemplate opens an input that may be a template: a file, or the directory
// of a cloud assembly. The text is that of the file, template or not.
func findTemplate(e *env, input string) (file *source.File, err error) {
	if info, bad := os.Stat(input); input != "-" && bad == nil && info.IsDir() {
		inside := firstInside(input)
		if inside == "" {
			return nil, fmt.Errorf("%s is a directory; name the definition in it (a cloud assembly of the CDK has %s, a module of Terraform *.tf)", input, manifest)
		}
		input = inside
	}
	text, err := readInput(e, input)
	if err != nil {
		return nil, err
	}
	return source.NewFile(inputName(input), text), nil
}

// firstInside returns the file of a directory that is read first: the manifest
// of an assembly, or a file of a module, which is read with the others; "" where
// the directory is neither.
func firstInside(dir string) string {
	for _, pattern := range []string{manifest, "main.tf", "*.tf", "*.tf.json"} {
		if found, err := filepath.Glob(filepath.Join(dir, pattern)); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// read reads a template with the values that flags give.
func (f *templateFlags) read(e *env, file *source.File, o *roles.Options) (*template.Template, source.List, error) {
	return f.readWith(e, file, o, func(string) (string, bool) { return "", false })
}

// readWith reads a template with texts in the place of some files.
func (f *templateFlags) readWith(e *env, file *source.File, o *roles.Options, instead func(name string) (string, bool)) (*template.Template, source.List, error) {
	if text, ok := instead(file.Name); ok {
		file = source.NewFile(file.Name, text)
	}
	values, err := f.values(e)
	if err != nil {
		return nil, nil, err
	}
	f.used = true
	opts := template.Options{Parameters: values, Region: o.Region, Account: o.Account, Partition: o.Partition, StackName: f.stackName, IgnoreDefaults: f.ignoreDefaults}
	if file.Name != stdinName {
		dir, err := beside(file.Name, &opts)
		if err != nil {
			return nil, nil, err
		}
		defer dir.Close()
		open := opts.Open
		opts.Open = func(name string) ([]byte, error) {
			if text, ok := instead(name); ok {
				return []byte(text), nil
			}
			return open(name)
		}
	}
	// Names of files are relative to the directory, and so are findings: they are
	// shown with it.
	t, findings := template.Read(file, opts)
	return t, findings, nil
}

// beside lets a template open and list what stands in the directory of its file,
// and below, and nothing else. The directory is to be closed afterwards.
func beside(file string, opts *template.Options) (io.Closer, error) {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	opts.Open = func(name string) ([]byte, error) { return readBeside(root.FS(), name) }
	opts.List = func(dir string) ([]string, error) {
		entries, err := fs.ReadDir(root.FS(), dir)
		var names []string
		for _, entry := range entries {
			if !entry.IsDir() {
				names = append(names, entry.Name())
			}
		}
		return names, err
	}
	return root, nil
}

// readBeside reads a file that a template names.
func readBeside(dir fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		var failed *fs.PathError
		if errors.As(err, &failed) {
			return nil, failed.Err // the template's finding names the file
		}
		return nil, err
	}
	if info.Size() > source.MaxSize {
		return nil, errors.New("the file is too large")
	}
	return fs.ReadFile(dir, name)
}

// machineOf says of a machine in a template what flags say of one that stands
// alone. Flags that are given go before.
func machineOf(t *template.Template, m *template.Machine, o roles.Options, given func(flag string) bool) (roles.Options, source.List) {
	var findings source.List
	note := func(code, message, hint string) {
		findings = append(findings, source.Finding{Code: code, Severity: source.Warning, File: m.File, Span: m.Span, Path: m.Pointer, Message: message, Hint: hint})
	}
	o.Holes = holesOf{t, nil}
	if at, err := arn.Parse(m.ARN); err == nil { // an assembly and a provider tell the place
		for _, place := range []struct{ into, from *string }{{&o.Account, &at.Account}, {&o.Region, &at.Region}, {&o.Partition, &at.Partition}} {
			if *place.into == "" && !hole.Has(*place.from) {
				*place.into = *place.from
			}
		}
	}
	o.LeaveOpen()
	if !given("name") && !refersTo(m.Physical, m.Name) {
		o.Name = m.Physical
	}
	if !given("type") {
		if o.Type = roles.MachineType(m.Kind); hole.Has(m.Kind) {
			o.Type = roles.Standard
			note("TEMPLATE_UNDECIDED", fmt.Sprintf("the type of %s is not known; it is taken to be STANDARD", m.Name), "give --type")
		}
	}
	for _, s := range []struct {
		flag  string
		value template.Switch
		into  *bool
	}{{"tracing", m.Tracing, &o.Tracing}, {"logging", m.Logging, &o.Logging}} {
		if !given(s.flag) {
			*s.into = s.value != template.Off
			if s.value == template.Undecided {
				note("TEMPLATE_UNDECIDED", fmt.Sprintf("whether %s has %s is not known; the role allows for it", m.Name, s.flag), "give --"+s.flag+" or --"+s.flag+"=false")
			}
		}
	}
	if !given("kms-key") && m.KMSKey != "" {
		key, sure := keyARN(t, m.KMSKey, &o)
		if o.KMSKey = key; !sure {
			note("TEMPLATE_UNDECIDED", fmt.Sprintf("which key encrypts %s is not known; the role allows any key of the account", m.Name), "give --kms-key")
		}
	}
	o.RoleName = label(m.Name) + "Role"
	if made := t.OwnRoleOf(m); made != nil {
		o.RoleName = label(made.Name)
	}
	o.TaskDefinitions = slices.Clip(o.TaskDefinitions)
	for i := range t.Tasks {
		td := t.Tasks[i].TaskDefinition
		o.TaskDefinitions = append(o.TaskDefinitions, td)
	}
	return o, findings
}

// label is the name of a resource without the type and the modules that an
// address of Terraform begins with.
func label(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// refersTo reports whether a text has a hole that a resource of that name gives.
func refersTo(text, name string) bool {
	return slices.ContainsFunc(hole.Names(text), func(h string) bool {
		return strings.HasPrefix(h[strings.LastIndexByte(h, '/')+1:], name+".")
	})
}

// keyARN makes the ARN of a key that is named by its id or ARN. An alias, or a
// parameter that may be one, says nothing of the key.
func keyARN(t *template.Template, key string, o *roles.Options) (text string, sure bool) {
	name, whole := hole.Whole(key)
	switch {
	case strings.HasPrefix(key, "arn:") && strings.Contains(key, ":key/"):
		return key, true
	case whole && strings.HasSuffix(strings.ToLower(name), "arn"):
		return key, true
	case strings.Contains(key, "alias/"), whole && !t.Plain(name):
		key, sure = "*", false
	default:
		sure = true
	}
	partition := o.Partition
	if p, ok := arn.PartitionOf(o.Region); partition == "" && ok {
		partition = p
	}
	return "arn:" + partition + ":kms:" + o.Region + ":" + o.Account + ":key/" + key, sure
}

// partOf reports whether a finding is about one machine: in its resource, or in
// the file of its definition.
func partOf(f source.Finding, m *template.Machine) bool {
	if f.File == nil {
		return false
	}
	if m.Definition != nil && m.Definition.File != m.File && f.File == m.Definition.File {
		return true
	}
	return f.File == m.File && f.Span.Start >= m.Span.Start && f.Span.End <= m.Span.End
}
