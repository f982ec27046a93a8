package main

import (
	"strings"

	"github.com/writ-iam/writ/authz"
	"github.com/writ-iam/writ/internal/hole"
	"github.com/writ-iam/writ/managed"
)

// awsPolicy returns a managed policy of AWS whose text is part of the program; nil
// for others. It is the same in every partition, so that may be a hole.
func awsPolicy(arn string) *authz.Policy {
	if !strings.HasPrefix(arn, "arn:") {
		return nil
	}
	arn = hole.Replace(arn, func(string) string { return "aws" })
	doc, name := managed.Default().Text(arn)
	if doc == nil {
		return nil
	}
	return &authz.Policy{Name: name, Document: doc}
}
