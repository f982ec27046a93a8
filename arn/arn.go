// Package arn reads, writes and matches Amazon Resource Names.
//
// IAM matches ARNs with patterns in two ways. The Resource element of a policy
// lets a * at the end of a component run over the colons that follow ([Match],
// [Resource]); the condition operators ArnEquals and ArnLike compare component
// by component ([Like], [Condition]).
package arn

import (
	"errors"
	"strings"
)

// An ARN is an Amazon Resource Name,
// arn:partition:service:region:account:resource. Region and Account are empty
// where a service leaves them out. Resource is everything after the fifth
// colon and may hold colons itself.
type ARN struct {
	Partition string
	Service   string
	Region    string
	Account   string
	Resource  string
}

// The errors of [Parse].
var (
	ErrPrefix     = errors.New(`arn: does not begin with "arn:"`)
	ErrComponents = errors.New("arn: has fewer than six components separated by colons")
)

// Parse splits s at its first five colons. It checks that there are six
// components of which the first is arn, and nothing else: components may be
// empty or hold wildcards. It does not allocate.
func Parse(s string) (ARN, error) {
	rest, ok := strings.CutPrefix(s, "arn:")
	if !ok {
		return ARN{}, ErrPrefix
	}
	var a ARN
	for _, field := range []*string{&a.Partition, &a.Service, &a.Region, &a.Account} {
		if *field, rest, ok = strings.Cut(rest, ":"); !ok {
			return ARN{}, ErrComponents
		}
	}
	a.Resource = rest
	return a, nil
}

// String returns the ARN as text. For an ARN that came from [Parse] it is the
// text that was parsed.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}
