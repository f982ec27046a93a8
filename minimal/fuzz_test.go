package minimal_test

import (
	"testing"

	"github.com/writ-iam/writ/minimal"
	"github.com/writ-iam/writ/policy"
)

// Whatever the policy, the work ends, the result can be read and is no larger.
func FuzzMinimize(f *testing.F) {
	f.Add(version + `[{"Effect": "Allow", "Action": ["s3:Get*", "s3:GetObject"], "Resource": ["*", "arn:aws:s3:::${aws:username}/*"]}]}`)
	f.Add(version + `[{"Effect": "Allow", "Principal": {"AWS": ["123456789012", "*"]}, "Action": "sts:*", "Condition": {"Null": {"k": "true", "K": "false"}}}, {"Effect": "Deny", "NotPrincipal": "*", "NotAction": [], "NotResource": "*"}]}`)
	f.Add(version + `{"Effect": "Deny", "Action": ["", "*:*", "**", "s3:", "é:?"], "Resource": ["", "${*}", "${", "a:b:c:d:e:f*?"], "Condition": {}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, findings := policy.ParseString("", text)
		if findings.HasErrors() || len(text) > 1<<14 {
			return
		}
		result, err := minimal.Minimize(t.Context(), doc, minimal.Options{Work: 2000})
		if err != nil {
			t.Fatal(err)
		}
		if policy.Size(result.Document) > policy.Size(doc) {
			t.Errorf("%s became %s", doc, result.Document)
		}
		if _, findings := policy.ParseString("", result.Document.String()); findings.HasErrors() {
			t.Errorf("%s: %v", result.Document, findings)
		}
	})
}
