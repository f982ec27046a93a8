package check

import (
	"strings"

	"github.com/writ-iam/writ/pattern"
)

// work bounds the comparisons of patterns in one document, so that a hostile one
// takes time in proportion to its size.
type work struct{ left int }

// Of what a comparison costs only its bounds are known: a search among the
// strings that two patterns match is charged searchCost, and ends at workAtOnce,
// which is several times what patterns in policies need.
const (
	workAtLeast = 1 << 24
	workAtMost  = 1 << 29
	workPerByte = 160
	workAtOnce  = 1 << 14
	searchCost  = 2048
)

func newWork(bytes int) work { return work{min(workAtLeast+workPerByte*bytes, workAtMost)} }

// spent reports whether the bound is reached. What was asked afterwards is not
// known.
func (w *work) spent() bool { return w.left <= 0 }

// subset reports whether every string that a matches is matched by b too.
func (w *work) subset(a, b *pattern.Pattern, size int) bool {
	if w.spent() {
		return false
	}
	w.left -= 64 + size
	if text, ok := a.Literal(); ok {
		return b.Match(text)
	}
	if begin, ok := b.Begins(); ok && strings.HasPrefix(a.Prefix(), begin) {
		return true
	}
	w.left -= searchCost
	_, v := pattern.Search{All: []*pattern.Pattern{a}, None: []*pattern.Pattern{b}, Work: workAtOnce}.Run()
	return v == pattern.No
}

// overlaps reports whether a string that a matches can be one that text, a
// pattern with variables, stands for. Without an answer it says yes: nothing false
// follows from that.
func (w *work) overlaps(a *pattern.Pattern, text string) bool {
	if w.spent() {
		return true
	}
	w.left -= 64 + len(text)
	if open(text) == "" || !strings.ContainsAny(text, "*?$") { // a hole is a name
		return a.Match(text)
	}
	prefix := a.Prefix()
	if cut := strings.IndexAny(text, "*?$"); cut >= 0 && !strings.HasPrefix(text[:cut], prefix) && !strings.HasPrefix(prefix, text[:cut]) {
		return false
	}
	w.left -= searchCost
	_, v := pattern.Search{All: []*pattern.Pattern{a, withVariables(text)}, Work: workAtOnce}.Run()
	return v != pattern.No
}
