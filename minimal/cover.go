package minimal

import (
	"slices"
	"strings"

	"github.com/writ-iam/writ/pattern"
)

// coverIndex finds the values with wildcards that seem to match all that another
// value does. Who covers a value begins with a part of its beginning, so candidates
// are looked up by that: a list of thousands takes no thousands squared.
type coverIndex struct {
	fold    bool
	buckets map[string][]candidate // by the text before the first wildcard
	lengths []int                  // of the keys of buckets, sorted
}

type candidate struct {
	index   int
	text    string
	suffix  string // behind the last wildcard
	pattern *pattern.Pattern
}

func newCoverIndex(fold bool) *coverIndex {
	return &coverIndex{fold: fold, buckets: map[string][]candidate{}}
}

// text is how the index compares a value.
func (x *coverIndex) text(s string) string {
	if x.fold {
		return folded(s)
	}
	return s
}

func (x *coverIndex) add(index int, text string) {
	prefix := text[:strings.IndexAny(text, "*?")]
	if at, found := slices.BinarySearch(x.lengths, len(prefix)); !found {
		x.lengths = slices.Insert(x.lengths, at, len(prefix))
	}
	suffix := text[strings.LastIndexAny(text, "*?")+1:]
	x.buckets[prefix] = append(x.buckets[prefix], candidate{index, text, suffix, pattern.Compile(text)})
}

// covers reports whether another value covers one. Of two that cover each other, as
// * and **, the shorter stays, and of equally long ones the first.
func (x *coverIndex) covers(index int, text string, work *int) bool {
	var own *pattern.Pattern
	for _, n := range x.lengths {
		if n > len(text) {
			break
		}
		bucket := x.buckets[text[:n]]
		for i := range bucket {
			c := &bucket[i]
			if c.index == index || !mayCover(c, text) {
				continue
			}
			if *work -= 1 + (len(text)+len(c.text))/64; *work <= 0 {
				return false
			}
			if own == nil {
				own = pattern.Compile(text)
			}
			if subset(own, c.pattern) && (!subset(c.pattern, own) || shorter(c, index, text)) {
				return true
			}
		}
	}
	return false
}

func shorter(c *candidate, index int, text string) bool {
	return len(c.text) < len(text) || len(c.text) == len(text) && c.index < index
}

// mayCover rules out most candidates at a glance.
func mayCover(c *candidate, text string) bool {
	if last := strings.LastIndexAny(text, "*?"); last >= 0 {
		return strings.HasSuffix(text[last+1:], c.suffix)
	}
	return strings.HasSuffix(text, c.suffix)
}

// subset asks with little work: a no may mean that it is not known.
func subset(a, b *pattern.Pattern) bool {
	return pattern.Search{All: []*pattern.Pattern{a}, None: []*pattern.Pattern{b}, Work: 1 << 14}.Says(pattern.No)
}
