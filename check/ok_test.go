package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/writ-iam/writ/check"
	"github.com/writ-iam/writ/source"
)

// The policies of testdata/ok are such as the documentation of AWS has: nothing
// is to be said about any of them. Their directories are their kinds.
func TestNothingToSay(t *testing.T) {
	const least = 300
	files, err := filepath.Glob("testdata/ok/*/*.json")
	if err != nil || len(files) < least {
		t.Fatalf("%d policies: %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := check.ParseKind(filepath.Base(filepath.Dir(name)))
		if err != nil {
			t.Fatal(err)
		}
		result, err := check.File(source.NewFile(name, string(text)), check.Options{Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range result.Findings {
			t.Errorf("%s: %s %s %s: %s", name, f.Severity, f.Code, f.Path, f.Message)
		}
		if len(result.Undecided) > 0 {
			t.Errorf("%s: not decided: %v", name, result.Undecided)
		}
	}
}
