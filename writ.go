// Package writ is the root of the module; it holds no code. Start with the
// packages policy (the IAM policy language), asl (the Amazon States Language)
// and roles (the role of a state machine), or with the command in cmd/writ.
package writ
