package asl

import (
	"fmt"
	"testing"

	"github.com/writ-iam/writ/source"
)

func TestOutline(t *testing.T) {
	for _, c := range []struct {
		field, want string // want is "" where nothing is known
	}{
		{`"A.$": "$.a"`, ""},
		{`"A.$": "States.Format('arn:aws:sns:us-east-1:999999999999:team-{}', $.t)"`, "arn:aws:sns:us-east-1:999999999999:team-*"},
		{`"A.$": "States.Format('{}-{}-x', $.a, 'mid')"`, "*-mid-x"},
		{`"A.$": "States.Format('{}', States.Format('in-{}', $.b))"`, "in-*"},
		{`"A.$": "States.Format('{}{}', $.a, $.b)"`, ""},
		{`"A.$": "States.Format('a\\{{}\\}', $.a)"`, "a{*}"},
		{`"A.$": "States.Format($.format, 'x')"`, ""},
		{`"A": "$.a"`, ""},
	} {
		if got := outlineOf(t, c.field, ""); got != c.want {
			t.Errorf("%s: %q, want %q", c.field, got, c.want)
		}
	}
	for _, c := range []struct{ expression, want string }{
		{`'arn:aws:lambda:us-east-1:999999999999:function:f'`, "arn:aws:lambda:us-east-1:999999999999:function:f"},
		{`('topic-' & $states.input.t)`, "topic-*"},
		{`$states.input.a & '-' & $states.input.b & '.fifo'`, "*-*.fifo"},
		{`$states.input.t`, ""},
		{`$states.input.big ? 'a' : 'b'`, ""},
		{`$uppercase('x')`, ""},
	} {
		field := fmt.Sprintf(`"A": "{%% %s %%}"`, c.expression)
		if got := outlineOf(t, field, `"QueryLanguage": "JSONata",`); got != c.want {
			t.Errorf("%s: %q, want %q", c.expression, got, c.want)
		}
	}
}

func outlineOf(t *testing.T, field, language string) string {
	t.Helper()
	arguments := "Parameters"
	if language != "" {
		arguments = "Arguments"
	}
	m, findings := Parse(source.NewFile("m.json", fmt.Sprintf(
		`{%s "StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", %q: {%s}, "End": true}}}`,
		language, arguments, field)), Options{})
	if findings.HasErrors() {
		t.Fatalf("%s: %v", field, findings)
	}
	text, ok := m.States[0].Task.Arguments.Field("A").Outline()
	if ok != (text != "" && text != "*") {
		t.Errorf("%s: %q, %v", field, text, ok)
	}
	if !ok {
		return ""
	}
	return text
}
