package main

import (
	"fmt"
	"testing"

	"github.com/writ-iam/writ/policy"
	"github.com/writ-iam/writ/source"
)

// BenchmarkPolicies checks one policy after the other with each operation.
func BenchmarkPolicies(b *testing.B) {
	texts, err := identityPolicies(policyCount)
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, look func(text string) (int, error)) {
		b.Run(name, func(b *testing.B) {
			i := 0
			repeat(b, func() error {
				_, err := look(texts[i%len(texts)])
				i++
				return err
			})
		})
	}
	run("parse", parseOne)
	run("rules", checking())
}

// BenchmarkLargePolicy checks policies of growing size; the time for a kilobyte
// should stay the same.
func BenchmarkLargePolicy(b *testing.B) {
	texts, err := identityPolicies(policyCount)
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{10, 100, 1000} {
		text := joined(texts, size<<10)
		b.Run(fmt.Sprintf("%dkB", size), func(b *testing.B) {
			look := checking()
			repeat(b, func() error {
				_, err := look(text)
				return err
			})
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(text)>>10), "µs/kB")
		})
	}
}

// joined puts the statements of policies into one of at least the size.
func joined(texts []string, size int) string {
	all := policy.Document{Version: policy.Version2012}
	for i, n := 0, 0; n < size; i++ {
		text := texts[i%len(texts)]
		doc, _ := policy.Parse(source.NewFile("policy.json", text))
		all.Statements = append(all.Statements, doc.Statements...)
		n += len(text)
	}
	return string(policy.Print(&all, "  "))
}
