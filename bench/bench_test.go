package main

import (
	"fmt"
	"testing"

	"github.com/writ-iam/writ/roles"
)

func repeat(b *testing.B, w work) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if err := w(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTypical(b *testing.B) {
	b.Run("least", func(b *testing.B) { repeat(b, generating(typical, roles.Least)) })
	b.Run("console", func(b *testing.B) { repeat(b, generating(typical, roles.Console)) })
	b.Run("printed", func(b *testing.B) { repeat(b, printing(typical, roles.Least)) })
}

func BenchmarkStates(b *testing.B) {
	for _, shape := range shapes {
		for _, n := range sizes {
			text := machine(n, shape)
			b.Run(fmt.Sprintf("%s/%d", shape, n), func(b *testing.B) {
				repeat(b, generating(text, roles.Least))
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/state")
			})
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, c := range matchCases {
		b.Run(c.name, func(b *testing.B) { repeat(b, c.matching(64<<10)) })
	}
}

// A benchmark of a wrong answer measures nothing.
func TestWorkloads(t *testing.T) {
	for _, shape := range shapes {
		role, err := generateRole(machine(100, shape), roles.Least)
		if err != nil {
			t.Errorf("%s: %v", shape, err)
		} else if len(role.Grants) == 0 {
			t.Errorf("%s: a role without permissions", shape)
		}
	}
	role, err := generateRole(typical, roles.Console)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"lambda:InvokeFunction", "dynamodb:UpdateItem", "sqs:SendMessage", "sns:Publish"} {
		found := false
		for _, g := range role.Grants {
			found = found || g.Action == want
		}
		if !found {
			t.Errorf("the role of the typical definition lacks %s", want)
		}
	}
	for _, c := range matchCases {
		if err := c.matching(4 << 10)(); err != nil {
			t.Errorf("%s: Match: %v", c.name, err)
		}
		if err := c.asRegexp(4 << 10)(); err != nil {
			t.Errorf("%s: regexp: %v", c.name, err)
		}
	}
}
