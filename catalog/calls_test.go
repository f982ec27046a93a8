package catalog_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/writ-iam/writ/catalog"
)

var update = flag.Bool("update", false, "write testdata/*.golden")

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
	compareGolden(t, "testdata/calls.golden", b.String())
}

// TestWithout lists the operations without an action, so that one more or one
// less is seen.
func TestWithout(t *testing.T) {
	var b strings.Builder
	everyOperation(t, func(s *catalog.SDKService, op *catalog.Operation) {
		if op.Without != "" {
			b.WriteString(s.Name + ":" + op.Name + "\t" + string(op.Without) + "\n")
		}
	})
	compareGolden(t, "testdata/without.golden", b.String())
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the facts have changed; if that is right, run go test ./catalog -run %s -update\n%s", t.Name(), diff)
	}
}
