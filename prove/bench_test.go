package prove_test

import (
	"context"
	"testing"

	"github.com/writ-iam/writ/prove"
)

func BenchmarkShared(b *testing.B) {
	pairs := readPairs(b, "../../shared/cases/prove.jsonl")
	for b.Loop() {
		for _, c := range pairs {
			x, y := parse(b, string(c.A)), parse(b, string(c.B))
			if _, err := prove.Compare(context.Background(), prove.Identity(x), prove.Identity(y), prove.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
