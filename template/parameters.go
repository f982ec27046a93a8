package template

import (
	"strings"

	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/source"
)

// ReadParameters reads values of parameters from a file, JSON or YAML, in any
// of the forms that the tools of AWS take: a list of objects with ParameterKey and
// ParameterValue, a list of texts Key=Value, an object with Parameters, or an
// object of names and values. Source: AWS CLI, cloudformation create-stack and
// deploy; CodePipeline user guide, "Template configuration file".
func ReadParameters(file *source.File) (map[string]string, source.List) {
	d := document{file: file}
	if d.root = d.parse(); d.root == nil {
		return nil, d.findings.List()
	}
	values := map[string]string{}
	root := d.root
	if inner := root.Get("Parameters"); inner.Is(jsontree.Object) {
		root = inner
	}
	for i := range root.Items {
		d.parameterItem(values, &root.Items[i])
	}
	for i := range root.Members {
		d.parameter(values, root.Members[i].Name, &root.Members[i].Value)
	}
	if root.Kind != jsontree.Object && root.Kind != jsontree.Array {
		d.badParameter(root)
	}
	return values, d.findings.List()
}

func (d *document) parameterItem(values map[string]string, v *jsontree.Value) {
	if key := v.Get("ParameterKey"); key.Is(jsontree.String) {
		if value := v.Get("ParameterValue"); value != nil {
			d.parameter(values, key.Text, value)
		}
		return // UsePreviousValue: it is not known here
	}
	if name, value, ok := strings.Cut(v.Text, "="); ok && v.Kind == jsontree.String && name != "" {
		values[name] = value
		return
	}
	d.badParameter(v)
}

func (d *document) parameter(values map[string]string, name string, v *jsontree.Value) {
	switch v.Kind {
	case jsontree.String, jsontree.Number, jsontree.Bool:
		values[name] = v.Text
	case jsontree.Array:
		var list []string
		for i := range v.Items {
			if !isText(v.Items[i]) {
				d.badParameter(&v.Items[i])
				return
			}
			list = append(list, v.Items[i].Text)
		}
		values[name] = strings.Join(list, ",")
	default:
		d.badParameter(v)
	}
}

func (d *document) badParameter(v *jsontree.Value) {
	d.fail("BAD_PARAMETER", v.Span, `{"ParameterKey": "Name", "ParameterValue": "..."}, "Name=value" or {"Name": "value"}`, "this is no value of a parameter")
}
