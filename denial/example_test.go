package denial_test

import (
	"fmt"

	"github.com/writ-iam/writ/denial"
)

func ExampleParse() {
	d, err := denial.Parse("An error occurred (AccessDeniedException) when calling the RunTask operation: " +
		"User: arn:aws:iam::123456789012:user/alice is not authorized to perform: ecs:RunTask on resource: * " +
		"because no permissions boundary allows the ecs:RunTask action")
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Action, d.Kind, d.Explicit)
	fmt.Println(d.Reason())
	// Output:
	// ecs:RunTask boundary false
	// because no permissions boundary allows the ecs:RunTask action
}
