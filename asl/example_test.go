package asl_test

import (
	"fmt"
	"os"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/source"
)

func ExampleParse() {
	file := source.NewFile("machine.asl.json", `{
  "StartAt": "Notify",
  "States": {
    "Notify": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sns:publish",
      "Parameters": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:news", "Message.$": "$.text"},
      "Next": "Don"
    },
    "Done": {"Type": "Succeed"}
  }
}`)
	machine, findings := asl.Parse(file, asl.Options{})
	machine.Walk(func(s *asl.State) bool {
		if s.Task != nil {
			topic, known := s.Task.Arguments.Field("TopicArn").Literal()
			fmt.Println(s.Name, s.Task.Resource.Text(), topic, known)
			fmt.Println("message:", s.Task.Arguments.Field("Message").Expression())
		}
		return true
	})
	for _, f := range findings {
		f.WriteText(os.Stdout)
	}
	// Output:
	// Notify arn:aws:states:::sns:publish arn:aws:sns:us-east-1:123456789012:news true
	// message: $.text
	// machine.asl.json:8:15: error: Next names state "Don", which does not exist [DANGLING_TRANSITION]
	//           "Next": "Don"
	//                   ^~~~~
	//   hint: near names in this scope: "Done"
}
