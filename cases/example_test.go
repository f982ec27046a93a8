package cases_test

import (
	"fmt"

	"github.com/writ-iam/writ/cases"
	"github.com/writ-iam/writ/source"
)

func ExampleParse() {
	file := source.NewFile("ecs.writ.yaml", `
name: lists tasks
request:
  principal: arn:aws:iam::123456789012:user/alice
  action: ecs:ListTasks
policies:
  identity:
    - Version: '2012-10-17'
      Statement: {Effect: Allow, Action: 'ecs:List*', Resource: '*'}
expected: Allowed
`)
	list, findings := cases.Parse(file, nil)
	if findings.HasErrors() {
		panic(findings[0].Message)
	}
	for i := range list {
		result := list[i].Run()
		fmt.Println(list[i].Name, result.Passed())
	}
	// Output: lists tasks true
}
