package check

import "github.com/writ-iam/writ/internal/near"

// quote puts a text of a policy into a message.
func quote(s string) string { return near.Quote(s) }
