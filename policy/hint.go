package policy

import "github.com/writ-iam/writ/internal/near"

func quote(s string) string { return near.Quote(s) }

// suggest returns a hint that names the candidate closest to name, or "" where
// none is close. Documents may hold many mistakes, so short lists only.
func suggest(name string, candidates []string) string { return near.Hint(name, candidates) }
