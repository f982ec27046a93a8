package asl

import (
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// Holes that a template leaves are dynamic parts of values, and where a value
// is one hole it may be of any kind.
func TestHoles(t *testing.T) {
	definition := `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "R", "TimeoutSeconds": "T", "End": true}}}`
	text := strings.NewReplacer(`"R"`, `"arn:`+hole.Text("AWS::Partition")+`:states:::sns:publish"`, `"T"`, `"`+hole.Text("Limit")+`"`).Replace(definition)
	m, list := Parse(source.NewFile("a.json", text), Options{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	task := m.State("A").Task
	if !task.Resource.Dynamic() || task.Resource.Kind() != String {
		t.Errorf("Resource: dynamic %v, %v", task.Resource.Dynamic(), task.Resource.Kind())
	}
	if got := OpenPlaceholders(task.Resource.Text()); got != "arn:*:states:::sns:publish" {
		t.Errorf("OpenPlaceholders: %s", got)
	}
	if task.TimeoutSeconds.Kind() != Unknown {
		t.Errorf("TimeoutSeconds: %v", task.TimeoutSeconds.Kind())
	}
	for _, part := range []string{`"Task"`, `{"A"`, `true`} {
		bad := strings.Replace(definition, part, `"`+hole.Text("X")+`"`, 1)
		if part == `{"A"` {
			bad = `{"StartAt": "A", "States": "` + hole.Text("X") + `"}`
		}
		if _, list := Parse(source.NewFile("a.json", bad), Options{AllowPlaceholders: true}); !list.HasErrors() && part != "true" {
			t.Errorf("%s as a hole: no finding", part)
		}
	}
}

// A definition in a string of another file has the positions of that file.
func TestParseWithin(t *testing.T) {
	definition := `{"StartAt": "A", "States": {"A": {"Type": "Tusk", "Wait": ${Wait}}}}`
	file := source.NewFile("t.yaml", "Text: |\n  "+definition+"\n")
	shift := int32(strings.Index(file.Text, "{"))
	_, list := ParseWithin(file, definition, func(offset int32) int32 { return offset + shift }, Options{Substitutions: map[string]string{"Wait": "1"}})
	if len(list) != 1 || list[0].Code != "UNKNOWN_STATE_TYPE" || file.Slice(list[0].Span) != `"Tusk"` || list[0].Path != "/States/A/Type" {
		t.Errorf("%+v", list)
	}
	_, list = ParseWithin(file, "{,", func(offset int32) int32 { return offset + shift }, Options{})
	if len(list) != 1 || list[0].Code != "MALFORMED_JSON" || list[0].Span.Start != shift+1 {
		t.Errorf("%+v", list)
	}
}
