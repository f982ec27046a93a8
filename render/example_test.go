package render_test

import (
	"fmt"
	"os"

	"github.com/writ-iam/writ/asl"
	"github.com/writ-iam/writ/render"
	"github.com/writ-iam/writ/roles"
	"github.com/writ-iam/writ/source"
)

func ExampleWrite() {
	machine, _ := asl.Parse(source.NewFile("machine.json", `{
		"StartAt": "Tell",
		"States": {
			"Tell": {
				"Type": "Task",
				"Resource": "arn:aws:states:::sns:publish",
				"Parameters": {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:orders", "Message": "done"},
				"End": true
			}
		}
	}`), asl.Options{})
	opts := roles.Options{Name: "Orders"}
	opts.LeaveOpen() // the stack knows its account and Region
	role, _ := roles.Generate(machine, opts)
	if err := render.Write(os.Stdout, render.CloudFormation, []render.Resource{{Role: role}}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// AWSTemplateFormatVersion: '2010-09-09'
	// Resources:
	//   OrdersRole:
	//     Type: AWS::IAM::Role
	//     Properties:
	//       AssumeRolePolicyDocument:
	//         Version: '2012-10-17'
	//         Statement:
	//           - Effect: Allow
	//             Principal:
	//               Service: states.amazonaws.com
	//             Action: sts:AssumeRole
	//             Condition:
	//               ArnLike:
	//                 aws:SourceArn: !Sub 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:Orders'
	//               StringEquals:
	//                 aws:SourceAccount: !Sub '${AWS::AccountId}'
	//       Policies:
	//         - PolicyName: Orders
	//           PolicyDocument:
	//             Version: '2012-10-17'
	//             Statement:
	//               - Effect: Allow
	//                 Action: sns:Publish
	//                 Resource: arn:aws:sns:eu-west-1:123456789012:orders
}
