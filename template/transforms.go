package template

import (
	"github.com/writ-iam/writ/internal/jsontree"
	"github.com/writ-iam/writ/internal/near"
)

const languageExtensions = "AWS::LanguageExtensions"

// transforms are those of AWS that are read, or that do not concern access.
// Source: CloudFormation template reference, "Transform reference".
var transforms = map[string]bool{
	samTransform: true, languageExtensions: true,
	"AWS::SecretsManager-2020-07-23": false, "AWS::SecretsManager-2024-09-16": false, // make functions with roles
	"AWS::CodeDeployBlueGreen": true, // no role, no policy
	"AWS::Include":             false,
	"AWS::ServiceCatalog":      true, // values of outputs only
}

// usesTransform reports whether a Transform names one, alone or among others.
func usesTransform(v *jsontree.Value, name string) bool {
	if v.Is(jsontree.Array) {
		for i := range v.Items {
			if usesTransform(&v.Items[i], name) {
				return true
			}
		}
	}
	return v.Is(jsontree.String) && v.Text == name
}

// checkTransforms reports macros that may change anything in the template.
func (s *stack) checkTransforms() { s.checkTransform(s.root.Get("Transform")) }

func (s *stack) checkTransform(v *jsontree.Value) {
	switch {
	case v == nil:
	case v.Kind == jsontree.Array:
		for i := range v.Items {
			s.checkTransform(&v.Items[i])
		}
	case v.Kind == jsontree.String:
		if !transforms[v.Text] {
			s.macro(v, v.Text)
		}
	case v.Get("Name").Is(jsontree.String):
		s.macro(v, v.Get("Name").Text)
	default:
		s.wrong("BAD_FIELD_TYPE", v.Span, "", "Transform must name macros")
	}
}

func (s *stack) macro(v *jsontree.Value, name string) {
	s.session.out.Incomplete = true
	s.warn("UNKNOWN_TRANSFORM", v.Span, "read the processed template instead: aws cloudformation get-template --template-stage Processed",
		"the macro %s changes this template when it is deployed; Writ reads it as it stands", near.Quote(name))
}
