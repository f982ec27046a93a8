package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/writ-iam/writ/catalog"
)

// TestExpandedIsBounded asks for the actions of one service in more ways than are
// kept, and then for the first ones again.
func TestExpandedIsBounded(t *testing.T) {
	f := newFacts(catalog.Default())
	all := slices.Clone(f.expand("ec2:*"))
	if len(all) < 100 {
		t.Fatalf("%d actions", len(all))
	}
	for n := range maxExpanded/len(all) + 10 {
		if got := f.expand("ec2:" + strings.Repeat("*", n+1)); len(got) != len(all) {
			t.Fatalf("%d actions, want %d", len(got), len(all))
		}
	}
	kept := 0
	for _, list := range f.expanded {
		kept += 1 + len(list)
	}
	if kept != f.kept || kept > maxExpanded {
		t.Errorf("%d are kept and %d counted, of %d at most", kept, f.kept, maxExpanded)
	}
	if got := f.expand("ec2:*"); !slices.Equal(got, all) {
		t.Errorf("%d actions, want the same %d", len(got), len(all))
	}
}
