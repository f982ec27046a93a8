package template

import (
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
	"github.com/writ-iam/writ/source"
)

// machineFields say how a type of resource names what a machine has.
type machineFields struct {
	name, kind, role, definition, text, file, bucketFile string
	tracing, logging                                     []string
}

var stateMachine = machineFields{
	name: "StateMachineName", kind: "StateMachineType", role: "RoleArn", definition: "Definition", text: "DefinitionString", bucketFile: "DefinitionS3Location",
	tracing: []string{"TracingConfiguration", "Enabled"}, logging: []string{"LoggingConfiguration", "Level"},
}

var serverlessMachine = machineFields{
	name: "Name", kind: "Type", role: "Role", definition: "Definition", file: "DefinitionUri",
	tracing: []string{"Tracing", "Enabled"}, logging: []string{"Logging", "Level"},
}

// readMachine reads an AWS::StepFunctions::StateMachine.
func (s *stack) readMachine(r *resource) { s.addMachine(r, &stateMachine, Reference{}) }

// addMachine adds a machine, once for each outcome of the conditions that
// change its definition beyond texts.
func (s *stack) addMachine(r *resource, fields *machineFields, role Reference) {
	m := Machine{Place: s.place(r, nil), ARN: s.attribute(r, "Arn", r.nameSpan), Role: role}
	m.Physical = s.attribute(r, "Name", r.nameSpan)
	whole := s.whole(func() {
		if m.Kind = s.optional(r.property(fields.kind)); m.Kind == "" {
			m.Kind = "STANDARD"
		}
		if v := r.property(fields.role); v != nil {
			m.Role = s.referenceOf(v)
		}
		m.Tracing = s.switchOf(r, fields.tracing, func(v jsontree.Value) Switch { return onIf(v.Text == "true") })
		m.Logging = s.switchOf(r, fields.logging, func(v jsontree.Value) Switch { return onIf(v.Text != "" && v.Text != "OFF") })
		m.KMSKey = s.optional(r.property("EncryptionConfiguration", "KmsKeyId"))
	})
	for _, d := range s.definitions(r, fields) {
		one := m
		one.Definition, one.When = d.machine, s.here(d.when)
		one.Incomplete = !whole || !d.whole
		s.session.out.Machines = append(s.session.out.Machines, one)
	}
}

func onIf(on bool) Switch {
	if on {
		return On
	}
	return Off
}

// switchOf reads whether something is on. It is off where it does not stand.
func (s *stack) switchOf(r *resource, names []string, read func(jsontree.Value) Switch) Switch {
	v := r.property(names[0])
	if v == nil {
		return Off
	}
	var result Switch
	for i, c := range s.variants(v) {
		one := Off
		value := &c.value
		if _, unknown := isUnknown(c.value); unknown {
			one = Undecided
		} else if value = value.Get(names[1]); value != nil {
			if one = read(*value); hole.Has(value.Text) {
				one = Undecided
			}
		}
		if i > 0 && one != result {
			one = Undecided
		}
		result = one
	}
	return result
}

// definitionCase is the definition of a machine under some assumptions.
type definitionCase struct {
	machine *asl.StateMachine
	when    When
	whole   bool
}

// definitions reads the definition of a machine.
func (s *stack) definitions(r *resource, fields *machineFields) []definitionCase {
	var list []element
	for _, name := range []string{fields.definition, fields.text, fields.file, fields.bucketFile} {
		if v := r.property(name); name != "" && v != nil && len(list) == 0 {
			s.eachElement(v, nil, false, &list)
		}
	}
	if len(list) == 0 {
		c := definitionCase{}
		c.whole = s.whole(func() {
			s.wrong("MISSING_FIELD", r.nameSpan, "give "+strings.Trim(fields.definition+" or "+fields.text+fields.file, " "), "state machine %s has no definition", near.Quote(r.name))
		})
		return []definitionCase{c}
	}
	var out []definitionCase
	for _, e := range list {
		s.under(e.when, func() {
			for _, c := range s.definitionCases(r, fields, e.node) {
				c.when = append(append(When(nil), e.when...), c.when...)
				out = append(out, c)
			}
		})
	}
	return out
}

func (s *stack) definitionCases(r *resource, fields *machineFields, v *jsontree.Value) []definitionCase {
	if inner := jsonArgument(v); inner != nil {
		v = inner
	}
	switch {
	case v == r.property(fields.file), v == r.property(fields.bucketFile):
		return []definitionCase{s.definitionFile(r, v)}
	case v.Kind == jsontree.Object:
		if f, _ := s.function(v); f == nil {
			return s.definitionTree(r, v)
		}
	}
	if fields.file != "" && v.Kind != jsontree.Object {
		return []definitionCase{s.definitionFile(r, v)}
	}
	return []definitionCase{s.definitionText(r, v)}
}

// definitionTree reads a definition that is written as an object.
func (s *stack) definitionTree(r *resource, v *jsontree.Value) []definitionCase {
	var out []definitionCase
	for _, c := range s.variants(v) {
		s.under(c.when, func() {
			d := definitionCase{when: c.when}
			whole := s.whole(func() {
				if name, unknown := isUnknown(c.value); unknown {
					s.unreadable(v.Span, "the definition, "+name+", is not known")
					return
				}
				m, list := asl.FromTree(s.file, &c.value, nil, s.substitutions(r))
				d.machine = m
				s.addFindings(v, list)
			})
			d.whole = whole && c.whole
			out = append(out, d)
		})
	}
	return out
}

// definitionText reads a definition that is written in a text.
func (s *stack) definitionText(r *resource, v *jsontree.Value) definitionCase {
	var d definitionCase
	d.whole = s.whole(func() {
		text, from := s.joined(s.fragments(v))
		if s.split != "" {
			s.split = ""
			s.unreadable(v.Span, "a condition changes parts of this definition")
			return
		}
		if name, unknown := hole.Whole(text); unknown {
			s.unreadable(v.Span, "the definition, "+name+", is not known")
			return
		}
		m, list := asl.ParseWithin(s.file, text, from.at, s.substitutions(r))
		if m == nil && hole.Has(text) {
			s.unreadable(list[0].Span, "with its unknown parts this definition is no JSON")
			return
		}
		d.machine = m
		s.addFindings(v, list)
	})
	return d
}

// addFindings adds findings about a definition in this file; their paths begin
// at it.
func (s *stack) addFindings(v *jsontree.Value, list source.List) {
	at := jsontree.Pointer(s.root, v.Span)
	for _, f := range list {
		f.Path = at + f.Path
		s.adopt(f)
	}
}

// adopt adds a finding that another reader made, once.
func (s *stack) adopt(f source.Finding) {
	if f.Severity == source.Error {
		s.broken = true
	}
	key := report{f.Code + f.File.Name, f.Span, f.Message}
	if !s.reported[key] {
		s.reported[key] = true
		s.findings.Add(f)
	}
}

// substitutions are the values for the placeholders of a definition.
func (s *stack) substitutions(r *resource) asl.Options {
	opts := asl.Options{Substitutions: map[string]string{}}
	v := r.property("DefinitionSubstitutions")
	if v == nil {
		return opts
	}
	list := s.variants(v)
	for _, c := range list {
		if c.value.Kind != jsontree.Object || len(list) > 1 {
			s.unreadable(v.Span, "the substitutions are not known")
			opts.AllowPlaceholders = true
			return opts
		}
	}
	for i := range list[0].value.Members {
		m := &list[0].value.Members[i]
		opts.Substitutions[m.Name] = s.textOf(m.Value)
	}
	return opts
}

// definitionFile reads a definition that stands in a file of its own.
func (s *stack) definitionFile(r *resource, v *jsontree.Value) definitionCase {
	var d definitionCase
	d.whole = s.whole(func() {
		file := s.definitionNamed(v)
		if file == nil {
			return
		}
		m, list := asl.Parse(file, s.substitutions(r))
		d.machine = m
		for _, f := range list {
			s.adopt(f)
		}
	})
	return d
}

// assetName is the name of a file in S3 that the CDK derives from its content.
var assetName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{64}\.(json|yaml|yml)$`) })

// definitionNamed opens the file of a definition: a path, or an asset of the CDK.
func (s *stack) definitionNamed(v *jsontree.Value) *source.File {
	list := s.variants(v)
	if len(list) != 1 {
		s.unreadable(v.Span, "a condition picks the file")
		return nil
	}
	value := list[0].value
	name := value.Text
	if key := value.Get("Key"); key != nil && assetName().MatchString(key.Text) && s.session.opts.Open != nil {
		return s.fileAt("asset."+key.Text, v.Span)
	}
	if value.Kind != jsontree.String {
		s.unreadable(v.Span, "the definition lies in a bucket")
		return nil
	}
	if hole.Has(name) || strings.Contains(name, "://") {
		s.unreadable(v.Span, "the definition lies at "+near.Quote(hole.Print(name)))
		return nil
	}
	return s.fileAt(name, v.Span)
}

// fileAt opens a file that the template names, by a path from its own directory.
func (s *stack) fileAt(name string, at source.Span) *source.File {
	text, full, ok := s.openFile(name, at)
	if !ok {
		return nil
	}
	file := source.NewFile(full, text)
	if i := hole.Reserved(text); i >= 0 {
		s.broken = true
		s.findings.Add(source.Finding{Code: "RESERVED_CHARACTER", Severity: source.Error, File: file, Span: source.Span{Start: int32(i), End: int32(i) + 3},
			Message: "the private-use characters U+E000 and U+E001 stand for unknown values in Writ and cannot be read"})
		return nil
	}
	return file
}

// openFile reads a file below the directory of the first one.
func (s *stack) openFile(name string, at source.Span) (text, full string, ok bool) {
	ss := s.session
	if ss.opts.Open == nil {
		s.unreadable(at, "the file "+near.Quote(name)+" is not given")
		return "", "", false
	}
	full = path.Join(s.dir, strings.ReplaceAll(name, `\`, "/"))
	if path.IsAbs(name) || !localName(full) {
		s.wrong("UNREADABLE_FILE", at, "files stand in the directory of the template or below it", "%s leads out of the directory", near.Quote(name))
		return "", "", false
	}
	if ss.files++; ss.files > maxFiles {
		s.wrong("TEMPLATE_TOO_LARGE", at, "", "more than %d files", maxFiles)
		return "", "", false
	}
	data, err := ss.opts.Open(full)
	if err != nil {
		s.wrong("UNREADABLE_FILE", at, "", "%s cannot be read: %s", near.Quote(full), err.Error())
		return "", "", false
	}
	if len(data) > source.MaxSize {
		s.wrong("TEMPLATE_TOO_LARGE", at, "", "%s has more than %d bytes", near.Quote(full), source.MaxSize)
		return "", "", false
	}
	if ss.read += len(data); ss.read > maxRead {
		s.wrong("TEMPLATE_TOO_LARGE", at, "", "the files of this template have more than %d bytes", maxRead)
		return "", "", false
	}
	return string(data), full, true
}

// localName reports whether a clean path stays where it begins.
func localName(name string) bool {
	return name != ".." && !strings.HasPrefix(name, "../") && !path.IsAbs(name) && !strings.ContainsAny(name, ":\x00")
}
