package template

import (
	"path"
	"strings"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/yamltree"
	"github.com/writ-iam/writ/source"
)

// Read reads a template in any of the formats. What could be read and the
// findings come together; the template is nil only when there is nothing to
// read: the text is broken, or no template at all. Findings come in the order
// of the text.
func Read(file *source.File, opts Options) (*Template, source.List) {
	d := document{file: file, opts: opts}
	if isHCL(file.Name) {
		return readers[TerraformHCL](&d)
	}
	if looksLikePlan(file) { // which may be larger than what can be parsed at once
		return readers[TerraformPlan](&d)
	}
	if d.root = d.parse(); d.root == nil {
		return nil, d.findings.List()
	}
	format := detect(file.Name, d.root)
	if format == Unknown {
		d.fail("NOT_A_TEMPLATE", opening(d.root.Span),
			"a CloudFormation template has Resources, a Terraform plan planned_values, a CDK assembly's manifest artifacts",
			"this is no template of a format that Writ reads")
		return nil, d.findings.List()
	}
	return readers[format](&d)
}

// Detect tells the format of a text without reading all of it: Unknown for one
// that is broken or no template, such as a definition or a policy.
func Detect(file *source.File) Format {
	if isHCL(file.Name) {
		return TerraformHCL
	}
	if looksLikePlan(file) {
		return TerraformPlan
	}
	d := document{file: file}
	root := d.parse()
	if root == nil {
		return Unknown
	}
	return detect(file.Name, root)
}

// document is a file while it is read.
type document struct {
	file     *source.File
	opts     Options
	root     *jsontree.Value // nil for texts that are neither JSON nor YAML
	findings source.Collector
}

// readers read the formats. The root of the document is there, but for HCL.
var readers = [...]func(*document) (*Template, source.List){
	CloudFormation: readCloudFormation,
	SAM:            readCloudFormation,
	CDKAssembly:    readAssembly,
	TerraformPlan:  readTerraformPlan,
	TerraformHCL:   readTerraformHCL,
}

func isHCL(name string) bool { return strings.HasSuffix(name, ".tf") }

// detect tells the format of a tree by the members that each format must have.
func detect(name string, root *jsontree.Value) Format {
	switch {
	case strings.HasSuffix(name, ".tf.json"):
		return TerraformHCL
	case root.Get("format_version") != nil && (root.Get("planned_values") != nil || root.Get("resource_changes") != nil || root.Get("values") != nil):
		return TerraformPlan
	case root.Get("artifacts").Is(jsontree.Object) && root.Get("version") != nil:
		return CDKAssembly
	case usesTransform(root.Get("Transform"), samTransform):
		return SAM
	case root.Get("Resources") != nil, root.Get("AWSTemplateFormatVersion") != nil:
		return CloudFormation
	}
	return Unknown
}

const samTransform = "AWS::Serverless-2016-10-31"

// parse reads the text as JSON or YAML. It returns nil where that fails or where
// the text holds characters that stand for holes.
func (d *document) parse() *jsontree.Value {
	parse, code := jsontree.Parse, "MALFORMED_JSON"
	if isYAML(d.file) {
		parse, code = yamltree.Parse, "MALFORMED_YAML"
	}
	root, duplicates, err := parse(d.file.Text)
	if err != nil {
		d.fail(code, err.Span, "", "%s", err.Msg)
		return nil
	}
	for _, dup := range duplicates {
		first := d.file.Position(dup.First.Start)
		d.report("DUPLICATE_KEY", source.Error, dup.Second, jsontree.Pointer(root, dup.Second), "only the last one would count; rename or remove one",
			"%q is already a name in this object, on line %d", dup.Name, first.Line)
	}
	if at, bad := reserved(root); bad {
		d.fail("RESERVED_CHARACTER", at, "remove it; it has no meaning in templates",
			"the private-use characters U+E000 and U+E001 stand for unknown values in Writ and cannot be read")
		return nil
	}
	return root
}

// isYAML guesses the syntax of a file from its name, or else from how its text
// begins.
func isYAML(file *source.File) bool {
	switch path.Ext(file.Name) {
	case ".yaml", ".yml":
		return true
	case ".json":
		return false
	}
	text := strings.TrimLeft(strings.TrimPrefix(file.Text, "\ufeff"), " \t\r\n")
	return text != "" && text[0] != '{'
}

// reserved finds a string or a name that holds a character of holes.
func reserved(v *jsontree.Value) (source.Span, bool) {
	if v.Kind == jsontree.String && hole.Reserved(v.Text) >= 0 {
		return v.Span, true
	}
	for i := range v.Items {
		if at, bad := reserved(&v.Items[i]); bad {
			return at, true
		}
	}
	for i := range v.Members {
		m := &v.Members[i]
		if hole.Reserved(m.Name) >= 0 {
			return m.NameSpan, true
		}
		if at, bad := reserved(&m.Value); bad {
			return at, true
		}
	}
	return source.Span{}, false
}

// report adds a finding about the document.
func (d *document) report(code string, severity source.Severity, span source.Span, pointer, hint, format string, args ...any) {
	d.findings.Addf(source.Finding{Code: code, Severity: severity, File: d.file, Span: span, Path: pointer, Hint: hint}, format, args...)
}

// fail adds an error about the document.
func (d *document) fail(code string, span source.Span, hint, format string, args ...any) {
	pointer := ""
	if d.root != nil {
		pointer = jsontree.Pointer(d.root, span)
	}
	d.report(code, source.Error, span, pointer, hint, format, args...)
}
