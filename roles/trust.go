package roles

import (
	"fmt"
	"strings"

	"github.com/writ-iam/writ/policy"
)

// Trust says how a role's trust policy guards against the confused deputy:
// somebody else's state machine that is given this role.
type Trust uint8

const (
	TrustDefault Trust = iota // machine where its name is known, else account
	TrustMachine              // only this state machine
	TrustAccount              // any state machine of the account and Region
	TrustPlain                // no guard, as in roles of old
)

// ParseTrust reads the name of a Trust; "" is TrustDefault.
func ParseTrust(name string) (Trust, error) {
	switch name {
	case "":
		return TrustDefault, nil
	case "machine":
		return TrustMachine, nil
	case "account":
		return TrustAccount, nil
	case "plain":
		return TrustPlain, nil
	}
	return 0, fmt.Errorf("unknown trust %q: one of machine, account, plain", name)
}

// ParseStyle reads the name of a Style.
func ParseStyle(name string) (Style, error) {
	for i, known := range styleNames {
		if name == known {
			return Style(i), nil
		}
	}
	return 0, fmt.Errorf("unknown style %q: one of %s", name, strings.Join(styleNames[:], ", "))
}

// trustPolicy lets Step Functions assume the role. Source: procedure-create-iam-role.
func (g *generator) trustPolicy() *policy.Document {
	s := policy.Statement{
		Effect:    policy.Allow,
		Principal: policy.PrincipalOf(policy.PrincipalService, "states.amazonaws.com"),
		Action:    policy.String("sts:AssumeRole"),
	}
	if g.opts.Trust != TrustPlain {
		s.Condition = g.machineGuard()
	}
	return &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{s}}
}

// machineGuard holds for calls on behalf of the machine, or of any machine of
// its account. Without an account there is no aws:SourceAccount to compare.
func (g *generator) machineGuard() *policy.Condition {
	env := g.env
	if g.opts.Trust == TrustAccount {
		env = append(captures{{name: "machine", value: "*"}}, env...)
	}
	machine, _, _ := fill(ownMachine, env)
	guard := policy.Where("ArnLike", "aws:SourceArn", machine)
	if g.opts.Account != "" {
		guard.And("StringEquals", "aws:SourceAccount", g.opts.Account)
	}
	return guard
}
