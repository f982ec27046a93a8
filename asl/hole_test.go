package asl

import (
	"strings"
	"testing"

	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/source"
)

// Holes that a template leaves are parts of texts like any other; equal holes
// are equal text. A hole may stand for a value of any kind, but for those that
// decide what the machine does.
func TestHoles(t *testing.T) {
	definition := `{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "R", "TimeoutSeconds": "T", "Parameters": {"Q": "Q"}, "End": true}}}`
	resource := "arn:" + hole.Text("AWS::Partition") + ":states:::sns:publish"
	text := strings.NewReplacer(`"R"`, `"`+resource+`"`, `"T"`, `"`+hole.Text("Limit")+`"`, `: "Q"`, `: "`+hole.Text("Queue")+`"`).Replace(definition)
	m, list := Parse(source.NewFile("a.json", text), Options{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	task := m.State("A").Task
	if got, ok := task.Resource.Literal(); !ok || got != resource {
		t.Errorf("Resource: %q, %v", got, ok)
	}
	if got, ok := task.Arguments.Field("Q").Literal(); !ok || got != hole.Text("Queue") {
		t.Errorf("Q: %q, %v", got, ok)
	}
	if _, ok := task.TimeoutSeconds.Int(); ok || !task.TimeoutSeconds.Exists() {
		t.Error("TimeoutSeconds is known")
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
