package dataflow

import (
	"testing"
	"fmt"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

func TestProbe(t *testing.T) {
	text := `{"StartAt":"Config","States":{
	 "Config":{"Type":"Pass","Result":{"topic":"arn:a"},"ResultPath":"$.config","Next":"C"},
	 "C":{"Type":"Choice","Choices":[{"Variable":"$.kind","StringEquals":"x","Next":"T"},{"Variable":"$.kind","StringMatches":"log-*","Next":"T"}],"Default":"L"},
	 "L":{"Type":"Pass","Parameters":{"kind.$":"States.Format('{}a', $.kind)","config.$":"$.config"},"Next":"C"},
	 "T":{"Type":"Task","Resource":"arn:aws:states:::sns:publish","Parameters":{"TopicArn.$":"$.config.topic","K.$":"$.kind","M.$":"$$.StateMachine.Id","F.$":"States.Format('q-{}', $.kind)"},"End":true}}}`
	m, fs := asl.Parse(source.NewFile("m.json", text), asl.Options{})
	if fs.HasErrors() { t.Fatal(fs) }
	f, fs := Analyze(m, Options{Machine: Pattern("arn:aws:states:us-east-1:123456789012:stateMachine:M")})
	if fs.HasErrors() { t.Fatal(fs) }
	s := m.State("T")
	v := f.At(s, s.Task.Arguments)
	fmt.Printf("%s\n", show(v))
	tx, _ := v.Field("TopicArn").Texts()
	fmt.Println(tx[0].Way())
}
