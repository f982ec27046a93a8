package policy_test

import (
	"fmt"
	"os"

	"github.com/writ-iam/writ/policy"
)

func ExampleParse() {
	doc, findings := policy.ParseString("role.json", `{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": "ecs:RunTask", "Resources": "*"}
}`)
	for _, finding := range findings {
		_ = finding.WriteText(os.Stdout)
	}
	fmt.Println(doc.Statements[0].Action.Texts())
	// Output:
	// role.json:3:61: error: a statement has no element "Resources" [INVALID_POLICY_ELEMENT]
	//       "Statement": {"Effect": "Allow", "Action": "ecs:RunTask", "Resources": "*"}
	//                                                                 ^~~~~~~~~~~
	//   hint: did you mean "Resource"?
	// [ecs:RunTask]
}

func ExamplePrint() {
	doc := policy.Document{
		Version: policy.Version2012,
		Statements: []policy.Statement{{
			Effect:    policy.Allow,
			Principal: policy.PrincipalOf(policy.PrincipalService, "ecs-tasks.amazonaws.com"),
			Action:    policy.Strings("sts:AssumeRole"),
			Condition: policy.Where("StringEquals", "aws:SourceAccount", "111122223333"),
		}},
	}
	fmt.Printf("%s\n", policy.Print(&doc, "  "))
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Effect": "Allow",
	//       "Principal": {
	//         "Service": "ecs-tasks.amazonaws.com"
	//       },
	//       "Action": [
	//         "sts:AssumeRole"
	//       ],
	//       "Condition": {
	//         "StringEquals": {
	//           "aws:SourceAccount": "111122223333"
	//         }
	//       }
	//     }
	//   ]
	// }
}

func ExamplePrincipalMatcher_Match() {
	principal := policy.PrincipalOf(policy.PrincipalAWS, "111122223333", "arn:aws:iam::111122223333:role/ci/deploy")
	caller, err := policy.ParseCaller("arn:aws:sts::111122223333:assumed-role/deploy/build-17")
	if err != nil {
		panic(err)
	}
	fmt.Println(policy.CompilePrincipal(principal).Match(&caller))
	// Output: by role
}
