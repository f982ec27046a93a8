package asl

import "github.com/writ-iam/writ/internal/near"

func quote(name string) string { return near.Quote(name) }

// oneOf lists what is allowed, after the one that may have been meant.
func oneOf(f *near.Finder, name string, allowed []string) string {
	list := "one of " + near.QuoteAll(allowed)
	if hint := f.Hint(name, allowed); hint != "" {
		return hint + " " + list
	}
	return list
}
