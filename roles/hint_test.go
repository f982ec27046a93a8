package roles

import "testing"

// What a mistaken integration may have been meant to be.
func TestUnknownHint(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"ecs:runTsk", `did you mean "ecs:runTask"?`},
		{"lamda:invoke", `did you mean "lambda:invoke"?`},
		{"Lambda:Invoke", `names are case-sensitive: "lambda:invoke"`},
		// The SDK has these, however near others are.
		{"sqs:receiveMessage", "what is not optimized is called through the SDK: arn:aws:states:::aws-sdk:sqs:receiveMessage"},
		{"dynamodb:query", "what is not optimized is called through the SDK: arn:aws:states:::aws-sdk:dynamodb:query"},
	} {
		if got := unknownHint(tt.name); got != tt.want {
			t.Errorf("%s: %s, not %s", tt.name, got, tt.want)
		}
	}
}
