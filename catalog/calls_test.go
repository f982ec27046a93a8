package catalog_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/catalog"
)

var update = flag.Bool("update", false, "write testdata/calls.golden")

// TestCalls shows what some calls of each of the most used services need, so
// that a change of the facts or the rules is seen where it matters.
func TestCalls(t *testing.T) {
	calls, err := os.ReadFile("testdata/calls.txt")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, call := range strings.Fields(string(calls)) {
		service, name, _ := strings.Cut(call, ":")
		op, err := catalog.Default().Operation(service, name)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(service + " " + describe(op) + "\n")
	}
	const file = "testdata/calls.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("what calls need has changed; if that is right, run go test ./catalog -run TestCalls -update\n%s", diff)
	}
}
